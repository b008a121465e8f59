"""What accounts are drawn from: distributions of integers, exact, so that a seed gives the same accounts everywhere.

In a scenario a distribution is a number, which is always drawn; `{ between = [LOW, HIGH] }`, every value alike;
`{ choices = [[VALUE, WEIGHT], ...] }`; or `{ quantiles = [[SHARE, VALUE], ...] }`, a line between the values at these
shares of the accounts, the first share 0 and the last one 1. A whole table of quantiles says any shape, such as a few
large accounts among many small ones, without a logarithm.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import attrs

from ..choosers import Chooser
from ..profiles.tables import Table
from ..strict_json import shown
from ..units import RATE_DECIMALS, RATE_SCALE, floor_div, parse_decimal

MOST_WEIGHT = 10**9
FORMS = "a number, or a table with one of between, choices, quantiles"


@attrs.frozen
class Between:
    """Whole numbers from `low` to `high`, both included, each alike."""

    low: int
    high: int

    def draw(self, chooser: Chooser) -> int:
        """One of them."""
        return chooser.choose_int(self.low, self.high)

    @property
    def least(self) -> int:
        """The lowest that is drawn."""
        return self.low


@attrs.frozen
class Choices:
    """Values by positive weight."""

    values: tuple[int, ...]
    weights: tuple[int, ...]

    def draw(self, chooser: Chooser) -> int:
        """One of them, as often as its weight says."""
        left = chooser.choose_int(1, sum(self.weights))
        for value, weight in zip(self.values, self.weights, strict=True):
            left -= weight
            if left <= 0:
                return value
        raise AssertionError("the weights sum to what was drawn at most")

    @property
    def least(self) -> int:
        """The lowest that is drawn."""
        return min(self.values)


@attrs.frozen
class Quantiles:
    """`values` at `shares` (ppb, rising from 0 to 10^9), a line between each two, rounded down."""

    shares: tuple[int, ...]
    values: tuple[int, ...]

    def draw(self, chooser: Chooser) -> int:
        """The value at a share that is drawn, every share alike."""
        share = chooser.choose_int(0, RATE_SCALE)
        for (low, first), (high, last) in pairwise(zip(self.shares, self.values, strict=True)):
            if share <= high:
                return first + floor_div((last - first) * (share - low), high - low)
        raise AssertionError("the last share is the whole")

    @property
    def least(self) -> int:
        """The lowest that is drawn."""
        return self.values[0]


Distribution = Between | Choices | Quantiles


def read_distribution(table: Table, name: str, decimals: int, *, least: int, expected: str) -> Distribution:
    """The distribution in a field, its values in units of 10^-decimals and none below `least`.

    Whatever is wrong is noted with the table, and gives one that is harmless.
    """
    form = table.table.get(name)
    if not isinstance(form, Mapping):
        value = table.decimal(name, decimals, least=least, expected=expected)
        return Between(value, value)
    inner = table.sub(name)
    kinds = [kind for kind in ("between", "choices", "quantiles") if inner.has(kind)]
    if len(kinds) != 1:
        inner.error("", f"found {', '.join(kinds) or 'none of them'}, expected {FORMS}")
        inner.read.update(inner.table)
        return Between(least, least)
    reader = _Reader(inner, kinds[0], decimals, least=least, expected=expected)
    forms: dict[str, Callable[[], Distribution]] = {
        "between": reader.between,
        "choices": reader.choices,
        "quantiles": reader.quantiles,
    }
    drawn = forms[kinds[0]]()
    inner.finish()
    return drawn


class _Reader:
    """Reads one form of a distribution; the lists in it have no fields, so that errors name the form and the place."""

    def __init__(self, table: Table, kind: str, decimals: int, *, least: int, expected: str) -> None:
        self.table, self.kind, self.decimals = table, kind, decimals
        self.least, self.expected = least, expected

    def between(self) -> Between:
        """[LOW, HIGH]."""
        found = self.table.value(self.kind, "[LOW, HIGH]")
        if not isinstance(found, list) or len(found) != 2:
            self.table.error(self.kind, f"found {shown(found)}, expected [LOW, HIGH]")
            return Between(self.least, self.least)
        low, high = (self.value(each, f"{self.kind}[{place}]") for place, each in enumerate(found))
        if high < low:
            self.table.error(self.kind, f"found {shown(found[0])} and {shown(found[1])}, expected LOW at most HIGH")
            high = low
        return Between(low, high)

    def choices(self) -> Choices:
        """[[VALUE, WEIGHT], ...]."""
        pairs = self.pairs("[[VALUE, WEIGHT], ...]")
        values, weights = [self.least], [1]
        for place, (value, weight) in enumerate(pairs):
            if isinstance(weight, bool) or not isinstance(weight, int) or not 0 < weight <= MOST_WEIGHT:
                self.table.error(f"{self.kind}[{place}][1]", f"found {shown(weight)}, expected a positive weight")
                weight = 1
            values.append(self.value(value, f"{self.kind}[{place}][0]"))
            weights.append(weight)
        return Choices(tuple(values[1:]), tuple(weights[1:])) if pairs else Choices((self.least,), (1,))

    def quantiles(self) -> Quantiles:
        """[[SHARE, VALUE], ...]."""
        expected = "[[SHARE, VALUE], ...], shares rising from 0 to 1 and values not falling"
        pairs = self.pairs(expected)
        shares = [self.share(share, place) for place, (share, _) in enumerate(pairs)]
        values = [self.value(value, f"{self.kind}[{place}][1]") for place, (_, value) in enumerate(pairs)]
        is_whole = len(pairs) > 1 and shares[0] == 0 and shares[-1] == RATE_SCALE
        rises = all(a < b for a, b in pairwise(shares)) and all(a <= b for a, b in pairwise(values))
        if is_whole and rises:
            return Quantiles(tuple(shares), tuple(values))
        if pairs:
            self.table.error(self.kind, f"found {shown(self.table.table[self.kind])}, expected {expected}")
        return Quantiles((0, RATE_SCALE), (self.least, self.least))

    def pairs(self, expected: str) -> list[tuple[object, object]]:
        """The pairs of a list, none where it is no list of pairs."""
        found = self.table.value(self.kind, expected)
        if isinstance(found, list) and found and all(isinstance(each, list) and len(each) == 2 for each in found):
            return [(first, second) for first, second in found]
        self.table.error(self.kind, f"found {shown(found)}, expected {expected}")
        return []

    def share(self, found: object, place: int) -> int:
        """A share in ppb."""
        try:
            return parse_decimal(str(found), RATE_DECIMALS)
        except ValueError as error:
            self.table.error(f"{self.kind}[{place}][0]", f"found {shown(found)}, expected {error}")
            return 0

    def value(self, found: object, where: str) -> int:
        """A value in the distribution's units."""
        if isinstance(found, bool) or not isinstance(found, str | int):
            self.table.error(where, f"found {shown(found)}, expected {self.expected}")
            return self.least
        try:
            value = parse_decimal(str(found), self.decimals)
        except ValueError as error:
            self.table.error(where, f"found {shown(found)}, expected {error}")
            return self.least
        if value < self.least:
            self.table.error(where, f"found {shown(found)}, expected {self.expected}")
            return self.least
        return value
