"""Who opens an account at the venue, when, with what, and how much risk they like."""

from collections.abc import Iterator

import attrs

from .dice import Dice
from .tape import BTC, ETH, MARKETS

COIN = 10**9
"""Atoms of one unit of any asset but USDT."""
USDT_UNIT = 10**13

MAKERS = tuple(f"maker-{number}" for number in range(1, 6))
NIGHT_OWL = "night-owl"
PROVIDERS = ("provider-east", "provider-north", "provider-south")
CORE_ACCOUNTS = 200
"""Accounts of the day itself: makers, providers, the night owl and traders."""

HUNDREDTHS_PER_DOLLAR = {"BTC": (1, 11_400), "ETH": (1, 438), "PAX": (1, 1), "USDC": (1, 1), "USDT": (1, 1)}
"""About how many units of an asset a dollar buys at the opening, as a fraction."""


@attrs.frozen
class Plan:
    """A trader to come: `wealth` in dollars over `assets`, the minute of arrival, and the position that is wanted.

    `leverage` is the account's own limit; `usage` percent of it is taken at once. `market` comes first, and
    `second_market` after it where there is one.
    """

    account: str
    minute: int
    wealth: int
    assets: tuple[str, ...]
    leverage: int
    usage: int
    market: str
    is_long: bool
    second_market: str | None
    fee_tier: str | None


def amount_of(asset: str, dollars: int) -> int:
    """Atoms of an asset that `dollars` buy at the opening, rounded to what people send: whole dollars, 0.001 coins."""
    units, price = HUNDREDTHS_PER_DOLLAR[asset]
    if asset == "USDT":
        return dollars * USDT_UNIT
    thousandths = dollars * 1000 * units // price
    return max(1, thousandths if price > 1 else thousandths // 1000 * 1000) * COIN // 1000


def trader_plans(seed: int) -> Iterator[Plan]:
    """The day's traders, by arrival: a few whales, the crowd, and a fifth of them short."""
    dice = Dice(seed, "population")
    count = CORE_ACCOUNTS - len(MAKERS) - len(PROVIDERS) - 1
    plans = [_plan(dice, number) for number in range(1, count + 1)]
    yield from sorted(plans, key=lambda plan: (plan.minute, plan.account))


def _plan(dice: Dice, number: int) -> Plan:
    is_whale = number % 10 == 0
    leverage = dice.pick((10, 20, 25)) if is_whale else dice.pick((5, 10, 15, 20, 25, 30, 40, 50, 50))
    wealth = _wealth(dice, leverage, is_whale=is_whale)
    first = dice.pick(("USDT", "USDT", "USDT", "USDC", "PAX", "BTC", "BTC", "ETH"))
    assets = (first,) if dice.percent(65) else tuple(sorted({first, dice.pick(("USDT", "USDC", "PAX", "BTC", "ETH"))}))
    market = BTC if dice.percent(60) else ETH
    other = next(candidate for candidate in MARKETS if candidate != market)
    return Plan(
        account=f"trader-{number:03}",
        minute=0 if number <= 24 else min(dice.between(1, 720), dice.between(1, 720)),
        wealth=wealth,
        assets=assets,
        leverage=leverage,
        usage=dice.between(55, 97),
        market=market,
        is_long=dice.percent(80),
        second_market=other if dice.percent(15) else None,
        fee_tier="vip" if is_whale and dice.percent(60) else None,
    )


def _wealth(dice: Dice, leverage: int, *, is_whale: bool) -> int:
    """Dollars: most accounts are small, whales bring enough for a position of about a million."""
    if is_whale:
        return dice.between(500, 980) * 1000 // leverage
    return dice.pick((200, 500, 1_000, 2_000, 3_000, 5_000)) * dice.between(60, 240) // 100
