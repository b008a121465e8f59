"""Where a generator's choices come from: one protocol, and a plain seeded source of choices."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Chooser(Protocol):
    """Where a generator's choices come from. The first and lowest choices are the plainest, so that shrinking helps."""

    def choose_int(self, lo: int, hi: int) -> int:
        """A whole number from `lo` to `hi`, both included."""
        ...

    def choose_from(self, choices: Sequence[T]) -> T:
        """One of a non-empty sequence."""
        ...


class Seeded:
    """Choices of a `random.Random`: the same seed makes the same choices everywhere."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def choose_int(self, lo: int, hi: int) -> int:
        return self._random.randrange(lo, hi + 1)

    def choose_from(self, choices: Sequence[T]) -> T:
        return choices[self._random.randrange(len(choices))]


def one_in(chooser: Chooser, many: int) -> bool:
    """True once in `many` times; the plain answer is False."""
    return chooser.choose_int(1, many) == many


def choose_near(chooser: Chooser, value: int) -> int:
    """The value, or one beside it."""
    return value + chooser.choose_from((0, -1, 1))


def choose_preferred(chooser: Chooser, preferred: Sequence[T], others: Sequence[T]) -> T:
    """Mostly one of the preferred, where there are any."""
    if preferred and not one_in(chooser, 8):
        return chooser.choose_from(preferred)
    return chooser.choose_from(others)
