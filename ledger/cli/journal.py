"""`backstop journal init`, `append`, `verify`, `export`, `import` and `checkpoint`."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..byte_lines import STANDARD_INPUT
from ..journal import Head, Journal, JournalReader, Settings, Tampered, append, create, export, import_log, verify
from ..journal.appending import LINES_OF_A_BATCH
from ..journal.format import DEFAULT_CHECKPOINT_EVERY, MOST_CHECKPOINT_EVERY
from ..journal.making import gzipped
from ..laws import LawBroken
from ..log import encode_genesis, open_log, parse_time
from ..profiles import DEFAULT_PROFILE, RulebookError, profile_names, read_document
from ..replay import noted_line
from ..strict_json import one_line
from .acknowledged import acknowledgements_in, head_document
from .commands import help_where_nothing_is_asked
from .formatting import counted
from .internal import internal_errors_of
from .laws import chosen_laws
from .options import files, json_option, no_rulebook, place_of, print_document, shown_name, shown_path
from .saving import STANDARD_OUTPUT, refuse_unwritable, save

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

GROUP_EXAMPLE = """\b
Example:
  backstop journal init venue.journal"""
APPEND_EXAMPLE = """\b
Example:
  backstop journal init venue.journal --rulebook textbook --time 2020-09-13T12:26:40Z
  backstop journal append venue.journal docs/examples/alice-and-bob.jsonl --from-line 1"""
IMPORTED = "backstop journal import venue.journal docs/examples/takeover.jsonl"
VERIFY_EXAMPLE = f"""\b
Example:
  {IMPORTED}
  backstop journal verify venue.journal"""
EXPORT_EXAMPLE = f"""\b
Example:
  {IMPORTED}
  backstop journal export venue.journal --out exported.jsonl.gz"""
IMPORT_EXAMPLE = f"""\b
Example:
  {IMPORTED}"""
CHECKPOINT_EXAMPLE = f"""\b
Example:
  {IMPORTED}
  backstop journal checkpoint venue.journal"""


@click.group("journal", invoke_without_command=True, epilog=GROUP_EXAMPLE)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Keep a log durably, in one file of SQLite: append-only, every line covered by a chain of links, checkpoints."""
    help_where_nothing_is_asked(ctx)


def a_file(ctx: click.Context, parameter: click.Parameter, path: str) -> str:
    """The path of a journal. UsageError for `-`: a journal is no stream."""
    if path == STANDARD_INPUT:
        raise click.UsageError("a journal is a file, and - names standard input", ctx)
    return path


def journal_argument(decorated: Decorated) -> Decorated:
    """JOURNAL."""
    return click.argument("journal", metavar="JOURNAL", shell_complete=files, callback=a_file)(decorated)


def checkpoint_option(decorated: Decorated) -> Decorated:
    """--checkpoint-every."""
    return click.option(
        "--checkpoint-every",
        "every",
        type=click.IntRange(min=0, max=MOST_CHECKPOINT_EVERY),
        default=DEFAULT_CHECKPOINT_EVERY,
        show_default=True,
        metavar="N",
        help="Keep the state after every N lines; 0 keeps none but those that are asked for.",
    )(decorated)


def laws_option(decorated: Decorated) -> Decorated:
    """--laws."""
    return click.option(
        "--laws",
        "choice",
        type=click.Choice(["step", "none"]),
        default="step",
        show_default=True,
        help="The laws that each line is held against before it is recorded.",
    )(decorated)


@command.command("init", epilog=GROUP_EXAMPLE, short_help="Make a journal.")
@journal_argument
@click.option(
    "--rulebook",
    default=DEFAULT_PROFILE,
    show_default=True,
    metavar="NAME",
    shell_complete=files,
    help="The rulebook by name, or in a TOML or JSON file.",
)
@click.option("--time", metavar="TIME", help="The genesis' time, as logs have it; 0 if left out.")
@checkpoint_option
@click.pass_context
def init(ctx: click.Context, journal: str, rulebook: str, time: str | None, every: int) -> int:
    """Make JOURNAL, a new file that holds a genesis line."""
    create(journal, genesis_of(ctx, rulebook, time), settings=Settings(every))
    with JournalReader(journal) as reader:
        print_head(reader.head())
    return 0


def genesis_of(ctx: click.Context, rulebook: str, time: str | None) -> bytes:
    """The genesis line of a rulebook by name or in a file."""
    try:
        milliseconds = 0 if time is None else parse_time(int(time) if time.isascii() and time.isdigit() else time)
    except ValueError as error:
        raise click.UsageError(f"--time: found {time}, expected {error}", ctx) from None
    if rulebook in profile_names():
        return encode_genesis(rulebook, time=milliseconds)
    try:
        return encode_genesis(read_document(Path(rulebook)), time=milliseconds)
    except RulebookError as error:
        shown = click.format_filename(rulebook)
        raise RulebookError([(f"{shown}: {field}" if field else shown, text) for field, text in error.errors]) from None
    except (OSError, ValueError) as error:
        raise click.ClickException(no_rulebook(rulebook, error)) from None


@command.command("append", epilog=APPEND_EXAMPLE, short_help="Append lines, and acknowledge them.")
@journal_argument
@click.argument("log", metavar="[FILE]", default=STANDARD_INPUT, shell_complete=files)
@click.option(
    "--from-line",
    "first",
    type=click.IntRange(min=1),
    metavar="N",
    help="The stream begins with line N of the log; the lines that are held must be the same, and are passed over.",
)
@click.option(
    "--batch",
    "most",
    type=click.IntRange(min=1),
    default=LINES_OF_A_BATCH,
    show_default=True,
    metavar="N",
    help="Record at most N lines at once. A batch ends sooner where no more has arrived.",
)
@click.option("--leave-out-refusals", is_flag=True, help="Do not record transactions that are refused.")
@laws_option
def append_command(journal: str, log: str, first: int | None, most: int, leave_out_refusals: bool, choice: str) -> int:
    """Append transaction lines from FILE, or from standard input, to JOURNAL.

    Where the journal is, and then each batch once it is durable, is told in one line of JSON on standard output: its
    last line, the sequence there, how many lines were taken of the log, the chain's digest and the link. A sender that
    was interrupted goes on after the lines taken, or sends all again with --from-line 1. Lines before a bad one are
    recorded.
    """
    with (
        Journal(journal, laws=chosen_laws(choice), record_refusals=not leave_out_refusals) as writer,
        open_log(log) as stream,
        internal_errors_of(log),
    ):
        try:
            append(writer, stream, shown_path(log), first=first, most=most, told=print_head)
        except LawBroken as broken:
            return print_broken(broken, log)
    return 0


@command.command("verify", epilog=VERIFY_EXAMPLE, short_help="Derive everything anew.")
@journal_argument
@click.option(
    "--acknowledged",
    metavar="FILE",
    shell_complete=files,
    help="What append told, one JSON object a line: all of it must be in the journal. - is standard input.",
)
@json_option
def verify_command(journal: str, acknowledged: str | None, as_json: bool) -> int:
    """Derive everything in JOURNAL anew: links, answers, digests, checkpoints; and check the file itself.

    The first line that is wrong is told with its sequence. That the last batches are missing can be told only against
    what was acknowledged.
    """
    told = [] if acknowledged is None else acknowledgements_in(acknowledged)
    with JournalReader(journal) as reader, internal_errors_of(journal):
        try:
            verified = verify(reader, told)
        except Tampered as tampered:
            if as_json:
                place = {"line": tampered.line, "sequence": tampered.sequence, "message": tampered.message}
                print_document({"journal": shown_path(journal), "result": "tampered", **place})
            else:
                click.echo(str(tampered))
            return 1
    if as_json:
        counts = {"batches": verified.batches, "checkpoints": verified.checkpoints}
        counts["acknowledged"] = verified.acknowledged
        print_document(
            {"journal": shown_path(journal), "result": "as written", **head_document(verified.head), **counts}
        )
        return 0
    head, against = verified.head, ""
    if acknowledged is not None:
        against = f", {counted(verified.acknowledged, 'acknowledgement')}"
    click.echo(f"{shown_name(journal)} is as it was written.")
    click.echo(
        f"{counted(head.line, 'line')}, sequence {head.sequence}, "
        f"{verified.batches} {'batch' if verified.batches == 1 else 'batches'}, "
        f"{counted(verified.checkpoints, 'checkpoint')}{against}"
    )
    click.echo(f"chain digest {head.chain.hex()}")
    click.echo(f"link         {head.link.hex()}")
    return 0


@command.command("export", epilog=EXPORT_EXAMPLE, short_help="Write a journal as a log.")
@journal_argument
@click.option(
    "--out",
    required=True,
    metavar="LOG",
    shell_complete=files,
    help="Where the log is written, gzipped where the name ends in .gz; - is standard output.",
)
def export_command(journal: str, out: str) -> int:
    """Write JOURNAL as a log. What was imported comes out as it went in, to the byte."""
    with JournalReader(journal) as reader, reader.snapshot():
        if out == STANDARD_OUTPUT:
            write_out(export(reader))
            return 0
        refuse_unwritable(out, log=journal)
        save(out, gzipped(export(reader)) if out.endswith(".gz") else export(reader))
        print_head(reader.head())
    return 0


def write_out(chunks: Iterable[bytes]) -> None:
    """Bytes on standard output."""
    sys.stdout.buffer.writelines(chunks)
    sys.stdout.buffer.flush()


@command.command("import", epilog=IMPORT_EXAMPLE, short_help="Make a journal of a log.")
@journal_argument
@click.argument("log", metavar="LOG", shell_complete=files)
@checkpoint_option
@laws_option
def import_command(journal: str, log: str, every: int, choice: str) -> int:
    """Make JOURNAL of LOG, a whole log: a file, gzipped where its name ends in .gz, or - for standard input."""
    with internal_errors_of(log):
        try:
            print_head(import_log(journal, log, settings=Settings(every), laws=chosen_laws(choice)))
        except LawBroken as broken:
            return print_broken(broken, log)
    return 0


@command.command("checkpoint", epilog=CHECKPOINT_EXAMPLE, short_help="Keep the state at the end.")
@journal_argument
def checkpoint_command(journal: str) -> int:
    """Keep the state at the end of JOURNAL, so that what looks at it later begins there."""
    with Journal(journal, laws=()) as writer, internal_errors_of(journal):
        print_head(writer.commit(checkpoint=True))
    return 0


def print_head(head: Head) -> None:
    """Where a journal is, in one line, at once."""
    click.echo(json.dumps(head_document(head)))
    sys.stdout.flush()


def print_broken(broken: LawBroken, log: str) -> int:
    """Tell which law a line would break; the exit code for it."""
    line = noted_line(broken)
    place = shown_path(log) if line is None else place_of(log, line)
    click.echo(one_line(f"{place}: law {broken}"), err=True)
    return 1
