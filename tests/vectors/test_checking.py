"""`backstop vectors check`: what an engine passes, and how each fault of one is told."""

import json
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.cli import main
from ledger.cli.vectors_checked import MOST_SHOWN
from ledger.transactions import TYPE_NAMES
from ledger.vectors.checking import MOST_TROUBLES
from tests.cli.runs import document, run, words_of
from tests.engines.running import HONEST, faulty

from .planted import FAULTS, FIRST_TROUBLE, STATES
from .whole import files

NUMBER = Counter(path.partition("/")[0] for path in files() if "/" in path)
"""How many vectors there are of each type."""

ENGINE = shlex.join(HONEST)
ALL = ("--only", "deposit", "--only", "observe", "--only", "leave", "--only", "trade")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set of vectors."""
    out = tmp_path_factory.mktemp("vectors")
    for path, text in files().items():
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_bytes(text)
    return out


def planted(fault: str) -> str:
    """The command of the engine with this fault."""
    return shlex.join([sys.executable, "-m", "tests.vectors.planted", fault])


def check(folder: Path, engine: str, *more: str, code: int) -> Any:
    """What is printed for machines."""
    return document("vectors", "check", str(folder), "--engine", engine, *more, code=code)


def test_the_ledger_passes_all_of_them(folder: Path) -> None:
    told = check(folder, ENGINE, code=0)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert told["count"] == told["passed"] == manifest["count"]
    assert (told["failed"], told["not_run"], told["ended_badly"]) == (0, 0, None)
    assert list(told["transactions"]) == sorted(set(TYPE_NAMES.values()))
    by_type = Counter(entry["transaction"] for entry in manifest["vectors"])
    assert {name: counts["passed"] for name, counts in told["transactions"].items()} == by_type


def test_people_are_told_in_a_table(folder: Path) -> None:
    result = run("vectors", "check", str(folder), "--engine", ENGINE, "--only", "deposit", "--only", "withdraw")
    assert result.exit_code == 0
    both = NUMBER["deposit"] + NUMBER["withdraw"]
    lines = result.stdout.splitlines()
    assert lines[0].startswith("backstop-ledger ")
    assert [line.split() for line in lines[2:]] == [
        ["transaction", "vectors", "passed", "failed", "not", "run"],
        *([name, str(NUMBER[name]), str(NUMBER[name]), "-", "-"] for name in ("deposit", "withdraw")),
        ["all", str(both), str(both), "-", "-"],
    ]


@pytest.mark.parametrize(
    ("fault", "where", "expected", "found"),
    [
        ("applies everything", "applied", False, True),
        ("another reason", "reason", "UNKNOWN_ASSET", "NOTHING_TO_SET"),
        ("another subject", "figures.subject", "DOGE", "somebody"),
        ("another limit", "figures.limit", "a listed asset", "7"),
        ("another link", "link", ..., "0" * 64),
    ],
)
def test_a_refusal_that_differs_is_told(folder: Path, fault: str, where: str, expected: Any, found: Any) -> None:
    told = check(folder / "deposit" / "refused-an-unlisted-asset.json", planted(fault), code=1)
    (vector,) = told["vectors"]
    assert (vector["result"], vector["transaction"], vector["where"]) == ("failed", 1, where)
    assert vector["found"] == found
    assert expected in (..., vector["expected"])


@pytest.mark.parametrize(
    ("fault", "transaction", "where"),
    [
        ("an atom more", 1, "changes.@external.USDT"),
        ("no events", 1, "events.[0]"),
        ("another link", 1, "link"),
        ("forgets cash", None, "balances.@external.USDT"),
        ("another time", None, "state.time"),
        ("another digest", None, "state_digest"),
    ],
)
def test_an_applied_one_that_differs_is_told(folder: Path, fault: str, transaction: int | None, where: str) -> None:
    name = "applied-the-first-deposit-opens-an-account-at-100x-and-standard-fees-and-time-moves-on.json"
    told = check(folder / "deposit" / name, planted(fault), code=1)
    (vector,) = told["vectors"]
    assert (vector["result"], vector["transaction"], vector["where"]) == ("failed", transaction, where)
    assert vector["expected"] != vector["found"]


@pytest.mark.parametrize("fault", [*FAULTS, *STATES, "another digest", "forgets cash"])
def test_every_fault_is_found(folder: Path, fault: str) -> None:
    assert check(folder, planted(fault), "--only", "trade", "--only", "enroll", code=1)["failed"] > 0


def test_an_account_that_a_refusal_opens_is_found(folder: Path) -> None:
    """It is asked for by the transaction that names it; the ledger's accounts do not have it."""
    name = "refused-10-minus-9-pax-where-10-minus-6-are-booked-and-without-a-price"
    opened = shlex.join([sys.executable, "-m", "tests.engines.mutated", "opened", "reason,balances"])
    told = check(folder / "deposit" / f"{name}.json", opened, code=1)
    (vector,) = told["vectors"]
    assert (vector["transaction"], vector["where"]) == (None, "balances.alice")
    assert (vector["expected"], vector["found"]) == (None, {})


def test_expected_and_found_stand_side_by_side(folder: Path) -> None:
    path = str(folder / "deposit" / "refused-an-unlisted-asset.json")
    result = run("vectors", "check", path, "--engine", planted("another reason"))
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "deposit/refused-an-unlisted-asset\n"
        "  where                  expected       found\n"
        "  transaction 1, reason  UNKNOWN_ASSET  NOTHING_TO_SET\n"
    )


def test_more_failures_than_a_page_takes_are_counted(folder: Path) -> None:
    result = run("vectors", "check", str(folder), "--engine", planted("another link"), "--only", "deposit")
    assert result.exit_code == 1
    assert result.stdout.endswith(f"\n\n... and {NUMBER['deposit'] - MOST_SHOWN} failures more; --json has them all\n")


def test_types_that_it_does_not_know_are_not_run(folder: Path) -> None:
    told = check(folder, planted("knows deposits"), *ALL, code=0)
    by_type = told["transactions"]
    assert by_type["observe"] == {"count": NUMBER["observe"], "passed": 0, "failed": 0, "not_run": NUMBER["observe"]}
    assert by_type["deposit"]["passed"] == NUMBER["deposit"]
    text = run("vectors", "check", str(folder), "--engine", planted("knows deposits"), *ALL).stdout
    asked = {path: json.loads(data) for path, data in files().items() if path.partition("/")[0] in ALL}
    kinds = {transaction["type"] for vector in asked.values() for transaction in vector["transactions"]}
    unknown = ", ".join(sorted(kinds - {"deposit", "mark"}))
    assert f"vectors, as the engine does not know {unknown}" in words_of(text)


def test_an_engine_that_begins_at_a_genesis_is_given_no_other_state(folder: Path) -> None:
    told = check(folder, planted("begins at a genesis"), code=0)
    run_names = {vector["name"] for vector in told["vectors"] if vector["result"] == "passed"}
    assert {f"{kind}/worked-example" for kind in TYPE_NAMES.values()} <= run_names
    assert told["passed"] + told["not_run"] == told["count"]
    for vector in told["vectors"]:
        pre_state = json.loads((folder / f"{vector['name']}.json").read_text())["pre_state"]
        untouched = pre_state["sequence"] == 0 and len(pre_state["accounts"]) == 3 and not pre_state["markets"]
        assert (vector["result"] == "passed") == untouched, vector["name"]


def test_none_run_is_no_pass(folder: Path) -> None:
    told = check(folder, planted("knows deposits"), "--only", "observe", code=1)
    assert (told["passed"], told["failed"], told["not_run"]) == (0, 0, NUMBER["observe"])
    text = run("vectors", "check", str(folder), "--engine", planted("knows deposits"), "--only", "observe").stdout
    assert "No vector was run." in text


def test_an_error_reply_fails_the_vector_and_the_engine_goes_on(folder: Path) -> None:
    told = check(folder, planted("has no observations"), "--only", "observe", "--only", "trade", code=1)
    assert told["transactions"]["observe"] == {
        "count": NUMBER["observe"],
        "passed": 0,
        "failed": NUMBER["observe"],
        "not_run": 0,
    }
    assert told["transactions"]["trade"]["failed"] == 0
    why = next(vector["why"] for vector in told["vectors"] if vector["result"] == "failed")
    assert why.endswith("replied to apply with an error: the monitor is not there yet")


def test_an_engine_that_crashes_is_started_again_and_not_for_ever(folder: Path) -> None:
    told = check(folder, planted(FIRST_TROUBLE), "--only", "observe", "--only", "trade", code=1)
    assert told["transactions"]["observe"] == {
        "count": NUMBER["observe"],
        "passed": 0,
        "failed": MOST_TROUBLES,
        "not_run": NUMBER["observe"] - MOST_TROUBLES,
    }
    assert "ended with exit code 3 while its reply to apply was awaited" in told["vectors"][0]["why"]
    only = [vector["name"] for vector in told["vectors"][:2]]
    words = [word for name in only for word in ("--only", name)]
    told = check(folder, planted(FIRST_TROUBLE), *words, "--only", "trade", code=1)
    assert (told["transactions"]["observe"]["failed"], told["transactions"]["trade"]["passed"]) == (2, NUMBER["trade"])


def test_an_engine_that_hangs_is_ended(folder: Path) -> None:
    only = "leave/refused-time-goes-back"
    told = check(folder, planted("hangs at a notice"), "--only", only, "--timeout", "3", code=1)
    assert "did not reply to apply within 3 seconds" in told["vectors"][0]["why"]


def test_an_engine_that_ends_badly_is_told(folder: Path) -> None:
    told = check(folder, planted("ends badly"), "--only", "leave", code=1)
    assert told["passed"] == NUMBER["leave"]
    assert "ended with exit code 4 after bye, expected 0" in told["ended_badly"]
    result = run("vectors", "check", str(folder), "--engine", planted("ends badly"), "--only", "leave")
    assert result.exit_code == 1
    assert "ended with exit code 4 after bye, expected 0" in words_of(result.stdout)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("./no-such-engine", "no-such-engine"),
        ("", "found an empty command, expected one that starts an engine"),
        (shlex.join(faulty("version")), "speaks protocol 2, expected 1"),
        (shlex.join(faulty("ends-at-once")), "ended with exit code 3 while its reply to hello was awaited"),
    ],
)
def test_no_engine_that_speaks_the_protocol_is_bad_input(folder: Path, engine: str, message: str) -> None:
    result = run("vectors", "check", str(folder), "--engine", engine)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_name_that_there_is_not_is_bad_input(folder: Path) -> None:
    result = run("vectors", "check", str(folder), "--engine", ENGINE, "--only", "deposit/none")
    assert result.exit_code == 2
    assert result.stderr == (f"{folder}: found no vector deposit/none, expected a transaction type or a name\n")


# Writing


def test_out_takes_a_new_or_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, found in ((tmp_path, "a folder with files in it"), (tmp_path / "file", "a file")):
        result = run("vectors", "--out", str(path))
        assert result.exit_code == 2
        assert result.stderr == f"{path}: found {found}, expected a new or an empty folder\n"
    assert (tmp_path / "file").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_of_writing_and_checking_is_asked(tmp_path: Path) -> None:
    nothing = run("vectors")
    assert nothing.exit_code == 2
    assert nothing.stderr.startswith("backstop vectors: found nothing to do, expected --out DIR, or check (see")
    both = run("vectors", "--out", str(tmp_path / "x"), "check", str(tmp_path), "--engine", ENGINE)
    assert both.exit_code == 2
    assert "give one of the two" in both.stderr
    assert not (tmp_path / "x").exists()
    assert main.get_command(None, "vectors") is not None  # type: ignore[arg-type]


def test_the_schema_is_printed() -> None:
    from ledger.vectors import vector_schema

    assert json.loads(run("schema", "--of", "vector").stdout) == vector_schema()
    assert json.loads(run("schema", "--of", "log").stdout) == json.loads(run("schema").stdout)
