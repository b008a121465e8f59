"""`backstop show`."""

import click

from ..state import State
from .accounts import account_lines, state_lines
from .documents import account_document, state_document
from .formatting import Format
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

EXAMPLE = """\b
Example:
  backstop show docs/examples/alice-and-bob.jsonl --at 6 --account alice"""


@click.command("show", epilog=EXAMPLE)
@log_argument
@point_options
@click.option("--account", "account_id", metavar="ID", help="Show this account with every margin quantity.")
@json_option
def command(log: str, sequence: int | None, line: int | None, account_id: str | None, as_json: bool) -> int:
    """Print the state at a point of LOG, or one account.

    The point is --at, so many applied transactions, or --line, a line of the log; without either it is the log's end.
    The log is folded up to there, a journal from its nearest checkpoint, and no law is checked. The chain digest is
    that of every line up to there, refused ones included.
    """
    refuse_two_points(sequence, line)
    moment = moment_of(log, sequence=sequence, line=line, state_alone=True)
    if account_id is not None and account_id not in moment.after.accounts:
        raise click.ClickException(f"{shown_path(log)}: no account {account_id} is open {where(moment)}")
    if as_json:
        print_document(document(moment, log=log, account_id=account_id))
    else:
        print_lines(lines(moment, log=log, account_id=account_id))
    return 0


def where(moment: Moment) -> str:
    """The point in words."""
    return f"after line {moment.line}, sequence {moment.after.sequence}"


def document(moment: Moment, *, log: str, account_id: str | None) -> dict[str, object]:
    """The state, or one account of it, for machines."""
    state = moment.after
    form = Format(state.rulebook, for_people=False)
    head: dict[str, object] = {"log": shown_path(log), "line": moment.line, "chain_digest": moment.chain.hex()}
    if account_id is None:
        return head | state_document(form, state)
    point = {"rulebook": state.rulebook.name, "sequence": state.sequence, "time": form.time(state.time)}
    return head | point | account_document(form, state, account_id)


def lines(moment: Moment, *, log: str, account_id: str | None) -> list[str]:
    """The state, or one account of it, for people."""
    state: State = moment.after
    form, width = Format(state.rulebook), page_width()
    head = [
        f"{shown_path(log)}, rulebook {state.rulebook.name}",
        f"{where(moment)}, {form.time(state.time)}",
        f"chain digest {moment.chain.hex()}",
        "",
    ]
    if account_id is None:
        return [*head, *state_lines(form, state, width=width)]
    return [*head, *account_lines(form, state, account_id, width=width)]
