"""How fast random testing is: run by hand, `python -m pytest tests/bench/bench_fuzzing.py -s`.

Steps a second: simulations alone, with every step and history law, and whole campaigns, which look at the whole state
too and count what they reach, in one process and in two. A figure belongs to the machine and the minute it was measured
in: the seconds are those of the processor where one process works, and those of the clock where several do.
"""

import time
from collections.abc import Callable

import pytest

from ledger.fuzzing import play
from ledger.fuzzing.campaign import Settings, campaign, example
from ledger.laws import REGISTRY, Law, Monitor, Scope

EXAMPLES, STEPS, SEED = 60, 500, 1
STEP_LAWS: tuple[Law, ...] = tuple(law for law in REGISTRY if law.scope is not Scope.STATE)


def simulations(laws: tuple[Law, ...]) -> int:
    """The examples of a campaign, with these laws watching; how many steps they were."""
    steps, settings = 0, Settings(EXAMPLES, SEED)
    for number in range(EXAMPLES):
        chooser, rulebook = example(settings, number)
        monitor = None
        for step in play(chooser, rulebook, STEPS):
            steps += 1
            if laws:
                monitor = Monitor(step.before, laws, 0) if monitor is None else monitor
                monitor.observe(step)
    return steps


@pytest.mark.parametrize("laws", [(), STEP_LAWS], ids=["no laws", "step and history laws"])
def bench_simulations(laws: tuple[Law, ...]) -> None:
    print(f"\nsimulations, {len(laws)} laws: {rate(time.process_time, lambda: simulations(laws)):,} steps/s")


@pytest.mark.parametrize("workers", [1, 2])
def bench_campaign(workers: int) -> None:
    clock = time.process_time if workers == 1 else time.perf_counter
    told = rate(clock, lambda: campaign(EXAMPLES * workers * workers, SEED, workers, steps=STEPS).tally.steps)
    print(f"\ncampaign, {len(REGISTRY)} laws, {workers} workers: {told:,} steps/s")


def rate(clock: Callable[[], float], work: Callable[[], int]) -> int:
    """Steps a second."""
    begun = clock()
    steps = work()
    return round(steps / (clock() - begun))
