"""Every check of every rule is needed: each is removed in turn, and something says so.

The transactions are the rows of the rules' tables. Without the check that refuses it, a transaction is applied and a
law breaks; or the rule, or a law, stumbles over the fault; or only the row itself tells, as a log that must be refused
and is not, or not for this reason. What catches each check first is written out below, so that a change shows.

The same rows pin the conditions to the last unit: each comparison in a check is replaced by its neighbour, each part of
a compound condition left out, and some row is answered otherwise.
"""

import ast
import functools
from collections.abc import Iterator

import pytest
from attrs import frozen

from ledger.checks import Apply, Check, all_checks, apply_without, compare, copy_of_apply
from ledger.laws import REGISTRY, Law, LawBroken, Monitor, StateLaw, Step
from ledger.outcomes import Outcome
from ledger.state import State
from ledger.transactions import Transaction
from ledger.transition import apply, state_after
from tests.rules.tables import Refusal, Success, all_tables, name_of

CATCHES = {
    "transition TIME_BACKWARDS": "law TIM-1: deposit, time goes back",
    "parties AMOUNT_NOT_POSITIVE": "law BKG-1: deposit, no amount",
    "parties UNKNOWN_ASSET": "AttributeError: deposit, an unlisted asset",
    "parties AMOUNT_OFF_BOOKING_UNIT": "law BKG-1: deposit, one atom, where 10^-9 USDT are booked",
    "deposit ASSET_WITHOUT_PRICE": "law BKG-1: deposit, an asset without a price",
    "parties SYSTEM_ACCOUNT": "law BKG-1: deposit, @external",
    "parties SYSTEM_ACCOUNT_ASSET": "law CON-4: deposit, @insurance, not in USDT",
    "withdraw UNKNOWN_ACCOUNT": "KeyError: withdraw, nobody",
    "parties ACCOUNT_LIQUIDATING": "law MAR-2: withdraw, a liquidating account, even of what it has",
    "withdraw INSUFFICIENT_BALANCE": "law CON-4: withdraw, of an asset it has none of",
    "withdraw FREE_COLLATERAL_NEGATIVE": "law MAR-1: withdraw, 10^-9 beyond free collateral",
    "withdraw PROVIDER_BELOW_MINIMUM": "law ENR-3: withdraw, a provider, 10^-9 below the program's minimum",
    "withdraw INSUFFICIENT_CUSTODY": "law CON-4: withdraw, 10^-9 more USDT than there are in custody",
    "parties SYSTEM_ACCOUNT 2": "law MAR-2: trade, @fees buys",
    "parties UNKNOWN_ACCOUNT": "KeyError: set_account, nobody",
    "set_account NOTHING_TO_SET": "law ACC-1: set_account, nothing to set",
    "set_account LEVERAGE_OUT_OF_RANGE": "law ACC-1: set_account, leverage 0",
    "set_account UNKNOWN_FEE_TIER": "law ACC-1: set_account, an unlisted fee tier",
    "fills UNKNOWN_MARKET": "refusal: trade, an unlisted market, which has no mark either",
    "fills MARKET_WITHOUT_MARK": "AttributeError: trade, a market without a mark",
    "fills SIZE_NOT_POSITIVE": "law MAR-2: trade, no size",
    "fills PRICE_OFF_TICK": "law MAR-2: trade, off the tick of 0.25",
    "fills PRICE_OUTSIDE_BAND": "law MAR-2: trade, a tick above mark + 10%",
    "trade SAME_ACCOUNT": "law STO-1: trade, with oneself",
    "fills FREE_COLLATERAL_NEGATIVE": "law MAR-1: trade, the buyer's collateral does not cover 10 BTC",
    "fills EFFECTIVE_COLLATERAL_NEGATIVE": "law MAR-1: trade, flat below zero",
    "fills MARGIN_RATE_FELL": "law MAR-1: trade, reduces a tenth 2% below mark: the rate falls from 0.6% to 0.4422%",
    "fills PROVIDER_BELOW_MINIMUM": "law ENR-3: trade, a provider falls from the minimum to 0.1 below",
    "mark UNKNOWN_MARKET": "law MRK-1: mark_market, an unlisted market",
    "mark UNKNOWN_SOURCE": "law MRK-1: mark_market, a sixth source",
    "mark QUOTE_NOT_POSITIVE": "law MRK-1: mark_market, one quote of zero",
    "mark TOO_FEW_SOURCES": "ZeroDivisionError: mark_market, two sources",
    "mark MARK_NOT_POSITIVE": "law MRK-1: mark_market, a premium that takes all of the index",
    "mark UNKNOWN_ASSET": "law MRK-1: mark_asset, an unlisted asset",
    "mark SETTLEMENT_ASSET": "law MRK-1: mark_asset, the settlement asset, even at 1",
    "fund UNKNOWN_MARKET": "refusal: fund, an unlisted market, which has no mark either",
    "fund MARKET_WITHOUT_MARK": "AttributeError: fund, a market without a mark",
    "instants OUTSIDE_WINDOW": "law FND-1: fund, 60 s after the instant",
    "instants INSTANT_ALREADY_DONE": "law FND-1: fund, again, 1 ms later",
    "fund RATE_BEYOND_CLAMP": "law FND-1: fund, 10^-9 beyond the clamp",
    "enroll CAPACITY_PER_MINUTE_TOO_LOW": "law ENR-2: enroll, an atom too little a minute",
    "enroll CAPACITY_PER_HOUR_TOO_LOW": "law ENR-2: enroll, an atom too little an hour",
    "enroll MAX_HOLDINGS_TOO_LOW": "law ENR-2: enroll, an atom less held than a minute",
    "enroll PROVIDER_BELOW_MINIMUM": "law ENR-2: enroll, an atom too poor",
    "enroll LIMIT_LOWERED": "law ENR-1: enroll, an atom less a minute than in force",
    "enroll LIMIT_LOWERED 2": "law ENR-1: enroll, an atom less an hour than in force",
    "enroll LIMIT_LOWERED 3": "law ENR-1: enroll, an atom less held than in force",
    "leave NOT_A_PROVIDER": "law ENR-1: leave, an own takeover ended the enrolment",
    "leave ALREADY_LEAVING": "law ENR-1: leave, at once again",
    "liquidate NOT_LIQUIDATABLE": "law LIQ-1: liquidate, healthy at mark 4,924",
    "liquidate ROUND_TOO_SOON": "law LIQ-1: liquidate, 1 ms too soon",
    "liquidate ROUNDS_USED_UP": "law LIQ-1: liquidate, a fill after the 50th round",
    "liquidate SAME_ACCOUNT": "law LIQ-1: liquidate, with itself, where that costs nothing",
    "liquidate NOTHING_TO_REDUCE": "refusal: liquidate, nothing to reduce in the market, so any size is beyond it",
    "liquidate FILL_BEYOND_POSITION": "law LIQ-1: liquidate, 0.15 of a long 0.1",
    "liquidate ACCOUNT_VALUE_NEGATIVE": "law LIQ-1: liquidate, 1 BTC at 320 below mark leaves less than nothing",
    "liquidate FILL_BEYOND_ROUND": "law LIQ-1: liquidate, a lot more than a tenth of 10 BTC",
    "backstop_transfer NOT_AT_TAKEOVER": "law TKO-1: backstop_transfer, half of maintenance margin exactly",
}
"""What catches a check that was removed: `law ID`, an exception, or the `refusal` alone; then the row."""


@frozen
class Row:
    """A refusal of a table, with its table's rule."""

    rule: str
    refusal: Refusal

    def __str__(self) -> str:
        return f"{self.rule}, {self.refusal.name}"


@functools.cache
def rows_by_place() -> dict[tuple[str, int], list[Row]]:
    """The refusals of all tables by the place of the check that refuses them."""
    rows: dict[tuple[str, int], list[Row]] = {}
    for table in all_tables():
        for row in table.refusals:
            refusing = compare(row.state, row.transaction)[-1].check
            rows.setdefault(refusing.place, []).append(Row(table.rule, row))
    return rows


@functools.cache
def keys() -> dict[str, Check]:
    """A name for each check that outlasts a move within its module: module, reason, and a number where it recurs."""
    named: dict[str, Check] = {}
    for check in all_checks():
        module = check.module.removeprefix("ledger.").removeprefix("rules.")
        name = f"{module} {check.reason.name}"
        recurs = sum(key == name or key.startswith(f"{name} ") for key in named)
        named[f"{name} {recurs + 1}" if recurs else name] = check
    return named


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
    rows = rows_by_place()[check.place]
    stumbles = None
    for row in rows:
        state, transaction = row.refusal.state, row.refusal.transaction
        try:
            law = law_broken_by(state, transaction, answer(state, transaction))
        except Exception as error:
            stumbles = stumbles or f"{type(error).__name__}: {row}"
            continue
        if law is not None:
            return f"law {law}: {row}"
    return stumbles or f"refusal: {rows[0]}"


def test_what_catches_is_written_out_for_every_check() -> None:
    assert sorted(CATCHES) == sorted(keys())


@pytest.mark.parametrize("key", CATCHES)
def test_a_removed_check_is_caught_by(key: str) -> None:
    assert catcher_of(keys()[key]) == CATCHES[key]


@pytest.mark.parametrize("key", CATCHES)
def test_every_row_tells_that_its_check_is_missing(key: str) -> None:
    """Without the check each row that it refuses is answered otherwise."""
    check = keys()[key]
    answer = apply_without(check)
    for row in rows_by_place()[check.place]:
        state, transaction = row.refusal.state, row.refusal.transaction
        try:
            outcome = answer(state, transaction)
        except Exception:
            continue
        assert outcome != apply(state, transaction), row


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
    ("leave NOT_A_PROVIDER", "limits_in_force(program, record, time) is None"): "no record, no limits in force",
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


CHANGED = [(key, changed) for key, check in keys().items() for changed in changed_conditions(check.condition)]


@pytest.mark.parametrize(("key", "condition"), [change for change in CHANGED if change not in EQUIVALENT])
def test_some_row_is_answered_otherwise_where(key: str, condition: str) -> None:
    answer = apply_with(keys()[key], condition)
    assert any(is_answered_otherwise(answer, row) for row in ROWS)


def test_a_change_that_is_none_changes_no_answer() -> None:
    assert set(EQUIVALENT) <= set(CHANGED)
    for key, condition in EQUIVALENT:
        answer = apply_with(keys()[key], condition)
        assert not any(is_answered_otherwise(answer, row) for row in ROWS)


def is_answered_otherwise(answer: Apply, row: Refusal | Success) -> bool:
    """Whether a copy of the rules answers this row in another way than the rules do, or stumbles over it."""
    try:
        return answer(row.state, row.transaction) != apply(row.state, row.transaction)
    except Exception:
        return True
