"""What both commands share: the options that store and compare a run, and the table of a comparison."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import click
from rich.console import Console
from rich.table import Table

from .measuring import LIMIT, Comparison, Figure, NotComparable, compare, load, save

WIDTH = 160


@attrs.frozen
class Storage:
    """Where to store a run's figures, what to hold them against, and whether a regression is an error."""

    save: Path | None
    compare: Path | None
    fail: bool


def storage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options to a command, which takes them as `store`, `against` and `fail`."""
    file = click.Path(dir_okay=False, path_type=Path)
    command = click.option("--fail", is_flag=True, help="Exit 1 where --compare shows a regression.")(command)
    command = click.option("--compare", "against", type=file, help="Show what is worse than this stored run.")(command)
    return click.option("--save", "store", type=file, help="Store the figures in this file.")(command)


def console() -> Console:
    """Where tables go: as wide as they are, so that nothing is cut."""
    return Console(width=WIDTH, highlight=False)


def finish(figures: Sequence[Figure], storage: Storage, *, baseline: str) -> None:
    """Compare and store the figures as asked; exits 1 for a regression that is an error, 2 where nothing compares."""
    comparisons: tuple[Comparison, ...] = ()
    if storage.compare is not None:
        try:
            comparisons = compare(load(storage.compare, baseline=baseline), figures)
        except NotComparable as error:
            raise click.UsageError(str(error)) from None
        console().print(comparison_table(comparisons, baseline=baseline))
    if storage.save is not None:
        save(storage.save, figures, baseline=baseline)
    worse = [comparison.name for comparison in comparisons if comparison.is_regression]
    if worse:
        click.echo(f"Worse than stored by more than {LIMIT:.0%}: {', '.join(worse)}.")
        if storage.fail:
            sys.exit(1)


def comparison_table(comparisons: Sequence[Comparison], *, baseline: str) -> Table:
    """Stored and measured ratios side by side."""
    table = Table(title=f"Ratios to the {baseline} of the same run", title_justify="left")
    table.add_column("figure")
    for heading in ("stored", "measured", "change"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for comparison in comparisons:
        change = comparison.change
        table.add_row(
            comparison.name,
            _ratio(comparison.stored),
            _ratio(comparison.measured),
            "" if change is None else f"{change:+.0%}",
            "REGRESSION" if comparison.is_regression else "",
        )
    return table


def _ratio(ratio: float | None) -> str:
    return "none" if ratio is None else f"{ratio:,.2f}"
