"""The order book of the simulation: worked numbers, and what holds of any book."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.profiles import load_profile
from ledger.simulation.order_book import Level, OrderBook
from ledger.simulation.path import Point
from ledger.simulation.scenario import BookTerms
from ledger.units import PRICE_SCALE, RATE_SCALE

from .scenes import MINUTE, USDT

HOUR = 60 * MINUTE
CONTRACT = load_profile("ascendex-2020").contracts["BTC-PERP"]
TERMS = BookTerms(
    depth=400_000 * USDT,
    half_spread=1_000_000,
    width=8_000_000,
    levels=4,
    refill=MINUTE,
    thinning=0,
    memory=5 * MINUTE,
    impact=500_000_000,
    mark_interval=10_000,
)
INDEX = 10_000 * PRICE_SCALE


def book(terms: BookTerms = TERMS, index: int = INDEX) -> OrderBook:
    return OrderBook(terms, CONTRACT, time=0, index=index)


def test_a_side_stands_evenly_from_the_spread_on() -> None:
    # 400,000 USDT at 10,000 are 40 BTC, 400,000 lots, on four levels 0.1%, 0.3%, 0.5% and 0.7% away.
    prices = (10_010, 10_030, 10_050, 10_070)
    assert book().asks() == tuple(Level(price * PRICE_SCALE, 100_000) for price in prices)
    assert book().bids() == tuple(Level((20_000 - price) * PRICE_SCALE, 100_000) for price in prices)


def test_prices_are_rounded_to_the_tick_away_from_the_index() -> None:
    made = book(index=INDEX + 1)
    assert made.asks()[0].price == 10_010_250_000_000
    assert made.bids()[0].price == 9_990 * PRICE_SCALE
    assert all(level.price % CONTRACT.tick == 0 for level in (*made.asks(), *made.bids()))


def test_the_best_levels_are_taken_first_and_come_back_at_an_even_pace() -> None:
    made = book()
    made.take(150_000)
    assert [level.size for level in made.bids()] == [0, 50_000, 100_000, 100_000]
    assert [level.size for level in made.asks()] == [100_000] * 4
    made.wait(15_000)  # a quarter of the refill: 100,000 lots
    assert [level.size for level in made.bids()] == [50_000, 100_000, 100_000, 100_000]
    made.wait(MINUTE)
    assert [level.size for level in made.bids()] == [100_000] * 4
    made.take(-100_000)
    assert [level.size for level in made.asks()] == [0, 100_000, 100_000, 100_000]


def test_the_mark_follows_the_middle_of_what_is_left() -> None:
    made = book()
    assert made.premium() == 0
    made.take(150_000)
    # The best bid is now 0.3% away and the best ask 0.1%: the middle is 0.1% below, and the mark half of that.
    assert made.best() == (9_970 * PRICE_SCALE, 10_010 * PRICE_SCALE)
    assert made.premium() == -5 * PRICE_SCALE
    made.take(-150_000)
    assert made.premium() == 0
    made.take(10**9)
    assert made.best()[0] == 9_930 * PRICE_SCALE
    assert [level.size for level in made.bids()] == [0] * 4


def test_a_market_that_moves_is_thinner_and_wider() -> None:
    made = book(attrs.evolve(TERMS, thinning=RATE_SCALE))
    made.move(Point(0, INDEX))
    assert (made.depth, made.best()) == (400_000, (9_990 * PRICE_SCALE, 10_010 * PRICE_SCALE))
    made.move(Point(1_000, INDEX * 98 // 100))
    # 200 of 9,800 dollars are 2.04%: depth is divided, and the spread multiplied, by 3.04.
    assert made.thinness == 3_040_816_326
    assert made.depth == 400_000 * USDT * RATE_SCALE // (9_800 * PRICE_SCALE * 3_040_816_326)
    assert made.best()[0] == (9_800 * PRICE_SCALE - 9_800 * 3_040_816) // CONTRACT.tick * CONTRACT.tick
    made.move(Point(1_000 + 5 * MINUTE, INDEX * 98 // 100))
    assert made.thinness == RATE_SCALE


def test_the_index_counts_for_as_long_as_it_was_there() -> None:
    made = book(attrs.evolve(TERMS, thinning=RATE_SCALE))
    made.move(Point(HOUR, INDEX * 98 // 100))
    # It was at 10,000 until now, however long ago it went there; five minutes later it was not.
    assert made.thinness == 3_040_816_326
    made.wait(HOUR + 5 * MINUTE - 1)
    assert made.thinness == 3_040_816_326
    made.wait(HOUR + 5 * MINUTE)
    assert (made.thinness, made.depth) == (RATE_SCALE, 400_000 * USDT // (9_800 * PRICE_SCALE))


def test_what_is_back_does_not_depend_on_who_looks() -> None:
    # Seven lots come back a minute: none in any single second, three in 26 s.
    terms = attrs.evolve(TERMS, depth=7 * 10 ** (13 - 4) * 10_000, thinning=RATE_SCALE)
    often, once = book(terms), book(terms)
    for made in (often, once):
        made.move(Point(0, INDEX))
        made.take(7)
        made.take(-7)
    for second in range(1, 27):
        often.wait(second * 1_000)
    once.wait(26_000)
    assert often == once
    assert (often.depth, often.taken_bids, often.taken_asks) == (7, 4, 4)
    often.wait(MINUTE)
    assert (often.taken_bids, often.taken_asks) == (0, 0)


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.integers(1, 30), st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12), st.integers(1, 9)), max_size=12))
def test_the_range_is_that_of_the_indexs_last_memory(memory: int, moves: list[tuple[int, int, int]]) -> None:
    """Against every ms of the memory looked at: `at` says where the index is from a ms on until the next."""
    made = book(attrs.evolve(TERMS, thinning=RATE_SCALE, memory=memory), index=5)
    at, time = {0: 5}, 0
    for waited, looked_after, price in moves:
        made.wait(time + min(looked_after, waited - 1))
        for ms in range(time, time + waited):
            at[ms] = made.index
        time += waited
        at[time] = price
        made.move(Point(time, price))
        seen = [at[ms] for ms in range(max(0, time - memory), time + 1)]
        assert made.extremes.with_index(made.index) == (min(seen), max(seen))
        assert made.thinness == RATE_SCALE + (max(seen) - min(seen)) * 100 * RATE_SCALE // min(seen)


def test_orders_are_levels_of_the_makers_in_turn() -> None:
    made = book()
    made.take(100_000)
    orders = made.orders("BTC-PERP", ("ann", "ben"))
    assert [(order.account, order.size) for order in orders] == [
        ("ben", 100_000),
        ("ann", 100_000),
        ("ben", 100_000),
        ("ann", -100_000),
        ("ben", -100_000),
        ("ann", -100_000),
        ("ben", -100_000),
    ]
    assert orders[0].price == 9_970 * PRICE_SCALE


TERMS_DRAWN = st.builds(
    BookTerms,
    depth=st.integers(0, 10**19),
    half_spread=st.integers(0, 10**8),
    width=st.integers(1, 8 * 10**8),
    levels=st.integers(1, 12),
    refill=st.integers(1, 10**6),
    thinning=st.integers(0, 5 * 10**9),
    memory=st.integers(1, 10**6),
    impact=st.integers(0, RATE_SCALE),
    mark_interval=st.just(10_000),
)
STEPS = st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 10**14), st.integers(-(10**7), 10**7)), max_size=8)


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(TERMS_DRAWN, STEPS)
def test_any_book_is_one(terms: BookTerms, steps: list[tuple[int, int, int]]) -> None:
    """Never crossed, on ticks, worse the further, never with more than its depth, and its mark between its best."""
    made, time = book(terms), 0
    for wait, price, taken in steps:
        time += wait
        made.move(Point(time, price))
        made.take(taken)
        bids, asks = made.bids(), made.asks()
        bid, ask = made.best()
        assert 0 < bid < ask
        assert all(level.size >= 0 and level.price > 0 and level.price % CONTRACT.tick == 0 for level in (*bids, *asks))
        assert sum(level.size for level in bids) == made.depth - made.taken_bids
        assert sum(level.size for level in asks) == made.depth - made.taken_asks
        assert [level.price for level in bids] == sorted((level.price for level in bids), reverse=True)
        assert [level.price for level in asks] == sorted(level.price for level in asks)
        assert next((level.price for level in bids if level.size), bids[-1].price) == bid
        assert made.index + made.premium() > 0
        assert abs(2 * made.premium()) <= abs(bid + ask - 2 * made.index) + 2 * CONTRACT.tick + 2


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(TERMS_DRAWN, STEPS, st.integers(0, 10**9))
def test_the_more_thinning_the_thinner_and_the_wider(
    terms: BookTerms, steps: list[tuple[int, int, int]], more: int
) -> None:
    one, thinner = book(terms), book(attrs.evolve(terms, thinning=terms.thinning + more))
    for wait, price, _ in steps:
        for made in (one, thinner):
            made.move(Point(made.time + wait, price))
        assert thinner.depth <= one.depth
        if thinner.depth >= terms.levels:  # with fewer lots the first levels may be empty
            assert thinner.best()[0] <= one.best()[0]
            assert thinner.best()[1] >= one.best()[1]


@pytest.mark.parametrize("size", [1, -1, 0])
def test_nothing_is_taken_of_a_book_without_depth(size: int) -> None:
    made = book(attrs.evolve(TERMS, depth=0))
    made.take(size)
    assert (made.taken_bids, made.taken_asks, made.orders("BTC-PERP", ("ann",))) == (0, 0, ())
    assert made.premium() == 0
