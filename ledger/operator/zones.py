"""An account's zone: how far marks and prices may move before it has to be looked at again (specs/operator).

Within its zone an account is certainly not liquidatable. What it has above maintenance margin is split over the things
that can move, its positions and its other assets, by their value, and each edge stands where a move has used its part
up. With a single position and settlement cash the edge is the liquidation price itself.
"""

from ..margin import conversion_proceeds, mark_per_lot, tier_of
from ..state import Account, State
from ..units import EXACT_SCALE, RATE_SCALE, apportion, ceil_div, floor_div
from .standing import cannot_be_short, shortfall

MARK, PRICE = "mark", "price"
BELOW, ABOVE = "below", "above"

Side = tuple[str, str, str]
"""What moves and which way: (`MARK`, a market, `BELOW` or `ABOVE`), or (`PRICE`, an asset, `BELOW`)."""

Edge = tuple[Side, int]
"""The last price (10^-9) on this side at which the account is still inside."""


def zone_of(state: State, account: Account) -> tuple[Edge, ...]:
    """The edges of the zone of an account that is not watched, in order of its markets and then of its assets.

    A position that is flat and not rolled has none: no mark moves it.
    """
    if cannot_be_short(state, account):
        return ()
    rulebook = state.rulebook
    markets = sorted(name for name, position in account.positions.items() if position.size != 0)
    coins = [asset for asset in sorted(account.cash) if asset != rulebook.settlement_asset]
    worth = [
        abs(account.positions[name].size) * mark_per_lot(rulebook.contracts[name], state.markets[name])
        for name in markets
    ]
    worth += [conversion_proceeds(rulebook, coin, account.cash[coin], state.prices[coin]) for coin in coins]
    parts = apportion(-shortfall(state, account), worth) if any(worth) else tuple(0 for _ in worth)
    edges: list[Edge] = []
    for market_id, part in zip(markets, parts, strict=False):
        edges += market_edges(state, account, market_id, part)
    for coin, value, part in zip(coins, worth[len(markets) :], parts[len(markets) :], strict=True):
        edges += asset_edges(state, coin, amount=account.cash[coin], proceeds=value, part=part)
    return tuple(edges)


def market_edges(state: State, account: Account, market_id: str, part: int) -> list[Edge]:
    """Where a move of the mark has used up `part` (an exact value), and where the bracket above begins.

    A lower bracket never asks for more, so falling into one needs no edge.
    """
    contract, mark = state.rulebook.contracts[market_id], state.markets[market_id].mark
    size = account.positions[market_id].size
    per_price = abs(size) * contract.multiplier
    tier = tier_of(contract, per_price * mark)
    margin_per_price = tier.maintenance_rate * RATE_SCALE
    above = None if tier.upper is None else floor_div(tier.upper - 1, per_price)
    edges: list[Edge] = []
    if size > 0:
        loss = per_price * (EXACT_SCALE - margin_per_price)
        if loss > 0 and part < mark * loss:
            edges.append(((MARK, market_id, BELOW), mark - floor_div(part, loss)))
    else:
        worst = mark + floor_div(part, per_price * (EXACT_SCALE + margin_per_price))
        above = worst if above is None else min(above, worst)
    if above is not None:
        edges.append(((MARK, market_id, ABOVE), above))
    return edges


def asset_edges(state: State, asset: str, *, amount: int, proceeds: int, part: int) -> list[Edge]:
    """Where a fall of an asset's price has used up `part` (an exact value) of its `proceeds` (atoms)."""
    least = proceeds - floor_div(part, EXACT_SCALE)
    if least <= 0:
        return []
    terms = state.rulebook.assets[asset]
    return [((PRICE, asset, BELOW), ceil_div(least * EXACT_SCALE, amount * terms.factor * terms.weight))]
