"""Carrying a plan out: what is kept is not made again, and what is made is kept at once."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import attrs

from .plan import Plan, Run
from .results import Result
from .running import Done
from .store import NAME, Kept, open_store, read_kept

MakeRuns = Callable[[Sequence[Run]], Iterator[Done]]
"""Makes runs, each once, in any order."""


@attrs.define
class Calibration:
    """A plan and the results so far, also where making the others was interrupted or failed.

    `kept`: what the folder had when this began. `results` by key: one for all runs that are the same, as those of two
    scenarios are that differ in their names alone. `done`: how many of the runs have theirs.
    """

    plan: Plan
    runs: tuple[Run, ...]
    kept: Kept = attrs.field(factory=Kept)
    results: dict[str, Result] = attrs.field(factory=dict)
    done: int = 0
    is_interrupted: bool = False

    def carry_out(self, folder: str, make_runs: MakeRuns, look: Callable[[int, int], None]) -> None:
        """Make the runs that the folder has not, and keep each in it as it comes.

        `look` is called with how many are done and how many there are. An interrupt ends it and is noted. StoreError,
        DataError, and whatever `make_runs` raises.
        """
        by_key = {run.key: run for run in self.runs}
        times = Counter(run.key for run in self.runs)
        with open_store(folder, self.plan, by_key) as store:
            self.kept = store.kept
            self.results.update(store.kept.results)
            self.done = sum(times[key] for key in self.results)
            look(self.done, len(self.runs))
            try:
                for run, result in make_runs([run for key, run in by_key.items() if key not in self.results]):
                    store.add(run, result)
                    self.results[run.key] = result
                    self.done += times[run.key]
                    look(self.done, len(self.runs))
            except KeyboardInterrupt:
                self.is_interrupted = True
                # A run may be on the disk that was not counted yet when the interrupt came.
                self.results.update(read_kept(os.path.join(folder, NAME), self.plan.cases, by_key).results)
                self.done = sum(times[key] for key in self.results)


def calibration_of(plan: Plan) -> Calibration:
    """A plan of which nothing is done."""
    return Calibration(plan, plan.runs())
