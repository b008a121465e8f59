"""deposit: an asset comes in from outside; the first deposit opens the account."""

from ..outcomes import AccountOpened, Event, Outcome, Reason, Rejected
from ..postings import CashPosting, post
from ..rulebook import EXTERNAL
from ..state import State, new_account
from ..transactions import Deposit
from .effects import applied
from .parties import refuse_amount, refuse_holder


def deposit(state: State, transaction: Deposit) -> Outcome:
    """Move the amount from `@external` to the account."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    refusal = refuse_amount(state, asset, amount)
    if refusal is not None:
        return refusal
    if asset not in state.prices:
        return Rejected(Reason.ASSET_WITHOUT_PRICE, asset, "an asset with a price", asset)
    refusal = refuse_holder(state, account_id, asset)
    if refusal is not None:
        return refusal

    accounts = state.accounts
    events: tuple[Event, ...] = ()
    if account_id not in accounts:
        accounts = accounts.set(account_id, new_account(state.rulebook))
        events = (AccountOpened(account_id),)
    postings = (CashPosting(EXTERNAL, asset, -amount), CashPosting(account_id, asset, amount))
    accounts = post(accounts, postings, settlement_asset=state.rulebook.settlement_asset)
    return applied(state, transaction.time, accounts=accounts, postings=postings, events=events)
