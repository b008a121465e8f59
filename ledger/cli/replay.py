"""`backstop replay`."""

from functools import partial
from typing import TYPE_CHECKING

import click

from ..digests import Digesting
from ..law_files import laws_from
from ..replay import Report, replay_log
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
from .pipeline import Pipeline, pipeline_options
from .progress import progress_of
from .replayed import replayed_document, replayed_lines
from .saving import refuse_unwritable, save, save_state
from .sources import begun, gone_on

if TYPE_CHECKING:
    from .counterexamples import Keeper

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
@click.option(
    "--from",
    "since",
    type=click.IntRange(min=0),
    metavar="SEQ",
    help="Check only what follows once so many transactions were applied; a journal is read from a checkpoint before.",
)
@click.option("--until", type=click.IntRange(min=0), metavar="SEQ", help="Stop once so many transactions were applied.")
@click.option(
    "--state-out",
    "state_out",
    type=click.Path(),
    metavar="FILE",
    help="Write the last state's canonical bytes there, unless the replay fails.",
)
@click.option(
    "--digests",
    "digests_out",
    type=click.Path(),
    metavar="FILE",
    help="Write the digests on the way there, to be held against another ledger's, unless the replay fails.",
)
@click.option(
    "--digests-every",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Write them at every line whose number N divides, besides the first and the last.",
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
@pipeline_options
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
    since: int | None,
    until: int | None,
    state_out: str | None,
    digests_out: str | None,
    digests_every: int,
    counterexample_out: str | None,
    workers: int | None,
    cluster: str | None,
    pipeline: Pipeline,
) -> int:
    """Replay LOG with its laws checked, and report.

    LOG is a file, gzipped where its name ends in .gz, - for standard input, or a journal. Replaying stops at the first
    broken law, and at the first line that expects what the ledger does not do. Refused transactions are data and no
    failure, unless --fail-on rejected. Laws of your own, from --laws-from, are checked whatever --laws chooses.
    """
    if as_json and quiet:
        raise click.UsageError("--json and --quiet are two outputs; give one of them", ctx)
    if choice == "none" and "unknown" in fail_on and not law_files:
        raise click.UsageError("--fail-on unknown asks which laws fired and --laws none checks none", ctx)
    if since is not None and until is not None and until < since:
        raise click.UsageError("--until comes before --from, so that nothing is between them", ctx)
    if since is not None and counterexample_out is not None:
        raise click.UsageError("--counterexample writes a log from the genesis on; give it without --from", ctx)
    if since is not None and digests_out is not None:
        raise click.UsageError("--digests writes them from the genesis on; give it without --from", ctx)
    refuse_two_places(workers, cluster)
    if cluster is not None:
        refuse_without_library()
    if state_out is not None:
        refuse_unwritable(state_out, log=log)
    if digests_out is not None:
        refuse_unwritable(digests_out, log=log)
    keeper = None if counterexample_out is None else keeper_of(counterexample_out, log)
    chosen, own_laws = chosen_laws(choice), laws_from(law_files)
    laws = (*chosen, *own_laws)
    elsewhere = None
    if cluster is not None or workers not in (None, 1):
        from .elsewhere import Elsewhere  # only then is what shares the work loaded

        elsewhere = Elsewhere(log, chosen, own_laws, law_files, state_every, workers=workers, cluster=cluster)
    with begun(log, sequence=since, kept=elsewhere.kept if elsewhere else None) as start, internal_errors_of(log):
        if since is not None:
            start = gone_on(start, since, log)
        state, entries = start.state, start.entries
        if keeper is not None:
            entries = keeper.remembering(entries)
        if elsewhere is not None:
            replay = partial(elsewhere.replay, start, is_kept=keeper is not None)
        else:
            points = start.points()
            replay = partial(replay_log, state, laws=laws, state_every=state_every, start=start.chain, points=points)
        digesting = None if digests_out is None else Digesting(digests_every)
        note = None if digesting is None else digesting.note
        if note is not None:
            note(start.line, state, start.chain)
        with progress_of(log, start.stream, quiet=quiet) as progress:
            report = replay(entries, until=until, progress=progress, note=note)
        if report.failure is None:
            start.recorded(start.line + report.transactions, report.chain)
    unwanted = unwanted_findings(report, fail_on)
    part = "" if since is None else f" from sequence {since}"
    part += "" if until is None else f" up to sequence {report.state.sequence}"
    closing = closing_sentence(report, shown_name(log) + part, unwanted)
    if state_out is not None and report.failure is None:
        save_state(report.state, state_out)
    if digests_out is not None and digesting is not None and report.failure is None:
        save(digests_out, digesting.lines())
    options = options_of(choice, law_files)
    written = None
    if keeper is not None:
        written = keeper.write(state, report, laws, state_every=state_every, options=options)
    code = int(report.failure is not None or bool(unwanted))
    if pipeline.is_asked:
        from .reporting import replay_checks  # only then is what campaigns need loaded

        pipeline.tell(replay_checks(report, log, fail_on, unwanted), closing=closing, code=code)
    if as_json:
        print_document(
            replayed_document(report, log=shown_path(log), closing=closing, unwanted=unwanted, counterexample=written)
        )
    elif quiet:
        click.echo(closing)
    else:
        print_lines(replayed_lines(report, log=log, closing=closing, state_every=state_every, counterexample=written))
    return code


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
