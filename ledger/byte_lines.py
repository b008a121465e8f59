"""The bytes of a file that somebody names, line by line: opened, unpacked, numbered, and one message for what is wrong.

`kind` is what messages call the file. `refuse` makes the caller's own error of a line's number, 0 for the whole file,
and a message.
"""

import gzip
import io
import select
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

STANDARD_INPUT = "-"
SQLITE_HEADER = b"SQLite format 3\x00"
"""What a file of SQLite begins with, and no line of text."""

UNPACKED_AT_A_TIME = 1 << 17
ARRIVING_AT_A_TIME = 1 << 16

Refuse = Callable[[int, str], Exception]


class LineStream(Protocol):
    """What lines are read from, such as the bytes of a file."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, or its first `limit` bytes; nothing at the end."""


class KeptLines:
    """Lines that are kept as they are read, until they are taken: `line` is the number of the last one taken."""

    def __init__(self, line: int = 0) -> None:
        self.line = line
        self._lines: list[bytes] = []

    def keep(self, line: bytes) -> None:
        """Keep the bytes of the next line, with its end."""
        self._lines.append(line)

    def take(self, count: int) -> bytes:
        """The next so many lines."""
        taken = b"".join(self._lines[:count])
        del self._lines[:count]
        self.line += count
        return taken

    def drop(self) -> None:
        """Take all, and leave them."""
        self.take(len(self._lines))


class Recorded:
    """A stream of lines that keeps what is read of it."""

    def __init__(self, stream: LineStream, kept: KeptLines) -> None:
        self._stream, self._kept = stream, kept

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, or its first `limit` bytes; nothing at the end."""
        line = self._stream.readline(limit)
        if line:
            self._kept.keep(line)
        return line


def name_of(path: str) -> str:
    """What messages call a file: its path, or what `-` stands for."""
    return "standard input" if path == STANDARD_INPUT else path


def reason_of(error: Exception) -> str:
    """Why a file cannot be opened or read, in words that go on after "found"."""
    if isinstance(error, IsADirectoryError):
        return "a folder"
    return ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()


@contextmanager
def opened(path: str, kind: str, refuse: Refuse) -> Iterator[BinaryIO]:
    """The bytes of a file, gzipped where its name ends in `.gz`, or of standard input for `-`.

    What `refuse` makes is raised where it cannot be opened.
    """
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream: BinaryIO = open(path, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise refuse(0, _not_read(reason_of(error), kind)) from None
    with stream:
        if not path.endswith(".gz"):
            yield stream
            return
        with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
            yield io.BufferedReader(unzipped, UNPACKED_AT_A_TIME)


def numbered_lines(
    stream: LineStream, longest: int, kind: str, refuse: Refuse, *, after: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Each line's number, from 1 or, where `after` lines came before, from the one after them, and its bytes with the
    line end.

    What `refuse` makes is raised where a line cannot be read, or has `longest` bytes or more.
    """
    number = after
    while True:
        number += 1
        try:
            line = stream.readline(longest)
        except (OSError, EOFError, zlib.error) as error:
            raise refuse(number, _unreadable(error, kind)) from None
        if not line:
            return
        if len(line) == longest:
            raise refuse(number, _too_long(longest))
        yield number, line


def arriving_lines(stream: BinaryIO, longest: int, kind: str, refuse: Refuse) -> Iterator[tuple[int, bytes] | None]:
    """As `numbered_lines`, and None whenever nothing more has arrived yet, so that what came can be dealt with."""
    number, rest = 0, b""
    while True:
        if _is_waiting(stream):
            yield None
        try:
            chunk = stream.read1(ARRIVING_AT_A_TIME)  # type: ignore[attr-defined]
        except (OSError, EOFError, zlib.error) as error:
            raise refuse(number + 1, _unreadable(error, kind)) from None
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            if len(line) + 1 >= longest:
                raise refuse(number, _too_long(longest))
            yield number, line + b"\n"
        if len(rest) >= longest:
            raise refuse(number + 1, _too_long(longest))
    if rest:
        yield number + 1, rest


def _is_waiting(stream: BinaryIO) -> bool:
    """Whether a read would wait: never for what is no file of the system's."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return not poll.poll(0)


def _too_long(longest: int) -> str:
    return f"found a line of {longest} bytes or more, expected a shorter one"


def _unreadable(error: Exception, kind: str) -> str:
    if isinstance(error, EOFError):
        return "found gzip data that is cut off, expected its end"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"found damaged gzip data ({error}), expected a gzipped {kind}"
    return _not_read(str(error).lower(), kind)


def _not_read(reason: str, kind: str) -> str:
    return f"found {reason}, expected a {kind} that can be read"
