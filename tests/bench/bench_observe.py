"""What an observation of the order book costs: run by hand, `python -m pytest tests/bench/bench_observe.py -s`.

The accounts of `bench_operator`, all with a position, in a monitored market whose window is full. An observation visits
every account for the open interest, so it is held against a trade, which visits two, alone and with every step and
history law. `BACKSTOP_BENCH_ACCOUNTS=1000,100000` chooses the sizes. A figure belongs to the machine and the minute it
was measured in: compare only figures of one run.
"""

import gc
import time
from collections.abc import Callable

import attrs
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ledger.laws import Monitor, Step
from ledger.outcomes import Applied
from ledger.state import LiquidityMonitor, Observation, State
from ledger.transactions import Observe, Trade, Transaction
from ledger.transition import apply
from ledger.units import PRICE_SCALE

from .bench_ledger import SIZES, STEP_LAWS
from .bench_operator import BTC, venue

OBSERVATIONS, TRADES = 3, 300


def observed(state: State) -> State:
    """The state with a full window of marks that move by a thousandth and back."""
    market, terms = state.markets[BTC], state.rulebook.contracts[BTC].monitor
    assert terms is not None
    seen = tuple(Observation(market.mark + market.mark // 1000 * (n % 2), 1) for n in range(terms.window + 1))
    monitor = LiquidityMonitor(0, market.mark, market.mark + PRICE_SCALE, 1, 1, seen, False)
    return attrs.evolve(state, markets=state.markets.set(BTC, attrs.evolve(market, monitor=monitor)))


def seconds_of(answer: Callable[[], object], times: int) -> float:
    """The least of several."""
    least: list[float] = []
    for _ in range(times):
        begin = time.perf_counter()
        answer()
        least.append(time.perf_counter() - begin)
    return min(least)


@pytest.mark.parametrize("accounts", SIZES)
def bench_observation(benchmark: BenchmarkFixture, accounts: int) -> None:
    gc.disable()
    state = observed(venue(accounts, "ascendex-2020-monitored"))
    mark = state.markets[BTC].mark
    observe = Observe(60_000, BTC, mark, mark + PRICE_SCALE, accounts, accounts, 1)
    trade = Trade(60_000, BTC, "account-0000001", "account-0000000", 1, mark, True)
    traded = seconds_of(lambda: apply(state, trade), TRADES)
    benchmark.pedantic(lambda: apply(state, observe), rounds=OBSERVATIONS)  # type: ignore[no-untyped-call]
    alone = seconds_of(lambda: apply(state, observe), OBSERVATIONS)
    judged = with_laws(state, observe)
    judged_trade = with_laws(state, trade)
    gc.enable()
    benchmark.extra_info["trades_per_observation"] = round(alone / traded)
    print(
        f"\n{accounts:>9,} accounts: an observation {alone * 1000:,.2f} ms, {alone / traded:,.0f} times a trade of "
        f"{traded * 1e6:,.0f} us; with its laws {judged * 1000:,.1f} ms more, and a trade {judged_trade * 1e6:,.0f} us"
    )


def with_laws(state: State, transaction: Transaction) -> float:
    """Seconds of every step and history law about one applied transaction, each time by a monitor of its own."""
    outcome = apply(state, transaction)
    assert isinstance(outcome, Applied)
    monitors = [Monitor(state, STEP_LAWS, state_every=0) for _ in range(OBSERVATIONS)]
    return seconds_of(lambda: monitors.pop().observe(Step(state, transaction, outcome, outcome.state)), OBSERVATIONS)
