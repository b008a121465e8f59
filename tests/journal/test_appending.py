"""Appending a stream: batches told of once durable, what is held passed over, bad input told in one line."""

import io
import os
import threading
from pathlib import Path

import pytest

from ledger import LawBroken, LogError
from ledger.journal import Head, Journal, JournalReader, append, create, export, import_log, verify
from ledger.log import Divergence

from ..cli.runs import TAKEOVER
from .journals import GENESIS, deposit, head_of, new_journal
from .test_writing import OWN_LAWS

LINES = Path(TAKEOVER).read_bytes().splitlines(keepends=True)
GENESIS_LINE, *REST = LINES
DEPOSIT = b'{"type":"deposit","time":%d,"account":"alice","asset":"USDT","amount":"%d"}\n'
REFUSED = b'{"type":"withdraw","time":%d,"account":"alice","asset":"USDT","amount":"1000"}\n'


def appended(path: str, text: bytes, *, first: int | None = None, most: int = 1000, record: bool = True) -> list[Head]:
    """What was told while a stream was appended."""
    told: list[Head] = []
    with Journal(path, record_refusals=record) as journal:
        append(journal, io.BytesIO(text), "stream", first=first, most=most, told=told.append)
    return told


def exported(path: str) -> bytes:
    with JournalReader(path) as reader:
        verify(reader)
        return b"".join(export(reader))


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_a_stream_is_appended_in_batches(tmp_path: Path, most: int) -> None:
    path = str(tmp_path / "journal")
    create(path, GENESIS_LINE)
    told = appended(path, b"".join(REST), most=most)
    ends = [1, *range(1 + most, 21, most), 21]
    assert [head.line for head in told] == ends
    assert told[-1] == head_of(path)
    assert exported(path) == b"".join(LINES)
    with JournalReader(path) as reader:
        assert [batch.line for batch in reader.batches()] == ends


@pytest.mark.parametrize("held", range(1, 22))
@pytest.mark.parametrize("first", [1, 2, 21, 22])
def test_a_stream_is_sent_again(tmp_path: Path, held: int, first: int) -> None:
    path = str(tmp_path / "journal")
    create(path, LINES[0])
    appended(path, b"".join(LINES[1:held]))
    text = b"".join(LINES[first - 1 :])
    if first <= held + 1:
        appended(path, text, first=first)
        assert exported(path) == b"".join(LINES)
    else:
        with pytest.raises(LogError, match=f"^stream: found lines from {first} on, expected them from {held + 1} on$"):
            appended(path, text, first=first)


def test_a_stream_that_is_another_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    import_log(path, TAKEOVER)
    before = exported(path)
    other = [*LINES[:6], LINES[6].replace(b",", b", ", 1), *LINES[7:], DEPOSIT % (1_700_000_000_000, 1)]
    with pytest.raises(LogError, match=f"^stream:7: found another line than line 7 of {path}$"):
        appended(path, b"".join(other), first=1)
    with pytest.raises(LogError, match=f"^stream:4: found another line than line 7 of {path}$"):
        appended(path, b"".join(other[3:]), first=4)
    with pytest.raises(LogError, match=r'^stream:1: type: found "genesis", expected a transaction'):
        appended(path, b"".join(LINES))
    appended(path, b"".join(LINES[:9]), first=1)  # less than is held, and the same
    assert exported(path) == before


def stream_with_refusals() -> list[bytes]:
    time = 1_600_000_000_000
    lines = [GENESIS]
    for number in range(1, 13):
        lines.append(
            (REFUSED if number % 3 == 0 else DEPOSIT)
            % ((time + number,) if number % 3 == 0 else (time + number, number))
        )
    return lines


def test_refusals_that_are_left_out_are_counted(tmp_path: Path) -> None:
    lines = stream_with_refusals()
    path = new_journal(tmp_path)
    told = appended(path, b"".join(lines[1:]), most=3, record=False)
    assert [(head.line, head.taken) for head in told] == [(1, 1), (3, 4), (5, 7), (7, 10), (9, 13)]
    kept = b"".join(line for line in lines if b"withdraw" not in line)
    assert exported(path) == kept


@pytest.mark.parametrize("taken", range(1, 14))
def test_a_stream_is_sent_again_where_refusals_were_left_out(tmp_path: Path, taken: int) -> None:
    lines = stream_with_refusals()
    path = new_journal(tmp_path)
    appended(path, b"".join(lines[1:taken]), record=False)
    assert head_of(path).taken == taken
    assert appended(path, b"".join(lines), first=1, record=False)[-1].taken == 13
    assert exported(path) == b"".join(line for line in lines if b"withdraw" not in line)
    appended(path, b"", first=14, record=False)
    with pytest.raises(
        LogError, match=r"^stream: found lines from 9 on, expected them from 1 or from 14 on: refusals were"
    ):
        appended(path, b"".join(lines[8:]), first=9, record=False)
    other = [line.replace(b'"amount":"2"', b'"amount":"3"') for line in lines]
    with pytest.raises(LogError, match=r"^stream:13: found another line than line 3 of"):
        appended(path, b"".join(other), first=1, record=False)


BAD = {
    "a bad field": (b'{"type":"settle","time":true}\n', "time: found true, expected a time such as"),
    "no JSON": (b"nonsense\n", "found malformed JSON"),
    "an empty line": (b"\n", "found an empty line, expected one object"),
    "cut off": (b'{"type":"settle","ti', "found a line that is cut off"),
    "a time that goes back": (DEPOSIT % (5, 1), "time: found 5, expected"),
}


@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD)
def test_what_came_before_a_bad_line_is_recorded(tmp_path: Path, bad: bytes, message: str) -> None:
    path = str(tmp_path / "journal")
    create(path, GENESIS_LINE)
    told: list[Head] = []
    stream = io.BytesIO(
        b"".join(REST[:9]) + bad + b"".join(REST[9:]) if bad.endswith(b"\n") else b"".join(REST[:9]) + bad
    )
    with Journal(path) as journal, pytest.raises(LogError) as caught:
        append(journal, stream, "stream", most=4, told=told.append)
    assert str(caught.value).startswith(f"stream:10: {message}")
    assert [head.line for head in told] == [1, 5, 9, 10]
    assert exported(path) == b"".join(LINES[:10])


def test_a_law_and_an_expectation_stop_it(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    time = 1_600_000_000_000
    told: list[Head] = []
    with Journal(path, laws=OWN_LAWS) as journal:
        text = DEPOSIT % (time, 1) + DEPOSIT % (time, 2) + DEPOSIT % (time, 6) + DEPOSIT % (time, 3)
        with pytest.raises(LawBroken) as broken:
            append(journal, io.BytesIO(text), "stream", told=told.append)
        assert broken.value.__notes__ == ["While line 3 of the log was answered."]
        text = DEPOSIT % (time, 3) + (DEPOSIT % (time, 1)).replace(b"}", b',"expect":{"applied":false}}')
        with pytest.raises(Divergence, match=r"^stream:2: expected a refusal, found applied$"):
            append(journal, io.BytesIO(text), "stream", told=told.append)
        append(journal, io.BytesIO(DEPOSIT % (time, 4)), "stream")
    assert [head.line for head in told] == [1, 3, 3, 4]
    assert [line[-4:-3] for line in exported(path).splitlines(keepends=True)[1:]] == [b"1", b"2", b"3", b"4"]


def test_a_slow_stream_is_told_of_as_it_comes(tmp_path: Path) -> None:
    """A sender that waits for an acknowledgement gets it, though the batch is not full."""
    path = str(tmp_path / "journal")
    create(path, GENESIS_LINE)
    reading, writing = os.pipe()
    acknowledged = threading.Semaphore(0)

    def send() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for line in REST:
                assert acknowledged.acquire(timeout=30)
                pipe.write(line[:5])
                pipe.write(line[5:])

    sender = threading.Thread(target=send)
    sender.start()
    told: list[Head] = []

    def tell(head: Head) -> None:
        told.append(head)
        acknowledged.release()

    with Journal(path) as journal, os.fdopen(reading, "rb") as stream:
        append(journal, stream, "stream", told=tell)
    sender.join()
    assert [head.line for head in told] == list(range(1, 22))
    assert exported(path) == b"".join(LINES)


def test_pending_lines_are_not_told_of(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        journal.answer(*journal._written(deposit(1), None))
        assert (journal.pending, journal.durable.line, head_of(path).line) == (1, 1, 1)
    assert head_of(path).line == 1
