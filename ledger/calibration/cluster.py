"""Making the runs on an existing Dask cluster."""

from collections.abc import Iterator, Sequence

from ..cluster import shared_with_cluster
from .plan import Run
from .running import Done, Work, make, place_of


def made_by_cluster(work: Work, runs: Sequence[Run], address: str) -> Iterator[Done]:
    """The runs as they come from the cluster whose scheduler is at `address`, each once.

    ClusterError where there is no cluster to be reached, its machines have other code, or it goes away.
    """
    left = iter(runs)

    def place(run: Run) -> str:
        return place_of(work.cases[run.case], run)

    return shared_with_cluster(address, make, work, lambda: next(left, None), place)
