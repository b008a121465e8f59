"""Corners of the liquidity monitor."""

from collections.abc import Iterator

from ..liquidity import is_beyond, is_calm
from ..margin import is_at_takeover
from ..outcomes import Applied, Figures, Observed, Rejected, StressEntered, StressLeft
from ..rulebook import MonitorTerms
from ..state import State, has_used_up_rounds, is_stressed
from ..transactions import BackstopTransfer, Observe

BY_SPREAD, BY_DEPTH = "a market becomes stressed by its spread alone", "a market becomes stressed by its depth alone"
BY_VOLATILITY = "a market becomes stressed by its volatility alone"
BY_SHORTFALL = "a market becomes stressed by its expected shortfall alone"
AT_SPREAD, AT_DEPTH = "a spread exactly at its limit is no stress", "a depth exactly at its limit is no stress"
AT_VOLATILITY = "a volatility exactly at its limit is no stress"
AT_SHORTFALL = "an expected shortfall exactly at its limit is no stress"
CALM_AGAIN = "a market is stressed no more"
CALM_AT_SPREAD = "a market is stressed no more with a spread exactly at its limit"
CALM_AT_DEPTH = "a market is stressed no more with a depth exactly at its limit"
CALM_AT_VOLATILITY = "a market is stressed no more with a volatility exactly at its limit"
CALM_AT_SHORTFALL = "a market is stressed no more with an expected shortfall exactly at its limit"
CALM_IN_BAND, STRESSED_IN_BAND = "a market stays calm inside the band", "a market stays stressed inside the band"
NO_INTEREST = "an observation finds no open interest"
EMPTY_SIDE = "a side of the book is empty"
FULL = "an observation leaves a full window"
FIRST_MILLISECOND = "an observation in the first millisecond of its interval"
TOO_SOON = "an observation a millisecond too soon is refused"
SHORTS_LOSE_MORE = "shorts have the greater expected shortfall"
OPENED = "stress alone opens a takeover"

MONITOR_CORNERS = (
    *(BY_SPREAD, BY_DEPTH, BY_VOLATILITY, BY_SHORTFALL, AT_SPREAD, AT_DEPTH, AT_VOLATILITY, AT_SHORTFALL),
    *(CALM_AGAIN, CALM_AT_SPREAD, CALM_AT_DEPTH, CALM_AT_VOLATILITY, CALM_AT_SHORTFALL),
    *(CALM_IN_BAND, STRESSED_IN_BAND, NO_INTEREST, EMPTY_SIDE, FULL, FIRST_MILLISECOND, TOO_SOON, SHORTS_LOSE_MORE),
    OPENED,
)


def too_soon(refused: Rejected) -> Iterator[str]:
    """The corners of an observation that is refused for its time."""
    if isinstance(refused.supplied, int) and isinstance(refused.limit, int) and refused.supplied + 1 == refused.limit:
        yield TOO_SOON


def observed(before: State, observe: Observe, done: Applied) -> Iterator[str]:
    """The corners of an observation."""
    market_id = observe.market
    terms = before.rulebook.contracts[market_id].monitor
    earlier = before.markets[market_id].monitor
    if terms is None:
        return
    for event in done.events:
        if isinstance(event, Observed):
            yield from _of_figures(event.figures, terms, was_stressed=is_stressed(before, market_id))
        elif isinstance(event, StressEntered):
            reasons = tuple(_reasons(event.figures, terms))
            yield from reasons if len(reasons) == 1 else ()
        elif isinstance(event, StressLeft):
            yield from _of_calm(event.figures, terms)
    if min(observe.bid_depth, observe.ask_depth) == 0:
        yield EMPTY_SIDE
    if earlier is not None:
        if len(earlier.observations) == terms.window + 1:
            yield FULL
        if observe.time - earlier.time == terms.interval:
            yield FIRST_MILLISECOND
    later = done.state.markets[market_id].monitor
    if later is not None and len(later.observations) > 1:
        marks = [seen.mark for seen in later.observations]
        if marks == sorted(marks) and marks[0] < marks[-1]:
            yield SHORTS_LOSE_MORE


def _reasons(figures: Figures, terms: MonitorTerms) -> Iterator[str]:
    if figures.spread > terms.spread.enter:
        yield BY_SPREAD
    if figures.depth is not None and figures.depth < terms.depth.enter:
        yield BY_DEPTH
    if figures.variance > terms.volatility.enter * terms.volatility.enter:
        yield BY_VOLATILITY
    if figures.expected_shortfall > terms.expected_shortfall.enter:
        yield BY_SHORTFALL


def _of_calm(figures: Figures, terms: MonitorTerms) -> Iterator[str]:
    yield CALM_AGAIN
    if figures.spread == terms.spread.leave:
        yield CALM_AT_SPREAD
    if figures.depth == terms.depth.leave:
        yield CALM_AT_DEPTH
    if figures.variance == terms.volatility.leave * terms.volatility.leave:
        yield CALM_AT_VOLATILITY
    if figures.expected_shortfall == terms.expected_shortfall.leave:
        yield CALM_AT_SHORTFALL


def _of_figures(figures: Figures, terms: MonitorTerms, *, was_stressed: bool) -> Iterator[str]:
    if figures.depth is None:
        yield NO_INTEREST
    if is_beyond(figures, terms):
        return
    if not is_calm(figures, terms):
        yield STRESSED_IN_BAND if was_stressed else CALM_IN_BAND
    if not was_stressed and figures.spread == terms.spread.enter:
        yield AT_SPREAD
    if not was_stressed and figures.depth == terms.depth.enter:
        yield AT_DEPTH
    if not was_stressed and figures.variance == terms.volatility.enter * terms.volatility.enter:
        yield AT_VOLATILITY
    if not was_stressed and figures.expected_shortfall == terms.expected_shortfall.enter:
        yield AT_SHORTFALL


def opened_by_stress(before: State, transfer: BackstopTransfer) -> Iterator[str]:
    """A takeover that neither its account's margin alone nor its rounds would have allowed."""
    account = before.accounts[transfer.account]
    if not is_at_takeover(before, account) and not has_used_up_rounds(before, account):
        yield OPENED
