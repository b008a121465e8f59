"""The options that say which prices and funding rates a simulation takes, and how their rows are picked."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .options import files

Command = TypeVar("Command", bound=Callable[..., Any])


def data_options(command: Command) -> Command:
    """--funding, --where, --funding-where and --cut-rates."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


OPTIONS = (
    click.option(
        "--funding",
        "funding_file",
        metavar="FILE.csv",
        shell_complete=files,
        help="Funding rates, or the word computed: the ledger computes them. By default those of the file of prices, "
        "and where it has none they are computed.",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="Of a file of prices that holds several series, the rows to read. May be given more than once.",
    ),
    click.option(
        "--funding-where",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="The same of the file of funding rates.",
    ),
    click.option("--cut-rates", is_flag=True, help="Cut funding rates of more than nine decimals, toward zero."),
)


def rows_of(values: tuple[str, ...]) -> dict[str, str]:
    """What COLUMN=VALUE options ask for, by column. UsageError for one that is no such thing."""
    where = {}
    for each in values:
        column, equals, value = each.partition("=")
        if not equals or not column.strip():
            raise click.UsageError(f'found "{each}", expected COLUMN=VALUE', click.get_current_context())
        where[column.strip()] = value.strip()
    return where
