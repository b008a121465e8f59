"""The accounts of a simulation: drawn from a scenario and a seed, before anything happens."""

import attrs

from ..choosers import Seeded
from ..margin import mark_per_lot, tier_of
from ..rulebook import Rulebook
from ..state import Market
from ..units import PRICE_SCALE, RATE_SCALE, ceil_div, floor_div
from .order_book import rounded_to_tick
from .scenario import Scenario


@attrs.frozen
class Entrant:
    """An account to come: at the path's point number `point` it brings `asset` for a position of about `notional`
    (atoms), long or short, at about `leverage` (10^-9)."""

    account: str
    point: int
    leverage: int
    notional: int
    is_long: bool
    asset: str


@attrs.frozen
class Entry:
    """What an entrant does at a mark: deposit so many atoms of its asset, and trade so many lots at a price."""

    amount: int
    size: int
    price: int


def draw_population(scenario: Scenario, seed: int, points: int) -> tuple[Entrant, ...]:
    """Everybody who comes along a path of so many points, by point and then by id. The same seed gives the same."""
    population = scenario.population
    digits = len(str(population.accounts))
    entrants = []
    for number in range(1, population.accounts + 1):
        chooser = Seeded(f"{seed} {number}")
        entrants.append(
            Entrant(
                account=f"trader-{number:0{digits}}",
                leverage=population.leverage.draw(chooser),
                notional=population.notional.draw(chooser),
                is_long=chooser.choose_int(1, RATE_SCALE) <= population.long_share,
                asset=population.assets[population.collateral.draw(chooser)],
                point=floor_div(population.entry * chooser.choose_int(0, max(0, points - 1)), RATE_SCALE),
            )
        )
    return tuple(sorted(entrants, key=lambda entrant: (entrant.point, entrant.account)))


def entry_of(entrant: Entrant, rulebook: Rulebook, market_id: str, market: Market, price: int) -> Entry:
    """What an entrant does at the market's mark, with `price` that of its asset.

    Collateral counts as much as the position asks for at its leverage, or at the lower one that its tier admits, with
    the taker's fee and what it trades off mark for a tick on top.
    """
    contract = rulebook.contracts[market_id]
    per_lot, traded = mark_per_lot(contract, market), rounded_to_tick(contract, market.mark)
    size = max(1, floor_div(entrant.notional, per_lot))
    notional = size * per_lot
    rate = max(tier_of(contract, notional).initial_rate, ceil_div(RATE_SCALE, rulebook.maximum_leverage))
    margin = max(ceil_div(notional * rate, RATE_SCALE), ceil_div(notional * PRICE_SCALE, entrant.leverage))
    taker = rulebook.fee_tiers[rulebook.default_fee_tier].taker
    paid = size * contract.multiplier * traded
    fee = ceil_div(paid * max(0, taker), RATE_SCALE) + rulebook.fee_unit
    needed = margin + fee + abs(notional - paid)
    asset = rulebook.assets[entrant.asset]
    counts = price * asset.factor * asset.weight
    amount = ceil_div(needed * PRICE_SCALE * RATE_SCALE, counts)
    return Entry(ceil_div(amount, asset.booking_unit) * asset.booking_unit, size, traded)
