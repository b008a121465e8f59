"""`backstop fuzz`."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from ..fuzzing.campaign import EXAMPLES, STEPS, Campaign, Failed, Settings, Tally, ended, tallies
from ..fuzzing.counterexamples import SUFFIX, Source
from ..fuzzing.shrinking import Shrunk, shrink
from ..fuzzing.times import START
from ..law_files import laws_from
from ..profiles import RulebookError, load_profile, profile_names, read_document, rulebook_of
from ..rulebook import Rulebook
from ..state import genesis
from .commands import INTERNAL_ERROR, INTERRUPTED
from .counterexamples import Document, write_counterexample
from .fuzzed import closing_sentence, fuzzed_document, fuzzed_lines
from .options import (
    counterexamples_option,
    json_option,
    laws_from_option,
    no_rulebook,
    print_document,
    print_lines,
    rulebooks_option,
)
from .pipeline import Pipeline, pipeline_options
from .progress import progress_of_examples
from .reporting import fuzz_checks, interrupted_trouble
from .saving import refuse_unwritable_folder

SHRUNK = 3
"""Examples of each law that breaks that are shrunk: the shortest is written."""

EXAMPLE = """\b
Example:
  backstop fuzz --examples 4 --steps 200"""


@click.command("fuzz", epilog=EXAMPLE)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=EXAMPLES,
    show_default=True,
    metavar="N",
    help="How many examples to try, each a simulation from a genesis on.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="What the examples are made of.")
@click.option(
    "--first",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="The number of the first example: where an earlier campaign of the seed ended.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=STEPS,
    show_default=True,
    metavar="N",
    help="Transactions of an example.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that share the examples; what comes out does not depend on it.",
)
@rulebooks_option
@laws_from_option
@counterexamples_option
@pipeline_options
@json_option
def command(
    examples: int,
    seed: int,
    first: int,
    steps: int,
    workers: int,
    rulebooks: tuple[str, ...],
    law_files: tuple[str, ...],
    folder: str,
    as_json: bool,
    pipeline: Pipeline,
) -> int:
    """Try the ledger at random, every law watching each step, and report what was tried and reached.

    Every example is made of the seed and its number alone, so the same command comes to the same again. For each law
    that breaks a short log is shrunk from the first examples and written, with a document beside it: replaying the log
    breaks the same law. Interrupting prints what was done so far.
    """
    laws_from(law_files)  # told before anything is tried
    refuse_unwritable_folder(folder)
    settings = Settings(
        examples, seed, first, steps, tuple(rulebook_named(name) for name in rulebooks), law_files=law_files
    )
    tally, interrupted = Tally(), False
    try:
        with progress_of_examples(examples) as look, closing(tallies(settings, workers)) as parts:
            for part in parts:
                tally.add(part)
                look(tally.examples)
    except KeyboardInterrupt:
        interrupted = True
    campaign = ended(settings, tally)
    found = list(written(campaign, rulebooks, folder))
    code = exit_code(campaign, interrupted=interrupted)
    pipeline.tell(
        fuzz_checks(campaign, found),
        closing=closing_sentence(campaign, interrupted=interrupted),
        code=code,
        troubles=[interrupted_trouble(campaign)] if interrupted else [],
        subject=f"{examples} examples of seed {seed}",
    )
    if as_json:
        print_document(fuzzed_document(campaign, found, interrupted=interrupted))
    else:
        print_lines(fuzzed_lines(campaign, found, interrupted=interrupted))
    return code


def exit_code(campaign: Campaign, *, interrupted: bool) -> int:
    """How the command ends: a failure of the ledger before a broken law, and that before an interruption."""
    if campaign.failures:
        return INTERNAL_ERROR if any(failed.finding.scope is None for failed in campaign.failures) else 1
    return INTERRUPTED if interrupted else 0


def rulebook_named(name: str) -> Rulebook:
    """The rulebook of a profile's name, or of a file. RulebookError by field, the file before it."""
    if name in profile_names():
        return load_profile(name)
    shown = click.format_filename(name)
    try:
        return rulebook_of(read_document(Path(name)))
    except RulebookError as error:
        raise RulebookError([(f"{shown}: {field}", message) for field, message in error.errors]) from None
    except (OSError, ValueError) as error:
        raise click.ClickException(no_rulebook(name, error)) from None


def written(campaign: Campaign, rulebooks: tuple[str, ...], folder: str) -> Iterator[tuple[Failed, Document]]:
    """Of each law that broke, the example whose log is the shortest of the first ones shrunk, with the document that
    was written beside the log."""
    settings = campaign.settings
    for examples in campaign.failures_by_name.values():
        shrunk = [(failed, shrink_example(settings, failed)) for failed in examples[:SHRUNK]]
        failed, shortest = min(shrunk, key=lambda each: len(each[0].transactions if each[1] is None else each[1].log))
        yield failed, write(settings, failed, shortest, rulebooks, folder)


def shrink_example(settings: Settings, failed: Failed) -> Shrunk | None:
    """The log of an example that failed, shrunk."""
    start = genesis(failed.rulebook, START)
    return shrink(start, failed.transactions, failed.finding, settings.all_laws)


def write(
    settings: Settings, failed: Failed, shrunk: Shrunk | None, rulebooks: tuple[str, ...], folder: str
) -> Document:
    """Write the log of an example that failed, and return the document that stands beside it."""
    what = re.sub("[^A-Za-z0-9._-]", "-", failed.finding.name)
    path = os.path.join(folder, f"{what}-seed-{settings.seed}-example-{failed.example}{SUFFIX}")
    os.makedirs(folder, exist_ok=True)
    facts = {"found": {"seed": settings.seed, "example": failed.example, "steps": settings.steps}}
    again = ["fuzz", "--seed", str(settings.seed), "--first", str(failed.example), "--examples", "1"]
    again += ["--steps", str(settings.steps)]
    again += [word for name in rulebooks for word in ("--rulebook", name)]
    options = [word for file in settings.law_files for word in ("--laws-from", file)]
    source = Source(facts | {"rulebook": failed.rulebook.name}, (*again, *options), tuple(options))
    laws = settings.all_laws
    return write_counterexample(failed.finding, failed.transactions, shrunk, laws, path=path, source=source)
