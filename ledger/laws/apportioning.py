"""How a law splits: the parts of cumulative floors (specs/state), worked out apart from the ledger's own kernel."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from ..units import floor_div, sign


def cumulative_floors(total: int, weights: Sequence[int]) -> list[int]:
    """The parts of `total`, signed, over non-negative weights in their order; nothing for each where all are zero."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    upto = [floor_div(abs(total) * so_far, whole) for so_far in accumulate(weights, initial=0)]
    return [sign(total) * (later - earlier) for earlier, later in pairwise(upto)]
