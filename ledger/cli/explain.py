"""`backstop explain`."""

from typing import Any

import click

from ..replay import note_line
from .explained import explained_document, explained_lines
from .internal import internal_errors_of
from .layout import page_width
from .moments import Moment, moment_of
from .options import (
    json_option,
    log_argument,
    point_options,
    print_document,
    print_lines,
    refuse_two_points,
    shown_path,
)
from .sources import GENESIS_LINE, begun

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
        with begun(log):
            pass  # where there is no log, that is what is wrong
        raise click.ClickException(
            f"{shown_path(log)}:{GENESIS_LINE}: the genesis is no transaction; sequence 1 is the first"
        )
    moment = moment_of(log, sequence=sequence, line=line)
    with internal_errors_of(log):
        told = explanation(moment, log=log, as_json=as_json)
    if isinstance(told, dict):
        print_document(told)
    else:
        print_lines(told)
    return 0


def explanation(moment: Moment, *, log: str, as_json: bool) -> dict[str, Any] | list[str]:
    """The explanation as a document or as lines; an error in looking again is noted as one of this line."""
    try:
        if as_json:
            return explained_document(moment, log=log)
        return explained_lines(moment, log=log, width=page_width())
    except Exception as error:
        note_line(error, moment.line)
        raise
