"""What a law is: a typed predicate with an id, a statement and a scope (specs/laws).

A *step* law looks at one transaction and what it touched. A *history* law does too, and remembers what it needs of the
steps before. A *state* law sees everything, once in a while and at the end, and would catch what a step law trusted.

A predicate answers None where its antecedent does not hold, so that it said nothing; `HELD` where it held; and a
`Breach` where it is broken.
"""

import enum
from collections.abc import Callable, Iterator
from typing import TypeVar

import attrs
from immutables import Map

from ..outcomes import Applied, Outcome
from ..state import Account, State
from ..transactions import Fund, Liquidate, MarkAsset, MarkMarket, Observe, Settle, Trade, Transaction

T = TypeVar("T")


class Scope(enum.Enum):
    """What a law looks at."""

    STEP = "step"
    STATE = "state"
    HISTORY = "history"


Change = tuple[str, Account | None, Account]
"""An account's id, what it was, or None where it was opened, and what it is."""


def _changes(step: "Step") -> tuple[Change, ...]:
    if not isinstance(step.outcome, Applied) or step.after.accounts is step.before.accounts:
        return ()
    before, after = step.before.accounts, step.after.accounts
    named = {posting.account: None for posting in step.outcome.postings}
    account = getattr(step.transaction, "account", None)
    if account is not None:
        named[account] = None
    changes = []
    for account_id in named:
        old, new = before.get(account_id), after.get(account_id)
        if new is not None and old is not new:
            changes.append((account_id, old, new))
    return tuple(changes)


@attrs.define(eq=False)
class Step:
    """One transaction with the states around it; `after` is `before` where it was refused.

    `changes`: the accounts that changed, of those that a posting or the transaction's `account` names.
    """

    before: State
    transaction: Transaction
    outcome: Outcome
    after: State
    changes: tuple[Change, ...] = attrs.field(init=False, repr=False, default=attrs.Factory(_changes, takes_self=True))

    @property
    def events(self) -> tuple[object, ...]:
        """What happened, nothing where it was refused."""
        return self.outcome.events if isinstance(self.outcome, Applied) else ()

    def happened(self, kind: type[T]) -> Iterator[T]:
        """The events of one kind, in order."""
        return (event for event in self.events if isinstance(event, kind))


def parties(transaction: Transaction) -> tuple[str, ...]:
    """The accounts that a transaction itself names."""
    match transaction:
        case Trade():
            return transaction.buyer, transaction.seller
        case Liquidate():
            return transaction.account, *(fill.counterparty for fill in transaction.fills)
        case MarkMarket() | MarkAsset() | Observe() | Fund() | Settle():
            return ()
        case _:
            return (transaction.account,)


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


@attrs.frozen
class StepLaw:
    """A law of one step. `concerns`: the transaction types it looks at, all where empty; `refusals` too where set."""

    id: str
    statement: str
    check: StepCheck
    concerns: tuple[type, ...] = EVERY_TYPE
    refusals: bool = False
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
    refusals: bool = False
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
