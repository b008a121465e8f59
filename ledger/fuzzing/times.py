"""Times that matter: now, and the edges of windows, notices, rounds and instants."""

from collections.abc import Sequence

from ..choosers import Chooser, choose_near
from ..units import floor_to_multiple
from .sight import Sight

START = 1_600_000_000_000
"""A time off every funding and settle instant of the shipped rulebooks: 2020-09-13T12:26:40Z."""

NEAR = 90_000


def next_instants(interval: int, window: int, time: int) -> tuple[int, ...]:
    """The edges of this and the next instant of a grid: hit, missed by a millisecond, just made, just too late."""
    this = floor_to_multiple(time, interval)
    return (this + window, this + interval)


def edges(sight: Sight) -> list[int]:
    """Times at which something begins or ends: windows, notices, rounds, instants. Past ones too."""
    state = sight.state
    rulebook = state.rulebook
    program, schedule = rulebook.program, rulebook.settle.schedule
    found = [
        *next_instants(schedule.interval, schedule.window, state.time),
        *next_instants(rulebook.funding.interval, rulebook.funding.window, state.time),
    ]
    for name in sight.liquidating:
        liquidation = state.accounts[name].liquidation
        if liquidation is not None:
            found.append(liquidation.time + rulebook.liquidation.round_interval)
    for name in sorted(state.providers):
        provider = state.providers[name]
        if provider.notice is not None:
            found.append(provider.notice + program.notice)
        for takeover in provider.takeovers[-2:] + provider.takeovers[:1]:
            found += [takeover.time + program.minute, takeover.time + program.hour]
    return found


def at_edge(chooser: Chooser, now: int, times: Sequence[int]) -> int:
    """One of the times that lie ahead of `now`, or a millisecond beside it; `now` where none does."""
    ahead = [time for time in times if time > now]
    if not ahead:
        return now
    return max(now, choose_near(chooser, chooser.choose_from(ahead)))


def a_time(chooser: Chooser, sight: Sight) -> int:
    """Mostly now or seconds later; now and then the near edge of something, seldom a far one."""
    kind, now = chooser.choose_int(0, 39), sight.state.time
    if kind < 24:
        return now
    if kind < 36:
        return now + chooser.choose_from((1, 500, 2000, 6000, 15_000))
    if kind < 39:
        return at_edge(chooser, now, [time for time in edges(sight) if time <= now + NEAR])
    return at_edge(chooser, now, edges(sight))


def instant_time(chooser: Chooser, now: int, *, interval: int, window: int) -> int:
    """Within the window of this or the next instant, at its last millisecond, or a millisecond outside."""
    this = floor_to_multiple(now, interval)
    if now < this + window:
        return chooser.choose_from((now, now, this + window - 1, this + window))
    following = this + interval
    times = (following, following, following + 1, following + window - 1, following + window, following - 1)
    return max(now, chooser.choose_from(times))
