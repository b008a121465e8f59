"""A state's canonical bytes; the format is in the package's docstring."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from ..state import NEVER, Account, Liquidation, LiquidityMonitor, Market, Provider, State

RECORDS_PER_CHUNK = 1000

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def state_digest(state: State) -> str:
    """The SHA-256 of the state's canonical bytes, as 64 lower-case hexadecimal digits."""
    return sha256_of_state(state).hexdigest()


def state_bytes(state: State) -> bytes:
    """The state's canonical bytes."""
    return b"".join(state_chunks(state))


def state_chunks(state: State) -> Iterator[bytes]:
    """The state's canonical bytes, piece by piece: where one piece ends means nothing."""
    yield b'{"accounts":{'
    yield from _records(state.accounts, _account_document)
    yield b'},"last_settle":' + _encode(_optional_time(state.last_settle)) + b',"markets":{'
    yield from _records(state.markets, _market_document)
    yield b'},"prices":{'
    yield from _records(state.prices, str)
    yield b'},"providers":{'
    yield from _records(state.providers, _provider_document)
    yield b'},"rulebook":' + state.rulebook.document.encode("utf-8")
    yield b',"sequence":%d,"time":%d}' % (state.sequence, state.time)


def sha256_of_state(state: State) -> "hashlib._Hash":
    """The SHA-256 over the state's canonical bytes."""
    digest = hashlib.sha256()
    for chunk in state_chunks(state):
        digest.update(chunk)
    return digest


def _records(table: Mapping[str, Any], document: Callable[[Any], object]) -> Iterator[bytes]:
    """The members of an object, without its braces, a thousand at a time."""
    ids = iter(sorted(table))
    separator = b""
    while part := list(islice(ids, RECORDS_PER_CHUNK)):
        yield separator + _encode_sorted({record_id: document(table[record_id]) for record_id in part})[1:-1]
        separator = b","


def _optional_time(time: int | None) -> int | None:
    return None if time is None or time == NEVER else time


def _account_document(account: Account) -> dict[str, object]:
    liquidation = account.liquidation
    return {
        "cash": {asset: str(amount) for asset, amount in account.cash.items()},
        "fee_tier": account.fee_tier,
        "liquidation": None if liquidation is None else _liquidation_document(liquidation),
        "max_leverage": account.max_leverage,
        "positions": {
            market: {"reference_cost": str(position.reference_cost), "size": str(position.size)}
            for market, position in account.positions.items()
        },
    }


def _liquidation_document(liquidation: Liquidation) -> dict[str, object]:
    return {
        "round": liquidation.round,
        "starting_sizes": {market: str(size) for market, size in liquidation.starting_sizes.items()},
        "time": liquidation.time,
    }


def _market_document(market: Market) -> dict[str, object]:
    document: dict[str, object] = {
        "index": str(market.index),
        "last_funding": _optional_time(market.last_funding),
        "mark": str(market.mark),
        "premium_count": market.premium_count,
        "premium_sum": str(market.premium_sum),
    }
    if market.monitor is not None:
        document["monitor"] = _monitor_document(market.monitor)
    return document


def _monitor_document(monitor: LiquidityMonitor) -> dict[str, object]:
    return {
        "ask": str(monitor.ask),
        "ask_depth": str(monitor.ask_depth),
        "bid": str(monitor.bid),
        "bid_depth": str(monitor.bid_depth),
        "observations": [{"mark": str(seen.mark), "volume": str(seen.volume)} for seen in monitor.observations],
        "stressed": monitor.stressed,
        "time": monitor.time,
    }


def _provider_document(provider: Provider) -> dict[str, object]:
    limits = provider.limits
    return {
        "limits": None
        if limits is None
        else {
            "capacity_per_hour": str(limits.capacity_per_hour),
            "capacity_per_minute": str(limits.capacity_per_minute),
            "max_holdings": str(limits.max_holdings),
        },
        "notice": provider.notice,
        "takeovers": [{"notional": str(taken.notional), "time": taken.time} for taken in provider.takeovers],
    }
