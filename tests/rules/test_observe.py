"""observe: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve
from immutables import Map

from ledger.outcomes import Figures, Observed, Reason, StressEntered, StressLeft
from ledger.profiles import load_profile
from ledger.state import LiquidityMonitor, Market, Observation, State
from ledger.transactions import Observe
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    name_of,
)
from tests.worlds import BTC, ETH, START, World, lots, price

MONITOR = {
    "window": 2,
    "interval": 1000,
    "confidence": "0.6",
    "spread": {"enter": "0.005", "leave": "0.002"},
    "depth": {"enter": "0.1", "leave": "0.2"},
    "volatility": {"enter": "0.01", "leave": "0.005"},
    "expected_shortfall": {"enter": "0.02", "leave": "0.01"},
}
RULEBOOK = load_profile("ascendex-2020", {"markets": {BTC: {"monitor": MONITOR}}})


def venue() -> State:
    """BTC-PERP at 5,000 with an open interest of 10 BTC, ETH-PERP at 200 without a monitor."""
    w = World(RULEBOOK)
    w.mark("5000")
    w.mark("200", ETH)
    for account_id in ("alice", "bob", "carol"):
        w.deposit(account_id, "100000")
    w.trade("alice", "bob", "6", "5000")
    w.trade("carol", "bob", "4", "5000")
    return w.state


def seen(*marks: str, stressed: bool = False, volume: str = "1", at: int = START - 1000) -> LiquidityMonitor:
    """A monitor that observed these marks, a lot of volume with each."""
    observations = tuple(Observation(price(mark), lots(volume)) for mark in marks)
    return LiquidityMonitor(at, price("4999"), price("5001"), lots("5"), lots("7"), observations, stressed)


def after(state: State, monitor: LiquidityMonitor, mark: str = "5000") -> State:
    """The state with this monitor and mark of BTC-PERP."""
    market = evolve(state.markets[BTC], monitor=monitor, mark=price(mark))
    return evolve(state, markets=state.markets.set(BTC, market))


V = venue()
UNMARKED = World(RULEBOOK).state
NOBODY = evolve(V, accounts=Map({name: evolve(account, positions=Map()) for name, account in V.accounts.items()}))
T = Observe(START, BTC, price("4999"), price("5001"), lots("5"), lots("7"), lots("3"))
SOON = evolve(T, time=START + 999)
AGAIN = after(V, seen("5000", at=START))

REFUSALS = (
    Refusal("time goes back", V, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, in an unlisted market",
        V,
        evolve(T, time=START - 1, market="DOGE-PERP"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal(
        "an unlisted market",
        V,
        evolve(T, market="DOGE-PERP"),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        "a listed market",
        "DOGE-PERP",
    ),
    Refusal(
        "a market without a monitor",
        V,
        evolve(T, market=ETH),
        Reason.MARKET_WITHOUT_MONITOR,
        ETH,
        "a market with a monitor",
        ETH,
    ),
    Refusal(
        "neither monitor nor mark",
        UNMARKED,
        evolve(T, market=ETH),
        Reason.MARKET_WITHOUT_MONITOR,
        ETH,
        "a market with a monitor",
        ETH,
    ),
    Refusal("no mark yet", UNMARKED, T, Reason.MARKET_WITHOUT_MARK, BTC, "a market with a mark", BTC),
    Refusal("a millisecond too soon", AGAIN, SOON, Reason.OBSERVED_TOO_SOON, 999, 1000, BTC),
    Refusal("at once, without a bid", AGAIN, evolve(T, bid=0), Reason.OBSERVED_TOO_SOON, 0, 1000, BTC),
    Refusal("a bid of zero", V, evolve(T, bid=0), Reason.BID_NOT_POSITIVE, 0, 0, BTC),
    Refusal("a bid below zero, and the ask too", V, evolve(T, bid=-1, ask=-1), Reason.BID_NOT_POSITIVE, -1, 0, BTC),
    Refusal("a locked book", V, evolve(T, ask=T.bid), Reason.BOOK_CROSSED, T.bid, T.bid, BTC),
    Refusal("a crossed book", V, evolve(T, ask=T.bid - 1), Reason.BOOK_CROSSED, T.bid - 1, T.bid, BTC),
    Refusal(
        "a locked book, with a negative depth",
        V,
        evolve(T, ask=T.bid, bid_depth=-1),
        Reason.BOOK_CROSSED,
        T.bid,
        T.bid,
        BTC,
    ),
    Refusal("a negative depth of bids", V, evolve(T, bid_depth=-1), Reason.DEPTH_NEGATIVE, -1, 0, BTC),
    Refusal("a negative depth of asks", V, evolve(T, ask_depth=-2), Reason.DEPTH_NEGATIVE, -2, 0, BTC),
    Refusal(
        "a negative depth and a negative volume",
        V,
        evolve(T, ask_depth=-2, volume=-3),
        Reason.DEPTH_NEGATIVE,
        -2,
        0,
        BTC,
    ),
    Refusal("a negative volume", V, evolve(T, volume=-1), Reason.VOLUME_NEGATIVE, -1, 0, BTC),
)


def observed(
    transaction: Observe, mark: str, figures: Figures, *kept: tuple[str, str], stressed: bool = False
) -> dict[str, Market]:
    """The market afterwards: the transaction's book, and these marks and volumes before the one of now."""
    past = tuple(Observation(price(was), lots(volume)) for was, volume in kept)
    observations = (*past, Observation(price(mark), transaction.volume))
    book = (transaction.time, transaction.bid, transaction.ask, transaction.bid_depth, transaction.ask_depth)
    market = evolve(V.markets[BTC], mark=price(mark), monitor=LiquidityMonitor(*book, observations, stressed))
    assert figures.returns == len(past)
    return {BTC: market}


def told(figures: Figures, *changes: type) -> tuple[object, ...]:
    return (Observed(BTC, figures), *(change(BTC, figures) for change in changes))


def row(
    name: str,
    transaction: Observe,
    figures: Figures,
    *changes: type,
    state: State = V,
    mark: str = "5000",
    kept: tuple[tuple[str, str], ...] = (),
    stressed: bool = False,
) -> Success:
    """A success that says what is kept before this observation and whether the market is stressed then."""
    markets = observed(transaction, mark, figures, *kept, stressed=stressed)
    return Success(name, state, transaction, events=told(figures, *changes), markets=markets)  # type: ignore[arg-type]


CALM = Figures(400, 500_000, 0, 0, 0, 0, lots("3"))
"""2 / 5,000 is 400 ppm, and 5 of 10 BTC half; nothing moved yet."""

WIDE = evolve(T, bid=price("4987.5"), ask=price("5012.5"))
"""A spread of 25 / 5,000: 5,000 ppm exactly."""

BAND = evolve(T, bid=price("4994"), ask=price("5006"))
THIN = evolve(T, ask_depth=lots("0.9999"))
ONE = (("5000", "1"),)
TWO = (("5000", "1"), ("5000", "1"))


def moved(mark: str, before: tuple[str, ...], *, stressed: bool = False) -> State:
    """The state at a mark, with marks observed before."""
    return after(V, seen(*before, stressed=stressed), mark)


SUCCESSES = (
    row("the first observation is of no return", T, CALM),
    row(  # 2 / 3, up
        "the least prices that there are",
        evolve(T, bid=1, ask=2),
        evolve(CALM, spread=666_667),
        StressEntered,
        stressed=True,
    ),
    row(
        "nobody holds a position: no depth, whatever is on the book",
        evolve(T, bid_depth=0, ask_depth=0),
        evolve(CALM, depth=None),
        state=NOBODY,
    ),
    row("a spread exactly at its limit is no stress", WIDE, evolve(CALM, spread=5000)),
    row(  # 2 * 25.000000001 * 10^6 / 10,000.000000001 = 5,000.0000002, up
        "a spread beyond it by the least price, rounded up",
        evolve(WIDE, ask=WIDE.ask + 1),
        evolve(CALM, spread=5001),
        StressEntered,
        stressed=True,
    ),
    row("nothing was traded", evolve(T, volume=0), evolve(CALM, volume=0)),
    row("a depth exactly at its limit is no stress", evolve(T, bid_depth=lots("1")), evolve(CALM, depth=100_000)),
    row(
        "a lot thinner on the other side, rounded down", THIN, evolve(CALM, depth=99_990), StressEntered, stressed=True
    ),
    row("a side without orders", evolve(T, bid_depth=0), evolve(CALM, depth=0), StressEntered, stressed=True),
    row(
        "in the interval's first millisecond, a return of nothing",
        T,
        evolve(CALM, returns=1, volume=lots("4")),
        state=moved("5000", ("5000",)),
        kept=ONE,
    ),
    row(  # -50 / 5,000 = -10,000 ppm, variance 10^8: both exactly at the limits of volatility and of nothing else
        "a fall of exactly the limit of volatility",
        T,
        Figures(400, 500_000, 10**8, 10_000, 10_000, 1, lots("4")),
        state=moved("4950", ("5000",)),
        mark="4950",
        kept=ONE,
    ),
    row(  # a rise is the loss of shorts; 50.000000001 / 5,000 = 10,000.0000002, away from zero
        "a rise beyond it by the least price",
        T,
        Figures(400, 500_000, 10_001**2, 10_001, 10_001, 1, lots("4")),
        StressEntered,
        state=moved("5050.000000001", ("5000",)),
        mark="5050.000000001",
        kept=ONE,
        stressed=True,
    ),
    row(  # losses of longs 20,000 and -10,204.08 away from zero, of shorts the same negated; n = 2, share 0.8
        "two returns: the greater side's, and the mean square rounded up",
        T,
        Figures(400, 500_000, (20_000**2 + 10_205**2 + 1) // 2, 20_000, 20_000, 2, lots("5")),
        StressEntered,
        state=moved("4950", ("5000", "4900")),
        mark="4950",
        kept=(("5000", "1"), ("4900", "1")),
        stressed=True,
    ),
    row(  # the fall from 6,000 is out of the window of two returns: three marks
        "what is older than the window says nothing",
        T,
        evolve(CALM, returns=2, volume=lots("5")),
        state=moved("5000", ("6000", "5000", "5000")),
        kept=TWO,
    ),
    row(
        "calm inside the band",
        BAND,
        Figures(2400, 500_000, 0, 0, 0, 1, lots("4")),
        state=moved("5000", ("5000",)),
        kept=ONE,
    ),
    row(
        "stressed inside the band",
        BAND,
        Figures(2400, 500_000, 0, 0, 0, 1, lots("4")),
        state=moved("5000", ("5000",), stressed=True),
        kept=ONE,
        stressed=True,
    ),
    row(
        "all calm but the depth: stressed as before",
        evolve(T, bid_depth=lots("1.9999")),
        Figures(400, 199_990, 0, 0, 0, 1, lots("4")),
        state=moved("5000", ("5000",), stressed=True),
        kept=ONE,
        stressed=True,
    ),
    row(
        "all calm, the depth exactly at its limit: stress is left",
        evolve(T, bid_depth=lots("2")),
        Figures(400, 200_000, 0, 0, 0, 1, lots("4")),
        StressLeft,
        state=moved("5000", ("5000",), stressed=True),
        kept=ONE,
    ),
    row(  # 25 / 5,000 = 5,000 ppm, at the calm limit of volatility
        "a volatility exactly at its calm limit: stress is left",
        T,
        Figures(400, 500_000, 5000**2, 5000, 5000, 1, lots("4")),
        StressLeft,
        state=moved("4975", ("5000",), stressed=True),
        mark="4975",
        kept=ONE,
    ),
)

TABLES = (
    Table(
        "observe",
        "observe",
        REFUSALS,
        SUCCESSES,
        never_together={
            1: "an unlisted market has no section",
            3: "without a mark there was no observation",
        },
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
