"""A writer is killed at random instants: nothing acknowledged is lost, nothing partial is seen, and it goes on."""

from itertools import pairwise
from pathlib import Path

import pytest

from .journals import new_journal
from .kills import in_pieces, kills, told_too_early

KILLS, SEED = 200, 20_200_913


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_partial_is_seen(tmp_path: Path) -> None:
    found = list(kills(new_journal(tmp_path, every=50), KILLS, SEED))
    assert [killed.wrong for killed in found] == [None] * KILLS
    assert found[-1].acknowledged > KILLS
    # Some fell before anything was written, and some between a write and its acknowledgement.
    assert any(now.lines == last.lines for last, now in pairwise(found))
    assert any(killed.lines > killed.told for killed in found)


@pytest.mark.slow
def test_what_is_told_too_early_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, told_too_early)
    wrong = next(killed.wrong for killed in found if killed.wrong)
    assert "found nothing, acknowledged was line" in wrong or "acknowledged was" in wrong


@pytest.mark.slow
def test_what_is_recorded_in_pieces_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, in_pieces)
    assert "is within a batch" in next(killed.wrong for killed in found if killed.wrong)
