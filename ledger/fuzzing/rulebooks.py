"""Rulebooks in which the corners are close together, beside those that are shipped."""

from collections.abc import Mapping
from typing import Any

from ..profiles import DEFAULT_PROFILE, load_profile
from ..rulebook import Rulebook


def _tiers(*bounds: tuple[str, str, str], last: tuple[str, str]) -> list[dict[str, str]]:
    tiers = [{"below": below, "initial": initial, "maintenance": rate} for below, initial, rate in bounds]
    return [*tiers, {"initial": last[0], "maintenance": last[1]}]


COMPACT_TIERS = _tiers(
    ("500", "0.01", "0.006"), ("2000", "0.02", "0.012"), ("8000", "0.05", "0.03"), last=("0.2", "0.12")
)

COMPACT_TERMS: dict[str, Any] = {
    "name": "compact",
    "markets": {
        "BTC-PERP": {"lot": "0.01", "tiers": COMPACT_TIERS},
        "ETH-PERP": {"lot": "0.1", "tiers": COMPACT_TIERS},
    },
    "funding": {"interval": 1_800_000},
    "liquidation": {"rounds": 3, "fraction": 2, "minimum_value": "60"},
    "program": {
        "minimum_account_value": "1000",
        "minimum_capacity_per_minute": "200",
        "minimum_capacity_per_hour": "400",
        "minimum_candidates": 2,
    },
}
"""A few lots to a tier, three rounds, two candidates, and providers that a thousand USDT makes."""

COMPACT_COLLAR_TERMS: dict[str, Any] = {
    **COMPACT_TERMS,
    "name": "compact-collar",
    "program": {**COMPACT_TERMS["program"], "discount": "-0.01"},
}

COMPACT_OPEN_TERMS: dict[str, Any] = {
    **COMPACT_TERMS,
    "name": "compact-open",
    "unrealised_gains_count": True,
    "assets": {"USDT": {"booking_decimals": 13}},
    "settle": {"minimum_pnl": "0"},
    "markets": {market: {**terms, "price_band": "none"} for market, terms in sorted(COMPACT_TERMS["markets"].items())},
    "liquidation": {"rounds": 1, "fraction": 1, "minimum_value": "0"},
    "program": {**COMPACT_TERMS["program"], "discount": "0.05", "minimum_candidates": 1},
}
"""No price band, unrealised gains that count, one round, one candidate, a discount wider than any takeover margin; any
amount can be booked, and no pnl is too small to roll."""

COMPACT_MONITOR: dict[str, Any] = {
    "window": 3,
    "interval": 6000,
    "confidence": "0.5",
    "spread": {"enter": "0.01", "leave": "0.004"},
    "depth": {"enter": "0.25", "leave": "0.5"},
    "volatility": {"enter": "0.03", "leave": "0.015"},
    "expected_shortfall": {"enter": "0.035", "leave": "0.0175"},
}

COMPACT_MONITORS: dict[str, Any] = {
    "BTC-PERP": COMPACT_MONITOR,
    "ETH-PERP": {
        **COMPACT_MONITOR,
        "window": 1,
        "volatility": {"enter": "0.02", "leave": "0.01"},
        "expected_shortfall": {"enter": "0.02", "leave": "0.01"},
    },
}

COMPACT_MONITORED_TERMS: dict[str, Any] = {
    **COMPACT_TERMS,
    "name": "compact-monitored",
    "markets": {
        market: {**terms, "monitor": COMPACT_MONITORS[market]}
        for market, terms in sorted(COMPACT_TERMS["markets"].items())
    },
    "liquidation": {**COMPACT_TERMS["liquidation"], "rounds": 20},
}
"""A liquidity monitor in every market, and more rounds than a stressed market waits: one of a few returns, in which
shortfall may be the first to reach its limit, and one of a single return, in which it reaches it with volatility."""

GENESES: Mapping[str, tuple[str, dict[str, Any] | None]] = {
    "compact": (DEFAULT_PROFILE, COMPACT_TERMS),
    "compact-collar": (DEFAULT_PROFILE, COMPACT_COLLAR_TERMS),
    "compact-open": (DEFAULT_PROFILE, COMPACT_OPEN_TERMS),
    "ascendex-2020": ("ascendex-2020", None),
    "ascendex-2020-collar": ("ascendex-2020-collar", None),
    "textbook": ("textbook", None),
    "compact-monitored": (DEFAULT_PROFILE, COMPACT_MONITORED_TERMS),
    "ascendex-2020-monitored": ("ascendex-2020-monitored", None),
}
"""The profile and the overrides that each of `RULEBOOKS` is made of, as a log's genesis has them."""

RULEBOOKS: Mapping[str, Rulebook] = {
    name: load_profile(profile, overrides) for name, (profile, overrides) in GENESES.items()
}
