"""Carrying a plan out: what is kept is not made again, and what is made is kept at once."""

from collections.abc import Callable, Iterator, Sequence

import attrs

from .plan import Plan, Run
from .results import Result
from .running import Done
from .store import Kept, open_store

MakeRuns = Callable[[Sequence[Run]], Iterator[Done]]
"""Makes runs, each once, in any order."""


@attrs.define
class Calibration:
    """A plan and the results so far, also where making the others was interrupted or failed.

    `kept`: what the folder had when this began. `results` by key.
    """

    plan: Plan
    runs: tuple[Run, ...]
    kept: Kept = attrs.field(factory=Kept)
    results: dict[str, Result] = attrs.field(factory=dict)
    is_interrupted: bool = False

    @property
    def done(self) -> int:
        """How many runs are done, those kept from before among them."""
        return len(self.results)

    def carry_out(self, folder: str, make_runs: MakeRuns, look: Callable[[int, int], None]) -> None:
        """Make the runs that the folder has not, and keep each in it as it comes.

        `look` is called with how many are done and how many there are. An interrupt ends it and is noted. StoreError,
        DataError, and whatever `make_runs` raises.
        """
        by_key = {run.key: run for run in self.runs}
        with open_store(folder, self.plan, by_key) as store:
            self.kept = store.kept
            self.results.update(store.kept.results)
            look(self.done, len(self.runs))
            missing = [run for run in self.runs if run.key not in self.results]
            try:
                for run, result in make_runs(missing):
                    store.add(run, result)
                    self.results[run.key] = result
                    look(self.done, len(self.runs))
            except KeyboardInterrupt:
                self.is_interrupted = True


def calibration_of(plan: Plan) -> Calibration:
    """A plan of which nothing is done."""
    return Calibration(plan, plan.runs())
