"""What is due next, and when (specs/operator)."""

from ..rulebook import IntervalTerms, is_system
from ..rules.instants import refuse_instant
from ..state import State
from ..transactions import BackstopTransfer, Fund, Liquidate, Settle, Transaction
from ..units import floor_to_multiple
from .index import Index
from .liquidity import Book, round_of
from .standing import by_urgency, is_handed_over, is_round_due, watched_accounts

EMPTY_BOOK: Book = ()


def next_actions(
    state: State, time: int, *, book: Book = EMPTY_BOOK, index: Index | None = None
) -> tuple[Transaction, ...]:
    """The transactions that are due at `time`, which the ledger accepts in this order; none where nothing is due.

    The first of these that is not empty: what fixed instants ask for, every market's funding in id order and then the
    settle; one takeover, of the most distressed account that is open to it; a round for each other account that is due
    for one, the most distressed first. Apply them, and ask again: each may have made others due.

    `book`: what rests on it; without it every round is empty. `index`: the index of this very state, by which the
    distressed are found without looking at every account. ValueError for a time before the state's, and for an index
    of another state.
    """
    if time < state.time:
        raise ValueError(f"the time {time} is before the ledger's, {state.time}")
    watched = _watched(state, index)
    instants = _instants(state, time)
    if instants:
        return instants
    accounts = state.accounts
    for account_id in by_urgency(state, [name for name in watched if is_handed_over(state, accounts[name])]):
        return (BackstopTransfer(time, account_id),)
    due = [name for name in watched if is_round_due(state, accounts[name], time)]
    return _rounds(state, time, by_urgency(state, due), watched=watched, book=book)


def next_time(state: State, time: int, *, index: Index | None = None) -> int:
    """The first time after `time` at which something falls due by itself: a round, a funding or a settle.

    What `next_actions` proposes at `time` is taken to have been applied. ValueError for an index of another state.
    """
    times = [_next_instant(state.rulebook.settle.schedule, time)]
    if state.markets:
        times.append(_next_instant(state.rulebook.funding, time))
    for account_id in _watched(state, index):
        running = state.accounts[account_id].liquidation
        if running is not None:
            due = running.time + state.rulebook.liquidation.round_interval
            if due > time:
                times.append(due)
    return min(times)


def is_at_rest(state: State, *, index: Index | None = None) -> bool:
    """Whether no account is liquidatable or liquidating. ValueError for an index of another state."""
    return not _watched(state, index)


def longest_run(state: State) -> int:
    """How long, in ms, the operator takes at most to bring the ledger to rest, with an empty book and nobody else's
    transactions: all rounds' time, once more for every account and every market (specs/operator)."""
    terms = state.rulebook.liquidation
    accounts = sum(not is_system(account_id) for account_id in state.accounts)
    return (accounts + len(state.markets) + 1) * terms.rounds * terms.round_interval


def _watched(state: State, index: Index | None) -> tuple[str, ...]:
    """The watched accounts in id order."""
    if index is None:
        return watched_accounts(state)
    if index.state is not state:
        raise ValueError("the index is of another state")
    return tuple(sorted(index.watched))


def _instants(state: State, time: int) -> tuple[Transaction, ...]:
    """Fundings in order of the markets' ids, and the settle, as far as they are due."""
    funding, schedule = state.rulebook.funding, state.rulebook.settle.schedule
    due: list[Transaction] = []
    for market_id in sorted(state.markets):
        last = state.markets[market_id].last_funding
        if refuse_instant(funding, time=time, last=last, subject=market_id) is None:
            due.append(Fund(time, market_id, None))
    if refuse_instant(schedule, time=time, last=state.last_settle, subject="settle") is None:
        due.append(Settle(time))
    return tuple(due)


def _rounds(
    state: State, time: int, due: tuple[str, ...], *, watched: tuple[str, ...], book: Book
) -> tuple[Liquidate, ...]:
    """A round of each account that is due, in this order, each of what the ones before it left on the book.

    No watched account is a counterparty, so that no round changes whether another one is due.
    """
    actions = []
    for account_id in due:
        made = round_of(state, account_id, time, book=book, excluded=watched)
        state, book = made.state, made.book
        actions.append(made.action)
    return tuple(actions)


def _next_instant(terms: IntervalTerms, time: int) -> int:
    return floor_to_multiple(time, terms.interval) + terms.interval
