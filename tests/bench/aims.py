"""The figures that this ledger aims at, measured in one run beside a bare dictionary."""

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import attrs
from rich.table import Table

from docs.examples.make.cascade import PROFILE, cascade, cascade_lines
from docs.examples.make.tape import HOUR, MIDNIGHT
from ledger import (
    Applied,
    Deposit,
    State,
    Transaction,
    apply,
    encode_genesis,
    encode_transaction,
    load_profile,
    open_log,
    read_log,
    replay_log,
)
from ledger.comparing.lockstep import Lockstep
from ledger.engines import Runner
from ledger.journal import JournalReader, Settings, import_log
from ledger.parallel import Share, Work, replay_recorded, verified_by_processes, verified_here

from .bench_ledger import STEP_LAWS, Day, Timing, day, decoded, fold, without_visits
from .measuring import Figure, best_seconds
from .peers.own import BASELINE
from .peers.transfers import transfers

BARE_TRANSFERS, BARE_ACCOUNTS, SEED = 100_000, 1_000, 20200913
SMALL = 1_000
DAYS = 10
"""How often the day comes again in the long journal."""
CHECKPOINT_EVERY = 2_000
DEPOSITS = 40_000
TRIVIAL = (sys.executable, "-S", str(Path(__file__).resolve().parents[1] / "engines" / "trivial.py"))
MANY_LINES = 300
"""Types of which the day's log has fewer lines are not timed by themselves."""


@attrs.frozen
class Aim:
    """What a figure should reach: `limit` in its unit, at least or at most."""

    limit: float
    at_least: bool

    def holds(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.limit:,.0f}"


MIXED, DECODING, REPLAYING = "mixed log, every step law", "strict decoding", "log replayed, every step law"
ALONE, SHARED = "long journal, every step law, one process", "long journal, every step law, two processes"
COMPARED, COMPARED_DEPOSITS = "trivial engine in lock-step, mixed log", "trivial engine in lock-step, deposits"
FLATNESS, BYTES, START = "slower with all accounts than with 1,000", "memory", "start of backstop --version"
AIMS: Mapping[str, Aim] = {
    MIXED: Aim(60_000, at_least=True),
    SHARED: Aim(100_000, at_least=True),
    DECODING: Aim(150_000, at_least=True),
    COMPARED: Aim(50_000, at_least=True),
    COMPARED_DEPOSITS: Aim(50_000, at_least=True),
    FLATNESS: Aim(25, at_least=False),
    BYTES: Aim(700, at_least=False),
    START: Aim(150, at_least=False),
}


@attrs.define
class Timed:
    """What is done in turns: by name, how many things each does, and the best rates that folds tell of themselves."""

    prepared: dict[str, Callable[[], Callable[[], object]]] = attrs.Factory(dict)
    things: dict[str, int] = attrs.Factory(dict)
    folded: dict[str, float] = attrs.Factory(dict)

    def add(self, name: str, things: int, action: Callable[[], object]) -> None:
        """One more action, which does so many things."""
        self.prepare(name, things, lambda: action)

    def prepare(self, name: str, things: int, prepare: Callable[[], Callable[[], object]]) -> None:
        """One more action, which is prepared anew each time."""
        self.prepared[name], self.things[name] = prepare, things

    def look(self, name: str, answer: object) -> None:
        """Keep what a fold tells, which sets aside what visits every account."""
        if isinstance(answer, Timing):
            self.folded[name] = max(answer.rate, self.folded.get(name, 0.0))

    def each(self, rounds: int) -> dict[str, float]:
        """Least seconds of one thing of each action: the processor's, but where another process is started."""
        clocks = dict.fromkeys((START, ALONE, SHARED, COMPARED, COMPARED_DEPOSITS), time.perf_counter)
        seconds = best_seconds(self.prepared, rounds=rounds, check=self.look, clock=time.process_time, clocks=clocks)
        told = {name: 1 / rate for name, rate in self.folded.items()}
        return {name: seconds[name] / self.things[name] for name in self.prepared} | told


def figures(accounts: int, rounds: int) -> tuple[Figure, ...]:
    """Every figure, with venues of 1,000 and of so many accounts. Memory comes first, in a process of its own."""
    size = bytes_an_account(accounts)
    small, large = day(SMALL), day(accounts)
    calm = without_visits(small).transactions
    timed = Timed()
    with tempfile.TemporaryDirectory() as folder:
        logs = written_logs(Path(folder))
        given = transfers(BARE_TRANSFERS, BARE_ACCOUNTS, SEED)
        timed.add(BASELINE.name, len(given), BASELINE.prepare(given, Path(folder)))
        timed.add(MIXED, len(small.transactions), partial(folded, small))
        timed.add("small", len(calm), partial(folded, Day(small.opened, calm)))
        timed.add("large", len(calm), partial(folded, Day(large.opened, calm)))
        timed.add(REPLAYING, decoded(logs[DECODING]), partial(replayed, logs[DECODING]))
        journal, lines = long_journal(Path(folder))
        timed.add(ALONE, lines, partial(recorded, journal, verified_here))
        timed.add(SHARED, lines, partial(recorded, journal, verified_by_processes(2)))
        for name, compared in compared_logs(small).items():
            timed.prepare(name, len(compared), partial(in_lock_step, small.opened, compared))
        for name, path in logs.items():
            timed.prepare(name, decoded(path), partial(reading, path))
        timed.add(START, 1, start)
        each = timed.each(rounds)
    return tuple(_figures(each, size, accounts))


def _figures(each: Mapping[str, float], size: int, accounts: int) -> Sequence[Figure]:
    base = each[BASELINE.name]
    growth = each["large"] / each["small"]

    def rate(name: str, unit: str) -> Figure:
        return Figure(name, 1 / each[name], unit, each[name] / base)

    return [
        rate(MIXED, "transactions/s"),
        rate(REPLAYING, "lines/s"),
        rate(ALONE, "lines/s"),
        rate(SHARED, "lines/s"),
        rate(COMPARED, "transactions/s"),
        rate(COMPARED_DEPOSITS, "transactions/s"),
        *(rate(name, "lines/s") for name in each if name.startswith(DECODING)),
        Figure(FLATNESS, (growth - 1) * 100, "%", growth),
        Figure(BYTES, size, "bytes an account", size),
        Figure(START, each[START] * 1000, "ms", each[START] / base),
    ]


def folded(the_day: Day) -> Timing:
    """The day with every step law."""
    return fold(the_day.opened, the_day.transactions, STEP_LAWS, time.process_time)


def reading(path: Path) -> Callable[[], int]:
    """A log whose genesis is read; what is timed are the lines after it."""
    stream = path.open("rb")
    _, entries = read_log(stream, path.name)

    def run() -> int:
        with stream:
            return sum(1 for _ in entries)

    return run


def replayed(path: Path) -> object:
    """A log from its bytes to its digest, with every step law."""
    with open_log(str(path)) as stream:
        state, entries = read_log(stream, path.name)
        report = replay_log(state, entries, laws=STEP_LAWS, state_every=0)
    if report.failure is not None:
        raise RuntimeError(report.failure.detail)
    return report


def long_journal(folder: Path) -> tuple[str, int]:
    """A journal of the day's lines, again and again a day later, with checkpoints; and how many transactions it has."""
    rulebook = load_profile(PROFILE)
    transactions = tuple(cascade())
    log = folder / "long.jsonl"
    with log.open("wb") as stream:
        stream.write(encode_genesis(PROFILE, time=MIDNIGHT))
        for number in range(DAYS):
            for transaction in transactions:
                later = attrs.evolve(transaction, time=transaction.time + number * 24 * HOUR)
                stream.write(encode_transaction(rulebook, later))
    path = str(folder / "long.journal")
    import_log(path, str(log), settings=Settings(CHECKPOINT_EVERY), laws=())
    return path, DAYS * len(transactions)


def recorded(path: str, share: Share) -> object:
    """A journal from its first line to its last, with every step law, where `share` has it verified."""
    with JournalReader(path) as reader, reader.snapshot():
        begin = reader.beginning()
        work = Work(path, STEP_LAWS, state_every=0)
        report = replay_recorded(reader, begin.state, begin.line, begin.chain, work, share)
    if report is None or report.failure is not None:
        raise RuntimeError("the long journal was not replayed as it should be")
    return report


def compared_logs(the_day: Day) -> dict[str, tuple[Transaction, ...]]:
    """What a trivial engine, which applies everything, is compared on: of the day, without what visits every account,
    all that is applied; and as many deposits of a thousand accounts."""
    state, applied = the_day.opened, []
    for transaction in without_visits(the_day).transactions:
        outcome = apply(state, transaction)
        if isinstance(outcome, Applied):
            applied.append(transaction)
            state = outcome.state
    deposits = (Deposit(state.time, f"payer-{number % SMALL}", "USDT", 10**13) for number in range(DEPOSITS))
    return {COMPARED: tuple(applied), COMPARED_DEPOSITS: tuple(deposits)}


def in_lock_step(start: State, transactions: tuple[Transaction, ...]) -> Callable[[], None]:
    """A trivial engine that has been started; what is timed is the comparison through its pipe."""
    runner = Runner(TRIVIAL)
    runner.engine()

    def run() -> None:
        with runner:
            if Lockstep(runner.engine(), start).run(transactions) is not None:
                raise RuntimeError("the trivial engine applies everything, and so does the ledger here")

    return run


def written_logs(folder: Path) -> dict[str, Path]:
    """The day's log, and for each type of which it has many lines, a log of these alone."""
    genesis, *lines = cascade_lines()
    of_type: defaultdict[str, list[bytes]] = defaultdict(list)
    for line in lines:
        of_type[json.loads(line)["type"]].append(line)
    many = {f"{DECODING}: {name}": of_type[name] for name in of_type if len(of_type[name]) >= MANY_LINES}
    logs: dict[str, Path] = {}
    for name, chosen in ({DECODING: lines} | many).items():
        logs[name] = folder / f"{len(logs)}.jsonl"
        logs[name].write_bytes(genesis + b"".join(chosen))
    return logs


def start() -> None:
    """The command line, as far as its version."""
    subprocess.run([str(Path(sys.executable).with_name("backstop")), "--version"], check=True, stdout=subprocess.PIPE)


def bytes_an_account(accounts: int) -> int:
    """What a process grows by, opening so many accounts: a whole number of bytes an account."""
    code = f"from tests.bench.bench_ledger import print_bytes_an_account; print_bytes_an_account({accounts})"
    return int(subprocess.check_output([sys.executable, "-c", code], text=True))


def table(figures: Sequence[Figure], accounts: int) -> Table:
    """The figures, and beside each its aim where it has one."""
    shown = Table(title=f"Up to {accounts:,} accounts, on one core", title_justify="left")
    shown.add_column("figure")
    shown.add_column("measured", justify="right")
    shown.add_column("unit")
    shown.add_column("ratio", justify="right")
    shown.add_column("aim", justify="right")
    shown.add_column("")
    for figure in figures:
        aim = AIMS.get(figure.name)
        reached = "" if aim is None else "reached" if aim.holds(figure.value) else "MISSED"
        shown.add_row(
            figure.name,
            f"{figure.value:,.0f}",
            figure.unit,
            f"{figure.ratio:,.2f}",
            "" if aim is None else str(aim),
            reached,
        )
    return shown
