"""The command: `python -m tests.bench`."""

from pathlib import Path

import click

from ledger.collector import collect_seldom

from .aims import figures, table
from .peers.own import BASELINE
from .reporting import Storage, console, finish, storage_options


@click.command()
@click.option("--accounts", default=1_000_000, show_default=True, type=click.IntRange(2_000), help="The largest venue.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="The best of so many is told.")
@storage_options
def main(accounts: int, rounds: int, store: Path | None, against: Path | None, fail: bool) -> None:
    """What this ledger aims at, each figure beside its aim. Ratios are to one transfer of a bare dictionary."""
    measured = figures(accounts, rounds)
    console().print(table(measured, accounts))
    finish(measured, Storage(store, against, fail), baseline=BASELINE.name)


if __name__ == "__main__":
    collect_seldom()
    main()
