"""A file of digests: what a ledger was at some lines of a log, so that another one can be held against it.

JSON Lines in UTF-8, one object a line and nothing else: `line`, the number of the log's line, from 1, the genesis;
`sequence`, how many transactions were applied up to there; `chain`, the chain digest after the line; and, where it was
worked out, `state`, the digest of the whole state. Lines go up, the first is the genesis, the last the log's last.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import attrs
import msgspec

from .byte_lines import LineStream, numbered_lines
from .canonical import state_digest
from .log import LogError
from .log.faults import Fault, load, mismatch
from .state import State

KIND = "file of digests"
LONGEST_LINE = 1 << 12
DIGEST = re.compile(r"[0-9a-f]{64}")
EXPECTED_DIGEST = "64 lower-case hexadecimal digits"
FIELDS = ("line", "sequence", "chain", "state")
GENESIS_LINE = 1


@attrs.frozen
class Record:
    """What a ledger was after a `line`: transactions applied, the chain's digest (32 bytes), and the digest of the
    state (64 hexadecimal digits), None where it was not worked out."""

    line: int
    sequence: int
    chain: bytes
    state_digest: str | None


def encode_record(record: Record) -> bytes:
    """A line of the file."""
    document = {"line": record.line, "sequence": record.sequence, "chain": record.chain.hex()}
    if record.state_digest is not None:
        document["state"] = record.state_digest
    return msgspec.json.encode(document) + b"\n"


def read_digests(stream: LineStream, name: str) -> Iterator[Record]:
    """The records of a file. LogError for whatever is wrong; `name` is what errors call the file."""
    last = None
    for number, text in numbered_lines(stream, LONGEST_LINE, KIND, partial(_refused, name)):
        try:
            record = _record(text)
            _refuse_disorder(record, last)
        except Fault as fault:
            raise LogError(name, number, fault.field, fault.message) from None
        yield record
        last = record
    if last is None:
        raise LogError(name, 1, "", "found an empty file, expected the digests of a genesis")


def _refused(name: str, line: int, message: str) -> LogError:
    return LogError(name, line, "", message)


def _record(text: bytes) -> Record:
    document = load(text, raw_numbers=False)
    if not isinstance(document, dict):
        raise mismatch("", document, "one object")
    for field in document:
        if field not in FIELDS:
            raise Fault(field, f"found an unknown field, expected one of {', '.join(FIELDS)}")
    for field in FIELDS[:3]:
        if field not in document:
            raise Fault(field, "found nothing, expected this field")
    state = document.get("state")
    if "state" in document:
        _refuse_no_digest("state", state)
    _refuse_no_digest("chain", document["chain"])
    line, sequence = (_whole(document, field) for field in FIELDS[:2])
    return Record(line, sequence, bytes.fromhex(document["chain"]), state)


def _whole(document: dict[str, Any], field: str) -> int:
    value = document[field]
    if type(value) is not int or value < 0:
        raise mismatch(field, value, "a whole number of 0 or more")
    return value


def _refuse_no_digest(field: str, value: object) -> None:
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise mismatch(field, value, EXPECTED_DIGEST)


def _refuse_disorder(record: Record, last: Record | None) -> None:
    if last is None:
        if (record.line, record.sequence) != (GENESIS_LINE, 0):
            raise mismatch("line", record.line, "1, the genesis, with sequence 0")
        return
    if record.line <= last.line:
        raise mismatch("line", record.line, f"one after {last.line}")
    if not last.sequence <= record.sequence <= last.sequence + record.line - last.line:
        most = last.sequence + record.line - last.line
        raise mismatch("sequence", record.sequence, f"from {last.sequence} to {most}")


class Digesting:
    """Makes the records of a log: of its genesis, of every line whose number `every` divides, and of the last."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._records: list[Record] = []
        self._last: tuple[int, State, bytes] | None = None

    def note(self, line: int, state: State, chain: bytes) -> None:
        """Note what the ledger is after a line, the first and every one after it."""
        self._last = line, state, chain
        if line == GENESIS_LINE or line % self._every == 0:
            self._records.append(record_of(line, state, chain))

    def lines(self) -> Iterator[bytes]:
        """The file's lines."""
        for record in self._records:
            yield encode_record(record)
        if self._last is not None and self._records[-1].line != self._last[0]:
            yield encode_record(record_of(*self._last))


def record_of(line: int, state: State, chain: bytes) -> Record:
    """The record of a line."""
    return Record(line, state.sequence, chain, state_digest(state))
