"""The command: `python -m tests.bench.peers`."""

from pathlib import Path

import click

from ..reporting import Storage, console, finish, storage_options
from .own import BASELINE
from .running import PEERS, figures, measured, notes, table
from .transfers import transfers

SEED = 20200913


@click.command()
@click.option("--transfers", "number", default=100_000, show_default=True, type=click.IntRange(1))
@click.option("--accounts", default=1_000, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="The best of so many is told.")
@click.option(
    "--peer", "names", multiple=True, type=click.Choice([peer.name for peer in PEERS]), help="Only these; repeatable."
)
@storage_options
def main(
    number: int,
    accounts: int,
    rounds: int,
    names: tuple[str, ...],
    store: Path | None,
    against: Path | None,
    fail: bool,
) -> None:
    """The same transfers through this ledger and its peers, in turns, beside a bare dictionary."""
    chosen = tuple(peer for peer in PEERS if not names or peer.name in names or peer is BASELINE)
    rows = measured(chosen, transfers(number, accounts, SEED), rounds=rounds)
    console().print(table(rows))
    for note in notes(rows):
        click.echo(note)
    finish(figures(rows), Storage(store, against, fail), baseline=BASELINE.name)


if __name__ == "__main__":
    main()
