"""Collateral, equity and margin: pure functions of an account at the marks and prices of a state (specs/margin).

Unless a docstring says otherwise, amounts are settlement atoms and an *exact value* is 10^-18 atoms. Sums over an
account's markets and assets do not depend on their order.
"""

from collections.abc import Mapping

import attrs

from .rulebook import Contract, Rulebook, Tier
from .state import Account, Market, State
from .units import EXACT_SCALE, RATE_SCALE, ceil_div, div_toward_zero, floor_div


@attrs.frozen
class OpenOrders:
    """Notional (atoms) of an account's open buy and sell orders in one market. The ledger itself holds none."""

    buy: int
    sell: int


NO_ORDERS = OpenOrders(0, 0)
Orders = Mapping[str, OpenOrders]


def notional(contract: Contract, size: int, price: int) -> int:
    """Exact value of `size` lots at `price`, in atoms, with the sign of `size` (specs/state)."""
    return size * price * contract.multiplier


def position_notional(state: State, account: Account, market_id: str) -> int:
    """Signed notional of the account's position at mark, in atoms; zero where it has none."""
    position = account.positions.get(market_id)
    if position is None:
        return 0
    return notional(state.rulebook.contracts[market_id], position.size, state.markets[market_id].mark)


def unrealised_pnl(state: State, account: Account) -> int:
    """`sum(size * mark + reference_cost)` over the account's positions, in atoms, signed."""
    contracts, markets = state.rulebook.contracts, state.markets
    total = 0
    # `notional` is written out here and in _exposures: these are the inner loops of every fill and every law.
    for market_id, position in account.positions.items():
        per_lot = markets[market_id].mark * contracts[market_id].multiplier
        total += position.size * per_lot + position.reference_cost
    return total


def wallet(state: State, account: Account) -> int:
    """`W = sum(cash * price)`, an exact value, signed as settlement cash may be."""
    assets, prices = state.rulebook.assets, state.prices
    total = 0
    for asset, amount in account.cash.items():
        total += amount * prices[asset] * assets[asset].weight
    return total * RATE_SCALE


def collateral(state: State, account: Account) -> int:
    """`C = sum(cash * price * factor)`, an exact value."""
    assets, prices = state.rulebook.assets, state.prices
    total = 0
    for asset, amount in account.cash.items():
        terms = assets[asset]
        total += amount * prices[asset] * terms.factor * terms.weight
    return total


def account_value(state: State, account: Account) -> int:
    """`AV = W + sum(pnl)`, an exact value: what the account is worth at the marks."""
    return wallet(state, account) + unrealised_pnl(state, account) * EXACT_SCALE


def effective_collateral(state: State, account: Account) -> int:
    """`EC = C + min(0, sum(pnl))`, or all of pnl where the rulebook lets unrealised gains count; an exact value."""
    pnl = unrealised_pnl(state, account)
    if pnl > 0 and not state.rulebook.unrealised_gains_count:
        pnl = 0
    return collateral(state, account) + pnl * EXACT_SCALE


def conversion_proceeds(rulebook: Rulebook, asset: str, amount: int, price: int) -> int:
    """What preparation sells `amount` atoms of `asset` for: `price * factor`, in whole atoms rounded down."""
    terms = rulebook.assets[asset]
    return floor_div(amount * price * terms.factor * terms.weight, EXACT_SCALE)


def distress_collateral(state: State, account: Account) -> int:
    """`DC`, in atoms: the account's value exactly as preparation would leave it, each asset floored by itself."""
    rulebook, prices = state.rulebook, state.prices
    total = unrealised_pnl(state, account)
    for asset, amount in account.cash.items():
        if asset == rulebook.settlement_asset:
            total += amount
        else:
            total += conversion_proceeds(rulebook, asset, amount, prices[asset])
    return total


def tier_of(contract: Contract, effective: int) -> Tier:
    """The bracket of an effective notional (atoms): the first whose upper bound is greater."""
    for tier in contract.tiers:
        if tier.upper is None or effective < tier.upper:
            return tier
    raise AssertionError("the last tier of a validated contract has no upper bound")


def effective_notional(signed_notional: int, orders: OpenOrders) -> int:
    """`EPN = max(|N + OB|, |N - OS|)` of one market, in atoms."""
    return max(abs(signed_notional + orders.buy), abs(signed_notional - orders.sell))


def _exposures(state: State, account: Account, orders: Orders | None) -> list[tuple[int, Tier]]:
    """Effective notional and its tier, for each market with a position or an order."""
    contracts, markets = state.rulebook.contracts, state.markets
    exposures = []
    for market_id, position in account.positions.items():
        contract = contracts[market_id]
        signed = position.size * markets[market_id].mark * contract.multiplier
        effective = abs(signed) if orders is None else effective_notional(signed, orders.get(market_id, NO_ORDERS))
        exposures.append((effective, tier_of(contract, effective)))
    if orders is None:
        return exposures
    for market_id, open_orders in orders.items():
        if market_id not in account.positions:
            effective = effective_notional(0, open_orders)
            exposures.append((effective, tier_of(contracts[market_id], effective)))
    return exposures


def exposure(state: State, account: Account, orders: Orders | None = None) -> int:
    """`sum(EPN)` over the account's markets, in atoms."""
    total = 0
    for effective, _ in _exposures(state, account, orders):
        total += effective
    return total


def initial_margin(state: State, account: Account, orders: Orders | None = None) -> int:
    """`IM = sum(EPN * max(IMR, 1/max_leverage))`, an exact value rounded up.

    Collateral is a whole number of exact units, so it covers the rounded requirement exactly when it covers the
    unrounded one: no comparison is affected.
    """
    leverage = account.max_leverage
    total = 0
    for effective, tier in _exposures(state, account, orders):
        rate = tier.initial_rate * leverage
        total += effective * (rate if rate > RATE_SCALE else RATE_SCALE)
    return ceil_div(total * RATE_SCALE, leverage)


def tier_margin(state: State, account: Account) -> int:
    """`sum(EPN * IMR)` with the rate of the tier alone, an exact value: what distress collateral is released above."""
    total = 0
    for effective, tier in _exposures(state, account, None):
        total += effective * tier.initial_rate
    return total * RATE_SCALE


def maintenance_margin(state: State, account: Account, orders: Orders | None = None) -> int:
    """`MM = sum(EPN * MMR)`, an exact value."""
    total = 0
    for effective, tier in _exposures(state, account, orders):
        total += effective * tier.maintenance_rate
    return total * RATE_SCALE


def free_collateral(state: State, account: Account, orders: Orders | None = None) -> int:
    """`EC - IM`, an exact value; its sign is exact."""
    return effective_collateral(state, account) - initial_margin(state, account, orders)


def is_liquidatable(state: State, account: Account) -> bool:
    """`DC < MM`; equality is healthy."""
    return distress_collateral(state, account) * EXACT_SCALE < maintenance_margin(state, account)


def is_at_takeover(state: State, account: Account) -> bool:
    """`DC < MM / 2`, which for an account without positions is `DC < 0`."""
    return 2 * distress_collateral(state, account) * EXACT_SCALE < maintenance_margin(state, account)


def is_above_release(state: State, account: Account) -> bool:
    """`DC > sum(EPN * IMR)`, or flat with `DC >= 0`."""
    distress = distress_collateral(state, account)
    if not account.positions:
        return distress >= 0
    return distress * EXACT_SCALE > tier_margin(state, account)


def margin_rate(state: State, account: Account, orders: Orders | None = None) -> int | None:
    """`EC / sum(EPN)` in ppb, truncated toward zero; None without exposure. For people: no rule reads it."""
    exposed = exposure(state, account, orders)
    if exposed == 0:
        return None
    return div_toward_zero(effective_collateral(state, account) * RATE_SCALE, exposed * EXACT_SCALE)


def leverage(state: State, account: Account, orders: Orders | None = None) -> int | None:
    """`sum(EPN) / EC` in ppb, truncated; None where effective collateral is not positive."""
    effective = effective_collateral(state, account)
    if effective <= 0:
        return None
    return div_toward_zero(exposure(state, account, orders) * EXACT_SCALE * RATE_SCALE, effective)


def _largest_order(state: State, account: Account, *, market_id: str, against: int, orders: Orders | None) -> int:
    contract = state.rulebook.contracts[market_id]
    signed = position_notional(state, account, market_id)
    open_orders = NO_ORDERS if orders is None else orders.get(market_id, NO_ORDERS)
    tier = tier_of(contract, effective_notional(signed, open_orders))
    rate = max(tier.initial_rate * account.max_leverage, RATE_SCALE)
    reach = effective_collateral(state, account) * account.max_leverage * RATE_SCALE
    room = reach - against * rate * EXACT_SCALE
    if room <= 0:
        return 0
    return floor_div(state.rulebook.size_factor * room, RATE_SCALE * rate * EXACT_SCALE)


def max_buy(state: State, account: Account, market_id: str, orders: Orders | None = None) -> int:
    """`max(0, 0.99 * (EC / r - N - OB))`, in atoms of notional, rounded down; r = max(IMR, 1/max_leverage)."""
    signed = position_notional(state, account, market_id)
    buy = 0 if orders is None else orders.get(market_id, NO_ORDERS).buy
    return _largest_order(state, account, market_id=market_id, against=signed + buy, orders=orders)


def max_sell(state: State, account: Account, market_id: str, orders: Orders | None = None) -> int:
    """`max(0, 0.99 * (EC / r + N - OS))`, in atoms of notional, rounded down."""
    signed = position_notional(state, account, market_id)
    sell = 0 if orders is None else orders.get(market_id, NO_ORDERS).sell
    return _largest_order(state, account, market_id=market_id, against=sell - signed, orders=orders)


def liquidation_price(state: State, account: Account, market_id: str) -> int | None:
    """The mark at which `EC` meets `MM`, other markets unchanged, in price units; None without position, if negative,
    or for a long whose maintenance rate is 1.

    With `V = EC - MM`: long `mark - V / (|q| (1 - mmr))`, short `mark + V / (|q| (1 + mmr))`, the offset truncated.
    """
    position = account.positions.get(market_id)
    if position is None or position.size == 0:
        return None
    contract, market = state.rulebook.contracts[market_id], state.markets[market_id]
    effective = abs(notional(contract, position.size, market.mark))
    rate = tier_of(contract, effective).maintenance_rate
    spare = effective_collateral(state, account) - maintenance_margin(state, account)
    direction = 1 if position.size > 0 else -1
    lots = abs(position.size) * contract.multiplier * (RATE_SCALE - direction * rate)
    if lots == 0:
        return None
    price = market.mark - direction * div_toward_zero(spare * RATE_SCALE, lots * EXACT_SCALE)
    return price if price >= 0 else None


def break_even_price(contract: Contract, *, size: int, reference_cost: int) -> int | None:
    """The mark at which the position's pnl is zero, in price units, truncated; None for a flat position."""
    if size == 0:
        return None
    return div_toward_zero(-reference_cost if size > 0 else reference_cost, abs(size) * contract.multiplier)


def mark_per_lot(contract: Contract, market: Market) -> int:
    """`m`: one lot at mark, in atoms."""
    return market.mark * contract.multiplier
