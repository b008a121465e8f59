"""Transactions to lines: the canonical text.

The fields in the order of `wire`, optional ones left out where they say nothing, maps sorted by key, no spaces, numbers
as the shortest exact decimal text, times as ISO 8601. Whatever is encoded decodes to an equal value, provided that the
log may hold it (`decoding`).
"""

from collections.abc import Mapping
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from ..profiles import IDENTIFIER, Document, merge, profile_document, rulebook_of, with_base
from ..rulebook import Rulebook
from ..transactions import (
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
from ..units import EXACT_DECIMALS, PRICE_DECIMALS, RATE_DECIMALS, format_decimal
from . import wire
from .entries import Expect, ExpectedPosition
from .times import format_time

_encoder = msgspec.json.Encoder()


def encode_genesis(rulebook: str | Document, *, overrides: Document | None = None, time: int = 0) -> bytes:
    """The first line of a log: a profile's name or a whole document, what overrides it, and the time in ms.

    RulebookError where that gives no rulebook; ValueError where the time has no text.
    """
    document = profile_document(rulebook) if isinstance(rulebook, str) else with_base(rulebook)
    rulebook_of(document if overrides is None else merge(document, overrides))
    line = wire.Genesis(
        rulebook=rulebook if isinstance(rulebook, str) else dict(rulebook),
        overrides=UNSET if overrides is None else dict(overrides),
        time=format_time(time) if time else UNSET,
    )
    return _encoder.encode(line) + b"\n"


def encode_transaction(rulebook: Rulebook, transaction: Transaction, expect: Expect | None = None) -> bytes:
    """One line of a log, line end included. ValueError for an account, market, asset or time that no log admits.

    A refusal that a reader takes for bad input (a time that goes back, a system account as party, a price off tick, an
    amount off its booking unit) must be written with an `expect` of that reason to be read again.
    """
    _require_admitted(transaction)
    return _encoder.encode(_Encoding(rulebook).line(transaction, expect)) + b"\n"


def _require_admitted(transaction: Transaction) -> None:
    """ValueError for an account id that no log admits."""
    named = [getattr(transaction, field, None) for field in ("account", "buyer", "seller")]
    named += [fill.counterparty for fill in getattr(transaction, "fills", ())]
    for account_id in named:
        if account_id is not None and not IDENTIFIER.fullmatch(account_id.removeprefix("@")):
            raise ValueError(f"{account_id!r} is no account id that a log admits")


def _price(value: int) -> str:
    return format_decimal(value, PRICE_DECIMALS)


class _Encoding:
    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def amount(self, value: int, asset_id: str) -> str:
        asset = self.rulebook.assets.get(asset_id)
        if asset is None:
            raise ValueError(f'"{asset_id}" is no asset of the rulebook')
        return format_decimal(value, asset.decimals)

    def settlement_amount(self, value: int) -> str:
        return format_decimal(value, self.rulebook.settlement_decimals)

    def size(self, lots: int, market_id: str) -> str:
        contract = self.rulebook.contracts.get(market_id)
        if contract is None:
            raise ValueError(f'"{market_id}" is no market of the rulebook')
        return format_decimal(lots * contract.lot_units, PRICE_DECIMALS)

    def line(self, transaction: Transaction, expect: Expect | None) -> wire.TransactionLine:
        shared: dict[str, Any] = {
            "time": format_time(transaction.time),
            "expect": UNSET if expect is None else self.expect(expect),
        }
        match transaction:
            case Deposit(_, account, asset, amount):
                return wire.Deposit(account=account, asset=asset, amount=self.amount(amount, asset), **shared)
            case Withdraw(_, account, asset, amount):
                return wire.Withdraw(account=account, asset=asset, amount=self.amount(amount, asset), **shared)
            case SetAccount(_, account, max_leverage, fee_tier):
                return wire.SetAccount(
                    account=account,
                    max_leverage=UNSET if max_leverage is None else max_leverage,
                    fee_tier=UNSET if fee_tier is None else fee_tier,
                    **shared,
                )
            case Trade():
                return wire.Trade(
                    market=transaction.market,
                    buyer=transaction.buyer,
                    seller=transaction.seller,
                    size=self.size(transaction.size, transaction.market),
                    price=_price(transaction.price),
                    taker="buyer" if transaction.buyer_is_taker else "seller",
                    **shared,
                )
            case MarkMarket(_, market, quotes, premium):
                text = _price(premium) if premium else UNSET
                return wire.Mark(market=market, quotes=self.quotes(quotes), premium=text, **shared)
            case MarkAsset(_, asset, quotes):
                return wire.Mark(asset=asset, quotes=self.quotes(quotes), **shared)
            case Observe(_, market, bid, ask, bid_depth, ask_depth, volume):
                return wire.Observe(
                    market=market,
                    bid=_price(bid),
                    ask=_price(ask),
                    bid_depth=self.size(bid_depth, market),
                    ask_depth=self.size(ask_depth, market),
                    volume=self.size(volume, market),
                    **shared,
                )
            case Fund(_, market, rate):
                text = UNSET if rate is None else format_decimal(rate, RATE_DECIMALS)
                return wire.Fund(market=market, rate=text, **shared)
            case Settle():
                return wire.Settle(**shared)
            case Enroll(_, account, per_minute, per_hour, max_holdings):
                return wire.Enroll(
                    account=account,
                    capacity_per_minute=self.settlement_amount(per_minute),
                    capacity_per_hour=self.settlement_amount(per_hour),
                    max_holdings=self.settlement_amount(max_holdings),
                    **shared,
                )
            case Leave(_, account):
                return wire.Leave(account=account, **shared)
            case Liquidate(_, account, fills):
                return wire.Liquidate(account=account, fills=[self.fill(fill) for fill in fills], **shared)
            case BackstopTransfer(_, account):
                return wire.BackstopTransfer(account=account, **shared)
            case _:
                assert_never(transaction)

    def quotes(self, quotes: Mapping[str, int]) -> dict[str, str | int]:
        return {source: _price(quotes[source]) for source in sorted(quotes)}

    def fill(self, fill: Fill) -> wire.Fill:
        return wire.Fill(
            market=fill.market,
            counterparty=fill.counterparty,
            size=self.size(fill.size, fill.market),
            price=_price(fill.price),
        )

    def expect(self, expect: Expect) -> wire.Expect:
        exact_decimals = self.rulebook.settlement_decimals + EXACT_DECIMALS
        values, balances, positions = expect.account_values, expect.balances, expect.positions
        return wire.Expect(
            applied=UNSET if expect.applied is None else expect.applied,
            reason=UNSET if expect.reason is None else expect.reason.name,
            balances={account: self.balances(balances[account]) for account in sorted(balances)} or UNSET,
            positions={account: self.positions(positions[account]) for account in sorted(positions)} or UNSET,
            account_values={account: format_decimal(values[account], exact_decimals) for account in sorted(values)}
            or UNSET,
            digest=UNSET if expect.digest is None else expect.digest,
            state_digest=UNSET if expect.state_digest is None else expect.state_digest,
        )

    def balances(self, amounts: Mapping[str, int]) -> dict[str, str | int]:
        return {asset: self.amount(amounts[asset], asset) for asset in sorted(amounts)}

    def positions(self, positions: Mapping[str, ExpectedPosition]) -> dict[str, wire.Position]:
        return {market: self.position(market, positions[market]) for market in sorted(positions)}

    def position(self, market: str, position: ExpectedPosition) -> wire.Position:
        cost = position.reference_cost
        return wire.Position(
            size=self.size(position.size, market),
            reference_cost=UNSET if cost is None else self.settlement_amount(cost),
        )
