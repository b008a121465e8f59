"""The numbers of a log's lines: exact decimal text, or whole JSON numbers, to counts of units.

`whole_units` reads any number, and whatever is said of a bad one is said there. Prices and sizes repeat, and so do the
two sides of their points, so the readers here remember what it gave: of good numbers only, and of so many.
"""

from ..profiles import MOST_DECIMALS
from ..rulebook import Contract
from ..units import (
    EXACT_DECIMALS,
    LONGEST_NUMBER,
    PRICE_DECIMALS,
    PRICE_SCALE,
    floor_div,
    format_decimal,
    is_multiple,
    parse_decimal,
)
from .faults import mismatch

MOST_NUMBERS_KEPT = 100_000
LONGEST_PART_KEPT = 18
"""Characters before or after the point of what is remembered: two such parts make no number that is too long."""
BEYOND_NUMBER = 10**LONGEST_NUMBER

Number = str | int

_powers_of_ten: tuple[int, ...] = tuple(10**exponent for exponent in range(MOST_DECIMALS + EXACT_DECIMALS + 1))


def whole_units(field: str, value: Number, decimals: int) -> int:
    """A number's exact count of units of 10^-decimals. Fault where it has none.

    Plain text is converted at once; any other text, a bad one above all, is left to `parse_decimal`.
    """
    if isinstance(value, str):
        whole, point, fraction = value.partition(".")
        digits = whole + fraction
        if (
            digits.isdecimal()
            and digits.isascii()
            and (whole >= "1" or whole == "0")
            and (fraction or not point)
            and len(fraction) <= decimals
            and len(value) <= LONGEST_NUMBER
        ):
            return int(digits) * _powers_of_ten[decimals - len(fraction)]
        try:
            return parse_decimal(value, decimals)
        except ValueError as error:
            raise mismatch(field, value, str(error)) from None
    if not -BEYOND_NUMBER < value < BEYOND_NUMBER:
        raise mismatch(field, value, f"a number of at most {LONGEST_NUMBER} characters")
    return value * _powers_of_ten[decimals]


class Prices:
    """Reads prices in units of 10^-9, and remembers what both sides of a point stood for.

    Whoever has read 11392.15 and 11391.4 knows 11392.4. What has a minus is not remembered: it belongs to both sides.
    """

    def __init__(self) -> None:
        self._wholes: dict[Number, int] = {}
        self._fractions: dict[Number, int] = {}

    def units(self, field: str, value: Number) -> int:
        """A price's exact count of units. Fault where it has none."""
        if not isinstance(value, str):
            return whole_units(field, value, PRICE_DECIMALS)
        whole, point, fraction = value.partition(".")
        before = self._wholes.get(whole)
        if before is not None:
            if not point:
                return before
            after = self._fractions.get(fraction)
            if after is not None:
                return before + after
        units = whole_units(field, value, PRICE_DECIMALS)
        if len(whole) <= LONGEST_PART_KEPT and len(fraction) <= LONGEST_PART_KEPT and not whole.startswith("-"):
            before = remember(self._wholes, whole, int(whole) * PRICE_SCALE)
            if point:
                remember(self._fractions, fraction, units - before)
        return units


class MarketNumbers:
    """Reads one market's sizes and prices, and remembers their texts."""

    def __init__(self, contract: Contract, reader: Prices) -> None:
        self._lot_units, self._tick = contract.lot_units, contract.tick
        self._reader = reader
        self._sizes: dict[Number, int] = {}
        self._prices: dict[Number, int] = {}
        self._premiums: dict[Number, int] = {}

    def size(self, value: Number, field: str = "size") -> int:
        """A size in lots."""
        known = self._sizes.get(value)
        if known is not None:
            return known
        units = whole_units(field, value, PRICE_DECIMALS)
        if not is_multiple(units, self._lot_units):
            raise mismatch(field, value, f"a multiple of the lot {format_decimal(self._lot_units, PRICE_DECIMALS)}")
        return remember(self._sizes, value, floor_div(units, self._lot_units))

    def price(self, value: Number, *, off_tick: bool) -> int:
        """A trade's price, on the tick unless the line expects the refusal of one that is `off_tick`."""
        known = self._prices.get(value)
        if known is not None:
            return known
        price = self._reader.units("price", value)
        if is_multiple(price, self._tick):
            return remember(self._prices, value, price)
        if off_tick:
            return price
        raise mismatch("price", value, f"a multiple of the tick {format_decimal(self._tick, PRICE_DECIMALS)}")

    def premium(self, value: Number) -> int:
        """A premium of the mark over the index. It is often negative."""
        known = self._premiums.get(value)
        if known is not None:
            return known
        return remember(self._premiums, value, whole_units("premium", value, PRICE_DECIMALS))


def remember(table: dict[Number, int], value: Number, number: int) -> int:
    """Put a number into a table of few, and give it back."""
    if len(table) >= MOST_NUMBERS_KEPT:
        table.clear()
    table[value] = number
    return number
