"""What a generator sees of a state: who is rich, who is in distress, who is obliged."""

from ..capacity import limits_in_force
from ..margin import account_value, distress_collateral, effective_collateral, is_liquidatable, maintenance_margin
from ..rulebook import EXTERNAL, FEES, INSURANCE, Rulebook, is_system
from ..state import State
from ..units import EXACT_SCALE, floor_div

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "joe")
STRANGERS = ("nobody", INSURANCE, FEES, EXTERNAL, "@treasury")
BASE_PRICES = {"BTC-PERP": 5000, "ETH-PERP": 350, "BTC": 5000, "ETH": 350, "USDC": 1, "PAX": 1}


def open_accounts(state: State) -> list[str]:
    """Ordinary accounts, in id order."""
    return sorted(account_id for account_id in state.accounts if not is_system(account_id))


def holders(state: State) -> list[str]:
    """Accounts with a position."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].positions]


def active_accounts(state: State) -> list[str]:
    """Ordinary accounts that are not being liquidated."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].liquidation is None]


def able_accounts(state: State) -> list[str]:
    """Active accounts with something to risk or to close."""
    accounts = state.accounts
    return [
        name
        for name in active_accounts(state)
        if accounts[name].positions or effective_collateral(state, accounts[name]) > 0
    ]


def broke_accounts(state: State) -> list[str]:
    """Active accounts with nothing to risk and nothing to close: most were taken over."""
    able = set(able_accounts(state))
    return [name for name in active_accounts(state) if name not in able]


def liquidating_accounts(state: State) -> list[str]:
    """Accounts that are being liquidated."""
    return [account_id for account_id in open_accounts(state) if state.accounts[account_id].liquidation is not None]


def distressed_accounts(state: State) -> list[str]:
    """Accounts below maintenance margin, and those exactly at it, who are healthy by nothing."""
    found = []
    for account_id in open_accounts(state):
        account = state.accounts[account_id]
        at_level = distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)
        if at_level and (account.positions or is_liquidatable(state, account)):
            found.append(account_id)
    return found


def transferable_accounts(state: State) -> list[str]:
    """Accounts at takeover, with their rounds used up, or exactly at the level of takeover."""
    rounds = state.rulebook.liquidation.rounds
    found = []
    for account_id in open_accounts(state):
        account = state.accounts[account_id]
        used_up = account.liquidation is not None and account.liquidation.round >= rounds
        at_level = 2 * distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)
        if used_up or (at_level and (account.positions or is_liquidatable(state, account))):
            found.append(account_id)
    return found


def obliged_providers(state: State) -> list[str]:
    """Providers whose limits are in force."""
    program, providers = state.rulebook.program, state.providers
    return [
        account_id
        for account_id in sorted(providers)
        if limits_in_force(program, providers[account_id], state.time) is not None
    ]


def providers_near_the_minimum(state: State) -> list[str]:
    """Obliged providers that can hardly lose anything and stay at or above the program's minimum account value."""
    minimum = wealth_unit(state.rulebook)
    found = []
    for account_id in obliged_providers(state):
        spare = floor_div(account_value(state, state.accounts[account_id]), EXACT_SCALE) - minimum
        if 0 <= spare < minimum // 40:
            found.append(account_id)
    return found


def names_to_use(state: State) -> list[str]:
    """Open accounts, and one name that is still free."""
    free = [name for name in NAMES if name not in state.accounts]
    return [*open_accounts(state), *free[:1]] or ["ann"]


def wealth_unit(rulebook: Rulebook) -> int:
    """What accounts are rich in, in settlement atoms: the program's minimum account value."""
    return rulebook.program.minimum_account_value
