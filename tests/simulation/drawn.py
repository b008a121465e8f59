"""Scenarios and paths drawn at random, the corners among them: what a simulation has to bear."""

from collections.abc import Mapping
from typing import Any

from ledger.choosers import Chooser, one_in
from ledger.fuzzing.drawn_rulebooks import drawn_rulebook
from ledger.profiles import load_profile
from ledger.profiles.tables import Table
from ledger.rulebook import Rulebook
from ledger.simulation.prices import Bar, FundingRate, PriceHistory
from ledger.simulation.scenario import Scenario, scenario_of
from ledger.units import PRICE_SCALE, RATE_DECIMALS, RATE_SCALE, ceil_div, floor_div, format_decimal

from .scenes import START

PROFILES = ("ascendex-2020-monitored", "ascendex-2020", "ascendex-2020-collar", "textbook")
MONITOR = {
    "window": 5,
    "interval": 1000,
    "confidence": "0.9",
    "spread": {"enter": "0.005", "leave": "0.002"},
    "depth": {"enter": "0.2", "leave": "0.4"},
    "volatility": {"enter": "0.01", "leave": "0.005"},
    "expected_shortfall": {"enter": "0.02", "leave": "0.01"},
}
LEVERAGES = ((3, 20, 50, 100), (3, 20, 50, 100), (1,), (1000,))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def drawn_case(chooser: Chooser) -> tuple[Scenario, PriceHistory]:
    """A scenario that has nothing wrong with it, and prices.

    In half of the cases an orderly fall into a book that has something to give, so that rounds have time and fills; in
    an eighth a fall in which a provider takes more than it can bear; in the others anything at all.
    """
    mood = chooser.choose_from((*("orderly",) * 4, "ruinous", *("anything",) * 3))
    profile, overrides = chooser.choose_from(PROFILES), _overrides(chooser) if mood == "anything" else {}
    prices = _history(chooser, mood)
    rulebook = load_profile(profile, overrides)
    document = _document(chooser, profile, overrides, rulebook)
    if mood == "orderly":
        document |= _orderly(chooser)
    elif mood == "ruinous":
        document |= _ruinous(chooser, _whole(rulebook, rulebook.program.minimum_account_value))
    errors: list[tuple[str, str]] = []
    read = scenario_of(Table(document, "", errors), "")
    assert read is not None, errors
    return read, prices


def _overrides(chooser: Chooser) -> dict[str, Any]:
    """Nothing; few rounds; or a whole drawn rulebook, with a monitor or without."""
    kind = chooser.choose_int(0, 3)
    if kind == 0:
        return {}
    if kind == 1:
        interval = chooser.choose_from((6000, 0, 1))
        return {"liquidation": {"rounds": chooser.choose_from((3, 1)), "round_interval": interval}}
    drawn = drawn_rulebook(chooser)
    if kind == 3:
        drawn["markets"]["BTC-PERP"]["monitor"] = MONITOR
    return drawn


def _document(chooser: Chooser, profile: str, overrides: Mapping[str, Any], rulebook: Rulebook) -> dict[str, Any]:
    """Amounts are whole units of the settlement asset, in proportion to what the program asks of a provider."""
    wealth = max(1000, _whole(rulebook, rulebook.program.minimum_account_value))
    collateral = tuple(sorted(rulebook.assets))[: chooser.choose_int(0, len(rulebook.assets))]
    return {
        "name": "drawn",
        "rulebook": profile,
        "overrides": overrides,
        "market": "BTC-PERP",
        "prices": {"points": chooser.choose_from(("ohlc", "close"))},
        "population": {
            "accounts": chooser.choose_from((8, 1, 20)),
            "leverage": {"choices": [[str(each), 1] for each in chooser.choose_from(LEVERAGES)]},
            "notional": _notional(chooser, wealth),
            "long_share": _share(chooser, 800_000_000, 0, RATE_SCALE, 500_000_000),
            "entry": _share(chooser, 0, 300_000_000, RATE_SCALE),
            **({"collateral": dict.fromkeys(collateral, 1)} if collateral else {}),
        },
        "market_makers": {
            "accounts": chooser.choose_from((2, 1, 3)),
            "collateral": _of(chooser, wealth, (1000, 1), (1000, 1), (20, 1), (1, 1), (1, 100)),
        },
        "book": _book(chooser, wealth),
        "assets": {
            asset: _asset(chooser, asset) for asset in collateral if asset != rulebook.settlement_asset
        },
        **_backstop(chooser, rulebook, wealth),
    }  # fmt: skip


def _orderly(chooser: Chooser) -> dict[str, Any]:
    """Leveraged longs, makers with money, or with too little for what they take, and a book that moves the mark."""
    return {
        "population": {
            "accounts": chooser.choose_from((20, 8)),
            "leverage": {"choices": [["20", 1], ["50", 1], ["100", 1]]},
            "notional": {"quantiles": [["0", "1000"], ["0.8", "40000"], ["1", "900000"]]},
            "long_share": _share(chooser, RATE_SCALE, 700_000_000),
        },
        "market_makers": {
            "accounts": chooser.choose_from((2, 1)),
            "collateral": chooser.choose_from(("50000000", "50000000", "20000")),
        },
        "book": {
            "depth": chooser.choose_from(("2000000", "200000", "30000")),
            "half_spread": _share(chooser, 100_000, 1_000_000),
            "width": "0.005",
            "levels": chooser.choose_from((4, 1, 10)),
            "refill": chooser.choose_from((MINUTE, 1000, 10 * MINUTE)),
            "thinning": chooser.choose_from(("0", "1")),
            "impact": _share(chooser, 500_000_000, 0, RATE_SCALE),
            "mark_interval": chooser.choose_from((10_000, 1000)),
        },
        "assets": {},
    }


def _ruinous(chooser: Chooser, wealth: int) -> dict[str, Any]:
    """One or two providers with hardly the program's minimum, who have agreed to take a hundred times as much."""
    wealth = max(1_000_000, wealth)
    return {
        "population": {
            "accounts": 20,
            "leverage": {"choices": [["20", 1], ["50", 1], ["5", 1]]},
            "notional": {"between": [str(wealth), str(5 * wealth)]},
            "long_share": _share(chooser, RATE_SCALE, 900_000_000),
        },
        "market_makers": {"accounts": 2, "collateral": str(1000 * wealth)},
        "providers": {"accounts": chooser.choose_from((1, 2)), "collateral": str(wealth)},
        "backstop": {
            "capacity_per_minute": str(100 * wealth),
            "capacity_per_hour": str(1000 * wealth),
            "max_holdings": str(100 * wealth),
            "fund": _of(chooser, wealth, (0, 1), (5, 1)),
        },
        "assets": {},
    }


def _whole(rulebook: Rulebook, amount: int) -> int:
    """An amount in whole units of the settlement asset, rounded up."""
    return ceil_div(amount, 10**rulebook.settlement_decimals)


def _of(chooser: Chooser, wealth: int, *shares: tuple[int, int]) -> str:
    """One of these shares of wealth, each a numerator and a denominator, rounded down, 1 at least where it is not 0."""
    numerator, denominator = chooser.choose_from(shares)
    return str(max(min(numerator, 1), floor_div(wealth * numerator, denominator)))


def _share(chooser: Chooser, *values: int) -> str:
    return format_decimal(chooser.choose_from(values), RATE_DECIMALS)


def _notional(chooser: Chooser, wealth: int) -> Any:
    if one_in(chooser, 6):
        return chooser.choose_from(("0.000000001", str(wealth * 1000)))
    return {"quantiles": [["0", "1"], ["0.7", str(wealth)], ["1", str(wealth * chooser.choose_from((10, 100)))]]}


def _asset(chooser: Chooser, asset: str) -> dict[str, str]:
    if asset == "BTC" and not one_in(chooser, 3):
        return {"price": "market"}
    beta = chooser.choose_from(("0", "1", "1.5", "20"))
    return {"price": chooser.choose_from(("1", "3000", "0.000000001")), "beta": beta}


def _book(chooser: Chooser, wealth: int) -> dict[str, Any]:
    return {
        "depth": _of(chooser, wealth, (50, 1), (50, 1), (5, 1), (0, 1), (1, 20)),
        "half_spread": _share(chooser, 100_000, 100_000, 0, 10_000_000, 400_000_000),
        "width": _share(chooser, 5_000_000, 2_000_000, 1, 500_000_000),
        "levels": chooser.choose_from((4, 1, 10)),
        "refill": chooser.choose_from((MINUTE, 1, 10 * DAY)),
        "thinning": chooser.choose_from(("0", "1", "1000000")),
        "memory": chooser.choose_from((300_000, 1, DAY)),
        "impact": _share(chooser, 0, 500_000_000, RATE_SCALE),
        "mark_interval": chooser.choose_from((10_000, 1000, HOUR)),
    }


def _backstop(chooser: Chooser, rulebook: Rulebook, wealth: int) -> dict[str, Any]:
    """Providers that the program admits, or none."""
    program, count = rulebook.program, chooser.choose_from((2, 1, 3, 7, 0))
    least = _whole(rulebook, program.minimum_capacity_per_minute)
    per_minute = max(1, least) * chooser.choose_from((1, 1, 3, 100, 0)) * max(1, count)
    least_hour = _whole(rulebook, program.minimum_capacity_per_hour) * max(1, count)
    more = format_decimal(chooser.choose_from((0, 1, 2)), rulebook.settlement_decimals)
    per_minute_text = more.replace("0", str(per_minute), 1) if per_minute else "0"
    return {
        "providers": {
            "accounts": count,
            "collateral": str(wealth * chooser.choose_from((1, 2, 10))),
            "unwind": _share(chooser, 0, 0, RATE_SCALE, 100_000_000),
        },
        "backstop": {
            "capacity_per_minute": per_minute_text,
            "capacity_per_hour": str(max(least_hour, (per_minute + 1) * chooser.choose_from((1, 3, 60)))),
            "max_holdings": str((per_minute + 1) * chooser.choose_from((1, 2, 1000))),
            "fund": _of(chooser, wealth, (0, 1), (5, 1), (1, 10), (1, 1000)),
        },
    }


def _history(chooser: Chooser, mood: str) -> PriceHistory:
    """A few bars, or one price a row, that mostly fall, sometimes to next to nothing; maybe with funding rates."""
    interval = chooser.choose_from((MINUTE,) if mood != "anything" else (MINUTE, MINUTE, 15_000, 1, 3, 2 * HOUR))
    start = START + chooser.choose_from((0, 1, -START % (8 * HOUR)))
    price = 10_000 * PRICE_SCALE
    if mood == "anything" and one_in(chooser, 6):
        price = chooser.choose_from((3 * PRICE_SCALE, 10**18, 7))
    bars: list[Bar] = []
    time, has_extremes = start, one_in(chooser, 2)
    for number in range(chooser.choose_from((8, 2, 20))):
        opened, price = price, _moved(chooser, price, mood)
        ends = (opened, price) if has_extremes else (price, price)
        high, low = max(ends) + floor_div(max(ends), 200), max(1, min(ends) - floor_div(min(ends), 200))
        prices = (opened, high, low, price) if has_extremes else (price,) * 4
        bars.append(Bar(time, *prices, line=number + 2))
        time += interval * chooser.choose_from((1, 1, 1, 2)) if number else interval
        time += DAY * 2 if one_in(chooser, 40) and number else 0
    rates = tuple(
        FundingRate(bar.time, chooser.choose_from((100_000, 0, -(10**10), 5_000_000)), bar.line)
        for bar in bars
        if one_in(chooser, 3)
    )
    return PriceHistory("drawn", interval, has_extremes, tuple(bars), rates)


ORDERLY = (990, 995, 998, 985, 1000, 1003)
MOVES = {
    "orderly": ORDERLY,
    "ruinous": (960, 975, 1000, 930),
    "anything": (*ORDERLY, 970, 1010, 900, 600, 1500, 10),
}
"""What a price is moved to in each mood, in permille of what it was."""


def _moved(chooser: Chooser, price: int, mood: str) -> int:
    return max(1, floor_div(price * chooser.choose_from(MOVES[mood]), 1000))
