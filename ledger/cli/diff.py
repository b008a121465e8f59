"""`backstop diff`."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click

from ..byte_lines import STANDARD_INPUT
from ..differing import DigestsSource, JournalSource, LogSource, Parting, Source, part
from ..digests import FIELDS
from ..journal import JournalReader
from ..log import open_log
from .differed import differed_document, differed_lines
from .internal import internal_errors_of
from .options import files, json_option, print_document, print_lines
from .sources import is_journal

FIRST_BYTES = 1 << 12

EXAMPLE = """\b
Example:
  backstop replay docs/examples/takeover.jsonl --quiet --digests takeover.digests
  backstop diff takeover.digests docs/examples/takeover.jsonl

\b
Exit codes:
  0  the same transactions with the same answers, however they are written
  1  they differ, or one of them ends before the other
  2  usage or bad input
  3  internal error"""


@click.command("diff", epilog=EXAMPLE)
@click.argument("a", shell_complete=files)
@click.argument("b", shell_complete=files)
@json_option
def command(a: str, b: str, as_json: bool) -> int:
    """Find the first transaction at which A and B differ, and show the accounts that do.

    Each is a log, gzipped where its name ends in .gz, or - for standard input; a journal; or a file of digests that
    replay --digests wrote, or another engine. No law is checked. Journals and digests are compared by bisection and
    believed up to where they differ: `journal verify` a journal first. A log is answered from its genesis up to there,
    and what follows in it is not read.
    """
    if a == b == STANDARD_INPUT:
        raise click.UsageError("standard input can be read once; give it once", click.get_current_context())
    with ExitStack() as opened:
        sources = [opened.enter_context(source_of(path)) for path in (a, b)]
        with internal_errors_of(b if not isinstance(sources[0], LogSource) else a):
            parted = part(*sources)
    if as_json:
        print_document(differed_document(parted, a, b))
    else:
        print_lines(differed_lines(parted, a, b))
    return int(parted.parting is not Parting.NOWHERE)


@contextmanager
def source_of(path: str) -> Iterator[Source]:
    """What a path leads to: a journal, a file of digests, or a log. LogError where it cannot be read."""
    if is_journal(path):
        with JournalReader(path) as reader, reader.snapshot():
            yield JournalSource(reader)
        return
    is_digests = holds_digests(path)
    with open_log(path) as stream:
        yield DigestsSource(stream, path) if is_digests else LogSource(stream, path)


def holds_digests(path: str) -> bool:
    """Whether a file begins as one of digests does."""
    if path == STANDARD_INPUT:
        return False
    with open_log(path) as stream:
        try:
            first = json.loads(stream.readline(FIRST_BYTES))
        except (OSError, EOFError, ValueError, RecursionError):
            return False  # reading it as a log tells what is wrong
    return isinstance(first, dict) and "type" not in first and any(field in first for field in FIELDS[1:])
