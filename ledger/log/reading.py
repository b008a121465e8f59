"""Opening and reading a log."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from ..byte_lines import SQLITE_HEADER, STANDARD_INPUT, LineStream, numbered_lines, opened
from ..profiles import Document, RulebookError, merge, profile_document, rulebook_of, with_base
from ..rulebook import Rulebook
from ..state import State, genesis
from ..strict_json import NESTED
from . import wire
from .decoding import Decoding, decode_line
from .entries import Entry
from .faults import Fault, LogError, mismatch
from .times import parse_time

KIND = "log"
LONGEST_LINE = 1 << 24
"""Bytes of the longest line that is read: a whole rulebook is a few kilobytes."""


@contextmanager
def open_log(path: str) -> Iterator[BinaryIO]:
    """The bytes of a log: a file, gzipped where its name ends in `.gz`, or standard input for `-`.

    LogError where it cannot be opened, or is a database of SQLite, as journals are.
    """
    with opened(path, KIND, partial(_refused, path)) as stream:
        if path != STANDARD_INPUT and not path.endswith(".gz") and _is_database(stream):
            raise LogError(
                path, 0, "", "found an SQLite database, expected a log; backstop journal export makes one of a journal"
            )
        yield stream


def _is_database(stream: BinaryIO) -> bool:
    """Whether a file begins as those of SQLite do. What can be read only once is no such file."""
    try:
        if not stream.seekable():
            return False
        first = stream.read(len(SQLITE_HEADER))
        stream.seek(0)
    except OSError:
        return False  # reading its lines tells why
    return first == SQLITE_HEADER


def read_log(stream: LineStream, name: str) -> tuple[State, Iterator[Entry]]:
    """The state that a log begins with, and its entries, read as they are asked for. LogError for whatever is wrong.

    `name` is what errors call the log.
    """
    lines = numbered_lines(stream, LONGEST_LINE, KIND, partial(_refused, name))
    first = next(lines, None)
    if first is None:
        raise LogError(name, 1, "", "found an empty file, expected a genesis line")
    try:
        state = _genesis(first[1].removesuffix(b"\n"))
    except Fault as fault:
        raise LogError(name, 1, fault.field, fault.message) from None
    return state, read_on(lines, name, state.rulebook, latest=state.time)


def read_after(stream: LineStream, name: str, rulebook: Rulebook, *, line: int, latest: int) -> Iterator[Entry]:
    """The entries that a stream holds after the line `line` of a log. LogError as from `read_log`.

    `latest`: the latest time (ms) of the lines before.
    """
    lines = numbered_lines(stream, LONGEST_LINE, KIND, partial(_refused, name), after=line)
    return read_on(lines, name, rulebook, latest=latest)


def read_on(lines: Iterable[tuple[int, bytes]], name: str, rulebook: Rulebook, *, latest: int) -> Iterator[Entry]:
    """The entries of lines after a point of a log: numbers with bytes, with or without the line end.

    `latest`: the latest time (ms) of the lines before. LogError as from `read_log`.
    """
    decoding = Decoding(rulebook)
    for number, line in lines:
        try:
            entry = decoding.entry(number, line.removesuffix(b"\n"), latest)
        except Fault as fault:
            raise LogError(name, number, fault.field, fault.message) from None
        latest = max(latest, entry.transaction.time)
        yield entry


def _refused(name: str, line: int, message: str) -> LogError:
    return LogError(name, line, "", message)


def _genesis(text: bytes) -> State:
    line = decode_line(text)
    if not isinstance(line, wire.Genesis):
        raise mismatch("type", line.__struct_config__.tag, "genesis on the first line")
    try:
        time = parse_time(line.time) if isinstance(line.time, str | int) else 0
    except ValueError as error:
        raise mismatch("time", line.time, str(error)) from None
    try:
        document = profile_document(line.rulebook) if isinstance(line.rulebook, str) else with_base(line.rulebook)
        rulebook = rulebook_of(document) if not isinstance(line.overrides, dict) else _over(document, line.overrides)
        return genesis(rulebook, time)
    except RulebookError as error:
        raise _all_errors(error) from None
    except RecursionError:
        raise Fault("", NESTED) from None


def _over(document: Document, overrides: Document) -> Rulebook:
    """The rulebook of a document with overrides merged over it. RulebookError by field: an error that the document does
    not have of itself is of `overrides`."""
    try:
        return rulebook_of(merge(document, overrides))
    except RulebookError as error:
        own = _errors_of(document)
        raise RulebookError(
            [(field if (field, message) in own else f"overrides.{field}", message) for field, message in error.errors]
        ) from None


def _errors_of(document: Document) -> tuple[tuple[str, str], ...]:
    try:
        rulebook_of(document)
    except RulebookError as error:
        return error.errors
    return ()


def _all_errors(error: RulebookError) -> Fault:
    """One fault that tells every error of a rulebook: the first field, and the others after it."""
    (field, message), *others = error.errors
    return Fault(field, "; ".join([message, *(f"{field}: {message}" for field, message in others)]))
