"""The path of the index: points in time, made of a history's bars."""

from collections.abc import Iterator

import attrs

from ..units import floor_div
from .prices import Bar, PriceHistory

CLOSE = "close"


@attrs.frozen
class Point:
    """The index is at `price` (price units) from `time` (ms) on, until the next point."""

    time: int
    price: int


def path_of(history: PriceHistory, points: str) -> tuple[Point, ...]:
    """The points of a history, each later than the one before.

    Of a bar with its extremes four, a quarter of the bar apart: the open, the extreme that is nearer to it (the low
    where both are as near), the other one, the close. Where `points` is "close" one, the close at the bar's end. Of a
    file with one price a row that price, at its time.
    """
    if not history.has_extremes:
        return tuple(Point(bar.time, bar.close) for bar in history.bars)
    quarter = floor_div(history.interval, 4)
    if points == CLOSE or quarter == 0:
        return tuple(Point(bar.time + history.interval, bar.close) for bar in history.bars)
    return tuple(
        Point(bar.time + number * quarter, price) for bar in history.bars for number, price in enumerate(_within(bar))
    )


def _within(bar: Bar) -> Iterator[int]:
    """The prices of a bar in the order in which they are taken to have come."""
    yield bar.open
    yield from (bar.high, bar.low) if bar.high - bar.open < bar.open - bar.low else (bar.low, bar.high)
    yield bar.close
