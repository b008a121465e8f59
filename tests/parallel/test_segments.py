"""In segments a replay comes to the very same report: whatever the log, the laws and the seams, and whatever is wrong.

Reproducible: hypothesis draws the same examples every time; `BACKSTOP_SEGMENTS_EXAMPLES` asks for more, and new ones.
"""

import functools
import os
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.fuzzing import RULEBOOKS, Seeded, play
from ledger.fuzzing.simulation import stepped
from ledger.laws import (
    HELD,
    REGISTRY,
    Breach,
    HistoryLaw,
    Law,
    Looks,
    Scope,
    Span,
    StateLaw,
    Step,
    StepLaw,
    Verdict,
    remembered,
)
from ledger.laws.capacity import within_capacity_per_hour
from ledger.parallel import Work, verified_here
from ledger.parallel.segments import Segment, Verified, verify
from ledger.parallel.sharing import NextSegment, Verifying
from ledger.replay import Report
from ledger.state import State, genesis
from ledger.transactions import BackstopTransfer, Leave
from tests.planting import plant
from tests.scenarios import SCENARIOS
from tests.test_laws import MEDDLING, PHRASES, REFUSED, Phrase, extended, meddling
from tests.worlds import START

from .logs import NAME, Cuts, log_of, plant_bug, replayed, replayed_in_segments

EXAMPLES = 150
STEPS = 300
HOUR = 3_600_000


def campaign(examples: int = EXAMPLES) -> settings:
    """Reproducible and short, or what the environment asks for."""
    asked = os.environ.get("BACKSTOP_SEGMENTS_EXAMPLES")
    return settings(
        derandomize=asked is None,
        database=None,
        max_examples=int(asked or examples),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@functools.cache
def simulated(name: str, seed: int) -> tuple[bytes, ...]:
    """The lines of a simulated log, line ends included."""
    rulebook = RULEBOOKS[name]
    transactions = [step.transaction for step in play(Seeded(seed), rulebook, STEPS)]
    return tuple(log_of(genesis(rulebook, START), transactions).splitlines(keepends=True))


def reached_in_even_numbers(span: Span) -> Verdict:
    """Speaks of some spans and not of others: its count shows that every span was the same."""
    return HELD if (len(span.reached) + 3 * len(span.strangers)) % 2 == 0 else None


def _breaks_at(sequence: int) -> Law:
    def check(step: Step) -> Verdict:
        return Breach("there it is", ("alice",)) if step.before.sequence == sequence else HELD

    return StepLaw("OWN-1", "Not there.", check, looks=Looks.ALL)


def _state_breaks_at(sequence: int) -> Law:
    def check(span: Span) -> Verdict:
        return Breach("there it was", ("alice",)) if span.now.sequence >= sequence else HELD

    return StateLaw("OWN-2", "Not so far.", check)


def something_was_applied(span: Span) -> Verdict:
    """Breaks where a span holds refusals alone, which is told of a line before it."""
    return HELD if span.last is not None else Breach("nothing was applied")


def _raises_at(sequence: int) -> Law:
    def check(step: Step) -> Verdict:
        if step.before.sequence == sequence:
            raise OSError("no more")
        return HELD

    return StepLaw("OWN-3", "It can be checked.", check, looks=Looks.ALL)


def _look_raises_at(sequence: int) -> Law:
    def check(span: Span) -> Verdict:
        if span.now.sequence >= sequence:
            raise OSError("no more")
        return HELD

    return StateLaw("OWN-4", "It can be looked at.", check)


@attrs.define
class _Counting:
    """Remembers what no state shows: how many transfers there were, and breaks at the last that is allowed."""

    most: int
    seen: int = 0

    def __call__(self, step: Step) -> Verdict:
        self.seen += 1
        return Breach("one too many", ("alice",)) if self.seen > self.most else HELD


def _transfers_at_most(most: int) -> Law:
    return HistoryLaw("OWN-5", "Few steps.", lambda state: _Counting(most))


def _begins_at_the_genesis_alone(most: int) -> Law:
    def start(state: State) -> _Counting:
        if state.sequence:
            raise OSError("too late")
        return _Counting(most)

    return HistoryLaw("OWN-6", "Few steps.", start, looks=Looks.ALL)


STEP_AND_HISTORY = tuple(law for law in REGISTRY if not isinstance(law, StateLaw))
CHECKING_SPANS = StateLaw("OWN-0", "It speaks now and then.", reached_in_even_numbers)
OWN_LAWS = st.one_of(
    st.builds(_breaks_at, st.integers(0, STEPS)),
    st.builds(_state_breaks_at, st.integers(0, STEPS)),
    st.just(StateLaw("OWN-7", "Something was applied.", something_was_applied)),
    st.builds(_raises_at, st.integers(0, STEPS)),
    st.builds(_look_raises_at, st.integers(0, STEPS)),
    st.builds(_transfers_at_most, st.integers(1, STEPS)),
    st.builds(_begins_at_the_genesis_alone, st.integers(1, STEPS)),
)
WRONG_LINES = (
    b"{\n",
    b"\n",
    b'{"type":"settle","time":1}\n',
    b'{"type":"settle","time":"2020-09-13T12:26:40Z","a":1}\n',
)
EXPECTING = (b'"expect":{"applied":false}', b'"expect":{"applied":true}', b'"expect":{"digest":"' + b"0" * 64 + b'"}')


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """The beginning of a simulated log, with a line that is bad input, or that expects something, or neither."""
    lines = list(simulated(draw(st.sampled_from(sorted(RULEBOOKS))), draw(st.integers(0, 2))))
    del lines[draw(st.integers(1, len(lines))) :]
    spoilt = draw(st.integers(0, 3 * len(lines)))
    if 0 < spoilt < len(lines):
        if draw(st.booleans()):
            lines.insert(spoilt, draw(st.sampled_from(WRONG_LINES)))
        elif b'"expect"' not in lines[spoilt]:
            lines[spoilt] = lines[spoilt].rstrip()[:-1] + b"," + draw(st.sampled_from(EXPECTING)) + b"}\n"
    text = b"".join(lines)
    return text[:-1] if draw(st.booleans()) else text


CUTS = st.builds(Cuts, st.integers(1, 60), st.sampled_from((5, 20_000)))
LAWS = st.one_of(
    st.just((*REGISTRY, CHECKING_SPANS)),
    st.just(STEP_AND_HISTORY),
    st.just(()),
    st.lists(OWN_LAWS, min_size=1, max_size=2).map(lambda own: (*REGISTRY[:3], *own, *REGISTRY[3:], CHECKING_SPANS)),
)
EVERY = st.sampled_from((0, 1, 2, 3, 10, 17, 50, 1000))
UNTIL = st.one_of(st.none(), st.none(), st.integers(0, STEPS))


@campaign()
@given(logs(), CUTS, LAWS, EVERY, UNTIL)
def test_the_report_is_that_of_one_replay(
    log: bytes, cuts: Cuts, laws: Sequence[Law], every: int, until: int | None
) -> None:
    whole = replayed(log, laws=laws, state_every=every, until=until)
    assert replayed_in_segments(log, cuts, laws=laws, state_every=every, until=until) == whole


def scenario_log(planted: Phrase) -> bytes:
    scenario = SCENARIOS[planted.scenario]()
    if planted.then is not None:
        scenario = extended(scenario, REFUSED[planted.then])
    return log_of(scenario.start, scenario.transactions)


@pytest.mark.parametrize("planted", PHRASES, ids=lambda planted: planted.law)
def test_a_planted_bug_is_caught_as_in_one_replay(planted: Phrase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the seams: after every line, or anywhere."""
    plant_bug(monkeypatch, plant(planted.module, planted.phrase, planted.bug))
    log = scenario_log(planted)
    for every in (0, 1, 1000):
        whole = replayed(log, state_every=every)
        assert isinstance(whole, tuple) or whole.failure is not None
        for lines in (1, 2, 3, 5, 8, 13):
            assert replayed_in_segments(log, Cuts(lines), state_every=every) == whole


@pytest.mark.parametrize("law", MEDDLING)
def test_what_meddles_with_the_state_is_caught_as_in_one_replay(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_bug(monkeypatch, meddling(MEDDLING[law]))
    scenario = SCENARIOS["trading"]()
    log = log_of(scenario.start, scenario.transactions)
    for every in (0, 1, 4, 1000):
        whole = replayed(log, state_every=every)
        assert isinstance(whole, tuple) or whole.failure is not None
        for lines in (1, 2, 3, 5, 8, 13):
            assert replayed_in_segments(log, Cuts(lines), state_every=every) == whole


# What only a memory carried across a seam catches.


def every_seam(log: bytes) -> list[tuple[int, Verified]]:
    """What became of each segment of one line: its number and that, verified without what the one before carried."""
    came = []

    def look(work: Work, next_segment: NextSegment) -> Verifying:
        for segment, verified in verified_here(work, next_segment):
            came.append((segment.number, verified))
            yield segment, verified

    replayed_in_segments(log, Cuts(1), laws=STEP_AND_HISTORY, share=look)
    return came


def test_a_rule_that_forgets_a_takeover_is_caught_across_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state has no trace of the takeover: begun with it alone, the laws see nothing wrong."""
    plant_bug(monkeypatch, plant("capacity", "(*recent, takeover)", "recent"))
    scenario = SCENARIOS["shared_loss"]()
    log = log_of(scenario.start, scenario.transactions)
    whole = replayed(log, laws=STEP_AND_HISTORY)
    assert isinstance(whole, Report)
    assert whole.failure is not None
    assert whole.failure.law is not None
    assert whole.failure.law.scope is Scope.HISTORY
    came = every_seam(log)
    assert all(verified.found is None for _, verified in came)
    carrying = {STEP_AND_HISTORY[number].id for _, verified in came for number in verified.carried}
    assert carrying == {"CAP-1", "CAP-2", "CAP-4", "CAP-5"}
    for lines in range(1, 12):
        assert replayed_in_segments(log, Cuts(lines), laws=STEP_AND_HISTORY) == whole


def test_no_memory_is_carried_where_the_state_has_it() -> None:
    """So that segments are verified once: in every scenario, and in a day."""
    for make in SCENARIOS.values():
        scenario = make()
        came = every_seam(log_of(scenario.start, scenario.transactions))
        assert len(came) > 10
        assert not any(verified.carried or verified.found for _, verified in came)


def test_a_takeover_that_no_window_reaches_any_more_is_not_carried() -> None:
    """Providers that took nothing since keep it in their records, and a law that forgot it still agrees."""
    scenario = SCENARIOS["takeover"]()
    later = extended(scenario, lambda time: Leave(time + 2 * HOUR, "p1"))
    came = every_seam(log_of(later.start, later.transactions))
    assert not any(verified.carried or verified.found for _, verified in came)
    memory = within_capacity_per_hour(later.start)
    state = later.start
    for transaction in later.transactions:
        step = stepped(state, transaction)
        if isinstance(transaction, BackstopTransfer):
            memory(step)
        state = step.after
    memory.memory.forget(state.time, HOUR)  # type: ignore[attr-defined]
    assert memory != within_capacity_per_hour(state)
    assert remembered(memory, state) == remembered(within_capacity_per_hour(state), state)


def test_a_segment_that_ends_elsewhere_than_its_checkpoint_is_a_divergence() -> None:
    """Told of its last line, with both digests; what is after it does not count."""
    log = b"".join(simulated("compact", 0))
    segments = segments_of(log, 20)
    (end,) = segments[1].checks
    for wrong, told in (
        (attrs.evolve(end, chain=bytes(32)), f"expected digest {'00' * 32} at the checkpoint, found "),
        (attrs.evolve(end, state_digest="0" * 64), f"expected state digest {'0' * 64} at the checkpoint, found "),
    ):
        segment = attrs.evolve(segments[1], checks=(wrong,))
        found = verify(Work(NAME), segment).found
        assert found is not None
        assert found.law is None
        assert found.failure.detail.startswith(told)
        assert found.failure.entry is not None
        assert found.failure.entry.line == 41
        assert verify(Work(NAME), segments[1]).found is None


def segments_of(log: bytes, lines: int) -> list[Segment]:
    """The segments of a log."""
    found = []

    def look(work: Work, next_segment: NextSegment) -> Verifying:
        for segment, verified in verified_here(work, next_segment):
            found.append(segment)
            yield segment, verified

    replayed_in_segments(log, Cuts(lines), laws=(), share=look)
    return found


def test_results_count_in_the_order_of_the_log_whatever_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def backwards(work: Work, next_segment: NextSegment) -> Verifying:
        yield from reversed(list(verified_here(work, next_segment)))

    plant_bug(monkeypatch, meddling(MEDDLING["CON-1 step"]))
    log = log_of(*attrs.astuple(SCENARIOS["trading"](), recurse=False))
    assert replayed_in_segments(log, Cuts(3), share=backwards) == replayed(log)
    monkeypatch.undo()
    assert replayed_in_segments(log, Cuts(3), share=backwards) == replayed(log)


@pytest.mark.parametrize("memory", [max, lambda step: None, object()], ids=["a function", "a closure", "no equality"])
def test_a_memory_that_cannot_be_carried_is_refused(memory: object) -> None:
    law = HistoryLaw("OWN-1", "It is.", lambda state: memory)  # type: ignore[arg-type, return-value]
    ended = replayed_in_segments(b"".join(simulated("compact", 0)), Cuts(), laws=(law,))
    assert isinstance(ended, tuple)
    assert ended[0] == "NotCarried"
    assert ended[1].startswith("found a memory of the law OWN-1 that another process cannot go on with (")
    assert ended[1].endswith("), expected `start` to give an object that can be pickled and compared")


def test_a_segment_that_does_not_come_back_is_noticed() -> None:
    """Wherever it was lost: what is left is no report."""

    def losing(work: Work, next_segment: NextSegment) -> Verifying:
        for segment, verified in verified_here(work, next_segment):
            if segment.number != 2:
                yield segment, verified

    ended = replayed_in_segments(b"".join(simulated("compact", 0)), Cuts(20), laws=(), share=losing)
    assert isinstance(ended, tuple)
    assert ended[:2] == ("RuntimeError", "of 14 segments 2 came back")
