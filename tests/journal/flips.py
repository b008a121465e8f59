"""A byte of a journal's file is flipped: each flip is found, or changes nothing that is read.

python -m tests.journal.flips      every byte of a journal of an example log, one bit each, drawn from a seed
"""

import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from ledger.journal import Acknowledged, Head, Journal, JournalError, JournalReader, Tampered, verify

from .journals import deposit, everything, new_journal, refused, settled, takeover_journal

SEED = 1
SMALLEST_PAGE = 512
NAMED, REFUSED, HARMLESS = "named by line and sequence", "refused as no journal", "changes nothing that is read"
OUTCOMES = (NAMED, REFUSED, HARMLESS)


def small(folder: Path) -> str:
    """The path of a journal of few bytes: five lines, one of them refused, in three batches, and a checkpoint, on the
    smallest pages there are."""
    path = new_journal(folder, every=3)
    with Journal(path) as journal:
        journal.apply_all([deposit(1), deposit(2)])
        journal.apply(refused(3))
        journal.apply(deposit(3, "bob"))
    packed = str(folder / "packed.journal")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {SMALLEST_PAGE}")
        connection.execute("VACUUM INTO ?", (packed,))
    assert everything(packed) == everything(path)
    settled(packed)
    return packed


def larger(folder: Path) -> str:
    """The path of a journal of an example log, on pages as they come, with checkpoints."""
    path = takeover_journal(folder)
    settled(path)
    return path


def flips(data: bytes, positions: Iterable[int], choices: random.Random) -> Iterator[tuple[int, bytes]]:
    """The bytes with one bit of one byte changed, for each position."""
    for position in positions:
        flipped = bytearray(data)
        flipped[position] ^= 1 << choices.randrange(8)
        yield position, bytes(flipped)


def outcome_of(path: str, before: tuple[object, ...], acknowledged: Iterable[Acknowledged] = ()) -> str:
    """What becomes of a journal that was changed: one of `OUTCOMES`, or what is wrong with that."""
    head = before[2]
    assert isinstance(head, Head)
    try:
        with JournalReader(path) as reader:
            verify(reader, acknowledged)
    except Tampered as tampered:
        is_named = 1 <= tampered.line <= head.line + 1 and tampered.sequence is not None and "\n" not in str(tampered)
        return NAMED if is_named else f"named otherwise: {tampered}"
    except JournalError as error:
        return REFUSED if error.line == 0 and "\n" not in str(error) else f"refused otherwise: {error}"
    return HARMLESS if everything(path) == before else "not found, and something else is read"


def sweep(path: str, positions: Iterable[int] | None = None, seed: int = SEED) -> Counter[str]:
    """How often each outcome came of flips of a journal's file, of all its bytes or of some positions; an outcome that
    may not be is told with its position."""
    before, data = everything(path), Path(path).read_bytes()
    target = f"{path}.flipped"
    found: Counter[str] = Counter()
    chosen = range(len(data)) if positions is None else positions
    for position, flipped in flips(data, chosen, random.Random(seed)):
        Path(target).write_bytes(flipped)
        outcome = outcome_of(target, before)
        found[outcome if outcome in OUTCOMES else f"byte {position}: {outcome}"] += 1
        for suffix in ("-wal", "-shm"):
            if os.path.exists(target + suffix):
                os.unlink(target + suffix)
    return found


if __name__ == "__main__":
    place = Path(tempfile.mkdtemp())
    try:
        outcomes = sweep(larger(place))
    finally:
        shutil.rmtree(place)
    for name, count in outcomes.most_common():
        print(f"{count:6} {name}")
    sys.exit(0 if set(outcomes) <= set(OUTCOMES) else 1)
