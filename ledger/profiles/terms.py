"""The terms of a rulebook, read from its tables and held against each other."""

import itertools
import json

from immutables import Map

from ..rulebook import (
    Asset,
    Contract,
    FeeTier,
    IntervalTerms,
    LiquidationTerms,
    MonitorTerms,
    ProgramTerms,
    Rulebook,
    SettleTerms,
    Threshold,
    Tier,
)
from ..units import PPM_DECIMALS, PRICE_DECIMALS, PRICE_SCALE, RATE_SCALE
from .tables import Table

MOST_DECIMALS = 30
LONGEST_DURATION = 10**12
FEWEST_SOURCES = 3
LONGEST_WINDOW = 1000


def read_rulebook(table: Table) -> Rulebook | None:
    """The rulebook that the table describes, or None where the table noted an error."""
    errors = table.errors
    name = table.text("name")
    settlement_asset = table.text("settlement_asset")
    asset_tables = table.tables("assets")
    raw_decimals = {asset: _peek_decimals(rows) for asset, rows in asset_tables.items()}
    settlement_decimals = raw_decimals.get(settlement_asset, PRICE_DECIMALS)
    if settlement_asset and asset_tables and settlement_asset not in asset_tables:
        table.error("settlement_asset", f'found "{settlement_asset}", expected one of the assets')
    assets = {
        asset: _asset(rows, settlement_decimals, is_settlement=asset == settlement_asset)
        for asset, rows in asset_tables.items()
    }
    market_tables = table.tables("markets")
    for shared in sorted(set(market_tables) & set(asset_tables)):
        table.error(f"markets.{shared}", "is also the name of an asset")
    contracts = {market: _contract(rows, settlement_decimals) for market, rows in market_tables.items()}
    fee_tables = table.tables("fee_tiers")
    fee_tiers = {tier: _fee_tier(rows) for tier, rows in fee_tables.items()}
    default_fee_tier = table.text("default_fee_tier")
    if fee_tiers and default_fee_tier and default_fee_tier not in fee_tiers:
        table.error("default_fee_tier", f'found "{default_fee_tier}", expected one of the fee tiers')
    lowest = FeeTier(
        min((tier.maker for tier in fee_tiers.values()), default=0),
        min((tier.taker for tier in fee_tiers.values()), default=0),
    )
    if lowest.maker + lowest.taker < 0:
        table.error("fee_tiers", "the lowest maker plus the lowest taker rate is negative: the venue would pay out")
    sources = table.names("sources")
    if 0 < len(sources) < FEWEST_SOURCES:
        table.error("sources", f"found {len(sources)} names, expected at least {FEWEST_SOURCES}")
    minimum_sources = table.integer("minimum_sources", least=FEWEST_SOURCES, most=max(FEWEST_SOURCES, len(sources)))
    fee_decimals = table.integer("fee_decimals", least=0, most=settlement_decimals)
    maximum_leverage = table.integer("maximum_leverage", least=1, most=1000)
    unrealised_gains_count = table.flag("unrealised_gains_count")
    size_factor = table.rate("size_factor", positive=True)
    funding_table = table.sub("funding")
    funding = _interval(funding_table)
    funding_clamp = funding_table.rate("clamp")
    funding_table.finish()
    settle = _settle(table.sub("settle"), settlement_decimals)
    liquidation = _liquidation(table.sub("liquidation"), settlement_decimals)
    program = _program(table.sub("program"), settlement_decimals)
    table.finish()
    if errors:
        return None
    return Rulebook(
        name=name,
        document=json.dumps(table.table, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=dict),
        settlement_asset=settlement_asset,
        settlement_decimals=settlement_decimals,
        fee_unit=10 ** (settlement_decimals - fee_decimals),
        assets=Map(assets),
        contracts=Map(contracts),
        sources=sources,
        minimum_sources=minimum_sources,
        fee_tiers=Map(fee_tiers),
        default_fee_tier=default_fee_tier,
        lowest_fees=lowest,
        maximum_leverage=maximum_leverage,
        unrealised_gains_count=unrealised_gains_count,
        size_factor=size_factor,
        funding=funding,
        funding_clamp=funding_clamp,
        settle=settle,
        liquidation=liquidation,
        program=program,
    )


def _peek_decimals(table: Table) -> int:
    value = table.table.get("decimals")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DECIMALS:
        return value
    return PRICE_DECIMALS


def _asset(table: Table, settlement_decimals: int, *, is_settlement: bool) -> Asset:
    decimals = table.integer("decimals", least=0, most=MOST_DECIMALS)
    booking_decimals = table.integer("booking_decimals", least=0, most=MOST_DECIMALS)
    factor = table.rate("factor", positive=True)
    if decimals > settlement_decimals:
        table.error("decimals", f"found {decimals}, expected at most the settlement asset's {settlement_decimals}")
    if booking_decimals > decimals:
        table.error("booking_decimals", f"found {booking_decimals}, expected at most the asset's {decimals}")
    if is_settlement and factor != RATE_SCALE:
        table.error("factor", "expected 1 for the settlement asset")
    table.finish()
    return Asset(
        decimals,
        factor,
        10 ** max(0, decimals - booking_decimals),
        10 ** max(0, settlement_decimals - decimals),
    )


def _contract(table: Table, settlement_decimals: int) -> Contract:
    lot_units = table.decimal("lot", PRICE_DECIMALS, least=1, expected="a positive decimal of at most 9 decimals")
    tick = table.decimal("tick", PRICE_DECIMALS, least=1, expected="a positive decimal of at most 9 decimals")
    if table.has("price_band") and table.table["price_band"] == "none":
        table.read.add("price_band")
        price_band = None
    else:
        price_band = table.rate("price_band", positive=True) if table.has("price_band") else None
    # `lot` has the decimals of a price.
    multiplier, rest = divmod(lot_units * 10**settlement_decimals, PRICE_SCALE * PRICE_SCALE)
    if rest or multiplier == 0:
        table.error("lot", "lot and settlement decimals give no whole multiplier of at least 1")
    rows = table.rows("tiers")
    tiers = tuple(_tier(row, settlement_decimals, is_last=row is rows[-1]) for row in rows)
    for number, (lower, upper) in enumerate(itertools.pairwise(tiers), start=1):
        if upper.upper is not None and lower.upper is not None and upper.upper <= lower.upper:
            table.error(f"tiers[{number}].below", "expected more than the tier before")
        if upper.initial_rate < lower.initial_rate:
            table.error(f"tiers[{number}].initial", "expected at least the tier before's")
        if upper.maintenance_rate < lower.maintenance_rate:
            table.error(f"tiers[{number}].maintenance", "expected at least the tier before's")
    monitor = _monitor(table.sub("monitor")) if table.has("monitor") else None
    table.finish()
    return Contract(lot_units, multiplier, tick, price_band, tiers, monitor)


def _monitor(table: Table) -> MonitorTerms:
    terms = MonitorTerms(
        window=table.integer("window", least=1, most=LONGEST_WINDOW),
        interval=table.integer("interval", least=0, most=LONGEST_DURATION),
        confidence=table.rate("confidence", positive=True),
        spread=_threshold(table.sub("spread")),
        depth=_threshold(table.sub("depth"), stressed_below=True),
        volatility=_threshold(table.sub("volatility")),
        expected_shortfall=_threshold(table.sub("expected_shortfall")),
    )
    if terms.confidence >= RATE_SCALE:
        table.error("confidence", "expected below 1")
    table.finish()
    return terms


def _threshold(table: Table, *, stressed_below: bool = False) -> Threshold:
    expected = "a fraction of 0 or more with at most 6 decimals"
    enter = table.decimal("enter", PPM_DECIMALS, least=0, expected=expected)
    leave = table.decimal("leave", PPM_DECIMALS, least=0, expected=expected)
    if stressed_below and leave <= enter:
        table.error("leave", "expected above enter")
    elif not stressed_below and leave >= enter:
        table.error("leave", "expected below enter")
    table.finish()
    return Threshold(enter, leave)


def _tier(table: Table, settlement_decimals: int, *, is_last: bool) -> Tier:
    upper = None
    if not is_last:
        upper = table.decimal("below", settlement_decimals, least=1, expected="a positive amount")
    initial_rate = table.rate("initial", positive=True)
    maintenance_rate = table.rate("maintenance", positive=True)
    if maintenance_rate > initial_rate:
        table.error("maintenance", "expected at most the initial rate")
    table.finish()
    return Tier(upper, initial_rate, maintenance_rate)


def _fee_tier(table: Table) -> FeeTier:
    tier = FeeTier(table.rate("maker", signed=True), table.rate("taker", signed=True))
    table.finish()
    return tier


def _interval(table: Table) -> IntervalTerms:
    interval = table.integer("interval", least=1, most=LONGEST_DURATION)
    window = table.integer("window", least=1, most=LONGEST_DURATION)
    if window > interval:
        table.error("window", f"found {window}, expected at most the interval {interval}")
    return IntervalTerms(interval, window)


def _settle(table: Table, settlement_decimals: int) -> SettleTerms:
    schedule = _interval(table)
    minimum_pnl = table.decimal("minimum_pnl", settlement_decimals, least=0, expected="an amount of 0 or more")
    minimum_ratio = table.rate("minimum_ratio")
    table.finish()
    return SettleTerms(schedule, minimum_pnl, minimum_ratio)


def _liquidation(table: Table, settlement_decimals: int) -> LiquidationTerms:
    terms = LiquidationTerms(
        table.integer("rounds", least=1, most=10**6),
        table.integer("round_interval", least=0, most=LONGEST_DURATION),
        table.integer("fraction", least=1, most=10**6),
        table.decimal("minimum_value", settlement_decimals, least=0, expected="an amount of 0 or more"),
    )
    table.finish()
    return terms


def _program(table: Table, settlement_decimals: int) -> ProgramTerms:
    def amount(name: str) -> int:
        return table.decimal(name, settlement_decimals, least=0, expected="an amount of 0 or more")

    terms = ProgramTerms(
        minimum_account_value=amount("minimum_account_value"),
        minimum_capacity_per_minute=amount("minimum_capacity_per_minute"),
        minimum_capacity_per_hour=amount("minimum_capacity_per_hour"),
        discount=table.rate("discount", signed=True),
        notice=table.integer("notice", least=0, most=LONGEST_DURATION),
        minute=table.integer("minute", least=1, most=LONGEST_DURATION),
        hour=table.integer("hour", least=1, most=LONGEST_DURATION),
        minimum_candidates=table.integer("minimum_candidates", least=1, most=10**6),
    )
    if terms.discount >= RATE_SCALE:
        table.error("discount", "expected below 1")
    if terms.hour < terms.minute:
        table.error("hour", f"found {terms.hour}, expected at least the minute {terms.minute}")
    table.finish()
    return terms
