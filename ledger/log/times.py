"""Instants as text: ISO 8601 in UTC, to the millisecond.

The text is `2020-09-13T12:26:40Z`, with one to three decimals of a second where needed, and `+00:00` read for `Z`. The
years are 1970 to 9999.
"""

import re
from datetime import UTC, datetime, timedelta

LAST_TIME = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last instant that has a text."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
TIME_TEXT = re.compile(
    r"(?P<minute>[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]):(?P<second>[0-5][0-9])"
    r"(\.(?P<fraction>[0-9]{1,3}))?(Z|\+00:00)"
)
MINUTE_LENGTH = len("2020-09-13T12:26")
MOST_MINUTES_KEPT = 10_000

EXPECTED_TIME = 'a time such as "2020-09-13T12:26:40.125Z", in UTC, or whole milliseconds since 1970'

_minutes: dict[str, int] = {}
_seconds: dict[str, int] = {}
"""What the two parts of texts read before stand for, in ms. Valid ones only, so the second table is bounded."""


def parse_time(value: str | int) -> int:
    """Milliseconds since 1970 UTC of a time's text, or of the number itself. ValueError, saying what was expected."""
    if isinstance(value, int):
        if 0 <= value <= LAST_TIME:
            return value
        raise ValueError("a time from 1970 to 9999")
    try:
        return _minutes[value[:MINUTE_LENGTH]] + _seconds[value[MINUTE_LENGTH:]]
    except KeyError:
        return _parse_new(value)


def _parse_new(text: str) -> int:
    match = TIME_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(EXPECTED_TIME)
    try:
        minute = datetime.fromisoformat(f"{match['minute']}+00:00")
    except ValueError:
        raise ValueError("a day that exists") from None
    if minute < EPOCH:
        raise ValueError("a time from 1970 to 9999")
    if len(_minutes) >= MOST_MINUTES_KEPT:
        _minutes.clear()
    in_minutes = (minute - EPOCH) // MILLISECOND
    in_seconds = int(match["second"]) * 1000 + int((match["fraction"] or "0").ljust(3, "0"))
    _minutes[text[:MINUTE_LENGTH]], _seconds[text[MINUTE_LENGTH:]] = in_minutes, in_seconds
    return in_minutes + in_seconds


def format_time(time: int) -> str:
    """The canonical text of `time` in ms: no decimals for a whole second, three otherwise. ValueError outside 1970 to
    9999."""
    if not 0 <= time <= LAST_TIME:
        raise ValueError(f"{time} ms is not a time from 1970 to 9999")
    text = (EPOCH + time * MILLISECOND).isoformat(timespec="milliseconds")
    return text.replace(".000+00:00", "Z").replace("+00:00", "Z")
