"""The report: how many mutants each engine kills, alone and together; the survivors and the equivalents."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import attrs
from rich.console import Console
from rich.table import Table

from .equivalence import Equivalent
from .mutants import CATEGORIES, FIGURES, Mutant
from .results import KILLED, SURVIVED, UNKNOWN, UNTOUCHED, Results

OUTCOMES = (KILLED, SURVIVED, UNKNOWN, UNTOUCHED)

RANDOM = ("logs", "machine")
"""The engines that run the laws over sequences: their sum is what a venue has without solvers."""


@attrs.frozen
class Column:
    """Mutants killed by any of `engines`."""

    name: str
    engines: tuple[str, ...]


def columns(engines: Sequence[str]) -> tuple[Column, ...]:
    """Each engine alone, logs and machine, and all."""
    found = [Column(f"{name} alone", (name,)) for name in engines]
    if set(RANDOM) <= set(engines) and len(engines) > len(RANDOM):
        found.insert(2, Column(" + ".join(RANDOM), RANDOM))
    return (*found, Column("all", tuple(engines)))


class Tally:
    """Who killed what, of mutants that are not equivalent to the ledger."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        engines: Sequence[str],
        results: Results,
        equivalents: Mapping[str, Equivalent],
    ) -> None:
        self.engines, self.results = tuple(engines), results
        self.equivalent = [mutant for mutant in mutants if mutant.key in equivalents]
        self.mutants = [mutant for mutant in mutants if mutant.key not in equivalents]

    def outcome(self, mutant: Mutant, engine: str) -> str:
        """What the engine said; empty where it was not asked."""
        result = self.results.known.get((mutant.id, engine))
        return "" if result is None else result.outcome

    def is_killed(self, mutant: Mutant, engines: Sequence[str]) -> bool:
        """Whether any of the engines kills it."""
        return any(self.outcome(mutant, engine) == KILLED for engine in engines)

    def killed(self, engines: Sequence[str], which: Callable[[Mutant], bool]) -> tuple[int, int]:
        """How many of some mutants the engines kill, and of how many."""
        some = [mutant for mutant in self.mutants if which(mutant)]
        return sum(self.is_killed(mutant, engines) for mutant in some), len(some)

    def survivors(self, engines: Sequence[str]) -> list[Mutant]:
        """Those that none of the engines kills."""
        return [mutant for mutant in self.mutants if not self.is_killed(mutant, engines)]


def percent(killed: int, of: int) -> str:
    """A share in per cent, rounded down: 100 means all."""
    return f"{killed}/{of} {100 * killed // of}%" if of else "-"


def table_of(tally: Tally) -> Table:
    """Killed by each column, in each category and in all."""
    table = Table(title="Mutants killed, of those that are not equivalent to the ledger")
    table.add_column("category")
    shown = columns(tally.engines)
    for column in shown:
        table.add_column(column.name, justify="right")
    rows: list[tuple[str, Callable[[Mutant], bool]]] = [
        (category, lambda mutant, category=category: mutant.category == category)  # type: ignore[misc]
        for category in CATEGORIES
    ]
    rows.append((f"all but {FIGURES}", lambda mutant: mutant.category != FIGURES))
    rows.append(("all", lambda mutant: True))
    for name, which in rows:
        if name.startswith("all but"):
            table.add_section()
        table.add_row(name, *(percent(*tally.killed(column.engines, which)) for column in shown))
    return table


def in_short(tally: Tally, engine: str) -> str:
    """What an engine answered, what noticed first, and the processor time that it took, equivalents included."""
    asked = [*tally.mutants, *tally.equivalent]
    results = [result for mutant in asked if (result := tally.results.known.get((mutant.id, engine)))]
    outcomes = Counter(result.outcome for result in results)
    noticed = Counter(kind_of(result.by) for result in results if result.outcome == KILLED)
    seconds = sum(result.seconds for result in results)
    return (
        f"{engine}: {', '.join(f'{outcomes[name]} {name}' for name in OUTCOMES if outcomes[name])}"
        f" ({', '.join(f'{kind} {count}' for kind, count in noticed.most_common())}); {seconds:.0f} s"
    )


def kind_of(by: str) -> str:
    """What kind of thing noticed: a law, the auditor, a claim, an exception, a test, or that there was no end."""
    first = by.split()[0]
    return "exception" if first in ("raises", "import") else "no end" if first == "does" else first


def print_report(console: Console, tally: Tally, equivalents: Mapping[str, Equivalent]) -> None:
    """The table, who killed how many, the survivors with their differences, and the equivalents with reasons."""
    console.print(table_of(tally))
    for engine in tally.engines:
        console.print(in_short(tally, engine))
    for column in columns(tally.engines):
        survivors = tally.survivors(column.engines)
        if column.name == "all" or column.engines == RANDOM:
            console.print(f"\n{len(survivors)} survive {column.name}")
            for mutant in survivors:
                console.print(f"\n{mutant.id} ({mutant.category})", style="bold", markup=False)
                console.print(mutant.diff(), markup=False, highlight=False)
    if tally.equivalent:
        console.print(f"\n{len(tally.equivalent)} are equivalent to the ledger and not counted")
        for mutant in tally.equivalent:
            console.print(f"{mutant.id}: {equivalents[mutant.key].reason}", markup=False, highlight=False)
