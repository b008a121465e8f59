"""Merging: what the segments of a log came to, in their order, as one replay of the whole would have told it."""

from collections import Counter
from collections.abc import Iterator

import attrs

from ..laws import Count, Law, StateLaw
from ..laws.monitor import NOTHING_REMEMBERED
from ..replay import Failure, Report
from ..state import State
from ..transactions import TYPES
from .cutting import Cutting
from .segments import Counted, Found, Memories, Segment, Verified, Work, verify


class Merger:
    """Takes what segments came to, in any order, and adds it up in theirs, until one has failed.

    `work`: that of the segments. `added`: how many were. A segment that began with other memories than the one before
    it ended with is verified again, here.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.error: Exception | None = None
        self.failed: tuple[int, Found] | None = None
        self.end: tuple[State, bytes] | None = None
        self.transactions = self.unexpected = self.expectations = 0
        self.applied: Counter[str] = Counter()
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.first_unexpected: int | None = None
        self.laws: list[Counted] = [(0, 0, {})] * len(work.all_laws)
        self._waiting: dict[int, tuple[Segment, Verified]] = {}
        self.added = 0
        self._carried: Memories = NOTHING_REMEMBERED

    @property
    def is_done(self) -> bool:
        """Whether a segment has failed, so that what comes after it does not count."""
        return self.failed is not None or self.error is not None

    def take(self, segment: Segment, verified: Verified) -> None:
        """Take what a segment came to."""
        self._waiting[segment.number] = segment, verified
        while not self.is_done and self.added in self._waiting:
            segment, verified = self._waiting.pop(self.added)
            if self._carried or not verified.is_begun:
                verified = verify(self.work, segment, self._carried)
            self._add(segment, verified)
            self.added += 1

    def _add(self, segment: Segment, verified: Verified) -> None:
        self._carried = verified.carried
        self.transactions += verified.transactions
        self.applied.update(verified.applied)
        self.rejected.update(verified.rejected)
        self.unexpected += verified.unexpected
        if self.first_unexpected is None:
            self.first_unexpected = verified.first_unexpected
        self.expectations += verified.expectations
        if verified.laws:
            self.laws = [added(so_far, more) for so_far, more in zip(self.laws, verified.laws, strict=True)]
        self.error, self.end = verified.error, verified.end
        if verified.found is not None:
            self.failed = segment.number, verified.found


def added(one: Counted, other: Counted) -> Counted:
    """Both counts of one law together."""
    by_type = dict(one[2])
    for name, (checked, fired) in other[2].items():
        before = by_type.get(name, (0, 0))
        by_type[name] = before[0] + checked, before[1] + fired
    return one[0] + other[0], one[1] + other[1], by_type


def count_of(law: Law, counted: Counted) -> Count:
    """The count of a law, its types in their order."""
    by_type = {name: counted[2][name] for name in TYPES if name in counted[2]}
    return Count(law, counted[0], counted[1], by_type)


def report_of(merger: Merger, cutter: Cutting, laws: tuple[Law, ...]) -> Report:
    """The report of the whole log. Raises what a replay of it would have raised.

    `laws`: all of them, those of the whole state among them where the cutter watched these.
    """
    ending = _ending_of(merger, cutter)
    return Report(
        state=ending.state,
        chain=ending.chain,
        transactions=merger.transactions,
        applied=merger.applied,
        rejected=merger.rejected,
        unexpected=merger.unexpected,
        first_unexpected=merger.first_unexpected,
        expectations=merger.expectations - ending.met_too_late,
        laws=tuple(_counts_of(merger, cutter, laws, ending.steps)),
        failure=ending.failure,
    )


@attrs.frozen
class _Ending:
    """Where a log ended and how: the looks up to `steps` count, and so many expectations of its last line do not."""

    failure: Failure | None
    state: State
    chain: bytes
    steps: int
    met_too_late: int = 0


def _ending_of(merger: Merger, cutter: Cutting) -> _Ending:
    """What came first: a law of a step, then the looks after the step, then what its line expects."""
    stop, steps = cutter.stop, merger.transactions
    if merger.error is not None:
        raise merger.error
    if merger.failed is not None:
        number, found = merger.failed
        if stop is None or found.law is not None or stop.steps > steps:
            looked = steps - 1 if found.law is not None else steps
            return _Ending(_failure_of(merger, cutter, number, found), found.state, found.chain, looked)
    if stop is not None:
        if stop.error is not None:
            raise stop.error
        is_met = merger.failed is None and cutter.entry is not None and cutter.entry.expect is not None
        return _Ending(stop.failure, cutter.state, cutter.chain, stop.steps, int(is_met and not stop.is_at_end))
    if cutter.error is not None:
        raise cutter.error
    state, chain = (cutter.state, cutter.chain) if merger.end is None else merger.end
    return _Ending(None, state, chain, steps + 1)


def _failure_of(merger: Merger, cutter: Cutting, number: int, found: Found) -> Failure:
    """The failure of a segment; where nothing was applied in it, told of the last line that was applied before."""
    failure = found.failure
    if found.law is not None:
        failure = attrs.evolve(failure, law=merger.work.all_laws[found.law])
    if failure.entry is None:
        entry, before = cutter.last_applied_before(number)
        failure = attrs.evolve(failure, entry=entry, before=before)
    return failure


def _counts_of(merger: Merger, cutter: Cutting, laws: tuple[Law, ...], steps: int) -> Iterator[Count]:
    """The counts of all laws in their order; the looks of the cutter up to so many steps."""
    counted = iter(merger.laws)
    looked = iter(()) if cutter.looks is None else iter(cutter.looks.counts_after(steps))
    for law in laws:
        if cutter.looks is not None and isinstance(law, StateLaw):
            yield next(looked)
        else:
            yield count_of(law, next(counted))
