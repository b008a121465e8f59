"""A state, transactions, and the state that they lead to: nothing else is needed or kept."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import BinaryIO

import attrs
import msgspec

from .byte_lines import name_of, numbered_lines, opened
from .canonical import StateError, chain_start, state_from_bytes
from .interchange import WHOLE, InterchangeError, outcome_document, read_transaction
from .laws import Law, LawBroken, Monitor, Step
from .log import Entry, LogError
from .outcomes import Outcome
from .replay import advance, note_line
from .state import State
from .strict_json import NotStrict, load_strictly
from .transactions import Transaction

LONGEST_LINE = 1 << 24
"""Bytes of the longest line of transactions that is read."""

_encode = msgspec.json.Encoder().encode


@attrs.frozen
class Stepped:
    """What transactions lead to: the last state, and the outcomes, each with the chain's link (32 bytes) after it. The
    first link follows the digest of the state that they began with."""

    state: State
    outcomes: tuple[tuple[Outcome, bytes], ...]

    def lines(self) -> Iterator[bytes]:
        """The outcomes as JSON Lines in the form of the interchange, postings included."""
        for outcome, link in self.outcomes:
            yield _encode(outcome_document(outcome, WHOLE, link=link)) + b"\n"


def read_state_file(path: str) -> State:
    """The state whose canonical bytes a file holds, gzipped where its name ends in `.gz`, or standard input for `-`.

    LogError where it cannot be read, or holds no such; with the field.
    """
    name = name_of(path)
    with opened(path, "state", partial(_refused, name)) as stream:
        try:
            data = stream.read()
        except (OSError, EOFError) as error:
            raise LogError(name, 0, "", f"found {str(error).lower()}, expected a state that can be read") from None
    try:
        return state_from_bytes(data)
    except StateError as error:
        raise LogError(name, 0, error.field, error.message) from None


def read_transactions(path: str) -> Iterator[tuple[int, Transaction]]:
    """The transactions of a file of JSON Lines in the form of the interchange, each with the number of its line.

    LogError where a line holds none; with the line and the field.
    """
    name = name_of(path)
    with opened(path, "file of transactions", partial(_refused, name)) as stream:
        yield from _transactions(stream, name)


def _transactions(stream: BinaryIO, name: str) -> Iterator[tuple[int, Transaction]]:
    for number, line in numbered_lines(stream, LONGEST_LINE, "file of transactions", partial(_refused, name)):
        try:
            if not line.strip():
                raise InterchangeError("", "found an empty line, expected one transaction")
            transaction = read_transaction(load_strictly(line))
        except NotStrict as error:
            raise LogError(name, number, error.field, error.message) from None
        yield number, transaction


def step_through(state: State, transactions: Iterable[tuple[int, Transaction]], *, laws: Iterable[Law] = ()) -> Stepped:
    """Answer transactions, each with the number of its line, from a state on, and check the laws at each.

    LawBroken where a law does not hold, with a note of the line. Raises what the transactions raise. An error that is
    raised while the ledger answers is a bug in it, and noted with the line.
    """
    monitor = Monitor(state, laws, state_every=0)
    link = chain_start(state)
    outcomes = []
    for line, transaction in transactions:
        outcome, after, link = advance(state, link, Entry(line, transaction, None))
        outcomes.append((outcome, link))
        try:
            monitor.observe(Step(state, transaction, outcome, after))
        except LawBroken as broken:
            note_line(broken, line)
            raise
        state = after
    monitor.finish()
    return Stepped(state, tuple(outcomes))


def _refused(name: str, line: int, message: str) -> LogError:
    return LogError(name, line, "", message)
