"""The auditor's figures for people: what no rule reads, worked out a second time in fractions.

Margin rate, leverage, the largest orders, the liquidation price and the break-even price of the accounts that a step
changed, with orders that the ledger does not hold and without.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import floor, trunc

import attrs

from ledger import margin
from ledger.margin import OpenOrders
from ledger.state import Account, State
from tests.oracle import (
    NANO,
    Bracket,
    effective_collateral,
    maintenance,
    mark_of,
    require,
    size_in_units,
    terms_of,
)

NONE = OpenOrders(0, 0)


@attrs.frozen
class Book:
    """An account with open orders by market, in settlement atoms: its exposures and what they require."""

    state: State
    account: Account
    orders: Mapping[str, OpenOrders]

    @property
    def atom(self) -> Fraction:
        """One settlement atom in USDT."""
        terms = terms_of(self.state)
        return terms.atom[terms.settlement]

    def held(self, market: str) -> Fraction:
        """The position's signed notional."""
        return size_in_units(terms_of(self.state), self.account, market) * mark_of(self.state, market)

    def effective(self, market: str) -> Fraction:
        """`max(|N + OB|, |N - OS|)`."""
        held, orders = self.held(market), self.orders.get(market, NONE)
        return max(abs(held + orders.buy * self.atom), abs(held - orders.sell * self.atom))

    def bracket(self, market: str) -> Bracket:
        """The first bracket whose bound is greater."""
        rows = terms_of(self.state).brackets[market]
        return next(row for row in rows if row.below is None or self.effective(market) < row.below)

    def ratio(self, market: str) -> Fraction:
        """`max(IMR, 1/max_leverage)`."""
        return max(self.bracket(market).initial, Fraction(1, self.account.max_leverage))

    def markets(self) -> set[str]:
        """Those with a position or an order."""
        return {*self.account.positions, *self.orders}

    def exposure(self) -> Fraction:
        """`sum(EPN)`."""
        return sum((self.effective(market) for market in self.markets()), Fraction(0))

    def required(self) -> Fraction:
        """`IM`."""
        return sum((self.effective(market) * self.ratio(market) for market in self.markets()), Fraction(0))

    def maintained(self) -> Fraction:
        """`MM`."""
        parts = (self.effective(market) * self.bracket(market).maintenance for market in self.markets())
        return sum(parts, Fraction(0))

    def largest(self, market: str, *, against: Fraction) -> int:
        """`max(0, size_factor * (EC / r - against))` in atoms, rounded down."""
        reach = effective_collateral(self.state, self.account) / self.ratio(market) - against
        return floor(max(Fraction(0), terms_of(self.state).size_factor * reach) / self.atom)


def audit_figures(state: State, account_id: str) -> None:
    """Every figure of the account, without orders and with some that depend on the state alone."""
    account = state.accounts[account_id]
    busy = {
        market: OpenOrders((state.sequence % 7) * state.sequence * 10**12, (state.sequence % 5) * 10**16)
        for number, market in enumerate(sorted(state.markets))
        if (state.sequence + number) % 3
    }
    _audit_book(Book(state, account, {}), None)
    _audit_book(Book(state, account, busy), busy)
    for market in state.markets:
        _audit_prices(state, account, market)


def _audit_book(book: Book, orders: Mapping[str, OpenOrders] | None) -> None:
    state, account = book.state, book.account
    exposed, backing = book.exposure(), effective_collateral(state, account)
    exact = book.atom / 10**18
    figures = {
        "exposure": (margin.exposure(state, account, orders), exposed / book.atom),
        "maintenance margin": (margin.maintenance_margin(state, account, orders), book.maintained() / exact),
        "initial margin": (margin.initial_margin(state, account, orders), -floor(-book.required() / exact)),
        "free collateral": (
            margin.free_collateral(state, account, orders),
            backing / exact + floor(-book.required() / exact),
        ),
        "margin rate": (
            margin.margin_rate(state, account, orders),
            trunc(backing / exposed / NANO) if exposed else None,
        ),
        "leverage": (margin.leverage(state, account, orders), trunc(exposed / backing / NANO) if backing > 0 else None),
    }
    for market in state.markets:
        held, open_orders = book.held(market), book.orders.get(market, NONE)
        buy = book.largest(market, against=held + open_orders.buy * book.atom)
        sell = book.largest(market, against=open_orders.sell * book.atom - held)
        figures[f"largest buy of {market}"] = margin.max_buy(state, account, market, orders), buy
        figures[f"largest sell of {market}"] = margin.max_sell(state, account, market, orders), sell
    for name, (shown, expected) in figures.items():
        require(shown == expected, f"the {name} is shown as {shown}, it is {expected}")


def _audit_prices(state: State, account: Account, market: str) -> None:
    terms, held = terms_of(state), account.positions.get(market)
    shown = margin.liquidation_price(state, account, market)
    if held is None:
        require(shown is None, f"a liquidation price of {shown} without a position in {market}")
        return
    units, side = size_in_units(terms, account, market), 1 if held.size > 0 else -1
    notional = abs(units * mark_of(state, market))
    rate = next(row.maintenance for row in terms.brackets[market] if row.below is None or notional < row.below)
    spare, per_price = (
        effective_collateral(state, account) - maintenance(state, account),
        abs(units) * (1 - side * rate),
    )
    price = state.markets[market].mark - side * trunc(spare / per_price / NANO) if per_price else -1
    require(shown == (price if price >= 0 else None), f"the liquidation price is shown as {shown}, it is {price}")
    atom = terms.atom[terms.settlement]
    even = margin.break_even_price(state.rulebook.contracts[market], size=held.size, reference_cost=held.reference_cost)
    paid = -held.reference_cost * atom / units / NANO
    require(even == trunc(paid), f"the break-even price is shown as {even}, it is {paid}")
