"""A table of a rulebook document, read field by field: every error is noted by field, none stops the reading."""

import re
from collections.abc import Mapping
from typing import Any

from ..strict_json import excerpt, one_line, shown
from ..units import RATE_DECIMALS, RATE_SCALE, parse_decimal

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class Table:
    """Reads the fields of one table and notes every error; what cannot be read gives a harmless value.

    `path`: where the table is in the document, empty for the whole. `errors`: (field, what is wrong) of the whole
    document, which every table within it adds to. Nothing here raises for what a document holds.
    """

    def __init__(self, table: object, path: str, errors: list[tuple[str, str]]) -> None:
        self.path, self.errors = path, errors
        if not isinstance(table, Mapping):
            self.error("", f"found {shown(table)}, expected a table")
            table = {}
        self.table = table
        self.read: set[str] = set()

    def field(self, name: str) -> str:
        """The path of a field within the document: "markets.BTC-PERP.tick"."""
        return ".".join(part for part in (self.path, name) if part)

    def error(self, name: str, message: str) -> None:
        """Note what is wrong with a field, or with the table itself where the name is empty."""
        self.errors.append((self.field(name) or "document", message))

    def has(self, name: str) -> bool:
        """Whether the field is there; it is not read by that."""
        return name in self.table

    def value(self, name: str, expected: str) -> Any:
        """The field as the document has it. None, and an error that says what was expected, where it is missing."""
        self.read.add(name)
        if name not in self.table:
            self.error(name, f"missing, expected {expected}")
            return None
        return self.table[name]

    def text(self, name: str) -> str:
        """A name (`IDENTIFIER`); empty where there is none."""
        value = self.value(name, "a name")
        if isinstance(value, str) and IDENTIFIER.fullmatch(value):
            return value
        if value is not None:
            self.error(name, f"found {shown(value)}, expected a name of letters, digits and . _ : -")
        return ""

    def flag(self, name: str) -> bool:
        """True or false; false where it is neither."""
        value = self.value(name, "true or false")
        if value is not None and not isinstance(value, bool):
            self.error(name, f"found {shown(value)}, expected true or false")
        return value is True

    def integer(self, name: str, *, least: int, most: int) -> int:
        """A whole number from `least` to `most`, in the field's own unit; `least` where it is none of them."""
        expected = f"a whole number from {least} to {most}"
        value = self.value(name, expected)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.error(name, f"found {shown(value)}, expected {expected}")
        return least

    def decimal(
        self,
        name: str,
        decimals: int,
        *,
        least: int,
        most: int | None = None,
        expected: str = "an exact decimal",
    ) -> int:
        """An exact decimal, as text or a whole number, in units of 10^-decimals; `least` where it is none.

        `least` and `most` bound it, in the same units. `expected` says so in the error.
        """
        value = self.value(name, expected)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.error(name, f"found {shown(value)}, expected {expected} as text")
            return least
        try:
            number = parse_decimal(str(value), decimals)
        except ValueError as error:
            self.error(name, f"found {shown(value)}, expected {error}")
            return least
        if number < least or (most is not None and number > most):
            self.error(name, f"found {shown(value)}, expected {expected}")
            return least
        return number

    def rate(self, name: str, *, positive: bool = False, signed: bool = False) -> int:
        """A rate in ppb: from 0 to 1, not 0 where it must be `positive`, and above -1 where it is `signed`."""
        least = -RATE_SCALE + 1 if signed else int(positive)
        kind = "a rate above -1 and at most 1" if signed else "a rate from 0 to 1"
        expected = "a positive rate of at most 1" if positive else kind
        return self.decimal(name, RATE_DECIMALS, least=least, most=RATE_SCALE, expected=expected)

    def tables(self, name: str) -> dict[str, "Table"]:
        """The named sub-tables, each key a valid name; none where it is no table of tables, or an empty one."""
        value = self.value(name, "a table of tables")
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not value:
            self.error(name, f"found {shown(value)}, expected a table of tables")
            return {}
        tables = {}
        for key in value:
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                self.error(name, f"found {shown(key)}, expected a name of letters, digits and . _ : -")
            else:
                tables[key] = Table(value[key], self.field(f"{name}.{key}"), self.errors)
        return tables

    def sub(self, name: str) -> "Table":
        """A sub-table. A missing one is one error, and gives an empty table whose own errors nobody sees."""
        value = self.value(name, "a table")
        return Table({} if value is None else value, self.field(name), [] if value is None else self.errors)

    def rows(self, name: str) -> list["Table"]:
        """The tables of a list, in its order; none where it is no list, or an empty one."""
        value = self.value(name, "a list of tables")
        if not isinstance(value, list) or not value:
            if value is not None:
                self.error(name, f"found {shown(value)}, expected a list of tables")
            return []
        return [Table(row, self.field(f"{name}[{number}]"), self.errors) for number, row in enumerate(value)]

    def names(self, name: str) -> tuple[str, ...]:
        """The names of a list, sorted; none where it is no list of names, or an empty one. A name twice is an error."""
        value = self.value(name, "a list of names")
        if value is None:
            return ()
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(item, str) and IDENTIFIER.fullmatch(item) for item in value)
        ):
            self.error(name, f"found {shown(value)}, expected a list of names")
            return ()
        if len(set(value)) < len(value):
            self.error(name, f"found {shown(value)}, expected no name twice")
        return tuple(sorted(value))

    def finish(self) -> None:
        """Note every field that nothing has read: the document has one that a rulebook has not."""
        for name in self.table:
            if name not in self.read:
                self.error(one_line(excerpt(str(name))), "unknown field")
