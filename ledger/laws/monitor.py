"""The monitor: runs laws over the steps of a ledger, counts how often each spoke, and raises when one is broken."""

from collections.abc import Iterable, Mapping

import attrs
from immutables import Map

from ..outcomes import Applied
from ..postings import LedgerBug
from ..state import Account, State
from ..transactions import TYPE_NAMES
from ..units import is_multiple
from .law import HELD, Breach, HistoryLaw, Law, Span, StateLaw, Step, StepCheck, StepLaw


class LawBroken(Exception):
    """A law is broken: the `law`, the `breach`, and the `step` at which it showed, None before the first."""

    def __init__(self, law: Law, breach: Breach, step: Step | None) -> None:
        self.law, self.breach, self.step = law, breach, step
        super().__init__(f"{law.id} ({law.scope.value}): {breach.detail}. {law.statement}")


@attrs.frozen
class Count:
    """How often a law was checked, and how often its antecedent held. A law that never fired has said nothing.

    `by_type`: the same two numbers for each transaction type that it looked at, by the rulebook's name of the type;
    empty for a law of the whole state.
    """

    law: Law
    checked: int
    fired: int
    by_type: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)


NONSENSE = (AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError, LedgerBug)
"""What a law runs into where an outcome does not even have the shape that the law is about."""


def _nonsense(error: Exception) -> Breach:
    return Breach(f"the outcome is nothing this law can judge ({type(error).__name__}: {error})")


Checks = tuple[tuple[int, StepCheck], ...]
"""The laws that look at one kind of step, as their number in the registry and a check that has its memory."""


NOTHING_REMEMBERED: Map[int, StepCheck] = Map()


class Monitor:
    """Watches one ledger from `state` on, with every law given.

    Step and history laws run at each `observe`; state laws after every `state_every` steps (0: never) and at `finish`.
    `memories`: those that history laws go on with, by the law's number; the others begin anew.
    """

    def __init__(
        self,
        state: State,
        laws: Iterable[Law],
        state_every: int = 1000,
        memories: Mapping[int, StepCheck] = NOTHING_REMEMBERED,
    ) -> None:
        self.laws = tuple(laws)
        self.state_every = state_every
        self._counted = {kind: ([0] * len(self.laws), [0] * len(self.laws)) for kind in TYPE_NAMES}
        self._looked, self._found = [0] * len(self.laws), [0] * len(self.laws)
        self._steps = 0
        self._since = self._now = state
        self._last: Step | None = None
        self._reached: dict[str, Account] = {}
        self._strangers: set[str] = set()
        self._state_laws = [(number, law) for number, law in enumerate(self.laws) if isinstance(law, StateLaw)]
        checks: dict[int, StepCheck] = {}
        for number, law in enumerate(self.laws):
            if isinstance(law, StepLaw):
                checks[number] = law.check
            elif isinstance(law, HistoryLaw):
                checks[number] = memories[number] if number in memories else law.start(state)
        self.memories = {number: checks[number] for number, law in enumerate(self.laws) if isinstance(law, HistoryLaw)}
        self._applied = {kind: self._concerned(checks, kind, refused=False) for kind in TYPE_NAMES}
        self._refused = {kind: self._concerned(checks, kind, refused=True) for kind in TYPE_NAMES}

    def _concerned(self, checks: dict[int, StepCheck], kind: type, *, refused: bool) -> Checks:
        concerned = []
        for number, check in checks.items():
            law = self.laws[number]
            assert not isinstance(law, StateLaw)
            if (not law.concerns or kind in law.concerns) and (law.refusals or not refused):
                concerned.append((number, check))
        return tuple(concerned)

    @property
    def counts(self) -> tuple[Count, ...]:
        """What was counted so far, in the order of the laws."""
        return tuple(self._count(number) for number in range(len(self.laws)))

    def _count(self, number: int) -> Count:
        by_type: dict[str, tuple[int, int]] = {}
        for kind, (checked, fired) in self._counted.items():
            if checked[number]:
                before = by_type.get(TYPE_NAMES[kind], (0, 0))
                by_type[TYPE_NAMES[kind]] = before[0] + checked[number], before[1] + fired[number]
        checked_in_all = self._looked[number] + sum(count for count, _ in by_type.values())
        fired_in_all = self._found[number] + sum(count for _, count in by_type.values())
        return Count(self.laws[number], checked_in_all, fired_in_all, by_type)

    def observe(self, step: Step) -> None:
        """Check a step. Raises `LawBroken` at the first law that does not hold."""
        kind, is_applied = type(step.transaction), isinstance(step.outcome, Applied)
        checked, fired = self._counted[kind]
        for number, check in (self._applied if is_applied else self._refused)[kind]:
            checked[number] += 1
            try:
                verdict = check(step)
            except NONSENSE as error:
                raise LawBroken(self.laws[number], _nonsense(error), step) from error
            if verdict is HELD:
                fired[number] += 1
            elif isinstance(verdict, Breach):
                raise LawBroken(self.laws[number], verdict, step)
        self._now = step.after
        self._steps += 1
        if self._state_laws:
            if is_applied:
                self._last = step
                for account_id, old, new in step.changes:
                    if old is not (self._reached.get(account_id) or self._since.accounts.get(account_id)):
                        self._strangers.add(account_id)
                    self._reached[account_id] = new
            if self.state_every and is_multiple(self._steps, self.state_every):
                self.look()

    def look(self) -> None:
        """Check the state laws now."""
        span = Span(self._since, self._now, Map(self._reached), frozenset(self._strangers), self._last)
        for number, law in self._state_laws:
            self._looked[number] += 1
            try:
                verdict = law.check(span)
            except NONSENSE as error:
                raise LawBroken(law, _nonsense(error), self._last) from error
            if isinstance(verdict, Breach):
                raise LawBroken(law, verdict, self._last)
            if verdict is HELD:
                self._found[number] += 1
        self._since, self._last = self._now, None
        self._reached.clear()
        self._strangers.clear()

    def finish(self) -> None:
        """Check the state laws at the end, where anything happened since they last were."""
        if self._state_laws and (self._steps == 0 or self._since is not self._now):
            self.look()
