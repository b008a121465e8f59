"""Every tampering with a journal is found, and named by its line and sequence."""

import os
import random
import sqlite3
from pathlib import Path

import pytest

from ledger.journal import Acknowledged, Journal, JournalError, JournalReader, Tampered, export, verify
from ledger.journal.format import first_link, line_link

from .flips import HARMLESS, NAMED, OUTCOMES, REFUSED, SEED, larger, outcome_of, small, sweep
from .journals import deposit, everything, head_of, new_journal, settled, takeover_journal, tampered

SAMPLE = 400


def found(path: str, acknowledged: list[Acknowledged] | None = None) -> str:
    """What verifying finds, without the file's name."""
    with JournalReader(path) as reader, pytest.raises(Tampered) as caught:
        verify(reader, acknowledged or [])
    message = str(caught.value)
    assert message.startswith(f"{path}:{caught.value.line}: sequence {caught.value.sequence}: ")
    return message.removeprefix(f"{path}:")


@pytest.mark.slow
def test_every_flipped_byte_is_found_or_changes_nothing(tmp_path: Path) -> None:
    path = small(tmp_path)
    outcomes = sweep(path)
    assert set(outcomes) == set(OUTCOMES), outcomes
    assert outcomes.total() == os.path.getsize(path)
    assert min(outcomes.values()) > 100


@pytest.mark.slow
def test_flipped_bytes_of_a_larger_journal(tmp_path: Path) -> None:
    path = larger(tmp_path)
    outcomes = sweep(path, random.Random(SEED).sample(range(os.path.getsize(path)), SAMPLE))
    assert set(outcomes) == {NAMED, REFUSED, HARMLESS}, outcomes


def test_a_flip_that_is_not_looked_for_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: links that do not cover how a line is spelled."""

    def blind(previous: bytes, line: int, text: bytes, sequence: int, applied: int, chain: bytes) -> bytes:
        return line_link(previous, line, b"", sequence, applied, chain)

    for module in ("reading", "writing", "making"):
        monkeypatch.setattr(f"ledger.journal.{module}.line_link", blind)
    path = takeover_journal(tmp_path)
    before = everything(path)
    with tampered(path) as connection:
        connection.execute(
            "UPDATE lines SET text = CAST(replace(CAST(text AS TEXT), ',', ', ') AS BLOB) WHERE line = 3"
        )
    assert outcome_of(path, before) == "not found, and something else is read"


CHANGES: dict[str, tuple[tuple[str, ...], str]] = {
    "a line removed": (
        ("DELETE FROM lines WHERE line = 7",),
        "7: sequence 5: found line 8, expected line 7",
    ),
    "a line removed, and those after it moved up": (
        ("DELETE FROM lines WHERE line = 7", "UPDATE lines SET line = line - 1 WHERE line > 7"),
        "7: sequence 5: found a line that is not as it was recorded: its link is another",
    ),
    "the last line removed": (
        ("DELETE FROM lines WHERE line = 21",),
        "21: sequence 14: found nothing, expected the lines of batch 2",
    ),
    "two lines swapped": (
        (
            "UPDATE lines SET line = 100 WHERE line = 7",
            "UPDATE lines SET line = 7 WHERE line = 8",
            "UPDATE lines SET line = 8 WHERE line = 100",
        ),
        "7: sequence 5: found a line that is not as it was recorded: its link is another",
    ),
    "two texts swapped": (
        (
            "UPDATE lines SET text = (SELECT text FROM lines AS other WHERE other.line = 15 - lines.line) "
            "WHERE line IN (7, 8)",
        ),
        "7: sequence 5: found a line that is not as it was recorded: its link is another",
    ),
    "a line put in twice": (
        (
            "UPDATE lines SET line = line + 101 WHERE line > 7",
            "INSERT INTO lines SELECT 8, text, sequence, applied, chain, link FROM lines WHERE line = 7",
            "UPDATE lines SET line = line - 100 WHERE line > 100",
        ),
        "8: sequence 6: found a line that is not as it was recorded: its link is another",
    ),
    "the genesis removed": (
        ("DELETE FROM lines WHERE line = 1",),
        "1: sequence 0: found nothing, expected this line",
    ),
    "every line removed": (("DELETE FROM lines",), "1: sequence 0: found nothing, expected this line"),
    "a digest changed": (
        ("UPDATE lines SET chain = zeroblob(32) WHERE line = 9",),
        "9: sequence 7: found a line that is not as it was recorded: its link is another",
    ),
    "a refusal called applied": (
        ("UPDATE lines SET applied = 1 WHERE applied = 0 AND line = 14",),
        "14: sequence 11: found a line that is not as it was recorded: its link is another",
    ),
    "a batch removed": (
        ("DELETE FROM batches WHERE batch = 2",),
        "2: sequence 14: found a line that is in no batch",
    ),
    "a batch moved": (
        ("UPDATE batches SET line = 20 WHERE batch = 2",),
        "20: sequence 14: found batch 2 not as it was recorded: its link is another",
    ),
    "lines taken changed": (
        ("UPDATE batches SET taken = 30 WHERE batch = 2",),
        "21: sequence 14: found batch 2 not as it was recorded: its link is another",
    ),
    "a checkpoint removed": (
        ("DELETE FROM checkpoints WHERE line = 10",),
        "15: sequence 12: found a checkpoint not as it was recorded: its link is another",
    ),
    "a checkpoint of another place": (
        ("UPDATE checkpoints SET state = (SELECT state FROM checkpoints WHERE line = 5) WHERE line = 10",),
        "10: sequence 9: found a checkpoint not as it was recorded: its link is another",
    ),
    "a checkpoint beyond the end": (
        ("UPDATE checkpoints SET line = 99 WHERE line = 20",),
        "22: sequence 14: found nothing, expected line 99 of a checkpoint",
    ),
    "a line put in before the first": (
        ("INSERT INTO lines SELECT 0, text, sequence, applied, chain, link FROM lines WHERE line = 2",),
        "1: sequence 0: found line 0, expected line 1",
    ),
    "a line put in at the least number there is": (
        (
            "INSERT INTO lines SELECT -9223372036854775808, text, sequence, applied, chain, link "
            "FROM lines WHERE line = 2",
        ),
        "1: sequence 0: found line -9223372036854775808, expected line 1",
    ),
    "a batch put in before the first": (
        ("INSERT INTO batches SELECT 0, line, sequence, taken, link FROM batches WHERE batch = 1",),
        "1: sequence 0: found batch 0, which does not end with this line",
    ),
    "a checkpoint put in before the first line": (
        (
            "INSERT INTO checkpoints SELECT -1, sequence, latest, chain, state_digest, state, link "
            "FROM checkpoints WHERE line = 5",
        ),
        "1: sequence 0: found a checkpoint that is not of this line",
    ),
    "settings changed": (
        ("UPDATE settings SET document = CAST('{\"checkpoint_every\":6}' AS BLOB)",),
        "1: sequence 0: found a line that is not as it was recorded: its link is another",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "message"), CHANGES.values(), ids=CHANGES)
def test_what_is_changed_past_the_triggers_is_found(tmp_path: Path, statements: tuple[str, ...], message: str) -> None:
    path = takeover_journal(tmp_path)
    with tampered(path) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    assert found(path) == message


def relinked(connection: sqlite3.Connection, texts: dict[int, bytes]) -> None:
    """Other texts in a journal, and every line's link made anew: what somebody can do who knows the format."""
    ((document,),) = connection.execute("SELECT document FROM settings").fetchall()
    link = first_link(document)
    for number, text, sequence, applied, chain in connection.execute(
        "SELECT line, text, sequence, applied, chain FROM lines ORDER BY line"
    ).fetchall():
        new = texts.get(number, text)
        link = line_link(link, number, new, sequence, applied, chain)
        connection.execute("UPDATE lines SET text = ?, link = ? WHERE line = ?", (new, link, number))


def test_a_forged_line_is_found_by_the_ledgers_own_answer(tmp_path: Path) -> None:
    path = takeover_journal(tmp_path)
    with tampered(path) as connection:
        ((text,),) = connection.execute("SELECT text FROM lines WHERE line = 4").fetchall()
        assert b'"amount":"' in text
        relinked(connection, {4: text.replace(b'"amount":"', b'"amount":"1')})
    assert found(path).startswith("4: sequence 2: found another answer recorded than the ledger gives")


def test_a_line_spelled_otherwise_and_linked_anew_is_found_by_its_batch(tmp_path: Path) -> None:
    path = takeover_journal(tmp_path, every=0)
    with tampered(path) as connection:
        ((text,),) = connection.execute("SELECT text FROM lines WHERE line = 4").fetchall()
        relinked(connection, {4: text.replace(b",", b", ", 1)})
    assert found(path) == "21: sequence 14: found batch 2 not as it was recorded: its link is another"


def batches_written(path: str) -> list[Acknowledged]:
    """Four batches, and what was acknowledged of them."""
    told = []
    with Journal(path) as journal:
        for number in range(1, 5):
            journal.apply_all([deposit(number), deposit(number, "bob")])
            head = journal.durable
            told.append(Acknowledged(head.line, head.sequence, head.link))
    return told


def test_what_is_missing_at_the_end_is_found_by_what_was_acknowledged(tmp_path: Path) -> None:
    """A journal without its last batches is one that was whole before: nothing in the file can tell."""
    path = new_journal(tmp_path)
    told = batches_written(path)
    with JournalReader(path) as reader:
        assert verify(reader, told).acknowledged == 4
    with tampered(path) as connection:
        connection.execute("DELETE FROM lines WHERE line > 7")
        connection.execute("DELETE FROM batches WHERE batch > 4")
    with JournalReader(path) as reader:
        assert verify(reader, told[:3]).head.line == 7
    assert found(path, told) == "8: sequence 6: found nothing, acknowledged was line 9"


def test_another_history_is_found_by_what_was_acknowledged(tmp_path: Path) -> None:
    told = batches_written(new_journal(tmp_path))
    other = new_journal(tmp_path, name="other.journal")
    with Journal(other) as journal:
        journal.apply_all([deposit(1), deposit(1, "carol")])
        journal.apply_all([deposit(2), deposit(2, "bob")])
    assert found(other, told).startswith("3: sequence 2: found the link ")


@pytest.mark.parametrize("keep", [0.05, 0.2, 0.5, 0.8, 0.95, 0.999])
def test_a_file_that_is_cut_off(tmp_path: Path, keep: float) -> None:
    path = takeover_journal(tmp_path)
    settled(path)
    data = Path(path).read_bytes()
    before = everything(path)
    settled(path)
    Path(path).write_bytes(data[: int(len(data) * keep)])
    outcome = outcome_of(path, before)
    assert outcome in (NAMED, REFUSED), outcome


def test_a_log_of_writes_that_is_damaged(tmp_path: Path) -> None:
    """What a killed writer leaves beside the file is part of the journal. SQLite drops what is damaged there and all
    that follows, as it drops what was not written to the end: found by what was acknowledged, and never misread."""
    path = new_journal(tmp_path)
    told = batches_written_and_left(path)
    beside = Path(path + "-wal").read_bytes()
    choices = random.Random(SEED)
    outcomes = set()
    before = everything(path)
    for position in sorted(choices.sample(range(len(beside)), 150)):
        flipped = bytearray(beside)
        flipped[position] ^= 1 << choices.randrange(8)
        Path(path + "-shm").unlink(missing_ok=True)
        Path(path + "-wal").write_bytes(flipped)
        outcomes.add(outcome_of(path, before, told))
    assert outcomes == {NAMED, HARMLESS} or outcomes == {NAMED}, outcomes


def batches_written_and_left(path: str) -> list[Acknowledged]:
    """Four batches by a writer that ends without closing, so that they are in the log of writes alone."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            journal = Journal(path)
            for number in range(1, 5):
                journal.apply_all([deposit(number), deposit(number, "bob")])
                head = journal.durable
                os.write(writing, f"{head.line} {head.sequence} {head.link.hex()}\n".encode())
        finally:  # whatever is raised: this process is not to go on with the tests
            os._exit(0)
    os.close(writing)
    os.wait()
    with os.fdopen(reading) as pipe:
        words = [line.split() for line in pipe]
    return [Acknowledged(int(line), int(sequence), bytes.fromhex(link)) for line, sequence, link in words]


def test_reading_notices_what_it_reads(tmp_path: Path) -> None:
    """Not only verifying: whoever reads a line that was changed is told, and a writer does not go on from it."""
    path = takeover_journal(tmp_path, every=0)
    with tampered(path) as connection:
        connection.execute("UPDATE lines SET text = CAST(text || x'20' AS BLOB) WHERE line = 7")
    message = "7: sequence 5: found a line that is not as it was recorded: its link is another"
    with JournalReader(path) as reader, pytest.raises(JournalError, match=message):
        list(export(reader))
    with pytest.raises(JournalError, match=message):
        Journal(path)


def test_a_journal_that_was_vacuumed_is_the_same(tmp_path: Path) -> None:
    path = takeover_journal(tmp_path)
    before = everything(path)
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")
    connection.close()
    assert outcome_of(path, before) == HARMLESS


@pytest.mark.parametrize("change", [
    "DROP TRIGGER lines_no_update", "DROP TABLE batches", "CREATE TABLE more (x)", "CREATE INDEX i ON lines (sequence)",
    "ALTER TABLE lines ADD COLUMN more INTEGER",
])  # fmt: skip
def test_other_tables_or_triggers_are_no_journal(tmp_path: Path, change: str) -> None:
    path = takeover_journal(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.close()
    with pytest.raises(JournalError, match="found other tables or triggers, expected those of a journal"):
        head_of(path)
