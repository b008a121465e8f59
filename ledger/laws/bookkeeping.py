"""Laws of bookkeeping: postings explain every balance, and nothing empty is stored."""

from collections.abc import Iterable

from ..outcomes import Applied, Rolled
from ..postings import CashPosting, PositionPosting, Posting, UnbalancedPostings, post, unbalanced_column
from ..state import Account
from ..transactions import Fund
from .law import HELD, Breach, Looks, Span, StateLaw, Step, StepLaw, Verdict


def _net(postings: Iterable[Posting]) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], tuple[int, int]]]:
    """Postings, netted: cash by account and asset, size and reference cost by account and market."""
    cash: dict[tuple[str, str], int] = {}
    positions: dict[tuple[str, str], tuple[int, int]] = {}
    for posting in postings:
        if isinstance(posting, CashPosting):
            key = posting.account, posting.asset
            cash[key] = cash.get(key, 0) + posting.amount
        else:
            key = posting.account, posting.market
            size, cost = positions.get(key, (0, 0))
            positions[key] = size + posting.size, cost + posting.reference_cost
    return cash, positions


def postings_explain_every_balance(step: Step) -> Verdict:
    """PST-1: each account that changed moved by the net of its postings, and every posting is booked."""
    assert isinstance(step.outcome, Applied)
    if not step.changes and not step.outcome.postings:
        return None
    cash, positions = _net(step.outcome.postings)
    for account_id, change in step.changes.items():
        for asset, amount in change.cash.items():
            if amount != cash.pop((account_id, asset), 0):
                return Breach(f"{account_id} moved by {amount} of {asset}, its postings say otherwise", (account_id,))
        for market_id, moved in change.positions.items():
            if moved != positions.pop((account_id, market_id), (0, 0)):
                return Breach(
                    f"{account_id} moved by {moved} in {market_id}, its postings say otherwise", (account_id,)
                )
    if any(cash.values()) or any(moved != (0, 0) for moved in positions.values()):
        return Breach("a posting was not booked", tuple(step.changes))
    return _rolls_say_what_was_posted(step)


def _rolls_say_what_was_posted(step: Step) -> Verdict:
    """A posting of reference cost without size is a roll, but for funding; the events of rolls sum to them. A roll goes
    through the markets in the order of their names."""
    assert isinstance(step.outcome, Applied)
    if isinstance(step.transaction, Fund):
        return HELD
    rolled: dict[str, int] = {}
    before: PositionPosting | None = None
    for posting in step.outcome.postings:
        if isinstance(posting, CashPosting) or posting.size != 0:
            before = None
            continue
        account_id = posting.account
        rolled[account_id] = rolled.get(account_id, 0) - posting.reference_cost
        if before is not None and before.account == account_id and before.market >= posting.market:
            return Breach(f"the markets of {account_id} are not rolled in their order", (account_id,))
        before = posting
    for event in step.happened(Rolled):
        if event.account not in rolled:
            return Breach(f"{event.account} is told to have rolled, and nothing of it was posted", (event.account,))
        rolled[event.account] -= event.pnl
    for account_id in sorted(rolled):
        if rolled[account_id] != 0:
            return Breach(f"the rolls of {account_id} are told otherwise than posted", (account_id,))
    return HELD


def the_books_refuse_what_does_not_balance(step: Step) -> Verdict:
    """PST-2: the step's own postings with one unit more in any of their columns are refused by the kernel."""
    assert isinstance(step.outcome, Applied)
    postings = step.outcome.postings
    if not postings:
        return None
    wrong = _one_unit_more(postings)
    settlement = step.before.rulebook.settlement_asset
    for posting in wrong[1:]:
        if unbalanced_column((*postings, posting), settlement) is None:
            return Breach(f"postings with {posting} in surplus balance", (posting.account,))
    try:
        post(step.after.accounts, (*postings, wrong[0]), settlement_asset=settlement)
    except UnbalancedPostings:
        return HELD
    return Breach(f"postings with {wrong[0]} in surplus were booked", (wrong[0].account,))


def _one_unit_more(postings: Iterable[Posting]) -> list[Posting]:
    """Postings of one unit, in each column of the first cash and the first position posting there is."""
    cash: CashPosting | None = None
    position: PositionPosting | None = None
    for posting in postings:
        if isinstance(posting, CashPosting):
            cash = cash or posting
        else:
            position = position or posting
    more: list[Posting] = []
    if cash is not None:
        more.append(CashPosting(cash.account, cash.asset, 1))
    if position is not None:
        more.append(PositionPosting(position.account, position.market, 0, -1))
        more.append(PositionPosting(position.account, position.market, -1, 0))
    return more


def _balance_breach(account_id: str, account: Account) -> Breach | None:
    for asset, amount in account.cash.items():
        if amount == 0:
            return Breach(f"{account_id} stores a zero balance of {asset}", (account_id,))
    return None


def _position_breach(account_id: str, account: Account) -> Breach | None:
    for market_id, position in account.positions.items():
        if position.size == 0:
            return Breach(f"{account_id} stores a flat position in {market_id}", (account_id,))
    return None


def touched_accounts_are_stored_canonically(step: Step) -> Verdict:
    """STO-1 of one step."""
    if not step.changes:
        return None
    for account_id, change in step.changes.items():
        old, new = change.old, change.new
        if old is None or new.cash is not old.cash:
            breach = _balance_breach(account_id, new)
            if breach is not None:
                return breach
        if old is None or new.positions is not old.positions:
            breach = _position_breach(account_id, new)
            if breach is not None:
                return breach
    return HELD


def accounts_are_stored_canonically(span: Span) -> Verdict:
    """STO-1: zero balances and flat positions are not stored."""
    for account_id, account in span.now.accounts.items():
        breach = _balance_breach(account_id, account) or _position_breach(account_id, account)
        if breach is not None:
            return breach
    return HELD


LAWS = (
    StepLaw(
        "PST-1",
        "Each account moves by the net of its postings in every column, and every posting is booked.",
        postings_explain_every_balance,
        looks=Looks.MOVED,
    ),
    StepLaw(
        "PST-2",
        "Postings that do not net to zero are refused: a step's own, with one unit more in any column.",
        the_books_refuse_what_does_not_balance,
        looks=Looks.MOVED,
    ),
    StepLaw(
        "STO-1",
        "Zero balances and flat positions are not stored.",
        touched_accounts_are_stored_canonically,
        looks=Looks.MOVED,
    ),
    StateLaw("STO-1", "Nothing empty is stored, over the whole state.", accounts_are_stored_canonically),
)
