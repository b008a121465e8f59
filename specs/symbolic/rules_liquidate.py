"""Contracts of liquidate: when a round may be made, what its fills must be, and the laws of it
(specs/rules/liquidate.md)."""

from immutables import Map

from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Account, Liquidation, State
from ledger.transactions import Fill, Liquidate

from .claims import Bug, Claim, Contract, Kind
from .judging import Answer, answered, first_failing
from .worlds import BTC, ETH, FLAT, LOT, NOW, RATE, UNIT, account, state

RICH = 10**9 * UNIT
LOTS = 100_000
"""Alice's position: 50,000 USDT at mark, of which 300 are maintenance margin, 150 the takeover level, 500 released."""

ROUND = 10_000
"""The most lots that a round closes of it: a tenth."""

WHO = ("alice", "bob", "carol", "nobody", FEES)
AT_A_LOSS = 4990 * 10**9


def liquidating(
    alice: Account, fills: tuple[Fill, ...] = (), *, who: str = "alice", time: int = NOW
) -> tuple[State, Liquidate]:
    """Alice against bob, who is rich and holds the opposite; carol is liquidating; custody is what all are worth."""
    size, coins = 0, alice.cash.get("BTC", 0)
    if BTC in alice.positions:
        size = alice.positions[BTC].size
    costs = sum(position.reference_cost for position in alice.positions.values())
    bob = account(RICH, -size, size * LOT)
    if ETH in alice.positions:
        bob = account(RICH, -size, size * LOT, eth_size=-alice.positions[ETH].size, eth_cost=10)
        costs += 10
    carol = account(5, liquidation=Liquidation(1, 0, Map()))
    outside = account(-(RICH + 5 + 7 + 9 + alice.cash.get("USDT", 0) + costs + size * LOT), coins=-coins)
    accounts = {"alice": alice, "bob": bob, "carol": carol, EXTERNAL: outside, INSURANCE: account(7), FEES: account(9)}
    return state(FLAT, accounts, time=0), Liquidate(time, who, fills)


def running(is_active: bool, made: int, at: int, *, start: int = LOTS) -> Liquidation | None:
    """Active, or liquidating with so many rounds made, the last at a time."""
    return None if is_active else Liquidation(made, at, Map({BTC: start}))


def rounds_are_guarded(who: int, is_active: bool, usdt: int, made: int, at: int, time: int, has_fill: bool) -> str:
    """A round is made exactly when the checks of the account hold, and the first that does not names the refusal.

    given: rulebook textbook; alice, long 100,000 lots without pnl, active or liquidating; with a fill of one lot at
        mark or without; she has 1 USDT or more
    pre: 0 <= who <= 4 and who not in (1, 2)
    pre: 1 <= made <= 50 and usdt >= UNIT and time >= 0
    post: _ == round_refusal(who, is_active, usdt, made, time - at, has_fill)
    reach: _ == "" and is_active and has_fill and usdt == 300 * UNIT - 1
    reach: _ == "NOT_LIQUIDATABLE" and usdt == 300 * UNIT
    reach: _ == "" and not is_active and time - at == 6000 and made == 49
    reach: _ == "ROUNDS_USED_UP"
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(is_active, made, at))
    fills = (Fill(BTC, "bob", 1, LOT),) if has_fill else ()
    return answered(*liquidating(alice, fills, who=WHO[who], time=time), ()).refusal


def round_refusal(who: int, is_active: bool, usdt: int, made: int, waited: int, has_fill: bool) -> str:
    """specs/rules/liquidate.md, the checks of the account."""
    return first_failing(
        ("SYSTEM_ACCOUNT", who != 4),
        ("UNKNOWN_ACCOUNT", who != 3),
        ("NOT_LIQUIDATABLE", not is_active or usdt < 300 * UNIT),
        ("ROUND_TOO_SOON", is_active or waited >= 6000),
        ("ROUNDS_USED_UP", is_active or made < 50 or not has_fill),
    )


def fills_are_guarded(who: int, is_in_eth: bool, size: int, usdt: int) -> str:
    """A fill is made exactly when its checks hold, and the first that does not names the refusal.

    given: rulebook textbook; alice, long 100,000 lots of BTC-PERP without pnl, in her second round; a fill in BTC-PERP
        at 4,990 or in ETH-PERP at 200, where she has no position; bob is rich, carol liquidating
    pre: 0 <= who <= 4
    post: _ == fill_refusal(who, is_in_eth, size, usdt)
    reach: _ == "" and size == 10_000
    reach: _ == "FILL_BEYOND_ROUND" and size == 10_001
    reach: _ == "FILL_BEYOND_POSITION" and size == 100_001
    reach: _ == "ACCOUNT_VALUE_NEGATIVE" and usdt > 0
    reach: _ == "NOTHING_TO_REDUCE"
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(False, 1, 0))
    fill = Fill(ETH if is_in_eth else BTC, WHO[who], size, 200 * RATE if is_in_eth else AT_A_LOSS)
    return answered(*liquidating(alice, (fill,)), ()).refusal


def fill_refusal(who: int, is_in_eth: bool, size: int, usdt: int) -> str:
    """specs/rules/liquidate.md, the checks of a fill, against a counterparty that is admitted."""
    return first_failing(
        ("SIZE_NOT_POSITIVE", size > 0),
        ("SAME_ACCOUNT", who != 0),
        ("SYSTEM_ACCOUNT", who != 4),
        ("UNKNOWN_ACCOUNT", who != 3),
        ("ACCOUNT_LIQUIDATING", who != 2),
        ("NOTHING_TO_REDUCE", not is_in_eth),
        ("FILL_BEYOND_POSITION", size <= LOTS),
        ("ACCOUNT_VALUE_NEGATIVE", usdt - size * (LOT - AT_A_LOSS) >= 0),
        ("FILL_BEYOND_ROUND", size <= ROUND),
    )


def release_is_guarded(usdt: int, made: int, size: int) -> bool:
    """An account is released exactly when the conditions hold, with what the round leaves of it.

    given: rulebook textbook; alice, long 100,000 lots without pnl, liquidating; a fill of 1 lot or 10,000 at mark
    pre: 1 <= made <= 49 and usdt >= 0
    pre: size in (1, 10_000)
    post: _ == is_released(usdt, made + 1, LOTS - size)
    reach: _ and usdt == 450 * UNIT + 1 and size == 10_000
    reach: _ and made == 49 and usdt == 270 * UNIT + 1 and size == 10_000
    reach: not _ and made == 49
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(False, made, 0))
    world, transaction = liquidating(alice, (Fill(BTC, "bob", size, LOT),))
    outcome = answered(world, transaction, ()).outcome
    return getattr(outcome, "state", world).accounts["alice"].liquidation is None


def is_released(usdt: int, made: int, lots: int) -> bool:
    """specs/rules/liquidate.md, step 3, at one tier of 1% and 0.6%."""
    return usdt * 100 > lots * LOT or (made == 50 and usdt * 1000 > lots * LOT * 6)


ROUND_LAWS = ("LIQ-1", "LIQ-2", "PTY-1", "FRM-1", "TIM-1")
FILL_LAWS = (*ROUND_LAWS, "FIL-1", "MAR-2", "CON-1", "CON-2", "PST-1", "PST-2", "STO-1")


def empty_round_keeps_laws(is_active: bool, usdt: int, made: int, at: int, time: int) -> Answer:
    """After a round without fills, accepted or refused, the laws hold.

    given: rulebook textbook; alice, long 100,000 lots without pnl, active or liquidating
    pre: 1 <= made <= 50
    post: _.broken == ""
    reach: _.fired("EVT-1", *ROUND_LAWS) and is_active and usdt < 0
    reach: _.fired(*ROUND_LAWS) and made == 49 and not is_active
    reach: _.fired("LIQ-1") and _.told("Released")
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(is_active, made, at))
    return answered(*liquidating(alice, time=time))


def first_round_keeps_laws(usdt: int, coins: int, cost: int) -> Answer:
    """After a first round that rolls the account and sells its other asset, the laws hold.

    given: rulebook textbook; alice, active, long 100,000 lots with any pnl, USDT, and BTC at 5,000
    pre: coins >= 0 and usdt + cost + LOTS * LOT >= -RICH
    post: _.broken == ""
    reach: _.fired("PRP-1", "CON-1", "CON-4", "PST-1", "PST-2", "STO-1", *ROUND_LAWS) and usdt < 0
    reach: _.fired("PRP-1", "LIQ-1") and cost + LOTS * LOT > 0
    """
    return answered(*liquidating(account(usdt, LOTS, cost, coins=coins)))


def round_with_a_fill_keeps_laws(usdt: int, size: int, made: int, is_long: bool) -> Answer:
    """After a round with a fill of any size, accepted or refused, the laws hold.

    given: rulebook textbook; alice, long or short 100,000 lots without pnl, liquidating; the fill at 4,990
    pre: 1 <= made <= 48
    post: _.broken == ""
    reach: _.fired(*FILL_LAWS) and is_long and size == 10_000
    reach: _.fired(*FILL_LAWS) and not is_long
    reach: _.fired("LIQ-1") and _.told("Released")
    """
    lots = LOTS if is_long else -LOTS
    alice = account(usdt, lots, -lots * LOT, liquidation=running(False, made, 0, start=lots))
    return answered(*liquidating(alice, (Fill(BTC, "bob", size, AT_A_LOSS),)))


def last_round_with_a_fill_keeps_laws(usdt: int, cost: int, made: int) -> Answer:
    """After one of the last rounds with a fill, accepted or refused, the laws hold.

    given: rulebook textbook; alice, long 10 lots with any pnl, liquidating; the fill of one lot at 4,990
    pre: 48 <= made <= 50
    pre: usdt + cost >= -RICH
    post: _.broken == ""
    reach: _.fired(*FILL_LAWS) and made == 49
    reach: _.fired("LIQ-1") and _.told("Released") and made == 49
    reach: _.refusal == "ROUNDS_USED_UP"
    """
    alice = account(usdt, 10, cost, liquidation=running(False, made, 0, start=10))
    return answered(*liquidating(alice, (Fill(BTC, "bob", 1, AT_A_LOSS),)))


def round_with_two_fills_keeps_laws(usdt: int, first: int, second: int, price: int) -> Answer:
    """After a round with two fills, which count together, accepted or refused, the laws hold.

    given: rulebook textbook; alice, long 100,000 lots without pnl, liquidating; fills at mark, and at 4,990 or 5,010
    pre: price in (4990 * RATE, 5010 * RATE)
    post: _.broken == ""
    reach: _.fired(*FILL_LAWS) and first + second == 10_000
    reach: _.refusal == "FILL_BEYOND_ROUND" and first < 10_000 and second < 10_000
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(False, 1, 0))
    return answered(*liquidating(alice, (Fill(BTC, "bob", first, LOT), Fill(BTC, "bob", second, price))))


def closing_round_keeps_laws(usdt: int, cost: int, price: int) -> Answer:
    """After a round that closes the whole position, at any price, accepted or refused, the laws hold.

    given: rulebook textbook; alice, short 1,000 lots with any pnl, active
    post: _.broken == ""
    reach: _.fired("LIQ-1", "FIL-1", "MAR-2", "CON-1", "CON-2", "PST-1", "PST-2", "STO-1") and _.told("Released")
    reach: _.refusal == "ACCOUNT_VALUE_NEGATIVE" and usdt > 0
    """
    return answered(*liquidating(account(usdt, -1000, cost), (Fill(BTC, "bob", 1000, price),)))


def round_in_two_markets_keeps_laws(usdt: int, size: int, eth_cost: int) -> Answer:
    """After a round with fills in two markets, accepted or refused, the laws hold.

    given: rulebook textbook; alice, active, long 100,000 lots of BTC-PERP and short 20,000 of ETH-PERP; the fill of
        BTC-PERP at 4,990, of ETH-PERP 3 lots at 200
    post: _.broken == ""
    reach: _.fired("LIQ-1", "LIQ-2", "FIL-1", "MAR-2", "CON-1", "CON-2", "PST-1", "PST-2") and eth_cost < 0
    """
    alice = account(usdt, LOTS, -LOTS * LOT, eth_size=-20_000, eth_cost=eth_cost)
    fills = (Fill(BTC, "bob", size, AT_A_LOSS), Fill(ETH, "bob", 3, 200 * RATE))
    return answered(*liquidating(alice, fills))


def round_against_a_distressed_account(usdt: int, others: int, held: int) -> Answer:
    """After a round with a fill against an account that may not be admitted, the laws hold.

    given: rulebook textbook; alice, long 100,000 lots without pnl, liquidating; dan with USDT and a position at mark
        takes 5,000 lots at mark
    pre: held in (-6000, -5000, -4000, 0, 3000)
    post: _.broken == ""
    reach: _.fired("MAR-1", *FILL_LAWS) and held == 3000
    reach: _.fired("MAR-1", *FILL_LAWS) and held == -6000 and others <= 0
    reach: _.refusal == "FREE_COLLATERAL_NEGATIVE" and held == 0
    """
    alice = account(usdt, LOTS, -LOTS * LOT, liquidation=running(False, 1, 0))
    world, transaction = liquidating(alice, (Fill(BTC, "dan", 5000, LOT),))
    dan = account(others, held, -held * LOT)
    return answered(state(FLAT, {**world.accounts, "dan": dan}), transaction)


def _claim(
    name: str, laws: tuple[str, ...], contract: Contract, bug: Bug, *, kind: Kind = Kind.LAWS, quick: bool = True
) -> Claim:
    return Claim(name, kind, ("liquidate",), laws, contract, bug, quick=quick, paths=1500)


CLAIMS = (
    _claim(
        "liquidate-guard-rounds",
        ("LIQ-1", "PTY-1"),
        rounds_are_guarded,
        Bug("rules.liquidate", "if waited < terms.round_interval:", "if waited <= terms.round_interval:"),
        kind=Kind.GUARD,
    ),
    _claim(
        "liquidate-guard-fills",
        ("LIQ-1", "MAR-2", "PTY-1"),
        fills_are_guarded,
        Bug("rules.liquidate", "if closed > most:", "if closed >= most:"),
        kind=Kind.GUARD,
    ),
    _claim(
        "liquidate-release",
        ("LIQ-1",),
        release_is_guarded,
        Bug(
            "rules.liquidate",
            "return distress_collateral(state, account) * EXACT_SCALE > maintenance",
            "return distress_collateral(state, account) * EXACT_SCALE >= maintenance",
        ),
        kind=Kind.GUARD,
    ),
    _claim(
        "liquidate-empty-laws",
        ("EVT-1", *ROUND_LAWS, "REJ-1", "REJ-2"),
        empty_round_keeps_laws,
        Bug("rules.liquidate", "return Liquidation(1, time, sizes)", "return Liquidation(0, time, sizes)"),
    ),
    _claim(
        "liquidate-first-laws",
        ("PRP-1", "CON-1", "CON-4", "PST-1", "PST-2", "STO-1", *ROUND_LAWS),
        first_round_keeps_laws,
        Bug(
            "rules.preparation",
            "CashPosting(account_id, settlement_asset, proceeds)",
            "CashPosting(EXTERNAL, settlement_asset, proceeds)",
        ),
    ),
    _claim(
        "liquidate-fill-laws",
        FILL_LAWS,
        round_with_a_fill_keeps_laws,
        Bug(
            "rules.liquidate",
            "is_long = size_of(accounts[account_id], requested.market) > 0",
            "is_long = size_of(accounts[account_id], requested.market) != 0",
        ),
        quick=False,
    ),
    _claim(
        "liquidate-last-laws",
        FILL_LAWS,
        last_round_with_a_fill_keeps_laws,
        Bug("rules.liquidate", "    if not has_used_up_rounds(state, account):\n        return False\n", ""),
        quick=False,
    ),
    _claim(
        "liquidate-two-fills-laws",
        FILL_LAWS,
        round_with_two_fills_keeps_laws,
        Bug("rules.liquidate", "closed.get(market_id, 0) + requested.size", "requested.size"),
        quick=False,
    ),
    _claim(
        "liquidate-closing-laws",
        ("LIQ-1", "FIL-1", "MAR-2", "CON-1", "CON-2", "PST-1", "PST-2", "STO-1"),
        closing_round_keeps_laws,
        Bug("rules.liquidate", "if value_left < 0:", "if value_left < -(10**30):"),
    ),
    _claim(
        "liquidate-two-markets-laws",
        ("LIQ-1", "LIQ-2", "FIL-1", "MAR-2", "CON-1", "CON-2", "PST-1", "PST-2"),
        round_in_two_markets_keeps_laws,
        Bug(
            "rules.liquidate",
            "is_long = size_of(accounts[account_id], requested.market) > 0",
            "is_long = size_of(accounts[account_id], 'BTC-PERP') > 0",
        ),
        quick=False,
    ),
    _claim(
        "liquidate-counterparty-laws",
        ("MAR-1", *FILL_LAWS),
        round_against_a_distressed_account,
        Bug("rules.liquidate", "        after=after[counterparty],\n", "        after=before[counterparty],\n"),
        quick=False,
    ),
)
