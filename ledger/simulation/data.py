"""The prices and the funding rates of a simulation: from files that are named, or from those of the scenario."""

from collections.abc import Mapping

import attrs
from immutables import Map

from .faults import DataError
from .prices import FundingRate, PriceHistory, read_funding, read_prices
from .scenario import COMPUTED, Scenario


@attrs.frozen
class Source:
    """A file, None where none is named, and the values of columns by which its rows are picked."""

    file: str | None = None
    where: Mapping[str, str] = Map()

    def over(self, file: str | None, where: Mapping[str, str]) -> "Source":
        """This source, or what a scenario names where it names no file; `where` adds to the scenario's."""
        return self if self.file is not None else Source(file, {**where, **self.where})


def data_of(
    scenario: Scenario, prices: Source, funding: Source, *, cut_rates: bool = False
) -> tuple[PriceHistory, tuple[FundingRate, ...] | None]:
    """The prices of a simulation, and funding rates in place of the prices' own, None where those are taken.

    What `prices` and `funding` name comes before what the scenario names. DataError for what is wrong with a file, or
    where no prices are named.
    """
    prices = prices.over(scenario.prices.file, scenario.prices.where)
    funding = funding.over(scenario.prices.funding, scenario.prices.funding_where)
    cut_rates = cut_rates or scenario.prices.cut_rates
    if prices.file is None:
        raise DataError(f"{scenario.name}: names no file of prices; give one with --prices")
    history = read_prices(prices.file, prices.where, with_funding=funding.file is None, cut_rates=cut_rates)
    if funding.file is None:
        return history, None
    if funding.file == COMPUTED:
        return history, ()
    return history, read_funding(funding.file, funding.where, cut_rates=cut_rates)
