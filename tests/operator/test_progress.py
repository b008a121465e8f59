"""Progress: from any state the operator, left to itself, brings the ledger to rest within the stated bound.

The states are those that the generators of random testing reach; what is asserted of each run is in `left_to_itself`.
`BACKSTOP_OPERATOR_SEEDS` asks for more of them.
"""

import os

from ledger.margin import is_liquidatable
from ledger.operator import is_at_rest
from ledger.rulebook import is_system

from .worlds import left_to_itself, venue

SEEDS = int(os.environ.get("BACKSTOP_OPERATOR_SEEDS", "40"))
STEPS, BETWEEN = 320, 40


def test_the_operator_comes_to_rest_from_any_state() -> None:
    distressed = taken_over = released = rounds = 0
    for seed in range(SEEDS):
        for number, step in enumerate(venue(seed, STEPS)):
            if number % BETWEEN != BETWEEN - 1 or is_at_rest(step.after):
                continue
            distressed += 1
            run = left_to_itself(step.after)
            taken_over += len(run.taken_over)
            rounds += run.rounds
            released += bool(run.rounds) and not run.taken_over
            for name, account in run.state.accounts.items():
                assert account.liquidation is None
                assert is_system(name) or not is_liquidatable(run.state, account)
    assert min(distressed, taken_over, released, rounds) > SEEDS // 4, (distressed, taken_over, released, rounds)


def test_what_is_proposed_is_the_same_again() -> None:
    """Two runs from one state come to the same state: nothing but the arguments decides."""
    looked_at = 0
    for seed in range(4):
        *_, step = venue(seed, STEPS)
        if not is_at_rest(step.after):
            looked_at += 1
            assert left_to_itself(step.after) == left_to_itself(step.after)
    assert looked_at > 0
