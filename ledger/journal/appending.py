"""Appending the lines of a stream to a journal, in batches, and telling of each once it is durable."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import BinaryIO

from ..byte_lines import arriving_lines
from ..log import Divergence, LogError
from ..log.reading import KIND, LONGEST_LINE
from .reading import Head, bare
from .writing import Journal

LINES_OF_A_BATCH = 1000

Numbered = tuple[int, bytes]
Told = Callable[[Head], None]


def append(
    journal: Journal,
    stream: BinaryIO,
    name: str,
    *,
    first: int | None = None,
    most: int = LINES_OF_A_BATCH,
    told: Told | None = None,
) -> Head:
    """Append a stream of transaction lines to a journal, and return where it then is.

    A batch is at most `most` lines, and ends where nothing more has arrived. `told` is called with where the journal is
    before the first, and after each once it is durable. `name` is what errors call the stream. `first`: its first line
    is line `first` of the log that the journal is made of, counted with the refusals that are left out; the lines that
    are held already must be the same, and are passed over. Without it, all of it is new.

    Whatever ends it, what was answered before is recorded and told of. LogError for bad input, and for a stream that is
    not of this journal; LawBroken; Divergence where a line expects what the ledger does not do; JournalError where the
    journal cannot be written.
    """
    if told is not None:
        told(journal.durable)
    lines = arriving_lines(stream, LONGEST_LINE, KIND, partial(_refused, name))
    if first is not None:
        lines = _Held(journal, name, first).passed_over(lines)
    return record(journal, lines, name, most=most, told=told)


def record(
    journal: Journal, lines: Iterable[Numbered | None], name: str, *, most: int, told: Told | None = None
) -> Head:
    """Answer and record numbered lines, in batches of at most `most`; None among them ends a batch."""
    texts: list[bytes] = []

    def commit() -> None:
        before = journal.durable
        if journal.pending and journal.commit() != before and told is not None:
            told(journal.durable)

    def arrived() -> Iterator[Numbered]:
        for line in lines:
            if line is None:
                commit()
                continue
            texts.append(line[1])
            yield line

    try:
        for entry in journal.read(arrived(), name):
            journal.answer(entry, texts.pop())
            if journal.pending >= most:
                commit()
    except Exception as error:
        commit()
        if isinstance(error, Divergence):
            raise Divergence(name, error.line, "", error.message) from None
        raise
    commit()
    return journal.durable


class _Held:
    """The lines of a stream that a journal holds already, compared with what it holds.

    Where refusals were left out, what is held is some of the lines, in their order.
    """

    def __init__(self, journal: Journal, name: str, first: int) -> None:
        head = journal.durable
        self.journal, self.name, self.taken = journal, name, head.taken
        self.has_left_out = head.taken != head.line
        self.number = first
        if first > head.taken + 1:
            raise LogError(name, 0, "", f"found lines from {first} on, expected them from {head.taken + 1} on")
        if self.has_left_out and first not in (1, head.taken + 1):
            raise LogError(
                name, 0, "", f"found lines from {first} on, expected them from 1 or from {head.taken + 1} on: "
                "refusals were left out of the journal",
            )  # fmt: skip

    def passed_over(self, lines: Iterator[Numbered | None]) -> Iterator[Numbered | None]:
        """The lines that are new."""
        if self.number <= self.taken:
            self._compare(lines)
        yield from lines

    def _compare(self, lines: Iterator[Numbered | None]) -> None:
        """Take from the lines those that are held. LogError for the first that is another."""
        held = self.journal.lines(self.number - 1)
        row = next(held, None)
        for line in lines:
            if line is None:
                continue
            if row is not None and bare(row.text) == bare(line[1]):
                row = next(held, None)
            elif not self.has_left_out:
                raise self._another(line[0], self.number)
            if self.number == self.taken:
                if row is not None:
                    raise self._another(line[0], row.line)
                return
            self.number += 1

    def _another(self, line: int, held: int) -> LogError:
        return LogError(self.name, line, "", f"found another line than line {held} of {self.journal.name}")


def _refused(name: str, line: int, message: str) -> LogError:
    return LogError(name, line, "", message)
