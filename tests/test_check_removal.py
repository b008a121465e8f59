"""Every check of every rule is needed: each is removed in turn, and something says so.

The transactions are the rows of the rule's own table that the check refuses, so that each rule answers for itself also
where it shares a check with others. Without the check, a transaction is applied and a law breaks; or the rule, or a
law, stumbles over the fault; or only the row itself tells, as a log that must be refused and is not, or not for this
reason. What catches each check first is written out below, so that a change shows.

The rows of all tables pin the conditions to the last unit: each comparison in a check is replaced by its neighbour,
each part of a compound condition left out, and some row is answered otherwise.
"""

import ast
import functools
from collections.abc import Iterator

import pytest

from ledger.checks import Apply, Check, all_checks, apply_without, checks_of, compare, copy_of_apply
from ledger.laws import REGISTRY, Law, LawBroken, Monitor, StateLaw, Step
from ledger.outcomes import Outcome
from ledger.state import State
from ledger.transactions import TYPES, Transaction
from ledger.transition import apply, state_after
from tests.rules.tables import Refusal, Success, all_tables, name_of

CATCHES = {
    "deposit-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "deposit-1 AMOUNT_NOT_POSITIVE": "law BKG-1: no amount",
    "deposit-2 UNKNOWN_ASSET": "AttributeError: an unlisted asset",
    "deposit-3 AMOUNT_OFF_BOOKING_UNIT": "law BKG-1: one atom, where 10^-9 USDT are booked",
    "deposit-4 ASSET_WITHOUT_PRICE": "law BKG-1: an asset without a price",
    "deposit-5 SYSTEM_ACCOUNT": "law PTY-1: @external",
    "deposit-6 SYSTEM_ACCOUNT_ASSET": "law CON-4: @insurance, not in USDT",
    "withdraw-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "withdraw-1 AMOUNT_NOT_POSITIVE": "law BKG-1: no amount",
    "withdraw-2 UNKNOWN_ASSET": "AttributeError: an unlisted asset",
    "withdraw-3 AMOUNT_OFF_BOOKING_UNIT": "law BKG-1: one atom beside 10^-9 USDT",
    "withdraw-4 SYSTEM_ACCOUNT": "refusal: @external",
    "withdraw-5 SYSTEM_ACCOUNT_ASSET": "law BKG-1: @insurance, not USDT",
    "withdraw-6 UNKNOWN_ACCOUNT": "KeyError: nobody",
    "withdraw-7 ACCOUNT_LIQUIDATING": "law MAR-2: a liquidating account, even of what it has",
    "withdraw-8 INSUFFICIENT_BALANCE": "law CON-4: of an asset it has none of",
    "withdraw-9 FREE_COLLATERAL_NEGATIVE": "law MAR-1: 10^-9 beyond free collateral",
    "withdraw-10 PROVIDER_BELOW_MINIMUM": "law ENR-3: a provider, 10^-9 below the program's minimum",
    "withdraw-11 INSUFFICIENT_CUSTODY": "law CON-4: 10^-9 more USDT than there are in custody",
    "set-account-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "set-account-1 SYSTEM_ACCOUNT": "law PTY-1: a system account",
    "set-account-2 UNKNOWN_ACCOUNT": "KeyError: nobody",
    "set-account-3 NOTHING_TO_SET": "law ACC-1: nothing to set",
    "set-account-4 LEVERAGE_OUT_OF_RANGE": "law ACC-1: leverage 0",
    "set-account-5 UNKNOWN_FEE_TIER": "law ACC-1: an unlisted fee tier",
    "trade-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "trade-1 UNKNOWN_MARKET": "refusal: an unlisted market, which has no mark either",
    "trade-2 MARKET_WITHOUT_MARK": "AttributeError: a market without a mark",
    "trade-3 SIZE_NOT_POSITIVE": "law MAR-2: no size",
    "trade-4 PRICE_OFF_TICK": "law MAR-2: off the tick of 0.25",
    "trade-5 PRICE_OUTSIDE_BAND": "law MAR-2: a tick above mark + 10%",
    "trade-6 SAME_ACCOUNT": "law STO-1: with oneself",
    "trade-7 SYSTEM_ACCOUNT": "law PTY-1: @fees buys",
    "trade-8 UNKNOWN_ACCOUNT": "KeyError: nobody buys",
    "trade-9 SYSTEM_ACCOUNT": "law PTY-1: @insurance sells",
    "trade-10 UNKNOWN_ACCOUNT": "KeyError: nobody sells",
    "trade-11 ACCOUNT_LIQUIDATING": "law MAR-2: a liquidating buyer",
    "trade-12 ACCOUNT_LIQUIDATING": "law MAR-2: a liquidating seller",
    "trade-13 FREE_COLLATERAL_NEGATIVE": "law MAR-1: the buyer's collateral does not cover 10 BTC",
    "trade-14 EFFECTIVE_COLLATERAL_NEGATIVE": "law MAR-1: flat below zero",
    "trade-15 MARGIN_RATE_FELL": "law MAR-1: reduces a tenth 2% below mark: the rate falls from 0.6% to 0.4422%",
    "trade-16 PROVIDER_BELOW_MINIMUM": "law ENR-3: a provider falls from the minimum to 0.1 below",
    "mark-market-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "mark-market-1 UNKNOWN_MARKET": "law MRK-1: an unlisted market",
    "mark-market-2 UNKNOWN_SOURCE": "law MRK-1: a sixth source",
    "mark-market-3 QUOTE_NOT_POSITIVE": "law MRK-1: one quote of zero",
    "mark-market-4 TOO_FEW_SOURCES": "ZeroDivisionError: two sources",
    "mark-market-5 MARK_NOT_POSITIVE": "law MRK-1: a premium that takes all of the index",
    "mark-asset-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "mark-asset-1 UNKNOWN_ASSET": "law MRK-1: an unlisted asset",
    "mark-asset-2 SETTLEMENT_ASSET": "law MRK-1: the settlement asset, even at 1",
    "mark-asset-3 UNKNOWN_SOURCE": "law MRK-1: a sixth source",
    "mark-asset-4 QUOTE_NOT_POSITIVE": "law MRK-1: one quote of zero",
    "mark-asset-5 TOO_FEW_SOURCES": "ZeroDivisionError: two sources",
    "observe-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "observe-1 UNKNOWN_MARKET": "AttributeError: an unlisted market",
    "observe-2 MARKET_WITHOUT_MONITOR": "AttributeError: a market without a monitor",
    "observe-3 MARKET_WITHOUT_MARK": "AttributeError: no mark yet",
    "observe-4 OBSERVED_TOO_SOON": "law MON-1: a millisecond too soon",
    "observe-5 BID_NOT_POSITIVE": "law MON-1: a bid of zero",
    "observe-6 BOOK_CROSSED": "law MON-1: a locked book",
    "observe-7 DEPTH_NEGATIVE": "law MON-1: a negative depth of bids",
    "observe-8 VOLUME_NEGATIVE": "law MON-1: a negative volume",
    "fund-0 TIME_BACKWARDS": "law TIM-1: time goes back, within the window",
    "fund-1 UNKNOWN_MARKET": "refusal: an unlisted market, which has no mark either",
    "fund-2 MARKET_WITHOUT_MARK": "AttributeError: a market without a mark",
    "fund-3 OUTSIDE_WINDOW": "law FND-1: 60 s after the instant",
    "fund-4 INSTANT_ALREADY_DONE": "law FND-1: again, 1 ms later",
    "fund-5 RATE_BEYOND_CLAMP": "law FND-1: 10^-9 beyond the clamp",
    "settle-0 TIME_BACKWARDS": "law TIM-1: time goes back, within the window",
    "settle-1 OUTSIDE_WINDOW": "law SET-2: 60 s after the instant",
    "settle-2 INSTANT_ALREADY_DONE": "law SET-2: again",
    "enroll-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "enroll-1 SYSTEM_ACCOUNT": "law PTY-1: a system account",
    "enroll-2 UNKNOWN_ACCOUNT": "KeyError: nobody",
    "enroll-3 ACCOUNT_LIQUIDATING": "law ENR-2: a liquidating account",
    "enroll-4 CAPACITY_PER_MINUTE_TOO_LOW": "law ENR-2: an atom too little a minute",
    "enroll-5 CAPACITY_PER_HOUR_TOO_LOW": "law ENR-2: an atom too little an hour",
    "enroll-6 MAX_HOLDINGS_TOO_LOW": "law ENR-2: an atom less held than a minute",
    "enroll-7 PROVIDER_BELOW_MINIMUM": "law ENR-2: an atom too poor",
    "enroll-8 LIMIT_LOWERED": "law ENR-1: an atom less a minute than in force",
    "enroll-9 LIMIT_LOWERED": "law ENR-1: an atom less an hour than in force",
    "enroll-10 LIMIT_LOWERED": "law ENR-1: an atom less held than in force",
    "leave-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "leave-1 SYSTEM_ACCOUNT": "refusal: a system account",
    "leave-2 UNKNOWN_ACCOUNT": "refusal: nobody",
    "leave-3 NOT_A_PROVIDER": "law ENR-1: an own takeover ended the enrolment",
    "leave-4 ALREADY_LEAVING": "law ENR-1: at once again",
    "liquidate-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "liquidate-1 SYSTEM_ACCOUNT": "law PTY-1: @external, which owes what is in custody",
    "liquidate-2 UNKNOWN_ACCOUNT": "KeyError: nobody",
    "liquidate-3 NOT_LIQUIDATABLE": "law LIQ-1: healthy at mark 4,924",
    "liquidate-4 ROUND_TOO_SOON": "law LIQ-1: 1 ms too soon",
    "liquidate-5 ROUNDS_USED_UP": "law LIQ-1: a fill after the 50th round",
    "liquidate-6 UNKNOWN_MARKET": "refusal: an unlisted market, which has no mark either",
    "liquidate-7 MARKET_WITHOUT_MARK": "AttributeError: a market without a mark",
    "liquidate-8 SIZE_NOT_POSITIVE": "law LIQ-1: no size",
    "liquidate-9 PRICE_OFF_TICK": "law MAR-2: off the tick of 0.25",
    "liquidate-10 PRICE_OUTSIDE_BAND": "law MAR-2: a tick above the band",
    "liquidate-11 SAME_ACCOUNT": "law LIQ-1: with itself, where that costs nothing",
    "liquidate-12 SYSTEM_ACCOUNT": "law PTY-1: against @fees",
    "liquidate-13 UNKNOWN_ACCOUNT": "KeyError: against nobody",
    "liquidate-14 ACCOUNT_LIQUIDATING": "law MAR-2: against one who is liquidating",
    "liquidate-15 NOTHING_TO_REDUCE": "refusal: nothing to reduce in the market, so any size is beyond it",
    "liquidate-16 FILL_BEYOND_POSITION": "law LIQ-1: 0.15 of a long 0.1",
    "liquidate-17 ACCOUNT_VALUE_NEGATIVE": "law LIQ-1: 1 BTC at 320 below mark leaves less than nothing",
    "liquidate-18 FILL_BEYOND_ROUND": "law LIQ-1: a lot more than a tenth of 10 BTC",
    "liquidate-19 FREE_COLLATERAL_NEGATIVE": "law MAR-1: against one without collateral",
    "liquidate-20 EFFECTIVE_COLLATERAL_NEGATIVE": "law MAR-1: against one who ends flat below zero",
    "liquidate-21 MARGIN_RATE_FELL": "law MAR-1: against one whose rate falls",
    "liquidate-22 PROVIDER_BELOW_MINIMUM": "law ENR-3: against a provider who falls below the minimum",
    "backstop-transfer-0 TIME_BACKWARDS": "law TIM-1: time goes back",
    "backstop-transfer-1 SYSTEM_ACCOUNT": "law PTY-1: @external, which owes what is in custody",
    "backstop-transfer-2 UNKNOWN_ACCOUNT": "KeyError: nobody",
    "backstop-transfer-3 NOT_AT_TAKEOVER": "law TKO-1: half of maintenance margin exactly",
}
"""What catches a check that was removed: `law ID`, an exception, or the `refusal` alone; then the row that shows it."""


def key_of(check: Check) -> str:
    """The check's id on its rule's page, and its reason."""
    return f"{check.rule.replace('_', '-')}-{check.number} {check.reason.name}"


CHECKS = {key_of(check): check for type_name in TYPES for check in checks_of(type_name)}
"""Every check of every rule; those that rules share come once for each."""


@functools.cache
def rows_by_key() -> dict[str, list[Refusal]]:
    """The refusals of each rule's own table by the check that refuses them."""
    rows: dict[str, list[Refusal]] = {}
    for table in all_tables():
        for row in table.refusals:
            refusing = compare(row.state, row.transaction)[-1].check
            assert refusing.rule == table.rule, row.name
            rows.setdefault(key_of(refusing), []).append(row)
    return rows


def laws_that_hold_in(state: State) -> list[Law]:
    """The laws that may be asked about a step from here: all step and history laws, and the state laws that hold.

    A row's state may be put in by hand. DET-1 asks the real rules, which would tell on any copy of them.
    """
    laws = []
    for law in REGISTRY:
        if law.id == "DET-1":
            continue
        if isinstance(law, StateLaw):
            try:
                Monitor(state, [law]).finish()
            except LawBroken:
                continue
        laws.append(law)
    return laws


def law_broken_by(state: State, transaction: Transaction, outcome: Outcome) -> str | None:
    """The id of the first law that this answer breaks; None where all hold."""
    monitor = Monitor(state, laws_that_hold_in(state), state_every=1)
    try:
        monitor.observe(Step(state, transaction, outcome, state_after(state, outcome)))
        monitor.finish()
    except LawBroken as broken:
        return broken.law.id
    return None


def catcher_of(check: Check) -> str:
    """What tells that the check is missing: a law, or else an exception, or else a row that must be refused."""
    answer = apply_without(check)
    rows = rows_by_key()[key_of(check)]
    stumbles = None
    for row in rows:
        try:
            law = law_broken_by(row.state, row.transaction, answer(row.state, row.transaction))
        except Exception as error:
            stumbles = stumbles or f"{type(error).__name__}: {row.name}"
            continue
        if law is not None:
            return f"law {law}: {row.name}"
    return stumbles or f"refusal: {rows[0].name}"


def test_what_catches_is_written_out_for_every_check() -> None:
    assert list(CATCHES) == list(CHECKS)


@pytest.mark.parametrize("key", CATCHES)
def test_a_removed_check_is_caught_by(key: str) -> None:
    assert catcher_of(CHECKS[key]) == CATCHES[key]


@pytest.mark.parametrize("key", CHECKS)
def test_every_row_tells_that_its_check_is_missing(key: str) -> None:
    """Without the check each row that it refuses is answered otherwise."""
    answer = apply_without(CHECKS[key])
    for row in rows_by_key()[key]:
        assert is_answered_otherwise(answer, row), row.name


REFUSALS = [row for table in all_tables() for row in table.refusals]
SUCCESSES = [row for table in all_tables() for row in table.successes]
ROWS: list[Refusal | Success] = [*REFUSALS, *SUCCESSES]


@pytest.mark.parametrize("row", SUCCESSES, ids=name_of)
def test_no_law_breaks_where_the_tables_apply(row: Success) -> None:
    """The states put in by hand do not break laws of themselves: a law that breaks above breaks by the removal."""
    assert law_broken_by(row.state, row.transaction, apply(row.state, row.transaction)) is None


# The conditions themselves

NEIGHBOUR: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
}
"""The operator one unit or one truth value away."""


EQUIVALENT = {
    ("leave-3 NOT_A_PROVIDER", "limits_in_force(program, record, time) is None"): "no record, no limits in force",
}
"""Changes that are none: the condition holds in the same cases, and why."""


def changed_conditions(condition: str) -> Iterator[str]:
    """The condition with one comparison replaced by its neighbour, or one part of an `and` or `or` left out."""
    for number, node in enumerate(ast.walk(ast.parse(condition, mode="eval"))):
        for part in range(parts_of(node)):
            tree = ast.parse(condition, mode="eval")
            same = list(ast.walk(tree))[number]
            if isinstance(same, ast.Compare):
                same.ops[part] = NEIGHBOUR[type(same.ops[part])]
            elif isinstance(same, ast.BoolOp):
                del same.values[part]
            yield ast.unparse(tree)


def parts_of(node: ast.AST) -> int:
    """How many changes there are to this node of a condition alone."""
    if isinstance(node, ast.Compare):
        return len(node.ops)
    return len(node.values) if isinstance(node, ast.BoolOp) else 0


def apply_with(check: Check, condition: str) -> Apply:
    """`apply` in which the check has another condition."""

    class Change(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST:
            self.generic_visit(node)
            if node.lineno == check.line:
                node.test = ast.parse(condition, mode="eval").body
            return ast.fix_missing_locations(node)

    return copy_of_apply({check.module: Change()}, {})


CHANGING = {key_of(check): check for check in all_checks()}
"""Every check once, by the first rule that makes it."""

CHANGED = [(key, changed) for key, check in CHANGING.items() for changed in changed_conditions(check.condition)]


@pytest.mark.parametrize(("key", "condition"), [change for change in CHANGED if change not in EQUIVALENT])
def test_some_row_is_answered_otherwise_where(key: str, condition: str) -> None:
    answer = apply_with(CHECKS[key], condition)
    assert any(is_answered_otherwise(answer, row) for row in ROWS)


def test_a_change_that_is_none_changes_no_answer() -> None:
    assert set(EQUIVALENT) <= set(CHANGED)
    for key, condition in EQUIVALENT:
        answer = apply_with(CHECKS[key], condition)
        assert not any(is_answered_otherwise(answer, row) for row in ROWS)


def is_answered_otherwise(answer: Apply, row: Refusal | Success) -> bool:
    """Whether a copy of the rules answers this row in another way than the rules do, or stumbles over it."""
    try:
        return answer(row.state, row.transaction) != apply(row.state, row.transaction)
    except Exception:
        return True
