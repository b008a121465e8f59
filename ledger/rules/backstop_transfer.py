"""backstop-transfer: take a distressed account over and hand its positions on, in one atomic step.

Providers first, within their capacity; the rest by auto-deleveraging; what the insurance fund is then short of by the
loss waterfall. `takeover` plans steps 1 to 4 of the rulebook, step 5 is here, step 6 in `loss_waterfall`.
"""

from collections.abc import Sequence

from immutables import Map

from ..capacity import limits_in_force
from ..margin import distress_collateral, is_at_takeover, maintenance_margin
from ..outcomes import (
    Deleveraged,
    EnrolmentEnded,
    Event,
    Outcome,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rejected,
    TakenOver,
)
from ..postings import CashPosting, PositionPosting, Posting, post
from ..rulebook import INSURANCE
from ..state import Account, Provider, State, has_used_up_rounds, holds_stressed, with_liquidation
from ..transactions import BackstopTransfer
from ..units import EXACT_SCALE, floor_div, sign
from .effects import Movement, applied
from .loss_waterfall import cover_shortfall
from .parties import refuse_stranger
from .preparation import prepare
from .rolling import closed_or_flipped, roll
from .takeover import Leg, Share, plan_takeover


def is_transferable(state: State, account: Account) -> bool:
    """A prepared account at takeover; or liquidating and not above maintenance margin with its rounds used up, or below
    it with a position in a stressed market."""
    if is_at_takeover(state, account):
        return True
    distress, required = distress_collateral(state, account) * EXACT_SCALE, maintenance_margin(state, account)
    if has_used_up_rounds(state, account):
        return distress <= required
    return holds_stressed(state, account) and distress < required


def transfer_level(state: State, account: Account) -> int:
    """The exact value that distress collateral is to be below, or with the rounds used up not above."""
    required = maintenance_margin(state, account)
    is_open = has_used_up_rounds(state, account) or holds_stressed(state, account)
    return required if is_open else floor_div(required, 2)


def receipts(leg: Leg) -> list[tuple[Share, int]]:
    """Every receiver's share of a leg with its price per lot: providers first, then the auto-deleveraged."""
    return [
        *((share, leg.provider_price) for share in leg.providers),
        *((share, leg.deleverage_price) for share in leg.deleveraged),
    ]


def leg_postings(taken_over: str, leg: Leg) -> list[Posting]:
    """Step 5 for one leg: each receiver's lots at its price, and the position out of the account."""
    direction = sign(leg.size)
    postings: list[Posting] = []
    proceeds = 0
    for share, price in receipts(leg):
        cost = direction * share.size * price
        postings.append(PositionPosting(share.account, leg.market, direction * share.size, -cost))
        proceeds += cost
    postings.append(PositionPosting(taken_over, leg.market, -leg.size, proceeds))
    return postings


def leg_events(leg: Leg) -> list[Event]:
    """What happened in one market of the takeover."""
    summary = PositionTransferred(
        leg.market,
        leg.size,
        leg.equity,
        leg.mark_per_lot,
        leg.bankruptcy,
        leg.provider_price,
        leg.shrunk,
        leg.deleverage_price,
    )
    took = [ProviderTook(s.account, leg.market, s.size, s.room, leg.provider_price) for s in leg.providers]
    reduced = [Deleveraged(s.account, leg.market, s.size, leg.deleverage_price) for s in leg.deleveraged]
    return [summary, *took, *reduced]


def hand_on(state: State, accounts: Map[str, Account], taken_over: str, legs: Sequence[Leg]) -> Movement:
    """Step 5: the positions to their receivers, rolls where a position closed or flipped, what is left to the fund."""
    settlement_asset = state.rulebook.settlement_asset
    postings: list[Posting] = []
    events: list[Event] = []
    for leg in legs:
        postings += leg_postings(taken_over, leg)
        events += leg_events(leg)
    received = post(accounts, postings, settlement_asset=settlement_asset)
    receivers = {share.account for leg in legs for share, _ in receipts(leg)}
    rolls: list[Posting] = []
    for account_id in [*sorted(receivers), taken_over]:
        if closed_or_flipped(accounts[account_id], received[account_id]):
            roll_postings, rolled = roll(state, account_id, received[account_id])
            rolls += roll_postings
            events += rolled
    rolled_accounts = post(received, rolls, settlement_asset=settlement_asset)
    left = rolled_accounts[taken_over].cash.get(settlement_asset, 0)
    clearing: list[Posting] = []
    if left != 0:
        clearing = [
            CashPosting(taken_over, settlement_asset, -left),
            CashPosting(INSURANCE, settlement_asset, left),
        ]
    cleared = post(rolled_accounts, clearing, settlement_asset=settlement_asset)
    ended = cleared.set(taken_over, with_liquidation(cleared[taken_over], None))
    return Movement(ended, (*postings, *rolls, *clearing), tuple(events))


def end_enrolment(
    state: State, providers: Map[str, Provider], taken_over: str, time: int
) -> tuple[Map[str, Provider], tuple[Event, ...]]:
    """A provider that was itself taken over has no limits any more; what it took over before still counts."""
    record = providers.get(taken_over)
    if record is None or record.limits is None:
        return providers, ()
    obliged = limits_in_force(state.rulebook.program, record, time) is not None
    ended = providers.set(taken_over, Provider(None, None, record.takeovers))
    return ended, (EnrolmentEnded(taken_over),) if obliged else ()


def backstop_transfer(state: State, transaction: BackstopTransfer) -> Outcome:
    """Prepare the account, hand its positions on, clear it into `@insurance`, and cover what that is short of."""
    account_id, time = transaction.account, transaction.time
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    prepared = prepare(state, account_id)
    account = prepared.accounts[account_id]
    equity = distress_collateral(state, account)
    if not is_transferable(state, account):
        return Rejected(Reason.NOT_AT_TAKEOVER, equity * EXACT_SCALE, transfer_level(state, account), account_id)

    legs, took_over = plan_takeover(state, prepared.accounts, account_id, time)
    handed_on = hand_on(state, prepared.accounts, account_id, legs)
    providers, ended = end_enrolment(state, took_over, account_id, time)
    covered = cover_shortfall(state, handed_on.accounts)
    return applied(
        state,
        time,
        accounts=covered.accounts,
        providers=providers,
        postings=(*prepared.postings, *handed_on.postings, *covered.postings),
        events=(*prepared.events, TakenOver(account_id, equity), *handed_on.events, *ended, *covered.events),
    )
