"""Counting what a simulation comes to, from the events of its transactions."""

from collections.abc import Iterable

import attrs

from ..capacity import limits_in_force
from ..margin import mark_per_lot
from ..outcomes import (
    Applied,
    Deleveraged,
    FeesUsed,
    LiquidationStarted,
    LossShared,
    PositionTransferred,
    ProviderTook,
    Released,
    RoundMade,
    TakenOver,
)
from ..rulebook import INSURANCE
from ..state import State, is_stressed
from ..transactions import Fund, Liquidate, Transaction
from ..units import floor_to_multiple
from .summary import Summary, Window


@attrs.define
class _Asked:
    capacity: int
    used: int = 0
    refused: int = 0


def insurance_of(state: State) -> int:
    """What the insurance fund has, in atoms."""
    return state.accounts[INSURANCE].cash.get(state.rulebook.settlement_asset, 0)


def capacity_of(state: State, time: int, *, is_hour: bool) -> int:
    """What all providers together are obliged to take over within the program's minute or hour, in atoms."""
    obliged = [limits_in_force(state.rulebook.program, each, time) for each in state.providers.values()]
    return sum(
        (each.capacity_per_hour if is_hour else each.capacity_per_minute) for each in obliged if each is not None
    )


@attrs.define
class Tally:
    """What was counted so far, of a simulation of `market` with so many `accounts` to come; sets are of accounts,
    `entered`, `clamped` and the `instants` with a rate of the file are counted by who lets accounts come and funds."""

    market: str
    accounts: int
    entered: int = 0
    transactions: int = 0
    liquidated: set[str] = attrs.field(factory=set)
    released: set[str] = attrs.field(factory=set)
    taken_over: set[str] = attrs.field(factory=set)
    reduced: set[str] = attrs.field(factory=set)
    rounds: int = 0
    closed: int = 0
    taken: int = 0
    deleveraged: int = 0
    fund_start: int = 0
    fund_lowest: int = 0
    fund_drawn: int = 0
    fees_used: int = 0
    loss_shared: int = 0
    stressed: int = 0
    fundings: int = 0
    clamped: int = 0
    discount_given_up: int = 0
    instants: set[int] = attrs.field(factory=set)
    minutes: dict[int, _Asked] = attrs.field(factory=dict)
    hours: dict[int, _Asked] = attrs.field(factory=dict)

    def begin(self, state: State) -> None:
        """The simulation begins: what the fund has now it begins with."""
        self.fund_start = self.fund_lowest = insurance_of(state)

    def count(self, before: State, transaction: Transaction, outcome: Applied) -> None:
        """Count what an applied transaction did."""
        after = outcome.state
        self.transactions += 1
        if self.market in before.markets and is_stressed(before, self.market):
            self.stressed += after.time - before.time
        had, has = insurance_of(before), insurance_of(after)
        self.fund_lowest = min(self.fund_lowest, has)
        if isinstance(transaction, Fund):
            self.fundings += 1
        if isinstance(transaction, Liquidate):
            for fill in transaction.fills:
                contract, market = before.rulebook.contracts[fill.market], before.markets[fill.market]
                self.closed += fill.size * mark_per_lot(contract, market)
        self._count_events(before, outcome.events, transaction.time)
        if any(isinstance(event, TakenOver) for event in outcome.events):
            self.fund_drawn += max(0, had - has)

    def _count_events(self, before: State, events: Iterable[object], time: int) -> None:
        mark = shrunk = 0
        for event in events:
            match event:
                case LiquidationStarted():
                    self.liquidated.add(event.account)
                case Released():
                    self.released.add(event.account)
                case TakenOver():
                    self.taken_over.add(event.account)
                case RoundMade():
                    self.rounds += 1
                case PositionTransferred():
                    mark, shrunk = event.mark_per_lot, event.shrunk
                case ProviderTook():
                    self.discount_given_up += event.size * shrunk
                    self._asked(before, time, used=event.size * mark)
                case Deleveraged():
                    self.reduced.add(event.account)
                    self._asked(before, time, refused=event.size * mark)
                case FeesUsed():
                    self.fees_used += event.amount
                case LossShared():
                    self.loss_shared += event.amount

    def _asked(self, before: State, time: int, *, used: int = 0, refused: int = 0) -> None:
        self.taken += used
        self.deleveraged += refused
        program = before.rulebook.program
        for windows, length, is_hour in ((self.minutes, program.minute, False), (self.hours, program.hour, True)):
            start = floor_to_multiple(time, length)
            if start not in windows:
                windows[start] = _Asked(capacity_of(before, time, is_hour=is_hour))
            windows[start].used += used
            windows[start].refused += refused

    def summary(self, state: State, *, rates_passed_over: int) -> Summary:
        """The figures, with `state` the last one."""
        return Summary(
            accounts=self.accounts,
            entered=self.entered,
            transactions=self.transactions,
            liquidated=len(self.liquidated),
            released=len(self.released),
            taken_over=len(self.taken_over),
            rounds=self.rounds,
            closed=self.closed,
            taken=self.taken,
            deleveraged=self.deleveraged,
            deleveraged_accounts=len(self.reduced),
            fund_start=self.fund_start,
            fund_end=insurance_of(state),
            fund_lowest=self.fund_lowest,
            fund_drawn=self.fund_drawn,
            fees_used=self.fees_used,
            loss_shared=self.loss_shared,
            stressed=self.stressed,
            fundings=self.fundings,
            clamped=self.clamped,
            minutes=_windows(self.minutes),
            hours=_windows(self.hours),
            discount_given_up=self.discount_given_up,
            rates_passed_over=rates_passed_over,
        )


def _windows(asked: dict[int, _Asked]) -> tuple[Window, ...]:
    return tuple(Window(start, each.capacity, each.used, each.refused) for start, each in sorted(asked.items()))
