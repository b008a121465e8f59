"""Small grids, and simulations that take no time: what they come to follows from the terms and the seed alone."""

import json
import os
import signal
import time
from pathlib import Path

import attrs

from ledger.calibration.axes import Kind, Level, levels_of
from ledger.calibration.cases import Case, case_of
from ledger.calibration.plan import Axes, Plan, plan_of
from ledger.choosers import Seeded
from ledger.simulation.prices import Bar, FundingRate, PriceHistory
from ledger.simulation.scenario import Scenario, read_scenario
from ledger.simulation.simulating import Simulated
from ledger.simulation.summary import Summary, Window
from ledger.state import genesis
from ledger.units import RATE_SCALE, floor_div
from tests.cli.runs import EXAMPLES

CRASH = read_scenario(str(EXAMPLES / "crash.toml"))
USDT = 10**13
RATES = Kind(9, least=-(10**9) + 1, most=10**9)
TIED = Kind(13, multiples=True)
HISTORY = PriceHistory(
    "prices.csv", 60_000, True, tuple(Bar(60_000 * minute, 10, 12, 9, 11, minute + 2) for minute in range(3)), ()
)


def case(name: str = "crash", history: PriceHistory = HISTORY) -> Case:
    """The example scenario by another name, by which `simulate` tells it from the others, and so do its runs' keys."""
    document = CRASH.document if name == CRASH.name else json.dumps({"accounts of": name})
    return case_of(attrs.evolve(CRASH, name=name, document=document), history)


def money(text: str) -> tuple[Level, ...]:
    """An axis of amounts, or of multiples of capacity per minute."""
    return levels_of(text, TIED)


def plan(*cases: Case, seeds: range = range(4), **axes: str) -> Plan:
    """The plan of a grid; capacity per hour is three times that per minute, unless it is said otherwise."""
    levels = {"capacity_per_hour": money("3x")}
    levels |= {name: levels_of(text, RATES) if name == "discount" else money(text) for name, text in axes.items()}
    return plan_of(cases or (case(),), Axes(**levels), seeds)


def summary(**figures: int | tuple[Window, ...]) -> Summary:
    """A summary of nothing but these figures."""
    nothing = {field.name: () if field.name in ("minutes", "hours") else 0 for field in attrs.fields(Summary)}
    return Summary(**{**nothing, **figures})  # type: ignore[arg-type]


def demand(name: str, seed: int) -> int:
    """What providers are asked for, in atoms."""
    return Seeded(f"{name} {seed}").choose_int(0, 4_000_000) * USDT


def simulate(
    scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None = None
) -> Simulated:
    """Providers take what they can of a demand that the seed draws; a tenth of the rest is lost, and the discount.

    So more capacity means less deleveraging and, with a discount, more drawn from the fund.
    """
    terms = scenario.backstop
    asked = demand(scenario.name, seed)
    taken = min(asked, terms.capacity_per_minute)
    refused = asked - taken
    lost = floor_div(refused, 10) + floor_div(taken * max(0, terms.discount), RATE_SCALE)
    shortfall = max(0, lost - terms.fund)
    window = Window(0, terms.capacity_per_minute, taken, refused)
    figures = summary(
        taken=taken,
        deleveraged=refused,
        deleveraged_accounts=int(refused > 0),
        fund_drawn=min(lost, terms.fund),
        fund_lowest=max(0, terms.fund - lost),
        fees_used=min(shortfall, 50_000 * USDT),
        loss_shared=max(0, shortfall - 50_000 * USDT),
        liquidated=seed,
        taken_over=1,
        minutes=(window,),
        hours=(window,),
    )
    return Simulated(genesis(scenario.rulebook, 0), figures, start=0)


def simulate_slowly(
    scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None = None
) -> Simulated:
    """The same, with a file in the folder that the history is named for where each begins, and where it ends."""
    marks = Path(history.name)
    name = f"{scenario.backstop.capacity_per_minute} {seed} {os.getpid()} {time.monotonic_ns()}"
    (marks / f"begun {name}").touch()
    time.sleep(0.1)
    simulated = simulate(scenario, history, seed, funding=funding)
    (marks / f"ended {name}").touch()
    return simulated


def simulate_and_die(
    scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None = None
) -> Simulated:
    """The same, but the process is killed by a seed of 7."""
    if seed == 7:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    return simulate(scenario, history, seed, funding=funding)


def simulate_and_fail(
    scenario: Scenario, history: PriceHistory, seed: int, *, funding: tuple[FundingRate, ...] | None = None
) -> Simulated:
    """The same, but a seed of 7 is an error of the ledger."""
    if seed == 7:
        raise KeyError("nobody")
    return simulate(scenario, history, seed, funding=funding)
