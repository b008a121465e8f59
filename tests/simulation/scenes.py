"""Small scenarios and paths for the tests of the simulation, written by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.profiles.tables import Table
from ledger.simulation.prices import Bar, PriceHistory
from ledger.simulation.scenario import Scenario, scenario_of
from ledger.units import PRICE_SCALE

ROOT = Path(__file__).resolve().parents[2]
CRASH = ROOT / "docs" / "examples" / "crash.toml"
START = 1_600_000_000_000
"""2020-09-13T12:26:40Z: no instant of a settle or a funding."""
MINUTE = 60_000
USDT = 10**13


def document(**sections: Any) -> dict[str, Any]:
    """A whole scenario as TOML gives it, with the fields of `sections` over it; None takes a section out."""
    whole: dict[str, Any] = {
        "name": "small",
        "rulebook": "ascendex-2020-monitored",
        "market": "BTC-PERP",
        "population": {
            "accounts": 40,
            "leverage": {"choices": [["5", 1], ["20", 1], ["50", 1]]},
            "notional": {"between": ["1000", "90000"]},
            "long_share": "0.8",
        },
        "market_makers": {"accounts": 2, "collateral": "3000000"},
        "book": {"depth": "200000", "half_spread": "0.0002", "width": "0.004", "levels": 4, "refill": 60_000},
        "providers": {"accounts": 2, "collateral": "1000000"},
        "backstop": {
            "capacity_per_minute": "200000",
            "capacity_per_hour": "1000000",
            "max_holdings": "1000000",
            "fund": "100000",
        },
    }
    for name, section in sections.items():
        if section is None:
            del whole[name]
        elif isinstance(section, dict) and isinstance(whole.get(name), dict):
            whole[name] = {**whole[name], **section}
        else:
            whole[name] = section
    return whole


def errors_of(whole: dict[str, Any]) -> list[str]:
    """What is wrong with a document, "field: message" each."""
    errors: list[tuple[str, str]] = []
    assert (scenario_of(Table(whole, "", errors), "") is None) == bool(errors)
    return [f"{field}: {message}" for field, message in errors]


def scenario(**sections: Any) -> Scenario:
    """A scenario that has nothing wrong with it."""
    errors: list[tuple[str, str]] = []
    read = scenario_of(Table(document(**sections), "", errors), "")
    assert read is not None, errors
    return read


def history(closes: Sequence[int], *, interval: int = MINUTE, start: int = START) -> PriceHistory:
    """One price a row, in dollars."""
    bars = tuple(
        Bar(start + number * interval, *(price * PRICE_SCALE,) * 4, line=number + 2)
        for number, price in enumerate(closes)
    )
    return PriceHistory("by hand", interval, has_extremes=False, bars=bars, funding=())


def falling(first: int, last: int, steps: int) -> list[int]:
    """Prices in even steps from the first to the last."""
    return [first + (last - first) * number // steps for number in range(steps + 1)]
