"""The order book of a simulation: a block of orders around the index that liquidations eat into and that refills.

The model is that of Obizhaeva and Wang (Optimal trading strategy and supply/demand dynamics, 2013), in levels: on each
side `depth` stands evenly between `half_spread` and `half_spread + width` from the index. Whoever takes liquidity takes
the levels nearest to the index first, and so pays more the more it takes; what was taken comes back at an even pace,
the whole of a side within `refill`. Market makers step back from a market that moves: with a range of r% between the
highest and the lowest index of the last `memory`, depth is divided and the spread multiplied by `1 + thinning * r`.

The mark follows the book: its premium is the share `impact` of the distance from the index to the book's mid, so that
with an impact above zero a wave of liquidations drives the mark, and with it further liquidations.
"""

from collections.abc import Sequence

import attrs

from ..operator import RestingOrder
from ..rulebook import Contract
from ..units import RATE_SCALE, apportion, ceil_div, div_toward_zero, floor_div, floor_to_multiple
from .path import Point
from .scenario import BookTerms

PERCENT = floor_div(RATE_SCALE, 100)


@attrs.frozen
class Level:
    """`size` lots (positive) on offer at `price`."""

    price: int
    size: int


@attrs.define
class OrderBook:
    """The book at a time: where the index is, and how many lots were taken out of each side and are not yet back.

    `recent`: the points of the last `memory`, which say how far the market moved.
    """

    terms: BookTerms
    contract: Contract
    time: int
    index: int
    taken_bids: int = 0
    taken_asks: int = 0
    recent: tuple[Point, ...] = ()

    def move(self, point: Point) -> None:
        """Go on to a point of the path."""
        self.wait(point.time)
        self.index = point.price
        since = point.time - self.terms.memory
        self.recent = (*(seen for seen in self.recent if seen.time > since), point)
        depth = self.depth
        self.taken_bids, self.taken_asks = min(self.taken_bids, depth), min(self.taken_asks, depth)

    def wait(self, time: int) -> None:
        """Let time pass; what was taken comes back at an even pace."""
        back = floor_div(self.depth * (time - self.time), self.terms.refill)
        self.taken_bids, self.taken_asks = max(0, self.taken_bids - back), max(0, self.taken_asks - back)
        self.time = time

    def take(self, size: int) -> None:
        """Lots that a taker sold into the bids (positive) or bought from the asks (negative)."""
        if size > 0:
            self.taken_bids = min(self.taken_bids + size, self.depth)
        else:
            self.taken_asks = min(self.taken_asks - size, self.depth)

    @property
    def thinness(self) -> int:
        """By how much the market's move divides depth and multiplies the spread, in ppb, 10^9 or more."""
        prices = [seen.price for seen in self.recent] or [self.index]
        low, high = min(prices), max(prices)
        return RATE_SCALE + floor_div(self.terms.thinning * (high - low) * RATE_SCALE, low * PERCENT)

    @property
    def depth(self) -> int:
        """Lots on each side where nothing was taken."""
        return floor_div(self.terms.depth * RATE_SCALE, self.index * self.contract.multiplier * self.thinness)

    def bids(self) -> tuple[Level, ...]:
        """What is bid, the best level first; a level that was taken has a size of zero."""
        return self._levels(self.taken_bids, side=-1)

    def asks(self) -> tuple[Level, ...]:
        """What is asked, the best level first; a level that was taken has a size of zero."""
        return self._levels(self.taken_asks, side=1)

    def _levels(self, taken: int, *, side: int) -> tuple[Level, ...]:
        levels = []
        for number, size in enumerate(apportion(self.depth, (1,) * self.terms.levels)):
            gone = min(taken, size)
            taken -= gone
            levels.append(Level(self._price(number, side=side), size - gone))
        return tuple(levels)

    def _price(self, number: int, *, side: int) -> int:
        """The price of a level, a positive multiple of the tick, rounded away from the index."""
        scaled = self.index * (RATE_SCALE + side * self._distance(number))
        tick = self.contract.tick
        away = ceil_div(scaled, RATE_SCALE * tick) * tick if side > 0 else floor_div(scaled, RATE_SCALE * tick) * tick
        return max(tick, away)

    def _distance(self, number: int) -> int:
        """How far a level is from the index, in ppb of it."""
        spread = floor_div(self.terms.half_spread * self.thinness, RATE_SCALE)
        return min(spread + floor_div(self.terms.width * number, self.terms.levels), RATE_SCALE - 1)

    def _best(self, taken: int) -> int:
        """The first level that is not wholly taken, the last one where all are."""
        count, depth = self.terms.levels, self.depth
        return next((n for n in range(count) if floor_div(depth * (n + 1), count) > taken), count - 1)

    def best(self) -> tuple[int, int]:
        """The best bid and ask, of a side without orders its last level; never crossed."""
        bid = self._price(self._best(self.taken_bids), side=-1)
        return bid, max(self._price(self._best(self.taken_asks), side=1), bid + self.contract.tick)

    def premium(self) -> int:
        """By how much the mark is above the index (price units, signed): zero where as much was taken on each side."""
        apart = self._distance(self._best(self.taken_asks)) - self._distance(self._best(self.taken_bids))
        # Toward zero, so that a mark stays positive.
        return div_toward_zero(self.index * apart * self.terms.impact, 2 * RATE_SCALE * RATE_SCALE)

    def orders(self, market: str, makers: Sequence[str]) -> tuple[RestingOrder, ...]:
        """The book as the operator takes it, each level an order of one of the makers in turn."""
        resting = []
        for sign, levels in ((1, self.bids()), (-1, self.asks())):
            for number, level in enumerate(levels):
                if level.size:
                    maker = makers[number % len(makers)]
                    resting.append(RestingOrder(market, maker, sign * level.size, level.price))
        return tuple(resting)


def rounded_to_tick(contract: Contract, price: int) -> int:
    """The multiple of the tick that is nearest below a price, and at least one tick."""
    return max(contract.tick, floor_to_multiple(price, contract.tick))
