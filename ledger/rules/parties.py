"""Who may be a party: the checks on accounts that rules share."""

from ..outcomes import Reason, Rejected
from ..rulebook import EXTERNAL, is_system
from ..state import State
from ..units import is_multiple


def refuse_stranger(state: State, account_id: str) -> Rejected | None:
    """The party is an ordinary account, and open."""
    if is_system(account_id):
        return Rejected(Reason.SYSTEM_ACCOUNT, account_id, "an ordinary account", account_id)
    if account_id not in state.accounts:
        return Rejected(Reason.UNKNOWN_ACCOUNT, account_id, "an open account", account_id)
    return None


def refuse_liquidating(state: State, account_id: str) -> Rejected | None:
    """The open account is active."""
    account = state.accounts[account_id]
    if account.liquidation is not None:
        return Rejected(Reason.ACCOUNT_LIQUIDATING, account.status, "ACTIVE", account_id)
    return None


def refuse_holder(state: State, account_id: str, asset: str) -> Rejected | None:
    """A system account named in a deposit or withdrawal is `@insurance` or `@fees`, and takes settlement only."""
    settlement_asset = state.rulebook.settlement_asset
    if is_system(account_id) and (account_id == EXTERNAL or account_id not in state.accounts):
        return Rejected(Reason.SYSTEM_ACCOUNT, account_id, "an ordinary account, @insurance or @fees", account_id)
    if is_system(account_id) and asset != settlement_asset:
        return Rejected(Reason.SYSTEM_ACCOUNT_ASSET, asset, settlement_asset, account_id)
    return None


def refuse_amount(state: State, asset: str, amount: int) -> Rejected | None:
    """The amount is positive, of a listed asset, and a multiple of its booking unit."""
    if amount <= 0:
        return Rejected(Reason.AMOUNT_NOT_POSITIVE, amount, 0, asset)
    terms = state.rulebook.assets.get(asset)
    if terms is None:
        return Rejected(Reason.UNKNOWN_ASSET, asset, "a listed asset", asset)
    if not is_multiple(amount, terms.booking_unit):
        return Rejected(Reason.AMOUNT_OFF_BOOKING_UNIT, amount, terms.booking_unit, asset)
    return None
