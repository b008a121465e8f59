"""The campaign: what it runs is the mutant, what it counts as a kill is one, and the tool as a whole does its work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from rich.console import Console

from tests.mutation.campaign import outcome_of
from tests.mutation.changes import Source
from tests.mutation.claims import Reach, claims_about, noting
from tests.mutation.equivalence import Equivalent
from tests.mutation.findings import NOTHING, Finding
from tests.mutation.mutants import CATEGORIES, ROOT, Mutant, text_of
from tests.mutation.report import Tally, print_report
from tests.mutation.results import KILLED, SURVIVED, UNKNOWN, Result, Results


def alone(program: str) -> str:
    """What a program prints in a process of its own, in which the ledger is not imported yet."""
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


TRIAL = """
from tests.mutation.mutants import Mutant, text_of
from tests.mutation.trials import Running, Trial, new_tree, preload
preload(("logs",))
original = text_of("capacity")
def mutant(source):
    return Mutant("capacity:1:0:by-hand:0", "capacity", "", 1, "constants", "", "", source)
def answer(source, cpu_seconds=60, engine="logs"):
    with new_tree() as tree:
        bug = None if source is None else mutant(source)
        with tree.with_mutant(bug):
            finding, _ = Running(Trial(engine, bug, cpu_seconds), tree).wait()
        assert tree.path("capacity").read_text("utf-8") == original
    return finding.by
"""


def test_a_trial_runs_the_mutant_and_nothing_else() -> None:
    body = """
print(answer(None))
print(answer(original))
print(answer(original.replace("min(minute_left, hour_left)", "minute_left")))
print(answer(original.replace("def room(", "def roam(")))
print(answer(original.replace("return max(0, min(", "while True: pass\\n    return max(0, min("), 2))
"""
    lines = alone(TRIAL + body).splitlines()
    assert lines[:2] == ["None", "None"]
    assert lines[2].startswith("law CAP-")
    assert lines[3:] == ["import raises ImportError", "does not end"]


def test_a_trial_that_imports_another_ledger_is_an_error() -> None:
    body = """
import ledger
try:
    print(answer(original))
except Exception as error:
    print(type(error).__name__, "was imported from" in str(error))
"""
    assert alone(TRIAL + body) == "HarnessError True"


def test_the_process_that_forks_may_not_hold_the_ledger() -> None:
    program = """
import ledger
from tests.mutation.trials import HarnessError, preload
try:
    preload(())
except HarnessError as error:
    print(error)
"""
    assert alone(program) == "the ledger is imported in the process that forks"


def test_an_open_claim_is_no_kill() -> None:
    assert outcome_of(NOTHING) == SURVIVED
    assert outcome_of(Finding(unknown=("trade-guard",))) == UNKNOWN
    assert outcome_of(Finding("claim trade-guard", unknown=("trade-laws",))) == KILLED


MUTANT = Mutant("capacity:2:0:by-hand:1", "capacity", "room", 2, "constants", "1", "2", "source")


def test_claims_are_asked_that_run_the_function_quick_ones_first() -> None:
    reach = {
        "slow": Reach(frozenset({"capacity:room"}), 9.0),
        "quick": Reach(frozenset({"units:sign", "capacity:room"}), 0.1),
        "another": Reach(frozenset({"capacity:headroom"}), 0.1),
    }
    assert claims_about(MUTANT, reach) == ("quick", "slow")
    assert claims_about(attrs.evolve(MUTANT, function=""), reach) == ("another", "quick", "slow")
    assert claims_about(attrs.evolve(MUTANT, function="taken_within"), reach) == ()
    assert set(claims_about(attrs.evolve(MUTANT, module="units", function=""), reach)) == set(reach)


def test_functions_note_that_they_run_and_no_line_moves() -> None:
    source = Source("capacity", text_of("capacity"))
    noted = noting(source)
    assert noted.count("\n") == source.text.count("\n")
    assert noted.count('_functions_touched.add("capacity:room"); ') == 1


def result(mutant: Mutant, engine: str, outcome: str, version: str = "v") -> Result:
    return Result(mutant.id, engine, outcome, "law CAP-1" if outcome == KILLED else "", "", 1.0, version)


def test_results_are_kept_while_what_they_depend_on_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    results = Results(path, {"logs": "v"})
    results.add(result(MUTANT, "logs", KILLED))
    results.add(result(MUTANT, "machine", SURVIVED, "old"))
    with path.open("a") as stream:
        stream.write('{"mutant": "cut o')
    again = Results(path, {"logs": "v", "machine": "new"})
    assert list(again.known) == [(MUTANT.id, "logs")]
    assert again.known[MUTANT.id, "logs"] == result(MUTANT, "logs", KILLED)


def test_the_report_counts(tmp_path: Path) -> None:
    others = [attrs.evolve(MUTANT, id=f"capacity:2:0:by-hand:{number}") for number in range(2, 5)]
    mutants = [MUTANT, *others]
    results = Results(tmp_path / "results.jsonl", {"logs": "v", "machine": "v", "proofs": "v"})
    for mutant, logs, machine, proofs in zip(
        mutants,
        (KILLED, SURVIVED, SURVIVED, SURVIVED),
        (SURVIVED, KILLED, SURVIVED, SURVIVED),
        (SURVIVED, SURVIVED, KILLED, UNKNOWN),
        strict=True,
    ):
        for engine, outcome in (("logs", logs), ("machine", machine), ("proofs", proofs)):
            results.add(result(mutant, engine, outcome))
    tally = Tally(mutants, ("logs", "machine", "proofs"), results, {})
    assert tally.killed(("logs",), lambda mutant: True) == (1, 4)
    assert tally.killed(("logs", "machine"), lambda mutant: True) == (2, 4)
    assert tally.killed(tally.engines, lambda mutant: mutant.category == "constants") == (3, 4)
    assert tally.survivors(tally.engines) == [others[-1]]

    explained = {others[-1].key: Equivalent(others[-1].key, "1", "2", "nothing reads it")}
    tally = Tally(mutants, tally.engines, results, explained)
    assert tally.survivors(tally.engines) == []
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    print_report(console, tally, explained)
    text = console.export_text()
    assert "3/3 100%" in text
    assert "2/3 66%" in text
    assert "nothing reads it" in text


def test_one_mutant_of_each_kind_is_killed_by_the_small_logs_and_short_simulations(tmp_path: Path) -> None:
    """The tool as a whole: the command, its trials, its report."""
    path = tmp_path / "results.jsonl"
    answer = subprocess.run(
        [sys.executable, "-m", "tests.mutation", "--quick", "--json", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["outcome"] for row in results] == [SURVIVED, *[KILLED] * len(CATEGORIES)]
    assert f"{len(CATEGORIES)}/{len(CATEGORIES)} 100%" in answer.stdout


@pytest.mark.parametrize("options", [["--engines", "luck"], ["--only", "no:such:mutant"]])
def test_wrong_calls_are_told(options: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.mutation", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert "Invalid value for" in answer.stderr
