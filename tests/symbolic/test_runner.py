"""The runner refutes what is false, and confirms nothing that is contradictory, unread or undecided."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import units
from specs.symbolic.campaign import Report, run
from specs.symbolic.claims import Bug, Status, lines_of
from specs.symbolic.engine import Unreadable, conditions_of, how_it_breaks
from specs.symbolic.planting import Exchange, NotPlanted, exchange_of, plant

from . import samples

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {claim.id: claim for claim in samples.CLAIMS}


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Every sample's report."""
    return {report.claim.id: report for report in run(samples.CLAIMS, mutants=False, registry=samples.__name__)}


STATUSES = {
    "true": Status.CONFIRMED,
    "true-twice": Status.CONFIRMED,
    "false-of-one": Status.REFUTED,
    "false-of-the-second": Status.REFUTED,
    "false-within-assumptions": Status.REFUTED,
    "raising": Status.REFUTED,
    "contradictory": Status.VACUOUS,
    "unreachable": Status.CONFIRMED,
    "undecided": Status.NO_COUNTEREXAMPLE,
    "declared": Status.NO_COUNTEREXAMPLE,
    "unsupported": Status.UNKNOWN,
    "without-postcondition": Status.ERROR,
    "unparsable": Status.ERROR,
    "nameless": Status.ERROR,
    "half-read": Status.ERROR,
    "text": Status.ERROR,
    "unrepeatable": Status.ERROR,
    "remembering": Status.ERROR,
    "hidden": Status.UNKNOWN,
    "half-hidden": Status.NO_COUNTEREXAMPLE,
    "declared-to-raise": Status.ERROR,
    "unclear": Status.ERROR,
    "catching-everything": Status.NO_COUNTEREXAMPLE,
    "catching-within": Status.NO_COUNTEREXAMPLE,
    "leaving": Status.ERROR,
    "crashing": Status.ERROR,
    "caught": Status.CONFIRMED,
}
HOLDING = {"true", "true-twice", "declared", "caught", "not-caught", "not-planted", "broken-by-its-bug"}
"""Without their mutants."""


@pytest.mark.parametrize("name", STATUSES)
def test_status(reports: dict[str, Report], name: str) -> None:
    assert reports[name].found.status is STATUSES[name], reports[name].found


@pytest.mark.parametrize("name", SAMPLES)
def test_only_what_is_as_declared_holds(reports: dict[str, Report], name: str) -> None:
    report = reports[name]
    assert report.holds == (name in HOLDING), report
    assert bool(report.faults) == (not report.holds)
    assert report.as_row()["holds"] == report.holds


EXAMPLES = {
    "false-of-one": {"value": 10**30 + 7},
    "false-within-assumptions": {"value": 12, "is_even": True},
    "raising": {"value": 12345},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_refuted_has_the_arguments_that_break_it(reports: dict[str, Report], name: str) -> None:
    assert reports[name].found.values == EXAMPLES[name]


def test_a_refutation_says_what_was_returned_or_raised(reports: dict[str, Report]) -> None:
    assert "_ < 1000 or value == 5 is false" in reports["false-of-the-second"].found.detail
    assert "raises ValueError: this one" in reports["raising"].found.detail


def test_what_cannot_be_read_says_why(reports: dict[str, Report]) -> None:
    assert "there is no postcondition" in reports["without-postcondition"].found.detail
    assert "is no expression" in reports["unparsable"].found.detail
    assert "names wanted" in reports["nameless"].found.detail
    assert "not all of its 0 preconditions" in reports["half-read"].found.detail
    assert "neither an integer nor a truth value" in reports["text"].found.detail
    assert "it may raise ValueError" in reports["declared-to-raise"].found.detail


def test_an_assumption_that_raises_is_an_error(reports: dict[str, Report]) -> None:
    assert "value > 5 or 1 // 0 > 0: ZeroDivisionError" in reports["unclear"].found.detail


def test_a_process_that_dies_is_an_error_and_takes_no_other_with_it(reports: dict[str, Report]) -> None:
    assert "the process ended with -6" in reports["crashing"].found.detail
    assert "SystemExit" in reports["leaving"].found.detail
    assert reports["caught"].found.status is Status.CONFIRMED


def test_a_twin_is_refuted_where_what_must_be_possible_is(reports: dict[str, Report]) -> None:
    assert reports["true"].twin is Status.REFUTED
    twins = reports["true"].twins
    assert twins is not None
    assert [twin.status for twin in twins] == [Status.REFUTED, Status.REFUTED]
    value, other = twins[1].values["value"], twins[1].values["other"]
    assert value + other == 7
    assert other > 0


def test_a_claim_that_cannot_be_reached_does_not_hold(reports: dict[str, Report]) -> None:
    assert reports["unreachable"].found.status is Status.CONFIRMED
    assert reports["unreachable"].twin is Status.CONFIRMED
    assert reports["unreachable"].is_refuted
    assert "not found possible: _ == 7" in reports["unreachable"].faults[0]


def test_mutants() -> None:
    chosen = [SAMPLES[name] for name in ("caught", "not-caught", "not-planted", "broken-by-its-bug")]
    reports = {report.claim.id: report for report in run(chosen, twins=False, registry=samples.__name__)}
    found = {name: report.mutant.status for name, report in reports.items() if report.mutant is not None}
    assert found == {
        "caught": Status.REFUTED,
        "not-caught": Status.CONFIRMED,
        "not-planted": Status.ERROR,
        "broken-by-its-bug": Status.ERROR,
    }
    assert [name for name, report in reports.items() if report.holds] == ["caught"]
    assert all(report.found.status is Status.CONFIRMED for report in reports.values())


def test_a_claim_is_run_with_another_source_of_a_module() -> None:
    exchange = exchange_of(samples.CAUGHT)
    (report,) = run([SAMPLES["caught"]], exchange=exchange, registry=samples.__name__)
    assert report.found.status is Status.REFUTED
    assert report.mutant is None
    assert units.floor_div(7, 2) == 3


def test_whoever_stops_asking_leaves_the_rest_unrun() -> None:
    asked: Iterator[Report] = run([SAMPLES["true"]] * 50, mutants=False, workers=1, registry=samples.__name__)
    assert next(asked).holds
    asked.close()  # type: ignore[attr-defined]


def test_verdicts_do_not_depend_on_how_many_run_beside_each_other() -> None:
    chosen = [SAMPLES[name] for name in ("true", "false-of-one", "contradictory", "undecided", "unsupported")]

    def verdicts(workers: int) -> list[tuple[Status, int, Status | None]]:
        found = run(chosen, mutants=False, workers=workers, registry=samples.__name__)
        return [(report.found.status, report.found.paths, report.twin) for report in found]

    assert verdicts(1) == verdicts(3)


def test_an_example_that_the_assumptions_do_not_admit_breaks_nothing() -> None:
    conditions = conditions_of(samples.false_within_assumptions)[0]
    assert how_it_breaks(conditions, {"value": 12, "is_even": True}) is not None
    assert how_it_breaks(conditions, {"value": 11, "is_even": False}) is None
    assert how_it_breaks(conditions, {"value": 500, "is_even": True}) is None


def test_the_lines_of_a_contract() -> None:
    assert lines_of(samples.true_of_all, "reach") == ("_ < 0", "_ == 7")
    assert SAMPLES["true"].statement == "Order does not matter."
    assert SAMPLES["true"].assumptions == ("nothing", "other > 0")
    with pytest.raises(Unreadable):
        conditions_of(samples.text)


def test_a_bug_is_planted_before_the_ledger_is_imported_or_not_at_all() -> None:
    with pytest.raises(NotPlanted, match="imported already"):
        plant(Exchange("ledger.units", ""))
    with pytest.raises(NotPlanted, match="occurs 0 times"):
        exchange_of(Bug("units", "no such phrase", ""))
    with pytest.raises(NotPlanted, match="is not found"):
        exchange_of(Bug("nothing", "", ""))


def command(*arguments: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    answer = subprocess.run(
        [sys.executable, "-m", "specs.symbolic", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return answer.returncode, answer.stdout


def test_the_command_prints_rows_and_answers_with_its_exit_code(tmp_path: Path) -> None:
    code, output = command("--json", "--exact", "sign", "floor-div")
    rows = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [(row["id"], row["status"], row["twin"], row["mutant"]) for row in rows] == [
        ("floor-div", "CONFIRMED", "REFUTED", "REFUTED"),
        ("sign", "CONFIRMED", "REFUTED", "REFUTED"),
    ]
    broken = tmp_path / "units.py"
    broken.write_text(exchange_of(samples.CAUGHT).source)
    arguments = ("--json", "--exact", "--stop-at-first", "--no-twins", "floor-div", "sign")
    code, output = command(*arguments, "--exchange", "units", str(broken))
    rows = [json.loads(line) for line in output.splitlines()]
    assert code == 1
    assert [(row["id"], row["status"], row["twin"], row["mutant"]) for row in rows] == [
        ("floor-div", "REFUTED", None, None)
    ]
    assert rows[0]["values"]
    assert command("--exact", "sig")[0] == 2
    assert command("no-such-claim")[0] == 2


def test_the_table_says_what_the_numbers_mean() -> None:
    code, output = command("--exact", "sign", "--no-mutants")
    assert code == 0
    assert "Of 1 claims 1 are confirmed over all paths of their worlds" in output
    assert "z3-solver" in output
