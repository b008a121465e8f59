"""settle: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import Reason, Rolled, Settled
from ledger.profiles import load_profile
from ledger.rulebook import Rulebook
from ledger.state import Account, State
from ledger.transactions import Settle
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
from tests.worlds import ASCENDEX, ETH, START, World, usdt, with_accounts

QUARTER = 1_600_000_200_000
"""2020-09-13T12:30:00Z, the first instant after the start: 1,777,778 times 15 minutes."""
MINUTES_15 = 900_000


def holding(rulebook: Rulebook = ASCENDEX, /, **accounts: Account) -> State:
    """At marks of 5,000 and 200 these accounts; 0.1 BTC-PERP are worth 500 USDT."""
    w = World(rulebook)
    w.mark("5000")
    w.mark("200", ETH)
    w.mark_asset("BTC", "8000")
    return with_accounts(w.state, accounts)


W = holding(alice=held("100", btc=("0.1", "-480")))
DONE = evolve(W, last_settle=QUARTER)
T = Settle(QUARTER)

REFUSALS = (
    Refusal(
        "time goes back, within the window",
        evolve(W, time=QUARTER + 1),
        T,
        Reason.TIME_BACKWARDS,
        QUARTER,
        QUARTER + 1,
        "time",
    ),
    Refusal(
        "time goes back, outside the window",
        W,
        Settle(START - 1),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal(
        "60 s after the instant",
        W,
        Settle(QUARTER + 60_000),
        Reason.OUTSIDE_WINDOW,
        60_000,
        60_000,
        "settle",
    ),
    Refusal("1 ms before the instant", W, Settle(QUARTER - 1), Reason.OUTSIDE_WINDOW, 899_999, 60_000, "settle"),
    Refusal(
        "60 s after an instant that is done",
        DONE,
        Settle(QUARTER + 60_000),
        Reason.OUTSIDE_WINDOW,
        60_000,
        60_000,
        "settle",
    ),
    Refusal("again", DONE, T, Reason.INSTANT_ALREADY_DONE, QUARTER, QUARTER, "settle"),
    Refusal(
        "again, 59,999 ms later",
        DONE,
        Settle(QUARTER + 59_999),
        Reason.INSTANT_ALREADY_DONE,
        QUARTER,
        QUARTER,
        "settle",
    ),
)


def rolls(name: str, before: Account, pnl: str, after: Account, rulebook: Rulebook = ASCENDEX) -> Success:
    """An account that the settle rolls."""
    return Success(
        name,
        holding(rulebook, alice=before),
        T,
        events=(Settled(QUARTER), Rolled("alice", usdt(pnl))),
        accounts={"alice": after},
        last_settle=QUARTER,
    )


def stays(name: str, before: Account, rulebook: Rulebook = ASCENDEX) -> Success:
    """An account that the settle leaves alone."""
    return Success(name, holding(rulebook, alice=before), T, events=(Settled(QUARTER),), last_settle=QUARTER)


SUCCESSES = (
    Success("nobody there", World().state, T, events=(Settled(QUARTER),), last_settle=QUARTER),
    rolls("a gain of 20: cash 100 + 20", held("100", btc=("0.1", "-480")), "20", held("120", btc=("0.1", "-500"))),
    rolls("a loss of 20: cash 100 - 20", held("100", btc=("0.1", "-520")), "-20", held("80", btc=("0.1", "-500"))),
    rolls("a gain of exactly 10", held("100", btc=("0.1", "-490")), "10", held("110", btc=("0.1", "-500"))),
    stays("a gain of one atom less than 10", held("100", btc=("0.1", "-490.0000000000001"))),
    stays("a loss of one atom less than 10", held("100", btc=("-0.1", "490.0000000000001"))),
    stays("a gain of 10 is exactly 1% of 1,000", held("1000", btc=("0.1", "-490"))),
    rolls(
        "a gain of 10 is more than 1% of an atom less",
        held("999.9999999999999", btc=("0.1", "-490")),
        "10",
        held("1009.9999999999999", btc=("0.1", "-500")),
    ),
    stays("a loss of 10 is exactly 1% of 1,010 - 10", held("1010", btc=("0.1", "-510"))),
    rolls(
        "a loss of 10 is more than 1% of an atom less",
        held("1009.9999999999999", btc=("0.1", "-510")),
        "-10",
        held("999.9999999999999", btc=("0.1", "-500")),
    ),
    rolls(  # EC = 0.1 * 8,000 * 0.98 = 784, though the bitcoin are worth 800
        "a gain of 7.85 would do but for the minimum; of 10 it is more than 1% of 784",
        held(btc=("0.1", "-490"), others={"BTC": "0.1"}),
        "10",
        held("10", btc=("0.1", "-500"), others={"BTC": "0.1"}),
    ),
    rolls("EC = 20 - 30 below zero", held("20", btc=("0.1", "-530")), "-30", held("-10", btc=("0.1", "-500"))),
    rolls("EC = 30 - 30 exactly zero", held("30", btc=("0.1", "-530")), "-30", held(btc=("0.1", "-500"))),
    rolls(  # 20 - 8 = 12 in all
        "both markets roll together: 20 and -8",
        held("100", btc=("0.1", "-480"), eth=("-1", "192")),
        "12",
        held("112", btc=("0.1", "-500"), eth=("-1", "200")),
    ),
    stays("20 and -12 come to 8", held("100", btc=("0.1", "-480"), eth=("-1", "188"))),
    stays("a liquidating account", liquidating(held("100", btc=("0.1", "-480")), at=START)),
    stays("no position", held("100")),
    stays(
        "a gain of 10 is 1% of 990 + 10 where gains count",
        held("990", btc=("0.1", "-490")),
        load_profile("ascendex-2020", {"unrealised_gains_count": True}),
    ),
    rolls(
        "EC = 0 and no minimum: 5 and -5 come to nothing, and roll",
        held(btc=("0.1", "-495"), eth=("1", "-205")),
        "0",
        held(btc=("0.1", "-500"), eth=("1", "-200")),
        load_profile("ascendex-2020", {"settle": {"minimum_pnl": "0"}}),
    ),
    Success(
        "three accounts, in the order of their ids, in the window's last millisecond",
        holding(
            zoe=held("100", btc=("0.1", "-480")),
            abe=held("100", btc=("-0.1", "480")),
            mia=held("100", btc=("0.1", "-499")),
        ),
        Settle(QUARTER + 59_999),
        events=(Settled(QUARTER), Rolled("abe", usdt("-20")), Rolled("zoe", usdt("20"))),
        accounts={"abe": held("80", btc=("-0.1", "500")), "zoe": held("120", btc=("0.1", "-500"))},
        last_settle=QUARTER,
    ),
    Success(
        "the next instant, 15 minutes later",
        evolve(DONE, time=QUARTER),
        Settle(QUARTER + MINUTES_15),
        events=(Settled(QUARTER + MINUTES_15), Rolled("alice", usdt("20"))),
        accounts={"alice": held("120", btc=("0.1", "-500"))},
        last_settle=QUARTER + MINUTES_15,
    ),
)

TABLES = (
    Table(
        "settle",
        "settle",
        REFUSALS,
        SUCCESSES,
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
