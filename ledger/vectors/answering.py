"""What the ledger answers to a case, as the document of a vector."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ..canonical import chain, chain_start, state_digest
from ..checks import compare
from ..engines.client import SPECIFICATION
from ..interchange import WHOLE, outcome_document, rulebook_document, state_document
from ..laws import REGISTRY, LawBroken, Monitor
from ..laws.law import Law, Step
from ..outcomes import Outcome, Rejected
from ..state import State
from ..transactions import Transaction
from ..transition import apply, state_after
from .cases import Case, Document
from .text import FORMAT, FORMAT_VERSION, document_text

BY_HAND = "table"
"""The kind of origin whose states need not have been reached by transactions, so that a law of states may be broken."""


@attrs.frozen
class Answer:
    """This ledger's answer to a transaction: the states around it, the outcome, and the chain's link (32 bytes) after
    it."""

    transaction: Transaction
    before: State
    outcome: Outcome
    after: State
    link: bytes


@attrs.frozen
class Vector:
    """A case with what the ledger answers to it. `laws`: the ids of those that had something to say of it."""

    case: Case
    answers: tuple[Answer, ...]
    laws: tuple[str, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The answers as the laws see them."""
        return steps_of(self.answers)

    @property
    def path(self) -> str:
        """Where its file is in the set."""
        return f"{self.case.transaction}/{self.case.name}.json"

    @property
    def rules(self) -> list[str]:
        """The checks that refused, such as `trade-4`, and the rules that applied something, such as `trade`."""
        return list(dict.fromkeys(rule_of(step) for step in self.steps))

    @property
    def reasons(self) -> list[str]:
        """The reasons of its refusals, in order, each once."""
        refusals = [step.outcome for step in self.steps if isinstance(step.outcome, Rejected)]
        return list(dict.fromkeys(refused.reason.name for refused in refusals))

    @property
    def events(self) -> list[str]:
        """The names of its events, in order, each once."""
        outcomes = [step.outcome for step in self.steps if not isinstance(step.outcome, Rejected)]
        return list(dict.fromkeys(type(event).__name__ for applied in outcomes for event in applied.events))

    @property
    def document(self) -> Document:
        """The vector."""
        case, before = self.case, self.answers[0].before
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "specification": SPECIFICATION,
            "name": f"{case.transaction}/{case.name}",
            "description": case.description,
            "origin": case.origin,
            "rules": self.rules,
            "laws": list(self.laws),
            "genesis": {"time": case.time, "rulebook": rulebook_document(before)},
            "pre_state": state_document(before),
            "transactions": list(case.transactions),
            **answers_document(self.answers),
        }

    @property
    def text(self) -> bytes:
        """The vector's file."""
        return document_text(self.document)


def answered(case: Case) -> Vector:
    """The case with the answers of this ledger."""
    answers = linked_steps(case.pre_state, case.asked())
    laws = laws_that_spoke(answers[0].before, steps_of(answers), by_hand=case.origin["kind"] == BY_HAND)
    return Vector(case, tuple(answers), tuple(laws))


def linked_steps(state: State, transactions: Iterable[Transaction]) -> list[Answer]:
    """This ledger's answers to transactions from a state on, whose digest the chain of links begins with."""
    answers = []
    link = chain_start(state)
    for transaction in transactions:
        outcome = apply(state, transaction)
        link = chain(link, transaction, outcome)
        answers.append(Answer(transaction, state, outcome, state_after(state, outcome), link))
        state = answers[-1].after
    return answers


def steps_of(answers: Iterable[Answer]) -> tuple[Step, ...]:
    """Answers as the laws see them."""
    return tuple(Step(answer.before, answer.transaction, answer.outcome, answer.after) for answer in answers)


def answers_document(answers: Sequence[Answer]) -> Document:
    """The members of a vector that are answers: outcomes, the state afterwards, and the digests."""
    before, after = answers[0].before, answers[-1].after
    outcomes = [_outcome(answer) for answer in answers]
    return {
        "outcomes": outcomes,
        "post_state": state_document(after),
        "digests": {
            "pre_state": state_digest(before),
            "post_state": state_digest(after),
            "link": outcomes[-1]["link"],
        },
    }


def rule_of(step: Step) -> str:
    """The id of the check that refused a step, or the name of the rule that applied it."""
    comparisons = compare(step.before, step.transaction)
    rule = comparisons[-1].check.rule.replace("_", "-")
    return f"{rule}-{comparisons[-1].check.number}" if comparisons[-1].refused else rule


def laws_that_spoke(before: State, steps: Sequence[Step], *, by_hand: bool) -> list[str]:
    """The ids of the laws that had something to say of the steps, and hold, in the order of the registry.

    Of a state that was put in by hand a law may not hold: it is left out then. LawBroken where that cannot be.
    """
    try:
        return list(_spoke(before, steps, REGISTRY))
    except LawBroken:
        if not by_hand:
            raise
    ids: dict[str, None] = {}
    broken: set[str] = set()
    for law in REGISTRY:
        try:
            ids |= dict.fromkeys(_spoke(before, steps, (law,)))
        except LawBroken:
            broken.add(law.id)
    return [law_id for law_id in ids if law_id not in broken]


def _spoke(before: State, steps: Sequence[Step], laws: Sequence[Law]) -> Iterator[str]:
    monitor = Monitor(before, laws, state_every=0)
    for step in steps:
        monitor.observe(step)
    monitor.finish()
    yield from dict.fromkeys(count.law.id for count in monitor.counts if count.fired)


def _outcome(answer: Answer) -> Document:
    """An outcome as the interchange has it, with the unit of a refusal's two values after them."""
    document = outcome_document(answer.outcome, WHOLE)
    if isinstance(answer.outcome, Rejected):
        document["unit"] = answer.outcome.reason.unit.value
    return {**document, "link": answer.link.hex()}
