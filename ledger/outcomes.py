"""The outcomes: what the ledger answers.

`Applied` carries the new state, every posting and the events; `Rejected` names the first check that failed, what was
supplied and what the limit was. A refusal is a value. A broken promise of the ledger itself is a `LedgerBug`.
"""

import enum

import attrs

from .postings import Posting
from .state import Limits, State
from .values import value


class Unit(enum.Enum):
    """What `Rejected.supplied` and `Rejected.limit` are counted in."""

    TEXT = "text"
    COUNT = "count"
    TIME = "time"
    DURATION = "duration"
    RATE = "rate"
    ASSET_AMOUNT = "amount of the asset"
    SETTLEMENT_AMOUNT = "amount of the settlement asset"
    EXACT_VALUE = "exact value"
    PRICE = "price"
    SIZE = "size"


class Reason(enum.Enum):
    """Why a transaction is refused. Each rule's page lists its reasons in its order of precedence.

    The value is the condition that must hold, with the unit of the two numbers.
    """

    TIME_BACKWARDS = ("time is not before the ledger's time", Unit.TIME)
    AMOUNT_NOT_POSITIVE = ("the amount is positive", Unit.ASSET_AMOUNT)
    UNKNOWN_ASSET = ("the asset is listed", Unit.TEXT)
    AMOUNT_OFF_BOOKING_UNIT = ("the amount is a multiple of the booking unit", Unit.ASSET_AMOUNT)
    ASSET_WITHOUT_PRICE = ("the asset has a price", Unit.TEXT)
    SETTLEMENT_ASSET = ("the asset is not the settlement asset, whose price is 1", Unit.TEXT)
    UNKNOWN_MARKET = ("the market is listed", Unit.TEXT)
    MARKET_WITHOUT_MARK = ("the market has a mark", Unit.TEXT)
    SIZE_NOT_POSITIVE = ("the size is positive", Unit.SIZE)
    PRICE_OFF_TICK = ("the price is a positive multiple of the tick", Unit.PRICE)
    PRICE_OUTSIDE_BAND = ("the price is within the band around mark", Unit.PRICE)
    UNKNOWN_SOURCE = ("every source is listed", Unit.TEXT)
    QUOTE_NOT_POSITIVE = ("every quote is positive", Unit.PRICE)
    TOO_FEW_SOURCES = ("enough sources are fresh", Unit.COUNT)
    MARK_NOT_POSITIVE = ("index plus premium is positive", Unit.PRICE)
    MARKET_WITHOUT_MONITOR = ("the market has a liquidity monitor", Unit.TEXT)
    OBSERVED_TOO_SOON = ("the monitor's interval has passed", Unit.DURATION)
    BID_NOT_POSITIVE = ("the best bid is positive", Unit.PRICE)
    BOOK_CROSSED = ("the best ask is above the best bid", Unit.PRICE)
    DEPTH_NEGATIVE = ("depth is zero or more on each side", Unit.SIZE)
    VOLUME_NEGATIVE = ("the traded volume is zero or more", Unit.SIZE)
    OUTSIDE_WINDOW = ("time is within the window after the instant", Unit.DURATION)
    INSTANT_ALREADY_DONE = ("the instant is later than the last one done", Unit.TIME)
    RATE_BEYOND_CLAMP = ("the given rate is within the clamp", Unit.RATE)
    SAME_ACCOUNT = ("the two parties differ", Unit.TEXT)
    SYSTEM_ACCOUNT = ("the party is an ordinary account", Unit.TEXT)
    SYSTEM_ACCOUNT_ASSET = ("a system account takes the settlement asset only", Unit.TEXT)
    UNKNOWN_ACCOUNT = ("the account is open", Unit.TEXT)
    ACCOUNT_LIQUIDATING = ("the account is active", Unit.TEXT)
    NOTHING_TO_SET = ("leverage or fee tier is given", Unit.TEXT)
    LEVERAGE_OUT_OF_RANGE = ("leverage is from 1 to the maximum", Unit.COUNT)
    UNKNOWN_FEE_TIER = ("the fee tier is listed", Unit.TEXT)
    CAPACITY_PER_MINUTE_TOO_LOW = ("capacity per minute reaches the minimum", Unit.SETTLEMENT_AMOUNT)
    CAPACITY_PER_HOUR_TOO_LOW = (
        "capacity per hour reaches the minimum and capacity per minute",
        Unit.SETTLEMENT_AMOUNT,
    )
    MAX_HOLDINGS_TOO_LOW = ("max holdings reach capacity per minute", Unit.SETTLEMENT_AMOUNT)
    PROVIDER_BELOW_MINIMUM = ("a provider keeps the program's minimum account value", Unit.EXACT_VALUE)
    LIMIT_LOWERED = ("limits in force are not lowered", Unit.SETTLEMENT_AMOUNT)
    NOT_A_PROVIDER = ("the account is an obliged provider", Unit.TEXT)
    ALREADY_LEAVING = ("no notice has been given yet", Unit.TIME)
    NOT_LIQUIDATABLE = ("distress collateral is below maintenance margin", Unit.EXACT_VALUE)
    ROUND_TOO_SOON = ("the round interval has passed", Unit.DURATION)
    ROUNDS_USED_UP = ("after the last round fills are empty", Unit.COUNT)
    NOTHING_TO_REDUCE = ("the account holds a position in the market", Unit.SIZE)
    FILL_BEYOND_ROUND = ("the round's closed size stays within its limit", Unit.SIZE)
    FILL_BEYOND_POSITION = ("the fill does not flip the position", Unit.SIZE)
    ACCOUNT_VALUE_NEGATIVE = ("account value stays zero or more after the fill", Unit.EXACT_VALUE)
    NOT_AT_TAKEOVER = (
        "the account is at takeover, or its rounds are used up or a market of it is stressed and it has not recovered",
        Unit.EXACT_VALUE,
    )
    INSUFFICIENT_BALANCE = ("the balance stays zero or more", Unit.ASSET_AMOUNT)
    FREE_COLLATERAL_NEGATIVE = ("effective collateral covers initial margin", Unit.EXACT_VALUE)
    EFFECTIVE_COLLATERAL_NEGATIVE = (
        "a flat account's effective collateral is zero or more",
        Unit.EXACT_VALUE,
    )
    MARGIN_RATE_FELL = ("below initial margin distress collateral per exposure does not fall", Unit.EXACT_VALUE)
    INSUFFICIENT_CUSTODY = ("custody of the asset stays zero or more", Unit.ASSET_AMOUNT)

    def __init__(self, condition: str, unit: Unit) -> None:
        self.condition = condition
        self.unit = unit


@attrs.frozen
class AccountOpened:
    """A first deposit opened the account."""

    account: str


@attrs.frozen
class AccountSet:
    """The account's leverage limit and fee tier from now on."""

    account: str
    max_leverage: int
    fee_tier: str


@value
@attrs.frozen(weakref_slot=False)
class FeesCharged:
    """Fees in atoms of the two sides of a fill, negative for a rebate."""

    market: str
    buyer: str
    buyer_fee: int
    seller: str
    seller_fee: int


@value
@attrs.frozen(weakref_slot=False)
class Rolled:
    """The account's whole unrealised pnl (atoms, signed) moved into its cash."""

    account: str
    pnl: int


@value
@attrs.frozen(weakref_slot=False)
class MarketMarked:
    """A market's new index and mark, in price units."""

    market: str
    index: int
    mark: int


@value
@attrs.frozen(weakref_slot=False)
class AssetMarked:
    """A collateral asset's new reference price."""

    asset: str
    price: int


@attrs.frozen
class Figures:
    """What the liquidity monitor measured, in parts per million but for the last two.

    `spread` of mid; `depth` of the thinner side against open interest, None where nobody holds a position; `variance`,
    the mean square of the window's mark returns, in ppm squared; `value_at_risk` and `expected_shortfall` of the side
    that loses more; `returns`, how many the window has; `volume`, the lots traded in it.
    """

    spread: int
    depth: int | None
    variance: int
    value_at_risk: int
    expected_shortfall: int
    returns: int
    volume: int


@attrs.frozen
class Observed:
    """A market was observed, with the monitor's figures."""

    market: str
    figures: Figures


@attrs.frozen
class StressEntered:
    """A market became stressed by these figures."""

    market: str
    figures: Figures


@attrs.frozen
class StressLeft:
    """A market is stressed no more, by these figures."""

    market: str
    figures: Figures


@attrs.frozen
class Funded:
    """Longs paid `per_lot` atoms a lot to shorts (negative: shorts paid longs), for the interval at `instant`.

    The rate was `rate_numerator / rate_denominator`, exactly.
    """

    market: str
    instant: int
    rate_numerator: int
    rate_denominator: int
    per_lot: int


@attrs.frozen
class Settled:
    """The settle of `instant` was made."""

    instant: int


@attrs.frozen
class Enrolled:
    """The provider's limits from now on."""

    account: str
    limits: Limits


@attrs.frozen
class NoticeGiven:
    """The provider stays obliged while time is before `obliged_until`."""

    account: str
    obliged_until: int


@attrs.frozen
class Converted:
    """Preparation sold `amount` atoms of `asset` outside for `proceeds` atoms of the settlement asset."""

    account: str
    asset: str
    amount: int
    proceeds: int


@attrs.frozen
class LiquidationStarted:
    """An active account became `LIQUIDATING`."""

    account: str


@attrs.frozen
class RoundMade:
    """The liquidation round `round` was made, with so many fills."""

    account: str
    round: int
    fills: int


@attrs.frozen
class Released:
    """A liquidating account is `ACTIVE` again."""

    account: str


@attrs.frozen
class TakenOver:
    """The account was taken over with `equity` atoms, negative when bankrupt."""

    account: str
    equity: int


@attrs.frozen
class PositionTransferred:
    """One market of a takeover: the position's signed `size` and part of equity, and the prices in atoms per lot.

    `bankruptcy` is the price that uses up the part of equity exactly; `provider_price` is what providers pay after
    `shrunk` atoms per lot were taken off their discount; `deleverage_price` is auto-deleveraging's.
    """

    market: str
    size: int
    equity: int
    mark_per_lot: int
    bankruptcy: int
    provider_price: int
    shrunk: int
    deleverage_price: int


@attrs.frozen
class ProviderTook:
    """A provider took `size` lots (positive) over, at `price_per_lot` atoms; `room` lots were open to it."""

    provider: str
    market: str
    size: int
    room: int
    price_per_lot: int


@attrs.frozen
class Deleveraged:
    """An opposite position was reduced by `size` lots (positive), at `price_per_lot` atoms."""

    account: str
    market: str
    size: int
    price_per_lot: int


@attrs.frozen
class EnrolmentEnded:
    """A provider was itself taken over and is enrolled no more."""

    account: str


@attrs.frozen
class FeesUsed:
    """`@fees` paid `amount` atoms toward what `@insurance` was short of."""

    amount: int


@attrs.frozen
class LossShared:
    """The account paid `amount` atoms of a shared loss; `stage` 1 by unrealised gains, 2 by account value."""

    account: str
    stage: int
    amount: int


Event = (
    AccountOpened
    | AccountSet
    | FeesCharged
    | Rolled
    | MarketMarked
    | AssetMarked
    | Observed
    | StressEntered
    | StressLeft
    | Funded
    | Settled
    | Enrolled
    | NoticeGiven
    | Converted
    | LiquidationStarted
    | RoundMade
    | Released
    | TakenOver
    | PositionTransferred
    | ProviderTook
    | Deleveraged
    | EnrolmentEnded
    | FeesUsed
    | LossShared
)


@value
@attrs.frozen(weakref_slot=False)
class Applied:
    """The transaction was applied: the new state, its postings in order, and what happened in order."""

    state: State
    postings: tuple[Posting, ...]
    events: tuple[Event, ...]


@value
@attrs.frozen(weakref_slot=False)
class Rejected:
    """The transaction was refused and changed nothing.

    `reason` is the first check that failed; `supplied` and `limit` are in `reason.unit`; `subject` is the account,
    market or asset concerned.
    """

    reason: Reason
    supplied: int | str
    limit: int | str
    subject: str


Outcome = Applied | Rejected
