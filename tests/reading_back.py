"""What happened can be written to a log and read again."""

from ledger.laws.law import Step
from ledger.log import Expect, encode_transaction
from ledger.log.decoding import Decoding
from ledger.log.faults import Fault
from ledger.outcomes import Rejected


class ReadOtherwise(AssertionError):
    """A line of a log says another transaction than was written."""


def require_reading_back(step: Step) -> None:
    """Write the step's transaction as a line and read it. A refused one may be what no log admits."""
    rulebook, transaction = step.before.rulebook, step.transaction
    reason = step.outcome.reason if isinstance(step.outcome, Rejected) else None
    try:
        line = encode_transaction(rulebook, transaction, None if reason is None else Expect(reason=reason))
        read = Decoding(rulebook).entry(2, line.rstrip(b"\n"), step.before.time).transaction
    except (Fault, ValueError):
        if reason is None:
            raise
        return
    if read != transaction:
        raise ReadOtherwise(f"{transaction} was written as {line!r} and read as {read}")
