"""The typed transactions: what is asked of the ledger (specs/rules).

All quantities are integers in the units of `units`; `log` makes them from text. A transaction carries its own time,
in milliseconds since 1970 UTC: the ledger has no clock.
"""

import attrs
from immutables import Map

from .values import value


@value
@attrs.frozen(weakref_slot=False)
class Deposit:
    """`amount` atoms of `asset` come in from outside; the first one opens the account."""

    time: int
    account: str
    asset: str
    amount: int


@value
@attrs.frozen(weakref_slot=False)
class Withdraw:
    """`amount` atoms of `asset` go out."""

    time: int
    account: str
    asset: str
    amount: int


@value
@attrs.frozen(weakref_slot=False)
class SetAccount:
    """The venue sets an account's leverage limit, its fee tier, or both; None leaves as is."""

    time: int
    account: str
    max_leverage: int | None
    fee_tier: str | None


@value
@attrs.frozen(weakref_slot=False)
class Trade:
    """`buyer` buys `size` lots from `seller` at `price`; `buyer_is_taker` tells which side took."""

    time: int
    market: str
    buyer: str
    seller: str
    size: int
    price: int
    buyer_is_taker: bool


@value
@attrs.frozen(weakref_slot=False)
class MarkMarket:
    """Fresh prices of a market's index by source, and the premium of its mark over the index, signed."""

    time: int
    market: str
    quotes: Map[str, int]
    premium: int


@value
@attrs.frozen(weakref_slot=False)
class MarkAsset:
    """Fresh prices of a collateral asset by source."""

    time: int
    asset: str
    quotes: Map[str, int]


@value
@attrs.frozen(weakref_slot=False)
class Observe:
    """The order book of a market as the venue sees it: best prices, depth in lots on each side, and the lots traded
    since the last observation. A side without orders has no depth and the last best price that it had."""

    time: int
    market: str
    bid: int
    ask: int
    bid_depth: int
    ask_depth: int
    volume: int


@value
@attrs.frozen(weakref_slot=False)
class Fund:
    """One funding interval of one market, at `rate` ppb of the index, or computed from the premium where None."""

    time: int
    market: str
    rate: int | None


@value
@attrs.frozen(weakref_slot=False)
class Settle:
    """The 15-minute roll of unrealised pnl into cash."""

    time: int


@value
@attrs.frozen(weakref_slot=False)
class Enroll:
    """An account joins the backstop program or raises its limits, all three in atoms of notional."""

    time: int
    account: str
    capacity_per_minute: int
    capacity_per_hour: int
    max_holdings: int


@value
@attrs.frozen(weakref_slot=False)
class Leave:
    """A provider gives its notice."""

    time: int
    account: str


@value
@attrs.frozen(weakref_slot=False)
class Fill:
    """`size` lots of the liquidated account's position, closed against `counterparty` at `price`."""

    market: str
    counterparty: str
    size: int
    price: int


@value
@attrs.frozen(weakref_slot=False)
class Liquidate:
    """One round of closing a distressed account on the book."""

    time: int
    account: str
    fills: tuple[Fill, ...]


@value
@attrs.frozen(weakref_slot=False)
class BackstopTransfer:
    """Take a distressed account over and hand its positions to the backstop."""

    time: int
    account: str


Transaction = (
    Deposit
    | Withdraw
    | SetAccount
    | Trade
    | MarkMarket
    | MarkAsset
    | Observe
    | Fund
    | Settle
    | Enroll
    | Leave
    | Liquidate
    | BackstopTransfer
)

TYPE_NAMES: dict[type, str] = {
    Deposit: "deposit",
    Withdraw: "withdraw",
    SetAccount: "set-account",
    Trade: "trade",
    MarkMarket: "mark",
    MarkAsset: "mark",
    Observe: "observe",
    Fund: "fund",
    Settle: "settle",
    Enroll: "enroll",
    Leave: "leave",
    Liquidate: "liquidate",
    BackstopTransfer: "backstop-transfer",
}
"""The rulebook's name of each transaction type."""

TYPES = tuple(dict.fromkeys(TYPE_NAMES.values()))
"""These names, each once."""
