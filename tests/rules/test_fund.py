"""fund: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import Funded, Reason
from ledger.state import Account, Market, State
from ledger.transactions import Fund
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    held,
    liquidating,
    name_of,
)
from tests.worlds import BTC, ETH, START, World, lots, price, rate, usdt, with_accounts

HOURS_8 = 28_800_000
EIGHT = 1_600_012_800_000
"""2020-09-13T16:00:00Z, the first instant after the start: 55,556 times eight hours."""


def world(*premiums: str, index: str = "5000") -> State:
    """alice is long 0.1 BTC-PERP, bob and carol short 0.075 and 0.025, at cost 500, 375 and 125; samples as given."""
    w = World()
    for premium in premiums or ("0",):
        w.mark(index, premium=premium)
    w.mark("200", ETH)
    w.deposit("alice", "1000")
    return with_accounts(
        w.state,
        {
            "alice": held("1000", btc=("0.1", "-500"), eth=("2", "-400")),
            "bob": held("1000", btc=("-0.075", "375")),
            "carol": liquidating(held("1", btc=("-0.025", "125")), at=START),
            "dora": held("7", eth=("-2", "400")),
        },
    )


def after(alice: str, bob: str, carol: str) -> dict[str, Account]:
    """The three accounts that hold BTC-PERP, with these reference costs."""
    return {
        "alice": held("1000", btc=("0.1", alice), eth=("2", "-400")),
        "bob": held("1000", btc=("-0.075", bob)),
        "carol": liquidating(held("1", btc=("-0.025", carol)), at=START),
    }


def funded(state: State, instant: int) -> State:
    """The market as if funded at the instant."""
    market = evolve(state.markets[BTC], last_funding=instant)
    return evolve(state, markets=state.markets.set(BTC, market))


W = world()
NO_SAMPLE = evolve(W, markets=W.markets.set(BTC, Market(price("5000"), price("5000"), 0, 0, EIGHT - HOURS_8)))
DONE = funded(W, EIGHT)
UNMARKED = World().state
MINUS_ONE_PER_BILLION = -1
T = Fund(EIGHT, BTC, rate("0.001"))
MARKETS, MARK = "a listed market", "a market with a mark"

REFUSALS = (
    Refusal(
        "time goes back, within the window",
        evolve(W, time=EIGHT + 1),
        T,
        Reason.TIME_BACKWARDS,
        EIGHT,
        EIGHT + 1,
        "time",
    ),
    Refusal(
        "time goes back to a window, in an unlisted market",
        W,
        evolve(T, time=EIGHT - HOURS_8, market="DOGE-PERP"),
        Reason.TIME_BACKWARDS,
        EIGHT - HOURS_8,
        START,
        "time",
    ),
    Refusal(
        "an unlisted market, which has no mark either",
        W,
        evolve(T, market="DOGE-PERP"),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        MARKETS,
        "DOGE-PERP",
    ),
    Refusal("a market without a mark", UNMARKED, evolve(T, market=ETH), Reason.MARKET_WITHOUT_MARK, ETH, MARK, ETH),
    Refusal(
        "a market without a mark, outside the window",
        UNMARKED,
        evolve(T, market=ETH, time=EIGHT - 1),
        Reason.MARKET_WITHOUT_MARK,
        ETH,
        MARK,
        ETH,
    ),
    Refusal(
        "60 s after the instant",
        W,
        evolve(T, time=EIGHT + 60_000),
        Reason.OUTSIDE_WINDOW,
        60_000,
        60_000,
        BTC,
    ),
    Refusal(
        "1 ms before the instant, which is 8 h - 1 ms after the one before",
        W,
        evolve(T, time=EIGHT - 1),
        Reason.OUTSIDE_WINDOW,
        28_799_999,
        60_000,
        BTC,
    ),
    Refusal(
        "60 s after an instant that is done",
        DONE,
        evolve(T, time=EIGHT + 60_000),
        Reason.OUTSIDE_WINDOW,
        60_000,
        60_000,
        BTC,
    ),
    Refusal(
        "again, 1 ms later",
        DONE,
        evolve(T, time=EIGHT + 1),
        Reason.INSTANT_ALREADY_DONE,
        EIGHT,
        EIGHT,
        BTC,
    ),
    Refusal(
        "again, and beyond the clamp",
        DONE,
        evolve(T, rate=rate("0.006")),
        Reason.INSTANT_ALREADY_DONE,
        EIGHT,
        EIGHT,
        BTC,
    ),
    Refusal(
        "10^-9 beyond the clamp",
        W,
        evolve(T, rate=rate("0.005000001")),
        Reason.RATE_BEYOND_CLAMP,
        5_000_001,
        5_000_000,
        BTC,
    ),
    Refusal(
        "10^-9 beyond the clamp, negative",
        W,
        evolve(T, rate=rate("-0.005000001")),
        Reason.RATE_BEYOND_CLAMP,
        -5_000_001,
        -5_000_000,
        BTC,
    ),
)


def unsampled(index: str = "5000", premium: str = "0", instant: int = EIGHT) -> dict[str, Market]:
    """The market after its funding: index and mark as they were, no samples."""
    return {BTC: Market(price(index), price(index) + price(premium), 0, 0, instant)}


SUCCESSES = (
    Success(  # one lot is 0.0001 BTC, at the index 0.5 USDT; alice's 1,000 lots pay 0.0005 each
        "0.1% given: longs pay shorts 0.0005 USDT a lot",
        W,
        T,
        events=(Funded(BTC, EIGHT, rate("0.001"), 10**9, usdt("0.0005")),),
        accounts=after("-500.5", "375.375", "125.125"),
        markets=unsampled(),
    ),
    Success(
        "-0.1% given, in the window's last millisecond: shorts pay longs",
        W,
        evolve(T, rate=rate("-0.001"), time=EIGHT + 59_999),
        events=(Funded(BTC, EIGHT, rate("-0.001"), 10**9, usdt("-0.0005")),),
        accounts=after("-499.5", "374.625", "124.875"),
        markets=unsampled(),
    ),
    Success(
        "exactly the clamp may be given",
        W,
        evolve(T, rate=rate("0.005")),
        events=(Funded(BTC, EIGHT, rate("0.005"), 10**9, usdt("0.0025")),),
        accounts=after("-502.5", "376.875", "125.625"),
        markets=unsampled(),
    ),
    Success(
        "exactly the clamp may be given, negative",
        W,
        evolve(T, rate=rate("-0.005")),
        events=(Funded(BTC, EIGHT, rate("-0.005"), 10**9, usdt("-0.0025")),),
        accounts=after("-497.5", "373.125", "124.375"),
        markets=unsampled(),
    ),
    Success(
        "zero given: nobody is touched",
        W,
        evolve(T, rate=0),
        events=(Funded(BTC, EIGHT, 0, 10**9, 0),),
        markets=unsampled(),
    ),
    Success(  # premiums 5 and 10 of two samples over 5,000: 7.5 / 5,000 = 0.15%, and 0.15% of 0.5 is 0.00075
        "computed: the mean premium over the index, which is not the mark",
        world("5", "10"),
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, price("15"), 2 * price("5000"), usdt("0.00075")),),
        accounts=after("-500.75", "375.5625", "125.1875"),
        markets=unsampled(premium="10"),
    ),
    Success(  # (-4 - 2 + 3) / 3 / 5,000 = -0.02%
        "computed, negative, of three samples",
        world("-4", "-2", "3"),
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, price("-3"), 3 * price("5000"), usdt("-0.0001")),),
        accounts=after("-499.9", "374.925", "124.975"),
        markets=unsampled(premium="3"),
    ),
    Success(
        "computed, 25 of 5,000 is exactly the clamp",
        world("25"),
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, price("25"), price("5000"), usdt("0.0025")),),
        accounts=after("-502.5", "376.875", "125.625"),
        markets=unsampled(premium="25"),
    ),
    Success(
        "computed, 50 of 5,000 is clamped to 0.5%",
        world("50"),
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, rate("0.005"), 10**9, usdt("0.0025")),),
        accounts=after("-502.5", "376.875", "125.625"),
        markets=unsampled(premium="50"),
    ),
    Success(
        "computed, -50 of 5,000 is clamped to -0.5%",
        world("-50"),
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, rate("-0.005"), 10**9, usdt("-0.0025")),),
        accounts=after("-497.5", "373.125", "124.375"),
        markets=unsampled(premium="-50"),
    ),
    Success(
        "computed without a sample: zero",
        NO_SAMPLE,
        evolve(T, rate=None),
        events=(Funded(BTC, EIGHT, 0, 1, 0),),
        markets=unsampled(),
    ),
    Success(  # a lot at the index: 5,000,000,009,999 atoms; a billionth of it: 5,000.000009999
        "rounded toward zero once per lot: 5,000.00... atoms are 5,000",
        world(index="5000.000009999"),
        evolve(T, rate=1),
        events=(Funded(BTC, EIGHT, 1, 10**9, 5_000),),
        accounts=after("-500.0000005", "375.000000375", "125.000000125"),
        markets=unsampled("5000.000009999"),
    ),
    Success(  # the same the other way: -5,000.000009999 atoms are -5,000, not -5,001
        "rounded toward zero also where shorts pay",
        world(index="5000.000009999"),
        evolve(T, rate=MINUS_ONE_PER_BILLION),
        events=(Funded(BTC, EIGHT, -1, 10**9, -5_000),),
        accounts=after("-499.9999995", "374.999999625", "124.999999875"),
        markets=unsampled("5000.000009999"),
    ),
    Success(
        "the next interval, eight hours later",
        DONE,
        evolve(T, time=EIGHT + HOURS_8),
        events=(Funded(BTC, EIGHT + HOURS_8, rate("0.001"), 10**9, usdt("0.0005")),),
        accounts=after("-500.5", "375.375", "125.125"),
        markets=unsampled(instant=EIGHT + HOURS_8),
    ),
)

TABLES = (
    Table(
        "fund",
        "fund",
        REFUSALS,
        SUCCESSES,
        never_alone={1: "an unlisted market has no mark"},
        never_together={2: "a market without a mark has no last funding, which the check of the window takes along"},
    ),
)


@pytest.mark.parametrize("row", REFUSALS, ids=name_of)
def test_refused(row: Refusal) -> None:
    assert_refused(row)


@pytest.mark.parametrize("row", SUCCESSES, ids=name_of)
def test_applied(row: Success) -> None:
    assert_applied(row)


@pytest.mark.parametrize("table", TABLES)
def test_every_check_is_reached_in_order_of_precedence(table: Table) -> None:
    assert_every_check_in_order(table)


@pytest.mark.parametrize("table", TABLES)
def test_neighbouring_rows_are_one_fault_apart(table: Table) -> None:
    assert_one_fault_apart(table)


def test_the_published_funding_of_a_short() -> None:
    """Short 2.8535 BTC, index 9,392.035, rate 0.1%: 0.0009392035 a lot, 28,535 lots receive 26.8001718725."""
    w = World()
    w.mark("9392.035")
    w.deposit("short", "10000")
    w.deposit("long", "10000")
    w.trade("long", "short", "2.8535", "9392")
    before = w.account("short").positions[BTC].reference_cost
    w.do(Fund(EIGHT, BTC, rate("0.001")))
    assert w.account("short").positions[BTC].reference_cost - before == usdt("26.8001718725")
    assert w.account("short").positions[BTC].size == -lots("2.8535")
