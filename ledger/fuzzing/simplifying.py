"""Plainer transactions: what may be tried in place of one, the plainest first.

A quantity is plainer than another where it has fewer significant digits, or as many and is nearer to zero; a price only
where it has fewer digits, so that prices stay where they were. Whatever is tried here is strictly plainer, so that
trying comes to an end.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from immutables import Map

from ..rulebook import Rulebook
from ..rules.mark import index_of
from ..transactions import (
    Deposit,
    Enroll,
    Fund,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Trade,
    Transaction,
    Withdraw,
)
from ..units import floor_to_multiple

Change = Mapping[str, Any]
"""The fields that a plainer transaction has otherwise."""


ROUND_SUMS = (1000, 10_000, 1_000_000, 100, 10, 1)
"""Whole units of the settlement asset, and a tenth of the last."""


def complexity(value: int) -> tuple[int, int]:
    """How plain a quantity is, the plainer the less: its significant digits, and how far from zero it is."""
    return len(str(abs(value)).rstrip("0")), abs(value)


def plainer(value: int, unit: int = 1) -> Iterator[int]:
    """Plainer quantities than `value` of the same sign, multiples of `unit`, the plainest first; zero is not tried."""
    sign, size = (-1 if value < 0 else 1), abs(value)
    digits = len(str(size))
    tried: dict[int, None] = {unit: None}
    for kept in range(1, min(digits, 4)):
        power = 10 ** (digits - kept)
        down = size // power * power
        tried |= dict.fromkeys((down, down + power))
    tried |= dict.fromkeys((10 ** (digits - 1), 10**digits, floor_to_multiple(size // 2, unit)))
    allowed = [n for n in tried if n > 0 and n % unit == 0 and complexity(n) < complexity(size)]
    for candidate in sorted(allowed, key=complexity):
        yield sign * candidate


def rounder(price: int, unit: int = 1) -> Iterator[int]:
    """Positive multiples of `unit` near a price that have fewer significant digits, the fewest first."""
    digits = len(str(abs(price)))
    for kept in range(1, digits):
        power = 10 ** (digits - kept)
        down = price // power * power
        for candidate in sorted((down, down + power), key=lambda near: abs(near - price)):
            if candidate > 0 and candidate % unit == 0 and complexity(candidate)[0] < complexity(price)[0]:
                yield candidate


def plainer_transactions(rulebook: Rulebook, transaction: Transaction) -> Iterator[Transaction]:
    """Transactions that are plainer in one field, but for their time."""
    for change in _changes(rulebook, transaction):
        yield attrs.evolve(transaction, **change)


def _changes(rulebook: Rulebook, transaction: Transaction) -> Iterator[Change]:
    match transaction:
        case Deposit() | Withdraw():
            if transaction.asset != rulebook.settlement_asset:
                yield from ({"asset": rulebook.settlement_asset, "amount": amount} for amount in round_sums(rulebook))
            asset = rulebook.assets.get(transaction.asset)
            yield from _of("amount", transaction.amount, 1 if asset is None else asset.booking_unit)
        case SetAccount():
            yield from ({"max_leverage": None}, {"fee_tier": None}) if _sets_both(transaction) else ()
            if transaction.max_leverage is not None:
                yield from _of("max_leverage", transaction.max_leverage)
        case Trade():
            yield from _of("size", transaction.size)
            tick = tick_of(rulebook, transaction.market)
            yield from ({"price": price} for price in rounder(transaction.price, tick))
            if not transaction.buyer_is_taker:
                yield {"buyer_is_taker": True}
        case MarkMarket():
            yield from ({"premium": premium} for premium in (0, *plainer(transaction.premium)) if transaction.premium)
            yield from _of_quotes(rulebook, transaction.quotes)
        case MarkAsset():
            yield from _of_quotes(rulebook, transaction.quotes)
        case Observe():
            for field in ("bid", "ask"):
                yield from ({field: price} for price in rounder(getattr(transaction, field)))
            for field in ("bid_depth", "ask_depth", "volume"):
                yield from _of(field, getattr(transaction, field))
        case Fund():
            if transaction.rate:
                yield from ({"rate": rate} for rate in (0, *plainer(transaction.rate)))
        case Enroll():
            for field in ("capacity_per_minute", "capacity_per_hour", "max_holdings"):
                yield from _of(field, getattr(transaction, field))
        case Liquidate():
            yield from _of_fills(rulebook, transaction)
        case _:
            pass


def round_sums(rulebook: Rulebook) -> tuple[int, ...]:
    """Sums of the settlement asset, in atoms, that a plain deposit may be of."""
    unit = 10**rulebook.settlement_decimals
    return (*(units * unit for units in ROUND_SUMS), *((unit // 10,) if unit > 1 else ()))


def other_transactions(rulebook: Rulebook, transaction: Transaction, gone: Transaction) -> Iterator[Transaction]:
    """The transaction in another measure, which may do without `gone`: a mark further off, another deposit or
    withdrawal, a trade that makes up for another."""
    match transaction:
        case MarkMarket() | MarkAsset():
            prices = transaction.quotes
            for by in (5, 20, 2, 100):
                moved = {source: prices[source] * by // 10 for source in prices}
                if min(moved.values(), default=0) > 0:
                    yield attrs.evolve(transaction, quotes=Map(moved))
        case Deposit() | Withdraw():
            for amount in round_sums(rulebook)[:3]:
                yield attrs.evolve(transaction, asset=rulebook.settlement_asset, amount=amount)
        case Trade() if isinstance(gone, Trade):
            for size in (transaction.size + gone.size, abs(transaction.size - gone.size)):
                yield attrs.evolve(transaction, size=size)
        case _:
            pass


def tick_of(rulebook: Rulebook, market_id: str) -> int:
    """A market's tick, 1 for one that is not listed."""
    contract = rulebook.contracts.get(market_id)
    return 1 if contract is None else contract.tick


def _of(field: str, value: int, unit: int = 1) -> Iterator[Change]:
    return ({field: plain} for plain in plainer(value, unit))


def _sets_both(transaction: SetAccount) -> bool:
    return transaction.max_leverage is not None and transaction.fee_tier is not None


def _of_quotes(rulebook: Rulebook, quotes: Map[str, int]) -> Iterator[Change]:
    """The fewest sources that all say the index, then plainer prices, of all sources or of one."""
    if not quotes:
        return
    fewest = rulebook.sources[: max(1, rulebook.minimum_sources)]
    prices = sorted(quotes.values())
    agreed = prices[0] == prices[-1]
    index = index_of(quotes) if len(quotes) > 2 else prices[0]
    if index > 0 and (not agreed or len(quotes) > len(fewest)):
        yield {"quotes": Map(dict.fromkeys(fewest, index))}
    if len(quotes) > len(fewest):
        yield from ({"quotes": quotes.delete(source)} for source in sorted(quotes))
    if agreed:
        yield from ({"quotes": Map(dict.fromkeys(quotes, price))} for price in rounder(prices[0]))
    else:
        for source in sorted(quotes):
            yield from ({"quotes": quotes.set(source, price)} for price in rounder(quotes[source]))


def _of_fills(rulebook: Rulebook, transaction: Liquidate) -> Iterator[Change]:
    """Fewer fills, then plainer ones."""
    fills = transaction.fills
    if len(fills) > 1:
        yield {"fills": ()}
    for number, fill in enumerate(fills):
        before, after = fills[:number], fills[number + 1 :]
        yield {"fills": (*before, *after)}
        for size in plainer(fill.size):
            yield {"fills": (*before, attrs.evolve(fill, size=size), *after)}
        for price in rounder(fill.price, tick_of(rulebook, fill.market)):
            yield {"fills": (*before, attrs.evolve(fill, price=price), *after)}


def plainer_gaps(gap: int) -> Iterator[int]:
    """Shorter lengths of time, in ms, than a positive `gap` between two transactions: none first, then round ones."""
    shorter = {floor_to_multiple(gap, length): None for length in (3_600_000, 60_000, 1000)}
    shorter |= dict.fromkeys(plain for plain in plainer(gap))
    return (plain for plain in dict.fromkeys((0, *shorter)) if plain < gap)
