"""Checks in words: every reason has names for its two figures, and every unit its text."""

import pytest
from immutables import Map

from ledger.cli.figures import FIGURES, MEETS, figures_in_words, refusal_in_words
from ledger.cli.formatting import Format
from ledger.outcomes import Reason, Rejected, Unit
from ledger.transactions import Deposit, Fill, Fund, Liquidate, MarkMarket, SetAccount, Settle, Trade, Transaction
from ledger.units import EXACT_SCALE
from tests.worlds import ASCENDEX, BTC, START, World, coins, lots, price, rate, usdt

FORM = Format(ASCENDEX)
STATE = World().state
DEPOSIT = Deposit(START, "alice", "BTC", coins("0.5"))
TRADE = Trade(START, BTC, "alice", "bob", lots("0.5"), price("5000"), True)

CASES: list[tuple[Transaction, Rejected, str]] = [
    (
        DEPOSIT,
        Rejected(Reason.TIME_BACKWARDS, START - 1, START, "time"),
        "time 2020-09-13T12:26:39.999Z, the ledger's time 2020-09-13T12:26:40Z",
    ),
    (DEPOSIT, Rejected(Reason.AMOUNT_NOT_POSITIVE, coins("-0.5"), 0, "BTC"), "amount -0.5 BTC, above 0 BTC"),
    (
        DEPOSIT,
        Rejected(Reason.ASSET_WITHOUT_PRICE, "BTC", "an asset with a price", "BTC"),
        "asset BTC, expected an asset with a price",
    ),
    (TRADE, Rejected(Reason.SIZE_NOT_POSITIVE, lots("-0.5"), 0, BTC), "size -0.5 BTC-PERP, above 0 BTC-PERP"),
    (TRADE, Rejected(Reason.PRICE_OFF_TICK, price("5000.1"), price("0.25"), BTC), "price 5000.1, tick 0.25"),
    (
        TRADE,
        Rejected(Reason.FREE_COLLATERAL_NEGATIVE, usdt("12.5") * EXACT_SCALE, usdt("20") * EXACT_SCALE, "alice"),
        "effective collateral 12.5 USDT, initial margin 20 USDT",
    ),
    (MarkMarket(START, BTC, Map(), 0), Rejected(Reason.TOO_FEW_SOURCES, 2, 3, BTC), "sources 2, at least 3"),
    (
        Fund(START, BTC, rate("0.01")),
        Rejected(Reason.RATE_BEYOND_CLAMP, rate("0.01"), rate("0.005"), BTC),
        "rate 1%, clamp 0.5%",
    ),
    (
        Settle(START),
        Rejected(Reason.OUTSIDE_WINDOW, 61_000, 60_000, "settle"),
        "since the instant 61 s, window below 1 min",
    ),
    (
        Settle(START),
        Rejected(Reason.INSTANT_ALREADY_DONE, START, -1, "settle"),
        "instant 2020-09-13T12:26:40Z, last one done never",
    ),
    (DEPOSIT, Rejected(Reason.LIMIT_LOWERED, usdt("1"), usdt("2"), "ann"), "new limit 1 USDT, in force 2 USDT"),
]


@pytest.mark.parametrize(
    ("transaction", "refusal", "words"), CASES, ids=lambda value: getattr(value, "reason", Reason.TIME_BACKWARDS).name
)
def test_figures_have_their_names_and_units(transaction: Transaction, refusal: Rejected, words: str) -> None:
    assert figures_in_words(FORM, STATE, transaction, refusal, BTC, refused=True) == words


def test_every_reason_has_its_figures_and_every_unit_is_shown() -> None:
    assert set(FIGURES) == set(Reason)
    assert {refusal.reason.unit for _, refusal, _ in CASES} == set(Unit)
    assert all(reason.unit is not Unit.TEXT for reason in MEETS)


def test_texts_that_passed_are_told_alone() -> None:
    passed = Rejected(Reason.UNKNOWN_ACCOUNT, "alice", "an open account", "alice")
    assert figures_in_words(FORM, STATE, TRADE, passed, BTC, refused=False) == "account alice"


def test_figures_that_are_not_why_a_check_passed_are_not_told() -> None:
    for reason, supplied, limit in (
        (Reason.NOTHING_TO_REDUCE, lots("0.5"), 0),
        (Reason.ROUNDS_USED_UP, 1, 0),
        (Reason.PROVIDER_BELOW_MINIMUM, 1, 2),
        (Reason.MARGIN_RATE_FELL, 1, 2),
    ):
        found = Rejected(reason, supplied, limit, "dan")
        assert figures_in_words(FORM, STATE, TRADE, found, BTC, refused=False) == ""
        assert figures_in_words(FORM, STATE, TRADE, found, BTC, refused=True) != ""
    assert (
        figures_in_words(FORM, STATE, TRADE, Rejected(Reason.PROVIDER_BELOW_MINIMUM, 2, 2, "ann"), BTC, refused=False)
        != ""
    )


def test_a_missing_figure_is_none() -> None:
    found = Rejected(Reason.PRICE_OUTSIDE_BAND, price("5000"), None, BTC)  # type: ignore[arg-type]
    assert figures_in_words(FORM, STATE, TRADE, found, BTC, refused=False) == "price 5000, end of the band none"


def test_a_refusal_is_one_sentence() -> None:
    world = World()
    nothing = SetAccount(START, "alice", None, None)
    refusal = Rejected(Reason.NOTHING_TO_SET, "neither", "max_leverage or fee_tier", "alice")
    assert refusal_in_words(FORM, world.state, nothing, refusal) == (
        "NOTHING_TO_SET: it must hold that leverage or fee tier is given; "
        "alice: given neither, expected max_leverage or fee_tier"
    )


def test_the_size_of_a_refused_fill_is_in_lots_of_its_own_market() -> None:
    world = World()
    for market, at in ((BTC, "5000"), ("ETH-PERP", "400")):
        world.mark(at, market=market)
    for account, amount in (("dan", "60"), ("eve", "10000")):
        world.deposit(account, amount)
    world.trade("dan", "eve", "0.4", "5000")
    world.trade("dan", "eve", "2", "400", market="ETH-PERP")
    world.mark("4860")
    fills = (Fill(BTC, "eve", lots("0.04"), price("4860")), Fill("ETH-PERP", "eve", 3000, price("400")))
    liquidation = Liquidate(world.later(1000), "dan", fills)
    refusal = world.ask(liquidation)
    assert isinstance(refusal, Rejected)
    assert refusal_in_words(FORM, world.state, liquidation, refusal) == (
        "FILL_BEYOND_POSITION: it must hold that the fill does not flip the position; "
        "dan: fill 3 ETH-PERP, position 2 ETH-PERP"
    )
