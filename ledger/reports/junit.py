"""A report as JUnit's XML, such as the schema of Jenkins' xUnit plugin (junit-10.xsd) admits."""

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from .checks import FAILS, Check, Finding, Place, Result, Told, Trouble, legible

PROGRAM = "backstop"


def junit_bytes(told: Told) -> bytes:
    """One suite with a case for each check and each trouble."""
    failures = sum(check.result is Result.FAILED for check in told.checks)
    errors = len(told.troubles) + sum(check.result is Result.ERROR for check in told.checks)
    skipped = sum(check.result not in (*FAILS, Result.HELD) for check in told.checks)
    counts = {
        "tests": str(len(told.checks) + len(told.troubles)),
        "failures": str(failures),
        "errors": str(errors),
    }
    name = legible(f"{PROGRAM} {told.command}")
    root = Element("testsuites", {"name": name, **counts})
    file = {} if told.place is None or told.place.file is None else {"file": legible(told.place.file)}
    attributes = {"name": legible(f"{name} {told.subject}".rstrip()), **counts, "skipped": str(skipped), **file}
    suite = SubElement(root, "testsuite", attributes)
    properties = SubElement(suite, "properties")
    for key, value in (("version", told.version), ("exit code", str(told.code)), ("result", told.closing)):
        SubElement(properties, "property", {"name": key, "value": legible(value)})
    for check in told.checks:
        _add_check(suite, check)
    for trouble in told.troubles:
        _add_trouble(suite, trouble)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def _add_check(suite: Element, check: Check) -> None:
    case = SubElement(suite, "testcase", {"classname": legible(check.group), "name": legible(check.name)})
    if check.result in FAILS:
        tag = "failure" if check.result is Result.FAILED else "error"
        message = legible(_line(check.findings))
        SubElement(case, tag, {"type": legible(check.words), "message": message}).text = legible(_text(check))
    elif check.result is not Result.HELD:
        message = "; ".join([check.words, *(finding.message for finding in check.findings)])
        SubElement(case, "skipped", {"type": check.result.value, "message": legible(message)})
    SubElement(case, "system-out").text = legible(_account(check))


def _line(findings: Sequence[Finding]) -> str:
    """The first finding with its place, as the one line that build servers show."""
    first = findings[0]
    rest = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{_placed(first.place)}{first.message}{rest}"


def _text(check: Check) -> str:
    lines = [check.statement]
    for finding in check.findings:
        lines.append(f"{_placed(finding.place)}{finding.message}")
        if finding.accounts:
            lines.append(f"accounts: {', '.join(finding.accounts)}")
    return "\n".join(lines)


def _placed(place: Place | None) -> str:
    return "" if place is None else f"{place}: "


def _account(check: Check) -> str:
    """What a case says whatever came of it: the statement, and how often it spoke."""
    counts = "" if check.checked is None else f" (checked {check.checked}, fired {check.fired})"
    return f"{check.statement}\n{check.words}{counts}"


def _add_trouble(suite: Element, trouble: Trouble) -> None:
    case = SubElement(suite, "testcase", {"classname": PROGRAM, "name": trouble.kind})
    text = legible(f"{_placed(trouble.place)}{trouble.message}")
    SubElement(case, "error", {"type": trouble.kind, "message": text}).text = text
