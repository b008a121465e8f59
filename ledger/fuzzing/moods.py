"""Moods weigh the generators, and arcs string moods together into what markets do."""

from collections.abc import Callable, Mapping

from ..choosers import Chooser
from ..transactions import Transaction
from .distress import backstop_transfer, liquidate, poise, pursue, unwind
from .money import deposit, rescue, set_account, withdraw
from .observing import observe, squeeze, swing
from .operators import late_round, once_more, out_of_season, out_of_turn, round_instead
from .prices import crash, mark_asset, mark_market, sink, topple
from .program import enroll, leave, overcommit
from .schedule import fund, settle, tip
from .sight import Sight
from .trading import hedge, to_the_limit, trade

Generator = Callable[[Chooser, Sight], Transaction]
"""Draws a transaction for a state in view."""

GENERATORS: tuple[Generator, ...] = (
    deposit,
    rescue,
    withdraw,
    set_account,
    trade,
    to_the_limit,
    hedge,
    mark_market,
    crash,
    topple,
    mark_asset,
    sink,
    fund,
    settle,
    tip,
    enroll,
    overcommit,
    leave,
    liquidate,
    poise,
    backstop_transfer,
    pursue,
    unwind,
    once_more,
    out_of_turn,
    round_instead,
    late_round,
    out_of_season,
    observe,
    swing,
    squeeze,
)

Mood = tuple[Generator, ...]
"""Generators, each as often as its weight."""


def _mood(weights: Mapping[Generator, int]) -> Mood:
    return tuple(generator for generator, weight in weights.items() for _ in range(weight))


CALM = _mood(
    {trade: 10, mark_market: 6, deposit: 4, withdraw: 3, set_account: 2, mark_asset: 2, fund: 6, settle: 2, tip: 4}
)
LEVER = _mood({trade: 16, to_the_limit: 2, deposit: 3, mark_market: 1, set_account: 1})
HEDGE = _mood({hedge: 12, trade: 5, deposit: 2, mark_market: 3, settle: 1, tip: 2})
CRASH = _mood(
    {
        pursue: 20,
        liquidate: 2,
        backstop_transfer: 1,
        trade: 3,
        mark_asset: 2,
        deposit: 1,
        rescue: 2,
        poise: 3,
        settle: 1,
        tip: 2,
    }
)
FLASH = _mood({pursue: 8, crash: 2, trade: 2, settle: 1, poise: 1})
DRAIN = _mood({withdraw: 10, trade: 3, settle: 2, crash: 1})
PROGRAM = _mood({enroll: 6, deposit: 3, leave: 1, trade: 4, crash: 2, pursue: 3, withdraw: 1})
RESCUE = _mood({rescue: 7, poise: 8, pursue: 8, liquidate: 4, sink: 3, mark_market: 1, trade: 1})
BRINK = _mood({tip: 12, hedge: 2, crash: 1, settle: 1})
OVERCOMMIT = _mood({overcommit: 6, deposit: 4, trade: 8})
SPIRAL = _mood({unwind: 12, crash: 4, topple: 2, trade: 1, overcommit: 1})
DISORDER = _mood(
    {once_more: 6, out_of_turn: 3, round_instead: 3, late_round: 3, out_of_season: 2, crash: 4, pursue: 4, enroll: 1}
)
WATCH = _mood({observe: 8, swing: 12, trade: 4, mark_market: 2, deposit: 1, settle: 1})
SQUEEZE = _mood({squeeze: 14, observe: 3, trade: 2, crash: 1, pursue: 2, deposit: 1})

MOODS: Mapping[str, Mood] = {
    "calm": CALM,
    "lever": LEVER,
    "hedge": HEDGE,
    "crash": CRASH,
    "flash": FLASH,
    "drain": DRAIN,
    "program": PROGRAM,
    "rescue": RESCUE,
    "brink": BRINK,
    "overcommit": OVERCOMMIT,
    "spiral": SPIRAL,
    "disorder": DISORDER,
    "watch": WATCH,
    "squeeze": SQUEEZE,
}

ARCS: tuple[tuple[Mood, ...], ...] = (
    (CALM, LEVER, CRASH),
    (LEVER, CRASH, RESCUE),
    (PROGRAM, LEVER, FLASH, PROGRAM),
    (PROGRAM, LEVER, CRASH, CRASH),
    (LEVER, DRAIN, FLASH),
    (PROGRAM, CALM, DRAIN),
    (HEDGE, LEVER, CRASH),
    (HEDGE, FLASH, BRINK),
    (OVERCOMMIT, LEVER, SPIRAL, SPIRAL),
    (PROGRAM, HEDGE, DISORDER),
    (LEVER, DISORDER, CRASH),
)

MONITORED_ARCS: tuple[tuple[Mood, ...], ...] = (
    *ARCS,
    (LEVER, WATCH, SQUEEZE, WATCH),
    (WATCH, LEVER, CRASH, SQUEEZE),
    (PROGRAM, LEVER, SQUEEZE, SQUEEZE),
)
"""The arcs of a venue that has a liquidity monitor."""
