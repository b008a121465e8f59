"""deposit: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import AccountOpened, Reason
from ledger.profiles import load_profile
from ledger.state import State
from ledger.transactions import Deposit
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
from tests.worlds import START, World, coins, usdt, with_account


def world() -> State:
    """alice has 1,000 USDT; BTC has a price of 8,000, and no other asset has one."""
    w = World()
    w.mark("5000")
    w.mark_asset("BTC", "8000")
    w.deposit("alice", "1000")
    return w.state


W = world()
COARSE_PAX = World(load_profile("ascendex-2020", {"assets": {"PAX": {"booking_decimals": 6}}})).state
D = Deposit(START, "alice", "USDT", usdt("250"))

REFUSALS = (
    Refusal(
        "time goes back",
        W,
        evolve(D, time=START - 1),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal(
        "time goes back, and no amount",
        W,
        evolve(D, time=START - 1, amount=0),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("no amount", W, evolve(D, amount=0), Reason.AMOUNT_NOT_POSITIVE, 0, 0, "USDT"),
    Refusal("less than no amount", W, evolve(D, amount=-10_000), Reason.AMOUNT_NOT_POSITIVE, -10_000, 0, "USDT"),
    Refusal(
        "no amount of an unlisted asset",
        W,
        evolve(D, amount=0, asset="DOGE"),
        Reason.AMOUNT_NOT_POSITIVE,
        0,
        0,
        "DOGE",
    ),
    Refusal("an unlisted asset", W, evolve(D, asset="DOGE"), Reason.UNKNOWN_ASSET, "DOGE", "a listed asset", "DOGE"),
    Refusal(
        "one atom, where 10^-9 USDT are booked",
        W,
        evolve(D, amount=usdt("250") + 1),
        Reason.AMOUNT_OFF_BOOKING_UNIT,
        2_500_000_000_000_001,
        10_000,
        "USDT",
    ),
    Refusal(
        "10^-9 PAX where 10^-6 are booked, and without a price",
        COARSE_PAX,
        evolve(D, asset="PAX", amount=1),
        Reason.AMOUNT_OFF_BOOKING_UNIT,
        1,
        1_000,
        "PAX",
    ),
    Refusal(
        "an asset without a price",
        W,
        evolve(D, asset="ETH"),
        Reason.ASSET_WITHOUT_PRICE,
        "ETH",
        "an asset with a price",
        "ETH",
    ),
    Refusal(
        "an asset without a price, for @external",
        W,
        evolve(D, asset="ETH", account="@external"),
        Reason.ASSET_WITHOUT_PRICE,
        "ETH",
        "an asset with a price",
        "ETH",
    ),
    Refusal(
        "@external",
        W,
        evolve(D, account="@external"),
        Reason.SYSTEM_ACCOUNT,
        "@external",
        "an ordinary account, @insurance or @fees",
        "@external",
    ),
    Refusal(
        "a system account that does not exist",
        W,
        evolve(D, account="@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        "an ordinary account, @insurance or @fees",
        "@nobody",
    ),
    Refusal(
        "@external, and not in USDT",
        W,
        evolve(D, account="@external", asset="BTC"),
        Reason.SYSTEM_ACCOUNT,
        "@external",
        "an ordinary account, @insurance or @fees",
        "@external",
    ),
    Refusal(
        "@insurance, not in USDT",
        W,
        evolve(D, account="@insurance", asset="BTC"),
        Reason.SYSTEM_ACCOUNT_ASSET,
        "BTC",
        "USDT",
        "@insurance",
    ),
    Refusal(
        "@fees, not in USDT",
        W,
        evolve(D, account="@fees", asset="BTC"),
        Reason.SYSTEM_ACCOUNT_ASSET,
        "BTC",
        "USDT",
        "@fees",
    ),
)

DISTRESSED = with_account(W, "dave", liquidating(held("10", btc=("0.1", "-500")), at=START))
IN_DEBT = with_account(W, "ina", held("-40", others={"BTC": "1"}))

SUCCESSES = (
    Success(
        "1,000 + 250 is 1,250, and custody is as much",
        W,
        D,
        accounts={"alice": held("1250"), "@external": held("-1250")},
    ),
    Success(
        "the first deposit opens an account at 100x and standard fees, and time moves on",
        W,
        evolve(D, account="carol", amount=usdt("0.000000001"), time=START + 5),
        events=(AccountOpened("carol"),),
        accounts={"carol": held("0.000000001"), "@external": held("-1000.000000001")},
    ),
    Success(
        "another asset, 9 decimals",
        W,
        evolve(D, asset="BTC", amount=coins("0.000000001")),
        accounts={
            "alice": held("1000", others={"BTC": "0.000000001"}),
            "@external": held("-1000", others={"BTC": "-0.000000001"}),
        },
    ),
    Success(
        "@insurance takes USDT",
        W,
        evolve(D, account="@insurance"),
        accounts={"@insurance": held("250"), "@external": held("-1250")},
    ),
    Success(
        "@fees takes USDT", W, evolve(D, account="@fees"), accounts={"@fees": held("250"), "@external": held("-1250")}
    ),
    Success(
        "a liquidating account may be topped up and stays liquidating",
        DISTRESSED,
        evolve(D, account="dave"),
        accounts={
            "dave": liquidating(held("260", btc=("0.1", "-500")), at=START),
            "@external": held("-1250"),
        },
    ),
    Success(
        "-40 + 40 is nothing, and nothing is not stored",
        IN_DEBT,
        evolve(D, account="ina", amount=usdt("40")),
        accounts={"ina": held(others={"BTC": "1"}), "@external": held("-1040")},
    ),
)

TABLES = (
    Table(
        "deposit",
        "deposit",
        REFUSALS,
        SUCCESSES,
        never_together={2: "an unlisted asset has no booking unit"},
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
