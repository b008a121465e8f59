"""Functions of the ledger as they are, which also make known to a proof what is proved of them elsewhere."""

from collections.abc import Sequence

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


def known_split(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`units.apportion`, with what the claims apportion-any and apportion-any-negative say of its parts.

    A part that is zero is given as such, and the last as what the others leave of the total.
    """
    path, whole = path_of(total, *weights), sum(weights)
    if any(weight < 0 for weight in weights):
        raise ValueError("split over a negative weight, of which the claims say nothing")
    if path is None:
        return units.apportion(total, weights)
    with path.opaque_quotients():
        parts = units.apportion(total, weights)
    if len(parts) <= 1:
        return parts
    path.assume(sum(parts) == total)
    sign = 1 if total >= 0 else -1
    given: list[int] = []
    for part, weight in zip(parts, weights, strict=True):
        off = part * whole - total * weight
        path.assume((sign * part >= 0) & implies(weight == 0, part == 0))
        path.assume(implies(sign * total <= whole, sign * part <= weight))
        path.assume(implies(whole > 0, (-whole < off) & (off < whole)))
        given.append(0 if part == 0 else part)
    return (*given[:-1], total - sum(given[:-1]))


SPLIT = Lemma("units.apportion", known_split, ("apportion-any", "apportion-any-negative"))
