"""A second engine, in JavaScript: it was written from the specification alone, and it agrees with the ledger."""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger.comparing import Ways, compare_fuzz, compare_log
from ledger.comparing.counterexamples import counterexample_log
from ledger.engines import GIVES
from ledger.log import open_log, read_log
from ledger.outcomes import Reason
from ledger.replay import replay_log
from ledger.transactions import TYPE_NAMES
from ledger.vectors import files_of_the_set

from ..cli.runs import document
from .planted_bugs import BUGS, JAVASCRIPT, LABORIOUS, LONGER, Bug, engine_command, planted
from .running import begun

ROOT = Path(__file__).resolve().parents[2]
LOGS = [
    path
    for path in sorted([*ROOT.glob("docs/examples/*.jsonl"), *ROOT.glob("tests/logs/**/*.jsonl")])
    if path.read_bytes().startswith(b'{"type":"genesis"')
]
CORNERS = sorted((Path(__file__).parent / "logs").glob("*.jsonl"))
EXAMPLES, STEPS = 160, 150
"""Examples that planted bugs are looked for in, and transactions of each."""

SHORT = 12
"""Transactions of the log that a planted bug is shown by, at most."""

SHRUNK = [bug for bug in BUGS if "PLANTED_BUGS" in os.environ or bug.name not in LABORIOUS]
"""The bugs whose logs are shrunk: where the environment has PLANTED_BUGS, all of them, which takes many minutes."""

PATIENT = 120
"""Seconds that a reply may take: no bug is a slow one, and machines may be busy."""

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed: there is no `node`")


def sources() -> dict[str, str]:
    """The files of the engine, by their paths in its folder."""
    paths = sorted(JAVASCRIPT.rglob("*.mjs"))
    return {path.relative_to(JAVASCRIPT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


# It agrees with the ledger.


@needs_node
def test_it_passes_every_vector(tmp_path: Path) -> None:
    count = 0
    for path, text in files_of_the_set():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text)
        count += path != "manifest.json" and not path.endswith("schema.json")
    patient = ("--timeout", f"{PATIENT}")
    told = document("vectors", "check", str(tmp_path), "--engine", shlex.join(engine_command()), *patient, code=0)
    assert told["passed"] == told["count"] == count > 500
    assert (told["failed"], told["not_run"], told["ended_badly"]) == (0, 0, None)


@needs_node
@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.stem)
def test_it_agrees_on_every_log(log: Path) -> None:
    comparison = compare_log(engine_command(), log, timeout=PATIENT)
    assert comparison.agrees, str(comparison.mismatch)
    assert comparison.abilities.gives == frozenset(GIVES)
    assert comparison.tally.transactions > 0
    assert comparison.tally.whole_states > 0


@needs_node
@pytest.mark.parametrize("log", CORNERS, ids=lambda path: path.stem)
def test_it_agrees_where_examples_seldom_come(log: Path) -> None:
    with open_log(str(log)) as stream:
        report = replay_log(*read_log(stream, str(log)))
    assert report.failure is None
    assert report.expectations > 0
    assert compare_log(engine_command(), log, timeout=PATIENT).agrees


@needs_node
def test_it_agrees_at_random() -> None:
    """No counterexample in 24 examples, which apply every type of transaction and meet nearly every reason."""
    comparison = compare_fuzz(engine_command(), examples=24, seed=20260, timeout=PATIENT)
    assert comparison.agrees, str(comparison.mismatch)
    assert comparison.abilities.types == frozenset(TYPE_NAMES.values())
    assert comparison.tally.transactions == 24 * 500
    assert {*comparison.tally.applied} == {*TYPE_NAMES.values()}
    assert len({reason for _, reason in comparison.tally.rejected}) > len(Reason) - 6


# The protocol.


def said(*lines: str | bytes) -> list[dict[str, Any]]:
    """What the engine replies to lines, each a line of its own; it ends with exit code 0."""
    data = b"".join(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines)
    ended = subprocess.run(engine_command(), input=data, capture_output=True, timeout=PATIENT, check=True)
    assert ended.stderr == b""
    return [json.loads(line) for line in ended.stdout.splitlines()]


@needs_node
def test_it_says_what_it_is() -> None:
    hello, bye = said('{"request":"hello","protocol":1,"specification":1}', '{"request":"bye"}')
    assert sorted(hello.pop("gives")) == sorted(GIVES)
    assert hello == {"reply": "hello", "protocol": 1, "engine": "backstop-ledger's specification in JavaScript 1"}
    assert bye == {"reply": "bye"}


@needs_node
def test_what_it_cannot_do_is_an_error_and_it_goes_on() -> None:
    *replies, bye = said(
        '{"request":"hello","protocol":2,"specification":1}',
        '{"request":"undo"}',
        '{"request":"toString"}',
        '{"request":"apply","transactions":[{"type":"gift","time":0}]}',
        '{"request":"apply","transac',
        '{"request":"bye"}',
    )
    assert [reply["reply"] for reply in replies] == ["error"] * 5
    first_lines = [reply["error"].splitlines()[0] for reply in replies[:4]]
    assert first_lines == [
        "Error: speaks protocol 1 alone",
        "Error: no request is called undo",
        "Error: no request is called toString",
        "Error: no transaction is called gift",
    ]
    assert bye == {"reply": "bye"}


@needs_node
def test_lines_may_come_in_pieces() -> None:
    replies = said(b'{"request":"hello","pro', b'tocol":1}\n{"request":', b'"bye"}\n')
    assert [reply["reply"] for reply in replies] == ["hello", "bye"]


@needs_node
def test_a_refusal_changes_nothing_not_even_time() -> None:
    deposit = {"type": "deposit", "time": 1_700_000_000_000, "account": "alice", "asset": "USDT", "amount": "-5"}
    with begun(engine_command()) as engine:
        before = engine.whole()
        (refused,) = engine.apply([deposit])
        assert (refused.applied, refused.reason) == (False, "AMOUNT_NOT_POSITIVE")
        assert engine.whole() == before


# The source.


def test_every_check_of_the_pages_stands_beside_its_code() -> None:
    """By its id in a comment, alone or as one of `trade-3 to trade-5`; liquidate-19 to 22 are made by trade's code."""
    asked = set()
    for page in sorted((ROOT / "specs" / "rules").glob("*.md")):
        asked |= set(re.findall(r"^\| ([a-z-]+-[0-9]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    named = set()
    for text in sources().values():
        for name, first, last in re.findall(r"\b([a-z-]+)-([0-9]+)(?: to (?:[a-z-]+-)?([0-9]+))?", text):
            named |= {f"{name}-{number}" for number in range(int(first), int(last or first) + 1)}
    assert len(asked) > 100
    assert {check for check in asked if not check.endswith("-0")} <= named
    assert "// 0 of every rule" in sources()["transition.mjs"]


def test_it_needs_nothing_but_node() -> None:
    imported = {name for text in sources().values() for name in re.findall(r'from "([^"]+)"', text)}
    assert {name for name in imported if not name.startswith(".")} == {"node:crypto"}


def test_it_is_readable() -> None:
    assert len(sources()) > 20
    for name, text in sources().items():
        assert text.startswith("// "), f"{name} does not begin with what it is"
        longest = max(text.splitlines(), key=len)
        assert len(longest) <= 120, f"{name}: {longest}"
        assert len(text.splitlines()) <= 200, f"{name} is too long"


# Bugs planted in it are found.


def test_bugs_are_of_one_place_each() -> None:
    assert len(BUGS) >= 32
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {*LONGER} < LABORIOUS < {bug.name for bug in BUGS}
    assert len(BUGS) - len(LABORIOUS) >= 32
    texts = sources()
    for bug in BUGS:
        assert texts[bug.file].count(bug.old) == 1, bug.name
        assert bug.old != bug.new


def test_a_bug_whose_place_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a name: units\.mjs holds 'no such text' 0 times"):
        planted(Bug("a name", "units.mjs", "no such text", "other text"), tmp_path / "engine")


@needs_node
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, tmp_path: Path) -> None:
    engine = planted(bug, tmp_path / "engine")
    ways = Ways(shrinks=False)
    comparison = compare_fuzz(engine, examples=EXAMPLES, steps=STEPS, seed=0, timeout=PATIENT, ways=ways)
    assert comparison.mismatch is not None, f"no counterexample in {EXAMPLES} examples"


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("bug", SHRUNK, ids=lambda bug: bug.name)
def test_a_planted_bug_is_shown_by_a_short_log(bug: Bug, tmp_path: Path) -> None:
    engine = planted(bug, tmp_path / "engine")
    comparison = compare_fuzz(engine, examples=EXAMPLES, steps=STEPS, seed=0, timeout=PATIENT)
    found = comparison.found
    assert found is not None, f"no counterexample in {EXAMPLES} examples"
    assert (found.is_repeated, found.is_confirmed, found.keeps_state) == (True, True, False)
    assert 1 <= len(found.short_log) <= LONGER.get(bug.name, SHORT)
    log = counterexample_log(found)
    assert log is None or compare_log(engine_command(), io.BytesIO(log), timeout=PATIENT).agrees
