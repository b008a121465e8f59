"""Integer units, the only functions that divide, and decimal text.

Every quantity of the ledger is a Python integer in a fixed unit (specs/state):

========================  =====================================================
amount of an asset        atoms of 10^-decimals of the asset
price                     10^-9 of the settlement asset per whole unit
size                      lots, signed, long > 0
rate, ratio, factor       parts per billion
the monitor's figures     parts per million
exact value               10^-18 atoms of the settlement asset
time                      milliseconds since 1970 UTC
========================  =====================================================

An *exact value* is the common denominator in which amounts at prices and factors, and notionals at rates, are whole
numbers, so that collateral and requirements are compared without rounding.

Division happens in this module alone, and each function names its direction. The two operands of a division are
positional, as they are around an operator.
"""

from collections.abc import Sequence

RATE_DECIMALS = 9
PRICE_DECIMALS = 9
EXACT_DECIMALS = PRICE_DECIMALS + RATE_DECIMALS
RATE_SCALE: int = 10**RATE_DECIMALS
PRICE_SCALE: int = 10**PRICE_DECIMALS
EXACT_SCALE: int = 10**EXACT_DECIMALS
PPM_DECIMALS = 6
PPM_SCALE: int = 10**PPM_DECIMALS

LONGEST_NUMBER = 80
"""Characters of the longest decimal text that is read: far beyond any quantity, far below what is slow to convert."""


def floor_div(numerator: int, denominator: int) -> int:
    """The quotient rounded down, toward minus infinity."""
    return numerator // denominator


def ceil_div(numerator: int, denominator: int) -> int:
    """The quotient rounded up, toward plus infinity."""
    return -(-numerator // denominator)


def div_toward_zero(numerator: int, denominator: int) -> int:
    """The quotient rounded toward zero; `denominator` is positive."""
    return numerator // denominator if numerator >= 0 else -(-numerator // denominator)


def root_ceil(value: int) -> int:
    """The square root of a value of 0 or more, rounded up."""
    root = 1 << (value.bit_length() + 1) // 2
    # From above, Newton's steps fall to the root rounded down and then fall no more.
    while root * root > value:
        root = (root + value // root) // 2
    return root if root * root == value else root + 1


def floor_to_multiple(value: int, step: int) -> int:
    """The largest multiple of `step` that is not above `value`; `step` is positive."""
    return value // step * step


def remainder(value: int, step: int) -> int:
    """What `value` is above the multiple of `step` at or below it; `step` is positive."""
    return value % step


def is_multiple(value: int, step: int) -> bool:
    """Whether `value` is a whole number of positive `step`s."""
    return value % step == 0


def sign(value: int) -> int:
    """1 for a positive value, -1 for a negative one, 0 for zero."""
    if value > 0:
        return 1
    return -1 if value < 0 else 0


def apportion(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` over non-negative `weights` by cumulative floors (specs/state).

    With `W_i` the sum of the first i weights and `W` of all, part i is
    `floor(total * W_i / W) - floor(total * W_(i-1) / W)`. The parts sum to `total` exactly, each is within one unit of
    its exact share, zero for a zero weight, and none exceeds its weight while `0 <= total <= W`. A negative total gives
    the negated parts of the positive one. ValueError where all weights are zero and the total is not.
    """
    if total < 0:
        return tuple(-part for part in apportion(-total, weights))
    whole = sum(weights)
    if whole == 0:
        if total != 0:
            raise ValueError(f"{total} cannot be apportioned over weights that are all zero")
        return tuple(0 for _ in weights)
    parts = []
    weight_so_far, given_so_far = 0, 0
    for weight in weights:
        weight_so_far += weight
        given = total * weight_so_far // whole
        parts.append(given - given_so_far)
        given_so_far = given
    return tuple(parts)


def parse_decimal(text: str, decimals: int) -> int:
    """The integer that decimal `text` is in units of 10^-decimals: "5000.25" with 9 decimals is 5000250000000.

    Plain digits with an optional minus and an optional point, at least one digit on each side of it, no exponent and
    no superfluous leading zero. ValueError, with what was expected, for anything else and for more decimals than the
    unit has.
    """
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of at most {LONGEST_NUMBER} characters")
    negative = text.startswith("-")
    whole, point, fraction = (text[1:] if negative else text).partition(".")
    if not (whole.isdecimal() and whole.isascii()) or (whole[0] == "0" and len(whole) > 1):
        raise ValueError('an exact decimal such as "5000.25"')
    if point and not (fraction.isdecimal() and fraction.isascii()):
        raise ValueError('an exact decimal such as "5000.25"')
    significant = fraction.rstrip("0")
    if len(significant) > decimals:
        raise ValueError(f"at most {decimals} decimals")
    value = int(whole + significant.ljust(decimals, "0"))
    return -value if negative else value


def format_decimal(value: int, decimals: int) -> str:
    """The shortest exact decimal text of `value` units of 10^-decimals; the inverse of `parse_decimal`."""
    digits = str(abs(value)).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:].rstrip("0")) if decimals else (digits, "")
    text = f"{whole}.{fraction}" if fraction else whole
    return f"-{text}" if value < 0 else text
