"""`backstop diff`: where two ledgers part, in words and for machines."""

import json
from pathlib import Path

import pytest

from .runs import ALICE_AND_BOB, CASCADE, TAKEOVER, deposit, document, log, mark, run, trade, words_of


def two_logs(folder: Path) -> tuple[str, str]:
    """Logs that part at line 5, where alice buys one bitcoin, or half of one."""
    before = (mark("5000"), deposit("alice", "500"), deposit("bob", "500"))
    one = log(folder, *before, trade("alice", "bob", "1", "5000"), name="one.jsonl")
    return one, log(folder, *before, trade("alice", "bob", "0.5", "5000"), name="other.jsonl")


def test_the_line_the_answers_and_the_accounts(tmp_path: Path) -> None:
    one, other = two_logs(tmp_path)
    result = run("diff", one, other)
    assert (result.exit_code, result.stderr) == (1, "")
    text = words_of(result.stdout)
    assert f"a: {one}:5" in text
    assert "transaction alice buys 1 BTC-PERP from bob at 5000, alice taking." in text
    assert "transaction alice buys 0.5 BTC-PERP from bob at 5000, alice taking." in text
    assert "outcome applied as sequence 4." in text
    assert "account in a in b alice status ACTIVE ACTIVE" in text
    assert "* BTC-PERP size 1 0.5" in text
    assert text.endswith(f"{one} and {other} differ at line 5; they agree up to line 4, sequence 3.")
    assert max(map(len, result.stdout.splitlines())) <= max(100, len(str(tmp_path)) + 40)


def test_the_document(tmp_path: Path) -> None:
    one, other = two_logs(tmp_path)
    told = document("diff", one, other, code=1)
    assert (told["result"], told["parting"]) == ("different", "transaction")
    assert (told["agreed"]["line"], told["agreed"]["sequence"]) == (4, 3)
    assert json.loads(told["at_a"]["text"])["size"] == "1"
    assert told["at_b"]["outcome"] == "applied as sequence 4"
    assert told["at_a"]["digests"]["chain_digest"] != told["at_b"]["digests"]["chain_digest"]
    assert list(told["accounts"]) == ["alice", "bob"]
    assert told["accounts"]["alice"]["a"]["positions"]["BTC-PERP"]["size"] == "1"
    assert told["accounts"]["alice"]["b"]["positions"]["BTC-PERP"]["size"] == "0.5"
    assert told["differs_besides"] == []
    same = document("diff", one, one)
    assert list(same) == list(told)
    assert (same["result"], same["at_a"], same["at_b"]) == ("same", None, None)


def test_what_else_differs_is_named(tmp_path: Path) -> None:
    one = log(tmp_path, mark("5000"), mark("5100", 1), name="one.jsonl")
    other = log(tmp_path, mark("5000"), mark("5200", 2), name="other.jsonl")
    assert document("diff", one, other, code=1)["differs_besides"] == ["time", "markets.BTC-PERP"]
    assert "Besides: time, markets.BTC-PERP." in run("diff", one, other).stdout


def test_a_refusal_beside_an_answer(tmp_path: Path) -> None:
    before = (mark("5000"), deposit("alice", "500"), deposit("bob", "500"))
    one = log(tmp_path, *before, trade("alice", "bob", "99", "5000"), name="one.jsonl")
    other = log(tmp_path, *before, trade("alice", "bob", "1", "5000"), name="other.jsonl")
    assert "outcome refused, FREE_COLLATERAL_NEGATIVE" in words_of(run("diff", one, other).stdout)


def test_one_that_ends_before(tmp_path: Path) -> None:
    one = log(tmp_path, mark("5000"), deposit("alice", "500"), name="one.jsonl")
    other = log(tmp_path, mark("5000"), name="other.jsonl")
    result = run("diff", other, one)
    assert result.exit_code == 1
    text = words_of(result.stdout)
    assert f"a: {other} ends with line 2" in text
    assert text.endswith(f"{one} goes on where {other} ends; they agree up to line 2, sequence 1.")


def test_the_same_written_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    lines = Path(ALICE_AND_BOB).read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace('{"', '{ "', 1), *lines[2:]]))
    result = run("diff", ALICE_AND_BOB, str(path))
    assert result.exit_code == 0
    assert "1 line of these is written otherwise, in white space, order, numbers or what is expected" in words_of(
        result.stdout
    )
    assert document("diff", ALICE_AND_BOB, str(path))["first_line_written_otherwise"] == 2


def test_another_genesis() -> None:
    result = run("diff", ALICE_AND_BOB, TAKEOVER)
    assert result.exit_code == 1
    assert "begin differently: with another rulebook, other terms, or at another time." in words_of(result.stdout)


def test_every_kind_beside_every_other(tmp_path: Path) -> None:
    journal, digests = str(tmp_path / "a.journal"), str(tmp_path / "a.digests")
    assert run("journal", "import", journal, TAKEOVER).exit_code == 0
    assert run("replay", TAKEOVER, "--digests", digests, "--digests-every", "3", "--quiet").exit_code == 0
    for a in (TAKEOVER, journal, digests):
        for b in (TAKEOVER, journal, digests):
            result = run("diff", a, b)
            assert (result.exit_code, result.stderr) == (0, "")
            assert "are the same: they agree up to line 21, sequence 14, where both end." in words_of(result.stdout)
    result = run("diff", "-", TAKEOVER, stdin=Path(TAKEOVER).read_bytes())
    assert result.exit_code == 0


def test_between_two_lines_of_digests(tmp_path: Path) -> None:
    one, other = two_logs(tmp_path)
    digests = str(tmp_path / "a.digests")
    assert run("replay", one, "--digests", digests, "--digests-every", "3", "--quiet").exit_code == 0
    text = words_of(run("diff", digests, other).stdout)
    assert text.endswith("differ between lines 4 and 5; they agree up to line 3, sequence 2.")
    assert run("replay", one, "--digests", digests, "--digests-every", "1", "--quiet").exit_code == 0
    text = words_of(run("diff", digests, other).stdout)
    assert "transaction alice buys 0.5 BTC-PERP" in text
    assert text.endswith("differ at line 5; they agree up to line 4, sequence 3.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "-"), "backstop diff: standard input can be read once; give it once (see backstop diff --help)\n"),
        ((ALICE_AND_BOB, "nowhere"), "nowhere: found no such file or directory, expected a log that can be read\n"),
    ],
)
def test_bad_usage_and_bad_input(arguments: tuple[str, str], message: str) -> None:
    result = run("diff", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


def test_bad_input_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"".join(Path(CASCADE).read_bytes().splitlines(keepends=True)[:9]) + b"{\n")
    for arguments in ((CASCADE, str(bad)), (str(bad), CASCADE)):
        result = run("diff", *arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{bad}:10: found ")
        assert result.stderr.count("\n") == 1


def test_no_digests_from_the_middle_of_a_log(tmp_path: Path) -> None:
    result = run("replay", TAKEOVER, "--from", "3", "--digests", str(tmp_path / "a.digests"))
    assert result.exit_code == 2
    assert "--digests writes them from the genesis on; give it without --from" in result.stderr


def test_no_digests_are_written_where_the_replay_fails(tmp_path: Path) -> None:
    path = log(tmp_path, mark("5000", expect={"applied": False}))
    assert run("replay", path, "--digests", str(tmp_path / "a.digests")).exit_code == 1
    assert not (tmp_path / "a.digests").exists()
