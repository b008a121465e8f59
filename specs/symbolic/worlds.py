"""Small worlds: concrete ids, one or two markets, and the integers of a contract in every other place.

Marks and prices are concrete unless a contract says otherwise, so that what the rules compute is linear in sizes and
amounts. Balances and sizes of zero are not stored, as the ledger stores none.
"""

from collections.abc import Mapping

import attrs
from immutables import Map

from ledger.profiles import load_profile
from ledger.rulebook import EXTERNAL, FEES, INSURANCE, Rulebook
from ledger.state import NEVER, Account, Liquidation, Market, Position, Provider, State

ASCENDEX: Rulebook = load_profile("ascendex-2020")
FLAT: Rulebook = load_profile("textbook")
"""One margin tier of 1% and 0.6%, no fees, no band."""

USDT, COIN, BTC, ETH = "USDT", "BTC", "BTC-PERP", "ETH-PERP"
UNIT = 10**13
"""Atoms of one USDT."""

EXACT = 10**18
RATE = 10**9
BTC_MARK, ETH_MARK = 5000 * 10**9, 200 * 10**9
LOT = BTC_MARK
"""One lot of BTC-PERP at mark, in atoms: 0.5 USDT."""

ETH_LOT = 10 * ETH_MARK
"""One lot of ETH-PERP at mark, in atoms: 0.2 USDT."""

NOW = 1_600_000_000_000
"""The time of a state: 2020-09-13T12:26:40Z, off every grid."""


def rulebook_with(rulebook: Rulebook, **terms: Mapping[str, object]) -> Rulebook:
    """A rulebook with terms of some of its parts replaced: `program={"discount": 0}`."""
    return attrs.evolve(
        rulebook, **{part: attrs.evolve(getattr(rulebook, part), **changed) for part, changed in terms.items()}
    )


def account(
    usdt: int = 0,
    size: int = 0,
    cost: int = 0,
    *,
    coins: int = 0,
    eth_size: int = 0,
    eth_cost: int = 0,
    leverage: int = 100,
    fee_tier: str = "standard",
    liquidation: Liquidation | None = None,
) -> Account:
    """An account with atoms of USDT and BTC, and positions in BTC-PERP and ETH-PERP as size and reference cost."""
    cash = {asset: amount for asset, amount in ((USDT, usdt), (COIN, coins)) if amount != 0}
    positions = {
        market: Position(lots, reference_cost)
        for market, lots, reference_cost in ((BTC, size, cost), (ETH, eth_size, eth_cost))
        if lots != 0
    }
    return Account(Map(cash), Map(positions), leverage, fee_tier, liquidation)


def state(
    rulebook: Rulebook,
    accounts: Mapping[str, Account],
    *,
    markets: Mapping[str, Market] | None = None,
    coin_price: int | None = BTC_MARK,
    providers: Mapping[str, Provider] | None = None,
    last_settle: int = NEVER,
    time: int = NOW,
) -> State:
    """A state of the accounts and, unless they are among them, empty system accounts; BTC has a price, ETH has none."""
    prices = {USDT: 10**9} if coin_price is None else {USDT: 10**9, COIN: coin_price}
    marked = {BTC: market(BTC_MARK), ETH: market(ETH_MARK)} if markets is None else markets
    system = {account_id: account() for account_id in (EXTERNAL, FEES, INSURANCE) if account_id not in accounts}
    return State(
        rulebook,
        Map({**system, **accounts}),
        Map(marked),
        Map(prices),
        Map(providers or {}),
        last_settle,
        time,
        7,
    )


def market(
    mark: int, *, index: int | None = None, premium_sum: int = 0, premium_count: int = 0, last_funding: int = NEVER
) -> Market:
    """A market at a mark, its index the same where none is given."""
    return Market(mark if index is None else index, mark, premium_sum, premium_count, last_funding)
