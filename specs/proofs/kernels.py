"""Claims about the kernels of a takeover: splitting, prices and capacity."""

from collections.abc import Callable, Sequence
from functools import partial

from ledger.rulebook import ProgramTerms
from ledger.state import Limits, Provider, Takeover
from ledger.units import RATE_SCALE, apportion, sign

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies
from .worlds import RULEBOOK

PROGRAM: ProgramTerms = RULEBOOK.program
TRANSFER = ("backstop-transfer",)


Split = Callable[[int, Sequence[int]], tuple[int, ...]]


def apportion_splits(path: Path, split: Split, *, receivers: int) -> None:
    """The parts' sum and their bounds."""
    total = path.integer("total")
    weights = [path.integer(f"weight {number}", least=0) for number in range(receivers)]
    whole = sum(weights)
    path.assume(whole > 0)

    parts = split(total, weights)

    path.reach(ACCEPTED)
    path.require(len(parts) == receivers, "one part for each weight")
    path.require(sum(parts) == total, "the parts sum to the total")
    for part, weight in zip(parts, weights, strict=True):
        off = part * whole - total * weight
        path.require((-whole < off) & (off < whole), "a part is within one unit of its exact share")
        path.require(implies(weight == 0, part == 0), "a zero weight has a zero part")
        within = (total >= 0) & (total <= whole)
        path.require(implies(within, (part >= 0) & (part <= weight)), "no part exceeds its weight")


def apportion_needs_a_weight(path: Path, split: Split) -> None:
    """All weights zero: only a zero total can be split."""
    total = path.integer("total")
    try:
        parts = split(total, [0, 0, 0])
    except ValueError:
        path.reach("refused")
        path.require(total != 0, "a zero total is split")
        return
    path.reach(ACCEPTED)
    path.require(total == 0, "a total is not split over nothing")
    path.require(parts == (0, 0, 0), "its parts are zero")


def apportion_is_odd(path: Path, split: Split) -> None:
    """The parts of the negated total are the negated parts."""
    total = path.integer("total")
    weights = [path.integer(f"weight {number}", least=0) for number in range(3)]
    path.assume(sum(weights) > 0)
    parts, negated = split(total, weights), split(-total, weights)
    path.reach(ACCEPTED)
    for part, other in zip(parts, negated, strict=True):
        path.require(other == -part, "apportion(-total) is -apportion(total)")


def bankruptcy_favours_the_fund(path: Path, bankruptcy_price: Callable[..., int]) -> None:
    """The whole price nearest to handing over exactly the equity, on the fund's side."""
    size, mark, equity = path.integer("size"), path.integer("mark", least=1), path.integer("equity")
    path.assume(size != 0)
    price = bankruptcy_price(size=size, mark_per_lot=mark, equity=equity)
    # What the account keeps when it closes at the price: its equity plus what it gains over mark.
    kept = equity + size * (price - mark)
    path.reach(ACCEPTED)
    path.require(kept >= 0, "nothing is missing at the bankruptcy price")
    path.require(kept < abs(size), "less than one atom per lot is over")


def provider_price_within_bounds(path: Path, provider_price: Callable[..., int]) -> None:
    """Never worse for the receiver than bankruptcy or than the discount bound, and one of the two within an atom."""
    size, mark = path.integer("size"), path.integer("mark", least=1)
    bankruptcy, discount = path.integer("bankruptcy"), path.integer("discount")
    path.assume(size != 0)
    price = provider_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy, discount=discount)
    path.reach(ACCEPTED)
    if size > 0:
        bound, scaled = mark * (RATE_SCALE - discount), price * RATE_SCALE
        path.require(price <= bankruptcy, "a long is not bought dearer than bankruptcy")
        path.require(scaled <= bound, "a long is not bought dearer than the discount bound")
        path.require((price == bankruptcy) | (bound < scaled + RATE_SCALE), "nor cheaper than both by an atom")
    else:
        bound, scaled = mark * (RATE_SCALE + discount), price * RATE_SCALE
        path.require(price >= bankruptcy, "a short is not sold cheaper than bankruptcy")
        path.require(scaled >= bound, "a short is not sold cheaper than the discount bound")
        path.require((price == bankruptcy) | (bound > scaled - RATE_SCALE), "nor dearer than both by an atom")


def deleverage_never_worse_than_mark(path: Path, deleverage_price: Callable[..., int]) -> None:
    """The auto-deleveraging price is the bankruptcy price, or mark where that is better for who is deleveraged."""
    size, mark, bankruptcy = path.integer("size"), path.integer("mark", least=1), path.integer("bankruptcy")
    path.assume(size != 0)
    price = deleverage_price(size=size, mark_per_lot=mark, bankruptcy=bankruptcy)
    path.reach(ACCEPTED)
    gain = sign(size) * (mark - price)
    path.require(gain >= 0, "who is deleveraged gets mark or better")
    path.require(sign(size) * (bankruptcy - price) >= 0, "and bankruptcy or better")
    path.require((price == mark) | (price == bankruptcy), "and one of the two exactly")


def shrink_within_discounts(path: Path, shrink_discounts: Callable[..., tuple[int, ...]], *, markets: int) -> None:
    """No move goes beyond its discount, and together they cover the shortfall or give up everything."""
    shortfall = path.integer("shortfall", least=0)
    discounts = [path.integer(f"discount {number}", least=0) for number in range(markets)]
    lots = [path.integer(f"lots {number}", least=0) for number in range(markets)]
    moves = shrink_discounts(shortfall=shortfall, discounts=discounts, lots=lots)
    path.reach(ACCEPTED)
    for move, discount, taken in zip(moves, discounts, lots, strict=True):
        path.require(move >= 0, "a move is toward mark")
        path.require(move <= discount, "a move does not go beyond the discount")
        path.require(implies(shortfall == 0, move == 0), "without a shortfall nothing moves")
        path.require(implies(taken == 0, move == 0), "where nothing was taken nothing moves")
    gains = [discount * taken for discount, taken in zip(discounts, lots, strict=True)]
    given_up, whole = sum(move * taken for move, taken in zip(moves, lots, strict=True)), sum(gains)
    parts = apportion(min(shortfall, whole), gains)
    path.establish(sum(parts) == min(shortfall, whole), "the parts sum to what must be given up")
    for part, move, gain, taken in zip(parts, moves, gains, lots, strict=True):
        path.establish(move * taken >= part, "a move gives up its market's part")
        path.establish(move * taken <= gain, "and no more than the market's gain")
    path.require((given_up >= shortfall) | (given_up == whole), "what is given up covers the shortfall or is all")


def room_within_capacity(path: Path, room: Callable[..., int]) -> None:
    """The most whole lots within capacity and headroom."""
    capacity, mark = path.integer("capacity", least=0), path.integer("mark", least=1)
    headroom_lots = path.integer("headroom")
    lots = room(capacity=capacity, mark_per_lot=mark, headroom_lots=headroom_lots)
    path.reach(ACCEPTED)
    path.require(lots >= 0, "never below zero")
    path.require(lots * mark <= capacity, "the lots' notional is within capacity")
    path.require((lots == 0) | (lots <= headroom_lots), "the lots are within headroom")
    path.require((lots >= headroom_lots) | ((lots + 1) * mark > capacity), "one lot more would not be")


def headroom_keeps_holdings(path: Path, headroom: Callable[..., int]) -> None:
    """Whatever is taken within headroom keeps the holding, in the direction taken over, within the maximum."""
    mark, maximum = path.integer("mark", least=1), path.integer("max holdings", least=0)
    held, taken_over, lots = path.integer("held"), path.integer("taken over"), path.integer("lots", least=0)
    path.assume(taken_over != 0)
    limits = Limits(0, 0, maximum)
    lots_open = headroom(limits, mark_per_lot=mark, held=held, taken_over=taken_over)
    path.assume(lots <= lots_open)
    path.reach(ACCEPTED)
    after = held + sign(taken_over) * lots
    path.require(sign(taken_over) * after * mark <= maximum, "notional held stays within the maximum")
    one_more = held + sign(taken_over) * (lots_open + 1)
    path.require(sign(taken_over) * one_more * mark > maximum, "one lot beyond headroom is not within it")


def _provider(path: Path, *, takeovers: int) -> tuple[Provider, Limits, int]:
    """A record with takeovers in order of time, all of them not after the time, which is given too."""
    times = [path.integer(f"time {number}", least=0) for number in range(takeovers)]
    time = path.integer("time")
    for earlier, later in zip(times, [*times[1:], time], strict=True):
        path.assume(earlier <= later)
    taken = tuple(Takeover(at, path.integer(f"notional {number}", least=0)) for number, at in enumerate(times))
    limits = Limits(path.integer("per minute", least=0), path.integer("per hour", least=0), 0)
    return Provider(limits, None, taken), limits, time


def _taken(record: Provider, time: int, window: int) -> int:
    """What the specification says was taken over in `(time - window, time]`, counted without the code under proof."""
    total = 0
    for takeover in record.takeovers:
        if time - window < takeover.time:
            total = total + takeover.notional
    return total


def remaining_within_windows(path: Path, remaining_capacity: Callable[..., int]) -> None:
    """What remains is never negative, and taking it leaves both windows within the limits."""
    record, limits, time = _provider(path, takeovers=3)
    remaining = remaining_capacity(PROGRAM, record, limits, time)
    path.reach(ACCEPTED)
    minute, hour = _taken(record, time, PROGRAM.minute), _taken(record, time, PROGRAM.hour)
    path.require(remaining >= 0, "never below zero")
    path.require((remaining == 0) | (minute + remaining <= limits.capacity_per_minute), "within the minute's capacity")
    path.require((remaining == 0) | (hour + remaining <= limits.capacity_per_hour), "within the hour's capacity")
    beyond_minute = minute + remaining + 1 > limits.capacity_per_minute
    path.require(beyond_minute | (hour + remaining + 1 > limits.capacity_per_hour), "one atom more is beyond one")


def pruning_loses_nothing(path: Path, with_takeover: Callable[..., Provider]) -> None:
    """At any later time the pruned record counts the same in both windows as one that forgot nothing."""
    record, limits, time = _provider(path, takeovers=3)
    notional, later = path.integer("notional"), path.integer("later")
    path.assume(later >= time)
    after = with_takeover(PROGRAM, record, Takeover(time, notional))
    unpruned = Provider(limits, None, (*record.takeovers, Takeover(time, notional)))
    path.reach(ACCEPTED)
    if len(after.takeovers) < 4:
        path.reach("pruned")
    for window in (PROGRAM.minute, PROGRAM.hour):
        path.require(_taken(after, later, window) == _taken(unpruned, later, window), "the same is counted")


CLAIMS = (
    *(
        Claim(
            f"apportion-{receivers}",
            Kind.KERNEL,
            TRANSFER,
            ("CAP-5", "TKO-3"),
            f"Over {receivers} weights the parts sum to the total, each within one unit of its share, zero for a zero "
            "weight, none beyond its weight while the total is from zero to their sum.",
            ("weights are not negative, and not all zero",),
            "units.apportion",
            partial(apportion_splits, receivers=receivers),
            Bug("units", "given = total * weight_so_far // whole", "given = (total * weight_so_far + 1) // whole"),
        )
        for receivers in range(1, 9)
    ),
    Claim(
        "apportion-nothing",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-5", "TKO-3"),
        "Over three zero weights a zero total has zero parts, and any other total raises ValueError.",
        (),
        "units.apportion",
        apportion_needs_a_weight,
        Bug("units", "        if total != 0:\n", "        if total > 5:\n"),
        reaches=(ACCEPTED, "refused"),
    ),
    Claim(
        "apportion-odd",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-5", "TKO-3"),
        "Over three weights the parts of the negated total are the negated parts.",
        ("weights are not negative, and not all zero",),
        "units.apportion",
        apportion_is_odd,
        Bug("units", "    if total < 0:\n        return tuple(-part", "    if total < -9:\n        return tuple(-part"),
    ),
    Claim(
        "bankruptcy-price",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-2",),
        "At the bankruptcy price an account has from zero to less than one atom per lot left: never less than nothing.",
        ("size is not zero; mark is positive",),
        "pricing.bankruptcy_price",
        bankruptcy_favours_the_fund,
        Bug("pricing", "return ceil_div(lots * mark_per_lot - equity", "return floor_div(lots * mark_per_lot - equity"),
    ),
    Claim(
        "provider-price",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-2",),
        "The providers' price is never worse for them than bankruptcy or the discount bound, for a discount of either "
        "sign, and within an atom of one of them.",
        ("size is not zero; mark is positive",),
        "pricing.provider_price",
        provider_price_within_bounds,
        Bug("pricing", "return max(bankruptcy, ceil_div(", "return max(bankruptcy, floor_div("),
    ),
    Claim(
        "deleverage-price",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-2",),
        "The auto-deleveraging price is the bankruptcy price or mark, whichever is better for who is deleveraged.",
        ("size is not zero; mark is positive",),
        "pricing.deleverage_price",
        deleverage_never_worse_than_mark,
        Bug("pricing", "if size > 0 else max(bankruptcy, mark_per_lot)", "if size > 0 else bankruptcy"),
    ),
    *(
        Claim(
            f"shrink-{markets}",
            Kind.KERNEL,
            TRANSFER,
            ("TKO-2", "TKO-3"),
            f"Over {markets} markets each move is from zero to its discount, and together they cover the shortfall or "
            "give up every discount.",
            ("shortfall, discounts and lots are not negative",),
            "pricing.shrink_discounts",
            partial(shrink_within_discounts, markets=markets),
            Bug("pricing", "ceil_div(part, taken) if part > 0", "ceil_div(part, taken) + 1 if part > 0"),
        )
        for markets in (1, 2)
    ),
    Claim(
        "room",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2", "CAP-3"),
        "Room is the most whole lots, zero or more, whose notional is within capacity and that are within headroom.",
        ("capacity is not negative; mark is positive",),
        "capacity.room",
        room_within_capacity,
        Bug(
            "capacity",
            "floor_div(capacity, mark_per_lot), headroom_lots",
            "floor_div(capacity, mark_per_lot) + 1, headroom_lots",
        ),
    ),
    Claim(
        "headroom",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-3",),
        "Any lots within headroom keep the holding's notional in the direction taken over within the maximum, and one "
        "lot beyond does not.",
        ("mark is positive; maximum and lots are not negative; the size taken over is not zero",),
        "capacity.headroom",
        headroom_keeps_holdings,
        Bug("capacity", "- sign(taken_over) * held", "+ sign(taken_over) * held"),
    ),
    Claim(
        "remaining-capacity",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2"),
        "Over records of three takeovers, what remains is the most that keeps both windows within the limits, or zero.",
        (
            "takeovers are in order of time and not after now; notionals and limits are not negative",
            "windows of 60,000 and 3,600,000 ms, as in the profile ascendex-2020",
        ),
        "capacity.remaining_capacity",
        remaining_within_windows,
        Bug("capacity", "if takeover.time > time - window", "if takeover.time >= time - window"),
    ),
    Claim(
        "pruning",
        Kind.KERNEL,
        TRANSFER,
        ("CAP-1", "CAP-2"),
        "Over records of three takeovers, dropping the old ones at a takeover changes no window at that or any later "
        "time.",
        (
            "takeovers are in order of time and not after the new one",
            "windows of 60,000 and 3,600,000 ms, as in the profile ascendex-2020",
        ),
        "capacity.with_takeover",
        pruning_loses_nothing,
        Bug("capacity", "takeover.time - program.hour)", "takeover.time - program.minute)"),
        reaches=(ACCEPTED, "pruned"),
    ),
)
