"""Progress: from any state the operator, left to itself, brings the ledger to rest within the stated bound.

The states are those that the generators of random testing reach; what is asserted of each run is in `left_to_itself`.
`BACKSTOP_OPERATOR_SEEDS` asks for more of them.
"""

import os
from collections.abc import Callable, Iterable

import pytest

from ledger.margin import is_liquidatable
from ledger.operator import actions, is_at_rest
from ledger.rulebook import is_system
from ledger.state import Account, State

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


def nobody(state: State, account: Account) -> bool:
    return False


def everybody(state: State, account: Account, time: int) -> bool:
    return True


def all_but_the_first(state: State, account_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(account_ids))[1:]


def comes_to_rest(state: State) -> bool:
    try:
        left_to_itself(state)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "instead"),
    [("is_handed_over", nobody), ("is_round_due", everybody), ("by_urgency", all_but_the_first)],
)
def test_an_operator_with_a_bug_is_noticed(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: Callable[..., object]
) -> None:
    monkeypatch.setattr(actions, name, instead)
    distressed = (
        step.after
        for seed in range(12)
        for number, step in enumerate(venue(seed, STEPS))
        if number % BETWEEN == BETWEEN - 1 and not is_at_rest(step.after)
    )
    assert any(not comes_to_rest(state) for state in distressed)
