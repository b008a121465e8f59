"""Contracts of `margin`: value, collateral, requirements, decisions, and the figures for people (specs/margin)."""

import attrs

from ledger import margin
from ledger.margin import OpenOrders
from ledger.rulebook import Rulebook

from .claims import Bug, Claim, Contract, Kind
from .worlds import ASCENDEX, BTC, BTC_MARK, COIN, EXACT, FLAT, LOT, RATE, account, state

GAINS_COUNT: Rulebook = attrs.evolve(ASCENDEX, unrealised_gains_count=True)
COIN_WORTH = BTC_MARK * 10**4 * EXACT // RATE
"""One atom of BTC at 5,000 USDT, as an exact value."""

UPPER_BOUNDS = (50_000, 200_000, 1_000_000, 5_000_000, 10_000_000)
INITIAL = (10_000_000, 20_000_000, 40_000_000, 100_000_000, 200_000_000, 333_333_333)
MAINTENANCE = (6_000_000, 12_000_000, 24_000_000, 60_000_000, 120_000_000, 200_000_000)


def bracket(notional: int) -> int:
    """The number of the margin bracket that the rulebook ascendex-2020 has for a notional in atoms, from 0."""
    return sum(notional >= upper * 10**13 for upper in UPPER_BOUNDS)


def value_of_account(usdt: int, coins: int, size: int, cost: int) -> int:
    """Account value is cash at full price plus unrealised pnl.

    given: rulebook ascendex-2020; USDT and BTC at 5,000; a position in BTC-PERP at 5,000
    post: _ == usdt * EXACT + coins * COIN_WORTH + ((size * LOT + cost) * EXACT if size != 0 else 0)
    reach: _ < 0
    reach: coins > 0 and size < 0 and _ > 0
    """
    holder = account(usdt, size, cost, coins=coins)
    return margin.account_value(state(ASCENDEX, {"alice": holder}), holder)


def collateral_of_account(usdt: int, coins: int, size: int, cost: int) -> int:
    """Effective collateral is cash at price and factor, and losses but no gains that are not rolled.

    given: rulebook ascendex-2020; USDT and BTC at 5,000 and factor 0.98; a position in BTC-PERP at 5,000
    pre: size != 0
    post: _ == usdt * EXACT + coins * COIN_WORTH * 98 // 100 + min(0, size * LOT + cost) * EXACT
    reach: coins > 0 and size * LOT + cost > 0
    reach: coins > 0 and size * LOT + cost < 0
    """
    holder = account(usdt, size, cost, coins=coins)
    return margin.effective_collateral(state(ASCENDEX, {"alice": holder}), holder)


def collateral_where_gains_count(usdt: int, coins: int, size: int, cost: int) -> int:
    """Where the rulebook lets unrealised gains count, effective collateral includes them.

    given: ascendex-2020 with `unrealised_gains_count`; USDT and BTC at 5,000; a position in BTC-PERP at 5,000
    pre: size != 0
    post: _ == usdt * EXACT + coins * COIN_WORTH * 98 // 100 + (size * LOT + cost) * EXACT
    reach: coins > 0 and size * LOT + cost > 0
    """
    holder = account(usdt, size, cost, coins=coins)
    return margin.effective_collateral(state(GAINS_COUNT, {"alice": holder}), holder)


def conversion_rounds_down(amount: int, price: int) -> int:
    """Preparation sells an asset for price times factor, in whole atoms rounded down.

    given: rulebook ascendex-2020; the asset BTC, at factor 0.98 and ten thousand atoms of USDT for one of it
    pre: amount >= 0 and price > 0
    post: _ * EXACT <= amount * price * 980_000_000 * 10**4 < (_ + 1) * EXACT
    reach: 0 < _ * EXACT < amount * price * 980_000_000 * 10**4
    """
    return margin.conversion_proceeds(ASCENDEX, COIN, amount, price)


def distress_of_account(usdt: int, coins: int, size: int, cost: int, price: int) -> int:
    """Distress collateral is USDT, what BTC would be sold for, and all unrealised pnl.

    given: rulebook ascendex-2020; USDT and BTC at any price; a position in BTC-PERP at 5,000
    pre: size != 0 and coins >= 0 and price > 0
    post: _ == usdt + coins * price * 9_800_000_000_000 // EXACT + size * LOT + cost
    reach: coins > 0 and size * LOT + cost > 0
    """
    holder = account(usdt, size, cost, coins=coins)
    return margin.distress_collateral(state(ASCENDEX, {"alice": holder}, coin_price=price), holder)


def tier_of_notional(notional: int) -> int:
    """The bracket of a notional is the first whose upper bound is greater.

    given: the six brackets of BTC-PERP in ascendex-2020
    pre: notional >= 0
    post: _ == bracket(notional)
    reach: _ == 1 and notional == 50_000 * 10**13
    reach: _ == 5
    """
    tier = margin.tier_of(ASCENDEX.contracts[BTC], notional)
    return [(t.initial_rate, t.maintenance_rate) for t in ASCENDEX.contracts[BTC].tiers].index(
        (tier.initial_rate, tier.maintenance_rate)
    )


def notional_of_orders(signed: int, buy: int, sell: int) -> int:
    """Effective notional is the larger of what the position would be with all buys, or with all sells, filled.

    pre: buy >= 0 and sell >= 0
    post: _ == max(signed + buy, -signed - buy, signed - sell, sell - signed)
    reach: signed < 0 and _ == signed + buy
    reach: signed > 0 and _ == sell - signed
    """
    return margin.effective_notional(signed, OpenOrders(buy, sell))


def requirements(size: int) -> tuple[int, int, int]:
    """Maintenance margin, tier margin and exposure are the whole notional at the rates of its bracket.

    given: rulebook ascendex-2020; a position in BTC-PERP at 5,000
    pre: size != 0
    post: _[0] == abs(size) * LOT * MAINTENANCE[bracket(abs(size) * LOT)] * RATE
    post: _[1] == abs(size) * LOT * INITIAL[bracket(abs(size) * LOT)] * RATE
    post: _[2] == abs(size) * LOT
    reach: size < -400_000
    reach: size == 100_000
    """
    holder = account(0, size)
    world = state(ASCENDEX, {"alice": holder})
    return margin.maintenance_margin(world, holder), margin.tier_margin(world, holder), margin.exposure(world, holder)


def initial_margin_rounds_up(size: int, leverage: int) -> int:
    """Initial margin is notional at the rate of its bracket or at one over the account's leverage, if that is more,
    rounded up by less than one exact unit.

    given: rulebook ascendex-2020; a position in BTC-PERP at 5,000
    pre: size != 0
    pre: leverage in (1, 3, 7, 50, 99, 100)
    post: (_ - 1) * leverage < initial_at(abs(size) * LOT, leverage) <= _ * leverage
    reach: leverage == 7 and _ * leverage > initial_at(abs(size) * LOT, leverage)
    reach: leverage == 100 and size < -3_000_000
    """
    holder = account(0, size, leverage=leverage)
    return margin.initial_margin(state(ASCENDEX, {"alice": holder}), holder)


def initial_at(notional: int, leverage: int) -> int:
    """Initial margin of a notional times the leverage, as an exact value."""
    return notional * max(INITIAL[bracket(notional)] * leverage, RATE) * RATE


def decisions(usdt: int, size: int, cost: int) -> tuple[bool, bool, bool]:
    """Liquidatable below maintenance margin, at takeover below half of it, released above tier margin: all strictly.

    given: rulebook ascendex-2020; USDT, and a position in BTC-PERP at 5,000
    pre: size != 0
    post: _[0] == ((usdt + size * LOT + cost) * RATE < abs(size) * LOT * MAINTENANCE[bracket(abs(size) * LOT)])
    post: _[1] == (2 * (usdt + size * LOT + cost) * RATE < abs(size) * LOT * MAINTENANCE[bracket(abs(size) * LOT)])
    post: _[2] == ((usdt + size * LOT + cost) * RATE > abs(size) * LOT * INITIAL[bracket(abs(size) * LOT)])
    reach: _ == (True, False, False)
    reach: _ == (True, True, False) and size < -400_000
    reach: _ == (False, False, True)
    reach: not _[0] and (usdt + size * LOT + cost) * RATE == abs(size) * LOT * 6_000_000
    """
    holder = account(usdt, size, cost)
    world = state(ASCENDEX, {"alice": holder})
    return (
        margin.is_liquidatable(world, holder),
        margin.is_at_takeover(world, holder),
        margin.is_above_release(world, holder),
    )


def decisions_when_flat(usdt: int) -> tuple[bool, bool, bool]:
    """Without positions an account is liquidatable and at takeover below zero, and released at zero or more.

    post: _ == (usdt < 0, usdt < 0, usdt >= 0)
    reach: _[0]
    reach: _[2] and usdt == 0
    """
    holder = account(usdt)
    world = state(ASCENDEX, {"alice": holder})
    return (
        margin.is_liquidatable(world, holder),
        margin.is_at_takeover(world, holder),
        margin.is_above_release(world, holder),
    )


def largest_orders(usdt: int, size: int) -> tuple[int, int]:
    """The largest buy and sell are 99% of what collateral carries beyond the position, rounded down, or zero.

    given: rulebook textbook, 1%; USDT, and a position in BTC-PERP at 5,000 without pnl
    pre: size != 0
    post: _is_largest(_[0], usdt * 100 - size * LOT)
    post: _is_largest(_[1], usdt * 100 + size * LOT)
    reach: _[0] == 0 and _[1] > 0
    reach: _[0] > _[1] > 0
    """
    holder = account(usdt, size, -size * LOT)
    world = state(FLAT, {"alice": holder})
    return margin.max_buy(world, holder, BTC), margin.max_sell(world, holder, BTC)


def _is_largest(order: int, reach: int) -> bool:
    if reach <= 0:
        return order == 0
    return 100 * order <= 99 * reach < 100 * (order + 1)


def liquidation_price_meets_maintenance(usdt: int, is_long: bool) -> int | None:
    """At the liquidation price effective collateral meets maintenance margin, within the truncation of the price.

    given: rulebook textbook, 0.6%; USDT, and 1,000 lots of BTC-PERP at 5,000 without pnl
    pre: -400 * 10**13 < usdt < 400 * 10**13
    post: _ is not None and _meets(usdt, 1000 if is_long else -1000, _)
    reach: is_long and _ > BTC_MARK
    reach: not is_long and _ > BTC_MARK
    """
    size = 1000 if is_long else -1000
    holder = account(usdt, size, -size * LOT)
    return margin.liquidation_price(state(FLAT, {"alice": holder}), holder, BTC)


def _meets(usdt: int, size: int, price: int) -> bool:
    spare = (usdt + size * (price - BTC_MARK)) * 1000 - abs(size) * price * 6
    return abs(spare) < abs(size) * 1006


def break_even_of(size: int, cost: int) -> int | None:
    """At the break-even price unrealised pnl is zero, within the truncation of the price; a flat position has none.

    given: BTC-PERP, one atom of USDT for a lot and a unit of price
    post: (_ is None) if size == 0 else abs(size * _ + cost) < abs(size)
    reach: size < 0 and _ > 0
    reach: size == 0
    """
    return margin.break_even_price(ASCENDEX.contracts[BTC], size=size, reference_cost=cost)


def rates_for_people(usdt: int, lots: int) -> tuple[int | None, int | None]:
    """Margin rate is collateral over exposure and leverage its inverse, truncated; none where there is no divisor.

    given: rulebook textbook; USDT, and a long in BTC-PERP at 5,000 without pnl
    pre: lots in (1, 3000)
    post: abs(_[0]) * lots * LOT <= abs(usdt) * RATE < (abs(_[0]) + 1) * lots * LOT
    post: (_[1] is None) if usdt <= 0 else (_[1] * usdt <= lots * LOT * RATE < (_[1] + 1) * usdt)
    reach: _[0] < 0
    reach: _[1] is not None and _[1] > 10**11
    """
    holder = account(usdt, lots, -lots * LOT)
    world = state(FLAT, {"alice": holder})
    return margin.margin_rate(world, holder), margin.leverage(world, holder)


DISTRESS = ("liquidate", "backstop-transfer")
ADMISSION = ("trade", "withdraw", "liquidate")


def _claim(name: str, transactions: tuple[str, ...], laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.KERNEL, transactions, laws, contract, bug)


CLAIMS = (
    _claim(
        "account-value",
        ("enroll", "trade", "withdraw", "liquidate", "backstop-transfer"),
        ("CON-3", "SET-1", "ENR-3", "TKO-4"),
        value_of_account,
        Bug("margin", "total += amount * prices[asset] * assets[asset].weight", "total += amount * prices[asset]"),
    ),
    _claim(
        "effective-collateral",
        ADMISSION,
        ("MAR-1", "SET-1"),
        collateral_of_account,
        Bug("margin", "if pnl > 0 and not", "if pnl > 0 and"),
    ),
    _claim(
        "effective-collateral-gains",
        ADMISSION,
        ("MAR-1", "SET-1"),
        collateral_where_gains_count,
        Bug("margin", "if pnl > 0 and not state.rulebook.unrealised_gains_count", "if pnl > 0"),
    ),
    _claim(
        "conversion-proceeds",
        DISTRESS,
        ("PRP-1", "TKO-5"),
        conversion_rounds_down,
        Bug(
            "margin",
            "return floor_div(amount * price * terms.factor * terms.weight, EXACT_SCALE)",
            "return ceil_div(amount * price * terms.factor * terms.weight, EXACT_SCALE)",
        ),
    ),
    _claim(
        "distress-collateral",
        DISTRESS,
        ("LIQ-1", "TKO-1", "TKO-5"),
        distress_of_account,
        Bug(
            "margin",
            "    total = unrealised_pnl(state, account)\n    for asset",
            "    total = min(0, unrealised_pnl(state, account))\n    for asset",
        ),
    ),
    _claim(
        "tier",
        (*ADMISSION, "backstop-transfer"),
        ("MAR-1", "LIQ-1", "TKO-1"),
        tier_of_notional,
        Bug("margin", "effective < tier.upper", "effective <= tier.upper"),
    ),
    _claim(
        "effective-notional",
        (),
        (),
        notional_of_orders,
        Bug("margin", "abs(signed_notional - orders.sell))", "signed_notional - orders.sell)"),
    ),
    _claim(
        "requirements",
        (*ADMISSION, "backstop-transfer"),
        ("MAR-1", "LIQ-1", "TKO-1"),
        requirements,
        Bug("margin", "total += effective * tier.maintenance_rate", "total += effective * tier.initial_rate // 2"),
    ),
    _claim(
        "initial-margin",
        ADMISSION,
        ("MAR-1",),
        initial_margin_rounds_up,
        Bug(
            "margin", "return ceil_div(total * RATE_SCALE, leverage)", "return floor_div(total * RATE_SCALE, leverage)"
        ),
    ),
    _claim(
        "distress-decisions",
        DISTRESS,
        ("LIQ-1", "TKO-1"),
        decisions,
        Bug(
            "margin",
            "return distress_collateral(state, account) * EXACT_SCALE < maintenance",
            "return distress_collateral(state, account) * EXACT_SCALE <= maintenance",
        ),
    ),
    _claim(
        "distress-decisions-flat",
        DISTRESS,
        ("LIQ-1", "TKO-1"),
        decisions_when_flat,
        Bug("margin", "return distress >= 0", "return distress > 0"),
    ),
    _claim(
        "largest-orders",
        (),
        (),
        largest_orders,
        Bug("margin", "against=sell - signed", "against=sell + signed"),
    ),
    _claim(
        "liquidation-price",
        (),
        (),
        liquidation_price_meets_maintenance,
        Bug("margin", "(RATE_SCALE - direction * rate)", "(RATE_SCALE + direction * rate)"),
    ),
    _claim(
        "break-even-price",
        (),
        (),
        break_even_of,
        Bug(
            "margin",
            "-reference_cost if size > 0 else reference_cost",
            "-reference_cost if size > 0 else -reference_cost",
        ),
    ),
    _claim(
        "rates-for-people",
        (),
        (),
        rates_for_people,
        Bug("margin", "if effective <= 0:\n        return None", "if effective < 0:\n        return None"),
    ),
)
