"""leave: a provider gives its notice and stays obliged until it has run out."""

from ..capacity import limits_in_force
from ..outcomes import NoticeGiven, Outcome, Reason, Rejected
from ..state import Provider, State
from ..transactions import Leave
from .effects import applied
from .parties import refuse_stranger


def leave(state: State, transaction: Leave) -> Outcome:
    """Record the notice; after it fees and limits lapse without a transaction."""
    account_id, time, program = transaction.account, transaction.time, state.rulebook.program
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    record = state.providers.get(account_id)
    if record is None or limits_in_force(program, record, time) is None:
        return Rejected(Reason.NOT_A_PROVIDER, account_id, "an obliged provider", account_id)
    if record.notice is not None:
        return Rejected(Reason.ALREADY_LEAVING, time, record.notice, account_id)

    providers = state.providers.set(account_id, Provider(record.limits, time, record.takeovers))
    return applied(state, time, providers=providers, events=(NoticeGiven(account_id, time + program.notice),))
