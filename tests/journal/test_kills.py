"""A writer is killed at random instants: nothing acknowledged is lost, nothing partial is seen, and it goes on."""

import os
import random
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.journal import JournalReader, export, import_log

from ..cli.runs import CASCADE, TAKEOVER
from .journals import new_journal
from .kills import in_pieces, kills, told_too_early

KILLS, SEED = 200, 20_200_913
IMPORTS_KILLED, SECONDS_OF_AN_IMPORT = 12, 0.8


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_partial_is_seen(tmp_path: Path) -> None:
    found = list(kills(new_journal(tmp_path, every=50), KILLS, SEED))
    assert [killed.wrong for killed in found] == [None] * KILLS
    assert found[-1].acknowledged > KILLS
    # Some fell before anything was written, and some between a write and its acknowledgement.
    assert any(now.lines == last.lines for last, now in pairwise(found))
    assert any(killed.lines > killed.told for killed in found)


@pytest.mark.slow
def test_an_import_that_is_killed_makes_no_journal_or_a_whole_one(tmp_path: Path) -> None:
    choices = random.Random(SEED)
    whole = 0
    for number in range(IMPORTS_KILLED):
        path = tmp_path / f"{number}.journal"
        process = os.fork()
        if process == 0:
            try:
                import_log(str(path), CASCADE, laws=())
            finally:  # whatever is raised: this process is not to go on with the tests
                os._exit(0)
        time.sleep(choices.random() * SECONDS_OF_AN_IMPORT)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if path.exists():
            whole += 1
            with JournalReader(str(path)) as reader:
                assert b"".join(export(reader)) == Path(CASCADE).read_bytes()
        path.unlink(missing_ok=True)
        import_log(str(path), TAKEOVER)  # what the killed one left is in nobody's way
    assert whole < IMPORTS_KILLED


@pytest.mark.slow
def test_what_is_told_too_early_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, told_too_early)
    wrong = next(killed.wrong for killed in found if killed.wrong)
    assert "found nothing, acknowledged was line" in wrong or "acknowledged was" in wrong


@pytest.mark.slow
def test_what_is_recorded_in_pieces_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, in_pieces)
    assert "is within a batch" in next(killed.wrong for killed in found if killed.wrong)
