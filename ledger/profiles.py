"""Rulebook documents: the named profiles, overrides, and the validation that makes a `Rulebook` of one.

A document is a table as TOML or JSON has them. It is validated as a whole: `RulebookError` carries every error, by
field. Numbers are exact decimal text or whole numbers, never floats.
"""

import itertools
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from immutables import Map

from .rulebook import (
    Asset,
    Contract,
    FeeTier,
    IntervalTerms,
    LiquidationTerms,
    ProgramTerms,
    Rulebook,
    SettleTerms,
    Tier,
)
from .strict_json import NotStrict, load_strictly, one_line, shortened, shown
from .units import PRICE_SCALE, RATE_SCALE, parse_decimal

Document = Mapping[str, Any]

DEFAULT_PROFILE = "ascendex-2020"
PRICE_DECIMALS = 9
RATE_DECIMALS = 9
MOST_DECIMALS = 30
LONGEST_DURATION = 10**12
FEWEST_SOURCES = 3
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class RulebookError(ValueError):
    """A document that no rulebook can be made of: `errors` lists (field, what is wrong), all of them."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{field}: {message}" for field, message in self.errors))


def profile_names() -> tuple[str, ...]:
    """The names of the profiles in the package, sorted."""
    folder = resources.files(__package__) / "rulebooks"
    return tuple(sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml")))


def profile_document(name: str) -> dict[str, Any]:
    """The document of a named profile, with its base merged in. RulebookError for an unknown name."""
    if name not in profile_names():
        raise RulebookError([("rulebook", f"found {shown(name)}, expected one of {', '.join(profile_names())}")])
    text = (resources.files(__package__) / "rulebooks" / f"{name}.toml").read_text(encoding="utf-8")
    return with_base(tomllib.loads(text))


def with_base(document: Document) -> dict[str, Any]:
    """The document merged over the profile that its `base` names, if it names one."""
    own = {key: value for key, value in document.items() if key != "base"}
    base = document.get("base")
    if base is None:
        return own
    if not isinstance(base, str):
        raise RulebookError([("base", f"found {shown(base)}, expected a profile's name")])
    return merge(profile_document(base), own)


def read_document(path: Path) -> dict[str, Any]:
    """The document in a TOML or JSON file, its base merged in. RulebookError where it is neither."""
    try:
        data = path.read_bytes()
        document = load_strictly(data) if path.suffix == ".json" else tomllib.loads(data.decode("utf-8"))
    except NotStrict as error:
        raise RulebookError([(error.field or "document", error.message)]) from None
    except (ValueError, RecursionError) as error:
        raise RulebookError([("document", f"not TOML: {one_line(str(error))}")]) from None
    if not isinstance(document, dict):
        raise RulebookError([("document", f"found {shown(document)}, expected a table")])
    return with_base(document)


def merge(base: Document, overrides: Document) -> dict[str, Any]:
    """`base` with `overrides` over it: tables merge, anything else replaces, null removes."""
    merged = dict(base)
    for key, value in overrides.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def load_profile(name: str = DEFAULT_PROFILE, overrides: Document | None = None) -> Rulebook:
    """The named profile as a rulebook, with overrides merged over it. RulebookError where that is not valid."""
    document = profile_document(name)
    return rulebook_of(document if overrides is None else merge(document, overrides))


def rulebook_of(document: Document) -> Rulebook:
    """The rulebook a whole document describes. RulebookError with every error by field."""
    errors: list[tuple[str, str]] = []
    rulebook = _rulebook(_Table(document, "", errors))
    if errors:
        raise RulebookError(errors)
    assert rulebook is not None
    return rulebook


class _Table:
    """Reads the fields of one table and notes every error; what cannot be read gives a harmless value."""

    def __init__(self, table: object, path: str, errors: list[tuple[str, str]]) -> None:
        self.path, self.errors = path, errors
        if not isinstance(table, Mapping):
            self.error("", f"found {shown(table)}, expected a table")
            table = {}
        self.table = table
        self.read: set[str] = set()

    def field(self, name: str) -> str:
        return ".".join(part for part in (self.path, name) if part)

    def error(self, name: str, message: str) -> None:
        self.errors.append((self.field(name) or "document", message))

    def has(self, name: str) -> bool:
        return name in self.table

    def value(self, name: str, expected: str) -> Any:
        self.read.add(name)
        if name not in self.table:
            self.error(name, f"missing, expected {expected}")
            return None
        return self.table[name]

    def text(self, name: str) -> str:
        value = self.value(name, "a name")
        if isinstance(value, str) and IDENTIFIER.fullmatch(value):
            return value
        if value is not None:
            self.error(name, f"found {shown(value)}, expected a name of letters, digits and . _ : -")
        return ""

    def flag(self, name: str) -> bool:
        value = self.value(name, "true or false")
        if value is not None and not isinstance(value, bool):
            self.error(name, f"found {shown(value)}, expected true or false")
        return value is True

    def integer(self, name: str, *, least: int, most: int) -> int:
        expected = f"a whole number from {least} to {most}"
        value = self.value(name, expected)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.error(name, f"found {shown(value)}, expected {expected}")
        return least

    def decimal(
        self,
        name: str,
        decimals: int,
        *,
        least: int,
        most: int | None = None,
        expected: str = "an exact decimal",
    ) -> int:
        value = self.value(name, expected)
        if value is None:
            return least
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.error(name, f"found {shown(value)}, expected {expected} as text")
            return least
        try:
            number = parse_decimal(str(value), decimals)
        except ValueError as error:
            self.error(name, f"found {shown(value)}, expected {error}")
            return least
        if number < least or (most is not None and number > most):
            self.error(name, f"found {shown(value)}, expected {expected}")
            return least
        return number

    def rate(self, name: str, *, positive: bool = False, signed: bool = False) -> int:
        least = -RATE_SCALE + 1 if signed else int(positive)
        kind = "a rate above -1 and at most 1" if signed else "a rate from 0 to 1"
        expected = "a positive rate of at most 1" if positive else kind
        return self.decimal(name, RATE_DECIMALS, least=least, most=RATE_SCALE, expected=expected)

    def tables(self, name: str) -> dict[str, "_Table"]:
        """The named sub-tables, each key a valid name."""
        value = self.value(name, "a table of tables")
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not value:
            self.error(name, f"found {shown(value)}, expected a table of tables")
            return {}
        tables = {}
        for key in value:
            if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
                self.error(name, f"found {shown(key)}, expected a name of letters, digits and . _ : -")
            else:
                tables[key] = _Table(value[key], self.field(f"{name}.{key}"), self.errors)
        return tables

    def sub(self, name: str) -> "_Table":
        value = self.value(name, "a table")
        return _Table({} if value is None else value, self.field(name), [] if value is None else self.errors)

    def rows(self, name: str) -> list["_Table"]:
        value = self.value(name, "a list of tables")
        if not isinstance(value, list) or not value:
            if value is not None:
                self.error(name, f"found {shown(value)}, expected a list of tables")
            return []
        return [_Table(row, self.field(f"{name}[{number}]"), self.errors) for number, row in enumerate(value)]

    def names(self, name: str) -> tuple[str, ...]:
        value = self.value(name, "a list of names")
        if value is None:
            return ()
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(item, str) and IDENTIFIER.fullmatch(item) for item in value)
        ):
            self.error(name, f"found {shown(value)}, expected a list of names")
            return ()
        if len(set(value)) < len(value):
            self.error(name, f"found {shown(value)}, expected no name twice")
        return tuple(sorted(value))

    def finish(self) -> None:
        for name in self.table:
            if name not in self.read:
                self.error(one_line(shortened(str(name))), "unknown field")


def _rulebook(table: _Table) -> Rulebook | None:
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


def _peek_decimals(table: _Table) -> int:
    value = table.table.get("decimals")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DECIMALS:
        return value
    return PRICE_DECIMALS


def _asset(table: _Table, settlement_decimals: int, *, is_settlement: bool) -> Asset:
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


def _contract(table: _Table, settlement_decimals: int) -> Contract:
    lot_units = table.decimal("lot", PRICE_DECIMALS, least=1, expected="a positive decimal of at most 9 decimals")
    tick = table.decimal("tick", PRICE_DECIMALS, least=1, expected="a positive decimal of at most 9 decimals")
    if table.has("price_band") and table.table["price_band"] == "none":
        table.read.add("price_band")
        price_band = None
    else:
        price_band = table.rate("price_band", positive=True) if table.has("price_band") else None
    multiplier, rest = divmod(lot_units * 10**settlement_decimals, PRICE_SCALE * 10**PRICE_DECIMALS)
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
    table.finish()
    return Contract(lot_units, multiplier, tick, price_band, tiers)


def _tier(table: _Table, settlement_decimals: int, *, is_last: bool) -> Tier:
    upper = None
    if not is_last:
        upper = table.decimal("below", settlement_decimals, least=1, expected="a positive amount")
    initial_rate = table.rate("initial", positive=True)
    maintenance_rate = table.rate("maintenance", positive=True)
    if maintenance_rate > initial_rate:
        table.error("maintenance", "expected at most the initial rate")
    table.finish()
    return Tier(upper, initial_rate, maintenance_rate)


def _fee_tier(table: _Table) -> FeeTier:
    tier = FeeTier(table.rate("maker", signed=True), table.rate("taker", signed=True))
    table.finish()
    return tier


def _interval(table: _Table) -> IntervalTerms:
    interval = table.integer("interval", least=1, most=LONGEST_DURATION)
    window = table.integer("window", least=1, most=LONGEST_DURATION)
    if window > interval:
        table.error("window", f"found {window}, expected at most the interval {interval}")
    return IntervalTerms(interval, window)


def _settle(table: _Table, settlement_decimals: int) -> SettleTerms:
    schedule = _interval(table)
    minimum_pnl = table.decimal("minimum_pnl", settlement_decimals, least=0, expected="an amount of 0 or more")
    minimum_ratio = table.rate("minimum_ratio")
    table.finish()
    return SettleTerms(schedule, minimum_pnl, minimum_ratio)


def _liquidation(table: _Table, settlement_decimals: int) -> LiquidationTerms:
    terms = LiquidationTerms(
        table.integer("rounds", least=1, most=10**6),
        table.integer("round_interval", least=0, most=LONGEST_DURATION),
        table.integer("fraction", least=1, most=10**6),
        table.decimal("minimum_value", settlement_decimals, least=0, expected="an amount of 0 or more"),
    )
    table.finish()
    return terms


def _program(table: _Table, settlement_decimals: int) -> ProgramTerms:
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
