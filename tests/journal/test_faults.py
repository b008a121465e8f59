"""What the machine does to a journal: full disks, files that cannot be written to, other writers. Each is told in one
line, nothing acknowledged is lost, and the journal goes on once it can."""

import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.journal import Journal, JournalError, JournalReader, create, database, import_log, verify

from ..cli.runs import CASCADE, TAKEOVER
from .journals import GENESIS, deposit, everything, head_of, in_a_child, new_journal, takeover_journal

NOBODY = 65534
BUSY = "found another process that writes to it, expected to be the only one"
NO_ROOM = "found no room to write, expected room for what comes"
ODD = 13


def appended_until_full(journal: Journal, start: int) -> tuple[int, JournalError]:
    """How many deposits were acknowledged before the disk was full, and what it told."""
    for number in range(start, start + 2000):
        try:
            journal.apply_all([deposit(number, f"account-{number}-{part}") for part in range(20)])
        except JournalError as error:
            return number - start, error
    raise AssertionError("never full")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        journal._connection.execute("PRAGMA max_page_count = 40")
        done, error = appended_until_full(journal, 1)
        assert str(error).startswith(f"{path}: {NO_ROOM}")
        assert done > 3
        assert journal.durable == head_of(path)
        assert (journal.durable.line, journal.state.sequence) == (1 + 20 * done, 20 * done)
        again, error = appended_until_full(journal, 1 + done)
        assert (again, str(error)[: len(path)]) == (0, path)
        journal._connection.execute("PRAGMA max_page_count = 4000")
        journal.apply(deposit(5000))
    with JournalReader(path) as reader:
        assert verify(reader).head.line == 2 + 20 * done


def test_a_limit_on_the_size_of_files_loses_nothing(tmp_path: Path) -> None:
    path = new_journal(tmp_path)

    def work() -> int:
        with Journal(path) as journal:
            journal.apply(deposit(1))
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            done, error = appended_until_full(journal, 2)
            message = str(error)
            assert message.startswith(f"{path}: found "), message
            assert "\n" not in message
            assert journal.durable.line == 2 + 20 * done
            assert done > 0
        return ODD

    assert in_a_child(work) == ODD
    head = head_of(path)
    assert head.line > 2
    with Journal(path) as journal:
        journal.apply(deposit(5000))
    with JournalReader(path) as reader:
        assert verify(reader).head.line == head.line + 1


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 400 kB."""
    folder = Path(tempfile.mkdtemp())
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("a file system can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def test_a_file_system_that_is_full_loses_nothing(small_disk: Path) -> None:
    path = new_journal(small_disk)
    with Journal(path) as journal:
        done, error = appended_until_full(journal, 1)
        assert str(error).startswith(f"{path}: {NO_ROOM}")
        assert done > 3
        assert journal.durable.line == 1 + 20 * done
    with JournalReader(path) as reader:
        assert verify(reader).head.line == 1 + 20 * done
    with pytest.raises(JournalError, match=f"another.journal: {NO_ROOM}"):
        import_log(str(small_disk / "another.journal"), CASCADE)
    assert {entry.name.partition("-")[0] for entry in small_disk.iterdir()} == {"small.journal"}


@pytest.mark.parametrize(("room", "is_enough"), [("2700k", False), ("3400k", False), ("4200k", False), ("6m", True)])
def test_an_import_is_whole_or_not_at_all_where_the_disk_gets_full(
    small_disk: Path, room: str, is_enough: bool
) -> None:
    """There is room for what is written ahead, and not for that to be moved into the file as well; at last there is."""
    subprocess.run(["mount", "-o", f"remount,size={room}", str(small_disk)], check=True)
    path = small_disk / "cascade.journal"
    if is_enough:
        head = import_log(str(path), CASCADE, laws=())
        assert head_of(str(path)) == head
        return
    with pytest.raises(JournalError, match=f"^{path}: {NO_ROOM}"):
        import_log(str(path), CASCADE, laws=())
    assert list(small_disk.iterdir()) == []


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_nobody() -> None:
    """Root may write everywhere, so become somebody else, who may not."""
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


@pytest.mark.parametrize("folder_is_writable", [False, True])
def test_a_read_only_file_is_read_and_not_written(public_folder: Path, folder_is_writable: bool) -> None:
    path = takeover_journal(public_folder)
    before = everything(path)
    for suffix in ("-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    os.chmod(path, 0o444)
    public_folder.chmod(0o777 if folder_is_writable else 0o555)

    def work() -> int:
        as_nobody()
        with pytest.raises(JournalError) as caught:
            Journal(path)
        assert str(caught.value).startswith(f"{path}: found a file that cannot be written to")
        if not folder_is_writable:
            with pytest.raises(
                JournalError, match="another: found permission denied, expected to write a journal there"
            ):
                create(str(public_folder / "another"), GENESIS)
        assert everything(path) == before
        with JournalReader(path) as reader:
            verify(reader)
        return ODD

    assert in_a_child(work) == ODD


def test_what_is_written_ahead_is_not_passed_over_through_a_link(public_folder: Path) -> None:
    """Where the folder of the file cannot be written to, a log of writes beside it has to be seen, or they are lost."""
    folder, link = public_folder / "folder", public_folder / "link.journal"
    folder.mkdir()
    path = new_journal(folder)
    link.symlink_to(path)
    assert in_a_child(lambda: Journal(path).apply(deposit(1)) and os._exit(ODD)) == ODD
    os.unlink(path + "-shm")
    folder.chmod(0o555)

    def work() -> int:
        as_nobody()
        for name in (path, str(link)):
            with pytest.raises(JournalError, match="found a file that cannot be "):
                head_of(name)
        return ODD

    assert in_a_child(work) == ODD
    folder.chmod(0o755)
    assert head_of(str(link)).line == 2


@pytest.mark.parametrize(
    "name", ["a b.journal", "a?mode=ro&b#c%41.journal", "a\n\u00e9.journal", os.fsdecode(b"a\xff")]
)
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    path = new_journal(tmp_path, name=name)
    with Journal(path) as journal:
        journal.apply(deposit(1))
    assert head_of(path).line == 2
    assert all(entry.name.startswith(name) for entry in tmp_path.iterdir())


def test_a_path_is_what_the_system_takes_it_for(tmp_path: Path) -> None:
    """Two slashes name no host, and what is above a link is above the folder that it leads to."""
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    new_journal(tmp_path)
    path = new_journal(tmp_path / "link" / "..")
    for each in (path, f"/{path}"):
        with Journal(each) as journal:
            journal.apply(deposit(1))
    assert head_of(str(tmp_path / "elsewhere" / "small.journal")).line == 3
    assert head_of(str(tmp_path / "small.journal")).line == 1


def test_beside_what_is_no_journal_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "takeover.jsonl"
    path.write_bytes(Path(TAKEOVER).read_bytes())
    with pytest.raises(JournalError, match=r"takeover\.jsonl: found "):
        Journal(str(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["takeover.jsonl"]


def test_a_second_writer_is_told_so(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:

        def work() -> int:
            with pytest.raises(JournalError, match=f"^{path}: {BUSY}$"):
                Journal(path)
            return ODD

        assert in_a_child(work) == ODD
        with pytest.raises(JournalError, match=f"^{path}: {BUSY}$"):
            Journal(path)
        journal.apply(deposit(1))
    with Journal(path) as journal:
        assert journal.durable.line == 2


def test_a_file_with_two_names_is_read_and_not_written(tmp_path: Path) -> None:
    """By each name it would have another lock and another log of writes, and writers would lose each other's lines."""
    path, other = new_journal(tmp_path), str(tmp_path / "other.journal")
    os.link(path, other)
    for each in (path, other):
        with pytest.raises(JournalError, match=r"found a file with 2 names \(hard links\), expected one$"):
            Journal(each)
        assert head_of(each).line == 1
    os.unlink(other)
    with Journal(path) as journal:
        journal.apply(deposit(1))


def test_a_name_that_is_too_long_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="found file name too long, expected to write a journal there"):
        new_journal(tmp_path, name="n" * 250)


def test_a_writer_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    assert in_a_child(lambda: Journal(path).apply(deposit(1)) and os._exit(ODD)) == ODD
    with Journal(path) as journal:
        assert journal.durable.line == 2


class Interrupted:
    """A connection during which somebody presses Control-C once, just as a statement has been executed."""

    def __init__(self, connection: sqlite3.Connection, statement: str) -> None:
        self.connection, self.statement, self.is_done = connection, statement, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """As the connection does, and then the interrupt."""
        cursor = self.connection.execute(statement, *values)
        if statement == self.statement and not self.is_done:
            self.is_done = True
            raise KeyboardInterrupt
        return cursor


@pytest.mark.parametrize(("statement", "is_recorded"), [("BEGIN IMMEDIATE", False), ("COMMIT", True)])
def test_a_writer_that_is_interrupted_goes_on(tmp_path: Path, statement: str, is_recorded: bool) -> None:
    """As its transaction has begun, and as it has ended: in a program that goes on with the same journal."""
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        journal.apply(deposit(1))
        interrupted = Interrupted(journal._connection, statement)
        journal._connection = interrupted  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            journal.apply(deposit(2))
        assert interrupted.is_done
        journal.apply(deposit(3))
        assert journal.durable == head_of(path)
    with JournalReader(path) as reader:
        assert verify(reader).head.line == 3 + is_recorded


def test_a_reader_that_is_interrupted_sees_what_comes_later(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal, JournalReader(path) as reader:
        interrupted = Interrupted(reader._connection, "BEGIN")
        reader._connection = interrupted  # type: ignore[assignment]
        with pytest.raises(KeyboardInterrupt):
            reader.head()
        assert interrupted.is_done
        assert reader.head().line == 1
        journal.apply(deposit(1))
        assert reader.head().line == 2


def test_another_program_that_writes_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that goes past the lock: SQLite's own lock is noticed, and so are lines of it."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    path = new_journal(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match=f"^{path}: {BUSY}"):
            Journal(path)
        other.execute("ROLLBACK")
        with Journal(path) as journal:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalError, match=f"^{path}: {BUSY}"):
                journal.apply(deposit(1))
            other.execute("ROLLBACK")
            journal.apply(deposit(1))
            os.unlink(path + "-lock")
            with Journal(path) as second:
                second.apply(deposit(2))
            with pytest.raises(JournalError, match="journal:3: sequence 1: found lines of another process"):
                journal.apply(deposit(2))
            journal.apply(deposit(3))  # it goes on from what is there
    with JournalReader(path) as reader:
        assert verify(reader).head.line == 4


def test_readers_see_whole_batches_while_a_writer_goes_on(tmp_path: Path) -> None:
    """Also one that reads slowly: what it sees is of one moment."""
    path = new_journal(tmp_path)
    with Journal(path) as journal, JournalReader(path) as reader:
        journal.apply_all([deposit(number) for number in range(5)])
        slow = reader.lines()
        next(slow)
        for number in range(10, 40):
            journal.apply_all([deposit(number), deposit(number), deposit(number)])
            with JournalReader(path) as other:
                assert (other.head().line - 6) % 3 == 0
        assert sum(1 for _ in slow) == 5
        assert sum(1 for _ in reader.lines()) == 6 + 90
        journal.answer(*journal._written(deposit(50), None))
        assert reader.head().line == 96  # pending is not there


@pytest.mark.parametrize(("content", "message"), [
    (None, "found no such file or directory, expected a journal"),
    (b"", "found another SQLite database, expected a journal"),
    (b"nothing of SQLite" * 100, "found no SQLite database, expected a journal (file is not a database)"),
    (Path(TAKEOVER).read_bytes(), "found no SQLite database, expected a journal (file is not a database)"),
])  # fmt: skip
@pytest.mark.parametrize("kind", [Journal, JournalReader])
def test_what_is_no_journal(tmp_path: Path, content: bytes | None, message: str, kind: type[JournalReader]) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalError) as caught:
        kind(str(path))
    assert str(caught.value) == f"{path}: {message}"
    with pytest.raises(JournalError, match="found a folder or device, expected a journal"):
        kind(str(tmp_path))


def test_another_database_and_another_format(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    for pragma, message in (
        ("user_version = 2", "found format 2, expected format 1"),
        ("user_version = 1", None),
        ("application_id = 7", "found another SQLite database, expected a journal"),
    ):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA {pragma}")
        if message is None:
            head_of(path)
            continue
        with pytest.raises(JournalError, match=message):
            head_of(path)
