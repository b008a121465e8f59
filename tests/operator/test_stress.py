"""Where the liquidity monitor and the operator meet: what stress opened is handed over at once, observations leave the
index whole, and watching finds what was not done. The states are those of venues with a liquidity monitor."""

import functools
from collections.abc import Callable, Iterator

import attrs
import pytest
from immutables import Map

from ledger.laws import Step
from ledger.margin import is_at_takeover, is_liquidatable
from ledger.operator import Index, actions, follow, index, index_of, next_actions
from ledger.operator.standing import is_handed_over, is_watched, watched_accounts
from ledger.outcomes import Applied, Outcome, StressEntered, StressLeft
from ledger.rulebook import FEES
from ledger.state import Account, State, has_used_up_rounds, holds_stressed, is_stressed
from ledger.transactions import BackstopTransfer, Deposit, Fund, Observe, Settle, Transaction
from ledger.watching import Kind, watch_log

from .test_index import require_whole
from .test_watching import actions_from, entries_of
from .worlds import left_to_itself, monitored_venue, squeezed

SEEDS, STEPS = 80, 300
EACH = 6
"""As many states of each kind are looked at in a venue at most."""

Follow = Callable[[Index, Transaction, Outcome], Index]


@functools.cache
def venues() -> tuple[tuple[Step, ...], ...]:
    """The steps of each venue."""
    return tuple(tuple(monitored_venue(seed, STEPS)) for seed in range(SEEDS))


def states(kind: Callable[[State], object]) -> Iterator[State]:
    """Of each venue the first states of a kind."""
    for steps in venues():
        left = EACH
        for step in steps:
            if left > 0 and step.after is not step.before and kind(step.after):
                left -= 1
                yield step.after


@functools.cache
def squeezed_states() -> tuple[State, ...]:
    """The states in which stress alone has opened a takeover."""
    return tuple(states(squeezed))


def is_any_stressed(state: State) -> bool:
    return any(is_stressed(state, market_id) for market_id in state.markets)


def holds_any_stressed(state: State, account: Account) -> bool:
    """Whether the account has a position in a stressed market, liquidating or not."""
    return any(is_stressed(state, market_id) for market_id in account.positions)


def test_what_stress_opened_is_handed_over_until_nothing_is_left() -> None:
    """By the rounds that it makes the operator opens takeovers itself, where the market is stressed already."""
    opened = rounds = 0
    for state in squeezed_states():
        run = left_to_itself(state)
        opened += run.squeezed
        rounds += run.rounds
    assert min(len(squeezed_states()), opened) > SEEDS // 4
    assert rounds > 0


def test_a_takeover_that_stress_opened_comes_before_every_round() -> None:
    for state in squeezed_states():
        actions = next_actions(state, state.time)
        assert isinstance(actions[0], BackstopTransfer | Fund | Settle)


def test_stress_in_which_nobody_is_liquidated_changes_nothing() -> None:
    alike = 0
    for state in states(is_any_stressed):
        if any(holds_stressed(state, account) for account in state.accounts.values()):
            continue
        alike += 1
        calm = Map({name: attrs.evolve(market, monitor=None) for name, market in state.markets.items()})
        assert next_actions(state, state.time) == next_actions(attrs.evolve(state, markets=calm), state.time)
    assert alike > SEEDS


def without_stress(state: State, account: Account) -> bool:
    """Rounds alone, and takeover, open the backstop."""
    if holds_stressed(state, account) and not has_used_up_rounds(state, account):
        return is_at_takeover(state, account)
    return is_handed_over(state, account)


def whoever_is_stressed(state: State, account: Account) -> bool:
    """A stressed market opens the backstop to everybody who is liquidated in it, recovered or not."""
    return holds_stressed(state, account) or is_handed_over(state, account)


def the_distressed_too(state: State, account: Account) -> bool:
    """A stressed market opens the backstop without a round."""
    return is_handed_over(state, account) or (holds_any_stressed(state, account) and is_liquidatable(state, account))


@pytest.mark.parametrize("instead", [without_stress, whoever_is_stressed, the_distressed_too])
def test_an_operator_that_is_wrong_about_stress_is_noticed(
    monkeypatch: pytest.MonkeyPatch, instead: Callable[[State, Account], bool]
) -> None:
    monkeypatch.setattr(actions, "is_handed_over", instead)

    def comes_to_rest(state: State) -> bool:
        try:
            left_to_itself(state)
        except AssertionError:
            return False
        return True

    assert not all(comes_to_rest(state) for state in states(is_any_stressed))


def require_following(follow: Follow) -> int:
    """Following every step of the venues is looking at everybody; how many observations were followed that found or
    left stress while somebody was watched."""
    turned = 0
    for steps in venues():
        found = index_of(steps[0].before)
        for step in steps:
            found = follow(found, step.transaction, step.outcome)
            assert tuple(sorted(found.watched)) == watched_accounts(step.after)
            if isinstance(step.transaction, Observe) and isinstance(step.outcome, Applied):
                require_whole(found)
                changed = any(isinstance(event, StressEntered | StressLeft) for event in step.events)
                turned += changed and bool(found.watched)
    return turned


def test_an_observation_leaves_the_index_whole() -> None:
    assert require_following(follow) > SEEDS


def losing_one(before: Index, transaction: Transaction, outcome: Outcome) -> Index:
    """An index that loses a watched account at an observation."""
    after = follow(before, transaction, outcome)
    if isinstance(transaction, Observe) and after is not before and after.watched:
        return attrs.evolve(after, watched=after.watched.delete(min(after.watched)))
    return after


def test_an_index_that_loses_somebody_at_an_observation_is_noticed() -> None:
    with pytest.raises(AssertionError):
        require_following(losing_one)


def test_an_index_that_takes_stress_for_distress_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def watched(state: State, account: Account) -> bool:
        return is_watched(state, account) or holds_any_stressed(state, account)

    monkeypatch.setattr(index, "is_watched", watched)
    with pytest.raises(AssertionError):
        require_following(follow)


def test_watching_finds_what_stress_opened_and_nobody_did() -> None:
    """Nothing in what the operator did; and where it left a takeover out that stress alone had opened, that the account
    waited, or that others came first."""
    left_out = 0
    kinds: set[Kind] = set()
    for state in squeezed_states():
        done = actions_from(state)
        assert watch_log(state, entries_of(done), patience=0).findings == ()
        names = squeezed(state)
        place, account_id = next(
            (place, action.account)
            for place, action in enumerate(done)
            if isinstance(action, BackstopTransfer) and action.account in names
        )
        without = [*done[:place], *done[place + 1 :], one_more_transaction(state, done[-1].time + 1)]
        told = watch_log(state, entries_of(without), patience=0).findings
        found = {finding.kind for finding in told if account_id in (finding.subject, finding.other)}
        left_out += bool(found)
        kinds |= found
    assert left_out > SEEDS // 4
    assert Kind.UNATTENDED in kinds


def one_more_transaction(state: State, time: int) -> Transaction:
    """Any, so that time passes."""
    settlement = state.rulebook.settlement_asset
    return Deposit(time, FEES, settlement, state.rulebook.assets[settlement].booking_unit)
