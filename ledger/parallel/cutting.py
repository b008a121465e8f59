"""Cutting a log into segments: its lines are read and answered once, without laws, to know each segment's state."""

from collections.abc import Callable, Iterator
from functools import partial

import attrs

from ..byte_lines import KeptLines
from ..canonical import chain_start, state_digest
from ..checkpoints import Point
from ..laws import Count, Law, LawBroken, Monitor, StateLaw, Step
from ..log import Entry
from ..outcomes import Applied
from ..replay import Failure, Note, advance, note_line
from ..state import State
from ..units import ceil_div
from .segments import Segment

LINES = 2000
"""Lines of a segment, at least."""

ACCOUNTS = 2
"""Lines of a segment for each account there is, at least: a state crosses to another process whole."""

RARELY = 20_000
"""Laws of the whole state that look less often than after so many lines are watched here, and not in the segments."""

LastApplied = tuple[Entry | None, State]
"""The last line that was applied, None before the first, and the state before it."""


@attrs.frozen
class Stop:
    """Why the laws of the whole state stopped a log after so many `steps`: one is broken, or one has raised.

    Where that was at the log's end, `steps` is one more than it has, and `is_at_end` holds.
    """

    steps: int
    failure: Failure | None
    error: Exception | None
    is_at_end: bool


class Looks:
    """The laws of the whole state along a whole log, and what they have counted after each look."""

    def __init__(self, state: State, laws: tuple[Law, ...], state_every: int) -> None:
        self.monitor = Monitor(state, (law for law in laws if isinstance(law, StateLaw)), state_every)
        self.counted: list[tuple[int, tuple[Count, ...]]] = [(-1, self.monitor.counts)]

    def counts_after(self, steps: int) -> tuple[Count, ...]:
        """What was counted in the looks after up to so many steps."""
        return next(counts for at, counts in reversed(self.counted) if at <= steps)

    def note(self, steps: int) -> None:
        """Keep what is counted after so many steps, where they have looked."""
        counts = self.monitor.counts
        if counts != self.counted[-1][1]:
            self.counted.append((steps, counts))


class Cutting:
    """What cuts a log into segments: `state` and `chain` are those at its beginning, later those that it comes to.

    `error`: what stopped the reading before the log's end. `looks`: the laws of the whole state, where they look too
    rarely for a segment; `stop`: what stopped them. The segments end where either did.
    """

    def __init__(self, state: State, chain: bytes) -> None:
        self.state, self.chain = state, chain
        self.entry: Entry | None = None
        self.error: Exception | None = None
        self.looks: Looks | None = None
        self.stop: Stop | None = None

    def next_segment(self) -> Segment | None:
        """The next segment, None where there is none."""
        raise NotImplementedError

    def last_applied_before(self, number: int) -> LastApplied:
        """The last line that was applied before a segment, and the state before it."""
        raise NotImplementedError


class Cutter(Cutting):
    """Cuts a log, from its genesis `state` or a later one on, into segments.

    `kept`: the bytes of the lines that `entries` are read from; what was read before is dropped. `until`, `start`,
    `progress` and `note` as for `replay_log`.
    """

    def __init__(
        self,
        state: State,
        entries: Iterator[Entry],
        kept: KeptLines,
        laws: tuple[Law, ...],
        state_every: int,
        *,
        until: int | None = None,
        start: bytes | None = None,
        progress: Callable[[Entry], None] | None = None,
        note: Note | None = None,
    ) -> None:
        super().__init__(state, chain_start(state) if start is None else start)
        self.latest, self.steps = state.time, 0
        self.last_applied: LastApplied = (None, state)
        self.applied_before: list[LastApplied] = []
        has_looks = any(isinstance(law, StateLaw) for law in laws)
        looks_rarely = has_looks and not 0 < state_every <= RARELY
        self.looks = Looks(state, laws, state_every) if looks_rarely else None
        self._looks_every = 1 if looks_rarely or not has_looks else state_every
        self._entries, self._kept, self._until, self._progress, self._note = entries, kept, until, progress, note
        self._is_ended = False
        kept.drop()
        self._first_line = kept.line
        if until is not None and state.sequence >= until:
            self._end()

    def next_segment(self) -> Segment | None:
        """The next segment, None where there is none."""
        number = len(self.applied_before)
        if self._is_ended and number:
            return None
        begin, state, first = self._point(), self.state, self.steps
        self.applied_before.append(self.last_applied)
        length = ceil_div(max(LINES, ACCOUNTS * len(state.accounts)), self._looks_every) * self._looks_every
        while self.steps < first + length and not self._is_ended:
            self._answer_next()
        if self.steps == first and number:
            self.applied_before.pop()
            return None
        lines = self._kept.take(self.steps - first)
        is_last = self._is_ended and self.error is None and self.stop is None
        return Segment(number, begin, state, lines, (self._point(),), is_last)

    def last_applied_before(self, number: int) -> LastApplied:
        """The last line that was applied before a segment, and the state before it."""
        return self.applied_before[number]

    def _point(self) -> Point:
        line = self._first_line if self.entry is None else self.entry.line
        return Point(line, self.state.sequence, self.latest, self.chain, state_digest(self.state))

    def _answer_next(self) -> None:
        """Answer the next line; where there is none, or it cannot be answered, the log ends."""
        entry = None
        try:
            entry = next(self._entries, None)
            if entry is not None:
                self._answer(entry)
        except Exception as error:
            self.error = error
        if entry is None or self.error is not None or self.stop is not None or self.state.sequence == self._until:
            self._end()

    def _end(self) -> None:
        self._is_ended = True
        if self.looks is not None and self.error is None and self.stop is None:
            self._look(self.looks.monitor.finish, self.steps + 1)

    def _answer(self, entry: Entry) -> None:
        before = self.state
        outcome, after, self.chain = advance(before, self.chain, entry)
        self.entry, self.state = entry, after
        self.latest = max(self.latest, entry.transaction.time)
        self.steps += 1
        if isinstance(outcome, Applied):
            self.last_applied = entry, before
        if self.looks is not None:
            step = Step(before, entry.transaction, outcome, after)
            self._look(partial(self.looks.monitor.observe, step), self.steps)
        if self._progress is not None and self.stop is None:
            self._progress(entry)
        if self._note is not None:
            self._note(entry.line, after, self.chain)

    def _look(self, look: Callable[[], None], steps: int) -> None:
        """Have the laws of the whole state look, and note what they count."""
        assert self.looks is not None
        try:
            look()
        except LawBroken as broken:
            entry, before = self.last_applied
            breach = broken.breach
            failure = Failure(entry, broken.law, breach.detail, breach.accounts, before, self.state)
            self.stop = Stop(steps, failure, None, steps > self.steps)
        except Exception as error:
            if self.entry is not None:
                note_line(error, self.entry.line)
            self.stop = Stop(steps, None, error, steps > self.steps)
        self.looks.note(steps)
