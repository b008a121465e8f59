"""The terms a venue clears by: assets, contracts, tiers, fees, funding, liquidation and the backstop program.

A `Rulebook` is a value of the core: plain integers, no text to parse and nothing to validate. `profiles` makes one from
a document and refuses what is wrong with it; the values here are trusted. Sources: specs/parameters.
"""

import attrs
from immutables import Map

INSURANCE = "@insurance"
FEES = "@fees"
EXTERNAL = "@external"
SYSTEM_ACCOUNTS = (EXTERNAL, FEES, INSURANCE)


def is_system(account_id: str) -> bool:
    """Whether the id is reserved for the ledger's own accounts (specs/state)."""
    return account_id.startswith("@")


@attrs.frozen
class Asset:
    """A collateral asset.

    `decimals`: an amount is atoms of 10^-decimals. `factor`: ppb of its price that counts as collateral.
    `booking_unit`: atoms, of which deposits and withdrawals are multiples. `weight`: what one atom at price 1 (10^-9)
    and factor 1 (10^-9) is worth as an exact value, a positive power of ten.
    """

    decimals: int
    factor: int
    booking_unit: int
    weight: int


@attrs.frozen
class Tier:
    """A margin bracket for the whole position: `upper` is the first notional (atoms) beyond it, None without bound.

    `initial_rate` and `maintenance_rate` in ppb, both positive.
    """

    upper: int | None
    initial_rate: int
    maintenance_rate: int


@attrs.frozen
class Threshold:
    """A limit of the liquidity monitor with hysteresis, in ppm: beyond `enter` is stress, within `leave` is calm."""

    enter: int
    leave: int


@attrs.frozen
class MonitorTerms:
    """The liquidity monitor of one market.

    `window`: how many mark returns are kept at most. `interval`: ms between two observations at least. `confidence`:
    ppb of value at risk and expected shortfall, above 0 and below 1. `depth` has its stress below, the others above.
    """

    window: int
    interval: int
    confidence: int
    spread: Threshold
    depth: Threshold
    volatility: Threshold
    expected_shortfall: Threshold


@attrs.frozen
class Contract:
    """A perpetual futures market's contract specification.

    `lot_units`: one lot in 10^-9 of the underlying. `multiplier`: atoms of notional per lot and unit of price.
    `tick`: trade prices are its multiples. `price_band`: ppb around mark within which trades are admitted, or None.
    `monitor`: the terms of its liquidity monitor, or None where it has none.
    """

    lot_units: int
    multiplier: int
    tick: int
    price_band: int | None
    tiers: tuple[Tier, ...]
    monitor: MonitorTerms | None = None


@attrs.frozen
class FeeTier:
    """Fee rates in ppb of notional; a negative maker rate is a rebate."""

    maker: int
    taker: int


@attrs.frozen
class IntervalTerms:
    """An action due at every multiple of `interval` ms, accepted for `window` ms from then."""

    interval: int
    window: int


@attrs.frozen
class SettleTerms:
    """An account rolls when |pnl| >= `minimum_pnl` (atoms) and > `minimum_ratio` (ppb) of effective collateral."""

    schedule: IntervalTerms
    minimum_pnl: int
    minimum_ratio: int


@attrs.frozen
class LiquidationTerms:
    """Rounds on the book: how many, at least how many ms apart, and how much of a position each may close.

    A round closes at most one `fraction`-th of the starting size, or `minimum_value` (atoms) if that is more.
    """

    rounds: int
    round_interval: int
    fraction: int
    minimum_value: int


@attrs.frozen
class ProgramTerms:
    """The backstop liquidity program.

    Minima in atoms. `discount` in ppb, signed: at least this far better than mark for the provider when positive, a
    collar on the worse side when negative. `notice`, `minute` and `hour` in ms. `minimum_candidates`: how many of the
    largest opposite positions share an auto-deleveraging at least.
    """

    minimum_account_value: int
    minimum_capacity_per_minute: int
    minimum_capacity_per_hour: int
    discount: int
    notice: int
    minute: int
    hour: int
    minimum_candidates: int


@attrs.frozen
class Rulebook:
    """All terms of one venue. `document` is the canonical JSON text it was made from; the values follow from it.

    `lowest_fees`: the lowest maker and the lowest taker rate of all tiers, which a provider pays.
    `fee_unit`: atoms, of which fees are multiples. `unrealised_gains_count`: whether gains not yet rolled admit risk.
    `size_factor`: ppb of the largest order that `margin.max_buy` and `max_sell` report.
    """

    name: str
    document: str
    settlement_asset: str
    settlement_decimals: int
    fee_unit: int
    assets: Map[str, Asset]
    contracts: Map[str, Contract]
    sources: tuple[str, ...]
    minimum_sources: int
    fee_tiers: Map[str, FeeTier]
    default_fee_tier: str
    lowest_fees: FeeTier
    maximum_leverage: int
    unrealised_gains_count: bool
    size_factor: int
    funding: IntervalTerms
    funding_clamp: int
    settle: SettleTerms
    liquidation: LiquidationTerms
    program: ProgramTerms
