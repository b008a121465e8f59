"""liquidate: the scenes it is proved over."""

from collections.abc import Sequence

import attrs
from immutables import Map

from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Account, Liquidation, Position, State
from ledger.transactions import Fill, Liquidate, Transaction

from ..engine import Path
from ..worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    ONE_TIER,
    RULEBOOK,
    SECOND_MARKET,
    STRANGER,
    UNLISTED,
    USDT,
    cash_of,
    position_of,
    provider_of,
    reserves,
    state_of,
    with_any_tiers,
)
from .trades import ABOVE_LEVERAGE, NONE, ONE, TWO

ROUNDS = RULEBOOK.liquidation.rounds
RUNNING = {"later": (1, ROUNDS - 2), "last": (ROUNDS - 1, ROUNDS - 1), "used up": (ROUNDS, ROUNDS)}
"""The last round of an account in whose liquidation a later round comes, the last one, or none."""


def round_of(path: Path, stage: str, markets: Sequence[str]) -> Liquidation | None:
    """Active where this is to be the first round; else liquidating since any time, from any sizes in these markets."""
    if stage == "first":
        return None
    least, most = RUNNING[stage]
    sizes = Map({market: path.integer(f"starting size in {market}") for market in markets})
    return Liquidation(path.integer("round", least=least, most=most), path.integer("round time"), sizes)


def distressed(
    path: Path, stage: str, *, markets: Sequence[str] = ONE, cash: Sequence[tuple[str, ...]] = ((USDT,),), sign: int = 0
) -> Account:
    """alice, at leverage 100 and the standard fee tier, with positions in these markets, long or short where said."""
    positions = Map({market: position_of(path, f"{ALICE} {market}") for market in markets})
    if sign != 0:
        path.assume(positions[MARKET].size * sign > 0)
    account = Account(
        cash_of(path, ALICE, cash), positions, 100, RULEBOOK.default_fee_tier, round_of(path, stage, markets)
    )
    path.assume(account.cash.get(COIN, 0) >= 0)
    return account


def scene(
    path: Path,
    *,
    stages: Sequence[str],
    fills: int = 0,
    markets: Sequence[str] = ONE,
    cash: Sequence[tuple[str, ...]] = ((USDT,),),
    sign: int = 0,
    counterparty: Sequence[str] = NONE,
    records: Sequence[str] = ("none",),
) -> tuple[State, Transaction]:
    """A round of alice with so many fills against bob, who is active, with positions in these markets."""
    stage = path.choice("stage", stages)
    held = {FEES: ((USDT,),), EXTERNAL: (max(cash, key=len),)}
    accounts = reserves(path, held)
    accounts[ALICE] = distressed(path, stage, markets=markets, cash=cash, sign=sign)
    # Custody of what is sold covers it, as CON-1 and CON-4 have it.
    path.assume(accounts[EXTERNAL].cash.get(COIN, 0) + accounts[ALICE].cash.get(COIN, 0) <= 0)
    positions = Map({market: position_of(path, f"{BOB} {market}") for market in counterparty})
    accounts[BOB] = Account(cash_of(path, BOB, ((USDT,),)), positions, 100, RULEBOOK.default_fee_tier, None)
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(TWO, 1), ABOVE_LEVERAGE)
    listed = TWO if SECOND_MARKET in (*markets, *counterparty) else ONE
    state = state_of(path, accounts, {BOB: provider_of(path, BOB, records)}, rulebook, listed)
    return state, Liquidate(path.integer("time"), ALICE, fills_of(path, (None,) * fills))


def fills_of(path: Path, prices: Sequence[int | None]) -> tuple[Fill, ...]:
    """Fills in BTC-PERP against bob, of any size, at these prices, or at any."""
    return tuple(
        Fill(MARKET, BOB, path.integer(f"size {number}"), path.integer(f"price {number}") if price is None else price)
        for number, price in enumerate(prices)
    )


PARTIES = ((ALICE, BOB), (ALICE, ALICE), ("@fees", BOB), (STRANGER, BOB), (ALICE, "@insurance"), (ALICE, STRANGER))
LOTS, MARK, STEP = 10_000, 9_943 * 10**9, 10**9


@attrs.frozen
class Terms:
    """A fill as it is asked for: of whom and with whom, in which market, and whether alice has a position and bob is
    active; before the first round, or after the last."""

    parties: tuple[str, str] = PARTIES[0]
    market: str = MARKET
    stage: str = "first"
    has_position: bool = True
    is_active: bool = True


USUAL = Terms()
DEPARTURES = (
    *(Terms(parties=parties) for parties in PARTIES),
    *(Terms(market=market) for market in (UNLISTED, SECOND_MARKET)),
    Terms(stage="used up"),
    Terms(has_position=False),
    Terms(is_active=False),
)
"""What is usual, or one departure from it."""


def scene_of_terms(path: Path, *, together: bool = False) -> tuple[State, Transaction]:
    """A round with one fill, alice long 10,000 lots or flat: as usual or one departure from it, or any `together`."""
    terms = any_terms(path) if together else path.choice("terms", DEPARTURES)
    accounts = reserves(path, {FEES: ((USDT,),)})
    worth = LOTS * MARK * RULEBOOK.contracts[MARKET].multiplier
    positions = Map({MARKET: Position(LOTS, -worth)}) if terms.has_position else Map()
    begun = (round_of(path, terms.stage, ONE), None if terms.is_active else Liquidation(1, 0, Map()))
    for name, held, liquidation in ((ALICE, positions, begun[0]), (BOB, Map(), begun[1])):
        cash = cash_of(path, name, ((USDT,),))
        accounts[name] = Account(cash, held, RULEBOOK.maximum_leverage, RULEBOOK.default_fee_tier, liquidation)
    state = state_of(path, accounts, {}, ONE_TIER)
    state = attrs.evolve(state, markets=Map({MARKET: attrs.evolve(state.markets[MARKET], mark=MARK)}))
    account, counterparty = terms.parties
    fill = Fill(terms.market, counterparty, path.integer("size"), path.integer("price"))
    return state, Liquidate(path.integer("time"), account, (fill,))


def any_terms(path: Path) -> Terms:
    """Every departure with every other."""
    return Terms(
        path.choice("parties", PARTIES),
        path.choice("market", (UNLISTED, SECOND_MARKET, MARKET)),
        path.choice("stage", ("first", "used up")),
        path.choice("alice has a position", (True, False)),
        path.choice("bob is active", (True, False)),
    )


def plain(path: Path, *, size: int, mark: int, cash: tuple[str, ...] = (USDT,), beside: bool = False) -> Account:
    """alice, active, with such cash and so many lots without pnl; and a position in ETH-PERP beside them, or not."""
    cost = -size * mark * RULEBOOK.contracts[MARKET].multiplier
    positions = Map({MARKET: Position(size, cost)})
    if beside:
        positions = positions.set(SECOND_MARKET, position_of(path, f"{ALICE} {SECOND_MARKET}"))
    held = cash_of(path, ALICE, (cash,))
    path.assume(held.get(COIN, 0) >= 0)
    return Account(held, positions, 100, RULEBOOK.default_fee_tier, None)


def scene_of_counterparty(
    path: Path,
    *,
    size: int,
    markets: Sequence[str] = NONE,
    records: Sequence[str] = ("none",),
    mark: int | None = None,
    prices: Sequence[int | None] = (None,),
    cash: tuple[str, ...] = (USDT,),
    beside: bool = False,
) -> tuple[State, Transaction]:
    """The first round of alice, who has so many lots, against bob, who has positions in these markets: a fill at each
    price, or at any."""
    accounts = reserves(path, {FEES: ((USDT,),), EXTERNAL: (cash,)})
    positions = Map({market: position_of(path, f"{BOB} {market}") for market in markets})
    accounts[BOB] = Account(cash_of(path, BOB, ((USDT,),)), positions, 100, RULEBOOK.default_fee_tier, None)
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(TWO, 1), ABOVE_LEVERAGE)
    listed = TWO if beside or SECOND_MARKET in markets else ONE
    state = state_of(path, accounts, {BOB: provider_of(path, BOB, records)}, rulebook, listed)
    if mark is not None:
        market = attrs.evolve(state.markets[MARKET], mark=mark)
        state = attrs.evolve(state, markets=state.markets.set(MARKET, market))
    alice = plain(path, size=size, mark=state.markets[MARKET].mark, cash=cash, beside=beside)
    path.assume(accounts[EXTERNAL].cash.get(COIN, 0) + alice.cash.get(COIN, 0) <= 0)
    state = attrs.evolve(state, accounts=state.accounts.set(ALICE, alice))
    return state, Liquidate(path.integer("time"), ALICE, fills_of(path, prices))


def scene_of_the_end(path: Path, *, size: int, mark: int, stages: Sequence[str]) -> tuple[State, Transaction]:
    """An empty call of alice near the end of her rounds; bob has the other side of her lots, so that a takeover finds
    who takes them."""
    stage = path.choice("stage", stages)
    accounts = reserves(path, {FEES: ((USDT,),), EXTERNAL: ((USDT,),), INSURANCE: ((USDT,), ())})
    own = Map({MARKET: Position(size, path.integer(f"{ALICE} reference cost"))})
    cash, begun = cash_of(path, ALICE, ((USDT,),)), round_of(path, stage, ONE)
    accounts[ALICE] = Account(cash, own, 100, RULEBOOK.default_fee_tier, begun)
    positions = Map({MARKET: Position(-size, path.integer(f"{BOB} reference cost"))})
    accounts[BOB] = Account(cash_of(path, BOB, ((USDT,),)), positions, 100, RULEBOOK.default_fee_tier, None)
    rulebook = with_any_tiers(path, RULEBOOK, {MARKET: 1}, ABOVE_LEVERAGE)
    state = state_of(path, accounts, {}, rulebook)
    market = attrs.evolve(state.markets[MARKET], mark=mark)
    state = attrs.evolve(state, markets=state.markets.set(MARKET, market))
    return state, Liquidate(path.integer("time"), ALICE, ())
