"""Bystanders: as many further accounts as a benchmark wants, quiet enough never to need the risk desk.

They trade lots worth some twenty dollars with each other, on collateral of hundreds. What they do depends on the marks
alone, so a million of them cost the day's other accounts nothing.
"""

from collections.abc import Iterator

from ledger.state import State
from ledger.transactions import Deposit, Trade, Transaction

from .crowd import price_near_mark
from .dice import Dice
from .population import amount_of
from .tape import BTC, DAY, ETH, MIDNIGHT, Tick

ASSETS = ("USDT", "USDT", "USDC", "PAX", "BTC", "ETH")
MOST_LOTS = {BTC: 20, ETH: 50}


def bystander(number: int) -> str:
    """The id of the bystander of that number, from 1."""
    return f"bystander-{number:07}"


class Bystanders:
    """`count` accounts, opened at midnight; half of them buy from the other half, and all trade once or so a day."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._dice = Dice(seed, "bystanders")
        self._traded = 0

    def open(self, state: State) -> Iterator[Transaction]:
        """All deposits, then one trade for each pair of neighbours, at the marks of `state`."""
        for number in range(1, self._count + 1):
            asset = ASSETS[number % len(ASSETS)]
            yield Deposit(MIDNIGHT, bystander(number), asset, amount_of(asset, self._dice.between(300, 3_000)))
        for number in range(1, self._count, 2):
            yield self._trade(state, MIDNIGHT, number, number + 1)

    def act(self, state: State, tick: Tick) -> Iterator[Transaction]:
        """The trades that are due by this tick, spread evenly over the day, each between two bystanders."""
        due = self._count // 2 * (tick.time - MIDNIGHT) // DAY
        for _ in range(due - self._traded):
            first = self._dice.between(1, self._count)
            second = self._dice.between(1, self._count - 1)
            yield self._trade(state, tick.time, first, second if second < first else second + 1)
        self._traded = max(self._traded, due)

    def _trade(self, state: State, time: int, buyer: int, seller: int) -> Trade:
        market = BTC if self._dice.percent(60) else ETH
        lots = self._dice.between(1, MOST_LOTS[market])
        price = price_near_mark(state, market, self._dice.between(-100, 100))
        return Trade(time, market, bystander(buyer), bystander(seller), lots, price, self._dice.percent(50))
