"""Contracts of the backstop program's arithmetic: windows, headroom, room, and the prices of a takeover."""

from collections.abc import Sequence

from ledger import capacity, pricing
from ledger.state import Limits, Provider, Takeover

from .claims import Bug, Claim, Contract, Kind
from .worlds import ASCENDEX

PROGRAM = ASCENDEX.program
MINUTE, HOUR = 60_000, 3_600_000
RATE = 10**9


def limits_while_obliged(notice: int, has_limits: bool, has_notice: bool, time: int) -> bool:
    """A provider has its limits exactly while it is enrolled and its notice of an hour, if any, has not run out.

    given: rulebook ascendex-2020
    post: _ == (has_limits and (not has_notice or time < notice + 3_600_000))
    reach: _ and has_notice and time == notice + 3_599_999
    reach: not _ and has_limits and time == notice + 3_600_000
    """
    limits = Limits(1, 2, 3) if has_limits else None
    record = Provider(limits, notice if has_notice else None, ())
    return capacity.limits_in_force(PROGRAM, record, time) is not None


def limits_before_enrolment(time: int) -> bool:
    """Who never enrolled has no limits.

    post: not _
    reach: time > 0
    """
    return capacity.limits_in_force(PROGRAM, None, time) is not None


def _taken(takeovers: Sequence[tuple[int, int]], time: int, window: int) -> int:
    """What the specification says was taken over in `(time - window, time]`."""
    return sum(notional for at, notional in takeovers if time - window < at)


def windows_count_what_is_in_them(
    time: int, first_time: int, second_time: int, first: int, second: int, window: int
) -> int:
    """A window counts the takeovers later than its beginning, whole, and no other.

    given: two takeovers, in any order
    pre: window > 0 and first_time <= time and second_time <= time
    post: _ == _taken(((first_time, first), (second_time, second)), time, window)
    reach: first_time == time - window and second_time == time and _ != 0
    reach: first_time == time - window + 1 and first != 0 and _ == first
    """
    record = Provider(None, None, (Takeover(first_time, first), Takeover(second_time, second)))
    return capacity.taken_within(record, time=time, window=window)


def capacity_left(
    time: int, first_time: int, second_time: int, first: int, second: int, per_minute: int, per_hour: int
) -> int:
    """What is left is the smaller of what the minute and what the hour leave, and never below zero.

    given: rulebook ascendex-2020; two takeovers
    pre: first_time <= second_time <= time
    post: _ >= 0
    post: _ == 0 or _ + _taken(((first_time, first), (second_time, second)), time, 60_000) <= per_minute
    post: _ == 0 or _ + _taken(((first_time, first), (second_time, second)), time, 3_600_000) <= per_hour
    post: _is_most(_, ((first_time, first), (second_time, second)), time, per_minute, per_hour)
    reach: 0 < _ == per_minute - second and _ < per_hour - first - second
    reach: 0 < _ == per_hour - first - second and _ < per_minute
    reach: _ == 0 and first + second > per_hour
    """
    limits = Limits(per_minute, per_hour, 0)
    record = Provider(limits, None, (Takeover(first_time, first), Takeover(second_time, second)))
    return capacity.remaining_capacity(PROGRAM, record, limits, time)


def _is_most(left: int, takeovers: Sequence[tuple[int, int]], time: int, per_minute: int, per_hour: int) -> bool:
    """Whether one atom more would be beyond one of the two windows."""
    beyond_minute = left + 1 + _taken(takeovers, time, MINUTE) > per_minute
    return beyond_minute or left + 1 + _taken(takeovers, time, HOUR) > per_hour


def pruning_forgets_nothing(
    time: int, first_time: int, second_time: int, first: int, second: int, third: int, later: int
) -> bool:
    """After a takeover, at any later time, both windows count what they would count of a record that forgot nothing.

    given: rulebook ascendex-2020; two takeovers before
    pre: first_time <= second_time <= time <= later
    post: _
    reach: first_time == time - 3_600_000 and first != 0
    reach: first_time == time - 3_599_999 and first != 0 and later == time
    """
    before = ((first_time, first), (second_time, second))
    record = Provider(Limits(1, 2, 3), None, tuple(Takeover(*takeover) for takeover in before))
    after = capacity.with_takeover(PROGRAM, record, Takeover(time, third))
    everything = (*before, (time, third))
    return all(
        capacity.taken_within(after, time=later, window=window) == _taken(everything, later, window)
        for window in (MINUTE, HOUR)
    )


def pruning_keeps_an_hour(time: int, first_time: int, second_time: int, first: int, second: int) -> tuple[int, ...]:
    """A takeover drops the record's takeovers an hour old or older, keeps the others in order, and is appended.

    given: rulebook ascendex-2020; two takeovers before
    pre: first_time <= second_time <= time
    post: _ == _kept(((first_time, first), (second_time, second)), time)
    reach: len(_) == 2
    reach: len(_) == 6
    """
    limits = Limits(1, 2, 3)
    record = Provider(limits, 77, (Takeover(first_time, first), Takeover(second_time, second)))
    after = capacity.with_takeover(PROGRAM, record, Takeover(time, 5))
    if after.limits is not limits or after.notice != 77:
        return ()
    return tuple(part for takeover in after.takeovers for part in (takeover.time, takeover.notional))


def _kept(takeovers: Sequence[tuple[int, int]], time: int) -> tuple[int, ...]:
    recent = [takeover for takeover in takeovers if takeover[0] > time - HOUR]
    return tuple(part for takeover in (*recent, (time, 5)) for part in takeover)


def headroom_of(mark: int, most: int, held: int, taken_over: int) -> int:
    """Headroom is the most lots of the direction taken over that keep the holding within the maximum.

    pre: mark > 0 and most >= 0 and taken_over != 0
    post: (held + _ if taken_over > 0 else _ - held) * mark <= most
    post: (held + _ + 1 if taken_over > 0 else _ + 1 - held) * mark > most
    reach: _ < 0
    reach: _ > 0 and taken_over < 0 and held < 0
    """
    return capacity.headroom(Limits(0, 0, most), mark_per_lot=mark, held=held, taken_over=taken_over)


def room_of(mark: int, left: int, headroom: int) -> int:
    """Room is the most whole lots within capacity and within headroom, and never below zero.

    pre: mark > 0 and left >= 0
    post: _ >= 0 and _ * mark <= left and _ <= max(0, headroom)
    post: _ >= headroom or (_ + 1) * mark > left
    reach: 0 < _ == headroom
    reach: 0 < _ < headroom and _ * mark < left
    reach: _ == 0 and headroom < 0
    """
    return capacity.room(capacity=left, mark_per_lot=mark, headroom_lots=headroom)


def bankruptcy_of(size: int, mark: int, equity: int) -> int:
    """At the bankruptcy price nothing of the part of equity is missing, and less than an atom per lot is over.

    pre: size != 0 and mark > 0
    post: 0 <= equity + size * (_ - mark) < abs(size)
    reach: size > 0 and _ > mark
    reach: size < 0 and _ < mark and equity + size * (_ - mark) > 0
    """
    return pricing.bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)


def provider_pays(is_long: bool, mark: int, bankruptcy: int, discount: int) -> int:
    """Providers are never worse off than at bankruptcy or at the discount bound, and at one of the two within an atom.

    pre: mark > 0
    post: _is_better_price(_, is_long, mark, bankruptcy, discount)
    reach: is_long and _ < bankruptcy
    reach: not is_long and _ > bankruptcy and discount < 0
    reach: _ == bankruptcy and discount > 0
    """
    size = 1 if is_long else -1
    return pricing.provider_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy, discount=discount)


def _is_better_price(price: int, is_long: bool, mark: int, bankruptcy: int, discount: int) -> bool:
    """Whether a price is the better for the provider of bankruptcy and the discount bound, in its favour."""
    side = 1 if is_long else -1
    beyond = side * (price * RATE - mark * (RATE - side * discount))
    if side * (price - bankruptcy) > 0 or beyond > 0:
        return False
    return price == bankruptcy or beyond > -RATE


def deleveraging_pays(is_long: bool, mark: int, bankruptcy: int) -> int:
    """Auto-deleveraging is at bankruptcy, or at mark where that is better for who is deleveraged.

    pre: mark > 0
    post: _ in (mark, bankruptcy)
    post: (_ <= mark and _ <= bankruptcy) if is_long else (_ >= mark and _ >= bankruptcy)
    reach: is_long and _ == bankruptcy < mark
    reach: not is_long and _ == mark > bankruptcy
    """
    size = 5 if is_long else -5
    return pricing.deleverage_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy)


def shrinking_one(shortfall: int, discount: int, lots: int) -> int:
    """A discount is given up as far as the fund is short, by whole atoms per lot and never beyond.

    pre: shortfall >= 0 and discount >= 0 and lots >= 0
    post: 0 <= _ <= discount
    post: _ * lots >= min(shortfall, discount * lots)
    post: _ == 0 or (_ - 1) * lots < shortfall
    reach: 0 < _ < discount and _ * lots > shortfall
    reach: 0 < _ == discount and _ * lots < shortfall
    """
    return pricing.shrink_discounts(shortfall=shortfall, discounts=[discount], lots=[lots])[0]


def shrinking_two(shortfall: int, first: int, second: int) -> tuple[int, ...]:
    """Two discounts are given up as far as the fund is short, each by its part of it, and none beyond itself.

    given: 7 and 12 lots taken
    pre: shortfall >= 0 and first >= 0 and second >= 0
    post: 0 <= _[0] <= first and 0 <= _[1] <= second
    post: 7 * _[0] + 12 * _[1] >= min(shortfall, 7 * first + 12 * second)
    post: _is_share(7 * _[0], 7, 7 * first, min(shortfall, 7 * first + 12 * second), 7 * first + 12 * second)
    post: _is_share(12 * _[1], 12, 12 * second, min(shortfall, 7 * first + 12 * second), 7 * first + 12 * second)
    reach: 0 < _[0] < first and 0 < _[1] < second
    reach: _[0] == first > 0 and shortfall > 7 * first + 12 * second
    """
    return pricing.shrink_discounts(shortfall=shortfall, discounts=[first, second], lots=[7, 12])


def _is_share(given: int, lots: int, gain: int, total: int, whole: int) -> bool:
    """Whether what a market gives up is its share of the total, within a unit and within an atom per lot upward."""
    if whole == 0:
        return given == 0
    over = given * whole - total * gain
    return -whole < over < (lots + 1) * whole


TRANSFER = ("backstop-transfer",)


def _claim(
    name: str, laws: tuple[str, ...], contract: Contract, bug: Bug, transactions: tuple[str, ...] = TRANSFER
) -> Claim:
    return Claim(name, Kind.KERNEL, transactions, laws, contract, bug)


CLAIMS = (
    _claim(
        "limits-in-force",
        ("ENR-1", "CAP-4", "FEE-1"),
        limits_while_obliged,
        Bug("capacity", "time >= provider.notice + program.notice", "time > provider.notice + program.notice"),
        ("enroll", "leave", "trade", "withdraw", "backstop-transfer"),
    ),
    _claim(
        "limits-of-nobody",
        ("ENR-1",),
        limits_before_enrolment,
        Bug(
            "capacity",
            "        return None\n    if provider.notice",
            "        return Limits(0, 0, 0)\n    if provider.notice",
        ),
        ("enroll", "leave", "trade", "withdraw"),
    ),
    _claim(
        "taken-within",
        ("CAP-1", "CAP-2"),
        windows_count_what_is_in_them,
        Bug("capacity", "if takeover.time > time - window)", "if takeover.time >= time - window)"),
    ),
    _claim(
        "remaining-capacity",
        ("CAP-1", "CAP-2"),
        capacity_left,
        Bug("capacity", "window=program.hour)\n    return max(0,", "window=program.minute)\n    return max(0,"),
    ),
    _claim(
        "pruning-forgets-nothing",
        ("CAP-1", "CAP-2"),
        pruning_forgets_nothing,
        Bug("capacity", "takeover.time - program.hour)", "takeover.time - program.minute)"),
    ),
    _claim(
        "pruning-keeps-an-hour",
        ("CAP-1", "CAP-2", "DET-1"),
        pruning_keeps_an_hour,
        Bug(
            "capacity",
            "if earlier.time > takeover.time - program.hour",
            "if earlier.time >= takeover.time - program.hour",
        ),
    ),
    _claim(
        "headroom",
        ("CAP-3", "CAP-4"),
        headroom_of,
        Bug("capacity", "- sign(taken_over) * held", "- held"),
    ),
    _claim(
        "room",
        ("CAP-1", "CAP-2", "CAP-3", "CAP-5"),
        room_of,
        Bug(
            "capacity",
            "return max(0, min(floor_div(capacity, mark_per_lot), headroom_lots))",
            "return max(0, min(-floor_div(-capacity, mark_per_lot), headroom_lots))",
        ),
    ),
    _claim(
        "bankruptcy-price",
        ("TKO-2",),
        bankruptcy_of,
        Bug(
            "pricing",
            "return floor_div(lots * mark_per_lot + equity, lots)",
            "return ceil_div(lots * mark_per_lot + equity, lots)",
        ),
    ),
    _claim(
        "provider-price",
        ("TKO-2",),
        provider_pays,
        Bug(
            "pricing",
            "ceil_div(mark_per_lot * (RATE_SCALE + discount), RATE_SCALE)",
            "floor_div(mark_per_lot * (RATE_SCALE + discount), RATE_SCALE)",
        ),
    ),
    _claim(
        "deleverage-price",
        ("TKO-2", "TKO-4"),
        deleveraging_pays,
        Bug("pricing", "return min(bankruptcy, mark_per_lot) if", "return max(bankruptcy, mark_per_lot) if"),
    ),
    _claim(
        "shrink-discounts-1",
        ("TKO-2", "TKO-5"),
        shrinking_one,
        Bug("pricing", "ceil_div(part, taken) if part > 0", "(part // taken) if part > 0"),
    ),
    _claim(
        "shrink-discounts-2",
        ("TKO-2", "TKO-5"),
        shrinking_two,
        Bug("pricing", "min(shortfall, sum(gains))", "min(shortfall, max(gains))"),
    ),
)
