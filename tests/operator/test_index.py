"""The index finds the same accounts as looking at all of them, after every step and for every mark."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from ledger.canonical import state_bytes, state_from_bytes
from ledger.operator import Index, follow, index_of, next_actions, next_time
from ledger.operator.index import bucket_of
from ledger.operator.standing import is_watched, watched_accounts
from ledger.operator.zones import BELOW, MARK, Edge, zone_of
from ledger.outcomes import Applied
from ledger.state import Account, State
from ledger.transactions import MarkAsset, MarkMarket
from ledger.transition import apply
from tests.worlds import BTC, World, account_of, price, with_account

from .worlds import venue

STEPS = 400


def require_whole(index: Index) -> None:
    """The watched accounts are those of a full scan, every zone holds the marks and stands on its shelves, once.

    A zone of an account may be wider than one made now would be: it was made at other marks, and holds for all within.
    """
    state = index.state
    assert tuple(sorted(index.watched)) == watched_accounts(state)
    shelved = {
        (side, account_id, edge)
        for side, shelf in index.shelves.items()
        for bucket, edges in shelf.items()
        for account_id, edge in edges.items()
        if bucket == bucket_of(edge)
    }
    assert sum(len(edges) for shelf in index.shelves.values() for edges in shelf.values()) == len(shelved)
    assert shelved == {(side, name, edge) for name, zone in index.zones.items() for side, edge in zone}
    for zone in index.zones.values():
        for (kind, subject, side), edge in zone:
            now = state.markets[subject].mark if kind == MARK else state.prices[subject]
            assert edge <= now if side == BELOW else edge >= now


@pytest.mark.parametrize("seed", range(18))
def test_following_every_step_is_looking_at_everybody(seed: int) -> None:
    index: Index | None = None
    for number, step in enumerate(venue(seed, STEPS)):
        if index is None:
            index = index_of(step.before)
        index = follow(index, step.transaction, step.outcome)
        assert index.state is step.after
        assert tuple(sorted(index.watched)) == watched_accounts(step.after)
        if number % 50 == 0:
            require_whole(index)
        time = step.after.time
        assert next_actions(step.after, time, index=index) == next_actions(step.after, time)
        assert next_time(step.after, time, index=index) == next_time(step.after, time)


STATES: list[State] = []


def a_state(number: int) -> State:
    """A state with positions, from simulations of several rulebooks."""
    if not STATES:
        for seed in range(12):
            STATES.extend(step.after for n, step in enumerate(venue(seed, 200)) if n % 20 == 19)
    return STATES[number % len(STATES)]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    number=st.integers(0, 10_000),
    moves=st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 4_000)), min_size=1, max_size=6),
)
def test_no_move_of_marks_and_prices_escapes(number: int, moves: list[tuple[bool, int, int]]) -> None:
    """Marks and prices jump anywhere between a thousandth and four times, one after the other."""
    state = a_state(number)
    index = index_of(state)
    for of_market, which, thousandths in moves:
        names = sorted(state.markets if of_market else set(state.prices) - {state.rulebook.settlement_asset})
        if not names:
            continue
        name = names[which % len(names)]
        was = state.markets[name].mark if of_market else state.prices[name]
        quotes = Map(dict.fromkeys(state.rulebook.sources, max(1, was * thousandths // 1000)))
        transaction = MarkMarket(state.time, name, quotes, 0) if of_market else MarkAsset(state.time, name, quotes)
        outcome = apply(state, transaction)
        assert isinstance(outcome, Applied)
        index, state = follow(index, transaction, outcome), outcome.state
        require_whole(index)


@given(low=st.integers(1, 10**15), step=st.integers(0, 10**12))
def test_buckets_keep_the_order_and_leave_no_number_out(low: int, step: int) -> None:
    assert bucket_of(low) <= bucket_of(low + step)
    assert bucket_of(low + 1) - bucket_of(low) in (0, 1)


def test_of_one_position_the_edge_is_the_liquidation_price() -> None:
    world = World()
    world.mark("10000")
    for name in ("alice", "bob"):
        world.deposit(name, "1000")
    world.trade("alice", "bob", "1", "10000")
    index = index_of(world.state)
    for name, towards in (("alice", -1), ("bob", 1)):
        ((_, market_id, _), edge), *_ = [
            found for found in index.zones[name] if (found[0][2] == BELOW) == (towards < 0)
        ]
        assert market_id == BTC
        for beyond, watched in ((0, False), (1, True)):
            at = World()
            at.state = world.state
            market = world.state.markets[BTC]
            moved = world.state.markets.set(BTC, type(market)(edge, edge + towards * beyond, 0, 1, -1))
            state = State(at.rulebook, world.state.accounts, moved, at.state.prices, at.state.providers, -1, 0, 0)
            assert is_watched(state, state.accounts[name]) is watched


@pytest.mark.parametrize(("cost", "cash", "watched"), [(5, {}, False), (-5, {"USDT": 9}, False), (-5, {}, True)])
def test_a_flat_position_that_was_not_rolled_has_no_edge(cost: int, cash: dict[str, int], watched: bool) -> None:
    """No transaction leaves one; a state may be read back with one."""
    world = World()
    world.mark("10000")
    read = state_from_bytes(state_bytes(with_account(world.state, "ann", account_of(cash, {BTC: (0, cost)}))))
    index = index_of(read)
    require_whole(index)
    assert ("ann" in index.watched, "ann" in index.zones) == (watched, False)
    for action in next_actions(read, read.time):
        assert isinstance(apply(read, action), Applied)


def test_a_mark_visits_only_those_whose_edge_it_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.mark("10000")
    world.deposit("maker", "1000000")
    for number in range(300):
        world.deposit(f"holder-{number:03}", str(300 + 30 * number))
        world.trade(f"holder-{number:03}", "maker", "0.5", "10000")
    index = index_of(world.state)
    looked_at: list[str] = []

    def zone_and_count(state: State, account: Account) -> tuple[Edge, ...]:
        looked_at.append("zone")
        return zone_of(state, account)

    def watched_and_count(state: State, account: Account) -> bool:
        looked_at.append("account")
        return is_watched(state, account)

    monkeypatch.setattr("ledger.operator.index.zone_of", zone_and_count)
    monkeypatch.setattr("ledger.operator.index.is_watched", watched_and_count)
    transaction = MarkMarket(world.time, BTC, Map(dict.fromkeys(world.rulebook.sources, price("9400"))), 0)
    index = follow(index, transaction, apply(world.state, transaction))
    watched = len(index.watched)
    assert watched == len(watched_accounts(index.state)) > 0
    assert looked_at.count("account") == watched
    assert "zone" not in looked_at


def test_an_index_of_another_state_is_refused() -> None:
    world = World()
    index = index_of(world.state)
    world.mark("10000")
    with pytest.raises(ValueError, match="another state"):
        next_actions(world.state, world.time, index=index)
    outcome = apply(world.state, MarkAsset(world.time, "ETH", Map(dict.fromkeys(world.rulebook.sources, 1))))
    with pytest.raises(ValueError, match="sequence"):
        follow(index, MarkAsset(world.time, "ETH", Map()), outcome)
