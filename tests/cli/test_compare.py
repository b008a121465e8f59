"""`backstop compare`: what is told, what is written, and how it ends."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger import engines
from ledger.cli import compare, options
from ledger.comparing import lockstep
from ledger.fuzzing import campaign

from ..engines.running import HONEST, faulty
from .runs import ALICE_AND_BOB, EXAMPLES, TAKEOVER, at, backstop, deposit, log, mark, run, trade, words_of

SMALL = f"{sys.executable} -S {EXAMPLES / 'engine.py'}"
LEDGER = " ".join(HONEST)


def mutated(fault: str, *gives: str) -> str:
    return " ".join([sys.executable, "-m", "tests.engines.mutated", fault, *gives])


def compared(engine: str, *arguments: str, folder: Path) -> Any:
    return run("compare", "--engine", engine, *arguments, "--out", str(folder / "found"))


def document(engine: str, *arguments: str, folder: Path, code: int) -> Any:
    result = compared(engine, *arguments, "--json", folder=folder)
    assert result.exit_code == code, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


# Engines that agree.


def test_an_engine_that_agrees(tmp_path: Path) -> None:
    result = compared(SMALL, "--fuzz", "5", "--seed", "1", folder=tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    told = words_of(result.stdout)
    assert "engine a small example compared whether each is applied, reason and balances" in told
    assert "knows only deposit, withdraw" in told
    assert "of 5 examples of seed 1, in whether each is applied, reason and balances. Left out, as the " in told
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize("source", [ALICE_AND_BOB, TAKEOVER])
def test_a_log_on_which_both_agree(source: str, tmp_path: Path) -> None:
    told = document(LEDGER, source, folder=tmp_path, code=0)
    assert told["result"] == "agrees"
    assert told["counterexample"] is told["mismatch"] is told["where"] is None
    assert told["transactions"] == len(Path(source).read_text().splitlines()) - 1
    assert told["whole_states_compared"] > 0


def test_a_log_may_come_from_standard_input_or_a_journal(tmp_path: Path) -> None:
    result = run("compare", "--engine", LEDGER, "-", "--quiet", stdin=Path(ALICE_AND_BOB).read_bytes())
    assert result.exit_code == 0
    assert " agree on " in result.stdout
    assert "of standard input, in " in result.stdout
    journal = str(tmp_path / "one.journal")
    assert run("journal", "import", journal, ALICE_AND_BOB).exit_code == 0
    told = document(LEDGER, journal, folder=tmp_path, code=0)
    assert told["transactions"] == len(Path(ALICE_AND_BOB).read_text().splitlines()) - 1


# Engines that differ.


def test_what_differs_is_told_side_by_side_and_written(tmp_path: Path) -> None:
    result = compared(f"{SMALL} --bug", "--fuzz", "5", folder=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "")
    told = words_of(result.stdout)
    assert "of example 0 of seed 0: applied withdraw INSUFFICIENT_BALANCE transaction" in told
    assert "ledger refused, INSUFFICIENT_BALANCE: it must hold that the balance stays zero or more; " in told
    assert "engine applied." in told
    assert "differs ledger engine applied false true" in told
    assert "account ledger engine" in told
    assert "* USDT " in told
    path = tmp_path / "found" / "applied-withdraw-INSUFFICIENT_BALANCE-seed-0-example-0.jsonl"
    for line in path.read_text().splitlines():
        assert line[:60] in result.stdout
    assert "and confirmed in a process of its own" in told
    assert told.endswith("differ at transaction 19 of example 0 of seed 0: applied withdraw INSUFFICIENT_BALANCE.")


NUMBERS_IN_ITS_STATE = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    reply = {"reply": asked["request"]}
    if reply["reply"] == "hello":
        reply |= {"protocol": 1, "engine": "numb", "gives": ["balances"], "types": ["deposit"], "begins": "genesis"}
    if reply["reply"] == "apply":
        reply["outcomes"] = [{"applied": True} for _ in asked["transactions"]]
    if reply["reply"] == "state":
        reply["accounts"] = {name: {"cash": {"USDT": 5}} for name in asked["accounts"]}
    print(json.dumps(reply), flush=True)
"""


def test_what_is_wrong_before_any_transaction_is_at_the_beginning_of_its_example(tmp_path: Path) -> None:
    engine = tmp_path / "engine.py"
    engine.write_text(NUMBERS_IN_ITS_STATE)
    result = compared(f"{sys.executable} -S {engine}", "--fuzz", "1", "--quiet", folder=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == "numb fails at the beginning of example 0 of seed 0: garbage.\n"


def test_the_document_beside_the_log_says_how_to_see_it_again(tmp_path: Path) -> None:
    told = document(f"{SMALL} --bug", "--fuzz", "5", folder=tmp_path, code=1)
    written = told["counterexample"]
    path = written["log"]
    sidecar = json.loads(Path(path).with_suffix(".json").read_text())
    assert sidecar == written
    assert written["engine"]["gives"] == ["balances", "reason"]
    assert (written["aspect"], written["rule"], written["reason"]) == ("applied", "withdraw", "INSUFFICIENT_BALANCE")
    assert written["found_in"] == {"seed": 0, "steps": 500, "example": 0}
    assert written["expected"]["applied"] is False
    assert written["found"] == {"applied": True}
    assert written["transactions"] is None
    assert written["shrunk_length"] < written["original_length"]
    assert written["command"] == f"backstop compare --engine '{SMALL} --bug' {path}"
    assert set(written["versions"]) == {"backstop-ledger", "python"}
    # It replays here, shows the same again, and nothing to an engine without the bug.
    assert run("replay", path, "--quiet").exit_code == 0
    again = document(f"{SMALL} --bug", path, folder=tmp_path, code=1)
    assert again["mismatch"]["name"] == told["mismatch"]["name"]
    assert again["where"]["line"] == len(Path(path).read_text().splitlines())
    assert compared(SMALL, path, folder=tmp_path).exit_code == 0


def test_accounts_whose_balances_differ_stand_side_by_side(tmp_path: Path) -> None:
    source = log(
        tmp_path, mark("5000"), deposit("ann", "500"), deposit("bob", "500"), trade("ann", "bob", "1", "5000"),
        {"type": "withdraw", "time": at(1), "account": "ann", "asset": "USDT", "amount": "1"},
    )  # fmt: skip
    result = compared(mutated("quiet", "balances,positions"), source, folder=tmp_path)
    assert result.exit_code == 1
    told = words_of(result.stdout)
    assert f"{source}:5: balances trade" in told
    assert "engine the same outcome, but another state." in told

    assert "* USDT " in told
    assert "BTC-PERP size" in told
    assert list((tmp_path / "found").glob("balances-trade-small-line-5.json*"))


def test_what_an_engine_makes_up_is_told_in_one_line_and_names_a_file_that_can_be(tmp_path: Path) -> None:
    """Its name, and a reason that is long, has what moves a terminal's cursor, and is no name of a file."""
    source = log(tmp_path, deposit("ann", "500"), name=f"{'long' * 60}.jsonl")
    result = compared(" ".join(faulty("rude")), source, folder=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "\x1b" not in result.stdout
    told = words_of(result.stdout)
    assert told.startswith("engine rude\\x1b[31m compared ")
    assert "engine refused, ../\\x1b[31m\\nXXX" in told
    assert {path.suffix for path in (tmp_path / "found").iterdir()} == {".json", ".jsonl"}
    document = json.loads(next((tmp_path / "found").glob("*.json")).read_text())
    assert document["found"]["reason"].endswith("X" * 300)


def test_the_command_asks_as_it_was_asked(tmp_path: Path) -> None:
    """An engine that only fails within a short time, or in small batches, does not fail otherwise."""
    source = log(tmp_path, deposit("ann", "500"), deposit("bob", "500"))
    asked = ("--timeout", "1.5", "--batch", "1", "--states-every", "3")
    told = document(" ".join(faulty("slow-to-apply")), source, *asked, folder=tmp_path, code=1)
    assert told["mismatch"]["name"] == "hang deposit"
    backstop, compare, *again = shlex.split(told["counterexample"]["command"])
    assert (backstop, compare) == ("backstop", "compare")
    assert again[2:-1] == ["--batch", "1", "--timeout", "1.5", "--states-every", "3"]
    result = run("compare", *again, "--quiet", "--out", str(tmp_path / "again"))
    assert result.exit_code == 1, result.output
    assert ": hang deposit." in result.stdout


def test_what_a_process_of_its_own_does_not_come_to_is_found_again_from_the_first_example(tmp_path: Path) -> None:
    """Its log alone would show nothing."""
    engine = mutated("second-init", "state_digest")
    told = document(engine, "--fuzz", "9", "--steps", "20", "--first", "3", folder=tmp_path, code=1)
    assert told["where"]["example"] == 4
    assert told["counterexample"]["repeated"] is False
    _, _, *again = shlex.split(told["counterexample"]["command"])
    assert again[2:] == ["--fuzz", "2", "--seed", "0", "--steps", "20", "--first", "3"]
    result = run("compare", *again, "--quiet", "--out", str(tmp_path / "again"))
    assert result.exit_code == 1
    assert "of example 4 of seed 0: state_digest " in result.stdout


def test_what_no_log_may_hold_is_written_as_transactions(tmp_path: Path) -> None:
    told = document(mutated("market", "reason"), "--fuzz", "8", folder=tmp_path, code=1)
    written = told["counterexample"]
    assert written["log"] is None
    (transaction,) = written["transactions"]
    assert transaction["type"] == "trade"
    assert written["command"].endswith(f"--fuzz 1 --seed 0 --steps 500 --first {told['where']['example']}")
    assert written["genesis"]["rulebook"]
    result = compared(mutated("market", "reason"), "--fuzz", "8", folder=tmp_path)
    assert "none: it needs a line that no log may hold; the document has the transactions" in words_of(result.stdout)


@pytest.mark.parametrize("fault", ["crash", "garbage", "partial", "fewer", "child"])
def test_an_engine_that_fails_while_it_is_asked_is_a_finding(fault: str, tmp_path: Path) -> None:
    source = log(tmp_path, deposit("ann", "500"))
    result = compared(" ".join(faulty(fault)), source, "--timeout", "30", folder=tmp_path)
    assert (result.exit_code, result.stderr) == (1, "")
    aspect = "garbage" if fault in ("garbage", "fewer") else "crash"
    assert words_of(result.stdout).endswith(f"faulty fails at {source}:2: {aspect} deposit.")


def test_an_engine_that_does_not_end_as_asked_counts(tmp_path: Path) -> None:
    source = log(tmp_path, deposit("ann", "500"))
    told = document(" ".join(faulty("ends-badly")), source, folder=tmp_path, code=1)
    assert told["result"] == "differs"
    assert "ended with exit code 9 after bye, expected 0" in told["end"]


# Usage and bad input.


@pytest.mark.parametrize("fault", ["version", "silent", "ends-at-once", "not-json-hello", "unknown-word"])
def test_an_engine_that_does_not_speak_is_told_in_one_line(fault: str, tmp_path: Path) -> None:
    result = compared(" ".join(faulty(fault)), ALICE_AND_BOB, "--timeout", "0.5", folder=tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "found neither, expected LOG or --fuzz N"),
        ((ALICE_AND_BOB, "--fuzz", "3"), "found both, expected LOG or --fuzz N"),
        ((ALICE_AND_BOB, "--seed", "3"), "--seed is of examples made at random; give it with --fuzz"),
        ((ALICE_AND_BOB, "--json", "--quiet"), "--json and --quiet are two outputs; give one of them"),
        (("nothing.jsonl",), "nothing.jsonl: found no such file or directory, expected a log that can be read"),
        (("--fuzz", "1", "--rulebook", "nothing"), "nothing: found no such file or directory, expected a file, or one"),
    ],
)
def test_bad_usage_is_told_in_one_line(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = compared(LEDGER, *arguments, folder=tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_type_that_the_engine_does_not_know_is_told_by_line(tmp_path: Path) -> None:
    result = compared(SMALL, ALICE_AND_BOB, folder=tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    known = "expected deposit, withdraw"
    assert result.stderr == f"{ALICE_AND_BOB}:2: type: found mark, which the engine does not know, {known}\n"


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = compared("no-such-engine", ALICE_AND_BOB, folder=tmp_path)
    assert (result.exit_code, result.stderr) == (2, "no-such-engine: there is no such command\n")


def test_the_program_itself_agrees_in_one_line() -> None:
    finished = backstop("compare", "--engine", LEDGER, TAKEOVER, "--quiet")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.count("\n") == 1


def test_what_the_help_says_is_what_the_library_takes() -> None:
    """The command does not load it to be listed, and so repeats the numbers."""
    assert (compare.BATCH, compare.STATES_EVERY) == (lockstep.BATCH, lockstep.STATES_EVERY)
    assert (compare.STEPS, options.TIMEOUT) == (campaign.STEPS, engines.TIMEOUT)
    assert f"more than {lockstep.FEW} accounts" in " ".join(run("compare", "--help").stdout.split())
