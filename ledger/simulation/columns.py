"""What the columns of a price file are taken for, by their names: forgiving, with a stated order of preference."""

import re
from collections.abc import Callable, Sequence

import attrs

from ..units import RATE_DECIMALS
from .faults import DataError
from .rows import NO_NAME, Table, listed, wrong

BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
APART = re.compile(r"[\W_]+")


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TIME_NAMES = _names(
    "opentime timeperiodstart periodstart timeopen starttime startat startedat start begintime candlebegintime "
    "fundingtime fundingtimestamp fundingratetimestamp calctime settlementtime effectiveat "
    "time timestamp ts unix unixtime unixtimestamp epoch epochtime "
    "datetime date day snappedat t"
)
"""Where a bar begins comes before when a rate was paid, that before any time, and counts before dates."""

INDEX_NAMES = ("", "unnamed0", "index")
"""A column without a name, as pandas writes an index, which is the time where no other column is."""

PRICE_NAMES = _names("price markprice mark close closeprice priceclose last lastprice indexprice p c")
"""What a file with one price a row may call it."""

OPEN_NAMES = ("open", "openprice", "priceopen", "o")
HIGH_NAMES = ("high", "highprice", "pricehigh", "h")
LOW_NAMES = ("low", "lowprice", "pricelow", "l")
CLOSE_NAMES = ("close", "closeprice", "priceclose", "c")

FUNDING_NAMES = _names(
    "realizedfundingrate realfundingrate realizedrate relativefundingrate fundingrate funding lastfundingrate"
)
"""What was paid comes before what was forecast, and a fraction before an amount."""

RATE_NAMES = (*FUNDING_NAMES, "rate")
"""In a file that is read for its rates alone."""

SERIES_NAMES = _names(
    "exchange venue source feed broker market symbol instrument instrumentname instid instrumentid pair contract "
    "contracts ticker coin asset crypto currency base quote product contracttype category series interval period "
    "timeframe granularity resolution type"
)
"""Columns that tell several series of one file apart."""

TIME_UNITS: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    ("ms", ("ms", "msec", "millis", "milliseconds")),
    ("s", ("s", "sec", "seconds")),
    ("us", ("us", "usec", "micros", "microseconds")),
    ("ns", ("ns", "nsec", "nanos", "nanoseconds")),
    (None, ("utc", "gmt", "utc+0", "utc+00:00")),
    (None, ("",)),
)
"""What may follow the name of a time, in order of preference: the unit of its counts, if one is said, and the words."""

RATE_UNITS = (
    (RATE_DECIMALS, ("", "8h", "fraction", "decimal")),
    (RATE_DECIMALS - 2, ("percent", "pct")),
    (RATE_DECIMALS - 4, ("bp", "bps")),
)
"""What may follow the name of a rate, in order of preference: decimals of a part per billion in it, and the words."""

COUNTED_IN = {word: unit for unit, words in TIME_UNITS for word in words}
RATE_DECIMALS_IN = {word: decimals for decimals, words in RATE_UNITS for word in words}

CURRENCIES = ("usd", "usdt", "usdc", "busd", "eur")
CURRENCY = re.compile(rf"([a-z]{{2,6}}[/-]?)?({'|'.join(CURRENCIES)})|[$\u20ac]|")
"""What may follow the name of a price."""

UNIT_WORDS = frozenset((*COUNTED_IN, *RATE_DECIMALS_IN, *CURRENCIES)) - {""}
"""Words that are a unit where they are the last of a name."""


@attrs.frozen
class Column:
    """A column: its place in a row, its title as it is written, and the unit that the title says, if any."""

    index: int
    title: str
    unit: str

    def text(self, row: list[str]) -> str:
        """The field of a row."""
        return row[self.index]


@attrs.frozen
class PriceLayout:
    """Which columns are the time, the prices (open, high, low and close, or one) and, if any is, the funding rate."""

    time: Column
    prices: tuple[Column, ...]
    rate: Column | None


@attrs.frozen
class RateLayout:
    """Which columns are the time and the funding rate, and whether the file has prices beside it."""

    time: Column
    rate: Column
    has_prices: bool


def price_layout(table: Table, *, with_funding: bool) -> PriceLayout:
    """The columns of a file that is read for its prices. DataError where it has no time or no price."""
    columns = _columns(table)
    bar = {
        "open": _column(table, columns, OPEN_NAMES, _price_unit),
        "high": _column(table, columns, HIGH_NAMES, _price_unit),
        "low": _column(table, columns, LOW_NAMES, _price_unit),
    }
    close = _column(table, columns, CLOSE_NAMES, _price_unit)
    here = [column for column in bar.values() if column is not None]
    if not here:
        price = _column(table, columns, PRICE_NAMES, _price_unit)
        if price is None:
            raise _missing(table, "prices: open, high, low and close, or one such as price, mark, close or last")
        prices: tuple[Column, ...] = (price,)
    elif len(here) < len(bar) or close is None:
        absent = [name for name, column in {**bar, "close": close}.items() if column is None]
        raise _missing(table, f"open, high, low and close, or one price alone: there is no {' and no '.join(absent)}")
    else:
        prices = (*here, close)
    rate = _column(table, columns, FUNDING_NAMES, _rate_unit) if with_funding else None
    return PriceLayout(_time_column(table, columns), prices, rate)


def rate_layout(table: Table) -> RateLayout:
    """The columns of a file that is read for its funding rates. DataError where it has no time or no rate."""
    columns = _columns(table)
    rate = _column(table, columns, RATE_NAMES, _rate_unit)
    if rate is None:
        raise _missing(table, "one for the funding rate such as funding_rate or rate")
    return RateLayout(_time_column(table, columns), rate, any(plain in PRICE_NAMES for plain, _ in columns))


def plain_name(title: str) -> str:
    """A title's lower-case letters and digits."""
    return "".join(_words(title))


def _words(title: str) -> list[str]:
    return [word.lower() for word in APART.split(CAMEL.sub(" ", title.replace("%", " percent "))) if word]


def _columns(table: Table) -> list[tuple[str, Column]]:
    """Every column with its plain name, taken apart from the unit that follows in brackets or as its last word."""
    columns = []
    for index, title in enumerate(table.header):
        in_brackets = BRACKETS.findall(title)
        words = _words(BRACKETS.sub(" ", title))
        unit = ""
        if in_brackets:
            unit = "".join(" ".join(in_brackets).lower().replace("%", "percent").split())
        elif len(words) > 1 and words[-1] in UNIT_WORDS:
            unit = words.pop()
        columns.append(("".join(words), Column(index, title or NO_NAME, unit)))
    return columns


def _time_column(table: Table, columns: list[tuple[str, Column]]) -> Column:
    column = _column(table, columns, (*TIME_NAMES, *INDEX_NAMES), _time_unit)
    if column is None:
        raise _missing(table, "one for the time such as time, timestamp, open_time, unix or date")
    return column


def _column(
    table: Table, columns: list[tuple[str, Column]], names: Sequence[str], unit_rank: Callable[[str], int | None]
) -> Column | None:
    """The column whose name comes first among `names`, and among those of one name whose unit does.

    DataError where two are alike.
    """
    ranked = [
        (names.index(plain), rank, column)
        for plain, column in columns
        if plain in names and (rank := unit_rank(column.unit)) is not None
    ]
    if not ranked:
        return None
    first = min(ranked, key=lambda entry: entry[:2])
    alike = [column for *rank, column in ranked if rank == list(first[:2])]
    if len(alike) > 1:
        titles = listed([column.title for column in alike])
        raise wrong(table.name, table.header_line, "", f"found the columns {titles}, expected one of that name")
    return first[2]


def _time_unit(unit: str) -> int | None:
    return next((rank for rank, (_, words) in enumerate(TIME_UNITS) if unit in words), None)


def _rate_unit(unit: str) -> int | None:
    return next((rank for rank, (_, words) in enumerate(RATE_UNITS) if unit in words), None)


def _price_unit(unit: str) -> int | None:
    return 0 if CURRENCY.fullmatch(unit) else None


def _missing(table: Table, expected: str) -> DataError:
    message = f"found the columns {listed(list(table.header))}, expected {expected}"
    return wrong(table.name, table.header_line, "", message)
