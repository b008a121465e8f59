"""`apply(state, transaction) -> Outcome`: the one way the ledger moves."""

from typing import assert_never

from .outcomes import Applied, Outcome, Reason, Rejected
from .rules.backstop_transfer import backstop_transfer
from .rules.deposit import deposit
from .rules.enroll import enroll
from .rules.fund import fund
from .rules.leave import leave
from .rules.liquidate import liquidate
from .rules.mark import mark_asset, mark_market
from .rules.observe import observe
from .rules.set_account import set_account
from .rules.settle import settle
from .rules.trade import trade
from .rules.withdraw import withdraw
from .state import State
from .transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)


def apply(state: State, transaction: Transaction) -> Outcome:
    """Answer one transaction. Pure and deterministic: `state` stays valid, and a refusal changes nothing.

    Time may not go backwards, for any transaction; every other check is its rule's. Raises `LedgerBug` where the
    ledger breaks a promise of its own, which no transaction should cause.
    """
    if transaction.time < state.time:
        return Rejected(Reason.TIME_BACKWARDS, transaction.time, state.time, "time")
    match transaction:
        case Trade():
            return trade(state, transaction)
        case MarkMarket():
            return mark_market(state, transaction)
        case MarkAsset():
            return mark_asset(state, transaction)
        case Observe():
            return observe(state, transaction)
        case Deposit():
            return deposit(state, transaction)
        case Withdraw():
            return withdraw(state, transaction)
        case Liquidate():
            return liquidate(state, transaction)
        case BackstopTransfer():
            return backstop_transfer(state, transaction)
        case SetAccount():
            return set_account(state, transaction)
        case Fund():
            return fund(state, transaction)
        case Settle():
            return settle(state, transaction)
        case Enroll():
            return enroll(state, transaction)
        case Leave():
            return leave(state, transaction)
        case _:
            assert_never(transaction)


def state_after(state: State, outcome: Outcome) -> State:
    """The state an outcome leaves: the new one where it was applied, the very same object where it was refused."""
    return outcome.state if isinstance(outcome, Applied) else state
