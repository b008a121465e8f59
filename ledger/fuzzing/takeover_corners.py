"""The corners that a takeover can show: who is taken over, who receives, which limit holds, and who pays."""

from collections.abc import Iterator, Sequence

from ..capacity import headroom, limits_in_force, taken_within
from ..margin import account_value, distress_collateral, is_at_takeover, is_liquidatable, maintenance_margin
from ..outcomes import Applied, Deleveraged, LossShared, PositionTransferred, ProviderTook, TakenOver
from ..rulebook import FEES, INSURANCE, is_system
from ..state import Limits, Provider, State, Takeover, size_of
from ..transactions import BackstopTransfer
from ..units import EXACT_SCALE, floor_div

TAKEOVER_CORNERS = (
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
    "an earlier market of a takeover uses a provider's capacity up",
    "several providers share a position",
    "a provider's own position is reduced by a takeover",
    "a provider's own position flips by a takeover",
    "a provider becomes liquidatable by a takeover",
    # takeovers
    "a long is taken over",
    "a short is taken over",
    "several markets are taken over at once",
    "three markets are taken over at once",
    "long and short markets are taken over at once",
    "a flat account is taken over",
    "an active account is taken over",
    "a liquidating account is taken over",
    "an account is taken over above takeover, its rounds used up",
    "the less distressed of two is taken over first",
    "a bankrupt account is taken over",
    "a solvent account is taken over",
    "a provider is taken over",
    "a taken-over provider's limits are gone and others take its position",
    "providers take everything",
    "auto-deleveraging takes everything",
    "providers and auto-deleveraging share a position",
    "a provider is auto-deleveraged",
    "a liquidating account is auto-deleveraged",
    "a candidate beyond the minimum is auto-deleveraged",
    "an auto-deleveraged position closes",
    # prices and losses
    "a provider takes over at a discount",
    "a provider takes over at a discount of zero",
    "a provider takes over within a collar",
    "a discount shrinks in part",
    "a discount shrinks to nothing",
    "insurance pays and is left with something",
    "fees pay a part",
    "a loss is shared in stage 1",
    "a loss is shared in stage 2",
    "a loss is shared in both stages",
)


def takeover_corners(before: State, transfer: BackstopTransfer, done: Applied) -> Iterator[str]:
    """The corners that an applied backstop-transfer shows, some of them more than once."""
    legs = [event for event in done.events if isinstance(event, PositionTransferred)]
    yield from _whose(before, transfer, done, legs)
    for leg in legs:
        yield from _receivers(before, transfer, done, leg)
    if before.providers and legs:
        yield from _limits(before, transfer, done, legs)
    yield from _payers(before, done, legs)


def _whose(
    before: State, transfer: BackstopTransfer, done: Applied, legs: Sequence[PositionTransferred]
) -> Iterator[str]:
    """Who is taken over, with what."""
    account, program = before.accounts[transfer.account], before.rulebook.program
    yield "an active account is taken over" if account.liquidation is None else "a liquidating account is taken over"
    for event in done.events:
        if isinstance(event, TakenOver):
            yield "a bankrupt account is taken over" if event.equity < 0 else "a solvent account is taken over"
    if not is_at_takeover(before, account):
        yield "an account is taken over above takeover, its rounds used up"
    if limits_in_force(program, before.providers.get(transfer.account), transfer.time) is not None:
        yield "a provider is taken over"
        limits_are_gone = done.state.providers[transfer.account].limits is None
        if limits_are_gone and any(isinstance(event, ProviderTook) for event in done.events):
            yield "a taken-over provider's limits are gone and others take its position"
    if is_less_distressed(before, transfer.account):
        yield "the less distressed of two is taken over first"
    directions = {leg.size > 0 for leg in legs}
    if not legs:
        yield "a flat account is taken over"
    if len(legs) > 1:
        yield "several markets are taken over at once"
    if len(legs) > 2:
        yield "three markets are taken over at once"
    if len(directions) > 1:
        yield "long and short markets are taken over at once"
    for is_long in sorted(directions):
        yield "a long is taken over" if is_long else "a short is taken over"


def is_less_distressed(state: State, account_id: str) -> bool:
    """Whether another account at takeover has less distress collateral against its maintenance margin."""
    here = _shortfall(state, account_id)
    return any(
        other != account_id
        and not is_system(other)
        and account.positions
        and _shortfall(state, other) > here
        and is_at_takeover(state, account)
        for other, account in state.accounts.items()
    )


def _shortfall(state: State, account_id: str) -> int:
    account = state.accounts[account_id]
    return maintenance_margin(state, account) - distress_collateral(state, account) * EXACT_SCALE


def _receivers(before: State, transfer: BackstopTransfer, done: Applied, leg: PositionTransferred) -> Iterator[str]:
    """Who received a leg, and what it did to the receiver."""
    after, program = done.state, before.rulebook.program
    took = [event for event in done.events if isinstance(event, ProviderTook) and event.market == leg.market]
    reduced = [event for event in done.events if isinstance(event, Deleveraged) and event.market == leg.market]
    if took and reduced:
        yield "providers and auto-deleveraging share a position"
    else:
        yield "providers take everything" if took else "auto-deleveraging takes everything"
    if len(took) > 1:
        yield "several providers share a position"
    if took and program.discount > 0:
        yield "a provider takes over at a discount"
    elif took:
        zero = program.discount == 0
        yield "a provider takes over at a discount of zero" if zero else "a provider takes over within a collar"
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
        if topples(before, after, taker.provider):
            yield "a provider becomes liquidatable by a takeover"
    for loser in reduced:
        if size_of(after.accounts[loser.account], leg.market) == 0:
            yield "an auto-deleveraged position closes"
        if before.accounts[loser.account].liquidation is not None:
            yield "a liquidating account is auto-deleveraged"
        if limits_in_force(program, before.providers.get(loser.account), transfer.time) is not None:
            yield "a provider is auto-deleveraged"


def topples(before: State, after: State, account_id: str) -> bool:
    """Whether the account is liquidatable afterwards, and was not before."""
    was, now = before.accounts[account_id], after.accounts[account_id]
    return is_liquidatable(after, now) and not is_liquidatable(before, was)


def _limits(
    before: State, transfer: BackstopTransfer, done: Applied, legs: Sequence[PositionTransferred]
) -> Iterator[str]:
    """Which limit holds each provider back where a position had to be auto-deleveraged, or why it was not asked."""
    program, time = before.rulebook.program, transfer.time
    taken: dict[str, tuple[Takeover, ...]] = {}
    for leg in legs:
        took = {
            event.provider: event.size
            for event in done.events
            if isinstance(event, ProviderTook) and event.market == leg.market
        }
        is_short = sum(took.values()) < abs(leg.size)
        for name in sorted(before.providers):
            provider = before.providers[name]
            if provider.limits is None or name == transfer.account:
                continue
            if provider.notice is not None and time == provider.notice + program.notice:
                yield "a provider with a notice is asked in the first millisecond after it"
            if provider.notice is not None and time == provider.notice + program.notice - 1:
                yield "a provider with a notice is asked in the last millisecond of it"
            limits = limits_in_force(program, provider, time)
            passed_over = _why_passed_over(before, name, limits)
            if passed_over is not None:
                if is_short:
                    yield passed_over
                continue
            assert limits is not None
            yield from _window_edges(provider, time, minute=program.minute, hour=program.hour)
            if is_short:
                record = Provider(limits, provider.notice, provider.takeovers + taken.get(name, ()))
                yield from _held_back(before, record, name, leg, time, has_taken=name in taken)
        for name, lots in took.items():
            taken[name] = (*taken.get(name, ()), Takeover(time, lots * leg.mark_per_lot))


def _why_passed_over(before: State, name: str, limits: Limits | None) -> str | None:
    account = before.accounts[name]
    if limits is None:
        return "a provider is passed over after its notice"
    if account.liquidation is not None:
        return "a provider is passed over while liquidating"
    if account_value(before, account) < before.rulebook.program.minimum_account_value * EXACT_SCALE:
        return "a provider is passed over below the minimum"
    return None


def _held_back(
    before: State, record: Provider, name: str, leg: PositionTransferred, time: int, *, has_taken: bool
) -> Iterator[str]:
    """Which of the three limits is the tightest for a provider with this record."""
    limits, program, per_lot = record.limits, before.rulebook.program, leg.mark_per_lot
    assert limits is not None
    minute = limits.capacity_per_minute - taken_within(record, time=time, window=program.minute)
    hour = limits.capacity_per_hour - taken_within(record, time=time, window=program.hour)
    minute_lots, hour_lots = max(0, floor_div(minute, per_lot)), max(0, floor_div(hour, per_lot))
    held = size_of(before.accounts[name], leg.market)
    room_left = headroom(limits, mark_per_lot=per_lot, held=held, taken_over=leg.size)
    if minute_lots < min(hour_lots, room_left):
        yield "a provider is held back by its minute"
    if hour_lots < min(minute_lots, room_left):
        yield "a provider is held back by its hour"
    if room_left < min(minute_lots, hour_lots):
        yield "a provider is held back by its headroom"
    if has_taken and min(minute_lots, hour_lots) == 0:
        yield "an earlier market of a takeover uses a provider's capacity up"


def _window_edges(provider: Provider, time: int, *, minute: int, hour: int) -> Iterator[str]:
    for takeover in provider.takeovers:
        age = time - takeover.time
        if age == minute - 1:
            yield "a takeover is in the minute by its last millisecond"
        if age == minute:
            yield "a takeover leaves the minute by a millisecond"
        if age == hour - 1:
            yield "a takeover is in the hour by its last millisecond"
        if age == hour:
            yield "a takeover leaves the hour by a millisecond"


def _payers(before: State, done: Applied, legs: Sequence[PositionTransferred]) -> Iterator[str]:
    """Who pays what the account is short of."""
    after = done.state
    for leg in legs:
        if leg.shrunk:
            is_nothing = leg.provider_price == leg.deleverage_price
            yield "a discount shrinks to nothing" if is_nothing else "a discount shrinks in part"
    if 0 < _settlement(after, INSURANCE) < _settlement(before, INSURANCE):
        yield "insurance pays and is left with something"
    if _settlement(after, FEES) < _settlement(before, FEES):
        yield "fees pay a part"
    stages = sorted({event.stage for event in done.events if isinstance(event, LossShared)})
    for stage in stages:
        yield f"a loss is shared in stage {stage}"
    if len(stages) > 1:
        yield "a loss is shared in both stages"


def _settlement(state: State, account_id: str) -> int:
    return state.accounts[account_id].cash.get(state.rulebook.settlement_asset, 0)
