"""The loss waterfall: what `@insurance` is short of, paid by `@fees`, then by gains, then by account value.

The last part of backstop-transfer (specs/rules/backstop-transfer, step 6).
"""

from collections.abc import Callable

from immutables import Map

from ..margin import account_value, unrealised_pnl
from ..outcomes import Event, FeesUsed, LossShared
from ..postings import CashPosting, Posting, post
from ..rulebook import FEES, INSURANCE, is_system
from ..state import Account, State
from ..units import EXACT_SCALE, apportion, floor_div
from .effects import Movement
from .rolling import roll


def gains_weight(state: State, account: Account) -> int:
    """Stage 1: `max(0, min(sum(pnl), AV))` in atoms, rounded down."""
    gains = unrealised_pnl(state, account)
    return max(0, min(gains, floor_div(account_value(state, account), EXACT_SCALE))) if gains > 0 else 0


def value_weight(state: State, account: Account) -> int:
    """Stage 2: `max(0, AV)` in atoms, rounded down."""
    return max(0, floor_div(account_value(state, account), EXACT_SCALE))


STAGES: tuple[Callable[[State, Account], int], ...] = (gains_weight, value_weight)


def cover_shortfall(state: State, accounts: Map[str, Account]) -> Movement:
    """Bring `@insurance` in `accounts`, which stand ahead of the state, back to zero where it is below.

    A charged account rolls first, then pays in cash; nobody pays more than its weight, and a zero part touches
    nothing. Account values sum to the value of custody, which is not negative, so there is always enough.
    """
    settlement_asset = state.rulebook.settlement_asset
    shortfall = -accounts[INSURANCE].cash.get(settlement_asset, 0)
    if shortfall <= 0:
        return Movement(accounts, (), ())
    postings: list[Posting] = []
    events: list[Event] = []

    from_fees = min(shortfall, accounts[FEES].cash.get(settlement_asset, 0))
    if from_fees > 0:
        postings += _payment(FEES, settlement_asset, from_fees)
        accounts = post(accounts, postings, settlement_asset=settlement_asset)
        events.append(FeesUsed(from_fees))
        shortfall -= from_fees

    for stage, weight_of in enumerate(STAGES, start=1):
        if shortfall == 0:
            break
        weights = {
            account_id: weight_of(state, account)
            for account_id, account in accounts.items()
            if not is_system(account_id)
        }
        charged = sorted(account_id for account_id, weight in weights.items() if weight > 0)
        capped = min(shortfall, sum(weights.values()))
        parts = apportion(capped, [weights[account_id] for account_id in charged])
        stage_postings: list[Posting] = []
        for account_id, part in zip(charged, parts, strict=True):
            if part == 0:
                continue
            roll_postings, rolled = roll(state, account_id, accounts[account_id])
            stage_postings += roll_postings
            stage_postings += _payment(account_id, settlement_asset, part)
            events += rolled
            events.append(LossShared(account_id, stage, part))
        accounts = post(accounts, stage_postings, settlement_asset=settlement_asset)
        postings += stage_postings
        shortfall -= capped
    return Movement(accounts, tuple(postings), tuple(events))


def _payment(payer: str, settlement_asset: str, amount: int) -> tuple[Posting, ...]:
    return (CashPosting(payer, settlement_asset, -amount), CashPosting(INSURANCE, settlement_asset, amount))
