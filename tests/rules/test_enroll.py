"""enroll: every refusal in order of precedence, then what it does, exactly."""

import pytest
from attrs import evolve

from ledger.outcomes import Enrolled, Reason
from ledger.state import Limits, Provider, State, Takeover
from ledger.transactions import Enroll
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
from tests.worlds import START, World, usdt, with_account, with_accounts

HOUR = 3_600_000


def limits(per_minute: str, per_hour: str, max_holdings: str) -> Limits:
    """Limits in USDT."""
    return Limits(usdt(per_minute), usdt(per_hour), usdt(max_holdings))


def asks(account: str, per_minute: str, per_hour: str, max_holdings: str, *, time: int = START) -> Enroll:
    """An enrolment in USDT."""
    return Enroll(time, account, usdt(per_minute), usdt(per_hour), usdt(max_holdings))


def world() -> State:
    """prov has exactly the program's minimum account value, poor one atom less; @fees is rich."""
    w = World()
    w.mark("5000")
    w.mark_asset("BTC", "8000")
    w.deposit("prov", "500000")
    w.deposit("@fees", "500000")
    return with_account(w.state, "poor", held("499999.9999999999999"))


ENROLLED = limits("200000", "600000", "400000")
TAKEN = (Takeover(START - 2 * HOUR, usdt("70")), Takeover(START - 5, usdt("30")))
W = world()
LIQUIDATING = with_account(W, "prov", liquidating(held("500000"), at=START))
IN_FORCE = with_provider(W, "prov", Provider(ENROLLED, None, TAKEN))
LEAVING = with_provider(W, "prov", Provider(ENROLLED, START, TAKEN))
FALLEN = with_accounts(IN_FORCE, {"prov": held("499999.9999999999999")})
ENDED = with_provider(W, "prov", Provider(None, None, TAKEN))
IN_GAINS = with_account(W, "gil", held("499000", btc=("-0.1", "1500")))
IN_COINS = with_account(W, "bea", held(others={"BTC": "62.5"}))
T = asks("prov", "100000", "300000", "100000")
OPEN, ORDINARY = "an open account", "an ordinary account"

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
    Refusal("a liquidating account", LIQUIDATING, T, Reason.ACCOUNT_LIQUIDATING, "LIQUIDATING", "ACTIVE", "prov"),
    Refusal(
        "a liquidating account, too little a minute",
        LIQUIDATING,
        asks("prov", "99999", "300000", "100000"),
        Reason.ACCOUNT_LIQUIDATING,
        "LIQUIDATING",
        "ACTIVE",
        "prov",
    ),
    Refusal(
        "an atom too little a minute",
        W,
        asks("prov", "99999.9999999999999", "300000", "100000"),
        Reason.CAPACITY_PER_MINUTE_TOO_LOW,
        usdt("99999.9999999999999"),
        usdt("100000"),
        "prov",
    ),
    Refusal(
        "too little a minute and an hour",
        W,
        asks("prov", "99999", "299999", "100000"),
        Reason.CAPACITY_PER_MINUTE_TOO_LOW,
        usdt("99999"),
        usdt("100000"),
        "prov",
    ),
    Refusal(
        "an atom too little an hour",
        W,
        asks("prov", "100000", "299999.9999999999999", "100000"),
        Reason.CAPACITY_PER_HOUR_TOO_LOW,
        usdt("299999.9999999999999"),
        usdt("300000"),
        "prov",
    ),
    Refusal(
        "an atom less an hour than a minute",
        W,
        asks("prov", "400000", "399999.9999999999999", "400000"),
        Reason.CAPACITY_PER_HOUR_TOO_LOW,
        usdt("399999.9999999999999"),
        usdt("400000"),
        "prov",
    ),
    Refusal(
        "too little an hour and held",
        W,
        asks("prov", "100000", "299999", "99999"),
        Reason.CAPACITY_PER_HOUR_TOO_LOW,
        usdt("299999"),
        usdt("300000"),
        "prov",
    ),
    Refusal(
        "an atom less held than a minute",
        W,
        asks("prov", "100000", "300000", "99999.9999999999999"),
        Reason.MAX_HOLDINGS_TOO_LOW,
        usdt("99999.9999999999999"),
        usdt("100000"),
        "prov",
    ),
    Refusal(
        "less held than a minute, and too poor",
        W,
        asks("poor", "100000", "300000", "99999"),
        Reason.MAX_HOLDINGS_TOO_LOW,
        usdt("99999"),
        usdt("100000"),
        "poor",
    ),
    Refusal(
        "an atom too poor",
        W,
        evolve(T, account="poor"),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.9999999999999"),
        exact("500000"),
        "poor",
    ),
    Refusal(
        "a provider that became too poor, and lowers its limit",
        FALLEN,
        asks("prov", "199999", "600000", "400000"),
        Reason.PROVIDER_BELOW_MINIMUM,
        exact("499999.9999999999999"),
        exact("500000"),
        "prov",
    ),
    Refusal(
        "an atom less a minute than in force",
        IN_FORCE,
        asks("prov", "199999.9999999999999", "600000", "400000"),
        Reason.LIMIT_LOWERED,
        usdt("199999.9999999999999"),
        usdt("200000"),
        "prov",
    ),
    Refusal(
        "less a minute in the last millisecond of the notice",
        LEAVING,
        asks("prov", "199999", "600000", "400000", time=START + HOUR - 1),
        Reason.LIMIT_LOWERED,
        usdt("199999"),
        usdt("200000"),
        "prov",
    ),
    Refusal(
        "less a minute and an hour",
        IN_FORCE,
        asks("prov", "199999", "599999", "400000"),
        Reason.LIMIT_LOWERED,
        usdt("199999"),
        usdt("200000"),
        "prov",
    ),
    Refusal(
        "an atom less an hour than in force",
        IN_FORCE,
        asks("prov", "200000", "599999.9999999999999", "400000"),
        Reason.LIMIT_LOWERED,
        usdt("599999.9999999999999"),
        usdt("600000"),
        "prov",
    ),
    Refusal(
        "less an hour and held",
        IN_FORCE,
        asks("prov", "200000", "599999", "399999"),
        Reason.LIMIT_LOWERED,
        usdt("599999"),
        usdt("600000"),
        "prov",
    ),
    Refusal(
        "an atom less held than in force",
        IN_FORCE,
        asks("prov", "200000", "600000", "399999.9999999999999"),
        Reason.LIMIT_LOWERED,
        usdt("399999.9999999999999"),
        usdt("400000"),
        "prov",
    ),
)


def enrolled(name: str, state: State, transaction: Enroll, taken: tuple[Takeover, ...] = ()) -> Success:
    """An enrolment that puts the limits in force without a notice, and keeps what was taken over."""
    agreed = Limits(transaction.capacity_per_minute, transaction.capacity_per_hour, transaction.max_holdings)
    return Success(
        name,
        state,
        transaction,
        events=(Enrolled(transaction.account, agreed),),
        providers={transaction.account: Provider(agreed, None, taken)},
    )


SUCCESSES = (
    enrolled("at every minimum exactly", W, T),
    enrolled("as much an hour as a minute", W, asks("prov", "400000", "400000", "400000")),
    enrolled("worth 499,000 + 1,500 - 500 of gains", IN_GAINS, evolve(T, account="gil")),
    enrolled("worth 62.5 bitcoin at 8,000, without a haircut", IN_COINS, evolve(T, account="bea")),
    enrolled("raises one limit", IN_FORCE, asks("prov", "200000", "600000.0000000000001", "400000"), TAKEN),
    enrolled("raises all, at once", IN_FORCE, asks("prov", "300000", "900000", "500000", time=START + 1), TAKEN),
    enrolled("the same again", IN_FORCE, asks("prov", "200000", "600000", "400000"), TAKEN),
    enrolled("the same again cancels a notice", LEAVING, asks("prov", "200000", "600000", "400000"), TAKEN),
    enrolled(
        "lower limits, once the notice has run out",
        LEAVING,
        asks("prov", "100000", "300000", "100000", time=START + HOUR),
        TAKEN,
    ),
    enrolled("lower limits, once an own takeover ended the enrolment", ENDED, T, TAKEN),
)

TABLES = (
    Table(
        "enroll",
        "enroll",
        REFUSALS,
        SUCCESSES,
        never_together={2: "an account that is not open has no status"},
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
