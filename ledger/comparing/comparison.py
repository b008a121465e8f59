"""Comparing an engine with the ledger: on a log, or on examples made at random, up to the first mismatch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import IO

import attrs

from ..engines import TIMEOUT, Abilities, Command, EngineError, Runner
from ..fuzzing.campaign import STEPS, Settings, example
from ..fuzzing.simulation import Simulation, stepped
from ..log import Entry, LogError, open_log, read_log
from ..replay import note_line
from ..rulebook import Rulebook
from ..state import State
from ..transactions import TYPE_NAMES, Transaction
from .lockstep import BATCH, STATES_EVERY, Lockstep, Tally
from .mismatches import Mismatch
from .shortening import Confirmed, confirmed

EXAMPLES = 100
SHORT_ENOUGH, LOOKED_THROUGH, SHRUNK = 6, 30, 4
"""Transactions of a log that is short as it is; of longer ones, how many more examples are looked through for the same
mismatch, and how many of these are shrunk, the first one among them."""


@attrs.frozen
class Where:
    """Where a mismatch was found: the `line` of a log, or the number of an `example` and its `rulebook`'s name."""

    line: int | None = None
    example: int | None = None
    rulebook: str | None = None


@attrs.frozen
class Comparison:
    """What came of it: the engine's `abilities`, what was compared, and the mismatch, None where there is none.

    `examples`: how many were compared, None for a log. `farewell`: what was wrong once it was asked to end, if anything
    was. `last_line`: the last line of a log that was read.
    """

    command: tuple[str, ...]
    abilities: Abilities
    tally: Tally
    found: Confirmed | None = None
    where: Where = Where()
    examples: int | None = None
    last_line: int | None = None
    farewell: str | None = None

    @property
    def mismatch(self) -> Mismatch | None:
        """What differs first, in the log or the example as it was; None where they agree on all of it."""
        return None if self.found is None else self.found.mismatch

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """The same as none or one."""
        return () if self.mismatch is None else (self.mismatch,)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, and the engine ended as it was asked to."""
        return self.found is None and self.farewell is None


@attrs.frozen
class Ways:
    """How engines are compared: transactions of a batch, batches after which all of a large ledger is compared, and
    whether a log that comes to a mismatch is `shrunk`."""

    batch: int = BATCH
    states_every: int = STATES_EVERY
    shrinks: bool = True


Look = Callable[[int], None]
"""Is told how many examples were compared so far."""


def compare_log(
    command: Command,
    log: str | PathLike[str] | IO[bytes],
    *,
    timeout: float = TIMEOUT,
    ways: Ways | None = None,
) -> Comparison:
    """Compare an engine with the ledger on a log: a path, or a stream of its bytes.

    EngineError where the engine cannot be started, or speaks wrongly before its first transaction; LogError for a log
    that cannot be read, or has a transaction of a type that the engine does not know. What is wrong later is a
    mismatch.
    """
    with Runner(command, timeout=timeout) as runner:
        if isinstance(log, str | PathLike):
            with open_log(str(log)) as stream:
                state, entries = read_log(stream, str(log))
                return compare_entries(runner, state, entries, str(log), ways=ways)
        state, entries = read_log(log, "log")
        return compare_entries(runner, state, entries, "log", ways=ways)


def compare_entries(
    runner: Runner,
    state: State,
    entries: Iterable[Entry],
    name: str,
    *,
    ways: Ways | None = None,
    progress: Callable[[Entry], None] | None = None,
) -> Comparison:
    """Compare on the entries that follow a genesis, as `compare_log` does. `name`: what errors call the log."""
    ways = Ways() if ways is None else ways
    abilities, tally = runner.abilities(), Tally()
    lines: list[int] = []
    kept: list[Transaction] = []

    def transactions() -> Iterator[Transaction]:
        for entry in entries:
            kind = TYPE_NAMES[type(entry.transaction)]
            if kind not in abilities.types:
                known = ", ".join(sorted(abilities.types))
                raise LogError(
                    name, entry.line, "type", f"found {kind}, which the engine does not know, expected {known}"
                )
            kept.append(entry.transaction)
            lines.append(entry.line)
            if progress is not None:
                progress(entry)
            yield entry.transaction

    step = Lockstep(runner.engine(), state, batch=ways.batch, states_every=ways.states_every, tally=tally)
    try:
        seen = step.run(transactions())
    except LogError:
        raise
    except Exception as error:
        if step.raised_at is not None:
            note_line(error, lines[step.raised_at])
        raise
    last_line = lines[-1] if lines else None
    told = Comparison(command_of(runner), abilities, tally, last_line=last_line)
    if seen is None:
        return attrs.evolve(told, farewell=farewell(runner))
    found = told_of(runner, state, kept, seen, ways)
    line = lines[found.mismatch.position] if found.mismatch.position >= 0 else None
    return attrs.evolve(told, found=found, where=Where(line, rulebook=state.rulebook.name))


def compare_fuzz(
    command: Command,
    *,
    examples: int = EXAMPLES,
    seed: int = 0,
    first: int = 0,
    steps: int = STEPS,
    rulebooks: Sequence[Rulebook] = (),
    timeout: float = TIMEOUT,
    ways: Ways | None = None,
    progress: Look | None = None,
) -> Comparison:
    """Compare an engine with the ledger on examples made at random, the same as a campaign of the seed has, up to the
    first mismatch. Transactions of types that the engine does not know are left out.

    One process of the engine goes from example to example. EngineError as from `compare_log`.
    """
    settings = Settings(examples, seed, first, steps, tuple(rulebooks), ())
    with Runner(command, timeout=timeout) as runner:
        return compare_examples(runner, settings, ways=ways, progress=progress)


def compare_examples(
    runner: Runner, settings: Settings, *, ways: Ways | None = None, progress: Look | None = None
) -> Comparison:
    """Compare on the examples of a campaign, as `compare_fuzz` does.

    Where the short log of a mismatch is not yet short, the next examples are looked through for the same mismatch, and
    the shortest log is told.
    """
    ways = Ways() if ways is None else ways
    abilities, tally = runner.abilities(), Tally()
    told = Comparison(command_of(runner), abilities, tally)
    end = settings.first + settings.examples
    for number in range(settings.first, end):
        seen = _compared(runner, settings, number, ways, tally)
        if seen is not None:
            found = seen.confirmed(runner, ways)
            where = Where(None, number, seen.start.rulebook.name)
            others = range(number + 1, min(end, number + 1 + LOOKED_THROUGH))
            found, where = _shortest(runner, settings, others, ways, (found, where))
            return attrs.evolve(told, found=found, where=where, examples=number - settings.first + 1)
        if progress is not None:
            progress(number - settings.first + 1)
    return attrs.evolve(told, examples=settings.examples, farewell=farewell(runner))


@attrs.frozen
class _Seen:
    """A mismatch as an example showed it: where the example began, and its transactions as far as they were drawn."""

    start: State
    log: tuple[Transaction, ...]
    mismatch: Mismatch

    def confirmed(self, runner: Runner, ways: Ways) -> Confirmed:
        """The same confirmed and shrunk."""
        return told_of(runner, self.start, self.log, self.mismatch, ways)


def _compared(runner: Runner, settings: Settings, number: int, ways: Ways, tally: Tally) -> _Seen | None:
    """Compare on one example."""
    chooser, rulebook = example(settings, number)
    simulation, kept = Simulation(chooser, rulebook), list[Transaction]()
    start, engine = simulation.state, runner.engine()
    try:
        step = Lockstep(engine, start, batch=ways.batch, states_every=ways.states_every, tally=tally)
        drawn = _drawn(simulation, settings.steps, engine.abilities, tally)
        seen = step.run(_remembered(kept, drawn))
    except EngineError as error:
        place = f"at the beginning of example {number} of seed {settings.seed}, rulebook {rulebook.name}"
        raise EngineError(error.trouble, f"{error.message} ({place})", awaited=error.awaited) from None
    except Exception as error:
        error.add_note(f"While example {number} of seed {settings.seed} was compared.")
        raise
    return None if seen is None else _Seen(start, tuple(kept), seen)


def _shortest(
    runner: Runner, settings: Settings, numbers: Iterable[int], ways: Ways, first: tuple[Confirmed, Where]
) -> tuple[Confirmed, Where]:
    """The shortest log of the same mismatch as the first, of some more examples; an engine that fails, or must be
    started for each log, is not asked for more."""
    best, tried = first, 1
    found, name = first[0], first[0].mismatch.name
    if not ways.shrinks or found.shortened is None or found.keeps_state or found.mismatch.error is not None:
        return first
    for number in numbers:
        if len(best[0].short_log) <= SHORT_ENOUGH or tried == SHRUNK:
            break
        seen = _compared(runner, settings, number, ways, Tally())
        if seen is None or seen.mismatch.name.split()[:1] != name.split()[:1]:
            continue
        other = seen.confirmed(runner, ways)
        tried += 1
        if other.shortened is None or other.mismatch.name != name:
            continue
        if len(other.short_log) < len(best[0].short_log):
            best = other, Where(None, number, seen.start.rulebook.name)
    return best


def _drawn(simulation: Simulation, steps: int, abilities: Abilities, tally: Tally) -> Iterator[Transaction]:
    """The transactions of an example that the engine knows."""
    for _ in range(steps):
        transaction = simulation.next_transaction()
        kind = TYPE_NAMES[type(transaction)]
        if kind not in abilities.types:
            tally.left_out[kind] += 1
            continue
        yield transaction
        simulation.move_on(stepped(simulation.state, transaction))


def _remembered(kept: list[Transaction], transactions: Iterable[Transaction]) -> Iterator[Transaction]:
    for transaction in transactions:
        kept.append(transaction)
        yield transaction


def told_of(runner: Runner, start: State, kept: Sequence[Transaction], seen: Mismatch, ways: Ways) -> Confirmed:
    """What is told of a mismatch: confirmed and, where asked, shrunk."""
    log = tuple(kept)
    runner.close()
    if not ways.shrinks:
        return Confirmed(start, log[: seen.position + 1], seen, is_repeated=False)
    return confirmed(runner, start, log, seen, batch=ways.batch)


def farewell(runner: Runner) -> str | None:
    """Have the engine end, and what was wrong then."""
    try:
        runner.bye()
    except EngineError as error:
        return str(error)
    return None


def command_of(runner: Runner) -> tuple[str, ...]:
    """The words of the engine's command."""
    return tuple(runner.engine().words)
