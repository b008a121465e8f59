"""Verifying a journal: every row derived anew, in the order of the lines, and the file's own structure."""

from collections import deque
from collections.abc import Iterable

import attrs

from ..canonical import state_digest
from ..log import Entry, LogError
from ..outcomes import Applied
from .faults import JournalError
from .format import Batch, Kept, Line, batch_link, checkpoint_link
from .reading import GENESIS_LINE, Beginning, Head, JournalReader
from .writing import ANOTHER_ANSWER, following


class Tampered(JournalError):
    """A journal that is not what the ledger wrote: its first line that is wrong, the sequence there, and what."""


@attrs.frozen
class Verified:
    """A journal that is as it was written: where it ends, and how many of its rows, besides lines, were looked at."""

    head: Head
    batches: int
    checkpoints: int
    acknowledged: int


@attrs.frozen
class Acknowledged:
    """What a writer told once a batch was durable: its last line, the sequence there, and the link (32 bytes)."""

    line: int
    sequence: int
    link: bytes


def verify(journal: JournalReader, acknowledged: Iterable[Acknowledged] = ()) -> Verified:
    """Derive everything anew: each line's link, answer and chain digest, each batch, each checkpoint's state; hold what
    was `acknowledged` against it, and have SQLite check its file.

    Raises Tampered with the first line that is wrong.
    """
    walk = _Walk(journal, acknowledged)
    with journal.snapshot():
        try:
            walk.begin()
            for row, entry in journal.recorded(walk.now):
                walk.look(row, entry)
            walk.finish()
        except Tampered:
            raise
        except JournalError as error:
            raise walk.wrong(error.line or max(walk.line, GENESIS_LINE), error.message) from None
        except LogError as error:
            raise walk.wrong(error.line, f"{error.field}: {error.message}" if error.field else error.message) from None
    return walk.verified()


class _Walk:
    """On the way through a journal: `now` is what the ledger is after `line`, the last one that was found right."""

    now: Beginning

    def __init__(self, journal: JournalReader, acknowledged: Iterable[Acknowledged]) -> None:
        self.journal = journal
        self.line = self.sequence = 0
        self.batches = self.checkpoints = self.acknowledged = 0
        self.link = self.batch_link = self.checkpoint_link = journal.first_link
        self.last_batch = Batch(0, 0, 0, 0, journal.first_link)
        self.told = deque(sorted(acknowledged, key=lambda each: each.line))

    def wrong(self, line: int, message: str) -> Tampered:
        """What is wrong at a line."""
        return Tampered(self.journal.name, line, self.sequence, message)

    def begin(self) -> None:
        """The genesis line, and what ends with it."""
        self.batch_rows, self.checkpoint_rows = self.journal.batches(), self.journal.checkpoints()
        self.batch, self.kept = next(self.batch_rows, None), next(self.checkpoint_rows, None)
        (row,) = self.journal.lines(0, GENESIS_LINE)
        now = self.journal.beginning()
        if (row.sequence, row.applied, row.chain) != (now.state.sequence, 0, now.chain):
            raise self.wrong(GENESIS_LINE, ANOTHER_ANSWER)
        self.arrive(row, now)

    def look(self, row: Line, entry: Entry) -> None:
        """A line, by the ledger's own answer, and what ends with it."""
        outcome, after = following(self.now, entry)
        answer = after.chain, after.state.sequence, int(isinstance(outcome, Applied))
        if answer != (row.chain, row.sequence, row.applied):
            raise self.wrong(row.line, ANOTHER_ANSWER)
        self.arrive(row, after)

    def arrive(self, row: Line, now: Beginning) -> None:
        """A line is right: the batches, the checkpoint and the acknowledgements that end with it."""
        self.now, self.line, self.sequence, self.link = now, row.line, row.sequence, row.link
        while self.batch is not None and self.batch.line <= self.line:
            self.look_at_batch(self.batch)
            self.batch = next(self.batch_rows, None)
        while self.kept is not None and self.kept.line <= self.line:
            self.look_at_checkpoint(self.kept)
            self.kept = next(self.checkpoint_rows, None)
        while self.told and self.told[0].line <= self.line:
            told = self.told.popleft()
            if (told.line, told.sequence, told.link) != (self.line, self.sequence, self.link):
                raise self.wrong(told.line, f"found the link {self.link.hex()}, acknowledged was {told.link.hex()}")
            self.acknowledged += 1

    def look_at_batch(self, batch: Batch) -> None:
        """A batch that ends with this line; several may, where nothing but refusals that were left out lies between."""
        last = self.last_batch
        new_lines, new_taken = batch.line - last.line, batch.taken - last.taken
        is_next = batch.batch == last.batch + 1 and new_taken >= max(new_lines, 1)
        if not is_next or (batch.line, batch.sequence) != (self.line, self.sequence):
            raise self.wrong(self.line, f"found batch {batch.batch}, which does not end with this line")
        link = batch_link(last.link, self.link, batch.batch, batch.line, batch.sequence, batch.taken)
        if batch.link != link:
            raise self.wrong(self.line, f"found batch {batch.batch} not as it was recorded: its link is another")
        self.last_batch = batch

    def look_at_checkpoint(self, kept: Kept) -> None:
        """A checkpoint of this line: it keeps the state that the ledger is in."""
        now = self.now
        point = kept.line, kept.sequence, kept.latest, kept.chain
        if point != (self.line, self.sequence, now.latest, now.chain):
            raise self.wrong(self.line, "found a checkpoint that is not of this line")
        link = checkpoint_link(self.checkpoint_link, self.link, kept)
        if kept.link != link:
            raise self.wrong(self.line, "found a checkpoint not as it was recorded: its link is another")
        if self.journal.unpacked(kept).point.state_digest != state_digest(now.state):
            raise self.wrong(self.line, "found a checkpoint of another state than the ledger is in")
        self.checkpoint_link = link
        self.checkpoints += 1

    def finish(self) -> None:
        """Nothing may be left over, and the file must be sound."""
        following_line = self.line + 1
        if self.batch is not None:
            raise self.wrong(following_line, f"found nothing, expected the lines of batch {self.batch.batch}")
        if self.kept is not None:
            raise self.wrong(following_line, f"found nothing, expected line {self.kept.line} of a checkpoint")
        if self.last_batch.line != self.line:
            raise self.wrong(self.last_batch.line + 1, "found a line that is in no batch")
        if self.told:
            raise self.wrong(following_line, f"found nothing, acknowledged was line {self.told[-1].line}")
        for message in self.journal.damages():
            raise self.wrong(self.line, f"found every line as it was recorded, but the file is damaged ({message})")

    def verified(self) -> Verified:
        """What it came to."""
        head = Head(self.line, self.sequence, self.last_batch.taken, self.now.chain, self.link)
        return Verified(head, self.last_batch.batch, self.checkpoints, self.acknowledged)
