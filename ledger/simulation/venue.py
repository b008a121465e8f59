"""A venue that clears by the ledger: it marks along a path, asks the operator what is due, and lets accounts come."""

from collections.abc import Callable, Mapping, Sequence

from immutables import Map

from ..operator import Index, follow, index_of, next_actions, next_time
from ..operator.actions import is_at_rest, longest_run
from ..outcomes import Applied
from ..rulebook import INSURANCE
from ..state import State, genesis, size_of
from ..transactions import (
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
from ..transition import apply, state_after
from ..units import PRICE_SCALE, RATE_SCALE, ceil_div, floor_div, floor_to_multiple
from .order_book import OrderBook
from .path import Point
from .population import Entrant, entry_of
from .scenario import AssetPath, Scenario, shares_of
from .tally import Tally

FOREVER = 2**62
MINUTE = 60_000

Write = Callable[[Transaction], None]


class Venue:
    """A simulation on its way. Whatever is applied is counted and written; nothing that is refused is either."""

    def __init__(self, scenario: Scenario, start: Point, rates: Mapping[int, int], write: Write) -> None:
        self.scenario, self.rates, self.write = scenario, rates, write
        self.market, self.rulebook = scenario.market, scenario.rulebook
        self.contract = self.rulebook.contracts[self.market]
        self.start, self.time = start, start.time
        self.index: Index = index_of(genesis(self.rulebook, start.time))
        self.book = OrderBook(scenario.book, self.contract, time=start.time, index=start.price)
        self.makers = _names("maker", scenario.makers.accounts)
        self.providers = _names("provider", scenario.providers.accounts)
        self.marked = self.reached = start.time
        self.volume = 0
        self.came = 0
        self.tally = Tally(scenario.market, scenario.population.accounts)

    @property
    def state(self) -> State:
        """The ledger's state at this moment."""
        return self.index.state

    def submit(self, transaction: Transaction) -> bool:
        """Have the ledger answer a transaction; whether it was applied."""
        before = self.state
        outcome = apply(before, transaction)
        if not isinstance(outcome, Applied):
            return False
        self.index = follow(self.index, transaction, outcome)
        self.tally.count(before, transaction, outcome)
        self.write(transaction)
        return True

    def demand(self, transaction: Transaction) -> None:
        """Submit what the ledger is bound to accept."""
        if not self.submit(transaction):
            raise AssertionError(f"the ledger refused {transaction}")

    def open(self) -> None:
        """Market makers, providers and the insurance fund, at the path's first point."""
        scenario, asset = self.scenario, self.rulebook.settlement_asset
        for maker in self.makers:
            self.demand(Deposit(self.time, maker, asset, self._booked(scenario.makers.collateral, asset)))
        if scenario.backstop.fund:
            self.demand(Deposit(self.time, INSURANCE, asset, self._booked(scenario.backstop.fund, asset)))
        self.tally.begin(self.state)
        backstop = scenario.backstop
        if not self.providers or backstop.capacity_per_minute == 0:
            self.providers = ()
            return
        limits = zip(
            *(
                shares_of(total, len(self.providers))
                for total in (backstop.capacity_per_minute, backstop.capacity_per_hour, backstop.max_holdings)
            ),
            strict=True,
        )
        for provider, (per_minute, per_hour, holdings) in zip(self.providers, limits, strict=True):
            self.demand(Deposit(self.time, provider, asset, self._booked(scenario.providers.collateral, asset)))
            self.demand(Enroll(self.time, provider, per_minute, per_hour, holdings))

    def _booked(self, amount: int, asset: str) -> int:
        """An amount, rounded up to what can be booked."""
        unit = self.rulebook.assets[asset].booking_unit
        return max(unit, ceil_div(amount, unit) * unit)

    def move(self, point: Point, entrants: Sequence[Entrant]) -> None:
        """Go on to a point of the path: what falls due until then, its mark, what that makes due, and who comes."""
        self.run_until(point.time)
        elapsed, self.time, self.reached = point.time - self.reached, point.time, point.time
        self.book.move(point)
        self.mark()
        self.act()
        for entrant in entrants:
            self.enter(entrant)
        self.unwind(elapsed)
        self.act()

    def run_until(self, end: int) -> None:
        """Everything that falls due by itself before `end`: rounds, fundings, settles, and marks that follow the book
        where liquidations moved it."""
        while True:
            falls_due = next_time(self.state, self.time, index=self.index)
            due = min(falls_due, self.next_mark())
            if due >= end:
                return
            self.time = due
            self.book.wait(due)
            if self.follow_book() or due >= falls_due:
                self.act()

    def follow_book(self) -> bool:
        """Look at the book where that is due, and mark anew where its premium has changed; whether that was so."""
        if self.time < self.next_mark():
            return False
        self.marked = self.time
        has_changed = self.book.premium() != self.premium
        if has_changed:
            self.mark()
        return has_changed

    def run_to_rest(self) -> None:
        """Go on at the last prices until nobody is in distress, or for as long as the operator takes at most."""
        end = self.time + longest_run(self.state)
        while not is_at_rest(self.state, index=self.index) and self.time < end:
            self.run_until(next_time(self.state, self.time, index=self.index) + 1)

    @property
    def premium(self) -> int:
        """The premium of the mark as the ledger has it."""
        market = self.state.markets.get(self.market)
        return 0 if market is None else market.mark - market.index

    def next_mark(self) -> int:
        """When the mark is to follow the book again: never while the book has nothing new to tell."""
        is_quiet = not (self.book.taken_bids or self.book.taken_asks) and self.book.premium() == self.premium
        if self.scenario.book.impact == 0 or is_quiet:
            return self.time + FOREVER
        return max(self.time, self.marked + self.scenario.book.mark_interval)

    def mark(self) -> None:
        """Prices of the collateral assets and of the market from all sources, and the book where it is observed."""
        for asset, path in sorted(self.scenario.assets.items()):
            self.demand(MarkAsset(self.time, asset, self._quotes(self._price_of(path))))
        self.demand(MarkMarket(self.time, self.market, self._quotes(self.book.index), self.book.premium()))
        self.marked = self.time
        self.observe()

    def _price_of(self, path: AssetPath) -> int:
        """A collateral asset's price at the index, never below the smallest."""
        if path.price is None:
            return self.book.index
        moved = (self.book.index - self.start.price) * path.beta
        return max(1, path.price + floor_div(path.price * moved, self.start.price * RATE_SCALE))

    def _quotes(self, price: int) -> Map[str, int]:
        return Map(dict.fromkeys(self.rulebook.sources, price))

    def observe(self) -> None:
        """Let the market's monitor see the book, where it has one and its interval has passed."""
        if self.contract.monitor is None:
            return
        bid, ask = self.book.best()
        depths = sum(level.size for level in self.book.bids()), sum(level.size for level in self.book.asks())
        if self.submit(Observe(self.time, self.market, bid, ask, *depths, self.volume)):
            self.volume = 0

    def act(self) -> None:
        """Whatever the operator proposes, until it proposes nothing."""
        while True:
            orders = self.book.orders(self.market, self.makers) if self.index.watched else ()
            actions = next_actions(self.state, self.time, book=orders, index=self.index)
            if not actions:
                return
            for action in actions:
                self.do(action)

    def do(self, action: Transaction) -> None:
        """One proposal: a funding at the rate of the file, if it has one, and a round out of the book."""
        if isinstance(action, Fund):
            action = self.with_rate(action)
        size = 0
        if isinstance(action, Liquidate) and action.fills:
            held = size_of(self.state.accounts[action.account], self.market)
            lots = sum(fill.size for fill in action.fills)
            size = lots if held > 0 else -lots
        self.demand(action)
        self.book.take(size)
        self.volume += abs(size)

    def with_rate(self, action: Fund) -> Fund:
        """The funding at the file's rate for its instant, clamped as the rulebook clamps, or computed without one."""
        instant = floor_to_multiple(action.time, self.rulebook.funding.interval)
        rate = self.rates.get(instant)
        if rate is None:
            return action
        self.tally.instants.add(instant)
        clamp = self.rulebook.funding_clamp
        clamped = max(-clamp, min(clamp, rate))
        self.tally.clamped += int(clamped != rate)
        return Fund(action.time, action.market, clamped)

    def enter(self, entrant: Entrant) -> None:
        """An account comes, if a market maker can trade with it; it does not come otherwise.

        The makers take turns: it asks the one whose turn it is first, and then those after it.
        """
        state, turn = self.state, self.came % len(self.makers)
        self.came += 1
        price = PRICE_SCALE if entrant.asset == self.rulebook.settlement_asset else state.prices[entrant.asset]
        entry = entry_of(entrant, self.rulebook, self.market, state.markets[self.market], price)
        deposit = Deposit(self.time, entrant.account, entrant.asset, entry.amount)
        opened = apply(state, deposit)
        for maker in (*self.makers[turn:], *self.makers[:turn]) if isinstance(opened, Applied) else ():
            buyer, seller = (entrant.account, maker) if entrant.is_long else (maker, entrant.account)
            trade = Trade(self.time, self.market, buyer, seller, entry.size, entry.price, entrant.is_long)
            if isinstance(apply(state_after(state, opened), trade), Applied):
                self.demand(deposit)
                self.demand(trade)
                self.volume += entry.size
                self.tally.entered += 1
                return

    def unwind(self, elapsed: int) -> None:
        """Providers sell back on the book what they hold, a share of its depth at most for the time that elapsed."""
        share = self.scenario.providers.unwind
        for provider in self.providers if share else ():
            most = floor_div(self.book.depth * share * elapsed, MINUTE * RATE_SCALE)
            held = size_of(self.state.accounts[provider], self.market)
            left = min(most, abs(held))
            levels = self.book.bids() if held > 0 else self.book.asks()
            for number, level in enumerate(levels):
                size, maker = min(left, level.size), self.makers[number % len(self.makers)]
                if size == 0:
                    continue
                buyer, seller = (maker, provider) if held > 0 else (provider, maker)
                if not self.submit(Trade(self.time, self.market, buyer, seller, size, level.price, held < 0)):
                    continue
                self.book.take(size if held > 0 else -size)
                self.volume += size
                left -= size


def _names(kind: str, count: int) -> tuple[str, ...]:
    digits = len(str(count))
    return tuple(f"{kind}-{number:0{digits}}" for number in range(1, count + 1))
