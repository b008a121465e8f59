"""Axes: what a list may hold, exactly, and one line for whatever it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calibration.axes import MOST_LEVELS, AxisError, Kind, Level, levels_of
from ledger.units import RATE_SCALE, format_decimal

CENTS = Kind(2)
TIED = Kind(2, multiples=True)
RATES = Kind(9, least=1 - RATE_SCALE, most=RATE_SCALE)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5", [500]),
        ("0", [0]),
        ("3,1,2,2", [100, 200, 300]),
        (" 1 , 2.50 ", [100, 250]),
        ("1..8x2", [100, 200, 400, 800]),
        ("1..7x2", [100, 200, 400]),
        ("1..3x1.5", [100, 150, 225]),
        ("1..2.25x1.5", [100, 150, 225]),
        ("5..5x2", [500]),
        ("1..5+2", [100, 300, 500]),
        ("1..4+2", [100, 300]),
        ("0..1+0.25", [0, 25, 50, 75, 100]),
        ("0,1..4x2,3..9+3", [0, 100, 200, 300, 400, 600, 900]),
    ],
)
def test_lists(text: str, values: list[int]) -> None:
    assert levels_of(text, CENTS) == tuple(Level(False, value) for value in values)


def test_discounts_may_be_negative() -> None:
    values = [-10_000_000, 0, 10_000_000]
    assert levels_of("-0.01..0.01+0.01", RATES) == tuple(Level(False, value) for value in values)


def test_multiples_stand_last() -> None:
    found = levels_of("3x,1.5x,100", TIED)
    assert found == (Level(False, 10_000), Level(True, 1_500_000_000), Level(True, 3_000_000_000))
    assert [level.text(2) for level in found] == ["100", "1.5x", "3x"]
    assert [level.resolved(333) for level in found] == [10_000, 499, 999]  # rounded down


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("", CENTS, 'found nothing, expected an exact decimal such as "5000.25", a range such as 1..8x2 or 1..8+1'),
        ("1,,2", CENTS, "found nothing, expected"),
        ("1e3", CENTS, "found 1e3, expected an exact decimal"),
        ("1_000", CENTS, "found 1_000, expected"),
        ("0.001", CENTS, "found 0.001, expected at most 2 decimals"),
        ("-1", CENTS, "found -1, expected a number of at least 0"),
        ("1.5", RATES, "found 1.5, expected a number from -0.999999999 to 1"),
        ("-1", RATES, "found -1, expected a number from"),
        ("3x", CENTS, "found 3x, expected"),
        ("nan", TIED, "or a multiple such as 3x"),
        ("-3x", TIED, "found -3x, expected a multiple of 0 or more"),
        ("8..1x2", CENTS, "found 8..1x2, expected a range from the lesser to the greater"),
        ("0..8x2", CENTS, "found 0..8x2, expected a range that begins above 0 and grows by a factor above 1"),
        ("1..8x1", CENTS, "expected a range that begins above 0 and grows by a factor above 1"),
        ("1..4x1.5", CENTS, "found 1..4x1.5, expected a factor that gives values of at most 2 decimals"),
        ("1..8+0", CENTS, "found 1..8+0, expected a step above 0"),
        ("1..8+-1", CENTS, "found 1..8+-1, expected a step above 0"),
        ("1..8", CENTS, "found 1..8, expected an exact decimal"),
        ("1..8*2", CENTS, "found 1..8*2, expected an exact decimal"),
        ("0..1000000+0.01", CENTS, "expected at most 1000 values"),
        ("0..999+1,2000..2999+1", CENTS, "found more than 1000 values, expected fewer"),
        ("9" * 90, CENTS, "expected a number of at most 80 characters"),
    ],
)
def test_what_is_none(text: str, kind: Kind, told: str) -> None:
    with pytest.raises(AxisError) as raised:
        levels_of(text, kind)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.sets(st.integers(0, 10**20), min_size=1, max_size=20))
def test_numbers_are_exact(values: set[int]) -> None:
    text = ",".join(format_decimal(value, 13) for value in values)
    assert levels_of(text, Kind(13)) == tuple(Level(False, value) for value in sorted(values))


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**5))
def test_ranges_hold_every_step_and_no_other(first: int, length: int, step: int) -> None:
    text = f"{format_decimal(first, 2)}..{format_decimal(first + length, 2)}+{format_decimal(step, 2)}"
    wanted = [value for value in range(first, first + length + 1) if (value - first) % step == 0]
    if len(wanted) <= MOST_LEVELS:
        assert [level.value for level in levels_of(text, CENTS)] == wanted
