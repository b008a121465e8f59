"""`backstop schema`."""

import click

from .options import print_document

EXAMPLE = """\b
Example:
  backstop schema"""


@click.command("schema", epilog=EXAMPLE)
@click.option(
    "--of",
    "what",
    type=click.Choice(["log", "vector"]),
    default="log",
    show_default=True,
    help="Of one line of a log, or of a test vector.",
)
def command(what: str) -> int:
    """Print the JSON Schema (draft 2020-12) of one line of a log, the genesis or any transaction; or of a vector."""
    if what == "vector":
        from ..vectors import vector_schema

        print_document(vector_schema())
    else:
        from ..log import log_schema

        print_document(log_schema())
    return 0
