"""--junit and --sarif of `backstop verify`: each law by each way, and UNKNOWN is no pass."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.runs import TAKEOVER, deposit, log, mark, run
from tests.reports.reading import Files, line_of, report_files

from .engines import claim, specs
from .test_verify import FALSE_LAW

LAW = ("laws.step.symbolic", "BKG-1"), ("laws.step.proofs", "BKG-1")


def claims_alone(folder: Path, *arguments: str, code: int, **engines: list[dict[str, Any]]) -> Files:
    """The files of a command about these claims of BKG-1."""
    folder.mkdir(exist_ok=True)
    ways = ("--way", "symbolic", "--way", "proofs")
    return report_files(
        folder, "verify", "--law", "BKG-1", *ways, "--specs", specs(folder, **engines), *arguments, code=code
    )


def test_what_is_proved_and_confirmed_passes(tmp_path: Path) -> None:
    kernel = claim("floor", "PROVED", kind="kernel", laws=["BKG-1"])
    found = claims_alone(
        tmp_path, symbolic=[claim("one", "CONFIRMED", twin="REFUTED")], proofs=[claim("two", "PROVED"), kernel], code=0
    )
    assert set(found.cases) == {*LAW, ("claims.proofs", "floor")}
    assert (found.tags(), found.results) == ({}, [])
    words = {check["group"]: check["words"] for rule in found.rules for check in rule["properties"]["checks"]}
    assert words == {
        "laws.step.symbolic": "1 CONFIRMED", "laws.step.proofs": "1 PROVED", "claims.proofs": "PROVED",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["REFUTED", "VACUOUS", "ERROR"])
def test_what_is_refuted_or_says_nothing_fails(tmp_path: Path, status: str) -> None:
    found = claims_alone(
        tmp_path, "--quick", proofs=[claim("two", status, detail="as said"), claim("one", "PROVED")], code=1
    )
    assert found.failing() == {("laws.step.proofs", "BKG-1"): "failure"}
    (result,) = found.results
    assert (result["ruleId"], result["kind"]) == ("BKG-1", "fail")
    assert result["message"]["text"] == f"specs.proofs two: {status}; as said"


def test_unknown_is_no_pass_in_any_form(tmp_path: Path) -> None:
    rows = [claim("two", "UNKNOWN", detail="the solver gave up"), claim("one", "PROVED")]
    told = "specs.proofs two: UNKNOWN; the solver gave up"
    full = claims_alone(tmp_path / "full", proofs=rows, code=1)
    assert full.tags() == {("laws.step.proofs", "BKG-1"): "failure"}
    assert [(each["kind"], each["level"], each["message"]["text"]) for each in full.results] == [
        ("fail", "error", told)
    ]
    quick = claims_alone(tmp_path / "quick", "--quick", proofs=rows, code=0)
    assert quick.tags() == {("laws.step.proofs", "BKG-1"): "skipped"}
    skipped = quick.cases["laws.step.proofs", "BKG-1"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "1 PROVED, 1 UNKNOWN; UNKNOWN; the solver gave up"
    assert [(each["kind"], each["level"], each["message"]["text"]) for each in quick.results] == [
        ("open", "none", told)
    ]


def test_an_undecided_mutant_is_no_pass(tmp_path: Path) -> None:
    found = claims_alone(tmp_path, "--quick", proofs=[claim("two", "PROVED", mutant="UNKNOWN")], code=0)
    assert found.tags() == {("laws.step.proofs", "BKG-1"): "skipped"}


def test_what_is_not_asked_is_skipped(tmp_path: Path) -> None:
    found = claims_alone(tmp_path, "--quick", proofs=[claim("two", "PROVED", quick=False)], code=0)
    skipped = found.cases["laws.step.proofs", "BKG-1"].find("skipped")
    assert skipped is not None
    assert skipped.attrib == {"type": "unchecked", "message": "not asked"}


def test_what_a_law_rests_on_fails_by_itself(tmp_path: Path) -> None:
    guard = claim("guard", "REFUTED", kind="guard", detail="5 is refused")
    found = claims_alone(tmp_path, proofs=[claim("two", "PROVED"), guard], code=1)
    assert found.failing() == {("claims.proofs", "guard"): "failure"}
    assert [each["ruleId"] for each in found.results] == ["proofs/guard"]


def test_an_engine_that_cannot_run_is_told(tmp_path: Path) -> None:
    where = specs(tmp_path, proofs=[claim("two", "PROVED")])
    (Path(where) / "proofs" / "registry.py").write_text("import no_such_module", encoding="utf-8")
    found = report_files(tmp_path, "verify", "--law", "BKG-1", "--way", "proofs", "--specs", where, code=2)
    assert found.failing() == {("backstop", "bad input"): "error"}
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert "No module named 'no_such_module'" in notification["message"]["text"]


def test_a_law_that_breaks_on_a_log_is_told_at_its_line(tmp_path: Path) -> None:
    laws = tmp_path / "laws.py"
    laws.write_text(FALSE_LAW, encoding="utf-8")
    path = log(tmp_path, mark("5000"), deposit("ann", "5"))
    logs = ("--way", "logs", "--log", path, "--log", TAKEOVER)
    found = report_files(tmp_path, "verify", *logs, "--laws-from", str(laws), code=1)
    assert found.failing() == {("laws.step.logs", "OWN-1"): "failure"}
    places = {
        (each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], line_of(each)) for each in found.results
    }
    assert places == {(Path(path).as_uri(), 3), (Path(TAKEOVER).as_uri(), 3)}
    assert found.cases["laws.step.logs", "TKO-5"].find("skipped") is not None
    assert found.cases["log", path].find("skipped") is not None


def test_an_expectation_that_is_not_met_fails_its_log(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("ann", "5", expect={"applied": False}))
    found = report_files(tmp_path, "verify", "--law", "CON-1", "--way", "logs", "--log", path, code=1)
    assert found.failing() == {("log", path): "failure"}
    assert [(each["ruleId"], line_of(each)) for each in found.results] == [("expect", 3)]


def test_what_nothing_put_to_the_test_fails_where_it_is_asked_for(tmp_path: Path) -> None:
    asked = ("verify", "--law", "TKO-5", "--way", "logs", "--log", TAKEOVER)
    assert report_files(tmp_path, *asked).tags() == {("laws.step.logs", "TKO-5"): "skipped"}
    strict = report_files(tmp_path, *asked, "--fail-on", "unknown", code=1)
    assert strict.failing() == {("verify", "untried"): "failure"}


def test_a_law_that_breaks_at_random(tmp_path: Path) -> None:
    laws = tmp_path / "laws.py"
    other = FALSE_LAW.replace("OWN-1", "OWN-2").replace("LAWS = (", "LAWS = (*LAWS, ")
    laws.write_text(FALSE_LAW + other, encoding="utf-8")
    random = ("--way", "random", "--examples", "3")
    found = report_files(tmp_path, "verify", *random, "--laws-from", str(laws), code=1)
    assert found.failing() == {("laws.step.random", "OWN-1"): "failure"}
    # The law that is asked for stands behind another one of its file, which breaks first.
    found = report_files(tmp_path, "verify", *random, "--law", "OWN-2", "--laws-from", str(laws), code=1)
    assert found.failing() == {("laws.step.random", "OWN-1"): "failure"}
    assert {each["ruleId"] for each in found.results} == {"OWN-1"}
    assert "backstop fuzz --seed 0 --first 0" in found.results[0]["message"]["text"]


def test_a_log_that_cannot_be_read_is_told_at_its_line(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), {"type": "nonsense"})
    found = report_files(tmp_path, "verify", "--way", "logs", "--log", TAKEOVER, "--log", path, code=2)
    (notification,) = found.invocation["toolExecutionNotifications"]
    assert line_of(notification) == 3


def test_a_file_that_is_read_is_not_written(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"))
    result = run("verify", "--way", "logs", "--log", TAKEOVER, "--log", path, "--sarif", path)
    assert result.exit_code == 2
    assert "is read by the command" in result.stderr
