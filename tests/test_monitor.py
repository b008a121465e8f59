"""The monitor and a replay look at many steps together: what they count and what they find is what they would have
counted and found one step after the other, whatever goes wrong and wherever."""

import functools
import itertools
from collections.abc import Iterable, Iterator

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger.replay
from ledger.fuzzing import RULEBOOKS, Seeded, play
from ledger.laws import (
    HELD,
    REGISTRY,
    Breach,
    HistoryLaw,
    Law,
    LawBroken,
    Looks,
    Monitor,
    Span,
    StateLaw,
    Step,
    StepLaw,
    Verdict,
    is_asked,
)
from ledger.laws.law import StepCheck
from ledger.laws.monitor import Answer, answer_of
from ledger.log import Entry, Expect
from ledger.outcomes import Applied
from ledger.replay import noted_line, replay_log
from ledger.state import State

STEPS = 120
WRONGS = ("breach", "nonsense", "error")


@functools.cache
def steps_of(name: str) -> tuple[Step, ...]:
    """The steps of a simulation under a rulebook."""
    return tuple(play(Seeded(1), RULEBOOKS[name], STEPS))


def _wrong(what: str) -> Breach:
    if what == "nonsense":
        raise StopIteration("planted")
    if what == "error":
        raise ZeroDivisionError("planted")
    return Breach("planted")


def planted(step: Step, what: str, scope: str) -> Law:
    """A law that goes wrong at one step; of the whole state, at the look after it."""

    def check(at: Step) -> Verdict:
        return _wrong(what) if at.transaction is step.transaction else HELD

    def look(span: Span) -> Verdict:
        return _wrong(what) if span.now.sequence >= step.after.sequence else HELD

    def start(_: State) -> StepCheck:
        return check

    if scope == "step":
        return StepLaw("OWN-1", "Planted.", check, looks=Looks.ALL)
    if scope == "history":
        return HistoryLaw("OWN-1", "Planted.", start, looks=Looks.ALL)
    return StateLaw("OWN-1", "Planted.", look)


@attrs.frozen
class Plan:
    """What is planted where, and how the steps are cut."""

    name: str
    laws: tuple[Law, ...]
    state_every: int
    cuts: tuple[int, ...]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to three laws that go wrong, before, among or after those of the registry."""
    name = draw(st.sampled_from(sorted(RULEBOOKS)))
    steps = steps_of(name)
    laws = [law for law in REGISTRY if not isinstance(law, StateLaw) or law.id == "CON-1"]
    for _ in range(draw(st.integers(0, 3))):
        step = steps[draw(st.integers(0, len(steps) - 1))]
        law = planted(step, draw(st.sampled_from(WRONGS)), draw(st.sampled_from(("step", "history", "state"))))
        laws.insert(draw(st.integers(0, len(laws))), law)
    cuts = draw(st.lists(st.integers(1, len(steps)), max_size=4).map(sorted))
    return Plan(name, tuple(laws), draw(st.sampled_from((0, 1, 7, 50, 1000))), tuple(cuts))


def watched(plan: Plan, pieces: Iterable[tuple[Step, ...]], *, together: bool) -> tuple[object, ...]:
    """What a monitor counts, and what it raises and where."""
    steps = steps_of(plan.name)
    monitor = Monitor(steps[0].before, plan.laws, plan.state_every)
    found: tuple[object, ...] = ()
    try:
        for piece in pieces:
            if together:
                monitor.observe_all(piece)
            else:
                for step in piece:
                    monitor.observe(step)
        monitor.finish()
    except LawBroken as broken:
        found = (broken.law, broken.breach, broken.step, repr(broken.__cause__), monitor.stopped_at)
    except ZeroDivisionError as error:
        found = (repr(error), monitor.stopped_at)
    return monitor.counts, found


@settings(deadline=None)
@given(plan=plans())
def test_steps_together_are_judged_as_one_by_one(plan: Plan) -> None:
    steps = steps_of(plan.name)
    bounds = (0, *plan.cuts, len(steps))
    pieces = [steps[begin:end] for begin, end in itertools.pairwise(bounds)]
    assert watched(plan, pieces, together=True) == watched(plan, [steps], together=False)


@st.composite
def expectations(draw: st.DrawFn) -> dict[int, Expect]:
    """What lines expect, by their place, and most of it is so."""
    places = draw(st.lists(st.integers(0, STEPS - 1), max_size=6))
    return {
        place: Expect(applied=draw(st.none() | st.booleans()), digest=draw(st.none() | st.just("0" * 64)))
        for place in places
    }


def entries_of(steps: Iterable[Step], expected: dict[int, Expect], ends_badly: bool) -> Iterator[Entry]:
    """The lines of a log, which may end with one that cannot be read."""
    for place, step in enumerate(steps):
        yield Entry(place + 2, step.transaction, expected.get(place))
    if ends_badly:
        raise ValueError("planted: a line that cannot be read")


def replayed(
    plan: Plan, expected: dict[int, Expect], until: int | None, ends_badly: bool, together: int
) -> tuple[object, ...]:
    """What a replay reports or raises, so many lines together, and the lines it told to have come to."""
    steps = steps_of(plan.name)
    came_to: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger.replay, "TOGETHER", together)
        try:
            report = replay_log(
                steps[0].before,
                entries_of(steps, expected, ends_badly),
                laws=plan.laws,
                state_every=plan.state_every,
                until=until,
                progress=lambda entry: came_to.append(entry.line),
            )
        except (ZeroDivisionError, ValueError) as error:
            return repr(error), noted_line(error)
    return report, came_to if report.failure is None else None


@settings(deadline=None)
@given(
    plan=plans(),
    expected=expectations(),
    until=st.none() | st.integers(0, STEPS),
    ends_badly=st.booleans(),
    together=st.sampled_from((2, 16, 1000)),
)
def test_lines_together_are_replayed_as_one_by_one(
    plan: Plan, expected: dict[int, Expect], until: int | None, ends_badly: bool, together: int
) -> None:
    assert replayed(plan, expected, until, ends_badly, together) == replayed(plan, expected, until, ends_badly, 1)


def test_one_by_one_every_line_waits_for_the_one_before() -> None:
    """What the comparison above stands on: with one line at a time the laws see it before the next one is read."""
    steps = steps_of("compact")
    law = planted(steps[9], "breach", "step")
    read: list[int] = []

    def entries() -> Iterator[Entry]:
        for entry in entries_of(steps, {}, ends_badly=False):
            read.append(entry.line)
            yield entry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger.replay, "TOGETHER", 1)
        report = replay_log(steps[0].before, entries(), laws=(law,))
    assert report.failure is not None
    assert report.failure.entry is not None
    assert read[-1] == report.failure.entry.line == 11


@pytest.mark.parametrize("name", sorted(RULEBOOKS))
def test_where_a_law_is_not_asked_it_has_nothing_to_say(name: str) -> None:
    seen: set[Answer] = set()
    for step in steps_of(name):
        seen.add(answer_of(step))
        for law in REGISTRY:
            if isinstance(law, StateLaw) or is_asked(law, step) or not isinstance(step.outcome, Applied):
                continue
            if not law.concerns or type(step.transaction) in law.concerns:
                assert isinstance(law, StepLaw)
                assert law.check(step) is None, law.id
    assert seen == set(Answer)
