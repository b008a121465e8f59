"""The monitor: runs laws over the steps of a ledger, counts how often each spoke, and raises when one is broken.

Steps may be given one by one or many at once. Many at once are looked at law by law, each law over all the steps of a
kind, which is faster; what is counted and what is raised are the same.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NoReturn

import attrs
from immutables import Map

from ..outcomes import Applied
from ..postings import LedgerBug
from ..state import Account, State
from ..transactions import TYPE_NAMES
from ..units import is_multiple, remainder
from .law import HELD, Breach, HistoryLaw, Law, Looks, Span, StateLaw, Step, StepCheck, StepLaw, Verdict


class LawBroken(Exception):
    """A law is broken: the `law`, the `breach`, and the `step` at which it showed, None before the first."""

    def __init__(self, law: Law, breach: Breach, step: Step | None) -> None:
        self.law, self.breach, self.step = law, breach, step
        super().__init__(f"{law.id} ({law.scope.value}): {breach.detail}. {law.statement}")


@attrs.frozen
class Count:
    """How often a law was checked, and how often its antecedent held. A law that never fired has said nothing.

    A step counts as checked also where what the law looks at says for it that it has nothing to say. `by_type`: the
    same two numbers for each transaction type that it looked at, by the rulebook's name of the type; empty for a law
    of the whole state.
    """

    law: Law
    checked: int
    fired: int
    by_type: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)


NONSENSE = (AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError, LedgerBug)
"""What a law runs into where an outcome does not even have the shape that the law is about."""


def _nonsense(error: Exception) -> Breach:
    return Breach(f"the outcome is nothing this law can judge ({type(error).__name__}: {error})")


class Answer(enum.Enum):
    """The kinds of answer to a transaction that laws tell apart."""

    REFUSED = "refused"
    STILL = "applied, with no account changed and nothing posted"
    MOVED = "applied, with an account changed or something posted"


ASKED: dict[Looks, tuple[Answer, ...]] = {
    Looks.APPLIED: (Answer.STILL, Answer.MOVED),
    Looks.MOVED: (Answer.MOVED,),
    Looks.REFUSED: (Answer.REFUSED,),
    Looks.ALL: (Answer.REFUSED, Answer.STILL, Answer.MOVED),
}
"""The answers that a law is asked of. At the others its verdict is None by what it looks at."""


def answer_of(step: Step) -> Answer:
    """What kind of answer a step is."""
    outcome = step.outcome
    if not isinstance(outcome, Applied):
        return Answer.REFUSED
    return Answer.MOVED if step.changes or outcome.postings else Answer.STILL


def _concerns(law: StepLaw | HistoryLaw, kind: type) -> bool:
    return not law.concerns or kind in law.concerns


def is_asked(law: StepLaw | HistoryLaw, step: Step) -> bool:
    """Whether a monitor asks the law of such a step."""
    return _concerns(law, type(step.transaction)) and answer_of(step) in ASKED[law.looks]


Checks = tuple[tuple[int, StepCheck], ...]
"""Laws as their number in the registry and a check that has its memory."""


@attrs.define(eq=False)
class _Watched:
    """One transaction type and kind of answer: the laws to ask, and what was counted.

    `step_laws` remember nothing, so that many steps may be asked of one after the other; `history_laws` do. `steps`:
    how many there were. By the number of a law, `fired`: how often it did, and `spared`: how often it was not asked
    because a law before it broke.
    """

    checks: Checks
    step_laws: Checks
    history_laws: Checks
    fired: list[int]
    spared: list[int]
    steps: int = 0


Asked = tuple[_Watched, int, Sequence[int], Sequence[Verdict | Exception]]
"""The kind of steps and the number of a law that was asked of them; their places among all steps, in order, and the
law's answers, which end with the first breach or error."""


NOTHING_REMEMBERED: Map[int, StepCheck] = Map()


class Monitor:
    """Watches one ledger from `state` on, with every law given.

    Step and history laws run at each step; state laws after every `state_every` steps (0: never) and at `finish`. Once
    a law broke the monitor is shown no more: `stopped_at` is the last step that it came to. `memories`: those that
    history laws go on with, by the law's number; the others begin anew.
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
        self.stopped_at: Step | None = None
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
        watched = {answer: {kind: self._watching(checks, kind, answer) for kind in TYPE_NAMES} for answer in Answer}
        self._refused, self._still, self._moved = (watched[answer] for answer in Answer)

    def _watching(self, checks: dict[int, StepCheck], kind: type, answer: Answer) -> _Watched:
        asked: list[tuple[int, StepCheck]] = []
        for number, check in checks.items():
            law = self.laws[number]
            assert not isinstance(law, StateLaw)
            if _concerns(law, kind) and answer in ASKED[law.looks]:
                asked.append((number, check))
        step_laws = tuple(each for each in asked if isinstance(self.laws[each[0]], StepLaw))
        history_laws = tuple(each for each in asked if isinstance(self.laws[each[0]], HistoryLaw))
        return _Watched(tuple(asked), step_laws, history_laws, [0] * len(self.laws), [0] * len(self.laws))

    @property
    def counts(self) -> tuple[Count, ...]:
        """What was counted so far, in the order of the laws."""
        return tuple(self._count(number, law) for number, law in enumerate(self.laws))

    def _count(self, number: int, law: Law) -> Count:
        if isinstance(law, StateLaw):
            return Count(law, self._looked[number], self._found[number])
        by_type: dict[str, tuple[int, int]] = {}
        looked_at = [self._still, self._moved, *([self._refused] if Answer.REFUSED in ASKED[law.looks] else [])]
        for kind, name in TYPE_NAMES.items():
            if not _concerns(law, kind):
                continue
            checked = sum(answered[kind].steps - answered[kind].spared[number] for answered in looked_at)
            fired = sum(answered[kind].fired[number] for answered in looked_at)
            if checked:
                before = by_type.get(name, (0, 0))
                by_type[name] = before[0] + checked, before[1] + fired
        checked, fired = (sum(count[column] for count in by_type.values()) for column in (0, 1))
        return Count(law, checked, fired, by_type)

    def _watched(self, step: Step) -> _Watched:
        outcome = step.outcome
        if not isinstance(outcome, Applied):
            return self._refused[type(step.transaction)]
        return (self._moved if step.changes or outcome.postings else self._still)[type(step.transaction)]

    def observe(self, step: Step) -> None:
        """Check a step. Raises `LawBroken` at the first law that does not hold."""
        self.stopped_at = step
        watched = self._watched(step)
        watched.steps += 1
        for number, check in watched.checks:
            try:
                verdict = check(step)
            except Exception as error:
                self._spare(watched, number)
                if isinstance(error, NONSENSE):
                    raise LawBroken(self.laws[number], _nonsense(error), step) from error
                raise
            if verdict is HELD:
                watched.fired[number] += 1
            elif isinstance(verdict, Breach):
                self._spare(watched, number)
                raise LawBroken(self.laws[number], verdict, step)
        self._seen((step,))

    def observe_all(self, steps: Sequence[Step]) -> None:
        """Check steps, each of which begins where the one before ended, as `observe` would one after the other."""
        begin = 0
        while begin < len(steps):
            end = len(steps)
            if self.state_every and self._state_laws:
                end = min(end, begin + self.state_every - remainder(self._steps, self.state_every))
            self._observe_together(steps[begin:end])
            begin = end

    def _observe_together(self, steps: Sequence[Step]) -> None:
        """Check steps up to the next look, law by law."""
        places_of: dict[_Watched, list[int]] = {}
        for place, step in enumerate(steps):
            places_of.setdefault(self._watched(step), []).append(place)
        asked: list[Asked] = []
        for watched, places in places_of.items():
            group = [steps[place] for place in places]
            asked += [(watched, number, places, _answers(check, group)) for number, check in watched.step_laws]
        asked += self._remembered(steps, places_of)
        bad = [found for each in asked if (found := _first_bad(each)) is not None]
        if bad:
            self._stop(steps, places_of, asked, min(bad, key=lambda found: found[:2]))
        for watched, places in places_of.items():
            watched.steps += len(places)
        for watched, number, _, verdicts in asked:
            watched.fired[number] += verdicts.count(HELD)
        self._seen(steps)

    def _remembered(self, steps: Sequence[Step], places_of: Mapping[_Watched, list[int]]) -> Iterator[Asked]:
        """What the history laws answer, step by step, up to the first breach or error."""
        history = [
            (place, watched) for watched, places in places_of.items() if watched.history_laws for place in places
        ]
        for place, watched in sorted(history, key=lambda each: each[0]):
            for number, check in watched.history_laws:
                asked = watched, number, (place,), _answers(check, (steps[place],))
                yield asked
                if _first_bad(asked) is not None:
                    return

    def _stop(
        self,
        steps: Sequence[Step],
        places_of: Mapping[_Watched, list[int]],
        asked: Iterable[Asked],
        bad: tuple[int, int, Breach | Exception],
    ) -> NoReturn:
        """Count what was asked before the first breach or error, and raise it."""
        last, broken, wrong = bad
        step = self.stopped_at = steps[last]
        for watched, places in places_of.items():
            watched.steps += sum(1 for place in places if place <= last)
        for watched, number, among, verdicts in asked:
            watched.fired[number] += sum(
                1
                for place, verdict in zip(among, verdicts, strict=False)
                if verdict is HELD and (place, number) < (last, broken)
            )
        self._spare(self._watched(step), broken)
        if isinstance(wrong, Breach):
            raise LawBroken(self.laws[broken], wrong, step)
        if isinstance(wrong, NONSENSE):
            raise LawBroken(self.laws[broken], _nonsense(wrong), step) from wrong
        raise wrong

    def _spare(self, watched: _Watched, broken: int) -> None:
        for number in range(broken + 1, len(self.laws)):
            watched.spared[number] += 1

    def _seen(self, steps: Sequence[Step]) -> None:
        """Remember what the state laws will be told of steps that hold, and look where it is time."""
        self.stopped_at = steps[-1]
        self._now = steps[-1].after
        self._steps += len(steps)
        if not self._state_laws:
            return
        for step in steps:
            if isinstance(step.outcome, Applied):
                self._last = step
            for account_id, change in step.changes.items():
                if change.old is not (self._reached.get(account_id) or self._since.accounts.get(account_id)):
                    self._strangers.add(account_id)
                self._reached[account_id] = change.new
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


def _answers(check: StepCheck, steps: Sequence[Step]) -> Sequence[Verdict | Exception]:
    """What a law answers to steps, one after the other, up to the first error, which takes an answer's place."""
    answers: list[Verdict | Exception] = []
    try:
        for step in steps:
            answers.append(check(step))
    except Exception as error:
        answers.append(error)
    return answers


def _first_bad(asked: Asked) -> tuple[int, int, Breach | Exception] | None:
    """The place of the first breach or error among a law's answers, the law's number, and what it is."""
    _, number, places, answers = asked
    if answers.count(HELD) + answers.count(None) == len(answers):
        return None
    for place, answer in zip(places, answers, strict=False):
        if isinstance(answer, Breach | Exception):
            return place, number, answer
    return None
