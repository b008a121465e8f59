"""A journal does at every step what a list of lines would: whatever raised before, whoever opened it again."""

import random
from io import BytesIO
from pathlib import Path

import pytest

from ledger import HELD, Breach, Deposit, HistoryLaw, LawBroken, LogError, Looks, State, Step, Transaction, Verdict
from ledger.journal import Journal, JournalError, JournalReader, append, export, verify
from ledger.laws.law import StepCheck
from ledger.log import encode_transaction

from .journals import GENESIS, TIME, USDT, everything, new_journal, refused
from .test_appending import DEPOSIT

STEPS, RUNS = 60, 25
TOO_MUCH = 9 * USDT
NO_LOG = Deposit(TIME, "no such id", "USDT", USDT)


class Memory:
    """A history law that remembers the steps it has seen, in order; deposits of 9 USDT break it."""

    def __init__(self) -> None:
        self.seen: list[Transaction] = []

    def start(self, state: State) -> StepCheck:
        seen = self.seen = []

        def check(step: Step) -> Verdict:
            seen.append(step.transaction)
            return Breach("too much") if getattr(step.transaction, "amount", 0) == TOO_MUCH else HELD

        return check

    @property
    def laws(self) -> tuple[HistoryLaw, ...]:
        """The law."""
        return (HistoryLaw("OWN-1", "Deposits are small.", self.start, looks=Looks.ALL),)


class Model:
    """A journal and the list that it is compared with."""

    def __init__(self, folder: Path, choices: random.Random) -> None:
        self.choices, self.path = choices, new_journal(folder, every=choices.choice((0, 3, 7)))
        self.memory = Memory()
        self.journal = Journal(self.path, laws=self.memory.laws)
        self.lines: list[Transaction] = []
        self.seconds = 0

    def batch(self) -> list[Transaction]:
        """Transactions that are answered, some of them refused."""
        drawn: list[Transaction] = []
        for _ in range(self.choices.randrange(1, 5)):
            self.seconds += self.choices.randrange(2)
            amount = USDT * self.choices.randrange(1, 9)
            is_refused = self.choices.random() < 0.3
            time = TIME + 1000 * self.seconds
            drawn.append(refused(self.seconds) if is_refused else Deposit(time, "alice", "USDT", amount))
        return drawn

    def text(self, transactions: list[Transaction]) -> bytes:
        """The lines of a log."""
        return b"".join(encode_transaction(self.journal.state.rulebook, each) for each in transactions)

    # What may happen.

    def good(self) -> None:
        batch = self.batch()
        self.journal.apply_all(batch)
        self.lines += batch

    def streamed(self) -> None:
        batch = self.batch()
        append(self.journal, BytesIO(self.text(batch)), "stream", most=self.choices.randrange(1, 4))
        self.lines += batch

    def bad_stream(self) -> None:
        batch = self.batch()
        bad = self.choices.choice((b"nonsense\n", DEPOSIT % (TIME + 1000 * self.seconds, 9)))
        with pytest.raises((LogError, LawBroken)):
            append(self.journal, BytesIO(self.text(batch) + bad), "stream", most=self.choices.randrange(1, 4))
        self.lines += batch

    def unfit(self) -> None:
        with pytest.raises(JournalError):
            self.journal.apply_all([*self.batch(), NO_LOG])

    def law_broken(self) -> None:
        batch = self.batch()
        with pytest.raises(LawBroken):
            self.journal.apply_all([*batch, Deposit(TIME + 1000 * self.seconds, "alice", "USDT", TOO_MUCH)])

    def disk_full(self) -> None:
        connection = self.journal._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        long = [
            Deposit(TIME + 1000 * self.seconds, f"{'account' * 9}{number % 10}", "USDT", USDT) for number in range(200)
        ]
        with pytest.raises(JournalError, match="found no room to write"):
            self.journal.apply_all(long)
        connection.execute("PRAGMA max_page_count = 1000000")

    def checkpoint(self) -> None:
        self.journal.commit(checkpoint=True)

    def again(self) -> None:
        self.journal.close()
        self.journal = Journal(self.path, laws=self.memory.laws)

    # What is so afterwards.

    def compare(self) -> None:
        wanted = GENESIS + self.text(self.lines)
        with JournalReader(self.path) as reader:
            assert b"".join(export(reader)) == wanted
            assert reader.head() == self.journal.durable
        assert self.journal.pending == 0
        assert self.journal.durable.line == 1 + len(self.lines)


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_journal_does_what_a_list_would(tmp_path: Path, seed: int) -> None:
    run_once(tmp_path, seed)


def test_laws_that_are_not_begun_anew_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: after an error the laws go on with what did not happen."""
    monkeypatch.setattr(Journal, "_is_ahead", property(lambda self: False, lambda self, value: None), raising=False)
    with pytest.raises(AssertionError):
        run_once(tmp_path, 0)


def test_lines_that_stay_after_an_error_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: what was pending when a batch failed is recorded with the next."""
    monkeypatch.setattr(Journal, "_discard", lambda self: None)
    with pytest.raises(AssertionError):
        run_once(tmp_path, 0)


def run_once(folder: Path, seed: int) -> None:
    """Some steps drawn from a seed."""
    choices = random.Random(seed)
    model = Model(folder, choices)
    steps = (
        model.good, model.good, model.good, model.streamed, model.bad_stream, model.unfit, model.law_broken,
        model.disk_full, model.checkpoint, model.again,
    )  # fmt: skip
    for _ in range(STEPS):
        choices.choice(steps)()
        model.compare()
    model.good()
    # The law has seen the lines since the checkpoint that it began at, in order, and nothing that did not happen.
    seen = model.memory.seen
    assert seen == model.lines[len(model.lines) - len(seen) :]
    model.journal.close()
    with JournalReader(model.path) as reader:
        verify(reader)
    assert everything(model.path)
