"""`backstop explain`."""

import click

from .explained import explained_document, explained_lines
from .layout import page_width
from .moments import GENESIS_LINE, moment_of
from .options import (
    json_option,
    log_argument,
    point_options,
    print_document,
    print_lines,
    refuse_two_points,
    shown_path,
)

EXAMPLE = """\b
Example:
  backstop explain docs/examples/alice-and-bob.jsonl --line 6"""


@click.command("explain", epilog=EXAMPLE)
@log_argument
@point_options
@json_option
@click.pass_context
def command(ctx: click.Context, log: str, sequence: int | None, line: int | None, as_json: bool) -> int:
    """Print one transaction's checks in their order, with the figures that decided, its postings and its events.

    The transaction is --at, the one that made this sequence number, or --line, that of a line: refused transactions
    have a line only. Each check is passed, refused, or not reached because another one refused or did not apply.
    """
    refuse_two_points(sequence, line)
    if sequence is None and line is None:
        raise click.UsageError("which transaction? give --at or --line", ctx)
    if sequence == 0 or line == GENESIS_LINE:
        raise click.ClickException(
            f"{shown_path(log)}:{GENESIS_LINE}: the genesis is no transaction; sequence 1 is the first"
        )
    moment = moment_of(log, sequence=sequence, line=line)
    if as_json:
        print_document(explained_document(moment, log=log))
    else:
        print_lines(explained_lines(moment, log=log, width=page_width()))
    return 0
