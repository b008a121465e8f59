"""Claims about the kernels of the other rules: funding, the index, instants, bands, fills, rolling, obligations."""

from collections.abc import Callable, Mapping
from functools import partial

from immutables import Map

from ledger.outcomes import Reason, Rejected
from ledger.rulebook import IntervalTerms, ProgramTerms
from ledger.state import Account, Limits, Market, Provider, State
from ledger.units import RATE_SCALE

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies
from .kernels_margin import account_in
from .quantities import RATE, WHOLE, account_value, pnl, rounded_down, rounded_up
from .worlds import ALICE, MARKET, RULEBOOK, SECOND_MARKET, provider_of

FILLS, TRANSFER = ("trade", "liquidate"), ("backstop-transfer",)


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


def index_within_the_others(path: Path, index_of: Callable[[Mapping[str, int]], int], *, sources: int) -> None:
    """The mean of the middle ones, rounded down: in the range of all but any one of them."""
    quotes = Map({source: path.integer(source) for source in RULEBOOK.sources[:sources]})
    index = index_of(quotes)
    path.reach(ACCEPTED)
    for wrong in quotes:
        above = below = False
        for source, quote in quotes.items():
            if source != wrong:
                above, below = above | (index >= quote), below | (index <= quote)
        path.require(above, f"not below all others than {wrong}")
        path.require(below, f"not above all others than {wrong}")
    in_order = sorted(quotes.values())
    middle = sum(quotes.values()) - in_order[0] - in_order[-1]
    path.require(rounded_down((middle, sources - 2))(index), "the mean of the middle ones, rounded down")


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


def instant_before(path: Path, instant_of: Callable[[IntervalTerms, int], int]) -> None:
    """The last instant of the grid that is not after the time."""
    interval, count = path.integer("interval", least=1), path.integer("intervals since 1970")
    since = path.integer("since the instant", least=0)
    path.assume(since < interval)
    instant = instant_of(IntervalTerms(interval, 1), count * interval + since)
    path.reach(ACCEPTED)
    path.require(instant == count * interval, "the instant before the time")


def instants_in_time(path: Path, refuse_instant: Callable[..., Rejected | None]) -> None:
    """Within the window after an instant that is later than the last one done."""
    interval, window = path.integer("interval", least=1), path.integer("window", least=1)
    count, since = path.integer("intervals since 1970"), path.integer("since the instant", least=0)
    last = path.integer("last")
    path.assume((since < interval) & (window <= interval))
    instant = count * interval
    refusal = refuse_instant(IntervalTerms(interval, window), time=instant + since, last=last, subject="x")
    if refusal is None:
        path.reach(ACCEPTED)
        path.require((since < window) & (instant > last), "in time, and not done yet")
        return
    path.reach(refusal.reason.name)
    late = refusal.reason is Reason.OUTSIDE_WINDOW
    wanted = (since, window) if late else (instant, last)
    path.require((since >= window) if late else (since < window) & (instant <= last), "refused for what is wrong")
    path.require((refusal.supplied == wanted[0]) & (refusal.limit == wanted[1]), "with its figures")


def the_end_of_the_band(path: Path, band_bound: Callable[..., int]) -> None:
    """A price is within the band exactly where it is not beyond its end on that side."""
    mark, price = path.integer("mark", least=1), path.integer("price", least=1)
    band = path.integer("band", least=1, most=RATE)
    bound = band_bound(mark=mark, price=price, band=band)
    path.reach(ACCEPTED)
    if price > mark:
        path.require(rounded_down((mark * (RATE + band), RATE))(bound), "rounded inward")
        path.require(((price - mark) * RATE <= band * mark) == (price <= bound), "within exactly up to it")
    else:
        path.require(rounded_up((mark * (RATE - band), RATE))(bound), "rounded inward")
        path.require(((mark - price) * RATE <= band * mark) == (price >= bound), "within exactly down to it")


def grew_or_turned(path: Path, exposure_grew: Callable[[int, int], bool]) -> None:
    """Farther from zero, or on its other side."""
    before, after = path.integer("before"), path.integer("after")
    grew = exposure_grew(before, after)
    path.reach("grew" if grew else "did not")
    if before > 0:
        path.require(grew == ((after > before) | (after < 0)), "a long that is longer, or short")
    elif before < 0:
        path.require(grew == ((after < before) | (after > 0)), "a short that is shorter, or long")
    else:
        path.require(grew == (after != 0), "what is opened")


def in_force_until_the_notice_is_out(
    path: Path, limits_in_force: Callable[[ProgramTerms, Provider | None, int], Limits | None]
) -> None:
    """The limits, where there are any, while no notice was given or it has not run out."""
    record, time = provider_of(path, ALICE), path.integer("time")
    limits = limits_in_force(RULEBOOK.program, record, time)
    path.reach(ACCEPTED if limits is not None else "none")
    if limits is not None:
        assert record is not None
        path.require(limits is record.limits, "those it enrolled with")
        path.require(record.notice is None or time < record.notice + RULEBOOK.program.notice, "and the notice runs")
    elif record is not None and record.limits is not None:
        assert record.notice is not None
        path.require(time >= record.notice + RULEBOOK.program.notice, "none only after the notice")


def the_most_of_three(path: Path, round_limit: Callable[..., int]) -> None:
    """A lot, a fraction of the starting size, or what the minimum value buys: the most of them."""
    size, fraction = path.integer("starting size"), path.integer("fraction", least=1)
    value, per_lot = path.integer("minimum value", least=0), path.integer("mark per lot", least=1)
    limit = round_limit(starting_size=size, fraction=fraction, minimum_value=value, per_lot=per_lot)
    path.reach(ACCEPTED)
    size = size if size >= 0 else -size
    path.require((limit >= 1) & ((limit + 1) * fraction > size) & ((limit + 1) * per_lot > value), "not less than any")
    path.require((limit == 1) | (limit * fraction <= size) | (limit * per_lot <= value), "and not more than all")


def gains_within_both(path: Path, gains_weight: Callable[[State, Account], int]) -> None:
    """Gains, and not more than the account is worth, in whole atoms; nothing of a loss or of who is worth nothing."""
    state, account = account_in(path, path.choice("markets", ((), (MARKET,), (MARKET, SECOND_MARKET))))
    weight = gains_weight(state, account)
    gains, value = pnl(state, account), account_value(state, account)
    path.reach("some", weight > 0)
    path.reach("none", weight == 0)
    path.require(weight >= 0, "never negative")
    path.require((weight == 0) | (weight <= gains) & (weight * WHOLE <= value), "within gains and value")
    path.require((weight >= gains) | ((weight + 1) * WHOLE > value), "the most whole atoms of them")


def value_in_atoms(path: Path, value_weight: Callable[[State, Account], int]) -> None:
    """Account value in whole atoms, nothing of who is worth nothing."""
    state, account = account_in(path, path.choice("markets", ((), (MARKET,), (MARKET, SECOND_MARKET))))
    weight = value_weight(state, account)
    value = account_value(state, account)
    path.reach("some", weight > 0)
    path.reach("none", weight == 0)
    path.require((weight >= 0) & ((weight == 0) | (weight * WHOLE <= value)), "within its value")
    path.require((weight + 1) * WHOLE > value, "the most whole atoms of it")


ACCOUNT = "an account with USDT and BTC, which is not negative, and no position, one, or one in each of two markets"

CLAIMS = (
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
    *(
        Claim(
            f"index-of-{word}",
            Kind.KERNEL,
            ("mark",),
            ("MRK-1",),
            f"With {word} sources the index is the mean of all but the highest and the lowest, rounded down, and one "
            "wrong source cannot move it outside the range of the others.",
            (),
            "rules.mark.index_of",
            partial(index_within_the_others, sources=sources),
            (
                Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[1:]"),
                Bug("rules.mark", "sorted(quotes.values())[1:-1]", "sorted(quotes.values())[:-1]"),
            ),
        )
        for word, sources in (("three", 3), ("four", 4), ("five", 5))
    ),
    Claim(
        "instant-of",
        Kind.KERNEL,
        ("fund", "settle"),
        ("FND-1", "SET-2"),
        "The instant of a time is the last of the grid that is not after it.",
        ("any interval of at least 1 ms",),
        "rules.instants.instant_of",
        instant_before,
        Bug("rules.instants", "floor_to_multiple(time, terms.interval)", "floor_to_multiple(time + 1, terms.interval)"),
    ),
    Claim(
        "refuse-instant",
        Kind.KERNEL,
        ("fund", "settle"),
        ("FND-1", "SET-2"),
        "An action is refused exactly outside the window after an instant, or where that instant is not later than the "
        "last one done, with the figures of the first that is wrong.",
        ("any interval, and any window of at least 1 ms and at most the interval",),
        "rules.instants.refuse_instant",
        instants_in_time,
        (
            Bug("rules.instants", "if time - instant >= terms.window:", "if time - instant > terms.window:"),
            Bug("rules.instants", "if instant <= last:", "if instant < last:"),
        ),
        reaches=(ACCEPTED, "OUTSIDE_WINDOW", "INSTANT_ALREADY_DONE"),
    ),
    Claim(
        "band-bound",
        Kind.KERNEL,
        FILLS,
        ("MAR-2",),
        "The end of the band on the side of a price is rounded inward, and the price is within the band exactly where "
        "it is not beyond that end.",
        ("mark and price are positive; any band up to 1",),
        "rules.fills.band_bound",
        the_end_of_the_band,
        (
            Bug("rules.fills", "floor_div(mark * (RATE_SCALE + band)", "ceil_div(mark * (RATE_SCALE + band)"),
            Bug("rules.fills", "ceil_div(mark * (RATE_SCALE - band)", "floor_div(mark * (RATE_SCALE - band)"),
        ),
    ),
    Claim(
        "exposure-grew",
        Kind.KERNEL,
        FILLS,
        ("MAR-1",),
        "Exposure grew exactly where a position is farther from zero than before or on its other side.",
        (),
        "rules.fills.exposure_grew",
        grew_or_turned,
        (
            Bug("rules.fills", "or before * after < 0", "or before * after <= 0"),
            Bug("rules.fills", "return abs(after) > abs(before) or", "return abs(after) >= abs(before) or"),
        ),
        reaches=("grew", "did not"),
    ),
    Claim(
        "limits-in-force",
        Kind.KERNEL,
        ("trade", "withdraw", "enroll", "leave", "liquidate", "backstop-transfer"),
        ("ENR-1",),
        "The limits in force are those enrolled with, unless there are none or a notice has run out.",
        ("a record of any kind or none; notice of 3,600,000 ms, as in the profile ascendex-2020",),
        "capacity.limits_in_force",
        in_force_until_the_notice_is_out,
        (
            Bug("capacity", "time >= provider.notice + program.notice", "time > provider.notice + program.notice"),
            Bug("capacity", "if provider.notice is not None and", "if provider.notice is None and"),
        ),
        reaches=(ACCEPTED, "none"),
    ),
    Claim(
        "round-limit",
        Kind.KERNEL,
        ("liquidate",),
        ("LIQ-1",),
        "A round closes at most one lot, one fraction-th of the starting size, or what the minimum value buys at mark, "
        "whichever is most, in whole lots rounded down.",
        ("fraction and mark are positive; the minimum value is not negative",),
        "rules.liquidate.round_limit",
        the_most_of_three,
        (
            Bug("rules.liquidate", "return max(1, floor_div", "return max(0, floor_div"),
            Bug("rules.liquidate", "floor_div(minimum_value, per_lot))", "floor_div(minimum_value, per_lot) + 1)"),
        ),
    ),
    Claim(
        "gains-weight",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-5",),
        "The weight of gains is the most whole atoms within an account's gains and its value, and never negative.",
        (ACCOUNT,),
        "rules.loss_waterfall.gains_weight",
        gains_within_both,
        (
            Bug("rules.loss_waterfall", "return max(0, min(gains, floor", "return max(0, max(gains, floor"),
            Bug("rules.loss_waterfall", "return max(0, min(gains, floor", "return (min(gains, floor"),
        ),
        reaches=("some", "none"),
    ),
    Claim(
        "value-weight",
        Kind.KERNEL,
        TRANSFER,
        ("TKO-5",),
        "The weight of account value is the most whole atoms within it, and never negative.",
        (ACCOUNT,),
        "rules.loss_waterfall.value_weight",
        value_in_atoms,
        Bug(
            "rules.loss_waterfall",
            "    return max(0, floor_div(",
            "    return max(1, floor_div(",
        ),
        reaches=("some", "none"),
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
