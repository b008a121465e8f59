"""Writing to a journal: what is recorded, what is refused, and that nothing is told before it is recorded."""

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from ledger import HELD, Applied, Breach, HistoryLaw, LawBroken, Rejected, State, Step, StepLaw, Verdict, replay_log
from ledger.canonical import state_digest
from ledger.journal import Journal, JournalError, JournalReader, Settings, create, export, import_log, verify
from ledger.laws.law import StepCheck
from ledger.log import open_log, read_log

from ..cli.runs import CASCADE, TAKEOVER
from .journals import GENESIS, TIME, USDT, deposit, head_of, new_journal, refused, takeover_journal


def test_what_is_applied_is_recorded_before_it_is_told(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        for seconds in range(3):
            outcome = journal.apply(deposit(seconds))
            assert isinstance(outcome, Applied)
            assert journal.state == outcome.state
            with JournalReader(path) as reader:  # another connection sees it already
                assert reader.head() == journal.durable
                assert reader.head().sequence == seconds + 1
    with JournalReader(path) as reader:
        verified = verify(reader)
        assert (verified.head.line, verified.batches) == (4, 4)
        assert b"".join(export(reader)).splitlines()[1] == (
            b'{"type":"deposit","time":"2020-09-13T12:26:40Z","account":"alice","asset":"USDT","amount":"1"}'
        )


def test_what_was_closed_is_not_called_damaged(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal, JournalReader(path) as reader:
        journal.apply(deposit(0))
    for use in (lambda: journal.apply(deposit(1)), reader.head):
        with pytest.raises(JournalError, match="found a journal that was closed, or opened by another thread"):
            use()
    with JournalReader(path) as again:
        assert again.head() == journal.durable


def test_every_write_waits_for_the_disk(tmp_path: Path) -> None:
    with Journal(new_journal(tmp_path)) as journal:
        pragmas = [
            journal._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
        ]
    assert pragmas == [2, "wal"]  # 2 is FULL


@pytest.mark.parametrize("statement", [
    "UPDATE lines SET text = x'00' WHERE line = 2", "DELETE FROM lines WHERE line = 4", "DELETE FROM batches",
    "UPDATE batches SET taken = 9", "UPDATE settings SET document = x'00'", "DELETE FROM settings",
    "DELETE FROM checkpoints", "UPDATE checkpoints SET latest = 0", "INSERT INTO settings VALUES (2, x'00')",
    "INSERT OR REPLACE INTO lines VALUES (2, x'00', 1, 1, x'00', x'00')",
    "INSERT INTO lines VALUES (9, x'00', 1, 1, x'00', x'00')",
    "INSERT OR REPLACE INTO batches VALUES (1, 1, 1, 1, x'00')",
    "INSERT OR REPLACE INTO checkpoints VALUES (3, 1, 1, x'00', x'00', x'00', x'00')",
    "INSERT INTO lines VALUES (5, 'text', 1, 1, x'00', x'00')",
])  # fmt: skip
def test_the_file_is_append_only_for_others_too(tmp_path: Path, statement: str) -> None:
    path = new_journal(tmp_path, every=3)
    with Journal(path) as journal:
        journal.apply_all([deposit(1), deposit(2), deposit(3)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    with JournalReader(path) as reader:
        assert verify(reader).checkpoints == 1


def test_a_batch_is_recorded_whole_or_not_at_all(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        journal.apply(deposit(1))
        before = journal.state, journal.durable
        bad = deposit(3, account="no such id")
        with pytest.raises(
            JournalError, match=r"small.journal:4: sequence 2: found a transaction that no log may hold"
        ):
            journal.apply_all([deposit(2), bad])
        assert (journal.state, journal.durable) == before
        assert head_of(path) == journal.durable
        assert [type(outcome) for outcome in journal.apply_all([deposit(2), refused(3)])] == [Applied, Rejected]
        assert (journal.durable.line, journal.durable.sequence) == (4, 2)


def test_refusals_are_recorded_or_left_out_by_choice(tmp_path: Path) -> None:
    lines = {}
    for record in (True, False):
        path = new_journal(tmp_path, name=f"{record}.journal")
        with Journal(path, record_refusals=record) as journal:
            journal.apply(deposit(1))
            assert isinstance(journal.apply(refused(2)), Rejected)
            assert isinstance(journal.apply(deposit(0)), Rejected)  # time goes back: a line that says so
            journal.apply(deposit(3))
            lines[record] = journal.durable.line
        with JournalReader(path) as reader:
            assert verify(reader).head.sequence == 2
            log = tmp_path / f"{record}.jsonl"
            log.write_bytes(b"".join(export(reader)))
        with open_log(str(log)) as stream:
            report = replay_log(*read_log(stream, str(log)))
        assert report.failure is None
        assert report.rejected.total() == (2 if record else 0)
    assert lines == {True: 5, False: 3}


NO_LOG = "found a transaction that no log may hold"


@pytest.mark.parametrize(("transaction", "message"), [
    (deposit(9, "@other", 1), 'account: found "@other", expected an ordinary account, @insurance or @fees'),
    (attrs.evolve(deposit(9), asset="DOGE"), f'{NO_LOG} ("DOGE" is no asset of the rulebook)'),
    (attrs.evolve(deposit(9), time=-1), f"{NO_LOG} (-1 ms is not a time from 1970 to 9999)"),
    (deposit(4), f"found the time {TIME + 4000} ms, expected {TIME + 5000} ms or later, as on the line before"),
])  # fmt: skip
def test_what_no_log_may_hold_is_refused_and_nothing_is_recorded(
    tmp_path: Path, transaction: object, message: str
) -> None:
    path = new_journal(tmp_path)
    with Journal(path) as journal:
        journal.apply_all([deposit(3), refused(5)])  # a refusal does not move the ledger's time, but the log's
        with pytest.raises(JournalError) as caught:
            journal.apply(transaction)  # type: ignore[arg-type]
        assert str(caught.value) == f"{path}:4: sequence 1: {message}"
        assert head_of(path).line == 3


def small_deposits(step: Step) -> Verdict:
    return HELD if getattr(step.transaction, "amount", 0) <= 5 * USDT else Breach("too much", ("alice",))


def at_most_three(state: State) -> StepCheck:
    seen: list[Step] = []

    def check(step: Step) -> Verdict:
        seen.append(step)
        return Breach(f"step {len(seen)}") if len(seen) > 3 else HELD

    return check


OWN_LAWS = (StepLaw("OWN-1", "Deposits are small.", small_deposits),)


def test_a_law_is_held_before_anything_is_recorded(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    with Journal(path, laws=OWN_LAWS) as journal:
        journal.apply(deposit(1))
        with pytest.raises(LawBroken, match="OWN-1") as broken:
            journal.apply_all([deposit(2), deposit(3, amount=6 * USDT)])
        assert broken.value.__notes__ == ["While line 4 of the log was answered."]
        assert head_of(path).line == 2
        journal.apply(deposit(4))
        assert head_of(path).line == 3


def test_laws_forget_what_did_not_happen(tmp_path: Path) -> None:
    """After a batch that is not recorded, history laws remember the journal and nothing else."""
    laws = (*OWN_LAWS, HistoryLaw("OWN-2", "Three steps.", at_most_three))
    with Journal(new_journal(tmp_path), laws=laws) as journal:
        journal.apply(deposit(1))
        for _ in range(5):
            with pytest.raises(LawBroken, match="OWN-1"):
                journal.apply_all([deposit(2), deposit(3, amount=6 * USDT)])
        journal.apply_all([deposit(2), deposit(3)])
        with pytest.raises(LawBroken, match="OWN-2"):
            journal.apply(deposit(4))


def test_a_writer_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    path = takeover_journal(tmp_path, every=5)
    with open_log(TAKEOVER) as stream:
        start, entries = read_log(stream, TAKEOVER)
        report = replay_log(start, entries)
    with Journal(path) as journal:
        assert (journal.state, journal.durable.chain) == (report.state, report.chain)
        points = journal.points()
        assert [point.line for point in points] == [5, 10, 15, 20]
        assert journal.begin().line == 20


def test_checkpoints_are_kept_where_they_are_asked_for(tmp_path: Path) -> None:
    path = new_journal(tmp_path, every=3)
    with Journal(path) as journal:
        journal.apply_all([deposit(seconds) for seconds in range(7)])
        journal.commit(checkpoint=True)
        journal.commit(checkpoint=True)  # kept already
        assert [(point.line, point.sequence) for point in journal.points()] == [(3, 2), (6, 5), (8, 7)]
        assert journal.points()[-1].state_digest == state_digest(journal.state)
    with JournalReader(path) as reader:
        assert verify(reader).checkpoints == 3


@pytest.mark.parametrize("every", [0, 2, 7, 1000])
def test_a_log_comes_out_as_it_went_in(tmp_path: Path, every: int) -> None:
    path = str(tmp_path / "journal")
    head = import_log(path, CASCADE if every == 1000 else TAKEOVER, settings=Settings(every))
    source = Path(CASCADE if every == 1000 else TAKEOVER)
    with JournalReader(path) as reader:
        assert b"".join(export(reader)) == source.read_bytes()
        assert len(reader.points()) == (head.line // every if every else 0)
        assert verify(reader).head == head
        with open_log(str(source)) as stream:
            report = replay_log(*read_log(stream, str(source)), laws=())
        assert (head.chain, head.sequence) == (report.chain, report.state.sequence)


@pytest.mark.parametrize("spelling", [
    lambda lines: b"\r\n".join(lines) + b"\r\n",
    lambda lines: b"\n".join(lines),
    lambda lines: b" \n\t".join(lines) + b" \n",
    lambda lines: lines[0],
])  # fmt: skip
def test_whatever_the_spelling(tmp_path: Path, spelling: object) -> None:
    log = tmp_path / "odd.jsonl"
    text = spelling(Path(TAKEOVER).read_bytes().splitlines())  # type: ignore[operator]
    log.write_bytes(text)
    import_log(str(tmp_path / "journal"), str(log))
    with JournalReader(str(tmp_path / "journal")) as reader:
        assert b"".join(export(reader)) == text
        verify(reader)


def test_a_line_after_one_without_its_line_end_gets_one(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    create(path, GENESIS.rstrip(b"\n"))
    with Journal(path) as journal:
        journal.apply(deposit(1))
    with JournalReader(path) as reader:
        assert b"".join(export(reader)).startswith(GENESIS + b'{"type":"deposit"')


def test_nothing_is_left_of_what_cannot_be_made(tmp_path: Path) -> None:
    log = tmp_path / "bad.jsonl"
    log.write_bytes(Path(TAKEOVER).read_bytes() + b'{"type":"settle"}\n')
    with pytest.raises(ValueError, match=r"bad.jsonl:22: time: found nothing, expected this field"):
        import_log(str(tmp_path / "journal"), str(log))
    with pytest.raises(ValueError, match=r"journal:1: type: found \"settle\", expected genesis on the first line"):
        create(str(tmp_path / "journal"), b'{"type":"settle","time":1}\n')
    with pytest.raises(JournalError, match="found no such file or directory, expected to write a journal there"):
        create(str(tmp_path / "nowhere" / "journal"), GENESIS)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jsonl"]


def test_a_journal_is_not_made_over_another_file(tmp_path: Path) -> None:
    path = new_journal(tmp_path)
    before = Path(path).read_bytes()
    for make in (lambda: create(path, GENESIS), lambda: import_log(path, TAKEOVER)):
        with pytest.raises(JournalError, match="found a file there already, expected none"):
            make()
    assert Path(path).read_bytes() == before


def test_a_writer_reads_its_own_lines_meanwhile(tmp_path: Path) -> None:
    with Journal(new_journal(tmp_path)) as journal:
        journal.apply_all([deposit(1), deposit(2)])
        seen = []
        for row in journal.lines(1, 3):
            journal.apply(deposit(10 + row.line))
            seen.append(row.line)
        assert seen == [2, 3]
        assert [row.line for row in journal.lines()] == [1, 2, 3, 4, 5]
