"""`backstop calibrate`: real simulations, swept, kept, gone on with, and told."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest

from ledger.calibration import running
from ledger.calibration.store import NAME
from ledger.simulation.backstop import BackstopTerms
from ledger.simulation.scenario import read_scenario
from ledger.simulation.simulating import simulate
from tests.calibration import worlds

from .runs import EXAMPLES, ROOT, backstop, document, run, words_of
from .test_endings import BACKSTOP, heed_interrupts, on_a_terminal

TABLES = ("runs.csv", "cells.csv", "answers.csv")
GRID = ("--capacity-per-minute", "0,1000000..4000000x2", "--capacity-per-hour", "3x", "--max-holdings", "3x")


@pytest.fixture
def fall(tmp_path: Path) -> str:
    """A scenario of few accounts whose price falls by 15% within six minutes."""
    return scenario_in(tmp_path)


def scenario_in(folder: Path, name: str = "fall", **changes: str) -> str:
    """The path of such a scenario, with other text in it."""
    text = (EXAMPLES / "crash.toml").read_text(encoding="utf-8")
    for old, new in {
        "accounts = 300": "accounts = 40",
        'depth = "1500000"': 'depth = "300000"',
        "crash-prices.csv": "fall.csv",
        'fund = "250000"': 'fund = "20000"',
        'name = "crash"': f'name = "{name}"',
        **changes,
    }.items():
        assert old in text
        text = text.replace(old, new)
    prices = [100_000 - 2500 * max(0, min(6, minute - 3)) for minute in range(12)]
    rows = [f"2025-02-03T01:{minute:02}:00Z,{price}" for minute, price in enumerate(prices)]
    (folder / "fall.csv").write_text("\n".join(["time,price", *rows]) + "\n", encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def command(scenario: str, out: Path, *more: str, seeds: int = 3) -> tuple[str, ...]:
    return ("calibrate", "--scenario", scenario, *GRID, "--seeds", str(seeds), "--out", str(out), *more)


def tables(folder: Path) -> dict[str, bytes]:
    """What was written, but for the file of runs, whose order is that of their ends."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != NAME}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# What it says.


def test_a_calibration(fall: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(*command(fall, out, "--fund", "0,20000"))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "fall on fall.csv, 3 seeds from 0, in USDT",
        "per hour 3x, max holdings 3x, discount 1%, intervals of 90%",
    ]
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() for line in lines)
    assert any(line.split()[:3] == ["0", "no", "loss"] for line in lines)
    text = words_of(result.stdout)
    assert "3 seeds are too few to support 95%" in text
    assert "59 seeds are the fewest that could." in text
    assert "some capacity of the grid is enough that no loss is shared, at 95%: 24 runs, 0 of them kept" in text
    assert {*TABLES} <= set(tables(out))


def test_every_run_is_the_simulation_that_it_says(fall: str, tmp_path: Path) -> None:
    """Against simulations made by hand: the terms, the seed and the prices all reach them."""
    from ledger.simulation.data import Source, data_of

    out = tmp_path / "out"
    assert run(*command(fall, out, "--discount", "-0.01,0.01", "--first-seed", "5")).exit_code == 0
    scenario = read_scenario(fall)
    history, funding = data_of(scenario, Source(), Source())
    found = rows(out / "runs.csv")
    assert len(found) == 4 * 2 * 3
    assert {row["seed"] for row in found} == {"5", "6", "7"}
    for row in found[::5]:
        values = {name: worlds.money(row[name])[0].value for name in ("capacity_per_minute", "capacity_per_hour")}
        values |= {name: worlds.money(row[name])[0].value for name in ("max_holdings", "fund")}
        discount = {"0.01": 10**7, "-0.01": -(10**7)}[row["discount"]]
        terms = scenario.with_backstop(BackstopTerms(**values, discount=discount))
        summary = simulate(terms, history, int(row["seed"]), funding=funding).summary
        for name in ("shortfall", "loss_shared", "fund_drawn", "taken", "deleveraged"):
            assert worlds.money(row[name])[0].value == getattr(summary, name), name
        assert int(row["taken_over"]) == summary.taken_over > 0


def test_the_document(fall: str, tmp_path: Path) -> None:
    told = document(*command(fall, tmp_path / "out"))
    assert list(told) == [
        "scenarios", "seeds", "combinations", "left_out", "confidence", "interval", "resamples", "runs", "done", "kept",
        "other_runs", "interrupted", "cells", "answers", "warnings", "sentence", "written", "has_parquet",
    ]  # fmt: skip
    assert told["scenarios"] == [{"scenario": "fall", "prices": "fall.csv", "asset": "USDT"}]
    assert (told["seeds"], told["combinations"]) == ({"first": 0, "count": 3}, 4)
    assert (told["runs"], told["done"], told["kept"], told["interrupted"]) == (12, 12, 0, False)
    assert told["cells"] == rows(tmp_path / "out" / "cells.csv")
    empty_is_none = [
        {name: value or None for name, value in row.items()} for row in rows(tmp_path / "out" / "answers.csv")
    ]
    assert [{name: value or None for name, value in row.items()} for row in told["answers"]] == empty_is_none
    assert [Path(path).name for path in told["written"]][:3] == list(TABLES)


def test_a_larger_capacity_that_fails_again_is_told(fall: str, tmp_path: Path) -> None:
    """With a discount, providers who take more draw more on the fund: here 20,000 are not enough for it."""
    text = words_of(run(*command(fall, tmp_path / "out", seeds=10)).stdout)
    assert "fund 20,000: the fund is never short with 0 a minute, and it fails again with 2,000,000, 4,000,000." in text


def test_several_scenarios_and_prices(fall: str, tmp_path: Path) -> None:
    """The last answers are for all of them together."""
    other = scenario_in(tmp_path, "mild", **{'long_share = "0.8"': 'long_share = "0.2"'})
    prices = tmp_path / "slow.csv"
    prices.write_text((tmp_path / "fall.csv").read_text().replace("85000", "90000"), encoding="utf-8")
    out = tmp_path / "out"
    result = run(
        *command(
            fall, out, "--scenario", other, "--prices", str(tmp_path / "fall.csv"), "--prices", str(prices), seeds=2
        )
    )
    assert (result.exit_code, result.stderr) == (0, "")
    found = rows(out / "cells.csv")
    assert list(dict.fromkeys((row["scenario"], row["prices"]) for row in found)) == [
        ("fall", "fall.csv"),
        ("fall", "slow.csv"),
        ("mild", "fall.csv"),
        ("mild", "slow.csv"),
    ]
    answers = rows(out / "answers.csv")
    assert [row["scenario"] for row in answers[-3:]] == ["every scenario"] * 3
    assert "every scenario" in result.stdout


def test_combinations_that_are_left_out_are_told(fall: str, tmp_path: Path) -> None:
    arguments = (
        "calibrate",
        "--scenario",
        fall,
        "--capacity-per-minute",
        "100000..900000+100000,2000000",
        "--seeds",
        "1",
    )
    result = run(*arguments, "--capacity-per-hour", "700000,3x", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    text = words_of(result.stdout)
    assert "Left out, 3 combinations: capacity per hour below capacity per minute." in text
    assert "found 20000 for each of 5, expected at least 100000" in text
    assert "Left out for other reasons, " in text
    told = document(*arguments, "--capacity-per-hour", "700000,3x", "--out", str(tmp_path / "out"))
    assert sum(row["combinations"] for row in told["left_out"]) + 6 == 10 * 2


def test_a_dry_run_runs_nothing(fall: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(*command(fall, out, "--dry-run"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert words_of(result.stdout).endswith("12 runs; nothing was run.")
    assert not out.exists()
    run(*command(fall, out, seeds=2))
    before = tables(out)
    assert words_of(run(*command(fall, out, "--dry-run")).stdout).endswith(
        "12 runs, of which 8 are kept; nothing was run."
    )
    told = document(*command(fall, out, "--dry-run"))
    assert (told["runs"], told["kept"], told["other_runs"], told["combinations"]) == (12, 8, 0, 4)
    assert tables(out) == before


def test_parquet_is_left_out_where_its_library_is_missing(
    fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    first, second = tmp_path / "first", tmp_path / "second"
    assert "pip install" not in run(*command(fall, first, seeds=1)).stdout
    assert set(tables(first)) == {*TABLES, "runs.parquet", "cells.parquet", "answers.parquet"}
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    result = run(*command(fall, second, seeds=1))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("Parquet is left out: pip install 'backstop-ledger[parquet]'.") == 1
    assert set(tables(second)) == {*TABLES}


# The same, wherever and however often.


def test_workers_write_the_same_bytes(fall: str, tmp_path: Path) -> None:
    printed = []
    for name, workers in (("one", "1"), ("two", "2"), ("three", "3")):
        answer = backstop(*command(fall, tmp_path / name, "--workers", workers), env={"PYTHONHASHSEED": workers})
        assert (answer.returncode, answer.stderr) == (0, "")
        printed.append(answer.stdout.replace(f"/{name}/", "/"))
    assert tables(tmp_path / "one") == tables(tmp_path / "two") == tables(tmp_path / "three")
    assert words_of(printed[0]) == words_of(printed[1]) == words_of(printed[2])


def test_a_cluster_writes_the_same_bytes(fall: str, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    assert backstop(*command(fall, tmp_path / "here")).returncode == 0
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local:
        answer = backstop(*command(fall, tmp_path / "there", "--cluster", local.scheduler_address))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert tables(tmp_path / "here") == tables(tmp_path / "there")
    assert len((tmp_path / "there" / NAME).read_bytes().splitlines()) == 12


def test_the_same_command_again_makes_nothing_again(fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    assert run(*command(fall, out)).exit_code == 0
    before = tables(out)

    def fails(*_: object) -> Any:
        raise AssertionError("a run was made again")

    monkeypatch.setattr(running, "make", fails)
    again = run(*command(fall, out))
    assert again.exit_code == 0
    assert "12 runs, 12 of them kept from before." in words_of(again.stdout)
    assert tables(out) == before


def test_another_scenario_makes_its_own_runs(fall: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(*command(fall, out))
    changed = scenario_in(tmp_path, "changed", **{'thinning = "1"': 'thinning = "2"'})
    text = words_of(run(*command(changed, out)).stdout)
    assert f"12 runs in {NAME} are of other grids, prices or versions, and were not looked at." in text
    assert "12 runs, 0 of them kept from before." in text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_calibration_goes_on(fall: str, tmp_path: Path, workers: str) -> None:
    out = tmp_path / "out"
    arguments = command(fall, out, "--workers", workers, seeds=60)
    process = subprocess.Popen(
        [*BACKSTOP, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=heed_interrupts,
    )
    path = out / NAME
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    done = path.read_bytes().count(b"\n")
    assert 5 <= done < 240
    told = f"Interrupted: {done} of 240 runs are kept in {out}/{NAME}; the same command goes on from there."
    assert told in words_of(output)
    assert len(rows(out / "runs.csv")) == done
    again = backstop(*arguments)
    assert again.returncode == 0
    assert f"240 runs, {done} of them kept from before." in words_of(again.stdout)
    assert run(*command(fall, tmp_path / "whole", seeds=60)).exit_code == 0
    assert tables(out) == tables(tmp_path / "whole")


def test_progress_is_drawn_on_a_terminal_only(fall: str, tmp_path: Path) -> None:
    out, err, code = on_a_terminal(*command(fall, tmp_path / "out"))
    assert code == 0
    assert "12 runs, 0 of them kept" in words_of(click.unstyle(out))
    assert "runs" in err
    assert "12/12" in err


# What goes wrong.


def test_a_worker_that_dies(fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("ledger.cli.calibrate.simulate", worlds.simulate_and_die)
    result = run(*command(fall, out, "--workers", "2", "--first-seed", "5"))
    assert (result.exit_code, result.stdout) == (2, "")
    done = (out / NAME).read_bytes().count(b"\n")
    assert result.stderr == (
        f"a worker process died, as one does where memory runs out. {done} of 12 runs are kept in {out}/{NAME}; the "
        "same command goes on from there\n"
    )
    monkeypatch.setattr("ledger.cli.calibrate.simulate", worlds.simulate)
    again = run(*command(fall, out, "--workers", "2", "--first-seed", "5"))
    assert again.exit_code == 0
    assert f"12 runs, {done} of them kept from before." in words_of(again.stdout)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_error_of_the_ledger(fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    monkeypatch.setattr("ledger.cli.calibrate.simulate", worlds.simulate_and_fail)
    result = run(*command(fall, tmp_path / "out", "--workers", workers, "--first-seed", "6", seeds=2))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("fall on fall.csv, capacity_per_minute ")
    assert ", seed 7 (" in result.stderr
    assert result.stderr.endswith(
        "internal error, please report it (BACKSTOP_TRACEBACK=1 shows where): KeyError: 'nobody'\n"
    )
    assert result.stderr.count("\n") == 1


def test_a_cluster_without_its_library(fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(*command(fall, tmp_path / "out", "--cluster", "tcp://127.0.0.1:8786"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "pip install 'backstop-ledger[cluster]'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_cluster_that_is_not_there(fall: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("ledger.cluster.CONNECTING", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    result = run(*command(fall, tmp_path / "out", "--cluster", address))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{address}: found no scheduler within 1 s (")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--capacity-per-minute", "1e6"), "invalid value for --capacity-per-minute: found 1e6, expected an exact"),
        (("--capacity-per-hour", "0x,y"), "invalid value for --capacity-per-hour: found y, expected an exact decimal"),
        (
            ("--max-holdings", "-1"),
            "invalid value for --max-holdings: found -1, expected a number from 0 to 1000000000000",
        ),
        (("--discount", "2"), "invalid value for --discount: found 2, expected a number from -0.999999999 to 1"),
        (("--fund", "3x"), "invalid value for --fund: found 3x, expected an exact decimal"),
        (("--confidence", "95"), "invalid value for '--confidence': found 95, expected a number from 0.5 to 0.999"),
        (("--confidence", "1"), "invalid value for '--confidence': found 1, expected a number from 0.5 to 0.999"),
        (("--interval", "x"), "invalid value for '--interval': found x, expected a number from 0.5 to 0.999"),
        (("--seeds", "0"), "invalid value for '--seeds': 0 is not in the range x>=1"),
        (("--resamples", "10"), "invalid value for '--resamples': 10 is not in the range x>=100"),
        (("--workers", "0"), "invalid value for '--workers': 0 is not in the range x>=1"),
        (("--workers", "2", "--cluster", "x:1"), "--workers and --cluster are two places to run; give one of them"),
        (("--where", "x"), 'found "x", expected COLUMN=VALUE'),
    ],
)
def test_bad_options(fall: str, tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    result = run("calibrate", "--scenario", fall, "--out", str(tmp_path / "out"), *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"backstop calibrate: {told}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_bad_files(fall: str, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "out"))
    missing = run("calibrate", "--scenario", str(tmp_path / "none.toml"), *out)
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    prices = run("calibrate", "--scenario", fall, "--prices", str(tmp_path / "none.csv"), *out)
    assert (prices.exit_code, prices.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_a_scenario_that_names_no_prices(tmp_path: Path) -> None:
    path = Path(scenario_in(tmp_path, "bare"))
    path.write_text(path.read_text(encoding="utf-8").replace('[prices]\nfile = "fall.csv"\n', ""), encoding="utf-8")
    result = run("calibrate", "--scenario", str(path), "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (2, "bare: names no file of prices; give one with --prices\n")


def test_two_scenarios_of_one_name(fall: str, tmp_path: Path) -> None:
    result = run("calibrate", "--scenario", fall, "--scenario", fall, "--out", str(tmp_path / "out"))
    told = "a second scenario fall on fall.csv, expected other names"
    assert (result.exit_code, result.stderr) == (2, f"{fall}: {told}\n")


def test_standard_input_is_read_once(fall: str, tmp_path: Path) -> None:
    prices = (tmp_path / "fall.csv").read_bytes()
    small = ("calibrate", "--scenario", fall, "--prices", "-", "--seeds", "1", "--out", str(tmp_path / "out"))
    assert run(*small, stdin=prices).exit_code == 0
    result = run(*small, "--prices", "-", stdin=prices)
    assert result.exit_code == 2
    assert "standard input can be read once" in result.stderr


def test_a_grid_of_which_nothing_is_left(fall: str, tmp_path: Path) -> None:
    result = run("calibrate", "--scenario", fall, "--capacity-per-minute", "1,2", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("no combination is left of the grid: fall: capacity_per_minute: found 0.2 for each")
    assert result.stderr.count("\n") == 1


def test_a_folder_that_has_something_else(fall: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / NAME).write_text(json.dumps({"nothing": "of ours"}) + "\n", encoding="utf-8")
    for more in ((), ("--dry-run",)):
        result = run(*command(fall, out, *more))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"{out / NAME}:1: key: found null, expected a run that was kept")
        assert result.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written(fall: str, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        path = Path("/proc/none")
    else:
        path = tmp_path / "closed" / "out"
        path.parent.mkdir(mode=0o500)
    result = run(*command(fall, path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
