"""A mismatch as files: a log on which the engine and the ledger differ, and a document beside it that says how.

The log's last line expects what the ledger answers, so that it replays here as it is. Where no log may hold it, the
document holds the transactions in the form of the interchange.
"""

import platform
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import attrs

from ..engines.differences import Difference
from ..fuzzing.counterexamples import DISTRIBUTION, log_of
from ..fuzzing.geneses import genesis_of
from ..fuzzing.shrinking import Shortened
from ..interchange import account_document, outcome_document, transaction_document
from ..laws.law import parties
from ..log import Expect, ExpectedPosition
from ..outcomes import Rejected
from .comparison import Comparison
from .mismatches import OF_STATES, Mismatch
from .shortening import Confirmed

Document = dict[str, Any]


def short_of(found: Confirmed) -> Shortened[Mismatch]:
    """The short log of a mismatch, or all of it where there is none shorter."""
    if found.shortened is not None:
        return found.shortened
    begun = genesis_of(found.start.rulebook, found.start.time)
    return Shortened(begun, tuple(found.log), found.mismatch, len(found.log), is_exhausted=False)


def counterexample_log(found: Confirmed) -> bytes | None:
    """The bytes of the log, None where no log may hold it. Its last line expects the ledger's answer."""
    short = short_of(found)
    return log_of(short, expected(short.finding))


def expected(mismatch: Mismatch) -> Expect | None:
    """What the line of the mismatch is to expect: whether it is applied, or why not, and, where states differ, what the
    accounts that differ hold."""
    if mismatch.outcome is None:
        return None
    reason = mismatch.outcome.reason if isinstance(mismatch.outcome, Rejected) else None
    expect = Expect(applied=True) if reason is None else Expect(reason=reason)
    if mismatch.aspect not in OF_STATES:
        return expect
    rulebook = mismatch.after.rulebook
    balances: dict[str, dict[str, int]] = {}
    positions: dict[str, dict[str, ExpectedPosition]] = {}
    for account_id in mismatch.named_accounts:
        account = mismatch.after.accounts.get(account_id)
        if account is None:
            continue
        held = {market: ExpectedPosition(each.size, each.reference_cost) for market, each in account.positions.items()}
        balances[account_id] = {
            asset: account.cash.get(asset, 0) for asset in (rulebook.settlement_asset, *account.cash)
        }
        if held:
            positions[account_id] = held
    return attrs.evolve(expect, balances=balances, positions=positions)


def answers_document(mismatch: Mismatch) -> Document:
    """What the ledger and the engine answered, and what differs."""
    transaction, outcome = mismatch.transaction, mismatch.outcome
    return {
        "aspect": mismatch.aspect,
        "rule": mismatch.rule,
        "reason": mismatch.reason,
        "position": mismatch.position,
        "transaction": None if transaction is None else transaction_document(transaction),
        "expected": None if outcome is None else outcome_document(outcome),
        "found": mismatch.given,
        "error": mismatch.error,
        "differences": [difference_document(difference) for difference in mismatch.differences],
        "accounts": account_documents(mismatch),
    }


def difference_document(difference: Difference) -> Document:
    """One thing that differs."""
    return {
        "aspect": difference.aspect,
        "where": list(difference.where),
        "expected": difference.ours,
        "found": difference.theirs,
    }


def account_documents(mismatch: Mismatch) -> Document:
    """The accounts that differ, or that the transaction names, as the ledger and the engine have them afterwards."""
    names = dict.fromkeys(mismatch.named_accounts)
    if mismatch.transaction is not None:
        names |= dict.fromkeys(parties(mismatch.transaction))
    documents: Document = {}
    for name in names:
        account, theirs = mismatch.after.accounts.get(name), mismatch.accounts.get(name)
        if account is not None or theirs is not None:
            documents[name] = {"expected": None if account is None else account_document(account), "found": theirs}
    return documents


def sidecar_of(
    comparison: Comparison,
    *,
    path: str,
    log: bytes | None,
    facts: Document,
    again: Sequence[str],
    engine: str,
    options: Sequence[str] = (),
) -> Document:
    """What stands beside the log: how the engine and the ledger differ there, how that was found and shrunk, versions,
    and the command that shows it again.

    `path`: of the log, as the command is to name it. `facts`: of the search, in plain values. `again`: the words after
    the engine's of a command that finds it again, for what no log may hold, or what the log alone does not come to.
    `engine`: its command, as it was given.
    `options`: the words of how it was asked, without which it may not come to the same.
    """
    found = comparison.found
    assert found is not None
    short = short_of(found)
    is_shown = log is not None and found.is_repeated
    words = ["backstop", "compare", "--engine", engine, *options, *([path] if is_shown else again)]
    return {
        "engine": {
            "command": engine,
            "name": comparison.abilities.engine,
            "gives": sorted(comparison.abilities.gives),
            "types": sorted(comparison.abilities.types),
        },
        **answers_document(short.finding),
        **facts,
        "original_length": len(found.log),
        "shrunk_length": None if found.shortened is None else len(short.log),
        "shrinking_ended_early": short.is_exhausted,
        "repeated": found.is_repeated,
        "confirmed": found.is_confirmed,
        "keeps_state": found.keeps_state,
        "log": None if log is None else path,
        "genesis": {
            "rulebook": short.genesis.profile,
            "overrides": short.genesis.overrides,
            "time": short.genesis.time,
        },
        "transactions": None if log is not None else [transaction_document(each) for each in short.log],
        "command": shlex.join(words),
        "versions": {DISTRIBUTION: version(DISTRIBUTION), "python": platform.python_version()},
    }
