"""Figures of one run: measured in turns, best of several, each as a ratio to the baseline that was measured beside it.

Machines are noisy and differ, so a second says little tomorrow. What took a hundred times as long as a bare dictionary
a moment ago takes about a hundred times as long on another machine, and that ratio is what is stored and compared.
"""

import gc
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

LIMIT = 0.20
"""How much worse than the stored one a ratio may be: a fifth."""
FORMAT = 1

Clock = Callable[[], float]
Prepare = Callable[[], Callable[[], object]]
"""Gives what is timed; what it does itself is not."""
Check = Callable[[str, Any], None]
"""Looks, after the clock was read, at what the timed code of that name gave."""


@attrs.frozen
class Figure:
    """`value` is what is shown, in `unit`s. `ratio` is what is compared: dimensionless, and the larger the worse."""

    name: str
    value: float
    unit: str
    ratio: float


@attrs.frozen
class Comparison:
    """One figure's ratio, stored and measured; None on the side where there is none."""

    name: str
    stored: float | None
    measured: float | None

    @property
    def change(self) -> float | None:
        """By which part of the stored ratio it is worse, negative where better; None where one side is missing."""
        if self.stored is None or self.measured is None:
            return None
        return self.measured / self.stored - 1

    @property
    def is_regression(self) -> bool:
        """Whether it is worse by more than the limit."""
        return self.change is not None and self.change > LIMIT


class NotComparable(Exception):
    """A stored result that cannot be read, or that shares no figure with the run."""


def best_seconds(
    prepared: Mapping[str, Prepare],
    *,
    rounds: int,
    check: Check | None = None,
    clock: Clock = time.perf_counter,
    clocks: Mapping[str, Clock] = MappingProxyType({}),
) -> dict[str, float]:
    """The least seconds of each, all of them once in every round; `clocks` are those of some, `clock` is the others'.

    What lives already is kept from the garbage collector, which goes on for what the timed code makes.
    """
    least: dict[str, float] = {}
    for _ in range(rounds):
        for name, prepare in prepared.items():
            run = prepare()
            gc.collect()
            gc.freeze()
            now = clocks.get(name, clock)
            begun = now()
            answer = run()
            seconds = now() - begun
            gc.unfreeze()
            if check is not None:
                check(name, answer)
            least[name] = min(seconds, least.get(name, seconds))
    return least


def save(path: Path, figures: Sequence[Figure], *, baseline: str) -> None:
    """Store a run's figures as JSON, in a folder that is made where there is none."""
    document = {"format": FORMAT, "baseline": baseline, "figures": [attrs.asdict(figure) for figure in figures]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def load(path: Path, *, baseline: str) -> tuple[Figure, ...]:
    """The figures of a stored run. NotComparable where it is none, or has another baseline."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["baseline"] != baseline:
            raise NotComparable(f"{path} is of another format, or relative to something else than {baseline}")
        figures = tuple(Figure(**figure) for figure in document["figures"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotComparable(f"{path} holds no stored figures: {error}") from None
    if any(figure.ratio <= 0 for figure in figures):
        raise NotComparable(f"{path} has a ratio that is not positive")
    return figures


def compare(stored: Sequence[Figure], measured: Sequence[Figure]) -> tuple[Comparison, ...]:
    """Every figure of either, by name. NotComparable where they share none."""
    before = {figure.name: figure.ratio for figure in stored}
    now = {figure.name: figure.ratio for figure in measured}
    if not before.keys() & now.keys():
        raise NotComparable("the stored run and this one share no figure")
    names = dict.fromkeys([*before, *now])
    return tuple(Comparison(name, before.get(name), now.get(name)) for name in names)
