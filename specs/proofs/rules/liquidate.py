"""liquidate: its page (specs/rules/liquidate)."""

from collections.abc import Iterator

import attrs
from immutables import Map

from ledger.outcomes import LiquidationStarted, Reason, Released, RoundMade
from ledger.rulebook import EXTERNAL, FEES
from ledger.state import Account, Liquidation, State
from ledger.transactions import Fill, Liquidate, Trade

from ..engine import negation
from ..pages import Check, Effects, Page
from ..quantities import RATE, WHOLE, account_value, distress_collateral, exposures, maintenance_margin, sign_of
from ..watched import Reach
from .books import Books
from .shared import is_active, is_open, is_ordinary_and_open
from .trade import filled, is_admitted, of_terms, size_in


def checks(state: State, transaction: Liquidate) -> Iterator[Check]:
    """The table of the page; 6 to 22 of each fill in turn."""
    account_id = transaction.account
    yield from is_ordinary_and_open("liquidate", 1, state, account_id)
    yield from may_have_a_round(state, transaction)
    work = Round(state, transaction)
    for fill in transaction.fills:
        yield from is_asked_rightly(state, work, fill)
        before = work.account(fill.counterparty)
        work.close(fill)
        yield from leads_to_health(state, work, fill)
        yield from is_admitted(
            "liquidate",
            19,
            state,
            fill.counterparty,
            market=fill.market,
            time=transaction.time,
            before=before,
            after=work.account(fill.counterparty),
        )


def may_have_a_round(state: State, transaction: Liquidate) -> Iterator[Check]:
    """Checks 3 to 5: the first of an active account, the others of a liquidating one.

    DC is that of the account as it is found: preparation is to leave it as it is.
    """
    account_id, terms = transaction.account, state.rulebook.liquidation
    account = state.accounts[account_id]
    distress, required = distress_collateral(state, account) * WHOLE, maintenance_margin(state, account)
    running = account.liquidation
    liquidatable, waited, is_left = True, terms.round_interval, True
    if running is None:
        liquidatable = distress < required
    else:
        waited = transaction.time - running.time
        is_left = (running.round < terms.rounds) | (not transaction.fills)
    yield Check("liquidate-3", Reason.NOT_LIQUIDATABLE, liquidatable, distress, required, account_id)
    in_time = waited >= terms.round_interval
    yield Check("liquidate-4", Reason.ROUND_TOO_SOON, in_time, waited, terms.round_interval, account_id)
    yield Check("liquidate-5", Reason.ROUNDS_USED_UP, is_left, len(transaction.fills), 0, account_id)


def is_asked_rightly(state: State, work: "Round", fill: Fill) -> Iterator[Check]:
    """Checks 6 to 16 of a fill."""
    account_id, counterparty, size = work.account_id, fill.counterparty, fill.size
    yield from of_terms("liquidate", 6, state, fill.market, size, fill.price)
    another = counterparty != account_id
    yield Check("liquidate-11", Reason.SAME_ACCOUNT, another, counterparty, "another account", account_id)
    ordinary = not counterparty.startswith("@")
    yield Check("liquidate-12", Reason.SYSTEM_ACCOUNT, ordinary, counterparty, "an ordinary account", counterparty)
    yield from is_open("liquidate", 13, state, counterparty)
    yield from is_active("liquidate", 14, state, counterparty)
    held = size_in(work.account(account_id), fill.market)
    yield Check("liquidate-15", Reason.NOTHING_TO_REDUCE, held != 0, size, 0, account_id)
    lots = sign_of(held) * held
    yield Check("liquidate-16", Reason.FILL_BEYOND_POSITION, size <= lots, size, lots, account_id)


def leads_to_health(state: State, work: "Round", fill: Fill) -> Iterator[Check]:
    """Checks 17 and 18 of a fill that was made."""
    value, closed, market = account_value(state, work.account(work.account_id)), work.closed[fill.market], fill.market
    yield Check("liquidate-17", Reason.ACCOUNT_VALUE_NEGATIVE, value >= 0, value, 0, work.account_id)
    terms, per_lot = state.rulebook.liquidation, state.markets[market].mark
    per_lot = per_lot * state.rulebook.contracts[market].multiplier
    start = work.begun.starting_sizes.get(market, 0)
    start = sign_of(start) * start

    def is_within(lots: int) -> bool:
        return (lots <= 1) | (lots * terms.fraction <= start) | (lots * per_lot <= terms.minimum_value)

    def is_the_most(limit: int) -> bool:
        return (limit >= 1) & is_within(limit) & negation(is_within(limit + 1))

    yield Check("liquidate-18", Reason.FILL_BEYOND_ROUND, is_within(closed), closed, is_the_most, work.account_id)


class Round:
    """Effects 1 to 3 of the page, while its fills are made one after the other."""

    def __init__(self, state: State, transaction: Liquidate) -> None:
        self.state, self.account_id, self.time = state, transaction.account, transaction.time
        books = Books(state)
        books.prepare(self.account_id)
        self.accounts, self.postings, self.events = books.accounts, books.postings, books.events
        self.closed: dict[str, int] = {}
        account, last = state.accounts[self.account_id], state.rulebook.liquidation.rounds
        running = account.liquidation
        if running is None:
            sizes = Map({market: position.size for market, position in account.positions.items()})
            self.begun = Liquidation(1, self.time, sizes)
            self.events.append(LiquidationStarted(self.account_id))
        else:
            following = running.round + 1 if running.round < last else last
            self.begun = Liquidation(following, self.time, running.starting_sizes)

    def account(self, account_id: str) -> Account:
        """The account as the fills so far leave it."""
        return self.accounts.get(account_id) or self.state.accounts[account_id]

    def close(self, fill: Fill) -> None:
        """A trade of which the account is the taker."""
        is_long = size_in(self.account(self.account_id), fill.market) > 0
        buyer, seller = (fill.counterparty, self.account_id) if is_long else (self.account_id, fill.counterparty)
        ahead = attrs.evolve(self.state, accounts=self.state.accounts.update(self.accounts))
        done = filled(ahead, Trade(self.time, fill.market, buyer, seller, fill.size, fill.price, not is_long))
        self.accounts.update(done.accounts)
        self.postings += done.postings
        self.events += done.events
        self.closed[fill.market] = self.closed.get(fill.market, 0) + fill.size

    def is_released(self) -> bool:
        """Effect 4: above release, or in the last round above maintenance margin."""
        state, account = self.state, self.account(self.account_id)
        distress = distress_collateral(state, account) * WHOLE
        if account.positions:
            above = distress > tier_margin(state, account)
        else:
            above = distress >= 0
        is_last = self.begun.round == state.rulebook.liquidation.rounds
        return above | (is_last & (distress > maintenance_margin(state, account)))


def tier_margin(state: State, account: Account) -> int:
    """The margin at the initial rates of the brackets alone, exact."""
    total = 0
    for effective, rate in exposures(state, account):
        total = total + effective * rate * RATE
    return total


def effects(state: State, transaction: Liquidate) -> Effects:
    """Preparation, the round, its fills, and release."""
    work = Round(state, transaction)
    for fill in transaction.fills:
        work.close(fill)
    account_id = transaction.account
    work.events.append(RoundMade(account_id, work.begun.round, len(transaction.fills)))
    released = work.is_released()
    left = attrs.evolve(work.account(account_id), liquidation=None if released else work.begun)
    if released:
        work.events.append(Released(account_id))
    return Effects(
        accounts={**work.accounts, account_id: left}, postings=tuple(work.postings), events=tuple(work.events)
    )


def reach(state: State, transaction: Liquidate) -> Reach:
    """The account and the counterparties with their records as providers, and what they hold at its prices and marks;
    `@fees` where there is a fill, and `@external` where there is something to sell."""
    sides = (transaction.account, *(fill.counterparty for fill in transaction.fills))
    accounts = [account for side in sides if (account := state.accounts.get(side)) is not None]
    settlement = state.rulebook.settlement_asset
    account = state.accounts.get(transaction.account)
    sells = account is not None and any(asset != settlement for asset in account.cash)
    markets = [*(fill.market for fill in transaction.fills), *(name for held in accounts for name in held.positions)]
    return Reach(
        accounts=frozenset((*sides, *((FEES,) if transaction.fills else ()), *((EXTERNAL,) if sells else ()))),
        markets=frozenset(markets),
        prices=frozenset((settlement, *(asset for held in accounts for asset in held.cash))),
        providers=frozenset(sides) if transaction.fills else frozenset(),
    )


PAGE = Page("liquidate", checks, effects, reach)
