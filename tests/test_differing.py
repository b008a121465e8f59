"""Where two ledgers part: the same line whatever there is of each, and no more asked than a bisection needs."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoints import Point
from ledger.differing import DigestsSource, JournalSource, LogSource, Parted, Parting, Source, first_that, part
from ledger.digests import Digesting, Record, encode_record, read_digests
from ledger.fuzzing import RULEBOOKS
from ledger.journal import Beginning, JournalReader, Settings, import_log
from ledger.log import Divergence, LogError, read_log
from ledger.replay import replay_log
from tests.parallel.test_segments import campaign, simulated

LOG = tuple(line for line in simulated("compact", 0) if b'"expect"' not in line)
"""Without expectations, so that a line can be left out and the rest still be recorded in a journal."""

KINDS = ("log", "journal", "digests")


def digests_of(lines: tuple[bytes, ...], every: int) -> bytes:
    """The digests of a log."""
    state, entries = read_log(io.BytesIO(b"".join(lines)), "a.jsonl")
    digesting = Digesting(every)
    report = replay_log(state, [], laws=())
    digesting.note(1, state, report.chain)
    replay_log(state, entries, laws=(), note=digesting.note)
    return b"".join(digesting.lines())


@contextmanager
def source_of(kind: str, lines: tuple[bytes, ...], folder: Path, *, every: int = 25) -> Iterator[Source]:
    """The log as a source of a kind, with a checkpoint or digests every so many lines."""
    if kind == "log":
        yield LogSource(io.BytesIO(b"".join(lines)), "a.jsonl")
    elif kind == "digests":
        yield DigestsSource(io.BytesIO(digests_of(lines, every)), "a.digests")
    else:
        path = folder / f"{len(list(folder.iterdir()))}.journal"
        log = path.with_suffix(".jsonl")
        log.write_bytes(b"".join(lines))
        import_log(str(path), str(log), settings=Settings(checkpoint_every=every), laws=())
        with JournalReader(str(path)) as reader:
            yield JournalSource(reader)


def changed(lines: tuple[bytes, ...], line: int) -> tuple[bytes, ...]:
    """The log without one of its lines, so that it differs from there on."""
    assert lines[line - 1] != lines[line]
    return (*lines[: line - 1], *lines[line:])


def parted(one: str, other: str, a: tuple[bytes, ...], b: tuple[bytes, ...], folder: Path) -> Parted:
    with source_of(one, a, folder) as first, source_of(other, b, folder) as second:
        return part(first, second)


PAIRS = [(one, other) for one in KINDS for other in KINDS]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_same_is_the_same_whatever_there_is_of_it(one: str, other: str, tmp_path: Path) -> None:
    found = parted(one, other, LOG, LOG, tmp_path)
    assert found.parting is Parting.NOWHERE
    assert found.agreed is not None
    assert found.agreed.line == len(LOG)
    assert found.rewritten == (None if "digests" in (one, other) else 0)


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("line", [2, 26, 100, len(LOG) - 1])
def test_the_first_line_that_differs(one: str, other: str, line: int, tmp_path: Path) -> None:
    found = parted(one, other, LOG, changed(LOG, line), tmp_path)
    assert found.agreed is not None
    if "digests" in (one, other):
        assert found.parting in (Parting.TRANSACTION, Parting.ANSWER, Parting.END)
        assert found.agreed.line < line
        records = [side.record for side in (found.a, found.b) if side.record is not None]
        assert all(record.line >= line for record in records)
        return
    assert (found.parting, found.agreed.line) == (Parting.TRANSACTION, line - 1)
    assert found.a.answer is not None
    assert found.b.answer is not None
    assert (found.a.answer.text, found.b.answer.text) == (LOG[line - 1], LOG[line])
    assert found.a.answer.before == found.b.answer.before
    assert found.a.answer.chain != found.b.answer.chain


@campaign(60)
@given(line=st.integers(2, len(LOG) - 1).filter(lambda line: LOG[line - 1] != LOG[line]), every=st.integers(1, 60))
def test_digests_at_every_line_find_the_line(line: int, every: int) -> None:
    """And at every n-th the lines between which it is."""
    other = changed(LOG, line)
    digests = DigestsSource(io.BytesIO(digests_of(LOG, every)), "a.digests")
    beside_log = part(digests, LogSource(io.BytesIO(b"".join(other)), "b.jsonl"))
    beside_digests = part(digests, DigestsSource(io.BytesIO(digests_of(other, every)), "b.digests"))
    for found in (beside_log, beside_digests):
        assert found.agreed is not None
        assert found.agreed.line < line
        if found.parting is not Parting.END:
            assert found.a.record is not None
            assert line <= found.a.record.line <= found.agreed.line + every
        if every == 1:
            assert found.agreed.line == line - 1


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_one_that_ends_before_the_other(one: str, other: str, tmp_path: Path) -> None:
    found = parted(one, other, LOG, LOG[:100], tmp_path)
    assert found.parting is Parting.END
    assert found.agreed is not None
    assert found.agreed.line == 100
    assert found.b.record is None
    assert found.a.record is not None
    assert found.a.record.line == (125 if one == "digests" else 101)
    if one != "digests":
        assert found.a.answer is not None
        assert found.a.answer.text == LOG[100]
    turned = parted(one, other, LOG[:100], LOG, tmp_path)
    assert (turned.parting, turned.a.record) == (Parting.END, None)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_another_genesis(one: str, other: str, tmp_path: Path) -> None:
    found = parted(one, other, LOG, simulated("textbook", 0)[:50], tmp_path)
    assert (found.parting, found.agreed) == (Parting.GENESIS, None)
    assert found.a.record is not None
    assert found.b.record is not None
    assert found.a.record.chain != found.b.record.chain


def respaced(lines: tuple[bytes, ...], *numbers: int) -> tuple[bytes, ...]:
    """The same log with a space in some lines."""
    return tuple(line.replace(b'{"', b'{ "', 1) if n in numbers else line for n, line in enumerate(lines, start=1))


@pytest.mark.parametrize("one", ["log", "journal"])
@pytest.mark.parametrize("other", ["log", "journal"])
def test_lines_that_are_written_otherwise_are_counted(one: str, other: str, tmp_path: Path) -> None:
    found = parted(one, other, LOG, respaced(LOG, 7, 90), tmp_path)
    assert (found.parting, found.rewritten, found.first_rewritten) == (Parting.NOWHERE, 2, 7)
    found = parted(one, other, LOG, changed(respaced(LOG, 7, 90), 50), tmp_path)
    assert (found.parting, found.rewritten, found.first_rewritten) == (Parting.TRANSACTION, 1, 7)


def test_a_log_is_read_no_further_than_where_it_differs() -> None:
    spoilt = (*LOG[:50], b"no line\n")
    found = part(log_source(changed(LOG, 40)), log_source(spoilt))
    assert found.agreed is not None
    assert found.agreed.line == 39
    with pytest.raises(LogError) as raised:
        part(log_source(LOG), log_source(spoilt))
    assert (raised.value.name, raised.value.line) == ("a.jsonl", 51)


def log_source(lines: tuple[bytes, ...]) -> LogSource:
    return LogSource(io.BytesIO(b"".join(lines)), "a.jsonl")


def test_states_that_differ_where_the_answers_agree(tmp_path: Path) -> None:
    records = list(read_digests(io.BytesIO(digests_of(LOG, 25)), "a.digests"))
    wrong = [attrs.evolve(record, state_digest="0" * 64) if record.line >= 75 else record for record in records]
    text = b"".join(map(encode_record, wrong))
    for kind in KINDS:
        with source_of(kind, LOG, tmp_path) as source:
            found = part(source, DigestsSource(io.BytesIO(text), "b.digests"))
        assert found.agreed is not None
        assert (found.parting, found.agreed.line) == (Parting.STATE, 50)
        assert found.b.record == wrong[3]


def test_digests_without_states_are_enough() -> None:
    records = list(read_digests(io.BytesIO(digests_of(LOG, 25)), "a.digests"))
    text = b"".join(encode_record(attrs.evolve(record, state_digest=None)) for record in records)
    assert b"state" not in text
    source = DigestsSource(io.BytesIO(text), "b.digests")
    assert part(log_source(LOG), source).parting is Parting.NOWHERE
    assert part(log_source(changed(LOG, 60)), source).parting is Parting.ANSWER


def test_a_journal_that_recorded_another_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as a divergence of the journal."""
    with source_of("journal", LOG, tmp_path) as journal:
        assert isinstance(journal, JournalSource)
        rows = list(journal.rows())
        wrong = [(text, entry, bytes(32) if entry.line == 30 else chain) for text, entry, chain in rows]
        monkeypatch.setattr(journal, "rows", lambda: iter(wrong))
        asked = []
        monkeypatch.setattr(journal.reader, "require_chain", lambda line, digest: asked.append(line))
        part(log_source(LOG), journal)
    assert asked == [30]
    assert issubclass(Divergence, LogError)


# How much is asked.


@given(st.integers(0, 300), st.integers(0, 300))
def test_bisection_finds_the_first_and_asks_few(length: int, first: int) -> None:
    asked = []

    def differs(line: int) -> bool:
        asked.append(line)
        return line >= first

    found = first_that(range(length), differs)
    assert found == (first if first < length else None)
    assert len(asked) <= 1 + math.ceil(math.log2(length + 1))


def test_two_journals_are_asked_for_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one checkpoint of each is unpacked, that before the line."""
    with source_of("journal", LOG, tmp_path) as a, source_of("journal", changed(LOG, 130), tmp_path) as b:
        asked: list[int] = []
        unpacked: list[int] = []
        for source in (a, b):
            assert isinstance(source, JournalSource)
            watch(monkeypatch, source, asked, unpacked)
        found = part(a, b)
    assert found.agreed is not None
    assert found.agreed.line == 129
    assert len(asked) <= 2 * (2 + math.ceil(math.log2(len(LOG)))) + 4
    assert unpacked == [125, 125]


def watch(monkeypatch: pytest.MonkeyPatch, source: JournalSource, asked: list[int], unpacked: list[int]) -> None:
    """Note the lines and the checkpoints that a journal is asked for."""
    record, begin_at = source.record, source.reader.begin_at

    def recording(line: int) -> Record:
        asked.append(line)
        return record(line)

    def beginning(point: Point) -> Beginning:
        unpacked.append(point.line)
        return begin_at(point)

    monkeypatch.setattr(source, "record", recording)
    monkeypatch.setattr(source.reader, "begin_at", beginning)


# Files of digests.


def test_a_file_of_digests_is_read_as_it_was_written() -> None:
    text = digests_of(LOG, 40)
    records = list(read_digests(io.BytesIO(text), "a.digests"))
    assert b"".join(map(encode_record, records)) == text
    assert [record.line for record in records] == [1, *range(40, len(LOG), 40), len(LOG)]
    assert records[0].chain.hex() == records[0].state_digest


HEX = "0" * 64


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "a.digests:1: found an empty file, expected the digests of a genesis"),
        (["[]"], "a.digests:1: found a list, expected one object"),
        (["{"], "a.digests:1: found malformed JSON"),
        (['{"line":1,"sequence":0}'], "a.digests:1: chain: found nothing, expected this field"),
        ([f'{{"line":1,"sequence":0,"chain":"{HEX}","a":1}}'], "a.digests:1: a: found an unknown field"),
        ([f'{{"line":1,"line":1,"sequence":0,"chain":"{HEX}"}}'], "a.digests:1: line: found"),
        ([f'{{"line":true,"sequence":0,"chain":"{HEX}"}}'], "a.digests:1: line: found true, expected a whole number"),
        (['{"line":1,"sequence":0,"chain":"00"}'], 'a.digests:1: chain: found "00", expected 64 lower-case'),
        ([f'{{"line":1,"sequence":0,"chain":"{HEX}","state":null}}'], "a.digests:1: state: found null, expected 64"),
        ([f'{{"line":2,"sequence":0,"chain":"{HEX}"}}'], "a.digests:1: line: found 2, expected 1, the genesis"),
        (
            [f'{{"line":1,"sequence":0,"chain":"{HEX}"}}', f'{{"line":1,"sequence":0,"chain":"{HEX}"}}'],
            "a.digests:2: line: found 1, expected one after 1",
        ),
        (
            [f'{{"line":1,"sequence":0,"chain":"{HEX}"}}', f'{{"line":3,"sequence":3,"chain":"{HEX}"}}'],
            "a.digests:2: sequence: found 3, expected from 0 to 2",
        ),
    ],
)
def test_a_file_of_digests_that_is_wrong(lines: list[str], message: str) -> None:
    with pytest.raises(LogError) as raised:
        list(read_digests(io.BytesIO("\n".join(lines).encode()), "a.digests"))
    assert str(raised.value).startswith(message)


def test_every_rulebook_has_a_log_to_compare() -> None:
    for name in RULEBOOKS:
        lines = simulated(name, 1)
        assert part(log_source(lines), log_source(lines)).parting is Parting.NOWHERE
        assert len(lines) > 100
