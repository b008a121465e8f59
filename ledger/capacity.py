"""Providers' obligations: capacity windows, headroom and the room they leave (specs/rules/enroll, backstop-transfer).

Capacity is notional at mark in settlement atoms; room is whole lots.
"""

from .rulebook import ProgramTerms
from .state import Limits, Provider, Takeover
from .units import floor_div, sign


def limits_in_force(program: ProgramTerms, provider: Provider | None, time: int) -> Limits | None:
    """The limits the provider is obliged by at `time`: none before enrolment, after its notice, or once taken over.

    A leaver stays obliged while `time < notice + program.notice`.
    """
    if provider is None or provider.limits is None:
        return None
    if provider.notice is not None and time >= provider.notice + program.notice:
        return None
    return provider.limits


def taken_within(provider: Provider, *, time: int, window: int) -> int:
    """Notional the provider took over in `(time - window, time]`, in atoms."""
    return sum(takeover.notional for takeover in provider.takeovers if takeover.time > time - window)


def remaining_capacity(program: ProgramTerms, provider: Provider, limits: Limits, time: int) -> int:
    """Notional still to be taken over at `time` under both windows, in atoms, never below zero."""
    minute_left = limits.capacity_per_minute - taken_within(provider, time=time, window=program.minute)
    hour_left = limits.capacity_per_hour - taken_within(provider, time=time, window=program.hour)
    return max(0, min(minute_left, hour_left))


def headroom(limits: Limits, *, mark_per_lot: int, held: int, taken_over: int) -> int:
    """Lots of the direction of `taken_over` that bring the provider's `held` size to its maximum, maybe negative."""
    return floor_div(limits.max_holdings, mark_per_lot) - sign(taken_over) * held


def room(*, capacity: int, mark_per_lot: int, headroom_lots: int) -> int:
    """Whole lots a provider is open to: capacity rounded down to lots, within headroom, never below zero."""
    return max(0, min(floor_div(capacity, mark_per_lot), headroom_lots))


def with_takeover(program: ProgramTerms, provider: Provider, takeover: Takeover) -> Provider:
    """The provider's record after a takeover: older ones than an hour dropped, the new one appended."""
    recent = tuple(earlier for earlier in provider.takeovers if earlier.time > takeover.time - program.hour)
    return Provider(provider.limits, provider.notice, (*recent, takeover))
