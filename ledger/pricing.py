"""The prices at which a takeover hands positions on: pure functions of a few integers (specs/rules/backstop-transfer).

All prices are whole atoms per lot; `size` is the position's signed size in lots, not zero; `equity` is the market's
part of the account's equity, in atoms, signed.
"""

from collections.abc import Sequence

from .units import RATE_SCALE, apportion, ceil_div, floor_div


def bankruptcy_price(*, size: int, mark_per_lot: int, equity: int) -> int:
    """The price at which the position hands over exactly its part of equity, rounded in the insurance fund's favour.

    A long sells, so up; a short buys back, so down.
    """
    lots = abs(size)
    if size > 0:
        return ceil_div(lots * mark_per_lot - equity, lots)
    return floor_div(lots * mark_per_lot + equity, lots)


def provider_price(*, size: int, mark_per_lot: int, bankruptcy: int, discount: int) -> int:
    """The providers' price: the bankruptcy price or the discount bound, whichever is better for them.

    `discount` is in ppb of mark and signed. The bound is rounded in the receiver's favour.
    """
    if size > 0:
        return min(bankruptcy, floor_div(mark_per_lot * (RATE_SCALE - discount), RATE_SCALE))
    return max(bankruptcy, ceil_div(mark_per_lot * (RATE_SCALE + discount), RATE_SCALE))


def deleverage_price(*, size: int, mark_per_lot: int, bankruptcy: int) -> int:
    """The auto-deleveraging price: the bankruptcy price, but never worse than mark for those who are deleveraged."""
    return min(bankruptcy, mark_per_lot) if size > 0 else max(bankruptcy, mark_per_lot)


def shrink_discounts(*, shortfall: int, discounts: Sequence[int], lots: Sequence[int]) -> tuple[int, ...]:
    """How many atoms per lot each market's provider price moves toward its auto-deleveraging price.

    `shortfall`: atoms that the insurance fund lacks, not negative. `discounts`: atoms per lot between the two prices,
    not negative. `lots`: what providers took, by market. The whole discounts are given up before anybody else pays;
    each move is rounded up, and never beyond the discount.
    """
    gains = [taken * discount for taken, discount in zip(lots, discounts, strict=True)]
    given_up = apportion(min(shortfall, sum(gains)), gains)
    return tuple(ceil_div(part, taken) if part > 0 else 0 for part, taken in zip(given_up, lots, strict=True))
