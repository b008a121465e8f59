"""Prices and funding rates from CSV, as exchanges and pandas write it: forgiving in names, exact in numbers."""

from collections.abc import Mapping
from itertools import pairwise

import attrs

from ..units import PRICE_DECIMALS, div_toward_zero
from .columns import COUNTED_IN, RATE_DECIMALS_IN, Column, price_layout, rate_layout
from .faults import DataError
from .numbers import is_number, parse_number
from .rows import Table, open_table, shown_field, wrong
from .series import Order, chosen
from .times import parse_time

FINER_DECIMALS = 30
"""Decimals beyond the ledger's that a rate may have at most where it is cut."""


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


def read_prices(
    path: str, where: Mapping[str, str] | None = None, *, with_funding: bool = True, cut_rates: bool = False
) -> PriceHistory:
    """The prices in a file; of a file that holds several series, the rows whose columns are as `where` says.

    Funding rates of the same file are read too, unless `with_funding` says that they are not wanted; rates that are
    finer than parts per billion are refused, or cut toward zero where `cut_rates` asks for it. DataError, one line with
    file, line and column, for what is wrong.
    """
    with open_table(path) as table:
        layout = price_layout(table, with_funding=with_funding)
        order = Order(table, layout.time)
        bars: list[Bar] = []
        funding: list[FundingRate] = []
        for line, row in chosen(table, where or {}):
            time = _time(table, layout.time, line, row)
            order.admit(line, time, row)
            bars.append(_bar(table, layout.prices, line, time, row))
            if layout.rate is not None and layout.rate.text(row).strip():
                funding.append(FundingRate(time, _rate(table, layout.rate, line, row, cut=cut_rates), line))
    if len(bars) < 2:
        raise wrong(table.name, bars[0].line, "", "found one row, expected two or more, which say how long a bar is")
    if order.descends:
        bars.reverse()
        funding.reverse()
    interval = min(later.time - earlier.time for earlier, later in pairwise(bars))
    return PriceHistory(table.name, interval, len(layout.prices) > 1, tuple(bars), tuple(funding))


def read_funding(
    path: str, where: Mapping[str, str] | None = None, *, cut_rates: bool = False
) -> tuple[FundingRate, ...]:
    """The funding rates in a file, in order of time; `where` and `cut_rates` as for prices. DataError, one line with
    file, line and column.

    Where a file has prices too, a row without a rate is a time at which none was paid.
    """
    with open_table(path) as table:
        layout = rate_layout(table)
        order = Order(table, layout.time)
        rates: list[FundingRate] = []
        for line, row in chosen(table, where or {}):
            time = _time(table, layout.time, line, row)
            order.admit(line, time, row)
            if not layout.has_prices or layout.rate.text(row).strip():
                rates.append(FundingRate(time, _rate(table, layout.rate, line, row, cut=cut_rates), line))
    if not rates:
        raise wrong(table.name, 0, layout.rate.title, "found no row with a rate, expected some")
    return tuple(reversed(rates) if order.descends else rates)


def _time(table: Table, column: Column, line: int, row: list[str]) -> int:
    try:
        return parse_time(column.text(row), COUNTED_IN[column.unit])
    except ValueError as error:
        raise _mismatch(table, column, line, row, str(error)) from None


def _bar(table: Table, columns: tuple[Column, ...], line: int, time: int, row: list[str]) -> Bar:
    prices = [_price(table, column, line, row) for column in columns]
    if len(prices) == 1:
        (price,) = prices
        return Bar(time, price, price, price, price, line)
    opened, high, low, closed = prices
    if low > min(opened, closed):
        raise _mismatch(table, columns[2], line, row, "at most the open and the close")
    if high < max(opened, closed):
        raise _mismatch(table, columns[1], line, row, "at least the open and the close")
    return Bar(time, opened, high, low, closed, line)


def _price(table: Table, column: Column, line: int, row: list[str]) -> int:
    try:
        price = parse_number(column.text(row), PRICE_DECIMALS)
    except ValueError as error:
        raise _mismatch(table, column, line, row, str(error)) from None
    if price <= 0:
        raise _mismatch(table, column, line, row, "a price above 0")
    return price


def _rate(table: Table, column: Column, line: int, row: list[str], *, cut: bool) -> int:
    """A rate in parts per billion, cut toward zero where it is finer and that is asked for; a percent sign counts where
    the column's name does not say percent already."""
    text, decimals = column.text(row).strip(), RATE_DECIMALS_IN[column.unit]
    if text.endswith("%"):
        text, decimals = text.removesuffix("%"), RATE_DECIMALS_IN["percent"]
    try:
        if cut:
            return div_toward_zero(parse_number(text, decimals + FINER_DECIMALS), 10**FINER_DECIMALS)
        return parse_number(text, decimals)
    except ValueError as error:
        is_too_fine = not cut and str(error).startswith("at most") and is_number(text)
        expected = f"{error} (--cut-rates cuts finer rates)" if is_too_fine else str(error)
        raise _mismatch(table, column, line, row, expected) from None


def _mismatch(table: Table, column: Column, line: int, row: list[str], expected: str) -> DataError:
    return wrong(table.name, line, column.title, f"found {shown_field(column.text(row))}, expected {expected}")
