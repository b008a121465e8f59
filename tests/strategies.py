"""The chooser that hypothesis draws: the generators of `ledger.fuzzing`, remembered and shrunk."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Drawn:
    """Choices that hypothesis draws, remembers and shrinks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def choose_int(self, lo: int, hi: int) -> int:
        return self._draw(st.integers(lo, hi))

    def choose_from(self, choices: Sequence[T]) -> T:
        return choices[self._draw(st.integers(0, len(choices) - 1))]
