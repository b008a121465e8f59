"""Connecting to the file of a journal: a writer, alone, or a reader beside it; rows checked as they are read."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import quote

import attrs

from .faults import BUSY, DAMAGED, JournalError, told_of
from .format import (
    APPLICATION_ID,
    COLUMNS,
    FORMAT_VERSION,
    SCHEMA,
    TABLES,
    Batch,
    Kept,
    Line,
    Row,
    Settings,
    settings_of,
)

BUSY_SECONDS = 5
"""How long a connection waits for a lock that another one holds for a moment."""

WRITE_AHEAD_SUFFIX, LOCK_SUFFIX = "-wal", "-lock"

AnyRow = TypeVar("AnyRow", Line, Batch, Kept)


def connect(path: str, *, mode: str) -> sqlite3.Connection:
    """A connection to a file that is there: `mode` is `rw`, `ro`, or `ro&immutable=1`.

    The path is resolved as the system resolves it, whatever links and bytes are in it, so that all connections and the
    lock are of one file. An empty host is named, since a path may begin with two slashes.
    """
    uri = f"file://{quote(os.fsencode(os.path.realpath(path)))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if mode == "rw":
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def opened_to_read(path: str) -> sqlite3.Connection:
    """A connection that only reads, while another process may write.

    Where SQLite cannot keep its index of the write-ahead log beside the file, because the folder cannot be written to,
    and there is no such log, nobody writes: the file is then read as one that does not change.
    """
    connection = connect(path, mode="ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        cannot = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if error.sqlite_errorcode & 0xFF not in cannot or has_write_ahead_log(path):
            raise
        return connect(path, mode="ro&immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def has_write_ahead_log(path: str) -> bool:
    """Whether a log of writes that are not in the file yet stands beside it, or beside what a link leads to."""
    try:
        return os.path.getsize(os.path.realpath(path) + WRITE_AHEAD_SUFFIX) > 0
    except OSError:
        return False


def require_file(path: str, name: str) -> None:
    """JournalError where there is no file, or it is not an ordinary one."""
    try:
        found = None if os.path.isfile(path) else "a folder or device"
        os.stat(path)
    except (OSError, ValueError) as error:
        found = ((error.strerror if isinstance(error, OSError) else None) or str(error)).lower()
    if found is not None:
        raise JournalError(name, 0, None, f"found {found}, expected a journal")


def require_one_name(path: str, name: str) -> None:
    """JournalError where a file has several names: the lock and the log of writes stand beside one of them, so that
    writers by two names would not know of each other, and each would write over what the other one was told."""
    with suppress(OSError):
        names = os.stat(path).st_nlink
        if names > 1:
            raise JournalError(name, 0, None, f"found a file with {names} names (hard links), expected one")


def locked(path: str, name: str) -> int:
    """The descriptor of the lock that makes this process the only writer, until it is closed or the process ends.

    The lock is on a file of its own: a second descriptor of the journal's file, closed, would end SQLite's own locks.
    """
    try:
        descriptor = os.open(os.path.realpath(path) + LOCK_SUFFIX, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise JournalError(name, 0, None, f"found {reason}, expected to keep a lock beside it") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise JournalError(name, 0, None, BUSY) from None
    return descriptor


def settings_in(connection: sqlite3.Connection, name: str) -> tuple[Settings, bytes]:
    """The settings of the journal, and their bytes. JournalError where the file is no journal of this format."""
    with told_of(name):
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise JournalError(name, 0, None, "found another SQLite database, expected a journal")
        if version != FORMAT_VERSION:
            raise JournalError(name, 0, None, f"found format {version}, expected format {FORMAT_VERSION}")
        schema = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_schema")]
        if sorted(map(str, schema)) != sorted(SCHEMA):
            raise JournalError(name, 0, None, "found other tables or triggers, expected those of a journal")
        rows = connection.execute("SELECT id, document FROM settings").fetchall()
    if len(rows) != 1 or rows[0][0] != 1 or not isinstance(rows[0][1], bytes):
        raise JournalError(name, 0, None, "found damaged settings, expected one row of them")
    try:
        return settings_of(rows[0][1]), rows[0][1]
    except ValueError as error:
        raise JournalError(name, 0, None, str(error)) from None


def selection(kind: type[Row]) -> str:
    """The query for all columns of a table."""
    return f"SELECT {', '.join(COLUMNS[kind])} FROM {TABLES[kind]}"


def row_of(kind: type[AnyRow], values: tuple[Any, ...]) -> AnyRow | None:
    """The row, None where some value has not the type of its column, as only damage can bring about."""
    for value, field in zip(values, attrs.fields(kind), strict=True):
        if type(value) is not field.type:
            return None
    return kind(*values)


@contextmanager
def snapshot(connection: sqlite3.Connection, name: str) -> Iterator[None]:
    """Everything read within it is of one moment: whole batches, whatever a writer does meanwhile."""
    with told_of(name):
        is_within = connection.in_transaction
    if is_within:
        yield
        return
    try:
        # Within, so that an interrupt that comes as it has begun leaves nothing open.
        with told_of(name):
            connection.execute("BEGIN")
        yield
    finally:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


DAMAGED_ROW = f"{DAMAGED}: a value is not of its column's type"
