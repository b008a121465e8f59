"""Shrinking: a log that comes to something becomes a short and plain one that comes to the same.

What it comes to an `Oracle` says: that the same law breaks, first of all laws (`shrink`), or that another engine
differs in the same way (`comparing`).

Deterministic and budgeted in steps of the ledger, never in seconds. In turn, until nothing helps any more: what comes
after the break and what is refused is left out; accounts that are not needed, with all that names them; transactions,
in chunks of every size; one account takes another's part; the rulebook goes back to a shipped one, term by term; and
times, amounts, sizes, prices and limits become plainer.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import attrs

from ..laws import Law
from ..profiles import RulebookError
from ..rulebook import Rulebook, is_system
from ..state import State, genesis
from ..transactions import Deposit, Transaction, Withdraw
from .changing import (
    Log,
    among,
    applied_and_last,
    is_in_order,
    names_in,
    neighbourhoods,
    remove_chunks,
    renamed,
    replaced,
    settled_in,
    shifted,
    without,
)
from .findings import Finding, first_finding
from .geneses import Genesis, genesis_of, restated
from .sight import NAMES
from .simplifying import other_transactions, plainer_gaps, plainer_transactions, round_sums

BUDGET = 400_000
"""Steps of the ledger that shrinking may take, where the log is not so long that reading it a few times takes more."""

READINGS = 40
A_SECOND = 1000
"""How far, in ms, time goes back where it does: a log has no time before 1970."""

LOOKS_EVERY = 1000
"""The laws of the whole state look after so many transactions, as a replay has it by default."""

SHORT = 30
"""Transactions of a log that is short enough to try each of them with each other."""


class Found(Protocol):
    """What a log comes to."""

    @property
    def position(self) -> int:
        """Of the last transaction that it takes, from 0; -1 where it takes none."""


F = TypeVar("F", bound=Found)
F_co = TypeVar("F_co", bound=Found, covariant=True)


class Exhausted(Exception):
    """The budget has ended."""


@attrs.define
class Budget:
    """Steps of the ledger that are left; None for as many as are asked."""

    left: int | None = None

    def spend(self, steps: int) -> None:
        """Take so many. Exhausted where there are not as many."""
        if self.left is not None:
            self.left -= steps
            if self.left < 0:
                raise Exhausted


class Oracle(Protocol[F_co]):
    """Says what a log comes to, answered from a state: the finding where it is the same as the one that is shrunk, else
    None. What that takes it spends from its `budget`, and raises Exhausted where it may not go on."""

    @property
    def budget(self) -> Budget:
        """What is left."""

    def __call__(self, start: State, log: Log, /) -> F_co | None:
        """The finding, if it is the same."""


@attrs.frozen
class Shortened(Generic[F]):
    """A short log that comes to a finding: its `genesis`, its transactions as `log`, and what they come to.

    `original_length`: how many transactions were given, those after the finding left out. `is_exhausted`: whether the
    budget ended before nothing helped any more.
    """

    genesis: Genesis
    log: Log
    finding: F
    original_length: int
    is_exhausted: bool

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook that the log begins with."""
        return self.genesis.rulebook


@attrs.frozen
class Shrunk(Shortened[Finding]):
    """A short log that breaks a law, or on which the ledger raises. `state_every`: how often the laws of the whole
    state must look for it."""

    state_every: int


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
        asks = [_OfLaws(finding, tuple(laws), looks_every)]
        if finding.error is not None:
            asks.append(_OfLaws(finding, tuple(laws), looks_every, asks_own_laws=False))
        for ask in asks:
            short = shorten(start, log, ask, budget=budget)
            if short is not None:
                fields = attrs.asdict(short, recurse=False)
                return Shrunk(**fields, state_every=looks_every)
    return None


def shorten(start: State, log: Log, ask: Oracle[F], *, budget: int = BUDGET) -> Shortened[F] | None:
    """The shortest and plainest log found that comes to what `ask` says; None where the log itself does not.

    `start` is a genesis. The budget counts in steps of the ledger; a long log is read a few times in any case.
    """
    ask.budget.left = None
    begun = genesis_of(start.rulebook, start.time)
    plain = genesis(start.rulebook, start.time)
    first = ask(plain, log)
    if first is None:
        return None
    shrinker = _Shrinker(begun, plain, ask, log[: first.position + 1], first)
    return shrinker.shortened(max(budget, READINGS * len(log)))


class _OfLaws:
    """Asks whether what breaks first of all laws is the same as in a finding."""

    def __init__(self, finding: Finding, laws: tuple[Law, ...], state_every: int, asks_own_laws: bool = True) -> None:
        self.budget = Budget()
        self.name, self.laws, self.state_every = finding.name, laws, state_every
        self.own_laws = tuple(law for law in laws if finding.is_of(law))
        # An error of the ledger itself has no law; one that a law raised needs that law.
        self.asks_own_laws = asks_own_laws and (bool(self.own_laws) or finding.error is not None)

    def __call__(self, start: State, log: Log, /) -> Finding | None:
        """The finding, if it is the same; it is asked for by its own law first, which is quicker."""
        found = None
        for laws in (self.own_laws, self.laws) if self.asks_own_laws else (self.laws,):
            self.budget.spend(len(log) + 1)
            found = first_finding(start, log, laws, state_every=self.state_every)
            if found is None or found.name != self.name:
                return None
        return found


class _Shrinker(Generic[F]):
    """One shrinking on its way. `genesis` is what the log begins with, as far as that is shrunk, `start` its state, and
    `finding` what the log comes to."""

    def __init__(self, begun: Genesis, start: State, ask: Oracle[F], log: Log, finding: F) -> None:
        self.genesis, self.start, self.ask = begun, start, ask
        # Each pass keeps what it has reached here, so that the end of the budget loses nothing.
        self.log, self.finding = log, finding

    def attempt(self, candidate: Log, start: State | None = None) -> tuple[Log, F] | None:
        """The candidate up to its finding, refusals left out, where that is the same; with the finding."""
        begun = self.start if start is None else start
        found = self.ask(begun, candidate)
        if found is None:
            return None
        candidate = candidate[: found.position + 1]
        applied = applied_and_last(begun, candidate)
        if len(applied) < len(candidate):
            again = self.ask(begun, applied)
            if again is not None:
                return applied[: again.position + 1], again
        return candidate, found

    def shortened(self, budget: int) -> Shortened[F]:
        """Shrink until nothing helps, or the budget ends."""
        original_length, is_exhausted, self.ask.budget.left = len(self.log), False, budget
        try:
            self.narrow()
            self.until_nothing_changes(self.simplify, self.do_without)
            self.rename()
        except Exhausted:
            is_exhausted = True
        return Shortened(self.genesis, self.log, self.finding, original_length, is_exhausted)

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
            self.log, self.finding = kept
        return kept is not None

    def narrow(self) -> None:
        """At first what is refused, then accounts that are far from the break, then all that are not needed."""
        self.keep(applied_and_last(self.start, self.log))
        for near in neighbourhoods(self.log):
            if self.keep(among(self.log, near)):
                break
        names = [name for name in names_in(self.log) if not is_system(name)]
        remove_chunks(len(names), lambda kept: self.keep(without(self.log, [names[n] for n in kept])))

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
            self.keep(replaced(left, other, instead))
            for other in range(len(left))
            for instead in other_transactions(self.start.rulebook, left[other], gone)
        )

    def merge_accounts(self) -> None:
        """One account takes the part of another, wherever that still comes to the same."""
        names = names_in(self.log)
        for name in reversed(names):
            for other in names:
                if other == name or is_system(other) or name not in names_in(self.log):
                    continue
                if self.keep(tuple(renamed(transaction, {name: other}) for transaction in self.log)):
                    break

    def merge_assets(self) -> None:
        """The settlement asset takes the place of another one, unit for unit, wherever that still comes to the same."""
        rulebook = self.start.rulebook
        named = dict.fromkeys(each.asset for each in self.log if isinstance(each, Deposit | Withdraw))
        for asset in named:
            if asset in rulebook.assets and asset != rulebook.settlement_asset:
                self.keep(tuple(settled_in(rulebook, transaction, asset) for transaction in self.log))

    def pool_deposits(self) -> None:
        """One round sum takes the place of all that an account pays in."""
        for name in names_in(self.log):
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
                self.genesis, self.start = plainer, start
                self.log, self.finding = kept
                return True
        return False

    def plain_times(self) -> None:
        """The time between two transactions becomes nothing, or rounder; what follows moves along, or stays."""
        number = 0
        while number < len(self.log):
            before = self.log[number - 1].time if number else self.start.time
            gap = self.log[number].time - before
            if gap < -A_SECOND:
                self.keep(replaced(self.log, number, attrs.evolve(self.log[number], time=before - A_SECOND)))
            for plain in plainer_gaps(gap) if gap > 0 else ():
                if self.keep(shifted(self.log, number, plain - gap)):
                    break
                moved = attrs.evolve(self.log[number], time=before + plain)
                if is_in_order(self.log, number, moved.time) and self.keep(replaced(self.log, number, moved)):
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
        kept = any(self.keep(replaced(self.log, number, plain)) for plain in candidates)
        return kept and len(self.log) == length

    def rename(self) -> None:
        """The accounts get the first of the usual names, in the order in which they come."""
        names = [name for name in names_in(self.log) if not is_system(name)]
        if len(names) <= len(NAMES):
            new = dict(zip(names, NAMES, strict=False))
            self.keep(tuple(renamed(transaction, new) for transaction in self.log))
