"""`python -m tests.mutation`: small bugs in the core, one at a time, and which engine notices each.

Exit 0 where every mutant that is not equivalent to the ledger is killed, 1 where some survive, 2 for a wrong call, 3
where a trial itself went wrong.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from .campaign import Campaign, ClaimTerms
from .engines import BRIEFLY, ENGINES
from .equivalence import equivalents
from .mutants import CATEGORIES, ROOT, Mutant, all_mutants, sample, spread
from .report import Tally, print_report
from .results import Result, Results, ResultsError, version_of
from .trials import HarnessError, preload

SAMPLE, SEED = 270, 0
USUAL = "logs,machine,symbolic,proofs"
FILE = ROOT / "build" / "mutation" / "results.jsonl"


@click.command()
@click.option(
    "--sample",
    "size",
    type=click.IntRange(min=0),
    default=SAMPLE,
    show_default=True,
    help="How many mutants; 0 for all there are.",
)
@click.option("--seed", default=SEED, show_default=True, help="The seed of the sample.")
@click.option("--engines", default=USUAL, show_default=True, help=f"With commas, of {', '.join(sorted(ENGINES))}.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="How many trials at a time.")
@click.option(
    "--json", "path", default=str(FILE), metavar="FILE", help="The results; what is in it is not tried again."
)
@click.option("--only", multiple=True, metavar="ID", help="This mutant alone; may be given several times.")
@click.option("--quick", is_flag=True, help="One mutant of each kind, on small logs and short simulations.")
@click.option("--quick-claims", is_flag=True, help="Of symbolic and proofs the claims of the ordinary tests alone.")
@click.option(
    "--claim-seconds",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    help="Processor time for the claims of one mutant.",
)
@click.option("--report", "report_alone", is_flag=True, help="Report what the results file has, and try nothing.")
def main(
    size: int,
    seed: int,
    engines: str,
    workers: int,
    path: str,
    only: tuple[str, ...],
    quick: bool,
    quick_claims: bool,
    claim_seconds: int,
    report_alone: bool,
) -> None:
    """Plant small bugs in the core, one at a time, and report which engine notices each."""
    names = (BRIEFLY,) if quick else tuple(engines.split(","))
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        raise click.BadParameter(f"there is no engine {unknown[0]}", param_hint="--engines")
    mutants = chosen(all_mutants(), size=size, seed=seed, only=only, quick=quick)
    versions = {name: version_of(name, quick_claims=quick_claims) for name in names}
    if report_alone and not Path(path).is_file():
        raise click.BadParameter(f"there is no file {path}", param_hint="--json")
    try:
        results = Results(Path(path), versions)
    except ResultsError as error:
        raise click.BadParameter(str(error), param_hint="--json") from None
    console = Console(soft_wrap=True, highlight=False, emoji=False)
    if not report_alone:
        preload(names)
        try:
            campaign = Campaign(names, results, versions, ClaimTerms(quick_claims, claim_seconds))
            _try_all(campaign, _the_explained_last(mutants), workers, console)
        except HarnessError as error:
            console.print(f"A trial went wrong: {error}", markup=False)
            sys.exit(3)
    tally = Tally(mutants, names, results, equivalents())
    print_report(console, tally, equivalents())
    sys.exit(1 if tally.survivors(names) else 0)


def chosen(mutants: Sequence[Mutant], *, size: int, seed: int, only: Sequence[str], quick: bool) -> tuple[Mutant, ...]:
    """The mutants asked for; a wrong call where an id is none."""
    if only:
        by_id = {mutant.id: mutant for mutant in mutants}
        unknown = [name for name in only if name not in by_id]
        if unknown:
            raise click.BadParameter(f"no mutant has the id {unknown[0]}", param_hint="--only")
        return tuple(by_id[name] for name in only)
    if quick:
        explained = equivalents()
        in_order = [spread(mutants, category, seed) for category in CATEGORIES]
        return tuple(next(mutant for mutant in queue if mutant.key not in explained) for queue in in_order)
    return sample(mutants, size or len(mutants), seed)


def _the_explained_last(mutants: Sequence[Mutant]) -> tuple[Mutant, ...]:
    """Mutants that are explained as equivalent are tried when all others were: no engine stops early on them."""
    explained = equivalents()
    return tuple(sorted(mutants, key=lambda mutant: mutant.key in explained))


def _try_all(campaign: Campaign, mutants: Sequence[Mutant], workers: int, console: Console) -> None:
    campaign.prepare()
    trials = len(mutants) * len(campaign.engines)
    known = sum((mutant.id, engine) in campaign.results.known for mutant in mutants for engine in campaign.engines)
    for number, result in enumerate(campaign.run(mutants, workers), start=known + 1):
        console.print(f"{number:5}/{trials} {_line(result)}", markup=False)


def _line(result: Result) -> str:
    return f"{result.engine:8} {result.outcome:9} {result.seconds:6.1f} s  {result.mutant}  {result.by}"


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of tables follows the hash seed, and with it what the machine plays.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.mutation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    main(prog_name="python -m tests.mutation")
