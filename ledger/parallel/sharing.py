"""Where segments are verified: here, in processes of their own, or on a cluster."""

import pickle
from collections.abc import Callable, Generator
from functools import partial

from ..processes import shared
from .segments import Segment, Verified, Work, verify

NextSegment = Callable[[], Segment | None]
Verifying = Generator[tuple[Segment, Verified], None, None]
Share = Callable[[Work, NextSegment], Verifying]
"""Verifies segments as they are asked for, until there is none, and yields each with what it came to, in any order."""


def verified_here(work: Work, next_segment: NextSegment) -> Verifying:
    """One after the other in this process, each as another process would have it."""
    while (segment := next_segment()) is not None:
        yield segment, pickle.loads(pickle.dumps(verify(work, pickle.loads(pickle.dumps(segment)))))


def verified_by_processes(workers: int) -> Share:
    """In so many processes. `WorkerDied` where they end on their own again and again."""
    return partial(_verified_by_processes, workers)


def _verified_by_processes(workers: int, work: Work, next_segment: NextSegment) -> Verifying:
    return shared(workers, verify_held, next_segment, hold, work)


def verified_by_cluster(address: str) -> Share:
    """On the Dask cluster whose scheduler is at `address`. ClusterError as `cluster` says."""
    return partial(_verified_by_cluster, address)


def _verified_by_cluster(address: str, work: Work, next_segment: NextSegment) -> Verifying:
    from ..cluster import shared_with_cluster

    return shared_with_cluster(address, verify, work, next_segment, partial(place_of, work))


def place_of(work: Work, segment: Segment) -> str:
    """A segment in words."""
    return f"{work.name}, the lines after line {segment.begin.line}"


_held: list[Work] = []
"""What this process verifies segments with, where it is one of several."""


def hold(work: Work) -> None:
    """Keep what segments are verified with, so that it crosses to a process once and not with every segment."""
    _held[:] = [work]


def verify_held(segment: Segment) -> Verified:
    """Verify a segment with what this process holds."""
    return verify(_held[0], segment)
