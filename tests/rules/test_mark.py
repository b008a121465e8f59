"""mark: every refusal in order of precedence for a market and for an asset, then what it does, exactly."""

import pytest
from attrs import evolve
from immutables import Map

from ledger.outcomes import AssetMarked, MarketMarked, Reason
from ledger.state import NEVER, Market, State
from ledger.transactions import MarkAsset, MarkMarket
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
from tests.worlds import BTC, ETH, START, World, price, quotes

FIVE = quotes("5000")


def five(*, binance: str, huobi: str, okex: str, poloniex: str, ascendex: str) -> Map[str, int]:
    """One quote from each source."""
    return Map(
        Binance=price(binance),
        Huobi=price(huobi),
        OKEx=price(okex),
        Poloniex=price(poloniex),
        AscendEX=price(ascendex),
    )


def marked() -> State:
    """BTC-PERP was funded once, and has since been marked twice, at premiums of 5 and -2."""
    w = World()
    w.mark("5000", premium="5")
    market = evolve(w.state.markets[BTC], premium_sum=price("3"), premium_count=2, last_funding=1_599_984_000_000)
    return evolve(w.state, markets=w.state.markets.set(BTC, market))


W = World().state
MARKED = marked()
T = MarkMarket(START, BTC, FIVE, 0)
A = MarkAsset(START, "BTC", FIVE)
THREE = Map(Binance=price("5000"), Huobi=price("5001"), OKEx=price("4990"))
TWO = Map(Binance=price("5000"), Huobi=price("5001"))
KRAKEN = FIVE.set("Kraken", price("5000"))
MARKETS, ASSETS, SOURCES = "a listed market", "a listed asset", "a listed source"

OF_MARKETS = (
    Refusal("time goes back", W, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, in an unlisted market",
        W,
        evolve(T, time=START - 1, market="DOGE-PERP"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal(
        "an unlisted market",
        W,
        evolve(T, market="DOGE-PERP"),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        MARKETS,
        "DOGE-PERP",
    ),
    Refusal(
        "an unlisted market and an unlisted source",
        W,
        evolve(T, market="DOGE-PERP", quotes=KRAKEN),
        Reason.UNKNOWN_MARKET,
        "DOGE-PERP",
        MARKETS,
        "DOGE-PERP",
    ),
    Refusal("a sixth source", W, evolve(T, quotes=KRAKEN), Reason.UNKNOWN_SOURCE, "Kraken", SOURCES, BTC),
    Refusal(
        "two unlisted sources: the first by name",
        W,
        evolve(T, quotes=KRAKEN.set("Bybit", price("5000"))),
        Reason.UNKNOWN_SOURCE,
        "Bybit",
        SOURCES,
        BTC,
    ),
    Refusal(
        "an unlisted source, at zero",
        W,
        evolve(T, quotes=FIVE.set("Kraken", 0)),
        Reason.UNKNOWN_SOURCE,
        "Kraken",
        SOURCES,
        BTC,
    ),
    Refusal("one quote of zero", W, evolve(T, quotes=FIVE.set("Huobi", 0)), Reason.QUOTE_NOT_POSITIVE, 0, 0, BTC),
    Refusal("one quote below zero", W, evolve(T, quotes=FIVE.set("Huobi", -5)), Reason.QUOTE_NOT_POSITIVE, -5, 0, BTC),
    Refusal("two sources, one of zero", W, evolve(T, quotes=TWO.set("Huobi", 0)), Reason.QUOTE_NOT_POSITIVE, 0, 0, BTC),
    Refusal("two sources", W, evolve(T, quotes=TWO), Reason.TOO_FEW_SOURCES, 2, 3, BTC),
    Refusal("no source", W, evolve(T, quotes=Map()), Reason.TOO_FEW_SOURCES, 0, 3, BTC),
    Refusal(
        "a premium that takes all of the index",
        W,
        evolve(T, premium=-price("5000")),
        Reason.MARK_NOT_POSITIVE,
        0,
        0,
        BTC,
    ),
    Refusal(
        "a premium that takes more than the index",
        W,
        evolve(T, premium=-price("5000") - 1),
        Reason.MARK_NOT_POSITIVE,
        -1,
        0,
        BTC,
    ),
)

OF_ASSETS = (
    Refusal("time goes back", W, evolve(A, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, for an unlisted asset",
        W,
        evolve(A, time=START - 1, asset="DOGE"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("an unlisted asset", W, evolve(A, asset="DOGE"), Reason.UNKNOWN_ASSET, "DOGE", ASSETS, "DOGE"),
    Refusal(
        "the settlement asset, even at 1",
        W,
        evolve(A, asset="USDT", quotes=quotes("1")),
        Reason.SETTLEMENT_ASSET,
        "USDT",
        "another asset",
        "USDT",
    ),
    Refusal(
        "the settlement asset, from an unlisted source",
        W,
        evolve(A, asset="USDT", quotes=KRAKEN),
        Reason.SETTLEMENT_ASSET,
        "USDT",
        "another asset",
        "USDT",
    ),
    Refusal("a sixth source", W, evolve(A, quotes=KRAKEN), Reason.UNKNOWN_SOURCE, "Kraken", SOURCES, "BTC"),
    Refusal(
        "an unlisted source, at zero",
        W,
        evolve(A, quotes=FIVE.set("Kraken", 0)),
        Reason.UNKNOWN_SOURCE,
        "Kraken",
        SOURCES,
        "BTC",
    ),
    Refusal("one quote of zero", W, evolve(A, quotes=FIVE.set("OKEx", 0)), Reason.QUOTE_NOT_POSITIVE, 0, 0, "BTC"),
    Refusal(
        "two sources, one of zero", W, evolve(A, quotes=TWO.set("Huobi", 0)), Reason.QUOTE_NOT_POSITIVE, 0, 0, "BTC"
    ),
    Refusal("two sources", W, evolve(A, quotes=TWO), Reason.TOO_FEW_SOURCES, 2, 3, "BTC"),
)

REFUSALS = (*OF_MARKETS, *OF_ASSETS)

MARKET_SUCCESSES = (
    Success(  # 4,990 and 5,012 go; (5,000 + 5,001 + 5,003) / 3
        "of five the mean of the middle three, rounded down",
        W,
        evolve(T, quotes=five(binance="5012", huobi="5000", okex="5001", poloniex="4990", ascendex="5003")),
        events=(MarketMarked(BTC, price("5001.333333333"), price("5001.333333333")),),
        markets={BTC: Market(price("5001.333333333"), price("5001.333333333"), 0, 1, NEVER)},
    ),
    Success(  # 5,000 and a million go; the index stays within the other four
        "one source a thousand times too high moves the index within the others",
        W,
        evolve(T, quotes=five(binance="1000000", huobi="5000", okex="5001", poloniex="5002", ascendex="5003")),
        events=(MarketMarked(BTC, price("5002"), price("5002")),),
        markets={BTC: Market(price("5002"), price("5002"), 0, 1, NEVER)},
    ),
    Success(  # (5,000 + 5,000.000000001) / 2, down
        "of four the mean of the middle two, rounded down",
        W,
        evolve(
            T,
            quotes=Map(
                Binance=price("5000"), Huobi=price("5000.000000001"), OKEx=price("4000"), Poloniex=price("6000")
            ),
        ),
        events=(MarketMarked(BTC, price("5000"), price("5000")),),
        markets={BTC: Market(price("5000"), price("5000"), 0, 1, NEVER)},
    ),
    Success(
        "of three the median, plus a premium of -1.5 for the mark",
        W,
        evolve(T, quotes=THREE, premium=price("-1.5"), time=START + 7),
        events=(MarketMarked(BTC, price("5000"), price("4998.5")),),
        markets={BTC: Market(price("5000"), price("4998.5"), price("-1.5"), 1, NEVER)},
    ),
    Success(
        "a third sample since the funding: 3 - 4 is -1, and the funding's instant stays",
        MARKED,
        evolve(T, premium=price("-4")),
        events=(MarketMarked(BTC, price("5000"), price("4996")),),
        markets={BTC: Market(price("5000"), price("4996"), price("-1"), 3, 1_599_984_000_000)},
    ),
    Success(
        "another market, beside the first",
        MARKED,
        evolve(T, market=ETH, quotes=quotes("200")),
        events=(MarketMarked(ETH, price("200"), price("200")),),
        markets={ETH: Market(price("200"), price("200"), 0, 1, NEVER)},
    ),
    Success(
        "the smallest mark there is",
        W,
        evolve(T, premium=1 - price("5000")),
        events=(MarketMarked(BTC, price("5000"), 1),),
        markets={BTC: Market(price("5000"), 1, 1 - price("5000"), 1, NEVER)},
    ),
)

ASSET_SUCCESSES = (
    Success(  # 4,990 goes; (5,000 + 5,001 + 5,003) / 3
        "of five the mean of the middle three, rounded down",
        MARKED,
        evolve(A, quotes=five(binance="5012", huobi="5000", okex="5001", poloniex="4990", ascendex="5003")),
        events=(AssetMarked("BTC", price("5001.333333333")),),
        prices={"BTC": price("5001.333333333")},
    ),
    Success(
        "of three the median, of a stablecoin too",
        W,
        MarkAsset(START, "USDC", Map(Binance=price("0.999"), Huobi=price("1.002"), OKEx=price("0.9985"))),
        events=(AssetMarked("USDC", price("0.999")),),
        prices={"USDC": price("0.999")},
    ),
)

TABLES = (
    Table(
        "mark",
        "mark_market",
        OF_MARKETS,
        MARKET_SUCCESSES,
        never_together={4: "without an index there is no mark"},
    ),
    Table(
        "mark",
        "mark_asset",
        OF_ASSETS,
        ASSET_SUCCESSES,
        never_together={1: "the settlement asset is listed"},
    ),
)
SUCCESSES = (*MARKET_SUCCESSES, *ASSET_SUCCESSES)


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
