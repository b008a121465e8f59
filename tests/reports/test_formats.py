"""The two report files: what they carry, whatever was checked, and that they hold to the published schemas."""

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reports import (
    Check,
    Finding,
    Mismatched,
    Place,
    Result,
    Told,
    Trouble,
    compared_checks,
    junit_bytes,
    sarif_bytes,
)
from ledger.reports.checks import legible
from ledger.reports.sarif import fingerprint, uri_of

from .schemas import JUNIT_XSD, junit_faults, junit_of, sarif_faults, sarif_of

HELD = Check("CON-1", "laws.step", "Sums are zero.", Result.HELD, "holds", 10, 6)
WHOLE = Check("CON-1", "laws.state", "The sum of all is zero.", Result.SILENT, "never fired", 3, 0)
FAILED = Check(
    "OWN-1",
    "laws.step",
    "Nobody pays.",
    Result.FAILED,
    "BROKEN",
    4,
    4,
    (Finding('ann paid <5> & "more"', Place("logs/a b#1.jsonl", 7), ("ann", "bob")), Finding("bob paid")),
)
UNKNOWN = Check(
    "CAP-1", "laws.step.proofs", "It fits.", Result.UNDECIDED, "1 UNKNOWN", findings=(Finding("UNKNOWN; a budget"),)
)
RAISED = Check("raises", "ledger", "It raises nothing.", Result.ERROR, "raised", findings=(Finding("ValueError"),))
PLACE = Place("logs/a b#1.jsonl")
ALL = Told("replay", "a log", "1.2.3", "Fails.", 1, (HELD, WHOLE, FAILED, UNKNOWN, RAISED), (), PLACE)


def cases(told: Told) -> dict[tuple[str, str], Any]:
    return {
        (case.get("classname", ""), case.get("name", "")): case for case in junit_of(junit_bytes(told)).iter("testcase")
    }


def test_junit_has_a_case_for_each_check() -> None:
    root = junit_of(junit_bytes(ALL))
    (suite,) = root
    assert suite.attrib == {
        "name": "backstop replay a log", "tests": "5", "failures": "1", "errors": "1", "skipped": "2",
        "file": "logs/a b#1.jsonl",
    }  # fmt: skip
    found = {name: [child.tag for child in case] for name, case in cases(ALL).items()}
    assert found == {
        ("laws.step", "CON-1"): ["system-out"],
        ("laws.state", "CON-1"): ["skipped", "system-out"],
        ("laws.step", "OWN-1"): ["failure", "system-out"],
        ("laws.step.proofs", "CAP-1"): ["skipped", "system-out"],
        ("ledger", "raises"): ["error", "system-out"],
    }


def test_junit_says_what_is_wrong_and_where() -> None:
    failure = cases(ALL)["laws.step", "OWN-1"].find("failure")
    assert failure.get("message") == 'logs/a b#1.jsonl:7: ann paid <5> & "more" (and 1 more)'
    assert failure.get("type") == "BROKEN"
    assert failure.text.splitlines() == [
        "Nobody pays.",
        'logs/a b#1.jsonl:7: ann paid <5> & "more"',
        "accounts: ann, bob",
        "bob paid",
    ]
    skipped = cases(ALL)["laws.step.proofs", "CAP-1"].find("skipped")
    assert skipped.attrib == {"type": "undecided", "message": "1 UNKNOWN; UNKNOWN; a budget"}
    assert cases(ALL)["laws.state", "CON-1"].find("skipped").get("message") == "never fired"
    assert cases(ALL)["laws.step", "CON-1"].find("system-out").text == "Sums are zero.\nholds (checked 10, fired 6)"


def test_sarif_has_a_rule_for_each_law_with_its_counts() -> None:
    driver = sarif_of(sarif_bytes(ALL))["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("backstop", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["CON-1", "OWN-1", "CAP-1", "raises"]
    both = driver["rules"][0]
    assert both["shortDescription"]["text"] == "Sums are zero."
    assert both["help"]["text"] == "Sums are zero.\nThe sum of all is zero."
    assert both["defaultConfiguration"] == {"level": "error"}
    assert [(each["group"], each["words"], each["fired"]) for each in both["properties"]["checks"]] == [
        ("laws.step", "holds", 6),
        ("laws.state", "never fired", 0),
    ]


def test_sarif_results_are_what_is_wrong_and_what_is_open() -> None:
    run = sarif_of(sarif_bytes(ALL))
    assert [(each["ruleId"], each["kind"], each["level"]) for each in run["results"]] == [
        ("OWN-1", "fail", "error"),
        ("OWN-1", "fail", "error"),
        ("CAP-1", "open", "none"),
        ("raises", "fail", "error"),
    ]
    first = run["results"][0]
    assert first["message"]["text"] == 'ann paid <5> & "more"'
    assert first["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "logs/a%20b%231.jsonl"}, "region": {"startLine": 7}}}
    ]
    assert first["properties"]["accounts"] == ["ann", "bob"]
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}]


def test_troubles_are_no_pass() -> None:
    told = Told("replay", "a log", "1", "Bad.", 2, (), (Trouble("bad input", "found 5", Place("a.jsonl", 3)),))
    (case,) = cases(told).values()
    assert case.find("error").get("message") == "a.jsonl:3: found 5"
    run = sarif_of(sarif_bytes(told))
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "found 5"
    assert notification["descriptor"] == {"id": "bad input", "index": 0}
    assert notification["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert run["results"] == []


def test_what_fails_says_of_what() -> None:
    with pytest.raises(ValueError, match=r"^laws CON-1 is failed, and nothing says of what$"):
        Check("CON-1", "laws", "Sums are zero.", Result.FAILED, "BROKEN")


# Places.


@pytest.mark.parametrize(
    ("place", "location"),
    [
        (Place("a.jsonl.gz", 4, is_text=False), {"uri": "a.jsonl.gz", "name": "a.jsonl.gz:4"}),
        (Place("a.jsonl"), {"uri": "a.jsonl"}),
        (Place(None, 4, within="standard input"), {"name": "standard input:4"}),
        (Place(None, within="example 3 of seed 0"), {"name": "example 3 of seed 0"}),
    ],
)
def test_a_line_that_is_no_line_of_the_file_is_told_in_words(place: Place, location: dict[str, str]) -> None:
    check = Check("R", "g", "s", Result.FAILED, "w", findings=(Finding("m", place),))
    (result,) = sarif_of(sarif_bytes(Told("replay", "", "1", "", 1, (check,))))["results"]
    (found,) = result["locations"]
    physical, logical = found.get("physicalLocation"), found.get("logicalLocations")
    assert (physical or {}) == ({"artifactLocation": {"uri": location["uri"]}} if "uri" in location else {})
    assert (logical or []) == ([{"fullyQualifiedName": location["name"]}] if "name" in location else [])


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("docs/examples/a.jsonl", "docs/examples/a.jsonl"),
        ("./a.jsonl", "a.jsonl"),
        ("../a.jsonl", "../a.jsonl"),
        ("a:b?c#d%e.jsonl", "a%3Ab%3Fc%23d%25e.jsonl"),
        ("Grüße.jsonl", "Gr%C3%BC%C3%9Fe.jsonl"),
        ("\udcff.jsonl", "%FF.jsonl"),
        ("/var/a b.jsonl", "file:///var/a%20b.jsonl"),
    ],
)
def test_paths_are_references(path: str, uri: str) -> None:
    assert uri_of(path) == uri


def test_fingerprints_do_not_change_with_the_line() -> None:
    one, two = (Finding("ann paid", Place("a.jsonl", line)) for line in (7, 70))
    assert fingerprint(FAILED, one) == fingerprint(FAILED, two)
    others = [
        fingerprint(FAILED, Finding("bob paid", Place("a.jsonl", 7))),
        fingerprint(FAILED, Finding("ann paid", Place("b.jsonl", 7))),
        fingerprint(HELD, one),
        fingerprint(WHOLE, one),
    ]
    assert len({fingerprint(FAILED, one), *others}) == 5


# Any text.


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x00\x1b[31m\r\x7f", "\\x00\\x1b[31m\\x0d\\x7f"),
        ("\ud800 \udcff", "\\ud800 \\udcff"),
        ("\ufffe\uffff", "\\ufffe\\uffff"),
        ("Grüße 😀", "Grüße 😀"),
    ],
)
def test_what_a_report_cannot_hold_is_escaped(text: str, told: str) -> None:
    assert legible(text) == told


ANY = st.text(st.characters(exclude_categories=()))


@given(ANY, ANY, ANY, ANY.filter(bool), st.sampled_from(Result))
def test_any_text_is_told_as_it_is(rule: str, group: str, message: str, file: str, result: Result) -> None:
    finding = Finding(message, Place(file.replace("\x00", ""), 1), (message,))
    check = Check(rule, group, message, result, message, findings=(finding,))
    told = Told("replay", message, "1", message, 1, (check,), (Trouble("bad input", message),))
    root = junit_of(junit_bytes(told))
    (first, last) = root.iter("testcase")
    assert (first.get("classname"), first.get("name")) == (legible(group), legible(rule))
    error = last.find("error")
    assert error is not None
    assert (error.text or "") == legible(message)
    run = sarif_of(sarif_bytes(told))
    assert run["tool"]["driver"]["rules"][0]["id"] == legible(rule)
    for each in run["results"]:
        assert each["message"]["text"] == legible(message)


def test_the_same_checks_are_the_same_bytes() -> None:
    again = copy.deepcopy(ALL)
    assert junit_bytes(again) == junit_bytes(ALL)
    assert sarif_bytes(again) == sarif_bytes(ALL)


# The checks of these tests find what is wrong.


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('tests="5"', 'tests="4"'),
        ('skipped="2"', 'skipped="0"'),
        ('failures="1"', ""),
        ("<failure", "<fault"),
        ('classname="laws.step" name="CON-1"', 'classname="laws.step"'),
        ('classname="laws.state" name="CON-1"', 'classname="laws.step" name="CON-1"'),
        ("<testcase", '<testcase line="7"'),
        ("<properties>", "<properties>text"),
        ("testsuites", "suites"),
    ],
)
def test_a_spoilt_junit_file_is_found(right: str, wrong: str) -> None:
    text = junit_bytes(ALL).decode()
    spoilt = text.replace(right, wrong)
    spoilt = spoilt.replace("</failure>", "</fault>") if wrong == "<fault" else spoilt
    assert spoilt != text
    assert junit_faults(ElementTree.fromstring(spoilt))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2.0.0"),
        (("$schema",), "https://example.org/sarif.json"),
        (("runs", 0, "tool", "driver", "name"), None),
        (("runs", 0, "results", 0, "level"), "fatal"),
        (("runs", 0, "results", 0, "ruleIndex"), 0),
        (("runs", 0, "results", 2, "level"), "warning"),
        (("runs", 0, "results", 0, "message"), "text"),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "region", "startLine"), 0),
        (("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri"), "a b"),
        (("runs", 0, "results", 0, "unheard-of"), 1),
        (("runs", 0, "invocations", 0, "executionSuccessful"), False),
        (("runs", 0, "tool", "driver", "rules", 1, "id"), "CON-1"),
    ],
)
def test_a_spoilt_sarif_file_is_found(path: tuple[Any, ...], value: object) -> None:
    document = json.loads(sarif_bytes(ALL))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert sarif_faults(document)


@pytest.mark.skipif(JUNIT_XSD is None, reason="BACKSTOP_JUNIT_XSD names no copy of Jenkins' junit-10.xsd")
def test_junit_holds_to_the_published_schema(tmp_path: Path) -> None:
    import xmlschema

    assert JUNIT_XSD is not None

    schema = xmlschema.XMLSchema(JUNIT_XSD)
    assert schema.is_valid(ElementTree.ElementTree(ElementTree.fromstring(junit_bytes(ALL))))
    spoilt = junit_bytes(ALL).replace(b"<testcase", b'<testcase line="7"')
    assert not schema.is_valid(ElementTree.ElementTree(ElementTree.fromstring(spoilt)))


# What an engine and the ledger do not agree on.


def test_mismatches_are_checks_by_rule_and_aspect() -> None:
    place = Place("a.jsonl", 9)
    found = compared_checks(
        {"deposit": 4, "trade": 2, "leave": 0},
        [Mismatched("trade", "balances", "expected 5, found 6", place, ("ann",))],
    )
    assert [(check.rule, check.result, check.words) for check in found] == [
        ("deposit", Result.HELD, "agrees on 4 of 4"),
        ("leave", Result.SILENT, "never compared"),
        ("trade/balances", Result.FAILED, "differs"),
    ]
    told = Told("compare", "a.jsonl", "1", "Differs.", 1, found, (), Place("a.jsonl"))
    junit_of(junit_bytes(told))
    (result,) = sarif_of(sarif_bytes(told))["results"]
    assert (result["ruleId"], result["properties"]["accounts"]) == ("trade/balances", ["ann"])
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 9}
