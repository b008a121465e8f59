"""The double-entry kernel: the only code that changes a balance (specs/state).

Every change of a balance is a posting. The postings of one call net to zero in each column: each asset other than the
settlement asset; each market's size; and settlement cash together with all reference costs. Anything else is a bug in
the ledger and raises.
"""

from collections.abc import Sequence

import attrs
from immutables import Map

from .state import Account, Position
from .values import value


class LedgerBug(Exception):
    """The ledger broke a promise of its own; no input should ever cause this."""


class UnbalancedPostings(LedgerBug):
    """Postings that do not net to zero in some column."""


@value
@attrs.frozen(weakref_slot=False)
class CashPosting:
    """`amount` atoms of `asset`, signed, into an account's cash."""

    account: str
    asset: str
    amount: int


@value
@attrs.frozen(weakref_slot=False)
class PositionPosting:
    """`size` lots and `reference_cost` settlement atoms, both signed, into an account's position."""

    account: str
    market: str
    size: int
    reference_cost: int


Posting = CashPosting | PositionPosting


def post(accounts: Map[str, Account], postings: Sequence[Posting], *, settlement_asset: str) -> Map[str, Account]:
    """The accounts after the postings, all of them or, where they do not net to zero, `UnbalancedPostings`.

    Balances that become zero and positions that become empty are removed.
    """
    if not postings:
        return accounts
    require_balanced(postings, settlement_asset)
    changed: dict[str, Account] = {}
    for posting in postings:
        account_id = posting.account
        account = changed.get(account_id) or accounts[account_id]
        if isinstance(posting, PositionPosting):
            changed[account_id] = _with_position(account, posting)
        else:
            changed[account_id] = _with_cash(account, posting)
    return accounts.update(changed)


def require_balanced(postings: Sequence[Posting], settlement_asset: str) -> None:
    """Raise `UnbalancedPostings` unless the postings net to zero in each column."""
    wrong = unbalanced_column(postings, settlement_asset)
    if wrong is not None:
        raise UnbalancedPostings(f"postings of {wrong[0]} net to {wrong[1]}, not to zero")


def unbalanced_column(postings: Sequence[Posting], settlement_asset: str) -> tuple[str, int] | None:
    """The first column in which the postings do not net to zero, an asset or a market, and what they net to there, in
    atoms or lots; None where they net to zero in each."""
    assets: dict[str, int] = {settlement_asset: 0}
    sizes: dict[str, int] = {}
    for posting in postings:
        if isinstance(posting, PositionPosting):
            market_id = posting.market
            assets[settlement_asset] += posting.reference_cost
            sizes[market_id] = sizes.get(market_id, 0) + posting.size
        else:
            asset = posting.asset
            assets[asset] = assets.get(asset, 0) + posting.amount
    for columns in (assets, sizes):
        for column, total in columns.items():
            if total != 0:
                return column, total
    return None


def _with_position(account: Account, posting: PositionPosting) -> Account:
    positions, market_id = account.positions, posting.market
    size, reference_cost = posting.size, posting.reference_cost
    held = positions.get(market_id)
    if held is not None:
        size += held.size
        reference_cost += held.reference_cost
    if size != 0 or reference_cost != 0:
        positions = positions.set(market_id, Position(size, reference_cost))
    elif held is not None:
        positions = positions.delete(market_id)
    return Account(account.cash, positions, account.max_leverage, account.fee_tier, account.liquidation)


def _with_cash(account: Account, posting: CashPosting) -> Account:
    cash, asset = account.cash, posting.asset
    held = cash.get(asset, 0)
    amount = held + posting.amount
    if amount != 0:
        cash = cash.set(asset, amount)
    elif held != 0:
        cash = cash.delete(asset)
    return Account(cash, account.positions, account.max_leverage, account.fee_tier, account.liquidation)
