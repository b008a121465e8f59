"""Margin: each quantity of specs/margin, against numbers by hand and against a second reading in fractions.

`Reading` below is written from the rulebook's text, in dollars and `Fraction`; it shares nothing with the functions it
judges but the shapes of a state.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor, trunc

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from ledger.margin import (
    NO_ORDERS,
    OpenOrders,
    account_value,
    break_even_price,
    collateral,
    conversion_proceeds,
    distress_collateral,
    effective_collateral,
    effective_notional,
    exposure,
    free_collateral,
    initial_margin,
    is_above_release,
    is_at_takeover,
    is_liquidatable,
    leverage,
    liquidation_price,
    maintenance_margin,
    margin_rate,
    mark_per_lot,
    max_buy,
    max_sell,
    notional,
    position_notional,
    tier_margin,
    tier_of,
    unrealised_pnl,
    wallet,
)
from ledger.profiles import load_profile
from ledger.rulebook import Rulebook
from ledger.state import Account, Market, State
from ledger.units import EXACT_SCALE, RATE_SCALE

from .worlds import ASCENDEX, BTC, ETH, World, account_of, coins, lots, price, usdt

deterministic = settings(deadline=None, derandomize=True)

GAINS_COUNT = load_profile("ascendex-2020", {"unrealised_gains_count": True})
FACTORS = {"USDT": "1", "USDC": "1", "PAX": "1", "BTC": "0.98", "ETH": "0.95"}
BRACKETS = [
    ("50000", "0.01", "0.006"),
    ("200000", "0.02", "0.012"),
    ("1000000", "0.04", "0.024"),
    ("5000000", "0.1", "0.06"),
    ("10000000", "0.2", "0.12"),
    (None, "0.333333333", "0.2"),
]
LOT = {BTC: Fraction("0.0001"), ETH: Fraction("0.001")}


@attrs.frozen
class Reading:
    """Section 3, read again: everything in dollars, sizes in units of the underlying, nothing rounded."""

    state: State
    account: Account
    orders: Mapping[str, OpenOrders] = attrs.field(factory=dict)

    def mark(self, market: str) -> Fraction:
        return Fraction(self.state.markets[market].mark, 10**9)

    def units(self, market: str) -> Fraction:
        position = self.account.positions.get(market)
        return Fraction(0) if position is None else position.size * LOT[market]

    def cash(self, asset: str) -> Fraction:
        return Fraction(self.account.cash[asset], 10**13 if asset == "USDT" else 10**9)

    def price(self, asset: str) -> Fraction:
        return Fraction(1) if asset == "USDT" else Fraction(self.state.prices[asset], 10**9)

    def pnl(self) -> Fraction:
        return sum(
            (
                self.units(market) * self.mark(market) + Fraction(position.reference_cost, 10**13)
                for market, position in self.account.positions.items()
            ),
            Fraction(0),
        )

    def wallet(self) -> Fraction:
        return sum((self.cash(asset) * self.price(asset) for asset in self.account.cash), Fraction(0))

    def collateral(self) -> Fraction:
        return sum(
            (self.cash(asset) * self.price(asset) * Fraction(FACTORS[asset]) for asset in self.account.cash),
            Fraction(0),
        )

    def effective_collateral(self) -> Fraction:
        gains_count = self.state.rulebook.unrealised_gains_count
        return self.collateral() + (self.pnl() if gains_count else min(Fraction(0), self.pnl()))

    def distress_collateral(self) -> Fraction:
        """Each other asset by itself, floored to the atoms of USDT that it sells for."""
        sold = sum(
            (
                Fraction(floor(self.cash(asset) * self.price(asset) * Fraction(FACTORS[asset]) * 10**13), 10**13)
                for asset in self.account.cash
                if asset != "USDT"
            ),
            Fraction(0),
        )
        dollars = self.cash("USDT") if "USDT" in self.account.cash else Fraction(0)
        return dollars + sold + self.pnl()

    def effective_notional(self, market: str) -> Fraction:
        held = self.units(market) * self.mark(market)
        orders = self.orders.get(market, NO_ORDERS)
        return max(abs(held + Fraction(orders.buy, 10**13)), abs(held - Fraction(orders.sell, 10**13)))

    def markets(self) -> set[str]:
        return set(self.account.positions) | set(self.orders)

    def rates(self, market: str) -> tuple[Fraction, Fraction]:
        """IMR and MMR of the first bracket whose bound is greater than the effective notional."""
        for bound, initial, maintenance in BRACKETS:
            if bound is None or self.effective_notional(market) < Fraction(bound):
                return Fraction(initial), Fraction(maintenance)
        raise AssertionError

    def required_rate(self, market: str) -> Fraction:
        return max(self.rates(market)[0], Fraction(1, self.account.max_leverage))

    def exposure(self) -> Fraction:
        return sum((self.effective_notional(market) for market in self.markets()), Fraction(0))

    def initial_margin(self) -> Fraction:
        parts = (self.effective_notional(market) * self.required_rate(market) for market in self.markets())
        return sum(parts, Fraction(0))

    def tier_margin(self) -> Fraction:
        parts = (self.effective_notional(market) * self.rates(market)[0] for market in self.markets())
        return sum(parts, Fraction(0))

    def maintenance_margin(self) -> Fraction:
        parts = (self.effective_notional(market) * self.rates(market)[1] for market in self.markets())
        return sum(parts, Fraction(0))

    def largest_order(self, market: str, *, against: Fraction) -> Fraction:
        ratio = self.effective_collateral() / self.required_rate(market)
        return max(Fraction(0), Fraction("0.99") * (ratio - against))

    def max_buy(self, market: str) -> Fraction:
        buying = Fraction(self.orders.get(market, NO_ORDERS).buy, 10**13)
        return self.largest_order(market, against=self.units(market) * self.mark(market) + buying)

    def max_sell(self, market: str) -> Fraction:
        selling = Fraction(self.orders.get(market, NO_ORDERS).sell, 10**13)
        return self.largest_order(market, against=selling - self.units(market) * self.mark(market))


def exact(value: int) -> Fraction:
    """An exact value in dollars."""
    return Fraction(value, EXACT_SCALE * 10**13)


def atoms(value: int) -> Fraction:
    """Atoms of USDT in dollars."""
    return Fraction(value, 10**13)


def marked(rulebook: Rulebook = ASCENDEX) -> State:
    """BTC-PERP at 10,000 and ETH-PERP at 200; bitcoin at 10,000, ether at 200, USDC at 0.99 and PAX at 1.01."""
    world = World(rulebook)
    world.mark("10000", BTC)
    world.mark("200", ETH)
    for asset, text in {"BTC": "10000", "ETH": "200", "USDC": "0.99", "PAX": "1.01"}.items():
        world.mark_asset(asset, text)
    return world.state


STATE = marked()

# Numbers by hand


def test_quantities_of_five_assets_and_two_markets() -> None:
    """A loss in one market and a gain in the other; borrowed USDT counts at factor 1."""
    account = account_of(
        {"USDT": usdt("-100.5"), "USDC": coins("1000"), "PAX": coins("10"), "BTC": coins("0.5"), "ETH": coins("2")},
        {BTC: (lots("2"), usdt("-20300")), ETH: (-3_000, usdt("650"))},
        max_leverage=50,
    )
    assert unrealised_pnl(STATE, account) == usdt("-250")
    assert exact(wallet(STATE, account)) == Fraction("-100.5") + 990 + Fraction("10.1") + 5000 + 400
    assert exact(collateral(STATE, account)) == Fraction("-100.5") + 990 + Fraction("10.1") + 4900 + 380
    assert exact(account_value(STATE, account)) == Fraction("6049.6")
    assert exact(effective_collateral(STATE, account)) == Fraction("5929.6")
    assert atoms(distress_collateral(STATE, account)) == Fraction("5929.6")
    assert position_notional(STATE, account, BTC) == usdt("20000")
    assert position_notional(STATE, account, ETH) == usdt("-600")
    assert exposure(STATE, account) == usdt("20600")
    assert exact(initial_margin(STATE, account)) == 412, "2% of 20,600, at 50x"
    assert exact(tier_margin(STATE, account)) == 206
    assert exact(maintenance_margin(STATE, account)) == Fraction("123.6")
    assert exact(free_collateral(STATE, account)) == Fraction("5517.6")
    assert margin_rate(STATE, account) == trunc(Fraction("5929.6") / 20600 * RATE_SCALE)
    assert leverage(STATE, account) == trunc(20600 / Fraction("5929.6") * RATE_SCALE)


def test_an_empty_account_is_worth_nothing_and_needs_nothing() -> None:
    account = account_of()
    for quantity in (wallet, collateral, account_value, effective_collateral, distress_collateral, unrealised_pnl):
        assert quantity(STATE, account) == 0
    for requirement in (initial_margin, tier_margin, maintenance_margin, exposure):
        assert requirement(STATE, account) == 0
    assert margin_rate(STATE, account) is None
    assert leverage(STATE, account) is None
    assert position_notional(STATE, account, BTC) == 0
    assert not is_liquidatable(STATE, account)
    assert not is_at_takeover(STATE, account)
    assert is_above_release(STATE, account)


def test_gains_carry_no_risk_before_they_are_rolled_unless_the_rulebook_says_so() -> None:
    account = account_of({"USDT": usdt("100")}, {BTC: (lots("1"), usdt("-9000"))})
    assert exact(effective_collateral(STATE, account)) == 100
    assert exact(effective_collateral(marked(GAINS_COUNT), account)) == 1100
    assert exact(account_value(STATE, account)) == 1100
    assert atoms(distress_collateral(STATE, account)) == 1100
    losing = account_of({"USDT": usdt("100")}, {BTC: (lots("1"), usdt("-10050"))})
    for state in (STATE, marked(GAINS_COUNT)):
        assert exact(effective_collateral(state, losing)) == 50


def test_gains_and_losses_are_summed_over_markets_before_they_count() -> None:
    """A hedge is one thing: a gain in one market meets the loss in another."""
    account = account_of({"USDT": usdt("100")}, {BTC: (lots("1"), usdt("-9000")), ETH: (1_000, usdt("-500"))})
    assert unrealised_pnl(STATE, account) == usdt("700")
    assert exact(effective_collateral(STATE, account)) == 100


def test_distress_collateral_floors_each_asset_by_itself() -> None:
    """Two assets that are worth a third of an atom more than a whole number each: both thirds are lost."""
    third = price("0.333333333")
    state = attrs.evolve(STATE, prices=STATE.prices.update({"BTC": third, "ETH": third}))
    account = account_of({"BTC": 1, "ETH": 1})
    # 10^-9 of an asset at 0.333333333 is 3333.33333 atoms; 98% and 95% of that are 3266.6666634 and 3166.6666635.
    assert conversion_proceeds(ASCENDEX, "BTC", 1, third) == 3266
    assert conversion_proceeds(ASCENDEX, "ETH", 1, third) == 3166
    assert distress_collateral(state, account) == 3266 + 3166
    assert floor(atoms(1) ** -1 * exact(collateral(state, account))) == 6433, "together they are one atom more"


def test_borrowed_settlement_cash_is_not_rounded() -> None:
    account = account_of({"USDT": -1, "BTC": 1})
    assert distress_collateral(STATE, account) == -1 + 10_000 * 9_800
    assert exact(collateral(STATE, account)) == atoms(-1 + 10_000 * 9_800)


# Tiers and orders


@pytest.mark.parametrize(
    ("dollars", "initial", "maintenance"),
    [
        ("0", "0.01", "0.006"),
        ("49999.9999999999999", "0.01", "0.006"),
        ("50000", "0.02", "0.012"),
        ("199999.9999999999999", "0.02", "0.012"),
        ("200000", "0.04", "0.024"),
        ("999999.9999999999999", "0.04", "0.024"),
        ("1000000", "0.1", "0.06"),
        ("4999999.9999999999999", "0.1", "0.06"),
        ("5000000", "0.2", "0.12"),
        ("9999999.9999999999999", "0.2", "0.12"),
        ("10000000", "0.333333333", "0.2"),
        ("1000000000000", "0.333333333", "0.2"),
    ],
)
@pytest.mark.parametrize("market", [BTC, ETH])
def test_a_bracket_ends_before_its_bound(market: str, dollars: str, initial: str, maintenance: str) -> None:
    """At the exact bound the next bracket begins, for the whole position."""
    tier = tier_of(ASCENDEX.contracts[market], usdt(dollars))
    assert (tier.initial_rate, tier.maintenance_rate) == (price(initial), price(maintenance))


@pytest.mark.parametrize(
    ("size", "initial", "maintenance"),
    [("4.9999", "499.99", "299.994"), ("-4.9999", "499.99", "299.994"), ("5", "1000", "600"), ("-5", "1000", "600")],
)
def test_the_whole_position_is_in_one_bracket(size: str, initial: str, maintenance: str) -> None:
    """5 BTC at 10,000 are the bound itself: the next bracket's rate for all of it."""
    account = account_of({}, {BTC: (lots(size), 0)})
    assert initial_margin(STATE, account) == usdt(initial) * EXACT_SCALE
    assert maintenance_margin(STATE, account) == usdt(maintenance) * EXACT_SCALE


@pytest.mark.parametrize(
    ("held", "buy", "sell", "effective"),
    [
        (0, 0, 0, 0),
        (100, 0, 0, 100),
        (-100, 0, 0, 100),
        (100, 50, 0, 150),
        (100, 0, 150, 100),
        (100, 0, 250, 150),
        (-100, 50, 0, 100),
        (-100, 250, 0, 150),
        (-100, 0, 50, 150),
        (0, 30, 40, 40),
        (0, 40, 30, 40),
        (-100, 150, 20, 120),
    ],
)
def test_effective_notional_takes_the_worse_side(held: int, buy: int, sell: int, effective: int) -> None:
    assert effective_notional(held, OpenOrders(buy, sell)) == effective


def test_orders_raise_requirements_and_may_raise_the_bracket() -> None:
    """4 BTC at 10,000 and a buy order of 10,000 more: 50,000, the next bracket, for all of it."""
    account = account_of({"USDT": usdt("5000")}, {BTC: (lots("4"), usdt("-40000"))})
    orders = {BTC: OpenOrders(usdt("10000"), 0)}
    assert exact(initial_margin(STATE, account)) == 400
    assert exact(initial_margin(STATE, account, orders)) == 1000
    assert exact(maintenance_margin(STATE, account, orders)) == 600
    assert exposure(STATE, account, orders) == usdt("50000")
    assert exact(free_collateral(STATE, account, orders)) == 4000
    assert margin_rate(STATE, account, orders) == price("0.1")
    assert leverage(STATE, account, orders) == price("10")


def test_orders_in_a_market_without_a_position_count() -> None:
    account = account_of({"USDT": usdt("5000")}, {BTC: (lots("1"), usdt("-10000"))})
    orders = {ETH: OpenOrders(usdt("1000"), usdt("3000"))}
    assert exposure(STATE, account, orders) == usdt("13000")
    assert exact(initial_margin(STATE, account, orders)) == 130
    assert exact(maintenance_margin(STATE, account, orders)) == 78


def test_orders_that_only_reduce_change_nothing() -> None:
    account = account_of({"USDT": usdt("5000")}, {BTC: (lots("1"), usdt("-10000"))})
    orders = {BTC: OpenOrders(0, usdt("20000"))}
    assert initial_margin(STATE, account, orders) == initial_margin(STATE, account)


@pytest.mark.parametrize(("max_leverage", "required"), [(100, 100), (99, Fraction(10_000, 99)), (50, 200), (1, 10_000)])
def test_a_lower_leverage_limit_raises_initial_margin_alone(max_leverage: int, required: Fraction) -> None:
    account = account_of({}, {BTC: (lots("1"), 0)}, max_leverage=max_leverage)
    assert 0 <= exact(initial_margin(STATE, account)) - required < exact(1)
    assert exact(maintenance_margin(STATE, account)) == 60
    assert exact(tier_margin(STATE, account)) == 100, "release looks at the tier alone"


# The boundaries


def with_distress(dollars: str, *, off_by: int = 0) -> Account:
    """One bitcoin long, opened at mark, and so much distress collateral."""
    return account_of({"USDT": usdt(dollars) + off_by}, {BTC: (lots("1"), usdt("-10000"))})


@pytest.mark.parametrize(
    ("dollars", "off_by", "liquidatable", "at_takeover", "above_release"),
    [
        pytest.param("100", 1, False, False, True, id="an atom above initial margin of the tier"),
        pytest.param("100", 0, False, False, False, id="initial margin of the tier"),
        pytest.param("60", 0, False, False, False, id="maintenance margin: equality is healthy"),
        pytest.param("60", -1, True, False, False, id="an atom below"),
        pytest.param("30", 0, True, False, False, id="half of it: equality is not at takeover"),
        pytest.param("30", -1, True, True, False, id="an atom below half"),
        pytest.param("0", 0, True, True, False, id="nothing"),
        pytest.param("-1", 0, True, True, False, id="bankrupt"),
    ],
)
def test_health_at_its_bounds(
    dollars: str, off_by: int, liquidatable: bool, at_takeover: bool, above_release: bool
) -> None:
    account = with_distress(dollars, off_by=off_by)
    assert is_liquidatable(STATE, account) is liquidatable
    assert is_at_takeover(STATE, account) is at_takeover
    assert is_above_release(STATE, account) is above_release


@pytest.mark.parametrize(("cash", "at_takeover", "released"), [(1, False, True), (0, False, True), (-1, True, False)])
def test_a_flat_account_is_at_takeover_below_zero_and_released_from_zero(
    cash: int, at_takeover: bool, released: bool
) -> None:
    account = account_of({"USDT": cash} if cash else {})
    assert is_liquidatable(STATE, account) is at_takeover
    assert is_at_takeover(STATE, account) is at_takeover
    assert is_above_release(STATE, account) is released


def test_health_is_decided_by_distress_collateral_and_not_by_effective_collateral() -> None:
    """Unrealised gains keep an account from liquidation though they admit nothing."""
    account = account_of({}, {BTC: (lots("1"), usdt("-9900"))})
    assert exact(effective_collateral(STATE, account)) == 0
    assert atoms(distress_collateral(STATE, account)) == 100
    assert not is_liquidatable(STATE, account)


# Prices and largest orders


def effective_meets_maintenance(state: State, account: Account, market: str, mark: Fraction) -> bool:
    """Whether EC = MM at that mark of the market, all else unchanged and the bracket's rate kept, in fractions."""
    reading = Reading(state, account)
    held = reading.units(market)
    rate = reading.rates(market)[1]
    moved = held * (mark - reading.mark(market))
    needed = reading.maintenance_margin() + abs(held) * (mark - reading.mark(market)) * rate
    return reading.effective_collateral() + moved == needed


@pytest.mark.parametrize("size", ["1.25", "-1.25"])
@pytest.mark.parametrize("cash", ["1000", "80", "75", "60", "0"])
def test_effective_collateral_meets_maintenance_margin_at_the_liquidation_price(size: str, cash: str) -> None:
    """For an account whose pnl is not positive, EC moves with the mark one to one."""
    cost = -Fraction(size) * 10_000
    account = account_of({"USDT": usdt(cash)}, {BTC: (lots(size), int(cost) * 10**13), ETH: (1_000, usdt("-210"))})
    reading = Reading(STATE, account)
    spare = reading.effective_collateral() - reading.maintenance_margin()
    rate = reading.rates(BTC)[1]
    direction = 1 if size[0] != "-" else -1
    expected = 10_000 - direction * spare / (abs(Fraction(size)) * (1 - direction * rate))
    assert effective_meets_maintenance(STATE, account, BTC, expected)
    answer = liquidation_price(STATE, account, BTC)
    assert answer is not None
    assert abs(Fraction(answer, 10**9) - expected) < Fraction(1, 10**9)


def test_a_liquidation_price_moves_the_ledgers_own_quantities_together() -> None:
    """At the price itself, with the ledger's functions: the two meet, where the numbers divide."""
    account = account_of({"USDT": usdt("1000")}, {BTC: (lots("-1"), usdt("10000"))})
    # V = 1000 - 60 = 940 over 1.006; 946 more would divide exactly.
    richer = account_of({"USDT": usdt("1066")}, {BTC: (lots("-1"), usdt("10000"))})
    assert liquidation_price(STATE, richer, BTC) == price("11000")
    market = Market(price("11000"), price("11000"), 0, 0, -1)
    moved = attrs.evolve(STATE, markets=STATE.markets.set(BTC, market))
    assert effective_collateral(moved, richer) == maintenance_margin(moved, richer)
    assert effective_collateral(moved, account) < maintenance_margin(moved, account)


def test_no_liquidation_price_without_a_position_or_below_zero() -> None:
    rich = account_of({"USDT": usdt("100000")}, {BTC: (lots("1"), usdt("-10000"))})
    assert liquidation_price(STATE, rich, BTC) is None, "no mark above zero brings it down"
    assert liquidation_price(STATE, rich, ETH) is None
    assert liquidation_price(STATE, account_of({}, {BTC: (0, 5)}), BTC) is None
    shorter = account_of({"USDT": usdt("100000")}, {BTC: (lots("-1"), usdt("10000"))})
    assert liquidation_price(STATE, shorter, BTC) is not None, "a short can always be brought down"


def test_no_liquidation_price_of_a_long_whose_maintenance_rate_is_one() -> None:
    """Its requirement falls as fast as its collateral, so that no mark brings them together; a short has one."""
    all_of_it = load_profile("textbook", {"markets": {BTC: {"tiers": [{"initial": "1", "maintenance": "1"}]}}})
    state = marked(all_of_it)
    long = account_of({"USDT": usdt("20000")}, {BTC: (lots("1"), usdt("-10000"))})
    short = account_of({"USDT": usdt("20000")}, {BTC: (lots("-1"), usdt("10000"))})
    assert liquidation_price(state, long, BTC) is None
    assert liquidation_price(state, short, BTC) == price("15000")


@pytest.mark.parametrize(
    ("size", "cost", "even"),
    [
        (lots("1"), "-10000.5", "10000.5"),
        (lots("-1"), "10000.5", "10000.5"),
        (lots("-1"), "-3", "-3"),
        (lots("3"), "-1", "0.333333333"),
        (lots("-3"), "1", "0.333333333"),
        (lots("3"), "1", "-0.333333333"),
        (lots("1"), "0", "0"),
    ],
)
def test_break_even(size: int, cost: str, even: str) -> None:
    """Truncated toward zero, on either side."""
    contract = ASCENDEX.contracts[BTC]
    assert break_even_price(contract, size=size, reference_cost=usdt(cost)) == price(even)


def test_a_flat_position_breaks_even_nowhere() -> None:
    assert break_even_price(ASCENDEX.contracts[BTC], size=0, reference_cost=5) is None


def test_a_lot_at_mark_and_notional() -> None:
    """A lot of BTC-PERP is 0.0001 BTC, one of ETH-PERP 0.001 ETH: at 200 it is 0.2 USDT."""
    assert mark_per_lot(ASCENDEX.contracts[BTC], STATE.markets[BTC]) == usdt("1")
    assert mark_per_lot(ASCENDEX.contracts[ETH], STATE.markets[ETH]) == usdt("0.2")
    assert notional(ASCENDEX.contracts[ETH], -5, price("200")) == usdt("-1")


def test_largest_orders_without_a_position() -> None:
    """1,000 USDT at 20x: 20,000 less one percent, on both sides."""
    account = account_of({"USDT": usdt("1000")}, max_leverage=20)
    assert max_buy(STATE, account, BTC) == max_sell(STATE, account, BTC) == usdt("19800")


def test_largest_orders_beside_a_position_and_orders() -> None:
    account = account_of({"USDT": usdt("1000")}, {BTC: (lots("0.5"), usdt("-5000"))}, max_leverage=20)
    orders = {BTC: OpenOrders(usdt("1000"), usdt("2000"))}
    assert max_buy(STATE, account, BTC) == usdt("14850")
    assert max_sell(STATE, account, BTC) == usdt("24750")
    assert max_buy(STATE, account, BTC, orders) == usdt("13860")
    assert max_sell(STATE, account, BTC, orders) == usdt("22770")


def test_the_largest_order_is_never_below_zero() -> None:
    account = account_of({"USDT": usdt("10")}, {BTC: (lots("0.5"), usdt("-5000"))}, max_leverage=20)
    assert max_buy(STATE, account, BTC) == 0
    assert max_sell(STATE, account, BTC) == usdt("5148")
    broke = account_of({"USDT": usdt("-1")})
    assert max_buy(STATE, broke, BTC) == max_sell(STATE, broke, BTC) == 0


# The second reading

amounts = st.one_of(st.integers(0, 100), st.integers(0, 10**18))
signed_amounts = st.one_of(st.integers(-100, 100), st.integers(-(10**18), 10**18))
positions = st.tuples(
    st.one_of(st.integers(-3, 3), st.integers(-(10**7), 10**7)).filter(lambda size: size != 0), signed_amounts
)
price_units = st.one_of(st.integers(1, 1000), st.integers(1, 10**14))


@st.composite
def situations(draw: st.DrawFn) -> tuple[State, Account]:
    """An account of five assets and two markets, at any marks and prices, under either reading of gains."""
    rulebook = ASCENDEX if draw(st.booleans()) else GAINS_COUNT
    marks = {market: draw(price_units) for market in (BTC, ETH)}
    prices = {asset: draw(price_units) for asset in ("USDC", "PAX", "BTC", "ETH")}
    base = marked(rulebook) if rulebook is GAINS_COUNT else STATE
    state = attrs.evolve(
        base,
        markets=Map({market: Market(mark, mark, 0, 0, -1) for market, mark in marks.items()}),
        prices=Map({"USDT": 10**9, **prices}),
    )
    cash = draw(st.dictionaries(st.sampled_from(["USDC", "PAX", "BTC", "ETH"]), amounts.filter(bool)))
    borrowed = draw(signed_amounts)
    if borrowed:
        cash["USDT"] = borrowed
    held = draw(st.dictionaries(st.sampled_from([BTC, ETH]), positions))
    account = account_of(cash, held, max_leverage=draw(st.integers(1, 100)))
    if draw(st.booleans()):
        account = at_a_boundary(state, account, draw)
    return state, account


def at_a_boundary(state: State, account: Account, draw: st.DrawFn) -> Account:
    """The account with cash such that one of its comparisons is equal or an atom off, where that is a whole atom."""
    requirement = draw(st.sampled_from(["initial", "maintenance", "takeover", "tier"]))
    reading = Reading(state, account)
    needed = {
        "initial": reading.initial_margin() - reading.effective_collateral(),
        "maintenance": reading.maintenance_margin() - reading.distress_collateral(),
        "takeover": reading.maintenance_margin() / 2 - reading.distress_collateral(),
        "tier": reading.tier_margin() - reading.distress_collateral(),
    }[requirement]
    missing = floor(needed * 10**13) + draw(st.integers(-1, 1))
    cash = {**account.cash, "USDT": account.cash.get("USDT", 0) + missing}
    return attrs.evolve(account, cash=Map({asset: amount for asset, amount in cash.items() if amount != 0}))


order_books = st.dictionaries(st.sampled_from([BTC, ETH]), st.builds(OpenOrders, amounts, amounts))


@settings(deadline=None, derandomize=True, max_examples=250)
@given(situations(), order_books)
def test_every_quantity_is_what_the_rulebook_says(
    situation: tuple[State, Account], orders: dict[str, OpenOrders]
) -> None:
    state, account = situation
    plain, reading = Reading(state, account), Reading(state, account, orders)
    assert atoms(unrealised_pnl(state, account)) == plain.pnl()
    assert exact(wallet(state, account)) == plain.wallet()
    assert exact(collateral(state, account)) == plain.collateral()
    assert exact(account_value(state, account)) == plain.wallet() + plain.pnl()
    assert exact(effective_collateral(state, account)) == plain.effective_collateral()
    assert atoms(distress_collateral(state, account)) == plain.distress_collateral()
    assert exact(tier_margin(state, account)) == plain.tier_margin()
    for each, ours in ((plain, None), (reading, orders)):
        assert atoms(exposure(state, account, ours)) == each.exposure()
        assert exact(maintenance_margin(state, account, ours)) == each.maintenance_margin()
        over = exact(initial_margin(state, account, ours)) - each.initial_margin()
        assert 0 <= over < exact(1), "rounded up to an exact unit"
        for market in (BTC, ETH):
            assert max_buy(state, account, market, ours) == floor(each.max_buy(market) * 10**13)
            assert max_sell(state, account, market, ours) == floor(each.max_sell(market) * 10**13)
        exposed, effective = each.exposure(), each.effective_collateral()
        rate = margin_rate(state, account, ours)
        assert rate == (trunc(effective / exposed * RATE_SCALE) if exposed else None)
        lever = leverage(state, account, ours)
        assert lever == (trunc(exposed / effective * RATE_SCALE) if effective > 0 else None)


@settings(deadline=None, derandomize=True, max_examples=250)
@given(situations())
def test_every_decision_is_what_the_rulebook_says(situation: tuple[State, Account]) -> None:
    """Accounts at the very boundary are common here, and no rounding moves a decision."""
    state, account = situation
    reading = Reading(state, account)
    distress = reading.distress_collateral()
    assert is_liquidatable(state, account) == (distress < reading.maintenance_margin())
    assert is_at_takeover(state, account) == (distress < reading.maintenance_margin() / 2)
    released = distress > reading.tier_margin() if account.positions else distress >= 0
    assert is_above_release(state, account) == released
    free = reading.effective_collateral() - reading.initial_margin()
    assert (free_collateral(state, account) >= 0) == (free >= 0)
    assert (effective_collateral(state, account) < initial_margin(state, account)) == (free < 0)
    assert (free_collateral(state, account) == 0) == (
        ceil(reading.initial_margin() * 10**31) == effective_units(reading)
    )


def effective_units(reading: Reading) -> int:
    """Effective collateral in exact units, of which it is a whole number."""
    units = reading.effective_collateral() * 10**31
    assert units.denominator == 1
    return units.numerator


@settings(deadline=None, derandomize=True, max_examples=150)
@given(situations())
def test_the_liquidation_price_is_what_the_rulebook_says(situation: tuple[State, Account]) -> None:
    state, account = situation
    reading = Reading(state, account)
    spare = reading.effective_collateral() - reading.maintenance_margin()
    for market in (BTC, ETH):
        answer = liquidation_price(state, account, market)
        held = reading.units(market)
        if held == 0:
            assert answer is None
            continue
        rate = reading.rates(market)[1]
        direction = 1 if held > 0 else -1
        offset = trunc(spare / (abs(held) * (1 - direction * rate)) * 10**9)
        expected = state.markets[market].mark - direction * offset
        assert answer == (expected if expected >= 0 else None)


@deterministic
@given(situations(), st.data())
def test_order_of_markets_and_assets_does_not_matter(situation: tuple[State, Account], data: st.DataObject) -> None:
    """The same account built the other way round has the same quantities: sums do not depend on a table's order."""
    state, account = situation
    cash = data.draw(st.permutations(sorted(account.cash.items())))
    held = data.draw(st.permutations(sorted(account.positions.items())))
    same = attrs.evolve(account, cash=Map(cash), positions=Map(held))
    for quantity in (collateral, distress_collateral, unrealised_pnl, initial_margin, maintenance_margin):
        assert quantity(state, same) == quantity(state, account)
