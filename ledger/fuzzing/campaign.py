"""Campaigns: many examples, each a simulation of its own with every law watching, spread over processes.

An example is made of the campaign's seed and its number alone, so a campaign comes to the same however many workers
share it, and a later one can go on where it ended. It ends at the first law that breaks, or where the ledger raises.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import cache

import attrs

from ..choosers import Seeded
from ..law_files import LawFileError, laws_from
from ..laws import REGISTRY, Count, Law, LawBroken, Monitor
from ..outcomes import Rejected
from ..processes import pool
from ..profiles import DEFAULT_PROFILE, load_profile
from ..rulebook import Rulebook
from ..transactions import TYPE_NAMES, Transaction
from .drawn_rulebooks import drawn_rulebook
from .findings import Finding, breach_of, error_of
from .reach import Reach
from .rulebooks import RULEBOOKS
from .simulation import Simulation, stepped

EXAMPLES, STEPS = 100, 500
STATE_EVERY = 250
"""The laws of the whole state look after so many steps, and at the end of each example."""

STEPS_AT_A_TIME = 4000
WAITING = 3
"""Steps that a worker is given at a time, and how many such portions wait for each."""


@attrs.frozen
class Settings:
    """What a campaign is made of.

    `first`: the number of its first example. `steps` of each example. `rulebooks`: taken in turn; where there are none,
    the shipped and the compact ones, and after each of them one drawn at random. `laws`, and `law_files`, the paths of
    files of more laws: workers read them for themselves.
    """

    examples: int
    seed: int
    first: int = 0
    steps: int = STEPS
    rulebooks: tuple[Rulebook, ...] = ()
    laws: tuple[Law, ...] = REGISTRY
    law_files: tuple[str, ...] = ()

    @property
    def all_laws(self) -> tuple[Law, ...]:
        """The laws that watch, those of files last."""
        return (*self.laws, *_laws_of(self.law_files))


@cache
def _laws_of(paths: tuple[str, ...]) -> tuple[Law, ...]:
    return laws_from(paths)


@attrs.frozen
class Failed:
    """An example that failed: its number, its rulebook, the transactions up to the break, and what broke."""

    example: int
    rulebook: Rulebook
    transactions: tuple[Transaction, ...]
    finding: Finding


@attrs.define
class Tally:
    """What was counted so far; tallies add up.

    `applied` by transaction type, `rejected` by (type, reason name), `events` and `corners` by name, `rulebooks` the
    examples of each. `checked` and `fired` by (law's number, transaction type), the type empty for a law of the whole
    state.
    """

    examples: int = 0
    steps: int = 0
    rulebooks: Counter[str] = attrs.field(factory=Counter)
    applied: Counter[str] = attrs.field(factory=Counter)
    rejected: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    events: Counter[str] = attrs.field(factory=Counter)
    corners: Counter[str] = attrs.field(factory=Counter)
    checked: Counter[tuple[int, str]] = attrs.field(factory=Counter)
    fired: Counter[tuple[int, str]] = attrs.field(factory=Counter)
    failures: list[Failed] = attrs.field(factory=list)

    def add(self, other: "Tally") -> None:
        """Count what the other has counted too."""
        self.examples += other.examples
        self.steps += other.steps
        for mine, its in zip(self._counters(), other._counters(), strict=True):
            mine.update(its)
        self.failures += other.failures

    def _counters(self) -> tuple[Counter[object], ...]:
        counters = (self.rulebooks, self.applied, self.rejected, self.events, self.corners, self.checked, self.fired)
        return tuple(counters)  # type: ignore[arg-type]

    def count_laws(self, counts: Sequence[Count]) -> None:
        """Count what a monitor has counted."""
        for number, count in enumerate(counts):
            for kind, (checked, fired) in count.by_type.items():
                self.checked[number, kind] += checked
                self.fired[number, kind] += fired
            if not count.by_type:
                self.checked[number, ""] += count.checked
                self.fired[number, ""] += count.fired


@attrs.frozen
class Campaign:
    """What a campaign came to, as far as it went: its settings, what was counted, and each law's counts."""

    settings: Settings
    tally: Tally
    counts: tuple[Count, ...]

    @property
    def failures(self) -> tuple[Failed, ...]:
        """The examples that failed, in their order."""
        return tuple(self.tally.failures)

    @property
    def failures_by_name(self) -> dict[str, list[Failed]]:
        """The examples that failed by the name of what they came to, in their order."""
        named: dict[str, list[Failed]] = {}
        for failed in self.tally.failures:
            named.setdefault(failed.finding.name, []).append(failed)
        return named


def campaign(
    examples: int = EXAMPLES,
    seed: int = 0,
    workers: int = 1,
    rulebooks: Sequence[Rulebook] = (),
    laws: Sequence[Law] = REGISTRY,
    steps: int = STEPS,
    *,
    first: int = 0,
    law_files: Sequence[str] = (),
    progress: Callable[[Tally], None] | None = None,
    is_enough: Callable[[], bool] | None = None,
) -> Campaign:
    """Run a whole campaign, or as much of it until it `is_enough`.

    `progress` is called with what was counted so far, now and then.

    With more than one worker, `laws` must be such as other processes can import, as those of the registry are, and so
    must the program that calls: it is not to run when it is imported.
    LawFileError for a file of laws that is wrong.
    """
    settings = Settings(examples, seed, first, steps, tuple(rulebooks), tuple(laws), tuple(law_files))
    tally = Tally()
    with closing(tallies(settings, workers)) as parts:
        for part in parts:
            tally.add(part)
            if progress is not None:
                progress(tally)
            if is_enough is not None and is_enough():
                break
    return ended(settings, tally)


def ended(settings: Settings, tally: Tally) -> Campaign:
    """The campaign that has counted this."""
    counts = []
    for number, law in enumerate(settings.all_laws):
        by_type = {
            kind: (tally.checked[number, kind], tally.fired[number, kind])
            for kind in sorted(set(TYPE_NAMES.values()))
            if tally.checked[number, kind]
        }
        checked = tally.checked[number, ""] + sum(each for each, _ in by_type.values())
        fired = tally.fired[number, ""] + sum(each for _, each in by_type.values())
        counts.append(Count(law, checked, fired, by_type))
    return Campaign(settings, tally, tuple(counts))


def tallies(settings: Settings, workers: int = 1) -> Generator[Tally, None, None]:
    """What each portion of the examples comes to, in their order."""
    at_a_time = max(1, STEPS_AT_A_TIME // max(1, settings.steps))
    end = settings.first + settings.examples
    portions = [range(begin, min(begin + at_a_time, end)) for begin in range(settings.first, end, at_a_time)]
    if workers <= 1 or len(portions) <= 1:
        return (run(settings, portion) for portion in portions)
    return _shared_out(settings, portions, min(workers, len(portions)))


def _shared_out(settings: Settings, portions: Sequence[range], workers: int) -> Generator[Tally, None, None]:
    """The portions' tallies from processes of their own, a few of them always waiting."""
    waiting: deque[Future[Tally]] = deque()
    with pool(workers) as executor:
        for portion in portions:
            waiting.append(executor.submit(run, settings, portion))
            if len(waiting) >= WAITING * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def run(settings: Settings, numbers: Sequence[int]) -> Tally:
    """Run the examples of these numbers."""
    tally = Tally()
    for number in numbers:
        run_example(settings, number, tally)
    return tally


def example(settings: Settings, number: int) -> tuple[Seeded, Rulebook]:
    """The chooser of an example, and its rulebook, which may be drawn from it."""
    chooser = Seeded(f"{settings.seed} {number}")
    turn = settings.rulebooks or tuple(RULEBOOKS.values())
    if not settings.rulebooks and number % 2 == 1:
        return chooser, load_profile(DEFAULT_PROFILE, drawn_rulebook(chooser))
    each = number if settings.rulebooks else number // 2
    return chooser, turn[each % len(turn)]


def run_example(settings: Settings, number: int, tally: Tally) -> None:
    """Run one example, and count it. An error of the generators, no finding, is noted with the example's number."""
    chooser, rulebook = example(settings, number)
    log: list[Transaction] = []
    reach = Reach()
    try:
        simulation = Simulation(chooser, rulebook)
        monitor = Monitor(simulation.state, settings.all_laws, STATE_EVERY)
        finding = None
        while finding is None and len(log) < settings.steps:
            log.append(simulation.next_transaction())
            finding = _watched(simulation, monitor, log, reach, tally)
        if finding is None:
            finding = _end(monitor, log)
    except LawFileError:
        raise
    except Exception as error:
        error.add_note(f"While example {number} of seed {settings.seed} was made.")
        raise
    tally.examples += 1
    tally.steps += len(log)
    tally.rulebooks[rulebook.name] += 1
    tally.events.update(reach.events)
    tally.corners.update(reach.corners)
    tally.count_laws(monitor.counts)
    if finding is not None:
        tally.failures.append(Failed(number, rulebook, tuple(log), finding))


def _watched(
    simulation: Simulation, monitor: Monitor, log: Sequence[Transaction], reach: Reach, tally: Tally
) -> Finding | None:
    """Answer the last transaction of the log with every law watching, count it, and move on."""
    transaction = log[-1]
    try:
        step = stepped(simulation.state, transaction)
        monitor.observe(step)
    except LawBroken as broken:
        return breach_of(broken, len(log) - 1)
    except LawFileError:
        raise
    except Exception as error:
        return error_of(error, len(log) - 1)
    kind = TYPE_NAMES[type(transaction)]
    if isinstance(step.outcome, Rejected):
        tally.rejected[kind, step.outcome.reason.name] += 1
    else:
        tally.applied[kind] += 1
    reach.observe(step)
    simulation.move_on(step)
    return None


def _end(monitor: Monitor, log: Sequence[Transaction]) -> Finding | None:
    """Let the laws of the whole state look for the last time."""
    try:
        monitor.finish()
    except LawBroken as broken:
        return breach_of(broken, len(log) - 1)
    except LawFileError:
        raise
    except Exception as error:
        return error_of(error, len(log) - 1)
    return None
