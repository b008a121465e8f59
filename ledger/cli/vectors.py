"""`backstop vectors` and `backstop vectors check`."""

import json
import os
from pathlib import Path

import click

from .formatting import counted

SETS = "backstop vectors --out vectors"
GROUP_EXAMPLE = f"""\b
Example:
  {SETS}"""


@click.group(
    "vectors",
    invoke_without_command=True,
    subcommand_metavar="[check ...]",
    epilog=GROUP_EXAMPLE,
)
@click.option("--out", metavar="DIR", help="Write the files there: a new folder, or an empty one.")
@click.pass_context
def command(ctx: click.Context, out: str | None) -> int:
    """Write the test vectors: states, transactions, and what this ledger answers, for an engine in any language.

    A JSON file for each case, a manifest with the hash of each, and the JSON Schema of a file. They are the same to the
    byte wherever the same version writes them.
    """
    if ctx.invoked_subcommand is not None:
        if out is not None:
            raise click.UsageError("--out writes vectors and check reads them; give one of the two", ctx)
        return 0
    if out is None:
        raise click.UsageError("found nothing to do, expected --out DIR, or check", ctx)
    return _write(Path(out), click.format_filename(out))


def _write(folder: Path, shown: str) -> int:
    from ..vectors import MANIFEST, files_of_the_set

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = "a folder with files in it" if folder.is_dir() else "a file"
        raise click.ClickException(f"{shown}: found {found}, expected a new or an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise click.ClickException(f"{shown}: the folder cannot be written to")
    for path, text in files_of_the_set():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text)
    manifest = json.loads(text)
    assert path == MANIFEST
    types = len({entry["transaction"] for entry in manifest["vectors"]})
    click.echo(f"Written: {shown}, {counted(manifest['count'], 'vector')} of {types} transaction types.")
    click.echo(f"Digest of the set: {manifest['digest']}")
    return 0
