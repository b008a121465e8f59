"""A writer is killed at random instants: nothing acknowledged is lost, nothing partial is seen, and it goes on."""

from itertools import pairwise
from pathlib import Path

import pytest

from .journals import new_journal
from .kills import Killed, in_pieces, kills, told_too_early

KILLS, SEED = 200, 20_200_913


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_partial_is_seen(tmp_path: Path) -> None:
    found = list(kills(new_journal(tmp_path, every=50), KILLS, SEED))
    assert [killed.wrong for killed in found] == [None] * KILLS
    assert found[-1].acknowledged > KILLS
    before = Killed(0, 1, None)
    gained = [now.lines - last.lines for last, now in pairwise((before, *found))]
    # Kills fell before anything was written, and into a write: lines were recorded that were not acknowledged.
    assert 0 in gained
    assert sum(gained) == found[-1].lines - 1


@pytest.mark.slow
def test_what_is_told_too_early_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, told_too_early)
    wrong = next(killed.wrong for killed in found if killed.wrong)
    assert "found nothing, acknowledged was line" in wrong or "acknowledged was" in wrong


@pytest.mark.slow
def test_what_is_recorded_in_pieces_is_noticed(tmp_path: Path) -> None:
    found = kills(new_journal(tmp_path), KILLS, SEED, in_pieces)
    assert "is within a batch" in next(killed.wrong for killed in found if killed.wrong)
