"""`backstop step`."""

import os

import click

from ..byte_lines import STANDARD_INPUT
from ..laws import LawBroken
from ..replay import noted_line
from ..strict_json import one_line
from .commands import DIVERGED
from .laws import CHOICES, chosen_laws
from .options import files, place_of, shown_path
from .saving import STANDARD_OUTPUT, refuse_unwritable, save_all

EXAMPLE = """\b
Example:
  backstop replay docs/examples/takeover.jsonl --quiet --until 8 --state-out state.json
  backstop step --state state.json --transactions docs/examples/transactions.ndjson --state-out after.json --result -

\b
Exit codes:
  0  every transaction was answered; that some are refused is data
  1  a law is broken; nothing is written
  2  usage or bad input, told in one line on standard error; nothing is written
  3  internal error"""


@click.command("step", epilog=EXAMPLE)
@click.option(
    "--state",
    "state_path",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="The state to begin with: canonical bytes, as replay --state-out writes them.",
)
@click.option(
    "--transactions",
    "transactions_path",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="What is asked: JSON Lines in the form of specs/interchange.md.",
)
@click.option(
    "--state-out",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="Where the state afterwards is written, in canonical bytes.",
)
@click.option(
    "--result",
    "result_path",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="Where the outcomes are written, a line of JSON for each, with the link of the chain after it.",
)
@click.option(
    "--laws",
    "choice",
    type=click.Choice(list(CHOICES)),
    default="step",
    show_default=True,
    help="The laws to check at each step; all has those of the whole state besides, which look at the end.",
)
def command(state_path: str, transactions_path: str, state_out: str, result_path: str, choice: str) -> int:
    """Answer transactions from a state, and write their outcomes and the state afterwards; nothing is kept in between.

    Each FILE may be -, for standard input or output. A refusal is an outcome like any other. Both files are written
    whole, or, where anything is wrong, neither is. The chain of links begins with the digest of the state given.
    """
    refuse_collisions(state_path, transactions_path, state_out, result_path)
    from ..stepping import read_state_file, read_transactions, step_through
    from .internal import internal_errors_of

    state, laws = read_state_file(state_path), chosen_laws(choice)
    # All of them are read before one is answered: what is bad input is not told after a broken law.
    transactions = list(read_transactions(transactions_path))
    with internal_errors_of(transactions_path):
        try:
            stepped = step_through(state, transactions, laws=laws)
        except LawBroken as broken:
            return print_broken(broken, transactions_path)
    from ..canonical import state_chunks

    save_all({state_out: state_chunks(stepped.state), result_path: stepped.lines()})
    return 0


def print_broken(broken: LawBroken, transactions: str) -> int:
    """Tell of a broken law in one line, and the exit code."""
    line = noted_line(broken)
    place = shown_path(transactions) if line is None else place_of(transactions, line)
    law = broken.law
    told = f"law {law.id} ({law.scope.value}) is broken: {broken.breach.detail}. {law.statement}"
    click.echo(one_line(f"{place}: {told} Nothing is written."), err=True)
    return DIVERGED


def refuse_collisions(state: str, transactions: str, state_out: str, result: str) -> None:
    """ClickException where two inputs or two outputs are the same, an output is an input, or one cannot be written;
    told before anything is read."""
    for one, other, what, which in (
        (state, transactions, "--state and --transactions", "input"),
        (state_out, result, "--state-out and --result", "output"),
    ):
        if one == other == STANDARD_INPUT:
            raise click.ClickException(f"{what} are both standard {which}, expected a file for one of them")
        if STANDARD_INPUT not in (one, other) and os.path.realpath(one) == os.path.realpath(other):
            raise click.ClickException(f"{click.format_filename(one)}: {what} are the same file, expected two")
    for path, option in ((state_out, "--state-out"), (result, "--result")):
        if path == STANDARD_OUTPUT:
            continue
        for source, name in ((state, "--state"), (transactions, "--transactions")):
            if source != STANDARD_INPUT and os.path.realpath(source) == os.path.realpath(path):
                shown = click.format_filename(path)
                raise click.ClickException(f"{shown}: {option} is the file of {name}, expected another")
        refuse_unwritable(path, log=state)
        refuse_unwritable(path, log=transactions)
