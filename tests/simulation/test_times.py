"""Times of CSV files: counts by their size, or by the unit that the column's name says, and ISO 8601."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.times import EPOCH, LAST_TIME, format_time
from ledger.simulation.times import EXPECTED_MILLISECONDS, EXPECTED_TIME, is_time, parse_time

CRASH = 1_738_545_600_000
"""2025-02-03 01:20:00 UTC."""

READ = {
    "1738545600": CRASH,
    "1738545600.0": CRASH,
    "1738545600.125": CRASH + 125,
    "1.7385456e+09": CRASH,
    "1738545600000": CRASH,
    "1738545600000.0": CRASH,
    "1738545600125": CRASH + 125,
    "1738545600125000": CRASH + 125,
    "1738545600125000000": CRASH + 125,
    "100000000": 100_000_000_000,
    "99999999999": 99_999_999_999_000,
    "100000000000": 100_000_000_000,
    "99999999999999": 99_999_999_999_999,
    "100000000000000": 100_000_000_000,
    "99999999999999000": 99_999_999_999_999,
    "100000000000000000": 100_000_000_000,
    "2025-02-03T01:20:00Z": CRASH,
    "2025-02-03 01:20:00": CRASH,
    " 2025-02-03 01:20:00 ": CRASH,
    "2025-02-03 01:20": CRASH,
    "2025/02/03 01:20": CRASH,
    "2025.02.03 01:20": CRASH,
    "2025-02-03 01:20:00 UTC": CRASH,
    "2025-02-03 01:20:00Z": CRASH,
    "2025-02-03 01:20:00.125": CRASH + 125,
    "2025-02-03 01:20:00.1": CRASH + 100,
    "2025-02-03T01:20:00.125000000Z": CRASH + 125,
    "2025-02-03 01:20:00+00:00": CRASH,
    "2025-02-03T02:20:00+01:00": CRASH,
    "2025-02-02T20:20:00-0500": CRASH,
    "2025-02-03T06:50:00+05:30": CRASH,
    "2025-02-03T09:20:00+08": CRASH,
    "2025-02-03": CRASH - 4_800_000,
    "1970-01-01": 0,
    "9999-12-31 23:59:59.999": LAST_TIME,
    "2024-02-29": 1_709_164_800_000,
}

REFUSED = {
    "": EXPECTED_TIME,
    "0": EXPECTED_TIME,
    "-1738545600": EXPECTED_TIME,
    "99999999": EXPECTED_TIME,
    "20250203": EXPECTED_TIME,
    "45691.0": EXPECTED_TIME,
    "01:20": EXPECTED_TIME,
    "02/03/2025": EXPECTED_TIME,
    "03.02.2025 01:20": EXPECTED_TIME,
    "2025-02/03": EXPECTED_TIME,
    "2025-2-3": EXPECTED_TIME,
    "2025-02-03 11-PM": EXPECTED_TIME,
    "2025-02-03 01:20:00 AM": EXPECTED_TIME,
    "2025-02-03 01:20:00 EST": EXPECTED_TIME,
    "2025-02-03 24:00": EXPECTED_TIME,
    "2025-02-03 01:60": EXPECTED_TIME,
    "2025-02-03 01:20:60": EXPECTED_TIME,
    "nan": EXPECTED_TIME,
    "NaT": EXPECTED_TIME,
    "2025-02-30": "a day that exists",
    "2023-02-29 00:00:00": "a day that exists",
    "1738545600.0001": EXPECTED_MILLISECONDS,
    "1738545600125.5": EXPECTED_MILLISECONDS,
    "1738545600125001": EXPECTED_MILLISECONDS,
    "1738545600125000001": EXPECTED_MILLISECONDS,
    "1738545600.00000000000001": EXPECTED_MILLISECONDS,
    "2025-02-03 01:20:00.1255": EXPECTED_MILLISECONDS,
    "1969-12-31": "a time from 1970 to 9999",
    "1970-01-01T00:00:00+01:00": "a time from 1970 to 9999",
    "9999-12-31T23:59:59-01:00": "a time from 1970 to 9999",
    "1e21": "a time from 1970 to 9999",
}

IN_UNITS = [
    ("1738545600", "s", CRASH),
    ("1738545600000", "ms", CRASH),
    ("1738545600000000", "us", CRASH),
    ("1738545600000000000", "ns", CRASH),
    ("0", "ms", 0),
    ("60000", "ms", 60_000),
    ("60", "s", 60_000),
    ("1738545600", "ms", 1_738_545_600),
    ("2025-02-03 01:20", "ms", CRASH),
]


@pytest.mark.parametrize(("text", "time"), READ.items())
def test_what_is_written_is_read(text: str, time: int) -> None:
    assert parse_time(text) == time
    assert is_time(text)


@pytest.mark.parametrize(("text", "expected"), REFUSED.items())
def test_what_is_no_exact_time_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_time(text)
    assert str(caught.value) == expected
    assert not is_time(text)


@pytest.mark.parametrize(("text", "unit", "time"), IN_UNITS)
def test_a_unit_that_is_said_decides(text: str, unit: str, time: int) -> None:
    assert parse_time(text, unit) == time


def test_a_unit_that_is_said_admits_parts_of_no_millisecond_and_no_time_before_1970() -> None:
    with pytest.raises(ValueError, match=EXPECTED_MILLISECONDS):
        parse_time("1500", "us")
    with pytest.raises(ValueError, match="a time from 1970 to 9999"):
        parse_time("-1", "ms")


@given(st.integers(0, LAST_TIME), st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_every_spelling_of_an_instant_is_that_instant(time: int, minutes: int) -> None:
    instant = EPOCH + timedelta(milliseconds=time)
    assert instant.tzinfo is UTC
    assert parse_time(format_time(time)) == time
    assert parse_time(str(time), "ms") == parse_time(f"{time}000", "us") == parse_time(f"{time}000000", "ns") == time
    text = format_seconds(time)
    assert parse_time(text, "s") == time
    if 10**11 <= time < 10**14:
        assert parse_time(str(time)) == parse_time(f"{time}000") == parse_time(f"{time}000000") == time
        assert parse_time(text) == time
    if 10**8 < time < LAST_TIME - 10**8:
        abroad = instant.astimezone(timezone(timedelta(minutes=minutes)))
        assert parse_time(abroad.isoformat()) == parse_time(str(abroad)) == time
        assert parse_time(str(abroad.astimezone(UTC).replace(tzinfo=None))) == time


def format_seconds(time: int) -> str:
    """A time as seconds with three decimals."""
    return f"{time // 1000}.{time % 1000:03}"


def test_days_that_are_remembered_are_as_those_that_are_not() -> None:
    texts = [datetime.fromtimestamp(day * 86_400, UTC).date().isoformat() for day in range(11_000)]
    assert [parse_time(text) for text in texts] == [day * 86_400_000 for day in range(11_000)]
    assert parse_time(texts[1]) == parse_time(texts[1]) == 86_400_000
