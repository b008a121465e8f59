"""This ledger behind the protocol with one part of it wrong: `python -m tests.engines.mutated FAULT [WORDS]`.

WORDS: what it says it gives, with commas between; all by default.
"""

import sys
from collections.abc import Callable
from typing import Any

import attrs

from ledger.engines import GIVES
from ledger.engines.serve import Document, Server
from ledger.outcomes import Applied, Outcome, Reason, Rejected
from ledger.state import Account, State, new_account
from ledger.transactions import Deposit, SetAccount, Trade, Transaction, Withdraw
from ledger.transition import apply
from ledger.units import format_decimal


class Mutated(Server):
    """The ledger with a fault in what it answers, or in what it tells of it."""

    def __init__(self, fault: str, gives: list[str], types: str | None = None) -> None:
        super().__init__(gives, None if types is None else types.split(","))
        self.fault = fault
        self.count = self.inits = 0

    def init(self, request: Document) -> Document:
        self.inits += 1
        if self.fault != "keeps-count":
            self.count = 0
        told = super().init(request)
        if self.fault == "begins-late":
            self.state = attrs.evolve(self.state_of(), time=self.state_of().time + 1)
        return told

    def outcome_of(self, state: State, transaction: Transaction) -> Outcome:
        wrong = WRONG_RULES.get(self.fault)
        self.count += isinstance(transaction, Withdraw)
        return apply(state, transaction) if wrong is None else wrong(self, state, transaction)

    def answer(self, transaction: Transaction) -> Document:
        before = self.state_of()
        told = super().answer(transaction)
        if self.fault == "opened" and isinstance(transaction, Deposit) and not told["applied"]:
            # What is refused opens its account all the same, though with nothing in it.
            accounts = before.accounts
            if transaction.account not in accounts:
                self.state = attrs.evolve(
                    before, accounts=accounts.set(transaction.account, new_account(before.rulebook))
                )
        return told

    def told(self, document: Document) -> Document:
        wrong = WRONG_WORDS.get(self.fault)
        if wrong is not None:
            wrong(document)
        return super().told(document)

    def tell_state(self, request: Document) -> Document:
        told = super().tell_state(request)
        if self.fault == "digest" and "digest" in told and self.state_of().sequence > 3:
            told["digest"] = "0" * 64
        if self.fault == "second-init" and "digest" in told and self.inits == 2:
            told["digest"] = "1" * 64
        return told


def no_collateral_check(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """Withdrawals that leave too little are applied."""
    outcome = apply(state, transaction)
    is_short = isinstance(outcome, Rejected) and outcome.reason is Reason.FREE_COLLATERAL_NEGATIVE
    if is_short and isinstance(transaction, Withdraw):
        return Applied(attrs.evolve(state, sequence=state.sequence + 1), (), ())
    return outcome


def quiet_booking(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """A trade leaves one atom too much with the buyer, and tells nothing of it."""
    outcome = apply(state, transaction)
    if isinstance(outcome, Applied) and isinstance(transaction, Trade):
        return attrs.evolve(outcome, state=with_one_more(outcome.state, transaction.buyer))
    return outcome


def with_one_more(state: State, account_id: str) -> State:
    account: Account = state.accounts[account_id]
    asset = state.rulebook.settlement_asset
    cash = account.cash.set(asset, account.cash.get(asset, 0) + 1)
    return attrs.evolve(state, accounts=state.accounts.set(account_id, attrs.evolve(account, cash=cash)))


def lost_position(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """A seller's position is not booked where it becomes short."""
    outcome = apply(state, transaction)
    if isinstance(outcome, Applied) and isinstance(transaction, Trade):
        account = outcome.state.accounts[transaction.seller]
        if transaction.market in account.positions and account.positions[transaction.market].size < 0:
            positions = account.positions.delete(transaction.market)
            accounts = outcome.state.accounts.set(transaction.seller, attrs.evolve(account, positions=positions))
            return attrs.evolve(outcome, state=attrs.evolve(outcome.state, accounts=accounts))
    return outcome


def forgotten_tier(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """A fee tier is not kept, which is seen in the whole state alone."""
    outcome = apply(state, transaction)
    if isinstance(outcome, Applied) and isinstance(transaction, SetAccount) and transaction.fee_tier is not None:
        before = state.accounts[transaction.account]
        account = attrs.evolve(outcome.state.accounts[transaction.account], fee_tier=before.fee_tier)
        accounts = outcome.state.accounts.set(transaction.account, account)
        return attrs.evolve(outcome, state=attrs.evolve(outcome.state, accounts=accounts))
    return outcome


def third_withdrawal(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """The third withdrawal is refused."""
    if isinstance(transaction, Withdraw) and server.count > 2:
        outcome = apply(state, transaction)
        return Rejected(Reason.INSUFFICIENT_BALANCE, 0, 1, "x") if isinstance(outcome, Applied) else outcome
    return apply(state, transaction)


def crash(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """Trades of more than a few lots are too much for it."""
    if isinstance(transaction, Trade) and isinstance(apply(state, transaction), Applied) and transaction.size > 3:
        raise OverflowError(f"lots {format_decimal(transaction.size, 0)}")
    return apply(state, transaction)


def hang(server: Mutated, state: State, transaction: Transaction) -> Outcome:
    """A withdrawal that is refused never ends."""
    outcome = apply(state, transaction)
    if isinstance(transaction, Withdraw) and isinstance(outcome, Rejected):
        import time

        time.sleep(600)
    return outcome


WRONG_RULES: dict[str, Callable[[Mutated, State, Transaction], Outcome]] = {
    "applied": no_collateral_check,
    "quiet": quiet_booking,
    "position": lost_position,
    "tier": forgotten_tier,
    "keeps-count": third_withdrawal,
    "third": third_withdrawal,
    "crash": crash,
    "hang": hang,
}


def _reason(document: Document) -> None:
    if document.get("reason") == "SAME_ACCOUNT":
        document["reason"] = "SYSTEM_ACCOUNT"


def _figure(document: Document) -> None:
    if document.get("reason") == "FREE_COLLATERAL_NEGATIVE":
        document["limit"] = str(int(document["limit"]) + 1)


def _subject(document: Document) -> None:
    if document.get("reason") == "UNKNOWN_ACCOUNT":
        document["subject"] = "nobody"


def _changes(document: Document) -> None:
    for change in document.get("changes", ()):
        if "size" in change:
            change["reference_cost"] = str(int(change["reference_cost"]) - 1)


def _market(document: Document) -> None:
    if document.get("reason") == "UNKNOWN_MARKET":
        document["reason"] = "MARKET_WITHOUT_MARK"


def _order(document: Document) -> None:
    document["changes"] = list(reversed(document["changes"])) if "changes" in document else None


def _events(document: Document) -> None:
    document["events"] = [event for event in document.get("events", ()) if event["event"] != "FeesCharged"]


def _event_field(document: Document) -> None:
    for event in document.get("events", ()):
        if event["event"] == "MarketMarked":
            event["mark"] = str(int(event["mark"]) + 1)


def _event_number(document: Document) -> None:
    for event in document.get("events", ()):
        if event["event"] == "AccountSet":
            event["max_leverage"] = float(event["max_leverage"])


def _link(document: Document) -> None:
    if not document["applied"]:
        document["link"] = "f" * 64


WRONG_WORDS: dict[str, Callable[[Document], Any]] = {
    "reason": _reason,
    "figure": _figure,
    "subject": _subject,
    "changes": _changes,
    "market": _market,
    "order": _order,
    "events": _events,
    "event-field": _event_field,
    "event-number": _event_number,
    "link": _link,
}


def main(types: str | None = None) -> None:
    gives = list(GIVES) if len(sys.argv) < 3 else [word for word in sys.argv[2].split(",") if word]
    Mutated(sys.argv[1], gives, types).run(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
