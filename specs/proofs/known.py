"""Functions of the ledger as they are, which also make known to a proof what is proved of them elsewhere."""

from collections.abc import Sequence

import z3  # type: ignore[import-untyped]

from ledger import units

from .claims import Lemma
from .engine import Int, Path, implies


def path_of(*values: object) -> Path | None:
    """The path that symbolic integers belong to; None where all of them are plain."""
    for value in values:
        if isinstance(value, Int):
            assert isinstance(value.path, Path)
            return value.path
    return None


def is_plainly(left: int, right: int) -> bool:
    """Whether two integers are the same by their form alone, whatever the path."""
    path = path_of(left, right)
    if path is None:
        return left == right
    left_term, right_term = path.term_of(left), path.term_of(right)
    assert left_term is not None
    assert right_term is not None
    difference = z3.simplify(left_term - right_term, som=True)
    return bool(z3.is_int_value(difference) and difference.as_long() == 0)


def known_split(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`units.apportion`, with what the claims apportion-any and apportion-any-negative say of its parts.

    Parts that are equal to the total or to their weights are given as these, so that products with them are the same.
    """
    path, whole = path_of(total, *weights), sum(weights)
    if any(weight < 0 for weight in weights):
        raise ValueError("split over a negative weight, of which the claims say nothing")
    if path is None:
        return units.apportion(total, weights)
    with path.opaque_quotients():
        parts = units.apportion(total, weights)
    if len(parts) == 1:
        return (total,)
    if is_plainly(total, whole):
        return tuple(weights)
    path.assume(sum(parts) == total)
    sign = 1 if total >= 0 else -1
    for part, weight in zip(parts, weights, strict=True):
        off = part * whole - total * weight
        path.assume((sign * part >= 0) & implies(weight == 0, part == 0))
        path.assume(implies(sign * total <= whole, sign * part <= weight))
        path.assume(implies(whole > 0, (-whole < off) & (off < whole)))
    return parts


SPLIT = Lemma("units.apportion", known_split, ("apportion-any", "apportion-any-negative"))
