"""Marks and collateral prices, calm ones and those that move somebody to a level that matters."""

from immutables import Map

from ..choosers import Chooser, choose_near, choose_preferred, one_in
from ..margin import distress_collateral, position_notional, tier_of
from ..rulebook import Rulebook
from ..state import Account, State, size_of
from ..transactions import MarkAsset, MarkMarket
from ..units import EXACT_SCALE, PRICE_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from .sight import Sight
from .times import a_time

HIGHEST_PRICE = 10**9 * PRICE_SCALE
"""Prices do not run away from where they began, however long a simulation is."""


def quotes_around(chooser: Chooser, rulebook: Rulebook, index: int) -> Map[str, int]:
    """Quotes whose index is `index`: all the same, or with one source wild, of all sources, one less, or the fewest.

    Now and then they all differ a little, and the index too.
    """
    every, fewest = len(rulebook.sources), rulebook.minimum_sources
    fresh = rulebook.sources[: chooser.choose_from((every, every, max(fewest, every - 1), fewest))]
    quotes = dict.fromkeys(fresh, index)
    if one_in(chooser, 3):
        quotes[chooser.choose_from(fresh)] = chooser.choose_from((index * 2, 1, index + 1, max(1, index - 1)))
    elif one_in(chooser, 4):
        quotes = {source: max(1, index + chooser.choose_int(-9, 9)) for source in fresh}
    return Map(quotes)


def level_of(sight: Sight, account_id: str, market_id: str, *, rate: int) -> int | None:
    """The mark (price units) where distress collateral is `rate` ppb of the market's notional, others as they are.

    None where there is no position or no such mark.
    """
    state, standing = sight.state, sight.standing(account_id)
    size = size_of(standing.account, market_id)
    per_price = size * state.rulebook.contracts[market_id].multiplier
    divisor = per_price * RATE_SCALE - rate * abs(per_price)
    if size == 0 or divisor == 0:
        return None
    level = floor_div((per_price * state.markets[market_id].mark - standing.distress) * RATE_SCALE, divisor)
    return level if level > 0 else None


def level_aimed_at(chooser: Chooser, sight: Sight, market_id: str) -> int | None:
    """The mark at which somebody becomes liquidatable, released, taken over, bankrupt, or worse."""
    state = sight.state
    exposed = [name for name in sight.holders if market_id in state.accounts[name].positions]
    if not exposed:
        return None
    watched = [name for name in exposed if name in state.providers or state.accounts[name].liquidation is not None]
    name = choose_preferred(chooser, watched if one_in(chooser, 2) else exposed, exposed)
    account = state.accounts[name]
    tier = tier_of(state.rulebook.contracts[market_id], abs(position_notional(state, account, market_id)))
    initial, maintenance = tier.initial_rate, tier.maintenance_rate
    middle = (initial + maintenance) // 2
    if account.liquidation is not None:
        rates = (maintenance, middle, initial + 1, maintenance * 3 // 4, maintenance // 2, 0)
    else:
        rates = (maintenance, maintenance * 3 // 4, maintenance // 2, 0, -maintenance, -3 * initial)
    return level_of(sight, name, market_id, rate=chooser.choose_from(rates))


def mark_aimed_at(chooser: Chooser, sight: Sight, market_id: str, *, calm: bool) -> int:
    """A new mark: a drift when calm; otherwise a level that matters, a jump, or back where prices began."""
    base, market = sight.venue.base_price(market_id), sight.state.markets.get(market_id)
    if market is None or market.mark > HIGHEST_PRICE:
        return base
    tick = sight.state.rulebook.contracts[market_id].tick
    if calm:
        drifted = market.mark * (10_000 + chooser.choose_int(-60, 60)) // 10_000
        return max(1, floor_to_multiple(drifted, tick))
    kind = chooser.choose_int(0, 9)
    if kind < 7:
        level = level_aimed_at(chooser, sight, market_id)
        if level is not None and market.mark // 3 < level < market.mark * 3:
            if one_in(chooser, 2):
                return max(1, choose_near(chooser, level))
            return max(tick, floor_to_multiple(level, tick))
    if kind < 9:
        return max(1, market.mark * chooser.choose_int(80, 125) // 100)
    return base


def _mark_market(chooser: Chooser, sight: Sight, *, calm: bool) -> MarkMarket:
    state = sight.state
    marked = sorted(state.markets)
    unmarked = [market for market in sight.venue.markets if market not in state.markets]
    market_id = chooser.choose_from(unmarked if unmarked and (not marked or one_in(chooser, 60)) else marked)
    mark = mark_aimed_at(chooser, sight, market_id, calm=calm)
    premium = mark * chooser.choose_from((0, 0, 1, -1, 7, -7)) // 1000
    quotes = quotes_around(chooser, state.rulebook, max(1, mark - premium))
    return MarkMarket(a_time(chooser, sight), market_id, quotes, premium)


def mark_market(chooser: Chooser, sight: Sight) -> MarkMarket:
    """A quiet market: the mark drifts."""
    return _mark_market(chooser, sight, calm=True)


def crash(chooser: Chooser, sight: Sight) -> MarkMarket:
    """A market that moves somebody to a level that matters."""
    return _mark_market(chooser, sight, calm=False)


def topple(chooser: Chooser, sight: Sight) -> MarkMarket:
    """A market that moves a provider with a position below the level of takeover, or beyond bankruptcy."""
    state = sight.state
    exposed = [name for name in sight.obliged() if state.accounts[name].positions]
    if not exposed:
        return crash(chooser, sight)
    name = chooser.choose_from(exposed)
    market_id = chooser.choose_from(sorted(state.accounts[name].positions))
    tier = tier_of(state.rulebook.contracts[market_id], abs(position_notional(state, state.accounts[name], market_id)))
    rate = chooser.choose_from((tier.maintenance_rate // 3, tier.maintenance_rate // 4, 0, -tier.maintenance_rate))
    level = level_of(sight, name, market_id, rate=rate)
    mark = state.markets[market_id].mark
    if level is None or not mark // 3 < level < mark * 3:
        return crash(chooser, sight)
    return MarkMarket(state.time, market_id, quotes_around(chooser, state.rulebook, level), 0)


def price_of_debt(state: State, account: Account, asset: str) -> int | None:
    """The price of the collateral asset at which the account's distress collateral is nothing, other things equal."""
    terms, amount = state.rulebook.assets[asset], account.cash.get(asset, 0)
    if amount == 0:
        return None
    from_asset = amount * state.prices[asset] * terms.factor * terms.weight
    needed = from_asset - distress_collateral(state, account) * EXACT_SCALE
    price = ceil_div(needed, amount * terms.factor * terms.weight)
    return price if price > 0 else None


def mark_asset(chooser: Chooser, sight: Sight) -> MarkAsset | MarkMarket:
    """A collateral price: where it no longer covers somebody's debt, a drift, a fall, or back where it began.

    A market's mark where there is no collateral asset but the settlement asset.
    """
    state, coins = sight.state, sight.venue.coins
    if not coins:
        return mark_market(chooser, sight)
    settlement_asset = state.rulebook.settlement_asset
    asset = chooser.choose_from(coins)
    base = sight.venue.base_price(asset)
    price = min(state.prices.get(asset, base), HIGHEST_PRICE)
    accounts = [state.accounts[name] for name in sight.everyone]
    debtors = [account for account in accounts if account.cash.get(settlement_asset, 0) < 0 and asset in account.cash]
    if debtors and one_in(chooser, 2):
        flat = [account for account in debtors if not account.positions]
        level = price_of_debt(state, choose_preferred(chooser, flat, debtors), asset)
        if level is not None and price // 10 < level < price * 3:
            quotes = quotes_around(chooser, state.rulebook, max(1, level - 1))
            return MarkAsset(a_time(chooser, sight), asset, quotes)
    changed = (base, price * chooser.choose_int(85, 115) // 100, price * 999 // 1000 + 7, max(1, price // 2))
    quotes = quotes_around(chooser, state.rulebook, max(1, chooser.choose_from(changed)))
    return MarkAsset(a_time(chooser, sight), asset, quotes)


def sink(chooser: Chooser, sight: Sight) -> MarkAsset | MarkMarket:
    """A collateral price at which somebody without a position can no longer pay a debt; any price where nobody has one.

    A debt is left where a position that collateral assets backed was closed at a loss.
    """
    state, settlement_asset = sight.state, sight.state.rulebook.settlement_asset
    owed = [
        (name, asset)
        for name in sight.active
        if not state.accounts[name].positions and state.accounts[name].cash.get(settlement_asset, 0) < 0
        for asset in sorted(state.accounts[name].cash)
        if asset != settlement_asset
    ]
    if not owed:
        return mark_asset(chooser, sight)
    name, asset = chooser.choose_from(owed)
    level = price_of_debt(state, state.accounts[name], asset)
    if level is None or not state.prices[asset] // 10 < level < state.prices[asset] * 3:
        return mark_asset(chooser, sight)
    price = max(1, level - chooser.choose_from((1, 1, level // 100)))
    return MarkAsset(state.time, asset, Map(dict.fromkeys(state.rulebook.sources, price)))
