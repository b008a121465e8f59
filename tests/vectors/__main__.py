"""`python -m tests.vectors`: make the cases of `ledger/vectors/cases` again; with `--corners` those of corners too.

Without it corners are kept as they are: finding them takes minutes, and any of their cases will do as long as it shows
what it is kept for.
"""

import sys
from pathlib import Path

from ledger.transactions import TYPES
from ledger.vectors import Case, all_cases

from .corners import cases_of_corners
from .made import in_order, made_cases

FOLDER = Path(__file__).resolve().parents[2] / "ledger" / "vectors" / "cases"


def written(cases: list[Case]) -> dict[str, bytes]:
    """The file of each type."""
    return {kind: b"".join(case.line for case in in_order(cases) if case.transaction == kind) for kind in TYPES}


def main(arguments: list[str]) -> int:
    """Write the files."""
    if arguments not in ([], ["--corners"]):
        print("usage: python -m tests.vectors [--corners]", file=sys.stderr)
        return 2
    if arguments:
        corners = cases_of_corners()
    else:
        corners = [case for case in all_cases() if case.origin["kind"] == "corner"]
    for kind, text in written([*made_cases(), *corners]).items():
        (FOLDER / f"{kind}.jsonl").write_bytes(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
