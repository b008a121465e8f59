"""Finding the distressed after a mark, with the index and by looking at everybody: run by hand,
`python -m pytest tests/bench/bench_operator.py -s`.

Accounts with 1 BTC each, long and short in pairs, at leverages from 1 to 40, every tenth with ETH-PERP and bitcoin too;
then the marks of a fall, each a fortieth of a percent below the one before, and a first round for everybody that it
reaches. A mark is calm while it reaches nobody. The garbage collector is off: it would look through a million accounts
again and again while they are built. `BACKSTOP_BENCH_ACCOUNTS=1000,100000` chooses the sizes. A figure belongs to the
machine and the minute it was measured in: compare only figures of one run.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator

import attrs
import pytest
from immutables import Map
from pytest_benchmark.fixture import BenchmarkFixture

from ledger.margin import mark_per_lot
from ledger.operator import Index, follow, index_of, next_actions
from ledger.operator.standing import watched_accounts
from ledger.profiles import load_profile
from ledger.state import Account, Position, State, genesis
from ledger.transactions import MarkAsset, MarkMarket, Transaction
from ledger.transition import apply, state_after
from ledger.units import PRICE_SCALE

from .bench_ledger import SIZES

BTC, ETH = "BTC-PERP", "ETH-PERP"
LOTS = 10_000
STEPS = 84
SCANS = 2


def venue(accounts: int, profile: str = "ascendex-2020") -> State:
    """The accounts, marked at 10,000 and 400. The leverages are spread evenly, without any two pairs side by side."""
    rulebook = load_profile(profile)
    state = genesis(rulebook, 0)
    for market_id, price in ((BTC, 10_000), (ETH, 400)):
        quotes = Map(dict.fromkeys(rulebook.sources, price * PRICE_SCALE))
        state = state_after(state, apply(state, MarkMarket(0, market_id, quotes, 0)))
    quotes = Map(dict.fromkeys(rulebook.sources, 10_000 * PRICE_SCALE))
    state = state_after(state, apply(state, MarkAsset(0, "BTC", quotes)))
    notional = {
        market_id: LOTS * mark_per_lot(rulebook.contracts[market_id], state.markets[market_id])
        for market_id in (BTC, ETH)
    }
    opened: dict[str, Account] = dict(state.accounts)
    for number in range(accounts):
        direction, place = (1 if number % 2 else -1), number // 2 * 7919 % accounts
        cash = {"USDT": notional[BTC] * accounts // (accounts + 39 * place)}
        positions = {BTC: Position(direction * LOTS, -direction * notional[BTC])}
        if number // 2 % 10 == 0:
            positions[ETH] = Position(-direction * LOTS, direction * notional[ETH])
            cash["BTC"] = 10**8
        opened[f"account-{number:07}"] = Account(Map(cash), Map(positions), 100, "standard", None)
    return attrs.evolve(state, accounts=Map(opened))


def marks_down(state: State) -> Iterator[MarkMarket]:
    """Marks of the first market, each a fortieth of a percent below the one before."""
    mark = state.markets[BTC].mark
    for _ in range(STEPS):
        mark -= mark // 4000
        yield MarkMarket(state.time, BTC, Map(dict.fromkeys(state.rulebook.sources, mark)), 0)


def timed(action: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


@attrs.define
class Fall:
    """Seconds of following and asking after each calm mark; of all that was done after the others, and the rounds."""

    index: Index
    following: list[float] = attrs.Factory(list)
    asking: list[float] = attrs.Factory(list)
    seconds: float = 0.0
    rounds: int = 0

    def moved(self, transaction: Transaction) -> None:
        """Apply a transaction, and follow it."""
        self.index = follow(self.index, transaction, apply(self.index.state, transaction))

    def take(self, mark: MarkMarket) -> None:
        """A mark, and the rounds that it makes due."""
        outcome = apply(self.index.state, mark)
        begin = time.perf_counter()
        self.index = follow(self.index, mark, outcome)
        middle = time.perf_counter()
        actions = next_actions(self.index.state, mark.time, index=self.index)
        end = time.perf_counter()
        if not actions:
            self.following.append(middle - begin)
            self.asking.append(end - middle)
            return
        for action in actions:
            self.moved(action)
        self.seconds += time.perf_counter() - begin
        self.rounds += len(actions)

    def take_all(self, marks: Iterable[MarkMarket]) -> None:
        """The whole fall."""
        for mark in marks:
            self.take(mark)


@pytest.mark.parametrize("accounts", SIZES)
def bench_distressed_after_a_mark(benchmark: BenchmarkFixture, accounts: int) -> None:
    gc.disable()
    state = venue(accounts)
    scan = min(timed(lambda: watched_accounts(state)) for _ in range(SCANS))
    building = timed(lambda: index_of(state))
    fall = Fall(index_of(state))
    benchmark.pedantic(lambda: fall.take_all(marks_down(state)), rounds=1)  # type: ignore[no-untyped-call]
    gc.enable()
    assert tuple(sorted(fall.index.watched)) == watched_accounts(fall.index.state)
    following, asking = sorted(fall.following), sorted(fall.asking)
    middle = len(following) // 2
    benchmark.extra_info["microseconds_per_calm_mark"] = round(following[middle] * 1e6)
    calm = f"following {following[middle] * 1e6:,.0f} us in the middle, {following[-1] * 1e6:,.0f} us at worst"
    each = fall.seconds * 1e6 / max(1, fall.rounds)
    print(
        f"\n{accounts:>9,} accounts: looking at everybody {scan * 1000:,.1f} ms, building the index {building:,.2f} s; "
        f"{len(following)} calm marks: {calm}, asking {asking[middle] * 1e6:,.0f} us; {STEPS - len(following)} marks "
        f"that reach {fall.rounds:,} accounts: {each:,.0f} us an account, its round applied"
    )
