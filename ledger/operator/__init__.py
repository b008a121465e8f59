"""The operator: what a venue owes its ledger next (specs/operator).

It decides nothing. `next_actions` proposes transactions from a state, a time and what rests on the book; the ledger
checks each one as it checks any other. Pure and deterministic: the same arguments give the same proposals.

    while actions := next_actions(state, time):
        for action in actions:
            state = state_after(state, apply(state, action))
"""

from .actions import is_at_rest, longest_run, next_actions, next_time
from .index import Index, follow, index_of
from .liquidity import RestingOrder

__all__ = [
    "Index",
    "RestingOrder",
    "follow",
    "index_of",
    "is_at_rest",
    "longest_run",
    "next_actions",
    "next_time",
]
