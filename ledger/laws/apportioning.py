"""How a law splits: the parts of cumulative floors (specs/state), worked out apart from the ledger's own kernel."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from ..units import floor_div, sign


def cumulative_floors(total: int, weights: Sequence[int]) -> list[int]:
    """The parts of `total`, signed, over non-negative weights in their order; nothing for each where all are zero."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    upto = [floor_div(abs(total) * so_far, whole) for so_far in accumulate(weights, initial=0)]
    return [sign(total) * (later - earlier) for earlier, later in pairwise(upto)]


def split_by_weights(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """The parts of `total` by name, in the order of the names."""
    names = sorted(weights)
    return dict(zip(names, cumulative_floors(total, [weights[name] for name in names]), strict=True))


def out_of_share(parts: Mapping[str, int], total: int, weights: Mapping[str, int]) -> str | None:
    """The first name whose part is not its weight's of `total`, or is above its weight; else the first without one."""
    for name, fair in split_by_weights(total, weights).items():
        if parts.get(name, 0) != fair or fair > weights[name]:
            return name
    return min((name for name in parts if name not in weights), default=None)
