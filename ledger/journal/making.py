"""Making a journal, from a genesis or from a log, and writing it out as one."""

import contextlib
import gzip
import io
import os
from collections.abc import Iterable, Iterator
from functools import partial

from ..byte_lines import name_of, numbered_lines
from ..canonical import chain_start
from ..laws import Law
from ..log import LogError, open_log, read_log
from ..log.reading import KIND, LONGEST_LINE
from .appending import record
from .database import LOCK_SUFFIX, connect, has_write_ahead_log
from .faults import BUSY, JournalError, told_of
from .format import (
    APPLICATION_ID,
    FORMAT_VERSION,
    SCHEMA,
    Settings,
    batch_link,
    first_link,
    line_link,
)
from .reading import GENESIS_LINE, Head, JournalReader, bare
from .writing import STEP_LAWS, Journal

LINES_AT_A_TIME = 10_000
"""Lines that an import records as one batch."""


def create(path: str, genesis: bytes, *, settings: Settings | None = None) -> None:
    """Make a journal that holds a genesis line, as `encode_genesis` writes it or any log begins with.

    LogError where that is none; JournalError where something is at `path` already, or it cannot be written.
    """
    with _made(path) as unfinished:
        _begin(unfinished, path, path, genesis, Settings() if settings is None else settings)


def import_log(path: str, log: str, *, settings: Settings | None = None, laws: Iterable[Law] = STEP_LAWS) -> Head:
    """Make a journal of a whole log, a file or `-`, and return where it ends.

    Nothing is left where it fails: LogError for bad input, LawBroken, Divergence where a line expects what the ledger
    does not do, JournalError where it cannot be written.
    """
    name = name_of(log)
    refuse = partial(_refused, name)
    with _made(path) as unfinished, open_log(log) as stream:
        lines = numbered_lines(stream, LONGEST_LINE, KIND, refuse)
        _, genesis = next(lines, (0, b""))
        _begin(unfinished, path, name, genesis, Settings() if settings is None else settings)
        with Journal(unfinished, laws=laws, name=path) as journal:
            return record(journal, lines, name, most=LINES_AT_A_TIME)


def export(journal: JournalReader, *, until: int | None = None) -> Iterator[bytes]:
    """The lines of a journal as the bytes of a log. What was imported comes out as it went in, to the byte.

    A line without its line feed, which only the last of a log may lack, gets one where another line follows.
    """
    before = b""
    for row in journal.lines(0, until):
        if before and not before.endswith(b"\n"):
            yield b"\n"
        yield row.text
        before = row.text


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks in gzip's format, without a name or a time, so that the same lines give the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        for chunk in chunks:
            file.write(chunk)
            if packed.tell():
                yield packed.getvalue()
                packed.seek(0)
                packed.truncate()
    yield packed.getvalue()


@contextlib.contextmanager
def _made(path: str) -> Iterator[str]:
    """Where to make a file that is to be at `path`: it is there whole, and on the disk, or not at all."""
    folder, name = os.path.realpath(os.path.dirname(path)), os.path.basename(path)
    if os.path.lexists(path):
        raise JournalError(path, 0, None, "found a file there already, expected none")
    unfinished = os.path.join(folder, f".{name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        _settle(unfinished, path)
        os.link(unfinished, path)
        _sync_folder(folder)
    except FileExistsError:
        raise JournalError(path, 0, None, "found a file there already, expected none") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise JournalError(path, 0, None, f"found {reason}, expected to write a journal there") from None
    finally:
        for suffix in ("", LOCK_SUFFIX, "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                os.unlink(unfinished + suffix)


def _settle(unfinished: str, path: str) -> None:
    """Everything is in the one file: what is still in the log of writes beside it would be lost with that.

    A connection that is closed moves it into the file too, but says nothing where the disk has no room for it.
    """
    with told_of(path), contextlib.closing(connect(unfinished, mode="rw")) as connection:
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy or has_write_ahead_log(unfinished):
        raise JournalError(path, 0, None, BUSY)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(unfinished: str, path: str, log: str, genesis: bytes, settings: Settings) -> None:
    """The tables, the settings, the genesis line and the batch that it is; errors speak of `path`, and of `log`."""
    state, _ = read_log(io.BytesIO(genesis), log)
    if b"\n" in bare(genesis):
        raise LogError(log, GENESIS_LINE, "", "found more than one line, expected a genesis line")
    digest, document = chain_start(state), settings.document()
    start = first_link(document)
    link = line_link(start, GENESIS_LINE, genesis, 0, 0, digest)
    with open(unfinished, "xb"):
        pass
    with told_of(path):
        connection = connect(unfinished, mode="rw")
        with contextlib.closing(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO settings VALUES (1, ?)", (document,))
            line = (GENESIS_LINE, genesis, 0, 0, digest, link)
            connection.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?)", line)
            batch = (1, GENESIS_LINE, 0, 1, batch_link(start, link, 1, GENESIS_LINE, 0, 1))
            connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", batch)
            connection.execute("COMMIT")


def _refused(name: str, line: int, message: str) -> LogError:
    return LogError(name, line, "", message)
