"""Contracts of trade: its terms, its parties, who is admitted, and the laws of it (specs/rules/trade.md)."""

from immutables import Map

from ledger.rulebook import EXTERNAL, FEES
from ledger.state import Limits, Liquidation, Provider, State
from ledger.transactions import Trade

from .claims import Bug, Claim, Contract, Kind, Status
from .judging import Answer, answered, first_failing
from .worlds import ASCENDEX, BTC, BTC_MARK, ETH, FLAT, LOT, NOW, RATE, UNIT, account, market, state

RICH = 10**12 * UNIT
"""More than any position of these worlds needs."""

MARKETS = (BTC, ETH, "DOGE-PERP")
TICK = 250_000_000


def trade_terms_are_guarded(which: int, size: int, price: int, time: int) -> str:
    """The terms of a trade are checked in order: market, mark, size, tick, band.

    given: rulebook ascendex-2020, mark 5,000; two rich accounts; a market with a mark, one without, an unlisted one
    pre: 0 <= which <= 2
    pre: size in (-1, 0, 1, 40)
    post: _ == terms_refusal(which, size, price, time)
    reach: _ == "" and price == 5500 * RATE
    reach: _ == "" and price == 4500 * RATE
    reach: _ == "PRICE_OUTSIDE_BAND" and 0 < price < 4500 * RATE
    reach: _ == "PRICE_OFF_TICK" and price > 0
    """
    accounts = {"alice": account(RICH), "bob": account(RICH)}
    world = state(ASCENDEX, accounts, markets={BTC: market(BTC_MARK)})
    return answered(world, Trade(time, MARKETS[which], "alice", "bob", size, price, True), ()).refusal


def terms_refusal(which: int, size: int, price: int, time: int) -> str:
    """specs/rules/trade.md, checks 0 to 5."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("UNKNOWN_MARKET", which != 2),
        ("MARKET_WITHOUT_MARK", which == 0),
        ("SIZE_NOT_POSITIVE", size > 0),
        ("PRICE_OFF_TICK", price > 0 and price % TICK == 0),
        ("PRICE_OUTSIDE_BAND", 4500 * RATE <= price <= 5500 * RATE),
    )


WHO = ("alice", "bob", "carol", "nobody", FEES)


def trade_parties_are_guarded(buyer: int, seller: int) -> str:
    """The parties of a trade differ, are ordinary, open and active; the buyer is looked at first, check by check.

    given: rulebook ascendex-2020; alice and bob are rich, carol is liquidating; one lot at mark
    pre: 0 <= buyer <= 4 and 0 <= seller <= 4
    post: _ == parties_refusal(buyer, seller)
    reach: _ == "" and buyer == 1
    reach: _ == "ACCOUNT_LIQUIDATING" and seller == 2
    reach: _ == "SYSTEM_ACCOUNT" and buyer == 2
    """
    carol = account(RICH, liquidation=Liquidation(1, 0, Map()))
    world = state(ASCENDEX, {"alice": account(RICH), "bob": account(RICH), "carol": carol})
    return answered(world, Trade(NOW, BTC, WHO[buyer], WHO[seller], 1, BTC_MARK, True), ()).refusal


def parties_refusal(buyer: int, seller: int) -> str:
    """specs/rules/trade.md, checks 6 to 12."""
    return first_failing(
        ("SAME_ACCOUNT", buyer != seller),
        ("SYSTEM_ACCOUNT", buyer != 4),
        ("UNKNOWN_ACCOUNT", buyer != 3),
        ("SYSTEM_ACCOUNT", seller != 4),
        ("UNKNOWN_ACCOUNT", seller != 3),
        ("ACCOUNT_LIQUIDATING", buyer != 2),
        ("ACCOUNT_LIQUIDATING", seller != 2),
    )


OFF_MARK = 5010 * 10**9


def traded(
    size: int, usdt: int, held: int, cost: int, *, alice_buys: bool, price: int = OFF_MARK
) -> tuple[State, Trade]:
    """Alice trades with bob, who is rich and holds nothing, under the rulebook textbook; custody is enough."""
    world = state(FLAT, {"alice": account(usdt, held, cost), "bob": account(RICH), EXTERNAL: account(-RICH)})
    buyer, seller = ("alice", "bob") if alice_buys else ("bob", "alice")
    return world, Trade(NOW, BTC, buyer, seller, size, price, True)


def growing_is_guarded(size: int, usdt: int, held: int, cost: int, alice_buys: bool) -> str:
    """A side that grows or changes its sign is admitted exactly with effective collateral of its initial margin.

    given: rulebook textbook, 1%; alice with USDT trades at 5,010, mark 5,000, with bob, who is rich
    pre: 0 < size < 10**6 and abs(held) < 10**6
    pre: grows(held, size if alice_buys else -size)
    post: _ == ("" if _covered(usdt, held, cost, size if alice_buys else -size) else "FREE_COLLATERAL_NEGATIVE")
    reach: _ == "" and held == 0 and not alice_buys
    reach: _ == "" and alice_buys and held < 0
    reach: _ != "" and held > 0 and usdt > 0
    """
    return answered(*traded(size, usdt, held, cost, alice_buys=alice_buys), ()).refusal


def grows(held: int, moved: int) -> bool:
    """Whether the size afterwards is larger in magnitude or of the opposite sign."""
    return abs(held + moved) > abs(held) or (held > 0 > held + moved) or (held < 0 < held + moved)


def pnl_after(held: int, cost: int, moved: int, price: int = OFF_MARK) -> int:
    """Unrealised pnl once the size moved at the price, mark 5,000."""
    return (held + moved) * LOT + (cost if held != 0 else 0) - moved * price


def _covered(usdt: int, held: int, cost: int, moved: int) -> bool:
    """EC >= IM at 1%: a flipped position has rolled, so that a gain counts; any other gain does not."""
    pnl = pnl_after(held, cost, moved)
    is_flipped = (held > 0 > held + moved) or (held < 0 < held + moved)
    effective = usdt + (pnl if is_flipped else min(0, pnl))
    return effective * 100 >= abs(held + moved) * LOT


def closing_is_guarded(usdt: int, held: int, cost: int) -> str:
    """A side that closes its only position is admitted exactly with a value of zero or more.

    given: rulebook textbook; alice with USDT closes her position at 5,010, mark 5,000, with bob, who is rich
    pre: 0 < abs(held) < 10**6
    post: _ == ("" if usdt + cost + held * OFF_MARK >= 0 else "EFFECTIVE_COLLATERAL_NEGATIVE")
    reach: _ == "" and usdt < 0 and held < 0
    reach: _ != "" and held > 0
    """
    return answered(*traded(abs(held), usdt, held, cost, alice_buys=held < 0), ()).refusal


BELOW_MARK = 4900 * 10**9


def reducing_is_guarded(usdt: int, cost: int, size: int) -> str:
    """A side that reduces below initial margin is admitted exactly where distress collateral per exposure did not fall.

    given: rulebook textbook, 1%; alice with USDT is long 1,000 lots and sells 1, 400 or 999 at 4,900, mark 5,000, to
        bob, who is rich
    pre: size in (1, 400, 999)
    post: _ == ("" if may_reduce(usdt, cost, size) else "MARGIN_RATE_FELL")
    reach: _ == "" and may_reduce(usdt - 1, cost, size) is False
    reach: _ != "" and size == 400
    """
    return answered(*traded(size, usdt, 1000, cost, alice_buys=False, price=BELOW_MARK), ()).refusal


def may_reduce(usdt: int, cost: int, size: int) -> bool:
    """EC >= IM, or DC / EPN not less than before; no position closes, so nothing rolls."""
    pnl, left = pnl_after(1000, cost, -size, BELOW_MARK), 1000 - size
    if (usdt + min(0, pnl)) * 100 >= left * LOT:
        return True
    return (usdt + pnl) * 1000 >= (usdt + cost + 1000 * LOT) * left


def provider_side_is_guarded(usdt: int, has_notice: bool, notice: int, price: int) -> str:
    """A trade does not take an obliged provider from the program's minimum account value or above to below it.

    given: rulebook textbook; alice, a provider, buys 10 lots from bob, mark 5,000, without a position before
    pre: usdt > 1000 * UNIT and 0 < price < 10**14 and price % 250_000_000 == 0
    post: _ == ("" if _keeps(usdt, has_notice, notice, price) else "PROVIDER_BELOW_MINIMUM")
    reach: _ == "" and usdt < 499_999 * UNIT and price > 6000 * RATE
    reach: _ == "" and notice == NOW - 3_600_000 and usdt == 500_000 * UNIT and price > 6000 * RATE and has_notice
    reach: _ != "" and has_notice
    """
    accounts = {"alice": account(usdt), "bob": account(RICH), EXTERNAL: account(-RICH)}
    providers = {"alice": Provider(Limits(1, 2, 3), notice if has_notice else None, ())}
    world = state(FLAT, accounts, providers=providers)
    return answered(world, Trade(NOW, BTC, "alice", "bob", 10, price, True), ()).refusal


def _keeps(usdt: int, has_notice: bool, notice: int, price: int) -> bool:
    if has_notice and notice + 3_600_000 <= NOW:
        return True
    minimum = 500_000 * UNIT
    return usdt < minimum or usdt + 10 * (LOT - price) >= minimum


FILL_LAWS = ("CON-1", "CON-2", "PST-1", "PST-2", "STO-1", "FRM-1", "TIM-1", "PTY-1", "FIL-1", "MAR-2")


def trade_keeps_laws(size: int, usdt: int, held: int, cost: int, alice_buys: bool) -> Answer:
    """After a trade of any size by an account with any position, accepted or refused, the laws hold.

    given: rulebook textbook; alice trades at 5,010, mark 5,000, with bob, who is rich and holds nothing
    post: _.broken == ""
    reach: _.fired("MAR-1", *FILL_LAWS) and held == 0
    reach: _.fired("MAR-1", *FILL_LAWS) and held > 0 and not alice_buys and size > held
    reach: _.fired("MAR-1", *FILL_LAWS) and _.told("Rolled") and size == -held
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*traded(size, usdt, held, cost, alice_buys=alice_buys))


def trade_of_two_keeps_laws(usdt: int, held: int, cost: int, others: int, other: int, paid: int) -> Answer:
    """After a trade between two accounts with positions that it closes, flips, reduces or lets grow, the laws hold.

    given: rulebook textbook; alice buys 7 lots from bob at 5,010, mark 5,000
    pre: held in (-7, -9, 2) and other in (7, 5)
    post: _.broken == ""
    reach: _.fired(*FILL_LAWS) and held == -7 and other == 7
    reach: _.fired("MAR-1", *FILL_LAWS) and held == -9 and other == 5 and usdt < 0
    """
    accounts = {"alice": account(usdt, held, cost), "bob": account(others, other, paid)}
    return answered(state(FLAT, accounts), Trade(NOW, BTC, "alice", "bob", 7, OFF_MARK, False))


def trade_with_fees_keeps_laws(size: int, usdt: int, fees: int, is_taker: bool, tier: int, held: int) -> Answer:
    """After a trade that pays fees, by an account of any tier, the laws hold.

    given: rulebook ascendex-2020; alice, of tier standard, vip or backstop, buys at 5,010, mark 5,000, from bob, who is
        rich; her position before is held at mark
    pre: 0 <= tier <= 2 and fees >= 0 and size < 90_000 and abs(held) < 9_000
    post: _.broken == ""
    reach: _.fired("MAR-1", *FILL_LAWS) and tier == 0 and is_taker and held < 0
    reach: _.fired("MAR-1", "FEE-1", "CON-4", *FILL_LAWS) and tier == 2
    """
    fee_tier = ("standard", "vip", "backstop")[tier]
    accounts = {
        "alice": account(usdt, held, -held * LOT, fee_tier=fee_tier),
        "bob": account(RICH),
        FEES: account(fees),
    }
    return answered(state(ASCENDEX, accounts), Trade(NOW, BTC, "alice", "bob", size, OFF_MARK, is_taker))


def trade_by_provider_keeps_laws(usdt: int, price: int, is_taker: bool, has_notice: bool, notice: int) -> Answer:
    """After a trade at any price by a provider, obliged or not any more, the laws hold.

    given: rulebook ascendex-2020, mark 5,000; alice, a provider without a position, buys 10 lots from bob, who is rich
    post: _.broken == ""
    reach: _.fired("MAR-1", "FEE-1", "ENR-3", "CON-4", *FILL_LAWS) and not is_taker
    reach: _.fired("MAR-1", *FILL_LAWS) and not _.fired("ENR-3") and is_taker
    """
    accounts = {"alice": account(usdt), "bob": account(RICH), EXTERNAL: account(-RICH)}
    providers = {"alice": Provider(Limits(1, 2, 3), notice if has_notice else None, ())}
    world = state(ASCENDEX, accounts, providers=providers)
    return answered(world, Trade(NOW, BTC, "alice", "bob", 10, price, is_taker))


def trade_in_two_markets_keeps_laws(size: int, usdt: int, held: int, cost: int, eth_cost: int) -> Answer:
    """After a trade by an account with a position in another market as well, which rolls with it, the laws hold.

    given: rulebook textbook; alice holds 50 lots of ETH-PERP at 200 and buys BTC-PERP at mark, 5,000, from bob, who is
        rich
    pre: held <= 0
    post: _.broken == ""
    reach: _.fired("MAR-1", *FILL_LAWS) and _.told("Rolled") and eth_cost + 10 * UNIT > 0
    reach: _.fired("MAR-1", *FILL_LAWS) and _.told("Rolled") and size > -held > 0
    """
    alice = account(usdt, held, cost, eth_size=50, eth_cost=eth_cost)
    world = state(FLAT, {"alice": alice, "bob": account(RICH), EXTERNAL: account(-RICH)})
    return answered(world, Trade(NOW, BTC, "alice", "bob", size, BTC_MARK, True))


def trade_at_any_price_keeps_laws(size: int, price: int, usdt: int, held: int) -> Answer:
    """After a trade of any size at any price, accepted or refused, the laws hold.

    given: rulebook ascendex-2020, mark 5,000; alice, with a position at mark, buys from bob, who is rich
    post: _.broken == ""
    reach: _.fired("MAR-1", *FILL_LAWS) and held < 0 and price < BTC_MARK
    """
    accounts = {"alice": account(usdt, held, -held * LOT), "bob": account(RICH)}
    return answered(state(ASCENDEX, accounts), Trade(NOW, BTC, "alice", "bob", size, price, True))


def _claim(
    name: str,
    laws: tuple[str, ...],
    contract: Contract,
    bug: Bug,
    *,
    kind: Kind = Kind.GUARD,
    quick: bool = True,
    paths: int = 1500,
) -> Claim:
    return Claim(name, kind, ("trade",), laws, contract, bug, quick=quick, paths=paths)


CLAIMS = (
    _claim(
        "trade-guard-terms",
        ("MAR-2", "PTY-1"),
        trade_terms_are_guarded,
        Bug(
            "rules.fills",
            "abs(price - market.mark) * RATE_SCALE > band",
            "abs(price - market.mark) * RATE_SCALE >= band",
        ),
    ),
    _claim(
        "trade-guard-parties",
        ("MAR-2", "PTY-1"),
        trade_parties_are_guarded,
        Bug(
            "rules.trade",
            "refuse_liquidating(state, buyer) or refuse_liquidating(state, seller)",
            "refuse_liquidating(state, buyer)",
        ),
    ),
    _claim(
        "trade-guard-growing",
        ("MAR-1",),
        growing_is_guarded,
        Bug("rules.fills", "        if effective < required:", "        if effective <= required:"),
    ),
    _claim(
        "trade-guard-closing",
        ("MAR-1",),
        closing_is_guarded,
        Bug("rules.fills", "        if effective < 0:", "        if effective <= 0:"),
    ),
    _claim(
        "trade-guard-reducing",
        ("MAR-1",),
        reducing_is_guarded,
        Bug(
            "rules.fills",
            "elif effective < required and margin_rate_fell",
            "elif effective <= required and margin_rate_fell",
        ),
    ),
    _claim(
        "trade-guard-provider",
        ("ENR-3",),
        provider_side_is_guarded,
        Bug(
            "rules.fills",
            "if value < minimum <= account_value(state, before):",
            "if value < minimum < account_value(state, before):",
        ),
    ),
    _claim(
        "trade-laws",
        ("MAR-1", *FILL_LAWS, "REJ-1", "REJ-2"),
        trade_keeps_laws,
        Bug("rules.fills", "if must_roll(before, after):", "if must_roll(before, after) and account_id == buyer:"),
        kind=Kind.LAWS,
        quick=False,
    ),
    _claim(
        "trade-two-laws",
        ("MAR-1", *FILL_LAWS),
        trade_of_two_keeps_laws,
        Bug("rules.fills", "abs(after) > abs(before) or before * after < 0", "abs(after) > abs(before)"),
        kind=Kind.LAWS,
        quick=False,
    ),
    _claim(
        "trade-fees-laws",
        ("MAR-1", "FEE-1", "CON-4", *FILL_LAWS),
        trade_with_fees_keeps_laws,
        Bug("rules.fills", "seller_rates.maker if buyer_is_taker", "seller_rates.taker if buyer_is_taker"),
        kind=Kind.LAWS,
        quick=False,
    ),
    _claim(
        "trade-provider-laws",
        ("MAR-1", "FEE-1", "ENR-3", "CON-4", *FILL_LAWS),
        trade_by_provider_keeps_laws,
        Bug(
            "rules.fills",
            "        return rulebook.lowest_fees",
            "        return rulebook.fee_tiers[rulebook.default_fee_tier]",
        ),
        kind=Kind.LAWS,
        quick=False,
    ),
    _claim(
        "trade-two-markets-laws",
        ("MAR-1", *FILL_LAWS),
        trade_in_two_markets_keeps_laws,
        Bug("rules.rolling", "total += pnl", "total = pnl"),
        kind=Kind.LAWS,
        quick=False,
    ),
    Claim(
        "trade-price-laws",
        Kind.LAWS,
        ("trade",),
        ("MAR-1", *FILL_LAWS),
        trade_at_any_price_keeps_laws,
        Bug("rules.fills", "-size, value - seller_fee)", "-size, value - buyer_fee)"),
        expected=Status.NO_COUNTEREXAMPLE,
        why="size times price is nonlinear, and fees round it",
        paths=60,
        quick=False,
    ),
)
