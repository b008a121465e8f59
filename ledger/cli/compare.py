"""`backstop compare`."""

import os
import re
from typing import TYPE_CHECKING

import attrs
import click

from .commands import heeding_termination
from .options import (
    TIMEOUT,
    counterexamples_option,
    engine_option,
    files,
    json_option,
    print_document,
    print_lines,
    rulebooks_option,
    shown_path,
    timeout_option,
)
from .pipeline import Pipeline, pipeline_options
from .saving import refuse_unwritable_folder, save

if TYPE_CHECKING:
    from ..comparing import Comparison, Ways
    from ..engines import Runner
    from ..fuzzing.campaign import Settings

BATCH, STATES_EVERY, STEPS = 256, 20, 500

LONGEST_STEM = 100
"""Characters of a log's name that the names of its counterexamples begin with: file systems allow 255 in all."""

EXAMPLE = """\b
Example:
  backstop compare --engine "python3 docs/examples/engine.py" --fuzz 20 --seed 1

\b
Exit codes:
  0  the engine and the ledger agree on all of it
  1  they differ, or the engine failed while it was asked; a counterexample is written
  2  usage or bad input, or an engine that cannot be started or speaks wrongly before its first transaction
  3  internal error"""


@click.command("compare", epilog=EXAMPLE)
@click.argument("log", metavar="[LOG]", required=False, shell_complete=files)
@engine_option
@click.option(
    "--fuzz", type=click.IntRange(min=1), metavar="N", help="Compare on N examples made at random instead of a log."
)
@click.option("--seed", type=int, metavar="S", help="What the examples are made of, as those of fuzz.  [default: 0]")
@click.option("--first", type=click.IntRange(min=0), metavar="N", help="The number of the first example.  [default: 0]")
@click.option(
    "--steps", type=click.IntRange(min=1), metavar="N", help=f"Transactions of an example.  [default: {STEPS}]"
)
@rulebooks_option
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=BATCH,
    show_default=True,
    metavar="N",
    help="Transactions that the engine is sent at once.",
)
@timeout_option
@click.option(
    "--states-every",
    type=click.IntRange(min=1),
    default=STATES_EVERY,
    show_default=True,
    metavar="N",
    help="Where the ledger has more than 500 accounts: compare all of the state after every N batches, and at the end. "
    "With fewer it is compared after each batch, and the accounts that a batch changes always are.",
)
@counterexamples_option
@pipeline_options
@json_option
@click.option("--quiet", is_flag=True, help="Print the result alone, in one line, and no progress.")
@click.pass_context
def command(
    ctx: click.Context,
    log: str | None,
    engine: str,
    fuzz: int | None,
    seed: int | None,
    first: int | None,
    steps: int | None,
    rulebooks: tuple[str, ...],
    batch: int,
    timeout: float,
    states_every: int,
    folder: str,
    as_json: bool,
    quiet: bool,
    pipeline: Pipeline,
) -> int:
    """Run another engine side by side with the ledger, on LOG or on examples made at random.

    The engine answers the protocol of specs/engine-protocol.md, and what it says it gives is compared: whether each
    transaction is applied, reasons and figures, changes, events, links, balances, positions, states and digests. LOG is
    a file, gzipped where its name ends in .gz, - for standard input, or a journal; what its lines expect is not asked.

    At the first difference the engine is started afresh, the first transaction that shows it is found, and the log is
    shrunk while the same difference stays. The short log is written, with a document beside it.
    """
    if as_json and quiet:
        raise click.UsageError("--json and --quiet are two outputs; give one of them", ctx)
    if (log is None) == (fuzz is None):
        found = "neither" if log is None else "both"
        raise click.UsageError(f"found {found}, expected LOG or --fuzz N", ctx)
    for name, value in (("--seed", seed), ("--first", first), ("--steps", steps), ("--rulebook", rulebooks or None)):
        if log is not None and value is not None:
            raise click.UsageError(f"{name} is of examples made at random; give it with --fuzz", ctx)
    from ..comparing import Ways  # only now, so that help is quick
    from ..engines import Runner
    from .compared import compared_document, compared_lines, sentence

    ways, options = Ways(batch, states_every), options_of(batch, timeout, states_every)
    refuse_unwritable_folder(folder)
    with heeding_termination(), Runner(engine, timeout=timeout) as runner:
        if log is not None:
            search = Search(engine, folder, shown_path(log), stem_of(log), {"log": shown_path(log)}, (log,), options)
            comparison = on_log(runner, log, ways, quiet=quiet)
        else:
            assert fuzz is not None
            campaign = campaign_of(fuzz, seed or 0, first or 0, STEPS if steps is None else steps, rulebooks)
            search = fuzz_search(engine, folder, campaign, rulebooks, options)
            comparison = on_examples(runner, campaign, ways, quiet=quiet)
    document = None if comparison.found is None else search.written(comparison)
    code = int(not comparison.agrees)
    if pipeline.is_asked:
        from .reporting_compared import comparison_checks

        checks = comparison_checks(comparison, document, log=log, seed=seed or 0)
        subject = search.place if fuzz is None else f"{fuzz} examples of {search.place}"
        pipeline.tell(checks, closing=sentence(comparison, search.place), code=code, subject=subject)
    if as_json:
        print_document(compared_document(comparison, document, search.place))
    elif quiet:
        click.echo(sentence(comparison, search.place))
    else:
        print_lines(compared_lines(comparison, document, search.place))
    return code


@attrs.frozen
class Search:
    """What is searched, for what is told of it: the engine's command, where counterexamples go, the `place` in words,
    what their names begin with, `facts` in plain values, the words of a command that finds it `again`, `options` of how
    the engine is asked, and the number of the `first` example."""

    engine: str
    folder: str
    place: str
    stem: str
    facts: dict[str, object]
    again: tuple[str, ...]
    options: tuple[str, ...]
    first: int = 0

    def written(self, comparison: "Comparison") -> dict[str, object]:
        """Write the counterexample, and return the document that stands beside it."""
        import json

        from ..comparing.counterexamples import counterexample_log, sidecar_of
        from ..fuzzing.counterexamples import SIDECAR_SUFFIX, SUFFIX

        assert comparison.found is not None
        where = comparison.where
        name = re.sub("[^A-Za-z0-9._-]", "-", comparison.found.short_mismatch.name)
        at = f"line-{where.line}" if where.example is None else f"example-{where.example}"
        path = os.path.join(self.folder, f"{name}-{self.stem}-{at}{SUFFIX}")
        os.makedirs(self.folder, exist_ok=True)
        log = counterexample_log(comparison.found)
        if log is not None:
            save(path, [log])
        own = {"line": where.line} if where.example is None else {"example": where.example}
        facts = {"found_in": {**self.facts, **own}, "rulebook": where.rulebook}
        again = self.again
        if where.example is not None:
            # What one example does not come to by itself comes of those before it.
            first = where.example if comparison.found.is_repeated else self.first
            again = ("--fuzz", str(where.example - first + 1), *again, "--first", str(first))
        document = sidecar_of(
            comparison, path=path, log=log, facts=facts, again=again, engine=self.engine, options=self.options
        )
        save(path.removesuffix(SUFFIX) + SIDECAR_SUFFIX, [json.dumps(document, indent=2).encode() + b"\n"])
        return document


def options_of(batch: int, timeout: float, states_every: int) -> tuple[str, ...]:
    """The words of the options of how an engine is asked, without those that are as they are by default."""
    asked = (
        ("--batch", batch, BATCH),
        ("--timeout", timeout, TIMEOUT),
        ("--states-every", states_every, STATES_EVERY),
    )
    return tuple(word for name, value, default in asked if value != default for word in (name, f"{value}"))


def fuzz_search(
    engine: str, folder: str, campaign: "Settings", rulebooks: tuple[str, ...], options: tuple[str, ...]
) -> Search:
    """The search of examples made at random."""
    seed, steps = campaign.seed, campaign.steps
    again = ["--seed", str(seed), "--steps", str(steps)]
    again += [word for name in rulebooks for word in ("--rulebook", name)]
    return Search(
        engine,
        folder,
        f"seed {seed}",
        f"seed-{seed}",
        {"seed": seed, "steps": steps},
        tuple(again),
        options,
        campaign.first,
    )


def stem_of(log: str) -> str:
    """What the names of a log's counterexamples have of its own."""
    name = "standard-input" if log == "-" else os.path.basename(log)
    return re.sub("[^A-Za-z0-9._-]", "-", re.sub(r"(\.jsonl)?(\.gz)?$", "", name))[:LONGEST_STEM]


def on_log(runner: "Runner", log: str, ways: "Ways", *, quiet: bool) -> "Comparison":
    """Compare on a log or a journal."""
    from ..comparing import compare_entries
    from .internal import internal_errors_of
    from .progress import progress_of
    from .sources import begun

    with begun(log) as start, internal_errors_of(log):
        runner.abilities()
        with progress_of(log, start.stream, quiet=quiet) as progress:
            return compare_entries(runner, start.state, start.entries, shown_path(log), ways=ways, progress=progress)


def campaign_of(fuzz: int, seed: int, first: int, steps: int, rulebooks: tuple[str, ...]) -> "Settings":
    """The examples made at random, the same as those of a campaign."""
    from ..fuzzing.campaign import Settings
    from .fuzz import rulebook_named

    return Settings(fuzz, seed, first, steps, tuple(rulebook_named(name) for name in rulebooks), ())


def on_examples(runner: "Runner", campaign: "Settings", ways: "Ways", *, quiet: bool) -> "Comparison":
    """Compare on examples made at random."""
    from ..comparing.comparison import compare_examples
    from .progress import progress_of_examples

    with progress_of_examples(campaign.examples) as look:
        return compare_examples(runner, campaign, ways=ways, progress=None if quiet else look)
