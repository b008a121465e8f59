"""Corners of the rulebook that one step can show, each by the name that a report and a test call it by.

A corner is something rare that the rules treat in a way of its own: an equality, a window's last millisecond, a
discount that is given up. A law that was never at one says nothing about it.
"""

from collections.abc import Iterator

from ..capacity import limits_in_force
from ..laws.law import Step
from ..margin import (
    account_value,
    distress_collateral,
    effective_collateral,
    free_collateral,
    is_above_release,
    is_at_takeover,
    tier_margin,
    unrealised_pnl,
)
from ..outcomes import Applied, FeesCharged, Funded, Reason, Rejected, Released, Rolled, RoundMade
from ..state import Account, State, size_of
from ..transactions import BackstopTransfer, Fund, Liquidate, MarkMarket, Observe, Settle, Trade, Transaction
from ..units import EXACT_SCALE, RATE_SCALE, floor_to_multiple, sign
from .monitor_corners import MONITOR_CORNERS, observed, opened_by_stress, too_soon
from .schedule import is_at_the_ratio
from .takeover_corners import TAKEOVER_CORNERS, takeover_corners

STEP_CORNERS = (
    *TAKEOVER_CORNERS,
    *MONITOR_CORNERS,
    # rounds
    "released above initial margin",
    "released flat",
    "released flat with exactly nothing",
    "released with rounds used up",
    "a round is made without fills",
    "a round is made with several fills",
    "a round is made after the last one",
    "a round is made long after it was due",
    "a round is made for an account at takeover",
    "a round is refused a millisecond too soon",
    "a round is made in the first millisecond",
    "a provider is liquidated",
    "a hedged account is liquidated",
    "equality with maintenance margin is healthy",
    "equality with half of it is no takeover",
    "equality with initial margin is no release",
    # trades
    "an account closes",
    "an account flips",
    "an account opens exactly at free collateral zero",
    "an account below initial margin reduces",
    "an account hedges one market with another",
    "an account holds three markets",
    "a provider trades at the program's fees",
    "a maker gets a rebate",
    "a maker's rebate is all of the taker's fee",
    "a trade half of mark away, without a band",
    # instants and prices
    "longs pay shorts",
    "shorts pay longs",
    "funding is clamped",
    "funding without samples is zero",
    "funding in the last millisecond",
    "funding missed by a millisecond",
    "funding a second time is refused",
    "a settle in the last millisecond",
    "a settle missed by a millisecond",
    "a settle a second time is refused",
    "a settle rolls a gain",
    "a settle rolls a loss",
    "a settle rolls an account without effective collateral",
    "a settle finds effective collateral of exactly nothing",
    "a settle rolls exactly the least pnl",
    "a settle passes over pnl at exactly the ratio",
    "an index of three",
    "an index of four",
    "an index of five",
    "a wild source is dropped",
)

INDEX_NAMES = {3: "an index of three", 4: "an index of four", 5: "an index of five"}
EQUALITIES = {
    Reason.NOT_LIQUIDATABLE: "equality with maintenance margin is healthy",
    Reason.NOT_AT_TAKEOVER: "equality with half of it is no takeover",
}


def corners_of(step: Step) -> Iterator[str]:
    """The corners that a step shows, some of them more than once."""
    outcome = step.outcome
    if isinstance(outcome, Rejected):
        return _refused(step.before, step.transaction, outcome)
    return _applied(step.before, step.transaction, outcome)


def _refused(before: State, transaction: Transaction, refused: Rejected) -> Iterator[str]:
    reason, at_limit = refused.reason, refused.supplied == refused.limit
    if reason in EQUALITIES and at_limit and refused.limit != 0:
        yield EQUALITIES[reason]
    elif reason is Reason.ROUND_TOO_SOON and refused.supplied == before.rulebook.liquidation.round_interval - 1:
        yield "a round is refused a millisecond too soon"
    elif reason is Reason.OBSERVED_TOO_SOON:
        yield from too_soon(refused)
    elif reason is Reason.OUTSIDE_WINDOW and at_limit:
        yield "funding missed by a millisecond" if isinstance(transaction, Fund) else "a settle missed by a millisecond"
    elif reason is Reason.INSTANT_ALREADY_DONE:
        funds = isinstance(transaction, Fund)
        yield "funding a second time is refused" if funds else "a settle a second time is refused"


def _applied(before: State, transaction: Transaction, done: Applied) -> Iterator[str]:
    match transaction:
        case Trade():
            yield from _trade(before, transaction, done)
        case MarkMarket():
            name = INDEX_NAMES.get(len(transaction.quotes))
            if name is not None:
                yield name
            prices = sorted(transaction.quotes.values())
            if prices[-1] >= 2 * prices[0]:
                yield "a wild source is dropped"
        case Fund():
            yield from _fund(before, transaction, done)
        case Settle():
            yield from _settle(before, transaction, done)
        case Liquidate():
            yield from _liquidate(before, transaction, done)
        case Observe():
            yield from observed(before, transaction, done)
        case BackstopTransfer():
            yield from opened_by_stress(before, transaction)
            yield from takeover_corners(before, transaction, done)
        case _:
            pass


def _trade(before: State, trade: Trade, done: Applied) -> Iterator[str]:
    for account_id in (trade.buyer, trade.seller):
        earlier, later = before.accounts[account_id], done.state.accounts[account_id]
        size, left = size_of(earlier, trade.market), size_of(later, trade.market)
        if size != 0 and left == 0:
            yield "an account closes"
        elif size * left < 0:
            yield "an account flips"
        if left != 0 and size != left:
            free = free_collateral(done.state, later)
            if abs(left) > abs(size) and free == 0:
                yield "an account opens exactly at free collateral zero"
            if 0 < abs(left) < abs(size) and free < 0:
                yield "an account below initial margin reduces"
        if len(later.positions) > 1 and len(earlier.positions) < len(later.positions):
            if is_hedged(later):
                yield "an account hedges one market with another"
            if len(later.positions) > 2:
                yield "an account holds three markets"
        record = before.providers.get(account_id)
        if record is not None and limits_in_force(before.rulebook.program, record, trade.time) is not None:
            yield "a provider trades at the program's fees"
    for event in done.events:
        if isinstance(event, FeesCharged) and min(event.buyer_fee, event.seller_fee) < 0:
            yield "a maker gets a rebate"
            if event.buyer_fee + event.seller_fee == 0:
                yield "a maker's rebate is all of the taker's fee"
    if before.rulebook.contracts[trade.market].price_band is None:
        mark = before.markets[trade.market].mark
        if 2 * abs(trade.price - mark) >= mark - 2 * before.rulebook.contracts[trade.market].tick:
            yield "a trade half of mark away, without a band"


def is_hedged(account: Account) -> bool:
    """Whether the account is long in one market and short in another."""
    return len({sign(position.size) for position in account.positions.values()}) > 1


def _fund(before: State, fund: Fund, done: Applied) -> Iterator[str]:
    market, clamp = before.markets[fund.market], before.rulebook.funding_clamp
    for event in done.events:
        if not isinstance(event, Funded):
            continue
        if event.per_lot != 0 and done.postings:
            yield "longs pay shorts" if event.per_lot > 0 else "shorts pay longs"
        if fund.rate is None and market.premium_count == 0:
            yield "funding without samples is zero"
        elif fund.rate is None and abs(event.rate_numerator) * RATE_SCALE == clamp * event.rate_denominator:
            yield "funding is clamped"
        if fund.time - event.instant == before.rulebook.funding.window - 1:
            yield "funding in the last millisecond"


def _settle(before: State, settle: Settle, done: Applied) -> Iterator[str]:
    schedule = before.rulebook.settle.schedule
    if settle.time - floor_to_multiple(settle.time, schedule.interval) == schedule.window - 1:
        yield "a settle in the last millisecond"
    for event in done.events:
        if isinstance(event, Rolled):
            yield "a settle rolls a gain" if event.pnl > 0 else "a settle rolls a loss"
            if account_value(before, before.accounts[event.account]) <= 0:
                yield "a settle rolls an account without effective collateral"
            if abs(event.pnl) == before.rulebook.settle.minimum_pnl:
                yield "a settle rolls exactly the least pnl"
    for account in before.accounts.values():
        if account.positions and account.liquidation is None:
            pnl, effective = unrealised_pnl(before, account), effective_collateral(before, account)
            if is_at_the_ratio(before.rulebook, pnl, effective):
                yield "a settle passes over pnl at exactly the ratio"
            if effective == 0:
                yield "a settle finds effective collateral of exactly nothing"


def _liquidate(before: State, liquidate: Liquidate, done: Applied) -> Iterator[str]:
    account, rulebook = before.accounts[liquidate.account], before.rulebook
    if limits_in_force(rulebook.program, before.providers.get(liquidate.account), liquidate.time) is not None:
        yield "a provider is liquidated"
    if is_hedged(account):
        yield "a hedged account is liquidated"
    if is_at_takeover(before, account):
        yield "a round is made for an account at takeover"
    for event in done.events:
        if isinstance(event, RoundMade) and event.fills != 1:
            yield "a round is made with several fills" if event.fills else "a round is made without fills"
    running, interval = account.liquidation, rulebook.liquidation.round_interval
    if running is not None:
        if running.round == rulebook.liquidation.rounds:
            yield "a round is made after the last one"
        waited = liquidate.time - running.time
        if waited == interval:
            yield "a round is made in the first millisecond"
        elif waited >= 2 * interval > 0:
            yield "a round is made long after it was due"
    left = done.state.accounts[liquidate.account]
    if left.positions and distress_collateral(done.state, left) * EXACT_SCALE == tier_margin(done.state, left):
        yield "equality with initial margin is no release"
    if any(isinstance(event, Released) for event in done.events):
        if not left.positions:
            yield "released flat"
            if distress_collateral(done.state, left) == 0:
                yield "released flat with exactly nothing"
        elif is_above_release(done.state, left):
            yield "released above initial margin"
        else:
            yield "released with rounds used up"
