"""Laws of what is told: events say what the state shows, and a refusal's figures say why it was refused."""

from collections.abc import Callable

from ..capacity import limits_in_force
from ..outcomes import (
    AccountOpened,
    AccountSet,
    AssetMarked,
    Converted,
    Deleveraged,
    Enrolled,
    EnrolmentEnded,
    Event,
    FeesCharged,
    FeesUsed,
    Funded,
    LiquidationStarted,
    LossShared,
    MarketMarked,
    NoticeGiven,
    Observed,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rejected,
    Released,
    Rolled,
    RoundMade,
    Settled,
    StressEntered,
    StressLeft,
    TakenOver,
    Unit,
)
from ..state import Limits
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
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ..units import is_multiple
from .law import HELD, Breach, Looks, Step, StepLaw, Verdict, parties

MAY_TELL: dict[type, tuple[type, ...]] = {
    Deposit: (AccountOpened,),
    Withdraw: (),
    SetAccount: (AccountSet,),
    Trade: (FeesCharged, Rolled),
    MarkMarket: (MarketMarked,),
    MarkAsset: (AssetMarked,),
    Observe: (Observed, StressEntered, StressLeft),
    Fund: (Funded,),
    Settle: (Settled, Rolled),
    Enroll: (Enrolled,),
    Leave: (NoticeGiven,),
    Liquidate: (Rolled, Converted, LiquidationStarted, FeesCharged, RoundMade, Released),
    BackstopTransfer: (
        *(Rolled, Converted, TakenOver, PositionTransferred, ProviderTook, Deleveraged),
        *(EnrolmentEnded, FeesUsed, LossShared),
    ),
}
"""The events that each transaction can have."""

OF_THE_STATE = frozenset(
    (
        AccountOpened,
        AccountSet,
        MarketMarked,
        AssetMarked,
        Settled,
        Enrolled,
        NoticeGiven,
        LiquidationStarted,
        EnrolmentEnded,
    )
)
"""Events that the states before and after tell by themselves. The laws of fills, rounds, funding, the monitor and
takeovers look at the others."""


def _due(step: Step) -> Event | None:
    """What must be told of a step, as the states around it show it; at most one event."""
    before, after, transaction = step.before, step.after, step.transaction
    match transaction:
        case Trade():
            return None
        case MarkMarket():
            market = after.markets[transaction.market]
            return MarketMarked(transaction.market, market.index, market.mark)
        case MarkAsset():
            return AssetMarked(transaction.asset, after.prices[transaction.asset])
        case Deposit() if transaction.account not in before.accounts:
            return AccountOpened(transaction.account)
        case SetAccount():
            account = after.accounts[transaction.account]
            return AccountSet(transaction.account, account.max_leverage, account.fee_tier)
        case Settle():
            return Settled(after.last_settle)
        case Enroll():
            return Enrolled(transaction.account, _limits(step, transaction.account))
        case Leave():
            return NoticeGiven(transaction.account, transaction.time + before.rulebook.program.notice)
        case Liquidate() if before.accounts[transaction.account].liquidation is None:
            return LiquidationStarted(transaction.account)
        case BackstopTransfer():
            record = before.providers.get(transaction.account)
            if limits_in_force(before.rulebook.program, record, transaction.time) is not None:
                return EnrolmentEnded(transaction.account)
    return None


def _limits(step: Step, account_id: str) -> Limits:
    limits = step.after.providers[account_id].limits
    assert limits is not None
    return limits


def events_say_what_the_state_shows(step: Step) -> Verdict:
    """EVT-1: what the state shows of a transaction is told once, with its figures; nothing that cannot be is told."""
    due = _due(step)
    kind = type(step.transaction)
    told = []
    for event in step.events:
        if type(event) not in MAY_TELL[kind]:
            return Breach(f"a {kind.__name__} cannot have {event}", parties(step.transaction))
        if type(event) in OF_THE_STATE:
            told.append(event)
    if told != ([] if due is None else [due]):
        return Breach(f"told {told}, the state shows {due}", parties(step.transaction))
    return None if due is None else HELD


# Refusals


def _is_below(supplied: int, limit: int) -> bool:
    return supplied < limit


def _is_not_above(supplied: int, limit: int) -> bool:
    return supplied <= limit


def _is_above(supplied: int, limit: int) -> bool:
    return supplied > limit


def _is_not_below(supplied: int, limit: int) -> bool:
    return supplied >= limit


def _is_beside(supplied: int, limit: int) -> bool:
    return supplied != limit


def _is_off_grid(supplied: int, limit: int) -> bool:
    return supplied <= 0 or (limit > 0 and not is_multiple(supplied, limit))


def _is_farther_from_zero(supplied: int, limit: int) -> bool:
    return supplied > limit >= 0 or supplied < limit <= 0


BREAKS: dict[Reason, Callable[[int, int], bool]] = {
    Reason.TIME_BACKWARDS: _is_below,
    Reason.AMOUNT_NOT_POSITIVE: _is_not_above,
    Reason.AMOUNT_OFF_BOOKING_UNIT: _is_off_grid,
    Reason.SIZE_NOT_POSITIVE: _is_not_above,
    Reason.PRICE_OFF_TICK: _is_off_grid,
    Reason.PRICE_OUTSIDE_BAND: _is_beside,
    Reason.QUOTE_NOT_POSITIVE: _is_not_above,
    Reason.TOO_FEW_SOURCES: _is_below,
    Reason.MARK_NOT_POSITIVE: _is_not_above,
    Reason.OBSERVED_TOO_SOON: _is_below,
    Reason.BID_NOT_POSITIVE: _is_not_above,
    Reason.BOOK_CROSSED: _is_not_above,
    Reason.DEPTH_NEGATIVE: _is_below,
    Reason.VOLUME_NEGATIVE: _is_below,
    Reason.OUTSIDE_WINDOW: _is_not_below,
    Reason.INSTANT_ALREADY_DONE: _is_not_above,
    Reason.RATE_BEYOND_CLAMP: _is_farther_from_zero,
    Reason.LEVERAGE_OUT_OF_RANGE: _is_beside,
    Reason.CAPACITY_PER_MINUTE_TOO_LOW: _is_below,
    Reason.CAPACITY_PER_HOUR_TOO_LOW: _is_below,
    Reason.MAX_HOLDINGS_TOO_LOW: _is_below,
    Reason.PROVIDER_BELOW_MINIMUM: _is_below,
    Reason.LIMIT_LOWERED: _is_below,
    Reason.ALREADY_LEAVING: _is_not_below,
    Reason.NOT_LIQUIDATABLE: _is_not_below,
    Reason.ROUND_TOO_SOON: _is_below,
    Reason.ROUNDS_USED_UP: _is_above,
    Reason.NOTHING_TO_REDUCE: _is_above,
    Reason.FILL_BEYOND_ROUND: _is_above,
    Reason.FILL_BEYOND_POSITION: _is_above,
    Reason.ACCOUNT_VALUE_NEGATIVE: _is_below,
    Reason.NOT_AT_TAKEOVER: _is_not_below,
    Reason.INSUFFICIENT_BALANCE: _is_above,
    Reason.FREE_COLLATERAL_NEGATIVE: _is_below,
    Reason.EFFECTIVE_COLLATERAL_NEGATIVE: _is_below,
    Reason.MARGIN_RATE_FELL: _is_below,
    Reason.INSUFFICIENT_CUSTODY: _is_above,
}
"""How what was supplied stands to the limit where a reason refuses. The other reasons have two texts."""


def subjects(transaction: Transaction) -> set[str]:
    """What a refusal of the transaction can be about: what it names, or one of the two words for nobody."""
    found = {"time", *parties(transaction)}
    match transaction:
        case Deposit() | Withdraw() | MarkAsset():
            found.add(transaction.asset)
        case Trade() | MarkMarket() | Observe() | Fund():
            found.add(transaction.market)
        case Liquidate():
            found.update(fill.market for fill in transaction.fills)
        case Settle():
            found.add("settle")
    return found


def a_refusal_says_why(step: Step) -> Verdict:
    """REJ-2: the figures of a refusal break the condition of its reason; its subject is named by the transaction."""
    refusal = step.outcome
    if not isinstance(refusal, Rejected):
        return None
    reason, supplied, limit = refusal.reason, refusal.supplied, refusal.limit
    if refusal.subject not in subjects(step.transaction) or (
        (refusal.subject == "time") != (reason is Reason.TIME_BACKWARDS)
    ):
        return Breach(f"{reason.name} of {refusal.subject}, which the transaction does not name")
    if isinstance(supplied, int) and isinstance(limit, int):
        if reason.unit is Unit.TEXT or not BREAKS[reason](supplied, limit):
            return Breach(f"{reason.name}: {supplied} against {limit} is no reason to refuse")
    elif reason.unit is not Unit.TEXT or supplied == limit:
        return Breach(f"{reason.name}: {supplied} against {limit} is no reason to refuse")
    return HELD


LAWS = (
    StepLaw(
        "EVT-1",
        "What the state shows of a transaction is told once, with its figures, and nothing that cannot be is told.",
        events_say_what_the_state_shows,
    ),
    StepLaw(
        "REJ-2",
        "A refusal's figures break the condition of its reason, and the transaction names its subject.",
        a_refusal_says_why,
        looks=Looks.REFUSED,
    ),
)
