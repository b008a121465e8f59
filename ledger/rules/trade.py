"""trade: two accounts exchange a size at a price."""

from ..outcomes import Outcome, Reason, Rejected
from ..state import State
from ..transactions import Trade
from .effects import applied
from .fills import fill, refuse_side, refuse_terms
from .parties import refuse_liquidating, refuse_stranger


def trade(state: State, transaction: Trade) -> Outcome:
    """Fill between buyer and seller, fees to `@fees`, each side admitted with what it holds afterwards."""
    buyer, seller, market_id = transaction.buyer, transaction.seller, transaction.market
    refusal = refuse_terms(state, market_id, size=transaction.size, price=transaction.price)
    if refusal is not None:
        return refusal
    if buyer == seller:
        return Rejected(Reason.SAME_ACCOUNT, seller, "another account", buyer)
    refusal = refuse_stranger(state, buyer) or refuse_stranger(state, seller)
    if refusal is not None:
        return refusal
    refusal = refuse_liquidating(state, buyer) or refuse_liquidating(state, seller)
    if refusal is not None:
        return refusal

    filled = fill(
        state,
        state.accounts,
        time=transaction.time,
        market_id=market_id,
        buyer=buyer,
        seller=seller,
        size=transaction.size,
        price=transaction.price,
        buyer_is_taker=transaction.buyer_is_taker,
    )

    for account_id in (buyer, seller):
        refusal = refuse_side(
            state,
            account_id,
            market_id=market_id,
            time=transaction.time,
            before=state.accounts[account_id],
            after=filled.accounts[account_id],
        )
        if refusal is not None:
            return refusal

    return applied(state, transaction.time, accounts=filled.accounts, postings=filled.postings, events=filled.events)
