"""Documents to transactions and states, strictly."""

from collections.abc import Callable, Mapping
from typing import Any

from immutables import Map

from ..canonical import StateError, state_from_document
from ..log.decoding import EXPECTED_ID
from ..log.times import LAST_TIME
from ..profiles import IDENTIFIER
from ..state import State
from ..strict_json import NotStrict, Reader, load_strictly
from ..transactions import (
    TYPES,
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from .transactions import Document

LARGEST = 2**53 - 1
"""The largest integer that every parser of JSON keeps."""


class InterchangeError(NotStrict):
    """What is no document of the interchange: `field` is a path, empty for the whole, `message` what is wrong."""


def read_transaction(document: object) -> Transaction:
    """The transaction that a document says. InterchangeError where it says none."""
    return _Reader(document).transaction()


def transactions_of(text: bytes) -> list[Transaction]:
    """The transactions of a list in JSON. InterchangeError where it is none."""
    try:
        document = load_strictly(text)
    except NotStrict as error:
        raise InterchangeError(error.field, error.message) from None
    return [item.transaction() for item in _Reader(document).items()]


def read_state(rulebook: Document, document: object) -> State:
    """The state that a document says, under a rulebook's whole document. StateError where it says none."""
    if not isinstance(document, Mapping):
        raise StateError("", "found no object, expected a state")
    if "rulebook" in document:
        raise StateError("rulebook", "found an unknown field, expected the rulebook beside the state")
    return state_from_document({**document, "rulebook": rulebook})


class _Reader(Reader):
    """The parts of a transaction."""

    __slots__ = ()
    error = InterchangeError

    def transaction(self) -> Transaction:
        """Any transaction, by its type."""
        members = self.members()
        if "type" not in members:
            raise self.error(self.within("type"), "found nothing, expected this field")
        kind = members["type"].name(TYPES, f"one of {', '.join(TYPES)}")
        transaction: Transaction = _read_as[kind](self)
        return transaction

    def required(self, *names: str, optional: tuple[str, ...] = ()) -> "list[_Reader]":
        """The fields after `type` and `time`, in order; besides them there is nothing but what is optional."""
        members = self.members()
        present = tuple(name for name in optional if name in members)
        return self.fields("type", "time", *names, *present)[2 : 2 + len(names)]

    def optional(self, name: str) -> "_Reader | None":
        """A field that may be left out."""
        return self.members().get(name)

    @property
    def time(self) -> int:
        """The time of the transaction; one that no log has, before 1970, is refused by every rule."""
        return self.members()["time"].integer(-LARGEST, LAST_TIME)

    def text(self) -> str:
        """A name of something that is no account."""
        if not isinstance(self.value, str) or not IDENTIFIER.fullmatch(self.value):
            raise self.wrong(EXPECTED_ID)
        return self.value

    def account(self) -> str:
        """An account's id."""
        if not isinstance(self.value, str) or not IDENTIFIER.fullmatch(self.value.removeprefix("@")):
            raise self.wrong(EXPECTED_ID)
        return self.value

    def quotes(self) -> Map[str, int]:
        """Prices by source."""
        for source in self.members():
            type(self)(source, self, source).text()
        return Map({source: price.quantity() for source, price in self.members().items()})

    def fill(self) -> Fill:
        """One fill of a round."""
        market, counterparty, size, price = self.fields("market", "counterparty", "size", "price")
        return Fill(market.text(), counterparty.account(), size.quantity(), price.quantity())


def _deposit(one: _Reader) -> Transaction:
    account, asset, amount = one.required("account", "asset", "amount")
    return Deposit(one.time, account.account(), asset.text(), amount.quantity())


def _withdraw(one: _Reader) -> Transaction:
    account, asset, amount = one.required("account", "asset", "amount")
    return Withdraw(one.time, account.account(), asset.text(), amount.quantity())


def _set_account(one: _Reader) -> Transaction:
    (account,) = one.required("account", optional=("max_leverage", "fee_tier"))
    leverage, tier = one.optional("max_leverage"), one.optional("fee_tier")
    return SetAccount(
        one.time,
        account.account(),
        None if leverage is None else leverage.integer(-LARGEST, LARGEST),
        None if tier is None else tier.text(),
    )


def _trade(one: _Reader) -> Transaction:
    market, buyer, seller, size, price, taker = one.required("market", "buyer", "seller", "size", "price", "taker")
    return Trade(
        one.time,
        market.text(),
        buyer.account(),
        seller.account(),
        size.quantity(),
        price.quantity(),
        taker.name(("buyer", "seller"), '"buyer" or "seller"') == "buyer",
    )


def _mark(one: _Reader) -> Transaction:
    if "asset" in one.members():
        asset, quotes = one.required("asset", "quotes")
        return MarkAsset(one.time, asset.text(), quotes.quotes())
    market, quotes, premium = one.required("market", "quotes", "premium")
    return MarkMarket(one.time, market.text(), quotes.quotes(), premium.quantity())


def _observe(one: _Reader) -> Transaction:
    market, *figures = one.required("market", "bid", "ask", "bid_depth", "ask_depth", "volume")
    return Observe(one.time, market.text(), *(figure.quantity() for figure in figures))


def _fund(one: _Reader) -> Transaction:
    (market,) = one.required("market", optional=("rate",))
    rate = one.optional("rate")
    return Fund(one.time, market.text(), None if rate is None else rate.quantity())


def _settle(one: _Reader) -> Transaction:
    one.required()
    return Settle(one.time)


def _enroll(one: _Reader) -> Transaction:
    account, *limits = one.required("account", "capacity_per_minute", "capacity_per_hour", "max_holdings")
    return Enroll(one.time, account.account(), *(limit.quantity() for limit in limits))


def _leave(one: _Reader) -> Transaction:
    (account,) = one.required("account")
    return Leave(one.time, account.account())


def _liquidate(one: _Reader) -> Transaction:
    account, fills = one.required("account", "fills")
    return Liquidate(one.time, account.account(), tuple(fill.fill() for fill in fills.items()))


def _backstop_transfer(one: _Reader) -> Transaction:
    (account,) = one.required("account")
    return BackstopTransfer(one.time, account.account())


_read_as: dict[str, Callable[[_Reader], Any]] = {
    "deposit": _deposit,
    "withdraw": _withdraw,
    "set-account": _set_account,
    "trade": _trade,
    "mark": _mark,
    "observe": _observe,
    "fund": _fund,
    "settle": _settle,
    "enroll": _enroll,
    "leave": _leave,
    "liquidate": _liquidate,
    "backstop-transfer": _backstop_transfer,
}
