"""Opening and reading a log."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ..profiles import Document, RulebookError, merge, profile_document, rulebook_of, with_base
from ..rulebook import Rulebook
from ..state import State, genesis
from ..strict_json import NESTED
from . import wire
from .decoding import Decoding, decode_line
from .entries import Entry
from .faults import Fault, LogError, mismatch
from .times import parse_time

STANDARD_INPUT = "-"
LONGEST_LINE = 1 << 24
"""Bytes of the longest line that is read: a whole rulebook is a few kilobytes."""


@contextmanager
def open_log(path: str) -> Iterator[BinaryIO]:
    """The bytes of a log: a file, gzipped where its name ends in `.gz`, or standard input for `-`.

    LogError where it cannot be opened.
    """
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        stream: BinaryIO = open(path, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise LogError(path, 0, "", f"found {reason.lower()}, expected a log that can be read") from None
    with stream:
        if path.endswith(".gz"):
            with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:
                yield io.BufferedReader(unzipped, 1 << 17)
        else:
            yield stream


def read_log(stream: BinaryIO, name: str) -> tuple[State, Iterator[Entry]]:
    """The state that a log begins with, and its entries, read as they are asked for. LogError for whatever is wrong.

    `name` is what errors call the log.
    """
    lines = _lines(stream, name)
    first = next(lines, None)
    if first is None:
        raise LogError(name, 1, "", "found an empty file, expected a genesis line")
    try:
        state = _genesis(first[1])
    except Fault as fault:
        raise LogError(name, 1, fault.field, fault.message) from None
    return state, _entries(lines, name, state)


def _entries(lines: Iterator[tuple[int, bytes]], name: str, state: State) -> Iterator[Entry]:
    decoding = Decoding(state.rulebook)
    latest = state.time
    for number, text in lines:
        try:
            entry = decoding.entry(number, text, latest)
        except Fault as fault:
            raise LogError(name, number, fault.field, fault.message) from None
        latest = max(latest, entry.transaction.time)
        yield entry


def _lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    """Each line's number, from 1, and its bytes without the line end."""
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(LONGEST_LINE)
        except (OSError, EOFError, zlib.error) as error:
            raise LogError(name, number, "", _unreadable(error)) from None
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise LogError(name, number, "", f"found a line of {LONGEST_LINE} bytes or more, expected a shorter one")
        text = line[:-1] if line.endswith(b"\n") else line
        if not text.strip():
            raise LogError(name, number, "", "found an empty line, expected one object")
        yield number, text


def _unreadable(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "found gzip data that is cut off, expected its end"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"found damaged gzip data ({error}), expected a gzipped log"
    return f"found {str(error).lower()}, expected a log that can be read"


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
