"""liquidate: the scenes it is proved over."""

from collections.abc import Sequence

from immutables import Map

from ledger.rulebook import EXTERNAL, FEES
from ledger.state import Account, Liquidation, Position, State
from ledger.transactions import Fill, Liquidate, Transaction

from ..engine import Path
from ..worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    RULEBOOK,
    SECOND_MARKET,
    USDT,
    cash_of,
    position_of,
    provider_of,
    reserves,
    state_of,
    with_any_tiers,
)

NONE, ONE, TWO = (), (MARKET,), (MARKET, SECOND_MARKET)
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
    path: Path, stage: str, *, markets: Sequence[str] = ONE, cash: tuple[str, ...] = (USDT,), sign: int = 0
) -> Account:
    """alice, at leverage 100 and the standard fee tier, with positions in these markets, long or short where said."""
    positions = Map({market: position_of(path, f"{ALICE} {market}") for market in markets})
    if sign != 0:
        path.assume(positions[MARKET].size * sign > 0)
    account = Account(
        cash_of(path, ALICE, (cash,)), positions, 100, RULEBOOK.default_fee_tier, round_of(path, stage, markets)
    )
    path.assume(account.cash.get(COIN, 0) >= 0)
    return account


def scene(
    path: Path,
    *,
    stages: Sequence[str],
    fills: int = 0,
    markets: Sequence[str] = ONE,
    cash: tuple[str, ...] = (USDT,),
    sign: int = 0,
    counterparty: Sequence[str] = NONE,
    records: Sequence[str] = ("none",),
) -> tuple[State, Transaction]:
    """A round of alice with so many fills against bob, who is active, with positions in these markets."""
    stage = path.choice("stage", stages)
    held = {FEES: ((USDT,),), EXTERNAL: (cash,)}
    accounts = reserves(path, held)
    accounts[ALICE] = distressed(path, stage, markets=markets, cash=cash, sign=sign)
    positions = Map({market: position_of(path, f"{BOB} {market}") for market in counterparty})
    accounts[BOB] = Account(cash_of(path, BOB, ((USDT,),)), positions, 100, RULEBOOK.default_fee_tier, None)
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(TWO, 1))
    listed = TWO if SECOND_MARKET in (*markets, *counterparty) else ONE
    state = state_of(path, accounts, {BOB: provider_of(path, BOB, records)}, rulebook, listed)
    made = tuple(
        Fill(MARKET, BOB, path.integer(f"size {number}"), path.integer(f"price {number}")) for number in range(fills)
    )
    return state, Liquidate(path.integer("time"), ALICE, made)
