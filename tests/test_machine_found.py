"""What random testing found, each shrunk by hand to the fewest transactions that show it."""

from pathlib import Path

import pytest

from ledger.checks import compare
from ledger.laws import REGISTRY, Monitor
from ledger.laws.law import Step
from ledger.log import open_log, read_log
from ledger.outcomes import Applied, EnrolmentEnded, Funded, Reason
from ledger.profiles import load_profile
from ledger.replay import replay_log
from ledger.transactions import Enroll, Fund, Leave, Trade, Transaction
from ledger.transition import apply, state_after
from tests.worlds import BTC, START, TEXTBOOK, World, price, usdt


def applied_lawfully(world: World, *transactions: Transaction) -> list[Applied]:
    """The outcomes of transactions that are applied, every law watching."""
    monitor = Monitor(world.state, REGISTRY, state_every=1)
    outcomes = []
    for transaction in transactions:
        before = world.state
        outcome = apply(before, transaction)
        monitor.observe(Step(before, transaction, outcome, state_after(before, outcome)))
        outcomes.append(world.do(transaction))
    return outcomes


def test_the_checks_of_a_trade_can_be_looked_at_in_a_market_without_a_band() -> None:
    """The check that there is no band to be outside of has no bound to show."""
    world = World(TEXTBOOK)
    world.mark("5000")
    world.deposit("ann", "500")
    trade = Trade(START, BTC, "ann", "nobody", 1, price("5000"), buyer_is_taker=True)
    comparisons = compare(world.state, trade)
    assert [comparison.check.reason for comparison in comparisons if comparison.refused] == [Reason.UNKNOWN_ACCOUNT]


FOLDER = Path(__file__).parent / "logs" / "attacks" / "found"
LOGS = sorted(path.name for path in FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("name", LOGS)
def test_what_was_found_is_mended_for_ever(name: str) -> None:
    path = str(FOLDER / name)
    with open_log(path) as stream:
        state, entries = read_log(stream, path)
        report = replay_log(state, entries, state_every=1)
    assert report.failure is None
    assert not report.rejected
    law_id = "-".join(name.split("-")[:2])
    assert any(count.fired for count in report.laws if count.law.id == law_id)
    assert f"`{name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_there_are_such_logs() -> None:
    assert len(LOGS) >= 2


def test_a_notice_of_no_length_has_run_out_when_it_is_given() -> None:
    """ENR-1 said that the leaver's obligation did not last, which a `program.notice` of 0 ends at once."""
    world = World(load_profile("ascendex-2020", {"program": {"notice": 0}}))
    world.deposit("ann", "500000")
    limits = (usdt("100000"), usdt("300000"), usdt("100000"))
    enroll = Enroll(START, "ann", *limits)
    outcomes = applied_lawfully(world, enroll, Leave(START, "ann"), enroll, Leave(START, "ann"))
    assert len(outcomes) == 4
    assert not any(isinstance(event, EnrolmentEnded) for outcome in outcomes for event in outcome.events)


def test_a_clamp_of_nothing_leaves_no_funding_whatever_the_premium() -> None:
    """FND-1 asked a rate that a `funding.clamp` of 0 had clamped to nothing for the sign of the premium."""
    for premium in ("2", "-2"):
        world = World(load_profile("ascendex-2020", {"funding": {"clamp": "0"}}))
        world.mark("5000", premium=premium)
        world.time = START // 28_800_000 * 28_800_000 + 28_800_000
        (funded,) = applied_lawfully(world, Fund(world.time, BTC, None))
        (event,) = funded.events
        assert isinstance(event, Funded)
        assert (event.rate_numerator, event.per_lot) == (0, 0)
