"""What several pages have in the same words: checks of parties and amounts, and rolling."""

from collections.abc import Iterator

import attrs

from ledger.outcomes import Event, Reason, Rolled
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.rulebook import FEES, INSURANCE
from ledger.state import Account, Position, State

from ..pages import Check
from ..quantities import signed_notional


def amount_is_booked(rule: str, state: State, asset: str, amount: int) -> Iterator[Check]:
    """1 to 3 of deposit and withdraw."""
    yield Check(f"{rule}-1", Reason.AMOUNT_NOT_POSITIVE, amount > 0, amount, 0, asset)
    yield Check(f"{rule}-2", Reason.UNKNOWN_ASSET, asset in state.rulebook.assets, asset, "a listed asset", asset)
    unit = state.rulebook.assets[asset].booking_unit
    yield Check(f"{rule}-3", Reason.AMOUNT_OFF_BOOKING_UNIT, amount % unit == 0, amount, unit, asset)


def may_hold(rule: str, number: int, state: State, account_id: str, asset: str) -> Iterator[Check]:
    """Deposits and withdrawals: an ordinary account, or one of two system accounts, which have settlement only."""
    ordinary, payable = not account_id.startswith("@"), account_id in (INSURANCE, FEES)
    wanted = "an ordinary account, @insurance or @fees"
    yield Check(f"{rule}-{number}", Reason.SYSTEM_ACCOUNT, ordinary or payable, account_id, wanted, account_id)
    settlement = state.rulebook.settlement_asset
    in_settlement = ordinary or asset == settlement
    yield Check(f"{rule}-{number + 1}", Reason.SYSTEM_ACCOUNT_ASSET, in_settlement, asset, settlement, account_id)


def is_ordinary_and_open(rule: str, number: int, state: State, account_id: str) -> Iterator[Check]:
    """Two checks of a party."""
    ordinary = not account_id.startswith("@")
    yield Check(f"{rule}-{number}", Reason.SYSTEM_ACCOUNT, ordinary, account_id, "an ordinary account", account_id)
    yield from is_open(rule, number + 1, state, account_id)


def is_open(rule: str, number: int, state: State, account_id: str) -> Iterator[Check]:
    """The party has an account."""
    there = account_id in state.accounts
    yield Check(f"{rule}-{number}", Reason.UNKNOWN_ACCOUNT, there, account_id, "an open account", account_id)


def is_active(rule: str, number: int, state: State, account_id: str) -> Iterator[Check]:
    """The party is not being liquidated."""
    active = state.accounts[account_id].liquidation is None
    yield Check(f"{rule}-{number}", Reason.ACCOUNT_LIQUIDATING, active, "LIQUIDATING", "ACTIVE", account_id)


def rolled(state: State, account_id: str, account: Account) -> tuple[Account, list[Posting], list[Event]]:
    """Rolling, as the page of the state has it: each market's pnl into cash, nothing where there is none at all."""
    settlement = state.rulebook.settlement_asset
    postings: list[Posting] = []
    positions, total = account.positions, 0
    for market in sorted(positions):
        size, cost = positions[market].size, positions[market].reference_cost
        gain = signed_notional(state, account, market) + cost
        if gain != 0:
            postings.append(PositionPosting(account_id, market, 0, -gain))
            positions = positions.set(market, Position(size, cost - gain))
            total = total + gain
    if not postings:
        return account, [], []
    cash = account.cash
    if total != 0:
        postings.append(CashPosting(account_id, settlement, total))
        cash = cash.set(settlement, cash.get(settlement, 0) + total)
    return attrs.evolve(account, positions=positions, cash=cash), postings, [Rolled(account_id, total)]
