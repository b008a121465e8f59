"""On a Dask cluster: the same runs, each once, whoever dies meanwhile; and one line for whatever is wrong."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from ledger import cluster
from ledger.calibration.cases import Simulate
from ledger.calibration.cluster import made_by_cluster
from ledger.calibration.plan import Run
from ledger.calibration.results import Result
from ledger.calibration.running import Work, made_here, noted_run
from ledger.cluster import ClusterError
from ledger.processes import WAITING
from ledger.source_code import code_digest

from . import worlds

distributed = pytest.importorskip("distributed")
cloudpickle = pytest.importorskip("cloudpickle")
dask = pytest.importorskip("dask")

GRID = {"capacity_per_minute": "0,1000000..4000000x2"}


@contextmanager
def local_cluster(**settings: Any) -> Iterator[Any]:
    """A scheduler and two worker processes of one thread each."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None, **settings}
    with distributed.LocalCluster(**settings) as local:
        yield local


def killed_midway(address: str, marks: Path, seeds: range) -> tuple[list[tuple[Run, Result]], Work, list[Run]]:
    """What comes from a cluster of which the worker that began a run last is killed after the fifth result."""
    history = attrs.evolve(worlds.HISTORY, name=str(marks))
    plan = worlds.plan(worlds.case(history=history), seeds=seeds, **GRID)
    work = Work(plan.cases, worlds.simulate_slowly)
    runs = list(plan.runs())
    came = []
    for run, result in made_by_cluster(work, runs, address):
        came.append((run, result))
        if len(came) == 5:
            os.kill(busy_process(marks), signal.SIGKILL)
    return came, work, runs


def busy_process(marks: Path) -> int:
    """A process that has begun a run and not ended it."""
    for _ in range(1000):
        busy = unended(marks)
        if busy:
            return int(busy.pop().split()[2])
        time.sleep(0.005)
    raise AssertionError("no worker is at work")


def unended(marks: Path) -> set[str]:
    """Runs that were begun and not ended: capacity, seed, process and time."""
    begun = {path.name.removeprefix("begun ") for path in marks.glob("begun *")}
    return begun - {path.name.removeprefix("ended ") for path in marks.glob("ended *")}


async def stays_away(nanny: Any) -> None:
    """In place of starting a worker again."""


@pytest.mark.parametrize("is_started_again", [True, False])
def test_a_worker_that_is_killed_midway_loses_nothing(
    tmp_path: Path, is_started_again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether another one is started in its place or not."""
    with local_cluster() as local:
        address = local.scheduler_address
        if not is_started_again:
            monkeypatch.setattr(distributed.Nanny, "instantiate", stays_away)
        came, work, runs = killed_midway(address, tmp_path, range(6))
    assert len(unended(tmp_path)) == 1  # the run that the dead worker had
    lost = unended(tmp_path).pop().split()[:2]
    assert sum(path.name.split()[1:3] == lost for path in tmp_path.glob("ended *")) == 1  # was made again
    assert len(came) == len(runs)
    assert {run.key for run, _ in came} == {run.key for run in runs}
    assert {run.key: result for run, result in came} == {run.key: result for run, result in made_here(work, runs)}


def test_what_a_worker_holds_is_there_again_where_all_have_died(tmp_path: Path) -> None:
    """The scheduler knows how to make what runs are made of; with it given to workers alone it would be gone."""
    with local_cluster(n_workers=1) as local:
        came, work, runs = killed_midway(local.scheduler_address, tmp_path, range(3))
    assert {run.key: result for run, result in came} == {run.key: result for run, result in made_here(work, runs)}


def few_runs(simulate: Simulate, seeds: range = range(4)) -> tuple[Work, list[Run]]:
    plan = worlds.plan(seeds=seeds, **GRID)
    return Work(plan.cases, simulate), list(plan.runs())


def failure(work: Work, runs: list[Run], address: str) -> str:
    """The one line of a cluster's failure."""
    with pytest.raises(ClusterError) as raised:
        list(made_by_cluster(work, runs, address))
    line = str(raised.value)
    assert "\n" not in line
    return line


def test_an_address_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECTING", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    assert failure(*few_runs(worlds.simulate), address).startswith(f"{address}: found no scheduler within 1 s (")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("address", ["nonsense://127.0.0.1:1", "tcp://127.0.0.1:x", "127.0.0.1", ""])
def test_an_address_that_is_none(address: str) -> None:
    assert failure(*few_runs(worlds.simulate), address).startswith(f"{address or 'nothing'}: no address of a scheduler")


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECTING", 1)
    with local_cluster(n_workers=0) as local:
        address = local.scheduler_address
        assert failure(*few_runs(worlds.simulate), address) == f"{address}: found no worker within 1 s"


def test_a_cluster_whose_workers_go_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WITHOUT_WORKERS", 2)
    monkeypatch.setattr(cluster, "BETWEEN_LOOKS", 1)
    work, runs = few_runs(worlds.simulate, range(40))
    with local_cluster() as local:
        coming = made_by_cluster(work, runs, local.scheduler_address)
        came = [next(coming) for _ in range(4)]
        local.scale(0)
        with pytest.raises(ClusterError, match="found no worker for 2 s"):
            came.extend(coming)
    assert 4 <= len(came) < len(runs)


def test_a_scheduler_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECTING", 2)
    work, runs = few_runs(worlds.simulate, range(40))
    with local_cluster() as local:
        address = local.scheduler_address
        coming = made_by_cluster(work, runs, address)
        came = [next(coming) for _ in range(4)]
        local.close()
        with pytest.raises(ClusterError) as raised:
            came.extend(coming)
    assert str(raised.value) == f"{address}: the scheduler went away"
    assert 4 <= len(came) < len(runs)


def test_a_run_that_kills_every_worker() -> None:
    work, runs = few_runs(worlds.simulate_and_die, range(7, 8))
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), local_cluster() as local:
        address = local.scheduler_address
        line = failure(work, runs[:1], address)
    place = "crash on prices.csv, capacity_per_minute 0, capacity_per_hour 0, max_holdings 0, discount 0.01"
    assert line == f"{address}: every worker that tried it died: {place}, fund 250000, seed 7"


def test_machines_with_other_code_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_cluster(n_workers=1) as local:
        address = local.scheduler_address
        monkeypatch.setattr(cluster, "code_digest", lambda: "0.0.9 elsewhere")
        line = failure(*few_runs(worlds.simulate), address)
    assert line == f"{address}: the scheduler has backstop-ledger {code_digest()}, expected 0.0.9 elsewhere as here"


def test_machines_are_asked_for_their_code_also_without_the_package() -> None:
    """The question crosses by value, with nothing of the package in it."""
    question = cloudpickle.dumps(cluster._asking_for_code())
    ask = f"import pickle, sys; sys.modules['ledger'] = None; print(pickle.loads({question!r})())"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, encoding="utf-8", check=True)
    assert answer.stdout == "None\n"
    assert "has no backstop-ledger, expected" in str(cluster._other_code("tcp://somewhere", "a worker", None))


def test_a_worker_that_comes_later_with_other_code_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says with each run which code it has, whoever was asked at the beginning."""
    monkeypatch.setattr(cluster, "_refuse_other_code", lambda client, address: None)
    with local_cluster(n_workers=1) as local:
        monkeypatch.setattr(cluster, "code_digest", lambda: "0.0.9 elsewhere")
        line = failure(*few_runs(worlds.simulate), local.scheduler_address)
    assert "a worker has backstop-ledger" in line


def test_an_error_of_the_ledger_is_noted_with_its_run() -> None:
    work, runs = few_runs(worlds.simulate_and_fail, range(5, 9))
    with local_cluster(n_workers=1) as local, pytest.raises(KeyError) as raised:
        list(made_by_cluster(work, runs, local.scheduler_address))
    assert (noted_run(raised.value) or "").endswith("seed 7")


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = failure(*few_runs(worlds.simulate), "tcp://127.0.0.1:8786")
    assert line.endswith("which a cluster needs: pip install 'backstop-ledger[cluster]'")


def test_few_runs_are_given_out_at_a_time(tmp_path: Path) -> None:
    history = attrs.evolve(worlds.HISTORY, name=str(tmp_path))
    plan = worlds.plan(worlds.case(history=history), seeds=range(30), **GRID)
    work = Work(plan.cases, worlds.simulate_slowly)
    with local_cluster(n_workers=1) as local:
        coming = made_by_cluster(work, plan.runs(), local.scheduler_address)
        next(coming)
        time.sleep(1.5)
        assert len(list(tmp_path.glob("begun *"))) <= WAITING
