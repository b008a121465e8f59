"""Logs with less in them, or with something else in its place: the steps of which shrinking is made."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs

from ..laws.law import parties
from ..outcomes import Applied
from ..rulebook import Rulebook, is_system
from ..state import State
from ..transactions import Deposit, Liquidate, Trade, Transaction, Withdraw
from .simulation import stepped

Log = tuple[Transaction, ...]


def applied_and_last(start: State, log: Log) -> Log:
    """The log without what is refused, but with its last transaction; all of it where the ledger raises."""
    state, kept = start, []
    try:
        for number, transaction in enumerate(log):
            step = stepped(state, transaction)
            if isinstance(step.outcome, Applied) or number == len(log) - 1:
                kept.append(transaction)
            state = step.after
    except Exception:  # what it raises is what is shrunk, and was counted at its position
        return (*kept, *log[-1:])
    return tuple(kept)


def names_in(log: Log) -> list[str]:
    """The accounts that the log names, in the order in which they come."""
    return list(dict.fromkeys(name for transaction in log for name in parties(transaction)))


def neighbourhoods(log: Log) -> Iterator[set[str]]:
    """The accounts of the last transaction, and those with whom they traded, nearer ones first."""
    near = set(parties(log[-1])) if log else set()
    for _ in range(2):
        if not near:
            return
        yield near
        near = near.union(*(parties(transaction) for transaction in log if not near.isdisjoint(parties(transaction))))
    yield near


def among(log: Log, near: set[str]) -> Log:
    """What names no other accounts than these and the system's."""
    return tuple(each for each in log if all(name in near or is_system(name) for name in parties(each)))


def without(log: Log, names: Iterable[str]) -> Log:
    """What names none of these accounts."""
    gone = set(names)
    return tuple(transaction for transaction in log if gone.isdisjoint(parties(transaction)))


def remove_chunks(length: int, removes: Callable[[Sequence[int]], bool]) -> None:
    """Ask `removes` for ever smaller chunks of the numbers below `length`, each that is not gone."""
    left, size = list(range(length)), max(1, length // 2)
    while size > 0:
        begin = 0
        while begin < len(left):
            if removes(left[begin : begin + size]):
                del left[begin : begin + size]
            else:
                begin += size
        size //= 2


def renamed(transaction: Transaction, names: dict[str, str]) -> Transaction:
    """The transaction with other accounts in the place of those that `names` has."""
    if not any(name in names for name in parties(transaction)):
        return transaction
    if isinstance(transaction, Trade):
        buyer, seller = transaction.buyer, transaction.seller
        return attrs.evolve(transaction, buyer=names.get(buyer, buyer), seller=names.get(seller, seller))
    own = parties(transaction)[0]
    change: dict[str, Any] = {"account": names.get(own, own)}
    if isinstance(transaction, Liquidate):
        change["fills"] = tuple(
            attrs.evolve(fill, counterparty=names.get(fill.counterparty, fill.counterparty))
            for fill in transaction.fills
        )
    return attrs.evolve(transaction, **change)


def settled_in(rulebook: Rulebook, transaction: Transaction, asset: str) -> Transaction:
    """A deposit or withdrawal of this asset as one of as many whole units of the settlement asset."""
    if not isinstance(transaction, Deposit | Withdraw) or transaction.asset != asset:
        return transaction
    amount = transaction.amount * rulebook.assets[asset].weight
    return attrs.evolve(transaction, asset=rulebook.settlement_asset, amount=amount)


def shifted(log: Log, number: int, by: int) -> Log:
    """The log whose transactions from `number` on are moved by so many ms."""
    return log[:number] + tuple(attrs.evolve(each, time=each.time + by) for each in log[number:])


def replaced(log: Log, number: int, transaction: Transaction) -> Log:
    """The log with another transaction in the place of one."""
    return (*log[:number], transaction, *log[number + 1 :])


def is_in_order(log: Log, number: int, time: int) -> bool:
    """Whether the transaction after `number` is not before this time."""
    return number + 1 >= len(log) or time <= log[number + 1].time
