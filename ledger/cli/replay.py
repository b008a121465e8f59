"""`backstop replay`."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Protocol

import click

from ..law_files import laws_from
from ..laws import Law
from ..log import Entry, open_log, read_log
from ..replay import Report, replay_log
from ..state import State
from .internal import internal_errors_of
from .laws import CHOICES, chosen_laws, closing_sentence
from .options import (
    cluster_option,
    json_option,
    laws_from_option,
    log_argument,
    print_document,
    print_lines,
    refuse_two_places,
    refuse_without_library,
    shown_name,
    shown_path,
)
from .progress import progress_of
from .replayed import replayed_document, replayed_lines
from .saving import refuse_unwritable, save_state

if TYPE_CHECKING:
    from .counterexamples import Keeper


class Replaying(Protocol):
    """Reads and replays a log with `all_laws`, here or in other processes."""

    all_laws: tuple[Law, ...]

    def read(self, stream: BinaryIO, log: str) -> tuple[State, Iterator[Entry]]:
        """As `read_log`."""

    def replay(
        self,
        state: State,
        entries: Iterator[Entry],
        *,
        until: int | None,
        progress: Callable[[Entry], None] | None,
    ) -> Report:
        """As `replay_log`, what was read last."""


class ReplayHere:
    """Replays a log in this process."""

    def __init__(self, laws: tuple[Law, ...], law_files: tuple[str, ...], state_every: int) -> None:
        self.all_laws = (*laws, *laws_from(law_files))
        self._state_every = state_every

    def read(self, stream: BinaryIO, log: str) -> tuple[State, Iterator[Entry]]:
        """As `read_log`."""
        return read_log(stream, log)

    def replay(
        self,
        state: State,
        entries: Iterator[Entry],
        *,
        until: int | None,
        progress: Callable[[Entry], None] | None,
    ) -> Report:
        """As `replay_log`."""
        laws, every = self.all_laws, self._state_every
        return replay_log(state, entries, laws=laws, state_every=every, until=until, progress=progress)


EXAMPLE = """\b
Example:
  backstop replay docs/examples/cascade.jsonl"""


@click.command("replay", epilog=EXAMPLE)
@log_argument
@json_option
@click.option("--quiet", is_flag=True, help="Print the result alone, in one line, and no progress.")
@click.option(
    "--laws",
    "choice",
    type=click.Choice(list(CHOICES)),
    default="all",
    show_default=True,
    help="The laws to check; step leaves out those of the whole state.",
)
@click.option(
    "--state-laws-every",
    "state_every",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    metavar="N",
    help="Check the laws of the whole state after every N transactions, and at the end; 0 at the end alone.",
)
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(["rejected", "unknown"]),
    multiple=True,
    help="Fail on refusals that the log does not expect, or on laws that never fired. May be given twice.",
)
@laws_from_option
@click.option("--until", type=click.IntRange(min=0), metavar="SEQ", help="Stop once so many transactions were applied.")
@click.option(
    "--state-out",
    "state_out",
    type=click.Path(),
    metavar="FILE",
    help="Write the last state's canonical bytes there, unless the replay fails.",
)
@click.option(
    "--counterexample",
    "counterexample_out",
    type=click.Path(),
    metavar="FILE",
    help="Where a law breaks, shrink the log up to there to a few lines and write them, with a document beside them.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that share the log, 1 by default; what comes out does not depend on it.",
)
@cluster_option("Verify the log on the Dask cluster of this scheduler instead.")
@click.pass_context
def command(
    ctx: click.Context,
    log: str,
    as_json: bool,
    quiet: bool,
    choice: str,
    state_every: int,
    fail_on: tuple[str, ...],
    law_files: tuple[str, ...],
    until: int | None,
    state_out: str | None,
    counterexample_out: str | None,
    workers: int | None,
    cluster: str | None,
) -> int:
    """Replay LOG with its laws checked, and report.

    LOG is a file, gzipped where its name ends in .gz, or - for standard input. Replaying stops at the first broken
    law, and at the first line that expects what the ledger does not do. Refused transactions are data and no failure,
    unless --fail-on rejected. Laws of your own, from --laws-from, are checked whatever --laws chooses.
    """
    if as_json and quiet:
        raise click.UsageError("--json and --quiet are two outputs; give one of them", ctx)
    if choice == "none" and "unknown" in fail_on and not law_files:
        raise click.UsageError("--fail-on unknown asks which laws fired and --laws none checks none", ctx)
    refuse_two_places(workers, cluster)
    if cluster is not None:
        refuse_without_library()
    if state_out is not None:
        refuse_unwritable(state_out, log=log)
    keeper = None if counterexample_out is None else keeper_of(counterexample_out, log)
    replaying = replaying_of(chosen_laws(choice), law_files, state_every, log=log, workers=workers, cluster=cluster)
    laws = replaying.all_laws
    with open_log(log) as stream:
        state, entries = replaying.read(stream, log)
        if keeper is not None:
            entries = keeper.remembering(entries)
        with progress_of(log, stream, quiet=quiet) as progress, internal_errors_of(log):
            report = replaying.replay(state, entries, until=until, progress=progress)
    unwanted = unwanted_findings(report, fail_on)
    part = "" if until is None else f" up to sequence {report.state.sequence}"
    closing = closing_sentence(report, shown_name(log) + part, unwanted)
    if state_out is not None and report.failure is None:
        save_state(report.state, state_out)
    options = options_of(choice, law_files)
    written = None
    if keeper is not None:
        written = keeper.write(state, report, laws, state_every=state_every, options=options)
    if as_json:
        print_document(
            replayed_document(report, log=shown_path(log), closing=closing, unwanted=unwanted, counterexample=written)
        )
    elif quiet:
        click.echo(closing)
    else:
        print_lines(replayed_lines(report, log=log, closing=closing, state_every=state_every, counterexample=written))
    return int(report.failure is not None or bool(unwanted))


def replaying_of(
    laws: tuple[Law, ...],
    law_files: tuple[str, ...],
    state_every: int,
    *,
    log: str,
    workers: int | None,
    cluster: str | None,
) -> Replaying:
    """What replays a log: in this process, or in others. Only then is what shares the work loaded."""
    if cluster is None and workers in (None, 1):
        return ReplayHere(laws, law_files, state_every)
    from .in_segments import ReplayInSegments

    return ReplayInSegments(laws, law_files, state_every, log=log, workers=workers or 1, cluster=cluster)


def keeper_of(path: str, log: str) -> "Keeper":
    """What keeps the log for a counterexample. Only then is what shrinks logs loaded."""
    from .counterexamples import Keeper

    return Keeper(path, log=log)


def options_of(choice: str, law_files: tuple[str, ...]) -> tuple[str, ...]:
    """The options by which another replay checks the same laws."""
    laws = () if choice == "all" else ("--laws", choice)
    return (*laws, *(word for path in law_files for word in ("--laws-from", path)))


def unwanted_findings(report: Report, fail_on: tuple[str, ...]) -> list[str]:
    """What the command was told to fail on, and the replay found, in words."""
    found = []
    if "rejected" in fail_on and report.unexpected:
        refusals = "refusal that the log does" if report.unexpected == 1 else "refusals that the log does"
        found.append(f"{report.unexpected} {refusals} not expect, the first on line {report.first_unexpected}")
    if "unknown" in fail_on and report.failure is None and report.silent_laws:
        names = ", ".join(f"{law.id} ({law.scope.value})" for law in report.silent_laws)
        found.append(f"{len(report.silent_laws)} of {len(report.laws)} laws never fired: {names}")
    return found
