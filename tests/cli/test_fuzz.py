"""`backstop fuzz`, and laws of one's own and counterexamples in `backstop replay`."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.fuzzed import NO_COUNTEREXAMPLE
from ledger.fuzzing.reach import CORNERS, EVENTS
from ledger.laws import REGISTRY, Scope
from ledger.log import open_log, read_log
from ledger.outcomes import Reason
from ledger.profiles import profile_names

from .runs import ALICE_AND_BOB, CASCADE, ROOT, backstop, document, run, words_of
from .test_endings import heed_interrupts, on_a_terminal

FALSE = '''"""Laws that are false."""

from ledger import HELD, BackstopTransfer, Breach, StepLaw, TakenOver


def nobody_bankrupt_is_taken_over(step):
    """OWN-1."""
    for event in step.happened(TakenOver):
        return Breach(f"{event.account} was bankrupt", (event.account,)) if event.equity < 0 else HELD


LAWS = (StepLaw("OWN-1", "Nobody bankrupt is taken over.", nobody_bankrupt_is_taken_over, (BackstopTransfer,)),)
'''
TRUE = FALSE.replace("event.equity < 0", "event.equity > 10**40")
SMALL = ("--examples", "6", "--steps", "150")


@pytest.fixture
def false_laws(tmp_path: Path) -> str:
    path = tmp_path / "own_laws.py"
    path.write_text(FALSE, encoding="utf-8")
    return str(path)


@pytest.fixture
def true_laws(tmp_path: Path) -> str:
    path = tmp_path / "true_laws.py"
    path.write_text(TRUE, encoding="utf-8")
    return str(path)


def sidecar(log: str) -> Any:
    return json.loads(Path(log.removesuffix(".jsonl") + ".json").read_text(encoding="utf-8"))


# Campaigns that find nothing.


def test_a_campaign_says_what_it_tried() -> None:
    result = run("fuzz", *SMALL)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("seed 0, examples by rulebook: ")
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() for line in lines)
    assert any(line.split()[:2] == ["CON-1", "step"] and line.endswith(NO_COUNTEREXAMPLE) for line in lines)
    assert any(line.split() == ["events", str(len(EVENTS)), line.split()[-1]] for line in lines if line)
    last = words_of(result.stdout).rpartition("No counterexample")[2]
    assert last.startswith(" in 6 examples (900 steps) of seed 0, for ")


def test_the_document() -> None:
    told = document("fuzz", *SMALL, "--seed", "3")
    assert list(told) == [
        "seed",
        "first",
        "examples",
        "asked",
        "steps",
        "interrupted",
        "result",
        "sentence",
        "rulebooks",
        "laws",
        "applied",
        "rejected",
        "events",
        "corners",
        "unreached",
        "counterexamples",
    ]
    assert (told["seed"], told["first"], told["examples"], told["asked"], told["steps"]) == (3, 0, 6, 6, 900)
    assert (told["result"], told["interrupted"], told["counterexamples"]) == (NO_COUNTEREXAMPLE, False, [])
    assert [(law["id"], law["scope"]) for law in told["laws"]] == [(law.id, law.scope.value) for law in REGISTRY]
    rejected = sum(number for reasons in told["rejected"].values() for number in reasons.values())
    assert sum(told["applied"].values()) + rejected == 900
    assert list(told["events"]) == list(EVENTS)
    assert list(told["corners"]) == list(CORNERS)
    assert set(told["unreached"]["corners"]) == {name for name, number in told["corners"].items() if not number}
    seen = {reason for reasons in told["rejected"].values() for reason in reasons}
    assert set(told["unreached"]["reasons"]) == {reason.name for reason in Reason} - seen
    for law in told["laws"]:
        assert law["result"] == (NO_COUNTEREXAMPLE if law["fired"] else "never fired")
        if law["scope"] != "state":
            assert law["checked"] == sum(each["checked"] for each in law["by_type"].values())


def test_workers_and_hash_seeds_print_the_same() -> None:
    command = ("fuzz", "--examples", "12", "--steps", "400", "--seed", "5", "--json")
    alone = backstop(*command, env={"PYTHONHASHSEED": "1"})
    shared = backstop(*command, "--workers", "2", env={"PYTHONHASHSEED": "2"})
    assert (alone.returncode, alone.stderr) == (0, "")
    assert (shared.stdout, shared.stderr, shared.returncode) == (alone.stdout, "", 0)


def test_a_rulebook_may_be_named_or_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = "textbook"\n', encoding="utf-8")
    told = document("fuzz", *SMALL, "--rulebook", "ascendex-2020", "--rulebook", str(path))
    assert told["rulebooks"] == {"ascendex-2020": 3, "mine": 3}
    assert set(document("fuzz", *SMALL)["rulebooks"]) == {"compact", "compact-collar", "compact-open", "drawn"}


def test_progress_is_drawn_on_a_terminal_only() -> None:
    out, err, code = on_a_terminal("fuzz", *SMALL)
    assert code == 0
    assert "No counterexample in 6 examples" in out
    assert "examples" in err
    assert "6/6" in err


def test_a_campaign_may_go_on_where_another_ended() -> None:
    whole = document("fuzz", "--examples", "4", "--steps", "60")
    parts = [document("fuzz", "--examples", "2", "--steps", "60", "--first", first) for first in ("0", "2")]
    for name, number in whole["applied"].items():
        assert number == sum(part["applied"][name] for part in parts)


# Bad usage.


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--examples", "0"), "invalid value for '--examples': 0 is not in the range x>=1"),
        (("--steps", "0"), "invalid value for '--steps': 0 is not in the range x>=1"),
        (("--workers", "none"), "invalid value for '--workers': 'none' is not a valid integer range"),
        (("--seed", "x"), "invalid value for '--seed': 'x' is not a valid integer"),
        (("--first", "-1"), "invalid value for '--first': -1 is not in the range x>=0"),
        (("--out", CASCADE), f"invalid value for '--out': Directory '{CASCADE}' is a file"),
    ],
)
def test_bad_options(options: tuple[str, ...], told: str) -> None:
    result = run("fuzz", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"backstop fuzz: {told} (see backstop fuzz --help)\n"


def test_bad_rulebooks(tmp_path: Path) -> None:
    missing = run("fuzz", "--rulebook", str(tmp_path / "none.toml"))
    expected = f"expected a file, or one of {', '.join(profile_names())}"
    assert missing.exit_code == 2
    assert missing.stderr == f"{tmp_path / 'none.toml'}: found no such file or directory, {expected}\n"
    path = tmp_path / "bad.toml"
    path.write_text('base = "textbook"\nmaximum_leverage = 0\nmore = 1\n', encoding="utf-8")
    bad = run("fuzz", "--rulebook", str(path))
    assert bad.exit_code == 2
    assert bad.stderr.splitlines() == [
        f"{path}: maximum_leverage: found 0, expected a whole number from 1 to 1000",
        f"{path}: more: unknown field",
    ]


@pytest.mark.parametrize("command", [("fuzz", *SMALL), ("replay", ALICE_AND_BOB)], ids=["fuzz", "replay"])
def test_bad_laws(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("LAWS = (1,)\n", encoding="utf-8")
    result = run(*command, "--laws-from", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:1: found 1 among the laws, expected a tuple of")
    assert result.stderr.count("\n") == 1


def test_a_law_that_cannot_be_checked_is_bad_input_and_no_breach(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(FALSE.replace("event.equity", "event.equty"), encoding="utf-8")
    told = f"{path}:9: OWN-1 raised AttributeError: 'TakenOver' object has no attribute 'equty'"
    replayed = run("replay", CASCADE, "--laws-from", str(path))
    assert (replayed.exit_code, replayed.stdout) == (2, "")
    assert replayed.stderr == f"{told}, while line 1354 of the log was answered\n"
    for workers in ("1", "2"):
        tried = run("fuzz", "--examples", "24", "--laws-from", str(path), "--workers", workers)
        assert (tried.exit_code, tried.stdout, tried.stderr) == (2, "", f"{told}\n")


# Counterexamples of campaigns.


def test_a_false_law_of_an_auditor_is_refuted_with_a_short_log(false_laws: str, tmp_path: Path) -> None:
    """All of it through the program itself: the campaign, the files, and the command that reproduces them."""
    folder = tmp_path / "found"
    command = ("fuzz", "--examples", "12", "--seed", "2", "--laws-from", false_laws, "--out", str(folder))
    found = backstop(*command, "--workers", "2")
    assert (found.returncode, found.stderr) == (1, "")
    (log,) = sorted(str(path) for path in folder.glob("*.jsonl"))
    told = sidecar(log)
    assert told["law"] == {"id": "OWN-1", "scope": "step", "statement": "Nobody bankrupt is taken over."}
    assert told["shrunk_length"] <= 8 < told["original_length"]
    assert told["reproduced"]
    assert Path(log).name == f"OWN-1-step-seed-2-example-{told['found']['example']}.jsonl"
    with open_log(log) as stream:
        assert len(list(read_log(stream, log)[1])) == told["shrunk_length"]
    words = shlex.split(told["command"])
    assert words == ["backstop", "replay", log, "--laws-from", false_laws]
    again = backstop(*words[1:])
    assert (again.returncode, again.stderr) == (1, "")
    assert f"{log}:{told['shrunk_length'] + 1}: law OWN-1 (step) is broken" in again.stdout
    assert "law OWN-1 (step) is broken in " in found.stdout
    assert told["command"] in words_of(found.stdout).replace("- ", "-")
    assert words_of(found.stdout).endswith(": OWN-1 step.")
    assert backstop("replay", log, "--quiet").returncode == 0


def test_the_same_files_for_any_number_of_workers(false_laws: str, tmp_path: Path) -> None:
    written = []
    for workers in ("1", "2"):
        folder = tmp_path / "found"
        command = ("fuzz", "--examples", "12", "--laws-from", false_laws, "--out", str(folder), "--workers", workers)
        result = backstop(*command, "--json", env={"PYTHONHASHSEED": workers})
        assert result.returncode == 1
        written.append([result.stdout, *((path.name, path.read_bytes()) for path in sorted(folder.iterdir()))])
        for path in folder.iterdir():
            path.unlink()
    assert written[0] == written[1]


def test_the_document_of_what_was_found(false_laws: str, tmp_path: Path) -> None:
    told = document("fuzz", "--examples", "12", "--laws-from", false_laws, "--out", str(tmp_path), code=1)
    assert told["result"] == "fails"
    (found,) = told["counterexamples"]
    assert (found["name"], found["rulebook"]) == ("OWN-1 step", found["rulebook"])
    assert 1 <= found["examples"] <= 12
    assert found == {"name": "OWN-1 step", "examples": found["examples"], **sidecar(found["log"])}
    assert told["laws"][-1]["result"] == "BROKEN"
    assert f"{found['examples']} counterexamples in 12 examples" in told["sentence"]


def test_what_the_ledger_raises_is_found_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ledger.transition import apply

    def fails(state: Any, transaction: Any) -> Any:
        if type(transaction).__name__ == "Settle":
            raise KeyError("nobody")
        return apply(state, transaction)

    monkeypatch.setattr("ledger.fuzzing.simulation.apply", fails)
    monkeypatch.setattr("ledger.replay.apply", fails)
    result = run("fuzz", *SMALL, "--out", str(tmp_path))
    assert result.exit_code == 3
    assert "raised KeyError in fails in " in result.stdout
    (log,) = tmp_path.glob("*.jsonl")
    told = sidecar(str(log))
    assert (told["law"], told["error"], told["shrunk_length"], told["reproduced"]) == (
        None,
        "KeyError in fails",
        1,
        True,
    )
    assert run("replay", str(log)).exit_code == 3


def interrupted_after(seconds: int, workers: str) -> int:
    """How many examples a campaign says it did before it was interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger", "fuzz", "--examples", "100000", "--steps", "100", "--workers", workers],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=heed_interrupts,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    told = words_of(output).rpartition("Interrupted after ")[2]
    done = int(told.split()[0])
    assert f"{done} of 100000 examples. No counterexample in {done} examples ({100 * done} steps)" in told
    return done


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_campaign_says_what_was_done(workers: str) -> None:
    """However slow the machine is, some wait is long enough for some examples to be done."""
    assert any(interrupted_after(seconds, workers) > 0 for seconds in (3, 6, 12, 24, 48))


# Replays.


def test_laws_of_ones_own_stand_in_the_table(true_laws: str) -> None:
    result = run("replay", CASCADE, "--laws-from", true_laws, "--state-laws-every", "0")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    own = next(line for line in lines if line[:2] == ["OWN-1", "step"])
    assert own[-1] == "holds"
    assert f"{len(REGISTRY) + 1} laws" in words_of(result.stdout)


@pytest.mark.parametrize("choice", ["none", "step"])
def test_laws_of_ones_own_are_checked_whatever_is_chosen(choice: str, true_laws: str) -> None:
    told = document("replay", CASCADE, "--laws-from", true_laws, "--laws", choice)
    chosen = [law for law in REGISTRY if choice == "step" and law.scope is not Scope.STATE]
    assert sum(law["result"] != "not checked" for law in told["laws"]) == len(chosen) + 1
    assert told["laws"][-1]["id"] == "OWN-1"
    assert told["laws"][-1]["fired"] > 0


def test_laws_of_several_files(false_laws: str, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(TRUE.replace("OWN-1", "OWN-2"), encoding="utf-8")
    told = document("replay", CASCADE, "--laws-from", str(other), "--laws-from", false_laws, code=1)
    assert [law["id"] for law in told["laws"][-2:]] == ["OWN-2", "OWN-1"]
    assert told["failure"]["law"]["id"] == "OWN-1"


def test_a_law_that_breaks_on_a_log_is_shrunk_to_a_few_lines(false_laws: str, tmp_path: Path) -> None:
    path = str(tmp_path / "few lines.jsonl")
    options = ("--laws-from", false_laws, "--counterexample", path)
    result = run("replay", CASCADE, *options)
    assert (result.exit_code, result.stderr) == (1, "")
    told = sidecar(path)
    assert told["found"] == {"log": CASCADE, "line": 6527}
    assert told["original_length"] == 6526
    assert told["shrunk_length"] <= 6
    assert told["reproduced"]
    assert f"shrunk from 6526 transactions to {told['shrunk_length']}" in words_of(result.stdout)
    assert shlex.split(told["command"]) == ["backstop", "replay", path, "--laws-from", false_laws]
    again = document(*shlex.split(told["command"])[1:], code=1)
    assert (again["failure"]["law"]["id"], again["transactions"]) == ("OWN-1", told["shrunk_length"])
    told_as_document = document("replay", CASCADE, *options, code=1)
    assert told_as_document["counterexample"] == told


def test_the_command_says_which_laws_were_checked(false_laws: str, tmp_path: Path) -> None:
    path = str(tmp_path / "few.jsonl")
    options = ("--laws-from", false_laws, "--laws", "none", "--state-laws-every", "7")
    assert run("replay", CASCADE, *options, "--counterexample", path).exit_code == 1
    command = f"backstop replay {path} --laws none --laws-from {false_laws} --state-laws-every 7"
    assert sidecar(path)["command"] == command


def test_nothing_is_written_where_no_law_breaks(tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    assert run("replay", ALICE_AND_BOB, "--counterexample", str(path), "--quiet").exit_code == 0
    assert list(tmp_path.iterdir()) == []
    unmet = tmp_path / "unmet.jsonl"
    lines = Path(ALICE_AND_BOB).read_text(encoding="utf-8").splitlines()
    line = json.loads(lines[1]) | {"expect": {"reason": "UNKNOWN_ASSET"}}
    unmet.write_text(f"{lines[0]}\n{json.dumps(line)}\n", encoding="utf-8")
    assert document("replay", str(unmet), "--counterexample", str(path), code=1)["counterexample"] is None
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("few.json", "found another ending, expected a name that ends in .jsonl"),
        ("nowhere/few.jsonl", "found no folder FOLDER/nowhere to write to"),
        ("own.jsonl", "is the log itself, expected another file"),
    ],
)
def test_where_no_counterexample_can_be_written(name: str, told: str, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_bytes(Path(ALICE_AND_BOB).read_bytes())
    path = str(tmp_path / name)
    result = run("replay", str(own), "--counterexample", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{path}: {told}\n".replace("FOLDER", str(tmp_path))


def test_shrinking_is_loaded_when_it_is_asked_for() -> None:
    code = (
        "import sys; from ledger.cli import main; "
        f"main(['replay', {ALICE_AND_BOB!r}, '--quiet'], standalone_mode=False); "
        "print([name for name in sys.modules if name.startswith('ledger.fuzzing')], file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", env={**os.environ}, check=True
    )
    assert answer.stderr == "[]\n"
