"""Making the runs: here, or in processes of their own. What they come to does not depend on where, nor on the order."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool

import attrs

from ..processes import WAITING, WorkerDied, pool
from ..simulation.faults import DataError
from .cases import Case, Simulate
from .plan import Run
from .results import Result, result_of, terms_texts

NOTED = "While it was simulated: "

Done = tuple[Run, Result]


@attrs.frozen
class Work:
    """What every run is made of: the cases, and the function that simulates."""

    cases: tuple[Case, ...]
    simulate: Simulate


def make(work: Work, run: Run) -> Result:
    """Make one run. DataError as the simulation raises it; any other error is noted with the run that raised it."""
    case = work.cases[run.case]
    try:
        scenario = case.scenario.with_backstop(run.terms)
        return result_of(work.simulate(scenario, case.history, run.seed, funding=case.funding).summary)
    except DataError:
        raise
    except Exception as error:
        error.add_note(f"{NOTED}{place_of(case, run)}")
        raise


def place_of(case: Case, run: Run) -> str:
    """A run in words."""
    terms = ", ".join(f"{name} {text}" for name, text in terms_texts(case, run.terms).items())
    return f"{case.name} on {case.prices}, {terms}, seed {run.seed}"


def noted_run(error: Exception) -> str | None:
    """The run that was noted on an error, in words, None where none was."""
    notes: list[str] = getattr(error, "__notes__", [])
    return next((note.removeprefix(NOTED) for note in notes if note.startswith(NOTED)), None)


def made_here(work: Work, runs: Sequence[Run]) -> Iterator[Done]:
    """The runs one after the other."""
    for run in runs:
        yield run, make(work, run)


_held: list[Work] = []
"""What this process makes runs of, where it is one of several."""


def hold(work: Work) -> None:
    """Keep what runs are made of, so that it crosses to a process once and not with every run."""
    _held[:] = [work]


def make_held(run: Run) -> Result:
    """Make one run of what this process holds."""
    return make(_held[0], run)


def made_by_processes(work: Work, runs: Sequence[Run], workers: int) -> Iterator[Done]:
    """The runs as they come from so many processes, each once.

    WorkerDied where one of them ends on its own. Whatever goes wrong, all that had come is yielded before.
    """
    left = iter(runs)
    waiting: dict[Future[Result], Run] = {}
    with pool(min(workers, max(1, len(runs))), hold, work) as executor:
        try:
            while True:
                while len(waiting) < WAITING * workers and (run := next(left, None)) is not None:
                    waiting[executor.submit(make_held, run)] = run
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        except Exception as error:
            yield from _rescued(waiting)
            if isinstance(error, BrokenProcessPool):
                raise WorkerDied("a worker process died, as one does where memory runs out") from None
            raise


def _rescued(waiting: Mapping[Future[Result], Run]) -> Iterator[Done]:
    """What else had come when something went wrong."""
    for future, run in waiting.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            yield run, future.result()
