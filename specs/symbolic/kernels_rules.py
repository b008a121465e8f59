"""Contracts of the leaves that rules share: fees, bands, rolling, rounds, instants, funding, the index, postings."""

from immutables import Map

from ledger.postings import CashPosting, PositionPosting, Posting, UnbalancedPostings, post, require_balanced
from ledger.rules import (
    backstop_transfer,
    fills,
    fund,
    instants,
    liquidate,
    loss_waterfall,
    mark,
    rolling,
    takeover,
)
from ledger.rules.takeover import Leg, Share
from ledger.state import Account, Limits, Liquidation, Market, Provider

from .claims import Bug, Claim, Contract, Kind
from .kernels_margin import MAINTENANCE, bracket
from .worlds import (
    ASCENDEX,
    BTC,
    BTC_MARK,
    COIN,
    ETH,
    ETH_LOT,
    FLAT,
    LOT,
    NOW,
    RATE,
    USDT,
    account,
    state,
)

MAKER, TAKER, REBATE = 200_000, 650_000, -50_000


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


def rolls(before: int, after: int) -> bool:
    """A side rolls exactly when it had a size and has none, or one of the opposite sign, afterwards.

    post: _ == ((before > 0 and after <= 0) or (before < 0 and after >= 0))
    reach: _ and after == 0
    reach: _ and after > 0
    reach: not _ and before == 0 and after != 0
    """
    return rolling.must_roll(before, after)


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


def balanced_columns(amount: int, coins: int, cost: int, size: int, other: int, back: int) -> bool:
    """Postings are refused unless they net to zero in each column: settlement cash with reference costs, another
    asset, the sizes of each market.

    given: six postings of three accounts, in two assets and two markets
    pre: -1 <= coins <= 1 and -1 <= other <= 1 and -1 <= back <= 1 and -1 <= cost + amount <= 1
    post: _ == (amount + cost == 0 and coins == 0 and other == 0 and back == 0)
    reach: _ and amount > 0 and size > 0
    reach: not _ and amount + cost == 0 and coins == 0 and back == 0
    """
    postings: tuple[Posting, ...] = (
        CashPosting("alice", USDT, amount),
        CashPosting("alice", COIN, coins),
        PositionPosting("alice", BTC, size, cost),
        PositionPosting("bob", BTC, -size + other, 0),
        PositionPosting("bob", ETH, 5, 0),
        PositionPosting("carol", ETH, -5 + back, 0),
    )
    try:
        require_balanced(postings, USDT)
    except UnbalancedPostings:
        return False
    return True


def posted_balances(held: int, amount: int, size: int, cost: int, lots: int, paid: int) -> Account:
    """A posting adds to the balance or position that it names, and what becomes empty is not stored.

    post: _.cash.get(USDT, 0) == held + amount and (USDT in _.cash) == (held + amount != 0)
    post: _is_position(_, size + lots, (cost if size != 0 else 0) + paid)
    reach: held != 0 and held + amount == 0
    reach: size != 0 and BTC not in _.positions
    reach: size > 0 and _.positions[BTC].size < 0
    """
    accounts = Map({"alice": account(held, size, cost), "bob": account()})
    postings = (
        CashPosting("alice", USDT, amount),
        CashPosting("bob", USDT, -amount),
        PositionPosting("alice", BTC, lots, paid),
        PositionPosting("bob", BTC, -lots, -paid),
    )
    return post(accounts, postings, settlement_asset=USDT)["alice"]


def _is_position(holder: Account, size: int, cost: int) -> bool:
    position = holder.positions.get(BTC)
    if position is None:
        return size == 0 and cost == 0
    return position.size == size and position.reference_cost == cost and (size != 0 or cost != 0)


def rolled_positions(usdt: int, size: int, cost: int, eth_size: int, eth_cost: int) -> tuple[int, int, int, int]:
    """Rolling moves all unrealised pnl of all positions into cash, and says how much.

    given: positions in BTC-PERP at 5,000 and ETH-PERP at 200
    pre: size != 0 and eth_size != 0
    post: _[0] == size * LOT + cost + eth_size * ETH_LOT + eth_cost
    post: _[1] == usdt + _[0] and _[2] == -size * LOT and _[3] == -eth_size * ETH_LOT
    reach: _[0] == 0 and _[1] == usdt != 0 and cost + size * LOT > 0
    reach: _[0] < 0 and eth_cost + eth_size * ETH_LOT == 0
    """
    holder = account(usdt, size, cost, eth_size=eth_size, eth_cost=eth_cost)
    world = state(FLAT, {"alice": holder})
    postings, told = rolling.roll(world, "alice", holder)
    after = post(world.accounts, postings, settlement_asset=USDT)["alice"]
    pnl = sum(event.pnl for event in told)
    return pnl, after.cash.get(USDT, 0), after.positions[BTC].reference_cost, after.positions[ETH].reference_cost


def handed_on(size: int, taken: int, price: int, other: int) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """A leg hands all its lots on: each receiver for its lots at its price, the account for the opposite of all.

    given: prices of providers and of auto-deleveraging in (1, 4, 5) and (2, 7) atoms per lot
    pre: size != 0 and 0 <= taken <= abs(size)
    pre: price in (1, 4, 5) and other in (2, 7)
    post: _[0][0] + _[0][2] + _[1][0] == 0 and _[1][0] == -size
    post: _[0][1] + _[0][3] + _[1][1] == 0
    post: _[0] == _received(1 if size > 0 else -1, taken, abs(size) - taken, price, other)
    reach: size < 0 and 0 < taken < -size
    reach: size > 0 and taken == size
    """
    providers, deleveraged = (Share("pat", taken, taken),), (Share("sam", abs(size) - taken, 10**9),)
    leg = Leg(BTC, size, 0, 3, 4, price, other, providers, deleveraged, 0)
    pat, sam, own = backstop_transfer.leg_postings("alice", leg)
    assert isinstance(pat, PositionPosting)
    assert isinstance(sam, PositionPosting)
    assert isinstance(own, PositionPosting)
    assert (pat.account, sam.account, own.account) == ("pat", "sam", "alice")
    received = pat.size, pat.reference_cost, sam.size, sam.reference_cost
    return received, (own.size, own.reference_cost)


def _received(side: int, taken: int, rest: int, price: int, other: int) -> tuple[int, int, int, int]:
    return side * taken, -side * taken * price, side * rest, -side * rest * other


def gain_of_transfer(size: int, taken: int, price: int, other: int) -> int:
    """What the account gains over mark by a leg is what its receivers pay over mark, on its side.

    given: prices in (1, 4) and (2, 7) atoms per lot, mark 3
    pre: size != 0 and 0 <= taken <= abs(size)
    pre: price in (1, 4) and other in (2, 7)
    post: _ == (1 if size > 0 else -1) * (taken * (price - 3) + (abs(size) - taken) * (other - 3))
    reach: _ > 0 and size < 0 and 0 < taken < -size
    reach: _ < 0 and size > 0
    """
    leg = Leg(BTC, size, 0, 3, 4, price, other, (Share("pat", taken, taken),), (), 0)
    return takeover.transfer_value(leg)


def parts_of_equity(usdt: int, size: int) -> tuple[int, ...]:
    """Equity is apportioned over markets by notional at the maintenance rate of each bracket.

    given: rulebook ascendex-2020; 200 lots of ETH-PERP at 200 and any size of BTC-PERP at 5,000, without pnl
    pre: size in (-3, 1000, 150_000, 30_000_000)
    post: _[0] + _[1] == usdt
    post: _is_part(_[0], usdt, *_weights(size)) and _is_part(_[1], usdt, *reversed(_weights(size)))
    reach: size == 150_000 and _[0] < _[1] < 0
    reach: size == 1000 and _[0] > _[1] > 0
    """
    holder = account(usdt, size, -size * LOT, eth_size=200, eth_cost=-200 * ETH_LOT)
    return takeover.equity_parts(state(ASCENDEX, {"alice": holder}), holder, (BTC, ETH))


def _weights(size: int) -> tuple[int, int]:
    notional = abs(size) * LOT
    return notional * MAINTENANCE[bracket(notional)], 200 * ETH_LOT * MAINTENANCE[0]


def _is_part(part: int, total: int, weight: int, other: int) -> bool:
    whole = weight + other
    return abs(part * whole - total * weight) < whole


def weights_of_loss(usdt: int, coins: int, size: int, cost: int) -> tuple[int, int]:
    """A shared loss weighs gains within account value first, then account value: rounded down, and never below zero.

    given: rulebook ascendex-2020; USDT, BTC at a price of 1.000000001, a position in BTC-PERP at 5,000
    pre: size != 0 and coins >= 0
    post: _[1] == max(0, _worth(usdt, coins, size * LOT + cost))
    post: _[0] == max(0, min(size * LOT + cost, _worth(usdt, coins, size * LOT + cost)))
    reach: 0 < _[0] < _[1]
    reach: 0 < _[0] == _[1] < size * LOT + cost
    reach: _[0] == 0 < _[1]
    """
    holder = account(usdt, size, cost, coins=coins)
    world = state(ASCENDEX, {"alice": holder}, coin_price=10**9 + 1)
    return loss_waterfall.gains_weight(world, holder), loss_waterfall.value_weight(world, holder)


def _worth(usdt: int, coins: int, pnl: int) -> int:
    """Account value in whole atoms, rounded down."""
    return usdt + pnl + coins * 10**4 * (10**9 + 1) // 10**9


def lots_for_providers(first: int, second: int, held: int, size: int) -> tuple[tuple[str, int, int], ...]:
    """Two providers take a position by their room, capped by it, and none where there is none.

    given: rulebook ascendex-2020, mark 5,000; pat has capacity for the first, quinn for the second number of lots; pat
        holds a position
    pre: first >= 0 and second >= 0
    pre: size in (1000, -7)
    post: _are_shares(_, min(first, max(0, 10**6 - held * (1 if size > 0 else -1))), min(second, 10**6), abs(size))
    reach: len(_) == 2 and 0 < _[0][1] < _[0][2] and size < 0
    reach: len(_) == 2 and _[0][1] == _[0][2] and held != 0
    reach: len(_) == 1
    """
    providers = {"pat": _provider_for(first), "quinn": _provider_for(second)}
    world = state(ASCENDEX, {"pat": account(1, held), "quinn": account(1)}, providers=providers)
    ready = [(provider_id, provider.limits) for provider_id, provider in providers.items() if provider.limits]
    taken = takeover.allocate(world, world.providers, ready, time=NOW, market_id=BTC, size=size, per_lot=LOT)
    return tuple((share.account, share.size, share.room) for share in taken)


def _provider_for(lots: int) -> Provider:
    """A provider with capacity for so many lots a minute and an hour, and a maximum of a million lots."""
    return Provider(Limits(lots * LOT, lots * LOT + 1, 10**6 * LOT), None, ())


def _are_shares(shares: tuple[tuple[str, int, int], ...], first: int, second: int, size: int) -> bool:
    taken = {account_id: (lots, room) for account_id, lots, room in shares}
    total, whole = sum(lots for lots, _ in taken.values()), first + second
    if total != min(size, whole) or not set(taken) <= {"pat", "quinn"}:
        return False
    for account_id, room in (("pat", first), ("quinn", second)):
        lots, told = taken.get(account_id, (0, room))
        if told != room or not 0 <= lots <= room or abs(lots * whole - total * room) >= max(whole, 1):
            return False
    return all(lots > 0 for lots, _ in taken.values())


def lots_deleveraged(ann: int, ben: int, cyd: int, rest: int) -> tuple[tuple[str, int, int], ...]:
    """The rest goes to the largest opposite sizes, as few as cover it, pro rata to size.

    given: a long is handed on; ann, ben and cyd are short, dan is long, @fees would be the largest; one candidate at
        least
    pre: ann > 0 and ben > 0 and cyd > 0
    pre: 0 < rest <= ann + ben + cyd
    post: _are_deleveraged(_, (("ann", ann), ("ben", ben), ("cyd", cyd)), rest)
    reach: len(_) == 1 and _[0][0] == "cyd"
    reach: len(_) == 2 and _[0][0] == "ben"
    reach: len(_) == 3
    reach: len(_) == 1 and ann == ben > cyd
    """
    sizes = {"ann": -ann, "ben": -ben, "cyd": -cyd, "dan": 10**9, "@fees": -(10**9), "victim": -(10**9)}
    accounts = Map({account_id: account(1, size) for account_id, size in sizes.items()})
    shares = takeover.deleverage(
        accounts, (), taken_over="victim", market_id=BTC, size=10, rest=rest, minimum_candidates=1
    )
    return tuple((share.account, share.size, share.room) for share in shares)


def _are_deleveraged(shares: tuple[tuple[str, int, int], ...], sizes: tuple[tuple[str, int], ...], rest: int) -> bool:
    """Whether the shares are those of the largest sizes that cover the rest, ties by id, each within one lot."""
    chosen: dict[str, int] = {}
    for account_id, size in sorted(sizes, key=lambda named: (-named[1], named[0])):
        if sum(chosen.values()) < rest:
            chosen[account_id] = size
    given = {account_id: lots for account_id, lots, _ in shares}
    whole = sum(chosen.values())
    if sum(given.values()) != rest or not set(given) <= set(chosen):
        return False
    if any(chosen[account_id] != room for account_id, _, room in shares):
        return False
    return all(
        0 <= given.get(account_id, 0) <= size and abs(given.get(account_id, 0) * whole - rest * size) < whole
        for account_id, size in chosen.items()
    )


FILLS = ("trade", "liquidate")
TRANSFER = ("backstop-transfer",)


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
        "must-roll",
        (*FILLS, "backstop-transfer"),
        ("FIL-1", "TKO-3"),
        rolls,
        Bug("rules.rolling", "after == 0 or (before > 0)", "after == 0 and (before > 0)"),
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
    _claim(
        "postings-balance",
        ("deposit", "withdraw", "trade", "fund", "settle", "liquidate", "backstop-transfer"),
        ("CON-1", "CON-2", "PST-1"),
        balanced_columns,
        Bug("postings", "for columns in (assets, sizes):", "for columns in (assets,):"),
    ),
    _claim(
        "post",
        ("deposit", "withdraw", "trade", "fund", "settle", "liquidate", "backstop-transfer"),
        ("PST-1", "STO-1", "CON-1", "CON-2"),
        posted_balances,
        Bug("postings", "    if size != 0 or reference_cost != 0:", "    if size != 0:"),
    ),
    _claim(
        "roll",
        ("settle", "trade", "liquidate", "backstop-transfer"),
        ("SET-1", "PST-1", "FIL-1", "TKO-3"),
        rolled_positions,
        Bug("rules.rolling", "total += pnl", "total = pnl"),
    ),
    _claim(
        "leg-postings",
        TRANSFER,
        ("TKO-3", "CON-1", "CON-2"),
        handed_on,
        Bug("rules.backstop_transfer", "cost = direction * share.size * price", "cost = share.size * price"),
    ),
    _claim(
        "transfer-value",
        TRANSFER,
        ("TKO-2", "TKO-5"),
        gain_of_transfer,
        Bug("rules.takeover", "return sign(leg.size) * (received", "return (received"),
    ),
    _claim(
        "equity-parts",
        TRANSFER,
        ("TKO-2",),
        parts_of_equity,
        Bug("rules.takeover", ".maintenance_rate)", ".initial_rate)"),
    ),
    _claim(
        "loss-weights",
        TRANSFER,
        ("TKO-5",),
        weights_of_loss,
        Bug("rules.loss_waterfall", "return max(0, min(gains, floor_div", "return max(0, max(gains, floor_div"),
    ),
    _claim(
        "allocate",
        TRANSFER,
        ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5"),
        lots_for_providers,
        Bug(
            "rules.takeover",
            "parts = apportion(min(abs(size), sum(rooms)), rooms)",
            "parts = apportion(min(size, sum(rooms)), rooms)",
        ),
    ),
    _claim(
        "deleverage",
        TRANSFER,
        ("ADL-1", "TKO-3"),
        lots_deleveraged,
        Bug("rules.takeover", "opposite.append((-against, account_id))", "opposite.append((against, account_id))"),
        quick=False,
    ),
)
