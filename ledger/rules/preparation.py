"""Preparation: the account rolls and its other assets are sold outside (specs/rules).

The first part of liquidate and backstop-transfer, every time.
"""

from ..margin import conversion_proceeds
from ..outcomes import Converted, Event
from ..postings import CashPosting, post
from ..rulebook import EXTERNAL
from ..state import State
from .effects import Movement
from .rolling import roll


def prepare(state: State, account_id: str) -> Movement:
    """Roll the account and sell every other asset it holds at `price * factor`, rounded down.

    The asset goes to `@external` and the proceeds come from it. Afterwards the account's settlement cash is its whole
    value, and what `margin.distress_collateral` said before.
    """
    account = state.accounts[account_id]
    settlement_asset = state.rulebook.settlement_asset
    postings, rolled = roll(state, account_id, account)
    events: list[Event] = [*rolled]
    for asset in sorted(account.cash):
        if asset == settlement_asset:
            continue
        amount = account.cash[asset]
        proceeds = conversion_proceeds(state.rulebook, asset, amount, state.prices[asset])
        postings += [
            CashPosting(account_id, asset, -amount),
            CashPosting(EXTERNAL, asset, amount),
            CashPosting(EXTERNAL, settlement_asset, -proceeds),
            CashPosting(account_id, settlement_asset, proceeds),
        ]
        events.append(Converted(account_id, asset, amount, proceeds))
    accounts = post(state.accounts, postings, settlement_asset=settlement_asset)
    return Movement(accounts, tuple(postings), tuple(events))
