"""Claims about margin: brackets, rounding, what decides a liquidation, and the figures for people."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from immutables import Map

from ledger.margin import OpenOrders
from ledger.rulebook import Contract, Rulebook, Tier
from ledger.state import Account, State

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies
from .quantities import (
    RATE,
    WHOLE,
    covers,
    distress_collateral,
    effective_collateral,
    exposure,
    initial_margin_over,
    rounded_down,
    rounded_up,
    signed_notional,
)
from .worlds import (
    ALICE,
    COIN,
    MARKET,
    RULEBOOK,
    SECOND_MARKET,
    USDT,
    cash_of,
    position_of,
    state_of,
    with_any_tiers,
)

ADMITTING = ("trade", "withdraw", "liquidate")
CLOSING = ("liquidate", "backstop-transfer")
ONE, TWO = (MARKET,), (MARKET, SECOND_MARKET)

BRACKETS = ((50_000, 10, 6), (200_000, 20, 12), (10**6, 40, 24), (5 * 10**6, 100, 60), (10**7, 200, 120))
"""Of the page of parameters: the notional in USDT below which a bracket is, and its rates in thousandths."""
LAST = (333_333_333, 200_000_000)


def first_bracket_above(path: Path, tier_of: Callable[[Contract, int], Tier]) -> None:
    """The bracket of the profile's table: the first that the notional is below."""
    contract = RULEBOOK.contracts[path.choice("market", TWO)]
    effective = path.integer("effective notional", least=0)
    tier = tier_of(contract, effective)
    path.reach(ACCEPTED)
    rates: tuple[int, int] = LAST
    for below, initial, maintenance in reversed(BRACKETS):
        if effective < below * 10**13:
            rates = initial * 10**6, maintenance * 10**6
    path.require((tier.initial_rate, tier.maintenance_rate) == rates, "the rates of its bracket")


def first_of_any_table(path: Path, tier_of: Callable[[Contract, int], Tier]) -> None:
    """The bracket of any table: above it by its own bound, and not by any bound before."""
    contract = with_any_tiers(path, RULEBOOK, {MARKET: 4}).contracts[MARKET]
    effective = path.integer("effective notional", least=0)
    tier = tier_of(contract, effective)
    path.reach(ACCEPTED)
    number = next(number for number, bracket in enumerate(contract.tiers) if bracket is tier)
    for earlier in contract.tiers[:number]:
        assert earlier.upper is not None
        path.require(earlier.upper <= effective, "no bound before is greater")
    path.require(tier.upper is None or tier.upper > effective, "its own bound is greater, or it is the last")


def the_worse_of_both_sides(path: Path, effective_notional: Callable[[int, OpenOrders], int]) -> None:
    """What the position could become if all buy orders, or all sell orders, were filled."""
    signed = path.integer("notional")
    buy, sell = path.integer("buy orders", least=0), path.integer("sell orders", least=0)
    effective = effective_notional(signed, OpenOrders(buy, sell))
    path.reach(ACCEPTED)
    reached = (signed + buy, -signed - buy, signed - sell, sell - signed)
    for one in reached:
        path.require(effective >= one, "not below either side")
    equal = [effective == one for one in reached]
    path.require(equal[0] | equal[1] | equal[2] | equal[3], "one of them")
    none = (buy == 0) & (sell == 0)
    path.require(implies(none, (effective == signed) | (effective == -signed)), "the position alone without orders")


def sold_rounded_down(path: Path, conversion_proceeds: Callable[[Rulebook, str, int, int], int]) -> None:
    """The exact price times factor, without the fraction of an atom."""
    asset = path.choice("asset", ("BTC", "ETH", "USDC"))
    amount, price = path.integer("amount"), path.integer("price", least=1)
    proceeds = conversion_proceeds(RULEBOOK, asset, amount, price)
    path.reach(ACCEPTED)
    factor = {"BTC": 980_000_000, "ETH": 950_000_000, "USDC": RATE}[asset]
    path.require(rounded_down((amount * price * factor * 10**4, WHOLE))(proceeds), "rounded down to an atom")


def account_in(path: Path, markets: Sequence[str], cash: Sequence[str] = (USDT, COIN)) -> tuple[State, Account]:
    """An account of any leverage with positions in these markets, at any bracket's rates."""
    account = Account(
        cash_of(path, ALICE, (tuple(cash),)),
        Map({market: position_of(path, f"{ALICE} {market}") for market in markets}),
        path.integer("leverage", least=1, most=100),
        RULEBOOK.default_fee_tier,
        None,
    )
    path.assume(account.cash.get(COIN, 0) >= 0)
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(TWO, 1))
    return state_of(path, {ALICE: account}, {}, rulebook, TWO), account


def rounding_moves_no_comparison(
    path: Path, initial_margin: Callable[[State, Account], int], *, markets: Sequence[str]
) -> None:
    """A whole number covers the margin rounded up exactly where it covers the unrounded one."""
    state, account = account_in(path, markets)
    collateral = path.integer("collateral")
    required = initial_margin(state, account)
    path.reach(ACCEPTED)
    exact = initial_margin_over(state, account)
    path.require(rounded_up(exact)(required), "the least whole number that covers it")
    path.require((collateral >= required) == covers(collateral, exact), "covered rounded where covered exactly")


def _requirement(state: State, account: Account, *, initial: bool) -> int:
    """`sum(EPN * rate)`, exact, with the rates of the brackets alone."""
    total = 0
    for market in account.positions:
        signed = signed_notional(state, account, market)
        tier = state.rulebook.contracts[market].tiers[0]
        total = total + (signed if signed >= 0 else -signed) * (tier.initial_rate if initial else tier.maintenance_rate)
    return total * RATE


def decides_as_specified(
    path: Path, decide: Callable[[State, Account], bool], *, expected: Callable[[State, Account], bool]
) -> None:
    """A decision of the page of margin, with equality healthy."""
    state, account = account_in(path, path.choice("markets", ((), ONE, TWO)))
    answer = decide(state, account)
    path.reach("yes" if answer else "no")
    path.require(answer == expected(state, account), "as the page says")


def _liquidatable(state: State, account: Account) -> bool:
    return distress_collateral(state, account) * WHOLE < _requirement(state, account, initial=False)


def _at_takeover(state: State, account: Account) -> bool:
    return 2 * distress_collateral(state, account) * WHOLE < _requirement(state, account, initial=False)


def _above_release(state: State, account: Account) -> bool:
    distress = distress_collateral(state, account)
    if not account.positions:
        return distress >= 0
    return distress * WHOLE > _requirement(state, account, initial=True)


def truncated(fraction: tuple[int, int]) -> Callable[[int], bool]:
    """What is true of a fraction without its part behind the point, and of no other integer."""
    if fraction[0] >= 0:
        return rounded_down(fraction)
    return rounded_up(fraction)


def margin_rate_of(path: Path, margin_rate: Callable[[State, Account], int | None]) -> None:
    """EC over sum(EPN), truncated; none without exposure."""
    state, account = account_in(path, path.choice("markets", ((), ONE)))
    rate = margin_rate(state, account)
    path.reach(ACCEPTED if rate is not None else "none")
    if rate is None:
        path.require(not account.positions, "none only without exposure")
        return
    exact = effective_collateral(state, account) * RATE, exposure(state, account) * WHOLE
    path.require(truncated(exact)(rate), "the exact rate, truncated")


def leverage_of(path: Path, leverage: Callable[[State, Account], int | None]) -> None:
    """sum(EPN) over EC, truncated; none without collateral."""
    state, account = account_in(path, path.choice("markets", ((), ONE)))
    found = leverage(state, account)
    collateral = effective_collateral(state, account)
    path.reach(ACCEPTED if found is not None else "none")
    if found is None:
        path.require(collateral <= 0, "none only without collateral")
        return
    path.require(collateral > 0, "with collateral")
    path.require(truncated((exposure(state, account) * WHOLE * RATE, collateral))(found), "exact, truncated")


def largest_order_of(path: Path, largest: Callable[[State, Account, str, Any], int], *, direction: int) -> None:
    """0.99 of `EC / r - N - OB`, or of `EC / r + N - OS`, rounded down, never below zero."""
    state, account = account_in(path, path.choice("markets", ((), ONE)))
    orders = OpenOrders(path.integer("buy orders", least=0), path.integer("sell orders", least=0))
    found = largest(state, account, MARKET, {MARKET: orders})
    path.reach(ACCEPTED)
    signed, limit = signed_notional(state, account, MARKET), account.max_leverage
    rate = state.rulebook.contracts[MARKET].tiers[0].initial_rate * limit
    rate = rate if rate > RATE else RATE
    used = (signed + orders.buy if direction > 0 else orders.sell - signed) * WHOLE * rate
    room = effective_collateral(state, account) * limit * RATE - used
    path.reach("room" if room > 0 else "no room")
    if room > 0:
        path.require(rounded_down((state.rulebook.size_factor * room, RATE * rate * WHOLE))(found), "rounded down")
    else:
        path.require(found == 0, "nothing")


def liquidation_price_of(path: Path, liquidation_price: Callable[[State, Account, str], int | None]) -> None:
    """`mark - V / (|q| (1 - mmr))` of a long, `mark + V / (|q| (1 + mmr))` of a short, the offset truncated."""
    state, account = account_in(path, ONE, (USDT,))
    price = liquidation_price(state, account, MARKET)
    contract, mark, size = state.rulebook.contracts[MARKET], state.markets[MARKET].mark, account.positions[MARKET].size
    direction = 1 if size > 0 else -1
    spare = effective_collateral(state, account) - _requirement(state, account, initial=False)
    below = direction * size * contract.multiplier * (RATE - direction * contract.tiers[0].maintenance_rate) * WHOLE
    path.reach(ACCEPTED if price is not None else "none")
    if price is not None:
        path.require(price >= 0, "no negative price")
        path.require(truncated((spare * RATE, below))(direction * (mark - price)), "the offset, truncated")
    elif below != 0:
        # Truncated it is the first whole number toward zero: so a price below zero is one less than zero or lower.
        path.require(direction * (spare * RATE) >= (mark + 1) * direction * direction * below, "only a negative one")


def break_even_of(path: Path, break_even_price: Callable[..., int | None]) -> None:
    """The mark at which pnl is zero, truncated; none of a flat position."""
    size, cost = path.integer("size"), path.integer("reference cost")
    price = break_even_price(RULEBOOK.contracts[MARKET], size=size, reference_cost=cost)
    path.reach(ACCEPTED if price is not None else "none")
    if price is None:
        path.require(size == 0, "none only of a flat position")
        return
    exact = (-cost, size) if size > 0 else (cost, -size)
    path.require(truncated(exact)(price), "exact, truncated")


def _claim(
    name: str,
    function: str,
    statement: str,
    proof: Callable[..., None],
    bug: Bug | tuple[Bug, ...],
    *,
    transactions: tuple[str, ...] = (),
    laws: tuple[str, ...] = (),
    world: tuple[str, ...] = (),
    reaches: tuple[str, ...] = (ACCEPTED,),
) -> Claim:
    return Claim(
        name, Kind.KERNEL, transactions, laws, statement, world, f"margin.{function}", proof, bug, reaches=reaches
    )


ACCOUNT = (
    "rulebook ascendex-2020, but a single margin bracket a market, of any initial and maintenance rate; any leverage "
    "from 1 to 100; stored amounts not zero; with USDT and BTC, which is not negative"
)

CLAIMS = (
    _claim(
        "tier-of",
        "tier_of",
        "The bracket of a notional is the first of the profile's table that it is below, else the last.",
        first_bracket_above,
        (
            Bug("margin", "effective < tier.upper:", "effective <= tier.upper:"),
            Bug("margin", "    for tier in contract.tiers:\n", "    for tier in contract.tiers[1:]:\n"),
        ),
        transactions=(*ADMITTING, "backstop-transfer"),
        laws=("MAR-1",),
        world=("the tables of both markets of the profile ascendex-2020; the notional is not negative",),
    ),
    _claim(
        "tier-of-any",
        "tier_of",
        "The bracket of a notional is the first of any table that it is below, else the last.",
        first_of_any_table,
        Bug("margin", "effective < tier.upper:", "effective <= tier.upper:"),
        transactions=(*ADMITTING, "backstop-transfer"),
        laws=("MAR-1",),
        world=("tables of four brackets with any bounds in order; the notional is not negative",),
    ),
    _claim(
        "effective-notional",
        "effective_notional",
        "Effective notional is the larger magnitude of what the position could become by its buy or its sell orders.",
        the_worse_of_both_sides,
        Bug("margin", "abs(signed_notional - orders.sell)", "abs(signed_notional + orders.sell)"),
        world=("orders are not negative",),
    ),
    _claim(
        "conversion",
        "conversion_proceeds",
        "An asset is sold at price times factor, rounded down to an atom.",
        sold_rounded_down,
        Bug("margin", "return floor_div(amount * price", "return -floor_div(-amount * price"),
        transactions=CLOSING,
        laws=("PRP-1",),
        world=("BTC, ETH or USDC of the profile ascendex-2020; the price is positive",),
    ),
    *(
        _claim(
            name,
            "initial_margin",
            "Initial margin is rounded up to the next whole exact value, and a whole exact value covers it rounded "
            "exactly where it covers it unrounded.",
            partial(rounding_moves_no_comparison, markets=markets),
            (
                Bug("margin", "return ceil_div(total * RATE_SCALE, leverage)", "return total * RATE_SCALE // leverage"),
                Bug("margin", "(rate if rate > RATE_SCALE else RATE_SCALE)", "rate"),
            ),
            transactions=ADMITTING,
            laws=("MAR-1",),
            world=(ACCOUNT, f"positions in {' and '.join(markets)}"),
        )
        for name, markets in (("initial-margin", ONE), ("initial-margin-of-two", TWO))
    ),
    *(
        _claim(
            name,
            function,
            f"An account {words}; equality is healthy.",
            partial(decides_as_specified, expected=expected),
            bug,
            transactions=transactions,
            laws=laws,
            world=(ACCOUNT, "no position, one in BTC-PERP, or one in ETH-PERP beside it"),
            reaches=("yes", "no"),
        )
        for name, function, words, expected, bug, transactions, laws in (
            (
                "liquidatable",
                "is_liquidatable",
                "is liquidatable exactly where distress collateral is below maintenance margin",
                _liquidatable,
                Bug(
                    "margin",
                    "return distress_collateral(state, account) * EXACT_SCALE <",
                    "return distress_collateral(state, account) * EXACT_SCALE <=",
                ),
                ("liquidate",),
                ("LIQ-1",),
            ),
            (
                "at-takeover",
                "is_at_takeover",
                "is at takeover exactly where twice its distress collateral is below maintenance margin",
                _at_takeover,
                Bug("margin", "return 2 * distress_collateral", "return distress_collateral"),
                ("backstop-transfer",),
                ("TKO-1",),
            ),
            (
                "above-release",
                "is_above_release",
                "is above release exactly where its distress collateral is above the brackets' initial margin, or not "
                "negative without positions",
                _above_release,
                (
                    Bug("margin", "return distress >= 0", "return distress > 0"),
                    Bug(
                        "margin",
                        "total += effective * tier.initial_rate\n",
                        "total += effective * tier.maintenance_rate\n",
                    ),
                ),
                ("liquidate",),
                ("LIQ-1",),
            ),
        )
    ),
    _claim(
        "margin-rate",
        "margin_rate",
        "The margin rate is effective collateral over exposure, truncated toward zero; none without exposure.",
        margin_rate_of,
        Bug("margin", "* RATE_SCALE, exposed * EXACT_SCALE", "* RATE_SCALE + 1, exposed * EXACT_SCALE"),
        world=(ACCOUNT, "no position, or one in BTC-PERP"),
        reaches=(ACCEPTED, "none"),
    ),
    _claim(
        "leverage",
        "leverage",
        "Leverage is exposure over effective collateral, truncated; none where collateral is not positive.",
        leverage_of,
        Bug("margin", "    if effective <= 0:\n        return None", "    if effective < 0:\n        return None"),
        world=(ACCOUNT, "no position, or one in BTC-PERP"),
        reaches=(ACCEPTED, "none"),
    ),
    *(
        _claim(
            name,
            function,
            f"The largest {word} order reported is the arithmetical limit times the size factor, rounded down, and "
            "never below zero.",
            partial(largest_order_of, direction=direction),
            bug,
            world=(ACCOUNT, "no position, or one in BTC-PERP; any orders"),
            reaches=(ACCEPTED, "room", "no room"),
        )
        for name, function, word, direction, bug in (
            ("max-buy", "max_buy", "buy", 1, Bug("margin", "against=signed + buy", "against=signed - buy")),
            ("max-sell", "max_sell", "sell", -1, Bug("margin", "against=sell - signed", "against=sell + signed")),
        )
    ),
    _claim(
        "liquidation-price",
        "liquidation_price",
        "The liquidation price is mark less the spare collateral over the size at the maintenance rate, the offset "
        "truncated; none if negative, or for a long whose maintenance rate is 1.",
        liquidation_price_of,
        Bug("margin", "(RATE_SCALE - direction * rate)", "(RATE_SCALE + direction * rate)"),
        world=(ACCOUNT, "with USDT alone and a position in BTC-PERP"),
        reaches=(ACCEPTED, "none"),
    ),
    _claim(
        "break-even",
        "break_even_price",
        "The break-even price is the mark at which pnl is zero, truncated; none of a flat position.",
        break_even_of,
        Bug(
            "margin",
            "-reference_cost if size > 0 else reference_cost",
            "reference_cost if size > 0 else reference_cost",
        ),
        world=("BTC-PERP",),
        reaches=(ACCEPTED, "none"),
    ),
)
