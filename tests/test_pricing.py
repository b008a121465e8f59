"""Takeover prices: a few integers each, checked against exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.pricing import bankruptcy_price, deleverage_price, provider_price, shrink_discounts
from ledger.units import RATE_SCALE, sign

deterministic = settings(deadline=None, derandomize=True)
sizes = st.integers(-(10**12), 10**12).filter(lambda size: size != 0)
marks = st.integers(1, 10**18)
equities = st.one_of(st.integers(-1000, 1000), st.integers(-(10**24), 10**24))
signed_rates = st.one_of(
    st.sampled_from([10_000_000, -10_000_000, 0, 1, -1]), st.integers(-RATE_SCALE + 1, RATE_SCALE - 1)
)


@pytest.mark.parametrize(
    ("size", "mark", "equity", "bankruptcy"),
    [
        # Ten lots long at 100 each: what the position is worth less its part of equity, over ten, rounded up.
        (10, 100, 0, 100),
        (10, 100, 50, 95),
        (10, 100, 51, 95),
        (10, 100, 49, 96),
        (10, 100, -50, 105),
        (10, 100, -51, 106),
        (10, 100, 1000, 0),
        (10, 100, 1001, 0),
        (10, 100, 1011, -1),
        # Ten lots short: what buying back costs at most, rounded down.
        (-10, 100, 0, 100),
        (-10, 100, 50, 105),
        (-10, 100, 51, 105),
        (-10, 100, 49, 104),
        (-10, 100, -50, 95),
        (-10, 100, -51, 94),
        (1, 7, 3, 4),
        (-1, 7, 3, 10),
    ],
)
def test_the_bankruptcy_price(size: int, mark: int, equity: int, bankruptcy: int) -> None:
    assert bankruptcy_price(size=size, mark_per_lot=mark, equity=equity) == bankruptcy


@deterministic
@given(sizes, marks, equities)
def test_bankruptcy_uses_equity_up_within_one_atom_a_lot_for_the_fund(size: int, mark: int, equity: int) -> None:
    """Handing over at the price leaves the account with nothing, or with less than an atom a lot, which the fund gets.

    A long sells and a short buys back: what is left is equity plus what the fill gains over mark.
    """
    price = bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)
    left = equity + size * (price - mark)
    assert 0 <= left < abs(size)
    exact = Fraction(mark) - Fraction(equity, size)
    assert abs(price - exact) < 1
    assert (price - exact) * sign(size) >= 0


@pytest.mark.parametrize(
    ("size", "mark", "bankruptcy", "discount", "price"),
    [
        # A provider buys from a long at the lower of bankruptcy and bound, and sells to a short at the higher.
        pytest.param(1, 10_000, 9_950, "0.01", 9_900, id="long, bound"),
        pytest.param(1, 10_000, 9_900, "0.01", 9_900, id="long, both"),
        pytest.param(1, 10_000, 9_700, "0.01", 9_700, id="long, bankruptcy"),
        pytest.param(1, 10_001, 20_000, "0.01", 9_900, id="long, bound 9,900.99 rounded down"),
        pytest.param(1, 10_000, 20_000, "-0.01", 10_100, id="long, collar"),
        pytest.param(1, 10_001, 20_000, "-0.01", 10_101, id="long, collar 10,101.01 rounded down"),
        pytest.param(1, 10_000, 10_050, "-0.01", 10_050, id="long, bankruptcy within the collar"),
        pytest.param(-1, 10_000, 10_050, "0.01", 10_100, id="short, bound"),
        pytest.param(-1, 10_000, 10_300, "0.01", 10_300, id="short, bankruptcy"),
        pytest.param(-1, 10_001, 0, "0.01", 10_102, id="short, bound 10,101.01 rounded up"),
        pytest.param(-1, 10_000, 0, "-0.01", 9_900, id="short, collar"),
        pytest.param(-1, 10_001, 0, "-0.01", 9_901, id="short, collar 9,900.99 rounded up"),
        pytest.param(1, 10_000, 10_000, "0", 10_000, id="no discount"),
    ],
)
def test_the_providers_price(size: int, mark: int, bankruptcy: int, discount: str, price: int) -> None:
    ppb = int(Fraction(discount) * RATE_SCALE)
    assert provider_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy, discount=ppb) == price


@deterministic
@given(sizes, marks, equities, signed_rates)
def test_the_providers_price_is_within_the_bound_in_its_favour(
    size: int, mark: int, equity: int, discount: int
) -> None:
    """Never worse for the provider than the exact bound or than bankruptcy, and one of the two within an atom."""
    bankruptcy = bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)
    price = provider_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy, discount=discount)
    direction = sign(size)
    bound = Fraction(mark * (RATE_SCALE - direction * discount), RATE_SCALE)
    assert direction * (bound - price) >= 0
    assert direction * (bankruptcy - price) >= 0
    assert price == bankruptcy or abs(bound - price) < 1


@deterministic
@given(sizes, marks, equities)
def test_auto_deleveraging_is_at_mark_or_better_and_never_worse_than_bankruptcy(
    size: int, mark: int, equity: int
) -> None:
    """Who is deleveraged buys from a long at mark or below, sells to a short at mark or above."""
    bankruptcy = bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)
    price = deleverage_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy)
    direction = sign(size)
    assert direction * (mark - price) >= 0
    assert direction * (bankruptcy - price) >= 0
    assert price in (mark, bankruptcy)


@deterministic
@given(sizes, marks, equities, st.integers(1, RATE_SCALE - 1))
def test_a_discount_is_at_least_as_good_for_providers_as_for_the_deleveraged(
    size: int, mark: int, equity: int, discount: int
) -> None:
    """So that a discount moved toward auto-deleveraging always moves in the account's favour."""
    bankruptcy = bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)
    provider = provider_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy, discount=discount)
    deleveraged = deleverage_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy)
    assert sign(size) * (deleveraged - provider) >= 0


@pytest.mark.parametrize(
    ("shortfall", "discounts", "lots", "moves"),
    [
        pytest.param(0, [10], [5], (0,), id="nothing short"),
        pytest.param(50, [10], [5], (10,), id="all of it"),
        pytest.param(51, [10], [5], (10,), id="more than there is"),
        pytest.param(20, [10], [5], (4,), id="a part that divides"),
        pytest.param(21, [10], [5], (5,), id="rounded up"),
        pytest.param(1, [10], [5], (1,), id="an atom"),
        pytest.param(30, [10, 10], [5, 1], (5, 5), id="by gain, not by market"),
        pytest.param(30, [10, 10], [5, 0], (6, 0), id="providers took nothing there"),
        pytest.param(30, [0, 10], [5, 5], (0, 6), id="no discount there"),
        pytest.param(0, [], [], (), id="no market"),
        pytest.param(9, [], [], (), id="a flat account"),
        pytest.param(9, [0], [0], (0,), id="nothing to give up"),
    ],
)
def test_discounts_given_up(shortfall: int, discounts: list[int], lots: list[int], moves: tuple[int, ...]) -> None:
    assert shrink_discounts(shortfall=shortfall, discounts=discounts, lots=lots) == moves


legs = st.lists(st.tuples(st.integers(0, 10**12), st.one_of(st.just(0), st.integers(0, 10**9))), min_size=1, max_size=6)


@deterministic
@given(legs, st.integers(0, 10**22))
def test_a_discount_shrinks_as_far_as_needed_and_never_beyond(legs: list[tuple[int, int]], shortfall: int) -> None:
    """What is given up covers the shortfall or is all there is, with less than an atom a lot to spare."""
    discounts, lots = [discount for discount, _ in legs], [taken for _, taken in legs]
    moves = shrink_discounts(shortfall=shortfall, discounts=discounts, lots=lots)
    assert all(0 <= move <= discount for move, discount in zip(moves, discounts, strict=True))
    assert all(move == 0 for move, taken in zip(moves, lots, strict=True) if taken == 0)
    given_up = sum(move * taken for move, taken in zip(moves, lots, strict=True))
    everything = sum(discount * taken for discount, taken in legs)
    assert min(shortfall, everything) <= given_up <= everything
    assert given_up < min(shortfall, everything) + sum(lots) + 1


@deterministic
@given(legs, st.integers(0, 10**22))
def test_discounts_are_given_up_in_proportion_to_gains(legs: list[tuple[int, int]], shortfall: int) -> None:
    """Each market gives up its share of the shortfall by gain, within an atom in total and an atom a lot."""
    discounts, lots = [discount for discount, _ in legs], [taken for _, taken in legs]
    gains = [discount * taken for discount, taken in legs]
    assume(sum(gains) > 0)
    moves = shrink_discounts(shortfall=shortfall, discounts=discounts, lots=lots)
    needed = min(shortfall, sum(gains))
    for move, taken, gain in zip(moves, lots, gains, strict=True):
        share = Fraction(needed * gain, sum(gains))
        assert share - 1 < move * taken < share + 1 + taken


def test_markets_and_lots_must_match() -> None:
    with pytest.raises(ValueError):
        shrink_discounts(shortfall=1, discounts=[1], lots=[1, 2])
