"""The listing of checks is complete, and the copies of the rules differ from the rules in nothing but the check."""

import ast
import compileall
import inspect
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ledger import checks
from ledger.checks import (
    MODULES,
    all_checks,
    apply_without,
    checks_for,
    checks_of,
    compare,
    copy_of_apply,
)
from ledger.outcomes import Applied, Reason, Rejected
from ledger.transactions import TYPE_NAMES, Leave, MarkAsset, Trade, Withdraw
from ledger.transition import apply
from tests.rules.tables import Refusal, Success, all_tables, exact, held
from tests.worlds import BTC, START, TEXTBOOK, World, lots, price, quotes, usdt, with_account

REFUSALS = [row for table in all_tables() for row in table.refusals]
SUCCESSES = [row for table in all_tables() for row in table.successes]


def refusals_written_in(source: str) -> list[int]:
    """The lines of the calls of `Rejected` in a module's source."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return sorted(call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Rejected")


def test_every_refusal_written_anywhere_in_the_rules_is_a_listed_check() -> None:
    for module in MODULES:
        source = inspect.getsource(import_module(module))
        statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.If)]
        listed = {check.line for check in all_checks() if check.module == module}
        bodies = [range(node.body[0].lineno, node.body[-1].lineno + 1) for node in statements if node.lineno in listed]
        guarded = [line for line in refusals_written_in(source) if any(line in body for body in bodies)]
        assert guarded == refusals_written_in(source), module
        assert len(guarded) == len(listed), module


def test_no_refusal_is_written_outside_the_modules_of_checks() -> None:
    folder = Path(checks.__file__).parent
    elsewhere = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.py"))
        if ".".join(("ledger", *path.relative_to(folder).with_suffix("").parts)) not in MODULES
        and path.name != "checks.py"
        and refusals_written_in(path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


def test_numbers_follow_the_order_of_precedence_from_the_check_of_time() -> None:
    for type_name in set(TYPE_NAMES.values()) - {"mark"}:
        listed = checks_of(type_name)
        assert [check.number for check in listed] == list(range(len(listed)))
        assert listed[0].reason is Reason.TIME_BACKWARDS


def test_the_two_rules_of_mark_follow_one_another() -> None:
    listed = checks_of("mark")
    assert [(check.rule, check.number) for check in listed] == [
        *(("mark_market", number) for number in range(6)),
        *(("mark_asset", number) for number in range(6)),
    ]
    assert checks_for(MarkAsset(START, "BTC", quotes("1"))) == listed[6:]


def test_the_checks_of_withdraw_by_name() -> None:
    assert [check.reason.name for check in checks_of("withdraw")] == [
        "TIME_BACKWARDS",
        "AMOUNT_NOT_POSITIVE",
        "UNKNOWN_ASSET",
        "AMOUNT_OFF_BOOKING_UNIT",
        "SYSTEM_ACCOUNT",
        "SYSTEM_ACCOUNT_ASSET",
        "UNKNOWN_ACCOUNT",
        "ACCOUNT_LIQUIDATING",
        "INSUFFICIENT_BALANCE",
        "FREE_COLLATERAL_NEGATIVE",
        "PROVIDER_BELOW_MINIMUM",
        "INSUFFICIENT_CUSTODY",
    ]


def test_a_check_tells_its_condition_and_the_calls_that_lead_to_it() -> None:
    liquidating = checks_of("trade")[12]
    assert liquidating.reason is Reason.ACCOUNT_LIQUIDATING
    assert liquidating.condition == "account.liquidation is not None"
    assert liquidating.calls == ("refuse_liquidating(state, seller)",)
    assert liquidating.module == "ledger.rules.parties"


def test_an_unknown_type_has_no_checks() -> None:
    with pytest.raises(KeyError):
        checks_of("settlement")


def test_every_check_is_listed_once_by_place() -> None:
    places = [check.place for check in all_checks()]
    assert len(set(places)) == len(places)
    assert set(places) == {check.place for name in TYPE_NAMES.values() for check in checks_of(name)}


# The copies


def test_an_unchanged_copy_answers_like_the_rules() -> None:
    copied = copy_of_apply({}, {})
    rows: list[Refusal | Success] = [*REFUSALS, *SUCCESSES]
    for row in rows:
        assert copied(row.state, row.transaction) == apply(row.state, row.transaction), row.name


@pytest.mark.parametrize("row", SUCCESSES, ids=lambda row: row.name)
def test_a_transaction_that_no_check_refuses_is_answered_alike_without_any_of_them(row: Success) -> None:
    """Nothing but the one condition differs in a copy; the last check that was passed stands for all of them."""
    passed = compare(row.state, row.transaction)[-1].check
    assert apply_without(passed)(row.state, row.transaction) == apply(row.state, row.transaction)


def poor_buyer() -> tuple[World, Trade]:
    """alice's 967.5 do not cover the 1,000 that 50,000 of notional ask for."""
    w = World()
    w.mark("5000")
    w.deposit("alice", "1000")
    w.deposit("rick", "1000000")
    return w, Trade(START, BTC, "alice", "rick", lots("10"), price("5000"), True)


def test_a_removed_check_lets_through_what_it_alone_refused() -> None:
    w, trade = poor_buyer()
    refusing = compare(w.state, trade)[-1].check
    assert isinstance(apply(w.state, trade), Rejected)
    outcome = apply_without(refusing)(w.state, trade)
    assert isinstance(outcome, Applied)
    assert outcome.state.accounts["alice"] == held("1000", btc=("10", "-50032.5"))
    assert isinstance(apply(w.state, trade), Rejected), "the real rule is as it was"


def test_a_check_that_passed_shows_the_figures_it_compared() -> None:
    w = World()
    w.deposit("alice", "1000")
    comparisons = compare(w.state, Withdraw(START, "alice", "USDT", usdt("400")))
    assert [comparison.figures for comparison in comparisons if comparison.check.number in (8, 9)] == [
        Rejected(Reason.INSUFFICIENT_BALANCE, usdt("400"), usdt("1000"), "alice"),
        Rejected(Reason.FREE_COLLATERAL_NEGATIVE, exact("600"), 0, "alice"),
    ]


def test_a_comparison_has_every_check_that_was_made_and_its_figures() -> None:
    w, trade = poor_buyer()
    comparisons = compare(w.state, trade)
    assert [comparison.check.number for comparison in comparisons] == list(range(14))
    assert [comparison.refused for comparison in comparisons] == [False] * 13 + [True]
    assert comparisons[3].figures == Rejected(Reason.SIZE_NOT_POSITIVE, lots("10"), 0, BTC)
    assert comparisons[13].figures == Rejected(Reason.FREE_COLLATERAL_NEGATIVE, exact("967.5"), exact("1000"), "alice")


def test_a_comparison_past_a_check_tells_what_comes_next() -> None:
    w, trade = poor_buyer()
    poor_seller = with_account(w.state, "rick", held("1"))
    refusing = compare(poor_seller, trade)[-1].check
    past = compare(poor_seller, trade, without=refusing)
    assert not past[-1].refused, "without the check neither side's collateral is asked for"
    assert [comparison.figures.subject for comparison in past[-2:]] == ["alice", "rick"]


def test_a_figure_that_is_not_there_is_none() -> None:
    w = World(TEXTBOOK)
    w.mark("5000")
    w.deposit("alice", "1000")
    w.deposit("bob", "1000")
    comparisons = compare(w.state, Trade(START, BTC, "alice", "bob", 1, price("5000"), True))
    band = next(found for found in comparisons if found.check.reason is Reason.PRICE_OUTSIDE_BAND)
    assert not band.refused
    assert [band.figures.supplied, band.figures.limit] == [price("5000"), None]


def test_both_sides_of_a_trade_are_compared() -> None:
    w = World()
    w.mark("5000")
    w.deposit("alice", "1000")
    w.deposit("bob", "1000")
    comparisons = compare(w.state, Trade(START, BTC, "alice", "bob", lots("0.1"), price("5000"), True))
    assert not any(comparison.refused for comparison in comparisons)
    collateral = [found.figures for found in comparisons if found.check.reason is Reason.FREE_COLLATERAL_NEGATIVE]
    assert [(found.subject, found.supplied, found.limit) for found in collateral] == [
        ("alice", exact("999.675"), exact("5")),
        ("bob", exact("999.9"), exact("5")),
    ]


def test_comparing_leaves_nothing_behind_when_a_rule_stumbles() -> None:
    w = World()
    w.deposit("alice", "1000")
    leave = Leave(START, "alice")
    refusing = compare(w.state, leave)[-1].check
    assert refusing.reason is Reason.NOT_A_PROVIDER
    with pytest.raises(AttributeError):
        compare(w.state, leave, without=refusing)
    assert compare(w.state, leave)[-1].check == refusing


def test_where_the_source_is_not_installed_explain_says_so_in_one_line(tmp_path: Path) -> None:
    """A package of bytecode alone replays, and cannot be asked for its checks."""
    root = Path(checks.__file__).parents[1]
    shutil.copytree(root / "ledger", tmp_path / "ledger", ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(tmp_path / "ledger", quiet=2, legacy=True)
    for source in (tmp_path / "ledger").rglob("*.py"):
        source.unlink()

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        log = str(root / "docs" / "examples" / "alice-and-bob.jsonl")
        return subprocess.run(
            [sys.executable, "-m", "ledger", command[0], log, *command[1:]],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("replay").returncode == 0
    explained = run("explain", "--at", "1")
    assert explained.returncode != 0
    assert explained.stdout == ""
    (line,) = explained.stderr.splitlines()
    assert "ledger.transition" in line
    assert "its source file is not installed, and a rule's checks are read from it" in line
