"""withdraw: an asset goes out, if what stays behind carries the account's risk."""

from ..capacity import limits_in_force
from ..margin import account_value, effective_collateral, initial_margin
from ..outcomes import Outcome, Reason, Rejected
from ..postings import CashPosting, post
from ..rulebook import EXTERNAL
from ..state import State
from ..transactions import Withdraw
from ..units import EXACT_SCALE
from .effects import applied
from .parties import refuse_amount, refuse_holder, refuse_liquidating


def withdraw(state: State, transaction: Withdraw) -> Outcome:
    """Move the amount from the account to `@external`."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    refusal = refuse_amount(state, asset, amount)
    if refusal is not None:
        return refusal
    refusal = refuse_holder(state, account_id, asset)
    if refusal is not None:
        return refusal
    if account_id not in state.accounts:
        return Rejected(Reason.UNKNOWN_ACCOUNT, account_id, "an open account", account_id)
    refusal = refuse_liquidating(state, account_id)
    if refusal is not None:
        return refusal
    balance = state.accounts[account_id].cash.get(asset, 0)
    if amount > balance:
        return Rejected(Reason.INSUFFICIENT_BALANCE, amount, balance, account_id)

    postings = (CashPosting(account_id, asset, -amount), CashPosting(EXTERNAL, asset, amount))
    accounts = post(state.accounts, postings, settlement_asset=state.rulebook.settlement_asset)
    after = accounts[account_id]

    effective, required = effective_collateral(state, after), initial_margin(state, after)
    if effective < required:
        return Rejected(Reason.FREE_COLLATERAL_NEGATIVE, effective, required, account_id)
    program = state.rulebook.program
    if limits_in_force(program, state.providers.get(account_id), transaction.time) is not None:
        value, minimum = account_value(state, after), program.minimum_account_value * EXACT_SCALE
        if value < minimum:
            return Rejected(Reason.PROVIDER_BELOW_MINIMUM, value, minimum, account_id)
    custody = -state.accounts[EXTERNAL].cash.get(asset, 0)
    if amount > custody:
        return Rejected(Reason.INSUFFICIENT_CUSTODY, amount, custody, asset)

    return applied(state, transaction.time, accounts=accounts, postings=postings)
