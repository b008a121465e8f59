"""Logs as bytes, and both ways of replaying them."""

import io
import json
from collections.abc import Callable, Sequence
from typing import TypeVar
from unittest import mock

import attrs
import pytest

import ledger.parallel.cutting as cutting
from ledger.byte_lines import KeptLines, Recorded
from ledger.checks import Apply
from ledger.laws import REGISTRY, Law
from ledger.log import Expect, encode_genesis, encode_transaction, read_log
from ledger.log.decoding import Decoding
from ledger.log.faults import Fault
from ledger.outcomes import Reason, Rejected
from ledger.parallel import Share, Work, replay_in_segments, verified_here
from ledger.replay import Report, replay_log
from ledger.state import State
from ledger.transactions import Transaction
from ledger.transition import apply, state_after

NAME = "drawn.jsonl"

Result = TypeVar("Result")
Ended = Report | tuple[str, str, tuple[str, ...]]
"""A report, or what was raised: its type, its text and its notes."""


def log_of(start: State, transactions: Sequence[Transaction]) -> bytes:
    """The log of transactions under the state's rulebook; those that no log may hold are left out, and those that are
    refused at a later time, before which no line after them could go.

    A line that a log may hold only with an `expect` of its refusal has that.
    """
    rulebook = start.rulebook
    lines = [encode_genesis(json.loads(rulebook.document), time=start.time)]
    decoding, state, latest = Decoding(rulebook), start, start.time
    for transaction in transactions:
        outcome = apply(state, transaction)
        reason = outcome.reason if isinstance(outcome, Rejected) else None
        if reason is not None and transaction.time > state.time:
            continue
        line = _line(decoding, state, transaction, reason, latest)
        if line is not None:
            lines.append(line)
            latest = max(latest, transaction.time)
        state = state_after(state, outcome)
    return b"".join(lines)


def _line(
    decoding: Decoding, state: State, transaction: Transaction, reason: Reason | None, latest: int
) -> bytes | None:
    for expect in (None, Expect(reason=reason)):
        try:
            line = encode_transaction(state.rulebook, transaction, expect)
            decoding.entry(0, line.rstrip(), latest)
        except (Fault, ValueError):
            continue
        return line
    return None


@attrs.frozen
class Cuts:
    """Where a log is cut: `lines` of a segment at least, and how rarely laws of the state look to be watched aside."""

    lines: int = 7
    rarely: int = 20_000


def replayed(
    log: bytes,
    *,
    laws: Sequence[Law] = REGISTRY,
    state_every: int = 1000,
    until: int | None = None,
    progress: Callable[[object], None] | None = None,
) -> Ended:
    """The log replayed in one piece."""

    def replay() -> Report:
        state, entries = read_log(io.BytesIO(log), NAME)
        return replay_log(state, entries, laws=laws, state_every=state_every, until=until, progress=progress)

    return ended(replay)


def replayed_in_segments(
    log: bytes,
    cuts: Cuts,
    *,
    laws: Sequence[Law] = REGISTRY,
    state_every: int = 1000,
    until: int | None = None,
    progress: Callable[[object], None] | None = None,
    share: Share = verified_here,
) -> Ended:
    """The log replayed in segments."""
    work = Work(NAME, tuple(laws), state_every=state_every)

    def replay() -> Report:
        kept = KeptLines()
        state, entries = read_log(Recorded(io.BytesIO(log), kept), NAME)
        return replay_in_segments(state, entries, kept, work, share, until=until, progress=progress)

    with (
        mock.patch.object(cutting, "LINES", cuts.lines),
        mock.patch.object(cutting, "ACCOUNTS", 0),
        mock.patch.object(cutting, "RARELY", cuts.rarely),
    ):
        return ended(replay)


def ended(replay: Callable[[], Result]) -> Result | tuple[str, str, tuple[str, ...]]:
    try:
        return replay()
    except Exception as error:
        return type(error).__name__, str(error), tuple(getattr(error, "__notes__", ()))


def plant_bug(monkeypatch: pytest.MonkeyPatch, planted: Apply) -> None:
    """Have every replay answer with the planted `apply`."""
    monkeypatch.setattr("ledger.replay.apply", planted)
