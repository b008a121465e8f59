"""Two laws of an auditor's own, for `--laws-from`: one that holds on the cascade, and one that does not."""

from ledger import HELD, Applied, BackstopTransfer, Breach, Step, StepLaw, TakenOver, Trade, Verdict

MOST_LOTS = 10_000_000


def trades_are_of_a_size_that_clears(step: Step) -> Verdict:
    """OWN-1: no trade is of more than 1,000 BTC or 10,000 ETH."""
    assert isinstance(step.transaction, Trade)
    if step.transaction.size > MOST_LOTS:
        return Breach(f"a trade of {step.transaction.size} lots", (step.transaction.buyer, step.transaction.seller))
    return HELD


def nobody_bankrupt_is_taken_over(step: Step) -> Verdict:
    """OWN-2: an account is taken over while it is worth something, so that nobody pays for it."""
    assert isinstance(step.outcome, Applied)
    for event in step.outcome.events:
        if isinstance(event, TakenOver) and event.equity < 0:
            return Breach(f"{event.account} was taken over with an equity of {event.equity} atoms", (event.account,))
    return HELD


LAWS = (
    StepLaw("OWN-1", "No trade is larger than the venue clears.", trades_are_of_a_size_that_clears, (Trade,)),
    StepLaw("OWN-2", "Nobody bankrupt is taken over.", nobody_bankrupt_is_taken_over, (BackstopTransfer,)),
)
