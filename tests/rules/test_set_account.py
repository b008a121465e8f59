"""set-account: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import AccountSet, Reason
from ledger.transactions import SetAccount
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
from tests.worlds import START, World, usdt, with_account


def world() -> World:
    """At mark 5,000 alice, with 1,000 USDT, is long 1 BTC; bob short."""
    w = World()
    w.mark("5000")
    w.deposit("alice", "1000")
    w.deposit("bob", "1000")
    w.trade("alice", "bob", "1", "5000")
    return w


W = with_account(world().state, "low", held("5", max_leverage=2))
LIQUIDATING = with_account(W, "dave", liquidating(held("10", btc=("0.1", "-500")), at=START, made=3))
T = SetAccount(START, "alice", 20, None)
OPEN, ORDINARY, TIER = "an open account", "an ordinary account", "a listed fee tier"

REFUSALS = (
    Refusal("time goes back", W, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, for a system account",
        W,
        evolve(T, time=START - 1, account="@fees"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("a system account", W, evolve(T, account="@fees"), Reason.SYSTEM_ACCOUNT, "@fees", ORDINARY, "@fees"),
    Refusal(
        "a system account that does not exist",
        W,
        evolve(T, account="@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody", W, evolve(T, account="nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal(
        "nobody, and nothing to set",
        W,
        SetAccount(START, "nobody", None, None),
        Reason.UNKNOWN_ACCOUNT,
        "nobody",
        OPEN,
        "nobody",
    ),
    Refusal(
        "nothing to set",
        W,
        SetAccount(START, "alice", None, None),
        Reason.NOTHING_TO_SET,
        "neither",
        "max_leverage or fee_tier",
        "alice",
    ),
    Refusal("leverage 0", W, evolve(T, max_leverage=0), Reason.LEVERAGE_OUT_OF_RANGE, 0, 1, "alice"),
    Refusal("leverage 101", W, evolve(T, max_leverage=101), Reason.LEVERAGE_OUT_OF_RANGE, 101, 100, "alice"),
    Refusal(
        "leverage 101 and an unlisted fee tier",
        W,
        SetAccount(START, "alice", 101, "gold"),
        Reason.LEVERAGE_OUT_OF_RANGE,
        101,
        100,
        "alice",
    ),
    Refusal(
        "an unlisted fee tier",
        W,
        SetAccount(START, "alice", 20, "gold"),
        Reason.UNKNOWN_FEE_TIER,
        "gold",
        TIER,
        "alice",
    ),
)

LONG = held("1000", btc=("1", "-5003.25"))

SUCCESSES = (
    Success(
        "leverage alone, though at 1x a position of 5,000 needs more than there is",
        W,
        evolve(T, max_leverage=1),
        events=(AccountSet("alice", 1, "standard"),),
        accounts={"alice": evolve(LONG, max_leverage=1)},
    ),
    Success(
        "the fee tier alone",
        W,
        SetAccount(START + 9, "alice", None, "vip"),
        events=(AccountSet("alice", 100, "vip"),),
        accounts={"alice": evolve(LONG, fee_tier="vip")},
    ),
    Success(
        "both",
        W,
        SetAccount(START, "alice", 99, "backstop"),
        events=(AccountSet("alice", 99, "backstop"),),
        accounts={"alice": evolve(LONG, max_leverage=99, fee_tier="backstop")},
    ),
    Success(
        "the highest leverage there is, again",
        W,
        evolve(T, max_leverage=100, account="low"),
        events=(AccountSet("low", 100, "standard"),),
        accounts={"low": held("5")},
    ),
    Success(
        "a liquidating account keeps its round",
        LIQUIDATING,
        evolve(T, account="dave"),
        events=(AccountSet("dave", 20, "standard"),),
        accounts={"dave": liquidating(held("10", btc=("0.1", "-500"), max_leverage=20), at=START, made=3)},
    ),
)

TABLES = (
    Table(
        "set-account",
        "set_account",
        REFUSALS,
        SUCCESSES,
        never_together={3: "where nothing is to be set there is no leverage"},
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


def test_lower_leverage_binds_the_next_trade_only() -> None:
    w = world()
    w.do(SetAccount(START, "alice", 1, None))
    w.trade("bob", "alice", "0.5", "5000")
    assert w.account("alice").positions["BTC-PERP"].size == 5_000
    assert w.account("alice").cash["USDT"] == usdt("1000")
