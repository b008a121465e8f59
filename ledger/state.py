"""The state of the ledger: one immutable value (specs/state).

Tables are persistent maps: a changed table shares everything unchanged with the one it came from, so keeping every
version is cheap. Their iteration order is not the ids' order; whoever needs an order sorts by id. Zero balances and
flat positions are not stored.
"""

import attrs
from immutables import Map

from .rulebook import SYSTEM_ACCOUNTS, Rulebook
from .units import PRICE_SCALE
from .values import value

NEVER = -1
"""The instant of something that has not happened yet: before any time."""


@value
@attrs.frozen(weakref_slot=False)
class Position:
    """`size` in lots, long > 0. `reference_cost` in settlement atoms: minus what was paid for it, fees included.

    Its unrealised pnl at mark M is `size * M + reference_cost`.
    """

    size: int
    reference_cost: int


@value
@attrs.frozen(weakref_slot=False)
class Liquidation:
    """How far the liquidation of an account is: `round` (from 1), the `time` of its last call, and the sizes (lots,
    signed) by market with which it began."""

    round: int
    time: int
    starting_sizes: Map[str, int]


@value
@attrs.frozen(weakref_slot=False)
class Account:
    """Cash in atoms by asset, positions by market, the account's own leverage limit and fee tier.

    `liquidation` is None for an `ACTIVE` account. Only settlement cash may be negative.
    """

    cash: Map[str, int]
    positions: Map[str, Position]
    max_leverage: int
    fee_tier: str
    liquidation: Liquidation | None

    @property
    def status(self) -> str:
        """`ACTIVE` or `LIQUIDATING`."""
        return "ACTIVE" if self.liquidation is None else "LIQUIDATING"


@value
@attrs.frozen(weakref_slot=False)
class Observation:
    """What an observation leaves behind: the mark at its time (price units), and the lots traded since the last one."""

    mark: int
    volume: int


@value
@attrs.frozen(weakref_slot=False)
class LiquidityMonitor:
    """What the liquidity monitor of a market knows: when it last observed, the book it saw, and its window.

    Best prices in price units, depths in lots. `observations`, oldest first, are as many as the window's returns need
    at most. `stressed` opens the backstop to who is liquidated in the market.
    """

    time: int
    bid: int
    ask: int
    bid_depth: int
    ask_depth: int
    observations: tuple[Observation, ...]
    stressed: bool


@value
@attrs.frozen(weakref_slot=False)
class Market:
    """Index and mark (price units), the premium samples since the last funding as sum and count, the instant of the
    last funding or `NEVER`, and the liquidity monitor, None before the first observation."""

    index: int
    mark: int
    premium_sum: int
    premium_count: int
    last_funding: int
    monitor: LiquidityMonitor | None = None


@value
@attrs.frozen(weakref_slot=False)
class Limits:
    """What a provider agreed to take over: notional in atoms, per minute, per hour, and held at most per market."""

    capacity_per_minute: int
    capacity_per_hour: int
    max_holdings: int


@value
@attrs.frozen(weakref_slot=False)
class Takeover:
    """Notional (atoms, at mark) that a provider took over at `time`."""

    time: int
    notional: int


@value
@attrs.frozen(weakref_slot=False)
class Provider:
    """A provider's record, which outlives its enrolment.

    `limits` is None after a takeover of the provider itself ended the enrolment. `notice` is when it gave notice, or
    None. `takeovers` in the order they happened; those older than an hour are dropped at its next takeover only.
    """

    limits: Limits | None
    notice: int | None
    takeovers: tuple[Takeover, ...]


@value
@attrs.frozen(weakref_slot=False)
class State:
    """Everything. `prices` by asset, the settlement asset's included; `sequence` counts applied transactions."""

    rulebook: Rulebook
    accounts: Map[str, Account]
    markets: Map[str, Market]
    prices: Map[str, int]
    providers: Map[str, Provider]
    last_settle: int
    time: int
    sequence: int


def new_account(rulebook: Rulebook) -> Account:
    """An account as its first deposit opens it: empty, at the highest leverage and the default fee tier."""
    return Account(Map(), Map(), rulebook.maximum_leverage, rulebook.default_fee_tier, None)


def genesis(rulebook: Rulebook, time: int = 0) -> State:
    """The state before the first transaction: the system accounts, empty, and the settlement asset's price of one."""
    return State(
        rulebook=rulebook,
        accounts=Map({account_id: new_account(rulebook) for account_id in SYSTEM_ACCOUNTS}),
        markets=Map(),
        prices=Map({rulebook.settlement_asset: PRICE_SCALE}),
        providers=Map(),
        last_settle=NEVER,
        time=time,
        sequence=0,
    )


def size_of(account: Account, market_id: str) -> int:
    """The account's size in a market, in lots, long > 0; zero where it has none."""
    position = account.positions.get(market_id)
    return 0 if position is None else position.size


def is_stressed(state: State, market_id: str) -> bool:
    """Whether the liquidity monitor of the market found it stressed; not where nothing was observed."""
    monitor = state.markets[market_id].monitor
    return monitor is not None and monitor.stressed


def with_liquidation(account: Account, liquidation: Liquidation | None) -> Account:
    """The account with its liquidation begun, advanced or, with None, ended."""
    return Account(account.cash, account.positions, account.max_leverage, account.fee_tier, liquidation)


def has_used_up_rounds(state: State, account: Account) -> bool:
    """Whether the account is liquidating and has had its last round."""
    return account.liquidation is not None and account.liquidation.round >= state.rulebook.liquidation.rounds


def holds_stressed(state: State, account: Account) -> bool:
    """Whether the account is liquidating and holds a position in a stressed market."""
    if account.liquidation is None:
        return False
    return any(is_stressed(state, market_id) for market_id in account.positions)
