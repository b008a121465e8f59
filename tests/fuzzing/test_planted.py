"""Planted bugs are found by a small campaign, shrunk to a few lines, and the log that is written breaks the same law.

The bugs are those that the tests of the laws plant; here nobody wrote a log that shows them.
"""

import json
from pathlib import Path

import pytest

from ledger.fuzzing import GENESES
from ledger.log import open_log, read_log
from ledger.profiles import merge, profile_document
from tests.cli.runs import run
from tests.planting import plant
from tests.test_laws import PHRASES, Phrase

from .planted import answer_with

EXAMPLES, SEED, STEPS = 12, 4, 500
LONGEST = 12
"""Transactions of the longest log that a planted bug is shrunk to."""

FOUND = {
    "CAP-3 step": "CAP-5 history",
    "TKO-4 step": "TKO-2 step",
}
"""Where another law breaks first at random than the bug was planted for."""


@pytest.mark.parametrize("planted", PHRASES, ids=lambda planted: planted.law)
def test_a_planted_bug_is_found_and_shrunk_to_a_few_lines(
    planted: Phrase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer_with(monkeypatch, plant(planted.module, planted.phrase, planted.bug))
    folder = tmp_path / "found"
    options = ["--examples", str(EXAMPLES), "--seed", str(SEED), "--steps", str(STEPS)]
    if planted.law.startswith("MON"):  # in a venue that has a liquidity monitor
        profile, overrides = GENESES["compact-monitored"]
        path = tmp_path / "monitored.json"
        path.write_text(json.dumps(merge(profile_document(profile), overrides or {})), encoding="utf-8")
        options += ["--rulebook", str(path)]
    result = run("fuzz", *options, "--out", str(folder), "--json")
    told = json.loads(result.stdout)
    found = told["counterexamples"][0]
    print(planted.law, found["name"], found["original_length"], found["shrunk_length"], result.exit_code)
    assert found["shrunk_length"] <= LONGEST
    assert not found["shrinking_ended_early"]
    assert found["reproduced"]
    with open_log(found["log"]) as stream:
        _, entries = read_log(stream, found["log"])
        assert len(list(entries)) == found["shrunk_length"]
    raised = any(counterexample["law"] is None for counterexample in told["counterexamples"])
    assert result.exit_code == (3 if raised else 1)
    again = run(*found["command"].split()[1:], *(() if found["law"] is None else ("--json",)))
    assert again.exit_code == (3 if found["law"] is None else 1)
    if found["law"] is None:
        return
    assert json.loads(again.stdout)["failure"]["law"] == found["law"]
