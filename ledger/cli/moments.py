"""A point of a log: the state before and after one of its transactions, or at its beginning."""

import attrs
import click

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
    genesis."""

    entry: Entry | None
    outcome: Outcome | None
    before: State
    after: State

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
        moment = Moment(None, None, state, state)
        if sequence == state.sequence or line == GENESIS_LINE:
            return moment
        for entry in entries:
            moment = line_answered(state, entry)
            outcome, state = moment.outcome, moment.after
            if line == entry.line or (isinstance(outcome, Applied) and sequence == state.sequence):
                return moment
    if sequence is None and line is None:
        return moment
    wanted = f"line {line}" if sequence is None else f"sequence {sequence}"
    raise click.ClickException(
        f"{log}: there is no {wanted}; it ends with line {moment.line}, sequence {state.sequence}"
    )


def line_answered(state: State, entry: Entry) -> Moment:
    """A line, answered in this state. An error is a bug of the ledger, and gets a note of the line."""
    try:
        outcome = apply(state, entry.transaction)
        return Moment(entry, outcome, state, state_after(state, outcome))
    except Exception as error:
        note_line(error, entry.line)
        raise
