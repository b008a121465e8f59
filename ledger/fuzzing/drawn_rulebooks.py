"""Rulebooks drawn at random: every parameter of a venue within what a rulebook may be, the corners among them.

A drawn rulebook is a document that overrides the default profile, as a log's genesis holds it. Amounts of money are
chosen around one `wealth`, so that accounts, tiers, capacities and rounds stay in proportion, and lots are small
against it.
"""

from typing import Any

import attrs

from ..choosers import Chooser, one_in
from ..profiles import PRICE_DECIMALS, RATE_DECIMALS
from ..units import PPM_DECIMALS, PPM_SCALE, RATE_SCALE, format_decimal

SETTLEMENT = "USDT"
COINS = ("BTC", "ETH", "PAX", "USDC")
MARKETS = ("BTC-PERP", "ETH-PERP", "LTC-PERP")
LOTS = {"BTC-PERP": (2, 3, 4, 1), "ETH-PERP": (1, 2, 3, 0), "LTC-PERP": (1, 0, 2, 3)}
"""Decimals of a market's lot: at the prices with which markets begin, lots are worth up to some hundred."""
PRECISE, COARSE = 13, 9
MINUTE, HOUR, EIGHT_HOURS = 60_000, 3_600_000, 28_800_000


@attrs.frozen
class _Draft:
    """What the parts of one document have in common. `wealth` in whole units of the settlement asset."""

    chooser: Chooser
    settlement_decimals: int
    wealth: int

    def amount(self, *shares: tuple[int, int]) -> str:
        """One of these shares of wealth, each a numerator and a denominator, in whole units rounded down."""
        numerator, denominator = self.chooser.choose_from(shares)
        return str(self.wealth * numerator // denominator)

    def rate(self, *values: int) -> str:
        """One of these rates (ppb)."""
        return format_decimal(self.chooser.choose_from(values), RATE_DECIMALS)


def drawn_rulebook(chooser: Chooser) -> dict[str, Any]:
    """Overrides of the default profile that make a valid rulebook."""
    decimals = chooser.choose_from((PRECISE, PRECISE, 12, 16, COARSE))
    draft = _Draft(chooser, decimals, chooser.choose_from((1000, 1000, 20_000, 500)))
    return {
        "name": "drawn",
        "fee_decimals": chooser.choose_from((COARSE, COARSE, 2, decimals)),
        "minimum_sources": chooser.choose_from((3, 3, 4, 5)),
        "maximum_leverage": chooser.choose_from((100, 100, 20, 1, 1000)),
        "unrealised_gains_count": one_in(chooser, 3),
        "assets": _assets(draft),
        "markets": _markets(draft),
        **_fees(draft),
        "funding": {
            **_schedule(chooser, (1_800_000, EIGHT_HOURS, MINUTE)),
            "clamp": draft.rate(5_000_000, 0, RATE_SCALE),
        },
        "settle": {
            **_schedule(chooser, (900_000, MINUTE, HOUR)),
            "minimum_pnl": draft.amount((1, 100), (0, 1), (1, 1)),
            "minimum_ratio": draft.rate(10_000_000, 0, RATE_SCALE),
        },
        "liquidation": {
            "rounds": chooser.choose_from((3, 1, 2, 8)),
            "round_interval": chooser.choose_from((6000, 6000, 0, 1)),
            "fraction": chooser.choose_from((2, 1, 10, 3)),
            "minimum_value": draft.amount((3, 50), (0, 1), (1, 2)),
        },
        "program": _program(draft),
    }


def _assets(draft: _Draft) -> dict[str, Any]:
    """Decimals and factors; the settlement asset is as precise as any other."""
    chooser, most = draft.chooser, draft.settlement_decimals
    booked = chooser.choose_from((COARSE, most, 2, most))
    assets: dict[str, Any] = {SETTLEMENT: {"decimals": most, "booking_decimals": booked}}
    for coin in COINS:
        if one_in(chooser, 6):
            assets[coin] = None
            continue
        decimals = chooser.choose_from((COARSE, COARSE, 6, most))
        factor = draft.rate(980_000_000, 950_000_000, RATE_SCALE, 500_000_000, 1)
        assets[coin] = {"decimals": decimals, "booking_decimals": min(decimals, chooser.choose_from((COARSE, 2, 0)))}
        assets[coin]["factor"] = factor
    return assets


def _markets(draft: _Draft) -> dict[str, Any]:
    """One to three markets, with lots that the settlement asset's decimals can hold."""
    chooser = draft.chooser
    many = chooser.choose_from((2, 2, 1, 3))
    markets: dict[str, Any] = {"ETH-PERP": None} if many == 1 else {}
    for market_id in MARKETS[:many]:
        finest = draft.settlement_decimals - COARSE
        lot_decimals = min(finest, chooser.choose_from(LOTS[market_id]))
        lots = chooser.choose_from((1, 1, 5, 3))
        markets[market_id] = {
            "lot": format_decimal(lots * 10 ** (PRICE_DECIMALS - lot_decimals), PRICE_DECIMALS),
            "tick": chooser.choose_from(("0.25", "0.01", "1", "0.000000001")),
            "price_band": chooser.choose_from(("0.1", "none", "0.02", "1")),
            "tiers": _tiers(draft),
        }
        if one_in(chooser, 2):
            markets[market_id]["monitor"] = _monitor(draft)
    return markets


def _monitor(draft: _Draft) -> dict[str, Any]:
    """A window of a few returns or a single one, and limits of which any may be the first that is reached."""
    chooser = draft.chooser
    return {
        "window": chooser.choose_from((3, 1, 2, 12)),
        "interval": chooser.choose_from((6000, 6000, 0, MINUTE)),
        "confidence": draft.rate(500_000_000, 950_000_000, 600_000_000, 1, RATE_SCALE - 1),
        "spread": _threshold(*chooser.choose_from(((10_000, 4_000), (10_000, 9_999), (1, 0), (2_000_000, 50_000)))),
        "depth": _threshold(*chooser.choose_from(((250_000, 500_000), (0, 1), (999_999, PPM_SCALE)))),
        "volatility": _threshold(*chooser.choose_from(((30_000, 15_000), (PPM_SCALE, 20_000), (5_000, 0)))),
        "expected_shortfall": _threshold(*chooser.choose_from(((35_000, 17_500), (PPM_SCALE, 20_000), (5_000, 0)))),
    }


def _threshold(enter: int, leave: int) -> dict[str, str]:
    """In ppm."""
    return {"enter": format_decimal(enter, PPM_DECIMALS), "leave": format_decimal(leave, PPM_DECIMALS)}


def _tiers(draft: _Draft) -> list[dict[str, str]]:
    """One to six brackets, rates never falling from one to the next, the maintenance rate up to the initial one."""
    chooser = draft.chooser
    bound, initial, maintenance = draft.wealth * chooser.choose_from((1, 3, 20)) // 2, 0, 0
    tiers: list[dict[str, str]] = []
    for remaining in range(chooser.choose_from((4, 1, 2, 3, 6)), 0, -1):
        initial = min(RATE_SCALE, max(initial, chooser.choose_from((10_000_000, 20_000_000, 3_333_333)) + 2 * initial))
        share = chooser.choose_from((60, 60, 50, 90, 100, 1))
        maintenance = max(maintenance, initial * share // 100)
        tier = {
            "initial": format_decimal(initial, RATE_DECIMALS),
            "maintenance": format_decimal(maintenance, RATE_DECIMALS),
        }
        tiers.append(tier if remaining == 1 else {"below": str(bound), **tier})
        bound *= chooser.choose_from((4, 2, 10))
    return tiers


def _fees(draft: _Draft) -> dict[str, Any]:
    """Fees of three tiers: makers may get rebates, up to all that the cheapest taker pays."""
    chooser = draft.chooser
    takers = [chooser.choose_from(rates) for rates in ((650_000, 0, 5_000_000), (450_000, 650_000), (200_000, 50_000))]
    cheapest = min(takers)
    makers = [chooser.choose_from((200_000, 0, 100_000)), chooser.choose_from((100_000, 0, -cheapest))]
    makers.append(chooser.choose_from((-50_000, -cheapest, 0, 1)) if cheapest >= 50_000 else 0)
    tiers = {
        name: {"maker": format_decimal(maker, RATE_DECIMALS), "taker": format_decimal(taker, RATE_DECIMALS)}
        for name, maker, taker in zip(("standard", "vip", "backstop"), makers, takers, strict=True)
    }
    return {"fee_tiers": tiers, "default_fee_tier": chooser.choose_from(("standard", "standard", "vip"))}


def _schedule(chooser: Chooser, intervals: tuple[int, ...]) -> dict[str, Any]:
    interval = chooser.choose_from(intervals)
    return {"interval": interval, "window": min(interval, chooser.choose_from((MINUTE, MINUTE, 1, interval)))}


def _program(draft: _Draft) -> dict[str, Any]:
    """Discounts of either sign and none, windows and notices of many lengths, minima that may be nothing."""
    chooser = draft.chooser
    minute = chooser.choose_from((MINUTE, MINUTE, 1000, 1))
    per_minute = chooser.choose_from(((1, 5), (1, 5), (0, 1), (1, 1)))
    return {
        "minimum_account_value": str(draft.wealth) if not one_in(chooser, 6) else "0",
        "minimum_capacity_per_minute": draft.amount(per_minute),
        "minimum_capacity_per_hour": draft.amount((2, 5), (0, 1), (1, 5)),
        "discount": format_decimal(_discount(chooser), RATE_DECIMALS),
        "notice": chooser.choose_from((HOUR, HOUR, 0, MINUTE)),
        "minute": minute,
        "hour": minute * chooser.choose_from((60, 60, 1, 5)),
        "minimum_candidates": chooser.choose_from((2, 1, 3, 10)),
    }


def _discount(chooser: Chooser) -> int:
    """In ppb: for the provider, none, or a collar; ordinary ones, the smallest, and very large ones."""
    kind = chooser.choose_int(0, 9)
    if kind < 3:
        return 10_000_000
    if kind < 5:
        return 0
    if kind < 7:
        return -10_000_000
    return chooser.choose_from((50_000_000, -50_000_000, 3_000_000, 1, -1, 500_000_000, -500_000_000, 999_999_999))
