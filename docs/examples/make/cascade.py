"""The day of a futures venue: 2020-09-03 from 00:00 to 24:00 UTC, as the transactions that its ledger was sent.

Nobody's real trades: the price is near what bitcoin did in that week, with the fall packed into one afternoon hour.
"""

from collections.abc import Iterator
from itertools import takewhile

from ledger.log import encode_genesis, encode_transaction
from ledger.profiles import load_profile
from ledger.state import genesis
from ledger.transactions import Fund, MarkAsset, MarkMarket, Settle, Transaction

from .bystanders import Bystanders
from .corners import Script
from .crowd import Crowd
from .desk import Desk
from .expectations import day_log
from .population import CORE_ACCOUNTS, MAKERS, NIGHT_OWL, PROVIDERS, trader_plans
from .tape import HOUR, MARKETS, MIDNIGHT, MINUTE, SECOND, Tape, Tick, ticks
from .venue import Line, Venue

PROFILE = "ascendex-2020"
SEED = 20200903
PATROL_EVERY = 10 * SECOND


class Day:
    """Everybody at the venue, and the order in which they act within a tick."""

    def __init__(self, seed: int) -> None:
        self.venue = Venue(load_profile(PROFILE), seed=seed, time=MIDNIGHT)
        self._tape = Tape(seed)
        self._crowd = Crowd(self.venue, seed)
        traders = [plan.account for plan in trader_plans(seed)]
        self._desk = Desk(self.venue, seed, [*MAKERS, *PROVIDERS, NIGHT_OWL, *traders])
        self._script = Script(self.venue, self._crowd, self._desk)

    def lines(self, tick: Tick) -> list[Line]:
        """What is sent from one tick to the next: marks, what the clock demands, the scripted corners, the risk desk,
        the crowd, and the desk again as long as somebody is being liquidated."""
        venue = self.venue
        venue.wait_until(tick.time)
        for mark in self._tape.marks(tick):
            venue.must(mark)
        if tick.time == MIDNIGHT:
            self._crowd.open_doors()
        self._by_the_clock(tick)
        self._script.play(tick)
        self._desk.patrol()
        self._crowd.act(tick)
        for elapsed in range(PATROL_EVERY, tick.length, PATROL_EVERY):
            if self._desk.liquidating:
                venue.wait_until(tick.time + elapsed)
                self._desk.patrol()
        return venue.take()

    def _by_the_clock(self, tick: Tick) -> None:
        """Funding every eight hours (at midnight after the first traders came), settling every quarter of an hour."""
        venue = self.venue
        if tick.time == MIDNIGHT:
            self._crowd.act(tick)
            venue.wait_until(MIDNIGHT + 45 * SECOND)
        if tick.time % (8 * HOUR) == 0:
            for market in MARKETS:
                venue.must(Fund(venue.later(), market, None))
        if tick.time % (15 * MINUTE) == 0:
            venue.must(Settle(venue.later()))


def day(seed: int = SEED) -> Iterator[Line]:
    """The day of the core's accounts: every line with the answer the ledger gave."""
    whole_day = Day(seed)
    for tick in ticks():
        yield from whole_day.lines(tick)


def cascade(accounts: int = CORE_ACCOUNTS, seed: int = SEED) -> Iterator[Transaction]:
    """The transactions of the day at a venue of `accounts` accounts, at least the core's 200.

    Further accounts are bystanders: they open in the first seconds, hold small positions against each other and trade
    now and then. The desk looks at the core alone, so a line costs the same however many bystanders there are; where
    shared losses would have reached them, a few later answers differ from the core's own day.
    """
    if accounts < CORE_ACCOUNTS:
        raise ValueError(f"the day has {CORE_ACCOUNTS} accounts at least, not {accounts}")
    bystanders = Bystanders(accounts - CORE_ACCOUNTS, seed)
    the_day = Day(seed)
    for tick in ticks():
        sent = [line.transaction for line in the_day.lines(tick)]
        marks = sum(1 for _ in takewhile(is_mark, sent))
        yield from sent[:marks]
        state = the_day.venue.state
        yield from bystanders.open(state) if tick.time == MIDNIGHT else bystanders.act(state, tick)
        yield from sent[marks:]


def cascade_lines(accounts: int = CORE_ACCOUNTS, seed: int = SEED) -> Iterator[bytes]:
    """The same day as the lines of a log: the core's own day with what it expects, a larger one without."""
    rulebook = load_profile(PROFILE)
    if accounts == CORE_ACCOUNTS:
        yield from day_log(PROFILE, genesis(rulebook, MIDNIGHT), day(seed))
        return
    yield encode_genesis(PROFILE, time=MIDNIGHT)
    for transaction in cascade(accounts, seed):
        yield encode_transaction(rulebook, transaction)


def is_mark(transaction: Transaction) -> bool:
    """Whether it sets a price."""
    return isinstance(transaction, MarkMarket | MarkAsset)
