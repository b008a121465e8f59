"""Numbers of CSV files are read exactly: what is written, or nothing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.simulation.numbers import is_number, parse_number
from ledger.units import format_decimal, parse_decimal

READ = {
    "16537.50": 16_537_500_000_000,
    "16537.5000000000000": 16_537_500_000_000,
    "+1.5": 1_500_000_000,
    "-1.5": -1_500_000_000,
    "007": 7_000_000_000,
    "00.5": 500_000_000,
    ".5": 500_000_000,
    "5.": 5_000_000_000,
    " 5 ": 5_000_000_000,
    "1e-05": 10_000,
    "1E-9": 1,
    "-1.829e-05": -18_290,
    "1.50e-8": 15,
    "1.7385456e+09": 1_738_545_600_000_000_000,
    "1.25e1": 12_500_000_000,
    "9.5e4": 95_000_000_000_000,
    "0e-99": 0,
    "-0.0": 0,
    "1e9": 10**18,
}

REFUSED = {
    "": "an exact decimal such",
    " ": "an exact decimal such",
    ".": "an exact decimal such",
    "e5": "an exact decimal such",
    "1e": "an exact decimal such",
    "1e1000": "an exact decimal such",
    "1e5.0": "an exact decimal such",
    "nan": "an exact decimal such",
    "inf": "an exact decimal such",
    "-inf": "an exact decimal such",
    "--1": "an exact decimal such",
    "+-1": "an exact decimal such",
    "1_000": "an exact decimal such",
    "0x10": "an exact decimal such",
    "95,482": "an exact decimal such",
    "95,482.00": "an exact decimal such",
    "16537,5": "an exact decimal such",
    "$5": "an exact decimal such",
    "5 USD": "an exact decimal such",
    "\u0661": "an exact decimal such",
    "1.0000000001": "at most 9 decimals",
    "1e-10": "at most 9 decimals",
    "0.0001872446163727": "at most 9 decimals",
    "1e80": "a number of at most 80 characters",
}


@pytest.mark.parametrize(("text", "value"), READ.items())
def test_what_is_written_is_read(text: str, value: int) -> None:
    assert parse_number(text, 9) == value
    assert is_number(text)


@pytest.mark.parametrize(("text", "expected"), REFUSED.items())
def test_what_is_no_exact_number_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_number(text, 9)


@given(st.integers(-(10**30), 10**30), st.integers(0, 12))
def test_what_decimal_text_says_is_read_the_same(value: int, decimals: int) -> None:
    text = format_decimal(value, decimals)
    assert parse_number(text, decimals) == parse_decimal(text, decimals) == value


@given(
    st.from_regex(r"[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})", fullmatch=True),
    st.one_of(st.just(""), st.integers(-50, 50).map("e{}".format), st.integers(0, 50).map("E+{}".format)),
)
def test_the_value_is_that_of_the_text_or_none_is_given(digits: str, exponent: str) -> None:
    """Held against rational numbers, which read the same spellings."""
    exact = Fraction(digits + exponent) * 10**9
    if exact.denominator == 1:
        assert parse_number(digits + exponent, 9) == exact
    else:
        with pytest.raises(ValueError, match="at most 9 decimals"):
            parse_number(digits + exponent, 9)
