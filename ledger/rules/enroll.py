"""enroll: an account joins the backstop program, or raises its limits."""

from ..capacity import limits_in_force
from ..margin import account_value
from ..outcomes import Enrolled, Outcome, Reason, Rejected
from ..state import Limits, Provider, State
from ..transactions import Enroll
from ..units import EXACT_SCALE
from .effects import applied
from .parties import refuse_liquidating, refuse_stranger


def enroll(state: State, transaction: Enroll) -> Outcome:
    """Put the limits in force at once and cancel a notice; what was taken over before still counts in the windows."""
    account_id, time = transaction.account, transaction.time
    per_minute, per_hour = transaction.capacity_per_minute, transaction.capacity_per_hour
    max_holdings, program = transaction.max_holdings, state.rulebook.program
    refusal = refuse_stranger(state, account_id) or refuse_liquidating(state, account_id)
    if refusal is not None:
        return refusal
    if per_minute < program.minimum_capacity_per_minute:
        return Rejected(Reason.CAPACITY_PER_MINUTE_TOO_LOW, per_minute, program.minimum_capacity_per_minute, account_id)
    minimum_per_hour = max(program.minimum_capacity_per_hour, per_minute)
    if per_hour < minimum_per_hour:
        return Rejected(Reason.CAPACITY_PER_HOUR_TOO_LOW, per_hour, minimum_per_hour, account_id)
    if max_holdings < per_minute:
        return Rejected(Reason.MAX_HOLDINGS_TOO_LOW, max_holdings, per_minute, account_id)
    value, minimum = (
        account_value(state, state.accounts[account_id]),
        program.minimum_account_value * EXACT_SCALE,
    )
    if value < minimum:
        return Rejected(Reason.PROVIDER_BELOW_MINIMUM, value, minimum, account_id)
    record = state.providers.get(account_id)
    in_force = limits_in_force(program, record, time)
    if in_force is not None:
        if per_minute < in_force.capacity_per_minute:
            return Rejected(Reason.LIMIT_LOWERED, per_minute, in_force.capacity_per_minute, account_id)
        if per_hour < in_force.capacity_per_hour:
            return Rejected(Reason.LIMIT_LOWERED, per_hour, in_force.capacity_per_hour, account_id)
        if max_holdings < in_force.max_holdings:
            return Rejected(Reason.LIMIT_LOWERED, max_holdings, in_force.max_holdings, account_id)

    limits = Limits(per_minute, per_hour, max_holdings)
    takeovers = () if record is None else record.takeovers
    providers = state.providers.set(account_id, Provider(limits, None, takeovers))
    return applied(state, time, providers=providers, events=(Enrolled(account_id, limits),))
