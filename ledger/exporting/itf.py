"""A log as a trace in the Informal Trace Format of Apalache and Quint (specs/traces).

One state of the trace for the genesis and one after each transaction: the ledger's tables, the outcome, and what was
taken, as Quint writes it for tests that are made of models. Every integer is a big one, every table a map.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from ..interchange import outcome_document, rulebook_document
from ..outcomes import Applied, Outcome
from ..state import NEVER, Account, Limits, Liquidation, LiquidityMonitor, Market, Provider, State
from ..transactions import Fill, Transaction
from ..transition import apply, state_after

Expression = Any
"""A value of the format: text, a flag, a list, or an object."""

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
INIT = "init"
ACTION, PICKS = "mbt::actionTaken", "mbt::nondetPicks"
TABLES = ("accounts", "last_settle", "markets", "prices", "providers", "sequence", "time")
VARIABLES = (*TABLES, "outcome", ACTION, PICKS)
PICKED = (
    "time",
    "account",
    "asset",
    "amount",
    "max_leverage",
    "fee_tier",
    "market",
    "buyer",
    "seller",
    "size",
    "price",
    "buyer_is_taker",
    "quotes",
    "premium",
    "bid",
    "ask",
    "bid_depth",
    "ask_depth",
    "volume",
    "rate",
    "capacity_per_minute",
    "capacity_per_hour",
    "max_holdings",
    "fills",
)
"""Every field of any transaction; in a state those of the transaction that was taken have a value."""

_encode = msgspec.json.Encoder().encode


def trace(start: State, transactions: Iterable[Transaction], *, source: str) -> Iterator[bytes]:
    """The trace of these transactions from a state on, piece by piece. `source`: what they were read from, as told."""
    meta = {
        "format": "ITF",
        "format-description": FORMAT,
        "description": "Written by backstop export",
        "source": source,
        "rulebook": rulebook_document(start),
    }
    yield b'{"#meta":' + _encode(meta) + b',"vars":' + _encode(VARIABLES) + b',"states":[\n'
    yield _encode(_state(0, start, None, None))
    state = start
    for index, transaction in enumerate(transactions, start=1):
        outcome = apply(state, transaction)
        state = state_after(state, outcome)
        yield b",\n" + _encode(_state(index, state, transaction, outcome))
    yield b"\n]}\n"


def _state(index: int, state: State, transaction: Transaction | None, outcome: Outcome | None) -> Expression:
    return {
        "#meta": {"index": index},
        "accounts": _map(state.accounts, _account),
        "last_settle": _option(_instant(state.last_settle), _integer),
        "markets": _map(state.markets, _market),
        "prices": _map(state.prices, _integer),
        "providers": _map(state.providers, _provider),
        "sequence": _integer(state.sequence),
        "time": _integer(state.time),
        "outcome": _outcome(outcome),
        ACTION: INIT if transaction is None else action_of(type(transaction)),
        PICKS: _picks(transaction),
    }


def action_of(kind: type) -> str:
    """The name of the action that a class of transactions takes: that of its rule, as an identifier."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


# The values of the format.


def _integer(value: int) -> Expression:
    return {"#bigint": str(value)}


def _map(table: Mapping[str, Any], write: Callable[[Any], Expression]) -> Expression:
    return {"#map": [[key, write(table[key])] for key in sorted(table)]}


def _variant(tag: str, value: Expression = None) -> Expression:
    return {"tag": tag, "value": {"#tup": []} if value is None else value}


def _option(value: Any, write: Callable[[Any], Expression]) -> Expression:
    return _variant("None") if value is None else _variant("Some", write(value))


def _instant(time: int) -> int | None:
    return None if time == NEVER else time


def _integers(value: Any, *names: str) -> dict[str, Expression]:
    return {name: _integer(getattr(value, name)) for name in names}


# The tables.


def _account(account: Account) -> Expression:
    return {
        "cash": _map(account.cash, _integer),
        "fee_tier": account.fee_tier,
        "liquidation": _option(account.liquidation, _liquidation),
        "max_leverage": _integer(account.max_leverage),
        "positions": _map(account.positions, lambda position: _integers(position, "reference_cost", "size")),
    }


def _liquidation(liquidation: Liquidation) -> Expression:
    sizes = _map(liquidation.starting_sizes, _integer)
    return {**_integers(liquidation, "round", "time"), "starting_sizes": sizes}


def _market(market: Market) -> Expression:
    return {
        **_integers(market, "index", "mark", "premium_count", "premium_sum"),
        "last_funding": _option(_instant(market.last_funding), _integer),
        "monitor": _option(market.monitor, _monitor),
    }


def _monitor(monitor: LiquidityMonitor) -> Expression:
    return {
        **_integers(monitor, "ask", "ask_depth", "bid", "bid_depth", "time"),
        "observations": [_integers(seen, "mark", "volume") for seen in monitor.observations],
        "stressed": monitor.stressed,
    }


def _provider(provider: Provider) -> Expression:
    return {
        "limits": _option(provider.limits, _limits),
        "notice": _option(provider.notice, _integer),
        "takeovers": [_integers(taken, "notional", "time") for taken in provider.takeovers],
    }


def _limits(limits: Limits) -> Expression:
    return _integers(limits, "capacity_per_hour", "capacity_per_minute", "max_holdings")


# What happened.


def _outcome(outcome: Outcome | None) -> Expression:
    if outcome is None:
        return _variant("Genesis")
    if isinstance(outcome, Applied):
        return _variant("Applied")
    told = outcome_document(outcome)
    return _variant("Rejected", {name: told[name] for name in ("limit", "reason", "subject", "supplied")})


def _picks(transaction: Transaction | None) -> Expression:
    return {name: _option(getattr(transaction, name, None), _pick) for name in PICKED}


def _pick(value: Any) -> Expression:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, tuple):
        return [_fill(fill) for fill in value]
    return _map(value, _integer)


def _fill(fill: Fill) -> Expression:
    return {"counterparty": fill.counterparty, "market": fill.market, **_integers(fill, "price", "size")}
