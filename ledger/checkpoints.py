"""Checkpoints: points of a log at which the whole state is kept, so that it can be gone on with from there.

What a ledger is at a point is its state, the chain's digest, and the latest time of the lines up to there, which no
line after it may go before. Laws that remember what came before begin anew.
"""

import hashlib

import attrs

from .canonical import StateError, state_bytes, state_from_bytes
from .state import State


class CheckpointError(ValueError):
    """A checkpoint whose bytes are not those of its point: as text one line that says what was found and expected."""


@attrs.frozen
class Point:
    """A point of a log, and the digests that belong to it.

    `line`: how many lines lie before it, the genesis included, so that it is the number of the last of them.
    `sequence`: applied transactions. `latest`: the latest time (ms) of these lines, refused ones included, as the
    reader of a log compares. `chain`: the chain's digest after them (32 bytes). `state_digest`: 64 hexadecimal digits.
    """

    line: int
    sequence: int
    latest: int
    chain: bytes
    state_digest: str


@attrs.frozen
class Checkpoint:
    """A point with the `data` of its state, the canonical bytes. Plain bytes, so that another process can have it."""

    point: Point
    data: bytes = attrs.field(repr=False)

    def state(self) -> State:
        """The state. CheckpointError where the bytes are not canonical, or not those of the point."""
        digest = hashlib.sha256(self.data).hexdigest()
        if digest != self.point.state_digest:
            raise CheckpointError(f"found a state with digest {digest}, expected {self.point.state_digest}")
        try:
            state = state_from_bytes(self.data)
        except StateError as error:
            raise CheckpointError(str(error)) from None
        if state.sequence != self.point.sequence:
            raise CheckpointError(f"found a state of sequence {state.sequence}, expected {self.point.sequence}")
        return state


def checkpoint_of(state: State, *, line: int, latest: int, chain: bytes) -> Checkpoint:
    """The checkpoint of a state after `line` lines, of which `latest` (ms) is the latest time."""
    data = state_bytes(state)
    point = Point(line, state.sequence, latest, chain, hashlib.sha256(data).hexdigest())
    return Checkpoint(point, data)
