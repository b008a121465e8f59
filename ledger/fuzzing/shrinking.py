"""Shrinking: a log that breaks a law becomes a short and plain one that breaks the same law, first of all laws.

Deterministic and budgeted in steps of the ledger, never in seconds. In turn, until nothing helps any more: what comes
after the break and what is refused is left out; accounts that are not needed, with all that names them; transactions,
in chunks of every size; one account takes another's part; the rulebook goes back to a shipped one, term by term; and
times, amounts, sizes, prices and limits become plainer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs

from ..laws import Law
from ..laws.law import parties
from ..outcomes import Applied
from ..profiles import RulebookError
from ..rulebook import Rulebook, is_system
from ..state import State, genesis
from ..transactions import Deposit, Liquidate, Trade, Transaction, Withdraw
from .findings import Finding, first_finding
from .geneses import Genesis, genesis_of, restated
from .sight import NAMES
from .simplifying import other_transactions, plainer_gaps, plainer_transactions, round_sums
from .simulation import stepped

BUDGET = 400_000
"""Steps of the ledger that shrinking may take, where the log is not so long that reading it a few times takes more."""

READINGS = 40
A_SECOND = 1000
"""How far, in ms, time goes back where it does: a log has no time before 1970."""

LOOKS_EVERY = 1000
"""The laws of the whole state look after so many transactions, as a replay has it by default."""

SHORT = 30
"""Transactions of a log that is short enough to try each of them with each other."""

Log = tuple[Transaction, ...]


@attrs.frozen
class Shrunk:
    """A short log that breaks a law: its `genesis`, its transactions as `log`, and what they come to.

    `original_length`: how many transactions were given, those after the break left out. `is_exhausted`: whether the
    budget ended before nothing helped any more. `state_every`: how often the laws of the whole state must look for it.
    """

    genesis: Genesis
    log: Log
    finding: Finding
    original_length: int
    is_exhausted: bool
    state_every: int

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook that the log begins with."""
        return self.genesis.rulebook


def shrink(
    start: State,
    transactions: Sequence[Transaction],
    finding: Finding,
    laws: Iterable[Law],
    *,
    state_every: int = LOOKS_EVERY,
    budget: int = BUDGET,
) -> Shrunk | None:
    """The shortest and plainest log found in which what breaks first, of all `laws`, is the same as in `finding`.

    `start` is the state that the transactions are answered from, a genesis. None where they do not come to the same
    finding again, however often the laws of the whole state look.
    """
    log = tuple(transactions[: finding.position + 1])
    for looks_every in (state_every, 1):
        shrinker = _Shrinker(start, finding, tuple(laws), looks_every)
        first = shrinker.finding_in(shrinker.start, log)
        if first is None and finding.error is not None:
            shrinker.asks_own_laws = False
            first = shrinker.finding_in(shrinker.start, log)
        if first is not None:
            return shrinker.shrunk(log[: first.position + 1], max(budget, READINGS * len(log)))
    return None


class _Exhausted(Exception):
    """The budget has ended."""


class _Shrinker:
    """One shrinking on its way. `genesis` is what the log begins with, as far as that is shrunk."""

    def __init__(self, start: State, finding: Finding, laws: tuple[Law, ...], state_every: int) -> None:
        self.genesis = genesis_of(start.rulebook, start.time)
        self.start = genesis(start.rulebook, start.time)
        self.name, self.laws, self.state_every = finding.name, laws, state_every
        self.own_laws = tuple(law for law in laws if finding.is_of(law))
        # An error of the ledger itself has no law; one that a law raised needs that law.
        self.asks_own_laws = bool(self.own_laws) or finding.error is not None
        self.left: int | None = None

    def finding_in(self, start: State, log: Log) -> Finding | None:
        """The finding, where the log comes to the same one; it is asked for by its own law first, which is quicker."""
        found = None
        for laws in (self.own_laws, self.laws) if self.asks_own_laws else (self.laws,):
            if self.left is not None:
                self.left -= len(log) + 1
                if self.left < 0:
                    raise _Exhausted
            found = first_finding(start, log, laws, state_every=self.state_every)
            if found is None or found.name != self.name:
                return None
        return found

    def attempt(self, candidate: Log, start: State | None = None) -> Log | None:
        """The candidate up to its break, refusals left out, where it comes to the same finding."""
        begun = self.start if start is None else start
        found = self.finding_in(begun, candidate)
        if found is None:
            return None
        candidate = candidate[: found.position + 1]
        applied = _applied_and_last(begun, candidate)
        if len(applied) < len(candidate) and self.finding_in(begun, applied) is not None:
            return applied
        return candidate

    def shrunk(self, log: Log, budget: int) -> Shrunk:
        """Shrink until nothing helps, or the budget ends."""
        original_length, is_exhausted, self.left = len(log), False, budget
        # Each pass keeps what it has reached here, so that the end of the budget loses nothing.
        self.log = log
        try:
            self.narrow()
            self.until_nothing_changes(self.simplify, self.do_without)
            self.rename()
        except _Exhausted:
            is_exhausted = True
        found = first_finding(self.start, self.log, self.laws, state_every=self.state_every)
        assert found is not None
        return Shrunk(self.genesis, self.log, found, original_length, is_exhausted, self.state_every)

    def simplify(self) -> None:
        """All that takes a try or two for each transaction."""
        self.until_nothing_changes(
            self.remove_chunks,
            self.merge_accounts,
            self.merge_assets,
            self.pool_deposits,
            self.plain_genesis,
            self.plain_times,
            self.plain_values,
        )

    def until_nothing_changes(self, *passes: Callable[[], None]) -> None:
        """One pass after the other, and again from the first, until none of them helps any more."""
        before: object = None
        while before != (self.log, self.genesis.text):
            before = (self.log, self.genesis.text)
            for one in passes:
                one()

    def keep(self, candidate: Log) -> bool:
        """Whether the candidate comes to the same finding; then it is the log."""
        if candidate == self.log:
            return False
        kept = self.attempt(candidate)
        if kept is not None:
            self.log = kept
        return kept is not None

    def narrow(self) -> None:
        """At first what is refused, then accounts that are far from the break, then all that are not needed."""
        self.keep(_applied_and_last(self.start, self.log))
        for near in _neighbourhoods(self.log):
            if self.keep(_among(self.log, near)):
                break
        names = [name for name in _names(self.log) if not is_system(name)]
        _remove_chunks(len(names), lambda kept: self.keep(_without(self.log, [names[n] for n in kept])))

    def remove_chunks(self) -> None:
        """Transactions in chunks: of half the log, of a quarter, and so on to single ones, from the end."""
        size = max(1, len(self.log) // 2)
        while size > 0:
            end = len(self.log)
            while end > 0:
                begin = max(0, end - size)
                self.keep(self.log[:begin] + self.log[end:])
                end = min(begin, len(self.log))
            size //= 2

    def do_without(self) -> None:
        """One transaction less, where another one makes up for it."""
        number = 0
        while number < len(self.log) <= SHORT:
            number = 0 if self._does_without(number) else number + 1

    def _does_without(self, number: int) -> bool:
        gone, left = self.log[number], (*self.log[:number], *self.log[number + 1 :])
        return any(
            self.keep(_replaced(left, other, instead))
            for other in range(len(left))
            for instead in other_transactions(self.start.rulebook, left[other], gone)
        )

    def merge_accounts(self) -> None:
        """One account takes the part of another, wherever that still comes to the same."""
        names = _names(self.log)
        for name in reversed(names):
            for other in names:
                if other == name or is_system(other) or name not in _names(self.log):
                    continue
                if self.keep(tuple(_renamed(transaction, {name: other}) for transaction in self.log)):
                    break

    def merge_assets(self) -> None:
        """The settlement asset takes the place of another one, unit for unit, wherever that still comes to the same."""
        rulebook = self.start.rulebook
        named = dict.fromkeys(each.asset for each in self.log if isinstance(each, Deposit | Withdraw))
        for asset in named:
            if asset in rulebook.assets and asset != rulebook.settlement_asset:
                self.keep(tuple(_settled_in(rulebook, transaction, asset) for transaction in self.log))

    def pool_deposits(self) -> None:
        """One round sum takes the place of all that an account pays in."""
        for name in _names(self.log):
            own = [n for n, each in enumerate(self.log) if isinstance(each, Deposit) and each.account == name]
            if len(own) < 2:
                continue
            first, rulebook = self.log[own[0]], self.start.rulebook
            others = [each for number, each in enumerate(self.log) if number not in own]
            for amount in round_sums(rulebook):
                pooled = Deposit(first.time, name, rulebook.settlement_asset, amount)
                if self.keep((*others[: own[0]], pooled, *others[own[0] :])):
                    break

    def plain_genesis(self) -> None:
        """Terms of the rulebook that are not needed go back to those of the profile."""
        while any(self._begins(plainer) for plainer in self.genesis.plainer()):
            pass

    def _begins(self, plainer: Genesis) -> bool:
        """Whether the log comes to the same finding when it begins so; then it does."""
        try:
            start = genesis(plainer.rulebook, plainer.time)
        except RulebookError:
            return False
        for log in dict.fromkeys((restated(self.start.rulebook, start.rulebook, self.log), self.log)):
            kept = self.attempt(log, start)
            if kept is not None:
                self.genesis, self.start, self.log = plainer, start, kept
                return True
        return False

    def plain_times(self) -> None:
        """The time between two transactions becomes nothing, or rounder; what follows moves along, or stays."""
        number = 0
        while number < len(self.log):
            before = self.log[number - 1].time if number else self.start.time
            gap = self.log[number].time - before
            if gap < -A_SECOND:
                self.keep(_replaced(self.log, number, attrs.evolve(self.log[number], time=before - A_SECOND)))
            for plain in plainer_gaps(gap) if gap > 0 else ():
                if self.keep(_shifted(self.log, number, plain - gap)):
                    break
                moved = attrs.evolve(self.log[number], time=before + plain)
                if _is_in_order(self.log, number, moved.time) and self.keep(_replaced(self.log, number, moved)):
                    break
            number += 1

    def plain_values(self) -> None:
        """Each quantity becomes the plainest that comes to the same."""
        number = 0
        while number < len(self.log):
            while self._plainer_at(number):
                pass
            number += 1

    def _plainer_at(self, number: int) -> bool:
        if number >= len(self.log):
            return False
        length = len(self.log)
        candidates = plainer_transactions(self.start.rulebook, self.log[number])
        kept = any(self.keep(_replaced(self.log, number, plain)) for plain in candidates)
        return kept and len(self.log) == length

    def rename(self) -> None:
        """The accounts get the first of the usual names, in the order in which they come."""
        names = [name for name in _names(self.log) if not is_system(name)]
        if len(names) <= len(NAMES):
            new = dict(zip(names, NAMES, strict=False))
            self.keep(tuple(_renamed(transaction, new) for transaction in self.log))


def _applied_and_last(start: State, log: Log) -> Log:
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


def _names(log: Log) -> list[str]:
    """The accounts that the log names, in the order in which they come."""
    return list(dict.fromkeys(name for transaction in log for name in parties(transaction)))


def _neighbourhoods(log: Log) -> Iterator[set[str]]:
    """The accounts of the last transaction, and those with whom they traded, nearer ones first."""
    near = set(parties(log[-1])) if log else set()
    for _ in range(2):
        if not near:
            return
        yield near
        near = near.union(*(parties(transaction) for transaction in log if not near.isdisjoint(parties(transaction))))
    yield near


def _among(log: Log, near: set[str]) -> Log:
    """What names no other accounts than these and the system's."""
    return tuple(each for each in log if all(name in near or is_system(name) for name in parties(each)))


def _without(log: Log, names: Iterable[str]) -> Log:
    """What names none of these accounts."""
    gone = set(names)
    return tuple(transaction for transaction in log if gone.isdisjoint(parties(transaction)))


def _remove_chunks(length: int, removes: Callable[[Sequence[int]], bool]) -> None:
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


def _renamed(transaction: Transaction, names: dict[str, str]) -> Transaction:
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


def _settled_in(rulebook: Rulebook, transaction: Transaction, asset: str) -> Transaction:
    """A deposit or withdrawal of this asset as one of as many whole units of the settlement asset."""
    if not isinstance(transaction, Deposit | Withdraw) or transaction.asset != asset:
        return transaction
    amount = transaction.amount * rulebook.assets[asset].weight
    return attrs.evolve(transaction, asset=rulebook.settlement_asset, amount=amount)


def _shifted(log: Log, number: int, by: int) -> Log:
    """The log whose transactions from `number` on are moved by so many ms."""
    return log[:number] + tuple(attrs.evolve(each, time=each.time + by) for each in log[number:])


def _replaced(log: Log, number: int, transaction: Transaction) -> Log:
    return (*log[:number], transaction, *log[number + 1 :])


def _is_in_order(log: Log, number: int, time: int) -> bool:
    """Whether the transaction after `number` is not before this time."""
    return number + 1 >= len(log) or time <= log[number + 1].time
