"""A log as a test file: pytest runs it, it fails where the ledger is broken, and it is written the usual way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.exporting import Subject, regression_test
from ledger.exporting.regression import slug_of

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "docs/examples/takeover.jsonl").read_bytes().splitlines(keepends=True)

FEE_LOST = """
from ledger.rules import deposit
from ledger import outcomes, transition

old = transition.apply

def lossy(state, transaction):
    outcome = old(state, transaction)
    if type(transaction).__name__ == "Leave" and isinstance(outcome, outcomes.Applied):
        return outcomes.Applied(state, outcome.postings, outcome.events)
    return outcome

import ledger.replay
ledger.replay.apply = lossy
"""
"""A ledger that forgets what it was asked, and says that it did it."""


def pytest_run(folder: Path, file: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, file]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def written(folder: Path, subject: Subject, lines: list[bytes] = LINES) -> Path:
    path = folder / f"test_{subject.slug}.py"
    path.write_bytes(regression_test(lines, subject))
    return path


def test_the_file_passes_and_fails_where_the_ledger_is_broken(tmp_path: Path) -> None:
    path = written(tmp_path, Subject("takeover.jsonl", "takeover"))
    result = pytest_run(tmp_path, path.name)
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout
    (tmp_path / "conftest.py").write_text(FEE_LOST, encoding="utf-8")
    broken = pytest_run(tmp_path, path.name)
    assert broken.returncode == 1, broken.stdout
    assert "assert failure is None" in broken.stdout


def test_the_file_fails_where_a_law_of_ones_own_is_broken(tmp_path: Path) -> None:
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "own.py").write_text(
        "from ledger import Breach, Law, Looks, Scope, Step, StepLaw, HELD\n"
        "def nobody_leaves(step: Step):\n"
        "    return Breach('somebody leaves', ()) if type(step.transaction).__name__ == 'Leave' else HELD\n"
        "LAWS = (StepLaw('OWN-1', 'nobody leaves', nobody_leaves),)\n",
        encoding="utf-8",
    )
    path = written(tmp_path, Subject("takeover.jsonl", "nobody_leaves", law_files=("laws/own.py",)))
    result = pytest_run(tmp_path, path.name)
    assert result.returncode == 1, result.stdout
    assert "somebody leaves" in result.stdout


def test_an_engine_is_driven_along_the_log(tmp_path: Path) -> None:
    engine = f"{sys.executable} -m ledger.engines.serve"
    path = written(tmp_path, Subject("takeover.jsonl", "takeover", engine=engine))
    result = pytest_run(tmp_path, path.name)
    assert result.returncode == 0, result.stdout
    other = written(tmp_path, Subject("takeover.jsonl", "crash", engine=f"{sys.executable} -c pass"))
    assert pytest_run(tmp_path, other.name).returncode == 1


@pytest.mark.parametrize(
    "subject",
    [
        Subject("takeover.jsonl", "takeover"),
        Subject('a \\ "name"\'.jsonl', "odd", 'It broke """CON-1""" \\ for\x07 everybody. ' * 9),
        Subject("takeover.jsonl", "own", law_files=('../la"ws.py', "other.py")),
        Subject("takeover.jsonl", "engine", engine='node "my engine.mjs" --x'),
    ],
    ids=lambda subject: subject.slug,
)
def test_the_file_is_written_the_usual_way(subject: Subject, tmp_path: Path) -> None:
    path = written(tmp_path, subject)
    compile(path.read_bytes(), str(path), "exec")
    for command in (
        ["ruff", "format", "--isolated", "--line-length", "120", "--check", str(path)],
        [
            "ruff",
            "check",
            "--isolated",
            "--line-length",
            "120",
            "--select",
            "E,F,W,I,B,UP",
            "--ignore",
            "E501",
            str(path),
        ],
    ):
        result = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout


def test_an_engine_whose_command_is_no_text_is_kept(tmp_path: Path) -> None:
    command = os.fsdecode(b"./caf\xe9 \"'\x1b")
    path = written(tmp_path, Subject("takeover.jsonl", "engine", engine=command))
    names: dict[str, object] = {}
    exec(compile(path.read_bytes(), str(path), "exec"), names)
    assert names["ENGINE"] == command


def test_lines_are_kept_as_they_are(tmp_path: Path) -> None:
    """Escapes and letters of a log come through, and a last line without its end gets one."""
    lines = [*LINES[:2], LINES[2].replace(b"insurance", rb"insur\u0061nce").rstrip(b"\n")]
    space: dict[str, object] = {}
    exec(regression_test(lines, Subject("x.jsonl", "x")), space)
    assert space["LOG"] == b"".join(lines).decode() + "\n"


def test_carriage_returns_are_white_space(tmp_path: Path) -> None:
    """Python would take them for line ends, of which the log has no more."""
    lines = [line.replace(b',"', b',\r"', 1).replace(b"\n", b"\r\n") for line in LINES]
    path = written(tmp_path, Subject("takeover.jsonl", "takeover"), lines)
    assert b"\r" not in path.read_bytes()
    result = pytest_run(tmp_path, path.name)
    assert result.returncode == 0, result.stdout


def test_the_types_of_the_file_are_checked_strictly(tmp_path: Path) -> None:
    subjects = (
        Subject("takeover.jsonl", "plain"),
        Subject("takeover.jsonl", "own", law_files=("own.py",)),
        Subject("takeover.jsonl", "engine", engine="node engine.mjs"),
    )
    paths = [str(written(tmp_path, subject)) for subject in subjects]
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    result = subprocess.run([*command, *paths], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
    spoilt = tmp_path / "test_spoilt.py"
    spoilt.write_text(Path(paths[0]).read_text(encoding="utf-8").replace(".encode()", ""), encoding="utf-8")
    result = subprocess.run([*command, str(spoilt)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout


def test_slugs_are_names() -> None:
    assert slug_of("CON-1 holds") == "con_1_holds"
    assert slug_of("***") == "log"
