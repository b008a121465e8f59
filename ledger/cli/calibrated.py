"""What a calibration came to: one document for machines, tables for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import click

from ..calibration.axes import Level
from ..calibration.carrying_out import Calibration
from ..calibration.cases import Case
from ..calibration.cells import Aim, Answer, Cell, Levels, Tried
from ..calibration.figures import runs_to_support, share_of
from ..calibration.plan import Axes, Plan
from ..calibration.results import terms_texts
from ..calibration.store import NAME, Kept
from ..calibration.tables import EVERY_SCENARIO, TERMS, Table, capacity_text, rate_text, setting_texts
from ..units import PPM_DECIMALS, RATE_DECIMALS, ceil_div, floor_to_multiple, format_decimal, parse_decimal
from .formatting import counted
from .layout import Cell as Text
from .layout import Column, Styled, page_width, paragraph, table, title

SHOWN = 40
"""Cells of a case that are shown; the files have all."""

MENTIONED = 5
"""Reasons for leaving out, and capacities that fail again, that are shown; --json has all."""

WORDS = {
    "capacity_per_minute": "per minute",
    "capacity_per_hour": "per hour",
    "max_holdings": "max holdings",
    "discount": "discount",
    "fund": "fund",
}
"""The terms of a backstop, as they stand over a column."""

OF_PROVIDERS = ("capacity_per_hour", "max_holdings")
"""Terms that say nothing where there are no providers."""

MET = {
    Aim.NO_SHARED_LOSS: "no shared loss",
    Aim.FUND_NEVER_SHORT: "fund not short",
    Aim.NO_DELEVERAGING: "no deleveraging",
}
"""The aims as they stand over a column of shares of runs."""

MEASURES = ("worst", "value at risk", "expected shortfall")
"""The measures of shortfall, as they stand over a column, where there is no room for their intervals."""

NOTHING, OWN = "-", "its own"

Document = dict[str, Any]


@attrs.frozen
class Report:
    """What there is to tell: cells and answers, the `tables` by name, the `folder` and the files `written` into it."""

    calibration: Calibration
    levels: Levels
    cells: tuple[Cell, ...]
    answers: tuple[Answer, ...]
    tables: Mapping[str, Table]
    folder: str
    written: tuple[str, ...]
    has_parquet: bool


def going_on(calibration: Calibration, folder: str) -> str:
    """How much is done, and how to go on."""
    shown = click.format_filename(folder)
    done = f"{calibration.done} of {counted(len(calibration.runs), 'run')} are kept in {shown}/{NAME}"
    return f"{done}; the same command goes on from there"


# What would be run.


def planned_document(calibration: Calibration, kept: Kept) -> Document:
    """The grid as one document."""
    return {
        **_grid_document(calibration.plan),
        "runs": len(calibration.runs),
        "kept": len(kept.results),
        "other_runs": kept.others,
        "sentence": planned_sentence(calibration, kept),
    }


def planned_lines(calibration: Calibration, kept: Kept) -> Iterator[str]:
    """The grid for people."""
    plan, width = calibration.plan, page_width()
    for number, case in enumerate(plan.cases):
        terms = plan.terms_of(number)
        yield title(f"{_case_name(case)}, {_seeds(plan)}, {counted(len(terms), 'combination')} of terms")
        shown = [_shown_terms(case, terms_texts(case, each)) for each in terms]
        for name, heading in WORDS.items():
            values = ", ".join(dict.fromkeys(each[name] for each in shown if each[name] != NOTHING))
            yield from paragraph(values, label=f"  {heading}", hang=16, width=width)
    yield ""
    yield from _left_out_lines(plan, width=width)
    yield from paragraph(planned_sentence(calibration, kept), width=width)


def planned_sentence(calibration: Calibration, kept: Kept) -> str:
    """How many runs there would be, and how many are kept already."""
    there = f", of which {len(kept.results)} are kept" if kept.results else ""
    return f"{counted(len(calibration.runs), 'run')}{there}; nothing was run."


def _grid_document(plan: Plan) -> Document:
    return {
        "scenarios": [{"scenario": case.name, "prices": case.prices, "asset": case.asset} for case in plan.cases],
        "seeds": {"first": plan.seeds.start, "count": len(plan.seeds)},
        "combinations": sum(len(plan.terms_of(number)) for number in range(len(plan.cases))),
        "left_out": [{"reason": reason, "combinations": number} for reason, number in plan.left_out.items()],
    }


# What came of it.


def reported_document(report: Report) -> Document:
    """The report as one document; its keys do not depend on what was found."""
    calibration, levels = report.calibration, report.levels
    return {
        **_grid_document(calibration.plan),
        "confidence": rate_text(levels.confidence),
        "interval": rate_text(levels.interval),
        "resamples": levels.resamples,
        "runs": len(calibration.runs),
        "done": calibration.done,
        "kept": len(calibration.kept.results),
        "other_runs": calibration.kept.others,
        "interrupted": calibration.is_interrupted,
        "cells": _rows(report.tables["cells"]),
        "answers": _rows(report.tables["answers"]),
        "warnings": list(warnings_of(report)),
        "sentence": closing_sentence(report),
        "written": list(report.written),
        "has_parquet": report.has_parquet,
    }


def _rows(rows: Table) -> list[dict[str, str | None]]:
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


def reported_lines(report: Report) -> Iterator[str]:
    """The report as tables, and the sentence that closes it."""
    plan, width = report.calibration.plan, page_width()
    for number, case in enumerate(plan.cases):
        cells = [cell for cell in report.cells if cell.case == number]
        if cells:
            yield from _case_lines(report, case, cells, width=width)
            yield ""
    if report.answers:
        yield from _answer_lines(report, width=width)
        yield ""
    yield from _left_out_lines(plan, width=width)
    for warning in warnings_of(report):
        yield from paragraph(warning, width=width)
    yield from paragraph(closing_sentence(report), width=width)
    yield from paragraph(f"Written: {', '.join(map(click.format_filename, report.written))}.", width=width)
    if not report.has_parquet:
        yield from paragraph("Parquet is left out: pip install 'backstop-ledger[parquet]'.", width=width)


def _case_lines(report: Report, case: Case, cells: Sequence[Cell], *, width: int) -> Iterator[str]:
    """What the runs of one case say, cell by cell."""
    plan = report.calibration.plan
    fixed = _fixed_terms(plan.axes, case)
    varied = [name for name in WORDS if name not in fixed]
    axes = [Column(WORDS[name], "right") for name in varied]
    shown = []
    for cell in cells[:SHOWN]:
        terms = _shown_terms(case, terms_texts(case, cell.terms))
        shown.append((cell, [terms[name] for name in varied]))
    yield title(f"{_case_name(case)}, {_seeds(plan)}, in {case.asset}")
    told = [f"{WORDS[name]} {text}" for name, text in fixed.items()]
    yield from paragraph(", ".join([*told, f"intervals of {percent(report.levels.interval)}"]), width=width)
    yield ""
    columns = [*axes, *(Column(MET[aim], "right") for aim in Aim)]
    yield from table(columns, [[*texts, *_shares(report.levels, cell)] for cell, texts in shown], width=width)
    yield ""
    if all(cell.worst == 0 for cell in cells):
        yield "The insurance fund was short of nothing in any run."
    else:
        yield title("what the insurance fund was short of")
        yield from _shortfall_lines(case, axes, shown, width=width)
    if len(cells) > SHOWN:
        yield from paragraph(f"The first {SHOWN} of {len(cells)} are shown; cells.csv has all.", width=width)


def _shortfall_lines(
    case: Case, axes: Sequence[Column], shown: Sequence[tuple[Cell, Sequence[str]]], *, width: int
) -> list[str]:
    """The measures of the shortfall, without their intervals where the page is too narrow for them."""
    for names in (("worst", "value at risk", "interval", "expected shortfall", "interval"), MEASURES):
        columns = [*axes, *(Column(name, "right") for name in names)]
        rows = [[*texts, *_measures(case, cell, with_intervals=names is not MEASURES)] for cell, texts in shown]
        lines = table(columns, rows, width=width)
        if max(map(len, map(click.unstyle, lines))) <= width:
            return lines
    return lines


def _fixed_terms(axes: Axes, case: Case) -> dict[str, str]:
    """The terms beside capacity per minute that are not varied, in words: as asked for, or as the scenario has them."""
    own = terms_texts(case, case.scenario.backstop)
    fixed = {}
    for name in WORDS:
        levels: tuple[Level, ...] = getattr(axes, name)
        if name != "capacity_per_minute" and len(levels) <= 1:
            decimals = RATE_DECIMALS if name == "discount" else case.decimals
            fixed[name] = _term(case, name, levels[0].text(decimals) if levels else own[name])
    return fixed


def _shares(levels: Levels, cell: Cell) -> Iterator[Text]:
    for aim in Aim:
        share = cell.shares[aim]
        yield Styled(share_text(share.ppm), bold=share.reaches(levels.confidence))


def _measures(case: Case, cell: Cell, *, with_intervals: bool) -> Iterator[str]:
    yield whole(case, cell.worst)
    for estimate in (cell.value_at_risk, cell.expected_shortfall):
        yield whole(case, estimate.value)
        if with_intervals:
            yield f"{whole(case, estimate.interval.low)} to {whole(case, estimate.interval.high)}"


def _answer_lines(report: Report, *, width: int) -> Iterator[str]:
    """The smallest capacity per minute of each setting and aim."""
    plan = report.calibration.plan
    names = ["scenario", *(WORDS[name] for name in TERMS if name != "capacity_per_minute")]
    rows: list[list[str]] = []
    for answer in report.answers:
        case = plan.cases[answer.cases[0]]
        terms = [_term(case, name, text) if text else OWN for name, text in setting_texts(plan, answer).items()]
        rows.append([_cases_name(plan, answer), *terms, *_found(plan, answer)])
    varied = [place for place in range(len(names)) if len({row[place] for row in rows}) > 1]
    columns = [Column(names[place], "left" if place == 0 else "right") for place in varied]
    columns += [Column(""), *(Column(name, "right") for name in ("per minute", "share", "at least"))]
    yield title(f"the smallest capacity per minute with which, in {percent(report.levels.confidence)} of runs,")
    yield from table(columns, [[*(row[place] for place in varied), *row[len(names) :]] for row in rows], width=width)


def _found(plan: Plan, answer: Answer) -> Iterator[str]:
    """The aim of an answer, its smallest capacity, and the share of runs with where its interval begins."""
    yield answer.aim.value
    if answer.smallest is None:
        yield from ("none of the grid", NOTHING, NOTHING)
    else:
        share = answer.smallest.share(answer.aim)
        yield _capacity(plan, answer, answer.smallest)
        yield share_text(share.ppm)
        yield share_text(share.at_least)


def _capacity(plan: Plan, answer: Answer, tried: Tried) -> str:
    text = capacity_text(plan, tried)
    return OWN if text is None else _term(plan.cases[answer.cases[0]], "capacity_per_minute", text)


def warnings_of(report: Report) -> Iterator[str]:
    """What an answer does not say by itself: where more capacity fails again, and where there are too few runs."""
    plan, levels, kept = report.calibration.plan, report.levels, report.calibration.kept
    if kept.torn:
        yield f"The last line of {NAME} was not whole and was cut off; its run was made again."
    if kept.others:
        yield f"{counted(kept.others, 'run')} in {NAME} are of other grids, prices or versions, and were not looked at."
    for answer in report.answers:
        if answer.smallest is not None and answer.fails_again:
            texts = [_capacity(plan, answer, each) for each in answer.fails_again]
            more = f" and {len(texts) - MENTIONED} more" if len(texts) > MENTIONED else ""
            held = f"{answer.aim.value} with {_capacity(plan, answer, answer.smallest)} a minute"
            yield f"{_answer_name(plan, answer)}: {held}, and it fails again with {', '.join(texts[:MENTIONED])}{more}."
    runs, needed = len(plan.seeds), runs_to_support(levels.confidence, levels.interval)
    if runs < needed:
        most = share_text(share_of(runs, runs, levels.interval).at_least)
        yield (
            f"{counted(runs, 'seed')} are too few to support {percent(levels.confidence)}: even where every run is "
            f"good, the interval of the share begins at {most}. {needed} seeds are the fewest that could."
        )
    elif weak := [share for share in _shares_found(report) if not share[1]]:
        least = min(at_least for at_least, _ in weak)
        yield (
            f"{counted(len(weak), 'answer')} of {len(report.answers)} are found and not supported: the share of runs "
            f"is as high as asked, but its interval begins below, at {share_text(least)} where it is the lowest. More "
            "seeds narrow it; a larger capacity raises it."
        )


def _shares_found(report: Report) -> list[tuple[int, bool]]:
    """Of every answer that is found, where the interval of its share begins, and whether that supports it."""
    shares = [answer.smallest.share(answer.aim) for answer in report.answers if answer.smallest is not None]
    return [(share.at_least, share.supports(report.levels.confidence)) for share in shares]


def closing_sentence(report: Report) -> str:
    """The one sentence of a calibration."""
    calibration, answers, confidence = report.calibration, report.answers, percent(report.levels.confidence)
    if calibration.is_interrupted:
        return f"Interrupted: {going_on(calibration, report.folder)}."
    made = f"{counted(len(calibration.runs), 'run')}, {len(calibration.kept.results)} of them kept from before"
    losses = [answer for answer in answers if answer.aim is Aim.NO_SHARED_LOSS]
    found = [answer for answer in losses if answer.smallest is not None]
    if len(losses) > 1:
        settings = f"{len(found)} of {counted(len(losses), 'setting')}"
        return f"In {settings} some capacity of the grid is enough that no loss is shared, at {confidence}: {made}."
    plan = calibration.plan
    for answer in found:
        if answer.smallest is not None:
            capacity = f"{_capacity(plan, answer, answer.smallest)} {plan.cases[0].asset} a minute"
            return f"{capacity} are enough that no loss is shared, at {confidence}: {made}."
    return f"No capacity of the grid is enough that no loss is shared, at {confidence}: {made}."


# Words.


def _case_name(case: Case) -> str:
    return f"{case.name} on {case.prices}"


def _cases_name(plan: Plan, answer: Answer) -> str:
    return EVERY_SCENARIO if len(answer.cases) > 1 else _case_name(plan.cases[answer.cases[0]])


def _answer_name(plan: Plan, answer: Answer) -> str:
    case = plan.cases[answer.cases[0]]
    terms = [f"{WORDS[name]} {_term(case, name, text)}" for name, text in setting_texts(plan, answer).items() if text]
    return ", ".join([_cases_name(plan, answer), *terms])


def _seeds(plan: Plan) -> str:
    return f"{counted(len(plan.seeds), 'seed')} from {plan.seeds.start}"


def _left_out_lines(plan: Plan, *, width: int) -> Iterator[str]:
    reasons = plan.left_out.most_common()
    for reason, number in reasons[:MENTIONED]:
        yield from paragraph(f"Left out, {counted(number, 'combination')}: {reason}.", width=width)
    if len(reasons) > MENTIONED:
        others = sum(number for _, number in reasons[MENTIONED:])
        yield f"Left out for other reasons, {counted(others, 'combination')}; --json tells all."


def _shown_terms(case: Case, texts: Mapping[str, str]) -> dict[str, str]:
    """Terms for people; those of providers are nothing where there are none."""
    there_are_providers = texts["capacity_per_minute"] != "0"
    return {
        name: _term(case, name, text) if there_are_providers or name not in OF_PROVIDERS else NOTHING
        for name, text in texts.items()
    }


def _term(case: Case, name: str, text: str) -> str:
    """A term's exact text for people: thousands apart, the discount as a percentage, a multiple as it is."""
    if text.endswith("x"):
        return text
    if name == "discount":
        return percent(parse_decimal(text, RATE_DECIMALS))
    whole_part, point, fraction = text.partition(".")
    return f"{int(whole_part):,}{point}{fraction}"


def whole(case: Case, atoms: int) -> str:
    """An amount of 0 or more in whole units rounded up, with thousands apart: zero only where it is nothing."""
    return f"{ceil_div(atoms, 10**case.decimals):,}"


def percent(rate: int) -> str:
    """Ppb as an exact percentage."""
    return f"{format_decimal(rate, RATE_DECIMALS - 2)}%"


def share_text(ppm: int) -> str:
    """Ppm as a percentage of one decimal, rounded down."""
    return f"{format_decimal(floor_to_multiple(ppm, 1000), PPM_DECIMALS - 2)}%"
