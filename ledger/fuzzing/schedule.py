"""What is due at fixed instants: funding and settling."""

from immutables import Map

from ..margin import effective_collateral, unrealised_pnl
from ..rulebook import Rulebook
from ..transactions import Deposit, Fund, MarkMarket, Settle, Transaction
from ..units import EXACT_SCALE, RATE_SCALE, floor_div, floor_to_multiple, is_multiple, sign
from .choosers import Chooser, choose_preferred, one_in
from .sight import Sight
from .times import instant_time


def fund(chooser: Chooser, sight: Sight) -> Fund:
    """An interval's funding, at a rate given or computed; now and then the next one, before anybody marks again."""
    state = sight.state
    terms, clamp = state.rulebook.funding, state.rulebook.funding_clamp
    market_id = choose_preferred(chooser, sorted(state.markets), sight.venue.markets)
    rate = chooser.choose_from((None, None, 1_000_000, -1_000_000, clamp, -clamp, 0, 333))
    time, before = state.time, sight.recent[-1] if sight.recent else None
    if isinstance(before, Fund) and one_in(chooser, 2):
        return Fund(floor_to_multiple(time, terms.interval) + terms.interval, before.market, None)
    if time - floor_to_multiple(time, terms.interval) < terms.window or one_in(chooser, 2):
        time = instant_time(chooser, time, interval=terms.interval, window=terms.window)
    return Fund(time, market_id, rate)


def tip(chooser: Chooser, sight: Sight) -> Transaction:
    """Somebody is brought exactly to where a settle begins or ceases to roll, by a mark or by a deposit, and a settle
    looks at that; any settle where nobody can be."""
    state = sight.state
    terms = state.rulebook.settle
    holders = [name for name in sight.holders if state.accounts[name].liquidation is None]
    if not holders:
        return settle(chooser, sight)
    effective = {name: effective_collateral(state, state.accounts[name]) for name in holders}
    uncovered = [name for name in holders if effective[name] <= 0]
    several = [name for name in uncovered if len(state.accounts[name].positions) > 1]
    account_id = choose_preferred(chooser, several or uncovered, holders)
    pnl, covered = unrealised_pnl(state, state.accounts[account_id]), effective[account_id]
    if (covered >= 0 and abs(pnl) == terms.minimum_pnl) or _at_the_ratio(state.rulebook, pnl, covered):
        return Settle(instant_time(chooser, state.time, interval=terms.schedule.interval, window=terms.schedule.window))
    if abs(pnl) != terms.minimum_pnl and (covered < 0 or one_in(chooser, 2)):
        marked = _mark_for_pnl(chooser, sight, account_id, chooser.choose_from((1, -1)) * terms.minimum_pnl)
        if marked is not None:
            return marked
    least = 0 if covered < 0 else floor_div(abs(pnl) * EXACT_SCALE * RATE_SCALE, max(1, terms.minimum_ratio))
    missing, asset = least - covered, state.rulebook.settlement_asset
    unit = state.rulebook.assets[asset].booking_unit * EXACT_SCALE
    if missing > 0 and is_multiple(missing, unit) and abs(pnl) >= terms.minimum_pnl:
        return Deposit(state.time, account_id, asset, floor_div(missing, EXACT_SCALE))
    return settle(chooser, sight)


def _at_the_ratio(rulebook: Rulebook, pnl: int, effective: int) -> bool:
    terms = rulebook.settle
    reaches = abs(pnl) >= terms.minimum_pnl and pnl != 0
    return reaches and abs(pnl) * EXACT_SCALE * RATE_SCALE == terms.minimum_ratio * effective


def _mark_for_pnl(chooser: Chooser, sight: Sight, account_id: str, wanted: int) -> MarkMarket | None:
    """The mark at which the account's whole pnl is `wanted` atoms; None where there is none."""
    state = sight.state
    account = state.accounts[account_id]
    change = wanted - unrealised_pnl(state, account)
    contracts = state.rulebook.contracts
    per_prices = {key: held.size * contracts[key].multiplier for key, held in sorted(account.positions.items())}
    exact = [market_id for market_id, per_price in per_prices.items() if is_multiple(change, abs(per_price))]
    if not exact:
        return None
    market_id = chooser.choose_from(exact)
    market, per_price = state.markets[market_id], per_prices[market_id]
    mark = market.mark + sign(per_price) * floor_div(change, abs(per_price))
    if not 0 < mark < 3 * market.mark:
        return None
    return MarkMarket(state.time, market_id, Map(dict.fromkeys(state.rulebook.sources, mark)), 0)


def settle(chooser: Chooser, sight: Sight) -> Settle:
    """A settle, on the grid or beside it."""
    schedule, now = sight.state.rulebook.settle.schedule, sight.state.time
    return Settle(instant_time(chooser, now, interval=schedule.interval, window=schedule.window))
