"""`backstop replay --workers` and `--cluster`: the same report from other processes, whoever dies meanwhile."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from ledger.canonical import state_digest
from ledger.checkpoints import Point
from ledger.cli.elsewhere import held_against
from ledger.log import Divergence
from ledger.parallel import cutting
from ledger.profiles import load_profile
from ledger.state import State, genesis

from .runs import CASCADE, ROOT, STRESS, TAKEOVER, backstop, document, log, mark, run

COUNTING = """
import attrs
from ledger import HELD, Breach, HistoryLaw, Trade

@attrs.define
class Trades:
    seen: int = 0

    def __call__(self, step):
        self.seen += 1
        return Breach(f"{self.seen} trades", (step.transaction.buyer,)) if self.seen > MOST else HELD

MOST = 1500
LAWS = (HistoryLaw("OWN-1", "Few trades.", lambda state: Trades(), (Trade,)),)
"""
"""A law that remembers what no state shows, and breaks in the middle of the cascade."""

CLOSURE = """
from ledger import HELD, HistoryLaw

def start(state):
    seen = []
    def check(step):
        seen.append(step)
        return HELD
    return check

LAWS = (HistoryLaw("OWN-2", "It is.", start),)
"""

DYING = """
import os, pathlib, signal
from multiprocessing import parent_process
from ledger import HELD, StepLaw

def check(step):
    if step.before.sequence == 4000 and parent_process() is not None:
        path = pathlib.Path(MARK)
        if ALWAYS or not path.exists():
            path.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return HELD

LAWS = (StepLaw("OWN-3", "It is.", check),)
"""

MARKING = """
import pathlib
from multiprocessing import parent_process
from ledger import HELD, StepLaw

def check(step):
    if parent_process() is not None:
        pathlib.Path(MARK).touch()
    return HELD

LAWS = (StepLaw("OWN-5", "It is.", check),)
"""

DIVERGING = """
from multiprocessing import parent_process
import importlib
import attrs
from ledger import HELD, Applied, StepLaw

replay = importlib.import_module("ledger.replay")
apply = replay.apply

def other(state, transaction):
    outcome = apply(state, transaction)
    if isinstance(outcome, Applied) and state.sequence == 4000 and parent_process() is not None:
        accounts = outcome.state.accounts
        fees = attrs.evolve(accounts["@fees"], max_leverage=7)
        return attrs.evolve(outcome, state=attrs.evolve(outcome.state, accounts=accounts.set("@fees", fees)))
    return outcome

replay.apply = other
LAWS = (StepLaw("OWN-4", "It is.", lambda step: HELD),)
"""


def law_file(folder: Path, text: str, **names: object) -> str:
    path = folder / "own.py"
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in names.items()) + text)
    return str(path)


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that short logs are shared too."""
    monkeypatch.setattr(cutting, "LINES", 20)
    monkeypatch.setattr(cutting, "ACCOUNTS", 0)


@pytest.mark.parametrize("options", [(), ("--state-laws-every", "0"), ("--laws", "step", "--until", "5000")])
def test_the_document_is_the_same(options: tuple[str, ...]) -> None:
    assert document("replay", CASCADE, "--workers", "2", *options) == document("replay", CASCADE, *options)


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("path", [TAKEOVER, STRESS])
def test_the_text_is_the_same(path: str) -> None:
    options = ("--state-laws-every", "10", "--fail-on", "rejected")
    one, two = run("replay", path, *options), run("replay", path, *options, "--workers", "2")
    assert (two.exit_code, two.stdout, two.stderr) == (one.exit_code, one.stdout, one.stderr)


def test_standard_input_is_shared_too() -> None:
    data = Path(CASCADE).read_bytes()
    one, two = run("replay", "-", stdin=data), run("replay", "-", "--workers", "2", stdin=data)
    assert (two.exit_code, two.stdout) == (one.exit_code, one.stdout)


def test_files_are_written_as_by_one_process(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        state, digests = str(tmp_path / f"{workers}.json"), str(tmp_path / f"{workers}.digests")
        options = ("--state-out", state, "--digests", digests, "--digests-every", "500", "--workers", workers)
        assert run("replay", CASCADE, "--laws", "step", *options).exit_code == 0
    for name in ("json", "digests"):
        assert (tmp_path / f"1.{name}").read_bytes() == (tmp_path / f"2.{name}").read_bytes()


def test_a_law_of_ones_own_that_remembers_more_than_the_state(tmp_path: Path) -> None:
    """Its memory goes from segment to segment, and it breaks at the line at which it does in one process."""
    own = law_file(tmp_path, COUNTING)
    one = document("replay", CASCADE, "--laws-from", own, code=1)
    assert document("replay", CASCADE, "--laws-from", own, "--workers", "2", code=1) == one
    assert one["failure"]["detail"] == "1501 trades"


def test_a_counterexample_is_the_same(tmp_path: Path) -> None:
    own = law_file(tmp_path, COUNTING.replace("1500", "500"))
    written = []
    for workers in ("1", "2"):
        path = tmp_path / workers / "found.jsonl"
        path.parent.mkdir()
        options = ("--laws-from", own, "--counterexample", str(path), "--workers", workers)
        assert run("replay", CASCADE, "--laws", "none", "--until", "4000", *options).exit_code == 1
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_a_memory_that_cannot_be_carried_is_one_line(tmp_path: Path) -> None:
    result = run("replay", CASCADE, "--laws-from", law_file(tmp_path, CLOSURE), "--workers", "2")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "--workers: found a memory of the law OWN-2 that another process cannot go on with ("
    )
    assert result.stderr.count("\n") == 1


def test_bad_input_is_told_as_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"".join(Path(CASCADE).read_bytes().splitlines(keepends=True)[:5000]) + b"{\n")
    one, two = run("replay", str(path)), run("replay", str(path), "--workers", "2")
    assert (two.exit_code, two.stderr) == (one.exit_code, one.stderr) == (2, one.stderr)


def test_two_places_are_one_too_many(tmp_path: Path) -> None:
    result = run("replay", log(tmp_path, mark("1")), "--workers", "2", "--cluster", "x:1")
    assert result.exit_code == 2
    assert "--workers and --cluster are two places to run; give one of them" in result.stderr


# Processes that die.


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    own = law_file(tmp_path, DYING, MARK=str(tmp_path / "killed"), ALWAYS=False)
    here = document("replay", CASCADE, "--laws-from", own)
    assert not (tmp_path / "killed").exists()
    assert document("replay", CASCADE, "--laws-from", own, "--workers", "2") == here
    assert (tmp_path / "killed").exists()


def test_a_line_that_kills_every_worker_is_one_line(tmp_path: Path) -> None:
    own = law_file(tmp_path, DYING, MARK=str(tmp_path / "killed"), ALWAYS=True)
    result = run("replay", CASCADE, "--laws-from", own, "--workers", "2")
    assert result.exit_code == 2
    assert result.stderr == "--workers: a worker process died again and again, as where memory runs out\n"


def test_a_worker_that_answers_otherwise_is_a_divergence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = importlib.import_module("ledger.replay")
    monkeypatch.setattr(replay, "apply", replay.apply)  # which the file replaces here too
    result = run("replay", CASCADE, "--laws-from", law_file(tmp_path, DIVERGING), "--laws", "none", "--workers", "2")
    assert result.exit_code == 1
    assert "expectation not met" in result.stdout
    assert "state digest" in result.stdout
    assert "at the checkpoint, found" in result.stdout.replace("\n", " ")
    one = run("replay", CASCADE, "--laws-from", law_file(tmp_path, DIVERGING), "--laws", "none")
    assert one.exit_code == 0


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    """The exit code is that of an interrupt, nothing is told, and nobody goes on. It comes while others verify what was
    handed out, and the log has not ended."""
    verifying = tmp_path / "verifying"
    own = law_file(tmp_path, MARKING, MARK=str(verifying))
    command = [sys.executable, "-m", "ledger", "replay", "-", "--workers", "2", "--laws-from", own]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(Path(CASCADE).read_bytes())
    process.stdin.flush()
    while not verifying.exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdin, process.stdout, process.stderr:
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("somebody goes on")


# A cluster.


def test_a_cluster_comes_to_the_same(tmp_path: Path) -> None:
    """Also where a worker of it is killed."""
    distributed = pytest.importorskip("distributed")
    own = law_file(tmp_path, DYING, MARK=str(tmp_path / "killed"), ALWAYS=False)
    options = ("replay", CASCADE, "--laws-from", own, "--json")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        there = backstop(*options, "--cluster", local.scheduler_address)
    assert there.stderr == ""
    assert there.returncode == 0
    assert there.stdout == backstop(*options).stdout
    assert (tmp_path / "killed").exists()


def test_a_cluster_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run("replay", CASCADE, "--cluster", "tcp://127.0.0.1:8786")
    assert result.exit_code == 2
    assert "pip install 'backstop-ledger[cluster]'" in result.stderr


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("ledger.cluster.CONNECTING", 1)
    result = run("replay", CASCADE, "--cluster", "tcp://127.0.0.1:1")
    assert result.exit_code == 2
    assert result.stderr.startswith("--cluster: tcp://127.0.0.1:1: found no scheduler within 1 s (")
    assert result.stderr.count("\n") == 1


# What a journal recorded, where its lines are read and cut here.


def test_what_is_recorded_is_held_against_on_the_way() -> None:
    """Every point in its turn, and whoever else is noting hears of the lines up to the one that differs."""
    state = genesis(load_profile("textbook"))
    heard: list[int] = []

    def note(line: int, _: State, digest: bytes) -> None:
        heard.append(line)

    right = Point(3, state.sequence, 0, bytes(32), state_digest(state))
    noted = held_against([right, attrs.evolve(right, line=5, state_digest="0" * 64)], "a.journal", note)
    for line in (2, 3, 4):
        noted(line, state, bytes(32))
    with pytest.raises(Divergence, match=r"^a\.journal:5: expected state digest 0{64} at the checkpoint, found"):
        noted(5, state, bytes(32))
    assert heard == [2, 3, 4]
    with pytest.raises(Divergence, match=rf"expected digest {'00' * 32} at the checkpoint, found {'01' * 32}"):
        held_against([right], "a.journal", None)(3, state, b"\x01" * 32)
