"""Files that hold several series: the rows of one, and in what order they come."""

import shlex
from collections.abc import Iterator, Mapping

import attrs

from ..log.times import format_time
from .columns import SERIES_NAMES, Column, plain_name
from .faults import DataError
from .rows import Table, listed, wrong

MOST_VALUES = 1_000
"""Values of a column that are remembered, to say which there are."""


def chosen(table: Table, where: Mapping[str, str]) -> Iterator[tuple[int, list[str]]]:
    """The rows, with their lines, whose columns are as `where` says.

    Names of columns are compared by their letters and digits, values to the letter. DataError where there is no such
    column or, in the end, no such row.
    """
    wanted = [(_named(table, name), value.strip()) for name, value in where.items()]
    values: list[dict[str, None]] = [{} for _ in wanted]
    any_row = any_chosen = False
    for line, row in table.rows():
        any_row = True
        for (column, _), seen in zip(wanted, values, strict=True):
            if len(seen) < MOST_VALUES:
                seen[column.text(row).strip()] = None
        if all(column.text(row).strip() == value for column, value in wanted):
            any_chosen = True
            yield line, row
    if not any_row:
        raise wrong(table.name, table.header_line, "", "found no row after the names of columns, expected some")
    if not any_chosen:
        raise _no_such_row(table, wanted, values)


def _named(table: Table, name: str) -> Column:
    columns = [
        Column(index, title, "") for index, title in enumerate(table.header) if plain_name(title) == plain_name(name)
    ]
    if len(columns) != 1:
        message = f"found the columns {listed(list(table.header))}, expected one {name}"
        raise wrong(table.name, table.header_line, "", message)
    return columns[0]


def _no_such_row(table: Table, wanted: list[tuple[Column, str]], values: list[dict[str, None]]) -> DataError:
    for (column, value), seen in zip(wanted, values, strict=True):
        if value not in seen:
            return wrong(table.name, 0, column.title, f"found {listed(list(seen))}, expected {value} on some row")
    together = " and ".join(f"{column.title} {value}" for column, value in wanted)
    return wrong(table.name, 0, "", f"found no row with {together}, expected some")


@attrs.define
class Order:
    """Whether rows ascend in time or descend, each earlier or later than the one before; the first two decide."""

    table: Table
    column: Column
    line: int = 0
    time: int = 0
    row: list[str] = attrs.field(factory=list)
    descends: bool | None = None

    def admit(self, line: int, time: int, row: list[str]) -> None:
        """Take the next row. DataError where it is out of order."""
        if self.line:
            if self.descends is None and time != self.time:
                self.descends = time < self.time
            if time == self.time or (time < self.time) is not self.descends:
                raise self._out_of_order(line, time, row)
        self.line, self.time, self.row = line, time, row

    def _out_of_order(self, line: int, time: int, row: list[str]) -> DataError:
        direction = {None: "another", False: "a later", True: "an earlier"}[self.descends]
        message = (
            f"found {format_time(time)}, expected {direction} time than {format_time(self.time)} on line {self.line}"
        )
        return wrong(self.table.name, line, self.column.title, message + self._apart(row))

    def _apart(self, row: list[str]) -> str:
        """What tells the two rows apart, where a column that names a series does."""
        for index, title in enumerate(self.table.header):
            before, here = self.row[index].strip(), row[index].strip()
            if plain_name(title) in SERIES_NAMES and before != here:
                choice = shlex.quote(f"{title}={before}")
                return f": {title} is {before} there and {here} here, and --where {choice} chooses"
        return ""
