"""Times that matter: now, and the edges of windows, notices, rounds and instants."""

from collections.abc import Sequence

from ..state import State
from ..units import floor_to_multiple
from .choosers import Chooser, choose_near
from .sight import liquidating_accounts

START = 1_600_000_000_000
"""A time off every funding and settle instant of the shipped rulebooks: 2020-09-13T12:26:40Z."""


def next_instants(interval: int, window: int, time: int) -> tuple[int, ...]:
    """The edges of this and the next instant of a grid: hit, missed by a millisecond, just made, just too late."""
    this = floor_to_multiple(time, interval)
    return (this + window, this + interval)


def edges(state: State) -> list[int]:
    """Times at which something begins or ends: windows, notices, rounds, instants. Past ones too."""
    rulebook = state.rulebook
    program, schedule = rulebook.program, rulebook.settle.schedule
    found = [
        *next_instants(schedule.interval, schedule.window, state.time),
        *next_instants(rulebook.funding.interval, rulebook.funding.window, state.time),
    ]
    for account_id in liquidating_accounts(state):
        liquidation = state.accounts[account_id].liquidation
        if liquidation is not None:
            found.append(liquidation.time + rulebook.liquidation.round_interval)
    for provider_id in sorted(state.providers):
        provider = state.providers[provider_id]
        if provider.notice is not None:
            found.append(provider.notice + program.notice)
        for takeover in provider.takeovers[-2:] + provider.takeovers[:1]:
            found += [takeover.time + program.minute, takeover.time + program.hour]
    return found


def at_edge(chooser: Chooser, state: State, times: Sequence[int]) -> int:
    """One of the times that lie ahead, or a millisecond beside it; the state's own time where none does."""
    ahead = [time for time in times if time > state.time]
    if not ahead:
        return state.time
    return max(state.time, choose_near(chooser, chooser.choose_from(ahead)))


def a_time(chooser: Chooser, state: State) -> int:
    """Mostly now or seconds later; now and then the near edge of something, seldom a far one."""
    kind = chooser.choose_int(0, 39)
    if kind < 24:
        return state.time
    if kind < 36:
        return state.time + chooser.choose_from((1, 500, 2000, 6000, 15_000))
    if kind < 39:
        near = [time for time in edges(state) if time <= state.time + 90_000]
        return at_edge(chooser, state, near)
    return at_edge(chooser, state, edges(state))


def instant_time(chooser: Chooser, state: State, *, interval: int, window: int) -> int:
    """Within the window of this or the next instant, at its last millisecond, or a millisecond outside."""
    this = floor_to_multiple(state.time, interval)
    if state.time < this + window:
        return chooser.choose_from((state.time, state.time, this + window - 1, this + window))
    following = this + interval
    return chooser.choose_from(
        (following, following, following + 1, following + window - 1, following + window, following - 1)
    )
