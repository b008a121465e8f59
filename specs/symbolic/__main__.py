"""`python -m specs.symbolic [TEXT ...]`: run the claims whose ids contain the texts, and print the table.

Exit 0 where every claim is CONFIRMED, or as it is declared with a reason, each twin and each mutant REFUTED; 1
otherwise; 2 where no claim has such an id.
"""

import ast
import json
import sys
from pathlib import Path

import click

from .campaign import VERSIONS, Report, run
from .claims import Claim, Status
from .planting import Exchange, NotPlanted, located
from .registry import CLAIMS

COLUMNS = {"claim": 28, "status": 17, "paths": 6, "seconds": 8, "twin": 8, "mutant": 8, "laws": 8}


def chosen(texts: tuple[str, ...], *, quick: bool, exact: bool) -> list[Claim]:
    """The claims whose ids are the texts, or contain all of them."""
    if exact:
        return [claim for claim in CLAIMS if claim.id in texts and (claim.quick or not quick)]
    return [claim for claim in CLAIMS if all(text in claim.id for text in texts) and (claim.quick or not quick)]


def exchange_from(module: str, file: Path) -> Exchange:
    """The module of the ledger with the source in a file; `NotPlanted` where one of the two is none."""
    name, _ = located(module)
    source = file.read_text("utf-8", errors="replace")
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        raise NotPlanted(f"{file} is no Python source") from None
    return Exchange(name, source)


def cells(report: Report) -> tuple[str, ...]:
    """One line of the table."""
    claim, found = report.claim, report.found
    return (
        claim.id,
        found.status.value,
        str(found.paths),
        f"{found.seconds:.1f}",
        "" if report.twin is None else report.twin.value,
        "" if report.mutant is None else report.mutant.status.value,
        " ".join(claim.laws),
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of the table.")
@click.option("--quick", is_flag=True, help="The claims of the ordinary tests only.")
@click.option("--exact", is_flag=True, help="The texts are whole ids.")
@click.option("--no-mutants", is_flag=True, help="Leave the planted bugs out.")
@click.option("--no-twins", is_flag=True, help="Leave out what must be possible.")
@click.option("--stop-at-first", is_flag=True, help="Stop at the first claim that is settled not to hold.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes at a time.")
@click.option(
    "--exchange",
    type=(str, click.Path(exists=True, dir_okay=False, path_type=Path)),
    metavar="MODULE FILE",
    help="Run on the ledger with a module's source (such as units) taken from a file; without mutants.",
)
def main(
    texts: tuple[str, ...],
    as_json: bool,
    quick: bool,
    exact: bool,
    no_mutants: bool,
    no_twins: bool,
    stop_at_first: bool,
    workers: int,
    exchange: tuple[str, Path] | None,
) -> None:
    """Run the contracts whose ids contain every TEXT, their twins and their mutants."""
    wanted = chosen(texts, quick=quick, exact=exact)
    missing = [text for text in texts if exact and text not in {claim.id for claim in wanted}]
    if not wanted or missing:
        print(f"no claim has such an id: {' '.join(missing or texts)}", file=sys.stderr)
        sys.exit(2)
    try:
        other = None if exchange is None else exchange_from(*exchange)
    except NotPlanted as error:
        print(str(error), file=sys.stderr)
        sys.exit(2)
    if not as_json:
        print("  ".join(name.ljust(width) for name, width in COLUMNS.items()).rstrip())
    reports = []
    for report in run(wanted, twins=not no_twins, mutants=not no_mutants, workers=workers, exchange=other):
        reports.append(report)
        show(report, as_json=as_json)
        if stop_at_first and report.is_refuted:
            break
    if not as_json:
        summarise(reports, wanted)
    sys.exit(0 if len(reports) == len(wanted) and all(report.holds for report in reports) else 1)


def show(report: Report, *, as_json: bool) -> None:
    """Print a report, in full where something is wrong."""
    if as_json:
        print(json.dumps(report.as_row()), flush=True)
        return
    widths = COLUMNS.values()
    print("  ".join(cell.ljust(width) for cell, width in zip(cells(report), widths, strict=True)).rstrip(), flush=True)
    for fault in report.faults:
        print(f"    {fault}", flush=True)
    if not report.faults and report.claim.why:
        print(f"    {report.found.status.value}: {report.claim.why}", flush=True)


def summarise(reports: list[Report], wanted: list[Claim]) -> None:
    """Print what the campaign amounts to, in the exact words."""
    confirmed = sum(report.found.status is Status.CONFIRMED and report.holds for report in reports)
    declared = sum(report.found.status is Status.NO_COUNTEREXAMPLE and report.holds for report in reports)
    print(
        f"Of {len(wanted)} claims {confirmed} are confirmed over all paths of their worlds, for {declared} no "
        f"counterexample was found within the budget, as declared, and {len(wanted) - confirmed - declared} fail.\n"
        f"crosshair-tool {VERSIONS['crosshair-tool']}, z3-solver {VERSIONS['z3-solver']}, Python {VERSIONS['python']}."
    )


if __name__ == "__main__":
    main()
