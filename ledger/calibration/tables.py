"""Runs, cells and answers as tables of text, and the tables as CSV and Parquet: every number exact."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from importlib import import_module
from typing import Any

import attrs

from ..simulation.backstop import BackstopTerms
from ..units import PPM_DECIMALS, RATE_DECIMALS, format_decimal
from .axes import Level
from .cells import Aim, Answer, Cell, Levels, Tried
from .figures import Estimate, Share
from .plan import Plan, Run
from .results import FIGURES, Result, figure_texts, terms_texts

EVERY_SCENARIO = "every scenario"
"""What the answers that are for all cases together have for a scenario."""

MOST_DIGITS = 38
"""Digits of the decimals of Parquet that every reader knows."""


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "a whole number"
    MONEY = "an amount or a notional, in the settlement asset"
    RATE = "a rate"
    SHARE = "a share, in whole ppm"


@attrs.frozen
class Table:
    """Columns by name, with their kinds, and rows of exact text; None where there is nothing to say."""

    columns: Mapping[str, Kind]
    rows: tuple[tuple[str | None, ...], ...]


NAMES = {"scenario": Kind.TEXT, "prices": Kind.TEXT}
TERMS = {field.name: Kind.RATE if field.name == "discount" else Kind.MONEY for field in attrs.fields(BackstopTerms)}
SHARES = {
    Aim.NO_SHARED_LOSS: "without_shared_loss",
    Aim.FUND_NEVER_SHORT: "without_shortfall",
    Aim.NO_DELEVERAGING: "without_deleveraging",
}
SHARE_PARTS = ("", "_share", "_at_least", "_at_most")
ESTIMATE_PARTS = ("", "_low", "_high")


def runs_table(plan: Plan, runs: Sequence[Run], results: Mapping[str, Result]) -> Table:
    """Every run that is done, in the order of the plan."""
    figures = {name: Kind.MONEY if is_money else Kind.COUNT for name, is_money in FIGURES.items()}
    rows = []
    for run in runs:
        if run.key in results:
            case = plan.cases[run.case]
            texts = figure_texts(results[run.key], case.decimals)
            terms = terms_texts(case, run.terms)
            rows.append((case.name, case.prices, *terms.values(), str(run.seed), *texts.values()))
    return Table(NAMES | TERMS | {"seed": Kind.COUNT} | figures, tuple(rows))


def cells_table(plan: Plan, cells: Sequence[Cell], levels: Levels) -> Table:
    """Every cell, with how sure its figures are."""
    columns = NAMES | TERMS | {"runs": Kind.COUNT}
    for name in SHARES.values():
        columns |= _share_columns(name)
    columns |= {"confidence": Kind.RATE, "worst_shortfall": Kind.MONEY}
    columns |= {
        f"{name}{part}": Kind.MONEY for name in ("value_at_risk", "expected_shortfall") for part in ESTIMATE_PARTS
    }
    columns |= {"fund_drawn_at_risk": Kind.MONEY, "deleveraged_at_risk": Kind.MONEY}
    columns |= {"interval": Kind.RATE, "resamples": Kind.COUNT}
    rows = []
    for cell in cells:
        case = plan.cases[cell.case]

        def money(atoms: int, decimals: int = case.decimals) -> str:
            return format_decimal(atoms, decimals)

        rows.append(
            (
                case.name,
                case.prices,
                *terms_texts(case, cell.terms).values(),
                str(len(plan.seeds)),
                *(text for aim in SHARES for text in _share_texts(cell.shares[aim])),
                rate_text(levels.confidence),
                money(cell.worst),
                *_estimate_texts(cell.value_at_risk, money),
                *_estimate_texts(cell.expected_shortfall, money),
                money(cell.fund_drawn_at_risk),
                money(cell.deleveraged_at_risk),
                rate_text(levels.interval),
                str(levels.resamples),
            )
        )
    return Table(columns, tuple(rows))


def answers_table(plan: Plan, answers: Sequence[Answer], levels: Levels) -> Table:
    """Every answer. Its setting is as it was asked for, so that a multiple is one; empty where scenarios differ."""
    columns = NAMES | {"aim": Kind.TEXT, "confidence": Kind.RATE}
    columns |= dict.fromkeys((name for name in TERMS if name != "capacity_per_minute"), Kind.TEXT)
    columns |= {"smallest_capacity_per_minute": Kind.MONEY, "runs": Kind.COUNT}
    columns |= {"share": Kind.SHARE, "share_at_least": Kind.SHARE, "share_at_most": Kind.SHARE}
    columns |= {"is_supported": Kind.TEXT, "fails_again": Kind.TEXT}
    rows = []
    for answer in answers:
        one = plan.cases[answer.cases[0]] if len(answer.cases) == 1 else None
        rows.append(
            (
                EVERY_SCENARIO if one is None else one.name,
                "" if one is None else one.prices,
                answer.aim.value,
                rate_text(levels.confidence),
                *setting_texts(plan, answer).values(),
                *_smallest_texts(plan, answer, levels),
                " ".join(capacity_text(plan, each) or "own" for each in answer.fails_again),
            )
        )
    return Table(columns, tuple(rows))


def _smallest_texts(plan: Plan, answer: Answer, levels: Levels) -> tuple[str | None, ...]:
    if answer.smallest is None:
        return (None,) * 6
    share = answer.smallest.share(answer.aim)
    ends = (share_text(share.ppm), share_text(share.at_least), share_text(share.at_most))
    supported = "yes" if share.supports(levels.confidence) else "no"
    return capacity_text(plan, answer.smallest), str(share.of), *ends, supported


def setting_texts(plan: Plan, answer: Answer) -> dict[str, str]:
    """The terms of an answer beside capacity per minute, as they were asked for, or as the scenarios have them.

    Empty where the scenarios of the answer have different ones.
    """
    texts = {}
    for name, kind in TERMS.items():
        if name != "capacity_per_minute":
            level: Level | None = getattr(answer.setting, name)
            decimals = RATE_DECIMALS if kind is Kind.RATE else plan.cases[answer.cases[0]].decimals
            own = {getattr(plan.cases[case].scenario.backstop, name) for case in answer.cases}
            if level is not None:
                texts[name] = level.text(decimals)
            else:
                texts[name] = format_decimal(own.pop(), decimals) if len(own) == 1 else ""
    return texts


def capacity_text(plan: Plan, tried: Tried) -> str | None:
    """The capacity per minute that was tried; None where each scenario has another one of its own."""
    capacities = {cell.terms.capacity_per_minute for cell in tried.cells}
    decimals = plan.cases[tried.cells[0].case].decimals
    return format_decimal(capacities.pop(), decimals) if len(capacities) == 1 else None


def rate_text(rate: int) -> str:
    """Ppb as an exact fraction."""
    return format_decimal(rate, RATE_DECIMALS)


def share_text(ppm: int) -> str:
    """Ppm as an exact fraction."""
    return format_decimal(ppm, PPM_DECIMALS)


def _share_columns(name: str) -> dict[str, Kind]:
    return {f"{name}{part}": Kind.SHARE if part else Kind.COUNT for part in SHARE_PARTS}


def _share_texts(share: Share) -> tuple[str, ...]:
    return str(share.count), share_text(share.ppm), share_text(share.at_least), share_text(share.at_most)


def _estimate_texts(estimate: Estimate, money: Callable[[int], str]) -> tuple[str, ...]:
    return money(estimate.value), money(estimate.interval.low), money(estimate.interval.high)


def csv_bytes(table: Table) -> bytes:
    """The table as CSV: a line of names, then the rows; nothing to say is an empty field."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue().encode()


def can_write_parquet() -> bool:
    """Whether the library for it is installed."""
    try:
        import_module("pyarrow.parquet")
    except ImportError:
        return False
    return True


def parquet_bytes(table: Table, decimals: int) -> bytes:
    """The table as Parquet: money as decimals of the settlement asset, rates and shares as decimals too.

    ImportError where the library is not installed; OverflowError for a number of more digits than such decimals have.
    """
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    types = {
        Kind.TEXT: arrow.string(),
        Kind.COUNT: arrow.int64(),
        Kind.MONEY: arrow.decimal128(MOST_DIGITS, decimals),
        Kind.RATE: arrow.decimal128(MOST_DIGITS, RATE_DECIMALS),
        Kind.SHARE: arrow.decimal128(MOST_DIGITS, PPM_DECIMALS),
    }
    arrays = {}
    for number, (name, kind) in enumerate(table.columns.items()):
        texts = arrow.array([row[number] for row in table.rows], arrow.string())
        try:
            arrays[name] = texts.cast(types[kind])
        except arrow.ArrowInvalid as error:
            raise OverflowError(f"column {name}: {error}") from None
    sink = io.BytesIO()
    parquet.write_table(arrow.table(arrays), sink)
    return sink.getvalue()
