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
    """A log on its way. `due`: since when an action of each watched account is due, maybe in the future."""

    def __init__(self, state: State, patience: int) -> None:
        self.index: Index = index_of(state)
        self.patience = patience
        self.findings: list[Finding] = []
        self.transactions = 0
        self.looked_at: Counter[str] = Counter()
        self.due: dict[str, int] = {}
        self.told: set[str] = set()
        self.known: set[str] = set()
        self.settled_before: int | None = None
        self.funded_before: dict[str, int] = {}

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
        for account_id in sorted(self.due):
            if time - self.due[account_id] > self.patience and account_id not in self.told:
                self.told.add(account_id)
                self.found(Kind.UNATTENDED, entry, account_id, self.due[account_id])
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
        since = self.due.get(account_id, transaction.time)
        if is_handed_over(state, account):
            self.found(Kind.ROUND_INSTEAD, entry, account_id, since)
        elif transaction.fills and is_above_release(state, account):
            self.found(Kind.FILLS_INSTEAD, entry, account_id, since)

    def look_at_takeover(self, entry: Entry, transaction: BackstopTransfer) -> None:
        """A takeover while somebody more distressed was open to one."""
        state = self.index.state
        first, *_ = by_urgency(
            state, [name for name in self.index.watched if is_handed_over(state, state.accounts[name])]
        )
        if first != transaction.account:
            since = self.due.get(first, transaction.time)
            self.found(Kind.OUT_OF_ORDER, entry, transaction.account, since, other=first)

    def begin_schedules(self, transaction: Transaction) -> None:
        """Settles are expected from the first applied transaction on, a market's fundings from its first mark on."""
        state = self.index.state
        if self.settled_before is None:
            self.settled_before = _instant_before(state.rulebook.settle.schedule, transaction.time)
        if len(self.funded_before) < len(state.markets):
            for market_id in state.markets:
                self.funded_before.setdefault(market_id, _instant_before(state.rulebook.funding, transaction.time))

    def note_due(self, before: Index, transaction: Transaction) -> None:
        """Keep up with who is to be acted on, and since when: at once, or while liquidating after the interval."""
        acted = transaction.account if isinstance(transaction, Liquidate | BackstopTransfer) else None
        if acted is not None:
            self.due.pop(acted, None)
            self.told.discard(acted)
        if acted is None and self.index.watched is before.watched:
            return
        state, watched = self.index.state, self.index.watched
        for account_id in [name for name in self.due if name not in watched]:
            del self.due[account_id]
            self.told.discard(account_id)
        for account_id in watched:
            if account_id not in self.due:
                running = state.accounts[account_id].liquidation
                due = 0 if running is None else running.time + state.rulebook.liquidation.round_interval
                self.due[account_id] = max(transaction.time, due)
                self.known.add(account_id)

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
