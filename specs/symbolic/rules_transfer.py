"""Contracts of backstop-transfer: who is taken over, who receives, at what prices, and who pays what is short
(specs/rules/backstop-transfer.md).

Every world has custody for what its accounts are worth. The account taken over is alice; pat and quinn are providers;
sam and tess hold against her.
"""

from collections.abc import Mapping

import attrs
from immutables import Map

from ledger.rulebook import EXTERNAL, FEES, INSURANCE, Rulebook
from ledger.state import Account, Limits, Liquidation, LiquidityMonitor, Observation, Provider, State, Takeover
from ledger.transactions import BackstopTransfer

from .claims import Bug, Claim, Contract, Kind
from .judging import Answer, answered, first_failing
from .worlds import BTC, ETH_LOT, FLAT, LOT, NOW, UNIT, account, rulebook_with, state

OPEN: Rulebook = rulebook_with(FLAT, program={"minimum_account_value": 0, "minimum_candidates": 1})
"""The rulebook textbook, with providers of any value, and one candidate for auto-deleveraging at least."""

COLLAR: Rulebook = rulebook_with(OPEN, program={"discount": -10_000_000})
AMPLE = Limits(10**9 * UNIT, 10**9 * UNIT, 10**9 * UNIT)
RICH = 10**9 * UNIT
LOTS = 1000
"""Alice's position: 500 USDT at mark, of which 3 are maintenance margin and 1.5 the takeover level."""


def taking_over(
    accounts: Mapping[str, Account],
    providers: Mapping[str, Provider] | None = None,
    *,
    rulebook: Rulebook = OPEN,
    fund: int = 0,
    fees: int = 0,
    who: str = "alice",
    time: int = NOW,
) -> tuple[State, BackstopTransfer]:
    """A takeover of alice; custody is what the accounts, the fund and the fees hold, reference costs included."""
    usdt = sum(holder.cash.get("USDT", 0) for holder in accounts.values())
    coins = sum(holder.cash.get("BTC", 0) for holder in accounts.values())
    costs = sum(position.reference_cost for holder in accounts.values() for position in holder.positions.values())
    system = {
        EXTERNAL: account(-(usdt + costs + fund + fees), coins=-coins),
        INSURANCE: account(fund),
        FEES: account(fees),
    }
    return state(rulebook, {**accounts, **system}, providers=providers, time=0), BackstopTransfer(time, who)


def provider(limits: Limits | None = AMPLE, *takeovers: Takeover, notice: int | None = None) -> Provider:
    """A provider's record."""
    return Provider(limits, notice, takeovers)


WHO = ("alice", "nobody", FEES)


def takeover_is_guarded(who: int, usdt: int, is_active: bool, made: int, time: int) -> str:
    """An account is taken over exactly at takeover, or with its rounds used up and not above maintenance margin.

    given: rulebook textbook without the program's minima; alice, long 1,000 lots without pnl, active or liquidating;
        sam is short; the fund has enough
    pre: 0 <= who <= 2 and 1 <= made <= 50 and usdt >= -5
    post: _ == takeover_refusal(who, usdt, is_active, made, time)
    reach: _ == "" and is_active and usdt == 15 * 10**12 - 1
    reach: _ == "NOT_AT_TAKEOVER" and is_active and usdt == 15 * 10**12
    reach: _ == "" and usdt == 30 * 10**12
    reach: _ == "NOT_AT_TAKEOVER" and usdt == 30 * 10**12 + 1 and made == 50 and not is_active
    """
    running = None if is_active else Liquidation(made, 0, Map({BTC: LOTS}))
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running)
    accounts = {"alice": alice, "sam": account(RICH, -LOTS, LOTS * LOT)}
    return answered(*taking_over(accounts, fund=RICH, who=WHO[who], time=time), ()).refusal


def takeover_refusal(who: int, usdt: int, is_active: bool, made: int, time: int) -> str:
    """specs/rules/backstop-transfer.md, with a maintenance margin of 3 USDT."""
    used_up = not is_active and made == 50
    return first_failing(
        ("TIME_BACKWARDS", time >= 0),
        ("SYSTEM_ACCOUNT", who != 2),
        ("UNKNOWN_ACCOUNT", who != 1),
        ("NOT_AT_TAKEOVER", 2 * usdt < 3 * UNIT or (used_up and usdt <= 3 * UNIT)),
    )


def stressed_takeover_is_guarded(usdt: int, is_active: bool, made: int, is_stressed: bool) -> str:
    """In a stressed market an account that is being liquidated is taken over below maintenance margin, and no other.

    given: rulebook textbook without the program's minima; alice, long 1,000 lots without pnl, active or liquidating;
        sam is short; the fund has enough; the market was observed, and is stressed or not
    pre: 1 <= made <= 49 and usdt >= -5
    post: (_ == "") == (2 * usdt < 3 * UNIT or (is_stressed and not is_active and usdt < 3 * UNIT))
    reach: _ == "" and usdt == 30 * 10**12 - 1
    reach: _ == "NOT_AT_TAKEOVER" and is_stressed and not is_active and usdt == 30 * 10**12
    reach: _ == "NOT_AT_TAKEOVER" and is_stressed and is_active and usdt == 15 * 10**12
    """
    running = None if is_active else Liquidation(made, 0, Map({BTC: LOTS}))
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running)
    accounts = {"alice": alice, "sam": account(RICH, -LOTS, LOTS * LOT)}
    world, transaction = taking_over(accounts, fund=RICH)
    monitor = LiquidityMonitor(0, 1, 2, 0, 0, (Observation(1, 0),), is_stressed)
    observed = world.markets.set(BTC, attrs.evolve(world.markets[BTC], monitor=monitor))
    return answered(attrs.evolve(world, markets=observed), transaction, ()).refusal


BOOKED = ("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1", "FRM-1", "TIM-1", "PTY-1")
TRANSFER = ("TKO-1", "TKO-2", "TKO-3", *BOOKED)


def deleveraging_keeps_laws(usdt: int, cost: int, fund: int, is_long: bool) -> Answer:
    """After a takeover that is all auto-deleveraged, or its refusal, the laws hold.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots with any pnl; sam, rich, and
        nobody else, holds against her; no provider
    pre: fund >= 0 and usdt + cost >= -RICH // 2
    post: _.broken == ""
    reach: _.fired(*TRANSFER, "ADL-1", "CAP-4", "TKO-4") and is_long and usdt > 0
    reach: _.fired(*TRANSFER, "ADL-1", "TKO-5") and not is_long and _.shared(1) + _.shared(2) > 0
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    size = LOTS if is_long else -LOTS
    accounts = {"alice": account(usdt, size, cost), "sam": account(RICH, -size, size * LOT)}
    return answered(*taking_over(accounts, fund=fund))


def windows_keep_laws(minute: int, hour: int, first: int, second: int, first_time: int, second_time: int) -> Answer:
    """After a takeover by a provider with any limits and takeovers before, what it has no room for is deleveraged, and
    the laws hold.

    given: rulebook textbook without the program's minima; alice, long 1,000 lots with nothing left; pat, a provider
        that may hold 2,000 lots; sam, rich, against her; the fund has enough
    pre: 0 <= minute <= hour and first >= 0 and second >= 0
    pre: 0 <= first_time <= second_time <= NOW
    post: _.broken == ""
    reach: _.fired("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5", "ADL-1", *TRANSFER) and first_time == NOW - 60_000
    reach: _.fired("CAP-1", "CAP-2") and second_time == NOW - 3_600_000 and second > hour
    reach: _.fired("CAP-4") and _.taken == 0
    """
    accounts = {
        "alice": account(0, LOTS, -LOTS * LOT),
        "pat": account(RICH),
        "sam": account(RICH, -LOTS, LOTS * LOT),
    }
    record = provider(Limits(minute, hour, 2000 * LOT), Takeover(first_time, first), Takeover(second_time, second))
    return answered(*taking_over(accounts, {"pat": record}, fund=RICH))


def holdings_keep_laws(held: int, most: int, is_long: bool) -> Answer:
    """After a takeover by a provider with any position and any maximum, the laws hold; it rolls where it turns.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots with nothing left; pat, a
        provider with any position at mark and ample capacity; sam, rich, holds the rest; the fund has enough
    pre: most >= 0 and abs(held) <= 10**6
    post: _.broken == ""
    reach: _.fired("CAP-3", "CAP-5", *TRANSFER) and is_long and held == -400 and _.taken == LOTS
    reach: _.fired("CAP-3", "CAP-4", "ADL-1", *TRANSFER) and not is_long and held < 0
    reach: _.is_applied and held > 0 and is_long and _.taken == 0
    """
    size = LOTS if is_long else -LOTS
    accounts = {
        "alice": account(0, size, -size * LOT),
        "pat": account(RICH, held, -held * LOT),
        "sam": account(RICH, -size - held, (size + held) * LOT),
    }
    record = provider(Limits(RICH, RICH, most))
    return answered(*taking_over(accounts, {"pat": record}, fund=RICH))


def two_providers_keep_laws(first: int, second: int) -> Answer:
    """After a takeover by two providers with any capacity, the laws hold, and lots are proportional to room.

    given: rulebook textbook without the program's minima; alice, short 1,000 lots with nothing left; pat and quinn,
        providers with room for the first and the second number of lots; sam, rich, against her; the fund has enough
    pre: first >= 0 and second >= 0
    post: _.broken == ""
    reach: _.fired("CAP-1", "CAP-2", "CAP-3", "CAP-5", *TRANSFER) and first > LOTS and 0 < second < 50
    reach: _.fired("CAP-4", "CAP-5", "ADL-1", *TRANSFER) and first > 0 and second > 0
    """
    accounts = {
        "alice": account(0, -LOTS, LOTS * LOT),
        "pat": account(RICH),
        "quinn": account(RICH),
        "sam": account(RICH, LOTS, -LOTS * LOT),
    }
    providers = {
        "pat": provider(Limits(first * LOT, first * LOT, RICH)),
        "quinn": provider(Limits(second * LOT, second * LOT, RICH)),
    }
    return answered(*taking_over(accounts, providers, fund=RICH))


def able_providers_keep_laws(value: int, notice: int, has_notice: bool, is_active: bool, has_limits: bool) -> Answer:
    """After a takeover, only obliged and able providers took; others were deleveraged as anybody, and the laws hold.

    given: rulebook textbook, where a provider keeps 500,000 USDT; alice, long 1,000 lots with nothing left; pat, a
        provider of any value, with or without limits, with a notice or none, active or liquidating; sam, rich, against
        her; the fund has enough
    pre: value >= 0
    post: _.broken == "" and (_.taken == LOTS) == is_able(value, notice, has_notice, is_active, has_limits)
    reach: _.fired("CAP-5", "TKO-1") and has_notice
    reach: _.fired("CAP-4", "TKO-1") and value == 500_000 * UNIT and is_active and has_limits
    """
    running = None if is_active else Liquidation(1, 0, Map())
    accounts = {
        "alice": account(0, LOTS, -LOTS * LOT),
        "pat": account(value, liquidation=running),
        "sam": account(RICH, -LOTS, LOTS * LOT),
    }
    record = provider(AMPLE if has_limits else None, notice=notice if has_notice else None)
    return answered(*taking_over(accounts, {"pat": record}, rulebook=FLAT, fund=RICH))


def is_able(value: int, notice: int, has_notice: bool, is_active: bool, has_limits: bool) -> bool:
    """specs/rules/backstop-transfer.md, step 2."""
    is_obliged = has_limits and (not has_notice or notice + 3_600_000 > NOW)
    return is_obliged and is_active and value >= 500_000 * UNIT


def candidates_keep_laws(ann: int, ben: int, is_long: bool) -> Answer:
    """After a takeover that is auto-deleveraged over three opposite positions of any sizes, the laws hold.

    given: rulebook textbook without the program's minima; alice, long or short 1,000 lots with nothing left; ann, ben
        and sam, rich, hold 1,500 lots against her together, dan 500 with her; no provider; the fund has enough
    pre: ann > 0 and ben > 0 and ann + ben < LOTS + 500
    post: _.broken == ""
    reach: _.fired("ADL-1", "CAP-4", *TRANSFER) and ann == 999 - ben and ben > 400 and is_long
    reach: _.fired("ADL-1", *TRANSFER) and ann == ben and not is_long
    """
    side = 1 if is_long else -1
    accounts = {
        "alice": account(0, side * LOTS, -side * LOTS * LOT),
        "ann": account(RICH, -side * ann, side * ann * LOT),
        "ben": account(RICH, -side * ben, side * ben * LOT),
        "dan": account(RICH, side * 500, -side * 500 * LOT),
        "sam": account(RICH, -side * (LOTS + 500 - ann - ben), side * (LOTS + 500 - ann - ben) * LOT),
    }
    return answered(*taking_over(accounts, fund=RICH))


def two_markets_keep_laws(usdt: int, fund: int) -> Answer:
    """After a takeover in two markets, of a long and a short, the laws hold.

    given: rulebook textbook without the program's minima; alice, long 1,000 lots of BTC-PERP, short 300 of ETH-PERP,
        without pnl; pat with room for 500 lots of BTC-PERP at mark first; sam, rich, against her
    pre: fund >= 0 and usdt >= -RICH // 2
    post: _.broken == ""
    reach: _.fired("CAP-1", "CAP-2", "CAP-4", "CAP-5", "ADL-1", *TRANSFER) and usdt == 0 and fund > RICH
    reach: _.fired("TKO-2", "TKO-3", "TKO-5") and _.shrunk > 0
    """
    accounts = {
        "alice": account(usdt, LOTS, -LOTS * LOT, eth_size=-300, eth_cost=300 * ETH_LOT),
        "pat": account(RICH),
        "sam": account(RICH, -LOTS, LOTS * LOT, eth_size=300, eth_cost=-300 * ETH_LOT),
    }
    limits = Limits(500 * LOT + 7, RICH, RICH)
    return answered(*taking_over(accounts, {"pat": provider(limits)}, fund=fund))


def collar_keeps_laws(usdt: int, is_long: bool, fund: int) -> Answer:
    """After a takeover under a collar, where providers may pay more than mark, the laws hold.

    given: rulebook textbook without the program's minima and a discount of -1%; alice, long or short 1,000 lots without
        pnl; sam, rich, against her; pat with ample limits
    pre: fund >= 0 and usdt >= -RICH // 2
    post: _.broken == ""
    reach: _.fired("CAP-1", "CAP-5", *TRANSFER) and is_long and usdt < 0 and _.shrunk == 0
    reach: _.fired("CAP-1", "CAP-5", *TRANSFER) and not is_long and usdt > 0
    """
    size = LOTS if is_long else -LOTS
    accounts = {
        "alice": account(usdt, size, -size * LOT),
        "pat": account(RICH),
        "sam": account(RICH, -size, size * LOT),
    }
    return answered(*taking_over(accounts, {"pat": provider()}, rulebook=COLLAR, fund=fund))


def provider_taken_over_keeps_laws(usdt: int, notice: int, has_notice: bool, has_limits: bool) -> Answer:
    """After a takeover of a provider, it is enrolled no more, it took nothing of its own, and the laws hold.

    given: rulebook textbook without the program's minima; alice, a provider, long 1,000 lots without pnl; sam, rich,
        against her; the fund has enough
    pre: usdt >= -RICH // 2 and notice <= NOW
    post: _.broken == ""
    reach: _.fired("ENR-1", "EVT-1", *TRANSFER) and has_notice and _.told("EnrolmentEnded")
    reach: _.fired(*TRANSFER) and has_limits and not _.told("EnrolmentEnded")
    """
    accounts = {"alice": account(usdt, LOTS, -LOTS * LOT), "sam": account(RICH, -LOTS, LOTS * LOT)}
    record = provider(AMPLE if has_limits else None, notice=notice if has_notice else None)
    return answered(*taking_over(accounts, {"alice": record}, fund=RICH))


def prepared_takeover_keeps_laws(usdt: int, coins: int, cost: int) -> Answer:
    """After a takeover that sells the account's other asset first, the laws hold.

    given: rulebook textbook without the program's minima; alice, long 1,000 lots with any pnl, USDT, and BTC at 5,000;
        sam, rich, against her; the fund has enough
    pre: coins >= 0 and usdt + cost >= -RICH // 2
    post: _.broken == ""
    reach: _.fired("PRP-1", *TRANSFER) and usdt < 0 < cost + LOTS * LOT
    """
    accounts = {"alice": account(usdt, LOTS, cost, coins=coins), "sam": account(RICH, -LOTS, LOTS * LOT)}
    return answered(*taking_over(accounts, fund=RICH))


def _claim(
    name: str, laws: tuple[str, ...], contract: Contract, bug: Bug, *, kind: Kind = Kind.LAWS, quick: bool = True
) -> Claim:
    return Claim(name, kind, ("backstop-transfer",), laws, contract, bug, quick=quick, paths=1500)


CLAIMS = (
    _claim(
        "transfer-guard",
        ("TKO-1", "PTY-1"),
        takeover_is_guarded,
        Bug("rules.backstop_transfer", "return distress <= required", "return distress < required"),
        kind=Kind.GUARD,
    ),
    _claim(
        "transfer-stressed-guard",
        ("TKO-1", "MON-2"),
        stressed_takeover_is_guarded,
        Bug("rules.backstop_transfer", "and distress < required", "and distress <= required"),
        kind=Kind.GUARD,
    ),
    _claim(
        "transfer-deleverage-laws",
        ("ADL-1", "CAP-4", "TKO-4", "TKO-5", "REJ-1", "REJ-2", *TRANSFER),
        deleveraging_keeps_laws,
        Bug("pricing", "return min(bankruptcy, mark_per_lot) if size > 0", "return bankruptcy if size > 0"),
        quick=False,
    ),
    _claim(
        "transfer-windows-laws",
        ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5", "ADL-1", *TRANSFER),
        windows_keep_laws,
        Bug("capacity", "window=program.hour)\n    return max(0,", "window=program.minute)\n    return max(0,"),
        quick=False,
    ),
    _claim(
        "transfer-holdings-laws",
        ("CAP-3", "CAP-4", "CAP-5", "ADL-1", *TRANSFER),
        holdings_keep_laws,
        Bug("rules.takeover", "- taken.get(account_id, 0)", ""),
        quick=False,
    ),
    _claim(
        "transfer-two-providers-laws",
        ("CAP-1", "CAP-2", "CAP-3", "CAP-4", "CAP-5", "ADL-1", *TRANSFER),
        two_providers_keep_laws,
        Bug(
            "rules.takeover",
            "parts = apportion(min(abs(size), sum(rooms)), rooms)",
            "parts = apportion(min(abs(size), sum(rooms)), [min(abs(size), lots) for lots in rooms])",
        ),
        quick=False,
    ),
    _claim(
        "transfer-able-laws",
        ("CAP-4", "CAP-5", "TKO-1"),
        able_providers_keep_laws,
        Bug(
            "rules.takeover",
            "if account_value(state, account) >= minimum:",
            "if account_value(state, account) > minimum:",
        ),
    ),
    _claim(
        "transfer-candidates-laws",
        ("ADL-1", "CAP-4", *TRANSFER),
        candidates_keep_laws,
        Bug("rules.takeover", "and covered >= rest:", "and covered > rest:"),
        quick=False,
    ),
    _claim(
        "transfer-two-markets-laws",
        ("CAP-1", "CAP-2", "CAP-4", "CAP-5", "ADL-1", "TKO-5", *TRANSFER),
        two_markets_keep_laws,
        Bug("rules.takeover", "            providers = providers.set(share.account, record)\n", ""),
        quick=False,
    ),
    _claim(
        "transfer-collar-laws",
        ("CAP-1", "CAP-5", *TRANSFER),
        collar_keeps_laws,
        Bug("rules.takeover", "    if discount <= 0:\n        return tuple(legs)\n", ""),
        quick=False,
    ),
    _claim(
        "transfer-of-provider-laws",
        ("ENR-1", "EVT-1", *TRANSFER),
        provider_taken_over_keeps_laws,
        Bug("rules.takeover", "limits is None or account_id == taken_over or", "limits is None or"),
        quick=False,
    ),
    _claim(
        "transfer-prepared-laws",
        ("PRP-1", *TRANSFER),
        prepared_takeover_keeps_laws,
        Bug(
            "rules.preparation", "    for asset in sorted(account.cash):", "    for asset in sorted(account.cash)[1:]:"
        ),
        quick=False,
    ),
)
