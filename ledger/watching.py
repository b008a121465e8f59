"""Watching: fold a log, and hold what its venue did against what the operator would have (specs/operator).

Only what was applied counts. A finding says what the venue left undone or did otherwise; it breaks no law of the
ledger, which leaves the order and the pace to the venue.
"""

import enum
from collections import Counter
from collections.abc import Callable, Iterable

import attrs

from .log import Entry
from .margin import is_above_release
from .operator import Index, follow, index_of
from .operator.standing import by_urgency, is_handed_over
from .outcomes import Applied
from .replay import note_line
from .rulebook import IntervalTerms
from .state import State
from .transactions import TYPE_NAMES, BackstopTransfer, Fund, Liquidate, Settle, Transaction
from .transition import apply
from .units import floor_div, floor_to_multiple


class Kind(enum.Enum):
    """What is found; the value is its name for machines."""

    UNATTENDED = "unattended"
    ROUND_INSTEAD = "round-instead-of-takeover"
    FILLS_INSTEAD = "fills-instead-of-release"
    OUT_OF_ORDER = "takeover-out-of-order"
    FUNDING_MISSED = "funding-missed"
    SETTLE_MISSED = "settle-missed"


@attrs.frozen
class Finding:
    """One thing that the operator would have done otherwise, found at a `line` of the log and its `time` (ms).

    `subject`: an account, of a funding the market, None of a settle. `since`: when the action was due, of several
    missed instants the first, `count` of them. `other`: of a takeover out of order, who should have come first.
    """

    kind: Kind
    line: int
    time: int
    subject: str | None
    since: int
    count: int = 1
    other: str | None = None


@attrs.frozen
class Watched:
    """What watching a log came to: the findings in order, and how many applied transactions were looked at, by type.

    `accounts`: how many accounts had an action due at some time. `state`: the last one.
    """

    state: State
    findings: tuple[Finding, ...]
    transactions: int
    looked_at: Counter[str]
    accounts: int


def watch_log(
    state: State, entries: Iterable[Entry], *, patience: int, progress: Callable[[Entry], None] | None = None
) -> Watched:
    """Watch the entries from `state` on, with `patience` in ms for accounts of which an action is due.

    Raises what the entries raise, `LogError` for bad input; an error raised while the ledger answers a line is a bug
    in it, and a note says the line.
    """
    watch = _Watch(state, patience)
    for entry in entries:
        try:
            watch.answer(entry)
        except Exception as error:
            note_line(error, entry.line)
            raise
        if progress is not None:
            progress(entry)
    return watch.result()


class _Watch:
    """A log on its way.

    `rounds`: since when a round of each watched account is due, maybe in the future; `opened`: since when a takeover is
    open to those to whom one is.
    """

    def __init__(self, state: State, patience: int) -> None:
        self.index: Index = index_of(state)
        self.patience = patience
        self.findings: list[Finding] = []
        self.transactions = 0
        self.looked_at: Counter[str] = Counter()
        self.rounds: dict[str, int] = {}
        self.opened: dict[str, int] = {}
        self.told: set[str] = set()
        self.known: set[str] = set()
        self.settled_before: int | None = None
        self.funded_before: dict[str, int] = {}
        for account_id in self.index.watched:
            self.note(account_id, state.time)

    def answer(self, entry: Entry) -> None:
        """Apply a line, and look at what was done and at what was not."""
        transaction, before = entry.transaction, self.index.state
        outcome = apply(before, transaction)
        self.transactions += 1
        if not isinstance(outcome, Applied):
            return
        if transaction.time > before.time:
            self.look_at_the_clock(entry)
        if isinstance(transaction, Liquidate):
            self.look_at_round(entry, transaction)
        elif isinstance(transaction, BackstopTransfer):
            self.look_at_takeover(entry, transaction)
        if isinstance(transaction, Liquidate | BackstopTransfer | Fund | Settle):
            self.looked_at[TYPE_NAMES[type(transaction)]] += 1
        before_index, self.index = self.index, follow(self.index, transaction, outcome)
        self.begin_schedules(transaction)
        self.note_due(before_index, transaction)

    def look_at_the_clock(self, entry: Entry) -> None:
        """What was still undone when this line's time came."""
        time = entry.transaction.time
        for account_id in sorted(self.rounds):
            since = self.due_since(account_id)
            if time - since > self.patience and account_id not in self.told:
                self.told.add(account_id)
                self.found(Kind.UNATTENDED, entry, account_id, since)
        state = self.index.state
        for market_id in sorted(self.funded_before):
            last = max(self.funded_before[market_id], state.markets[market_id].last_funding)
            self.funded_before[market_id] = self.missed(
                Kind.FUNDING_MISSED, entry, market_id, state.rulebook.funding, last
            )
        if self.settled_before is not None:
            last = max(self.settled_before, state.last_settle)
            self.settled_before = self.missed(Kind.SETTLE_MISSED, entry, None, state.rulebook.settle.schedule, last)

    def missed(self, kind: Kind, entry: Entry, subject: str | None, terms: IntervalTerms, last: int) -> int:
        """Tell of the instants after `last` whose window has passed; the last instant that is settled so."""
        passed = floor_to_multiple(entry.transaction.time - terms.window, terms.interval)
        if passed <= last:
            return last
        count = floor_div(passed - last, terms.interval)
        self.found(kind, entry, subject, last + terms.interval, count=count)
        return passed

    def look_at_round(self, entry: Entry, transaction: Liquidate) -> None:
        """A round where a takeover was open, or with fills where the account was to be released."""
        state, account_id = self.index.state, transaction.account
        account = state.accounts[account_id]
        if is_handed_over(state, account):
            self.found(Kind.ROUND_INSTEAD, entry, account_id, self.opened[account_id])
        elif transaction.fills and is_above_release(state, account):
            self.found(Kind.FILLS_INSTEAD, entry, account_id, self.rounds[account_id])

    def look_at_takeover(self, entry: Entry, transaction: BackstopTransfer) -> None:
        """A takeover while somebody more distressed was open to one."""
        state = self.index.state
        first, *_ = by_urgency(
            state, [name for name in self.index.watched if is_handed_over(state, state.accounts[name])]
        )
        if first != transaction.account:
            self.found(Kind.OUT_OF_ORDER, entry, transaction.account, self.opened[first], other=first)

    def begin_schedules(self, transaction: Transaction) -> None:
        """Settles are expected from the first applied transaction on, a market's fundings from its first mark on."""
        state = self.index.state
        if self.settled_before is None:
            self.settled_before = _instant_before(state.rulebook.settle.schedule, transaction.time)
        if len(self.funded_before) < len(state.markets):
            for market_id in state.markets:
                self.funded_before.setdefault(market_id, _instant_before(state.rulebook.funding, transaction.time))

    def note_due(self, before: Index, transaction: Transaction) -> None:
        """Keep up with who is to be acted on, and since when: whoever the step may have changed is looked at."""
        if isinstance(transaction, Liquidate | BackstopTransfer):
            self.forget(transaction.account)
        state, earlier, watched = self.index.state, before.state, self.index.watched
        for account_id in [name for name in self.rounds if name not in watched]:
            self.forget(account_id)
        moved = state.markets is not earlier.markets or state.prices is not earlier.prices
        for account_id in watched:
            is_new = account_id not in self.rounds
            if moved or is_new or state.accounts[account_id] is not earlier.accounts[account_id]:
                self.note(account_id, transaction.time)

    def note(self, account_id: str, time: int) -> None:
        """What is due of a watched account at `time`: a round, at once or while liquidating after the interval, and a
        takeover while one is open, whoever or whatever opened it."""
        state = self.index.state
        account = state.accounts[account_id]
        if account_id not in self.rounds:
            self.known.add(account_id)
            running = account.liquidation
            due = 0 if running is None else running.time + state.rulebook.liquidation.round_interval
            self.rounds[account_id] = max(time, due)
        if not is_handed_over(state, account):
            self.opened.pop(account_id, None)
        else:
            self.opened.setdefault(account_id, time)

    def forget(self, account_id: str) -> None:
        """The account was acted on, or needs nothing any more."""
        self.rounds.pop(account_id, None)
        self.opened.pop(account_id, None)
        self.told.discard(account_id)

    def due_since(self, account_id: str) -> int:
        """Since when a watched account is to be acted on: the round or the takeover, whichever was due first."""
        return min(self.rounds[account_id], self.opened.get(account_id, self.rounds[account_id]))

    def found(
        self, kind: Kind, entry: Entry, subject: str | None, since: int, *, count: int = 1, other: str | None = None
    ) -> None:
        """Remember a finding at this line."""
        self.findings.append(Finding(kind, entry.line, entry.transaction.time, subject, since, count, other))

    def result(self) -> Watched:
        """What it came to."""
        return Watched(
            self.index.state, tuple(self.findings), self.transactions, self.looked_at, accounts=len(self.known)
        )


def _instant_before(terms: IntervalTerms, time: int) -> int:
    """The last instant of the grid before `time`, so that one at `time` itself is still expected."""
    return floor_to_multiple(time - 1, terms.interval)
