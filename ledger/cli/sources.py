"""Where a command reads from: a log, or a journal, which can be begun at a checkpoint."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import attrs
import click

from ..byte_lines import SQLITE_HEADER, STANDARD_INPUT, KeptLines, Recorded, name_of
from ..canonical import chain_start
from ..log import Entry, open_log, read_log
from ..replay import advance
from ..state import State

if TYPE_CHECKING:
    from ..checkpoints import Point
    from ..journal import JournalReader
    from ..journal.format import Line

GENESIS_LINE = 1


def nothing_recorded(line: int, digest: bytes) -> None:
    """A log does not say which digest it has where."""


@attrs.frozen
class Begun:
    """A log or a journal after `line`: the state there, the chain digest (32 bytes), and the entries that follow.

    `stream`: the bytes of a log, None for a journal, of which `reader` is what reads it. `recorded`: is to be called
    with a line and the chain digest after it; Divergence where a journal recorded another.
    """

    state: State
    line: int
    chain: bytes
    entries: Iterator[Entry]
    stream: BinaryIO | None = None
    recorded: Callable[[int, bytes], None] = nothing_recorded
    reader: "JournalReader | None" = None

    def points(self) -> "Sequence[Point]":
        """What a journal recorded of the ledger at its checkpoints after the line; nothing of a log."""
        return () if self.reader is None else [point for point in self.reader.points() if point.line > self.line]


def is_journal(log: str) -> bool:
    """Whether a file is one of SQLite."""
    if log == STANDARD_INPUT:
        return False
    try:
        with open(log, "rb") as file:
            return file.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    except (OSError, ValueError):
        return False  # opening it as a log tells why


@contextmanager
def begun(
    log: str, *, line: int | None = None, sequence: int | None = None, kept: KeptLines | None = None
) -> Iterator[Begun]:
    """A log from its genesis, or a journal from its last checkpoint at or before a line and a sequence number; from
    its genesis too where neither is given. The bytes of the lines are `kept` as they are read, where asked."""
    if not is_journal(log):
        with open_log(log) as stream:
            state, entries = read_log(stream if kept is None else Recorded(stream, kept), name_of(log))
            yield Begun(state, GENESIS_LINE, chain_start(state), entries, stream)
        return
    with journal_begun(log, line=line, sequence=sequence, kept=kept) as beginning:
        yield beginning


@contextmanager
def journal_begun(
    log: str, *, line: int | None, sequence: int | None, kept: KeptLines | None = None
) -> Iterator[Begun]:
    """A journal from a checkpoint. Only then is what reads it loaded."""
    from ..journal import JournalReader

    with JournalReader(log) as reader, reader.snapshot():
        whole = line is None and sequence is None
        start = reader.beginning() if whole else reader.begin(line=line, sequence=sequence)
        if kept is None:
            entries = reader.entries(start)
        else:
            kept.line, entries = start.line, keeping(reader.recorded(start), kept)
        yield Begun(start.state, start.line, start.chain, entries, recorded=reader.require_chain, reader=reader)


def keeping(rows: Iterator[tuple["Line", Entry]], kept: KeptLines) -> Iterator[Entry]:
    """The entries of rows, their bytes kept."""
    from ..journal.reading import with_end

    for row, entry in rows:
        kept.keep(with_end(row.text))
        yield entry


def last_line(log: str) -> int | None:
    """The number of a journal's last line; None for a log, of which it is not known before it is read."""
    if not is_journal(log):
        return None
    from ..journal import JournalReader

    with JournalReader(log) as reader:
        return reader.head().line


def gone_on(start: Begun, sequence: int, log: str) -> Begun:
    """The same, further on: where `sequence` transactions were applied. No law is checked on the way.

    ClickException where it ends before.
    """
    state, line, digest = start.state, start.line, start.chain
    while state.sequence < sequence:
        entry = next(start.entries, None)
        if entry is None:
            shown = click.format_filename(log)
            raise click.ClickException(
                f"{shown}: there is no sequence {sequence}; it ends with line {line}, sequence {state.sequence}"
            )
        _, state, digest = advance(state, digest, entry)
        line = entry.line
    return attrs.evolve(start, state=state, line=line, chain=digest)
