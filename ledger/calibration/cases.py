"""What is simulated: a scenario on a price history, and how its figures are told apart from those of others."""

import json
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol, Self

import attrs

from ..simulation.backstop import BackstopTerms
from ..simulation.prices import PriceHistory
from ..simulation.summary import Summary

PACKAGE = "ledger"
ASIDE = ("calibration", "cli", "fuzzing", "verifying")
"""Folders of the package on which no figure of a simulation depends."""


class Scenario(Protocol):
    """What a calibration asks of a scenario; picklable."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def backstop(self) -> BackstopTerms:
        """The terms that it has of its own."""

    @property
    def document(self) -> str:
        """Canonical text of all that it says."""

    def with_backstop(self, terms: BackstopTerms) -> Self:
        """The same with other terms. DataError where its program does not admit them."""


class Simulated(Protocol):
    """What a calibration asks of a simulation."""

    @property
    def summary(self) -> Summary:
        """What it came to."""


Simulate = Callable[[Scenario, PriceHistory, int], Simulated]
"""Simulates a scenario on a price history with a seed; importable by name, so that other processes find it."""


@attrs.frozen
class Case:
    """A scenario on a price history.

    `decimals` and `asset`: of the settlement asset, in which amounts are told. `digest`: of the scenario and the
    history, without their names.
    """

    scenario: Scenario
    history: PriceHistory
    asset: str
    decimals: int
    digest: str

    @property
    def name(self) -> str:
        """The name of the scenario."""
        return self.scenario.name

    @property
    def prices(self) -> str:
        """The name of the price history."""
        return self.history.name


def case_of(scenario: Scenario, history: PriceHistory, *, asset: str, decimals: int) -> Case:
    """The case of a scenario on a price history."""
    return Case(scenario, history, asset, decimals, digest_of(scenario.document, history_digest(history)))


def history_digest(history: PriceHistory) -> str:
    """The digest of the prices and the funding rates of a history, whatever its name and in whatever file."""
    bars = [[bar.time, bar.open, bar.high, bar.low, bar.close] for bar in history.bars]
    funding = [[rate.time, rate.rate] for rate in history.funding]
    return digest_of(history.interval, history.has_extremes, bars, funding)


def digest_of(*parts: object) -> str:
    """The SHA-256 of plain values, as hexadecimal text."""
    return sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


@cache
def code_digest() -> str:
    """The version of the package and the digest of the source that simulations depend on.

    Figures of another version, or of source that was changed, are not taken for those of this one.
    """
    digest = sha256()
    for name, data in sorted(_sources(files(PACKAGE), "")):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return f"{version('backstop-ledger')} {digest.hexdigest()[:16]}"


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{path}{entry.name}"
        if entry.is_dir():
            if name not in ASIDE and entry.name != "__pycache__":
                found += _sources(entry, f"{name}/")
        elif entry.name.endswith((".py", ".toml")):
            found.append((name, entry.read_bytes()))
    return found
