"""What random testing found, each shrunk by hand to the fewest transactions that show it."""

from ledger.checks import compare
from ledger.outcomes import Reason
from ledger.transactions import Trade
from tests.worlds import BTC, START, TEXTBOOK, World, price


def test_the_checks_of_a_trade_can_be_looked_at_in_a_market_without_a_band() -> None:
    """The check that there is no band to be outside of has no bound to show."""
    world = World(TEXTBOOK)
    world.mark("5000")
    world.deposit("ann", "500")
    trade = Trade(START, BTC, "ann", "nobody", 1, price("5000"), buyer_is_taker=True)
    comparisons = compare(world.state, trade)
    assert [comparison.check.reason for comparison in comparisons if comparison.refused] == [Reason.UNKNOWN_ACCOUNT]
