"""The file of runs: what was kept is not made again, whatever interrupted it, and nothing wrong is taken for a run."""

import fcntl
import json
import os
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calibration.carrying_out import Calibration, calibration_of
from ledger.calibration.cases import case_of
from ledger.calibration.plan import Plan, Run
from ledger.calibration.results import COUNTS, FIGURES, Result, figure_texts, key_and_figures, line_of, result_from
from ledger.calibration.running import Work, made_here
from ledger.calibration.store import NAME, Store, StoreError, open_store, read_kept

from . import worlds

PLAN = worlds.plan(capacity_per_minute="0,1000000..4000000x2", max_holdings="1x")
RUNS = PLAN.runs()


def work_of(plan: Plan) -> Work:
    return Work(plan.cases, worlds.simulate)


def made(folder: Path, plan: Plan = PLAN, *, stop_after: int | None = None) -> tuple[Calibration, list[str]]:
    """A plan carried out, or interrupted after so many runs; and the keys of what was made for it."""
    keys: list[str] = []

    def make_runs(runs):  # type: ignore[no-untyped-def]
        for run, result in made_here(work_of(plan), runs):
            if stop_after is not None and len(keys) == stop_after:
                raise KeyboardInterrupt
            keys.append(run.key)
            yield run, result

    calibration = calibration_of(plan)
    calibration.carry_out(str(folder), make_runs, lambda done, of: None)
    return calibration, keys


results = st.builds(
    Result, **{name: st.integers(0, 10**25) if name not in COUNTS else st.integers(0, 10**6) for name in FIGURES}
)


@given(results)
def test_a_line_reads_back_exactly(result: Result) -> None:
    line = line_of(PLAN.cases[0], RUNS[0], result)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    key, figures = key_and_figures(line)
    assert key == RUNS[0].key
    assert result_from(figures, 13) == result


def test_a_line_says_what_it_is_of() -> None:
    (run, result), *_ = made_here(work_of(PLAN), RUNS)
    document = json.loads(line_of(PLAN.cases[0], run, result))
    assert list(document) == ["key", "scenario", "prices", "terms", "seed", "figures"]
    assert (document["scenario"], document["prices"], document["seed"]) == ("crash", "prices.csv", 0)
    assert document["terms"] == {
        "capacity_per_minute": "0",
        "capacity_per_hour": "0",
        "max_holdings": "0",
        "discount": "0.01",
        "fund": "250000",
    }
    assert document["figures"] == figure_texts(result, 13)


def test_everything_is_made_once_and_kept(tmp_path: Path) -> None:
    calibration, keys = made(tmp_path / "new" / "folder")
    assert keys == [run.key for run in RUNS] == list(calibration.results)
    again, more = made(tmp_path / "new" / "folder")
    assert (more, again.results) == ([], calibration.results)
    assert (again.done, len(again.kept.results), again.kept.others) == (len(RUNS), len(RUNS), 0)


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    whole, _ = made(tmp_path / "whole")
    first, _ = made(tmp_path / "parts", stop_after=5)
    assert (first.is_interrupted, first.done) == (True, 5)
    second, keys = made(tmp_path / "parts", stop_after=4)
    assert (second.is_interrupted, second.done, len(second.kept.results)) == (True, 9, 5)
    last, more = made(tmp_path / "parts")
    assert not last.is_interrupted
    assert not set(keys) & set(more)
    assert last.results == whole.results
    assert (tmp_path / "parts" / NAME).read_bytes() == (tmp_path / "whole" / NAME).read_bytes()


def test_an_interrupt_tells_of_what_is_on_the_disk_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Store.add

    def add_and_be_interrupted(store: Store, run: Run, result: Result) -> None:
        add(store, run, result)
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add", add_and_be_interrupted)
    calibration, _ = made(tmp_path)
    assert calibration.is_interrupted
    assert (tmp_path / NAME).read_bytes().count(b"\n") == calibration.done == len(calibration.results) == 1


@pytest.mark.parametrize("torn", [1, 40, 200])
def test_a_torn_last_line_is_cut_off_and_its_run_made_again(tmp_path: Path, torn: int) -> None:
    whole, _ = made(tmp_path)
    path = tmp_path / NAME
    data = path.read_bytes()
    path.write_bytes(data[:-torn])
    again, keys = made(tmp_path)
    assert again.kept.torn == len(data.splitlines(keepends=True)[-1]) - torn
    assert (keys, again.results) == ([RUNS[-1].key], whole.results)
    assert path.read_bytes() == data


def test_a_larger_grid_uses_what_there_is_and_a_smaller_one_does_not_lose_it(tmp_path: Path) -> None:
    made(tmp_path)
    larger = worlds.plan(seeds=range(6), capacity_per_minute="0,1000000..4000000x2", max_holdings="1x", fund="250000,0")
    grown, keys = made(tmp_path, larger)
    assert len(keys) == len(larger.runs()) - len(RUNS)
    assert len(grown.kept.results) == len(RUNS)
    back, none = made(tmp_path)
    assert (none, back.kept.others) == ([], len(keys))
    assert back.results == made(tmp_path / "alone")[0].results


def test_a_dry_look_changes_nothing(tmp_path: Path) -> None:
    by_key = {run.key: run for run in RUNS}
    assert read_kept(str(tmp_path / "none" / NAME), PLAN.cases, by_key).results == {}
    assert not (tmp_path / "none").exists()
    made(tmp_path)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-3])
    before = path.read_bytes()
    kept = read_kept(str(path), PLAN.cases, by_key)
    assert (len(kept.results), kept.torn > 0) == (len(RUNS) - 1, True)
    assert path.read_bytes() == before


def spoilt(line: bytes, how: str) -> bytes:
    """A line of the file with something wrong with it."""
    document = json.loads(line)
    if how == "figure":
        document["figures"]["shortfall"] = "1e3"
    elif how == "number":
        document["figures"]["shortfall"] = 1
    elif how == "missing":
        del document["figures"]["taken"]
    elif how == "more":
        document["figures"]["more"] = "1"
    elif how == "key":
        document["key"] = 1
    elif how == "figures":
        document["figures"] = []
    return json.dumps(document).encode() + b"\n"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("figure", 'figures.shortfall: found "1e3", expected an exact decimal such as "5000.25"'),
        ("number", 'figures.shortfall: found 1, expected an exact decimal such as "5000.25"'),
        ("missing", 'figures.taken: found null, expected an exact decimal such as "5000.25"'),
        ("more", "figures: found 14 of them, expected shortfall, fees_used,"),
        ("key", "key: found 1, expected a run that was kept"),
        ("figures", "figures: found a list, expected a run that was kept"),
    ],
)
def test_a_line_that_is_no_run_is_told(tmp_path: Path, how: str, told: str) -> None:
    made(tmp_path)
    path = tmp_path / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], spoilt(lines[1], how), *lines[2:]]))
    before = path.read_bytes()
    with pytest.raises(StoreError) as raised:
        made(tmp_path)
    assert str(raised.value).startswith(f"{path}:2: {told}")
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "line", [b"\n", b"nonsense\n", b"[1]\n", b'{"key": "a", "key": "b"}\n', b"\xff\n", b"\0\0\0\n"]
)
def test_a_line_of_something_else_is_told(tmp_path: Path, line: bytes) -> None:
    (tmp_path / NAME).write_bytes(line)
    with pytest.raises(StoreError, match=f"{NAME}:1: .*without this line the run is made again"):
        made(tmp_path)


def test_two_results_of_one_run_are_told(tmp_path: Path) -> None:
    """Two equal ones are one; two that differ mean that a simulation is not what it says."""
    calibration, _ = made(tmp_path)
    run, result = RUNS[0], calibration.results[RUNS[0].key]
    path = tmp_path / NAME
    with path.open("ab") as file:
        file.write(line_of(PLAN.cases[0], run, result))
    assert made(tmp_path)[0].results == calibration.results
    with path.open("ab") as file:
        file.write(line_of(PLAN.cases[0], run, attrs.evolve(result, taken=result.taken + 1)))
    with pytest.raises(StoreError, match=f":{len(RUNS) + 2}: found other figures of a run than on a line before"):
        made(tmp_path)


def test_one_calibration_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    by_key = {run.key: run for run in RUNS}
    with (
        open_store(str(tmp_path), PLAN, by_key),
        pytest.raises(StoreError, match="another calibration writes to it"),
        open_store(str(tmp_path), PLAN, by_key),
    ):
        pass
    with (tmp_path / NAME).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again


def test_what_is_made_is_on_the_disk_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    synced: list[int] = []
    calibration = calibration_of(PLAN)
    path = tmp_path / NAME
    monkeypatch.setattr(os, "fsync", synced.append)
    calibration.carry_out(
        str(tmp_path),
        lambda runs: made_here(work_of(PLAN), runs),
        lambda done, of: seen.append((done, of, path.read_bytes().count(b"\n"), len(synced))),
    )
    assert seen == [(done, len(RUNS), done, done) for done in range(len(RUNS) + 1)]


def test_what_differs_in_name_alone_is_made_once(tmp_path: Path) -> None:
    twice = worlds.plan(
        worlds.case(), case_of(attrs.evolve(worlds.CRASH, name="again"), worlds.HISTORY), capacity_per_minute="0"
    )
    calibration, keys = made(tmp_path, twice)
    assert (len(keys), calibration.done, len(calibration.runs)) == (4, 8, 8)
    assert made(tmp_path, twice)[0].done == 8
