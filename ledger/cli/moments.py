"""A point of a log: the state before and after one of its transactions, or at its beginning."""

import attrs
import click

from ..log import Entry
from ..outcomes import Applied, Outcome
from ..replay import advance
from ..state import State
from .internal import internal_errors_of
from .sources import GENESIS_LINE, begun, last_line


@attrs.frozen
class Moment:
    """One `line` of a log: the transaction on it, the states before and after, the outcome. `entry` is None at the
    genesis, and at a checkpoint. `chain` is the chain digest after the line (32 bytes)."""

    line: int
    entry: Entry | None
    outcome: Outcome | None
    before: State
    after: State
    chain: bytes


def moment_of(log: str, *, sequence: int | None, line: int | None, state_alone: bool = False) -> Moment:
    """The line that made this sequence number, or this line, or the last one where neither is given.

    A journal is read from its last checkpoint before; where the `state_alone` is wanted, without its entry, maybe from
    one at the line itself. ClickException where the log ends before the line; LogError for bad input up to there;
    Divergence where a journal recorded another chain digest there.
    """
    where = place_before(log, sequence, line, state_alone=state_alone)
    with begun(log, line=where.get("line"), sequence=where.get("sequence")) as start, internal_errors_of(log):
        moment = Moment(start.line, None, None, start.state, start.state, start.chain)
        is_found = (sequence, line) in ((start.state.sequence, None), (None, start.line))
        for entry in () if is_found else start.entries:
            moment = line_answered(moment, entry)
            is_applied = isinstance(moment.outcome, Applied)
            if line == entry.line or (is_applied and sequence == moment.after.sequence):
                is_found = True
                break
        start.recorded(moment.line, moment.chain)
    if is_found or (sequence is None and line is None):
        return moment
    wanted = f"line {line}" if sequence is None else f"sequence {sequence}"
    raise click.ClickException(
        f"{log}: there is no {wanted}; it ends with line {moment.line}, sequence {moment.after.sequence}"
    )


def place_before(log: str, sequence: int | None, line: int | None, *, state_alone: bool) -> dict[str, int | None]:
    """Where to begin to reach a point: at or before which line, or which sequence number."""
    if sequence is not None:
        return {"sequence": sequence - 1} if sequence else {"line": GENESIS_LINE}
    last = last_line(log)
    if last is None:
        return {}
    wanted = last if line is None else min(line, last)
    return {"line": max(wanted if state_alone else wanted - 1, GENESIS_LINE)}


def line_answered(last: Moment, entry: Entry) -> Moment:
    """The moment of a line, answered after the last one. An error is a bug, and gets a note of the line."""
    outcome, after, digest = advance(last.after, last.chain, entry)
    return Moment(entry.line, entry, outcome, last.after, after, digest)
