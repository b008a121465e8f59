"""Providers join, raise their limits, take on more than they can carry, and leave."""

from ..capacity import limits_in_force
from ..choosers import Chooser, choose_preferred, one_in
from ..margin import account_value
from ..transactions import Enroll, Leave
from ..units import EXACT_SCALE
from .sight import Sight
from .times import a_time


def rich_accounts(sight: Sight) -> list[str]:
    """Active accounts that reach the program's minimum account value."""
    state = sight.state
    minimum = state.rulebook.program.minimum_account_value * EXACT_SCALE
    return [name for name in sight.active if account_value(state, state.accounts[name]) >= minimum]


def enroll(chooser: Chooser, sight: Sight) -> Enroll:
    """The rich join, with limits at the least the program takes or some times that; the enrolled raise theirs."""
    state, program = sight.state, sight.state.rulebook.program
    account_id = choose_preferred(chooser, rich_accounts(sight), sight.names_to_use())
    time = a_time(chooser, sight)
    per_minute = sight.venue.capacity * chooser.choose_from((1, 2, 5, 20))
    least = max(program.minimum_capacity_per_hour, per_minute)
    per_hour = chooser.choose_from((least, least + per_minute, 10 * least))
    max_holdings = per_minute * chooser.choose_from((1, 2, 10))
    in_force = limits_in_force(program, state.providers.get(account_id), time)
    if in_force is not None and not one_in(chooser, 3):
        per_minute = max(per_minute, in_force.capacity_per_minute)
        per_hour = max(per_hour, in_force.capacity_per_hour, per_minute)
        max_holdings = max(max_holdings, in_force.max_holdings, per_minute)
    if one_in(chooser, 5):
        per_minute, per_hour, max_holdings = chooser.choose_from(
            (
                (program.minimum_capacity_per_minute - 1, per_hour, max_holdings),
                (per_minute, least - 1, max_holdings),
                (per_minute, per_hour, per_minute - 1),
                (per_minute, per_hour, per_minute),
            )
        )
    return Enroll(time, account_id, per_minute, per_hour, max_holdings)


def overcommit(chooser: Chooser, sight: Sight) -> Enroll:
    """Somebody rich agrees to take over many times what it is worth, so that a takeover may topple it."""
    state = sight.state
    account_id = choose_preferred(chooser, rich_accounts(sight), sight.names_to_use())
    capacity = sight.venue.wealth * chooser.choose_from((10, 30, 100))
    capacity = max(capacity, sight.venue.capacity, state.rulebook.program.minimum_capacity_per_hour)
    in_force = limits_in_force(state.rulebook.program, state.providers.get(account_id), state.time)
    if in_force is not None:
        capacity = max(capacity, in_force.capacity_per_hour, in_force.max_holdings)
    return Enroll(state.time, account_id, capacity, capacity, capacity)


def leave(chooser: Chooser, sight: Sight) -> Leave:
    """A provider gives notice, also twice, also after it has run out."""
    account_id = choose_preferred(chooser, sorted(sight.state.providers), sight.names_to_use())
    return Leave(a_time(chooser, sight), account_id)
