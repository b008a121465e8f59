"""Counterexamples: shrunk, and written with the document that stands beside the log."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from ..fuzzing.counterexamples import SIDECAR_SUFFIX, SUFFIX, Source, log_of, sidecar_of
from ..fuzzing.findings import Finding
from ..fuzzing.shrinking import Shrunk, shrink
from ..laws import Law
from ..log import Entry
from ..replay import Report
from ..state import State
from ..transactions import Transaction
from .options import shown_path
from .saving import refuse_unwritable, save

Document = dict[str, Any]


def sidecar_path(path: str) -> str:
    """Where the document beside a log stands."""
    return path.removesuffix(SUFFIX) + SIDECAR_SUFFIX


def refuse_unwritable_counterexample(path: str, *, log: str) -> None:
    """ClickException where a counterexample could not be written there; told before a log is read."""
    if not path.endswith(SUFFIX):
        shown = click.format_filename(path)
        raise click.ClickException(f"{shown}: found another ending, expected a name that ends in {SUFFIX}")
    refuse_unwritable(path, log=log)
    refuse_unwritable(sidecar_path(path), log=log)


def write_counterexample(
    finding: Finding,
    transactions: Sequence[Transaction],
    shrunk: Shrunk | None,
    laws: Sequence[Law],
    *,
    path: str,
    source: Source,
) -> Document:
    """Write what breaks a law, shrunk, to `path` with the document beside it, and return that document.

    Where it could not be shrunk, or where no log may hold it, the document alone is written, and says so.
    """
    log = None if shrunk is None else log_of(shrunk)
    if log is not None:
        save(path, [log])
    document = sidecar_of(finding, transactions, shrunk, laws, path=path, source=source, log=log)
    save(sidecar_path(path), [json.dumps(document, indent=2).encode() + b"\n"])
    return document


class Keeper:
    """Keeps what a replay of `log` reads, to write a counterexample to `path` if a law breaks.

    ClickException where it could not be written there; told before the log is read.
    """

    def __init__(self, path: str, *, log: str) -> None:
        refuse_unwritable_counterexample(path, log=log)
        self.path, self.log = path, log
        self.kept: list[Transaction] = []

    def remembering(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, their transactions kept as they are read."""
        for entry in entries:
            self.kept.append(entry.transaction)
            yield entry

    def write(
        self, start: State, report: Report, laws: Sequence[Law], *, state_every: int, options: tuple[str, ...]
    ) -> Document | None:
        """Write the counterexample of a broken law; None, and nothing is written, where the report has no broken law.

        Lines that were read ahead of the failure are left out. `options`: those by which another replay checks the same
        laws.
        """
        failure = report.failure
        if failure is None or failure.law is None:
            return None
        del self.kept[report.transactions :]
        law, position = failure.law, len(self.kept) - 1
        finding = Finding(law.id, law.scope, None, failure.detail, failure.accounts, position)
        line = None if failure.entry is None else failure.entry.line
        facts = {"found": {"log": shown_path(self.log), "line": line}, "rulebook": failure.after.rulebook.name}
        source = Source(facts, ("replay", self.log, *options), options)
        shrunk = shrink(start, self.kept, finding, laws, state_every=state_every)
        return write_counterexample(finding, self.kept, shrunk, laws, path=self.path, source=source)
