"""`python -m specs.proofs [--quick] [TEXT]`: prove every claim whose id contains TEXT, and print the table.

Exit 0 where every claim is PROVED and every mutant's proof fails, 1 otherwise.
"""

import os
import sys
import time

from .claims import Claim, outcome_of, outcome_of_mutant
from .engine import Status
from .registry import CLAIMS

HEADING = ("claim", "law", "status", "paths", "conditions", "seconds", "mutant")
WIDTHS = (20, 36, 8, 6, 10, 8, 8)


def row(cells: tuple[str, ...]) -> str:
    """One line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def report(claim: Claim) -> bool:
    """Prove the claim, print its line, and say whether it is proved and its mutant refuted."""
    start = time.perf_counter()
    result = outcome_of(claim)
    seconds = f"{time.perf_counter() - start:.2f}"
    mutant = outcome_of_mutant(claim)
    print(
        row(
            (
                claim.id,
                " ".join(claim.laws),
                result.status.value,
                str(result.paths),
                str(result.conditions),
                seconds,
                mutant.status.value,
            )
        ),
        flush=True,
    )
    if result.detail:
        print(f"    {result.detail} {dict(result.values) or ''}".rstrip())
    if mutant.status is not Status.REFUTED:
        print(f"    the mutant's proof should fail: {mutant.status.value} {mutant.detail}")
    return result.status is Status.PROVED and mutant.status is Status.REFUTED


def main(arguments: list[str]) -> int:
    """Prove what is asked for; the exit code."""
    texts = [argument for argument in arguments if argument != "--quick"]
    chosen = [claim for claim in CLAIMS if all(text in claim.id for text in texts)]
    if "--quick" in arguments:
        chosen = [claim for claim in chosen if claim.quick]
    if not chosen:
        print("no claim has such an id", file=sys.stderr)
        return 2
    print(row(HEADING))
    held = [report(claim) for claim in chosen]
    print(
        f"{sum(held)} of {len(held)} claims are proved for all integers over their worlds, and their mutants refuted."
    )
    return 0 if all(held) else 1


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of tables follows the hash seed, and with it the order of the solver's questions.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "specs.proofs", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    sys.exit(main(sys.argv[1:]))
