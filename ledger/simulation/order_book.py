"""The order book of a simulation: a block of orders around the index that liquidations eat into and that refills.

The model is that of Obizhaeva and Wang (Optimal trading strategy and supply/demand dynamics, 2013), in levels: on each
side `depth` stands evenly between `half_spread` and `half_spread + width` from the index. Whoever takes liquidity takes
the levels nearest to the index first, and so pays more the more it takes; what was taken comes back at an even pace,
the whole of a side within `refill`. Market makers step back from a market that moves: with a range of r% between the
highest and the lowest index of the last `memory`, depth is divided and the spread multiplied by `1 + thinning * r`.

The mark follows the book: its premium is the share `impact` of the distance from the index to the book's mid, so that
with an impact above zero a wave of liquidations drives the mark, and with it further liquidations.
"""

from collections import deque
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
class Extremes:
    """The lowest and the highest index of the last `memory` ms.

    `lows` and `highs` hold prices that were left, each with the time until which it was the index: of two that were
    left, the earlier one only where it is the lower or the higher one, so that the first of either is the extreme.
    """

    memory: int
    lows: deque[Point] = attrs.field(factory=deque)
    highs: deque[Point] = attrs.field(factory=deque)

    def leave(self, price: int, until: int) -> None:
        """The index was at `price` until a time, and is no longer."""
        while self.lows and self.lows[-1].price >= price:
            self.lows.pop()
        while self.highs and self.highs[-1].price <= price:
            self.highs.pop()
        self.lows.append(Point(until, price))
        self.highs.append(Point(until, price))

    def forget(self, time: int) -> None:
        """Drop what was no index within the memory before `time`."""
        for left in (self.lows, self.highs):
            while left and left[0].time + self.memory <= time:
                left.popleft()

    def next_time(self) -> int | None:
        """When an extreme is to be forgotten next."""
        return min((left[0].time + self.memory for left in (self.lows, self.highs) if left), default=None)

    def with_index(self, index: int) -> tuple[int, int]:
        """The lowest and the highest, the index of now among them."""
        low = min(self.lows[0].price, index) if self.lows else index
        high = max(self.highs[0].price, index) if self.highs else index
        return low, high


@attrs.define
class OrderBook:
    """The book at a time: where the index is, since it `moved`, and what was taken of each side and is not yet back.

    `depth`: lots on each side where nothing was taken. `thinness`: by how much the market's move divides depth and
    multiplies the spread, in ppb, 10^9 or more. `gone_bids` and `gone_asks`: lots that were taken, times the ms of
    `refill`, so that what comes back in any time is a whole number, and looking more often changes nothing.
    """

    terms: BookTerms
    contract: Contract
    time: int
    index: int
    depth: int = 0
    thinness: int = RATE_SCALE
    gone_bids: int = 0
    gone_asks: int = 0
    moved: int = attrs.field(init=False)
    extremes: Extremes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.moved = self.time
        self.extremes = Extremes(self.terms.memory)
        self._look_at_extremes()

    def move(self, point: Point) -> None:
        """Go on to a point of the path. What was taken beyond the new depth is forgotten."""
        self.wait(point.time)
        if point.time > self.moved:
            self.extremes.leave(self.index, until=point.time)
        self.index, self.moved = point.price, point.time
        self._look_at_extremes()
        most = self.depth * self.terms.refill
        self.gone_bids, self.gone_asks = min(self.gone_bids, most), min(self.gone_asks, most)

    def wait(self, time: int) -> None:
        """Let time pass: what was taken comes back at an even pace, and moves of the index are forgotten."""
        while (forgotten := self.extremes.next_time()) is not None and forgotten <= time:
            self._refill(forgotten)
            self.extremes.forget(forgotten)
            self._look_at_extremes()
        self._refill(time)

    def _refill(self, time: int) -> None:
        back = self.depth * (time - self.time)
        self.gone_bids, self.gone_asks = max(0, self.gone_bids - back), max(0, self.gone_asks - back)
        self.time = time

    def _look_at_extremes(self) -> None:
        low, high = self.extremes.with_index(self.index)
        self.thinness = RATE_SCALE + floor_div(self.terms.thinning * (high - low) * RATE_SCALE, low * PERCENT)
        self.depth = floor_div(self.terms.depth * RATE_SCALE, self.index * self.contract.multiplier * self.thinness)

    def take(self, size: int) -> None:
        """Lots that a taker sold into the bids (positive) or bought from the asks (negative)."""
        refill = self.terms.refill
        most = self.depth * refill
        if size > 0:
            self.gone_bids = min(self.gone_bids + size * refill, most)
        else:
            self.gone_asks = min(self.gone_asks - size * refill, most)

    @property
    def taken_bids(self) -> int:
        """Lots of the bids that were taken and are not wholly back."""
        return ceil_div(self.gone_bids, self.terms.refill)

    @property
    def taken_asks(self) -> int:
        """Lots of the asks that were taken and are not wholly back."""
        return ceil_div(self.gone_asks, self.terms.refill)

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
