"""Rolling: an account's whole unrealised pnl moves into its cash (specs/state)."""

from ..margin import notional
from ..outcomes import Rolled
from ..postings import CashPosting, PositionPosting, Posting
from ..state import Account, State, size_of


def must_roll(before: int, after: int) -> bool:
    """Whether a size (lots, signed) was closed or flipped."""
    return before != 0 and (after == 0 or (before > 0) != (after > 0))


def closed_or_flipped(before: Account, after: Account) -> bool:
    """Whether any of the account's positions was closed or flipped."""
    return any(must_roll(position.size, size_of(after, market_id)) for market_id, position in before.positions.items())


def roll(state: State, account_id: str, account: Account) -> tuple[list[Posting], list[Rolled]]:
    """The postings and the event that roll all positions of the account, which may stand ahead of the state.

    `cash += pnl; reference_cost -= pnl`, always over every market: rolling one leg of a hedge would lower effective
    collateral.
    """
    contracts, markets = state.rulebook.contracts, state.markets
    postings: list[Posting] = []
    total = 0
    for market_id in sorted(account.positions):
        position = account.positions[market_id]
        value = notional(contracts[market_id], position.size, markets[market_id].mark)
        pnl = value + position.reference_cost
        if pnl != 0:
            postings.append(PositionPosting(account_id, market_id, 0, -pnl))
            total += pnl
    if not postings:
        return [], []
    if total != 0:
        postings.append(CashPosting(account_id, state.rulebook.settlement_asset, total))
    return postings, [Rolled(account_id, total)]
