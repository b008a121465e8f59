"""What is due at fixed instants: funding and settling."""

from ..state import State
from ..transactions import Fund, Settle
from ..units import floor_to_multiple
from .choosers import Chooser, choose_preferred, one_in
from .times import instant_time


def fund(chooser: Chooser, state: State) -> Fund:
    """An interval's funding, at a rate given or computed."""
    terms, clamp = state.rulebook.funding, state.rulebook.funding_clamp
    market_id = choose_preferred(chooser, sorted(state.markets), sorted(state.rulebook.contracts))
    rate = chooser.choose_from((None, None, 1_000_000, -1_000_000, clamp, -clamp, 0, 333))
    time = state.time
    if state.time - floor_to_multiple(state.time, terms.interval) < terms.window or one_in(chooser, 3):
        time = instant_time(chooser, state, interval=terms.interval, window=terms.window)
    return Fund(time, market_id, rate)


def settle(chooser: Chooser, state: State) -> Settle:
    """A settle, on the grid or beside it."""
    schedule = state.rulebook.settle.schedule
    return Settle(instant_time(chooser, state, interval=schedule.interval, window=schedule.window))
