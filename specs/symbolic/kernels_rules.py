"""Contracts of the leaves that rules share: fees, bands, admission, rounds, instants, funding, the index."""

from immutables import Map

from ledger.rules import (
    fills,
    fund,
    instants,
    liquidate,
    mark,
)
from ledger.state import Limits, Liquidation, Market, Provider

from .claims import Bug, Claim, Contract, Kind
from .worlds import (
    ASCENDEX,
    BTC,
    BTC_MARK,
    FLAT,
    LOT,
    NOW,
    RATE,
    account,
    state,
)


def fee_of(value: int, rate: int) -> int:
    """A fee is the least multiple of the fee unit that is not below its rate's share, so a rebate is rounded down.

    given: a fee unit of 10,000 atoms, 10^-9 USDT
    pre: value > 0
    pre: rate in (-50_000, 0, 100_000, 200_000, 450_000, 650_000)
    post: _ % 10_000 == 0
    post: _ * RATE - 10_000 * RATE < value * rate <= _ * RATE
    reach: rate > 0 and _ * RATE > value * rate
    reach: rate < 0 and _ * RATE > value * rate
    """
    return fills.fee_on(value=value, rate=rate, fee_unit=10_000)


def fee_of_any_rate(value: int, rate: int) -> int:
    """At whatever rate, a fee is off its rate's share by less than a fee unit, against the payer.

    given: a fee unit of 10,000 atoms, 10^-9 USDT
    pre: value > 0
    post: 0 <= _ * RATE - value * rate < 10_000 * RATE
    reach: rate < 0 and _ < 0
    reach: rate > 0 and _ * RATE > value * rate
    """
    return fills.fee_on(value=value, rate=rate, fee_unit=10_000)


def rates_of_provider(has_limits: bool, notice: int, has_notice: bool, is_vip: bool) -> tuple[int, int]:
    """An obliged provider pays the lowest maker and taker rates there are, anybody else those of its tier.

    given: rulebook ascendex-2020; tier standard or vip
    post: _ == ((-50_000, 200_000) if _obliged(has_limits, has_notice, notice) else _rates(is_vip))
    reach: _[0] == -50_000 and has_notice
    reach: _ == (100_000, 450_000) and has_limits
    """
    limits = Limits(1, 2, 3) if has_limits else None
    providers = {"alice": Provider(limits, notice if has_notice else None, ())}
    holder = account(1, fee_tier="vip" if is_vip else "standard")
    rates = fills.fee_rates(state(ASCENDEX, {"alice": holder}, providers=providers), "alice", NOW)
    return rates.maker, rates.taker


def _obliged(has_limits: bool, has_notice: bool, notice: int) -> bool:
    return has_limits and (not has_notice or notice + 3_600_000 > NOW)


def _rates(is_vip: bool) -> tuple[int, int]:
    return (100_000, 450_000) if is_vip else (200_000, 650_000)


def band_end(mark_price: int, is_above: bool) -> int:
    """The end of the band around mark is its last price inside, on the side asked for.

    given: a band of 10%
    pre: mark_price > 0
    post: _in_band(_, mark_price) and not _in_band(_ + (1 if is_above else -1), mark_price)
    reach: is_above and _ * 10 < mark_price * 11
    reach: not is_above and _ > 0
    """
    price = 2 * mark_price if is_above else 0
    return fills.band_bound(mark=mark_price, price=price, band=100_000_000)


def _in_band(price: int, mark_price: int) -> bool:
    return 10 * abs(price - mark_price) <= mark_price


def grew(before: int, after: int) -> bool:
    """Exposure grew exactly when a size is larger in magnitude or of the opposite sign.

    post: _ == (abs(after) > abs(before) or (before > 0 > after) or (before < 0 < after))
    reach: _ and abs(after) < abs(before)
    reach: not _ and after == before != 0
    """
    return fills.exposure_grew(before, after)


def rate_fell(before_usdt: int, after_usdt: int, after_lots: int) -> bool:
    """The margin rate fell exactly when distress collateral per exposure is less, cross-multiplied.

    given: rulebook textbook; a long of 1,000 lots before, 1, 600 or 1,000 lots after, both without pnl
    pre: after_lots in (1, 600, 1000)
    post: _ == (after_usdt * 1000 < before_usdt * after_lots)
    reach: _ and after_usdt < 0
    reach: not _ and after_lots == 600 and after_usdt * 1000 == before_usdt * 600 and before_usdt > 0
    """
    before = account(before_usdt, 1000, -1000 * LOT)
    after = account(after_usdt, after_lots, -after_lots * LOT)
    return fills.margin_rate_fell(state(FLAT, {}), before, after)


def rate_kept(before_usdt: int) -> int:
    """The distress collateral reported for a margin rate that fell is the least that would have kept it.

    given: rulebook textbook; a long of 700 lots before, 300 lots after, without pnl
    post: (_ - 1) * 7 < before_usdt * 10**18 * 3 <= _ * 7
    reach: _ < 0
    """
    before, after = account(before_usdt, 700, -700 * LOT), account(0, 300, -300 * LOT)
    return fills.distress_at_rate(state(FLAT, {}), before, after)


def round_limit_of(start: int, per_lot: int) -> int:
    """A round closes at most a tenth of the starting size, or 1,000 USDT's worth if that is more, and one lot at least.

    pre: per_lot > 0
    post: _ >= 1 and 10 * _ > abs(start) - 10 and (_ + 1) * per_lot > 10**16
    post: _ == 1 or 10 * _ <= abs(start) or _ * per_lot <= 10**16
    reach: start < -100 and _ == -start // 10 and _ * per_lot > 10**16
    reach: _ == 1 and per_lot > 10**16
    reach: _ > 1 and start == 0
    """
    return liquidate.round_limit(starting_size=start, fraction=10, minimum_value=10**16, per_lot=per_lot)


def round_of(is_active: bool, round_before: int, size: int, start: int) -> tuple[int, int, int]:
    """The first round starts from the sizes held; the next ones count up to the last, and keep where they started.

    given: rulebook ascendex-2020, 50 rounds
    pre: size != 0 and 1 <= round_before <= 50
    post: _ == ((1, NOW, size) if is_active else (min(50, round_before + 1), NOW, start))
    reach: _[0] == 50 and round_before == 50
    reach: _[0] == 50 and round_before == 49
    reach: is_active
    """
    running = None if is_active else Liquidation(round_before, NOW - 6000, Map({BTC: start}))
    holder = account(1, size, liquidation=running)
    made = liquidate.next_round(state(ASCENDEX, {"alice": holder}), holder, NOW)
    return made.round, made.time, made.starting_sizes[BTC]


def instant_and_window(time: int, last: int) -> str:
    """Due once an instant of the eight-hour grid, within a minute after it.

    given: rulebook ascendex-2020, the funding schedule
    pre: last >= -1
    post: _ == _due(time, last, 28_800_000)
    reach: _ == "due" and time == last + 28_859_999
    reach: _ == "OUTSIDE_WINDOW" and time > 0
    reach: _ == "INSTANT_ALREADY_DONE" and time > 30_000_000
    """
    refusal = instants.refuse_instant(ASCENDEX.funding, time=time, last=last, subject="")
    return "due" if refusal is None else refusal.reason.name


def _due(time: int, last: int, interval: int) -> str:
    since = time % interval
    if since >= 60_000:
        return "OUTSIDE_WINDOW"
    return "due" if time - since > last else "INSTANT_ALREADY_DONE"


def rate_from_premium(total: int, count: int) -> tuple[int, int]:
    """The computed rate is the mean premium over the index, or the clamp with its sign.

    given: index 5,000; a clamp of 0.5%
    pre: count in (0, 1, 2, 480)
    post: _[1] > 0 and abs(_[0]) * RATE <= 5_000_000 * _[1]
    post: _ == (0, 1) if count == 0 else (_is_mean(_, total, count) or _is_clamp(_, total, count))
    reach: count == 2 and 0 < _[0] == total
    reach: count == 480 and _[0] < 0 and _[0] != total
    """
    return fund.computed_rate(Market(BTC_MARK, BTC_MARK, total, count, -1), 5_000_000)


def _is_mean(rate: tuple[int, int], total: int, count: int) -> bool:
    return rate == (total, count * BTC_MARK)


def _is_clamp(rate: tuple[int, int], total: int, count: int) -> bool:
    if abs(total) * RATE <= 5_000_000 * count * BTC_MARK:
        return False
    return rate == (5_000_000 if total > 0 else -5_000_000, RATE)


def funding_of_lot(value: int, numerator: int, denominator: int) -> int:
    """Funding per lot is the rate's exact share of a lot without its fraction.

    pre: value > 0 and denominator > 0
    post: abs(_) * denominator <= abs(value * numerator) < (abs(_) + 1) * denominator
    post: _ * numerator >= 0
    reach: numerator < 0 and _ * denominator > value * numerator
    reach: _ == 0 and numerator > 0
    """
    return fund.funding_per_lot(value, numerator, denominator)


def index_of_three(first: int, second: int, third: int) -> int:
    """Of three quotes the index is the median.

    post: _ in (first, second, third)
    post: sum(quote >= _ for quote in (first, second, third)) >= 2
    post: sum(quote <= _ for quote in (first, second, third)) >= 2
    reach: third < _ == first < second
    """
    return mark.index_of(Map({"Huobi": first, "OKEx": second, "Binance": third}))


def index_of_four(first: int, second: int, third: int, fourth: int) -> int:
    """Of four quotes the highest and the lowest are dropped, and the index is the mean of two, rounded down.

    pre: first <= second <= third <= fourth
    post: 2 * _ <= second + third < 2 * _ + 2
    reach: 2 * _ < second + third
    """
    return mark.index_of(Map({"Huobi": third, "OKEx": first, "Binance": fourth, "Poloniex": second}))


def index_of_five(first: int, second: int, third: int, fourth: int, fifth: int) -> int:
    """Of five quotes the highest and the lowest are dropped, and the index is the mean of three, rounded down.

    pre: first <= second <= third <= fourth <= fifth
    post: 3 * _ <= second + third + fourth < 3 * _ + 3
    reach: 3 * _ < second + third + fourth
    """
    quotes = {"Huobi": third, "OKEx": first, "Binance": fifth, "Poloniex": second, "AscendEX": fourth}
    return mark.index_of(Map(quotes))


def one_wrong_source(wrong: int, first: int, second: int, third: int, fourth: int) -> int:
    """Whatever one source of five says, the index is within the range of the other four.

    pre: first <= second <= third <= fourth
    post: first <= _ <= fourth
    reach: wrong > fourth and _ < fourth
    reach: wrong < first < _
    """
    quotes = {"Huobi": wrong, "OKEx": first, "Binance": second, "Poloniex": third, "AscendEX": fourth}
    return mark.index_of(Map(quotes))


FILLS = ("trade", "liquidate")


def _claim(
    name: str, transactions: tuple[str, ...], laws: tuple[str, ...], contract: Contract, bug: Bug, *, quick: bool = True
) -> Claim:
    return Claim(name, Kind.KERNEL, transactions, laws, contract, bug, quick=quick)


CLAIMS = (
    _claim(
        "fee",
        FILLS,
        ("FEE-1", "FIL-1"),
        fee_of,
        Bug(
            "rules.fills",
            "ceil_div(value * rate, RATE_SCALE * fee_unit)",
            "floor_div(value * rate, RATE_SCALE * fee_unit)",
        ),
    ),
    _claim(
        "fee-of-any-rate",
        FILLS,
        ("FEE-1", "FIL-1"),
        fee_of_any_rate,
        Bug("rules.fills", "RATE_SCALE * fee_unit) * fee_unit", "RATE_SCALE) // fee_unit * fee_unit"),
    ),
    _claim(
        "fee-rates",
        FILLS,
        ("FEE-1", "ENR-1"),
        rates_of_provider,
        Bug("rules.fills", "return rulebook.lowest_fees", 'return rulebook.fee_tiers["vip"]'),
    ),
    _claim(
        "band-end",
        FILLS,
        ("MAR-2",),
        band_end,
        Bug(
            "rules.fills",
            "return ceil_div(mark * (RATE_SCALE - band), RATE_SCALE)",
            "return floor_div(mark * (RATE_SCALE - band), RATE_SCALE)",
        ),
    ),
    _claim(
        "exposure-grew",
        FILLS,
        ("MAR-1",),
        grew,
        Bug("rules.fills", "or before * after < 0", "or before * after <= 0"),
    ),
    _claim(
        "margin-rate-fell",
        FILLS,
        ("MAR-1",),
        rate_fell,
        Bug("rules.fills", "return rate_after < rate_before", "return rate_after <= rate_before"),
    ),
    _claim(
        "margin-rate-kept",
        FILLS,
        ("MAR-1",),
        rate_kept,
        Bug(
            "rules.fills",
            "return ceil_div(kept, exposure(state, before))",
            "return floor_div(kept, exposure(state, before))",
        ),
    ),
    _claim(
        "round-limit",
        ("liquidate",),
        ("LIQ-1",),
        round_limit_of,
        Bug("rules.liquidate", "floor_div(abs(starting_size), fraction)", "floor_div(starting_size, fraction)"),
    ),
    _claim(
        "next-round",
        ("liquidate",),
        ("LIQ-1", "LIQ-2"),
        round_of,
        Bug("rules.liquidate", "min(begun.round + 1, state.rulebook.liquidation.rounds)", "begun.round + 1"),
    ),
    _claim(
        "instants",
        ("fund", "settle"),
        ("FND-1", "SET-2"),
        instant_and_window,
        Bug("rules.instants", "if instant <= last:", "if instant < last:"),
    ),
    _claim(
        "computed-rate",
        ("fund",),
        ("FND-1",),
        rate_from_premium,
        Bug("rules.fund", "if abs(numerator) * RATE_SCALE > clamp", "if numerator * RATE_SCALE > clamp"),
    ),
    _claim(
        "funding-per-lot",
        ("fund",),
        ("FND-1",),
        funding_of_lot,
        Bug(
            "rules.fund",
            "return div_toward_zero(index_per_lot * numerator, denominator)",
            "return index_per_lot * numerator // denominator",
        ),
    ),
    _claim("index-3", ("mark",), ("MRK-1",), index_of_three, Bug("rules.mark", "[1:-1]", "[:-2]")),
    _claim("index-4", ("mark",), ("MRK-1",), index_of_four, Bug("rules.mark", "[1:-1]", "[1:-1][:1]")),
    _claim("index-5", ("mark",), ("MRK-1",), index_of_five, Bug("rules.mark", "[1:-1]", "[2:-2]")),
    _claim(
        "one-wrong-source",
        ("mark",),
        ("MRK-1",),
        one_wrong_source,
        Bug("rules.mark", "[1:-1]", "[1:]"),
    ),
)
