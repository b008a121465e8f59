"""`backstop journal`, and the commands that read a journal where they read a log."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.journal import JournalReader
from ledger.log import encode_genesis
from ledger.outcomes import Applied

from .runs import (
    ALICE_AND_BOB,
    CASCADE,
    EXAMPLES,
    ROOT,
    STRESS,
    TAKEOVER,
    at,
    backstop,
    deposit,
    document,
    log,
    run,
    words_of,
)

GENESIS = encode_genesis("textbook", time=1_600_000_000_000).decode()


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def imported(folder: Path, source: str, every: int = 5) -> str:
    """The path of a journal of a log."""
    path = str(folder / "a.journal")
    result = run("journal", "import", path, source, "--checkpoint-every", str(every))
    assert (result.exit_code, result.stderr) == (0, "")
    return path


def test_init_makes_a_genesis(tmp_path: Path) -> None:
    path = str(tmp_path / "a.journal")
    result = run("journal", "init", path, "--rulebook", "textbook", "--time", "2020-09-13T12:26:40Z")
    assert (result.exit_code, result.stderr) == (0, "")
    (head,) = lines_of(result.stdout)
    assert (head["line"], head["sequence"], head["taken"]) == (1, 0, 1)
    assert run("journal", "export", path, "--out", "-").stdout == GENESIS
    again = run("journal", "init", path)
    assert (again.exit_code, again.stderr) == (2, f"{path}: found a file there already, expected none\n")


def test_init_takes_a_rulebook_of_a_file(tmp_path: Path) -> None:
    path, rulebook = str(tmp_path / "a.journal"), tmp_path / "own.toml"
    rulebook.write_text('base = "textbook"\nname = "own"\n')
    assert run("journal", "init", path, "--rulebook", str(rulebook), "--time", "5").exit_code == 0
    assert document("show", path)["rulebook"] == "own"
    rulebook.write_text('base = "textbook"\nminimum_sources = 2\n')
    result = run("journal", "init", str(tmp_path / "b.journal"), "--rulebook", str(rulebook))
    assert result.exit_code == 2
    assert result.stderr == f"{rulebook}: minimum_sources: found 2, expected a whole number from 3 to 5\n"
    result = run("journal", "init", str(tmp_path / "b.journal"), "--time", "yesterday")
    assert result.exit_code == 2
    assert result.stderr.startswith("backstop journal init: --time: found yesterday, expected a time such as")


def test_append_acknowledges_on_standard_output(tmp_path: Path) -> None:
    path = str(tmp_path / "a.journal")
    source = log(tmp_path, *(deposit("alice", "1", seconds) for seconds in range(5)))
    run("journal", "init", path, "--rulebook", "textbook", "--time", "2020-09-13T12:26:40Z")
    text = Path(source).read_bytes()
    rest = text.split(b"\n", 1)[1]
    result = run("journal", "append", path, "--batch", "2", stdin=rest)
    assert (result.exit_code, result.stderr) == (0, "")
    told = lines_of(result.stdout)
    assert [(head["line"], head["sequence"], head["taken"]) for head in told] == [
        (1, 0, 1),
        (3, 2, 3),
        (5, 4, 5),
        (6, 5, 6),
    ]
    assert told[-1]["chain"] == document("replay", source)["chain_digest"]
    with JournalReader(path) as reader:
        assert told[-1]["link"] == reader.head().link.hex()
    with open(tmp_path / "more.jsonl", "w", encoding="utf-8") as file:
        file.write(json.dumps(deposit("bob", "1", 30)) + "\n" + json.dumps(deposit("bob", "x", 31)) + "\n")
    result = run("journal", "append", path, str(tmp_path / "more.jsonl"))
    assert result.exit_code == 2
    assert [head["line"] for head in lines_of(result.stdout)] == [6, 7]
    assert (
        result.stderr
        == f'{tmp_path / "more.jsonl"}:2: amount: found "x", expected an exact decimal such as "5000.25"\n'
    )
    acknowledged = tmp_path / "acknowledged"
    acknowledged.write_text(result.stdout + '{"line":9')  # the last one was not told in full
    result = run("journal", "verify", path, "--acknowledged", str(acknowledged))
    assert result.exit_code == 0
    assert "2 acknowledgements" in result.stdout


@pytest.mark.parametrize(("text", "message"), [
    ("{}\n", "found another line (Object missing required field `line`), expected an object as append tells it"),
    ('{"line":1,"sequence":0,"taken":1,"chain":"","link":"xy"}\n', "found another link than 64 hexadecimal digits, "
     "expected an object as append tells it"),
])  # fmt: skip
def test_bad_acknowledgements(tmp_path: Path, text: str, message: str) -> None:
    path, file = imported(tmp_path, ALICE_AND_BOB), tmp_path / "told"
    file.write_text(text)
    result = run("journal", "verify", path, "--acknowledged", str(file))
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{file}:1: {message}\n")


def test_append_leaves_refusals_out_where_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "a.journal")
    genesis, *_ = Path(TAKEOVER).read_text(encoding="utf-8").splitlines(keepends=True)
    run("journal", "init", path, "--time", "2020-09-13T12:26:40Z")
    assert run("journal", "export", path, "--out", "-").stdout == genesis
    result = run("journal", "append", path, TAKEOVER, "--from-line", "1", "--leave-out-refusals")
    assert result.exit_code == 0
    last = lines_of(result.stdout)[-1]
    assert (last["line"], last["sequence"], last["taken"]) == (15, 14, 21)
    # A second time nothing is new, and another log is refused.
    result = run("journal", "append", path, TAKEOVER, "--from-line", "1", "--leave-out-refusals")
    assert (result.exit_code, lines_of(result.stdout)) == (0, [last])
    result = run("journal", "append", path, CASCADE, "--from-line", "1")
    assert result.exit_code == 2
    assert result.stderr == f"{CASCADE}:21: found another line than line 1 of {path}\n"


def test_a_broken_law_records_nothing_of_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.rules import deposit as rule

    path = str(tmp_path / "a.journal")
    source = log(tmp_path, deposit("alice", "1"), deposit("alice", "2", 1), deposit("alice", "3", 2))
    run("journal", "import", path, log(tmp_path, name="genesis.jsonl"))
    honest = rule.deposit

    def dishonest(state: Any, transaction: Any) -> Any:
        outcome = honest(state, transaction)
        if transaction.amount != 2 * 10**13:
            return outcome
        assert isinstance(outcome, Applied)
        return Applied(outcome.state, (), outcome.events)

    monkeypatch.setattr("ledger.transition.deposit", dishonest)
    result = run("journal", "append", path, source, "--from-line", "1")
    assert result.exit_code == 1, result.stderr
    assert result.stderr.startswith(f"{source}:3: law ")
    assert len(result.stderr.splitlines()) == 1
    assert [head["line"] for head in lines_of(result.stdout)] == [1, 2]
    result = run("journal", "append", path, source, "--from-line", "1", "--laws", "none")
    assert [head["line"] for head in lines_of(result.stdout)] == [2, 4]


def test_an_expectation_that_is_not_met_is_a_divergence(tmp_path: Path) -> None:
    path = str(tmp_path / "a.journal")
    source = log(tmp_path, deposit("alice", "1"), deposit("alice", "1", 1, expect={"applied": False}))
    result = run("journal", "import", path, source)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{source}:3: expected a refusal, found applied\n"
    assert not Path(path).exists()


@pytest.mark.parametrize("source", [ALICE_AND_BOB, TAKEOVER, STRESS], ids=lambda path: Path(path).name)
def test_export_is_what_was_imported(tmp_path: Path, source: str) -> None:
    path = imported(tmp_path, source)
    assert run("journal", "export", path, "--out", "-").stdout_bytes == Path(source).read_bytes()
    packed = str(tmp_path / "a.jsonl.gz")
    told = run("journal", "export", path, "--out", packed)
    assert (told.exit_code, told.stderr) == (0, "")
    again = str(tmp_path / "b.journal")
    assert run("journal", "import", again, packed, "--checkpoint-every", "5").stdout == told.stdout
    assert run("journal", "export", again, "--out", "-").stdout_bytes == Path(source).read_bytes()
    first = Path(packed).read_bytes()
    run("journal", "export", path, "--out", packed)
    assert Path(packed).read_bytes() == first
    result = run("journal", "export", path, "--out", path)
    assert (result.exit_code, result.stderr) == (2, f"{path}: is the log itself, expected another file\n")


def test_verify_tells_what_it_looked_at(tmp_path: Path) -> None:
    path = imported(tmp_path, TAKEOVER)
    told = document("journal", "verify", path)
    assert (told["result"], told["line"], told["batches"], told["checkpoints"]) == ("as written", 21, 2, 4)
    assert told["chain"] == document("replay", TAKEOVER)["chain_digest"]
    lines = run("journal", "verify", path).stdout.splitlines()
    assert lines[:2] == ["a.journal is as it was written.", "21 lines, sequence 14, 2 batches, 4 checkpoints"]


def test_verify_names_what_is_wrong(tmp_path: Path) -> None:
    path = imported(tmp_path, TAKEOVER)
    data = Path(path).read_bytes()
    place = data.index(b'"account":"cyd","asset":"USDT","amount":"') + 13
    Path(path).write_bytes(data[:place] + b"x" + data[place + 1 :])
    message = "found a line that is not as it was recorded: its link is another"
    result = run("journal", "verify", path)
    assert (result.exit_code, result.stdout, result.stderr) == (1, f"{path}:9: sequence 7: {message}\n", "")
    assert document("journal", "verify", path, code=1) == {
        "journal": path, "result": "tampered", "line": 9, "sequence": 7, "message": message,
    }  # fmt: skip
    for command in (("journal", "export", path, "--out", "-"), ("replay", path), ("show", path, "--line", "9")):
        result = run(*command)
        assert result.exit_code == 2
        assert result.stderr.endswith(f"{path}:9: sequence 7: {message}\n")
        assert len(result.stderr.splitlines()) == 1


def test_a_checkpoint_is_kept_where_asked(tmp_path: Path) -> None:
    path = imported(tmp_path, TAKEOVER, 0)
    assert run("journal", "checkpoint", path).exit_code == 0
    with JournalReader(path) as reader:
        (point,) = reader.points()
    told = document("replay", TAKEOVER)
    assert (point.line, point.state_digest, point.chain.hex()) == (21, told["state_digest"], told["chain_digest"])


@pytest.mark.parametrize("every", [0, 1, 4])
def test_show_and_explain_read_a_journal_as_they_read_its_log(tmp_path: Path, every: int) -> None:
    path = imported(tmp_path, TAKEOVER, every)
    points = [("--at", str(sequence)) for sequence in range(15)] + [("--line", str(line)) for line in range(1, 22)]
    for point in (*points, ("--at", "15"), ("--line", "22"), ()):
        for command in ("show", "explain"):
            wanted, found = run(command, TAKEOVER, *point), run(command, path, *point)
            assert found.exit_code == wanted.exit_code
            assert found.stdout == wanted.stdout.replace(TAKEOVER, path)
            assert found.stderr == wanted.stderr.replace(TAKEOVER, path)


def test_they_begin_at_the_nearest_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.cli import moments

    path, answered = imported(tmp_path, TAKEOVER, 4), []
    honest = moments.line_answered

    def counting(last: Any, entry: Any) -> Any:
        answered.append(entry.line)
        return honest(last, entry)

    monkeypatch.setattr(moments, "line_answered", counting)
    for point, lines in (
        (("--line", "12"), []),
        (("--line", "11"), [9, 10, 11]),
        (("--line", "13"), [13]),
        (("--at", "9"), [9, 10]),
        ((), [21]),
    ):
        answered.clear()
        assert run("show", path, *point).exit_code == 0
        assert answered == lines


@pytest.mark.parametrize(
    "options", [(), ("--until", "9"), ("--from", "9"), ("--from", "5", "--until", "9"), ("--from", "14")]
)
@pytest.mark.parametrize("every", [0, 4])
def test_replay_reads_a_journal_as_it_reads_its_log(tmp_path: Path, options: tuple[str, ...], every: int) -> None:
    path = imported(tmp_path, TAKEOVER, every)
    wanted, found = document("replay", TAKEOVER, *options), document("replay", path, *options)
    assert found.pop("sentence") == wanted.pop("sentence").replace("takeover.jsonl", "a.journal")
    assert found.pop("log") == path
    del wanted["log"]
    assert found == wanted


def test_replay_from_a_sequence_checks_what_follows(tmp_path: Path) -> None:
    whole = document("replay", TAKEOVER)
    for sequence in range(15):
        part = document("replay", TAKEOVER, "--from", str(sequence))
        assert (part["chain_digest"], part["state_digest"]) == (whole["chain_digest"], whole["state_digest"])
        assert sum(part["applied"].values()) == 14 - sequence
        assert f"takeover.jsonl from sequence {sequence}:" in part["sentence"]
    result = run("replay", TAKEOVER, "--from", "15")
    assert result.exit_code == 2
    assert result.stderr == f"{TAKEOVER}: there is no sequence 15; it ends with line 21, sequence 14\n"
    result = run("replay", TAKEOVER, "--from", "1", "--counterexample", "x.jsonl")
    assert result.exit_code == 2
    assert "--counterexample writes a log from the genesis on; give it without --from" in result.stderr


def test_a_journal_that_recorded_another_answer_is_a_divergence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of another version of the ledger: the links hold, the digests do not."""
    from ledger.cli import sources

    path = imported(tmp_path, TAKEOVER)
    monkeypatch.setattr("ledger.replay.chain", lambda previous, transaction, outcome: bytes(32))
    assert sources.is_journal(path)
    for command in (
        ("show", path),
        ("show", path, "--line", "8"),
        ("explain", path, "--line", "8"),
    ):
        result = run(*command)
        assert result.exit_code == 1
        assert result.stderr.endswith("found another chain digest recorded than the ledger gives\n")
        assert len(result.stderr.splitlines()) == 1
    result = run("replay", path, "--quiet")
    assert result.exit_code == 1
    assert result.stdout.startswith("Fails on a.journal: an expectation is not met on line 5: expected digest ")
    assert f"at the checkpoint, found {bytes(32).hex()}" in result.stdout


def test_watch_reads_a_journal(tmp_path: Path) -> None:
    path = imported(tmp_path, ALICE_AND_BOB)
    wanted, found = run("watch", ALICE_AND_BOB), run("watch", path)
    told = wanted.stdout.replace(ALICE_AND_BOB, path).replace("alice-and-bob.jsonl", "a.journal")
    assert (found.exit_code, words_of(found.stdout)) == (wanted.exit_code, words_of(told))


def test_what_is_no_journal_is_told_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE x (y)")
    for path, message in (
        (str(other), "found another SQLite database, expected a journal"),
        (ALICE_AND_BOB, "found no SQLite database, expected a journal (file is not a database)"),
        (str(tmp_path / "none"), "found no such file or directory, expected a journal"),
        (str(EXAMPLES), "found a folder or device, expected a journal"),
    ):
        commands = [
            ("append", path, ALICE_AND_BOB),
            ("verify", path),
            ("export", path, "--out", "-"),
            ("checkpoint", path),
        ]
        for words in commands:
            result = run("journal", *words)
            assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"{path}: {message}\n")
    result = run("show", str(other))
    assert (result.exit_code, result.stderr) == (2, f"{other}: found another SQLite database, expected a journal\n")


def test_a_journal_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("init", "-"), ("import", "-", TAKEOVER), ("append", "-"), ("verify", "-"), ("checkpoint", "-")):
        result = run("journal", *words)
        message = f"a journal is a file, and - names standard input (see backstop journal {words[0]} --help)"
        assert (result.exit_code, result.stderr) == (2, f"backstop journal {words[0]}: {message}\n")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_where_a_log_is_asked_for_is_told_in_one_line(tmp_path: Path) -> None:
    path = imported(tmp_path, ALICE_AND_BOB)
    message = "found an SQLite database, expected a log; backstop journal export makes one of a journal"
    for words in (
        ("journal", "import", str(tmp_path / "b.journal"), path),
        ("journal", "append", path, path),
        ("verify", "--way", "logs", "--log", path),
    ):
        result = run(*words)
        assert (result.exit_code, result.stderr) == (2, f"{path}: {message}\n")
    assert not (tmp_path / "b.journal").exists()


def test_init_with_a_rulebook_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    result = run("journal", "init", str(path), "--rulebook", "nowhere")
    expected = "nowhere: found no such file or directory, expected a file, or one of ascendex-2020, "
    assert (result.exit_code, result.stderr[: len(expected)]) == (2, expected)
    assert not path.exists()


def test_a_second_writer_gets_one_line(tmp_path: Path) -> None:
    path = imported(tmp_path, ALICE_AND_BOB)
    writer = subprocess.Popen(
        [sys.executable, "-m", "ledger", "journal", "append", path],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdin is not None
    assert json.loads(writer.stdout.readline())["line"] == 13
    answer = backstop("journal", "append", path, ALICE_AND_BOB, "--from-line", "1")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"{path}: found another process that writes to it, expected to be the only one\n"
    writer.stdin.write(json.dumps({**deposit("alice", "1"), "time": at(59)}).encode() + b"\n")
    writer.stdin.flush()
    assert json.loads(writer.stdout.readline())["line"] == 14  # told of while the stream stays open
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert document("journal", "verify", path)["line"] == 14
