"""Cutting a journal at its checkpoints: nothing is answered to know each segment's state."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise

from ..checkpoints import Point
from ..journal import JournalReader
from ..journal.reading import with_end
from ..laws import Law, StateLaw
from ..log import Entry, LogError
from ..log.reading import read_on
from ..outcomes import Applied
from ..replay import advance
from ..state import State
from ..units import ceil_div
from .cutting import RARELY, Cutting, LastApplied
from .segments import Segment

SHARE = 4
"""A journal is cut at its checkpoints where no segment is more than this part of the whole."""


class JournalCutter(Cutting):
    """Cuts a journal into segments, from the `state` after a line on: see `Cutter`.

    A segment begins where the laws of the whole state look, at a checkpoint or after it, and the lines in between lead
    to it. So every look has its whole span in one segment.
    """

    def __init__(
        self,
        reader: JournalReader,
        state: State,
        line: int,
        chain: bytes,
        laws: tuple[Law, ...],
        state_every: int,
        *,
        until: int | None = None,
        progress: Callable[[Entry], None] | None = None,
    ) -> None:
        super().__init__(state, chain)
        self._reader, self._progress = reader, progress
        self._begin = Point(line, state.sequence, state.time, chain, "")
        has_looks = any(isinstance(law, StateLaw) for law in laws)
        self._last = self._last_line(until)
        self._points = [point for point in reader.points() if line < point.line <= self._last]
        is_cut = not has_looks or 0 < state_every <= RARELY
        self._seams = self._seams_of(state_every if has_looks else 1) if is_cut else [(line, self._begin)]
        self._next = 0

    @property
    def is_worth_it(self) -> bool:
        """Whether there are checkpoints enough for the work to be shared."""
        ends = [*(line for line, _ in self._seams), self._last]
        return max(end - begin for begin, end in pairwise(ends)) * SHARE <= self._last - self._begin.line

    def _last_line(self, until: int | None) -> int:
        """The last line that is to be verified."""
        last = self._reader.head().line
        if until is None:
            return last
        if until <= self._begin.sequence:
            return self._begin.line
        lines = range(self._begin.line, last + 1)
        at = bisect_left(lines, until, key=lambda line: self._reader.line(line).sequence)
        return lines[at] if at < len(lines) else last

    def _seams_of(self, looks_every: int) -> list[tuple[int, Point]]:
        """The line after which each segment begins, and the point at or before it."""
        seams = [(self._begin.line, self._begin)]
        for point in self._points:
            steps = ceil_div(point.line - self._begin.line, looks_every) * looks_every
            seam = self._begin.line + steps
            if seam == seams[-1][0]:
                seams[-1] = seam, point
            elif seam < self._last:
                seams.append((seam, point))
        return seams

    def next_segment(self) -> Segment | None:
        """The next segment, None where there is none."""
        number = self._next
        if number == len(self._seams) or self.error is not None:
            return None
        self._next += 1
        seam, begin = self._seams[number]
        is_last = self._next == len(self._seams)
        end, checked = (self._last, self._last) if is_last else (self._seams[number + 1][0], self._next_point().line)
        lines = self._lines(begin.line, end)
        if self.error is not None and begin.line + len(lines) <= seam:
            return None
        checks = tuple(point for point in self._points if begin.line < point.line <= checked)
        is_last = is_last and self.error is None
        state = self.state if number == 0 else self._reader.checkpoint(begin)
        return Segment(
            number, begin, state, b"".join(lines), checks, is_last, lead=seam - begin.line, tells_end=is_last
        )

    def _next_point(self) -> Point:
        return self._seams[self._next][1]

    def _lines(self, after: int, until: int) -> Sequence[bytes]:
        """The bytes of the lines, those that can be read; what is wrong with the next one is the error."""
        lines: list[bytes] = []
        try:
            for row in self._reader.lines(after, until):
                lines.append(with_end(row.text))
        except LogError as error:
            self.error = error
        if lines and self._progress is not None:
            number, text = after + len(lines), lines[-1].rstrip(b"\n")
            for entry in read_on([(number, text)], self._reader.name, self.state.rulebook, latest=0):
                self._progress(entry)
        return lines

    def last_applied_before(self, number: int) -> LastApplied:
        """The last line that was applied before a segment, and the state before it."""
        line = self._seams[number][0]
        while line > self._begin.line and not self._reader.line(line).applied:
            line -= 1
        if line == self._begin.line:
            return None, self.state
        beginning = self._reader.begin(line=line - 1)
        state, digest = self.state, self._begin.chain
        after = self._begin.line
        if beginning.line > after:
            state, digest, after = beginning.state, beginning.chain, beginning.line
        return self._folded(state, digest, after, line)

    def _folded(self, state: State, digest: bytes, after: int, line: int) -> LastApplied:
        """A line that is applied, and the state before it, from an earlier line's on."""
        rows = ((row.line, row.text.rstrip(b"\n")) for row in self._reader.lines(after, line))
        for entry in read_on(rows, self._reader.name, state.rulebook, latest=0):
            before = state
            outcome, state, digest = advance(state, digest, entry)
            if entry.line == line:
                assert isinstance(outcome, Applied)
                return entry, before
        raise AssertionError("the line is there")
