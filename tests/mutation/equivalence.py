"""Mutants that are no bugs: they do what the ledger does, each with the reason why."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from .mutants import Mutant

FILE = Path(__file__).with_name("equivalent.toml")


@attrs.frozen
class Equivalent:
    """A mutant by its key, and why no run can tell it from the ledger. `original` and `mutated` show it to readers."""

    key: str
    original: str
    mutated: str
    reason: str


def equivalents(path: Path = FILE) -> Mapping[str, Equivalent]:
    """Every explained mutant, by key. ValueError for a key that is explained twice."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    found: dict[str, Equivalent] = {}
    for row in rows:
        equivalent = Equivalent(row["key"], row["original"], row["mutated"], row["reason"].strip())
        if equivalent.key in found:
            raise ValueError(f"{equivalent.key} is explained twice")
        found[equivalent.key] = equivalent
    return found


def stale(explained: Mapping[str, Equivalent], mutants: Sequence[Mutant]) -> list[str]:
    """Keys that no mutant has, or whose text is not the mutant's."""
    by_key = {mutant.key: mutant for mutant in mutants}
    return [
        key
        for key, equivalent in explained.items()
        if key not in by_key
        or (equivalent.original, equivalent.mutated) != (by_key[key].original, by_key[key].mutated)
        or not equivalent.reason
    ]
