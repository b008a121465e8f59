"""`backstop verify`: what it says and how it ends, whatever the claims, the logs and the examples come to."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.runs import TAKEOVER, run

from .engines import claim, specs

FALSE_LAW = """
from ledger import Breach, Deposit, StepLaw
LAWS = (StepLaw("OWN-1", "Nothing is deposited.", lambda step: Breach("a deposit"), (Deposit,)),)
"""


def verify(*arguments: str, code: int = 0) -> Any:
    """The document that the command prints."""
    result = run("verify", "--json", "--workers", "1", *arguments)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def claims_alone(folder: Path, *arguments: str, code: int, **engines: list[dict[str, Any]]) -> Any:
    """The document about these claims of BKG-1."""
    where = specs(folder, **engines)
    return verify(
        "--law", "BKG-1", "--way", "symbolic", "--way", "proofs", "--specs", where, *arguments, code=code
    )  # fmt: skip


def test_what_is_proved_and_confirmed_passes(tmp_path: Path) -> None:
    found = claims_alone(
        tmp_path, symbolic=[claim("one", "CONFIRMED", twin="REFUTED")], proofs=[claim("two", "PROVED")], code=0
    )
    assert found["result"] == "holds"
    assert found["failures"] == found["unknown"] == []
    row = next(row for row in found["laws"] if row["transaction"] == "deposit")
    assert (row["symbolic"], row["proofs"], row["replayed"], row["random"]) == (["one"], ["two"], None, None)
    assert "1 proved" in found["sentence"]
    assert {"python", "backstop-ledger", "z3-solver", "crosshair-tool"} <= set(found["versions"])


def test_where_a_law_is_proved_to_say_nothing_the_table_says_so(tmp_path: Path) -> None:
    quiet = claim("two", "PROVED", laws=["PTY-1"], silent=["BKG-1"], transactions=["deposit", "withdraw"])
    found = claims_alone(tmp_path / "all", proofs=[claim("one", "PROVED"), quiet], code=0)
    silent = {row["transaction"]: row["silent"] for row in found["laws"]}
    assert (silent["deposit"], silent["withdraw"]) == ([], ["two"])
    assert "1 proved for all integers" in found["sentence"]
    assert "1 proved to have nothing to say" in found["sentence"]
    slow = claim("one", "PROVED", quick=False)
    quick = claims_alone(tmp_path / "quick", "--quick", proofs=[slow, quiet], code=0)
    assert [(row["proofs"], row["silent"]) for row in quick["laws"]] == [([], []), ([], ["two"])]
    assert [row["not_asked"] for row in quick["laws"]] == [["proofs"], []]
    refuted = claims_alone(tmp_path / "refuted", proofs=[{**quiet, "status": "REFUTED"}], code=1)
    assert "2 broken" in refuted["sentence"]


@pytest.mark.parametrize("status", ["REFUTED", "VACUOUS", "ERROR"])
@pytest.mark.parametrize("form", [(), ("--quick",)])
def test_what_is_refuted_or_says_nothing_fails_every_form(tmp_path: Path, status: str, form: tuple[str, ...]) -> None:
    found = claims_alone(tmp_path, *form, proofs=[claim("two", status, detail="as said", values={"x": 7})], code=1)
    assert found["result"] == "fails"
    assert found["failures"] == [f"specs.proofs two: {status}; as said with {{'x': 7}}"]


@pytest.mark.parametrize("check", ["twin", "mutant"])
def test_a_claim_whose_planted_bug_or_twin_is_not_refuted_fails(tmp_path: Path, check: str) -> None:
    found = claims_alone(tmp_path, symbolic=[claim("one", "CONFIRMED", **{check: "CONFIRMED"})], code=1)
    assert found["failures"] == [f"specs.symbolic one: CONFIRMED; its {check} is CONFIRMED"]


def test_unknown_fails_the_full_form_and_is_told_in_the_quick_one(tmp_path: Path) -> None:
    rows = [claim("two", "UNKNOWN", detail="the solver gave up")]
    found = claims_alone(tmp_path / "full", proofs=rows, code=1)
    assert found["result"] == "unknown"
    assert found["unknown"] == ["specs.proofs two: UNKNOWN; the solver gave up"]
    assert "no pass" in found["sentence"]
    quick = claims_alone(tmp_path / "quick", "--quick", proofs=rows, code=0)
    assert quick["unknown"] == found["unknown"]
    assert quick["result"] == "unknown"
    claims_alone(tmp_path / "asked", "--quick", "--fail-on", "unknown", proofs=rows, code=1)


def test_an_undecided_mutant_is_unknown(tmp_path: Path) -> None:
    found = claims_alone(tmp_path, proofs=[claim("two", "PROVED", mutant="UNKNOWN")], code=1)
    assert found["result"] == "unknown"
    assert found["unknown"] == ["specs.proofs two: PROVED; its mutant is UNKNOWN"]


def test_what_a_budget_leaves_undecided_is_unknown(tmp_path: Path) -> None:
    rows = [claim("soon", "PROVED"), claim("late", "PROVED", sleeps=600)]
    found = claims_alone(tmp_path, "--budget", "12", proofs=rows, code=0)
    assert {each["id"]: each["status"] for each in found["claims"]} == {"soon": "PROVED", "late": "UNKNOWN"}
    assert found["unknown"] == ["specs.proofs late: UNKNOWN; not decided within the budget"]
    assert found["seconds"]["proofs"] < 500


def test_an_engine_whose_claims_cannot_be_listed_is_no_pass(tmp_path: Path) -> None:
    where = specs(tmp_path, proofs=[claim("two", "PROVED")])
    (Path(where) / "proofs" / "registry.py").write_text("import no_such_module", encoding="utf-8")
    result = run("verify", "--law", "BKG-1", "--way", "proofs", "--specs", where)
    assert result.exit_code == 2
    assert "specs.proofs cannot run: ModuleNotFoundError: No module named 'no_such_module'" in result.stderr
    assert "pip install 'backstop-ledger[verify]'" in result.stderr


@pytest.mark.parametrize("form", [(), ("--quick",)])
def test_an_engine_that_ends_without_deciding_a_claim_fails(tmp_path: Path, form: tuple[str, ...]) -> None:
    found = claims_alone(tmp_path, *form, proofs=[claim("two", "PROVED", why="--crashes")], code=1)
    what = "specs.proofs two: ERROR; the engine ended without deciding it: RuntimeError: boom"
    assert (found["failures"], found["unknown"]) == ([what], [])


def test_what_is_less_than_declared_fails(tmp_path: Path) -> None:
    less = claim("one", "NO COUNTEREXAMPLE", expected="CONFIRMED", twin="REFUTED")
    found = claims_alone(tmp_path / "less", symbolic=[less], code=1)
    assert found["failures"] == ["specs.symbolic one: NO COUNTEREXAMPLE; declared CONFIRMED"]
    claims_alone(tmp_path / "as declared", symbolic=[{**less, "expected": "NO COUNTEREXAMPLE"}], code=0)
    claims_alone(tmp_path / "more", symbolic=[{**less, "status": "CONFIRMED"}], code=0)


def test_what_nothing_put_to_the_test_is_no_pass(tmp_path: Path) -> None:
    asked = ("--law", "TKO-5", "--way", "logs", "--log", TAKEOVER)
    assert "1 never had anything to judge, which is no pass" in verify(*asked)["sentence"]
    verify(*asked, "--fail-on", "unknown", code=1)


def test_a_claim_that_could_not_be_told_from_a_wrong_one_counts_for_nothing(tmp_path: Path) -> None:
    found = claims_alone(tmp_path, "--quick", proofs=[claim("two", "PROVED", mutant="UNKNOWN")], code=0)
    assert "proved" not in found["sentence"]


def test_a_budget_ends_the_examples_too() -> None:
    found = verify("--law", "CON-1", "--way", "random", "--examples", "1000000", "--budget", "0.2")
    assert 0 < found["random"]["examples"] < 1_000_000


def test_a_law_of_a_file_can_be_asked_for_alone(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(FALSE_LAW, encoding="utf-8")
    found = verify("--law", "OWN-1", "--way", "logs", "--log", TAKEOVER, "--laws-from", str(file), code=1)
    assert {row["id"] for row in found["laws"]} == {"OWN-1"}
    result = run("verify", "--law", "OWN-2", "--way", "logs", "--laws-from", str(file))
    assert result.exit_code == 2
    assert "there is no law OWN-2" in result.stderr


def test_no_more_than_no_counterexample_is_told_with_its_reason(tmp_path: Path) -> None:
    rows = [claim("one", "NO COUNTEREXAMPLE", twin="REFUTED", why="a product of two unknowns")]
    where = specs(tmp_path, symbolic=rows)
    result = run("verify", "--law", "BKG-1", "--way", "symbolic", "--specs", where, env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "1 NO COUNTEREXAMPLE, 3 paths" in result.stdout
    assert "no more than this is known\n- specs.symbolic one: NO COUNTEREXAMPLE: a product of two unknowns" in (
        result.stdout
    )
    assert "1 without a counterexample within the budget" in " ".join(result.stdout.split())


def test_logs_and_examples_are_counted_by_law_and_transaction() -> None:
    found = verify("--law", "CAP-5", "--way", "logs", "--way", "random", "--log", TAKEOVER, "--examples", "4")
    (row,) = found["laws"]
    assert (row["id"], row["scope"], row["transaction"]) == ("CAP-5", "history", "backstop-transfer")
    assert row["replayed"] == {"checked": 1, "fired": 1}
    assert row["random"]["checked"] > 0
    assert found["logs"] == [{"log": TAKEOVER, "transactions": 20, "failure": None}]
    assert found["random"]["examples"] == 4
    assert found["random"]["counterexamples"] == []


def test_the_checkouts_logs_hold_every_law() -> None:
    found = verify("--way", "logs")
    assert found["result"] == "holds"
    assert len(found["logs"]) >= 8
    whole = [row for row in found["laws"] if row["transaction"] == "whole state"]
    assert all(row["replayed"]["fired"] for row in whole)
    assert {row["id"] for row in found["laws"]} >= {"CON-1", "TKO-5", "DET-1"}


def test_an_own_law_is_checked_on_logs_and_at_random_and_its_counterexamples_are_told(tmp_path: Path) -> None:
    path = tmp_path / "my_laws.py"
    path.write_text(FALSE_LAW, encoding="utf-8")
    found = verify(
        "--law", "BKG-1", "--way", "logs", "--way", "random", "--log", TAKEOVER, "--examples", "1",
        "--laws-from", str(path), code=1,
    )  # fmt: skip
    assert found["result"] == "fails"
    on_log, at_random = found["failures"]
    assert on_log == f"{TAKEOVER}: OWN-1 is broken on line 3: a deposit"
    assert at_random.startswith("OWN-1 step at random: a deposit (backstop fuzz --seed 0 --first 0 --examples 1")


BAD = {
    "no such law": (("--law", "XYZ-1"), "there is no law XYZ-1"),
    "no folder of claims": (("--way", "proofs", "--specs", "docs"), "there is no specs folder in docs"),
    "no way": (("--way", "magic"), "'magic' is not one of"),
    "no examples": (("--examples", "0"), "0 is not in the range"),
    "no time": (("--budget", "0"), "0"),
    "no log": (("--way", "logs", "--log", "nothing.jsonl"), "nothing.jsonl: found no such file or directory"),
    "no file of laws": (("--way", "logs", "--laws-from", "nothing.py"), "nothing.py: found no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_call_is_told_in_one_line(name: str) -> None:
    arguments, message = BAD[name]
    result = run("verify", *arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_engine_that_cannot_run_is_told_in_one_line(tmp_path: Path) -> None:
    where = specs(tmp_path, proofs=[claim("--fails", "PROVED")])
    result = run("verify", "--law", "BKG-1", "--way", "proofs", "--specs", where)
    assert result.exit_code == 2
    assert "specs.proofs cannot run: broke" in result.stderr
    assert len(result.stderr.splitlines()) == 1
