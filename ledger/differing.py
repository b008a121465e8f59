"""Where two ledgers part: the first line at which their chains of digests differ, whatever there is of each.

There is a log, which has to be answered from its genesis on; a journal, which has the chain after every line and can be
answered from its checkpoints; or a file of digests. A chain covers all that was before, so where both can be asked at
any line, the first one that differs is found by bisection. A log is followed line by line, and no further than there.
"""

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Protocol

import attrs

from .byte_lines import KeptLines, LineStream, Recorded
from .canonical import chain_start, state_digest
from .digests import GENESIS_LINE, Record, read_digests, record_of
from .journal import JournalReader
from .log import Entry, read_log
from .outcomes import Outcome
from .replay import advance
from .state import State


class Parting(enum.Enum):
    """How two ledgers part."""

    NOWHERE = "nowhere"
    GENESIS = "genesis"
    TRANSACTION = "transaction"
    ANSWER = "answer"
    STATE = "state"
    END = "end"


@attrs.frozen
class Answer:
    """A line of a log, its bytes as `text`, and how the ledger answers it. `chain`: the digest after it (32 bytes)."""

    line: int
    text: bytes
    entry: Entry
    outcome: Outcome
    before: State
    after: State
    chain: bytes


@attrs.frozen
class Side:
    """What one of the two has where they part: the digests there, and the answer where its line is known. Neither where
    it ends before."""

    record: Record | None = None
    answer: Answer | None = None


@attrs.frozen
class Parted:
    """Where and how two ledgers part.

    `agreed`: the last line at which they are known to agree, None where they begin differently. `a` and `b`: what each
    has at the first line at which they are known to differ. `rewritten`: how many lines up to there are written
    otherwise, but answered alike, and `first_rewritten` of them; None where only digests are known.
    """

    parting: Parting
    agreed: Record | None
    a: Side
    b: Side
    rewritten: int | None = None
    first_rewritten: int | None = None

    def swapped(self) -> "Parted":
        """The same with the two exchanged."""
        return attrs.evolve(self, a=self.b, b=self.a)


class LogSource:
    """A log, to be read once."""

    def __init__(self, stream: LineStream, name: str) -> None:
        self._kept = KeptLines()
        self.state, self._entries = read_log(Recorded(stream, self._kept), name)
        self.genesis = self._kept.take(1)

    def rows(self) -> "Iterator[Row]":
        """The lines after the genesis."""
        for entry in self._entries:
            yield self._kept.take(1), entry, None


class Answering(Protocol):
    """What can be asked for the digests at a line."""

    @property
    def last(self) -> int:
        """Its last line."""

    @property
    def lines(self) -> Sequence[int]:
        """The lines that it can be asked at, in order, the genesis first."""

    @property
    def state_lines(self) -> Sequence[int]:
        """Those of them at which it has the digest of the state."""

    def record(self, line: int) -> Record:
        """The digests at one of them."""

    def side(self, line: int, *, is_known: bool) -> Side:
        """What it has at a line; the answer too where the line is known, and not only one of several."""


class DigestsSource:
    """A file of digests."""

    def __init__(self, stream: LineStream, name: str) -> None:
        self.records = {record.line: record for record in read_digests(stream, name)}
        self.lines: Sequence[int] = tuple(self.records)
        self.state_lines = [line for line, record in self.records.items() if record.state_digest is not None]
        self.last = self.lines[-1]

    def record(self, line: int) -> Record:
        """The digests at a line that it has."""
        return self.records[line]

    def side(self, line: int, *, is_known: bool) -> Side:
        """The digests at a line that it has."""
        return Side(self.records[line])


class JournalSource:
    """A journal: what it recorded, and what the ledger answers."""

    def __init__(self, reader: JournalReader) -> None:
        self.reader = reader
        self.last = reader.head().line
        self._points = {point.line: point for point in reader.points()}
        self.state = reader.beginning().state

    @property
    def lines(self) -> Sequence[int]:
        """Every line."""
        return range(GENESIS_LINE, self.last + 1)

    @property
    def state_lines(self) -> Sequence[int]:
        """Those of the checkpoints."""
        return tuple(self._points)

    def record(self, line: int) -> Record:
        """What was recorded at a line, with the state's digest where there is a checkpoint."""
        row, point = self.reader.line(line), self._points.get(line)
        return Record(line, row.sequence, row.chain, None if point is None else point.state_digest)

    def side(self, line: int, *, is_known: bool) -> Side:
        """What was recorded at a line, and how the ledger answers it."""
        return Side(self.record(line), self.answer(line) if is_known and line > GENESIS_LINE else None)

    def answer(self, line: int) -> Answer:
        """How the ledger answers a line, from the last checkpoint before. Divergence where that is not what was
        recorded."""
        beginning = self.reader.begin(line=line - 1)
        state, digest = beginning.state, beginning.chain
        answer = None
        for row, entry in self.reader.recorded(beginning, line):
            answer = answered(state, digest, row.text, entry)
            state, digest = answer.after, answer.chain
        assert answer is not None
        self.reader.require_chain(line, answer.chain)
        return answer

    def rows(self) -> "Iterator[Row]":
        """The lines after the genesis."""
        for row, entry in self.reader.recorded(self.reader.beginning()):
            yield row.text, entry, row.chain


Row = tuple[bytes, Entry, bytes | None]
"""A line's bytes, its entry, and the chain digest after it where that was recorded."""

Source = LogSource | JournalSource | DigestsSource


def answered(state: State, digest: bytes, text: bytes, entry: Entry) -> Answer:
    """How the ledger answers a line after a state and a chain digest."""
    outcome, after, link = advance(state, digest, entry)
    return Answer(entry.line, text, entry, outcome, state, after, link)


def part(a: Source, b: Source) -> Parted:
    """Where the two part. LogError for bad input up to there."""
    if isinstance(a, LogSource):
        if isinstance(b, DigestsSource):
            return _log_beside_digests(a, b)
        return _Walk(a).beside(b)
    if isinstance(b, LogSource):
        return part(b, a).swapped()
    return _bisected(a, b)


# By bisection.


def first_that(lines: Sequence[int], differs: Callable[[int], bool]) -> int | None:
    """The position of the first line that differs, every one after it differing too; None where the last does not."""
    if not lines or not differs(lines[-1]):
        return None
    equal, different = -1, len(lines) - 1
    while different - equal > 1:
        middle = (equal + different) // 2
        if differs(lines[middle]):
            different = middle
        else:
            equal = middle
    return different


def _bisected(a: Answering, b: Answering) -> Parted:
    common = _common(a.lines, b.lines)
    first = first_that(common, lambda line: a.record(line).chain != b.record(line).chain)
    parting = Parting.TRANSACTION
    if first is None:
        with_states = _common(a.state_lines, b.state_lines)
        at = first_that(with_states, lambda line: a.record(line).state_digest != b.record(line).state_digest)
        if at is None:
            return _to_the_end(a, b, common[-1])
        first, parting = bisect_left(common, with_states[at]), Parting.STATE
    line = common[first]
    if first == 0:
        return Parted(Parting.GENESIS, None, a.side(line, is_known=True), b.side(line, is_known=True))
    agreed = common[first - 1]
    a_side, b_side = (each.side(line, is_known=line == agreed + 1) for each in (a, b))
    return Parted(parting, a.record(agreed), a_side, b_side, *_rewritten(a, b, agreed))


def _common(one: Sequence[int], other: Sequence[int]) -> Sequence[int]:
    """The lines of both, in order."""
    if isinstance(one, range) and isinstance(other, range):
        return range(GENESIS_LINE, min(one.stop, other.stop))
    fewer, more = sorted((one, other), key=len)
    if isinstance(more, range):
        return [line for line in fewer if line < more.stop]
    among = frozenset(more)
    return [line for line in fewer if line in among]


def _to_the_end(a: Answering, b: Answering, agreed: int) -> Parted:
    """They agree wherever both can be asked; one may go on where the other ends."""
    rewritten = _rewritten(a, b, agreed)
    if a.last == b.last:
        return Parted(Parting.NOWHERE, a.record(agreed), Side(), Side(), *rewritten)
    longer, shorter = (a, b) if a.last > b.last else (b, a)
    following = longer.lines[bisect_right(longer.lines, shorter.last)]
    more = longer.side(following, is_known=following == agreed + 1)
    a_side, b_side = (more, Side()) if longer is a else (Side(), more)
    return Parted(Parting.END, a.record(agreed), a_side, b_side, *rewritten)


def _rewritten(a: Answering, b: Answering, until: int) -> tuple[int | None, int | None]:
    """How many lines of two journals up to one are written otherwise, and the first; None where there are no lines.

    Their links cover the text, so that it is not read where these are the same.
    """
    if not isinstance(a, JournalSource) or not isinstance(b, JournalSource):
        return None, None
    if a.reader.line(until).link == b.reader.line(until).link:
        return 0, None
    rows = zip(a.reader.lines(0, until), b.reader.lines(0, until), strict=True)
    lines = [one.line for one, other in rows if one.text.rstrip(b"\n") != other.text.rstrip(b"\n")]
    return len(lines), lines[0] if lines else None


# Line by line.


class _Walk:
    """A log that is followed from its genesis on, as far as the other one agrees."""

    def __init__(self, log: LogSource) -> None:
        self.log = log
        self.line, self.state, self.chain = GENESIS_LINE, log.state, chain_start(log.state)
        self.rewritten = 0
        self.first_rewritten: int | None = None

    def record(self) -> Record:
        """The digests where it is."""
        return record_of(self.line, self.state, self.chain)

    def compare_texts(self, line: int, one: bytes, other: bytes) -> None:
        """Count a line that is written otherwise."""
        if one.rstrip(b"\n") != other.rstrip(b"\n"):
            self.rewritten += 1
            self.first_rewritten = self.first_rewritten or line

    def parted(self, parting: Parting, a: Side = Side(), b: Side = Side()) -> Parted:
        """They part after the line where it is."""
        return Parted(parting, self.record(), a, b, self.rewritten, self.first_rewritten)

    def beside(self, other: LogSource | JournalSource) -> Parted:
        """Follow both."""
        start = chain_start(other.state)
        if start != self.chain:
            there = Side(record_of(GENESIS_LINE, other.state, start))
            return Parted(Parting.GENESIS, None, Side(self.record()), there)
        if isinstance(other, LogSource):
            self.compare_texts(GENESIS_LINE, self.log.genesis, other.genesis)
        else:
            self.compare_texts(GENESIS_LINE, self.log.genesis, other.reader.line(GENESIS_LINE).text)
        # Each is read as far as the one before it goes on, so that what is wrong in a line is told of that line.
        rows: Iterator[tuple[Row | None, Row | None]] = zip_longest(self.log.rows(), other.rows())
        for mine, theirs in rows:
            a = None if mine is None else answered(self.state, self.chain, mine[0], mine[1])
            b = None if theirs is None else self.answered_there(other, a, theirs)
            if a is None or b is None:
                return self.parted(Parting.END, _side_of(a), _side_of(b))
            if a.chain != b.chain:
                return self.parted(Parting.TRANSACTION, _side_of(a), _side_of(b))
            self.compare_texts(a.line, a.text, b.text)
            self.line, self.state, self.chain = a.line, a.after, a.chain
        return self.parted(Parting.NOWHERE)

    def answered_there(self, other: LogSource | JournalSource, here: Answer | None, row: Row) -> Answer:
        """How the ledger answers the other's line. Divergence where a journal recorded another answer."""
        text, entry, recorded = row
        answer = here if here is not None and here.text == text else answered(self.state, self.chain, text, entry)
        if isinstance(other, JournalSource) and recorded != answer.chain:
            other.reader.require_chain(answer.line, answer.chain)
        return answer


def _side_of(answer: Answer | None) -> Side:
    if answer is None:
        return Side()
    return Side(record_of(answer.line, answer.after, answer.chain), answer)


def _log_beside_digests(log: LogSource, digests: DigestsSource) -> Parted:
    """Follow a log, and hold it against the digests wherever there are any."""
    walk = _Walk(log)
    agreed = None
    rows = log.rows()
    answer: Answer | None = None
    for record in digests.records.values():
        while walk.line < record.line:
            row = next(rows, None)
            if row is None:
                assert agreed is not None
                return Parted(Parting.END, agreed, Side(), Side(record))
            answer = answered(walk.state, walk.chain, row[0], row[1])
            walk.line, walk.state, walk.chain = answer.line, answer.after, answer.chain
        found = Parting.ANSWER if record.chain != walk.chain else Parting.STATE
        if record.chain != walk.chain or record.state_digest not in (None, state_digest(walk.state)):
            if agreed is None:
                return Parted(Parting.GENESIS, None, Side(walk.record()), Side(record))
            is_known = record.line == agreed.line + 1
            return Parted(found, agreed, Side(walk.record(), answer if is_known else None), Side(record))
        agreed = walk.record()
    assert agreed is not None
    row = next(rows, None)
    if row is None:
        return Parted(Parting.NOWHERE, agreed, Side(), Side())
    return Parted(Parting.END, agreed, _side_of(answered(walk.state, walk.chain, row[0], row[1])), Side())
