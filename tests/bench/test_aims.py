"""The table of aims: every aim has its figure, and an aim that is missed is said to be."""

from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from . import __main__ as command
from . import aims
from .bench_ledger import Day, day, fold, without_visits
from .measuring import load
from .peers.own import BASELINE

SOME = 400
"""Transactions of the day that are enough to see every figure."""


@pytest.fixture
def short_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of a few transactions at a thousand accounts, whatever is asked for, and no process that counts memory."""
    the_day = day(aims.SMALL)
    monkeypatch.setattr(aims, "day", lambda accounts: Day(the_day.opened, the_day.transactions[:SOME]))
    monkeypatch.setattr(aims, "DAYS", 1)
    monkeypatch.setattr(aims, "bytes_an_account", lambda accounts: 701)


@pytest.mark.usefixtures("short_days")
def test_every_aim_has_its_figure_and_a_miss_is_said(tmp_path: Path) -> None:
    stored = tmp_path / "run.json"
    arguments = ["--accounts", "2000", "--rounds", "1", "--save", str(stored)]
    result = CliRunner(catch_exceptions=False).invoke(command.main, arguments)
    assert result.exit_code == 0
    figures = {figure.name: figure for figure in load(stored, baseline=BASELINE.name)}
    assert aims.AIMS.keys() <= figures.keys()
    assert {aims.REPLAYING, f"{aims.DECODING}: mark", f"{aims.DECODING}: trade"} <= figures.keys()
    assert figures[aims.MIXED].value > 0
    assert figures[aims.FLATNESS].ratio == pytest.approx(1 + figures[aims.FLATNESS].value / 100)
    (memory,) = (line for line in result.output.splitlines() if f" {aims.BYTES} " in line)
    assert "701" in memory
    assert "at most 700" in memory
    assert "MISSED" in memory


def test_what_holds_an_aim() -> None:
    assert [aims.Aim(10, at_least=True).holds(value) for value in (9.9, 10, 11)] == [False, True, True]
    assert [aims.Aim(10, at_least=False).holds(value) for value in (9.9, 10, 11)] == [True, True, False]


def test_a_day_without_visits_is_the_day_without_what_looks_at_everybody() -> None:
    whole = day(aims.SMALL)
    calm = without_visits(whole)
    assert 0 < len(whole.transactions) - len(calm.transactions) < 100
    assert attrs.evolve(calm, transactions=()) == attrs.evolve(whole, transactions=())
    assert fold(calm.opened, calm.transactions, ()).everybody == 0
    assert fold(whole.opened, whole.transactions, ()).everybody > 0
