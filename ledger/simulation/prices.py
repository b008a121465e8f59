"""Prices and funding rates from CSV, as exchanges and pandas write it: forgiving in names, exact in numbers."""

from collections.abc import Mapping

import attrs


@attrs.frozen
class Bar:
    """Prices (price units, positive) over the interval that begins at `time` (ms), from `line` of the file.

    `low` is at most, and `high` at least, `open` and `close`. A file with one price a row gives bars of one price.
    """

    time: int
    open: int
    high: int
    low: int
    close: int
    line: int


@attrs.frozen
class FundingRate:
    """The funding `rate` (ppb, signed) at `time` (ms), from `line` of the file."""

    time: int
    rate: int
    line: int


@attrs.frozen
class PriceHistory:
    """Bars in order of time, each later than the one before, and the funding rates of the same file, if it has any.

    `interval`: ms that a bar is long: the shortest distance of two bars. `has_extremes`: whether the file has the open,
    highest and lowest prices, or one price a row.
    """

    name: str
    interval: int
    has_extremes: bool
    bars: tuple[Bar, ...]
    funding: tuple[FundingRate, ...]


def read_prices(path: str, where: Mapping[str, str] | None = None) -> PriceHistory:
    """The prices in a file; of a file that holds several series, the rows whose columns are as `where` says.

    DataError, one line with file, line and column, for what is wrong.
    """
    raise NotImplementedError


def read_funding(path: str, where: Mapping[str, str] | None = None) -> tuple[FundingRate, ...]:
    """The funding rates in a file, in order of time. DataError, one line with file, line and column."""
    raise NotImplementedError
