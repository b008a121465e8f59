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
    """Choices of a `random.Random`: the same seed makes the same choices everywhere, each as likely as the others."""

    __slots__ = ("_bits",)

    def __init__(self, seed: int | str) -> None:
        self._bits = Random(seed).getrandbits

    def _below(self, end: int) -> int:
        # What `Random.randrange` does, without its checks: they cost more than all else that a generator does.
        length = end.bit_length()
        drawn = self._bits(length)
        while drawn >= end:
            drawn = self._bits(length)
        return drawn

    def choose_int(self, lo: int, hi: int) -> int:
        """A whole number from `lo` to `hi`, both included."""
        return lo + self._below(hi - lo + 1)

    def choose_from(self, choices: Sequence[T]) -> T:
        """One of a non-empty sequence."""
        return choices[self._below(len(choices))]


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
