"""Tables: exact text, the same as CSV and as Parquet."""

import csv
import io
from decimal import Decimal
from typing import Any

import attrs
import pytest

from ledger.calibration.cells import Aim, Levels, answers_of, cells_of
from ledger.calibration.plan import Plan
from ledger.calibration.running import Work, made_here
from ledger.calibration.tables import (
    EVERY_SCENARIO,
    Kind,
    Table,
    answers_table,
    can_write_parquet,
    cells_table,
    csv_bytes,
    parquet_bytes,
    runs_table,
)

from . import worlds

LEVELS = Levels(confidence=950_000_000, interval=900_000_000, resamples=100)


def tables_of(plan: Plan) -> tuple[Table, Table, Table]:
    """The runs, cells and answers of a plan."""
    runs = plan.runs()
    results = {run.key: result for run, result in made_here(Work(plan.cases, worlds.simulate), runs)}
    cells = cells_of(plan, runs, results, LEVELS)
    answers = answers_of(plan, cells, LEVELS.confidence)
    return runs_table(plan, runs, results), cells_table(plan, cells, LEVELS), answers_table(plan, answers, LEVELS)


PLAN = worlds.plan(
    worlds.case(),
    worlds.case("other"),
    seeds=range(5),
    capacity_per_minute="0,1000000..4000000x2",
    max_holdings="1x,7000000",
)
TABLES = dict(zip(("runs", "cells", "answers"), tables_of(PLAN), strict=True))


def rows(table: Table) -> list[dict[str, str]]:
    """The rows of the table's CSV, as any reader of it has them."""
    return list(csv.DictReader(io.StringIO(csv_bytes(table).decode(), newline="")))


def test_the_runs() -> None:
    found = rows(TABLES["runs"])
    assert len(found) == len(PLAN.runs()) == 2 * (1 + 3 + 3) * 5 - 0
    assert [int(row["seed"]) for row in found[:6]] == [0, 1, 2, 3, 4, 0]
    for row, run in zip(found, PLAN.runs(), strict=True):
        asked = worlds.demand(row["scenario"], run.seed)
        taken = min(asked, run.terms.capacity_per_minute)
        assert Decimal(row["taken"]) * worlds.USDT == taken
        assert Decimal(row["refused"]) + Decimal(row["taken"]) == Decimal(row["asked_in_a_minute"])
        assert Decimal(row["shortfall"]) == Decimal(row["fees_used"]) + Decimal(row["loss_shared"])
        assert (row["prices"], row["discount"]) == ("prices.csv", "0.01")


def test_the_cells() -> None:
    runs, cells = rows(TABLES["runs"]), rows(TABLES["cells"])
    assert len(cells) == 2 * (1 + 3 + 3)
    names = ("scenario", "prices", *(field.name for field in attrs.fields(type(worlds.CRASH.backstop))))
    for cell in cells:
        mine = [run for run in runs if all(run[name] == cell[name] for name in names)]
        assert len(mine) == 5 == int(cell["runs"])
        for name, figure in (
            ("without_shared_loss", "loss_shared"),
            ("without_shortfall", "shortfall"),
            ("without_deleveraging", "deleveraged"),
        ):
            good = sum(run[figure] == "0" for run in mine)
            assert int(cell[name]) == good
            assert Decimal(cell[f"{name}_share"]) == Decimal(good) / 5
            assert Decimal(cell[f"{name}_at_least"]) <= Decimal(good) / 5 <= Decimal(cell[f"{name}_at_most"])
        worst = max(Decimal(run["shortfall"]) for run in mine)
        assert (
            Decimal(cell["worst_shortfall"]) == worst == Decimal(cell["value_at_risk"])
        )  # 5 runs: the worst is beyond
        assert Decimal(cell["value_at_risk_low"]) <= worst == Decimal(cell["value_at_risk_high"])
        assert Decimal(cell["deleveraged_at_risk"]) == max(Decimal(run["deleveraged"]) for run in mine)
        assert Decimal(cell["fund_drawn_at_risk"]) == max(Decimal(run["fund_drawn"]) for run in mine)
        assert (cell["confidence"], cell["interval"], cell["resamples"]) == ("0.95", "0.9", "100")


def test_the_answers() -> None:
    found = rows(TABLES["answers"])
    assert len(found) == 3 * 2 * len(Aim)
    assert [row["scenario"] for row in found] == ["crash"] * 6 + ["other"] * 6 + [EVERY_SCENARIO] * 6
    assert {row["max_holdings"] for row in found} == {"1x", "7000000"}
    assert {row["capacity_per_hour"] for row in found} == {"3x"}
    assert {row["fund"] for row in found} == {"250000"}
    assert [row["aim"] for row in found[:3]] == [aim.value for aim in Aim]
    for row in found:
        if row["aim"] == Aim.NO_DELEVERAGING.value:
            assert row["smallest_capacity_per_minute"] == "4000000"
        if row["smallest_capacity_per_minute"]:
            assert (row["runs"], row["share"], row["is_supported"]) == ("5", "1", "no")  # so few runs support nothing
            assert 0 < Decimal(row["share_at_least"]) < Decimal("0.95")
        else:
            assert (row["runs"], row["share"], row["share_at_least"], row["is_supported"]) == ("", "", "", "")


def test_terms_of_their_own() -> None:
    """What scenarios have for themselves is told where it is one thing, and left empty where it is not."""
    rich = attrs.evolve(worlds.CRASH, name="rich", backstop=attrs.evolve(worlds.CRASH.backstop, fund=5 * worlds.USDT))
    cases = [worlds.case(), attrs.evolve(worlds.case("rich"), scenario=rich)]
    found = rows(tables_of(worlds.plan(*cases))[2])
    assert [row["fund"] for row in found] == ["250000"] * 3 + ["5"] * 3 + [""] * 3
    assert {row["discount"] for row in found} == {"0.01"}
    held = [row for row in found if row["smallest_capacity_per_minute"]]
    assert all(row["smallest_capacity_per_minute"] == "1000000" for row in held)


def test_a_table_is_the_same_whatever_the_order_of_results() -> None:
    runs = PLAN.runs()
    results = {run.key: result for run, result in made_here(Work(PLAN.cases, worlds.simulate), runs[::-1])}
    assert csv_bytes(runs_table(PLAN, runs, results)) == csv_bytes(TABLES["runs"])


def test_csv_quotes_what_needs_it() -> None:
    table = Table({"a": Kind.TEXT, "b": Kind.COUNT}, (('x, "y"', "1"), (None, None)))
    assert csv_bytes(table) == b'a,b\n"x, ""y""",1\n,\n'


@pytest.mark.parametrize("name", list(TABLES))
def test_parquet_has_the_same_exactly(name: str) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = TABLES[name]
    data = parquet_bytes(table, 13)
    assert data == parquet_bytes(table, 13)
    read = parquet.read_table(io.BytesIO(data))
    assert read.column_names == list(table.columns)
    types = {Kind.TEXT: "string", Kind.COUNT: "int64", Kind.MONEY: "decimal128(38, 13)"}
    types |= {Kind.RATE: "decimal128(38, 9)", Kind.SHARE: "decimal128(38, 6)"}
    assert [str(field.type) for field in read.schema] == [types[kind] for kind in table.columns.values()]
    for row, values in zip(table.rows, read.to_pylist(), strict=True):
        for text, (column, value) in zip(row, values.items(), strict=True):
            kind = table.columns[column]
            wanted = text if text is None or kind is Kind.TEXT else int(text) if kind is Kind.COUNT else Decimal(text)
            assert value == wanted
            assert not isinstance(value, float)


def test_a_number_that_parquet_has_not_is_no_other_number() -> None:
    pytest.importorskip("pyarrow")
    table = Table({"money": Kind.MONEY}, (("1" + "0" * 30,),))
    with pytest.raises(OverflowError, match="column money: "):
        parquet_bytes(table, 13)


def test_without_the_library_there_is_no_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert not can_write_parquet()
    with pytest.raises(ImportError):
        parquet_bytes(TABLES["cells"], 13)
