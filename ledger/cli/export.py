"""`backstop export`."""

import io
import os
from collections import deque
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import click
import msgspec

from ..byte_lines import KeptLines
from ..exporting import Subject, regression_test, trace
from ..exporting.regression import slug_of
from ..law_files import laws_from
from ..replay import advance
from ..transactions import Transaction
from .internal import internal_errors_of
from .options import laws_from_option, log_argument, shown_name
from .saving import refuse_unwritable, save
from .sources import Begun, begun

EXAMPLE = """\b
Example:
  backstop export docs/examples/takeover.jsonl --itf takeover.itf.json --pytest test_takeover.py"""


@click.command("export", epilog=EXAMPLE)
@log_argument
@click.option("--itf", "itf_out", type=click.Path(), metavar="FILE", help="Write a trace for Apalache and Quint there.")
@click.option("--pytest", "pytest_out", type=click.Path(), metavar="FILE", help="Write a test file for pytest there.")
@click.option(
    "--engine",
    metavar="CMD",
    help="Have the test file hold this engine against the ledger along the log, as backstop compare does.",
)
@laws_from_option
@click.option("--until", type=click.IntRange(min=0), metavar="SEQ", help="Stop once so many transactions were applied.")
@click.pass_context
def command(
    ctx: click.Context,
    log: str,
    itf_out: str | None,
    pytest_out: str | None,
    engine: str | None,
    law_files: tuple[str, ...],
    until: int | None,
) -> int:
    """Write LOG for other tools: as a trace in the Informal Trace Format, as a regression test for pytest, or both.

    LOG is a file, gzipped where its name ends in .gz, - for standard input, or a journal. A trace has the whole state
    after every transaction, so it is made for short logs, such as counterexamples. A test file holds the log's own
    lines and replays them with every law checked; of a counterexample it says what the document beside the log says.
    """
    if itf_out is None and pytest_out is None:
        raise click.UsageError("nothing to write; give --itf, --pytest or both", ctx)
    if pytest_out is None and (engine is not None or law_files):
        raise click.UsageError("--engine and --laws-from are for test files; give --pytest too", ctx)
    if engine is not None and law_files:
        raise click.UsageError("--engine holds an engine against the ledger, and --laws-from checks the ledger", ctx)
    laws_from(law_files)  # told before anything is written
    outputs = [path for path in (itf_out, pytest_out) if path is not None]
    for path in outputs:
        refuse_unwritable(path, log=log)
    if len({os.path.realpath(path) for path in outputs}) < len(outputs):
        raise click.UsageError("--itf and --pytest name the same file", ctx)
    kept = None if pytest_out is None else KeptLines()
    numbers = count()
    with begun(log, kept=kept) as start, internal_errors_of(log):
        first = [] if start.reader is None else [start.reader.line(1).text]
        transactions = (transaction for transaction, _ in zip(_transactions(start, until), numbers, strict=False))
        if itf_out is not None:
            save(itf_out, trace(start.state, transactions, source=shown_name(log)))
        else:
            deque(transactions, maxlen=0)
    taken = next(numbers)
    if pytest_out is not None and kept is not None:
        lines = [*first, *io.BytesIO(kept.take(taken + 1 - len(first))).readlines()]
        save(pytest_out, [regression_test(lines, subject_of(log, pytest_out, law_files, engine))])
    for path in outputs:
        click.echo(f"{click.format_filename(path)}: {taken} transactions of {shown_name(log)}")
    return 0


def _transactions(start: Begun, until: int | None) -> Iterator[Transaction]:
    """The transactions as they are read, until so many were applied."""
    state, digest = start.state, start.chain
    while until is None or state.sequence < until:
        entry = next(start.entries, None)
        if entry is None:
            return
        yield entry.transaction
        if until is not None:
            _, state, digest = advance(state, digest, entry)


def subject_of(log: str, path: str, law_files: tuple[str, ...], engine: str | None) -> Subject:
    """What the test file is a test of. The document beside a counterexample says what it shows, where there is one."""
    name = shown_name(log)
    from_test = tuple(os.path.relpath(file, os.path.dirname(os.path.realpath(path))) for file in law_files)
    what, title = _told_beside(log)
    return Subject(name, slug_of(title or Path(name).name.split(".")[0]), what, from_test, engine)


def _told_beside(log: str) -> tuple[str, str]:
    """What a counterexample's document says is wrong, as a sentence, and as a title; both empty without one."""
    try:
        document = msgspec.json.decode(Path(log).with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return "", ""
    if not isinstance(document, dict):
        return "", ""
    law, detail = document.get("law"), document.get("detail")
    if isinstance(law, dict) and isinstance(law.get("id"), str):
        return f"It broke {law['id']} ({law.get('statement')}): {detail}.", f"{law['id']} holds"
    if isinstance(document.get("aspect"), str):
        name = " ".join(str(document[word]) for word in ("aspect", "rule", "reason") if document.get(word))
        engine = document.get("engine")
        named = engine.get("name") if isinstance(engine, dict) else "An engine"
        return f"{named} differed from the ledger on its last line: {name}.", f"{name} agrees"
    if isinstance(document.get("error"), str):
        return f"The ledger raised {document['error']}: {detail}.", f"no {document['error']}"
    return "", ""
