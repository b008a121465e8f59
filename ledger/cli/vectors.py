"""`backstop vectors` and `backstop vectors check`."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .commands import heeding_termination
from .formatting import counted
from .options import engine_option, files, json_option, print_document, print_lines, timeout_option

if TYPE_CHECKING:
    from ..vectors.reading import ReadVector

SETS = "backstop vectors --out vectors"
GROUP_EXAMPLE = f"""\b
Example:
  {SETS}"""
CHECK_EXAMPLE = f"""\b
Example:
  {SETS}
  backstop vectors check vectors --engine "python3 docs/examples/engine.py"

\b
Exit codes:
  0  every vector that was run passed
  1  one failed, none could be run, or the engine did not end as it should
  2  usage or bad input: no vectors, or no engine that speaks the protocol
  3  internal error"""


@click.group("vectors", invoke_without_command=True, subcommand_metavar="[check ...]", epilog=GROUP_EXAMPLE)
@click.option("--out", metavar="DIR", help="Write the files there: a new folder, or an empty one.")
@click.pass_context
def command(ctx: click.Context, out: str | None) -> int:
    """Write the test vectors: states, transactions, and what this ledger answers, for an engine in any language.

    A JSON file for each case, a manifest with the hash of each, and the JSON Schema of a file. They are the same to the
    byte wherever the same version writes them.
    """
    if ctx.invoked_subcommand is not None:
        if out is not None:
            raise click.UsageError("--out writes vectors, and check reads them; give one of the two", ctx)
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
    written = dict(files_of_the_set())
    for path, text in written.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text)
    manifest = json.loads(written[MANIFEST])
    types = len({entry["transaction"] for entry in manifest["vectors"]})
    click.echo(f"Written: {shown}, {counted(manifest['count'], 'vector')} of {types} transaction types.")
    click.echo(f"Digest of the set: {manifest['digest']}")
    return 0


@command.command("check", epilog=CHECK_EXAMPLE, short_help="Hold an engine against the vectors.")
@click.argument("vectors", metavar="DIR", shell_complete=files)
@engine_option
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Of this transaction type, or the vector of this name. May be given more than once.",
)
@timeout_option
@json_option
def check(vectors: str, engine: str, only: tuple[str, ...], timeout: float, as_json: bool) -> int:
    """Hold an engine against the vectors in DIR, or against one file of them.

    The engine is started as CMD and speaks the engine protocol on its standard input and output. Compared is what
    it says it gives; vectors with transactions that it does not know, or that begin where it cannot, are not run.
    """
    from ..engines import EngineError
    from ..vectors.checking import Checking
    from ..vectors.reading import VectorError, read_vectors
    from .vectors_checked import checked_document, checked_lines, is_passed

    with heeding_termination():
        try:
            chosen = list(_chosen(read_vectors(Path(vectors)), only, click.format_filename(vectors)))
            checking = Checking(engine, timeout=timeout)
        except (VectorError, EngineError) as error:
            raise click.ClickException(str(error)) from None
        results = list(checking.results(chosen))
    if as_json:
        print_document(checked_document(checking, results, engine))
    else:
        print_lines(checked_lines(checking, results))
    return int(bool(checking.ended_badly) or not is_passed(results))


def _chosen(vectors: "Iterable[ReadVector]", only: tuple[str, ...], shown: str) -> "Iterator[ReadVector]":
    """The vectors of these types and names, all where none is given. ClickException where one of them names none."""
    met: set[str] = set()
    for vector in vectors:
        matching = {name for name in only if name in (vector.name, vector.type_name)}
        met |= matching
        if matching or not only:
            yield vector
    for name in only:
        if name not in met:
            raise click.ClickException(f"{shown}: found no vector {name}, expected a transaction type or a name")
