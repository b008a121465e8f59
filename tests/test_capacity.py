"""Providers' windows, headroom, room, and how long an obligation lasts, at their edges."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.capacity import headroom, limits_in_force, remaining_capacity, room, taken_within, with_takeover
from ledger.profiles import load_profile
from ledger.state import Limits, Provider, Takeover

deterministic = settings(deadline=None, derandomize=True)
PROGRAM = load_profile().program
MINUTE, HOUR = 60_000, 3_600_000
NOW = 10 * HOUR
LIMITS = Limits(100, 300, 1000)


def took(*takeovers: tuple[int, int], limits: Limits | None = LIMITS, notice: int | None = None) -> Provider:
    """A provider that took over these notionals, each so many milliseconds ago."""
    ordered = sorted(takeovers, reverse=True)
    return Provider(limits, notice, tuple(Takeover(NOW - ago, notional) for ago, notional in ordered))


def test_the_windows_are_a_minute_and_an_hour() -> None:
    assert (PROGRAM.minute, PROGRAM.hour, PROGRAM.notice) == (MINUTE, HOUR, HOUR)


@pytest.mark.parametrize(
    ("ago", "counts"),
    [(0, True), (1, True), (MINUTE - 1, True), (MINUTE, False), (MINUTE + 1, False)],
)
def test_a_window_is_open_at_its_old_end_and_closed_at_its_new(ago: int, counts: bool) -> None:
    """`(t - 60 s, t]`: exactly a minute ago is over, a millisecond less is not."""
    assert taken_within(took((ago, 7)), time=NOW, window=MINUTE) == (7 if counts else 0)


@pytest.mark.parametrize(
    ("takeovers", "left"),
    [
        pytest.param([], 100, id="nothing yet: the minute binds"),
        pytest.param([(0, 30)], 70, id="in this millisecond"),
        pytest.param([(MINUTE - 1, 30)], 70, id="a millisecond before the minute is over"),
        pytest.param([(MINUTE, 30)], 100, id="the minute is over"),
        pytest.param([(0, 60), (10, 40)], 0, id="the minute used up"),
        pytest.param([(0, 101)], 0, id="beyond it, never below zero"),
        pytest.param([(MINUTE, 90), (2 * MINUTE, 90), (3 * MINUTE, 90)], 30, id="the hour binds"),
        pytest.param([(MINUTE, 100), (2 * MINUTE, 100), (HOUR - 1, 100)], 0, id="the hour used up"),
        pytest.param([(MINUTE, 100), (2 * MINUTE, 100), (HOUR, 100)], 100, id="the oldest is an hour ago"),
        pytest.param([(MINUTE, 100), (2 * MINUTE, 100), (HOUR - 1, 50)], 50, id="the hour binds with the minute free"),
        pytest.param([(0, 40), (MINUTE, 100), (HOUR - 1, 100)], 60, id="both the same: 60 and 60"),
        pytest.param([(0, 40), (MINUTE, 100), (HOUR - 1, 101)], 59, id="the hour a little less"),
        pytest.param([(0, 41), (MINUTE, 100), (HOUR - 1, 99)], 59, id="the minute a little less"),
    ],
)
def test_remaining_capacity(takeovers: list[tuple[int, int]], left: int) -> None:
    assert remaining_capacity(PROGRAM, took(*takeovers), LIMITS, NOW) == left


records = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, MINUTE - 1, MINUTE, HOUR - 1, HOUR]), st.integers(0, 2 * HOUR)),
        st.integers(0, 200),
    ),
    max_size=8,
)


@deterministic
@given(records)
def test_capacity_is_what_the_rulebook_says(takeovers: list[tuple[int, int]]) -> None:
    """The smaller of what is left in either window, and not below zero."""
    in_minute = sum(notional for ago, notional in takeovers if ago < MINUTE)
    in_hour = sum(notional for ago, notional in takeovers if ago < HOUR)
    expected = max(0, min(100 - in_minute, 300 - in_hour))
    assert remaining_capacity(PROGRAM, took(*takeovers), LIMITS, NOW) == expected


@deterministic
@given(records, st.integers(0, HOUR), st.integers(1, 200))
def test_dropping_old_takeovers_never_changes_what_is_left(
    takeovers: list[tuple[int, int]], later: int, notional: int
) -> None:
    """Now or at any later time: only what no window can reach any more is dropped."""
    kept_all = took(*takeovers)
    appended = Provider(kept_all.limits, kept_all.notice, (*kept_all.takeovers, Takeover(NOW, notional)))
    pruned = with_takeover(PROGRAM, kept_all, Takeover(NOW, notional))
    for time in (NOW, NOW + later):
        assert remaining_capacity(PROGRAM, pruned, LIMITS, time) == remaining_capacity(PROGRAM, appended, LIMITS, time)


def test_a_takeover_drops_those_of_an_hour_ago_and_older_and_no_other() -> None:
    provider = took((2 * HOUR, 1), (HOUR + 1, 2), (HOUR, 3), (HOUR - 1, 4), (0, 5), notice=77)
    after = with_takeover(PROGRAM, provider, Takeover(NOW, 6))
    assert [takeover.notional for takeover in after.takeovers] == [4, 5, 6]
    assert (after.limits, after.notice) == (LIMITS, 77)
    assert [takeover.notional for takeover in provider.takeovers] == [1, 2, 3, 4, 5], "the old record stays valid"


@pytest.mark.parametrize(
    ("max_holdings", "mark", "held", "taken_over", "lots"),
    [
        pytest.param(1000, 10, 0, 5, 100, id="empty"),
        pytest.param(1009, 10, 0, 5, 100, id="whole lots, rounded down"),
        pytest.param(1000, 10, 40, 5, 60, id="long takes a long"),
        pytest.param(1000, 10, -40, 5, 140, id="short takes a long: through zero"),
        pytest.param(1000, 10, 40, -5, 140, id="long takes a short: through zero"),
        pytest.param(1000, 10, -40, -5, 60, id="short takes a short"),
        pytest.param(1000, 10, 100, 5, 0, id="full"),
        pytest.param(1000, 10, 130, 5, -30, id="beyond, as the mark rose"),
        pytest.param(9, 10, 0, 5, 0, id="less than a lot"),
        pytest.param(9, 10, -2, 5, 2, id="less than a lot, but short"),
    ],
)
def test_headroom(max_holdings: int, mark: int, held: int, taken_over: int, lots: int) -> None:
    limits = Limits(100, 300, max_holdings)
    assert headroom(limits, mark_per_lot=mark, held=held, taken_over=taken_over) == lots


@deterministic
@given(st.integers(0, 10**6), st.integers(1, 1000), st.integers(-(10**4), 10**4), st.sampled_from([-3, 3]), st.data())
def test_taking_all_of_the_headroom_stays_within_holdings(
    max_holdings: int, mark: int, held: int, taken_over: int, data: st.DataObject
) -> None:
    """And one lot more does not."""
    limits = Limits(0, 0, max_holdings)
    open_lots = headroom(limits, mark_per_lot=mark, held=held, taken_over=taken_over)
    direction = 1 if taken_over > 0 else -1
    if open_lots >= 0:
        some = data.draw(st.integers(0, open_lots))
        assert direction * (held + direction * some) * mark <= max_holdings
    assert direction * (held + direction * (open_lots + 1)) * mark > max_holdings


@pytest.mark.parametrize(
    ("capacity", "mark", "headroom_lots", "lots"),
    [
        (100, 10, 50, 10),
        (109, 10, 50, 10),
        (9, 10, 50, 0),
        (100, 10, 7, 7),
        (100, 10, 0, 0),
        (100, 10, -3, 0),
        (0, 10, 5, 0),
    ],
)
def test_room_is_the_smaller_in_whole_lots(capacity: int, mark: int, headroom_lots: int, lots: int) -> None:
    assert room(capacity=capacity, mark_per_lot=mark, headroom_lots=headroom_lots) == lots


@deterministic
@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(-(10**6), 10**6))
def test_a_full_room_never_exceeds_the_capacity(capacity: int, mark: int, headroom_lots: int) -> None:
    lots = room(capacity=capacity, mark_per_lot=mark, headroom_lots=headroom_lots)
    assert lots == max(0, min(floor(Fraction(capacity, mark)), headroom_lots))
    assert lots * mark <= capacity


@pytest.mark.parametrize(
    ("provider", "time", "obliged"),
    [
        pytest.param(None, NOW, False, id="never enrolled"),
        pytest.param(took(), NOW, True, id="enrolled"),
        pytest.param(took(limits=None), NOW, False, id="was itself taken over"),
        pytest.param(took(limits=None, notice=NOW), NOW, False, id="taken over during its notice"),
        pytest.param(took(notice=NOW), NOW, True, id="gave notice now"),
        pytest.param(took(notice=NOW), NOW + HOUR - 1, True, id="the last millisecond of its notice"),
        pytest.param(took(notice=NOW), NOW + HOUR, False, id="the notice has run out"),
        pytest.param(took(notice=NOW), NOW + 24 * HOUR, False, id="long ago"),
        pytest.param(took(notice=0), HOUR - 1, True, id="notice at the very first instant"),
    ],
)
def test_limits_in_force(provider: Provider | None, time: int, obliged: bool) -> None:
    assert limits_in_force(PROGRAM, provider, time) == (LIMITS if obliged else None)
