"""What the operator proposes, case by case (specs/operator)."""

import attrs
import pytest
from immutables import Map

from ledger.operator import RestingOrder, is_at_rest, longest_run, next_actions, next_time
from ledger.state import State
from ledger.transactions import BackstopTransfer, Fill, Fund, Liquidate, Settle
from tests.worlds import BTC, ETH, World, lots, price, with_account

INTERVAL = 6_000
HOUR, QUARTER = 3_600_000, 900_000
MIDNIGHT = 1_600_041_600_000


def crowd(**cash: str) -> World:
    """Everybody long 1 BTC from 10,000, against a maker who is rich."""
    world = World()
    world.mark("10000")
    world.deposit("maker", "1000000")
    for name, amount in cash.items():
        world.deposit(name, amount)
        world.trade(name, "maker", "1", "10000")
    return world


def do_all(world: World, time: int | None = None) -> None:
    """Apply what is proposed, once."""
    for action in next_actions(world.state, world.time if time is None else time):
        world.do(action)


def test_nothing_is_due_of_the_healthy() -> None:
    world = crowd(ann="1000")
    assert next_actions(world.state, world.time) == ()
    assert is_at_rest(world.state)
    assert next_time(world.state, world.time) == world.time // QUARTER * QUARTER + QUARTER


def test_rounds_come_in_order_of_distress_and_ties_by_id() -> None:
    world = crowd(ann="160", bob="150", cid="150", dan="1000")
    world.mark("9900")
    assert next_actions(world.state, world.time) == tuple(
        Liquidate(world.time, name, ()) for name in ("bob", "cid", "ann")
    )
    do_all(world)
    assert next_actions(world.state, world.time) == ()
    assert not is_at_rest(world.state)
    assert next_time(world.state, world.time) == world.time + INTERVAL
    assert next_actions(world.state, world.time + INTERVAL - 1) == ()
    assert len(next_actions(world.state, world.time + INTERVAL)) == 3


def test_takeovers_come_alone_and_first() -> None:
    world = crowd(ann="160", bob="110", cid="107")
    world.mark("9900")
    assert next_actions(world.state, world.time) == (BackstopTransfer(world.time, "cid"),)
    do_all(world)
    assert next_actions(world.state, world.time) == (BackstopTransfer(world.time, "bob"),)
    do_all(world)
    assert next_actions(world.state, world.time) == (Liquidate(world.time, "ann", ()),)


def test_a_debt_without_a_position_is_taken_over() -> None:
    world = crowd(ann="107")
    empty = attrs.evolve(world.account("ann"), positions=world.account("ann").positions.delete(BTC))
    for cash, due in ((0, ()), (-1, (BackstopTransfer(world.time, "ann"),))):
        state = with_account(world.state, "ann", attrs.evolve(empty, cash=Map({"USDT": cash})))
        assert next_actions(state, world.time) == due


def test_after_the_rounds_comes_the_takeover() -> None:
    world = crowd(ann="150")
    world.mark("9900")
    world.do(Settle(world.later(QUARTER * 2 - world.time % QUARTER)))
    for number in range(50):
        assert next_actions(world.state, world.time) == (Liquidate(world.time, "ann", ()),), number
        do_all(world)
        if number < 49:
            assert next_actions(world.state, world.time) == ()
            world.time = next_time(world.state, world.time)
    assert next_actions(world.state, world.time) == (BackstopTransfer(world.time, "ann"),)
    do_all(world)
    assert is_at_rest(world.state)
    assert not world.account("ann").positions


def test_who_recovered_is_released_by_an_empty_round_even_beside_a_book() -> None:
    world = crowd(ann="150")
    world.mark("9900")
    do_all(world)
    world.mark("10000")
    book = (RestingOrder(BTC, "maker", lots("1"), price("10000")),)
    assert next_actions(world.state, world.time, book=book) == ()
    world.later(INTERVAL)
    assert next_actions(world.state, world.time, book=book) == (Liquidate(world.time, "ann", ()),)
    do_all(world)
    assert is_at_rest(world.state)


def test_rounds_fill_against_the_best_orders_within_the_limit() -> None:
    world = crowd(ann="155", bob="150")
    world.deposit("eve", "1000")
    world.mark("9900")
    book = (
        RestingOrder(BTC, "eve", lots("0.04"), price("9898")),
        RestingOrder(BTC, "maker", lots("0.5"), price("9897")),
        RestingOrder(BTC, "eve", lots("0.03"), price("9899")),
        RestingOrder(BTC, "ann", lots("0.5"), price("9899.75")),
        RestingOrder(BTC, "stranger", lots("0.5"), price("9899.5")),
        RestingOrder(BTC, "maker", -lots("0.5"), price("9899.5")),
        RestingOrder(ETH, "maker", lots("0.5"), price("9899.5")),
    )
    actions = next_actions(world.state, world.time, book=book)
    assert actions == (
        Liquidate(
            world.time,
            "bob",
            (
                Fill(BTC, "eve", lots("0.03"), price("9899")),
                Fill(BTC, "eve", lots("0.04"), price("9898")),
                Fill(BTC, "maker", lots("0.0310"), price("9897")),
            ),
        ),
        Liquidate(world.time, "ann", (Fill(BTC, "maker", lots("0.1010"), price("9897")),)),
    )
    for action in actions:
        world.do(action)


def test_a_short_buys_from_the_cheapest_and_stops_once_it_is_released() -> None:
    world = World()
    world.mark("10000")
    world.deposit("maker", "1000000")
    world.deposit("ann", "165")
    world.trade("maker", "ann", "1", "10000")
    world.mark("10105")
    orders = [RestingOrder(BTC, "maker", -lots("0.1"), price(at)) for at in ("10105", "9650", "9651")]
    (action,) = next_actions(world.state, world.time, book=tuple(orders))
    assert action == Liquidate(world.time, "ann", (Fill(BTC, "maker", lots("0.1"), price("9650")),))
    world.do(action)
    assert world.account("ann").liquidation is None


def test_a_fill_that_the_ledger_refuses_is_left_out() -> None:
    world = crowd(ann="155")
    world.mark("9900")
    world.deposit("poor", "0.5")
    book = (
        RestingOrder(BTC, "poor", lots("0.5"), price("9899")),
        RestingOrder(BTC, "maker", lots("0.5"), price("5000")),
        RestingOrder(BTC, "maker", lots("0.02"), price("9890")),
    )
    assert next_actions(world.state, world.time, book=book) == (
        Liquidate(world.time, "ann", (Fill(BTC, "maker", lots("0.02"), price("9890")),)),
    )


def due_at(state: State, time: int) -> list[type]:
    return [type(action) for action in next_actions(state, time)]


def test_fundings_and_the_settle_are_due_in_their_windows() -> None:
    world = World()
    world.mark("10000")
    world.mark("400", ETH)
    assert next_actions(world.state, MIDNIGHT) == (
        Fund(MIDNIGHT, BTC, None),
        Fund(MIDNIGHT, ETH, None),
        Settle(MIDNIGHT),
    )
    assert due_at(world.state, MIDNIGHT + 59_999) == [Fund, Fund, Settle]
    assert due_at(world.state, MIDNIGHT + 60_000) == []
    assert due_at(world.state, MIDNIGHT + QUARTER) == [Settle]
    do_all(world, MIDNIGHT)
    assert next_actions(world.state, MIDNIGHT) == ()
    assert next_time(world.state, MIDNIGHT) == MIDNIGHT + QUARTER
    assert next_time(world.state, MIDNIGHT + 8 * HOUR - 1) == MIDNIGHT + 8 * HOUR


def test_instants_come_before_takeovers() -> None:
    world = crowd(ann="107")
    world.mark("9900")
    assert due_at(world.state, MIDNIGHT) == [Fund, Settle]
    do_all(world, MIDNIGHT)
    assert due_at(world.state, MIDNIGHT) == [BackstopTransfer]


def test_no_time_before_the_ledgers() -> None:
    world = crowd()
    with pytest.raises(ValueError, match="before the ledger's"):
        next_actions(world.state, world.time - 1)


def test_the_longest_run_counts_accounts_and_markets() -> None:
    world = crowd(ann="155")
    assert longest_run(world.state) == (2 + 1 + 1) * 50 * INTERVAL
