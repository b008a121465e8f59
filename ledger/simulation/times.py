"""Times as programs write them into CSV: counts since 1970 and ISO 8601, read exactly to the millisecond."""

import re
from datetime import date

from ..log.times import LAST_TIME
from ..units import floor_div, is_multiple
from .numbers import is_number, parse_number

NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""The units in which times are counted, in nanoseconds."""

SMALLEST_COUNT = 100_000_000
"""Seconds, 1973-03-03: a count below it, such as a row's number or 20250203, is not taken for a time unless the name of
its column says a unit."""

EXPECTED_TIME = (
    "a time such as 2025-02-03 01:20:00, in UTC where it names no zone, or seconds, milliseconds, microseconds or "
    "nanoseconds since 1970"
)
EXPECTED_MILLISECONDS = "a time in whole milliseconds"

TEXT = re.compile(
    r"(?P<day>[0-9]{4}([-/.])[0-9]{2}\2[0-9]{2})"
    r"(?:[T ](?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<zone>Z|UTC|GMT|(?P<side>[+-])(?P<hours>[01][0-9]|2[0-3])(?::?(?P<minutes>[0-5][0-9]))?)?)?"
)
FRACTION_DIGITS = 9
EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY, HOUR, MINUTE, SECOND = 86_400_000, 3_600_000, 60_000, 1_000
MOST_DAYS_KEPT = 10_000

_days: dict[str, int] = {}
"""What days read before stand for, in ms: a file has many times of one day."""


def parse_time(text: str, unit: str | None = None) -> int:
    """Milliseconds since 1970 UTC that a time's `text` stands for.

    `unit`, one of NANOSECONDS: that of counts, where the column's name says it; otherwise a count's size does: seconds
    below 10^11, milliseconds below 10^14, microseconds below 10^17, and nanoseconds. ValueError, with what was
    expected, for anything else, for parts of a millisecond, and outside 1970 to 9999.
    """
    text = text.strip()
    time = _of_count(text, unit) if is_number(text) else _of_text(text)
    if not 0 <= time <= LAST_TIME:
        raise ValueError("a time from 1970 to 9999")
    return time


def is_time(text: str) -> bool:
    """Whether the text is a time."""
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def _of_count(text: str, unit: str | None) -> int:
    """ms of a number, which may have decimals as long as they come to whole milliseconds."""
    scale = 10**FRACTION_DIGITS
    try:
        count = parse_number(text, FRACTION_DIGITS)
    except ValueError:
        raise ValueError(EXPECTED_MILLISECONDS) from None
    if unit is None:
        if count < SMALLEST_COUNT * scale:
            raise ValueError(EXPECTED_TIME)
        unit = _unit_of(count, scale)
    return _whole(count * NANOSECONDS[unit], scale * NANOSECONDS["ms"])


def _unit_of(count: int, scale: int) -> str:
    """The unit that makes a time after 1973, and before 5138, of a count in parts of `scale`."""
    for unit, end in (("s", 10**11), ("ms", 10**14), ("us", 10**17)):
        if count < end * scale:
            return unit
    return "ns"


def _of_text(text: str) -> int:
    match = TEXT.fullmatch(text)
    if match is None:
        raise ValueError(EXPECTED_TIME)
    time = _of_day(match["day"])
    if match["hour"] is None:
        return time
    time += int(match["hour"]) * HOUR + int(match["minute"]) * MINUTE + int(match["second"] or "0") * SECOND
    if match["fraction"] is not None:
        time += _whole(int(match["fraction"].ljust(FRACTION_DIGITS, "0")), NANOSECONDS["ms"])
    if match["side"] is not None:
        ahead = int(match["hours"]) * HOUR + int(match["minutes"] or "0") * MINUTE
        time += ahead if match["side"] == "-" else -ahead
    return time


def _of_day(text: str) -> int:
    if text not in _days:
        if len(_days) >= MOST_DAYS_KEPT:
            _days.clear()
        try:
            day = date(int(text[:4]), int(text[5:7]), int(text[8:]))
        except ValueError:
            raise ValueError("a day that exists") from None
        _days[text] = (day.toordinal() - EPOCH_DAY) * DAY
    return _days[text]


def _whole(numerator: int, denominator: int) -> int:
    """The quotient. ValueError where it is not whole."""
    if not is_multiple(numerator, denominator):
        raise ValueError(EXPECTED_MILLISECONDS)
    return floor_div(numerator, denominator)
