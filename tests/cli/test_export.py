"""`backstop export`: a log as a trace and as a test file."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from .runs import ROOT, run

TAKEOVER = str(ROOT / "docs/examples/takeover.jsonl")


def test_both_files_are_written(tmp_path: Path) -> None:
    itf, test = tmp_path / "takeover.itf.json", tmp_path / "test_takeover.py"
    result = run("export", TAKEOVER, "--itf", str(itf), "--pytest", str(test))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [f"{path}: 20 transactions of takeover.jsonl" for path in (itf, test)]
    assert len(json.loads(itf.read_bytes())["states"]) == 21
    assert Path(TAKEOVER).read_text(encoding="utf-8") in test.read_text(encoding="utf-8")
    assert "def test_takeover()" in test.read_text(encoding="utf-8")


def test_refusals_do_not_count_as_applied(tmp_path: Path) -> None:
    """As `replay --until`: two of the lines up to there are refused."""
    itf = tmp_path / "x.itf.json"
    assert run("export", TAKEOVER, "--until", "12", "--itf", str(itf)).exit_code == 0
    states = json.loads(itf.read_bytes())["states"]
    tags = [state["outcome"]["tag"] for state in states]
    assert (tags.count("Applied"), tags.count("Rejected"), tags[-1]) == (12, 2, "Applied")


def test_the_first_transactions_alone(tmp_path: Path) -> None:
    itf, test = tmp_path / "x.itf.json", tmp_path / "test_x.py"
    for options in (["--itf", str(itf), "--pytest", str(test)], ["--pytest", str(test)]):
        assert run("export", TAKEOVER, "--until", "3", *options).exit_code == 0
        space: dict[str, str] = {}
        exec(test.read_text(encoding="utf-8"), space)
        assert space["LOG"].splitlines() == Path(TAKEOVER).read_text(encoding="utf-8").splitlines()[:4]
    assert len(json.loads(itf.read_bytes())["states"]) == 4


def test_a_carriage_return_ends_no_line(tmp_path: Path) -> None:
    log, journal, test = tmp_path / "t.jsonl", tmp_path / "t.journal", tmp_path / "test_t.py"
    log.write_bytes(Path(TAKEOVER).read_bytes().replace(b',"account"', b',\r"account"'))
    assert run("journal", "import", str(journal), str(log)).exit_code == 0
    for source in (str(log), str(journal)):
        assert run("export", source, "--pytest", str(test)).exit_code == 0
        space: dict[str, str] = {}
        exec(test.read_text(encoding="utf-8"), space)
        assert space["LOG"] == Path(TAKEOVER).read_text(encoding="utf-8").replace(',"account"', ', "account"')


def test_gzipped_logs_journals_and_standard_input_come_to_the_same(tmp_path: Path) -> None:
    zipped, journal, test = tmp_path / "t.jsonl.gz", tmp_path / "t.journal", tmp_path / "test_t.py"
    zipped.write_bytes(gzip.compress(Path(TAKEOVER).read_bytes()))
    assert run("journal", "import", str(journal), TAKEOVER).exit_code == 0
    told = []
    for source in (str(zipped), str(journal)):
        assert run("export", source, "--pytest", str(test)).exit_code == 0
        space: dict[str, str] = {}
        exec(test.read_text(encoding="utf-8"), space)
        told.append(space["LOG"])
    assert told == [Path(TAKEOVER).read_text(encoding="utf-8")] * 2
    with open(TAKEOVER, "rb") as log:
        command = [sys.executable, "-m", "ledger", "export", "-", "--pytest", str(test)]
        result = subprocess.run(command, stdin=log, capture_output=True, text=True, check=False)
    assert result.stdout == f"{test}: 20 transactions of standard input\n"
    assert "def test_standard_input()" in test.read_text(encoding="utf-8")


def test_a_counterexample_is_told_by_the_document_beside_it(tmp_path: Path) -> None:
    own = ROOT / "docs/examples/own_laws.py"
    found = tmp_path / "found.jsonl"
    command = ("replay", str(ROOT / "docs/examples/cascade.jsonl"), "--laws-from", str(own))
    assert run(*command, "--counterexample", str(found), "--quiet").exit_code == 1
    law = json.loads(found.with_suffix(".json").read_bytes())["law"]
    test = tmp_path / "test_found.py"
    assert run("export", str(found), "--pytest", str(test), "--laws-from", str(own)).exit_code == 0
    text = test.read_text(encoding="utf-8")
    assert f"It broke {law['id']}" in text
    assert f"def test_{law['id'].lower().replace('-', '_')}_holds()" in text
    command_line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test.name]
    result = subprocess.run(command_line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "nothing to write; give --itf, --pytest or both"),
        (("--itf", "x.json", "--engine", "node x"), "--engine and --laws-from are for test files; give --pytest too"),
        (("--itf", "x", "--pytest", "x"), "--itf and --pytest name the same file"),
        (("--itf", "no/such/x"), "found no folder"),
        (("--itf", TAKEOVER), "is the log itself, expected another file"),
        (("--pytest", "x.py", "--laws-from", "no.py"), "no.py"),
        (("--pytest", "x.py", "--laws-from", "l.py", "--engine", "e"), "--laws-from checks the ledger"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    options: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("export", TAKEOVER, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_bad_input_writes_nothing(tmp_path: Path) -> None:
    log, itf = tmp_path / "bad.jsonl", tmp_path / "bad.itf.json"
    log.write_bytes(b"".join(Path(TAKEOVER).read_bytes().splitlines(keepends=True)[:3]) + b"{}\n")
    result = run("export", str(log), "--itf", str(itf), "--pytest", str(tmp_path / "test_bad.py"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{log}:4: type: ")
    assert list(tmp_path.iterdir()) == [log]
