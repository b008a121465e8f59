"""What is wrong with a journal, in one line; and what SQLite says, in words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ..log import LogError


class JournalError(LogError):
    """A journal that cannot be read or written, or holds what it should not.

    As text one line, `name:line: sequence N: message`. `line` is the first line that is wrong, 0 where the whole file
    is meant, and `sequence` how many transactions were applied before it, None where that is not known.
    """

    def __init__(self, name: str, line: int, sequence: int | None, message: str) -> None:
        self.sequence = sequence
        super().__init__(name, line, "" if sequence is None else f"sequence {sequence}", message)


class Unfit(ValueError):
    """Why a transaction can stand on no line of a log."""


BUSY = "found another process that writes to it, expected to be the only one"
DAMAGED = "found a damaged file"
NOT_OPEN = "found a journal that was closed, or opened by another thread, expected one that this thread has open"
MESSAGES = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: "found no room to write, expected room for what comes",
    sqlite3.SQLITE_READONLY: "found a file that cannot be written to, expected one that can",
    sqlite3.SQLITE_PERM: "found a file that cannot be written to, expected one that can",
    sqlite3.SQLITE_CANTOPEN: "found a file that cannot be opened, expected a journal",
    sqlite3.SQLITE_NOTADB: "found no SQLite database, expected a journal",
    sqlite3.SQLITE_CORRUPT: f"{DAMAGED}, expected a journal",
    sqlite3.SQLITE_IOERR: "found a disk that refuses to read or write, expected one that does",
}
"""What SQLite's primary result codes mean for a journal."""

FROM_SQLITE = (sqlite3.Error, UnicodeDecodeError)
"""What reading from SQLite raises: the second where a damaged file has it speak of names that are no text."""


def message_of(error: Exception) -> str:
    """What an error of SQLite says, in one line."""
    if isinstance(error, sqlite3.ProgrammingError):
        return f"{NOT_OPEN} ({error})"
    code = getattr(error, "sqlite_errorcode", None)
    known = None if code is None else MESSAGES.get(code & 0xFF)
    return f"{known} ({error})" if known else f"{DAMAGED}, expected a journal ({error})"


@contextmanager
def told_of(name: str, line: int = 0, sequence: int | None = None) -> Iterator[None]:
    """Raises an error of SQLite as a `JournalError` of this line."""
    try:
        yield
    except FROM_SQLITE as error:
        raise JournalError(name, line, sequence, message_of(error)) from error
