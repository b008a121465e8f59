"""What the generators reach is asserted, not hoped for: a seeded simulation goes through every corner named here.

A law that is never put to the test holds trivially. So a plain, deterministic simulation counts what happens to it, and
this fails while any transaction type, reason, event or named case is unreached. `pytest -s` prints the counts.
"""

import functools
import typing
from collections import Counter
from collections.abc import Iterator

from ledger.capacity import headroom, limits_in_force, remaining_capacity, taken_within
from ledger.checks import Check, checks_of, compare
from ledger.fuzzing import RULEBOOKS, Seeded, play
from ledger.laws.law import Step
from ledger.margin import (
    account_value,
    distress_collateral,
    free_collateral,
    is_at_takeover,
    is_liquidatable,
    mark_per_lot,
    tier_margin,
)
from ledger.outcomes import (
    Applied,
    Deleveraged,
    Event,
    FeesCharged,
    Funded,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Reason,
    Rejected,
    Released,
    Rolled,
    RoundMade,
    TakenOver,
)
from ledger.rulebook import FEES, INSURANCE
from ledger.state import State, Takeover, size_of
from ledger.transactions import TYPE_NAMES, BackstopTransfer, Fund, Liquidate, MarkMarket, Settle, Trade, Transaction
from ledger.units import EXACT_SCALE, RATE_SCALE, floor_to_multiple

SEEDS = 30
STEPS = 700

CASES = (
    # providers' limits
    "a provider is held back by its minute",
    "a provider is held back by its hour",
    "a provider is held back by its headroom",
    "a provider is passed over below the minimum",
    "a provider is passed over after its notice",
    "a provider is passed over while liquidating",
    "a provider takes over during its notice",
    "a provider with a notice is asked in the last millisecond of it",
    "a provider with a notice is asked in the first millisecond after it",
    "a takeover is in the minute by its last millisecond",
    "a takeover leaves the minute by a millisecond",
    "a takeover is in the hour by its last millisecond",
    "a takeover leaves the hour by a millisecond",
    "several providers share a position",
    "a provider's own position is reduced by a takeover",
    "a provider's own position flips by a takeover",
    "a provider becomes liquidatable by a takeover",
    # takeovers
    "a long is taken over",
    "a short is taken over",
    "several markets are taken over at once",
    "long and short markets are taken over at once",
    "a flat account is taken over",
    "an active account is taken over",
    "a liquidating account is taken over",
    "an account is taken over above takeover, its rounds used up",
    "a bankrupt account is taken over",
    "a solvent account is taken over",
    "a provider is taken over",
    "a provider is liquidated",
    "providers take everything",
    "auto-deleveraging takes everything",
    "providers and auto-deleveraging share a position",
    "a provider is auto-deleveraged",
    "a liquidating account is auto-deleveraged",
    "a candidate beyond the minimum is auto-deleveraged",
    "an auto-deleveraged position closes",
    # losses
    "a discount shrinks in part",
    "a discount shrinks to nothing",
    "insurance pays and is left with something",
    "fees pay a part",
    "a loss is shared in stage 1",
    "a loss is shared in stage 2",
    "a loss is shared in both stages",
    # rounds
    "released above initial margin",
    "released flat",
    "released with rounds used up",
    "a round is made without fills",
    "a round is made with several fills",
    "a round is made after the last one",
    "a round is refused a millisecond too soon",
    "a round is made in the first millisecond",
    "equality with maintenance margin is healthy",
    "equality with half of it is no takeover",
    "equality with initial margin is no release",
    # trades
    "an account closes",
    "an account flips",
    "an account opens exactly at free collateral zero",
    "an account below initial margin reduces",
    "a provider trades at the program's fees",
    "a maker gets a rebate",
    # instants and prices
    "longs pay shorts",
    "shorts pay longs",
    "funding is clamped",
    "funding without samples is zero",
    "funding in the last millisecond",
    "funding missed by a millisecond",
    "a settle in the last millisecond",
    "a settle missed by a millisecond",
    "a settle rolls a gain",
    "a settle rolls a loss",
    "a settle rolls an account without effective collateral",
    "an index of three",
    "an index of four",
    "an index of five",
    "a wild source is dropped",
)


@functools.cache
def reached() -> Counter[str]:
    """How often the simulation reached each transaction type, reason, event and case."""
    counts: Counter[str] = Counter()
    looked: Counter[tuple[type, Reason, bool]] = Counter()
    for seed in range(SEEDS):
        for number, rulebook in enumerate(RULEBOOKS.values()):
            for step in play(Seeded(len(RULEBOOKS) * seed + number), rulebook, STEPS):
                counts["step"] += 1
                counts.update(named(step))
                if isinstance(step.outcome, Rejected):
                    whose = step.outcome.subject == getattr(step.transaction, "account", None)
                    key = (type(step.transaction), step.outcome.reason, whose)
                    looked[key] += 1
                    if looked[key] < 40 or looked[key] % 50 == 0:
                        counts[name_of(compare(step.before, step.transaction)[-1].check)] += 1
    return counts


def name_of(check: Check) -> str:
    """A check's name here: where it stands in which rule, and its reason."""
    return f"check {check.rule} {check.number}: {check.reason.name}"


def named(step: Step) -> Iterator[str]:
    """The names of everything that the step reaches, with repetitions."""
    transaction, outcome = step.transaction, step.outcome
    kind = type(transaction).__name__
    if isinstance(outcome, Rejected):
        yield f"refused {kind}"
        yield outcome.reason.name
        yield f"{kind} refused: {outcome.reason.name}"
        yield from _refused_cases(step.before, transaction, outcome)
        return
    yield f"applied {kind}"
    for event in outcome.events:
        yield type(event).__name__
    yield from _applied_cases(step.before, transaction, outcome)


def _refused_cases(before: State, transaction: Transaction, refused: Rejected) -> Iterator[str]:
    if refused.reason is Reason.NOT_LIQUIDATABLE and refused.supplied == refused.limit and refused.limit != 0:
        yield "equality with maintenance margin is healthy"
    if refused.reason is Reason.NOT_AT_TAKEOVER and refused.supplied == refused.limit and refused.limit != 0:
        yield "equality with half of it is no takeover"
    if refused.reason is Reason.ROUND_TOO_SOON and refused.supplied == before.rulebook.liquidation.round_interval - 1:
        yield "a round is refused a millisecond too soon"
    if refused.reason is Reason.OUTSIDE_WINDOW and refused.supplied == refused.limit:
        yield "funding missed by a millisecond" if isinstance(transaction, Fund) else "a settle missed by a millisecond"


def _applied_cases(before: State, transaction: Transaction, done: Applied) -> Iterator[str]:
    match transaction:
        case Trade():
            yield from _trade_cases(before, transaction, done)
        case MarkMarket():
            yield f"an index of {('three', 'four', 'five')[len(transaction.quotes) - 3]}"
            prices = sorted(transaction.quotes.values())
            if prices[-1] >= 2 * prices[0]:
                yield "a wild source is dropped"
        case Fund():
            yield from _fund_cases(before, transaction, done)
        case Settle():
            yield from _settle_cases(before, transaction, done)
        case Liquidate():
            yield from _liquidate_cases(before, transaction, done)
        case BackstopTransfer():
            yield from _transfer_cases(before, transaction, done)
        case _:
            pass


def _trade_cases(before: State, trade: Trade, done: Applied) -> Iterator[str]:
    for account_id in (trade.buyer, trade.seller):
        earlier, later = before.accounts[account_id], done.state.accounts[account_id]
        size, left = size_of(earlier, trade.market), size_of(later, trade.market)
        if size != 0 and left == 0:
            yield "an account closes"
        elif size * left < 0:
            yield "an account flips"
        free = _free_collateral(done.state, account_id)
        if abs(left) > abs(size) and free == 0:
            yield "an account opens exactly at free collateral zero"
        if 0 < abs(left) < abs(size) and free < 0:
            yield "an account below initial margin reduces"
        if limits_in_force(before.rulebook.program, before.providers.get(account_id), trade.time) is not None:
            yield "a provider trades at the program's fees"
    fees = [event for event in done.events if isinstance(event, FeesCharged)]
    if any(min(event.buyer_fee, event.seller_fee) < 0 for event in fees):
        yield "a maker gets a rebate"


def _free_collateral(state: State, account_id: str) -> int:
    return free_collateral(state, state.accounts[account_id])


def _fund_cases(before: State, fund: Fund, done: Applied) -> Iterator[str]:
    market, clamp = before.markets[fund.market], before.rulebook.funding_clamp
    funded = next(event for event in done.events if isinstance(event, Funded))
    if funded.per_lot != 0 and done.postings:
        yield "longs pay shorts" if funded.per_lot > 0 else "shorts pay longs"
    if fund.rate is None and market.premium_count == 0:
        yield "funding without samples is zero"
    elif fund.rate is None and abs(funded.rate_numerator) * RATE_SCALE == clamp * funded.rate_denominator:
        yield "funding is clamped"
    if fund.time - funded.instant == before.rulebook.funding.window - 1:
        yield "funding in the last millisecond"


def _settle_cases(before: State, settle: Settle, done: Applied) -> Iterator[str]:
    schedule = before.rulebook.settle.schedule
    if settle.time - floor_to_multiple(settle.time, schedule.interval) == schedule.window - 1:
        yield "a settle in the last millisecond"
    for event in done.events:
        if isinstance(event, Rolled):
            yield "a settle rolls a gain" if event.pnl > 0 else "a settle rolls a loss"
            if account_value(before, before.accounts[event.account]) <= 0:
                yield "a settle rolls an account without effective collateral"


def _liquidate_cases(before: State, liquidate: Liquidate, done: Applied) -> Iterator[str]:
    account, terms = before.accounts[liquidate.account], before.rulebook.liquidation
    made = next(event for event in done.events if isinstance(event, RoundMade))
    if limits_in_force(before.rulebook.program, before.providers.get(liquidate.account), liquidate.time) is not None:
        yield "a provider is liquidated"
    if made.fills != 1:
        yield "a round is made with several fills" if made.fills else "a round is made without fills"
    if account.liquidation is not None:
        if account.liquidation.round == terms.rounds:
            yield "a round is made after the last one"
        if liquidate.time - account.liquidation.time == terms.round_interval:
            yield "a round is made in the first millisecond"
    left = done.state.accounts[liquidate.account]
    if left.positions and distress_collateral(done.state, left) * EXACT_SCALE == tier_margin(done.state, left):
        yield "equality with initial margin is no release"
    if any(isinstance(event, Released) for event in done.events):
        if not left.positions:
            yield "released flat"
        elif _is_above_initial(done.state, liquidate.account):
            yield "released above initial margin"
        else:
            yield "released with rounds used up"


def _is_above_initial(state: State, account_id: str) -> bool:
    account = state.accounts[account_id]
    return distress_collateral(state, account) * EXACT_SCALE > tier_margin(state, account)


def _transfer_cases(before: State, transfer: BackstopTransfer, done: Applied) -> Iterator[str]:
    rulebook, after = before.rulebook, done.state
    account = before.accounts[transfer.account]
    taken = next(event for event in done.events if isinstance(event, TakenOver))
    legs = [event for event in done.events if isinstance(event, PositionTransferred)]
    shared = {event.stage for event in done.events if isinstance(event, LossShared)}

    yield "an active account is taken over" if account.liquidation is None else "a liquidating account is taken over"
    yield "a bankrupt account is taken over" if taken.equity < 0 else "a solvent account is taken over"
    if not is_at_takeover(before, account):
        yield "an account is taken over above takeover, its rounds used up"
    if limits_in_force(rulebook.program, before.providers.get(transfer.account), transfer.time) is not None:
        yield "a provider is taken over"
    directions = {leg.size > 0 for leg in legs}
    if not legs:
        yield "a flat account is taken over"
    if len(legs) > 1:
        yield "several markets are taken over at once"
    if len(directions) > 1:
        yield "long and short markets are taken over at once"
    for is_long in directions:
        yield "a long is taken over" if is_long else "a short is taken over"
    yield from _shares_cases(before, transfer, done)
    yield from _provider_cases(before, transfer, done)

    for leg in legs:
        if leg.shrunk and leg.provider_price == leg.deleverage_price:
            yield "a discount shrinks to nothing"
        elif leg.shrunk:
            yield "a discount shrinks in part"
    fund_before, fund_after = _settlement(before, INSURANCE), _settlement(after, INSURANCE)
    if 0 < fund_after < fund_before:
        yield "insurance pays and is left with something"
    if _settlement(after, FEES) < _settlement(before, FEES):
        yield "fees pay a part"
    for stage in shared:
        yield f"a loss is shared in stage {stage}"
    if len(shared) > 1:
        yield "a loss is shared in both stages"


def _settlement(state: State, account_id: str) -> int:
    return state.accounts[account_id].cash.get(state.rulebook.settlement_asset, 0)


def _shares_cases(before: State, transfer: BackstopTransfer, done: Applied) -> Iterator[str]:
    """Who received what: by leg, and what it did to the receiver."""
    after, program = done.state, before.rulebook.program
    for leg in (event for event in done.events if isinstance(event, PositionTransferred)):
        took = [event for event in done.events if isinstance(event, ProviderTook) and event.market == leg.market]
        reduced = [event for event in done.events if isinstance(event, Deleveraged) and event.market == leg.market]
        if took and reduced:
            yield "providers and auto-deleveraging share a position"
        elif took:
            yield "providers take everything"
        else:
            yield "auto-deleveraging takes everything"
        if len(took) > 1:
            yield "several providers share a position"
        if len(reduced) > program.minimum_candidates:
            yield "a candidate beyond the minimum is auto-deleveraged"
        for taker in took:
            held, left = (size_of(state.accounts[taker.provider], leg.market) for state in (before, after))
            if before.providers[taker.provider].notice is not None:
                yield "a provider takes over during its notice"
            if held * left < 0:
                yield "a provider's own position flips by a takeover"
            elif abs(left) < abs(held):
                yield "a provider's own position is reduced by a takeover"
            was, now = before.accounts[taker.provider], after.accounts[taker.provider]
            if is_liquidatable(after, now) and not is_liquidatable(before, was):
                yield "a provider becomes liquidatable by a takeover"
        for loser in reduced:
            if size_of(after.accounts[loser.account], leg.market) == 0:
                yield "an auto-deleveraged position closes"
            if before.accounts[loser.account].liquidation is not None:
                yield "a liquidating account is auto-deleveraged"
            if limits_in_force(program, before.providers.get(loser.account), transfer.time) is not None:
                yield "a provider is auto-deleveraged"


def _provider_cases(before: State, transfer: BackstopTransfer, done: Applied) -> Iterator[str]:
    """Which limit holds each provider back where a position had to be auto-deleveraged, or why it was not asked."""
    program, time = before.rulebook.program, transfer.time
    taken: dict[str, tuple[Takeover, ...]] = {}
    for leg in (event for event in done.events if isinstance(event, PositionTransferred)):
        per_lot = mark_per_lot(before.rulebook.contracts[leg.market], before.markets[leg.market])
        took = {
            event.provider: event.size
            for event in done.events
            if isinstance(event, ProviderTook) and event.market == leg.market
        }
        held_back = sum(took.values()) < abs(leg.size)
        for provider_id in sorted(before.providers):
            provider, account = before.providers[provider_id], before.accounts[provider_id]
            if provider.limits is None or provider_id == transfer.account:
                continue
            if provider.notice is not None and transfer.time == provider.notice + program.notice:
                yield "a provider with a notice is asked in the first millisecond after it"
            if provider.notice is not None and transfer.time == provider.notice + program.notice - 1:
                yield "a provider with a notice is asked in the last millisecond of it"
            limits = limits_in_force(program, provider, time)
            if limits is None:
                if held_back:
                    yield "a provider is passed over after its notice"
                continue
            if account.liquidation is not None:
                if held_back:
                    yield "a provider is passed over while liquidating"
                continue
            if account_value(before, account) < program.minimum_account_value * EXACT_SCALE:
                if held_back:
                    yield "a provider is passed over below the minimum"
                continue
            for takeover in provider.takeovers:
                yield from _window_edges(time - takeover.time, minute=program.minute, hour=program.hour)
            record = type(provider)(provider.limits, provider.notice, provider.takeovers + taken.get(provider_id, ()))
            minute_left = limits.capacity_per_minute - taken_within(record, time=time, window=program.minute)
            hour_left = limits.capacity_per_hour - taken_within(record, time=time, window=program.hour)
            room_left = headroom(
                limits,
                mark_per_lot=per_lot,
                held=size_of(before.accounts[provider_id], leg.market),
                taken_over=leg.size,
            )
            minute_lots, hour_lots = max(0, minute_left // per_lot), max(0, hour_left // per_lot)
            assert remaining_capacity(program, record, limits, time) == max(0, min(minute_left, hour_left))
            if held_back and minute_lots < min(hour_lots, room_left):
                yield "a provider is held back by its minute"
            if held_back and hour_lots < min(minute_lots, room_left):
                yield "a provider is held back by its hour"
            if held_back and room_left < min(minute_lots, hour_lots):
                yield "a provider is held back by its headroom"
        for provider_id, lots in took.items():
            taken[provider_id] = (*taken.get(provider_id, ()), Takeover(time, lots * per_lot))


def _window_edges(age: int, *, minute: int, hour: int) -> Iterator[str]:
    if age == minute - 1:
        yield "a takeover is in the minute by its last millisecond"
    if age == minute:
        yield "a takeover leaves the minute by a millisecond"
    if age == hour - 1:
        yield "a takeover is in the hour by its last millisecond"
    if age == hour:
        yield "a takeover leaves the hour by a millisecond"


def missing(names: list[str]) -> list[str]:
    """The names that the simulation did not reach; their counts are printed."""
    counts = reached()
    for name in names:
        print(f"{counts[name]:8d}  {name}")
    return [name for name in names if counts[name] == 0]


def test_every_transaction_type_is_applied_and_refused() -> None:
    kinds = [kind.__name__ for kind in typing.get_args(Transaction)]
    assert missing([f"{answer} {kind}" for kind in kinds for answer in ("applied", "refused")]) == []


def test_every_reason_is_seen() -> None:
    assert missing([reason.name for reason in Reason]) == []


def test_every_check_of_every_rule_refuses_something() -> None:
    kinds = sorted(set(TYPE_NAMES.values()))
    assert missing([name_of(check) for kind in kinds for check in checks_of(kind)]) == []


def test_every_event_is_seen() -> None:
    assert missing([event.__name__ for event in typing.get_args(Event)]) == []


def test_every_case_is_reached() -> None:
    assert missing(list(CASES)) == []


def test_no_case_is_counted_that_is_not_listed() -> None:
    kinds = [kind.__name__ for kind in typing.get_args(Transaction)]
    listed = {*CASES, "step", *(reason.name for reason in Reason), *(kind.__name__ for kind in typing.get_args(Event))}
    listed |= {f"{answer} {kind}" for kind in kinds for answer in ("applied", "refused")}
    others = {name for name in reached() if name not in listed}
    assert {name for name in others if " refused: " not in name and not name.startswith("check ")} == set()
