"""One fault for a transaction, of those that its type can have."""

from collections.abc import Mapping
from typing import Any

import attrs
from immutables import Map

from ..choosers import Chooser, one_in
from ..rulebook import INSURANCE
from ..transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
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
from ..units import floor_to_multiple
from .sight import STRANGERS, Sight

UNLISTED_MARKET, UNLISTED_ASSET, UNLISTED_SOURCE, UNLISTED_TIER = "XRP-PERP", "DOGE", "Mtgox", "gold"

Fault = Mapping[str, Any]
"""The fields that a fault replaces."""


def spoil(chooser: Chooser, sight: Sight, transaction: Transaction) -> Transaction:
    """The transaction with one fault, of those that its type can have: time going back, or a field beyond its limit."""
    now = sight.state.time
    if one_in(chooser, 6):
        return attrs.evolve(transaction, time=max(-1, now - chooser.choose_from((1, 60_000, now + 1))))
    if isinstance(transaction, Liquidate) and transaction.fills and not one_in(chooser, 3):
        return _with_a_spoiled_fill(chooser, sight, transaction)
    return attrs.evolve(transaction, **chooser.choose_from(faults_of(chooser, sight, transaction)))


def faults_of(chooser: Chooser, sight: Sight, transaction: Transaction) -> tuple[Fault, ...]:
    """The faults of one transaction, each as the fields it replaces."""
    match transaction:
        case Deposit() | Withdraw():
            return _of_booking(chooser, sight, transaction)
        case SetAccount():
            return (
                {"account": chooser.choose_from(STRANGERS)},
                {"max_leverage": None, "fee_tier": None},
                {"max_leverage": 0},
                {"max_leverage": sight.state.rulebook.maximum_leverage + 1},
                {"fee_tier": UNLISTED_TIER},
            )
        case Trade():
            return _of_trade(chooser, sight, transaction)
        case MarkMarket():
            return (
                {"market": UNLISTED_MARKET},
                {"premium": -max(transaction.quotes.values())},
                {"quotes": _spoiled_quotes(chooser, transaction.quotes)},
            )
        case MarkAsset():
            return (
                {"asset": UNLISTED_ASSET},
                {"asset": sight.state.rulebook.settlement_asset},
                {"quotes": _spoiled_quotes(chooser, transaction.quotes)},
            )
        case Observe():
            return (
                {"market": chooser.choose_from((UNLISTED_MARKET, *sight.venue.markets))},
                {"bid": chooser.choose_from((0, -1))},
                {"ask": transaction.bid - chooser.choose_from((0, 1))},
                {chooser.choose_from(("bid_depth", "ask_depth")): -1},
                {"volume": -1},
                {"time": sight.state.time},
            )
        case Fund():
            return _of_fund(chooser, sight)
        case Settle():
            missed = transaction.time + sight.state.rulebook.settle.schedule.window
            return ({"time": missed}, {"time": sight.state.time})
        case Enroll():
            return (
                {"account": chooser.choose_from(STRANGERS)},
                {"capacity_per_minute": sight.state.rulebook.program.minimum_capacity_per_minute - 1},
                {"capacity_per_hour": transaction.capacity_per_minute - 1},
                {"max_holdings": transaction.capacity_per_minute - 1},
            )
        case Leave() | BackstopTransfer() | Liquidate():
            return ({"account": chooser.choose_from((*STRANGERS, *sight.active))},)


def _of_booking(chooser: Chooser, sight: Sight, transaction: Deposit | Withdraw) -> tuple[Fault, ...]:
    rulebook = sight.state.rulebook
    unpriced = [asset for asset in sight.venue.assets if asset not in sight.state.prices]
    in_coins: Fault = {"account": INSURANCE, "amount": 10**9}
    if sight.venue.coins:
        coin = chooser.choose_from(sight.venue.coins)
        in_coins = {"account": INSURANCE, "asset": coin, "amount": rulebook.assets[coin].booking_unit}
    return (
        in_coins,
        {"account": chooser.choose_from(STRANGERS)},
        {"asset": chooser.choose_from((UNLISTED_ASSET, *unpriced)), "amount": 10**rulebook.settlement_decimals},
        {"amount": chooser.choose_from((0, -1, -transaction.amount))},
        {"asset": rulebook.settlement_asset, "amount": transaction.amount * 10_000 + 1},
    )


def _of_trade(chooser: Chooser, sight: Sight, transaction: Trade) -> tuple[Fault, ...]:
    stranger = chooser.choose_from((*STRANGERS, *sight.liquidating))
    return (
        {"buyer": stranger},
        {"seller": stranger},
        {"seller": transaction.buyer},
        {"market": chooser.choose_from((UNLISTED_MARKET, *unmarked(sight)))},
        {"size": chooser.choose_from((0, -transaction.size))},
        {"size": transaction.size * 1000},
        {"price": chooser.choose_from((transaction.price + 1, 0, -transaction.price))},
        {"price": transaction.price * 2},
    )


def unmarked(sight: Sight) -> list[str]:
    """Listed markets that have no mark yet."""
    return [market for market in sight.venue.markets if market not in sight.state.markets]


def _spoiled_quotes(chooser: Chooser, quotes: Map[str, int]) -> Map[str, int]:
    source = chooser.choose_from(sorted(quotes))
    kind = chooser.choose_int(0, 4)
    if kind == 0:
        return quotes.set(UNLISTED_SOURCE, quotes[source])
    if kind < 3:
        return quotes.set(source, 1 - kind)
    return Map({source: quotes[source]}) if kind == 3 else Map()


def _of_fund(chooser: Chooser, sight: Sight) -> tuple[Fault, ...]:
    state = sight.state
    beyond, terms = state.rulebook.funding_clamp + 1, state.rulebook.funding
    due = max(state.time, floor_to_multiple(state.time, terms.interval))
    return (
        {"market": chooser.choose_from((UNLISTED_MARKET, *unmarked(sight)))},
        {"rate": chooser.choose_from((beyond, -beyond))},
        {"time": due + terms.window},
    )


def _with_a_spoiled_fill(chooser: Chooser, sight: Sight, transaction: Liquidate) -> Liquidate:
    number = chooser.choose_int(0, len(transaction.fills) - 1)
    fill = transaction.fills[number]
    others = (transaction.account, *STRANGERS, "nobody", *sight.liquidating)
    faults: tuple[Fault, ...] = (
        {"market": chooser.choose_from((UNLISTED_MARKET, *(2 * unmarked(sight) or sight.venue.markets)))},
        {"counterparty": chooser.choose_from(others)},
        {"size": chooser.choose_from((0, -1, fill.size * 3))},
        {"price": chooser.choose_from((fill.price + 1, 0, fill.price * 2))},
    )
    spoiled: Fill = attrs.evolve(fill, **chooser.choose_from(faults))
    return attrs.evolve(transaction, fills=(*transaction.fills[:number], spoiled, *transaction.fills[number + 1 :]))
