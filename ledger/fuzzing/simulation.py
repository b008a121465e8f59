"""Whole simulations: a venue opens, and one arc of moods follows the other."""

from collections.abc import Iterator

from immutables import Map

from ..laws.law import Step
from ..rulebook import INSURANCE, Rulebook
from ..state import State, genesis
from ..transactions import Deposit, Enroll, Liquidate, MarkAsset, MarkMarket, Transaction
from ..transition import apply, state_after
from ..units import PRICE_SCALE
from .choosers import Chooser, one_in
from .faults import spoil
from .moods import ARCS, Mood
from .sight import BASE_PRICES, NAMES, wealth_unit
from .times import START


def opening(chooser: Chooser, rulebook: Rulebook, time: int = START) -> list[Transaction]:
    """The first transactions of a venue: BTC marked, some prices, funded accounts, a provider or two."""
    sources = rulebook.sources
    unit, program = wealth_unit(rulebook), rulebook.program
    in_coins = one_in(chooser, 3)
    opened: list[Transaction] = [
        MarkMarket(time, "BTC-PERP", Map(dict.fromkeys(sources, BASE_PRICES["BTC-PERP"] * PRICE_SCALE)), 0)
    ]
    for asset in ("BTC", "USDC"):
        opened.append(MarkAsset(time, asset, Map(dict.fromkeys(sources, BASE_PRICES[asset] * PRICE_SCALE))))
    if not one_in(chooser, 2):
        base = Map(dict.fromkeys(sources, BASE_PRICES["ETH-PERP"] * PRICE_SCALE))
        opened.append(MarkMarket(time, "ETH-PERP", base, 0))
    for name in NAMES[: chooser.choose_int(4, 8)]:
        tenths = chooser.choose_from((10, 2, 5, 30))
        if not in_coins and one_in(chooser, 2):
            opened.append(Deposit(time, name, rulebook.settlement_asset, unit * tenths // 10))
        else:
            opened.append(Deposit(time, name, "BTC", unit * tenths // (10 * BASE_PRICES["BTC"] * 10**4)))
    for name in ("joe", "ida")[: chooser.choose_int(0, 2)]:
        per_minute = program.minimum_capacity_per_minute * chooser.choose_from((1, 4))
        per_hour = max(program.minimum_capacity_per_hour, 2 * per_minute)
        opened.append(Deposit(time, name, "BTC", 2 * unit // (BASE_PRICES["BTC"] * 10**4)))
        opened.append(Enroll(time, name, per_minute, per_hour, chooser.choose_from((1, 8)) * per_minute))
    if one_in(chooser, 3):
        opened.append(Deposit(time, INSURANCE, rulebook.settlement_asset, unit // 20))
    return opened


def next_transaction(chooser: Chooser, state: State, mood: Mood) -> Transaction:
    """One transaction in a mood; one in ten spoiled, of rounds of liquidation, which have most checks, one in four."""
    transaction = chooser.choose_from(mood)(chooser, state)
    many = 4 if isinstance(transaction, Liquidate) else 10
    return spoil(chooser, state, transaction) if one_in(chooser, many) else transaction


def stepped(state: State, transaction: Transaction) -> Step:
    """One step of the ledger."""
    outcome = apply(state, transaction)
    return Step(state, transaction, outcome, state_after(state, outcome))


def play(chooser: Chooser, rulebook: Rulebook, steps: int, time: int = START) -> Iterator[Step]:
    """A simulation of `steps` steps: the opening, then one arc of moods after the other."""
    state = genesis(rulebook, time)
    done = 0
    for transaction in opening(chooser, rulebook, time)[:steps]:
        step = stepped(state, transaction)
        yield step
        state = step.after
        done += 1
    while done < steps:
        for mood in chooser.choose_from(ARCS):
            for _ in range(min(steps - done, chooser.choose_int(10, 40))):
                step = stepped(state, next_transaction(chooser, state, mood))
                yield step
                state = step.after
                done += 1
