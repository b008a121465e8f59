"""A point of a log: the state before and after one of its transactions, or at its beginning."""

import attrs
import click

from ..canonical import chain, chain_start
from ..log import Entry, open_log, read_log
from ..outcomes import Applied, Outcome
from ..replay import note_line
from ..state import State
from ..transition import apply, state_after
from .internal import internal_errors_of

GENESIS_LINE = 1


@attrs.frozen
class Moment:
    """One line of a log: the transaction on it, the states before and after, the outcome. `entry` is None at the
    genesis. `chain` is the chain digest after the line (32 bytes)."""

    entry: Entry | None
    outcome: Outcome | None
    before: State
    after: State
    chain: bytes

    @property
    def line(self) -> int:
        """The line in the log."""
        return GENESIS_LINE if self.entry is None else self.entry.line


def moment_of(log: str, *, sequence: int | None, line: int | None) -> Moment:
    """The line that made this sequence number, or this line, or the last one where neither is given.

    ClickException where the log ends before it; LogError for bad input up to there.
    """
    with open_log(log) as stream, internal_errors_of(log):
        state, entries = read_log(stream, log)
        moment = Moment(None, None, state, state, chain_start(state))
        if sequence == state.sequence or line == GENESIS_LINE:
            return moment
        for entry in entries:
            moment = line_answered(moment, entry)
            outcome, state = moment.outcome, moment.after
            if line == entry.line or (isinstance(outcome, Applied) and sequence == state.sequence):
                return moment
    if sequence is None and line is None:
        return moment
    wanted = f"line {line}" if sequence is None else f"sequence {sequence}"
    raise click.ClickException(
        f"{log}: there is no {wanted}; it ends with line {moment.line}, sequence {state.sequence}"
    )


def line_answered(last: Moment, entry: Entry) -> Moment:
    """The moment of a line, answered after the last one. An error is a bug, and gets a note of the line."""
    try:
        outcome = apply(last.after, entry.transaction)
        digest = chain(last.chain, entry.transaction, outcome)
        return Moment(entry, outcome, last.after, state_after(last.after, outcome), digest)
    except Exception as error:
        note_line(error, entry.line)
        raise
