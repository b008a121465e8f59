"""Rulebook documents: the named profiles, overrides, and the validation that makes a `Rulebook` of one.

A document is a table as TOML or JSON has them. It is validated as a whole: `RulebookError` carries every error, by
field. Numbers are exact decimal text or whole numbers, never floats.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ..rulebook import Rulebook
from ..strict_json import NotStrict, load_strictly, one_line, shown
from ..units import PRICE_DECIMALS, RATE_DECIMALS
from .tables import IDENTIFIER, Table
from .terms import MOST_DECIMALS, read_rulebook

__all__ = [
    "DEFAULT_PROFILE",
    "IDENTIFIER",
    "MOST_DECIMALS",
    "PRICE_DECIMALS",
    "RATE_DECIMALS",
    "Document",
    "RulebookError",
    "load_profile",
    "merge",
    "profile_document",
    "profile_names",
    "read_document",
    "rulebook_of",
    "with_base",
]

Document = Mapping[str, Any]

DEFAULT_PROFILE = "ascendex-2020"
_FOLDER = resources.files("ledger") / "rulebooks"


class RulebookError(ValueError):
    """A document that no rulebook can be made of: `errors` lists (field, what is wrong), all of them."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors))


def profile_names() -> tuple[str, ...]:
    """The names of the profiles in the package, sorted."""
    return tuple(sorted(path.name.removesuffix(".toml") for path in _FOLDER.iterdir() if path.name.endswith(".toml")))


def profile_document(name: str) -> dict[str, Any]:
    """The document of a named profile, with its base merged in. RulebookError for an unknown name."""
    if name not in profile_names():
        raise RulebookError([("rulebook", f"found {shown(name)}, expected one of {', '.join(profile_names())}")])
    text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return with_base(tomllib.loads(text))


def with_base(document: Document) -> dict[str, Any]:
    """The document merged over the profile that its `base` names, if it names one."""
    own = {key: value for key, value in document.items() if key != "base"}
    base = document.get("base")
    if base is None:
        return own
    if not isinstance(base, str):
        raise RulebookError([("base", f"found {shown(base)}, expected a profile's name")])
    return merge(profile_document(base), own)


def read_document(path: Path) -> dict[str, Any]:
    """The document in a TOML or JSON file, its base merged in. RulebookError where it is neither."""
    try:
        data = path.read_bytes()
        document = load_strictly(data) if path.suffix == ".json" else tomllib.loads(data.decode("utf-8"))
    except NotStrict as error:
        raise RulebookError([(error.field or "document", error.message)]) from None
    except (ValueError, RecursionError) as error:
        raise RulebookError([("document", f"not TOML: {one_line(str(error))}")]) from None
    if not isinstance(document, dict):
        raise RulebookError([("document", f"found {shown(document)}, expected a table")])
    return with_base(document)


def merge(base: Document, overrides: Document) -> dict[str, Any]:
    """`base` with `overrides` over it: tables merge, anything else replaces, null removes."""
    merged = dict(base)
    for key, value in overrides.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def load_profile(name: str = DEFAULT_PROFILE, overrides: Document | None = None) -> Rulebook:
    """The named profile as a rulebook, with overrides merged over it. RulebookError where that is not valid."""
    document = profile_document(name)
    return rulebook_of(document if overrides is None else merge(document, overrides))


def rulebook_of(document: Document) -> Rulebook:
    """The rulebook a whole document describes. RulebookError with every error by field."""
    errors: list[tuple[str, str]] = []
    rulebook = read_rulebook(Table(document, "", errors))
    if errors:
        raise RulebookError(errors)
    assert rulebook is not None
    return rulebook
