"""What a log comes to, counted a second time: from what states are before and after, not from what the tally reads."""

from collections.abc import Sequence

from ledger.outcomes import (
    Applied,
    Deleveraged,
    LossShared,
    PositionTransferred,
    ProviderTook,
    StressEntered,
    StressLeft,
)
from ledger.rulebook import FEES, INSURANCE
from ledger.simulation.summary import Summary, Window
from ledger.state import State, size_of
from ledger.transactions import BackstopTransfer, Deposit, Enroll, Fund, Liquidate, Trade, Transaction
from ledger.transition import apply, state_after

Taken = tuple[State, Transaction, Applied]
"""A step: the state before it, the transaction, and what it was answered."""


def summary_of(steps: Sequence[Taken], market: str, *, accounts: int, clamped: int, rates_passed_over: int) -> Summary:
    """The summary of a log's steps; who was to come and what the file of rates has no log says."""
    first, last = steps[0][0], steps[-1][2].state
    program = first.rulebook.program
    rounds = [step for step in steps if isinstance(step[1], Liquidate)]
    transfers = [step for step in steps if isinstance(step[1], BackstopTransfer)]
    funds = [cash(step[2].state, INSURANCE) for step in steps]
    # What the fund begins with is what was deposited, before anybody trades.
    begins = sum(each.amount for _, each, _ in steps if isinstance(each, Deposit) and each.account == INSURANCE)
    events = [event for step in steps for event in step[2].events]
    asked = [asked_of(*step, market) for step in transfers]
    return Summary(
        accounts=accounts,
        entered=len({name for _, each, _ in steps if isinstance(each, Trade) for name in traders(each)}),
        transactions=len(steps),
        liquidated=len({party(step) for step in rounds if step[0].accounts[party(step)].liquidation is None}),
        released=len({party(step) for step in rounds if step[2].state.accounts[party(step)].liquidation is None}),
        taken_over=len({party(step) for step in transfers}),
        rounds=len(rounds),
        closed=sum(value(step[0], market, moved(step, market)) for step in rounds),
        taken=sum(used for used, _ in asked),
        deleveraged=sum(refused for _, refused in asked),
        deleveraged_accounts=len({event.account for event in events if isinstance(event, Deleveraged)}),
        fund_start=begins,
        fund_end=cash(last, INSURANCE),
        fund_lowest=min([begins, *(fund for fund, step in zip(funds, steps, strict=True) if is_open(step))]),
        fund_drawn=sum(max(0, cash(step[0], INSURANCE) - cash(step[2].state, INSURANCE)) for step in transfers),
        fees_used=sum(max(0, cash(step[0], FEES) - cash(step[2].state, FEES)) for step in transfers),
        loss_shared=sum(event.amount for event in events if isinstance(event, LossShared)),
        stressed=time_in_stress(steps),
        fundings=sum(isinstance(each, Fund) for _, each, _ in steps),
        clamped=clamped,
        minutes=windows(steps, market, length=program.minute, is_hour=False),
        hours=windows(steps, market, length=program.hour, is_hour=True),
        discount_given_up=sum(given_up(step, market) for step in transfers),
        rates_passed_over=rates_passed_over,
    )


def cash(state: State, account: str) -> int:
    """What an account has of the settlement asset."""
    return state.accounts[account].cash.get(state.rulebook.settlement_asset, 0)


def party(step: Taken) -> str:
    """Whom a round or a takeover is of."""
    assert isinstance(step[1], Liquidate | BackstopTransfer)
    return step[1].account


def is_open(step: Taken) -> bool:
    """Whether the simulation's first deposits are over."""
    return bool(step[0].markets)


def traders(trade: Trade) -> set[str]:
    """Who of the population trades."""
    return {name for name in (trade.buyer, trade.seller) if name.startswith("trader-")}


def moved(step: Taken, market: str) -> int:
    """By how many lots the party's position changed."""
    before, _, outcome = step
    return abs(size_of(outcome.state.accounts[party(step)], market) - size_of(before.accounts[party(step)], market))


def value(state: State, market: str, lots: int) -> int:
    """Notional at mark."""
    return lots * state.markets[market].mark * state.rulebook.contracts[market].multiplier if lots else 0


def asked_of(before: State, transfer: Transaction, outcome: Applied, market: str) -> tuple[int, int]:
    """What providers took, by their records, and the rest of the position."""
    assert isinstance(transfer, BackstopTransfer)
    used = 0
    for name, record in outcome.state.providers.items():
        if record.takeovers != before.providers[name].takeovers:
            used += record.takeovers[-1].notional
    return used, value(before, market, abs(size_of(before.accounts[transfer.account], market))) - used


def given_up(step: Taken, market: str) -> int:
    """What providers paid beside what they would have, had the fund been rich: the same takeover with such a fund."""
    before, transfer, outcome = step
    rich = state_after(before, apply(before, Deposit(before.time, INSURANCE, before.rulebook.settlement_asset, 10**40)))
    richly = apply(rich, transfer)
    assert isinstance(richly, Applied)
    return paid(outcome, market) - paid(richly, market)


def paid(outcome: Applied, market: str) -> int:
    """What providers pay for a position, short ones received, in atoms."""
    size = next((event.size for event in outcome.events if isinstance(event, PositionTransferred)), 0)
    took = [event for event in outcome.events if isinstance(event, ProviderTook)]
    assert all(event.market == market for event in took)
    return (1 if size > 0 else -1) * sum(event.size * event.price_per_lot for event in took)


def time_in_stress(steps: Sequence[Taken]) -> int:
    """From each entering to the leaving after it, or to the end."""
    total = 0
    since: int | None = None
    for _, transaction, outcome in steps:
        if any(isinstance(event, StressEntered) for event in outcome.events):
            since = transaction.time
        if any(isinstance(event, StressLeft) for event in outcome.events):
            assert since is not None
            total, since = total + transaction.time - since, None
    return total if since is None else total + steps[-1][2].state.time - since


def windows(steps: Sequence[Taken], market: str, *, length: int, is_hour: bool) -> tuple[Window, ...]:
    """By minute or hour; capacity is what was agreed by those who had enrolled and not been taken over by then."""
    agreed: dict[str, int] = {}
    made: dict[int, Window] = {}
    for before, each, outcome in steps:
        if isinstance(each, Enroll):
            agreed[each.account] = each.capacity_per_hour if is_hour else each.capacity_per_minute
        if not isinstance(each, BackstopTransfer):
            continue
        used, refused = asked_of(before, each, outcome, market)
        start = each.time - each.time % length
        if used + refused > 0:
            window = made.get(start) or Window(start, sum(agreed.values()), 0, 0)
            made[start] = Window(start, window.capacity, window.used + used, window.refused + refused)
        agreed.pop(each.account, None)
    return tuple(made[start] for start in sorted(made))
