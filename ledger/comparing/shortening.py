"""A mismatch confirmed in a process of its own, and its log shrunk while the same mismatch stays."""

import attrs

from ..engines import EngineError, Runner, Trouble
from ..fuzzing.changing import Log
from ..fuzzing.shrinking import BUDGET, Budget, Exhausted, Shortened, shorten
from ..state import State, genesis
from ..transactions import TYPE_NAMES
from .locating import first_mismatch, ran
from .lockstep import BATCH, STATES_EVERY, batches
from .mismatches import Mismatch

HANG_TIMEOUT = 1.0
"""Seconds that shrinking waits for an engine that hangs, where more are given to it otherwise: each log that is tried
and comes to the same takes as long. What is found is confirmed with all the time."""

HANGS, CRASHES, STARTS = 24, 400, 120
"""Logs that may come to a hang and to another failure while one is shrunk, each of which takes a start, and how often
an engine that keeps something across `init` may be started."""


@attrs.frozen
class Confirmed:
    """A mismatch, and what became of it. `log`: the transactions up to it, from the genesis `start`.

    `is_repeated`: whether the log came to a mismatch again in a process of its own; that one is told. `shortened`: the
    short log that comes to the same, None where there is none. `keeps_state`: whether the engine answers otherwise
    after a second `init`, so that each log that was tried had a process of its own. `is_confirmed`: whether the short
    log came to the same in a process of its own once it was found.
    """

    start: State
    log: Log
    mismatch: Mismatch
    is_repeated: bool
    shortened: Shortened[Mismatch] | None = None
    keeps_state: bool = False
    is_confirmed: bool = False

    @property
    def short_start(self) -> State:
        """The state that the short log begins with, or the whole one."""
        if self.shortened is None:
            return self.start
        return genesis(self.shortened.rulebook, self.shortened.genesis.time)

    @property
    def short_log(self) -> Log:
        """The short log, or the whole one."""
        return self.log if self.shortened is None else self.shortened.log

    @property
    def short_mismatch(self) -> Mismatch:
        """What the short log comes to, or the whole one."""
        return self.mismatch if self.shortened is None else self.shortened.finding


class Same:
    """Asks an engine whether a log comes to the same mismatch; an oracle of shrinking.

    `afresh`: whether each log has a process of its own.
    """

    def __init__(self, runner: Runner, wanted: Mismatch, *, afresh: bool = False, batch: int = BATCH) -> None:
        self.runner, self.wanted, self.afresh = runner, wanted, afresh
        self.budget = Budget()
        # A failure that one transaction causes is found by asking one by one, with no start more than it takes.
        self.batch = 1 if wanted.error is not None and wanted.is_first else batch
        self.failures_left = HANGS if wanted.aspect == Trouble.HANG.value else CRASHES
        self.starts_left = STARTS

    def __call__(self, start: State, log: Log, /) -> Mismatch | None:
        """The mismatch, if it is the same."""
        self.budget.spend(len(log) + 1)
        runner = self.runner
        starts = runner.starts
        try:
            types = runner.abilities().types
            if any(TYPE_NAMES[type(transaction)] not in types for transaction in log):
                return None
            found = first_mismatch(runner, start, log, batch=self.batch, states_every=STATES_EVERY, afresh=self.afresh)
        except EngineError:  # it does not take the state, or cannot be started again
            runner.close()
            self.failed()
            return None
        if self.afresh:
            self.starts_left -= runner.starts - starts
            if self.starts_left < 0:
                raise Exhausted
        if found is not None and found.error is not None:
            self.failed()
        return found if found is not None and found.name == self.wanted.name else None

    def failed(self) -> None:
        """Count a failure of the engine. Exhausted where it was the last that may be."""
        self.failures_left -= 1
        if self.failures_left < 0:
            raise Exhausted


def again(runner: Runner, start: State, log: Log, seen: Mismatch, *, batch: int) -> Mismatch | None:
    """What a log comes to in processes that were asked nothing before; None where it is nothing.

    Where the engine failed, it is asked one by one first: then nobody waits for it twice.
    """
    for size in dict.fromkeys((1, batch) if seen.error is not None else (batch,)):
        try:
            found = first_mismatch(runner, start, log, batch=size, afresh=True)
        except EngineError:
            runner.close()
            return None
        if found is not None:
            return found
    return None


def forgets(runner: Runner, start: State, log: Log, found: Mismatch, *, batch: int) -> bool:
    """Whether the engine comes to the same once it has been asked the log, and given a state again."""
    if found.error is not None:
        return True  # it has ended, and is started anew each time
    try:
        ran(runner, start, list(batches(log, batch)))
        second, _ = ran(runner, start, list(batches(log, batch)))
    except EngineError:
        runner.close()
        return False
    return second is not None and second.position == found.position and second.name == found.name


def confirmed(
    runner: Runner, start: State, log: Log, seen: Mismatch, *, batch: int = BATCH, budget: int = BUDGET
) -> Confirmed:
    """What was seen in a log from a genesis, as a process of its own comes to it, and the shortest log of it found."""
    log = log[: seen.position + 1]
    found = again(runner, start, log, seen, batch=batch)
    if found is None:
        return Confirmed(start, log, seen, is_repeated=False)
    log = log[: found.position + 1]
    whole = Confirmed(start, log, found, is_repeated=True)
    for afresh in (False, True):
        if not afresh and not forgets(runner, start, log, found, batch=batch):
            continue
        short = shortest(runner, start, log, found, afresh=afresh, batch=batch, budget=budget)
        if short is None:
            continue
        verified = again(runner, genesis(short.rulebook, short.genesis.time), short.log, found, batch=batch)
        if verified is not None and verified.name == found.name and verified.position == len(short.log) - 1:
            told = attrs.evolve(short, finding=verified)
            return attrs.evolve(whole, shortened=told, keeps_state=afresh, is_confirmed=True)
    return whole


def shortest(
    runner: Runner, start: State, log: Log, found: Mismatch, *, afresh: bool, batch: int, budget: int
) -> Shortened[Mismatch] | None:
    """The shortest log of a mismatch found; less time is given to an engine that hangs."""
    if found.aspect == Trouble.HANG.value:
        runner.patience = min(runner.timeout, HANG_TIMEOUT)
    try:
        return shorten(start, log, Same(runner, found, afresh=afresh, batch=batch), budget=budget)
    except Exhausted:
        return None
    finally:
        runner.patience = runner.timeout
