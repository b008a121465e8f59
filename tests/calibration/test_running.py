"""Runs in processes: the same as here, in whatever order they come; and nothing that came is lost where one dies."""

import time
from pathlib import Path

import attrs
import pytest

from ledger.calibration.cases import Simulate
from ledger.calibration.plan import Run
from ledger.calibration.results import Result
from ledger.calibration.running import Work, made_by_processes, made_here, noted_run
from ledger.processes import WAITING, WorkerDied
from ledger.simulation.faults import DataError
from ledger.simulation.prices import FundingRate, PriceHistory
from ledger.simulation.scenario import Scenario
from ledger.simulation.simulating import Simulated

from . import worlds


def work_of(simulate: Simulate, seeds: range = range(6)) -> tuple[Work, tuple[Run, ...]]:
    plan = worlds.plan(worlds.case(), worlds.case("other"), seeds=seeds, capacity_per_minute="0,1000000")
    return Work(plan.cases, simulate), plan.runs()


def unlike_data(
    scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None
) -> Simulated:
    """Data that a simulation cannot be made of."""
    raise DataError("the prices end too early")


def test_processes_make_the_same() -> None:
    work, runs = work_of(worlds.simulate)
    here = dict(made_here(work, runs))
    assert list(here) == list(runs)
    there = list(made_by_processes(work, runs, 2))
    assert len(there) == len(runs)
    assert dict(there) == here
    assert len({*here.values()}) > len(runs) / 2


def test_what_a_run_is_made_of_is_what_it_asks_for() -> None:
    """The terms, the seed and the funding of its own case reach the simulation."""
    seen = []

    def simulate(scenario: Scenario, history: PriceHistory, seed: int, *, funding: object) -> Simulated:
        seen.append((scenario.name, scenario.backstop, history.name, seed, funding))
        return worlds.simulate(scenario, history, seed)

    rates = (FundingRate(0, 5, 2),)
    plan = worlds.plan(attrs.evolve(worlds.case(), funding=rates), capacity_per_minute="1000000", seeds=range(2, 4))
    list(made_here(Work(plan.cases, simulate), plan.runs()))
    assert seen == [("crash", run.terms, "prices.csv", run.seed, rates) for run in plan.runs()]


def test_few_runs_are_given_out_at_a_time(tmp_path: Path) -> None:
    history = attrs.evolve(worlds.HISTORY, name=str(tmp_path))
    plan = worlds.plan(worlds.case(history=history), seeds=range(40), capacity_per_minute="0")
    coming = made_by_processes(Work(plan.cases, worlds.simulate_slowly), plan.runs(), 2)
    next(coming)
    assert len(list(tmp_path.glob("begun *"))) <= WAITING * 2 + 1
    coming.close()  # type: ignore[attr-defined]
    begun = len(list(tmp_path.glob("begun *")))
    assert begun < 40


def test_a_worker_that_dies_is_told_and_what_came_is_there() -> None:
    work, runs = work_of(worlds.simulate_and_die, range(5, 9))
    came: list[tuple[Run, Result]] = []
    coming = made_by_processes(work, runs, 2)
    with pytest.raises(WorkerDied, match="a worker process died"):
        came.extend(coming)
    assert 2 <= len(came) < len(runs)
    assert dict(came) == {
        run: result for run, result in made_here(Work(work.cases, worlds.simulate), runs) if run in dict(came)
    }
    assert all(run.seed != 7 for run, _ in came)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_ledger_is_noted_with_its_run(workers: int) -> None:
    work, runs = work_of(worlds.simulate_and_fail, range(6, 9))
    made = made_here(work, runs) if workers == 1 else made_by_processes(work, runs, workers)
    with pytest.raises(KeyError) as raised:
        list(made)
    place = noted_run(raised.value) or ""
    terms = "capacity_per_hour 0, max_holdings 0, discount 0.01, fund 250000"
    assert place.endswith("seed 7")
    if workers == 1:
        assert place == f"crash on prices.csv, capacity_per_minute 0, {terms}, seed 7"
    assert noted_run(ValueError("no run of ours")) is None


def test_what_has_come_when_something_goes_wrong_is_not_lost() -> None:
    plan = worlds.plan(seeds=range(6, 30), capacity_per_minute="0")
    coming = made_by_processes(Work(plan.cases, worlds.simulate_and_fail), plan.runs(), 2)
    came = [next(coming)]
    time.sleep(1)  # for the others that were given out, seeds 6 to 11, to end
    with pytest.raises(KeyError):
        came.extend(coming)
    assert {run.seed for run, _ in came} >= {6, 8, 9, 10, 11}
    assert len(came) < len(plan.runs())


def test_wrong_data_is_told_as_it_is() -> None:
    work, runs = work_of(unlike_data)
    for made in (made_here(work, runs), made_by_processes(work, runs, 2)):
        with pytest.raises(DataError) as raised:
            list(made)
        assert raised.value.lines == ("the prices end too early",)
        assert noted_run(raised.value) is None
