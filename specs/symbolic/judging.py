"""What a rule answers to a transaction, and what the laws' own predicates say of the step."""

from collections.abc import Iterable

import attrs

from ledger.laws import REGISTRY, Breach, HistoryLaw, StateLaw, Step, StepLaw, is_asked
from ledger.laws.law import StepCheck
from ledger.outcomes import Applied, Event, LossShared, Outcome, PositionTransferred, ProviderTook, Rejected
from ledger.postings import CashPosting, Posting
from ledger.state import State
from ledger.transactions import Transaction
from ledger.transition import apply, state_after

from .worlds import USDT

POSTINGS = "postings net to zero"
EVERY_LAW = tuple(dict.fromkeys(law.id for law in REGISTRY if not isinstance(law, StateLaw)))


@attrs.frozen
class Answer:
    """An outcome with the ids of the laws that held, and of the first that broke.

    A law that had nothing to say is in neither.
    """

    outcome: Outcome = attrs.field(repr=False)
    held: tuple[str, ...]
    broken: str

    @property
    def is_applied(self) -> bool:
        """Whether the transaction was applied."""
        return isinstance(self.outcome, Applied)

    @property
    def refusal(self) -> str:
        """The reason of a refusal, nothing where it was applied."""
        return self.outcome.reason.name if isinstance(self.outcome, Rejected) else ""

    def fired(self, *laws: str) -> bool:
        """Whether all of these laws had something to say, and held."""
        return all(law in self.held for law in laws)

    def told(self, event: str) -> bool:
        """Whether an event of this name happened."""
        return any(type(happened).__name__ == event for happened in self._events)

    @property
    def taken(self) -> int:
        """Lots that providers took, over all markets."""
        return sum(event.size for event in self._events if isinstance(event, ProviderTook))

    @property
    def shrunk(self) -> int:
        """Atoms per lot that providers' prices moved by, over all markets."""
        return sum(event.shrunk for event in self._events if isinstance(event, PositionTransferred))

    def shared(self, stage: int) -> int:
        """Atoms that a stage of the loss waterfall charged."""
        return sum(event.amount for event in self._events if isinstance(event, LossShared) and event.stage == stage)

    @property
    def _events(self) -> tuple[Event, ...]:
        return self.outcome.events if isinstance(self.outcome, Applied) else ()


def answered(state: State, transaction: Transaction, laws: Iterable[str] = EVERY_LAW) -> Answer:
    """Apply the transaction, and check of these laws those that concern it, as a monitor of the state would."""
    outcome = apply(state, transaction)
    step = Step(state, transaction, outcome, state_after(state, outcome))
    if isinstance(outcome, Applied) and not is_balanced(outcome.postings):
        return Answer(outcome, (), POSTINGS)
    held: list[str] = []
    for law_id, check in _checks(step, tuple(laws)):
        verdict = check(step)
        if isinstance(verdict, Breach):
            return Answer(outcome, tuple(held), law_id)
        if verdict:
            held.append(law_id)
    return Answer(outcome, tuple(held), "")


def is_balanced(postings: Iterable[Posting]) -> bool:
    """Whether postings net to zero in each column, reference costs counted with the settlement asset."""
    columns = {USDT: 0}
    for posting in postings:
        if isinstance(posting, CashPosting):
            columns[posting.asset] = columns.get(posting.asset, 0) + posting.amount
        else:
            columns[USDT] += posting.reference_cost
            columns[posting.market] = columns.get(posting.market, 0) + posting.size
    return all(total == 0 for total in columns.values())


def first_failing(*checks: tuple[str, bool]) -> str:
    """The reason of the first check that does not hold, nothing where all do."""
    for reason, holds in checks:
        if not holds:
            return reason
    return ""


def _checks(step: Step, laws: tuple[str, ...]) -> Iterable[tuple[str, StepCheck]]:
    """The step and history laws among these that look at such a step."""
    for law in REGISTRY:
        if (
            isinstance(law, StateLaw)
            or law.id not in laws
            or (law.concerns and type(step.transaction) not in law.concerns)
        ):
            continue
        if isinstance(step.outcome, Rejected) and not is_asked(law, step):
            continue
        if isinstance(law, StepLaw):
            yield law.id, law.check
        else:
            assert isinstance(law, HistoryLaw)
            yield law.id, law.start(step.before)
