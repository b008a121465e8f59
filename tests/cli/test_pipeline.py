"""--junit and --sarif of `replay` and `fuzz`: what they carry, however the command ends."""

import gzip
import importlib
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.laws import REGISTRY
from ledger.outcomes import Outcome
from ledger.state import State
from ledger.transactions import Trade, Transaction
from ledger.transition import apply
from tests.reports.reading import Files, line_of, report_files
from tests.reports.schemas import sarif_of

from .runs import ALICE_AND_BOB, CASCADE, ROOT, TAKEOVER, backstop, deposit, log, mark, run, trade
from .test_fuzz import FALSE

REPLAY = importlib.import_module("ledger.replay")
OWN_LAWS = str(ROOT / "docs" / "examples" / "own_laws.py")


Answer = Callable[..., Files]


@pytest.fixture
def told(tmp_path: Path) -> Answer:
    """Runs a command with both options, and reads both files."""
    return partial(report_files, tmp_path)


# A log that holds.


def test_every_law_of_a_log_that_holds_has_its_case(told: Answer) -> None:
    found = told("replay", ALICE_AND_BOB)
    assert set(found.cases) == {(f"laws.{law.scope.value}", law.id) for law in REGISTRY} | {("log", "expect")}
    assert found.results == []
    assert found.invocation["executionSuccessful"]
    rules = found.sarif["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [*dict.fromkeys(law.id for law in REGISTRY), "expect"]
    assert found.suite.get("file") == ALICE_AND_BOB


def test_laws_that_never_fired_are_skipped_in_the_words_of_the_report(told: Answer) -> None:
    found = told("replay", ALICE_AND_BOB)
    printed = json.loads(run("replay", ALICE_AND_BOB, "--json").stdout)
    silent = {(f"laws.{law['scope']}", law["id"]) for law in printed["laws"] if law["result"] == "never fired"}
    assert silent
    assert found.tags() == dict.fromkeys(silent, "skipped")
    messages = {case.get("message") for name in silent for case in found.cases[name].iter("skipped")}
    assert messages == {"never fired"}
    told_counts = {
        (check["group"], check["name"]): (check["checked"], check["fired"], check["words"])
        for rule in found.sarif["tool"]["driver"]["rules"]
        for check in rule["properties"]["checks"]
        if rule["id"] != "expect"
    }
    assert told_counts == {
        (f"laws.{law['scope']}", law["id"]): (law["checked"], law["fired"], law["result"]) for law in printed["laws"]
    }


def test_what_fails_on_unknown_are_the_silent_laws(told: Answer) -> None:
    found = told("replay", ALICE_AND_BOB, "--fail-on", "unknown", code=1)
    printed = json.loads(run("replay", ALICE_AND_BOB, "--json").stdout)
    silent = {(f"laws.{law['scope']}", law["id"]) for law in printed["laws"] if law["result"] == "never fired"}
    assert found.failing() == dict.fromkeys(silent, "failure")
    assert Counter(each["ruleId"] for each in found.results) == Counter(name for _, name in silent)


def test_laws_that_are_not_chosen_are_skipped(told: Answer) -> None:
    found = told("replay", ALICE_AND_BOB, "--laws", "none")
    assert {case.get("message") for case in found.junit.iter("skipped")} == {"not checked"}


# What fails.


def test_a_broken_law_is_told_at_its_line(told: Answer) -> None:
    found = told("replay", CASCADE, "--laws-from", OWN_LAWS, code=1)
    printed = json.loads(run("replay", CASCADE, "--laws-from", OWN_LAWS, "--json").stdout)["failure"]
    assert printed["law"]["id"] == "OWN-2"
    assert found.failing() == {("laws.step", "OWN-2"): "failure"}
    failure = found.cases["laws.step", "OWN-2"].find("failure")
    assert failure is not None
    assert failure.get("message") == f"{CASCADE}:{printed['line']}: {printed['detail']}"
    (result,) = found.results
    assert (result["ruleId"], result["level"], line_of(result)) == ("OWN-2", "error", printed["line"])
    assert result["message"]["text"] == printed["detail"]
    assert found.invocation["executionSuccessful"]
    rule = found.sarif["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["shortDescription"]["text"] == "Nobody bankrupt is taken over."


def test_workers_tell_the_same(tmp_path: Path) -> None:
    texts = set()
    for workers, seed in (("1", "1"), ("2", "2")):
        junit, sarif = tmp_path / f"{workers}.xml", tmp_path / f"{workers}.sarif"
        answer = backstop(
            "replay", "docs/examples/cascade.jsonl", "--laws-from", "docs/examples/own_laws.py", "--workers", workers,
            "--junit", str(junit), "--sarif", str(sarif), "--quiet", env={"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert answer.returncode == 1, answer.stderr
        texts.add((junit.read_bytes(), sarif.read_bytes()))
    ((_, text),) = texts
    (result,) = sarif_of(text)["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "docs/examples/cascade.jsonl"


def test_an_expectation_that_is_not_met_is_told_at_its_line(told: Answer, tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("ann", "5", expect={"balances": {"ann": {"USDT": "6"}}}))
    found = told("replay", path, code=1)
    assert found.failing() == {("log", "expect"): "failure"}
    (result,) = found.results
    assert (result["ruleId"], line_of(result)) == ("expect", 3)
    assert result["message"]["text"] == "expected 6 USDT of ann, found 5"
    assert result["properties"]["accounts"] == ["ann"]


def test_refusals_fail_where_they_are_asked_for(told: Answer, tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), trade("ann", "bob", "1", "5000"), trade("ann", "bob", "1", "5000"))
    assert ("log", "rejected") not in told("replay", path).cases
    found = told("replay", path, "--fail-on", "rejected", code=1)
    assert found.failing() == {("log", "rejected"): "failure"}
    (result,) = found.results
    assert (result["ruleId"], line_of(result)) == ("rejected", 3)
    assert result["message"]["text"] == "2 refusals that the log does not expect, the first on line 3"
    assert ("log", "rejected") in told("replay", ALICE_AND_BOB, "--fail-on", "rejected").cases


# What keeps it from checking.


def test_bad_input_is_an_error_with_its_line(told: Answer, tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("ann", "5.00000000001"))
    found = told("replay", path, code=2)
    assert found.failing() == {("backstop", "bad input"): "error"}
    assert not found.invocation["executionSuccessful"]
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert line_of(notification) == 3
    assert f"{path}:3: {notification['message']['text']}\n" == found.stderr
    error = found.cases["backstop", "bad input"].find("error")
    assert error is not None
    assert f"{error.get('message')}\n" == found.stderr
    assert found.results == []


def test_a_log_that_is_not_there(told: Answer, tmp_path: Path) -> None:
    found = told("replay", str(tmp_path / "none.jsonl"), code=2)
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("found no such file")
    assert "region" not in notification["locations"][0]["physicalLocation"]


def test_a_file_of_laws_that_is_wrong_is_told_at_its_own_line(told: Answer, tmp_path: Path) -> None:
    laws = tmp_path / "laws.py"
    laws.write_text(FALSE.replace("event.equity < 0", "event.unheard_of < 0"), encoding="utf-8")
    found = told("replay", CASCADE, "--laws-from", str(laws), code=2)
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == laws.as_uri()
    assert line_of(notification) == 9


def test_an_error_of_the_ledger_is_told_at_the_line(told: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(state: State, transaction: Transaction) -> Outcome:
        if isinstance(transaction, Trade):
            raise ArithmeticError("planted")
        return apply(state, transaction)

    monkeypatch.setattr(REPLAY, "apply", raising)
    found = told("replay", TAKEOVER, code=3)
    assert found.failing() == {("backstop", "internal error"): "error"}
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "internal error"
    assert notification["message"]["text"].endswith("ArithmeticError: planted")
    assert f"{TAKEOVER}:{line_of(notification)}: {notification['message']['text']}\n" == found.stderr


def test_usage_errors_write_nothing(tmp_path: Path) -> None:
    out = tmp_path / "report.xml"
    assert run("replay", ALICE_AND_BOB, "--json", "--quiet", "--junit", str(out)).exit_code == 2
    assert not out.exists()


# Where from, and where to.


def test_lines_of_packed_logs_and_of_standard_input_are_told_in_words(told: Answer, tmp_path: Path) -> None:
    text = Path(CASCADE).read_bytes()
    packed = tmp_path / "cascade.jsonl.gz"
    packed.write_bytes(gzip.compress(text))
    for path, stdin in ((str(packed), None), ("-", text)):
        found = told("replay", path, "--laws-from", OWN_LAWS, code=1, stdin=stdin)
        (result,) = found.results
        (location,) = result["locations"]
        (name,) = location["logicalLocations"]
        assert name["fullyQualifiedName"].startswith("standard input:" if path == "-" else f"{path}:")
        assert ("physicalLocation" in location) == (path != "-")
        assert "region" not in location.get("physicalLocation", {})


def test_a_journal_is_told_by_its_lines(told: Answer, tmp_path: Path) -> None:
    journal = str(tmp_path / "venue.journal")
    assert run("journal", "import", journal, CASCADE).exit_code == 0
    found = told("replay", journal, "--laws-from", OWN_LAWS, code=1)
    (result,) = found.results
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].startswith(f"{journal}:")
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_a_journal_that_recorded_another_answer_is_a_failure(
    told: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = str(tmp_path / "venue.journal")
    assert run("journal", "import", journal, TAKEOVER).exit_code == 0
    monkeypatch.setattr("ledger.replay.chain", lambda previous, transaction, outcome: bytes(32))
    found = told("replay", journal, code=1)
    assert found.failing() == {("log", "expect"): "failure"}
    (result,) = found.results
    wanted = "found another chain digest recorded than the ledger gives"
    assert result["message"]["text"].endswith(wanted)
    assert found.stderr.endswith(f"{wanted}\n")
    assert found.invocation["executionSuccessful"]


@pytest.mark.parametrize("option", ["--junit", "--sarif"])
def test_what_cannot_be_written_is_refused_before_the_work(option: str, tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), {"type": "nonsense"})
    laws = tmp_path / "laws.py"
    laws.write_text("LAWS = 5", encoding="utf-8")
    cases = {
        str(tmp_path / "none" / "report"): "to write to",
        str(tmp_path): "expected a file to write",
        "-": "expected a file to write",
        path: "is the log itself",
        str(laws): "is read by the command",
        str(tmp_path / "state"): "is written twice",
    }
    for out, message in cases.items():
        result = run("replay", path, "--laws-from", str(laws), "--state-out", str(tmp_path / "state"), option, out)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["laws.py", "small.jsonl"]
    both = str(tmp_path / "both")
    assert "is written twice" in run("replay", ALICE_AND_BOB, "--junit", both, "--sarif", both).stderr


def test_what_was_there_is_replaced_as_a_whole(told: Answer, tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text("x" * 10**6, encoding="utf-8")
    told("replay", ALICE_AND_BOB)
    assert {each.name for each in tmp_path.iterdir()} == {"report.xml", "report.sarif"}


def test_what_is_printed_does_not_depend_on_the_files(told: Answer) -> None:
    assert told("replay", TAKEOVER).stdout == run("replay", TAKEOVER).stdout


# Campaigns.


def test_a_campaign_without_a_counterexample(told: Answer) -> None:
    found = told("fuzz", "--examples", "2", "--steps", "60")
    assert found.results == []
    assert ("ledger", "raises") in found.cases
    assert set(found.tags().values()) == {"skipped"}
    assert found.suite.get("name") == "backstop fuzz 2 examples of seed 0"
    printed = json.loads(run("fuzz", "--examples", "2", "--steps", "60", "--json").stdout)["laws"][0]
    account = found.cases["laws.step", printed["id"]].find("system-out")
    assert account is not None
    counts = f"no counterexample (checked {printed['checked']}, fired {printed['fired']})"
    assert account.text == f"{printed['statement']}\n{counts}"


def test_a_counterexample_is_told_at_the_last_line_of_its_log(told: Answer, tmp_path: Path) -> None:
    laws = tmp_path / "laws.py"
    laws.write_text(FALSE, encoding="utf-8")
    out = str(tmp_path / "found")
    found = told("fuzz", "--examples", "4", "--steps", "200", "--laws-from", str(laws), "--out", out, code=1)
    assert found.failing() == {("laws.step", "OWN-1"): "failure"}
    (result,) = found.results
    (shrunk,) = Path(out).glob("*.jsonl")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == shrunk.as_uri()
    assert line_of(result) == len(shrunk.read_text(encoding="utf-8").splitlines())
    again = json.loads(run("replay", str(shrunk), "--laws-from", str(laws), "--json").stdout)["failure"]
    assert again["line"] == line_of(result)
    assert result["message"]["text"].startswith(again["detail"])
    assert found.invocation["executionSuccessful"]


def test_an_error_that_the_ledger_raised_at_random(
    told: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(state: State, transaction: Transaction) -> Outcome:
        if isinstance(transaction, Trade):
            raise ArithmeticError("planted")
        return apply(state, transaction)

    monkeypatch.setattr(importlib.import_module("ledger.fuzzing.simulation"), "apply", raising)
    monkeypatch.setattr(REPLAY, "apply", raising)
    found = told("fuzz", "--examples", "2", "--steps", "60", "--out", str(tmp_path / "found"), code=3)
    assert found.failing() == {("ledger", "raises"): "error"}
    (result,) = found.results
    assert result["ruleId"] == "raises"
    assert "ArithmeticError" in result["message"]["text"]


def test_an_interrupted_campaign_is_no_pass(told: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("ledger.cli.fuzz"), "tallies", interrupted)
    found = told("fuzz", "--examples", "2", code=130)
    assert found.failing() == {("backstop", "interrupted"): "error"}
    assert found.cases["ledger", "raises"].find("skipped") is not None
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "interrupted after 0 of 2 examples"
