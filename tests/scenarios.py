"""Short logs that between them make every law speak: each a rulebook and the transactions applied under it."""

import functools
from collections.abc import Callable
from typing import Any

import attrs

from ledger.profiles import merge, profile_document, rulebook_of
from ledger.rulebook import Rulebook
from ledger.state import State, genesis
from ledger.transactions import (
    BackstopTransfer,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    Observe,
    SetAccount,
    Settle,
    Transaction,
    Withdraw,
)
from tests.worlds import BTC, ETH, START, World, coins, lots, price, rate, usdt

SMALL_PROGRAM: dict[str, dict[str, Any]] = {
    "program": {
        "minimum_account_value": "5000",
        "minimum_capacity_per_minute": "1000",
        "minimum_capacity_per_hour": "1500",
        "minimum_candidates": 2,
    },
    "liquidation": {"rounds": 3},
}
"""The backstop program at sizes that a few accounts reach."""


def small(**overrides: object) -> Rulebook:
    """ascendex-2020 with the small program, and more overrides over it."""
    return rulebook_of(merge(merge(profile_document("ascendex-2020"), SMALL_PROGRAM), overrides))


@attrs.frozen
class Scenario:
    """A log in memory: the state it begins with and its transactions."""

    start: State
    transactions: tuple[Transaction, ...]


def _scenario(world: World) -> Scenario:
    return Scenario(genesis(world.rulebook, START), tuple(world.done))


def _open(world: World) -> World:
    world.mark("5000")
    world.mark("200", ETH)
    world.mark_asset("BTC", "5000")
    return world


@functools.cache
def trading() -> Scenario:
    """Two markets and two assets: trades that open, close and flip, a settle, two fundings, withdrawals."""
    world = _open(World(small()))
    for account_id in ("alice", "bob", "carol", "frank"):
        world.deposit(account_id, "10000")
    world.deposit("alice", "1", "BTC")
    world.deposit("bob", "1", "BTC")
    world.deposit("@insurance", "100")
    world.do(SetAccount(world.time, "carol", 20, "vip"))
    world.trade("alice", "bob", "1", "5000")
    world.trade("carol", "bob", "2", "5001", buyer_is_taker=False)
    world.trade("bob", "alice", "2", "5010")
    world.trade("alice", "carol", "3", "200", market=ETH)
    world.mark("5100", premium="2")
    world.time = START // 28_800_000 * 28_800_000 + 28_800_000
    world.do(Settle(world.time))
    world.do(Fund(world.time + 1000, BTC, None))
    world.do(Fund(world.time + 1000, ETH, rate("-0.001")))
    world.do(Withdraw(world.later(2000), "alice", "BTC", coins("0.5")))
    world.do(Withdraw(world.time, "bob", "USDT", usdt("100")))
    return _scenario(world)


@functools.cache
def program() -> Scenario:
    """Providers enroll, raise limits, trade, pay the lowest fees, and leave."""
    world = _open(World(small()))
    for account_id in ("alice", "bob", "p1", "p2"):
        world.deposit(account_id, "10000")
    world.do(Enroll(world.time, "p1", usdt("1000"), usdt("1500"), usdt("3000")))
    world.do(Enroll(world.time, "p2", usdt("1200"), usdt("2000"), usdt("3000")))
    world.do(Enroll(world.later(1), "p1", usdt("1100"), usdt("1500"), usdt("3000")))
    world.trade("p1", "alice", "0.1", "5000")
    world.trade("bob", "p2", "0.1", "5000")
    world.do(Withdraw(world.later(1), "p2", "USDT", usdt("1000")))
    world.do(Leave(world.later(1), "p2"))
    world.trade("p2", "alice", "0.1", "5000")
    return _scenario(world)


@functools.cache
def liquidation() -> Scenario:
    """Three accounts are closed on the book: released by the mark, with the rounds used up, and after them."""
    world = _open(World(small()))
    for account_id, amount in (("maker", "50000"), ("first", "620"), ("second", "690"), ("third", "690")):
        world.deposit(account_id, amount)
    world.deposit("first", "0.01", "BTC")
    for account_id in ("first", "second", "third"):
        world.trade(account_id, "maker", "2", "5000")
    world.later(1000)
    world.mark("4685")
    world.do(Liquidate(world.time, "first", (Fill(BTC, "maker", lots("0.2"), price("4685")),)))
    world.do(Liquidate(world.time, "second", (Fill(BTC, "maker", lots("0.1"), price("4684")),)))
    world.do(Liquidate(world.time, "third", ()))
    fills = (
        Fill(BTC, "maker", lots("0.1"), price("4685")),
        Fill(BTC, "maker", lots("0.1"), price("4684.75")),
    )
    world.do(Liquidate(world.later(6000), "second", fills))
    world.do(Liquidate(world.time, "third", ()))
    world.do(Liquidate(world.later(6000), "second", ()))
    world.do(Liquidate(world.time, "third", ()))
    world.do(Liquidate(world.later(6000), "third", ()))
    world.mark("4800")
    world.do(Liquidate(world.later(6000), "third", ()))
    world.do(Liquidate(world.time, "first", ()))
    return _scenario(world)


def _crowd(world: World) -> World:
    _open(world)
    for account_id in ("p1", "p2"):
        world.deposit(account_id, "10000")
    for account_id in ("s1", "s2", "s3"):
        world.deposit(account_id, "4000")
    world.do(Enroll(world.time, "p1", usdt("1000"), usdt("1500"), usdt("3000")))
    world.do(Enroll(world.time, "p2", usdt("2000"), usdt("2500"), usdt("2000")))
    world.deposit("victim", "520")
    world.deposit("other", "520")
    world.trade("victim", "s1", "0.8", "5000")
    world.trade("victim", "s2", "0.7", "5000")
    world.trade("other", "s3", "1.5", "5000")
    world.trade("p1", "s3", "0.1", "5000")
    return world


@functools.cache
def takeover() -> Scenario:
    """Three takeovers: providers within their limits, the rest auto-deleveraged, the discount paid by the fund."""
    world = _crowd(World(small()))
    world.deposit("@insurance", "200")
    world.later(60_000)
    world.deposit("minnow", "68")
    world.trade("minnow", "s1", "0.2", "5000")
    world.mark("4670")
    world.do(BackstopTransfer(world.time, "minnow"))
    world.later(3_600_000)
    world.do(BackstopTransfer(world.time, "victim"))
    world.do(BackstopTransfer(world.later(60_000), "other"))
    return _scenario(world)


@functools.cache
def shared_loss() -> Scenario:
    """A gap through bankruptcy: discounts given up, the fund and the fees used up, the loss shared in both stages."""
    world = _crowd(World(small()))
    world.deposit("@insurance", "10")
    world.later(60_000)
    world.mark("4000")
    for account_id in ("s1", "s2", "s3"):
        world.trade("p2", account_id, "0.4", "4000")
    world.do(BackstopTransfer(world.later(60_000), "victim"))
    world.do(BackstopTransfer(world.later(60_000), "other"))
    return _scenario(world)


@functools.cache
def two_markets() -> Scenario:
    """A takeover of a long and a short at once, with collateral sold in preparation, under the collar."""
    world = _open(World(small(program={**SMALL_PROGRAM["program"], "discount": "-0.01"})))
    for account_id in ("p1", "p2", "s1", "s2"):
        world.deposit(account_id, "20000")
    world.do(Enroll(world.time, "p1", usdt("1000"), usdt("1500"), usdt("3000")))
    world.do(Enroll(world.time, "p2", usdt("2000"), usdt("2500"), usdt("2500")))
    world.deposit("@insurance", "500")
    world.deposit("victim", "350")
    world.deposit("victim", "0.04", "BTC")
    world.trade("victim", "s1", "1", "5000")
    world.trade("s2", "victim", "20", "200", market=ETH)
    world.later(1000)
    world.mark("4700")
    world.mark("211", ETH)
    world.do(BackstopTransfer(world.time, "victim"))
    return _scenario(world)


MONITOR: dict[str, Any] = {
    "window": 4,
    "interval": 1000,
    "confidence": "0.5",
    "spread": {"enter": "0.01", "leave": "0.002"},
    "depth": {"enter": "0.5", "leave": "0.8"},
    "volatility": {"enter": "0.05", "leave": "0.03"},
    "expected_shortfall": {"enter": "0.06", "leave": "0.04"},
}
"""A liquidity monitor with a window of four returns."""


def book(world: World, bid: str, ask: str, *, depths: tuple[str, str] = ("9", "8"), volume: str = "1") -> Observe:
    """An observation of BTC-PERP, a second after the last transaction."""
    bid_depth, ask_depth = (lots(depth) for depth in depths)
    return Observe(world.later(1000), BTC, price(bid), price(ask), bid_depth, ask_depth, lots(volume))


@functools.cache
def stress() -> Scenario:
    """A monitored market that is calm, falls, is stressed, stays so in the band, and is calm again; who is liquidated
    in it is taken over in time."""
    world = _crowd(World(small(markets={BTC: {"monitor": MONITOR}})))
    world.deposit("@insurance", "200")
    for mark in ("5000", "4990", "4970", "4940"):
        world.mark(mark)
        world.do(book(world, "4938", "4942"))
    world.mark("4682")
    world.do(Liquidate(world.later(1000), "victim", ()))
    world.do(book(world, "4600", "4690", depths=("9", "0.1")))
    world.do(BackstopTransfer(world.time, "victim"))
    world.do(book(world, "4675", "4690"))
    for _ in range(5):
        world.do(book(world, "4683", "4687"))
    world.time = START // 28_800_000 * 28_800_000 + 28_800_000
    world.do(Fund(world.time, BTC, None))
    return _scenario(world)


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    scenario.__name__: scenario
    for scenario in (trading, program, liquidation, takeover, shared_loss, two_markets, stress)
}
