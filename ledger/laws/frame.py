"""Laws of the frame: what a transaction does not reach stays, a refusal changes nothing, time goes forward."""

from typing import Any

from immutables import Map

from ..outcomes import Deleveraged, LossShared, ProviderTook, Rejected, Rolled
from ..rulebook import EXTERNAL, FEES, INSURANCE
from ..transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    Settle,
    Trade,
    Withdraw,
)
from .law import HELD, Breach, Looks, Span, StateLaw, Step, StepLaw, Verdict, parties

_MARKETS = (MarkMarket, Observe, Fund)
_PROVIDERS = (Enroll, Leave, BackstopTransfer)


def _reach(step: Step) -> set[str]:
    """The accounts that the transaction may change."""
    transaction = step.transaction
    match transaction:
        case Trade():
            return {transaction.buyer, transaction.seller, FEES}
        case Enroll() | Leave():
            return set()
        case Deposit() | Withdraw():
            return {transaction.account, EXTERNAL}
        case Fund():
            market_id = transaction.market
            return {party for party, change in step.changes.items() if change.old and market_id in change.old.positions}
        case Settle():
            return {event.account for event in step.happened(Rolled)}
        case Liquidate():
            return {*parties(transaction), FEES, EXTERNAL}
        case BackstopTransfer():
            return {
                *parties(transaction),
                *(FEES, EXTERNAL, INSURANCE),
                *(event.provider for event in step.happened(ProviderTook)),
                *(event.account for event in step.happened(Deleveraged)),
                *(event.account for event in step.happened(LossShared)),
            }
        case _:
            return set(parties(transaction))


def _changed_rows(before: Map[str, Any], after: Map[str, Any]) -> list[str]:
    changed = [key for key, row in after.items() if before.get(key) is not row]
    return changed + [key for key in before if key not in after]


def _row_out_of_reach(step: Step) -> str | None:
    """A row of another table than the accounts that changed though the transaction does not reach it."""
    before, after, transaction = step.before, step.after, step.transaction
    if before.rulebook is not after.rulebook:
        return "the rulebook"
    if before.last_settle != after.last_settle and not isinstance(transaction, Settle):
        return "the last settle"
    if before.markets is not after.markets:
        markets = _changed_rows(before.markets, after.markets)
        if markets and not (isinstance(transaction, _MARKETS) and markets == [transaction.market]):
            return f"a market of {sorted(markets)}"
    if before.prices is not after.prices:
        prices = _changed_rows(before.prices, after.prices)
        if prices and not (isinstance(transaction, MarkAsset) and prices == [transaction.asset]):
            return f"a price of {sorted(prices)}"
    if before.providers is not after.providers:
        providers = _changed_rows(before.providers, after.providers)
        reach = set(parties(transaction)) if isinstance(transaction, _PROVIDERS) else set()
        reach.update(event.provider for event in step.happened(ProviderTook))
        strangers = [provider_id for provider_id in providers if provider_id not in reach]
        if strangers:
            return f"a provider of {sorted(strangers)}"
    return None


def only_what_a_transaction_reaches_changes(step: Step) -> Verdict:
    """FRM-1 of one step: a table changes by its own transaction types only, an account only where it is reached."""
    wrong = _row_out_of_reach(step)
    if wrong is not None:
        return Breach(f"{wrong} changed by a transaction that does not reach it")
    reach = _reach(step) if step.changes else set()
    for account_id in step.changes:
        if account_id not in reach:
            return Breach(f"{account_id} changed, which the transaction does not reach", (account_id,))
    return HELD


def unreached_accounts_are_the_same_objects(span: Span) -> Verdict:
    """FRM-1: accounts that no transaction since the last look named are the very same objects."""
    if span.since is span.now:
        return None
    if span.strangers:
        stranger = min(span.strangers)
        return Breach(f"{stranger} changed before a transaction reached it", (stranger,))
    since, now, reached = span.since.accounts, span.now.accounts, span.reached
    for account_id, account in now.items():
        left = reached.get(account_id) or since.get(account_id)
        if left is None:
            return Breach(f"{account_id} appeared though no transaction reached it", (account_id,))
        if left is not account:
            return Breach(f"{account_id} changed though no transaction reached it", (account_id,))
    for account_id in since:
        if account_id not in now:
            return Breach(f"{account_id} is gone", (account_id,))
    return HELD


def a_refusal_changes_nothing(step: Step) -> Verdict:
    """REJ-1."""
    if not isinstance(step.outcome, Rejected):
        return None
    if step.after is not step.before:
        return Breach("a refused transaction left another state", parties(step.transaction))
    return HELD


def time_and_sequence_go_forward(step: Step) -> Verdict:
    """TIM-1: an applied transaction's time is the state's, not before the one before; sequence counts it."""
    before, after = step.before, step.after
    if isinstance(step.outcome, Rejected):
        kept = after.time == before.time and after.sequence == before.sequence
        return HELD if kept else Breach("time or sequence moved by a refused transaction")
    if after.time < before.time or after.time != step.transaction.time:
        return Breach(f"time went from {before.time} to {after.time} by a transaction at {step.transaction.time}")
    if after.sequence != before.sequence + 1:
        return Breach(f"sequence went from {before.sequence} to {after.sequence}")
    return HELD


LAWS = (
    StepLaw(
        "FRM-1",
        "A transaction changes only the accounts and tables that it reaches.",
        only_what_a_transaction_reaches_changes,
    ),
    StateLaw(
        "FRM-1",
        "Accounts that no transaction reaches are the very same objects afterwards.",
        unreached_accounts_are_the_same_objects,
    ),
    StepLaw("REJ-1", "A refused transaction changes nothing.", a_refusal_changes_nothing, looks=Looks.REFUSED),
    StepLaw("TIM-1", "Time and sequence never go back.", time_and_sequence_go_forward, looks=Looks.ALL),
)
