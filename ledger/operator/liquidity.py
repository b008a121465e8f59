"""What rests on the book, as a plain value, and the fills that a round makes of it."""

from collections.abc import Iterable, Sequence

import attrs

from ..margin import is_above_release
from ..outcomes import Applied
from ..rules.liquidate import market_limit, next_round
from ..state import Account, State, has_used_up_rounds, size_of
from ..transactions import Fill, Liquidate
from ..transition import apply


@attrs.frozen
class RestingOrder:
    """An order on the book: `account` buys (`size` > 0) or sells (`size` < 0) so many lots at `price`."""

    market: str
    account: str
    size: int
    price: int


Book = tuple[RestingOrder, ...]
"""Orders in the order of their arrival, which ranks those of one price."""


@attrs.frozen
class Round:
    """A round as it is proposed, the state it leads to, and the orders that are left on the book."""

    action: Liquidate
    state: State
    book: Book


def opposite(book: Book, market_id: str, held: int) -> list[int]:
    """Where the orders stand that a position of `held` lots can be closed against: the best price for it first."""
    places = [place for place, order in enumerate(book) if order.market == market_id and (order.size > 0) == (held > 0)]
    return sorted(places, key=lambda place: (-book[place].price if held > 0 else book[place].price, place))


def round_of(state: State, account_id: str, time: int, *, book: Book, excluded: Iterable[str]) -> Round:
    """A round of the account: markets in id order, each against its best orders, until it is released or at its limit.

    A fill that the ledger refuses is left out, and so is an order of an `excluded` account. No fills where the account
    is above release already, or its rounds are used up. The round itself must be due.
    """
    account = state.accounts[account_id]
    empty = Liquidate(time, account_id, ())
    if not book or has_used_up_rounds(state, account) or is_above_release(state, account):
        return Round(empty, state, book)
    barred = frozenset(excluded)
    made = Round(empty, state, book)
    for market_id in sorted(account.positions):
        held = size_of(account, market_id)
        for place in opposite(book, market_id, held):
            if book[place].account in barred or is_released(made, account_id):
                continue
            left = _room(state, account, time, market_id=market_id, fills=made.action.fills)
            made = _with_fill(state, made, place, most=left)
    return made


def is_released(made: Round, account_id: str) -> bool:
    """Whether the round as it stands, with a fill, releases the account."""
    return bool(made.action.fills) and made.state.accounts[account_id].liquidation is None


def _room(state: State, account: Account, time: int, *, market_id: str, fills: Sequence[Fill]) -> int:
    """The lots that the round may still close of a market, never below zero."""
    closed = sum(fill.size for fill in fills if fill.market == market_id)
    limit = market_limit(state, next_round(state, account, time), market_id)
    return max(0, min(limit, abs(size_of(account, market_id))) - closed)


def _with_fill(state: State, made: Round, place: int, *, most: int) -> Round:
    """The round with a fill of `most` lots at most against the order at `place`, if the ledger accepts it."""
    order = made.book[place]
    size = min(abs(order.size), most)
    if size == 0:
        return made
    fill = Fill(order.market, order.account, size, order.price)
    action = Liquidate(made.action.time, made.action.account, (*made.action.fills, fill))
    outcome = apply(state, action)
    if not isinstance(outcome, Applied):
        return made
    left = size if order.size > 0 else -size
    rest = RestingOrder(order.market, order.account, order.size - left, order.price)
    return Round(action, outcome.state, (*made.book[:place], rest, *made.book[place + 1 :]))
