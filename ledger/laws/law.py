"""What a law is: a typed predicate with an id, a statement and a scope (specs/laws).

A *step* law looks at one transaction and what it touched. A *history* law does too, and remembers what it needs of the
steps before. A *state* law sees everything, once in a while and at the end, and would catch what a step law trusted.

A predicate answers None where its antecedent does not hold, so that it said nothing; `HELD` where it held; and a
`Breach` where it is broken.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import attrs
from immutables import Map

from ..outcomes import Applied, Event, Outcome
from ..postings import Posting
from ..state import Account, Position, State
from ..transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ..values import value

T = TypeVar("T")


class Scope(enum.Enum):
    """What a law looks at."""

    STEP = "step"
    STATE = "state"
    HISTORY = "history"


@value
@attrs.frozen(weakref_slot=False)
class Change:
    """An account that a step changed: its id, what it was, or None where the step opened it, and what it is.

    `cash`: what its balances moved by, in atoms by asset. `positions`: what its positions moved by, in lots and
    settlement atoms of reference cost by market. What is the same object on both sides is left out of either.
    """

    account: str
    old: Account | None
    new: Account
    cash: dict[str, int]
    positions: dict[str, tuple[int, int]]


_EMPTY: Map[str, Any] = Map()


def change_of(account_id: str, old: Account | None, new: Account) -> Change:
    """The change of an account from what it was, None for not there, to what it is."""
    was, held = (_EMPTY, _EMPTY) if old is None else (old.cash, old.positions)
    return Change(
        account_id,
        old,
        new,
        {} if new.cash is was else _cash_moved(was, new.cash),
        {} if new.positions is held else _positions_moved(held, new.positions),
    )


def _cash_moved(was: Map[str, int], now: Map[str, int]) -> dict[str, int]:
    moved = {}
    for asset, amount in now.items():
        before = was.get(asset, 0)
        # By identity, so that no amount is compared: a law that is proved would fork where it does.
        if amount is not before:
            moved[asset] = amount - before
    for asset, amount in was.items():
        if asset not in now:
            moved[asset] = -amount
    return moved


def _positions_moved(held: Map[str, Position], now: Map[str, Position]) -> dict[str, tuple[int, int]]:
    moved = {}
    for market_id, position in now.items():
        before = held.get(market_id)
        if before is None:
            moved[market_id] = position.size, position.reference_cost
        elif position is not before:
            moved[market_id] = position.size - before.size, position.reference_cost - before.reference_cost
    for market_id, position in held.items():
        if market_id not in now:
            moved[market_id] = -position.size, -position.reference_cost
    return moved


@attrs.define(eq=False, init=False)
class Step:
    """One transaction with the states around it; `after` is `before` where it was refused.

    `events`: what happened, nothing where it was refused. `changes`: the accounts that changed, by their ids, of those
    that a posting or the transaction's `account` names. `worked_out`: what `once` keeps of it.
    """

    before: State
    transaction: Transaction
    outcome: Outcome
    after: State
    events: tuple[Event, ...]
    changes: dict[str, Change]
    worked_out: dict[Callable[["Step"], Any], Any]

    def __init__(self, before: State, transaction: Transaction, outcome: Outcome, after: State) -> None:
        self.before, self.transaction, self.outcome, self.after = before, transaction, outcome, after
        self.events, self.changes, self.worked_out = (), {}, {}
        if isinstance(outcome, Applied):
            self.events = outcome.events
            if after.accounts is not before.accounts:
                self.changes = _changes(before.accounts, after.accounts, transaction, outcome.postings)

    def happened(self, kind: type[T]) -> Iterator[T]:
        """The events of one kind, in order."""
        return (event for event in self.events if isinstance(event, kind))


def once(work: Callable[[Step], T]) -> Callable[[Step], T]:
    """A function of a step that is worked out once, however many laws ask for it. It answers anything but None."""

    def asked(step: Step) -> T:
        found: T | None = step.worked_out.get(work)
        if found is None:
            found = step.worked_out[work] = work(step)
        return found

    return asked


def _changes(
    before: Map[str, Account], after: Map[str, Account], transaction: Transaction, postings: Sequence[Posting]
) -> dict[str, Change]:
    named = {posting.account: None for posting in postings}
    if not isinstance(transaction, Trade | MarkMarket | MarkAsset | Observe | Fund | Settle):
        named[transaction.account] = None
    changes = {}
    for account_id in named:
        old, new = before.get(account_id), after.get(account_id)
        if new is not None and old is not new:
            changes[account_id] = change_of(account_id, old, new)
    return changes


_PARTIES: dict[type, Callable[[Any], tuple[str, ...]]] = {
    Trade: lambda trade: (trade.buyer, trade.seller),
    Liquidate: lambda round_: (round_.account, *(fill.counterparty for fill in round_.fills)),
    **dict.fromkeys((MarkMarket, MarkAsset, Observe, Fund, Settle), lambda _: ()),
    **dict.fromkeys((Deposit, Withdraw, SetAccount, Enroll, Leave, BackstopTransfer), lambda own: (own.account,)),
}


def parties(transaction: Transaction) -> tuple[str, ...]:
    """The accounts that a transaction itself names."""
    return _PARTIES[type(transaction)](transaction)


@attrs.frozen
class Span:
    """Everything since the last look of the state laws.

    `since` and `now`: the state then and now. `reached`: every account among the changes of a step in between, as its
    last change left it. `strangers`: those that a step found otherwise than the last step to change them had left them.
    `last`: the last applied step, or None where there was none.
    """

    since: State
    now: State
    reached: Map[str, Account]
    strangers: frozenset[str]
    last: Step | None


@attrs.frozen
class Breach:
    """How a law was broken, in words, and the accounts involved."""

    detail: str
    accounts: tuple[str, ...] = ()


HELD = True
Verdict = bool | Breach | None
"""`HELD`, a `Breach`, or None where the law's antecedent does not hold. Never False."""

StepCheck = Callable[[Step], Verdict]
StateCheck = Callable[[Span], Verdict]

EVERY_TYPE: tuple[type, ...] = ()


class Looks(enum.Enum):
    """At which steps a step law can have something to say at all; at any other its verdict is None."""

    APPLIED = "what was applied"
    MOVED = "what changed an account or was posted"
    REFUSED = "what was refused"
    ALL = "every answer"


@attrs.frozen
class StepLaw:
    """A law of one step. `concerns`: the transaction types it looks at, all where empty, and `looks` at which answers
    to them: a monitor asks it of no other."""

    id: str
    statement: str
    check: StepCheck
    concerns: tuple[type, ...] = EVERY_TYPE
    looks: Looks = Looks.APPLIED
    scope: Scope = Scope.STEP


@attrs.frozen
class HistoryLaw:
    """A law of a step and those before it; `start` gives a check that has its memory, for the state to begin with.

    Where one process is to go on from another one's memory, the check is an object that can be pickled and compared;
    `remembered` says what of it is compared.
    """

    id: str
    statement: str
    start: Callable[[State], StepCheck]
    concerns: tuple[type, ...] = EVERY_TYPE
    looks: Looks = Looks.APPLIED
    scope: Scope = Scope.HISTORY


@attrs.frozen
class StateLaw:
    """A law of the whole state."""

    id: str
    statement: str
    check: StateCheck
    scope: Scope = Scope.STATE


Law = StepLaw | HistoryLaw | StateLaw


def remembered(memory: StepCheck, state: State) -> object:
    """What of a history law's memory can still count in any step from `state` on, to be compared.

    It is what the memory's own `remembered_from(state)` says, and the memory itself where it has none.
    """
    ask: Callable[[State], object] | None = getattr(memory, "remembered_from", None)
    return memory if ask is None else ask(state)
