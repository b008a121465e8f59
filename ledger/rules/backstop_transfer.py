"""backstop-transfer: take a distressed account over and hand its positions on, in one atomic step.

Providers first, within their capacity; the rest by auto-deleveraging; what the insurance fund is then short of by the
loss waterfall. The numbered steps are those of the rulebook.
"""

from collections.abc import Sequence

import attrs
from immutables import Map

from ..capacity import headroom, limits_in_force, remaining_capacity, room, with_takeover
from ..margin import (
    account_value,
    distress_collateral,
    is_at_takeover,
    maintenance_margin,
    mark_per_lot,
    position_notional,
    tier_of,
)
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
from ..pricing import bankruptcy_price, deleverage_price, provider_price, shrink_discounts
from ..rulebook import INSURANCE, is_system
from ..state import Account, Limits, Provider, State, Takeover, size_of
from ..transactions import BackstopTransfer
from ..units import EXACT_SCALE, apportion, sign
from .effects import applied
from .liquidate import with_liquidation
from .loss_waterfall import cover_shortfall
from .parties import refuse_stranger
from .preparation import prepare
from .rolling import must_roll, roll


@attrs.frozen
class Share:
    """Lots (positive) of a transferred position that one account receives; `room` is what was open to it."""

    account: str
    size: int
    room: int


@attrs.frozen
class Leg:
    """One market of a takeover: the signed size, its part of equity, its prices in atoms per lot, its receivers."""

    market: str
    size: int
    equity: int
    mark_per_lot: int
    bankruptcy: int
    provider_price: int
    deleverage_price: int
    providers: tuple[Share, ...]
    deleveraged: tuple[Share, ...]

    @property
    def provider_lots(self) -> int:
        """Lots that providers take."""
        return sum(share.size for share in self.providers)


def is_transferable(state: State, account: Account) -> bool:
    """A prepared account at takeover; or liquidating with its rounds used up and not above maintenance margin."""
    if is_at_takeover(state, account):
        return True
    if account.liquidation is None or account.liquidation.round < state.rulebook.liquidation.rounds:
        return False
    return distress_collateral(state, account) * EXACT_SCALE <= maintenance_margin(state, account)


def equity_parts(state: State, account: Account, markets: Sequence[str]) -> tuple[int, ...]:
    """A prepared account's equity (atoms), apportioned over its markets with weights `|N| * MMR`."""
    weights = []
    for market_id in markets:
        effective = abs(position_notional(state, account, market_id))
        weights.append(effective * tier_of(state.rulebook.contracts[market_id], effective).maintenance_rate)
    return apportion(distress_collateral(state, account), weights)


def ready_providers(state: State, *, taken_over: str, time: int) -> tuple[tuple[str, Limits], ...]:
    """Providers obliged to take over, in id order, with their limits: not liquidating, not below the minimum.

    Read before the transfer; never the account taken over itself.
    """
    program = state.rulebook.program
    minimum = program.minimum_account_value * EXACT_SCALE
    ready = []
    for account_id in sorted(state.providers):
        limits = limits_in_force(program, state.providers[account_id], time)
        account = state.accounts[account_id]
        if limits is None or account_id == taken_over or account.liquidation is not None:
            continue
        if account_value(state, account) >= minimum:
            ready.append((account_id, limits))
    return tuple(ready)


def allocate(
    state: State,
    providers: Map[str, Provider],
    ready: Sequence[tuple[str, Limits]],
    *,
    time: int,
    market_id: str,
    size: int,
    per_lot: int,
) -> tuple[Share, ...]:
    """Step 2: the lots of a position of `size` that providers take, by room.

    `providers` stand ahead of the state by what the takeover took in earlier markets.
    """
    rooms = []
    for account_id, limits in ready:
        held = size_of(state.accounts[account_id], market_id)
        rooms.append(
            room(
                capacity=remaining_capacity(state.rulebook.program, providers[account_id], limits, time),
                mark_per_lot=per_lot,
                headroom_lots=headroom(limits, mark_per_lot=per_lot, held=held, taken_over=size),
            )
        )
    parts = apportion(min(abs(size), sum(rooms)), rooms)
    return tuple(
        Share(account_id, part, open_lots)
        for (account_id, _), part, open_lots in zip(ready, parts, rooms, strict=True)
        if part > 0
    )


def deleverage(
    accounts: Map[str, Account],
    providers: Sequence[Share],
    *,
    taken_over: str,
    market_id: str,
    size: int,
    rest: int,
    minimum_candidates: int,
) -> tuple[Share, ...]:
    """Step 3: the `rest` lots of a position of `size`, pro rata over the largest opposite sizes after step 2.

    The smallest number of candidates, at least `minimum_candidates` or all, whose sizes cover the rest; by size, ties
    by id. They always suffice, as sizes sum to zero.
    """
    if rest == 0:
        return ()
    direction = sign(size)
    taken = {share.account: share.size for share in providers}
    opposite = []
    for account_id, account in accounts.items():
        if market_id in account.positions and account_id != taken_over and not is_system(account_id):
            against = -direction * account.positions[market_id].size - taken.get(account_id, 0)
            if against > 0:
                opposite.append((-against, account_id))
    chosen: dict[str, int] = {}
    covered = 0
    for negative_size, account_id in sorted(opposite):
        if len(chosen) >= minimum_candidates and covered >= rest:
            break
        chosen[account_id] = -negative_size
        covered -= negative_size
    ids = sorted(chosen)
    parts = apportion(rest, [chosen[account_id] for account_id in ids])
    return tuple(
        Share(account_id, part, chosen[account_id]) for account_id, part in zip(ids, parts, strict=True) if part > 0
    )


def transfer_value(leg: Leg) -> int:
    """What the account gains over mark by handing the leg on, in atoms, negative for a discount."""
    lots, given = abs(leg.size), leg.provider_lots
    received = given * leg.provider_price + (lots - given) * leg.deleverage_price
    return sign(leg.size) * (received - lots * leg.mark_per_lot)


def shrink(legs: Sequence[Leg], *, fund: int, equity: int, discount: int) -> tuple[tuple[Leg, int], ...]:
    """Step 4: the legs with their discounts given up as far as the fund would be short, each with its move per lot.

    `fund`: what `@insurance` has, in atoms. Only a positive discount is given up.
    """
    if discount <= 0:
        return tuple((leg, 0) for leg in legs)
    left = equity + sum(transfer_value(leg) for leg in legs)
    moves = shrink_discounts(
        shortfall=max(0, -(fund + left)),
        discounts=[abs(leg.deleverage_price - leg.provider_price) for leg in legs],
        lots=[leg.provider_lots for leg in legs],
    )
    return tuple(
        (attrs.evolve(leg, provider_price=leg.provider_price + sign(leg.size) * move), move)
        for leg, move in zip(legs, moves, strict=True)
    )


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


def leg_events(leg: Leg, shrunk: int) -> list[Event]:
    """What happened in one market of the takeover."""
    summary = PositionTransferred(
        leg.market,
        leg.size,
        leg.equity,
        leg.mark_per_lot,
        leg.bankruptcy,
        leg.provider_price,
        shrunk,
        leg.deleverage_price,
    )
    took = [ProviderTook(s.account, leg.market, s.size, s.room, leg.provider_price) for s in leg.providers]
    reduced = [Deleveraged(s.account, leg.market, s.size, leg.deleverage_price) for s in leg.deleveraged]
    return [summary, *took, *reduced]


def backstop_transfer(state: State, transaction: BackstopTransfer) -> Outcome:
    """Prepare the account, hand its positions on, clear it into `@insurance`, and cover what that is short of."""
    account_id, time, rulebook = transaction.account, transaction.time, state.rulebook
    settlement_asset, discount = rulebook.settlement_asset, rulebook.program.discount
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    prepared = prepare(state, account_id)
    accounts, postings, events = prepared.accounts, prepared.postings, prepared.events
    account = accounts[account_id]
    equity = distress_collateral(state, account)
    if not is_transferable(state, account):
        limit = maintenance_margin(state, account)
        return Rejected(Reason.NOT_AT_TAKEOVER, 2 * equity * EXACT_SCALE, limit, account_id)

    ready = ready_providers(state, taken_over=account_id, time=time)
    providers = state.providers
    legs: list[Leg] = []
    market_ids = sorted(account.positions)
    parts = equity_parts(state, account, market_ids) if market_ids else ()
    for market_id, part in zip(market_ids, parts, strict=True):
        size = account.positions[market_id].size
        per_lot = mark_per_lot(rulebook.contracts[market_id], state.markets[market_id])
        bankruptcy = bankruptcy_price(size=size, mark_per_lot=per_lot, equity=part)
        took = allocate(state, providers, ready, time=time, market_id=market_id, size=size, per_lot=per_lot)
        for share in took:
            takeover = Takeover(time, share.size * per_lot)
            record = with_takeover(rulebook.program, providers[share.account], takeover)
            providers = providers.set(share.account, record)
        deleveraged = deleverage(
            accounts,
            took,
            taken_over=account_id,
            market_id=market_id,
            size=size,
            rest=abs(size) - sum(share.size for share in took),
            minimum_candidates=rulebook.program.minimum_candidates,
        )
        price = provider_price(size=size, mark_per_lot=per_lot, bankruptcy=bankruptcy, discount=discount)
        at_mark_or_better = deleverage_price(size=size, mark_per_lot=per_lot, bankruptcy=bankruptcy)
        legs.append(Leg(market_id, size, part, per_lot, bankruptcy, price, at_mark_or_better, took, deleveraged))
    fund = accounts[INSURANCE].cash.get(settlement_asset, 0)
    shrunk_legs = shrink(legs, fund=fund, equity=equity, discount=discount)

    events = (*events, TakenOver(account_id, equity))
    transfer: list[Posting] = []
    for leg, move in shrunk_legs:
        transfer += leg_postings(account_id, leg)
        events = (*events, *leg_events(leg, move))
    before_transfer, accounts = accounts, post(accounts, transfer, settlement_asset=settlement_asset)
    receivers = {share.account for leg in legs for share, _ in receipts(leg)}
    for receiver in [*sorted(receivers), account_id]:
        if closed_or_flipped(before_transfer[receiver], accounts[receiver]):
            roll_postings, rolled = roll(state, receiver, accounts[receiver])
            accounts = post(accounts, roll_postings, settlement_asset=settlement_asset)
            transfer += roll_postings
            events = (*events, *rolled)
    left = accounts[account_id].cash.get(settlement_asset, 0)
    if left != 0:
        clearing = (
            CashPosting(account_id, settlement_asset, -left),
            CashPosting(INSURANCE, settlement_asset, left),
        )
        accounts = post(accounts, clearing, settlement_asset=settlement_asset)
        transfer += clearing
    accounts = accounts.set(account_id, with_liquidation(accounts[account_id], None))

    record_of_taken_over = providers.get(account_id)
    if record_of_taken_over is not None and record_of_taken_over.limits is not None:
        providers = providers.set(account_id, Provider(None, None, record_of_taken_over.takeovers))
        events = (*events, EnrolmentEnded(account_id))

    covered = cover_shortfall(state, accounts)
    return applied(
        state,
        time,
        accounts=covered.accounts,
        providers=providers,
        postings=(*postings, *transfer, *covered.postings),
        events=(*events, *covered.events),
    )


def closed_or_flipped(before: Account, after: Account) -> bool:
    """Whether any of the account's positions was closed or flipped."""
    return any(must_roll(position.size, size_of(after, market_id)) for market_id, position in before.positions.items())
