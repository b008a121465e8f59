"""leave: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import NoticeGiven, Reason
from ledger.state import Limits, Provider, Takeover
from ledger.transactions import Leave
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
    with_provider,
)
from tests.worlds import START, World, usdt, with_account

HOUR = 3_600_000
LIMITS = Limits(usdt("100000"), usdt("300000"), usdt("100000"))
TAKEN = (Takeover(START - 5, usdt("30")),)


def world() -> World:
    """prov has 500,000 USDT."""
    w = World()
    w.mark("5000")
    w.deposit("prov", "500000")
    return w


W = world().state
IN_FORCE = with_provider(W, "prov", Provider(LIMITS, None, TAKEN))
LEAVING = with_provider(W, "prov", Provider(LIMITS, START, TAKEN))
ENDED = with_provider(W, "prov", Provider(None, None, TAKEN))
LIQUIDATING = with_account(IN_FORCE, "prov", liquidating(held("10", btc=("0.1", "-500")), at=START))
T = Leave(START, "prov")
OBLIGED, ORDINARY, OPEN = "an obliged provider", "an ordinary account", "an open account"

REFUSALS = (
    Refusal("time goes back", IN_FORCE, evolve(T, time=START - 1), Reason.TIME_BACKWARDS, START - 1, START, "time"),
    Refusal(
        "time goes back, for a system account",
        W,
        Leave(START - 1, "@fees"),
        Reason.TIME_BACKWARDS,
        START - 1,
        START,
        "time",
    ),
    Refusal("a system account", W, Leave(START, "@fees"), Reason.SYSTEM_ACCOUNT, "@fees", ORDINARY, "@fees"),
    Refusal(
        "a system account that does not exist",
        W,
        Leave(START, "@nobody"),
        Reason.SYSTEM_ACCOUNT,
        "@nobody",
        ORDINARY,
        "@nobody",
    ),
    Refusal("nobody", W, Leave(START, "nobody"), Reason.UNKNOWN_ACCOUNT, "nobody", OPEN, "nobody"),
    Refusal("never enrolled", W, T, Reason.NOT_A_PROVIDER, "prov", OBLIGED, "prov"),
    Refusal("an own takeover ended the enrolment", ENDED, T, Reason.NOT_A_PROVIDER, "prov", OBLIGED, "prov"),
    Refusal(
        "the notice has run out, and was given",
        LEAVING,
        evolve(T, time=START + HOUR),
        Reason.NOT_A_PROVIDER,
        "prov",
        OBLIGED,
        "prov",
    ),
    Refusal("at once again", LEAVING, T, Reason.ALREADY_LEAVING, START, START, "prov"),
    Refusal(
        "again in the last millisecond of the notice",
        LEAVING,
        evolve(T, time=START + HOUR - 1),
        Reason.ALREADY_LEAVING,
        START + HOUR - 1,
        START,
        "prov",
    ),
)

SUCCESSES = (
    Success(
        "an hour's notice; limits and takeovers stay",
        IN_FORCE,
        evolve(T, time=START + 17),
        events=(NoticeGiven("prov", START + 17 + HOUR),),
        providers={"prov": Provider(LIMITS, START + 17, TAKEN)},
    ),
    Success(
        "a liquidating provider may give notice",
        LIQUIDATING,
        T,
        events=(NoticeGiven("prov", START + HOUR),),
        providers={"prov": Provider(LIMITS, START, TAKEN)},
    ),
)

TABLES = (
    Table(
        "leave",
        "leave",
        REFUSALS,
        SUCCESSES,
        never_alone={1: "a system account is never a provider", 2: "nor is one that is not open"},
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
