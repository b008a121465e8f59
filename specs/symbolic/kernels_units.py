"""Contracts of `units`: the functions that divide, and the one that splits."""

from collections.abc import Sequence
from itertools import accumulate

from ledger import units

from .claims import Bug, Claim, Contract, Kind


def floor_division(numerator: int, denominator: int) -> int:
    """The quotient rounded down is the largest integer not above the exact quotient.

    pre: denominator > 0
    post: _ * denominator <= numerator < (_ + 1) * denominator
    reach: _ * denominator < numerator < 0
    """
    return units.floor_div(numerator, denominator)


def ceiling_division(numerator: int, denominator: int) -> int:
    """The quotient rounded up is the smallest integer not below the exact quotient.

    pre: denominator > 0
    post: (_ - 1) * denominator < numerator <= _ * denominator
    reach: 0 < numerator < _ * denominator
    """
    return units.ceil_div(numerator, denominator)


def division_toward_zero(numerator: int, denominator: int) -> int:
    """The quotient rounded toward zero has the numerator's sign or is zero, and is off by less than one.

    pre: denominator > 0
    post: (_ >= 0) if numerator >= 0 else (_ <= 0)
    post: abs(_) * denominator <= abs(numerator) < (abs(_) + 1) * denominator
    reach: numerator < 0 and _ * denominator > numerator
    reach: numerator > 0 and _ * denominator < numerator
    """
    return units.div_toward_zero(numerator, denominator)


def multiple_below(value: int, step: int) -> int:
    """The largest multiple of a step that is not above a value is within one step of it.

    pre: step > 0
    post: _ <= value < _ + step
    reach: _ < value < 0
    reach: _ == value > step
    """
    return units.floor_to_multiple(value, step)


def multiple_is_one(value: int, step: int) -> int:
    """The largest multiple below is a multiple of the step, and the value itself exactly where that is one.

    pre: step in (1, 10_000, 900_000, 28_800_000, 250_000_000)
    post: units.is_multiple(_, step)
    post: units.is_multiple(value, step) == (_ == value)
    reach: _ == value > step > 1
    reach: _ < value
    """
    return units.floor_to_multiple(value, step)


def sign_of(value: int) -> int:
    """The sign is one of three, and gives the magnitude.

    post: _ in (-1, 0, 1)
    post: _ * value == abs(value)
    post: (_ == 0) == (value == 0)
    reach: _ == -1
    reach: _ == 0
    """
    return units.sign(value)


def is_split(total: int, weights: Sequence[int], parts: Sequence[int]) -> bool:
    """Whether parts are the split of a total: exact in sum, each within one unit of its share and within its weight.

    The first parts together are their share, rounded toward zero.
    """
    whole = sum(weights)
    if len(parts) != len(weights) or sum(parts) != total:
        return False
    for part, weight in zip(parts, weights, strict=True):
        off = part * whole - total * weight
        if not -whole < off < whole or (weight == 0 and part != 0):
            return False
        if 0 <= total <= whole and not 0 <= part <= weight:
            return False
    for given, weight in zip(accumulate(parts), accumulate(weights), strict=True):
        missing = abs(total) * weight - abs(given) * whole
        if not 0 <= missing < whole:
            return False
    return True


def apportion_over_one(total: int, weight: int) -> tuple[int, ...]:
    """The only receiver gets all.

    pre: weight > 0
    post: _ == (total,)
    reach: total < 0 and _[0] < 0
    reach: _[0] > weight
    """
    return units.apportion(total, (weight,))


def apportion_over_two(total: int, first: int, second: int) -> tuple[int, ...]:
    """Split over two: the parts sum to the total, each is within one unit of its share and within its weight.

    pre: first >= 0 and second >= 0
    pre: first + second > 0
    post: is_split(total, (first, second), _)
    reach: total < 0 and _[0] < 0 and _[1] < 0
    reach: 0 < _[0] < first and 0 < _[1] < second
    """
    return units.apportion(total, (first, second))


def apportion_over_three(total: int, first: int, second: int, third: int) -> tuple[int, ...]:
    """Split over three: the parts sum to the total, each is within one unit of its share and within its weight.

    pre: first >= 0 and second >= 0 and third >= 0
    pre: first + second + third > 0
    post: is_split(total, (first, second, third), _)
    reach: total < 0 and _[2] < 0
    reach: _[0] > 0 and _[1] > 0 and _[2] > 0
    """
    return units.apportion(total, (first, second, third))


def apportion_over_four(total: int, first: int, second: int, third: int, fourth: int) -> tuple[int, ...]:
    """Split over four: the parts sum to the total, each is within one unit of its share and within its weight.

    pre: first >= 0 and second >= 0 and third >= 0 and fourth >= 0
    pre: first + second + third + fourth > 0
    post: is_split(total, (first, second, third, fourth), _)
    reach: total < 0 and _[3] < 0
    reach: _[0] > 0 and _[3] > 0
    """
    return units.apportion(total, (first, second, third, fourth))


def apportion_is_odd(total: int, first: int, second: int, third: int) -> bool:
    """The parts of the negated total are the negated parts.

    pre: first >= 0 and second >= 0 and third >= 0
    pre: first + second + third > 0
    post: _
    reach: total > first + second
    """
    weights = (first, second, third)
    opposite = tuple(-part for part in units.apportion(-total, weights))
    return units.apportion(total, weights) == opposite


def apportion_over_nothing(total: int) -> tuple[int, ...] | None:
    """Where all weights are zero, a total of zero has parts of zero and any other is an error.

    pre: -20 <= total <= 20
    post: _ == ((0, 0) if total == 0 else None)
    reach: _ is None
    reach: _ is not None
    """
    try:
        return units.apportion(total, (0, 0))
    except ValueError:
        return None


def decimal_text(value: int) -> int:
    """Decimal text is read back as the integer that it was written from.

    given: 2 decimals
    pre: -120 <= value <= 1200
    post: _ == value
    reach: _ < 0
    reach: _ > 1000
    """
    return units.parse_decimal(units.format_decimal(value, 2), 2)


SPLITS = ("backstop-transfer",)
SPLIT_LAWS = ("ADL-1", "CAP-5", "TKO-2", "TKO-5")


def _apportion(name: str, contract: Contract, bug: Bug, *, quick: bool = True) -> Claim:
    return Claim(f"apportion-{name}", Kind.KERNEL, SPLITS, SPLIT_LAWS, contract, bug, quick=quick)


_UP = Bug("units", "given = total * weight_so_far // whole", "given = -(-total * weight_so_far // whole)")
_RESIDUE = Bug("units", "parts.append(given - given_so_far)", "parts.append(total * weight // whole)")

CLAIMS = (
    Claim(
        "floor-div",
        Kind.KERNEL,
        ("mark", "liquidate", "backstop-transfer"),
        ("MRK-1", "LIQ-1", "PRP-1", "TKO-2"),
        floor_division,
        Bug(
            "units",
            "return numerator // denominator\n\n\ndef ceil_div",
            "return int(numerator / denominator)\n\n\ndef ceil_div",
        ),
    ),
    Claim(
        "ceil-div",
        Kind.KERNEL,
        ("trade", "liquidate", "backstop-transfer"),
        ("FEE-1", "TKO-2"),
        ceiling_division,
        Bug(
            "units",
            "return -(-numerator // denominator)\n\n\ndef div",
            "return numerator // denominator + 1\n\n\ndef div",
        ),
    ),
    Claim(
        "div-toward-zero",
        Kind.KERNEL,
        ("fund",),
        ("FND-1",),
        division_toward_zero,
        Bug(
            "units",
            "if numerator >= 0 else -(-numerator // denominator)",
            "if numerator >= 0 else numerator // denominator",
        ),
    ),
    Claim(
        "floor-to-multiple",
        Kind.KERNEL,
        ("fund", "settle"),
        ("FND-1", "SET-2"),
        multiple_below,
        Bug("units", "return value // step * step", "return (value + step // 2) // step * step"),
    ),
    Claim(
        "multiple",
        Kind.KERNEL,
        ("deposit", "withdraw", "trade", "fund", "settle"),
        ("BKG-1", "MAR-2", "FND-1", "SET-2"),
        multiple_is_one,
        Bug("units", "return value % step == 0", "return value % (step // 2 + 1) == 0"),
    ),
    Claim(
        "sign",
        Kind.KERNEL,
        ("backstop-transfer",),
        ("CAP-3", "TKO-2"),
        sign_of,
        Bug("units", "return -1 if value < 0 else 0", "return -1 if value <= 0 else 0"),
    ),
    _apportion(
        "1",
        apportion_over_one,
        Bug("units", "for part in apportion(-total, weights)", "for part in apportion(-total - 1, weights)"),
    ),
    _apportion("2", apportion_over_two, _UP),
    _apportion("3", apportion_over_three, _RESIDUE),
    _apportion("4", apportion_over_four, _UP),
    _apportion("odd", apportion_is_odd, Bug("units", "    if total < 0:\n", "    if total < -(10**30):\n")),
    _apportion("nothing", apportion_over_nothing, Bug("units", "        if total != 0:", "        if total > 1:")),
    Claim(
        "decimal-text",
        Kind.KERNEL,
        ("deposit", "withdraw", "trade"),
        ("DET-1",),
        decimal_text,
        Bug("units", 'digits[-decimals:].rstrip("0")', 'digits[-decimals:].strip("0")'),
    ),
)
