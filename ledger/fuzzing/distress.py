"""Rounds of liquidation and takeovers."""

from ..choosers import Chooser, choose_preferred, one_in
from ..margin import mark_per_lot, tier_margin
from ..rules.liquidate import round_limit
from ..state import Account, size_of
from ..transactions import BackstopTransfer, Deposit, Fill, Liquidate, Transaction
from ..units import EXACT_SCALE, floor_div, floor_to_multiple, is_multiple
from .prices import crash, topple
from .sight import Sight
from .times import a_time, at_edge
from .trading import band_edges, trade_price


def liquidate(chooser: Chooser, sight: Sight) -> Liquidate:
    """A round for somebody who is being liquidated, or who could be; at, before or after the round is due."""
    state = sight.state
    liquidating = sight.liquidating
    distressed = () if liquidating and one_in(chooser, 2) else sight.distressed
    account_id = choose_preferred(chooser, (*liquidating, *distressed), sight.names_to_use())
    account, time = state.accounts.get(account_id), state.time
    if account is not None and account.liquidation is not None:
        due = account.liquidation.time + state.rulebook.liquidation.round_interval
        time = max(time, chooser.choose_from((due, due, due, due + 1, due - 1)))
    elif one_in(chooser, 3):
        time = a_time(chooser, sight)
    return a_round(chooser, sight, account_id, time)


def a_round(chooser: Chooser, sight: Sight, account_id: str, time: int) -> Liquidate:
    """A round at this time for the account, with fills where it has something to close."""
    account = sight.state.accounts.get(account_id)
    if account is None or not account.positions:
        return Liquidate(time, account_id, ())
    many = chooser.choose_from((1, 1, 0, 2, 3))
    return Liquidate(time, account_id, tuple(_fill(chooser, sight, account_id, account) for _ in range(many)))


def poise(chooser: Chooser, sight: Sight) -> Transaction:
    """Somebody is brought exactly to the level of release, which is not above it, or to that of takeover, which is not
    below it, and a round without fills or a takeover looks at that; any round where no level can be booked. Who is in
    debt without a position is at no level before a round was made."""
    state = sight.state
    debtors = [name for name in (*sight.liquidating, *sight.distressed) if not state.accounts[name].positions]
    if debtors:
        return _relieve(chooser, sight, chooser.choose_from(debtors))
    asset = state.rulebook.settlement_asset
    unit = state.rulebook.assets[asset].booking_unit * EXACT_SCALE
    released = {name: tier_margin(state, state.accounts[name]) for name in sight.liquidating}
    taken = {name: floor_div(sight.standing(name).maintenance, 2) for name in sight.transferable}
    for levels in (taken, released) if one_in(chooser, 2) else (released, taken):
        missing = {name: level - sight.standing(name).distress * EXACT_SCALE for name, level in levels.items()}
        poised = [
            name for name in levels if missing[name] == 0 and (levels is released or sight.standing(name).maintenance)
        ]
        if poised:
            return _looked_at(sight, chooser.choose_from(poised), takes_over=levels is taken)
        near = [name for name in levels if missing[name] > 0 and is_multiple(missing[name], unit)]
        if near:
            account_id = chooser.choose_from(near)
            return Deposit(state.time, account_id, asset, floor_div(missing[account_id], EXACT_SCALE))
    return liquidate(chooser, sight)


def _relieve(chooser: Chooser, sight: Sight, account_id: str) -> Transaction:
    """Of somebody in debt without a position: a first round, then a deposit of the debt, then a round without fills."""
    state, asset = sight.state, sight.state.rulebook.settlement_asset
    running, debt = state.accounts[account_id].liquidation, -sight.standing(account_id).distress
    if running is None:
        return Liquidate(state.time, account_id, ())
    unit = state.rulebook.assets[asset].booking_unit
    if debt > 0 and is_multiple(debt, unit):
        return Deposit(state.time, account_id, asset, debt)
    return _looked_at(sight, account_id, takes_over=debt > 0 and one_in(chooser, 2))


def _looked_at(sight: Sight, account_id: str, *, takes_over: bool) -> Transaction:
    """A takeover at once, or a round without fills when it is due."""
    state = sight.state
    running = state.accounts[account_id].liquidation
    if takes_over or running is None:
        return BackstopTransfer(state.time, account_id)
    due = running.time + state.rulebook.liquidation.round_interval
    return Liquidate(max(state.time, due), account_id, ())


def _fill(chooser: Chooser, sight: Sight, account_id: str, account: Account) -> Fill:
    """Up to the round's limit or the whole position, against an active account, at mark or near bankruptcy."""
    state, rulebook = sight.state, sight.state.rulebook
    market_id = choose_preferred(chooser, sorted(account.positions), sorted(state.markets))
    contract, market = rulebook.contracts[market_id], state.markets[market_id]
    held = size_of(account, market_id)
    starting = held if account.liquidation is None else account.liquidation.starting_sizes.get(market_id, 0)
    limit = round_limit(
        starting_size=starting,
        fraction=rulebook.liquidation.fraction,
        minimum_value=rulebook.liquidation.minimum_value,
        per_lot=mark_per_lot(contract, market),
    )
    most = min(limit, abs(held))
    size = chooser.choose_from((most, most, max(1, most // 2), 1, abs(held), limit + 1, abs(held) + 1))
    able = [name for name in sight.able if name != account_id]
    counterparty = choose_preferred(chooser, able, sight.everyone)
    price = trade_price(chooser, contract, market)
    low, high = band_edges(contract, market)
    bad_for_counterparty = high if held > 0 else low
    closing = [
        name for name in sight.distressed if name != account_id and held * size_of(state.accounts[name], market_id) < 0
    ]
    if closing and one_in(chooser, 2):
        counterparty = chooser.choose_from(closing)
        size = min(most, abs(size_of(state.accounts[counterparty], market_id)))
        return Fill(market_id, counterparty, size, chooser.choose_from((price, bad_for_counterparty)))
    poor = [name for name in sight.obliged_near_the_minimum() if name != account_id] if state.providers else []
    if poor and one_in(chooser, 2):
        price = chooser.choose_from((price, bad_for_counterparty))
        return Fill(market_id, chooser.choose_from(poor), most, price)
    if held != 0 and one_in(chooser, 4):
        per_lot = floor_div(max(0, sight.standing(account_id).distress), abs(held) * contract.multiplier)
        worst = market.mark - per_lot if held > 0 else market.mark + per_lot
        price = max(contract.tick, floor_to_multiple(worst, contract.tick) + contract.tick * chooser.choose_int(-1, 1))
    return Fill(market_id, counterparty, size, price)


def backstop_transfer(chooser: Chooser, sight: Sight) -> BackstopTransfer:
    """A takeover of somebody who qualifies, at once or when some provider's window has just moved on."""
    account_id = choose_preferred(chooser, sight.transferable, sight.names_to_use())
    return BackstopTransfer(takeover_time(chooser, sight), account_id)


def takeover_time(chooser: Chooser, sight: Sight) -> int:
    """Now, or when some provider's window or notice has just moved on."""
    state, program = sight.state, sight.state.rulebook.program
    kind = chooser.choose_int(0, 9)
    if kind < 6:
        return state.time
    windows = (program.minute,) if kind < 9 else (program.hour, program.minute)
    ends = []
    for name in sorted(state.providers):
        provider = state.providers[name]
        ends += [takeover.time + window for takeover in provider.takeovers for window in windows]
        if kind == 9 and provider.notice is not None:
            ends.append(provider.notice + program.notice)
    return at_edge(chooser, state.time, ends)


def pursue(chooser: Chooser, sight: Sight) -> Transaction:
    """Whatever distress asks for next, a round or a takeover; where nobody is in distress, a mark that makes some."""
    if sight.transferable and one_in(chooser, 2):
        return backstop_transfer(chooser, sight)
    if sight.liquidating or sight.distressed:
        return crash(chooser, sight) if one_in(chooser, 5) else liquidate(chooser, sight)
    return crash(chooser, sight)


def unwind(chooser: Chooser, sight: Sight) -> Transaction:
    """The takeover of whoever qualifies, providers first; where nobody does, a mark that topples a provider."""
    transferable = sight.transferable
    if not transferable:
        return topple(chooser, sight)
    providers = [name for name in transferable if name in sight.state.providers]
    return BackstopTransfer(sight.state.time, chooser.choose_from(providers or transferable))
