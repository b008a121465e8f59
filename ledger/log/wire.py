"""The lines of a log as they are written: Structs that hold text, one per type, told apart by `type`.

Amounts, prices, sizes and rates are exact decimal text in whole units ("5000.25" USDT, "0.5695" BTC) or whole JSON
numbers. The order of the fields is the canonical one. The docstrings and descriptions become those of the JSON Schema.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ..outcomes import Reason
from ..profiles import IDENTIFIER
from ..units import LONGEST_NUMBER
from .times import LAST_TIME

ORDINARY_ID = IDENTIFIER.pattern
ACCOUNT_ID = rf"@?{ORDINARY_ID}"
DECIMAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
DIGEST = r"^[0-9a-f]{64}$"
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?(Z|\+00:00)$"


def _described(description: str, **keywords: Any) -> Meta:
    return Meta(description=description, extra_json_schema=keywords or None)


def _number(description: str) -> Meta:
    return _described(description, pattern=DECIMAL, maxLength=LONGEST_NUMBER)


def _by(what: str, pattern: str) -> Meta:
    return _described(what, propertyNames={"pattern": f"^{pattern}$"})


Time = Annotated[
    str | int,
    _described(
        "UTC, ISO 8601 to the millisecond, or milliseconds since 1970.", pattern=TIME, minimum=0, maximum=LAST_TIME
    ),
]
AccountId = Annotated[
    str, _described("An account; @insurance and @fees take deposits and withdrawals.", pattern=f"^{ACCOUNT_ID}$")
]
MarketId = Annotated[str, _described("A market of the rulebook.", pattern=f"^{ORDINARY_ID}$")]
AssetId = Annotated[str, _described("A collateral asset of the rulebook.", pattern=f"^{ORDINARY_ID}$")]
FeeTierId = Annotated[str, _described("A fee tier of the rulebook.", pattern=f"^{ORDINARY_ID}$")]
Amount = Annotated[str | int, _number("Whole units of the asset, exactly.")]
Price = Annotated[str | int, _number("Settlement asset per whole unit, exactly.")]
Size = Annotated[str | int, _number("Units of the underlying, exactly, a multiple of the lot.")]
Rate = Annotated[str | int, _number("A fraction, exactly: 0.0001 is one basis point.")]
Quotes = Annotated[dict[str, Price], _by("Fresh prices by source.", ORDINARY_ID)]
Digest = Annotated[str, _described("SHA-256, hexadecimal.", pattern=DIGEST)]
ReasonName = Annotated[str, _described("Why it is refused.", enum=[reason.name for reason in Reason])]


class Wire(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of a line have in common."""


class Position(Wire):
    """An expected position: its size, signed, and its reference cost in the settlement asset."""

    size: Size
    reference_cost: Amount | UnsetType = UNSET


class Expect(Wire):
    """What must hold once the transaction was answered."""

    applied: bool | UnsetType = UNSET
    reason: ReasonName | UnsetType = UNSET
    balances: Annotated[dict[str, dict[str, Amount]], _by("Cash by account and asset.", ACCOUNT_ID)] | UnsetType = UNSET
    positions: (
        Annotated[dict[str, dict[str, Position]], _by("Positions by account and market.", ACCOUNT_ID)] | UnsetType
    ) = UNSET
    account_values: (
        Annotated[dict[str, Amount], _by("Account values in the settlement asset, exactly.", ACCOUNT_ID)] | UnsetType
    ) = UNSET
    digest: Digest | UnsetType = UNSET
    state_digest: Digest | UnsetType = UNSET


class Line(Wire, tag_field="type"):
    """One line of a log."""


class Genesis(Line, tag="genesis"):
    """The first line: the rulebook, by a profile's name or in whole, what overrides it, and the time it starts at."""

    rulebook: str | dict[str, Any]
    overrides: dict[str, Any] | UnsetType = UNSET
    time: Time | UnsetType = UNSET


class Deposit(Line, tag="deposit"):
    """An asset comes in from outside; the first deposit opens the account."""

    time: Time
    account: AccountId
    asset: AssetId
    amount: Amount
    expect: Expect | UnsetType = UNSET


class Withdraw(Line, tag="withdraw"):
    """An asset goes out."""

    time: Time
    account: AccountId
    asset: AssetId
    amount: Amount
    expect: Expect | UnsetType = UNSET


class SetAccount(Line, tag="set-account"):
    """The venue sets an account's leverage limit, its fee tier, or both."""

    time: Time
    account: AccountId
    max_leverage: int | UnsetType = UNSET
    fee_tier: FeeTierId | UnsetType = UNSET
    expect: Expect | UnsetType = UNSET


class Trade(Line, tag="trade"):
    """The buyer buys from the seller; `taker` is the side that took."""

    time: Time
    market: MarketId
    buyer: AccountId
    seller: AccountId
    size: Size
    price: Price
    taker: Literal["buyer", "seller"]
    expect: Expect | UnsetType = UNSET


class Mark(Line, tag="mark", kw_only=True):
    """Fresh prices of a market, with the premium of its mark over the index, or of a collateral asset."""

    time: Time
    market: MarketId | UnsetType = UNSET
    asset: AssetId | UnsetType = UNSET
    quotes: Quotes
    premium: Price | UnsetType = UNSET
    expect: Expect | UnsetType = UNSET


class Observe(Line, tag="observe"):
    """The order book of a market: best prices, depth on each side, and what was traded since the last observation."""

    time: Time
    market: MarketId
    bid: Price
    ask: Price
    bid_depth: Size
    ask_depth: Size
    volume: Size
    expect: Expect | UnsetType = UNSET


class Fund(Line, tag="fund"):
    """One funding interval of one market, at the given rate or the one computed from the premium."""

    time: Time
    market: MarketId
    rate: Rate | UnsetType = UNSET
    expect: Expect | UnsetType = UNSET


class Settle(Line, tag="settle"):
    """The 15-minute roll of unrealised pnl into cash."""

    time: Time
    expect: Expect | UnsetType = UNSET


class Enroll(Line, tag="enroll"):
    """An account joins the backstop program, or raises its limits."""

    time: Time
    account: AccountId
    capacity_per_minute: Amount
    capacity_per_hour: Amount
    max_holdings: Amount
    expect: Expect | UnsetType = UNSET


class Leave(Line, tag="leave"):
    """A provider gives its notice."""

    time: Time
    account: AccountId
    expect: Expect | UnsetType = UNSET


class Fill(Wire):
    """A part of the liquidated account's position, closed against a counterparty."""

    market: MarketId
    counterparty: AccountId
    size: Size
    price: Price


class Liquidate(Line, tag="liquidate"):
    """One round of closing a distressed account on the book."""

    time: Time
    account: AccountId
    fills: list[Fill]
    expect: Expect | UnsetType = UNSET


class BackstopTransfer(Line, tag="backstop-transfer"):
    """Take a distressed account over and hand its positions to the backstop."""

    time: Time
    account: AccountId
    expect: Expect | UnsetType = UNSET


TransactionLine = (
    Deposit
    | Withdraw
    | SetAccount
    | Trade
    | Mark
    | Observe
    | Fund
    | Settle
    | Enroll
    | Leave
    | Liquidate
    | BackstopTransfer
)
AnyLine = Genesis | TransactionLine

LINES: tuple[type[Line], ...] = (
    Genesis,
    Deposit,
    Withdraw,
    SetAccount,
    Trade,
    Mark,
    Observe,
    Fund,
    Settle,
    Enroll,
    Leave,
    Liquidate,
    BackstopTransfer,
)
