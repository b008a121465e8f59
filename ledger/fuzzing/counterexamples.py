"""A counterexample as files: a log that replays and breaks the same law, and a document beside it that says what it is.

The log is canonical text, genesis included. A line whose transaction a log may hold only where its refusal is expected
(`log.decoding`) says so in `expect`: without the bug that lets it in, that is what the line comes to.
"""

import io
import platform
import shlex
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import attrs

from ..law_files import LawFileError
from ..laws import Law
from ..log import Entry, Expect, encode_transaction, read_log
from ..log.decoding import TOLERATED, Decoding
from ..log.faults import Fault
from ..replay import replay_log
from ..rulebook import Rulebook
from ..transactions import Transaction
from .findings import Finding
from .shrinking import LOOKS_EVERY, Shortened, Shrunk

DISTRIBUTION = "backstop-ledger"
SUFFIX, SIDECAR_SUFFIX = ".jsonl", ".json"
Document = dict[str, Any]


@attrs.frozen
class Source:
    """Where a counterexample was found. `facts`: of the search, such as its seed, in plain values. `again`: the words
    of the command that finds it again, for one that no log may hold. `options`: what a replay of its log needs."""

    facts: Document
    again: tuple[str, ...]
    options: tuple[str, ...] = ()


def log_of(shrunk: Shortened[Any], last: Expect | None = None) -> bytes | None:
    """The bytes of the log, None where it needs a line that no log may hold, such as one of an unlisted market.

    `last`: what the last line is to expect.
    """
    decoding, latest = Decoding(shrunk.rulebook), shrunk.genesis.time
    lines = [shrunk.genesis.text]
    for number, transaction in enumerate(shrunk.log):
        is_last = last is not None and number == len(shrunk.log) - 1
        ways = (last,) if is_last else (None, *(Expect(reason=reason) for reason in TOLERATED))
        line = _line(shrunk.rulebook, decoding, transaction, latest, ways)
        if line is None:
            return None
        lines.append(line)
        latest = max(latest, transaction.time)
    return b"".join(lines)


def _line(
    rulebook: Rulebook, decoding: Decoding, transaction: Transaction, latest: int, ways: Iterable[Expect | None]
) -> bytes | None:
    """The line in the first of these ways, by what it expects, in which a log may hold it."""
    for expect in ways:
        try:
            line = encode_transaction(rulebook, transaction, expect)
            decoding.entry(0, line.rstrip(b"\n"), latest)
        except (Fault, ValueError):
            continue
        return line
    return None


def reproduces(log: bytes, shrunk: Shrunk, laws: Sequence[Law]) -> bool:
    """Whether replaying the log's bytes breaks the same law first, or raises the same error."""
    state, entries = read_log(io.BytesIO(log), "the counterexample")
    read: list[Entry] = list(entries)
    try:
        report = replay_log(state, read, laws=laws, state_every=shrunk.state_every)
    except LawFileError:
        raise
    except Exception:
        return shrunk.finding.scope is None
    failure = report.failure
    return failure is not None and failure.law is not None and shrunk.finding.is_of(failure.law)


def sidecar_of(
    finding: Finding,
    transactions: Sequence[Transaction],
    shrunk: Shrunk | None,
    laws: Sequence[Law],
    *,
    path: str,
    source: Source,
    log: bytes | None,
) -> Document:
    """What stands beside the log: the law, how it was found and shrunk, versions, and the command that reproduces it.

    `shrunk` is None where the transactions did not come to the finding again, `log` where no log may hold them; the
    document then holds the transactions themselves. `path`: of the log, as the command is to name it.
    """
    told = finding if shrunk is None else shrunk.finding
    law = next((law for law in laws if told.is_of(law)), None)
    options = list(source.options)
    if shrunk is not None and shrunk.state_every != LOOKS_EVERY:
        options += ["--state-laws-every", str(shrunk.state_every)]
    words = ["backstop", "replay", path, *options] if log is not None else ["backstop", *source.again]
    kept = transactions if shrunk is None else shrunk.log
    return {
        "law": None if law is None else {"id": law.id, "scope": law.scope.value, "statement": law.statement},
        "error": told.error,
        "detail": told.detail,
        "accounts": list(told.accounts),
        **source.facts,
        "original_length": len(transactions) if shrunk is None else shrunk.original_length,
        "shrunk_length": None if shrunk is None else len(shrunk.log),
        "shrinking_ended_early": shrunk is not None and shrunk.is_exhausted,
        "log": None if log is None else path,
        "transactions": None if log is not None else [repr(transaction) for transaction in kept],
        "reproduced": shrunk is not None and log is not None and reproduces(log, shrunk, laws),
        "command": shlex.join(words),
        "versions": {DISTRIBUTION: version(DISTRIBUTION), "python": platform.python_version()},
    }
