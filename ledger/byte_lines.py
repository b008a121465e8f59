"""The bytes of a file that somebody names, line by line: opened, unpacked, numbered, and one message for what is wrong.

`kind` is what messages call the file. `refuse` makes the caller's own error of a line's number, 0 for the whole file,
and a message.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

STANDARD_INPUT = "-"
UNPACKED_AT_A_TIME = 1 << 17

Refuse = Callable[[int, str], Exception]


class LineStream(Protocol):
    """What lines are read from, such as the bytes of a file."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, or its first `limit` bytes; nothing at the end."""


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
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise refuse(0, _not_read(reason, kind)) from None
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
            raise refuse(number, f"found a line of {longest} bytes or more, expected a shorter one")
        yield number, line


def _unreadable(error: Exception, kind: str) -> str:
    if isinstance(error, EOFError):
        return "found gzip data that is cut off, expected its end"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"found damaged gzip data ({error}), expected a gzipped {kind}"
    return _not_read(str(error), kind)


def _not_read(reason: str, kind: str) -> str:
    return f"found {reason.lower()}, expected a {kind} that can be read"
