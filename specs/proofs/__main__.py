"""`python -m specs.proofs`: prove the claims, and show that the proofs of their mutants fail: a table or JSON Lines.

Exit 0 where every claim is PROVED and every mutant's proof fails, 1 otherwise, 2 for a wrong call.
"""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence

import attrs
import click
from rich.console import Console
from rich.markup import escape

from .claims import Claim, PlantedBug, Removal, outcome_of, outcome_of_mutant
from .engine import Result, Status
from .registry import CLAIMS

HEADING = ("claim", "laws", "status", "paths", "conditions", "seconds", "mutants")
WIDTHS = (22, 36, 8, 6, 10, 8, 8)

ERROR = "ERROR"
"""The status of a proof that could not be made at all: it raised, instead of giving a result."""


@attrs.frozen
class Answer:
    """What came of a proof: its status, or ERROR, with figures and details as a `Result` has them."""

    status: str
    paths: int = 0
    conditions: int = 0
    detail: str = ""
    values: Mapping[str, int] = attrs.field(factory=dict)
    seconds: float = 0.0


@attrs.frozen
class Report:
    """A claim with the answer to its proof, and the answers to its mutants' proofs by bug: none where none was made."""

    claim: Claim
    answer: Answer
    mutants: tuple[tuple[PlantedBug, Answer], ...]

    @property
    def is_proved(self) -> bool:
        """Whether the claim is proved and the proof of every mutant that was tried failed."""
        return self.answer.status == Status.PROVED.value and self.mutant in (None, Status.REFUTED.value)

    @property
    def mutant(self) -> str | None:
        """REFUTED where every mutant's proof failed, otherwise the status of the first whose proof did not."""
        statuses = [answer.status for _, answer in self.mutants]
        wrong = [status for status in statuses if status != Status.REFUTED.value]
        return None if not statuses else (wrong or statuses)[0]


def _answered(claim: Claim, bug: PlantedBug | None = None) -> Answer:
    start = time.perf_counter()
    try:
        result: Result = outcome_of(claim) if bug is None else outcome_of_mutant(claim, bug)
    except Exception as error:
        return Answer(ERROR, detail=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - start)
    return Answer(
        result.status.value,
        result.paths,
        result.conditions,
        result.detail,
        result.values,
        time.perf_counter() - start,
    )


def reported(claim: Claim, *, mutants: bool) -> Report:
    """The claim's proof and, where wanted, those of its mutants."""
    answer = _answered(claim)
    return Report(claim, answer, tuple((bug, _answered(claim, bug)) for bug in (claim.bugs if mutants else ())))


def as_json(report: Report) -> str:
    """One line: the fields of specs/proofs/README.md."""
    claim, answer = report.claim, report.answer
    fields = {
        "engine": "proofs",
        "id": claim.id,
        "kind": claim.kind.value,
        "laws": claim.laws,
        "silent": claim.silent,
        "transactions": claim.transactions,
        "statement": claim.statement,
        "assumptions": claim.assumptions,
        "status": answer.status,
        "paths": answer.paths,
        "conditions": answer.conditions,
        "seconds": round(answer.seconds, 3),
        "mutant": report.mutant,
        "mutants": [
            {**attrs.asdict(bug), "status": mutant.status, "detail": mutant.detail, "seconds": round(mutant.seconds, 3)}
            for bug, mutant in report.mutants
        ],
        "detail": answer.detail,
        "values": dict(answer.values),
    }
    return json.dumps(fields)


def row(cells: Sequence[str]) -> str:
    """One line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def words(bug: PlantedBug) -> str:
    """A planted bug in words."""
    return f"without {bug.check}" if isinstance(bug, Removal) else f"with {bug.instead!r}"


def as_rows(report: Report) -> str:
    """The claim's line of the table, and below it what is not as it should be."""
    claim, answer = report.claim, report.answer
    refuted = sum(mutant.status == Status.REFUTED.value for _, mutant in report.mutants)
    cells = (
        claim.id,
        " ".join(claim.laws),
        answer.status,
        str(answer.paths),
        str(answer.conditions),
        f"{answer.seconds:.2f}",
        f"{refuted}/{len(report.mutants)}" if report.mutants else "-",
    )
    lines = [row(cells)]
    if answer.detail:
        lines.append(f"    {answer.detail} {dict(answer.values) or ''}".rstrip())
    for bug, mutant in report.mutants:
        if mutant.status != Status.REFUTED.value:
            lines.append(f"    the proof should fail {words(bug)}: {mutant.status} {mutant.detail}")
    return "\n".join(lines)


def chosen(texts: Sequence[str], *, exact: bool, quick: bool) -> tuple[Claim, ...]:
    """The claims asked for; a wrong call where an exact id is none, or where nothing is left."""
    unknown = set(texts) - {claim.id for claim in CLAIMS} if exact else set()
    if unknown:
        raise click.UsageError(f"no claim has the id {min(unknown)}")
    if exact and not texts:
        raise click.UsageError("--exact needs an id")
    named = [claim for claim in CLAIMS if (claim.id in texts if exact else all(text in claim.id for text in texts))]
    found = tuple(claim for claim in named if claim.quick or not quick)
    if not found:
        raise click.UsageError("no claim has such an id")
    return found


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--json", "wants_json", is_flag=True, help="JSON Lines, one object a claim, instead of the table.")
@click.option("--quick", is_flag=True, help="Only the claims of the ordinary tests.")
@click.option("--exact", is_flag=True, help="The texts are whole ids, not parts of them.")
@click.option("--no-mutants", is_flag=True, help="Leave the mutants' proofs out.")
@click.option("--stop-at-first", is_flag=True, help="End at the first claim that is not PROVED.")
def main(
    texts: tuple[str, ...], wants_json: bool, quick: bool, exact: bool, no_mutants: bool, stop_at_first: bool
) -> None:
    """Prove every claim whose id contains each TEXT, and show that the proofs of its mutants fail."""
    console = Console(soft_wrap=True, highlight=False)
    claims = chosen(texts, exact=exact, quick=quick)
    if not wants_json:
        console.print(row(HEADING))
    reports: list[Report] = []
    for claim in claims:
        report = reported(claim, mutants=not no_mutants)
        reports.append(report)
        if wants_json:
            click.echo(as_json(report))
        else:
            console.print(escape(as_rows(report)))
        if stop_at_first and not report.is_proved:
            break
    held = sum(report.is_proved for report in reports)
    if not wants_json:
        refuted = "" if no_mutants else ", and the proofs of their mutants fail"
        console.print(f"{held} of {len(claims)} claims are proved for all integers over their worlds{refuted}.")
    sys.exit(0 if held == len(claims) else 1)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of tables follows the hash seed, and with it the order of the solver's questions.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "specs.proofs", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    main(prog_name="python -m specs.proofs")
