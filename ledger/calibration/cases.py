"""What is simulated: a scenario on a price history, and how its figures are told apart from those of others."""

import json
import os
from hashlib import sha256
from typing import Protocol

import attrs

from .. import source_code
from ..simulation.prices import FundingRate, PriceHistory
from ..simulation.scenario import Scenario
from ..simulation.simulating import Simulated

ASIDE = ("calibration", "cli", "fuzzing", "parallel", "verifying")
"""Folders of the package on which no figure of a simulation depends."""

APART = ("name", "backstop", "prices")
"""Keys of a scenario on which no figure depends, or whose content is told apart by itself."""


class Simulate(Protocol):
    """Simulates a scenario on a price history with a seed; importable by name, so that other processes find it."""

    def __call__(
        self, scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None
    ) -> Simulated:
        """What it comes to. `funding`: rates in place of the history's own."""


@attrs.frozen
class Case:
    """A scenario on a price history, with rates in place of the history's own where it has `funding`.

    `digest`: of all of that, without the names and without the backstop, which every run has of its own.
    """

    scenario: Scenario
    history: PriceHistory
    funding: tuple[FundingRate, ...] | None
    digest: str

    @property
    def name(self) -> str:
        """The name of the scenario."""
        return self.scenario.name

    @property
    def prices(self) -> str:
        """The name of the price history's file, without its folder."""
        return os.path.basename(self.history.name)

    @property
    def decimals(self) -> int:
        """The decimals of the settlement asset, in which amounts are told."""
        return self.scenario.rulebook.settlement_decimals

    @property
    def asset(self) -> str:
        """The settlement asset."""
        return self.scenario.rulebook.settlement_asset


def case_of(scenario: Scenario, history: PriceHistory, funding: tuple[FundingRate, ...] | None = None) -> Case:
    """The case of a scenario on a price history."""
    document = {name: value for name, value in json.loads(scenario.document).items() if name not in APART}
    points = [scenario.prices.points, history.interval, history.has_extremes]
    bars = [[bar.time, bar.open, bar.high, bar.low, bar.close] for bar in history.bars]
    rates = [[rate.time, rate.rate] for rate in (history.funding if funding is None else funding)]
    digest = digest_of(document, points, bars, rates)
    return Case(scenario, history, funding, digest)


def digest_of(*parts: object) -> str:
    """The SHA-256 of plain values, as hexadecimal text."""
    return sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def code_digest() -> str:
    """The version of the package and the digest of the source that simulations depend on.

    Figures of another version, or of source that was changed, are not taken for those of this one.
    """
    return source_code.code_digest(ASIDE)
