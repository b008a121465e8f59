"""A writer that is killed at random instants, and what must hold of the journal afterwards.

A child process appends batches and tells of each through a pipe once `apply_all` returned; the parent kills it with
SIGKILL after a number of acknowledgements and a delay, both drawn from a seed. What the child sends is a function of
its position alone, so the parent knows what every line must be. A kill of the process loses nothing that the system
holds for the disk: what a loss of power does is left to SQLite's full synchronisation, which is not tested here.
"""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence

import attrs

from ledger import Deposit
from ledger.journal import Acknowledged, Journal, JournalReader, Tampered, verify

from .journals import USDT, deposit

PAGES_BEFORE_FOLDING = 16
"""Pages of writes after which SQLite folds them into the file: few, so that kills fall into it too."""

Batch = list[Deposit]
Work = Callable[[Journal, int, Callable[[int, str], None]], None]


def batch_of(number: int) -> Batch:
    """The transactions of a batch, from 1: one to four, the last line's amount telling the batch."""
    size = 1 + number % 4
    return [deposit(number, f"account-{number % 50}", USDT * (position + 1)) for position in range(size)]


def lines_until(number: int) -> int:
    """The last line of a batch, the genesis being line 1."""
    return 1 + sum(1 + each % 4 for each in range(1, number + 1))


def batches_in(line: int) -> int | None:
    """How many whole batches end with a line, None where a batch is cut."""
    number = 0
    while lines_until(number) < line:
        number += 1
    return number if lines_until(number) == line else None


def honest(journal: Journal, number: int, tell: Callable[[int, str], None]) -> None:
    """A batch, told of once it is durable."""
    journal.apply_all(batch_of(number))
    tell(journal.durable.line, journal.durable.link.hex())


def told_too_early(journal: Journal, number: int, tell: Callable[[int, str], None]) -> None:
    """A planted bug: told of before it is recorded."""
    for transaction in batch_of(number):
        journal.answer(*journal._written(transaction, None))
    tell(journal._now.line, journal._link.hex())
    journal.commit()


def in_pieces(journal: Journal, number: int, tell: Callable[[int, str], None]) -> None:
    """A planted bug: each line of a batch is recorded by itself."""
    for transaction in batch_of(number):
        journal.apply(transaction)
    tell(journal.durable.line, journal.durable.link.hex())


@attrs.frozen
class Killed:
    """What a kill left: acknowledgements so far, the last line acknowledged, lines found, and what is wrong, None where
    nothing is."""

    acknowledged: int
    told: int
    lines: int
    wrong: str | None


def child(path: str, pipe: int, work: Work) -> None:
    """Append batches until killed."""

    def tell(line: int, link: str) -> None:
        os.write(pipe, json.dumps([line, link]).encode() + b"\n")

    with Journal(path) as journal:
        journal._connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_BEFORE_FOLDING}")
        number = batches_in(journal.durable.line)
        while True:
            number = 1 + (number or 0)
            work(journal, number, tell)


def killed_once(path: str, choices: random.Random, work: Work) -> list[Acknowledged]:
    """What a writer acknowledged until it was killed: at once, while it opens the journal, or later."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        try:
            child(path, writing, work)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        lines = [told.readline() for _ in range(choices.choice((0, 0, 1, 2, 5, 12)))]
        time.sleep(choices.random() * choices.choice((0.0005, 0.003, 0.02)))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "the writer ended by itself"
        lines += told.readlines()
    whole = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [Acknowledged(line, line - 1, bytes.fromhex(link)) for line, link in whole]


def wrong_with(path: str, acknowledged: Sequence[Acknowledged]) -> tuple[int, str | None]:
    """How many lines a journal has, and what is wrong with it after a kill, None where nothing is."""
    with JournalReader(path) as reader:
        line = reader.head().line
        number = batches_in(line)
        try:
            verify(reader, acknowledged)
        except Tampered as tampered:
            return line, str(tampered)
        if number is None:
            return line, f"line {line} is within a batch"
        sent = [transaction for each in range(1, number + 1) for transaction in batch_of(each)]
        found = [entry.transaction for entry in reader.entries(reader.beginning())]
        return line, None if found == sent else "other lines than were sent"


def kills(path: str, count: int, seed: int, work: Work = honest) -> Iterator[Killed]:
    """Kill a writer so often, and look at the journal after each."""
    choices = random.Random(seed)
    acknowledged: list[Acknowledged] = []
    for _ in range(count):
        acknowledged += killed_once(path, choices, work)
        lines, wrong = wrong_with(path, acknowledged)
        told = acknowledged[-1].line if acknowledged else 1
        yield Killed(len(acknowledged), told, lines, wrong)
