"""Actions due at fixed instants: funding every eight hours, settling every fifteen minutes."""

from ..outcomes import Reason, Rejected
from ..rulebook import IntervalTerms
from ..units import floor_to_multiple


def instant_of(terms: IntervalTerms, time: int) -> int:
    """The latest instant of the grid that is not after `time`."""
    return floor_to_multiple(time, terms.interval)


def refuse_instant(terms: IntervalTerms, *, time: int, last: int, subject: str) -> Rejected | None:
    """`time` is within the window after its instant, and that instant is later than the last one done."""
    instant = instant_of(terms, time)
    if time - instant >= terms.window:
        return Rejected(Reason.OUTSIDE_WINDOW, time - instant, terms.window, subject)
    if instant <= last:
        return Rejected(Reason.INSTANT_ALREADY_DONE, instant, last, subject)
    return None
