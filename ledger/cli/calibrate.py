"""`backstop calibrate`."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from ..byte_lines import STANDARD_INPUT
from ..calibration.axes import AxisError, Kind, Level, levels_of
from ..calibration.carrying_out import Calibration, calibration_of
from ..calibration.cases import Case, case_of
from ..calibration.cells import Levels, answers_of, cells_of
from ..calibration.cluster import made_by_cluster
from ..calibration.plan import Axes, Plan, Run, plan_of
from ..calibration.running import Done, Work, made_by_processes, made_here, noted_run
from ..calibration.store import NAME, StoreError, read_kept
from ..calibration.tables import (
    Table,
    answers_table,
    can_write_parquet,
    cells_table,
    csv_bytes,
    parquet_bytes,
    runs_table,
)
from ..cluster import ClusterError
from ..processes import WorkerDied
from ..simulation.data import Source, data_of
from ..simulation.scenario import read_scenario
from ..simulation.simulating import simulate
from ..units import RATE_DECIMALS, RATE_SCALE, format_decimal, parse_decimal
from .calibrated import Report, going_on, planned_document, planned_lines, reported_document, reported_lines
from .commands import INTERRUPTED
from .data import data_options, rows_of
from .internal import InternalError
from .options import (
    cluster_option,
    files,
    json_option,
    print_document,
    print_lines,
    refuse_two_places,
    refuse_without_library,
)
from .progress import progress_of_ways
from .saving import save

LEAST_SURE, MOST_SURE = 500_000_000, 999_000_000
"""Ppb: below, a capacity would be enough that fails every other time; above, no number of runs could support it."""

MOST_MONEY = 10**12
"""Units of the settlement asset: more is a slip of the pen."""

EXAMPLE = """\b
A LIST has values between commas, each a number or a range: FIRST..LASTxFACTOR,
each so many times the one before, or FIRST..LAST+STEP. Amounts are in the
settlement asset, discounts fractions of 1.

\b
Example:
  backstop calibrate --scenario docs/examples/crash.toml --capacity-per-minute 0,500000..4000000x2 --dry-run

\b
Exit codes:
  0    it is done, whatever was found
  2    usage or bad input; or a worker or the cluster went away
  3    internal error
  130  interrupted
Whatever was done before is kept, and the same command goes on from there."""


def sureness(ctx: click.Context, parameter: click.Parameter, text: str) -> int:
    """A share of 1 as an exact decimal, in ppb. BadParameter for any that is not from LEAST_SURE to MOST_SURE."""
    try:
        share = parse_decimal(text, RATE_DECIMALS)
    except ValueError:
        share = 0
    if not LEAST_SURE <= share <= MOST_SURE:
        least, most = (format_decimal(end, RATE_DECIMALS) for end in (LEAST_SURE, MOST_SURE))
        raise click.BadParameter(f"found {text}, expected a number from {least} to {most}", ctx, parameter)
    return share


def axis_option(name: str, help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that takes the values of one term."""
    return click.option(name, metavar="LIST", help=help_text)


@click.command("calibrate", epilog=EXAMPLE)
@click.option(
    "--scenario",
    "scenario_files",
    required=True,
    multiple=True,
    metavar="FILE.toml",
    shell_complete=files,
    help="The venue, its accounts and its order book. May be given more than once.",
)
@click.option(
    "--prices",
    "price_files",
    multiple=True,
    metavar="FILE.csv",
    shell_complete=files,
    help="The index's prices, in place of the scenario's file. May be given more than once: every scenario meets all.",
)
@data_options
@axis_option("--capacity-per-minute", "What all providers take in a minute; 0 is none. By default the scenario's.")
@axis_option("--capacity-per-hour", "In an hour; `3x` is three times what they take in a minute.")
@axis_option("--max-holdings", "What they hold at most; `10x` is ten times what they take in a minute.")
@axis_option("--discount", "The program's discount: 0.01 is 1%.")
@axis_option("--fund", "What the insurance fund begins with.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="How many populations are drawn for every combination.",
)
@click.option("--first-seed", type=int, default=0, show_default=True, metavar="S", help="The first of their seeds.")
@click.option(
    "--confidence",
    callback=sureness,
    default="0.95",
    show_default=True,
    metavar="SHARE",
    help="The share of runs in which an aim must be met; value at risk and expected shortfall are at the same.",
)
@click.option(
    "--interval",
    callback=sureness,
    default="0.9",
    show_default=True,
    metavar="SHARE",
    help="What the intervals of shares (Clopper-Pearson) and of measures (bootstrap) cover.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=100),
    default=1000,
    show_default=True,
    metavar="N",
    help="Samples of the bootstrap.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False),
    default="calibration",
    show_default=True,
    metavar="FOLDER",
    help="Where runs are kept as they come, and the tables are written.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that share the runs, 1 by default; what comes out does not depend on it.",
)
@cluster_option("Make the runs on the Dask cluster of this scheduler instead.")
@click.option("--dry-run", is_flag=True, help="Tell what would be run, and run nothing.")
@json_option
def command(
    scenario_files: tuple[str, ...],
    price_files: tuple[str, ...],
    funding_file: str | None,
    where: tuple[str, ...],
    funding_where: tuple[str, ...],
    cut_rates: bool,
    seeds: int,
    first_seed: int,
    confidence: int,
    interval: int,
    resamples: int,
    folder: str,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    as_json: bool,
    **axes: str | None,
) -> int:
    """Find how much capacity is enough: simulate every combination of terms, over scenarios and seeds.

    For every setting of the other terms the smallest capacity per minute of the grid is told with which no loss is
    shared, with which the insurance fund is never short, and with which nobody is auto-deleveraged, each in the share
    of runs that --confidence asks for; and of every combination these shares, and the shortfall of the fund with its
    value at risk and expected shortfall. How sure each of them is, so many seeds being a sample, is told beside it.

    Every run is kept as soon as it is done: the same command again, or one of a larger grid, makes only those that are
    missing.
    """
    ctx = click.get_current_context()
    refuse_two_places(workers, cluster)
    if cluster is not None and not dry_run:
        refuse_without_library()
    funding = Source(funding_file, rows_of(funding_where))
    cases = cases_of(scenario_files, price_files, rows_of(where), funding, cut_rates=cut_rates)
    plan = plan_of(cases, axes_of(ctx, axes, cases), range(first_seed, first_seed + seeds))
    refuse_empty(plan)
    calibration = calibration_of(plan)
    levels = Levels(confidence, interval, resamples)
    if dry_run:
        by_key = {run.key: run for run in calibration.runs}
        with store_errors():
            kept = read_kept(os.path.join(folder, NAME), plan.cases, by_key)
        if as_json:
            print_document(planned_document(calibration, kept))
        else:
            print_lines(planned_lines(calibration, kept))
        return 0
    carry_out(calibration, folder, workers or 1, cluster)
    report = reported(calibration, levels, folder)
    if as_json:
        print_document(reported_document(report))
    else:
        print_lines(reported_lines(report))
    return INTERRUPTED if calibration.is_interrupted else 0


def cases_of(
    scenario_files: Sequence[str],
    price_files: Sequence[str],
    rows: Mapping[str, str],
    funding: Source,
    *,
    cut_rates: bool,
) -> list[Case]:
    """Every scenario on every file of prices, or on its own. DataError; ClickException for two of one name."""
    if STANDARD_INPUT in price_files and len(scenario_files) * len(price_files) > 1:
        raise click.ClickException("--prices: standard input can be read once, expected files for several simulations")
    cases: list[Case] = []
    for path in scenario_files:
        scenario = read_scenario(path)
        for file in price_files or (None,):
            history, rates = data_of(scenario, Source(file, rows), funding, cut_rates=cut_rates)
            cases.append(case_of(scenario, history, rates))
            refuse_one_name(cases, path)
    return cases


def refuse_one_name(cases: Sequence[Case], path: str) -> None:
    """ClickException where the last of the cases cannot be told from another one, or settles in another asset."""
    last, shown = cases[-1], click.format_filename(path)
    for case in cases[:-1]:
        if (case.name, case.prices) == (last.name, last.prices):
            raise click.ClickException(f"{shown}: a second scenario {last.name} on {last.prices}, expected other names")
        if (case.asset, case.decimals) != (last.asset, last.decimals):
            found = f"settles in {last.asset} with {last.decimals} decimals"
            raise click.ClickException(f"{shown}: {found}, expected {case.asset} with {case.decimals} as the others")


def axes_of(ctx: click.Context, texts: Mapping[str, str | None], cases: Sequence[Case]) -> Axes:
    """The values of the terms that are asked for. BadParameter for one that is wrong."""
    decimals = cases[0].decimals
    most = MOST_MONEY * 10**decimals
    money, tied = Kind(decimals, most=most), Kind(decimals, most=most, multiples=True)
    kinds = {
        "capacity_per_minute": money,
        "capacity_per_hour": tied,
        "max_holdings": tied,
        "discount": Kind(RATE_DECIMALS, least=1 - RATE_SCALE, most=RATE_SCALE),
        "fund": money,
    }
    levels: dict[str, tuple[Level, ...]] = {}
    for name, kind in kinds.items():
        text = texts[name]
        try:
            levels[name] = () if text is None else levels_of(text, kind)
        except AxisError as error:
            raise click.BadParameter(str(error), ctx, param_hint=f"--{name.replace('_', '-')}") from None
    return Axes(**levels)


def refuse_empty(plan: Plan) -> None:
    """ClickException where the grid has no combination at all, with the first reason why."""
    if not plan.combinations:
        reason, number = next(iter(plan.left_out.items()))
        more = plan.left_out.total() - number
        also = f", and {more} for other reasons" if more else ""
        raise click.ClickException(f"no combination is left of the grid: {reason} in {number}{also}")


def carry_out(calibration: Calibration, folder: str, workers: int, cluster: str | None) -> None:
    """Make the runs that are missing. ClickException for what went wrong besides the ledger, with how to go on."""
    work = Work(calibration.plan.cases, simulate)

    def make_runs(runs: Sequence[Run]) -> Iterator[Done]:
        if cluster is not None:
            return made_by_cluster(work, runs, cluster)
        if workers > 1 and len(runs) > 1:
            return made_by_processes(work, runs, workers)
        return made_here(work, runs)

    try:
        with progress_of_ways() as look, store_errors():
            calibration.carry_out(folder, make_runs, partial(look, "runs"))
    except (ClusterError, WorkerDied) as error:
        raise click.ClickException(f"{error}. {going_on(calibration, folder)}") from None
    except Exception as error:
        place = noted_run(error)
        if place is None:
            raise
        raise InternalError(f"{place} ({going_on(calibration, folder)})", error) from error


@contextmanager
def store_errors() -> Iterator[None]:
    """What is wrong with the file of runs as an error of the command."""
    try:
        yield
    except StoreError as error:
        raise click.ClickException(str(error)) from None


def reported(calibration: Calibration, levels: Levels, folder: str) -> Report:
    """What the runs say, and the tables of it written into the folder, each whole or not at all."""
    plan = calibration.plan
    cells = cells_of(plan, calibration.runs, calibration.results, levels)
    answers = answers_of(plan, cells, levels.confidence)
    tables = {
        "runs": runs_table(plan, calibration.runs, calibration.results),
        "cells": cells_table(plan, cells, levels),
        "answers": answers_table(plan, answers, levels),
    }
    has_parquet = can_write_parquet()
    written = [
        written_table(table, name, folder, plan.cases[0].decimals, as_parquet=as_parquet)
        for as_parquet in ((False, True) if has_parquet else (False,))
        for name, table in tables.items()
    ]
    return Report(calibration, levels, cells, answers, tables, folder, tuple(written), has_parquet)


def written_table(table: Table, name: str, folder: str, decimals: int, *, as_parquet: bool) -> str:
    """The path of the file that a table was written to."""
    path = os.path.join(folder, f"{name}.parquet" if as_parquet else f"{name}.csv")
    try:
        save(path, [parquet_bytes(table, decimals) if as_parquet else csv_bytes(table)])
    except OverflowError as error:
        raise click.ClickException(f"{click.format_filename(path)}: {error}; the CSV has it") from None
    return path
