"""The values that one term of the backstop is tried with, as text: `0,100000..800000x2`, `0.01`, `3x`."""

import re
from collections.abc import Iterator

import attrs

from ..strict_json import excerpt
from ..units import RATE_DECIMALS, RATE_SCALE, ceil_div, floor_div, format_decimal, is_multiple, parse_decimal

NUMBER = r"(-?[0-9]+(?:\.[0-9]+)?)"
RANGE = re.compile(rf"{NUMBER}\.\.{NUMBER}([x+]){NUMBER}")
MULTIPLE = re.compile(rf"{NUMBER}x")
MOST_LEVELS = 1000
"""Values of one term: more are a slip of the pen, not a calibration."""


class AxisError(ValueError):
    """What is wrong with the text of an axis: what was found and what was expected."""


@attrs.frozen(order=True)
class Level:
    """One value of a term: atoms or ppb, or, where `is_multiple`, ppb of the capacity per minute that it goes with."""

    is_multiple: bool
    value: int

    def resolved(self, per_minute: int) -> int:
        """The term itself, for a capacity per minute in atoms; a multiple of it is rounded down."""
        return floor_div(self.value * per_minute, RATE_SCALE) if self.is_multiple else self.value

    def text(self, decimals: int) -> str:
        """The level as an axis has it."""
        if self.is_multiple:
            return f"{format_decimal(self.value, RATE_DECIMALS)}x"
        return format_decimal(self.value, decimals)


@attrs.frozen
class Kind:
    """What an axis may hold: numbers of so many `decimals`, from `least` to `most` in their unit, and `multiples`."""

    decimals: int
    least: int = 0
    most: int | None = None
    multiples: bool = False


def levels_of(text: str, kind: Kind) -> tuple[Level, ...]:
    """The levels of an axis, each once, in ascending order, multiples last.

    Items stand between commas: a number; a range `FIRST..LASTxFACTOR`, each value so many times the one before, or
    `FIRST..LAST+STEP`, which end with LAST or with the last value below it; or, where there may be multiples of
    capacity per minute, a number with an `x`. All are exact decimals. AxisError for anything else.
    """
    found: set[Level] = set()
    for item in text.split(","):
        found.update(_levels_of_item(item.strip(), kind))
        if len(found) > MOST_LEVELS:
            raise AxisError(f"found more than {MOST_LEVELS} values, expected fewer")
    return tuple(sorted(found))


def _levels_of_item(item: str, kind: Kind) -> Iterator[Level]:
    if (match := RANGE.fullmatch(item)) is not None:
        first, last = _number(match[1], kind), _number(match[2], kind)
        if last < first:
            raise AxisError(f"found {item}, expected a range from the lesser to the greater")
        values = _multiplied if match[3] == "x" else _added
        for value in values(item, first, last, match[4], kind):
            yield Level(False, value)
    elif kind.multiples and (match := MULTIPLE.fullmatch(item)) is not None:
        factor = _exact(match[1], RATE_DECIMALS)
        if factor < 0:
            raise AxisError(f"found {item}, expected a multiple of 0 or more")
        yield Level(True, factor)
    else:
        yield Level(False, _number(item, kind))


def _multiplied(item: str, first: int, last: int, factor_text: str, kind: Kind) -> Iterator[int]:
    factor = _exact(factor_text, RATE_DECIMALS)
    if first <= 0 or factor <= RATE_SCALE:
        raise AxisError(f"found {item}, expected a range that begins above 0 and grows by a factor above 1")
    value = first
    while True:
        yield value
        scaled = value * factor
        if scaled > last * RATE_SCALE:
            return
        if not is_multiple(scaled, RATE_SCALE):
            raise AxisError(f"found {item}, expected a factor that gives values of at most {kind.decimals} decimals")
        value = floor_div(scaled, RATE_SCALE)


def _added(item: str, first: int, last: int, step_text: str, kind: Kind) -> Iterator[int]:
    step = _exact(step_text, kind.decimals)
    if step <= 0:
        raise AxisError(f"found {item}, expected a step above 0")
    if ceil_div(last - first, step) >= MOST_LEVELS:
        raise AxisError(f"found {item}, expected at most {MOST_LEVELS} values")
    yield from range(first, last + 1, step)


def _number(text: str, kind: Kind) -> int:
    value = _exact(text, kind.decimals, kind=kind)
    if value < kind.least or (kind.most is not None and value > kind.most):
        raise AxisError(f"found {excerpt(text)}, expected {_bounds(kind)}")
    return value


def _bounds(kind: Kind) -> str:
    least = format_decimal(kind.least, kind.decimals)
    if kind.most is None:
        return f"a number of at least {least}"
    return f"a number from {least} to {format_decimal(kind.most, kind.decimals)}"


def _exact(text: str, decimals: int, *, kind: Kind | None = None) -> int:
    try:
        return parse_decimal(text, decimals)
    except ValueError as error:
        also = ", or a multiple such as 3x" if kind is not None and kind.multiples else ""
        raise AxisError(
            f"found {excerpt(text) or 'nothing'}, expected {error}, a range such as 1..8x2 or 1..8+1{also}"
        ) from None
