"""How a rule answers that a transaction was applied."""

import attrs
from immutables import Map

from ..outcomes import Applied, Event
from ..postings import Posting
from ..state import Account, Market, Provider, State
from ..values import value


@value
@attrs.frozen(weakref_slot=False)
class Movement:
    """Part of a rule's effects: the accounts after it, its postings and its events, in order."""

    accounts: Map[str, Account]
    postings: tuple[Posting, ...]
    events: tuple[Event, ...]


def applied(
    state: State,
    time: int,
    *,
    accounts: Map[str, Account] | None = None,
    markets: Map[str, Market] | None = None,
    prices: Map[str, int] | None = None,
    providers: Map[str, Provider] | None = None,
    last_settle: int | None = None,
    postings: tuple[Posting, ...] = (),
    events: tuple[Event, ...] = (),
) -> Applied:
    """The outcome with the tables that changed, the transaction's time, and the next sequence number."""
    after = State(
        state.rulebook,
        state.accounts if accounts is None else accounts,
        state.markets if markets is None else markets,
        state.prices if prices is None else prices,
        state.providers if providers is None else providers,
        state.last_settle if last_settle is None else last_settle,
        time,
        state.sequence + 1,
    )
    return Applied(after, postings, events)
