"""`backstop replay`: what holds, what is counted, and how a failure is told."""

import gzip
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ledger.cli.laws
from ledger.canonical import state_from_bytes
from ledger.laws import REGISTRY, Breach, Law, StateLaw, StepLaw
from ledger.laws.law import HELD, Span, Step, Verdict
from ledger.log import log_schema
from ledger.outcomes import Applied, Outcome
from ledger.postings import UnbalancedPostings
from ledger.state import State, size_of
from ledger.transactions import Trade, Transaction
from ledger.transition import apply
from tests.worlds import BTC, lots, with_account

from .runs import ALICE_AND_BOB, ROOT, TAKEOVER, deposit, document, log, mark, run, trade, words_of

REPLAY = importlib.import_module("ledger.replay")
"""The module; the package's name for it is its function."""

STATE_DIGEST = "6a2b411675277069e9beefa44e4e3d6cf5a12b2283b867e726fe78e7d35ec3fd"
"""Of the last state of alice-and-bob.jsonl: both accounts empty."""


def rows(text: str) -> dict[tuple[str, str], list[str]]:
    """The cells of the table of laws by id and scope: what stands right of the statement."""
    row = re.compile(r"(\S+) +(step|state|history) .* (\d+|-) +(\d+|-)  (holds|never fired|BROKEN|not checked)")
    matches = [match for line in text.splitlines() if (match := row.fullmatch(line))]
    return {(match[1], match[2]): [match[3], match[4], match[5]] for match in matches}


def test_every_law_has_its_row() -> None:
    result = run("replay", ALICE_AND_BOB)
    assert result.exit_code == 0
    assert result.stderr == ""
    laws = rows(result.stdout)
    assert set(laws) == {(law.id, law.scope.value) for law in REGISTRY}
    assert laws["CON-1", "step"] == ["10", "6", "holds"]
    assert laws["REJ-1", "step"] == ["12", "2", "holds"]
    assert laws["CAP-1", "history"] == ["0", "0", "never fired"]
    assert "Laws of scope state were checked after every 1000 transactions and at the end." in result.stdout


def test_it_closes_with_one_sentence() -> None:
    result = run("replay", ALICE_AND_BOB)
    silent = sum(cells[2] == "never fired" for cells in rows(result.stdout).values())
    assert silent > 1
    closing = words_of(result.stdout.rpartition("\n\n")[2])
    assert closing == (
        f"Holds on alice-and-bob.jsonl: {len(REGISTRY) - silent} of {len(REGISTRY)} laws, each on every "
        f"transaction it concerns, those of the whole state once; {silent} never fired and say nothing."
    )
    assert run("replay", ALICE_AND_BOB, "--quiet").stdout == f"{closing}\n"


def test_transactions_balances_and_digests() -> None:
    text = run("replay", TAKEOVER).stdout
    lines = text.splitlines()
    assert any(line.split() == ["deposit", "6", "-"] for line in lines)
    assert any(line.split() == ["liquidate", "0", "1"] for line in lines)
    assert any(line.split() == ["ACCOUNT_VALUE_NEGATIVE", "1"] for line in lines)
    assert any(line.split() == ["all", "14", "6"] for line in lines)
    assert any(line.split() == ["USDT", "1812206.366329282", "900.2436", "3.504097907"] for line in lines)
    for total in (
        "transactions 20",
        "rejected 6, none of them not expected by the log",
        "expectations met on 9 lines",
        "accounts 5",
        "sequence 14",
        "time 2020-09-13T12:27:59Z",
    ):
        assert any(words_of(line) == total for line in lines), total


def test_the_use_of_providers() -> None:
    """Ann took 0.1139 BTC at a mark of 5,000 over and gave notice since."""
    lines = [line.split() for line in run("replay", TAKEOVER).stdout.splitlines()]
    first = next(number for number, cells in enumerate(lines) if cells[:1] == ["ann"])
    assert lines[first] == ["ann", "take", "in", "a", "minute", "100000", "569.5", "99430.5"]
    assert lines[first + 1] == ["take", "in", "an", "hour", "1000000", "569.5", "999430.5"]
    assert lines[first + 2] == ["hold", "in", "a", "market", "2000000"]
    assert ["ann", "BTC-PERP", "0.1139", "569.5", "399.8861", "400.1139"] in lines
    assert ["ann:", "obliged", "until", "2020-09-13T13:27:59Z."] in lines


@pytest.mark.parametrize("width", ["80", "100", "120"])
def test_a_page_is_not_exceeded(width: str) -> None:
    for path in (ALICE_AND_BOB, TAKEOVER):
        lines = run("replay", path, env={"COLUMNS": width}).stdout.splitlines()
        assert max(map(len, lines)) <= int(width)
        assert not any(line != line.rstrip() for line in lines)


def test_a_narrow_page_has_the_laws_without_their_statements() -> None:
    lines = run("replay", ALICE_AND_BOB, env={"COLUMNS": "60"}).stdout.splitlines()
    assert lines[2].split() == ["law", "scope", "checked", "fired", "result"]
    assert ["CON-1", "step", "10", "6", "holds"] in [line.split() for line in lines]
    assert not any("..." in line for line in lines)
    assert max(len(line) for line in lines[2:] if " digest " not in line) <= 60


def test_the_document() -> None:
    told = document("replay", ALICE_AND_BOB)
    assert list(told) == [
        "log",
        "rulebook",
        "result",
        "sentence",
        "laws",
        "transactions",
        "applied",
        "rejected",
        "unexpected_rejections",
        "first_unexpected_rejection",
        "expectations_met",
        "sequence",
        "time",
        "accounts",
        "system_accounts",
        "custody",
        "providers",
        "chain_digest",
        "state_digest",
        "failure",
        "counterexample",
    ]
    assert told["log"] == ALICE_AND_BOB
    assert (told["rulebook"], told["result"], told["failure"]) == ("textbook", "holds", None)
    assert (told["transactions"], told["sequence"], told["expectations_met"]) == (12, 10, 8)
    assert told["applied"]["deposit"] == 2
    assert told["applied"]["backstop-transfer"] == 0
    assert told["rejected"]["trade"] == {"FREE_COLLATERAL_NEGATIVE": 1}
    assert told["rejected"]["mark"] == {}
    assert told["system_accounts"] == {"@external": {}, "@fees": {}, "@insurance": {}}
    assert told["state_digest"] == STATE_DIGEST
    assert [law["id"] for law in told["laws"]] == [law.id for law in REGISTRY]
    assert told["laws"][0] == {
        "id": "CON-1",
        "scope": "step",
        "statement": REGISTRY[0].statement,
        "checked": 10,
        "fired": 6,
        "result": "holds",
    }


def test_the_document_of_a_takeover() -> None:
    told = document("replay", TAKEOVER)
    assert told["system_accounts"]["@insurance"] == {"USDT": "900.2436"}
    assert told["custody"] == {"USDT": "1812206.366329282"}
    ann = told["providers"]["ann"]
    assert ann["windows"]["hour"] == {"limit": "1000000", "taken": "569.5", "left": "999430.5"}
    assert ann["holdings"]["BTC-PERP"]["left_long"] == "399.8861"
    assert (ann["obliged"], ann["notice"]) == (True, "2020-09-13T12:27:59Z")
    assert told["providers"]["ben"]["takeovers"] == [{"time": "2020-09-13T12:27:56Z", "notional": "854"}]


def test_the_document_is_the_same_every_time() -> None:
    assert run("replay", TAKEOVER, "--json").stdout == run("replay", TAKEOVER, "--json").stdout


def test_standard_input_and_gzip_are_the_same_log(tmp_path: Path) -> None:
    plain = document("replay", ALICE_AND_BOB)
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(Path(ALICE_AND_BOB).read_bytes()))
    unpacked = document("replay", str(packed))
    result = run("replay", "-", "--json", stdin=Path(ALICE_AND_BOB).read_bytes())
    piped = json.loads(result.stdout)
    assert piped["log"] == "standard input"
    for other in (unpacked, piped):
        assert (other["chain_digest"], other["laws"]) == (plain["chain_digest"], plain["laws"])
    assert run("replay", "-", "--quiet", stdin=Path(ALICE_AND_BOB).read_bytes()).stdout.startswith(
        "Holds on standard input: "
    )


@pytest.mark.parametrize(("choice", "scopes"), [("all", {"step", "history", "state"}), ("step", {"step", "history"})])
def test_laws_are_chosen_by_scope(choice: str, scopes: set[str]) -> None:
    laws = document("replay", ALICE_AND_BOB, "--laws", choice)["laws"]
    assert len(laws) == len(REGISTRY)
    for law in laws:
        assert (law["result"] == "not checked") == (law["scope"] not in scopes), law
        assert law["result"] != "not checked" or (law["checked"], law["fired"]) == (0, 0)
    if choice == "step":
        text = run("replay", ALICE_AND_BOB, "--laws", "step").stdout
        assert rows(text)["CON-1", "state"] == ["-", "-", "not checked"]
        assert "Laws of scope state" not in text


def test_no_laws_at_all() -> None:
    result = run("replay", ALICE_AND_BOB, "--laws", "none")
    assert result.exit_code == 0
    assert rows(result.stdout) == {}
    assert result.stdout.endswith("Replayed alice-and-bob.jsonl: no law was checked.\n")
    assert STATE_DIGEST in result.stdout


@pytest.mark.parametrize(("every", "looks"), [("1", 12), ("5", 3), ("12", 1), ("0", 1)])
def test_state_laws_look_as_often_as_asked(every: str, looks: int) -> None:
    """Of 12 transactions the last one is applied, so the end needs a look of its own where none was just made."""
    laws = document("replay", ALICE_AND_BOB, "--state-laws-every", every)["laws"]
    assert {law["checked"] for law in laws if law["scope"] == "state"} == {looks}


def test_the_note_on_state_laws() -> None:
    every = run("replay", ALICE_AND_BOB, "--state-laws-every", "1").stdout
    assert "Laws of scope state were checked after every transaction and at the end." in every
    once = run("replay", ALICE_AND_BOB, "--state-laws-every", "0").stdout
    assert "Laws of scope state were checked at the end alone." in once


def test_a_replay_that_stopped_says_what_was_checked_before(tmp_path: Path) -> None:
    lines = (mark("5000"), deposit("alice", "1", 1), deposit("alice", "1", 2, expect={"applied": False}))
    path = log(tmp_path, *lines)
    text = run("replay", path).stdout
    assert "Laws of scope state were not checked: the replay stopped before." in text
    assert rows(text)["CON-1", "state"] == ["0", "0", "not checked"]
    assert rows(text)["CON-1", "step"] == ["3", "2", "holds"]
    assert not any(cells[2] == "never fired" and cells[0] == "0" for cells in rows(text).values())
    results = {(law["id"], law["scope"]): law["result"] for law in document("replay", path, code=1)["laws"]}
    assert results["CON-1", "state"] == "not checked"
    for every, said in (("2", "once"), ("1", "3 times")):
        text = run("replay", path, "--state-laws-every", every).stdout
        assert f"Laws of scope state were checked {said} until the replay stopped." in text
        assert rows(text)["CON-1", "state"][2] == "holds"


def test_until_reads_no_further(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("alice", "1000", 1), {"type": "nonsense"})
    assert run("replay", path).exit_code == 2
    result = run("replay", path, "--until", "2", "--quiet")
    assert result.exit_code == 0
    assert result.stdout.startswith("Holds on small.jsonl up to sequence 2: ")
    assert document("replay", path, "--until", "1")["sequence"] == 1
    assert document("replay", path, "--until", "0")["transactions"] == 0
    assert document("replay", ALICE_AND_BOB, "--until", "1000")["sequence"] == 10


def test_the_state_is_written_and_can_be_read_again(tmp_path: Path) -> None:
    out = tmp_path / "state.json"
    told = document("replay", TAKEOVER, "--until", "11", "--state-out", str(out))
    state = state_from_bytes(out.read_bytes())
    assert state.sequence == told["sequence"] == 11
    assert size_of(state.accounts["dan"], BTC) == lots("0.5695")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json"]
    run("replay", TAKEOVER, "--state-out", str(out))
    assert state_from_bytes(out.read_bytes()).sequence == 14


def test_no_state_is_written_where_the_replay_fails(tmp_path: Path) -> None:
    out = tmp_path / "state.json"
    out.write_text("as it was", encoding="utf-8")
    path = log(tmp_path, mark("5000", expect={"applied": False}))
    assert run("replay", path, "--state-out", str(out)).exit_code == 1
    assert out.read_text(encoding="utf-8") == "as it was"


def test_a_state_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "state.json"
    out.write_text("as it was", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.cli.saving.os.fsync", full)
    result = run("replay", ALICE_AND_BOB, "--state-out", str(out))
    assert (result.exit_code, result.stderr) == (2, "backstop: No space left on device\n")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("state.json", "as it was")
    ]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (".", ": found a folder or device, expected a file to write"),
        ("absent/state.json", ": found no folder {folder}/absent to write to"),
    ],
)
def test_where_no_state_can_be_written(target: str, message: str, tmp_path: Path) -> None:
    path = str(tmp_path / target)
    result = run("replay", ALICE_AND_BOB, "--state-out", path)
    assert result.exit_code == 2
    assert result.stderr == f"{path}{message.format(folder=tmp_path)}\n"
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["log.jsonl", "hard.jsonl", "soft.jsonl", "./log.jsonl"])
def test_the_log_is_never_overwritten(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own name or another one, in words that would not even be read."""
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text("no genesis", encoding="utf-8")
    Path("hard.jsonl").hardlink_to("log.jsonl")
    Path("soft.jsonl").symlink_to("log.jsonl")
    result = run("replay", "log.jsonl", "--state-out", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{name}: is the log itself, expected another file\n"
    assert {path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"no genesis"}


def test_a_log_on_standard_input_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    shutil.copy(ALICE_AND_BOB, path)
    with path.open("rb") as stream:
        answer = subprocess.run(
            [sys.executable, "-m", "ledger", "replay", "-", "--state-out", str(path)],
            cwd=ROOT,
            stdin=stream,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"{path}: is the log itself, expected another file\n"
    assert path.read_bytes() == Path(ALICE_AND_BOB).read_bytes()


def test_no_state_goes_to_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("replay", ALICE_AND_BOB, "--state-out", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "-: found standard output, expected a file to write\n"
    assert list(tmp_path.iterdir()) == []


def test_fail_on_rejected_counts_what_the_log_did_not_expect(tmp_path: Path) -> None:
    assert run("replay", ALICE_AND_BOB, "--fail-on", "rejected").exit_code == 0
    refused = trade("alice", "alice", "1", "5000", 2)
    expected = trade("alice", "alice", "1", "5000", 3, expect={"reason": "SAME_ACCOUNT"})
    path = log(
        tmp_path, mark("5000"), deposit("alice", "1000", 1), refused, expected, trade("eve", "alice", "1", "5000", 4)
    )
    assert run("replay", path).exit_code == 0
    result = run("replay", path, "--fail-on", "rejected", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == ("Fails on small.jsonl: 2 refusals that the log does not expect, the first on line 4.\n")
    told = document("replay", path, "--fail-on", "rejected", code=1)
    assert (told["result"], told["failure"]) == ("fails", None)
    assert (told["unexpected_rejections"], told["first_unexpected_rejection"]) == (2, 4)
    assert "rejected 3, 2 of them not expected by the log" in words_of(run("replay", path).stdout)


def test_fail_on_unknown_names_the_laws_that_said_nothing() -> None:
    result = run("replay", ALICE_AND_BOB, "--fail-on", "unknown")
    assert result.exit_code == 1
    closing = words_of(result.stdout.rpartition("\n\n")[2])
    laws = document("replay", ALICE_AND_BOB)["laws"]
    silent = [f"{law['id']} ({law['scope']})" for law in laws if law["result"] == "never fired"]
    assert "CAP-1 (history)" in silent
    assert closing == (
        f"Fails on alice-and-bob.jsonl: {len(silent)} of {len(laws)} laws never fired: {', '.join(silent)}."
    )
    nothing_to_know = run("replay", "absent.jsonl", "--laws", "none", "--fail-on", "unknown")
    assert (nothing_to_know.exit_code, nothing_to_know.stdout) == (2, "")
    assert nothing_to_know.stderr == (
        "backstop replay: --fail-on unknown asks which laws fired and --laws none checks none "
        "(see backstop replay --help)\n"
    )
    both = run("replay", ALICE_AND_BOB, "--fail-on", "unknown", "--fail-on", "rejected")
    assert both.exit_code == 1


def test_two_outputs_are_one_too_many() -> None:
    result = run("replay", ALICE_AND_BOB, "--json", "--quiet")
    assert result.exit_code == 2
    assert result.stderr == (
        "backstop replay: --json and --quiet are two outputs; give one of them (see backstop replay --help)\n"
    )


def test_an_end_before_the_beginning_leaves_nothing_to_check() -> None:
    result = run("replay", ALICE_AND_BOB, "--from", "5", "--until", "3")
    assert result.exit_code == 2
    assert result.stderr == (
        "backstop replay: --until comes before --from, so that nothing is between them (see backstop replay --help)\n"
    )


def test_an_unmet_expectation_is_told_with_the_accounts_before_and_after(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        mark("5000"),
        deposit("alice", "500", 1),
        deposit("bob", "500", 2),
        trade("alice", "bob", "10", "5000", 3),
        mark("5050", 4, expect={"account_values": {"alice": "1000.5"}}),
        {"type": "nonsense"},
    )
    result = run("replay", path)
    assert result.exit_code == 1
    assert result.stderr == ""
    failure = result.stdout[result.stdout.index(f"{path}:6: expectation not met") :]
    assert "expected account value 1000.5 of alice, found 1000. transaction" in words_of(failure)
    assert "the venue marks BTC-PERP by AscendEX 5050, Binance 5050," in words_of(failure)
    assert "outcome applied as sequence 5." in words_of(failure)
    lines = [line.split() for line in failure.splitlines()]
    assert ["USDT", "500", "500"] in lines
    assert ["BTC-PERP", "size", "10", "10"] in lines
    assert ["*", "BTC-PERP", "mark", "5000", "5050"] in lines
    assert ["*", "account", "value", "AV", "500", "1000"] in lines
    assert ["*", "free", "collateral", "EC", "-", "IM", "0", "-5"] in lines
    assert ["bob"] not in lines
    closing = words_of(result.stdout.rpartition("\n\n")[2])
    assert closing == (
        "Fails on small.jsonl: an expectation is not met on line 6: expected account value 1000.5 of alice, found 1000."
    )
    assert run("replay", path, "--quiet").stdout == f"{closing}\n"


def test_the_document_of_an_unmet_expectation(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), deposit("alice", "500", 1, expect={"balances": {"alice": {"USDT": "501"}}}))
    failure = document("replay", path, code=1)["failure"]
    assert list(failure) == ["kind", "line", "transaction", "outcome", "law", "detail", "accounts"]
    assert (failure["kind"], failure["line"], failure["law"]) == ("expectation", 3, None)
    assert failure["transaction"] == "alice deposits 500 USDT"
    assert failure["detail"] == "expected 501 USDT of alice, found 500"
    assert failure["accounts"]["alice"]["before"] is None
    assert failure["accounts"]["alice"]["after"]["cash"]["USDT"]["amount"] == "500"


def test_unmet_positions_are_told_in_the_units_of_the_log(tmp_path: Path) -> None:
    expect = {"positions": {name: {"BTC-PERP": {"size": "0.25"}} for name in ("alice", "bob")}}
    path = log(
        tmp_path,
        mark("5000"),
        deposit("alice", "500", 1),
        deposit("bob", "500", 2),
        trade("alice", "bob", "0.1", "5000", 3, expect=expect),
    )
    text = run("replay", path).stdout
    assert (
        f"{path}:5: expectation not met expected 0.25 BTC-PERP of alice, found 0.1. expected 0.25 BTC-PERP of bob, "
        "found -0.1. transaction "
    ) in words_of(text)
    assert document("replay", path, code=1)["failure"]["detail"] == (
        "expected 0.25 BTC-PERP of alice, found 0.1; expected 0.25 BTC-PERP of bob, found -0.1"
    )


def test_a_mark_changes_with_its_market_and_not_with_a_position(tmp_path: Path) -> None:
    lines = (mark("5000"), deposit("alice", "500", 1), deposit("bob", "500", 2))
    wrong = {"account_values": {"alice": "1"}}
    opening = trade("alice", "bob", "0.1", "5000", 3)
    path = log(tmp_path, *lines, {**opening, "expect": wrong})
    opened = [line.split() for line in run("replay", path).stdout.splitlines()]
    assert ["*", "BTC-PERP", "size", "-", "0.1"] in opened
    assert ["BTC-PERP", "mark", "5000", "5000"] in opened
    path = log(tmp_path, *lines, opening, trade("bob", "alice", "0.1", "5000", 4, expect=wrong))
    closed = [line.split() for line in run("replay", path).stdout.splitlines()]
    assert ["*", "BTC-PERP", "size", "0.1", "-"] in closed
    assert ["BTC-PERP", "mark", "5000", "5000"] in closed


def test_an_unmet_reason_shows_the_parties_of_the_transaction(tmp_path: Path) -> None:
    refused = trade("alice", "bob", "1", "5000", 3, expect={"reason": "UNKNOWN_ACCOUNT"})
    path = log(tmp_path, mark("5000"), deposit("alice", "1", 1), deposit("bob", "500", 2), refused)
    result = run("replay", path)
    assert result.exit_code == 1
    text = words_of(result.stdout)
    assert "expected UNKNOWN_ACCOUNT, found FREE_COLLATERAL_NEGATIVE. transaction" in text
    assert (
        "outcome refused, FREE_COLLATERAL_NEGATIVE: it must hold that effective collateral covers initial margin; "
        "alice: effective collateral 1 USDT, initial margin 50 USDT."
    ) in text
    assert list(document("replay", path, code=1)["failure"]["accounts"]) == ["alice", "bob"]


def with_law(monkeypatch: pytest.MonkeyPatch, law: Law) -> None:
    """Put a law of a test in the place of the registry's law of that id and scope."""
    registry = tuple(law if (each.id, each.scope) == (law.id, law.scope) else each for each in REGISTRY)
    assert registry != REGISTRY
    monkeypatch.setattr(ledger.cli.laws, "REGISTRY", registry)


def test_a_bug_of_the_ledger_is_caught_by_its_law(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The trade gives alice an atom that nobody pays: CON-1 breaks, and the atom is in the table."""

    def generous(state: State, transaction: Transaction) -> Outcome:
        outcome = apply(state, transaction)
        if not (isinstance(outcome, Applied) and isinstance(transaction, Trade)):
            return outcome
        alice = outcome.state.accounts["alice"]
        richer = type(alice)(
            alice.cash.set("USDT", alice.cash["USDT"] + 1),
            alice.positions,
            alice.max_leverage,
            alice.fee_tier,
            alice.liquidation,
        )
        return Applied(with_account(outcome.state, "alice", richer), outcome.postings, outcome.events)

    monkeypatch.setattr(REPLAY, "apply", generous)
    path = log(
        tmp_path,
        mark("5000"),
        deposit("alice", "500", 1),
        deposit("bob", "500", 2),
        trade("alice", "bob", "10", "5000", 3),
        mark("5050", 4),
    )
    result = run("replay", path)
    assert result.exit_code == 1
    assert rows(result.stdout)["CON-1", "step"][2] == "BROKEN"
    text = words_of(result.stdout)
    assert f"{path}:5: law CON-1 (step) is broken statement {REGISTRY[0].statement} found " in text
    assert "transaction alice buys 10 BTC-PERP from bob at 5000, alice taking." in text
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["*", "USDT", "500", "500.0000000000001"] in lines
    assert ["*", "BTC-PERP", "size", "-", "10"] in lines
    assert ["*", "BTC-PERP", "size", "-", "-10"] in lines
    assert text.rpartition("Fails on small.jsonl: law CON-1 is broken on line 5: ")[2] != ""
    told = document("replay", path, code=1)
    assert told["result"] == "fails"
    assert told["failure"]["law"] == {"id": "CON-1", "scope": "step", "statement": REGISTRY[0].statement}
    assert set(told["failure"]["accounts"]) == {"alice", "bob"}
    assert told["transactions"] == 4


def test_a_broken_law_shows_exactly_the_accounts_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses_trades(step: Step) -> Verdict:
        return Breach("a trade happened", ("bob",)) if isinstance(step.transaction, Trade) else HELD

    with_law(monkeypatch, StepLaw("CON-2", "Nobody trades.", refuses_trades))
    told = document("replay", ALICE_AND_BOB, code=1)
    assert list(told["failure"]["accounts"]) == ["bob"]
    assert told["failure"]["line"] == 5
    results = {(law["id"], law["scope"]): law["result"] for law in told["laws"]}
    assert results["CON-2", "step"] == "BROKEN"
    assert results["CON-1", "step"] == "holds"
    text = words_of(run("replay", ALICE_AND_BOB).stdout)
    assert "law CON-2 (step) is broken statement Nobody trades. found a trade happened." in text


def test_a_broken_state_law_says_that_it_looks_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_holds(span: Span) -> Verdict:
        return Breach("something", ("alice",)) if span.now.sequence >= 2 else HELD

    with_law(monkeypatch, StateLaw("CON-2", "Nothing happens.", never_holds))
    rarely = run("replay", ALICE_AND_BOB, "--state-laws-every", "4")
    assert rarely.exit_code == 1
    assert "may have happened up to 4 transactions earlier" in words_of(rarely.stdout)
    assert "--state-laws-every 1 finds the transaction" in words_of(rarely.stdout)
    always = run("replay", ALICE_AND_BOB, "--state-laws-every", "1")
    assert "alice-and-bob.jsonl:3: law CON-2 (state) is broken" in always.stdout
    assert "earlier" not in always.stdout
    at_the_end = words_of(run("replay", ALICE_AND_BOB, "--state-laws-every", "0").stdout)
    assert "may have happened at any transaction before" in at_the_end


@pytest.mark.parametrize("every", ["0", "4", "5"])
def test_a_broken_state_law_is_told_of_the_last_transaction_that_was_applied(
    every: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two refusals follow it, which changed nothing."""
    with_law(monkeypatch, StateLaw("CON-2", "Nobody is rich.", lambda span: Breach("alice is", ("alice",))))
    refusals = (trade("alice", "alice", "1", "5000", 4), trade("alice", "alice", "2", "5000", 5))
    path = log(tmp_path, mark("5000"), deposit("bob", "7", 1), deposit("alice", "500", 3), *refusals)
    failure = document("replay", path, "--state-laws-every", every, code=1)["failure"]
    assert (failure["line"], failure["transaction"]) == (4, "alice deposits 500 USDT")
    assert failure["outcome"] == "applied as sequence 3"
    assert failure["accounts"]["alice"]["before"] is None
    assert failure["accounts"]["alice"]["after"]["cash"]["USDT"]["amount"] == "500"
    text = words_of(run("replay", path, "--state-laws-every", every).stdout)
    assert f"{path}:4: law CON-2 (state) is broken" in text
    assert "outcome applied as sequence 3. time 2020-09-13T12:27:03Z" in text
    assert text.endswith("Fails on small.jsonl: law CON-2 is broken on line 4: alice is.")


def test_a_state_broken_before_any_transaction_was_applied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_law(monkeypatch, StateLaw("CON-2", "Nothing exists.", lambda span: Breach("it does")))
    path = log(tmp_path, trade("alice", "bob", "1", "5000", 1), trade("alice", "bob", "2", "5000", 2))
    told = document("replay", path, "--state-laws-every", "2", code=1)
    assert (told["transactions"], told["failure"]["line"], told["failure"]["outcome"]) == (2, None, None)
    closing = words_of(run("replay", path, "--state-laws-every", "2").stdout.rpartition("\n\n")[2])
    assert closing == "Fails on small.jsonl: law CON-2 is broken before the first transaction: it does."


def test_a_state_broken_from_the_beginning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_law(monkeypatch, StateLaw("CON-2", "Nothing exists.", lambda span: Breach("it does")))
    result = run("replay", log(tmp_path))
    assert result.exit_code == 1
    assert result.stdout.endswith("Fails on small.jsonl: law CON-2 is broken before the first transaction: it does.\n")
    assert document("replay", log(tmp_path), code=1)["failure"]["line"] is None


def test_many_accounts_of_a_failure_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = tuple(f"a{number:02}" for number in range(15))
    with_law(monkeypatch, StateLaw("CON-2", "Nobody is rich.", lambda span: Breach("all are", names)))
    path = log(tmp_path, mark("5000"), *(deposit(name, "1", 1) for name in names))
    text = run("replay", path).stdout
    assert "a11" in text
    assert "a12" not in text
    assert "... and 3 accounts more; --json has all of them." in text
    assert len(document("replay", path, code=1)["failure"]["accounts"]) == 15


def test_a_bug_that_raises_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(state: State, transaction: Transaction) -> Outcome:
        raise UnbalancedPostings("postings of USDT net to 1,\nnot to zero")

    monkeypatch.setattr(REPLAY, "apply", broken)
    result = run("replay", ALICE_AND_BOB)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == (
        f"{ALICE_AND_BOB}:2: internal error, please report it (BACKSTOP_TRACEBACK=1 shows where): "
        "UnbalancedPostings: postings of USDT net to 1,\\nnot to zero\n"
    )
    traced = run("replay", ALICE_AND_BOB, env={"BACKSTOP_TRACEBACK": "1"})
    assert traced.exit_code == 3
    assert "Traceback (most recent call last)" in traced.stderr
    assert traced.stderr.splitlines()[-1] == result.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", [("replay",), ("show",), ("explain", "--line", "6")], ids=" ".join)
def test_an_internal_error_says_its_line(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised while a line is answered; here a trade's, of which the log has the first on line 5."""

    def broken(state: State, transaction: Transaction) -> Outcome:
        return apply(state, transaction if not isinstance(transaction, Trade) else None)  # type: ignore[arg-type]

    monkeypatch.setattr(REPLAY, "apply", broken)
    result = run(command[0], ALICE_AND_BOB, *command[1:])
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"{ALICE_AND_BOB}:5: internal error, please report it (BACKSTOP_TRACEBACK=1 ")
    assert "AttributeError: " in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_law_that_raises_is_an_internal_error_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(step: Step) -> Verdict:
        raise ZeroDivisionError("of a law") if isinstance(step.transaction, Trade) else LookupError

    with_law(monkeypatch, StepLaw("CON-2", "Nobody stumbles.", stumbles, concerns=(Trade,)))
    result = run("replay", ALICE_AND_BOB)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"{ALICE_AND_BOB}:5: internal error, ")
    assert result.stderr.endswith(": ZeroDivisionError: of a law\n")


def test_a_law_that_raises_at_the_end_is_an_internal_error_of_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(span: Span) -> Verdict:
        raise ZeroDivisionError("of a law")

    with_law(monkeypatch, StateLaw("CON-2", "Nobody stumbles.", stumbles))
    result = run("replay", ALICE_AND_BOB)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"{ALICE_AND_BOB}:13: internal error, ")


def test_an_explanation_that_fails_says_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError("no checks")

    monkeypatch.setattr("ledger.cli.explained.compare", broken)
    for more in ((), ("--json",)):
        result = run("explain", ALICE_AND_BOB, "--line", "6", *more)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith(f"{ALICE_AND_BOB}:6: internal error, ")


def test_bad_input_is_no_internal_error(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000"), {"type": "nonsense"})
    for command in ("replay", "show"):
        result = run(command, path)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{path}:3: type: ")


def test_an_empty_log_holds(tmp_path: Path) -> None:
    result = run("replay", log(tmp_path))
    assert result.exit_code == 0
    assert "accounts 0" in words_of(result.stdout)


def test_a_path_with_folders_is_shortened_in_the_sentence_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copy(ALICE_AND_BOB, folder / "log.jsonl")
    lines = run("replay", str(folder / "log.jsonl")).stdout.splitlines()
    assert lines[0] == f"{folder}/log.jsonl, rulebook textbook"
    assert lines[-1].startswith("Holds on log.jsonl: ") or lines[-2].startswith("Holds on log.jsonl: ")


def test_the_schema_is_printed() -> None:
    result = run("schema")
    assert result.exit_code == 0
    printed: Any = json.loads(result.stdout)
    assert printed == log_schema()
    assert {"Genesis", "Trade", "BackstopTransfer"} <= set(printed["$defs"])
