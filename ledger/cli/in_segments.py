"""Replaying in other processes, or on a cluster: only then is what shares the work loaded."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import click

from ..cluster import ClusterError
from ..laws import Law
from ..log import Entry, read_log
from ..parallel import (
    NotCarried,
    Recorded,
    Work,
    replay_in_segments,
    verified_by_cluster,
    verified_by_processes,
)
from ..processes import WorkerDied
from ..replay import Report
from ..state import State
from .options import shown_path


class ReplayInSegments:
    """Replays a log as `replay_log` does, verified by so many processes, or by the cluster of a scheduler.

    `laws`, and `law_files` with more of them; `all_laws` are both.
    """

    def __init__(
        self,
        laws: tuple[Law, ...],
        law_files: tuple[str, ...],
        state_every: int,
        *,
        log: str,
        workers: int,
        cluster: str | None,
    ) -> None:
        self._work = Work(shown_path(log), laws, law_files, state_every)
        self._share = verified_by_processes(workers) if cluster is None else verified_by_cluster(cluster)
        self._option = "--workers" if cluster is None else "--cluster"
        self._recorded: Recorded | None = None
        self.all_laws = self._work.all_laws

    def read(self, stream: BinaryIO, log: str) -> tuple[State, Iterator[Entry]]:
        """As `read_log`."""
        self._recorded = Recorded(stream)
        return read_log(self._recorded, log)

    def replay(
        self,
        state: State,
        entries: Iterator[Entry],
        *,
        until: int | None,
        progress: Callable[[Entry], None] | None,
    ) -> Report:
        """As `replay_log`, what was read last. ClickException where it cannot be verified there."""
        assert self._recorded is not None
        try:
            return replay_in_segments(
                state, entries, self._recorded, self._work, self._share, until=until, progress=progress
            )
        except (ClusterError, NotCarried, WorkerDied) as error:
            raise click.ClickException(f"{self._option}: {error}") from None
