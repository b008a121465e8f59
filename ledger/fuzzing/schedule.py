"""What is due at fixed instants: funding and settling."""

from ..transactions import Fund, Settle
from ..units import floor_to_multiple
from .choosers import Chooser, choose_preferred, one_in
from .sight import Sight
from .times import instant_time


def fund(chooser: Chooser, sight: Sight) -> Fund:
    """An interval's funding, at a rate given or computed; now and then the next one, before anybody marks again."""
    state = sight.state
    terms, clamp = state.rulebook.funding, state.rulebook.funding_clamp
    market_id = choose_preferred(chooser, sorted(state.markets), sight.venue.markets)
    rate = chooser.choose_from((None, None, 1_000_000, -1_000_000, clamp, -clamp, 0, 333))
    time, before = state.time, sight.recent[-1] if sight.recent else None
    if isinstance(before, Fund) and one_in(chooser, 2):
        return Fund(floor_to_multiple(time, terms.interval) + terms.interval, before.market, None)
    if time - floor_to_multiple(time, terms.interval) < terms.window or one_in(chooser, 2):
        time = instant_time(chooser, time, interval=terms.interval, window=terms.window)
    return Fund(time, market_id, rate)


def settle(chooser: Chooser, sight: Sight) -> Settle:
    """A settle, on the grid or beside it."""
    schedule, now = sight.state.rulebook.settle.schedule, sight.state.time
    return Settle(instant_time(chooser, now, interval=schedule.interval, window=schedule.window))
