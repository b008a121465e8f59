"""The page on price files and the reader name the same columns and units, in the same order."""

import re
from pathlib import Path

import pytest

from ledger.simulation import columns

PAGE = Path(__file__).resolve().parents[2] / "specs" / "price-files.md"
NAMES = {
    "time": (*columns.TIME_NAMES, *columns.INDEX_NAMES[1:]),
    "open": columns.OPEN_NAMES,
    "high": columns.HIGH_NAMES,
    "low": columns.LOW_NAMES,
    "close": columns.CLOSE_NAMES,
    "price": columns.PRICE_NAMES,
    "funding rate": columns.RATE_NAMES,
}


def table(heading: str) -> dict[str, str]:
    """The second cell of each row of the page's table with this heading, by the first."""
    rows = PAGE.read_text(encoding="utf-8").partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {role.strip(): text.strip() for role, text in cells}


def words(text: str) -> tuple[str, ...]:
    """What stands in backquotes."""
    return tuple(re.findall(r"`([^`]+)`", text))


def test_names_are_those_of_the_page() -> None:
    stated = table("| role | plain names, in order of preference |")
    assert {role: words(text) for role, text in stated.items()} == NAMES
    assert "`t`, no name at all, `unnamed0`, `index`" in stated["time"]


def test_units_are_those_of_the_page() -> None:
    stated = table("| role | units, in order of preference from one semicolon to the next |")
    for role, units in (("time", columns.TIME_UNITS), ("funding rate", columns.RATE_UNITS)):
        groups = [words(group) for group in stated[role].split(";")]
        assert groups == [tuple(filter(None, group)) for _, group in units]
    assert words(stated["prices"])[: len(columns.CURRENCIES)] == columns.CURRENCIES


def test_names_of_series_are_those_of_the_page() -> None:
    last = PAGE.read_text(encoding="utf-8").rpartition("says so: ")[2]
    assert words(last) == columns.SERIES_NAMES


@pytest.mark.parametrize("role", list(NAMES))
def test_no_name_is_there_twice(role: str) -> None:
    assert len(NAMES[role]) == len(set(NAMES[role]))
