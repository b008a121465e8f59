"""`backstop watch`."""

import click

from ..watching import watch_log
from .internal import internal_errors_of
from .options import json_option, log_argument, print_document, print_lines
from .progress import progress_of
from .sources import begun
from .watched import watched_document, watched_lines

SECOND = 1000
EXAMPLE = """\b
Example:
  backstop watch docs/examples/alice-and-bob.jsonl"""


@click.command("watch", epilog=EXAMPLE)
@log_argument
@json_option
@click.option(
    "--patience",
    type=click.IntRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long an account may wait for a round or a takeover that is due.",
)
def command(log: str, as_json: bool, patience: int) -> int:
    """Hold what the venue of LOG did against what the operator would have done, and tell where they differ.

    Found are accounts that waited longer than --patience for a round, a release or a takeover; rounds of accounts that
    were open to a takeover, and fills of accounts that were to be released; takeovers while somebody more distressed
    was open to one; fundings and settles that were missed. None of these breaks a law: `replay` checks those.
    """
    with begun(log) as start, internal_errors_of(log), progress_of(log, start.stream, quiet=as_json) as progress:
        watched = watch_log(start.state, start.entries, patience=patience * SECOND, progress=progress)
    if as_json:
        print_document(watched_document(watched, log=log, patience=patience))
    else:
        print_lines(watched_lines(watched, log=log, patience=patience))
    return int(bool(watched.findings))
