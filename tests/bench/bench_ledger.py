"""How fast and how large: run by hand, `python -m pytest tests/bench/bench_ledger.py -s`.

The day of `docs/examples/cascade.jsonl` at venues of several sizes. Instants that visit every account (settle, fund,
and transfers that deleverage or share a loss) are timed apart. `BACKSTOP_BENCH_ACCOUNTS=1000,100000` chooses the sizes.
A figure belongs to the machine and the minute it was measured in: compare only figures of one run.
"""

import functools
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import attrs
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from docs.examples.make.cascade import SEED, cascade, cascade_lines
from docs.examples.make.tape import MIDNIGHT
from ledger import REGISTRY, Monitor, State, Step, apply, genesis, load_profile, open_log, read_log, state_after
from ledger.laws import Law, Scope
from ledger.outcomes import Applied, Deleveraged, LossShared, Outcome
from ledger.replay import TOGETHER
from ledger.transactions import BackstopTransfer, Fund, MarkAsset, MarkMarket, Settle, Transaction

SIZES = tuple(int(size) for size in os.environ.get("BACKSTOP_BENCH_ACCOUNTS", "1000,100000,1000000").split(","))
STEP_LAWS: tuple[Law, ...] = tuple(law for law in REGISTRY if law.scope is not Scope.STATE)
EVERYBODY = (Settle, Fund)
MAY_VISIT_EVERYBODY = (*EVERYBODY, BackstopTransfer)
VISITS = 6
"""Settles and fundings that are timed."""


@attrs.frozen
class Day:
    """A venue after its bystanders opened and traded once, and the transactions of the core's 200 accounts.

    The core's day is the same at every size: only the tables around it grow.
    """

    opened: State
    transactions: tuple[Transaction, ...]


@functools.lru_cache(maxsize=1)
def day(accounts: int) -> Day:
    """The day at a venue of so many accounts, bystanders resting once they hold a position."""
    state = genesis(load_profile("ascendex-2020"), MIDNIGHT)
    core = []
    for transaction in cascade(accounts, SEED):
        if not is_bystanders(transaction):
            core.append(transaction)
            if transaction.time > MIDNIGHT or not isinstance(transaction, MarkMarket | MarkAsset):
                continue
        elif transaction.time > MIDNIGHT:
            continue
        state = state_after(state, apply(state, transaction))
    return Day(state, tuple(_with_few_visits(core)))


def _with_few_visits(transactions: list[Transaction]) -> Iterator[Transaction]:
    """The transactions, with the first settles and fundings only: at a million accounts each takes seconds."""
    visits = 0
    for transaction in transactions:
        if isinstance(transaction, EVERYBODY):
            visits += 1
            if visits > VISITS:
                continue
        yield transaction


def is_bystanders(transaction: Transaction) -> bool:
    """Whether the transaction is between bystanders."""
    party = getattr(transaction, "buyer", None) or getattr(transaction, "account", None) or ""
    return str(party).startswith("bystander-")


@attrs.define
class Timing:
    """Seconds and numbers of the transactions that touch a few accounts, and of those that visit everybody."""

    few: int = 0
    few_seconds: float = 0.0
    everybody: int = 0
    everybody_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Transactions a second, those that visit everybody aside."""
        return self.few / self.few_seconds


def visits_everybody(transaction: Transaction, outcome: Outcome) -> bool:
    """Whether answering it looked at every account, as the rules say it may."""
    if isinstance(transaction, EVERYBODY):
        return True
    return isinstance(outcome, Applied) and any(isinstance(event, Deleveraged | LossShared) for event in outcome.events)


def fold(
    opened: State,
    transactions: tuple[Transaction, ...],
    laws: tuple[Law, ...],
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Apply the transactions, watched by the laws as a replay shows them, so many together, and time it all. What may
    visit everybody is timed by itself. What the laws look at to begin with is not timed."""
    timing, state = Timing(), opened
    monitor = Monitor(state, laws, state_every=0)
    for may_visit, stretch in groupby(transactions, lambda each: isinstance(each, MAY_VISIT_EVERYBODY)):
        stretched = list(stretch)
        for first in range(0, len(stretched), 1 if may_visit else TOGETHER):
            together = stretched[first : first + (1 if may_visit else TOGETHER)]
            begin, steps = clock(), []
            for transaction in together:
                outcome = apply(state, transaction)
                after = state_after(state, outcome)
                if laws:
                    steps.append(Step(state, transaction, outcome, after))
                state = after
            monitor.observe_all(steps)
            seconds = clock() - begin
            if visits_everybody(transaction, outcome):
                timing.everybody += 1
                timing.everybody_seconds += seconds
            else:
                timing.few += len(together)
                timing.few_seconds += seconds
    return timing


def without_visits(the_day: Day) -> Day:
    """The day without what visits every account: to hold venues of several sizes against each other, none of it is
    needed, and at a million accounts each takes seconds."""
    kept, state = [], the_day.opened
    for transaction in the_day.transactions:
        outcome = apply(state, transaction)
        if not visits_everybody(transaction, outcome):
            kept.append(transaction)
            state = state_after(state, outcome)
    return Day(the_day.opened, tuple(kept))


@pytest.mark.parametrize("laws", [(), STEP_LAWS], ids=["without laws", "every step law"])
@pytest.mark.parametrize("accounts", SIZES)
def bench_transactions(benchmark: BenchmarkFixture, accounts: int, laws: tuple[Law, ...]) -> None:
    the_day = day(accounts)
    timings: list[Timing] = []
    _measure(
        benchmark,
        lambda: timings.append(fold(the_day.opened, the_day.transactions, laws)),
        rounds=3 if accounts <= 1000 else 1,
    )
    best = max(timings, key=lambda timing: timing.rate)
    benchmark.extra_info["transactions_per_second"] = round(best.rate)
    share = best.everybody_seconds / max(1, best.everybody)
    print(
        f"\n{accounts:>9,} accounts, {'every step law' if laws else 'without laws':>14}: {best.rate:>9,.0f} "
        f"transactions/s over {best.few:,}; {best.everybody} that visit everybody, {share * 1000:,.1f} ms each"
    )


def _measure(benchmark: BenchmarkFixture, action: Callable[[], None], *, rounds: int) -> None:
    benchmark.pedantic(action, rounds=rounds)  # type: ignore[no-untyped-call]


def _resident_bytes() -> int:
    page = resource.getpagesize()
    return int(Path("/proc/self/statm").read_text().split()[1]) * page


def print_bytes_an_account(accounts: int) -> None:
    """Open the accounts in this fresh process and print what its memory grew by, an account."""
    day(1000)
    day.cache_clear()
    before = _resident_bytes()
    held = day(accounts)
    print(round((_resident_bytes() - before) / len(held.opened.accounts)))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc/self/statm")
@pytest.mark.parametrize("accounts", [size for size in SIZES if size >= 100_000])
def bench_bytes_an_account(benchmark: BenchmarkFixture, accounts: int) -> None:
    code = f"from tests.bench.bench_ledger import print_bytes_an_account; print_bytes_an_account({accounts})"
    command = [sys.executable, "-c", code]
    answers: list[str] = []
    _measure(benchmark, lambda: answers.append(subprocess.check_output(command, text=True)), rounds=1)
    benchmark.extra_info["bytes_an_account"] = int(answers[-1])
    print(f"\n{accounts:>9,} accounts: {int(answers[-1]):,} bytes an account")


def decoded(path: Path) -> int:
    """Read a log to its end; how many lines it has after its genesis."""
    with open_log(str(path)) as stream:
        _, entries = read_log(stream, path.name)
        return sum(1 for _ in entries)


def bench_decoding(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = tmp_path / "cascade.jsonl"
    path.write_bytes(b"".join(cascade_lines()))
    seconds: list[float] = []

    def measured() -> None:
        begin = time.perf_counter()
        lines.append(decoded(path))
        seconds.append(time.perf_counter() - begin)

    lines: list[int] = []
    _measure(benchmark, measured, rounds=5)
    rate = lines[0] / min(seconds)
    benchmark.extra_info["lines_per_second"] = round(rate)
    print(f"\n{lines[0]:,} lines decoded: {rate:,.0f} lines/s")
