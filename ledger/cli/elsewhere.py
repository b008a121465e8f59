"""Replaying in other processes, or on a cluster: only then is what shares the work loaded."""

from collections.abc import Callable, Iterator, Sequence

import click

from ..byte_lines import KeptLines
from ..checkpoints import Point
from ..cluster import ClusterError
from ..laws import Law
from ..log import Divergence, Entry
from ..parallel import (
    NotCarried,
    Work,
    replay_in_segments,
    replay_recorded,
    verified_by_cluster,
    verified_by_processes,
)
from ..processes import WorkerDied
from ..replay import Note, Report, differences_at
from ..state import State
from .options import shown_path
from .sources import Begun


def held_against(points: Sequence[Point], name: str, note: Note | None) -> Note:
    """A note that raises Divergence where the ledger is not what is recorded of one of the points, in order."""
    due = list(reversed(points))

    def noted(line: int, state: State, digest: bytes) -> None:
        if due and due[-1].line <= line:
            wrong = differences_at(due.pop(), state, digest)
            if wrong:
                raise Divergence(name, line, "", wrong)
        if note is not None:
            note(line, state, digest)

    return noted


class Elsewhere:
    """Has a log replayed by so many processes, or by the cluster of a scheduler.

    `laws`, and `own_laws` of `law_files`. `kept`: what is to keep the bytes of the log's lines as they are read.
    """

    def __init__(
        self,
        log: str,
        laws: tuple[Law, ...],
        own_laws: tuple[Law, ...],
        law_files: tuple[str, ...],
        state_every: int,
        *,
        workers: int | None,
        cluster: str | None,
    ) -> None:
        self._work = Work(shown_path(log), laws, law_files, own_laws, state_every)
        self._share = verified_by_processes(workers or 1) if cluster is None else verified_by_cluster(cluster)
        self._option = "--workers" if cluster is None else "--cluster"
        self.kept = KeptLines()

    def replay(
        self,
        start: Begun,
        entries: Iterator[Entry],
        *,
        is_kept: bool,
        until: int | None,
        progress: Callable[[Entry], None] | None,
        note: Note | None,
    ) -> Report:
        """As `replay_log`. ClickException where it cannot be had from there.

        `is_kept`: whether the entries must be read here. Else a journal is cut at its checkpoints.
        """
        work, share = self._work, self._share
        try:
            if start.reader is not None and note is None and not is_kept:
                report = replay_recorded(
                    start.reader, start.state, start.line, start.chain, work, share, until=until, progress=progress
                )
                if report is not None:
                    return report
            if start.reader is not None:
                note = held_against(start.points(), work.name, note)
            return replay_in_segments(
                start.state,
                entries,
                self.kept,
                work,
                share,
                until=until,
                start=start.chain,
                progress=progress,
                note=note,
            )
        except (ClusterError, NotCarried, WorkerDied) as error:
            raise click.ClickException(f"{self._option}: {error}") from None
