"""Whole simulations: a venue opens, and one arc of moods follows the other."""

from collections import deque
from collections.abc import Iterator, Sequence

from immutables import Map

from ..choosers import Chooser, one_in
from ..laws.law import Step
from ..outcomes import Applied
from ..rulebook import INSURANCE, Rulebook
from ..state import State, genesis
from ..transactions import Deposit, Enroll, Liquidate, MarkAsset, MarkMarket, SetAccount, Transaction
from ..transition import apply, state_after
from ..units import PRICE_SCALE
from .faults import spoil
from .money import amount_worth
from .moods import ARCS, MONITORED_ARCS, Mood
from .observing import monitored
from .sight import NAMES, Sight, Venue, venue_of
from .times import START

REMEMBERED = 24
"""Applied transactions that a simulation remembers, to send again."""


def opening(chooser: Chooser, rulebook: Rulebook, time: int = START) -> list[Transaction]:
    """The first transactions of a venue: a market marked, some prices, funded accounts, a provider or two."""
    venue = venue_of(rulebook)
    first, *others = venue.markets
    opened: list[Transaction] = [_market_opened(venue, first, time)]
    coins: list[str] = [coin for coin in ("BTC", "USDC") if coin in venue.coins] or [*venue.coins[:2]]
    opened += [MarkAsset(time, coin, _agreed(venue, coin)) for coin in coins]
    opened += [_market_opened(venue, market_id, time) for market_id in others if not one_in(chooser, 2)]
    in_coins = one_in(chooser, 3)
    for name in NAMES[: chooser.choose_from((4, 5, 6, 7, 8, 14))]:
        tenths = chooser.choose_from((10, 2, 5, 30))
        in_cash = not in_coins and one_in(chooser, 2)
        asset = rulebook.settlement_asset if in_cash or not coins else coins[0]
        opened.append(_funded(venue, name, asset, venue.wealth * tenths // 10, time))
    for name in ("joe", "ida", "kim", "lee")[: chooser.choose_from((0, 1, 2, 4))]:
        per_minute = venue.capacity * chooser.choose_from((1, 4))
        per_hour = max(rulebook.program.minimum_capacity_per_hour, 2 * per_minute)
        opened.append(_funded(venue, name, coins[0] if coins else rulebook.settlement_asset, 2 * venue.wealth, time))
        opened.append(Enroll(time, name, per_minute, per_hour, chooser.choose_from((1, 8)) * per_minute))
    if one_in(chooser, 3):
        opened.append(_funded(venue, INSURANCE, rulebook.settlement_asset, venue.wealth // 20, time))
    return opened


def _agreed(venue: Venue, name: str) -> Map[str, int]:
    return Map(dict.fromkeys(venue.rulebook.sources, venue.base_price(name)))


def _market_opened(venue: Venue, market_id: str, time: int) -> MarkMarket:
    return MarkMarket(time, market_id, _agreed(venue, market_id), 0)


def _funded(venue: Venue, account_id: str, asset: str, value: int, time: int) -> Deposit:
    """A deposit of what is worth `value` settlement atoms at the prices with which a venue opens."""
    price = PRICE_SCALE if asset == venue.rulebook.settlement_asset else venue.base_price(asset)
    return Deposit(time, account_id, asset, amount_worth(venue.rulebook.assets[asset], price=price, value=value))


def next_transaction(chooser: Chooser, sight: Sight, mood: Mood) -> Transaction:
    """One transaction in a mood; one in ten spoiled, and one in four of rounds of liquidation, which have most checks,
    and of settings, which are seldom and are hardly refused otherwise."""
    transaction = chooser.choose_from(mood)(chooser, sight)
    many = 4 if isinstance(transaction, Liquidate | SetAccount) else 10
    return spoil(chooser, sight, transaction) if one_in(chooser, many) else transaction


def stepped(state: State, transaction: Transaction) -> Step:
    """One step of the ledger."""
    outcome = apply(state, transaction)
    return Step(state, transaction, outcome, state_after(state, outcome))


class Simulation:
    """A venue on its way: the opening, then one arc of moods after the other, without an end.

    `next_transaction` draws what is asked next where it stands, and `move_on` takes it to where a step led.
    """

    def __init__(self, chooser: Chooser, rulebook: Rulebook, time: int = START) -> None:
        self._chooser = chooser
        self._recent: deque[Transaction] = deque(maxlen=REMEMBERED)
        self._sight = Sight(genesis(rulebook, time), self._recent)
        self._opening = iter(opening(chooser, rulebook, time))
        self._moods = _moods(chooser, MONITORED_ARCS if monitored(rulebook) else ARCS)

    @property
    def state(self) -> State:
        """Where the venue stands."""
        return self._sight.state

    def next_transaction(self) -> Transaction:
        """What is asked next."""
        first = next(self._opening, None)
        if first is not None:
            return first
        return next_transaction(self._chooser, self._sight, next(self._moods))

    def move_on(self, step: Step) -> None:
        """Stand where the step led."""
        if isinstance(step.outcome, Applied):
            self._recent.append(step.transaction)
            self._sight = self._sight.at(step.after)


def _moods(chooser: Chooser, arcs: Sequence[tuple[Mood, ...]]) -> Iterator[Mood]:
    while True:
        for mood in chooser.choose_from(arcs):
            for _ in range(chooser.choose_int(10, 40)):
                yield mood


def play(chooser: Chooser, rulebook: Rulebook, steps: int, time: int = START) -> Iterator[Step]:
    """A simulation of `steps` steps."""
    simulation = Simulation(chooser, rulebook, time)
    for _ in range(steps):
        step = stepped(simulation.state, simulation.next_transaction())
        yield step
        simulation.move_on(step)
