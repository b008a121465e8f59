"""Transactions to documents."""

from collections.abc import Callable, Mapping
from typing import Any

from ..transactions import (
    TYPE_NAMES,
    BackstopTransfer,
    Deposit,
    Enroll,
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

Document = dict[str, Any]


def transaction_document(transaction: Transaction) -> Document:
    """A transaction as an object: `type`, `time` and the fields of its page."""
    kind = type(transaction)
    return {"type": TYPE_NAMES[kind], "time": transaction.time, **_fields_of[kind](transaction)}


def _amount(one: Deposit | Withdraw) -> Document:
    return {"account": one.account, "asset": one.asset, "amount": str(one.amount)}


def _set_account(one: SetAccount) -> Document:
    given = {"max_leverage": one.max_leverage, "fee_tier": one.fee_tier}
    return {"account": one.account, **{name: value for name, value in given.items() if value is not None}}


def _trade(one: Trade) -> Document:
    return {
        "market": one.market,
        "buyer": one.buyer,
        "seller": one.seller,
        "size": str(one.size),
        "price": str(one.price),
        "taker": "buyer" if one.buyer_is_taker else "seller",
    }


def _quotes(quotes: Mapping[str, int]) -> dict[str, str]:
    return {source: str(price) for source, price in sorted(quotes.items())}


def _mark_market(one: MarkMarket) -> Document:
    return {"market": one.market, "quotes": _quotes(one.quotes), "premium": str(one.premium)}


def _mark_asset(one: MarkAsset) -> Document:
    return {"asset": one.asset, "quotes": _quotes(one.quotes)}


def _observe(one: Observe) -> Document:
    return {
        "market": one.market,
        "bid": str(one.bid),
        "ask": str(one.ask),
        "bid_depth": str(one.bid_depth),
        "ask_depth": str(one.ask_depth),
        "volume": str(one.volume),
    }


def _fund(one: Fund) -> Document:
    return {"market": one.market} if one.rate is None else {"market": one.market, "rate": str(one.rate)}


def _settle(_: Settle) -> Document:
    return {}


def _enroll(one: Enroll) -> Document:
    return {
        "account": one.account,
        "capacity_per_minute": str(one.capacity_per_minute),
        "capacity_per_hour": str(one.capacity_per_hour),
        "max_holdings": str(one.max_holdings),
    }


def _account(one: Leave | BackstopTransfer) -> Document:
    return {"account": one.account}


def _liquidate(one: Liquidate) -> Document:
    fills = [
        {"market": fill.market, "counterparty": fill.counterparty, "size": str(fill.size), "price": str(fill.price)}
        for fill in one.fills
    ]
    return {"account": one.account, "fills": fills}


_fields_of: dict[type, Callable[[Any], Document]] = {
    Deposit: _amount,
    Withdraw: _amount,
    SetAccount: _set_account,
    Trade: _trade,
    MarkMarket: _mark_market,
    MarkAsset: _mark_asset,
    Observe: _observe,
    Fund: _fund,
    Settle: _settle,
    Enroll: _enroll,
    Leave: _account,
    Liquidate: _liquidate,
    BackstopTransfer: _account,
}
