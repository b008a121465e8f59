"""Replaying in parallel: a log is cut into segments that other processes verify, and the report is that of one replay.

The process that reads the log answers its lines without laws, which is a small part of the work, and hands out each
segment with the state that it begins with. What a segment came to counts once all before it have held, so that the
report does not depend on where the log is cut, on how many processes there are, or on who is faster.
"""

from collections.abc import Callable, Iterator
from contextlib import closing

import attrs

from ..byte_lines import KeptLines
from ..journal import JournalReader
from ..log import Entry
from ..replay import Note, Report
from ..state import State
from .cutting import Cutter, Cutting
from .merging import Merger, report_of
from .recorded import JournalCutter
from .segments import NotCarried, Segment, Work, refuse_uncarried
from .sharing import Share, verified_by_cluster, verified_by_processes, verified_here

__all__ = [
    "JournalCutter",
    "NotCarried",
    "Share",
    "Work",
    "replay_in_segments",
    "replay_recorded",
    "verified_by_cluster",
    "verified_by_processes",
    "verified_here",
]


def replay_in_segments(
    state: State,
    entries: Iterator[Entry],
    kept: KeptLines,
    work: Work,
    share: Share,
    *,
    until: int | None = None,
    start: bytes | None = None,
    progress: Callable[[Entry], None] | None = None,
    note: Note | None = None,
) -> Report:
    """Replay a log as `replay_log` does, its segments verified wherever `share` has them verified.

    `kept` has the bytes of the lines that `entries` are read from. `progress` and `note` are told of lines that are
    read ahead of those that were verified. Raises what `replay_log` raises, NotCarried for a law whose memory cannot go
    to another process, and what `share` raises.
    """
    laws = work.all_laws
    cutter = Cutter(
        state, entries, kept, laws, work.state_every, until=until, start=start, progress=progress, note=note
    )
    return _verified(cutter, state, work, share)


def replay_recorded(
    reader: JournalReader,
    state: State,
    line: int,
    chain: bytes,
    work: Work,
    share: Share,
    *,
    until: int | None = None,
    progress: Callable[[Entry], None] | None = None,
) -> Report | None:
    """Replay a journal from the state after a line as `replay_log` does, cut at its checkpoints; and where one of them
    is not what the ledger comes to, that is its failure. None where it has too few of them."""
    cutter = JournalCutter(reader, state, line, chain, work.all_laws, work.state_every, until=until, progress=progress)
    return _verified(cutter, state, work, share) if cutter.is_worth_it else None


def _verified(cutter: Cutting, state: State, work: Work, share: Share) -> Report:
    laws = work.all_laws
    refuse_uncarried(laws, state)
    if cutter.looks is not None:
        work = attrs.evolve(work, looks=False)
    merger, given_out = Merger(work), 0

    def next_segment() -> Segment | None:
        nonlocal given_out
        segment = cutter.next_segment()
        given_out += segment is not None
        return segment

    with closing(share(work, next_segment)) as coming:
        for segment, verified in coming:
            merger.take(segment, verified)
            if merger.is_done:
                break
    if not merger.is_done and merger.added != given_out:
        raise RuntimeError(f"of {given_out} segments {merger.added} came back")
    return report_of(merger, cutter, laws)
