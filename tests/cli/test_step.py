"""`backstop step`: from one state file to the next, and nothing half written."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ledger.canonical import chain_start, state_from_bytes
from ledger.cli.saving import save_all
from ledger.laws import Breach, Monitor, StepLaw
from ledger.transactions import Deposit

from .runs import EXAMPLES, TAKEOVER, backstop, run

TRANSACTIONS = EXAMPLES / "transactions.ndjson"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state that replay wrote."""
    path = tmp_path / "state.json"
    assert run("replay", TAKEOVER, "--quiet", "--until", "8", "--state-out", str(path)).exit_code == 0
    return path


def words(begin: Path, asked: object, **changed: str) -> list[str]:
    """The command with its four files, in the state's folder."""
    named = {
        "--state": str(begin),
        "--transactions": str(asked),
        "--state-out": str(begin.parent / "after.json"),
        "--result": str(begin.parent / "result.jsonl"),
    }
    named |= {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return ["step", *(word for pair in named.items() for word in pair)]


def written(folder: Path) -> set[str]:
    return set(os.listdir(folder)) - {"state.json", "in.jsonl"}


def deposit(**changed: Any) -> dict[str, Any]:
    return {"type": "deposit", "time": 1600000012000, "account": "zoe", "asset": "USDT", "amount": "10000"} | changed


def lines_of(folder: Path, *documents: Any) -> Path:
    path = folder / "in.jsonl"
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in documents))
    return path


def test_transactions_lead_from_a_state_to_the_next(state: Path) -> None:
    result = run(*words(state, TRANSACTIONS))
    assert (result.exit_code, result.output) == (0, "")
    outcomes = [json.loads(line) for line in (state.parent / "result.jsonl").read_text().splitlines()]
    assert [each["applied"] for each in outcomes] == [True, True, True, False]
    assert outcomes[3]["reason"] == "FREE_COLLATERAL_NEGATIVE"
    assert outcomes[1]["postings"] == outcomes[1]["changes"]
    after = state_from_bytes((state.parent / "after.json").read_bytes())
    assert after.sequence == 11
    # The same as the log from which the transactions are.
    whole = state.parent / "whole.json"
    assert run("replay", TAKEOVER, "--quiet", "--until", "11", "--state-out", str(whole)).exit_code == 0
    assert whole.read_bytes() == (state.parent / "after.json").read_bytes()


def test_steps_may_be_made_one_by_one(state: Path) -> None:
    whole = run(*words(state, TRANSACTIONS, state_out=str(state.parent / "whole.json"), result="-"))
    current, outcomes = state, []
    for number, line in enumerate(TRANSACTIONS.read_text().splitlines()):
        after = state.parent / f"{number}.json"
        given = words(current, "-", state_out=str(after), result="-")
        outcomes.append(json.loads(run(*given, stdin=line.encode()).stdout_bytes))
        current = after
    assert current.read_bytes() == (state.parent / "whole.json").read_bytes()
    told = [json.loads(line) for line in whole.stdout_bytes.splitlines()]
    assert [{**each, "link": None} for each in told] == [{**each, "link": None} for each in outcomes]
    # A chain begins with the digest of the state that it is given.
    begin = chain_start(state_from_bytes(state.read_bytes()))
    assert told[0]["link"] == outcomes[0]["link"] != begin.hex()


def test_without_transactions_the_state_is_the_same(state: Path) -> None:
    result = run(*words(state, "-"), stdin=b"")
    assert (result.exit_code, result.output) == (0, "")
    assert (state.parent / "after.json").read_bytes() == state.read_bytes()
    assert (state.parent / "result.jsonl").read_bytes() == b""


def test_the_state_may_come_from_standard_input_and_go_to_standard_output(state: Path) -> None:
    given = words(state, TRANSACTIONS, state="-", state_out="-")
    result = run(*given, stdin=state.read_bytes())
    assert result.exit_code == 0
    assert state_from_bytes(result.stdout_bytes).sequence == 11


BAD_LINES = {
    "x": ":1: found malformed JSON (",
    "": ":1: found an empty line, expected one transaction",
    "[]": ":1: found a list, expected an object",
    json.dumps(deposit(amount=3)): ":1: amount: found 3, expected an integer's digits as text",
    json.dumps(deposit(amount="03")): ':1: amount: found "03", expected an integer\'s digits as text',
    json.dumps(deposit(more="x")): ":1: more: found an unknown field, expected ",
    json.dumps(deposit(type="gift")): ':1: type: found "gift", expected one of deposit, withdraw',
    '{"type":"settle","time":1,"time":2}': ":1: time: found the field twice, expected it once",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_bad_transactions_are_told_by_line_and_field_and_nothing_is_written(line: str, state: Path) -> None:
    path = lines_of(state.parent, line, deposit())
    result = run(*words(state, path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}{BAD_LINES[line]}")
    assert result.stderr.count("\n") == 1
    assert written(state.parent) == set()


def test_a_bad_line_after_good_ones_leaves_nothing_written(state: Path) -> None:
    path = lines_of(state.parent, deposit(), deposit(), deposit(asset=7))
    result = run(*words(state, path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:3: asset: found 7, expected ")
    assert written(state.parent) == set()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"sequence":8', b'"sequence":-8', "sequence: found -8, expected an integer of 0 or more"),
        (b'"sequence":8', b'"sequence":8 ', "found a state that is not written the canonical way, expected its canon"),
        (b'"accounts"', b'"account"', "accounts: found nothing, expected this field"),
        (b'{"accounts"', b"x", "found malformed JSON"),
    ],
)
def test_a_state_that_is_none_is_told_by_field(old: bytes, new: bytes, message: str, state: Path) -> None:
    state.write_bytes(state.read_bytes().replace(old, new, 1))
    result = run(*words(state, TRANSACTIONS))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{state}: {message}")
    assert result.stderr.count("\n") == 1
    assert written(state.parent) == set()


def test_files_that_are_not_there_are_told(state: Path) -> None:
    missing = state.parent / "missing"
    for changed in ({"state": str(missing)}, {"transactions": str(missing)}):
        result = run(*words(state, TRANSACTIONS, **changed))
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{missing}: found no such file or directory, expected a ")


def test_files_that_collide_are_refused(state: Path) -> None:
    shown, other = str(state), str(state.parent / "one")
    for changed, message in (
        ({"state": "-", "transactions": "-"}, "--state and --transactions are both standard input"),
        ({"state_out": "-", "result": "-"}, "--state-out and --result are both standard output"),
        ({"state_out": other, "result": other}, f"{other}: --state-out and --result are the same file"),
        ({"transactions": shown}, f"{shown}: --state and --transactions are the same file"),
        ({"state_out": shown}, f"{shown}: --state-out is the file of --state, expected another"),
        ({"result": str(TRANSACTIONS)}, f"{TRANSACTIONS}: --result is the file of --transactions, expected another"),
        ({"result": str(state.parent)}, f"{state.parent}: found a folder or device, expected a file to write"),
    ):
        before = state.read_bytes()
        result = run(*words(state, TRANSACTIONS, **changed))
        assert result.exit_code == 2
        assert result.stderr.startswith(message)
        assert result.stderr.count("\n") == 1
        assert state.read_bytes() == before
        assert written(state.parent) == set()


def test_a_broken_law_is_told_and_nothing_is_written(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    law = StepLaw("F-1", "Nobody deposits.", lambda step: Breach("a deposit"), (Deposit,))
    monkeypatch.setattr("ledger.cli.step.chosen_laws", lambda choice: (law,))
    result = run(*words(state, TRANSACTIONS))
    assert result.exit_code == 1
    told = "law F-1 (step) is broken: a deposit. Nobody deposits. Nothing is written."
    assert result.stderr == f"{TRANSACTIONS}:2: {told}\n"
    assert written(state.parent) == set()


@pytest.mark.parametrize(("choice", "least", "most"), [("none", 0, 0), ("step", 20, 51), ("all", 52, 99)])
def test_the_laws_are_chosen(choice: str, least: int, most: int, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    made = Monitor.__init__

    def noting(self: Monitor, *arguments: Any, **named: Any) -> None:
        seen.append(len(arguments[1]))
        made(self, *arguments, **named)

    monkeypatch.setattr(Monitor, "__init__", noting)
    assert run(*words(state, TRANSACTIONS), "--laws", choice).exit_code == 0
    assert least <= seen[0] <= most


def test_several_files_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"old")
    replace = os.replace

    def failing(source: str, target: str) -> None:
        if target == str(other):
            raise OSError(28, "No space left on device", target)
        replace(source, target)

    monkeypatch.setattr("ledger.cli.saving.os.replace", failing)
    with pytest.raises(OSError, match="No space left"):
        save_all({str(one): [b"new"], str(other): [b"new"]})
    with pytest.raises(OSError, match="No space left"):
        save_all({str(tmp_path / "fresh"): [b"new"], str(other): [b"new"]})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"old"}
    monkeypatch.undo()
    save_all({str(one): [b"new"], str(other): [b"n", b"ew"]})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"new", "other": b"new"}


def test_the_program_itself_writes_both(state: Path) -> None:
    finished = backstop(*words(state, TRANSACTIONS))
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert written(state.parent) == {"after.json", "result.jsonl"}
