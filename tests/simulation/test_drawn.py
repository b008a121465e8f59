"""Simulations of drawn scenarios: each log replays with every law, `watch` finds nothing in it, and the summary is what
the log comes to when it is counted a second time."""

import io
from collections import Counter
from collections.abc import Sequence

from ledger.choosers import Seeded
from ledger.laws import REGISTRY, Monitor
from ledger.laws.law import Step
from ledger.log import Entry, encode_genesis, encode_transaction, read_log
from ledger.operator import is_at_rest
from ledger.outcomes import Applied, EnrolmentEnded
from ledger.simulation.path import path_of
from ledger.simulation.prices import PriceHistory
from ledger.simulation.scenario import Scenario
from ledger.simulation.simulating import Simulated, simulate
from ledger.state import State
from ledger.transactions import BackstopTransfer, Fund, Liquidate, MarkMarket, Trade, Transaction
from ledger.transition import apply
from ledger.watching import watch_log

from .drawn import drawn_case
from .summary_oracle import Taken, summary_of

CASES = 200


def test_a_drawn_simulation_makes_a_log_that_holds_and_a_summary_of_it() -> None:
    """No counterexample in 200 drawn scenarios. The end says what they reached."""
    reached: Counter[str] = Counter()
    for seed in range(CASES):
        read, prices = drawn_case(Seeded(seed))
        log: list[Transaction] = []
        simulated = simulate(read, prices, seed, write=log.append)
        state, entries = logged(read, simulated, log)
        steps = steps_of(state, entries)
        assert (steps[-1][2].state, is_at_rest(simulated.state)) == (simulated.state, True), seed
        assert watch_log(state, entries, patience=0).findings == (), seed
        clamped, passed_over = check_rates(read, prices, steps)
        told, coming = simulated.summary, read.population.accounts
        counted = summary_of(steps, read.market, accounts=coming, clamped=clamped, rates_passed_over=passed_over)
        assert told == counted, seed
        assert all(window.used <= window.capacity for window in (*told.minutes, *told.hours)), seed
        check_index(read, prices, steps)
        reached.update(what_was_reached(simulated, steps))
    assert set(REACHABLE) <= set(reached), sorted(set(REACHABLE) - set(reached))


def logged(read: Scenario, simulated: Simulated, log: Sequence[Transaction]) -> tuple[State, list[Entry]]:
    """What a reader of the simulation's log gets."""
    genesis = encode_genesis(read.profile, overrides=read.overrides or None, time=simulated.start)
    lines = [genesis, *(encode_transaction(read.rulebook, transaction) for transaction in log)]
    state, entries = read_log(io.BytesIO(b"".join(lines)), "simulated")
    return state, list(entries)


def steps_of(state: State, entries: Sequence[Entry]) -> list[Taken]:
    """The log applied with every law watching; all of it is applied."""
    monitor, steps = Monitor(state, REGISTRY, state_every=50), []
    for entry in entries:
        outcome = apply(state, entry.transaction)
        assert isinstance(outcome, Applied), (entry, outcome)
        monitor.observe(Step(state, entry.transaction, outcome, outcome.state))
        steps.append((state, entry.transaction, outcome))
        state = outcome.state
    monitor.finish()
    return steps


def check_rates(read: Scenario, prices: PriceHistory, steps: Sequence[Taken]) -> tuple[int, int]:
    """Each funding has the clamped rate of the file's first row within its interval, or none.

    How many were clamped, and how many rows of the simulation's time were no funding's.
    """
    clamp, interval, clamped = read.rulebook.funding_clamp, read.rulebook.funding.interval, 0
    left = list(prices.funding)
    for _, each, _ in steps:
        if isinstance(each, Fund):
            instant = each.time - each.time % interval
            rows = [row for row in prices.funding if instant <= row.time < instant + interval]
            assert each.rate == (max(-clamp, min(clamp, rows[0].rate)) if rows else None)
            clamped += bool(rows) and abs(rows[0].rate) > clamp
            left = [row for row in left if row not in rows[:1]]
    begins, ends = steps[0][0].time, steps[-1][2].state.time
    return clamped, sum(begins <= row.time <= ends for row in left)


def check_index(read: Scenario, prices: PriceHistory, steps: Sequence[Taken]) -> None:
    """Every point is marked at its time, and between two points the index is that of the earlier one."""
    path = path_of(prices, read.prices.points)
    marks = [(each.time, each.quotes) for _, each, _ in steps if isinstance(each, MarkMarket)]
    assert {point.time for point in path} <= {time for time, _ in marks}
    number = 0
    for time, quotes in marks:
        while number + 1 < len(path) and path[number + 1].time <= time:
            number += 1
        assert dict(quotes) == dict.fromkeys(read.rulebook.sources, path[number].price)


def what_was_reached(simulated: Simulated, steps: Sequence[Taken]) -> set[str]:
    """Which of `REACHABLE` a simulation showed."""
    told = simulated.summary
    shown = {name for name in COUNTED if getattr(told, name)}
    shown |= {"stays away"} if told.entered < told.accounts else set()
    shown |= {"full"} if any(window.used and window.refused for window in told.minutes) else set()
    for _, each, outcome in steps:
        match each:
            case Liquidate():
                shown.add(f"round of {each.account.split('-')[0]}")
                shown |= {"fills"} if each.fills else set()
            case BackstopTransfer():
                shown.add(f"takeover of {each.account.split('-')[0]}")
                if any(isinstance(event, EnrolmentEnded) for event in outcome.events):
                    shown.add("enrolment ended")
            case Trade():
                shown |= {"unwound"} if "provider" in each.buyer + each.seller else set()
            case MarkMarket():
                shown |= {"premium"} if each.premium else set()
    return shown


COUNTED = (
    "liquidated",
    "released",
    "taken_over",
    "closed",
    "taken",
    "deleveraged",
    "fund_drawn",
    "fees_used",
    "loss_shared",
    "stressed",
    "fundings",
    "clamped",
    "discount_given_up",
    "rates_passed_over",
)
REACHABLE = (
    *COUNTED,
    "stays away",
    "full",
    "fills",
    "unwound",
    "premium",
    "enrolment ended",
    *(f"{what} of {whom}" for what in ("round", "takeover") for whom in ("trader", "maker", "provider")),
)
