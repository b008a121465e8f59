"""Observations of the order book: calm ones, those at a limit of the monitor, and those beyond it."""

from collections.abc import Sequence

from ..choosers import Chooser, choose_near, choose_preferred, one_in
from ..liquidity import open_interest
from ..margin import maintenance_margin
from ..rulebook import MonitorTerms, Rulebook, Threshold
from ..state import State, holds_stressed, is_stressed
from ..transactions import BackstopTransfer, MarkMarket, Observe, Transaction
from ..units import EXACT_SCALE, PPM_SCALE, ceil_div, floor_div
from .distress import liquidate
from .prices import crash, quotes_around
from .sight import Sight

WILDEST = 10**5
"""The widest half spread that is drawn, in ppm of mark."""


def monitored(rulebook: Rulebook) -> tuple[str, ...]:
    """The markets that have a liquidity monitor, in order of their names."""
    return tuple(sorted(name for name, contract in rulebook.contracts.items() if contract.monitor is not None))


def observe(chooser: Chooser, sight: Sight) -> Observe:
    """The book of a monitored market, when it is due or beside that: calm, in a band, at a limit or beyond it."""
    state = sight.state
    names = monitored(state.rulebook)
    marked = [name for name in names if name in state.markets]
    market_id = choose_preferred(chooser, marked, names or sight.venue.markets)
    terms = state.rulebook.contracts[market_id].monitor
    if terms is None or market_id not in state.markets:
        price = sight.venue.base_price(market_id)
        return Observe(state.time, market_id, price, price + 1, 1, 1, 0)
    is_quiet = one_in(chooser, 2) if is_stressed(state, market_id) else not one_in(chooser, 4)
    bid, ask = _best(chooser, state.markets[market_id].mark, terms.spread, is_quiet=is_quiet)
    held = open_interest(state, market_id)
    depths = _depth(chooser, held, terms.depth, is_quiet=is_quiet), _depth(chooser, held, terms.depth, is_quiet=True)
    thin, thick = depths if one_in(chooser, 2) else depths[::-1]
    return Observe(_due(chooser, state, market_id, terms), market_id, bid, ask, thin, thick, chooser.choose_int(0, 50))


def _due(chooser: Chooser, state: State, market_id: str, terms: MonitorTerms) -> int:
    """When the next observation is due, or a little beside that; now for the first."""
    monitor = state.markets[market_id].monitor
    if monitor is None:
        return state.time
    due = monitor.time + terms.interval
    return max(state.time, chooser.choose_from((due, due, due, due + 1, due + terms.interval, due - 1)))


def _limit(chooser: Chooser, threshold: Threshold, *, is_quiet: bool) -> int:
    """A figure in ppm: at the calm limit where it is quiet, else in the band, at the limit of stress or beside it."""
    if is_quiet:
        return threshold.leave
    between = floor_div(threshold.enter + threshold.leave, 2)
    return choose_near(chooser, chooser.choose_from((threshold.enter, threshold.enter, between, threshold.leave)))


def _best(chooser: Chooser, mark: int, threshold: Threshold, *, is_quiet: bool) -> tuple[int, int]:
    """The best prices around mark whose spread is a limit exactly, or anything at all."""
    if one_in(chooser, 4):
        half = max(1, floor_div(mark * chooser.choose_int(0, WILDEST if not is_quiet else 10), PPM_SCALE))
        return max(1, mark - half), max(2, mark + half)
    spread = _limit(chooser, threshold, is_quiet=is_quiet)
    half = max(1, floor_div(mark * spread, 2 * PPM_SCALE))
    return max(1, mark - half), max(2, mark + half)


def _depth(chooser: Chooser, held: int, threshold: Threshold, *, is_quiet: bool) -> int:
    """Lots that are a limit's share of the open interest, rounded so that they reach it, or many or none."""
    if one_in(chooser, 4):
        return held + chooser.choose_int(0, 9) if is_quiet else chooser.choose_int(0, 2)
    return max(0, ceil_div(held * _limit(chooser, threshold, is_quiet=is_quiet), PPM_SCALE))


def squeeze(chooser: Chooser, sight: Sight) -> Transaction:
    """Whoever is liquidated in a stressed market is taken over; where nobody is, somebody is to be: a round, a mark, or
    an observation that stresses the market in which somebody is liquidated."""
    state = sight.state
    squeezed = [name for name in sight.liquidating if holds_stressed(state, state.accounts[name])]
    if squeezed and not one_in(chooser, 4):
        return BackstopTransfer(state.time, chooser.choose_from(_below_maintenance(sight, squeezed) or squeezed))
    if sight.liquidating and not squeezed:
        return observe(chooser, sight)
    if sight.distressed:
        return liquidate(chooser, sight)
    return crash(chooser, sight)


def _below_maintenance(sight: Sight, names: Sequence[str]) -> list[str]:
    state = sight.state
    return [
        name
        for name in names
        if sight.standing(name).distress * EXACT_SCALE < maintenance_margin(state, state.accounts[name])
    ]


def swing(chooser: Chooser, sight: Sight) -> MarkMarket | Observe:
    """A mark that is away from the one last observed by a limit of volatility or shortfall exactly, or about so, up or
    down; an observation where there is nothing to swing, and every second time, so that it is seen."""
    state = sight.state
    marked = [name for name in monitored(state.rulebook) if name in state.markets]
    if not marked or one_in(chooser, 2):
        return observe(chooser, sight)
    market_id = chooser.choose_from(marked)
    terms, market = state.rulebook.contracts[market_id].monitor, state.markets[market_id]
    assert terms is not None
    last = market.mark if market.monitor is None else market.monitor.observations[-1].mark
    limit = chooser.choose_from((terms.volatility, terms.expected_shortfall))
    moved = _limit(chooser, limit, is_quiet=one_in(chooser, 3)) * chooser.choose_from((1, -1, 0))
    # Toward the last mark, as the return is rounded away from zero.
    level = max(1, (floor_div if moved > 0 else ceil_div)(last * (PPM_SCALE + moved), PPM_SCALE))
    index = level if level < 10 * sight.venue.base_price(market_id) else sight.venue.base_price(market_id)
    return MarkMarket(state.time, market_id, quotes_around(chooser, state.rulebook, index), 0)
