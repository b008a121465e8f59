"""Counting what a simulation comes to, from the events of its transactions."""

from collections.abc import Iterable

import attrs

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

MINUTE = 60_000
HOUR = 60 * MINUTE


@attrs.define
class _Asked:
    capacity: int
    used: int = 0
    refused: int = 0


def insurance_of(state: State) -> int:
    """What the insurance fund has, in atoms."""
    return state.accounts[INSURANCE].cash.get(state.rulebook.settlement_asset, 0)


@attrs.define
class Tally:
    """What was counted so far, of a simulation of `market` with a backstop of this `capacity` (atoms) per minute and
    per hour; sets are of accounts, `clamped` is counted by who replaces a rate."""

    market: str
    accounts: int
    capacity_per_minute: int
    capacity_per_hour: int
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
        self._count_events(outcome.events, transaction.time)
        if any(isinstance(event, TakenOver) for event in outcome.events):
            self.fund_drawn += max(0, had - has)

    def _count_events(self, events: Iterable[object], time: int) -> None:
        mark = 0
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
                    mark = event.mark_per_lot
                case ProviderTook():
                    self._asked(time, used=event.size * mark)
                case Deleveraged():
                    self.reduced.add(event.account)
                    self._asked(time, refused=event.size * mark)
                case FeesUsed():
                    self.fees_used += event.amount
                case LossShared():
                    self.loss_shared += event.amount

    def _asked(self, time: int, *, used: int = 0, refused: int = 0) -> None:
        self.taken += used
        self.deleveraged += refused
        for windows, length, capacity in (
            (self.minutes, MINUTE, self.capacity_per_minute),
            (self.hours, HOUR, self.capacity_per_hour),
        ):
            asked = windows.setdefault(floor_to_multiple(time, length), _Asked(capacity))
            asked.used += used
            asked.refused += refused

    def summary(self, state: State) -> Summary:
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
        )


def _windows(asked: dict[int, _Asked]) -> tuple[Window, ...]:
    return tuple(Window(start, each.capacity, each.used, each.refused) for start, each in sorted(asked.items()))
