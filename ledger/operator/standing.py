"""How an account stands with the operator: whether it is watched, handed over or given a round, and how urgently."""

from collections.abc import Iterable

from ..margin import distress_collateral, is_liquidatable, maintenance_margin
from ..rulebook import is_system
from ..rules.backstop_transfer import is_transferable
from ..state import Account, State
from ..units import EXACT_SCALE


def cannot_be_short(state: State, account: Account) -> bool:
    """Whether the account is active and has neither a position nor a debt: no price makes it liquidatable."""
    if account.positions or account.liquidation is not None:
        return False
    return account.cash.get(state.rulebook.settlement_asset, 0) >= 0


def is_watched(state: State, account: Account) -> bool:
    """Whether the account is liquidating, or liquidatable at the marks."""
    if account.liquidation is not None:
        return True
    return not cannot_be_short(state, account) and is_liquidatable(state, account)


def is_handed_over(state: State, account: Account) -> bool:
    """Whether a backstop-transfer is open to a watched account: this is the one place that decides it.

    It is the rule's own test, which holds before preparation as after it: preparation changes neither distress
    collateral nor maintenance margin, and no market's stress.
    """
    return is_transferable(state, account)


def is_round_due(state: State, account: Account, time: int) -> bool:
    """Whether a watched account is to have a round at `time`: the first at once, others after the interval."""
    running = account.liquidation
    return running is None or time - running.time >= state.rulebook.liquidation.round_interval


def shortfall(state: State, account: Account) -> int:
    """`MM - DC`, an exact value: what maintenance margin is missed by. The larger, the more distressed."""
    return maintenance_margin(state, account) - distress_collateral(state, account) * EXACT_SCALE


def by_urgency(state: State, account_ids: Iterable[str]) -> tuple[str, ...]:
    """The accounts, the most distressed first, ties by id."""
    ranked = sorted((-shortfall(state, state.accounts[account_id]), account_id) for account_id in account_ids)
    return tuple(account_id for _, account_id in ranked)


def watched_accounts(state: State) -> tuple[str, ...]:
    """Every ordinary account that is watched, in id order, found by looking at all of them."""
    found = (name for name, account in state.accounts.items() if not is_system(name) and is_watched(state, account))
    return tuple(sorted(found))
