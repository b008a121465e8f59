"""Small journals for tests, and everything that can be read of one."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ledger import Deposit, Transaction, Withdraw, encode_genesis
from ledger.journal import Head, Journal, JournalReader, Settings, create, export, import_log
from ledger.journal.format import SCHEMA

from ..cli.runs import TAKEOVER

TIME = 1_600_000_000_000
USDT = 10**13
GENESIS = encode_genesis("textbook", time=TIME)


def new_journal(folder: Path, *, every: int = 0, name: str = "small.journal") -> str:
    """The path of a journal that holds a genesis of the `textbook` rulebook."""
    path = str(folder / name)
    create(path, GENESIS, settings=Settings(every))
    return path


def takeover_journal(folder: Path, *, every: int = 5, name: str = "takeover.journal") -> str:
    """The path of a journal of an example log: every kind of line, refusals and expectations, checkpoints."""
    path = str(folder / name)
    import_log(path, TAKEOVER, settings=Settings(every))
    return path


def deposit(seconds: int, account: str = "alice", amount: int = USDT) -> Deposit:
    """USDT come in, so many seconds after the genesis."""
    return Deposit(TIME + 1000 * seconds, account, "USDT", amount)


def refused(seconds: int) -> Transaction:
    """A withdrawal of more than there is."""
    return Withdraw(TIME + 1000 * seconds, "alice", "USDT", 10**9 * USDT)


def everything(path: str) -> tuple[object, ...]:
    """All that can be read of a journal: what it exports, where it ends, its checkpoints with their states."""
    with JournalReader(path) as reader, reader.snapshot():
        points = reader.points()
        states = [reader.begin_at(point).state for point in points]
        return reader.settings, b"".join(export(reader)), reader.head(), points, states


def head_of(path: str) -> Head:
    """Where a journal ends."""
    with JournalReader(path) as reader:
        return reader.head()


def settled(path: str) -> None:
    """Everything in the one file: nothing is left in a log of writes beside it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)


@contextmanager
def tampered(path: str) -> Iterator[sqlite3.Connection]:
    """A connection without the triggers, which are put back afterwards: the schema then is as it was."""
    triggers = [statement for statement in SCHEMA if statement.startswith("CREATE TRIGGER")]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        saved = connection.execute("SELECT rowid, * FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        assert len(saved) == len(triggers)
        connection.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
        connection.execute("PRAGMA writable_schema = RESET")
        yield connection
        connection.execute("PRAGMA writable_schema = ON")
        connection.executemany(
            "INSERT INTO sqlite_schema (rowid, type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?, ?)", saved
        )
        connection.execute("PRAGMA writable_schema = RESET")
    settled(path)


def in_a_child(work: Callable[[], object]) -> Any:
    """The exit code of a forked child that does some work; 99 for an error in it, told on standard error."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = int(work() or 0)  # type: ignore[call-overload]
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def opened(path: str) -> Journal:
    """The journal, to write to."""
    return Journal(path)
