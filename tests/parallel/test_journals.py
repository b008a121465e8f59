"""A journal that is cut at its checkpoints comes to the very same report as its log in one piece."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.byte_lines import KeptLines
from ledger.checkpoints import Checkpoint, Point, checkpoint_of
from ledger.cli.sources import begun
from ledger.fuzzing import RULEBOOKS
from ledger.journal import Journal, JournalError, JournalReader, Settings, append, import_log
from ledger.laws import REGISTRY, Law
from ledger.parallel import JournalCutter, Work, replay_in_segments, replay_recorded, verified_here
from ledger.parallel.segments import Segment, verify
from ledger.replay import Report, replay_log
from ledger.transactions import Deposit
from tests.test_laws import meddling

from .logs import NAME, Ended, ended, replayed
from .test_segments import EVERY, LAWS, UNTIL, campaign, simulated


@contextmanager
def journal_of(log: bytes, every: int) -> Iterator[JournalReader]:
    """A journal of a log, with a checkpoint every so many lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(log)
        import_log(f"{folder}/a.journal", str(path), settings=Settings(checkpoint_every=every), laws=())
        with JournalReader(f"{folder}/a.journal", name=NAME) as reader:
            yield reader


def replayed_from_checkpoints(
    reader: JournalReader, *, laws: Sequence[Law] = REGISTRY, state_every: int = 10, until: int | None = None
) -> Ended | None:
    """The journal replayed in segments; None where it has too few checkpoints."""
    begin = reader.beginning()
    work = Work(NAME, tuple(laws), state_every=state_every)
    return ended(
        lambda: replay_recorded(reader, begin.state, begin.line, begin.chain, work, verified_here, until=until)
    )


@campaign(80)
@given(st.sampled_from(sorted(RULEBOOKS)), st.integers(0, 2), st.integers(3, 60), LAWS, EVERY, UNTIL)
def test_the_report_is_that_of_one_replay(
    name: str, seed: int, checkpoint_every: int, laws: Sequence[Law], every: int, until: int | None
) -> None:
    log = b"".join(simulated(name, seed))
    whole = replayed(log, laws=laws, state_every=every, until=until)
    with journal_of(log, checkpoint_every) as reader:
        found = replayed_from_checkpoints(reader, laws=laws, state_every=every, until=until)
        begin = reader.beginning()
        arguments = (reader, begin.state, begin.line, begin.chain, tuple(laws), every)
        cutter = JournalCutter(*arguments, until=until)
        assert cutter.is_worth_it or found is None or not isinstance(found, Report)
    if found is not None:
        assert found == whole


@pytest.mark.parametrize("unended", [95, 100, 101])
def test_a_line_without_its_end_that_others_follow(tmp_path: Path, unended: int) -> None:
    """One that was a log's last: it stays a line of its own, within a segment, at its end and in its lead."""
    lines = simulated("compact", 0)
    path, log = str(tmp_path / "a.journal"), tmp_path / "a.jsonl"
    log.write_bytes(b"".join(lines[:unended]).removesuffix(b"\n"))
    import_log(path, str(log), settings=Settings(checkpoint_every=20), laws=())
    with Journal(path, laws=()) as journal:
        append(journal, io.BytesIO(b"".join(lines[unended:])), NAME)
    whole = replayed(b"".join(lines), state_every=10)
    with JournalReader(path, name=NAME) as reader:
        assert replayed_from_checkpoints(reader) == whole
    kept = KeptLines()
    with begun(path, kept=kept) as start:
        work = Work(NAME, state_every=10)
        assert replay_in_segments(start.state, start.entries, kept, work, verified_here) == whole


def test_segments_are_of_checkpoints() -> None:
    """So that this test, and the one above, are of what they say."""
    log = b"".join(simulated("compact", 0))
    with journal_of(log, 20) as reader:
        begin = reader.beginning()
        cutter = JournalCutter(reader, begin.state, begin.line, begin.chain, REGISTRY, 10)
        assert cutter.is_worth_it
        segments = list(iter(cutter.next_segment, None))
    assert len(segments) == (len(simulated("compact", 0)) - 2) // 20 + 1
    assert all(isinstance(segment.state, Checkpoint) for segment in segments[1:])
    assert [segment.lead for segment in segments[1:]] == [1] * (len(segments) - 1)
    points = [point for segment in segments for point in segment.checks]
    assert [point.line for point in points] == list(range(20, len(simulated("compact", 0)) + 1, 20))


def test_a_bug_is_caught_as_in_one_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is recorded by the ledger with the bug, so that its checkpoints have it too."""
    bug = meddling(lambda state: attrs.evolve(state, last_settle=7) if state.sequence > 100 else state, Deposit)
    log = b"".join(simulated("compact", 0))
    for module in ("ledger.replay", "ledger.journal.writing"):
        monkeypatch.setattr(f"{module}.apply", bug)
    whole = replayed(log, state_every=10)
    assert isinstance(whole, Report)
    with journal_of(log, 20) as reader:
        assert replayed_from_checkpoints(reader) == whole
    assert whole.failure is not None


@pytest.mark.parametrize("spoilt", ["chain", "state"])
def test_a_checkpoint_that_the_ledger_does_not_come_to(spoilt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is told of its line; what is after it does not count."""
    log = b"".join(simulated("compact", 0))
    with journal_of(log, 20) as reader:
        points = reader.points()
        state = reader.begin_at(points[3]).state
        other = checkpoint_of(attrs.evolve(state, last_settle=5), line=80, latest=0, chain=points[3].chain)
        wrong = attrs.evolve(points[3], chain=bytes(32)) if spoilt == "chain" else other.point
        checkpoint = reader.checkpoint

        def kept(point: Point) -> Checkpoint:
            return other if spoilt == "state" and point == wrong else checkpoint(points[points_of(point)])

        def points_of(point: Point) -> int:
            return [each.line for each in points].index(point.line)

        monkeypatch.setattr(reader, "points", lambda: [*points[:3], wrong, *points[4:]])
        monkeypatch.setattr(reader, "checkpoint", kept)
        found = replayed_from_checkpoints(reader)
        begin = reader.beginning()
        points = [point for point in reader.points() if point.line > begin.line]
        whole = replay_log(begin.state, reader.entries(begin), state_every=10, start=begin.chain, points=points)
    assert found == whole
    assert isinstance(found, Report)
    assert found.failure is not None
    assert found.failure.entry is not None
    assert found.failure.law is None
    assert found.failure.entry.line == 80
    assert found.transactions == 79
    assert found.failure.detail.startswith("expected digest 00" if spoilt == "chain" else "expected state digest ")


def test_a_line_that_cannot_be_read_is_told_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    log = b"".join(simulated("compact", 0))
    with journal_of(log, 20) as reader:
        lines = reader.lines

        def damaged(after: int = 0, until: int | None = None) -> Iterator[object]:
            for row in lines(after, until):
                if row.line == 133:
                    raise JournalError(NAME, 133, 100, "found a damaged line")
                yield row

        monkeypatch.setattr(reader, "lines", damaged)
        assert replayed_from_checkpoints(reader) == (
            "JournalError",
            f"{NAME}:133: sequence 100: found a damaged line",
            (),
        )


def test_a_segment_with_a_damaged_checkpoint() -> None:
    with journal_of(b"".join(simulated("compact", 0)), 20) as reader:
        point = reader.points()[0]
        checkpoint = attrs.evolve(reader.checkpoint(point), data=b"{}")
    verified = verify(Work(NAME), Segment(1, point, checkpoint, b"", (), False))
    assert str(verified.error).startswith(f"{NAME}:20: found a damaged checkpoint (found a state with digest ")
