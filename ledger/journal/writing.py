"""Writing a journal: transactions answered, watched and recorded, and nothing told before it is durable."""

import contextlib
import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterable
from typing import Self

import attrs

from ..canonical import state_bytes
from ..expectations import unmet
from ..laws import REGISTRY, Law, Monitor, Scope, Step
from ..log import Divergence, Entry, Expect, LogError, encode_transaction
from ..log.decoding import TOLERATED
from ..log.reading import read_on
from ..outcomes import Applied, Outcome, Rejected
from ..replay import advance, note_line
from ..state import State
from ..transactions import Transaction
from ..transition import apply
from ..units import is_multiple
from .database import connect, locked, require_file, require_one_name, settings_in
from .faults import FROM_SQLITE, JournalError, Unfit, message_of, told_of
from .format import (
    COLUMNS,
    FORMAT_VERSION,
    TABLES,
    Batch,
    Kept,
    Line,
    Row,
    batch_link,
    checkpoint_link,
    first_link,
    line_link,
)
from .reading import Beginning, Head, JournalReader, bare

STEP_LAWS = tuple(law for law in REGISTRY if law.scope is not Scope.STATE)
"""Every law of one step, and of a step and those before it: what a journal holds each transaction against."""


NOT_LOCKED = -1
ANOTHER_ANSWER = "found another answer recorded than the ledger gives"


class Journal(JournalReader):
    """A journal to write to, by one process and one thread at a time; readers go on beside it.

    Every transaction is answered, held against `laws`, and recorded before its outcome is returned. A refused one is
    recorded as such, or, unless `record_refusals`, left out. On a law's breach, on an error of the ledger and on one of
    the disk nothing of the batch is recorded, and the journal goes on from its last line when it is used again.

    JournalError where the file is no journal, is damaged after its last checkpoint, cannot be written to, or another
    process writes to it. History laws begin with what the state remembers at the last checkpoint.
    """

    def __init__(
        self,
        path: str,
        *,
        laws: Iterable[Law] = STEP_LAWS,
        record_refusals: bool = True,
        name: str | None = None,
    ) -> None:
        self.name = path if name is None else name
        self.record_refusals, self._laws = record_refusals, tuple(laws)
        require_file(path, self.name)
        self._lock = NOT_LOCKED
        try:
            with told_of(self.name):
                self._connection = connect(path, mode="rw")
            # Only beside what is a journal a lock is kept.
            self.settings, document = settings_in(self._connection, self.name)
            require_one_name(path, self.name)
            self._lock = locked(path, self.name)
            self.first_link = first_link(document)
            with told_of(self.name):
                self._connection.execute("PRAGMA journal_mode = WAL")
            self._resume()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Let go of the file. What was returned is recorded; closing adds nothing."""
        connection = self.__dict__.get("_connection")
        if connection is not None:
            connection.close()
        if self._lock != NOT_LOCKED:
            os.close(self._lock)
            self._lock = NOT_LOCKED

    # Where the ledger is.

    @property
    def state(self) -> State:
        """The state after everything that was recorded, and after what is pending."""
        return self._now.state

    @property
    def pending(self) -> int:
        """How many lines were answered and not recorded yet, those that are left out among them."""
        return self._taken - self._head.taken

    @property
    def durable(self) -> Head:
        """Where the journal is on the disk."""
        return self._head

    def _resume(self) -> None:
        """Go on from the last line that is recorded: fold what follows the last checkpoint, and compare."""
        self._require_writable()
        head = self.head()
        now = self.begin(line=head.line)
        monitor = Monitor(now.state, self._laws, 0)
        for row, entry in self.recorded(now, head.line):
            before = now
            outcome, now = following(before, entry)
            answer = now.chain, now.state.sequence, int(isinstance(outcome, Applied))
            if answer != (row.chain, row.sequence, row.applied):
                raise self.wrong(row.line, before.state.sequence, ANOTHER_ANSWER)
            monitor.observe(Step(before.state, entry.transaction, outcome, now.state))
        if now.chain != head.chain:
            raise self.wrong(head.line, head.sequence, ANOTHER_ANSWER)
        self._monitor = monitor
        self._go_on_from(now, head)
        self._is_ahead = False

    def _require_writable(self) -> None:
        """JournalError where nothing could be written. A file that SQLite opened to read is told of at a write only."""
        with told_of(self.name):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            finally:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")

    def _go_on_from(self, now: Beginning, head: Head) -> None:
        """What is recorded up to here, with nothing pending."""
        self._durable, self._head = now, head
        self._now, self._taken, self._link = now, head.taken, head.link
        self._lines: list[Line] = []
        self._due: list[Kept] = []

    def _discard(self) -> None:
        """Forget what is pending; the monitor has seen it."""
        self._is_ahead = self._is_ahead or self.pending > 0
        self._go_on_from(self._durable, self._head)

    # One transaction after another.

    def apply(self, transaction: Transaction) -> Outcome:
        """Answer a transaction; returns once its outcome is durable.

        Raises LawBroken where it would break a law; JournalError where it cannot be recorded, or where no log may hold
        such a transaction; and then nothing is recorded.
        """
        (outcome,) = self.apply_all([transaction])
        return outcome

    def apply_all(self, transactions: Iterable[Transaction]) -> list[Outcome]:
        """Answer transactions; returns once all of them are durable. They are recorded as one batch, or none is.

        Raises as `apply` does.
        """
        try:
            outcomes = [self._asked(transaction) for transaction in transactions]
            if self._lines:
                self.commit()
        except BaseException:
            self._discard()
            raise
        return outcomes

    def _asked(self, transaction: Transaction) -> Outcome:
        """Answer a transaction of the embedding program, as it will be read from its line."""
        if self.state.time <= transaction.time < self._now.latest:
            wanted = f"{self._now.latest} ms or later, as on the line before"
            raise self._unfit(f"found the time {transaction.time} ms, expected {wanted}")
        try:
            return self.answer(*self._written(transaction, None))
        except Unfit as unfit:
            outcome = apply(self.state, transaction)
            if not isinstance(outcome, Rejected) or outcome.reason not in TOLERATED:
                raise self._unfit(str(unfit)) from None
        if not self.record_refusals:
            self._taken += 1
            return outcome
        try:
            return self.answer(*self._written(transaction, Expect(reason=outcome.reason)))
        except Unfit as unfit:
            raise self._unfit(str(unfit)) from None

    def _written(self, transaction: Transaction, expect: Expect | None) -> tuple[Entry, bytes]:
        """The line of a transaction and the entry that it is read as. Unfit where no log may hold it."""
        try:
            text = encode_transaction(self.state.rulebook, transaction, expect)
            (entry,) = self.read([(self._now.line + 1, text)])
        except LogError as error:
            raise Unfit(f"{error.field}: {error.message}") from None
        except ValueError as error:
            raise Unfit(f"found a transaction that no log may hold ({error})") from None
        return entry, text

    def _unfit(self, message: str) -> JournalError:
        return self.wrong(self._now.line + 1, self.state.sequence, message)

    # Lines of a log, in batches that the caller ends.

    def read(self, lines: Iterable[tuple[int, bytes]], name: str | None = None) -> Iterable[Entry]:
        """The entries of lines that are to follow what was answered; `name` is what errors call where they are from."""
        texts = ((number, bare(text)) for number, text in lines)
        return read_on(texts, name or self.name, self.state.rulebook, latest=self._now.latest)

    def answer(self, entry: Entry, text: bytes) -> Outcome:
        """Answer an entry, and keep it pending until `commit`; `text` is its line with the line end.

        Raises LawBroken, and Divergence where the line expects what the ledger does not do. What was pending before
        stays so. The laws have then seen what did not happen, and begin anew from the journal when it is used again.
        """
        if self._is_ahead:
            self.commit()
            self._resume()
        before = self._now
        outcome, after = following(before, entry)
        self._is_ahead = True
        try:
            self._monitor.observe(Step(before.state, entry.transaction, outcome, after.state))
        except Exception as error:
            note_line(error, entry.line)
            raise
        if entry.expect is not None:
            differences = unmet(entry.expect, outcome, after.state, after.chain)
            if differences:
                raise Divergence(self.name, entry.line, "", "; ".join(differences))
        self._taken += 1
        is_applied = isinstance(outcome, Applied)
        if is_applied or self.record_refusals:
            self._now = after
            self._record(text, is_applied=is_applied)
        self._is_ahead = False
        return outcome

    def _record(self, text: bytes, *, is_applied: bool) -> None:
        now = self._now
        sequence, applied = now.state.sequence, int(is_applied)
        self._link = line_link(self._link, now.line, text, sequence, applied, now.chain)
        self._lines.append(Line(now.line, text, sequence, applied, now.chain, self._link))
        every = self.settings.checkpoint_every
        if every and is_multiple(now.line, every):
            self._due.append(kept_of(now))

    def commit(self, *, checkpoint: bool = False) -> Head:
        """Record what is pending, as one batch, and return where the journal is once that is durable.

        `checkpoint`: keep the state of the last line too. JournalError where it cannot be recorded; then none is.
        """
        due = list(self._due)
        if checkpoint and self._now.line not in [kept.line for kept in due]:
            due.append(kept_of(self._now))
        if self.pending or due:
            try:
                head = self._write(due)
            except FROM_SQLITE as error:
                self._discard()
                raise self.wrong(0, None, message_of(error)) from error
            except BaseException:
                self._discard()
                raise
            self._go_on_from(self._now, head)
        return self._head

    def _write(self, due: list[Kept]) -> Head:
        """One database transaction: the lines, the batch that ends with them, and the checkpoints."""
        now, before = self._now, self._head
        after = Head(now.line, now.state.sequence, self._taken, now.chain, self._link)
        try:
            # Within, so that an interrupt that comes as it has begun leaves nothing open.
            self._connection.execute("BEGIN IMMEDIATE")
            if self.head() != before:
                raise self.wrong(
                    before.line + 1, before.sequence, "found lines of another process, expected to be alone"
                )
            self._insert(Line, self._lines)
            if self.pending:
                self._insert(Batch, [self._batch(after)])
            self._insert(Kept, self._linked(due))
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return after

    def _batch(self, head: Head) -> Batch:
        last = self._one(Batch, "ORDER BY batch DESC LIMIT 1")
        assert last is not None
        number = last.batch + 1
        link = batch_link(last.link, head.link, number, head.line, head.sequence, head.taken)
        return Batch(number, head.line, head.sequence, head.taken, link)

    def _linked(self, due: list[Kept]) -> list[Kept]:
        """The checkpoints with their links, without those that are kept already."""
        last = self._one(Kept, "ORDER BY line DESC LIMIT 1") if due else None
        link = self.first_link if last is None else last.link
        linked = []
        for kept in due:
            if last is None or kept.line > last.line:
                link = checkpoint_link(link, self.line(kept.line).link, kept)
                linked.append(attrs.evolve(kept, link=link))
        return linked

    def _insert(self, kind: type[Row], rows: Iterable[Row]) -> None:
        marks = ", ".join("?" for _ in COLUMNS[kind])
        self._connection.executemany(
            f"INSERT INTO {TABLES[kind]} VALUES ({marks})", (attrs.astuple(row, recurse=False) for row in rows)
        )


def following(now: Beginning, entry: Entry) -> tuple[Outcome, Beginning]:
    """The ledger's answer to an entry that follows `now`, and what it goes on with. An error is noted with the line."""
    outcome, state, digest = advance(now.state, now.chain, entry)
    return outcome, Beginning(state, now.line + 1, max(now.latest, entry.transaction.time), digest)


def kept_of(now: Beginning) -> Kept:
    """The row of a checkpoint, its link not made yet."""
    data = state_bytes(now.state)
    digest = hashlib.sha256(data).digest()
    return Kept(now.line, now.state.sequence, now.latest, now.chain, digest, zlib.compress(data, 1), b"")
