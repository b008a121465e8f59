"""Contracts of the venue's own actions: mark, fund, settle (specs/rules)."""

from immutables import Map

from ledger.rulebook import FEES
from ledger.state import Liquidation, State
from ledger.transactions import Fund, MarkAsset, MarkMarket, Settle, Transaction

from .claims import Bug, Claim, Contract, Kind
from .judging import Answer, answered, first_failing
from .worlds import ASCENDEX, BTC, BTC_MARK, COIN, FLAT, LOT, NOW, UNIT, USDT, account, market, state

THREE = ("Binance", "Huobi", "OKEx")


def mark_of(
    count: int, first: int, second: int, third: int, premium: int, total: int, samples: int, time: int, *, subject: str
) -> tuple[State, Transaction]:
    """Three quotes, or two or with an unlisted source as the count says, of a market or an asset."""
    quotes = Map({"Binance": first, "Huobi": second, "OKEx": third})
    if count == 2:
        quotes = quotes.delete("Huobi")
    elif count == 4:
        quotes = quotes.set("Kraken", first)
    marked = {BTC: market(BTC_MARK, premium_sum=total, premium_count=samples)}
    world = state(ASCENDEX, {"alice": account(1, 5, -7, coins=3)}, markets=marked)
    if subject in ("BTC-PERP", "DOGE-PERP", "ETH-PERP"):
        return world, MarkMarket(time, subject, quotes, premium)
    return world, MarkAsset(time, subject, quotes)


MARKETS, PRICED = ("BTC-PERP", "ETH-PERP", "DOGE-PERP"), (COIN, "ETH", USDT, "DOGE")


def mark_market_is_guarded(which: int, count: int, first: int, second: int, third: int, premium: int, time: int) -> str:
    """A market is marked exactly when the checks hold, and the first that does not names the refusal.

    given: rulebook ascendex-2020; a market that was marked, one that was not, an unlisted one; two or three sources, or
        a fourth that is not listed
    pre: 0 <= which <= 2 and 2 <= count <= 4
    post: _ == mark_market_refusal(which, count, (first, second, third), premium, time)
    reach: _ == "" and premium < 0
    reach: _ == "MARK_NOT_POSITIVE" and first > 1
    reach: _ == "QUOTE_NOT_POSITIVE" and third <= 0 < second
    """
    return answered(*mark_of(count, first, second, third, premium, 0, 0, time, subject=MARKETS[which]), ()).refusal


def mark_market_refusal(which: int, count: int, quotes: tuple[int, int, int], premium: int, time: int) -> str:
    """specs/rules/mark.md, for a market."""
    given = (quotes[0], quotes[2]) if count == 2 else quotes
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("UNKNOWN_MARKET", which != 2),
        ("UNKNOWN_SOURCE", count != 4),
        ("QUOTE_NOT_POSITIVE", all(quote > 0 for quote in given)),
        ("TOO_FEW_SOURCES", count != 2),
        ("MARK_NOT_POSITIVE", sorted(quotes)[1] + premium > 0),
    )


def mark_asset_is_guarded(which: int, count: int, first: int, second: int, third: int, time: int) -> str:
    """An asset is marked exactly when the checks hold, and the first that does not names the refusal.

    given: rulebook ascendex-2020; an asset with a price, one without, the settlement asset, an unlisted one; two or
        three sources, or a fourth that is not listed
    pre: 0 <= which <= 3 and 2 <= count <= 4
    post: _ == mark_asset_refusal(which, count, (first, second, third), time)
    reach: _ == "" and which == 1
    reach: _ == "SETTLEMENT_ASSET"
    reach: _ == "TOO_FEW_SOURCES"
    """
    return answered(*mark_of(count, first, second, third, 0, 0, 0, time, subject=PRICED[which]), ()).refusal


def mark_asset_refusal(which: int, count: int, quotes: tuple[int, int, int], time: int) -> str:
    """specs/rules/mark.md, for an asset."""
    given = (quotes[0], quotes[2]) if count == 2 else quotes
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("UNKNOWN_ASSET", which != 3),
        ("SETTLEMENT_ASSET", which != 2),
        ("UNKNOWN_SOURCE", count != 4),
        ("QUOTE_NOT_POSITIVE", all(quote > 0 for quote in given)),
        ("TOO_FEW_SOURCES", count != 2),
    )


def mark_market_keeps_laws(
    which: int, first: int, second: int, third: int, premium: int, total: int, samples: int, time: int
) -> Answer:
    """After a market was marked, or that was refused, the laws hold.

    given: rulebook ascendex-2020; a market that was marked, with any samples, one that was not, an unlisted one; three
        sources
    pre: 0 <= which <= 2
    post: _.broken == ""
    reach: _.fired("MRK-1", "EVT-1", "FRM-1", "TIM-1") and which == 0 and premium < 0
    reach: _.fired("MRK-1", "EVT-1", "FRM-1", "TIM-1") and which == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*mark_of(3, first, second, third, premium, total, samples, time, subject=MARKETS[which]))


def mark_asset_keeps_laws(which: int, first: int, second: int, third: int, time: int) -> Answer:
    """After an asset was marked, or that was refused, the laws hold.

    given: rulebook ascendex-2020; an asset with a price, one without, the settlement asset, an unlisted one; three
        sources
    pre: 0 <= which <= 3
    post: _.broken == ""
    reach: _.fired("MRK-1", "EVT-1", "FRM-1", "TIM-1") and which == 0
    reach: _.fired("MRK-1", "EVT-1", "FRM-1", "TIM-1") and which == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*mark_of(3, first, second, third, 0, 0, 0, time, subject=PRICED[which]))


def mark_of_five_keeps_laws(first: int, second: int, third: int, fourth: int, fifth: int, premium: int) -> Answer:
    """After a market was marked from five sources, the laws hold.

    given: rulebook ascendex-2020
    pre: first <= second <= third <= fourth <= fifth
    post: _.broken == ""
    reach: _.fired("MRK-1", "EVT-1", "FRM-1", "TIM-1") and fifth > 2 * fourth
    """
    quotes = {"Huobi": third, "OKEx": first, "Binance": fifth, "Poloniex": second, "AscendEX": fourth}
    world = state(ASCENDEX, {}, markets={})
    return answered(world, MarkMarket(NOW, BTC, Map(quotes), premium))


def fund_of(
    which: int, has_rate: bool, rate: int, long: int, short: int, total: int, samples: int, last: int, time: int
) -> tuple[State, Transaction]:
    """Alice is long, bob short, carol the opposite of both; dan is flat in BTC-PERP and long ETH-PERP."""
    accounts = {
        "alice": account(3, long, -5),
        "bob": account(0, short, 8),
        "carol": account(0, -long - short, 0, liquidation=Liquidation(1, 0, Map())),
        "dan": account(1, eth_size=4, eth_cost=9),
    }
    marked = {BTC: market(BTC_MARK + 1, index=BTC_MARK, premium_sum=total, premium_count=samples, last_funding=last)}
    return state(FLAT, accounts, markets=marked, time=0), Fund(time, MARKETS[which], rate if has_rate else None)


def fund_is_guarded(which: int, has_rate: bool, rate: int, last: int, time: int) -> str:
    """A funding is made exactly when the checks hold, and the first that does not names the refusal.

    given: rulebook textbook; a market with a mark, one without, an unlisted one
    pre: 0 <= which <= 2 and last >= -1
    post: _ == fund_refusal(which, has_rate, rate, last, time)
    reach: _ == "" and rate == -5_000_000 and has_rate
    reach: _ == "" and time == 28_859_999
    reach: _ == "OUTSIDE_WINDOW" and time == 28_860_000
    reach: _ == "RATE_BEYOND_CLAMP" and rate == -5_000_001
    """
    return answered(*fund_of(which, has_rate, rate, 2, 3, 0, 0, last, time), ()).refusal


def fund_refusal(which: int, has_rate: bool, rate: int, last: int, time: int) -> str:
    """specs/rules/fund.md."""
    since = time % 28_800_000
    return first_failing(
        ("TIME_BACKWARDS", time >= 0),
        ("UNKNOWN_MARKET", which != 2),
        ("MARKET_WITHOUT_MARK", which == 0),
        ("OUTSIDE_WINDOW", since < 60_000),
        ("INSTANT_ALREADY_DONE", time - since > last),
        ("RATE_BEYOND_CLAMP", not has_rate or -5_000_000 <= rate <= 5_000_000),
    )


def fund_at_a_rate_keeps_laws(rate: int, last: int, time: int) -> Answer:
    """After a funding at any given rate, accepted or refused, the laws hold.

    given: rulebook textbook, index 5,000; alice holds 7 lots, bob -3, carol, liquidating, -4; dan none
    pre: last >= -1
    post: _.broken == ""
    reach: _.fired(*FUND_LAWS) and rate < 0
    reach: _.fired(*FUND_LAWS) and rate == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*fund_of(0, True, rate, 7, -3, 0, 0, last, time))


def fund_of_sizes_keeps_laws(long: int, short: int, rate: int) -> Answer:
    """After a funding of any sizes, the laws hold.

    given: rulebook textbook, index 5,000; a rate of 0.1%, -0.3333333% or zero; three hold positions, one none
    pre: rate in (1_000_000, -3_333_333, 0)
    post: _.broken == ""
    reach: _.fired(*FUND_LAWS) and rate < 0 and long < 0 < short
    reach: _.fired(*FUND_LAWS) and long + short == 0 and long > 0
    """
    return answered(*fund_of(0, True, rate, long, short, 0, 0, -1, 28_800_000))


def fund_from_premium_keeps_laws(total: int, samples: int) -> Answer:
    """After a funding at the rate computed from the premium, the laws hold.

    given: rulebook textbook, index 5,000; alice holds 7 lots, bob -3, carol, liquidating, -4; dan none
    pre: samples in (0, 1, 480)
    post: _.broken == ""
    reach: _.fired(*FUND_LAWS) and samples == 480 and total < 0
    reach: _.fired("FND-1", "TIM-1") and samples == 0
    """
    return answered(*fund_of(0, False, 0, 7, -3, total, samples, -1, 28_800_000))


FUND_LAWS = ("FND-1", "CON-1", "CON-2", "PST-1", "PST-2", "STO-1", "PTY-1", "FRM-1", "TIM-1")


def settle_of(
    usdt: int, size: int, cost: int, fees: int, last: int, time: int, *, is_active: bool = True
) -> tuple[State, Transaction]:
    """Alice with a position, bob with the opposite one without pnl; @fees never rolls."""
    running = None if is_active else Liquidation(1, 0, Map())
    accounts = {
        "alice": account(usdt, size, cost, liquidation=running),
        "bob": account(0, -size, size * LOT),
        FEES: account(fees),
    }
    return state(FLAT, accounts, last_settle=last, time=0), Settle(time)


def settle_is_guarded(last: int, time: int) -> str:
    """A settle is made exactly when the checks hold, and the first that does not names the refusal.

    given: rulebook textbook
    pre: last >= -1
    post: _ == settle_refusal(last, time)
    reach: _ == "" and time == last + 959_999
    reach: _ == "INSTANT_ALREADY_DONE"
    """
    return answered(*settle_of(1, 2, 3, 0, last, time), ()).refusal


def settle_refusal(last: int, time: int) -> str:
    """specs/rules/settle.md."""
    since = time % 900_000
    return first_failing(
        ("TIME_BACKWARDS", time >= 0),
        ("OUTSIDE_WINDOW", since < 60_000),
        ("INSTANT_ALREADY_DONE", time - since > last),
    )


def settle_rolls_who_is_due(usdt: int, size: int, cost: int, is_active: bool) -> bool:
    """An account rolls exactly when it is active and its pnl reaches 10 USDT and more than 1% of its collateral.

    given: rulebook textbook; USDT and a position in BTC-PERP at 5,000
    pre: size != 0
    post: _ == (is_active and is_due(usdt, size * LOT + cost))
    reach: _ and size * LOT + cost == -10 * UNIT and usdt > 1000 * UNIT
    reach: not _ and is_active and size * LOT + cost == 10 * UNIT and usdt == 1000 * UNIT
    reach: _ and usdt < 0 and size < 0
    """
    world, transaction = settle_of(usdt, size, cost, 0, -1, 900_000, is_active=is_active)
    answer = answered(world, transaction, ())
    after = getattr(answer.outcome, "state", world).accounts["alice"]
    return bool(after.positions[BTC].reference_cost != cost)


def is_due(usdt: int, pnl: int) -> bool:
    """specs/rules/settle.md."""
    effective = usdt + min(0, pnl)
    return abs(pnl) >= 10 * UNIT and (effective <= 0 or abs(pnl) * 100 > effective)


def settle_keeps_laws(usdt: int, size: int, cost: int, is_active: bool) -> Answer:
    """After a settle, the laws hold.

    given: rulebook textbook; alice with USDT and a position in BTC-PERP at 5,000; bob with the opposite without pnl
    pre: size != 0
    post: _.broken == ""
    reach: _.fired(*SETTLE_LAWS) and size < 0 and size * LOT + cost < 0
    reach: _.fired(*SETTLE_LAWS) and size * LOT + cost > 0
    reach: _.is_applied and not _.fired("SET-1") and usdt > 0
    """
    return answered(*settle_of(usdt, size, cost, 5, -1, 900_000, is_active=is_active))


def settle_at_any_time_keeps_laws(last: int, time: int) -> Answer:
    """After a settle at any time, accepted or refused, the laws hold.

    given: rulebook textbook; alice with 3 USDT, long 10,000 lots of BTC-PERP with 20 USDT of pnl; bob, short, without
    pre: last >= -1
    post: _.broken == ""
    reach: _.fired(*SETTLE_LAWS) and last > 0
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*settle_of(3 * UNIT, 10_000, 20 * UNIT - 10_000 * LOT, 0, last, time))


SETTLE_LAWS = ("SET-1", "SET-2", "EVT-1", "CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1", "FRM-1", "TIM-1")


def _claim(
    name: str,
    kind: Kind,
    transaction: str,
    laws: tuple[str, ...],
    contract: Contract,
    bug: Bug,
) -> Claim:
    return Claim(name, kind, (transaction,), laws, contract, bug)


CLAIMS = (
    _claim(
        "mark-market-guard",
        Kind.GUARD,
        "mark",
        ("MRK-1",),
        mark_market_is_guarded,
        Bug("rules.mark", "if mark <= 0:", "if mark < 0:"),
    ),
    _claim(
        "mark-asset-guard",
        Kind.GUARD,
        "mark",
        ("MRK-1",),
        mark_asset_is_guarded,
        Bug("rules.mark", "if quotes[source] <= 0:", "if quotes[source] < 0:"),
    ),
    _claim(
        "mark-market-laws",
        Kind.LAWS,
        "mark",
        ("MRK-1", "EVT-1", "FRM-1", "TIM-1", "REJ-1", "REJ-2"),
        mark_market_keeps_laws,
        Bug("rules.mark", "before.premium_count + 1\n", "before.premium_count + min(1, premium * premium)\n"),
    ),
    _claim(
        "mark-asset-laws",
        Kind.LAWS,
        "mark",
        ("MRK-1", "EVT-1", "FRM-1", "TIM-1", "REJ-1", "REJ-2"),
        mark_asset_keeps_laws,
        Bug("rules.mark", "    price = index_of(transaction.quotes)", "    price = max(transaction.quotes.values())"),
    ),
    _claim(
        "mark-five-laws",
        Kind.LAWS,
        "mark",
        ("MRK-1", "EVT-1", "FRM-1", "TIM-1"),
        mark_of_five_keeps_laws,
        Bug("rules.mark", "[1:-1]", "[1:]"),
    ),
    _claim(
        "fund-guard",
        Kind.GUARD,
        "fund",
        ("FND-1", "PTY-1"),
        fund_is_guarded,
        Bug("rules.fund", "abs(given) > clamp:", "given > clamp:"),
    ),
    _claim(
        "fund-rate-laws",
        Kind.LAWS,
        "fund",
        (*FUND_LAWS, "REJ-1", "REJ-2"),
        fund_at_a_rate_keeps_laws,
        Bug("rules.instants", "if time - instant >= terms.window:", "if time - instant > terms.window:"),
    ),
    _claim(
        "fund-sizes-laws",
        Kind.LAWS,
        "fund",
        FUND_LAWS,
        fund_of_sizes_keeps_laws,
        Bug("rules.fund", "market_id in account.positions", "account.positions.get(market_id) and account.cash"),
    ),
    _claim(
        "fund-premium-laws",
        Kind.LAWS,
        "fund",
        FUND_LAWS,
        fund_from_premium_keeps_laws,
        Bug(
            "rules.fund",
            "clamp if numerator > 0 else -clamp), RATE_SCALE",
            "clamp if numerator > 0 else clamp), RATE_SCALE",
        ),
    ),
    _claim(
        "settle-guard",
        Kind.GUARD,
        "settle",
        ("SET-2",),
        settle_is_guarded,
        Bug("rules.instants", "if instant <= last:", "if instant < last:"),
    ),
    _claim(
        "settle-due",
        Kind.GUARD,
        "settle",
        ("SET-1",),
        settle_rolls_who_is_due,
        Bug("rules.settle", "if gain_or_loss < terms.minimum_pnl:", "if gain_or_loss <= terms.minimum_pnl:"),
    ),
    _claim(
        "settle-laws",
        Kind.LAWS,
        "settle",
        SETTLE_LAWS,
        settle_keeps_laws,
        Bug("rules.settle", "effective <= 0 or gain_or_loss", "effective <= 0 and gain_or_loss"),
    ),
    _claim(
        "settle-time-laws",
        Kind.LAWS,
        "settle",
        (*SETTLE_LAWS, "REJ-1", "REJ-2"),
        settle_at_any_time_keeps_laws,
        Bug("rules.settle", "last_settle=instant,", "last_settle=transaction.time,"),
    ),
)
