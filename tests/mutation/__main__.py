"""`python -m tests.mutation`: small bugs in the core, one at a time, and which engine notices each."""

import os
import sys
from pathlib import Path

import click

from .campaign import Campaign
from .mutants import ROOT, all_mutants, sample
from .results import Results, version_of
from .trials import preload

SAMPLE, SEED = 270, 0
NAMES = ("logs", "machine", "tests")


@click.command()
@click.option("--sample", "size", default=SAMPLE, show_default=True, help="How many mutants; 0 for all there are.")
@click.option("--seed", default=SEED, show_default=True, help="The seed of the sample.")
@click.option("--engines", default=",".join(NAMES), show_default=True, help="Which engines, with commas.")
@click.option("--workers", default=1, show_default=True, help="How many at a time.")
@click.option("--json", "path", default=str(ROOT / "build/mutation/results.jsonl"), help="The results file.")
@click.option("--only", multiple=True, help="A mutant by its id; may be given several times.")
def main(size: int, seed: int, engines: str, workers: int, path: str, only: tuple[str, ...]) -> None:
    """Measure the strength of the checks."""
    names = engines.split(",")
    everything = all_mutants()
    chosen = (
        [m for m in everything if m.id in only] if only else list(sample(everything, size or len(everything), seed))
    )
    versions = {name: version_of(name) for name in names}
    results = Results(Path(path), versions)
    preload(names)
    campaign = Campaign(names, results, versions)
    campaign.prepare()
    for number, result in enumerate(campaign.run(chosen, workers)):
        click.echo(f"{number:5} {result.engine:9} {result.outcome:9} {result.seconds:6.1f} {result.mutant} {result.by}")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of tables follows the hash seed, and with it what the machine plays.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.mutation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    main()
