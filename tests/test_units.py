"""The divisions, the kernel that splits, and decimal text."""

from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, trunc

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.units import (
    EXACT_SCALE,
    LONGEST_NUMBER,
    PRICE_SCALE,
    RATE_SCALE,
    apportion,
    ceil_div,
    div_toward_zero,
    floor_div,
    floor_to_multiple,
    format_decimal,
    is_multiple,
    parse_decimal,
    root_ceil,
    sign,
)

deterministic = settings(deadline=None, derandomize=True)
integers = st.integers(-(10**40), 10**40)
positive = st.integers(1, 10**40)
weights = st.lists(st.one_of(st.just(0), st.integers(0, 20), st.integers(0, 10**30)), min_size=1, max_size=12)


def test_an_exact_value_holds_an_amount_at_a_price_and_a_factor() -> None:
    assert EXACT_SCALE == PRICE_SCALE * RATE_SCALE


@pytest.mark.parametrize(
    ("numerator", "denominator", "down", "up", "toward_zero"),
    [
        (7, 2, 3, 4, 3),
        (-7, 2, -4, -3, -3),
        (8, 2, 4, 4, 4),
        (-8, 2, -4, -4, -4),
        (0, 5, 0, 0, 0),
        (1, 10**40, 0, 1, 0),
        (-1, 10**40, -1, 0, 0),
    ],
)
def test_each_division_rounds_as_it_is_named(
    numerator: int, denominator: int, down: int, up: int, toward_zero: int
) -> None:
    assert floor_div(numerator, denominator) == down
    assert ceil_div(numerator, denominator) == up
    assert div_toward_zero(numerator, denominator) == toward_zero


@deterministic
@given(integers, positive)
def test_divisions_agree_with_exact_fractions(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert floor_div(numerator, denominator) == floor(exact)
    assert ceil_div(numerator, denominator) == ceil(exact)
    assert div_toward_zero(numerator, denominator) == trunc(exact)


@deterministic
@given(integers, positive.map(lambda value: -value))
def test_divisions_up_and_down_take_a_negative_denominator(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert (floor_div(numerator, denominator), ceil_div(numerator, denominator)) == (floor(exact), ceil(exact))


@deterministic
@given(integers, positive)
def test_the_multiple_below(value: int, step: int) -> None:
    below = floor_to_multiple(value, step)
    assert is_multiple(below, step)
    assert 0 <= value - below < step
    assert is_multiple(value, step) == (below == value)


@pytest.mark.parametrize(("value", "expected"), [(5, 1), (1, 1), (0, 0), (-1, -1), (-(10**50), -1)])
def test_the_sign(value: int, expected: int) -> None:
    assert sign(value) == expected


@pytest.mark.parametrize(
    ("total", "over", "parts"),
    [
        (10, [1, 1, 1], (3, 3, 4)),
        (11, [1, 1, 1], (3, 4, 4)),
        (-10, [1, 1, 1], (-3, -3, -4)),
        (100, [7200, 800, 80], (89, 10, 1)),
        (5, [0, 3, 0, 7, 0], (0, 1, 0, 4, 0)),
        (1, [1, 1, 1], (0, 0, 1)),
        (3, [1, 1, 1], (1, 1, 1)),
        (7, [1], (7,)),
        (0, [0, 0], (0, 0)),
        (0, [], ()),
        (0, [4, 5], (0, 0)),
        (150_000, [60_000, 40_000], (90_000, 60_000)),
    ],
)
def test_apportioned_by_cumulative_floors(total: int, over: list[int], parts: tuple[int, ...]) -> None:
    assert apportion(total, over) == parts


@deterministic
@given(st.integers(0, 10**35), weights)
def test_parts_are_the_cumulative_floors(total: int, over: list[int]) -> None:
    """The definition itself, in fractions."""
    whole = sum(over)
    assume(whole > 0)
    running = [floor(Fraction(total * sum(over[:count]), whole)) for count in range(len(over) + 1)]
    assert apportion(total, over) == tuple(after - before for before, after in pairwise(running))


@deterministic
@given(st.integers(-(10**35), 10**35), weights)
def test_parts_sum_and_stay_close_to_their_shares(total: int, over: list[int]) -> None:
    """They sum to the total; each is within one unit of its exact share, has its sign, and is zero for no weight."""
    whole = sum(over)
    assume(whole > 0)
    parts = apportion(total, over)
    assert len(parts) == len(over)
    assert sum(parts) == total
    for part, weight in zip(parts, over, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
        assert part * sign(total) >= 0
        if weight == 0:
            assert part == 0


@deterministic
@given(weights, st.data())
def test_no_part_exceeds_its_weight_while_the_total_does_not(over: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(over)))
    assert all(0 <= part <= weight for part, weight in zip(apportion(total, over), over, strict=True))


@deterministic
@given(weights)
def test_the_whole_weight_gives_the_weights(over: list[int]) -> None:
    assert apportion(sum(over), over) == tuple(over)


@deterministic
@given(st.integers(0, 10**35), weights)
def test_a_negative_total_gives_the_negated_parts(total: int, over: list[int]) -> None:
    assume(sum(over) > 0)
    assert apportion(-total, over) == tuple(-part for part in apportion(total, over))


@pytest.mark.parametrize("total", [1, -1, 10**30])
@pytest.mark.parametrize("over", [[], [0], [0, 0, 0]])
def test_something_over_nothing_is_refused(total: int, over: list[int]) -> None:
    with pytest.raises(ValueError, match="all zero"):
        apportion(total, over)


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [
        ("5000.25", 9, 5_000_250_000_000),
        ("-0.000000001", 9, -1),
        ("0", 9, 0),
        ("0.0", 0, 0),
        ("-0", 9, 0),
        ("1.500", 1, 15),
        ("12", 0, 12),
        ("12.000", 0, 12),
        ("0.0000000000001", 13, 1),
        ("1" * LONGEST_NUMBER, 0, int("1" * LONGEST_NUMBER)),
    ],
)
def test_decimal_text_is_read_exactly(text: str, decimals: int, value: int) -> None:
    assert parse_decimal(text, decimals) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "-.5",
        "+1",
        " 1",
        "1 ",
        "1\n",
        "01",
        "-01",
        "00",
        "00.5",
        "1e3",
        "1E3",
        "1.5e-3",
        "1_000",
        "1,000",
        "1.2.3",
        "--1",
        "1-",
        "0x10",
        "NaN",
        "inf",
        "-Infinity",
        "1/2",
        "½",
        "²",
        "1.²",
        "\u0661\u0662",
        "1.\u0661",
        "1" * (LONGEST_NUMBER + 1),
        "0." + "0" * LONGEST_NUMBER,
    ],
)
def test_text_that_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"exact decimal|at most"):
        parse_decimal(text, 9)


@pytest.mark.parametrize(("text", "decimals"), [("0.1", 0), ("1.00000000001", 9), ("-0.00000000000001", 13)])
def test_more_decimals_than_the_unit_has_are_refused(text: str, decimals: int) -> None:
    with pytest.raises(ValueError, match=f"at most {decimals} decimals"):
        parse_decimal(text, decimals)


@deterministic
@given(st.integers(-(10**40), 10**40), st.integers(0, 30))
def test_decimal_text_goes_there_and_back(value: int, decimals: int) -> None:
    """The text of a value is read as that value, says the same number, and is the shortest that does."""
    text = format_decimal(value, decimals)
    assert parse_decimal(text, decimals) == value
    assert Fraction(text) == Fraction(value, 10**decimals)
    assert not ("." in text and text.endswith(("0", ".")))
    assert text != "-0"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 0, "0"),
        (0, 9, "0"),
        (1, 9, "0.000000001"),
        (-1, 1, "-0.1"),
        (100, 1, "10"),
        (100, 0, "100"),
        (-1500, 3, "-1.5"),
        (1_000_000_001, 9, "1.000000001"),
    ],
)
def test_values_are_written_in_the_shortest_exact_way(value: int, decimals: int, text: str) -> None:
    assert format_decimal(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "root"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (10**40, 10**20), (10**40 + 1, 10**20 + 1)]
)
def test_the_root_rounded_up(value: int, root: int) -> None:
    assert root_ceil(value) == root


@deterministic
@given(st.integers(1, 10**60))
def test_the_root_is_the_least_whose_square_reaches_the_value(value: int) -> None:
    root = root_ceil(value)
    assert (root - 1) ** 2 < value <= root**2
