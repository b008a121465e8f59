"""Rounds of liquidation and takeovers."""

from ..margin import distress_collateral, mark_per_lot
from ..rules.liquidate import round_limit
from ..state import Account, State, size_of
from ..transactions import BackstopTransfer, Fill, Liquidate, Transaction
from ..units import floor_div, floor_to_multiple
from .choosers import Chooser, choose_preferred, one_in
from .prices import crash
from .sight import (
    able_accounts,
    distressed_accounts,
    liquidating_accounts,
    names_to_use,
    open_accounts,
    providers_near_the_minimum,
    transferable_accounts,
)
from .times import a_time, at_edge
from .trading import band_edges, trade_price


def liquidate(chooser: Chooser, state: State) -> Liquidate:
    """A round for somebody who is being liquidated, or who could be; at, before or after the round is due."""
    liquidating = liquidating_accounts(state)
    distressed = [] if liquidating and one_in(chooser, 2) else distressed_accounts(state)
    account_id = choose_preferred(chooser, [*liquidating, *distressed], names_to_use(state))
    account = state.accounts.get(account_id)
    time = state.time
    if account is not None and account.liquidation is not None:
        due = account.liquidation.time + state.rulebook.liquidation.round_interval
        time = max(state.time, chooser.choose_from((due, due, due, due + 1, due - 1)))
    elif one_in(chooser, 3):
        time = a_time(chooser, state)
    if account is None or not account.positions:
        return Liquidate(time, account_id, ())
    fills = tuple(_fill(chooser, state, account_id, account) for _ in range(chooser.choose_from((1, 1, 0, 2, 3))))
    return Liquidate(time, account_id, fills)


def _fill(chooser: Chooser, state: State, account_id: str, account: Account) -> Fill:
    """Lots near the round's limit or the whole position, against an active account, at mark or near bankruptcy."""
    rulebook = state.rulebook
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
    counterparty = choose_preferred(
        chooser, [name for name in able_accounts(state) if name != account_id], open_accounts(state)
    )
    price = trade_price(chooser, contract, market)
    closing = [
        name
        for name in distressed_accounts(state)
        if name != account_id and held * size_of(state.accounts[name], market_id) < 0
    ]
    poor = [name for name in providers_near_the_minimum(state) if name != account_id]
    low, high = band_edges(contract, market)
    if closing and one_in(chooser, 2):
        counterparty = chooser.choose_from(closing)
        size = min(most, abs(size_of(state.accounts[counterparty], market_id)))
        price = chooser.choose_from((price, high if held > 0 else low))
    elif poor and one_in(chooser, 2):
        counterparty, size = chooser.choose_from(poor), most
        price = chooser.choose_from((price, high if held > 0 else low))
    elif held != 0 and one_in(chooser, 4):
        per_lot = floor_div(max(0, distress_collateral(state, account)), abs(held) * contract.multiplier)
        worst = market.mark - per_lot if held > 0 else market.mark + per_lot
        price = max(contract.tick, floor_to_multiple(worst, contract.tick) + contract.tick * chooser.choose_int(-1, 1))
    return Fill(market_id, counterparty, size, price)


def backstop_transfer(chooser: Chooser, state: State) -> BackstopTransfer:
    """A takeover of somebody who qualifies, at once or when some provider's window has just moved on."""
    program = state.rulebook.program
    account_id = choose_preferred(chooser, transferable_accounts(state), names_to_use(state))
    time = state.time
    kind = chooser.choose_int(0, 9)
    if kind >= 6:
        windows = (program.minute,) if kind < 9 else (program.hour, program.minute)
        ends = []
        for provider_id in sorted(state.providers):
            provider = state.providers[provider_id]
            ends += [takeover.time + window for takeover in provider.takeovers for window in windows]
            if kind == 9 and provider.notice is not None:
                ends.append(provider.notice + program.notice)
        time = at_edge(chooser, state, ends)
    return BackstopTransfer(time, account_id)


def pursue(chooser: Chooser, state: State) -> Transaction:
    """Whatever distress asks for next, a round or a takeover; where nobody is in distress, a mark that makes some."""
    if transferable_accounts(state) and one_in(chooser, 2):
        return backstop_transfer(chooser, state)
    if liquidating_accounts(state) or distressed_accounts(state):
        return crash(chooser, state) if one_in(chooser, 5) else liquidate(chooser, state)
    return crash(chooser, state)
