"""Planning a takeover: which lots go to whom at which prices (specs/rules/backstop-transfer, steps 1 to 4)."""

from collections.abc import Sequence

import attrs
from immutables import Map

from ..capacity import headroom, limits_in_force, remaining_capacity, room, with_takeover
from ..margin import account_value, distress_collateral, mark_per_lot, position_notional, tier_of
from ..pricing import bankruptcy_price, deleverage_price, provider_price, shrink_discounts
from ..rulebook import INSURANCE, is_system
from ..state import Account, Limits, Provider, State, Takeover, size_of
from ..units import EXACT_SCALE, apportion, sign


@attrs.frozen
class Share:
    """Lots (positive) of a transferred position that one account receives; `room` is what was open to it."""

    account: str
    size: int
    room: int


@attrs.frozen
class Leg:
    """One market of a takeover: the signed size, its part of equity, its prices in atoms per lot, its receivers.

    `provider_price` is after `shrunk` atoms per lot were taken off the providers' discount.
    """

    market: str
    size: int
    equity: int
    mark_per_lot: int
    bankruptcy: int
    provider_price: int
    deleverage_price: int
    providers: tuple[Share, ...]
    deleveraged: tuple[Share, ...]
    shrunk: int

    @property
    def provider_lots(self) -> int:
        """Lots that providers take."""
        return sum(share.size for share in self.providers)


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


def shrink(legs: Sequence[Leg], *, fund: int, equity: int, discount: int) -> tuple[Leg, ...]:
    """Step 4: the legs with their discounts given up as far as the fund would be short.

    `fund`: what `@insurance` has, in atoms. Only a positive discount is given up.
    """
    if discount <= 0:
        return tuple(legs)
    left = equity + sum(transfer_value(leg) for leg in legs)
    moves = shrink_discounts(
        shortfall=max(0, -(fund + left)),
        discounts=[abs(leg.deleverage_price - leg.provider_price) for leg in legs],
        lots=[leg.provider_lots for leg in legs],
    )
    return tuple(
        attrs.evolve(leg, provider_price=leg.provider_price + sign(leg.size) * move, shrunk=move)
        for leg, move in zip(legs, moves, strict=True)
    )


def plan_takeover(
    state: State, accounts: Map[str, Account], taken_over: str, time: int
) -> tuple[tuple[Leg, ...], Map[str, Provider]]:
    """Steps 1 to 4: a prepared account's legs in market order, and the providers' records with what they take.

    `accounts` stand ahead of the state by the account's preparation.
    """
    rulebook, account = state.rulebook, accounts[taken_over]
    program, providers = rulebook.program, state.providers
    if not account.positions:
        return (), providers
    ready = ready_providers(state, taken_over=taken_over, time=time)
    equity = distress_collateral(state, account)
    market_ids = sorted(account.positions)
    legs: list[Leg] = []
    for market_id, part in zip(market_ids, equity_parts(state, account, market_ids), strict=True):
        size = account.positions[market_id].size
        per_lot = mark_per_lot(rulebook.contracts[market_id], state.markets[market_id])
        took = allocate(state, providers, ready, time=time, market_id=market_id, size=size, per_lot=per_lot)
        for share in took:
            record = with_takeover(program, providers[share.account], Takeover(time, share.size * per_lot))
            providers = providers.set(share.account, record)
        deleveraged = deleverage(
            accounts,
            took,
            taken_over=taken_over,
            market_id=market_id,
            size=size,
            rest=abs(size) - sum(share.size for share in took),
            minimum_candidates=program.minimum_candidates,
        )
        prices = _prices(size=size, equity=part, per_lot=per_lot, discount=program.discount)
        legs.append(Leg(market_id, size, part, per_lot, *prices, took, deleveraged, shrunk=0))
    fund = accounts[INSURANCE].cash.get(rulebook.settlement_asset, 0)
    return shrink(legs, fund=fund, equity=equity, discount=program.discount), providers


def _prices(*, size: int, equity: int, per_lot: int, discount: int) -> tuple[int, int, int]:
    """Step 1: the bankruptcy price, the providers' and auto-deleveraging's."""
    bankruptcy = bankruptcy_price(size=size, mark_per_lot=per_lot, equity=equity)
    return (
        bankruptcy,
        provider_price(size=size, mark_per_lot=per_lot, bankruptcy=bankruptcy, discount=discount),
        deleverage_price(size=size, mark_per_lot=per_lot, bankruptcy=bankruptcy),
    )
