"""Checkpoints: a replay goes on from one as if it had never stopped, and one that is not of its point is refused."""

import hashlib
from itertools import islice

import attrs
import pytest

from ledger.checkpoints import Checkpoint, CheckpointError, checkpoint_of
from ledger.log import open_log, read_log
from ledger.log.reading import read_on
from ledger.replay import Report, replay_log

from .cli.runs import TAKEOVER


def replayed(lines: int) -> tuple[Report, int]:
    """The first lines of an example, genesis included, and their latest time."""
    with open_log(TAKEOVER) as stream:
        start, entries = read_log(stream, TAKEOVER)
        first = list(islice(entries, lines - 1))
    return replay_log(start, first), max([start.time, *(entry.transaction.time for entry in first)])


def rest_of(line: int) -> list[tuple[int, bytes]]:
    with open(TAKEOVER, "rb") as file:
        return [(number, text.rstrip(b"\n")) for number, text in enumerate(file, start=1) if number > line]


WHOLE, _ = replayed(10_000)


@pytest.mark.parametrize("line", range(1, WHOLE.transactions + 2))
def test_a_replay_goes_on_from_any_checkpoint(line: int) -> None:
    first, latest = replayed(line)
    checkpoint = checkpoint_of(first.state, line=line, latest=latest, chain=first.chain)
    point, state = checkpoint.point, checkpoint.state()
    assert (state, point.sequence) == (first.state, first.state.sequence)
    entries = read_on(rest_of(point.line), TAKEOVER, state.rulebook, latest=point.latest)
    rest = replay_log(state, entries, start=point.chain)
    assert rest.failure is None
    assert (rest.state, rest.chain) == (WHOLE.state, WHOLE.chain)
    assert rest.transactions + line - 1 == WHOLE.transactions


def test_what_is_not_of_its_point_is_refused() -> None:
    first, latest = replayed(6)
    good = checkpoint_of(first.state, line=6, latest=latest, chain=first.chain)
    flipped = bytes([good.data[0] ^ 1]) + good.data[1:]
    with pytest.raises(CheckpointError, match=r"^found a state with digest [0-9a-f]{64}, expected [0-9a-f]{64}$"):
        Checkpoint(good.point, flipped).state()
    recomputed = attrs.evolve(good.point, state_digest=hashlib.sha256(flipped).hexdigest())
    with pytest.raises(CheckpointError, match="malformed JSON"):
        Checkpoint(recomputed, flipped).state()
    moved = attrs.evolve(good.point, sequence=good.point.sequence + 1)
    with pytest.raises(CheckpointError, match=f"found a state of sequence {good.point.sequence}"):
        Checkpoint(moved, good.data).state()
