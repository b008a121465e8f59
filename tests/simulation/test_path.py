"""The path of the index within bars."""

import pytest

from ledger.simulation.path import Point, path_of
from ledger.simulation.prices import Bar, PriceHistory

from .scenes import history


def bars(*prices: tuple[int, int, int, int], interval: int = 60_000, has_extremes: bool = True) -> PriceHistory:
    made = tuple(Bar(number * interval, *each, line=number + 2) for number, each in enumerate(prices))
    return PriceHistory("by hand", interval, has_extremes, made, ())


@pytest.mark.parametrize(
    ("bar", "prices"),
    [
        ((100, 103, 95, 99), (100, 103, 95, 99)),  # the high is nearer to the open
        ((100, 109, 95, 99), (100, 95, 109, 99)),  # the low is nearer
        ((100, 105, 95, 99), (100, 95, 105, 99)),  # as near: the low
        ((100, 100, 100, 100), (100, 100, 100, 100)),
    ],
)
def test_a_bar_has_four_points_the_nearer_extreme_first(
    bar: tuple[int, int, int, int], prices: tuple[int, ...]
) -> None:
    points = path_of(bars(bar), "ohlc")
    assert points == tuple(Point(number * 15_000, price) for number, price in enumerate(prices))


def test_the_close_stands_at_the_end_of_its_bar() -> None:
    assert path_of(bars((10, 12, 9, 11), (11, 15, 11, 14)), "close") == (Point(60_000, 11), Point(120_000, 14))


def test_one_price_a_row_is_one_point_at_its_time() -> None:
    for points in ("ohlc", "close"):
        assert [point.price for point in path_of(history([5000, 4990]), points)] == [5000 * 10**9, 4990 * 10**9]
        assert [point.time for point in path_of(history([1, 2], start=7), points)] == [7, 60_007]


def test_bars_too_short_for_four_points_have_their_close() -> None:
    assert path_of(bars((10, 12, 9, 11), interval=3), "ohlc") == (Point(3, 11),)
