"""settle: the 15-minute roll of unrealised pnl into cash."""

from ..margin import effective_collateral, unrealised_pnl
from ..outcomes import Event, Outcome, Settled
from ..postings import Posting, post
from ..state import Account, State
from ..transactions import Settle
from ..units import EXACT_SCALE, RATE_SCALE
from .effects import applied
from .instants import instant_of, refuse_instant
from .rolling import roll


def is_due_to_roll(state: State, account: Account) -> bool:
    """An active account with positions whose |pnl| reaches the minimum and exceeds the ratio of its collateral."""
    if not account.positions or account.liquidation is not None:
        return False
    terms = state.rulebook.settle
    gain_or_loss = abs(unrealised_pnl(state, account))
    if gain_or_loss < terms.minimum_pnl:
        return False
    effective = effective_collateral(state, account)
    return effective <= 0 or gain_or_loss * EXACT_SCALE * RATE_SCALE > terms.minimum_ratio * effective


def settle(state: State, transaction: Settle) -> Outcome:
    """Roll every account that is due; no account value moves."""
    schedule = state.rulebook.settle.schedule
    refusal = refuse_instant(schedule, time=transaction.time, last=state.last_settle, subject="settle")
    if refusal is not None:
        return refusal

    instant = instant_of(schedule, transaction.time)
    due = sorted(account_id for account_id, account in state.accounts.items() if is_due_to_roll(state, account))
    postings: list[Posting] = []
    events: list[Event] = [Settled(instant)]
    for account_id in due:
        roll_postings, rolled = roll(state, account_id, state.accounts[account_id])
        postings += roll_postings
        events += rolled
    accounts = post(state.accounts, postings, settlement_asset=state.rulebook.settlement_asset)
    return applied(
        state,
        transaction.time,
        accounts=accounts,
        last_settle=instant,
        postings=tuple(postings),
        events=tuple(events),
    )
