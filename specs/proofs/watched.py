"""Tables of which only some rows may be read or written: what makes a small world stand for any number of accounts.

A rule that runs on watched tables and raises nothing has asked for no row but those in its reach, and has not looked
at a table as a whole. So on a state with any number of other rows it makes the same steps, gives the same outcome, and
leaves the other rows where they are: in the very table that the changed one shares them with.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import attrs
from immutables import Map

from ledger.state import State

T = TypeVar("T")


class OutOfReach(Exception):
    """A row outside the reach was read or written, or the whole table looked at."""


@attrs.frozen
class Reach:
    """The rows of each table that a rule may read; None where it may look at the whole table."""

    accounts: frozenset[str] | None = frozenset()
    markets: frozenset[str] | None = frozenset()
    prices: frozenset[str] | None = frozenset()
    providers: frozenset[str] | None = frozenset()


class Watched(Mapping[str, T]):
    """A persistent table as the rules use it, with rows out of reach."""

    def __init__(self, rows: Map[str, T], reach: frozenset[str]) -> None:
        self.rows, self.reach = rows, reach

    def _within(self, key: object) -> str:
        if key not in self.reach:
            raise OutOfReach(f"{key} is not among {sorted(self.reach)}")
        return str(key)

    def __getitem__(self, key: str) -> T:
        return self.rows[self._within(key)]

    def get(self, key: str, default: Any = None) -> Any:
        """The row, or what stands for its absence."""
        return self.rows.get(self._within(key), default)

    def __contains__(self, key: object) -> bool:
        return self._within(key) in self.rows

    def set(self, key: str, row: T) -> "Watched[T]":
        """The table with the row replaced or added."""
        return Watched(self.rows.set(self._within(key), row), self.reach)

    def update(self, changed: Mapping[str, T]) -> "Watched[T]":
        """The table with these rows replaced or added."""
        return Watched(self.rows.update({self._within(key): row for key, row in changed.items()}), self.reach)

    def delete(self, key: str) -> "Watched[T]":
        """The table without the row."""
        return Watched(self.rows.delete(self._within(key)), self.reach)

    def __iter__(self) -> NoReturn:
        raise OutOfReach("every row of a table was asked for")

    def __len__(self) -> NoReturn:
        raise OutOfReach("the number of rows of a table was asked for")

    def __bool__(self) -> NoReturn:
        raise OutOfReach("whether a table has rows was asked")

    def __eq__(self, other: object) -> bool:
        raise OutOfReach("a table was compared as a whole")

    def __hash__(self) -> NoReturn:
        raise OutOfReach("the hash of a table was asked for")


def watched(state: State, reach: Reach) -> State:
    """The state with its tables watched."""

    def table(name: str) -> Any:
        rows, rows_in_reach = getattr(state, name), getattr(reach, name)
        return rows if rows_in_reach is None else Watched(rows, rows_in_reach)

    return attrs.evolve(state, **{field.name: table(field.name) for field in attrs.fields(Reach)})


def rows_of(table: Any) -> Map[str, Any]:
    """The rows of a table, watched or not."""
    found: Map[str, Any] = table.rows if isinstance(table, Watched) else table
    return found
