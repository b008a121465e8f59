"""What is due at fixed instants: funding and settling."""

from immutables import Map

from ..choosers import Chooser, choose_preferred, one_in
from ..margin import effective_collateral, notional, unrealised_pnl
from ..rulebook import Rulebook
from ..state import Account, State
from ..transactions import Deposit, Fund, MarkMarket, Settle, Transaction
from ..units import EXACT_SCALE, RATE_SCALE, floor_div, floor_to_multiple, is_multiple, sign
from .sight import Sight
from .times import instant_time

FARTHEST = 200
"""How far a mark is moved at most, in price units, for another to fit."""


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
    account_id = choose_preferred(chooser, several[:1] or uncovered, holders)
    account, covered = state.accounts[account_id], effective[account_id]
    pnl = unrealised_pnl(state, account)
    if (covered >= 0 and abs(pnl) == terms.minimum_pnl) or is_at_the_ratio(state.rulebook, pnl, covered):
        return settle(chooser, sight) if one_in(chooser, 3) else _settle_in_time(state)
    is_even = all(_pnl_of(state, account, market_id) == 0 for market_id in account.positions)
    if covered < 0 and is_even and len(account.positions) > 1:
        return _mark_apart(chooser, sight, account, 0) or settle(chooser, sight)
    if abs(pnl) != terms.minimum_pnl and (covered < 0 or one_in(chooser, 2)):
        marked = _mark_for_pnl(chooser, sight, account_id, chooser.choose_from((1, -1)) * terms.minimum_pnl)
        marked = marked or _mark_apart(chooser, sight, account, terms.minimum_pnl - pnl)
        if marked is not None:
            return marked
    least = 0 if covered < 0 else floor_div(abs(pnl) * EXACT_SCALE * RATE_SCALE, max(1, terms.minimum_ratio))
    missing, asset = least - covered, state.rulebook.settlement_asset
    unit = state.rulebook.assets[asset].booking_unit * EXACT_SCALE
    if missing > 0 and is_multiple(missing, unit) and abs(pnl) >= terms.minimum_pnl:
        return Deposit(state.time, account_id, asset, floor_div(missing, EXACT_SCALE))
    return settle(chooser, sight)


def is_at_the_ratio(rulebook: Rulebook, pnl: int, effective: int) -> bool:
    """Whether pnl is large enough to roll and exactly at the ratio to effective collateral beyond which it does."""
    terms = rulebook.settle
    reaches = abs(pnl) >= terms.minimum_pnl and pnl != 0
    return reaches and abs(pnl) * EXACT_SCALE * RATE_SCALE == terms.minimum_ratio * effective


def _mark_for_pnl(chooser: Chooser, sight: Sight, account_id: str, wanted: int) -> MarkMarket | None:
    """The mark at which the account's whole pnl is `wanted` atoms; None where there is none."""
    state = sight.state
    account = state.accounts[account_id]
    change = wanted - unrealised_pnl(state, account)
    per_prices = _per_price(state, account)
    exact = [market_id for market_id, per_price in per_prices.items() if is_multiple(change, abs(per_price))]
    if not exact:
        return None
    apart = [market_id for market_id in exact if _pnl_of(state, account, market_id) + change != 0]
    market_id = choose_preferred(chooser, apart, exact)
    market, per_price = state.markets[market_id], per_prices[market_id]
    mark = market.mark + sign(per_price) * floor_div(change, abs(per_price))
    return _marked(sight, market_id, mark) if 0 < mark < 3 * market.mark else None


def _mark_apart(chooser: Chooser, sight: Sight, account: Account, change: int) -> MarkMarket | None:
    """A mark a little higher, after which another market's mark can change the account's pnl so that it is `change`
    atoms more than now; None where no mark near does that."""
    state = sight.state
    per_prices = _per_price(state, account)
    market_id = chooser.choose_from(list(per_prices))
    others = [abs(per_price) for other, per_price in per_prices.items() if other != market_id]
    for step in range(1, FARTHEST):
        if any(is_multiple(change - step * per_prices[market_id], other) for other in others):
            return _marked(sight, market_id, state.markets[market_id].mark + step)
    return None


def _per_price(state: State, account: Account) -> dict[str, int]:
    """Atoms by which each market's pnl changes with a price unit of its mark."""
    contracts = state.rulebook.contracts
    return {key: held.size * contracts[key].multiplier for key, held in sorted(account.positions.items())}


def _marked(sight: Sight, market_id: str, mark: int) -> MarkMarket:
    return MarkMarket(sight.state.time, market_id, Map(dict.fromkeys(sight.state.rulebook.sources, mark)), 0)


def _pnl_of(state: State, account: Account, market_id: str) -> int:
    position = account.positions[market_id]
    value = notional(state.rulebook.contracts[market_id], position.size, state.markets[market_id].mark)
    return value + position.reference_cost


def _settle_in_time(state: State) -> Settle:
    """The next settle that is in time: now, where this instant's can still be made, or at the next instant."""
    schedule = state.rulebook.settle.schedule
    this = floor_to_multiple(state.time, schedule.interval)
    is_open = state.last_settle < this and state.time < this + schedule.window
    return Settle(state.time if is_open else this + schedule.interval)


def settle(chooser: Chooser, sight: Sight) -> Settle:
    """A settle, on the grid or beside it."""
    schedule, now = sight.state.rulebook.settle.schedule, sight.state.time
    return Settle(instant_time(chooser, now, interval=schedule.interval, window=schedule.window))
