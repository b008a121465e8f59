"""Money comes in, goes out, and accounts are set."""

from ..margin import (
    account_value,
    distress_collateral,
    effective_collateral,
    initial_margin,
    maintenance_margin,
    tier_margin,
)
from ..rulebook import EXTERNAL, FEES, INSURANCE, Rulebook, is_system
from ..state import Account, State
from ..transactions import Deposit, SetAccount, Withdraw
from ..units import EXACT_SCALE, PRICE_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from .choosers import Chooser, choose_near, choose_preferred, one_in
from .sight import (
    NAMES,
    broke_accounts,
    distressed_accounts,
    liquidating_accounts,
    names_to_use,
    open_accounts,
    wealth_unit,
)
from .times import a_time


def deposit(chooser: Chooser, state: State) -> Deposit:
    """Mostly in assets that have a price, to old and new accounts, sometimes to the venue's own."""
    rulebook = state.rulebook
    needy = (*broke_accounts(state), *liquidating_accounts(state))
    to = chooser.choose_from((*names_to_use(state), *needy, *needy, INSURANCE))
    asset = rulebook.settlement_asset
    if not is_system(to):
        coins = [priced for priced in sorted(state.prices) if priced != asset]
        scarce = -state.accounts[EXTERNAL].cash.get(asset, 0) < 3 * wealth_unit(rulebook)
        asset = choose_preferred(chooser, coins if scarce else sorted(state.prices), sorted(rulebook.assets))
    value = wealth_unit(rulebook) * chooser.choose_int(1, 30) // 10
    if one_in(chooser, 12):
        value = wealth_unit(rulebook) * chooser.choose_int(30, 80) // 10
    return Deposit(a_time(chooser, state), to, asset, amount_worth(state, asset, value))


def rescue(chooser: Chooser, state: State) -> Deposit:
    """A deposit that brings somebody in distress exactly to a level at which a test turns, where that can be booked."""
    distressed = sorted({*distressed_accounts(state), *liquidating_accounts(state)})
    if distressed:
        account_id = chooser.choose_from(distressed)
        amount = amount_to_the_margin(chooser, state, state.accounts[account_id])
        if amount > 0:
            return Deposit(state.time, account_id, state.rulebook.settlement_asset, amount)
    return deposit(chooser, state)


def amount_to_the_margin(chooser: Chooser, state: State, account: Account) -> int:
    """Settlement atoms that bring the account exactly to a level at which a test turns, or one unit beside it.

    Zero or less where it stands above the level, or where the level is no whole number of booking units away.
    """
    distress = distress_collateral(state, account) * EXACT_SCALE
    maintenance, initial = maintenance_margin(state, account), tier_margin(state, account)
    missing = chooser.choose_from((maintenance, initial, maintenance // 2)) - distress
    unit = state.rulebook.assets[state.rulebook.settlement_asset].booking_unit
    units = ceil_div(missing, unit * EXACT_SCALE)
    return (units if one_in(chooser, 2) else choose_near(chooser, units)) * unit


def amount_worth(state: State, asset: str, value: int) -> int:
    """The booked amount (atoms) of the asset that is worth about `value` settlement atoms, at least one unit."""
    terms, price = state.rulebook.assets[asset], state.prices.get(asset, PRICE_SCALE)
    amount = floor_div(value * PRICE_SCALE, price * terms.weight)
    return max(terms.booking_unit, floor_to_multiple(amount, terms.booking_unit))


def withdraw(chooser: Chooser, state: State) -> Withdraw:
    """All of a balance, what free collateral or the program's minimum leaves, or a part; one unit more or less."""
    rulebook, time = state.rulebook, a_time(chooser, state)
    if one_in(chooser, 10):
        source = chooser.choose_from((INSURANCE, FEES))
        held = state.accounts[source].cash.get(rulebook.settlement_asset, 0)
        return Withdraw(time, source, rulebook.settlement_asset, _booked(chooser, rulebook, "USDT", held))
    funded = [name for name in open_accounts(state) if state.accounts[name].cash]
    if not funded:
        return Withdraw(time, chooser.choose_from(NAMES), rulebook.settlement_asset, 10**13)
    account_id = choose_preferred(chooser, funded, open_accounts(state))
    account = state.accounts[account_id]
    asset = chooser.choose_from(sorted(account.cash) or [rulebook.settlement_asset])
    custody = -state.accounts[EXTERNAL].cash.get(rulebook.settlement_asset, 0)
    if account.cash.get(rulebook.settlement_asset, 0) > custody:
        asset = rulebook.settlement_asset
    held = account.cash.get(asset, 0)
    free = effective_collateral(state, account) - initial_margin(state, account)
    spare = account_value(state, account) - rulebook.program.minimum_account_value * EXACT_SCALE
    terms, price = rulebook.assets[asset], state.prices[asset]
    limits = [
        held,
        floor_div(free, price * terms.factor * terms.weight),
        floor_div(spare, price * RATE_SCALE * terms.weight),
        floor_div(spare, price * RATE_SCALE * terms.weight),
        -state.accounts[EXTERNAL].cash.get(asset, 0),
        held * chooser.choose_int(1, 9) // 10,
    ]
    return Withdraw(time, account_id, asset, _booked(chooser, rulebook, asset, chooser.choose_from(limits)))


def _booked(chooser: Chooser, rulebook: Rulebook, asset: str, amount: int) -> int:
    unit = rulebook.assets[asset].booking_unit
    return floor_to_multiple(amount, unit) + unit * chooser.choose_from((0, 0, 1, -1))


def set_account(chooser: Chooser, state: State) -> SetAccount:
    """A leverage limit, a fee tier, or both, sometimes for an account with open risk."""
    leverage = chooser.choose_from((100, 100, 50, 20, 3, 1, None))
    fee_tier = chooser.choose_from((None, *sorted(state.rulebook.fee_tiers)))
    return SetAccount(a_time(chooser, state), chooser.choose_from(names_to_use(state)), leverage, fee_tier)
