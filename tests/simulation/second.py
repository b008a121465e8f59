"""A simulation written a second time, from its page alone: in fractions, looking at everybody, with no code of the
first but who comes (`test_simulation_page` draws them again), the ledger and the operator.

It answers with the transactions that the page asks for, which are to be those of the log.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

from immutables import Map

from ledger.operator import RestingOrder, is_at_rest, longest_run, next_actions, next_time
from ledger.outcomes import Applied
from ledger.simulation.population import Entrant, draw_population
from ledger.simulation.prices import PriceHistory
from ledger.simulation.scenario import Scenario
from ledger.state import State, genesis
from ledger.transactions import (
    Deposit,
    Enroll,
    Fund,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    Trade,
    Transaction,
)
from ledger.transition import apply, state_after

BILLION = 10**9


class Second:
    """The same simulation. `log`: its transactions so far. `recent`: the index's prices, and when it left each."""

    def __init__(self, read: Scenario, prices: PriceHistory, seed: int) -> None:
        self.read, self.prices, self.rules = read, prices, read.rulebook
        self.contract = read.rulebook.contracts[read.market]
        self.points = self.path()
        self.time, self.index = self.points[0]
        self.coming = draw_population(read, seed, len(self.points))
        self.state: State = genesis(self.rules, self.time)
        self.log: list[Transaction] = []
        self.recent: list[tuple[int, int]] = []
        self.taken = {"bid": Fraction(0), "ask": Fraction(0)}
        self.makers = self.names("maker", read.makers.accounts)
        self.providers = self.names("provider", read.providers.accounts)
        self.looked, self.volume, self.came = self.time, 0, 0

    @staticmethod
    def names(kind: str, count: int) -> list[str]:
        return [f"{kind}-{str(number).zfill(len(str(count)))}" for number in range(1, count + 1)]

    def path(self) -> list[tuple[int, int]]:
        bars, length = self.prices.bars, self.prices.interval
        if not self.prices.has_extremes:
            return [(bar.time, bar.close) for bar in bars]
        if self.read.prices.points == "close" or length < 4:
            return [(bar.time + length, bar.close) for bar in bars]
        points = []
        for bar in bars:
            low_first = abs(bar.open - bar.low) <= abs(bar.high - bar.open)
            inner = [bar.low, bar.high] if low_first else [bar.high, bar.low]
            points += [
                (bar.time + place * (length // 4), price) for place, price in enumerate([bar.open, *inner, bar.close])
            ]
        return points

    # The book.

    def thinness(self) -> int:
        seen = [price for price, left in self.recent if left + self.read.book.memory > self.time]
        low, high = min([*seen, self.index]), max([*seen, self.index])
        return BILLION + floor(Fraction(self.read.book.thinning * (high - low) * BILLION, low * 10**7))

    def depth(self) -> int:
        return floor(Fraction(self.read.book.depth * BILLION, self.index * self.contract.multiplier * self.thinness()))

    def distance(self, level: int) -> int:
        book = self.read.book
        spread = floor(Fraction(book.half_spread * self.thinness(), BILLION))
        return min(spread + floor(Fraction(book.width * level, book.levels)), BILLION - 1)

    def price(self, side: str, level: int) -> int:
        far, tick = Fraction(self.distance(level), BILLION), self.contract.tick
        ticks = floor(self.index * (1 - far) / tick) if side == "bid" else ceil(self.index * (1 + far) / tick)
        return max(1, ticks) * tick

    def sizes(self, side: str) -> list[int]:
        """What is left on each level."""
        depth, count, gone = self.depth(), self.read.book.levels, ceil(self.taken[side])
        ends = [floor(Fraction(depth * level, count)) for level in range(count + 1)]
        return [max(0, end - max(begin, gone)) for begin, end in pairwise(ends)]

    def best(self, side: str) -> int:
        return next((level for level, left in enumerate(self.sizes(side)) if left), self.read.book.levels - 1)

    def premium(self) -> int:
        apart = self.distance(self.best("ask")) - self.distance(self.best("bid"))
        return int(Fraction(self.index * apart * self.read.book.impact, 2 * BILLION**2))

    def orders(self) -> tuple[RestingOrder, ...]:
        return tuple(
            RestingOrder(self.read.market, self.makers[level % len(self.makers)], sign * left, self.price(side, level))
            for side, sign in (("bid", 1), ("ask", -1))
            for level, left in enumerate(self.sizes(side))
            if left
        )

    def take(self, side: str, lots: int) -> None:
        self.volume += lots
        self.taken[side] = min(self.taken[side] + lots, Fraction(self.depth()))

    def wait(self, time: int) -> None:
        """At an even pace, which changes where the memory of a price ends."""
        ends = {left + self.read.book.memory for _, left in self.recent}
        for until in [*sorted(end for end in ends if self.time < end < time), time]:
            back = Fraction(self.depth() * (until - self.time), self.read.book.refill)
            self.taken = {side: max(Fraction(0), gone - back) for side, gone in self.taken.items()}
            self.time = until

    # What the venue does.

    def submit(self, transaction: Transaction) -> bool:
        outcome = apply(self.state, transaction)
        if isinstance(outcome, Applied):
            self.state = outcome.state
            self.log.append(transaction)
        return isinstance(outcome, Applied)

    def booked(self, amount: int) -> int:
        unit = self.rules.assets[self.rules.settlement_asset].booking_unit
        return max(1, ceil(Fraction(amount, unit))) * unit

    def begin(self) -> None:
        asset, backstop, count = self.rules.settlement_asset, self.read.backstop, len(self.providers)
        for maker in self.makers:
            assert self.submit(Deposit(self.time, maker, asset, self.booked(self.read.makers.collateral)))
        if backstop.fund:
            assert self.submit(Deposit(self.time, "@insurance", asset, self.booked(backstop.fund)))
        if backstop.capacity_per_minute == 0:
            self.providers = []
        for number, provider in enumerate(self.providers, start=1):
            limits = (backstop.capacity_per_minute, backstop.capacity_per_hour, backstop.max_holdings)
            shares = [floor(Fraction(total + count - number, count)) for total in limits]
            assert self.submit(Deposit(self.time, provider, asset, self.booked(self.read.providers.collateral)))
            assert self.submit(Enroll(self.time, provider, *shares))

    def mark(self) -> None:
        for asset, path in sorted(self.read.assets.items()):
            price = self.index
            if path.price is not None:
                start = self.points[0][1]
                moved = Fraction(path.price * (self.index - start) * path.beta, start * BILLION)
                price = max(1, path.price + floor(moved))
            assert self.submit(MarkAsset(self.time, asset, Map(dict.fromkeys(self.rules.sources, price))))
        quotes = Map(dict.fromkeys(self.rules.sources, self.index))
        assert self.submit(MarkMarket(self.time, self.read.market, quotes, self.premium()))
        bid = self.price("bid", self.best("bid"))
        ask = max(self.price("ask", self.best("ask")), bid + self.contract.tick)
        left = sum(self.sizes("bid")), sum(self.sizes("ask"))
        if self.submit(Observe(self.time, self.read.market, bid, ask, *left, self.volume)):
            self.volume = 0

    def operate(self) -> None:
        while actions := next_actions(self.state, self.time, book=self.orders()):
            for proposed in actions:
                action = proposed
                if isinstance(action, Fund):
                    action = Fund(action.time, action.market, self.rate(action.time))
                held = 0
                if isinstance(action, Liquidate) and action.fills:
                    held = self.state.accounts[action.account].positions[self.read.market].size
                assert self.submit(action)
                if isinstance(action, Liquidate) and action.fills:
                    self.take("bid" if held > 0 else "ask", sum(fill.size for fill in action.fills))

    def rate(self, time: int) -> int | None:
        interval, clamp = self.rules.funding.interval, self.rules.funding_clamp
        instant = time // interval * interval
        rates = [row.rate for row in self.prices.funding if instant <= row.time < instant + interval]
        return max(-clamp, min(clamp, rates[0])) if rates else None

    def look_due(self) -> int | None:
        quiet = not any(self.taken.values()) and self.premium() == self.marked_premium()
        return None if self.read.book.impact == 0 or quiet else self.looked + self.read.book.mark_interval

    def marked_premium(self) -> int:
        market = self.state.markets.get(self.read.market)
        return 0 if market is None else market.mark - market.index

    def go_on(self, end: int) -> None:
        """What falls due before `end`."""
        while True:
            look = self.look_due()
            due = next_time(self.state, self.time)
            due = due if look is None else min(due, max(look, self.time))
            if due >= end:
                return
            self.wait(due)
            look = self.look_due()
            if look is not None and look <= due:
                self.looked = due
                if self.premium() != self.marked_premium():
                    self.mark()
            self.operate()

    def enter(self, entrant: Entrant) -> None:
        state, rules, many = self.state, self.rules, len(self.makers)
        market, asset = state.markets[self.read.market], rules.assets[entrant.asset]
        per_lot = market.mark * self.contract.multiplier
        price = max(1, market.mark // self.contract.tick) * self.contract.tick
        lots = max(1, entrant.notional // per_lot)
        notional, paid = lots * per_lot, lots * price * self.contract.multiplier
        tier = next(tier for tier in self.contract.tiers if tier.upper is None or notional < tier.upper)
        rate = max(tier.initial_rate, ceil(Fraction(BILLION, rules.maximum_leverage)))
        taker = max(0, rules.fee_tiers[rules.default_fee_tier].taker)
        margin = max(ceil(Fraction(notional * rate, BILLION)), ceil(Fraction(notional * BILLION, entrant.leverage)))
        needed = margin + ceil(Fraction(paid * taker, BILLION)) + rules.fee_unit + abs(notional - paid)
        worth = BILLION if entrant.asset == rules.settlement_asset else state.prices[entrant.asset]
        amount = ceil(Fraction(needed * 10**18, worth * asset.factor * asset.weight))
        deposit = Deposit(
            self.time, entrant.account, entrant.asset, ceil(Fraction(amount, asset.booking_unit)) * asset.booking_unit
        )
        opened = state_after(state, apply(state, deposit))
        for step in range(many):
            maker = self.makers[(self.came + step) % many]
            sides = (entrant.account, maker) if entrant.is_long else (maker, entrant.account)
            trade = Trade(self.time, self.read.market, *sides, lots, price, entrant.is_long)
            if opened is not state and isinstance(apply(opened, trade), Applied):
                assert self.submit(deposit)
                assert self.submit(trade)
                self.volume += lots
                break
        self.came += 1

    def sell_back(self, elapsed: int) -> None:
        for provider in self.providers:
            position = self.state.accounts[provider].positions.get(self.read.market)
            if position is None:
                continue
            most = floor(Fraction(self.depth() * self.read.providers.unwind * elapsed, 60_000 * BILLION))
            left, side = min(most, abs(position.size)), "bid" if position.size > 0 else "ask"
            levels = [(level, size, self.price(side, level)) for level, size in enumerate(self.sizes(side))]
            for level, size, price in levels:
                maker, lots = self.makers[level % len(self.makers)], min(left, size)
                sides = (maker, provider) if side == "bid" else (provider, maker)
                trade = Trade(self.time, self.read.market, *sides, lots, price, side == "ask")
                if lots and self.submit(trade):
                    self.take(side, lots)
                    left -= lots

    def run(self) -> list[Transaction]:
        """The whole of it."""
        self.begin()
        reached = self.time
        for number, (time, price) in enumerate(self.points):
            self.go_on(time)
            self.wait(time)
            if number:
                self.recent.append((self.index, time))
            self.index = price
            self.taken = {side: min(gone, Fraction(self.depth())) for side, gone in self.taken.items()}
            self.mark()
            self.looked = time
            self.operate()
            for entrant in self.entrants(number):
                self.enter(entrant)
            self.sell_back(time - reached)
            reached = time
            self.operate()
        end = self.time + longest_run(self.state)
        while not is_at_rest(self.state) and self.time < end:
            self.go_on(next_time(self.state, self.time) + 1)
        return self.log

    def entrants(self, point: int) -> Sequence[Entrant]:
        return sorted((each for each in self.coming if each.point == point), key=lambda each: each.account)
