"""Moods weigh the generators, and arcs string moods together into what markets do."""

from collections.abc import Callable, Mapping

from ..state import State
from ..transactions import Transaction
from .choosers import Chooser
from .distress import backstop_transfer, liquidate, pursue
from .money import deposit, rescue, set_account, withdraw
from .prices import crash, mark_asset, mark_market
from .program import enroll, leave
from .schedule import fund, settle
from .trading import trade

Generator = Callable[[Chooser, State], Transaction]

GENERATORS: tuple[Generator, ...] = (
    deposit,
    rescue,
    withdraw,
    set_account,
    trade,
    mark_market,
    crash,
    mark_asset,
    fund,
    settle,
    enroll,
    leave,
    liquidate,
    backstop_transfer,
    pursue,
)

Mood = tuple[Generator, ...]
"""Generators, each as often as its weight."""


def _mood(weights: Mapping[Generator, int]) -> Mood:
    return tuple(generator for generator, weight in weights.items() for _ in range(weight))


CALM = _mood({trade: 10, mark_market: 6, deposit: 4, withdraw: 3, set_account: 1, mark_asset: 2, fund: 6, settle: 2})
LEVER = _mood({trade: 16, deposit: 3, mark_market: 1, set_account: 1})
CRASH = _mood(
    {pursue: 20, liquidate: 2, backstop_transfer: 1, trade: 3, mark_asset: 2, deposit: 1, rescue: 2, settle: 1}
)
FLASH = _mood({pursue: 8, crash: 2, trade: 2, settle: 1})
DRAIN = _mood({withdraw: 10, trade: 3, settle: 2, crash: 1})
PROGRAM = _mood({enroll: 6, deposit: 3, leave: 1, trade: 4, crash: 2, pursue: 3, withdraw: 1})
RESCUE = _mood({rescue: 7, pursue: 8, liquidate: 4, mark_market: 1, trade: 1})

MOODS: tuple[Mood, ...] = (CALM, LEVER, CRASH, FLASH, DRAIN, PROGRAM, RESCUE)

ARCS: tuple[tuple[Mood, ...], ...] = (
    (CALM, LEVER, CRASH),
    (LEVER, CRASH, RESCUE),
    (PROGRAM, LEVER, FLASH, PROGRAM),
    (PROGRAM, LEVER, CRASH, CRASH),
    (LEVER, DRAIN, FLASH),
    (PROGRAM, CALM, DRAIN),
)
