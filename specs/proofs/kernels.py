"""Claims about the pure kernels: splitting, prices, funding, capacity, the index, rolling and fees."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from immutables import Map

from ledger.rulebook import ProgramTerms
from ledger.state import Limits, Market, Provider, Takeover
from ledger.units import RATE_SCALE, apportion, sign

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies
from .worlds import RULEBOOK

PROGRAM: ProgramTerms = RULEBOOK.program
TRANSFER, FILLS = ("backstop-transfer",), ("trade", "liquidate")


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


def funding_per_lot_toward_zero(path: Path, funding_per_lot: Callable[[int, int, int], int]) -> None:
    """The exact amount without its fraction."""
    index, denominator = path.integer("index per lot", least=1), path.integer("denominator", least=1)
    numerator = path.integer("numerator")
    per_lot = funding_per_lot(index, numerator, denominator)
    path.reach(ACCEPTED)
    exact = index * numerator
    path.require(implies(numerator >= 0, per_lot >= 0), "a positive rate never pays longs")
    path.require(implies(numerator <= 0, per_lot <= 0), "a negative rate never pays shorts")
    if exact >= 0:
        path.require(per_lot * denominator <= exact, "rounded toward zero")
        path.require(exact < (per_lot + 1) * denominator, "by less than an atom")
    else:
        path.require(per_lot * denominator >= exact, "rounded toward zero")
        path.require(exact > (per_lot - 1) * denominator, "by less than an atom")


def computed_rate_is_clamped(path: Path, computed_rate: Callable[[Market, int], tuple[int, int]]) -> None:
    """The mean premium over the index, or the clamp with its sign."""
    total, count = path.integer("premium sum"), path.integer("premium count", least=0)
    index, clamp = path.integer("index", least=1), path.integer("clamp", least=0)
    numerator, denominator = computed_rate(Market(index, index, total, count, -1), clamp)
    path.reach(ACCEPTED)
    path.require(denominator > 0, "the denominator is positive")
    scaled = numerator * RATE_SCALE
    path.require((scaled <= clamp * denominator) & (-scaled <= clamp * denominator), "within the clamp")
    path.require(implies(count == 0, numerator == 0), "no sample, no funding")
    path.require(implies((count > 0) & (total >= 0), numerator >= 0), "the sign of the premium")
    path.require(implies((count > 0) & (total <= 0), numerator <= 0), "the sign of the premium")
    within = (total * RATE_SCALE <= clamp * count * index) & (-total * RATE_SCALE <= clamp * count * index)
    exact = (numerator == total) & (denominator == count * index)
    path.require(implies((count > 0) & within, exact), "exact where it is within the clamp")


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


def one_source_cannot_move_the_index(path: Path, index_of: Callable[[Mapping[str, int]], int]) -> None:
    """The index of five stays in the range of the other four, whatever the fifth says."""
    quotes = {source: path.integer(source) for source in RULEBOOK.sources}
    wrong = path.choice("wrong source", RULEBOOK.sources)
    index = index_of(Map(quotes))
    others = [quotes[source] for source in RULEBOOK.sources if source != wrong]
    path.reach(ACCEPTED)
    above, below = (index >= others[0]), (index <= others[0])
    for other in others[1:]:
        above, below = above | (index >= other), below | (index <= other)
    path.require(above, "not below all others")
    path.require(below, "not above all others")


def rolls_when_closed_or_flipped(path: Path, must_roll: Callable[[int, int], bool]) -> None:
    """Exactly when there was a position and there is none of its sign any more."""
    before, after = path.integer("before"), path.integer("after")
    rolls = must_roll(before, after)
    path.reach(ACCEPTED)
    kept = ((before > 0) & (after > 0)) | ((before < 0) & (after < 0))
    path.require(rolls == ((before != 0) & (kept == False)), "exactly when closed or flipped")  # noqa: E712


def fee_against_the_payer(path: Path, fee_on: Callable[..., int]) -> None:
    """The least multiple of the fee unit that is not below the exact fee."""
    value, rate, unit = path.integer("value", least=0), path.integer("rate"), path.integer("fee unit", least=1)
    fee = fee_on(value=value, rate=rate, fee_unit=unit)
    path.reach(ACCEPTED)
    path.require(fee % unit == 0, "a multiple of the fee unit")
    path.require(fee * RATE_SCALE >= value * rate, "not below the exact fee")
    path.require((fee - unit) * RATE_SCALE < value * rate, "by less than one unit")


def lower_rate_lower_fee(path: Path, fee_on: Callable[..., int]) -> None:
    """Who has the lower rate never pays more; two rates that sum to zero or more never pay out."""
    value, unit = path.integer("value", least=0), RULEBOOK.fee_unit
    low, high = path.integer("lower rate"), path.integer("higher rate")
    path.assume(low <= high)
    lower, higher = fee_on(value=value, rate=low, fee_unit=unit), fee_on(value=value, rate=high, fee_unit=unit)
    path.reach(ACCEPTED)
    path.require(lower <= higher, "a lower rate is never a higher fee")
    path.require(implies(low + high >= 0, lower + higher >= 0), "the venue never pays out")


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
        "funding-per-lot",
        Kind.KERNEL,
        ("fund",),
        ("FND-1",),
        "Funding per lot has the rate's sign or is zero, and is the exact amount rounded toward zero.",
        ("index per lot and denominator are positive",),
        "rules.fund.funding_per_lot",
        funding_per_lot_toward_zero,
        Bug(
            "rules.fund",
            "return div_toward_zero(index_per_lot * numerator, denominator)",
            "return index_per_lot * numerator // denominator",
        ),
    ),
    Claim(
        "funding-rate",
        Kind.KERNEL,
        ("fund",),
        ("FND-1",),
        "The computed rate is the mean premium over the index where that is within the clamp, else the clamp with the "
        "premium's sign; zero without a sample.",
        ("index is positive; count and clamp are not negative",),
        "rules.fund.computed_rate",
        computed_rate_is_clamped,
        Bug("rules.fund", "(clamp if numerator > 0 else -clamp), RATE_SCALE", "clamp, RATE_SCALE"),
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
    Claim(
        "index-of-five",
        Kind.KERNEL,
        ("mark",),
        ("MRK-1",),
        "With five sources, one wrong source cannot move the index outside the range of the other four.",
        (),
        "rules.mark.index_of",
        one_source_cannot_move_the_index,
        Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[1:]"),
    ),
    Claim(
        "must-roll",
        Kind.KERNEL,
        ("trade", "liquidate", "backstop-transfer"),
        ("SET-1",),
        "A side rolls exactly when its position was closed or flipped.",
        (),
        "rules.rolling.must_roll",
        rolls_when_closed_or_flipped,
        Bug("rules.rolling", "(after == 0 or (before > 0) != (after > 0))", "(before > 0) != (after > 0)"),
    ),
    Claim(
        "fee",
        Kind.KERNEL,
        FILLS,
        ("FEE-1",),
        "A fee is the least multiple of the fee unit that is not below the exact fee, for a rate of either sign.",
        ("value is not negative; the fee unit is positive",),
        "rules.fills.fee_on",
        fee_against_the_payer,
        Bug(
            "rules.fills",
            "ceil_div(value * rate, RATE_SCALE * fee_unit)",
            "floor_div(value * rate, RATE_SCALE * fee_unit)",
        ),
    ),
    Claim(
        "fee-order",
        Kind.KERNEL,
        FILLS,
        ("FEE-1",),
        "A lower rate is never a higher fee, and two rates that sum to zero or more never pay out in sum.",
        ("value is not negative; the fee unit is that of the profile ascendex-2020",),
        "rules.fills.fee_on",
        lower_rate_lower_fee,
        Bug(
            "rules.fills",
            "ceil_div(value * rate, RATE_SCALE * fee_unit)",
            "-ceil_div(value * rate, RATE_SCALE * fee_unit)",
        ),
    ),
)
