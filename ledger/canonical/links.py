"""The chain of digests over transactions and their outcomes; the format is in the package's docstring."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from ..outcomes import Applied, Outcome
from ..postings import PositionPosting, Posting
from ..state import State
from ..transactions import (
    TYPE_NAMES,
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from .writing import sha256_of_state

_encode = msgspec.json.Encoder().encode

Change = tuple[str, str, str, int] | tuple[str, str, str, int, int]
"""A balance's account, kind and asset or market, then its change: an amount, or lots and reference cost."""


def chain_start(state: State) -> bytes:
    """The chain's first link: the SHA-256 of the genesis state's canonical bytes."""
    return sha256_of_state(state).digest()


def chain(previous: bytes, transaction: Transaction, outcome: Outcome) -> bytes:
    """The next link, 32 bytes, after a transaction and the answer to it."""
    text = _encode((_fields_of[type(transaction)](transaction), outcome_fields(outcome)))
    return hashlib.sha256(previous + text).digest()


def outcome_fields(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome as the chain has it."""
    if isinstance(outcome, Applied):
        return ("applied", *net_changes(outcome.postings))
    return ("rejected", outcome.reason.name, outcome.subject, outcome.supplied, outcome.limit)


def net_changes(postings: Sequence[Posting]) -> list[Change]:
    """The net change of every balance that the postings reach, sorted, without those that come to nothing."""
    changes: list[Change] = [
        (posting.account, "position", posting.market, posting.size, posting.reference_cost)
        if isinstance(posting, PositionPosting)
        else (posting.account, "cash", posting.asset, posting.amount)
        for posting in postings
    ]
    changes.sort()
    nets: list[Change] = []
    for change in changes:
        if nets and nets[-1][:3] == change[:3]:
            nets[-1] = _added(nets[-1], change)
        else:
            nets.append(change)
    return [net for net in nets if any(net[3:])]


def _added(first: Change, second: Change) -> Change:
    """Two changes of the same balance as one."""
    if len(first) == 5 and len(second) == 5:
        return (*first[:3], first[3] + second[3], first[4] + second[4])
    return (first[0], first[1], first[2], first[3] + second[3])


def transaction_fields(transaction: Transaction) -> tuple[Any, ...]:
    """A transaction as the chain has it."""
    return _fields_of[type(transaction)](transaction)


def _plain(kind: type, *names: str) -> Callable[[Any], tuple[Any, ...]]:
    """How a type is written whose fields, besides the time, are `names` and all integers, strings or flags."""
    head = (TYPE_NAMES[kind],)
    fields = attrgetter("time", *names)
    if not names:
        return lambda transaction: (*head, transaction.time)
    return lambda transaction: head + fields(transaction)


def _pairs(table: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(table.items())


def _mark_market(mark: MarkMarket) -> tuple[Any, ...]:
    return ("mark", mark.time, mark.market, _pairs(mark.quotes), mark.premium)


def _mark_asset(mark: MarkAsset) -> tuple[Any, ...]:
    return ("mark", mark.time, mark.asset, _pairs(mark.quotes))


def _liquidate(liquidate: Liquidate) -> tuple[Any, ...]:
    fills = [(fill.market, fill.counterparty, fill.size, fill.price) for fill in liquidate.fills]
    return ("liquidate", liquidate.time, liquidate.account, fills)


_fields_of: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    Deposit: _plain(Deposit, "account", "asset", "amount"),
    Withdraw: _plain(Withdraw, "account", "asset", "amount"),
    SetAccount: _plain(SetAccount, "account", "max_leverage", "fee_tier"),
    Trade: _plain(Trade, "market", "buyer", "seller", "size", "price", "buyer_is_taker"),
    MarkMarket: _mark_market,
    MarkAsset: _mark_asset,
    Observe: _plain(Observe, "market", "bid", "ask", "bid_depth", "ask_depth", "volume"),
    Fund: _plain(Fund, "market", "rate"),
    Settle: _plain(Settle),
    Enroll: _plain(Enroll, "account", "capacity_per_minute", "capacity_per_hour", "max_holdings"),
    Leave: _plain(Leave, "account"),
    Liquidate: _liquidate,
    BackstopTransfer: _plain(BackstopTransfer, "account"),
}
