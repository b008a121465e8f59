"""The tape: what the sources of the day quote, and when.

Prices here are whole cents until they become quotes. A market's fair price runs from waypoint to waypoint, with noise
that fades; every source quotes near it, some are stale now and then, and sometimes one is plainly wrong.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import attrs
from immutables import Map

from ledger.transactions import MarkAsset, MarkMarket, Transaction
from ledger.units import PRICE_SCALE

from .dice import Dice

MIDNIGHT = 1_599_091_200_000
"""2020-09-03T00:00:00Z."""
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY = 24 * HOUR
CENT = PRICE_SCALE // 100
PPM = 1_000_000

BTC, ETH = "BTC-PERP", "ETH-PERP"
MARKETS = (BTC, ETH)
COINS = {BTC: "BTC", ETH: "ETH"}
STABLECOINS = ("PAX", "USDC")
SOURCES = ("AscendEX", "Binance", "Huobi", "OKEx", "Poloniex")

WAYPOINTS = {
    BTC: """00:00:00 11390  03:00:00 11350  06:00:00 11420  08:00:00 11460  10:00:00 11520  12:00:00 11580
            13:30:00 11640  14:05:00 11600  14:15:00 11420  14:22:00 11450  14:30:00 11150  14:36:00 11180
            14:41:00 11050  14:41:10 10720  14:44:40 10780  14:44:50 10450  14:48:00 10500  14:52:00 10330
            15:00:00 10430  15:10:00 10330  15:30:00 10600  16:00:00 10720  17:00:00 10690  20:00:00 10600
            24:00:00 10560""",
    ETH: """00:00:00 438  02:56:00 436.5  03:03:00 431.4  03:17:00 431.2  03:26:00 436  06:00:00 440  12:00:00 449
            13:30:00 452  14:05:00 449.5  14:15:00 441  14:22:00 442  14:30:00 427  14:36:00 428.5
            14:41:00 422  14:41:10 405  14:44:40 407.5  14:44:50 391  14:48:00 392  14:52:00 384
            15:00:00 388.5  15:10:00 383  15:30:00 396  16:00:00 401  17:00:00 399  20:00:00 395  24:00:00 393""",
}
"""The fair price of a market through the day: a night dip in ETH, a slow rise, and from 14:05 a fall of a tenth."""


def at(clock: str) -> int:
    """The time of a clock reading of the day, "14:41" or "14:41:10"."""
    hours, minutes, seconds = (int(part) for part in [*clock.split(":"), "0"][:3])
    return MIDNIGHT + hours * HOUR + minutes * MINUTE + seconds * SECOND


STORM = (at("14:04"), at("15:34"))
"""From when until when marks come every ten seconds instead of every minute."""


def is_stormy(time: int) -> bool:
    """Whether the time is within the fall and its aftermath."""
    return STORM[0] <= time < STORM[1]


def cents(dollars: str) -> int:
    """Whole cents of "436.5"."""
    whole, _, fraction = dollars.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def waypoints(market: str) -> list[tuple[int, int]]:
    """The market's waypoints as (time, cents), in order."""
    words = WAYPOINTS[market].split()
    return [(at(clock), cents(dollars)) for clock, dollars in zip(words[::2], words[1::2], strict=True)]


def interpolated(points: Sequence[tuple[int, int]], time: int) -> int:
    """The price on the straight line between the two waypoints around `time`, in cents rounded down."""
    for (start, first), (end, last) in pairwise(points):
        if start <= time <= end:
            return first + (last - first) * (time - start) // (end - start)
    raise ValueError(f"{time} is not within the waypoints")


@attrs.frozen
class Tick:
    """One moment of the tape: its time, and how long until the next."""

    time: int
    length: int

    @property
    def minute_of_day(self) -> int:
        """Whole minutes since midnight."""
        return (self.time - MIDNIGHT) // MINUTE

    @property
    def is_whole_minute(self) -> bool:
        """Whether the second hand is up."""
        return self.time % MINUTE == 0


def ticks() -> Iterator[Tick]:
    """The moments of the day: every minute, in the storm every ten seconds."""
    time = MIDNIGHT
    while time < MIDNIGHT + DAY:
        length = 10 * SECOND if is_stormy(time) else MINUTE
        yield Tick(time, length)
        time += length


class Tape:
    """Makes the day's mark transactions, tick by tick."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(seed, "tape")
        self._points = {market: waypoints(market) for market in MARKETS}
        self._noise = dict.fromkeys(MARKETS, 0)
        self.fair = {market: points[0][1] for market, points in self._points.items()}
        """The fair price of each market now, in cents."""

    def marks(self, tick: Tick) -> Iterator[Transaction]:
        """The marks of one tick: both markets always, coins every five minutes (in the storm every minute),
        stablecoins every quarter of an hour."""
        for market in MARKETS:
            self._move(market, tick)
        coins_due = tick.is_whole_minute and (is_stormy(tick.time) or tick.minute_of_day % 5 == 0)
        for market in MARKETS:
            quotes = self._quotes(self.fair[market], tick.time)
            yield MarkMarket(tick.time, market, quotes, self._premium(market, tick.time))
            if coins_due:
                yield MarkAsset(tick.time, COINS[market], quotes)
        if tick.is_whole_minute and tick.minute_of_day % 15 == 0:
            for asset in STABLECOINS:
                yield MarkAsset(tick.time, asset, self._stable_quotes())

    def _move(self, market: str, tick: Tick) -> None:
        width = 900 if is_stormy(tick.time) else 700
        noise = self._noise[market]
        self._noise[market] = noise - noise // 12 + self._dice.bell(width)
        fair = interpolated(self._points[market], tick.time)
        self.fair[market] = fair + fair * self._noise[market] // PPM

    def _quotes(self, fair: int, time: int) -> Map[str, int]:
        """Each source's price, in price units: the stale ones left out, and once in a while one of five wrong."""
        dice = self._dice
        spread = 400 if is_stormy(time) else 120
        quotes = {source: (fair + fair * dice.bell(spread) // PPM) * CENT for source in SOURCES}
        if dice.percent(10 if is_stormy(time) else 2):
            for _ in range(dice.between(1, 2)):
                quotes.pop(dice.pick(SOURCES), None)
        elif dice.below(250) == 0:
            wrong = dice.pick(SOURCES)
            quotes[wrong] = quotes[wrong] * dice.pick((1, 90, 110, 1000)) // 100
        return Map(quotes)

    def _stable_quotes(self) -> Map[str, int]:
        return Map({source: PRICE_SCALE + self._dice.bell(4) * PRICE_SCALE // 10_000 for source in SOURCES})

    def _premium(self, market: str, time: int) -> int:
        """Mark over index, in price units: buyers pay up through the day, and sellers give in once it falls."""
        fair = self.fair[market]
        if time < STORM[0]:
            return fair * self._dice.between(-40, 160) // PPM * CENT
        if time < STORM[1]:
            return fair * self._dice.between(-900, 100) // PPM * CENT
        return fair * self._dice.between(-160, 60) // PPM * CENT
