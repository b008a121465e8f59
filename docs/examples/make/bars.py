"""The fall of the day as bars of a minute, for simulations: what a venue would have had to take over, had its accounts
met these prices."""

from collections.abc import Iterator
from itertools import groupby

from ledger.log import format_time
from ledger.units import format_decimal

from .tape import BTC, MINUTE, Tape, at, ticks

FROM, UNTIL = at("14:04"), at("15:04")
CENTS = 2


def crash_bars(seed: int) -> Iterator[bytes]:
    """The lines of a CSV file: a header, and a bar of each minute of the hour from 14:04 on."""
    yield b"time,open,high,low,close\n"
    for minute, fair in groupby(fair_prices(seed), key=lambda each: each[0] // MINUTE * MINUTE):
        prices = [price for _, price in fair]
        bar = (prices[0], max(prices), min(prices), prices[-1])
        yield ",".join([format_time(minute), *(format_decimal(price, CENTS) for price in bar)]).encode() + b"\n"


def fair_prices(seed: int) -> Iterator[tuple[int, int]]:
    """The time of each tick of the hour, and bitcoin's fair price then, in cents."""
    tape = Tape(seed)
    for tick in ticks():
        for _ in tape.marks(tick):
            pass
        if FROM <= tick.time < UNTIL:
            yield tick.time, tape.fair[BTC]
