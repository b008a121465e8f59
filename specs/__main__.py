"""`python -m specs [--check]`: write what the pages say of the claims, from the claims themselves.

`laws.md` has, between two marks, what is claimed of each law for each transaction; `claims.md` is the list of all
claims. With --check nothing is written, and the exit code is 1 where a page is stale; a test does that too.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from ledger.laws import REGISTRY
from ledger.transactions import TYPES
from ledger.verifying.table import WHOLE_STATE, concerned

from .proofs.registry import CLAIMS as PROOFS
from .symbolic.registry import CLAIMS as CONTRACTS

FOLDER = Path(__file__).resolve().parent
BEGIN, END = "<!-- from the claims: begin -->", "<!-- from the claims: end -->"
WIDTH = 120

ENGINES: dict[str, Sequence[Any]] = {"symbolic": CONTRACTS, "proofs": PROOFS}
HEAD = """# The claims

Every claim that is checked by symbolic execution or by a solver proof, with what it takes for granted. A claim of kind
*laws* says that the laws' own predicates hold after every acceptance by a rule; *guard*, when a rule accepts and what
it changes; *kernel*, what a leaf of a few lines computes. What each status means is said on the pages of
[symbolic execution](symbolic/README.md) and [proofs](proofs/README.md). The status here is the one that the claim is
declared to have; `backstop verify` says what it has. This page is written by `python -m specs`.
"""


def status_of(claim: Any) -> str:
    """The status that a claim is declared to have."""
    return claim.expected.value if hasattr(claim, "expected") else "PROVED"


def law_rows() -> Iterator[str]:
    """The table of laws: for each the transactions of which its predicate is claimed, by engine and status."""
    yield "| law | symbolic | proofs | rests on |"
    yield "| --- | --- | --- | --- |"
    for law_id in dict.fromkeys(law.id for law in REGISTRY):
        types = {name for law in REGISTRY if law.id == law_id for name in concerned(law)}
        cells = [_by_status(claims, law_id, types) for claims in ENGINES.values()]
        rests = [len([claim for claim in claims if _rests(claim, law_id)]) for claims in ENGINES.values()]
        told = [f"{engine} {number}" for number, engine in zip(rests, ENGINES, strict=True) if number]
        yield f"| {law_id} | {' | '.join(cells)} | {', '.join(told) or 'nothing more'} |"


def _rests(claim: Any, law_id: str) -> bool:
    return law_id in claim.laws and claim.kind.value != "laws"


def _by_status(claims: Sequence[Any], law_id: str, types: set[str]) -> str:
    """ "CONFIRMED: deposit, fund; NO COUNTEREXAMPLE: trade; none: settle"."""
    own = [claim for claim in claims if claim.kind.value == "laws" and law_id in claim.laws]
    parts = []
    left = [name for name in TYPES if name in types]
    for status in dict.fromkeys(status_of(claim) for claim in own):
        named = {name for claim in own if status_of(claim) == status for name in claim.transactions}
        found = [name for name in TYPES if name in named and name in types]
        left = [name for name in left if name not in named]
        if len(found) > 1 and set(found) == types & set(TYPES):
            found = ["every type"]
        if WHOLE_STATE in named & types:
            found.append(WHOLE_STATE)
        if found:
            parts.append(f"{status}: {', '.join(found)}")
    quiet = {name for claim in claims if law_id in getattr(claim, "silent", ()) for name in claim.transactions}
    if quiet & set(left):
        parts.append(f"says nothing: {', '.join(name for name in left if name in quiet)}")
        left = [name for name in left if name not in quiet]
    if parts and left:
        parts.append(f"none: {', '.join(left)}")
    return "; ".join(parts) or "none"


def claims_page() -> str:
    """The page of all claims."""
    parts = [HEAD]
    for engine, claims in ENGINES.items():
        parts.append(f"## {engine}\n")
        for claim in claims:
            named = (", ".join(claim.transactions), ", ".join(claim.laws))
            about = "; ".join([claim.kind.value, *(names for names in named if names)])
            parts.append(f"### {claim.id} ({engine})\n")
            parts.append(_wrapped(f"{status_of(claim)}. {claim.statement}"))
            parts.append(_wrapped(f"{about}.", "- "))
            parts += [_wrapped(f"given: {assumption}", "- ") for assumption in claim.assumptions]
            if getattr(claim, "why", ""):
                parts.append(_wrapped(f"why no more: {claim.why}", "- "))
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _wrapped(text: str, mark: str = "") -> str:
    return fill(
        text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=False,
        break_on_hyphens=False,
    ) + ("" if mark else "\n")  # fmt: skip


def laws_page(now: str) -> str:
    """The page of laws as it is now, with its table of claims as the claims have it."""
    before, begin, rest = now.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise click.ClickException(f"laws.md has no {END if begin else BEGIN}")
    return "\n".join([f"{before}{BEGIN}", "", *law_rows(), "", f"{END}{after}"])


def stale_pages() -> dict[Path, str]:
    """The pages that are not what the claims make of them, with what they should be."""
    laws, claims = FOLDER / "laws.md", FOLDER / "claims.md"
    wanted = {laws: laws_page(laws.read_text("utf-8")), claims: claims_page()}
    return {path: text for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a page is stale.")
def main(check: bool) -> None:
    """Write the parts of specs/laws.md and specs/claims.md that follow from the claims."""
    stale = stale_pages()
    for path, text in stale.items():
        if not check:
            path.write_text(text, "utf-8")
        print(f"{path.relative_to(FOLDER.parent)} {'is stale' if check else 'was written'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main(prog_name="python -m specs")
