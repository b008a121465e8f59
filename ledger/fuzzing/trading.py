"""Trades that open, close, reduce and flip."""

from ..margin import effective_collateral, initial_margin, mark_per_lot
from ..rulebook import Contract
from ..state import Account, Market, State, size_of
from ..transactions import Trade
from ..units import RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from .choosers import Chooser, choose_near, choose_preferred, one_in
from .sight import able_accounts, distressed_accounts, names_to_use
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
    here = (
        Account(account.cash, account.positions.delete(market_id), account.max_leverage, "", None) if held else account
    )
    free = effective_collateral(state, account) - initial_margin(state, here)
    most, lower = 0, 0
    for tier in contract.tiers:
        rate = max(tier.initial_rate, ceil_div(RATE_SCALE, account.max_leverage))
        reach = floor_div(free, rate * per_lot * RATE_SCALE)
        if tier.upper is not None:
            reach = min(reach, floor_div(tier.upper - 1, per_lot))
        if reach * per_lot >= lower:
            most = max(most, reach)
        lower = tier.upper or lower
    return max(0, most - direction * held)


def trade_size(chooser: Chooser, state: State, market_id: str, buyer: str, seller: str) -> int:
    """Lots that use free collateral up, close, reduce or flip a side, or reach the bound of a tier; or a few."""
    contract, market = state.rulebook.contracts[market_id], state.markets[market_id]
    per_lot = mark_per_lot(contract, market)
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
        bounds = [tier.upper for tier in contract.tiers if tier.upper is not None]
        if bounds:
            upto = chooser.choose_from(bounds) // per_lot - abs(size_of(buys, market_id))
            return max(1, choose_near(chooser, upto))
    return chooser.choose_int(1, 5)


def two_parties(chooser: Chooser, state: State, market_id: str) -> tuple[str, str]:
    """Buyer and seller: usually active; sometimes one who is in distress, and who then tends to get out."""
    everyone, able = names_to_use(state), able_accounts(state)
    first = choose_preferred(chooser, able, everyone)
    others = [name for name in able if name != first] or everyone
    if one_in(chooser, 4):
        distressed = [name for name in distressed_accounts(state) if state.accounts[name].liquidation is None]
        opposed = [name for name in distressed if size_of(state.accounts[name], market_id) > 0]
        second = chooser.choose_from(opposed or others)
    else:
        second = choose_preferred(chooser, others, everyone)
    return first, second


def trade(chooser: Chooser, state: State) -> Trade:
    """Two accounts open, close, reduce or flip."""
    rulebook, time = state.rulebook, a_time(chooser, state)
    market_id = choose_preferred(chooser, sorted(state.markets), sorted(rulebook.contracts))
    buyer, seller = two_parties(chooser, state, market_id)
    buyer_is_taker = bool(chooser.choose_int(0, 1))
    contract = rulebook.contracts[market_id]
    if market_id not in state.markets or buyer not in state.accounts or seller not in state.accounts:
        return Trade(time, market_id, buyer, seller, 1, contract.tick, buyer_is_taker)
    if size_of(state.accounts[buyer], market_id) > 0 > size_of(state.accounts[seller], market_id) and one_in(
        chooser, 2
    ):
        buyer, seller = seller, buyer
    size = trade_size(chooser, state, market_id, buyer, seller)
    return Trade(
        time,
        market_id,
        buyer,
        seller,
        size,
        trade_price(chooser, contract, state.markets[market_id]),
        buyer_is_taker,
    )
