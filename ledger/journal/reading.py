"""Reading a journal: its lines, its checkpoints, and the entries after one."""

import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import attrs

from ..canonical import chain_start
from ..checkpoints import Checkpoint, CheckpointError, Point
from ..log import Divergence, Entry, read_log
from ..log.reading import read_on
from ..state import State
from .database import DAMAGED_ROW, AnyRow, opened_to_read, require_file, row_of, selection, settings_in, snapshot
from .faults import DAMAGED, FROM_SQLITE, JournalError, message_of, told_of
from .format import COLUMNS, Batch, Kept, Line, first_link, line_link

GENESIS_LINE = 1
FIRST_ROW, LAST_ROW = -(1 << 63), (1 << 63) - 1
"""The least and the largest number that a row can have: one below 1 was put in, and is not to be passed over."""


@attrs.frozen
class Head:
    """Where a journal is: its last line, transactions applied, lines taken (left-out refusals among them), the chain's
    digest (32 bytes), and the link that covers everything (32 bytes)."""

    line: int
    sequence: int
    taken: int
    chain: bytes
    link: bytes


@attrs.frozen
class Beginning:
    """What a ledger goes on with after `line`: its state, the latest time (ms) of the lines before, and the chain."""

    state: State
    line: int
    latest: int
    chain: bytes


class JournalReader:
    """A journal to read from, also while another process writes to it: whatever is read is of whole batches.

    `name` is what errors call it. Each line that is read is held against its link. JournalError where the file is no
    journal, or is damaged.
    """

    def __init__(self, path: str, *, name: str | None = None) -> None:
        self.name = path if name is None else name
        require_file(path, self.name)
        with told_of(self.name):
            self._connection = opened_to_read(path)
        try:
            self.settings, document = settings_in(self._connection, self.name)
        except BaseException:
            self.close()
            raise
        self.first_link = first_link(document)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """Within it, everything is of one moment."""
        return snapshot(self._connection, self.name)

    def wrong(self, line: int, sequence: int | None, message: str) -> JournalError:
        """What is wrong at a line."""
        return JournalError(self.name, line, sequence, message)

    # Rows.

    def head(self) -> Head:
        """The last line, and what stands there."""
        with self.snapshot(), told_of(self.name):
            batch = self._one(Batch, "ORDER BY batch DESC LIMIT 1")
            line = self._one(Line, "ORDER BY line DESC LIMIT 1")
        if batch is None or line is None or (batch.line, batch.sequence) != (line.line, line.sequence):
            raise self.wrong(0, None, f"{DAMAGED}: its last line is not that of its last batch")
        return Head(line.line, line.sequence, batch.taken, line.chain, line.link)

    def line(self, number: int) -> Line:
        """One line. JournalError where it is not there."""
        with told_of(self.name, number):
            found = self._one(Line, "WHERE line = ?", number)
        if found is None:
            raise self.wrong(number, None, "found nothing, expected this line")
        return found

    def lines(self, after: int = 0, until: int | None = None) -> Iterator[Line]:
        """The lines after line `after`, up to line `until` or the last, each held against its link."""
        before = None if after == 0 else self.line(after)
        link, sequence = (self.first_link, 0) if before is None else (before.link, before.sequence)
        number = after
        for row in self._rows(Line, after, until, sequence):
            number += 1
            if row.line != number:
                raise self.wrong(number, sequence, f"found line {row.line}, expected line {number}")
            link = line_link(link, row.line, row.text, row.sequence, row.applied, row.chain)
            if link != row.link:
                raise self.wrong(number, sequence, "found a line that is not as it was recorded: its link is another")
            sequence = row.sequence
            yield row
        if until is not None and number < until:
            raise self.wrong(number + 1, sequence, "found nothing, expected this line")

    def batches(self) -> Iterator[Batch]:
        """What each durable write left, in order."""
        return self._rows(Batch, 0, None, None)

    def checkpoints(self) -> Iterator[Kept]:
        """The checkpoints with their states, in order; `points` without."""
        return self._rows(Kept, 0, None, None)

    def damages(self) -> Iterator[str]:
        """What SQLite finds wrong with the structure of the file, in words."""
        with told_of(self.name):
            for (message,) in self._connection.execute("PRAGMA integrity_check"):
                if message != "ok":
                    yield message

    def _rows(self, kind: type[AnyRow], after: int, until: int | None, sequence: int | None) -> Iterator[AnyRow]:
        """The rows of a table in order, after the one with number `after`, all for 0, and up to that with `until`."""
        key = COLUMNS[kind][0]
        query = f"{selection(kind)} WHERE {key} >= ? AND {key} <= ? ORDER BY {key}"
        first, line = after + 1 if after else FIRST_ROW, after
        try:
            for values in self._connection.execute(query, (first, LAST_ROW if until is None else until)):
                row = row_of(kind, values)
                if row is None:
                    raise self.wrong(line + 1, sequence, DAMAGED_ROW)
                line, sequence = row.line, row.sequence
                yield row
        except FROM_SQLITE as error:
            raise self.wrong(line + 1, sequence, message_of(error)) from error

    def _one(self, kind: type[AnyRow], where: str, *values: int) -> AnyRow | None:
        found = self._connection.execute(f"{selection(kind)} {where}", values).fetchone()
        if found is None:
            return None
        row = row_of(kind, found)
        if row is None:
            raise self.wrong(found[0] if isinstance(found[0], int) else 0, None, DAMAGED_ROW)
        return row

    # What the ledger was.

    def points(self) -> list[Point]:
        """Where the checkpoints are, in order, without their states."""
        columns = ("line", "sequence", "latest", "chain", "state_digest")
        kinds = (int, int, int, bytes, bytes)
        points = []
        with told_of(self.name):
            for values in self._connection.execute(f"SELECT {', '.join(columns)} FROM checkpoints ORDER BY line"):
                if tuple(type(value) for value in values) != kinds:
                    raise self.wrong(0, None, DAMAGED_ROW)
                line, sequence, latest, chain, digest = values
                points.append(Point(line, sequence, latest, chain, digest.hex()))
        return points

    def checkpoint(self, point: Point) -> Checkpoint:
        """The checkpoint of a point, held against the line that it follows and against its own digest."""
        with self.snapshot(), told_of(self.name, point.line, point.sequence):
            kept = self._one(Kept, "WHERE line = ?", point.line)
            line = self.line(point.line)
        if kept is None:
            raise self.wrong(point.line, point.sequence, "found no checkpoint, expected one")
        if (line.sequence, line.chain) != (kept.sequence, kept.chain):
            raise self.wrong(point.line, line.sequence, "found a checkpoint that is not of its line")
        return self.unpacked(kept)

    def unpacked(self, kept: Kept) -> Checkpoint:
        """The checkpoint of a row, its bytes those of its digest."""
        point = Point(kept.line, kept.sequence, kept.latest, kept.chain, kept.state_digest.hex())
        try:
            data = zlib.decompress(kept.state)
        except zlib.error as error:
            raise self.wrong(kept.line, kept.sequence, f"found a damaged checkpoint ({error})") from None
        if hashlib.sha256(data).digest() != kept.state_digest:
            raise self.wrong(kept.line, kept.sequence, "found a checkpoint whose state is not that of its digest")
        return Checkpoint(point, data)

    def begin(self, *, line: int | None = None, sequence: int | None = None) -> Beginning:
        """The last checkpoint at or before a line and a sequence number, the genesis where there is none."""
        fitting = [
            point
            for point in self.points()
            if (line is None or point.line <= line) and (sequence is None or point.sequence <= sequence)
        ]
        return self.begin_at(fitting[-1]) if fitting else self.beginning()

    def begin_at(self, point: Point) -> Beginning:
        """The checkpoint of a point, to go on from."""
        checkpoint = self.checkpoint(point)
        try:
            return Beginning(checkpoint.state(), point.line, point.latest, point.chain)
        except CheckpointError as error:
            raise self.wrong(point.line, point.sequence, f"found a damaged checkpoint ({error})") from None

    def beginning(self) -> Beginning:
        """The genesis, to go on from."""
        (first,) = self.lines(0, GENESIS_LINE)
        state, _ = read_log(io.BytesIO(first.text), self.name)
        return Beginning(state, GENESIS_LINE, state.time, chain_start(state))

    def recorded(self, beginning: Beginning, until: int | None = None) -> Iterator[tuple[Line, Entry]]:
        """The lines after a beginning, up to line `until` or the last, each with its entry."""
        read: list[Line] = []

        def texts() -> Iterator[tuple[int, bytes]]:
            for row in self.lines(beginning.line, until):
                read.append(row)
                yield row.line, bare(row.text)

        for entry in read_on(texts(), self.name, beginning.state.rulebook, latest=beginning.latest):
            yield read.pop(), entry

    def require_chain(self, line: int, digest: bytes) -> None:
        """Divergence where the chain digest recorded after a line is another than this one, the ledger's."""
        row = self.line(line)
        if row.chain != digest:
            message = "found another chain digest recorded than the ledger gives"
            raise Divergence(self.name, line, f"sequence {row.sequence}", message)

    def entries(self, beginning: Beginning, until: int | None = None) -> Iterator[Entry]:
        """The entries after a beginning, up to line `until` or the last."""
        return (entry for _, entry in self.recorded(beginning, until))


def with_end(text: bytes) -> bytes:
    """A line's bytes with a line end: one that was the last of a log may be recorded without, and others follow it."""
    return text if text.endswith(b"\n") else text + b"\n"


def bare(text: bytes) -> bytes:
    """A line's bytes without the line end."""
    return text[:-1] if text.endswith(b"\n") else text
