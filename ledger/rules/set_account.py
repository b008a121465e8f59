"""set-account: the venue sets an account's leverage limit and fee tier."""

from ..outcomes import AccountSet, Outcome, Reason, Rejected
from ..state import Account, State
from ..transactions import SetAccount
from .effects import applied
from .parties import refuse_stranger


def set_account(state: State, transaction: SetAccount) -> Outcome:
    """Replace what is given; no balance moves, and risk already taken stays admitted."""
    account_id = transaction.account
    max_leverage, fee_tier = transaction.max_leverage, transaction.fee_tier
    maximum = state.rulebook.maximum_leverage
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    if max_leverage is None and fee_tier is None:
        return Rejected(Reason.NOTHING_TO_SET, "neither", "max_leverage or fee_tier", account_id)
    if max_leverage is not None and not 1 <= max_leverage <= maximum:
        limit = 1 if max_leverage < 1 else maximum
        return Rejected(Reason.LEVERAGE_OUT_OF_RANGE, max_leverage, limit, account_id)
    if fee_tier is not None and fee_tier not in state.rulebook.fee_tiers:
        return Rejected(Reason.UNKNOWN_FEE_TIER, fee_tier, "a listed fee tier", account_id)

    before = state.accounts[account_id]
    after = Account(
        before.cash,
        before.positions,
        before.max_leverage if max_leverage is None else max_leverage,
        before.fee_tier if fee_tier is None else fee_tier,
        before.liquidation,
    )
    accounts = state.accounts.set(account_id, after)
    events = (AccountSet(account_id, after.max_leverage, after.fee_tier),)
    return applied(state, transaction.time, accounts=accounts, events=events)
