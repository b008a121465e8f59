"""Lines to transactions: text to the integers of one rulebook, strictly.

What the rulebook can refuse decodes, so that the refusal can be seen. What it could refuse but no venue's log should
hold is bad input, unless the line's `expect.reason` names exactly that refusal (`TOLERATED`). What cannot be expressed
in the core's units is always bad input: an unknown market or asset, a fraction of an atom or of a lot.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from immutables import Map
from msgspec import UNSET, UnsetType

from ..outcomes import Reason
from ..profiles import IDENTIFIER
from ..rulebook import FEES, INSURANCE, Asset, Rulebook, is_system
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
from ..units import EXACT_DECIMALS, RATE_DECIMALS, format_decimal, is_multiple
from . import wire
from .entries import Entry, Expect, ExpectedPosition
from .faults import Fault, diagnose, mismatch, refuse_duplicates
from .numbers import MarketNumbers, Number, Prices, whole_units
from .times import format_time, parse_time

TOLERATED = (
    Reason.TIME_BACKWARDS,
    Reason.AMOUNT_OFF_BOOKING_UNIT,
    Reason.PRICE_OFF_TICK,
    Reason.SYSTEM_ACCOUNT,
)
"""The refusals that a line may be written for only where it expects exactly them."""

ACCOUNT_ID = re.compile(wire.ACCOUNT_ID)
DIGEST = re.compile(wire.DIGEST)
MOST_IDS_KEPT = 2_000_000
EXPECTED_ID = "an id of 1 to 64 letters, digits and . _ : -, the first a letter or digit"

_decoder = msgspec.json.Decoder(wire.AnyLine)
_encoder = msgspec.json.Encoder()


def decode_line(text: bytes) -> wire.AnyLine:
    """The struct of a line without its line end. Fault for an empty one, and for whatever its type does not allow.

    msgspec lets duplicate fields pass, and keeps the last. A line that is written the canonical way, as its struct
    encodes, has none. Nor has one with as many quotation marks, none of them escaped: all the strings of its struct are
    in it, and a field that is there twice would be another one.
    """
    try:
        line: wire.AnyLine = _decoder.decode(text)
        canonical = _encoder.encode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not text.strip():
            raise Fault("", "found an empty line, expected one object") from None
        raise diagnose(error, text) from None
    if canonical != text and (b"\\" in text or text.count(b'"') != canonical.count(b'"')):
        refuse_duplicates(text)
    return line


def identifier(field: str, value: str) -> str:
    """The value, where it is a valid name of something that is no account."""
    if not IDENTIFIER.fullmatch(value):
        raise mismatch(field, value, EXPECTED_ID)
    return value


def digest(field: str, value: str | UnsetType) -> str | None:
    """A digest that is expected, or None."""
    if value is UNSET:
        return None
    if not DIGEST.fullmatch(value):
        raise mismatch(field, value, "64 lower-case hexadecimal digits")
    return value


class Decoding:
    """The decoder of one log's lines. It remembers the ids of ordinary accounts that it has found valid, so that equal
    ids are one object, and the numbers that it has read (`numbers`)."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._sources = frozenset(rulebook.sources)
        self._ids: dict[str, str] = {}
        self._assets: dict[str, Asset] = dict(rulebook.assets)
        self._prices = Prices()
        self._markets = {
            market_id: MarketNumbers(terms, self._prices) for market_id, terms in rulebook.contracts.items()
        }
        self._by_type: dict[type, Callable[[Any, Reason | None], Transaction]] = {
            wire.Deposit: self._deposit,
            wire.Withdraw: self._withdraw,
            wire.SetAccount: self._set_account,
            wire.Trade: self._trade,
            wire.Mark: self._mark,
            wire.Observe: self._observe,
            wire.Fund: self._fund,
            wire.Settle: self._settle,
            wire.Enroll: self._enroll,
            wire.Leave: self._leave,
            wire.Liquidate: self._liquidate,
            wire.BackstopTransfer: self._backstop_transfer,
        }

    def entry(self, number: int, text: bytes, not_before: int) -> Entry:
        """The entry on line `number`, whose time is `not_before` or later. Fault where it cannot be read."""
        line = decode_line(text)
        if isinstance(line, wire.Genesis):
            raise mismatch("type", "genesis", "a transaction: the genesis is the first line only")
        expect = None if line.expect is UNSET else self._expect(line.expect)
        reason = None if expect is None else expect.reason
        transaction = self._by_type[type(line)](line, reason)
        if transaction.time < not_before and reason is not Reason.TIME_BACKWARDS:
            raise mismatch("time", line.time, f'"{format_time(not_before)}" or later, as on the line before')
        return Entry(number, transaction, expect)

    # What a field holds.

    def _time(self, value: Number) -> int:
        try:
            return parse_time(value)
        except ValueError as error:
            raise mismatch("time", value, str(error)) from None

    def _account_id(self, field: str, value: str) -> str:
        known = self._ids.get(value)
        if known is not None:
            return known
        if not ACCOUNT_ID.fullmatch(value):
            raise mismatch(field, value, EXPECTED_ID)
        if is_system(value):
            return value
        if len(self._ids) >= MOST_IDS_KEPT:
            self._ids.clear()
        self._ids[value] = value
        return value

    def _party(self, field: str, value: str, reason: Reason | None) -> str:
        """An ordinary account."""
        known = self._ids.get(value)
        if known is not None:
            return known
        if is_system(value) and reason is not Reason.SYSTEM_ACCOUNT:
            raise mismatch(field, value, "an ordinary account")
        return self._account_id(field, value)

    def _holder(self, value: str, reason: Reason | None) -> str:
        """An account that takes deposits."""
        if is_system(value) and value not in (INSURANCE, FEES) and reason is not Reason.SYSTEM_ACCOUNT:
            raise mismatch("account", value, f"an ordinary account, {INSURANCE} or {FEES}")
        return self._account_id("account", value)

    def _asset(self, field: str, value: str) -> Asset:
        asset = self._assets.get(value)
        if asset is None:
            raise mismatch(field, value, f"one of the assets {', '.join(sorted(self._assets))}")
        return asset

    def _market(self, field: str, value: str) -> MarketNumbers:
        market = self._markets.get(value)
        if market is None:
            raise mismatch(field, value, f"one of the markets {', '.join(sorted(self._markets))}")
        return market

    def _booked(self, value: Number, asset: Asset, reason: Reason | None) -> int:
        """An amount that is booked, in atoms, a multiple of the booking unit."""
        amount = whole_units("amount", value, asset.decimals)
        if not is_multiple(amount, asset.booking_unit) and reason is not Reason.AMOUNT_OFF_BOOKING_UNIT:
            unit = format_decimal(asset.booking_unit, asset.decimals)
            raise mismatch("amount", value, f"a multiple of the booking unit {unit}")
        return amount

    def _settlement_amount(self, field: str, value: Number) -> int:
        return whole_units(field, value, self.rulebook.settlement_decimals)

    def _quotes(self, quotes: Mapping[str, Number]) -> Map[str, int]:
        prices, sources, units = {}, self._sources, self._prices.units
        for source, value in quotes.items():
            if source not in sources:
                identifier(f"quotes.{source}", source)
            try:
                prices[source] = units(source, value)
            except Fault as fault:
                raise fault.within("quotes") from None
        return Map(prices)

    # One method per type.

    def _deposit(self, line: wire.Deposit, reason: Reason | None) -> Deposit:
        amount = self._booked(line.amount, self._asset("asset", line.asset), reason)
        return Deposit(self._time(line.time), self._holder(line.account, reason), line.asset, amount)

    def _withdraw(self, line: wire.Withdraw, reason: Reason | None) -> Withdraw:
        amount = self._booked(line.amount, self._asset("asset", line.asset), reason)
        return Withdraw(self._time(line.time), self._holder(line.account, reason), line.asset, amount)

    def _set_account(self, line: wire.SetAccount, reason: Reason | None) -> SetAccount:
        account = self._party("account", line.account, reason)
        max_leverage = None if line.max_leverage is UNSET else whole_units("max_leverage", line.max_leverage, 0)
        fee_tier = None if line.fee_tier is UNSET else identifier("fee_tier", line.fee_tier)
        return SetAccount(self._time(line.time), account, max_leverage, fee_tier)

    def _trade(self, line: wire.Trade, reason: Reason | None) -> Trade:
        market = self._market("market", line.market)
        return Trade(
            self._time(line.time),
            line.market,
            self._party("buyer", line.buyer, reason),
            self._party("seller", line.seller, reason),
            market.size(line.size),
            market.price(line.price, off_tick=reason is Reason.PRICE_OFF_TICK),
            line.taker == "buyer",
        )

    def _mark(self, line: wire.Mark, reason: Reason | None) -> MarkMarket | MarkAsset:
        if (line.market is UNSET) == (line.asset is UNSET):
            raise Fault("", "found " + ("neither" if line.asset is UNSET else "both") + ", expected market or asset")
        time, quotes = self._time(line.time), self._quotes(line.quotes)
        if line.market is not UNSET:
            market = self._market("market", line.market)
            premium = 0 if line.premium is UNSET else market.premium(line.premium)
            return MarkMarket(time, line.market, quotes, premium)
        assert line.asset is not UNSET
        self._asset("asset", line.asset)
        if line.premium is not UNSET:
            raise mismatch("premium", line.premium, "none: only a market has one")
        return MarkAsset(time, line.asset, quotes)

    def _observe(self, line: wire.Observe, reason: Reason | None) -> Observe:
        market = self._market("market", line.market)
        return Observe(
            self._time(line.time),
            line.market,
            self._prices.units("bid", line.bid),
            self._prices.units("ask", line.ask),
            market.size(line.bid_depth, "bid_depth"),
            market.size(line.ask_depth, "ask_depth"),
            market.size(line.volume, "volume"),
        )

    def _fund(self, line: wire.Fund, reason: Reason | None) -> Fund:
        self._market("market", line.market)
        rate = None if line.rate is UNSET else whole_units("rate", line.rate, RATE_DECIMALS)
        return Fund(self._time(line.time), line.market, rate)

    def _settle(self, line: wire.Settle, reason: Reason | None) -> Settle:
        return Settle(self._time(line.time))

    def _enroll(self, line: wire.Enroll, reason: Reason | None) -> Enroll:
        return Enroll(
            self._time(line.time),
            self._party("account", line.account, reason),
            self._settlement_amount("capacity_per_minute", line.capacity_per_minute),
            self._settlement_amount("capacity_per_hour", line.capacity_per_hour),
            self._settlement_amount("max_holdings", line.max_holdings),
        )

    def _leave(self, line: wire.Leave, reason: Reason | None) -> Leave:
        return Leave(self._time(line.time), self._party("account", line.account, reason))

    def _liquidate(self, line: wire.Liquidate, reason: Reason | None) -> Liquidate:
        account = self._party("account", line.account, reason)
        fills = []
        for number, fill in enumerate(line.fills):
            try:
                fills.append(self._fill(fill, reason))
            except Fault as fault:
                raise fault.within(f"fills[{number}]") from None
        return Liquidate(self._time(line.time), account, tuple(fills))

    def _fill(self, fill: wire.Fill, reason: Reason | None) -> Fill:
        market = self._market("market", fill.market)
        return Fill(
            fill.market,
            self._party("counterparty", fill.counterparty, reason),
            market.size(fill.size),
            market.price(fill.price, off_tick=reason is Reason.PRICE_OFF_TICK),
        )

    def _backstop_transfer(self, line: wire.BackstopTransfer, reason: Reason | None) -> BackstopTransfer:
        return BackstopTransfer(self._time(line.time), self._party("account", line.account, reason))

    # What is expected.

    def _expect(self, line: wire.Expect) -> Expect:
        try:
            return self._expected(line)
        except Fault as fault:
            raise fault.within("expect") from None

    def _expected(self, line: wire.Expect) -> Expect:
        reason = None
        if line.reason is not UNSET:
            if line.reason not in Reason.__members__:
                raise mismatch("reason", line.reason, "the name of a refusal, such as FREE_COLLATERAL_NEGATIVE")
            reason = Reason[line.reason]
            if line.applied is True:
                raise mismatch("applied", True, "false, or none, where a reason is given")
        return Expect(
            applied=None if line.applied is UNSET else line.applied,
            reason=reason,
            balances={} if line.balances is UNSET else self._balances(line.balances),
            positions={} if line.positions is UNSET else self._positions(line.positions),
            account_values={} if line.account_values is UNSET else self._values(line.account_values),
            digest=digest("digest", line.digest),
            state_digest=digest("state_digest", line.state_digest),
        )

    def _balances(self, balances: Mapping[str, Mapping[str, Number]]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for account_id, by_asset in balances.items():
            path = f"balances.{account_id}"
            amounts = found[self._account_id(path, account_id)] = {}
            for asset_id, value in by_asset.items():
                field = f"{path}.{asset_id}"
                amounts[asset_id] = whole_units(field, value, self._asset(field, asset_id).decimals)
        return found

    def _positions(
        self, positions: Mapping[str, Mapping[str, wire.Position]]
    ) -> dict[str, dict[str, ExpectedPosition]]:
        found: dict[str, dict[str, ExpectedPosition]] = {}
        for account_id, by_market in positions.items():
            path = f"positions.{account_id}"
            held = found[self._account_id(path, account_id)] = {}
            for market_id, position in by_market.items():
                field = f"{path}.{market_id}"
                market = self._market(field, market_id)
                try:
                    held[market_id] = self._position(position, market)
                except Fault as fault:
                    raise fault.within(field) from None
        return found

    def _position(self, position: wire.Position, market: MarketNumbers) -> ExpectedPosition:
        size, cost = market.size(position.size), position.reference_cost
        return ExpectedPosition(size, None if cost is UNSET else self._settlement_amount("reference_cost", cost))

    def _values(self, values: Mapping[str, Number]) -> dict[str, int]:
        decimals = self.rulebook.settlement_decimals + EXACT_DECIMALS
        found = {}
        for account_id, value in values.items():
            field = f"account_values.{account_id}"
            found[self._account_id(field, account_id)] = whole_units(field, value, decimals)
        return found
