"""Ratios for pytest-benchmark: beside a benchmark's seconds, how many bare dictionaries of the same minute it took.

Stored with the seconds by `--benchmark-save`, as `extra_info`, and held against a stored run by `--benchmark-compare`,
which of itself compares seconds.
"""

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from .measuring import LIMIT, Comparison, best_seconds
from .peers.own import BASELINE
from .peers.transfers import transfers

TRANSFERS, ACCOUNTS, SEED, ROUNDS = 100_000, 1_000, 20200913, 3


def bare_seconds() -> float:
    """The least seconds that a bare dictionary takes for the transfers that everything is held against."""
    given = transfers(TRANSFERS, ACCOUNTS, SEED)
    with tempfile.TemporaryDirectory() as folder:
        run = BASELINE.prepare(given, Path(folder))
        return best_seconds({BASELINE.name: lambda: run}, rounds=ROUNDS)[BASELINE.name]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the dictionary after each benchmark, and keep the ratio with its result."""
    result = yield
    benchmark = getattr(item, "funcargs", {}).get("benchmark")
    if benchmark is not None and benchmark.stats:
        bare = bare_seconds()
        benchmark.extra_info.update(bare_seconds=bare, ratio=benchmark.stats.stats.min / bare)
    return result


def comparisons(session: Any) -> list[Comparison]:
    """The ratios of the run beside those of the stored runs that it is held against."""
    return [
        Comparison(bench.name, stored[bench.fullname]["extra_info"].get("ratio"), bench.extra_info.get("ratio"))
        for stored in session.compared_mapping.values()
        for bench in session.benchmarks
        if bench.fullname in stored
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the ratios, and which are worse than stored by more than a fifth."""
    session = getattr(config, "_benchmarksession", None)
    compared = comparisons(session) if session is not None and getattr(session, "compared_mapping", None) else []
    if not compared:
        return
    terminalreporter.section(f"ratios to the {BASELINE.name} of the same run")
    for each in compared:
        stored, measured = ("none" if ratio is None else f"{ratio:,.2f}" for ratio in (each.stored, each.measured))
        change = "" if each.change is None else f"{each.change:+.0%}"
        verdict = "  REGRESSION" if each.is_regression else ""
        terminalreporter.write_line(f"{each.name}: stored {stored}, measured {measured} {change}{verdict}")
    worse = [each.name for each in compared if each.is_regression]
    if worse:
        terminalreporter.write_line(f"Worse than stored by more than {LIMIT:.0%}: {', '.join(worse)}.")
