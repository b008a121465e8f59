"""`backstop schema`."""

import click

from ..log import log_schema
from .options import print_document

EXAMPLE = """\b
Example:
  backstop schema"""


@click.command("schema", epilog=EXAMPLE)
def command() -> int:
    """Print the JSON Schema (draft 2020-12) of one line of a log, the genesis or any transaction."""
    print_document(log_schema())
    return 0
