"""Providers join, raise their limits and leave."""

from ..capacity import limits_in_force
from ..margin import account_value
from ..state import State
from ..transactions import Enroll, Leave
from ..units import EXACT_SCALE
from .choosers import Chooser, choose_preferred, one_in
from .sight import active_accounts, names_to_use
from .times import a_time


def enroll(chooser: Chooser, state: State) -> Enroll:
    """The rich join, with limits at the least the program takes or some times that; the enrolled raise theirs."""
    program = state.rulebook.program
    minimum = program.minimum_account_value * EXACT_SCALE
    rich = [
        name
        for name in active_accounts(state)
        if account_value(state, state.accounts[name]) >= minimum and state.accounts[name].liquidation is None
    ]
    account_id = choose_preferred(chooser, rich, names_to_use(state))
    time = a_time(chooser, state)
    per_minute = program.minimum_capacity_per_minute * chooser.choose_from((1, 2, 5, 20))
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


def leave(chooser: Chooser, state: State) -> Leave:
    """A provider gives notice, also twice, also after it has run out."""
    account_id = choose_preferred(chooser, sorted(state.providers), names_to_use(state))
    return Leave(a_time(chooser, state), account_id)
