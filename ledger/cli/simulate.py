"""`backstop simulate`."""

import gzip
import os
import sys
from collections.abc import Iterable

import click

from ..log import encode_genesis, encode_transaction
from ..simulation.data import Source, data_of
from ..simulation.scenario import read_scenario
from ..simulation.simulating import simulate
from .data import data_options, rows_of
from .options import files, json_option, print_document, print_lines
from .progress import progress_of_ways
from .saving import STANDARD_OUTPUT, is_the_log, refuse_unwritable, save
from .simulated import simulated_document, simulated_lines

EXAMPLE = """\b
Example:
  backstop simulate --scenario docs/examples/crash.toml --out simulated.jsonl"""


@click.command("simulate", epilog=EXAMPLE)
@click.option(
    "--scenario",
    "scenario_file",
    required=True,
    metavar="FILE.toml",
    shell_complete=files,
    help="The venue, its accounts, its order book and its backstop.",
)
@click.option(
    "--prices",
    "price_file",
    metavar="FILE.csv",
    shell_complete=files,
    help="The index's prices, in place of the scenario's file: gzipped where it ends in .gz, - is standard input.",
)
@data_options
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="What the accounts are drawn from.")
@click.option(
    "--out",
    required=True,
    metavar="LOG",
    shell_complete=files,
    help="Where the log is written, gzipped where the name ends in .gz; - is standard output, and the summary goes to "
    "standard error.",
)
@json_option
def command(
    scenario_file: str,
    price_file: str | None,
    funding_file: str | None,
    where: tuple[str, ...],
    funding_where: tuple[str, ...],
    cut_rates: bool,
    seed: int,
    out: str,
    as_json: bool,
) -> int:
    """Simulate a venue along real prices, write its log, and tell what the backstop took and who paid the rest.

    The prices move the mark; accounts, drawn from the seed, enter; the operator liquidates, hands over, funds and
    settles; rounds are filled from an order book with a given depth. The log is an ordinary one: `replay` checks every
    law on it. The same files and the same seed give the same bytes.
    """
    refuse_out(out, scenario_file, price_file, funding_file)
    scenario = read_scenario(scenario_file)
    prices = Source(price_file, rows_of(where))
    rates = Source(funding_file, rows_of(funding_where))
    refuse_out(out, scenario.prices.file, scenario.prices.funding)
    history, funding = data_of(scenario, prices, rates, cut_rates=cut_rates)
    lines: list[bytes] = []
    with progress_of_ways() as look:
        simulated = simulate(
            scenario,
            history,
            seed,
            funding=funding,
            write=lambda transaction: lines.append(encode_transaction(scenario.rulebook, transaction)),
            progress=lambda done, of: look("points", done, of),
        )
    begins = encode_genesis(scenario.profile, overrides=scenario.overrides or None, time=simulated.start)
    write_log(out, [begins, *lines])
    if as_json:
        document = simulated_document(simulated, scenario, history, seed=seed, log=out)
        print_document(document, err=out == STANDARD_OUTPUT)
    else:
        report = simulated_lines(simulated, scenario, history, seed=seed, log=out)
        print_lines(report, err=out == STANDARD_OUTPUT)
    return 0


def refuse_out(out: str, *sources: str | None) -> None:
    """ClickException where the log could not be written, or would take the place of a file that it is made of."""
    if out == STANDARD_OUTPUT:
        return
    if any(source is not None and is_the_log(out, source) for source in sources):
        raise click.ClickException(f"{click.format_filename(out)}: is what the log is made of, expected another file")
    refuse_unwritable(out, log=os.devnull)


def write_log(path: str, lines: Iterable[bytes]) -> None:
    """The lines of a log in a file, whole or not at all, gzipped where its name says so, or on standard output."""
    if path == STANDARD_OUTPUT:
        sys.stdout.buffer.writelines(lines)
        return
    content = b"".join(lines)
    # No time and no name in the header, so that the same log has the same bytes.
    save(path, [gzip.compress(content, mtime=0) if path.endswith(".gz") else content])
