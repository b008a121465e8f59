"""Trades that open, close, reduce and flip, in one market or against another."""

from ..choosers import Chooser, choose_near, choose_preferred, one_in
from ..margin import effective_collateral, initial_margin, mark_per_lot, notional, position_notional
from ..rulebook import Contract
from ..rules.fills import fee_on, fee_rates
from ..state import Account, Market, Position, State, size_of
from ..transactions import Deposit, Trade
from ..units import EXACT_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple, is_multiple
from .sight import Sight
from .times import a_time


def band_edges(contract: Contract, market: Market) -> tuple[int, int]:
    """The lowest and the highest price on the tick within the band; half and one and a half times mark without one."""
    tick = contract.tick
    band = RATE_SCALE // 2 if contract.price_band is None else contract.price_band
    low = ceil_div(ceil_div(market.mark * (RATE_SCALE - band), RATE_SCALE), tick) * tick
    high = floor_to_multiple(floor_div(market.mark * (RATE_SCALE + band), RATE_SCALE), tick)
    return max(tick, low), max(tick, high)


def trade_price(chooser: Chooser, contract: Contract, market: Market) -> int:
    """At mark, a few ticks off, at the edge of the band, or one tick beyond it."""
    tick = contract.tick
    at_mark = max(tick, floor_to_multiple(market.mark, tick))
    kind = chooser.choose_int(0, 11)
    if kind < 7:
        return at_mark
    if kind < 9:
        return max(tick, at_mark + tick * chooser.choose_int(-8, 8))
    low, high = band_edges(contract, market)
    return max(tick, chooser.choose_from((low, high, low, high, low - tick, high + tick)))


def affordable_lots(state: State, account: Account, market_id: str, direction: int) -> int:
    """About the most lots (positive) that free collateral admits of a buy (1) or a sell (-1), fees aside."""
    contract = state.rulebook.contracts[market_id]
    per_lot = mark_per_lot(contract, state.markets[market_id])
    held = size_of(account, market_id)
    elsewhere = account
    if held:
        elsewhere = Account(account.cash, account.positions.delete(market_id), account.max_leverage, "", None)
    free = effective_collateral(state, account) - initial_margin(state, elsewhere)
    most, lower = 0, 0
    least_rate = ceil_div(RATE_SCALE, account.max_leverage)
    for tier in contract.tiers:
        reach = floor_div(free, max(tier.initial_rate, least_rate) * per_lot * RATE_SCALE)
        if tier.upper is not None:
            reach = min(reach, floor_div(tier.upper - 1, per_lot))
        if reach * per_lot >= lower:
            most = max(most, reach)
        lower = tier.upper or lower
    return max(0, most - direction * held)


def trade_size(chooser: Chooser, state: State, market_id: str, buyer: str, seller: str) -> int:
    """Lots that use free collateral up, close, reduce or flip a side, or reach the bound of a tier; or a few."""
    buys, sells = state.accounts[buyer], state.accounts[seller]
    kind = chooser.choose_int(0, 9)
    if kind < 4:
        most = min(affordable_lots(state, buys, market_id, 1), affordable_lots(state, sells, market_id, -1))
        share = chooser.choose_from((9, 10, 8, 5))
        return max(1, choose_near(chooser, most * share // 10))
    if kind < 8:
        held = chooser.choose_from((abs(size_of(buys, market_id)), abs(size_of(sells, market_id))))
        return max(1, held * chooser.choose_from((10, 5, 9, 15)) // 10)
    if kind < 9:
        contract = state.rulebook.contracts[market_id]
        bounds = [tier.upper for tier in contract.tiers if tier.upper is not None]
        if bounds:
            per_lot = mark_per_lot(contract, state.markets[market_id])
            up_to = chooser.choose_from(bounds) // per_lot - abs(size_of(buys, market_id))
            return max(1, choose_near(chooser, up_to))
    return chooser.choose_int(1, 5)


def two_parties(chooser: Chooser, sight: Sight, market_id: str) -> tuple[str, str]:
    """Buyer and seller: usually active; sometimes one who is in distress, and who then tends to get out."""
    everyone, able = sight.names_to_use(), sight.able
    first = choose_preferred(chooser, able, everyone)
    others = [name for name in able if name != first] or everyone
    if one_in(chooser, 4):
        accounts = sight.state.accounts
        distressed = [name for name in sight.distressed if accounts[name].liquidation is None]
        opposed = [name for name in distressed if size_of(accounts[name], market_id) > 0]
        second = chooser.choose_from(opposed or others)
    else:
        second = choose_preferred(chooser, others, everyone)
    return first, second


def trade(chooser: Chooser, sight: Sight) -> Trade:
    """Two accounts open, close, reduce or flip."""
    state, time = sight.state, a_time(chooser, sight)
    accounts = state.accounts
    market_id = choose_preferred(chooser, sorted(state.markets), sight.venue.markets)
    buyer, seller = two_parties(chooser, sight, market_id)
    buyer_is_taker = bool(chooser.choose_int(0, 1))
    contract = state.rulebook.contracts[market_id]
    if market_id not in state.markets or buyer not in accounts or seller not in accounts:
        return Trade(time, market_id, buyer, seller, 1, contract.tick, buyer_is_taker)
    are_opposed = size_of(accounts[buyer], market_id) > 0 > size_of(accounts[seller], market_id)
    if are_opposed and one_in(chooser, 2):
        buyer, seller = seller, buyer
    size = trade_size(chooser, state, market_id, buyer, seller)
    price = trade_price(chooser, contract, state.markets[market_id])
    return Trade(time, market_id, buyer, seller, size, price, buyer_is_taker)


def to_the_limit(chooser: Chooser, sight: Sight) -> Trade | Deposit:
    """Somebody flat opens what uses free collateral up exactly, fees included; first a deposit makes that possible."""
    state, able = sight.state, sight.able
    flat = [name for name in able if not state.accounts[name].positions]
    if not flat or len(able) < 2 or not state.markets:
        return trade(chooser, sight)
    name = chooser.choose_from(flat)
    market_id = chooser.choose_from(sorted(state.markets))
    contract, account = state.rulebook.contracts[market_id], state.accounts[name]
    price = max(contract.tick, floor_to_multiple(state.markets[market_id].mark, contract.tick))
    effective = effective_collateral(state, account)
    size = affordable_lots(state, account, market_id, 1)
    while size > 0 and needed_to_buy(state, name, market_id, size=size, price=price) > effective:
        size -= max(1, size // 50)
    size = max(1, size)
    missing = needed_to_buy(state, name, market_id, size=size, price=price) - effective
    if missing < 0:
        size += 1
        missing = needed_to_buy(state, name, market_id, size=size, price=price) - effective
    settlement_asset = state.rulebook.settlement_asset
    unit = state.rulebook.assets[settlement_asset].booking_unit * EXACT_SCALE
    if missing > 0 and is_multiple(missing, unit):
        return Deposit(state.time, name, settlement_asset, floor_div(missing, EXACT_SCALE))
    counterparty = chooser.choose_from([other for other in able if other != name])
    return Trade(state.time, market_id, name, counterparty, size, price, buyer_is_taker=True)


def needed_to_buy(state: State, account_id: str, market_id: str, *, size: int, price: int) -> int:
    """The collateral (an exact value) with which a flat account buys so many lots as the taker and has none left."""
    contract, account = state.rulebook.contracts[market_id], state.accounts[account_id]
    value = notional(contract, size, price)
    rate = fee_rates(state, account_id, state.time).taker
    fee = fee_on(value=value, rate=rate, fee_unit=state.rulebook.fee_unit)
    bought = Position(size, -value - fee)
    after = Account(account.cash, account.positions.set(market_id, bought), account.max_leverage, "", None)
    gain = min(0, effective_collateral(state, after) - effective_collateral(state, account))
    return initial_margin(state, after) - gain


def hedge(chooser: Chooser, sight: Sight) -> Trade:
    """Somebody with a position takes about the same notional in another market, mostly on the other side."""
    state, able = sight.state, sight.able
    holders = [name for name in able if state.accounts[name].positions]
    if not holders or len(able) < 2:
        return trade(chooser, sight)
    name = chooser.choose_from(holders)
    account = state.accounts[name]
    held_in = chooser.choose_from(sorted(account.positions))
    others = [market_id for market_id in sorted(state.markets) if market_id != held_in]
    if not others:
        return trade(chooser, sight)
    market_id = chooser.choose_from([other for other in others if other not in account.positions] or others)
    contract, market = state.rulebook.contracts[market_id], state.markets[market_id]
    notional = position_notional(state, account, held_in)
    counterparty = chooser.choose_from([other for other in able if other != name])
    sells = notional > 0 if not one_in(chooser, 5) else notional < 0
    size = max(1, abs(notional) // mark_per_lot(contract, market) * chooser.choose_from((10, 5, 9)) // 10)
    if not one_in(chooser, 4):
        direction = -1 if sells else 1
        size = max(1, min(size, affordable_lots(state, account, market_id, direction) * 9 // 10))
    buyer, seller = (counterparty, name) if sells else (name, counterparty)
    at_mark = max(contract.tick, floor_to_multiple(market.mark, contract.tick))
    return Trade(state.time, market_id, buyer, seller, size, at_mark, bool(chooser.choose_int(0, 1)))
