"""The index by liquidation price: who is watched, and at which mark or price somebody else has to be looked at.

Persistent, as states are: following a step shares with the index before it whatever the step left alone. Edges stand
on shelves by side, and on each shelf in buckets of prices that differ by less than one part in `BUCKETS`, so that a
move of a mark looks at the buckets that it passes and at nobody else.
"""

from collections.abc import Iterable, Iterator

import attrs
from immutables import Map

from ..outcomes import Applied, Outcome
from ..rulebook import is_system
from ..state import State
from ..transactions import Transaction
from ..units import floor_div
from .standing import is_watched
from .zones import ABOVE, BELOW, MARK, PRICE, Edge, Side, zone_of

DOUBLINGS = 12
BUCKETS = 1 << DOUBLINGS

Shelf = Map[int, Map[str, int]]
"""Buckets by number; in each the edges' prices by account."""


@attrs.frozen(eq=False)
class Index:
    """Of `state`: the `watched` accounts, the others' zones where they have edges, and the shelves by side."""

    state: State
    watched: Map[str, None]
    zones: Map[str, tuple[Edge, ...]]
    shelves: Map[Side, Shelf]


def bucket_of(price: int) -> int:
    """The bucket of a price: larger prices never have a smaller one, and the buckets passed leave no number out."""
    length = price.bit_length()
    if length <= DOUBLINGS:
        return price
    excess = length - DOUBLINGS - 1
    return excess * BUCKETS + floor_div(price, 1 << excess)


def index_of(state: State) -> Index:
    """The index, by looking at every account once."""
    watched: dict[str, None] = {}
    zones: dict[str, tuple[Edge, ...]] = {}
    shelves: dict[Side, dict[int, dict[str, int]]] = {}
    for account_id, account in state.accounts.items():
        if is_system(account_id):
            continue
        if is_watched(state, account):
            watched[account_id] = None
            continue
        zone = zone_of(state, account)
        if zone:
            zones[account_id] = zone
        for side, price in zone:
            shelves.setdefault(side, {}).setdefault(bucket_of(price), {})[account_id] = price
    filled = {side: Map({bucket: Map(edges) for bucket, edges in buckets.items()}) for side, buckets in shelves.items()}
    return Index(state, Map(watched), Map(zones), Map(filled))


def follow(index: Index, transaction: Transaction, outcome: Outcome) -> Index:
    """The index after a transaction that was answered in the index's state; the same one where it was refused.

    Looks at the accounts that the step changed, at those whose zone a mark or a price left, and, where one moved, at
    those that were liquidatable, who may have recovered. ValueError for an outcome of another state.
    """
    if not isinstance(outcome, Applied):
        return index
    before, after = index.state, outcome.state
    if after.sequence != before.sequence + 1:
        raise ValueError(f"the outcome has sequence {after.sequence}, the index {before.sequence}")
    named = {posting.account: None for posting in outcome.postings}
    party = getattr(transaction, "account", None)
    if party is not None:
        named[party] = None
    moved = {name: None for name in named if after.accounts.get(name) is not before.accounts.get(name)}
    if len(moved) * 4 > len(after.accounts):
        return index_of(after)
    for side, old, new in _moves(before, after):
        for account_id in left_behind(index.shelves.get(side), old=old, new=new, rises=side[2] == ABOVE):
            moved[account_id] = None
    if after.markets is not before.markets or after.prices is not before.prices:
        for account_id in index.watched:
            if after.accounts[account_id].liquidation is None:
                moved[account_id] = None
    return _refiled(index, after, moved)


def _moves(before: State, after: State) -> Iterator[tuple[Side, int, int]]:
    """The sides to which a mark or a price moved, with what it was and is."""
    if after.markets is not before.markets:
        for market_id, market in after.markets.items():
            known = before.markets.get(market_id)
            if known is not None and market.mark != known.mark:
                side = ABOVE if market.mark > known.mark else BELOW
                yield (MARK, market_id, side), known.mark, market.mark
    if after.prices is not before.prices:
        for asset, price in after.prices.items():
            was = before.prices.get(asset)
            if was is not None and price < was:
                yield (PRICE, asset, BELOW), was, price


def left_behind(shelf: Shelf | None, *, old: int, new: int, rises: bool) -> Iterator[str]:
    """The accounts on a shelf whose edge a move from `old` to `new` has passed. At `old` nobody's was."""
    if shelf is None:
        return
    first, last = sorted((bucket_of(old), bucket_of(new)))
    passed: Iterable[int] = range(first, last + 1)
    if len(shelf) < last - first:
        passed = [bucket for bucket in shelf if first <= bucket <= last]
    for bucket in passed:
        for account_id, price in shelf.get(bucket, Map[str, int]()).items():
            if (price < new) if rises else (price > new):
                yield account_id


def _refiled(index: Index, state: State, account_ids: Iterable[str]) -> Index:
    """The index of `state` with these accounts looked at anew and everybody else where they are."""
    watched, zones, shelves = index.watched, index.zones, index.shelves
    for account_id in account_ids:
        if is_system(account_id):
            continue
        for side, price in zones.get(account_id, ()):
            shelves = _without(shelves, side, bucket_of(price), account_id)
        account = state.accounts[account_id]
        in_distress = is_watched(state, account)
        zone = () if in_distress else zone_of(state, account)
        if in_distress != (account_id in watched):
            watched = watched.set(account_id, None) if in_distress else watched.delete(account_id)
        if zone:
            zones = zones.set(account_id, zone)
        elif account_id in zones:
            zones = zones.delete(account_id)
        for side, price in zone:
            shelves = _with(shelves, side, account_id, price)
    return Index(state, watched, zones, shelves)


def _with(shelves: Map[Side, Shelf], side: Side, account_id: str, price: int) -> Map[Side, Shelf]:
    shelf: Shelf = shelves.get(side, Map())
    bucket = bucket_of(price)
    edges: Map[str, int] = shelf.get(bucket, Map())
    return shelves.set(side, shelf.set(bucket, edges.set(account_id, price)))


def _without(shelves: Map[Side, Shelf], side: Side, bucket: int, account_id: str) -> Map[Side, Shelf]:
    shelf = shelves[side]
    edges = shelf[bucket].delete(account_id)
    return shelves.set(side, shelf.set(bucket, edges) if edges else shelf.delete(bucket))
