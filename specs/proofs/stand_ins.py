"""What runs in place of a function of the ledger where a proof needs only what is proved of it elsewhere."""

from collections.abc import Sequence

from ledger import units

from .claims import StandIn
from .engine import Int, Path, implies


def path_of(*values: object) -> Path | None:
    """The path that symbolic integers belong to; None where all of them are plain."""
    for value in values:
        if isinstance(value, Int):
            assert isinstance(value.path, Path)
            return value.path
    return None


def any_split(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """In place of `units.apportion`: any parts that are as the claim apportion-any says."""
    path = path_of(total, *weights)
    whole = sum(weights)
    if path is None or whole == 0:
        return units.apportion(total, weights)
    if total < 0:
        return tuple(-part for part in any_split(-total, weights))
    parts = tuple(path.introduce("part") for _ in weights)
    path.assume(sum(parts) == total)
    weight_so_far, given_so_far = 0, 0
    for part, weight in zip(parts, weights, strict=True):
        path.assume((part >= 0) & implies(weight == 0, part == 0))
        path.assume(implies(total <= whole, part <= weight))
        off = part * whole - total * weight
        path.assume((-whole < off) & (off < whole))
        weight_so_far, given_so_far = weight_so_far + weight, given_so_far + part
        path.define(
            (given_so_far * whole <= total * weight_so_far) & (total * weight_so_far < (given_so_far + 1) * whole)
        )
    return parts


SPLIT = StandIn("units.apportion", any_split, ("apportion-any",))
