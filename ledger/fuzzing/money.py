"""Money comes in and goes out, and accounts are set."""

from ..choosers import Chooser, choose_near, choose_preferred, one_in
from ..margin import account_value, effective_collateral, initial_margin, tier_margin
from ..rulebook import EXTERNAL, FEES, INSURANCE, Asset, Rulebook, is_system
from ..state import State
from ..transactions import Deposit, SetAccount, Withdraw
from ..units import EXACT_SCALE, PRICE_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from .sight import NAMES, Sight
from .times import a_time


def deposit(chooser: Chooser, sight: Sight) -> Deposit:
    """Mostly in assets that have a price, to old and new accounts, sometimes to the venue's own."""
    state, venue = sight.state, sight.venue
    needy = (*sight.broke, *sight.liquidating)
    to = chooser.choose_from((*sight.names_to_use(), *needy, *needy, INSURANCE))
    asset = state.rulebook.settlement_asset
    if not is_system(to):
        priced = sorted(state.prices)
        coins = [coin for coin in priced if coin != asset]
        is_scarce = -sight.settlement_cash(EXTERNAL) < 3 * venue.wealth
        asset = choose_preferred(chooser, coins if is_scarce and coins else priced, venue.assets)
    value = venue.wealth * chooser.choose_int(1, 30) // 10
    if one_in(chooser, 12):
        value = venue.wealth * chooser.choose_int(30, 80) // 10
    price = state.prices.get(asset, PRICE_SCALE)
    return Deposit(
        a_time(chooser, sight), to, asset, amount_worth(state.rulebook.assets[asset], price=price, value=value)
    )


def rescue(chooser: Chooser, sight: Sight) -> Deposit:
    """A deposit that brings somebody in distress exactly to a level at which a test turns, where that can be booked."""
    state = sight.state
    if sight.distressed or sight.liquidating:
        account_id = chooser.choose_from(sorted({*sight.distressed, *sight.liquidating}))
        amount = amount_to_the_margin(chooser, sight, account_id)
        if amount > 0:
            return Deposit(state.time, account_id, state.rulebook.settlement_asset, amount)
    return deposit(chooser, sight)


def amount_to_the_margin(chooser: Chooser, sight: Sight, account_id: str) -> int:
    """Settlement atoms that bring the account exactly to a level at which a test turns, or one unit beside it.

    Zero or less where it stands above the level, or where the level is no whole number of booking units away.
    """
    state, standing = sight.state, sight.standing(account_id)
    maintenance, initial = standing.maintenance, tier_margin(state, standing.account)
    missing = chooser.choose_from((maintenance, initial, maintenance // 2)) - standing.distress * EXACT_SCALE
    unit = state.rulebook.assets[state.rulebook.settlement_asset].booking_unit
    units = ceil_div(missing, unit * EXACT_SCALE)
    return (units if one_in(chooser, 2) else choose_near(chooser, units)) * unit


def amount_worth(terms: Asset, *, price: int, value: int) -> int:
    """The booked amount (atoms) of an asset that is worth about `value` settlement atoms, at least one unit."""
    amount = floor_div(value * PRICE_SCALE, price * terms.weight)
    return max(terms.booking_unit, floor_to_multiple(amount, terms.booking_unit))


def withdraw(chooser: Chooser, sight: Sight) -> Withdraw:
    """All of a balance, what free collateral or the program's minimum leaves, or a part; one unit more or less."""
    state = sight.state
    rulebook, time = state.rulebook, a_time(chooser, sight)
    settlement_asset = rulebook.settlement_asset
    if one_in(chooser, 10):
        source = chooser.choose_from((INSURANCE, FEES))
        held = sight.settlement_cash(source)
        return Withdraw(time, source, settlement_asset, _booked(chooser, rulebook, settlement_asset, held))
    funded = [name for name in sight.everyone if state.accounts[name].cash]
    if not funded:
        amount = _booked(chooser, rulebook, settlement_asset, sight.venue.wealth)
        return Withdraw(time, chooser.choose_from(NAMES), settlement_asset, amount)
    account_id = choose_preferred(chooser, funded, sight.everyone)
    account = state.accounts[account_id]
    asset = chooser.choose_from(sorted(account.cash) or [settlement_asset])
    if account.cash.get(settlement_asset, 0) > -sight.settlement_cash(EXTERNAL):
        asset = settlement_asset
    amount = _limit_of(chooser, state, account_id, asset)
    return Withdraw(time, account_id, asset, _booked(chooser, rulebook, asset, amount))


def _limit_of(chooser: Chooser, state: State, account_id: str, asset: str) -> int:
    """An amount (atoms) of the asset beyond which something refuses its withdrawal, or a part of what is held."""
    account, rulebook = state.accounts[account_id], state.rulebook
    terms, price, held = rulebook.assets[asset], state.prices[asset], account.cash.get(asset, 0)
    kind = chooser.choose_int(0, 5)
    if kind == 0:
        return held
    if kind == 1:
        free = effective_collateral(state, account) - initial_margin(state, account)
        return floor_div(free, price * terms.factor * terms.weight)
    if kind < 4:
        spare = account_value(state, account) - rulebook.program.minimum_account_value * EXACT_SCALE
        return floor_div(spare, price * RATE_SCALE * terms.weight)
    if kind == 4:
        return -state.accounts[EXTERNAL].cash.get(asset, 0)
    return held * chooser.choose_int(1, 9) // 10


def _booked(chooser: Chooser, rulebook: Rulebook, asset: str, amount: int) -> int:
    unit = rulebook.assets[asset].booking_unit
    return floor_to_multiple(amount, unit) + unit * chooser.choose_from((0, 0, 1, -1))


def set_account(chooser: Chooser, sight: Sight) -> SetAccount:
    """A leverage limit, a fee tier, or both, sometimes for an account with open risk."""
    most = sight.state.rulebook.maximum_leverage
    leverage = chooser.choose_from((most, most, max(1, most // 2), max(1, most // 5), min(3, most), 1, None))
    fee_tier = chooser.choose_from((None, *sight.venue.fee_tiers))
    return SetAccount(a_time(chooser, sight), chooser.choose_from(sight.names_to_use()), leverage, fee_tier)
