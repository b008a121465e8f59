"""--junit and --sarif of `backstop compare`: the rules on which an engine and the ledger agree, and what differs."""

import json
import shlex
from pathlib import Path

from tests.cli.runs import ALICE_AND_BOB, CASCADE, run
from tests.engines.running import HONEST, faulty
from tests.reports.reading import line_of, report_files

from .test_comparing import mutated


def test_an_engine_that_agrees(tmp_path: Path) -> None:
    found = report_files(tmp_path, "compare", "--engine", shlex.join(HONEST), ALICE_AND_BOB)
    assert found.results == []
    assert set(found.tags().values()) == {"skipped"}
    deposits = found.cases["engine", "deposit"].find("system-out")
    assert deposits is not None
    assert (deposits.text or "").startswith("The engine answers every deposit as the ledger does.\nagrees on ")
    skipped = found.cases["engine", "liquidate"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "never compared"


def test_what_differs_is_told_at_the_line_of_the_log(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "found"))
    command = ("compare", "--engine", shlex.join(mutated("applied")), CASCADE, *out)
    found = report_files(tmp_path, *command, code=1)
    printed = json.loads(run(*command, "--json").stdout)
    name = f"{printed['mismatch']['rule']}/{printed['mismatch']['aspect']}"
    assert found.failing() == {("engine", name): "failure"}
    assert ("engine", printed["mismatch"]["rule"]) not in found.cases
    (result,) = found.results
    assert (result["ruleId"], line_of(result)) == (name, printed["where"]["line"])
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == Path(CASCADE).as_uri()


def test_what_differs_at_random_is_told_at_the_last_line_of_the_counterexample(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "found"))
    engine = ("compare", "--engine", shlex.join(mutated("applied")))
    found = report_files(tmp_path, *engine, "--fuzz", "20", *out, code=1)
    (result,) = found.results
    (log,) = (tmp_path / "found").glob("*.jsonl")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == log.as_uri()
    assert line_of(result) == len(log.read_bytes().splitlines())
    again = json.loads(run(*engine, str(log), *out, "--json").stdout)
    assert again["where"]["line"] == line_of(result)


def test_an_engine_that_does_not_speak_is_no_pass(tmp_path: Path) -> None:
    engine = shlex.join(faulty("version"))
    found = report_files(tmp_path, "compare", "--engine", engine, ALICE_AND_BOB, code=2)
    assert found.failing() == {("backstop", "bad input"): "error"}
