"""The monitor: runs laws over the steps of a ledger, counts how often each spoke, and raises when one is broken."""

from collections.abc import Iterable

import attrs

from ..outcomes import Applied
from ..state import State
from ..transactions import TYPE_NAMES
from ..units import is_multiple
from .law import Breach, HistoryLaw, Law, Scope, Span, StateLaw, Step, StepCheck, StepLaw


class LawBroken(Exception):
    """A law is broken: the `law`, the `breach`, and the `step` at which it showed, None before the first."""

    def __init__(self, law: Law, breach: Breach, step: Step | None) -> None:
        self.law, self.breach, self.step = law, breach, step
        super().__init__(f"{law.id} ({law.scope.value}): {breach.detail}. {law.statement}")


@attrs.define
class Count:
    """How often a law was checked, and how often its antecedent held. A law that never fired has said nothing."""

    law: Law
    checked: int = 0
    fired: int = 0


@attrs.define
class _Running:
    count: Count
    check: StepCheck


class Monitor:
    """Watches one ledger from `state` on, with every law given.

    Step and history laws run at each `observe`; state laws after every `state_every` steps (0: never) and at `finish`.
    """

    def __init__(self, state: State, laws: Iterable[Law], state_every: int = 1000) -> None:
        laws = tuple(laws)
        self.counts = tuple(Count(law) for law in laws)
        self.state_every = state_every
        self._since = state
        self._now = state
        self._last: Step | None = None
        self._reached: set[str] = set()
        self._steps = 0
        self._state_laws = [count for count in self.counts if isinstance(count.law, StateLaw)]
        running: list[tuple[StepLaw | HistoryLaw, _Running]] = []
        for count in self.counts:
            if isinstance(count.law, StepLaw):
                running.append((count.law, _Running(count, count.law.check)))
            elif isinstance(count.law, HistoryLaw):
                running.append((count.law, _Running(count, count.law.start(state))))
        self._applied = {
            kind: [run for law, run in running if not law.concerns or kind in law.concerns] for kind in TYPE_NAMES
        }
        self._refused = {
            kind: [run for law, run in running if law.refusals and (not law.concerns or kind in law.concerns)]
            for kind in TYPE_NAMES
        }

    def observe(self, step: Step) -> None:
        """Check a step. Raises `LawBroken` at the first law that does not hold."""
        outcome = step.outcome
        applied = isinstance(outcome, Applied)
        for run in (self._applied if applied else self._refused)[type(step.transaction)]:
            run.count.checked += 1
            verdict = run.check(step)
            if verdict is None:
                continue
            if isinstance(verdict, Breach):
                raise LawBroken(run.count.law, verdict, step)
            run.count.fired += 1
        self._now = step.after
        self._steps += 1
        if self._state_laws:
            if isinstance(outcome, Applied):
                self._last = step
                self._reached.update([account_id for account_id, _, _ in step.changes])
            if self.state_every and is_multiple(self._steps, self.state_every):
                self.look()

    def look(self) -> None:
        """Check the state laws now."""
        span = Span(self._since, self._now, frozenset(self._reached), self._last)
        for count in self._state_laws:
            law = count.law
            assert isinstance(law, StateLaw)
            count.checked += 1
            verdict = law.check(span)
            if isinstance(verdict, Breach):
                raise LawBroken(law, verdict, self._last)
            if verdict is not None:
                count.fired += 1
        self._since, self._last = self._now, None
        self._reached.clear()

    def finish(self) -> None:
        """Check the state laws at the end, where anything happened since they last were."""
        if self._state_laws and (self._steps == 0 or self._since is not self._now):
            self.look()


__all__ = ["Count", "LawBroken", "Monitor", "Scope"]
