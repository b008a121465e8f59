"""A report as SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS.

Rules are what was checked, each with its results and counts among its properties; results are what is wrong, and what
could not be decided. What holds, and what had nothing to judge, is no result: build servers show every result as an
alert.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from .checks import FAILS, Check, Finding, Place, Result, Told, Trouble, legible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"
FINGERPRINT = "backstopFinding/v1"
KINDS = {
    "bad input": "What was to be checked cannot be read.",
    "internal error": "The program raised an error of its own.",
    "interrupted": "The command was interrupted before it had checked all.",
}
"""What can keep a command from checking."""

Document = dict[str, Any]


def sarif_bytes(told: Told) -> bytes:
    """One run of the program, whose rules are the checks."""
    by_rule: dict[str, list[Check]] = {}
    for check in told.checks:
        by_rule.setdefault(check.rule, []).append(check)
    numbers = {rule: number for number, rule in enumerate(by_rule)}
    document = {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": _driver(told, by_rule)},
                "invocations": [_invocation(told)],
                "results": [
                    _result(check, finding, numbers[check.rule])
                    for check in told.checks
                    if check.result in (*FAILS, Result.UNDECIDED)
                    for finding in check.findings
                ],
                "properties": {"command": told.command, "subject": legible(told.subject), "result": told.closing},
            }
        ],
    }
    return json.dumps(_legible(document), ensure_ascii=False, indent=2).encode() + b"\n"


def _legible(value: Any) -> Any:
    """The value with all its text legible; keys are the format's own, or rules'."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        return {legible(key): _legible(each) for key, each in value.items()}
    return [_legible(each) for each in value] if isinstance(value, list) else value


def _driver(told: Told, by_rule: dict[str, list[Check]]) -> Document:
    return {
        "name": "backstop",
        "organization": "The backstop-ledger maintainers",
        "version": told.version,
        "rules": [_rule(rule, checks) for rule, checks in by_rule.items()],
        "notifications": [
            {"id": kind, "shortDescription": {"text": text}, "defaultConfiguration": {"level": "error"}}
            for kind, text in KINDS.items()
        ],
    }


def _rule(rule: str, checks: Sequence[Check]) -> Document:
    """A rule with what was counted of it; a law of several scopes is one rule of as many statements."""
    statements = tuple(dict.fromkeys(check.statement for check in checks))
    several = "\n".join(statements)
    return {
        "id": rule,
        "shortDescription": {"text": statements[0]},
        "fullDescription": {"text": several},
        "help": {"text": several},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "checks": [
                {
                    "group": check.group,
                    "name": check.name,
                    "result": check.result.value,
                    "words": check.words,
                    **({} if check.checked is None else {"checked": check.checked, "fired": check.fired}),
                }
                for check in checks
            ]
        },
    }


def _invocation(told: Told) -> Document:
    """How the run went. It was successful where it checked all that it was to check, whatever it found."""
    return {
        "executionSuccessful": not told.troubles,
        "exitCode": told.code,
        "toolExecutionNotifications": [_notification(trouble) for trouble in told.troubles],
    }


def _notification(trouble: Trouble) -> Document:
    return {
        "descriptor": {"id": trouble.kind, "index": list(KINDS).index(trouble.kind)},
        "level": "error",
        "message": {"text": _text(trouble.message, trouble.place)},
        **_locations(trouble.place),
    }


def _result(check: Check, finding: Finding, number: int) -> Document:
    """A finding. What was not decided is open, and no failure; that the command fails of it is in its exit code."""
    fails = check.result in FAILS
    return {
        "ruleId": check.rule,
        "ruleIndex": number,
        "kind": "fail" if fails else "open",
        "level": "error" if fails else "none",
        "message": {"text": _text(finding.message, finding.place)},
        **_locations(finding.place),
        "partialFingerprints": {FINGERPRINT: fingerprint(check, finding)},
        "properties": {"group": check.group, "name": check.name, "accounts": list(finding.accounts)},
    }


def _text(message: str, place: Place | None) -> str:
    """The message, after its place where no file and line tell it."""
    return message if place is None or not _is_in_words(place) else f"{place}: {message}"


def _is_in_words(place: Place) -> bool:
    return place.file is None or (place.line is not None and not place.is_text)


def fingerprint(check: Check, finding: Finding) -> str:
    """What stays the same of a finding where lines are put before it: the check, the file and what is wrong."""
    file = "" if finding.place is None else finding.place.file or finding.place.within
    parts = (check.rule, check.group, check.name, file, finding.message)
    return sha256("\0".join(map(legible, parts)).encode()).hexdigest()


def _locations(place: Place | None) -> Document:
    return {} if place is None else {"locations": [dict(_location(place))]}


def _location(place: Place) -> Iterator[tuple[str, Any]]:
    """A file, and of a text its line; else what it is within, and the line in words."""
    if place.file is not None:
        physical: Document = {"artifactLocation": {"uri": uri_of(place.file)}}
        if place.line is not None and place.is_text:
            physical["region"] = {"startLine": place.line}
        yield "physicalLocation", physical
    if _is_in_words(place):
        yield "logicalLocations", [{"fullyQualifiedName": str(place)}]


def uri_of(path: str) -> str:
    """A path as a reference to a resource: one that is relative stays so; bytes that are no text are escaped as they
    are."""
    pure = PurePath(path)
    text = quote(os.fsencode(pure.as_posix()), safe="/")
    if not pure.is_absolute():
        return text
    return "file://" + re.sub("^(?!/)", "/", text)
