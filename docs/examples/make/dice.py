"""Chance, in integers alone: the same on every machine and under every Python."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

WORD = 2**64
GOLDEN = 0x9E3779B97F4A7C15


def mixed(word: int) -> int:
    """A 64-bit word with its bits well mixed: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014)."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % WORD
    return word ^ (word >> 31)


class Dice:
    """One stream of chance for each seed and purpose, so that more rolls in one part of the day move no other."""

    def __init__(self, seed: int, purpose: str) -> None:
        word = seed % WORD
        for byte in purpose.encode():
            word = mixed((word + GOLDEN + byte) % WORD)
        self._word = word

    def below(self, bound: int) -> int:
        """From 0 to `bound` - 1."""
        self._word = (self._word + GOLDEN) % WORD
        return mixed(self._word) * bound >> 64

    def between(self, lowest: int, highest: int) -> int:
        """From `lowest` to `highest`, both included."""
        return lowest + self.below(highest - lowest + 1)

    def percent(self, likely: int) -> bool:
        """True `likely` times in a hundred."""
        return self.below(100) < likely

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def bell(self, width: int) -> int:
        """From -2 `width` to 2 `width`, most often near zero: four even rolls summed and halved toward zero."""
        total = sum(self.between(-width, width) for _ in range(4))
        return total // 2 if total >= 0 else -(-total // 2)
