"""withdraw: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import Reason
from ledger.profiles import load_profile
from ledger.state import Limits, Provider, State
from ledger.transactions import Withdraw
from tests.rules.tables import (
    Refusal,
    Success,
    Table,
    assert_applied,
    assert_every_check_in_order,
    assert_one_fault_apart,
    assert_refused,
    exact,
    held,
    liquidating,
    name_of,
    with_provider,
)
from tests.worlds import START, World, coins, usdt, with_account, with_accounts

HOUR = 3_600_000
PROVIDER = Provider(Limits(usdt("100000"), usdt("300000"), usdt("100000")), None, ())


def world() -> State:
    """At mark 5,000 bob is long 1 BTC from 5,000; alice has 1,000 USDT and 1 BTC at 8,000; "prov" has 500,100 USDT."""
    w = World()
    w.mark("5000")
    w.mark_asset("BTC", "8000")
    w.deposit("alice", "1000")
    w.deposit("alice", "1", "BTC")
    w.deposit("bob", "1000")
    w.deposit("shorter", "1000")
    w.deposit("prov", "500100")
    w.deposit("@insurance", "70")
    w.trade("bob", "shorter", "1", "5000")
    return with_provider(w.state, "prov", PROVIDER)


def won_from_bitcoin() -> State:
    """alice wins 500 USDT from one who holds nothing but bitcoin: more USDT are owed than the venue has.

    alice: 1,000 + (5,500 - 5,000) - 3.25 - 3.575 fees = 1,493.175. Custody: 1,000 USDT.
    """
    w = World()
    w.mark("5000")
    w.mark_asset("BTC", "8000")
    w.deposit("alice", "1000")
    w.deposit("loser", "10", "BTC")
    w.trade("alice", "loser", "1", "5000")
    w.mark("5500")
    w.trade("loser", "alice", "1", "5500", buyer_is_taker=False)
    return w.state


W = world()
WON = won_from_bitcoin()
LIQUIDATING = with_account(W, "dave", liquidating(held("10", btc=("0.1", "-500")), at=START))
SYSTEM_WITH_BTC = with_accounts(W, {"@insurance": held("70", others={"BTC": "1"})})
PROVIDER_WITH_POSITION = with_account(W, "prov", held("500100", btc=("10", "-50000")))
LITTLE_CUSTODY = with_account(W, "@external", held("-50", others={"BTC": "-1"}))
LEAVING = with_provider(W, "prov", evolve(PROVIDER, notice=START))
GAINS = with_account(W, "gail", held("1", btc=("0.1", "-400")))
COUNTED = World(load_profile("ascendex-2020", {"unrealised_gains_count": True}))
COUNTED.mark("5000")
COUNTED.deposit("other", "1000")
GAINS_COUNT = with_account(COUNTED.state, "gail", held("1", btc=("0.1", "-400")))
T = Withdraw(START, "alice", "USDT", usdt("100"))
OPEN = "an open account"
ORDINARY = "an ordinary account, @insurance or @fees"

REFUSALS = (
    Refusal("time goes back", W, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, and no amount",
        W,
        evolve(T, time=START - 1, amount=0),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("no amount", W, evolve(T, amount=0), Reason.AMOUNT_NOT_POSITIVE, 0, 0, "USDT"),
    Refusal(
        "no amount of an unlisted asset",
        W,
        evolve(T, amount=0, asset="DOGE"),
        Reason.AMOUNT_NOT_POSITIVE,
        0,
        0,
        "DOGE",
    ),
    Refusal("an unlisted asset", W, evolve(T, asset="DOGE"), Reason.UNKNOWN_ASSET, "DOGE", "a listed asset", "DOGE"),
    Refusal(
        "one atom beside 10^-9 USDT",
        W,
        evolve(T, amount=usdt("100") + 1),
        Reason.AMOUNT_OFF_BOOKING_UNIT,
        1_000_000_000_000_001,
        10_000,
        "USDT",
    ),
    Refusal(
        "one atom beside 10^-9 USDT, from @external",
        W,
        evolve(T, account="@external", amount=usdt("100") + 1),
        Reason.AMOUNT_OFF_BOOKING_UNIT,
        1_000_000_000_000_001,
        10_000,
        "USDT",
    ),
    Refusal("@external", W, evolve(T, account="@external"), Reason.SYSTEM_ACCOUNT, "@external", ORDINARY, "@external"),
    Refusal(
        "a system account that does not exist",
        W,
        evolve(T, account="@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal(
        "@external, and not USDT",
        W,
        evolve(T, account="@external", asset="BTC"),
        Reason.SYSTEM_ACCOUNT,
        "@external",
        ORDINARY,
        "@external",
    ),
    Refusal(
        "@insurance, not USDT",
        SYSTEM_WITH_BTC,
        evolve(T, account="@insurance", asset="BTC", amount=coins("1")),
        Reason.SYSTEM_ACCOUNT_ASSET,
        "BTC",
        "USDT",
        "@insurance",
    ),
    Refusal("nobody", W, evolve(T, account="nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(
        "a liquidating account, even of what it has",
        LIQUIDATING,
        evolve(T, account="dave", amount=usdt("1")),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "a liquidating account, of more than it has",
        LIQUIDATING,
        evolve(T, account="dave"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "dave",
    ),
    Refusal(
        "10^-9 more than the balance, however much other collateral there is",
        W,
        evolve(T, amount=usdt("1000.000000001")),
        Reason.INSUFFICIENT_BALANCE,
        usdt("1000.000000001"),
        usdt("1000"),
        "alice",
    ),
    Refusal(
        "of an asset it has none of",
        W,
        evolve(T, account="bob", asset="BTC", amount=1),
        Reason.INSUFFICIENT_BALANCE,
        1,
        0,
        "bob",
    ),
    Refusal(
        "more than the balance, which a position needs",
        W,
        evolve(T, account="bob", amount=usdt("1001")),
        Reason.INSUFFICIENT_BALANCE,
        usdt("1001"),
        usdt("1000"),
        "bob",
    ),
    Refusal(  # EC = 1,000 - 946.750000001 - 3.25 fee; IM = 1% of 5,000
        "10^-9 beyond free collateral",
        W,
        evolve(T, account="bob", amount=usdt("946.750000001")),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("49.999999999"),
        exact("50"),
        "bob",
    ),
    Refusal(  # gail's 100 of gains are not rolled: EC = 0.5, IM = 1% of 500
        "gains that were not rolled free nothing",
        GAINS,
        evolve(T, account="gail", amount=usdt("0.5")),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("0.5"),
        exact("5"),
        "gail",
    ),
    Refusal(  # N = 50,000 is of the 50x bracket: IM = 1,000; EC = 500,100 - 499,200
        "a provider, beyond free collateral and below the program's minimum",
        PROVIDER_WITH_POSITION,
        evolve(T, account="prov", amount=usdt("499200")),
        Reason.FREE_COLLATERAL_NEGATIVE,
        exact("900"),
        exact("1000"),
        "prov",
    ),
    Refusal(
        "a provider, 10^-9 below the program's minimum",
        W,
        evolve(T, account="prov", amount=usdt("100.000000001")),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.999999999"),
        exact("500000"),
        "prov",
    ),
    Refusal(
        "a leaving provider in the last millisecond of its notice",
        LEAVING,
        evolve(T, time=START + HOUR - 1, account="prov", amount=usdt("101")),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999"),
        exact("500000"),
        "prov",
    ),
    Refusal(
        "a provider, below the minimum, of more than there is in custody",
        LITTLE_CUSTODY,
        evolve(T, account="prov", amount=usdt("101")),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999"),
        exact("500000"),
        "prov",
    ),
    Refusal(
        "10^-9 more USDT than there are in custody",
        WON,
        evolve(T, amount=usdt("1000.000000001")),
        Reason.INSUFFICIENT_CUSTODY,
        usdt("1000.000000001"),
        usdt("1000"),
        "USDT",
    ),
)

SUCCESSES = (
    Success(
        "1,000 - 100 is 900",
        W,
        T,
        accounts={"alice": held("900", others={"BTC": "1"}), "@external": held("-503070", others={"BTC": "-1"})},
    ),
    Success(
        "all of a balance: nothing is stored, and an empty account stays",
        W,
        evolve(T, account="alice", asset="BTC", amount=coins("1"), time=START + 1),
        accounts={"alice": held("1000"), "@external": held("-503170")},
    ),
    Success(
        "to free collateral of exactly zero: 1,000 - 3.25 - 946.75 = 50 = 1% of 5,000",
        W,
        evolve(T, account="bob", amount=usdt("946.75")),
        accounts={
            "bob": held("53.25", btc=("1", "-5003.25")),
            "@external": held("-502223.25", others={"BTC": "-1"}),
        },
    ),
    Success(
        "a provider to exactly the program's minimum",
        W,
        evolve(T, account="prov", amount=usdt("100")),
        accounts={"prov": held("500000"), "@external": held("-503070", others={"BTC": "-1"})},
    ),
    Success(
        "a provider whose notice has run out this millisecond, to nothing",
        LEAVING,
        evolve(T, time=START + HOUR, account="prov", amount=usdt("500100")),
        accounts={"prov": held(), "@external": held("-3070", others={"BTC": "-1"})},
    ),
    Success(
        "from @insurance, all of it",
        W,
        evolve(T, account="@insurance", amount=usdt("70")),
        accounts={"@insurance": held(), "@external": held("-503100", others={"BTC": "-1"})},
    ),
    Success(  # fees of 5,000: taker 3.25, maker 1
        "from @fees",
        W,
        evolve(T, account="@fees", amount=usdt("4.2")),
        accounts={"@fees": held("0.05"), "@external": held("-503165.8", others={"BTC": "-1"})},
    ),
    Success(
        "all the USDT in custody, though alice has 493.175 more",
        WON,
        evolve(T, amount=usdt("1000")),
        accounts={"alice": held("493.175"), "@external": held(others={"BTC": "-10"})},
    ),
    Success(
        "where unrealised gains count: EC = 0.5 + 100 against 5",
        GAINS_COUNT,
        evolve(T, account="gail", amount=usdt("0.5")),
        accounts={"gail": held("0.5", btc=("0.1", "-400")), "@external": held("-999.5")},
    ),
)

TABLES = (
    Table(
        "withdraw",
        "withdraw",
        REFUSALS,
        SUCCESSES,
        never_alone={4: "@external has less than nothing of every asset, and other unknown system accounts nothing"},
        never_together={
            2: "an unlisted asset has no booking unit",
            5: "a system account that may be named is open",
            6: "an account that is not open has no status",
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
