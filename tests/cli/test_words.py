"""Every transaction, posting and event has its words, and these are the words."""

from typing import get_args

import attrs
import pytest
from immutables import Map

from ledger.cli.events import WRITERS, event_document
from ledger.cli.formatting import Format
from ledger.cli.words import event_in_words, posting_in_words, transaction_in_words
from ledger.outcomes import (
    AccountOpened,
    AccountSet,
    AssetMarked,
    Converted,
    Deleveraged,
    Enrolled,
    EnrolmentEnded,
    Event,
    FeesCharged,
    FeesUsed,
    Figures,
    Funded,
    LiquidationStarted,
    LossShared,
    MarketMarked,
    NoticeGiven,
    Observed,
    PositionTransferred,
    ProviderTook,
    Released,
    Rolled,
    RoundMade,
    Settled,
    StressEntered,
    StressLeft,
    TakenOver,
)
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.state import Limits
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from tests.worlds import ASCENDEX, BTC, ETH, START, coins, lots, price, rate, usdt

FORM = Format(ASCENDEX)
QUOTES = Map({"Huobi": price("5001"), "Binance": price("5000.5")})
FIGURES = Figures(400, 500_000, 2, 5_700, 6_000, 1, lots("2.5"))
LIMITS = Limits(usdt("100000"), usdt("300000"), usdt("500000"))

TRANSACTIONS: list[tuple[Transaction, str]] = [
    (Deposit(START, "alice", "USDT", usdt("500.25")), "alice deposits 500.25 USDT"),
    (Withdraw(START, "alice", "BTC", coins("0.5")), "alice withdraws 0.5 BTC"),
    (SetAccount(START, "alice", 20, None), "the venue sets for alice a leverage of at most 20"),
    (SetAccount(START, "alice", None, "vip"), "the venue sets for alice the fee tier vip"),
    (SetAccount(START, "alice", 5, "vip"), "the venue sets for alice a leverage of at most 5 and the fee tier vip"),
    (SetAccount(START, "alice", None, None), "the venue sets for alice nothing"),
    (
        Trade(START, BTC, "alice", "bob", lots("0.5695"), price("5000.25"), True),
        "alice buys 0.5695 BTC-PERP from bob at 5000.25, alice taking",
    ),
    (
        Trade(START, ETH, "alice", "bob", 1, price("438"), False),
        "alice buys 0.001 ETH-PERP from bob at 438, bob taking",
    ),
    (
        MarkMarket(START, BTC, QUOTES, price("-0.5")),
        "the venue marks BTC-PERP by Binance 5000.5, Huobi 5001, with a premium of -0.5",
    ),
    (MarkAsset(START, "BTC", QUOTES), "the venue marks BTC by Binance 5000.5, Huobi 5001"),
    (MarkAsset(START, "BTC", Map()), "the venue marks BTC by no quotes"),
    (
        Observe(START, BTC, price("4999.5"), price("5000.25"), lots("1.5"), 0, lots("20")),
        "the venue observes BTC-PERP: 1.5 bid at 4999.5, 0 asked at 5000.25, 20 traded",
    ),
    (Fund(START, BTC, None), "the venue funds BTC-PERP at its mean premium"),
    (Fund(START, BTC, rate("-0.001")), "the venue funds BTC-PERP at a rate of -0.1%"),
    (Settle(START), "the venue settles unrealised gains and losses"),
    (
        Enroll(START, "ann", usdt("100000"), usdt("300000"), usdt("500000")),
        "ann enrolls as a provider with 100000 USDT a minute, 300000 an hour and at most 500000 held in a market",
    ),
    (Leave(START, "ann"), "ann gives notice to leave the backstop program"),
    (Liquidate(START, "dan", ()), "the venue liquidates dan, one round with no fills"),
    (
        Liquidate(START, "dan", (Fill(BTC, "eve", lots("0.1"), price("5000")), Fill(ETH, "bob", 5, price("438.5")))),
        "the venue liquidates dan, one round with 0.1 BTC-PERP against eve at 5000; 0.005 ETH-PERP against bob "
        "at 438.5",
    ),
    (BackstopTransfer(START, "dan"), "the backstop takes dan over"),
]

POSTINGS: list[tuple[Posting, str]] = [
    (CashPosting("alice", "USDT", usdt("500")), "+500 USDT"),
    (CashPosting("alice", "BTC", coins("-0.5")), "-0.5 BTC"),
    (PositionPosting("alice", BTC, lots("-0.5"), usdt("2500")), "-0.5 BTC-PERP, reference cost +2500 USDT"),
    (PositionPosting("alice", BTC, lots("0.5"), usdt("-2500")), "+0.5 BTC-PERP, reference cost -2500 USDT"),
    (PositionPosting("alice", BTC, 0, usdt("-16.38")), "BTC-PERP reference cost -16.38 USDT"),
]

EVENTS: list[tuple[Event, str]] = [
    (AccountOpened("alice"), "alice is opened"),
    (AccountSet("alice", 20, "vip"), "alice has a leverage of at most 20 and the fee tier vip"),
    (
        FeesCharged(BTC, "alice", usdt("1.85"), "ann", usdt("-0.142378")),
        "on BTC-PERP alice pays a fee of 1.85 USDT and ann gets a rebate of 0.142378 USDT",
    ),
    (Rolled("alice", usdt("-300.52")), "alice rolls a loss of 300.52 USDT into its cash"),
    (Rolled("alice", usdt("0.5")), "alice rolls a gain of 0.5 USDT into its cash"),
    (MarketMarked(BTC, price("5000"), price("4999.5")), "BTC-PERP has the index 5000 and the mark 4999.5"),
    (AssetMarked("PAX", price("0.9999")), "PAX has the price 0.9999"),
    (
        Observed(BTC, FIGURES),
        "BTC-PERP is observed with a spread of 0.04%, a depth of 50% of open interest, a volatility of 0.0002%, "
        "0.57% at risk and an expected shortfall of 0.6% over 1 return, and 2.5 traded",
    ),
    (
        StressEntered(BTC, attrs.evolve(FIGURES, depth=None, returns=0)),
        "BTC-PERP is stressed now, with a spread of 0.04%, no open interest, a volatility of 0.0002%, "
        "0.57% at risk and an expected shortfall of 0.6% over 0 returns, and 2.5 traded",
    ),
    (
        StressLeft(BTC, attrs.evolve(FIGURES, variance=10**8)),
        "BTC-PERP is stressed no more, with a spread of 0.04%, a depth of 50% of open interest, a volatility of 1%, "
        "0.57% at risk and an expected shortfall of 0.6% over 1 return, and 2.5 traded",
    ),
    (
        Funded(BTC, START, 1, 1000, usdt("0.0009392035")),
        "BTC-PERP is funded for 2020-09-13T12:26:40Z at a rate of 0.1%: "
        "longs pay shorts 0.0009392035 USDT for each lot of 0.0001",
    ),
    (
        Funded(BTC, START, -1, 3, usdt("-0.0001")),
        "BTC-PERP is funded for 2020-09-13T12:26:40Z at a rate of -33.3333333%: "
        "shorts pay longs 0.0001 USDT for each lot of 0.0001",
    ),
    (Settled(START), "the settle of 2020-09-13T12:26:40Z is made"),
    (
        Enrolled("ann", LIMITS),
        "ann is a provider with 100000 USDT a minute, 300000 an hour and at most 500000 held in a market",
    ),
    (NoticeGiven("ann", START), "ann stays obliged until 2020-09-13T12:26:40Z"),
    (Converted("dan", "BTC", coins("0.5"), usdt("2450")), "dan sells 0.5 BTC outside for 2450 USDT"),
    (LiquidationStarted("dan"), "the liquidation of dan begins"),
    (RoundMade("dan", 3, 1), "round 3 of the liquidation of dan is made, with 1 fill"),
    (Released("dan"), "dan is released and active again"),
    (TakenOver("dan", usdt("-1071.2814")), "dan is taken over with an equity of -1071.2814 USDT"),
    (
        PositionTransferred(
            BTC, 5695, usdt("-1071.2814"), price("5000"), 6_881_091_132_573, price("4950"), 0, price("5000")
        ),
        "a long of 0.5695 BTC-PERP is handed on at a mark of 5000, with -1071.2814 USDT of the equity: bankruptcy "
        "price 6881.091132573, providers' price 4950, auto-deleveraging price 5000",
    ),
    (
        PositionTransferred(
            BTC, -5695, usdt("1"), price("5000"), price("5001"), price("5040"), price("10"), price("5001")
        ),
        "a short of 0.5695 BTC-PERP is handed on at a mark of 5000, with 1 USDT of the equity: bankruptcy price 5001, "
        "providers' price 5040, 10 of the discount given up for the fund, auto-deleveraging price 5001",
    ),
    (ProviderTook("ann", BTC, 1139, 200_000, price("4950")), "ann takes 0.1139 BTC-PERP at 4950, having room for 20"),
    (Deleveraged("eve", BTC, 10, price("5000")), "eve is auto-deleveraged by 0.001 BTC-PERP at 5000"),
    (EnrolmentEnded("ann"), "ann is a provider no more"),
    (FeesUsed(usdt("7.5")), "@fees pays 7.5 USDT of what @insurance is short of"),
    (LossShared("eve", 1, usdt("3")), "eve pays 3 USDT of the shared loss, by unrealised gains (stage 1)"),
    (LossShared("eve", 2, usdt("3")), "eve pays 3 USDT of the shared loss, by account value (stage 2)"),
]


@pytest.mark.parametrize(("transaction", "words"), TRANSACTIONS, ids=lambda value: type(value).__name__)
def test_transactions(transaction: Transaction, words: str) -> None:
    assert transaction_in_words(FORM, transaction) == words


@pytest.mark.parametrize(("posting", "words"), POSTINGS, ids=lambda value: type(value).__name__)
def test_postings(posting: Posting, words: str) -> None:
    assert posting_in_words(FORM, posting) == words


@pytest.mark.parametrize(("event", "words"), EVENTS, ids=lambda value: type(value).__name__)
def test_events(event: Event, words: str) -> None:
    assert event_in_words(FORM, event) == words


def test_none_is_without_words() -> None:
    assert {type(transaction) for transaction, _ in TRANSACTIONS} == set(get_args(Transaction))
    assert {type(posting) for posting, _ in POSTINGS} == set(get_args(Posting))
    assert {type(event) for event, _ in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", [event for event, _ in EVENTS], ids=lambda event: type(event).__name__)
def test_machines_get_every_field(event: Event) -> None:
    told = event_document(Format(ASCENDEX, for_people=False), event)
    fields = {field.name for field in attrs.fields(type(event))}
    rate_fields = {"rate_numerator", "rate_denominator"}
    assert set(told) - {"event", "rate"} == fields - rate_fields
    assert ("rate" in told) == (rate_fields <= fields)
    assert told["event"] == type(event).__name__


def test_writers_write_what_there_is() -> None:
    named = {field.name for kind in get_args(Event) for field in attrs.fields(kind)}
    assert set(WRITERS) == named - {"rate_numerator", "rate_denominator"}


def test_machines_get_units() -> None:
    machines = Format(ASCENDEX, for_people=False)
    took = event_document(machines, ProviderTook("ann", ETH, 1500, 2000, usdt("0.4")))
    assert took == {
        "event": "ProviderTook",
        "provider": "ann",
        "market": "ETH-PERP",
        "size": "1.5",
        "room": "2",
        "price_per_lot": "0.4",
    }
    converted = event_document(machines, Converted("dan", "BTC", coins("0.5"), usdt("2450")))
    assert (converted["amount"], converted["proceeds"]) == ("0.5", "2450")
    assert event_document(machines, Funded(BTC, START, -1, 3, -1))["rate"] == "-0.333333333"
    assert event_document(machines, Enrolled("ann", LIMITS))["limits"] == {
        "capacity_per_minute": "100000",
        "capacity_per_hour": "300000",
        "max_holdings": "500000",
    }
