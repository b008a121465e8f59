"""A whole simulation: from a scenario, a price history and a seed to a log and what it comes to."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import attrs

from ..rulebook import IntervalTerms
from ..state import State
from ..transactions import Transaction
from ..units import floor_to_multiple
from .path import path_of
from .population import draw_population
from .prices import FundingRate, PriceHistory
from .scenario import Scenario
from .summary import Summary
from .venue import Venue


@attrs.frozen
class Simulated:
    """The last state, what the simulation came to, and when it began (ms), which is the time of its log's genesis."""

    state: State
    summary: Summary
    start: int


def simulate(
    scenario: Scenario,
    history: PriceHistory,
    seed: int,
    *,
    funding: Iterable[FundingRate] | None = None,
    write: Callable[[Transaction], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulated:
    """Simulate a scenario along a history; the same three give the same transactions on any machine.

    `funding`: rates in place of the history's own. `write` is called with every transaction that was applied, in
    order, from a genesis at the first point's time on. `progress` is called with how many points are done, and of how
    many.
    """
    path = path_of(history, scenario.prices.points)
    rows, terms = tuple(history.funding if funding is None else funding), scenario.rulebook.funding
    rates = rates_by_instant(rows, terms)
    entrants = draw_population(scenario, seed, len(path))
    coming = {point: tuple(group) for point, group in groupby(entrants, key=lambda entrant: entrant.point)}
    venue = Venue(scenario, path[0], rates, write or _nowhere)
    venue.open()
    for number, point in enumerate(path):
        venue.move(point, coming.get(number, ()))
        if progress is not None:
            progress(number + 1, len(path))
    venue.run_to_rest()
    start, end = path[0].time, venue.state.time
    without = sum(start <= row.time <= end for row in rows_without_funding(rows, terms, venue.tally.instants))
    return Simulated(venue.state, venue.tally.summary(venue.state, rates_passed_over=without), start)


def rates_by_instant(funding: Iterable[FundingRate], terms: IntervalTerms) -> dict[int, int]:
    """The rate (ppb) of each funding instant, which is the first that the file has from there on."""
    rates: dict[int, int] = {}
    for row in funding:
        rates.setdefault(floor_to_multiple(row.time, terms.interval), row.rate)
    return rates


def rows_without_funding(
    funding: Iterable[FundingRate], terms: IntervalTerms, instants: set[int]
) -> Iterator[FundingRate]:
    """The rows whose rate no funding had, where those at these `instants` had one of the file."""
    seen: set[int] = set()
    for row in funding:
        instant = floor_to_multiple(row.time, terms.interval)
        if instant in seen or instant not in instants:
            yield row
        seen.add(instant)


def _nowhere(transaction: Transaction) -> None:
    """Where nobody keeps the log."""
