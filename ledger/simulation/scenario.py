"""A scenario: all that a simulation is made of but its prices and its seed, read from TOML (specs/simulation)."""

import json
import os
import tomllib
from collections.abc import Mapping
from typing import Any

import attrs
from immutables import Map

from ..profiles import Document, RulebookError, load_profile, merge, profile_names
from ..profiles.tables import IDENTIFIER, Table
from ..rulebook import Rulebook
from ..strict_json import one_line, shown
from ..units import PRICE_DECIMALS, PRICE_SCALE, RATE_DECIMALS, RATE_SCALE, floor_div, format_decimal
from .backstop import BackstopTerms
from .distributions import Choices, Distribution, read_distribution
from .faults import DataError

POINTS = ("ohlc", "close")
COMPUTED = "computed"
"""In place of a file of funding rates: the ledger computes them."""
MOST_ACCOUNTS = 10**6
LONGEST = 10**10
AMOUNT = "an amount of 0 or more"


@attrs.frozen
class PriceTerms:
    """Where prices come from: a `file`, and one of `funding` rates or `COMPUTED`, each None where the scenario names
    none, the values of columns by which rows of either are picked, whether rates finer than ppb are cut, and which
    `points` of a bar are used."""

    file: str | None
    funding: str | None
    where: Mapping[str, str]
    funding_where: Mapping[str, str]
    cut_rates: bool
    points: str


@attrs.frozen
class Population:
    """The accounts: how many, their `leverage` (10^-9) and `notional` (atoms) when they enter, `long_share` (ppb), what
    their collateral is, by asset, and over which share of the path (ppb) they enter."""

    accounts: int
    leverage: Distribution
    notional: Distribution
    long_share: int
    collateral: Choices
    assets: tuple[str, ...]
    entry: int


@attrs.frozen
class MarketMakers:
    """Who quotes the book: how many, with how much `collateral` (atoms) each."""

    accounts: int
    collateral: int


@attrs.frozen
class BookTerms:
    """The order book (`order_book`): `depth` in atoms of notional on each side, `half_spread` and `width` in ppb of the
    index, the number of `levels`, `refill` in ms, `thinning` and `impact` in ppb, `memory` and `mark_interval` in ms.
    """

    depth: int
    half_spread: int
    width: int
    levels: int
    refill: int
    thinning: int
    memory: int
    impact: int
    mark_interval: int


@attrs.frozen
class Providers:
    """The providers: how many, with how much `collateral` (atoms) each, and the share of the book's depth that each
    sells back in a minute, `unwind` (ppb)."""

    accounts: int
    collateral: int
    unwind: int


@attrs.frozen
class AssetPath:
    """The price of a collateral asset: `price` (price units) at the first point, None for that of the market's index,
    and by `beta` (ppb) times the index's relative moves from there."""

    price: int | None
    beta: int


@attrs.frozen
class Scenario:
    """A scenario. `document`: its canonical JSON text. `profile` and `overrides`: what `rulebook` is made of."""

    name: str
    document: str
    profile: str
    overrides: Document
    rulebook: Rulebook
    market: str
    prices: PriceTerms
    population: Population
    makers: MarketMakers
    book: BookTerms
    providers: Providers
    backstop: BackstopTerms
    assets: Mapping[str, AssetPath]

    def with_backstop(self, terms: BackstopTerms) -> "Scenario":
        """The same scenario with another backstop. DataError where the program does not admit it."""
        scenario = self
        if terms.discount != self.rulebook.program.discount:
            discount = {"program": {"discount": format_decimal(terms.discount, RATE_DECIMALS)}}
            overrides = merge(self.overrides, discount)
            try:
                rulebook = load_profile(self.profile, overrides)
            except RulebookError as error:
                raise DataError(*(f"{self.name}: {field}: {message}" for field, message in error.errors)) from None
            scenario = attrs.evolve(scenario, overrides=overrides, rulebook=rulebook)
        wrong = [f"{self.name}: {message}" for message in wrong_with(terms, scenario.providers, scenario.rulebook)]
        if wrong:
            raise DataError(*wrong)
        return attrs.evolve(scenario, backstop=terms)


def wrong_with(terms: BackstopTerms, providers: Providers, rulebook: Rulebook) -> list[str]:
    """Why the program does not admit providers with such terms; nothing where it does, or where there are none."""
    if terms.capacity_per_minute == 0 or providers.accounts == 0:
        return []
    program, decimals, count = rulebook.program, rulebook.settlement_decimals, providers.accounts
    per_minute = shares_of(terms.capacity_per_minute, count)
    per_hour_least = [max(program.minimum_capacity_per_hour, share) for share in per_minute]
    wrong = []
    for name, shares, least_shares in (
        ("capacity_per_minute", per_minute, [program.minimum_capacity_per_minute] * count),
        ("capacity_per_hour", shares_of(terms.capacity_per_hour, count), per_hour_least),
        ("max_holdings", shares_of(terms.max_holdings, count), per_minute),
        ("providers.collateral", [providers.collateral] * count, [program.minimum_account_value] * count),
    ):
        short = next(((found, least) for found, least in zip(shares, least_shares, strict=True) if found < least), None)
        if short is not None:
            found, least = (format_decimal(amount, decimals) for amount in short)
            wrong.append(f"{name}: found {found} for each of {count}, expected at least {least}")
    return wrong


def shares_of(total: int, count: int) -> tuple[int, ...]:
    """A limit of all providers together, split alike, what is left over to the first ones; of a larger limit nobody has
    a smaller share, so that what the program admits of the whole it admits of each."""
    return tuple(floor_div(total + count - number, count) for number in range(1, count + 1))


def read_scenario(path: str) -> Scenario:
    """The scenario in a TOML file. DataError with a line for everything that is wrong with it, OSError."""
    shown_path = one_line(path)
    try:
        with open(path, "rb") as file:
            document = tomllib.loads(file.read().decode("utf-8"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{shown_path}: not TOML: {one_line(str(error))}") from None
    errors: list[tuple[str, str]] = []
    scenario = scenario_of(Table(document, "", errors), os.path.dirname(path))
    if errors or scenario is None:
        raise DataError(*(one_line(f"{shown_path}: {field}: {message}") for field, message in errors))
    return scenario


def scenario_of(table: Table, folder: str) -> Scenario | None:
    """The scenario that a table describes, its files beside `folder`; None where errors were noted with it."""
    rulebook = _rulebook(table)
    if rulebook is None:
        return None
    profile, overrides, rules = rulebook
    reader = _Reader(table, rules)
    name = table.text("name")
    market = reader.market()
    prices = _prices(table.sub("prices") if table.has("prices") else Table({}, "prices", []), folder)
    population = reader.population(table.sub("population"))
    makers = reader.makers(table.sub("market_makers"))
    book = reader.book(table.sub("book"))
    providers = reader.providers(table.sub("providers"))
    backstop = reader.backstop(table.sub("backstop"))
    assets = reader.assets(population.assets)
    table.finish()
    if not table.errors:
        for message in wrong_with(backstop, providers, rules):
            table.error("backstop", message)
    if table.errors:
        return None
    document = json.dumps(table.table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Scenario(
        name=name,
        document=document,
        profile=profile,
        overrides=overrides,
        rulebook=rules,
        market=market,
        prices=prices,
        population=population,
        makers=makers,
        book=book,
        providers=providers,
        backstop=backstop,
        assets=assets,
    )


def _rulebook(table: Table) -> tuple[str, Document, Rulebook] | None:
    """The profile, what is merged over it, and the rulebook of both; None where that is none."""
    profile = table.text("rulebook")
    overrides: Any = table.value("overrides", "a table") if table.has("overrides") else {}
    if profile and profile not in profile_names():
        table.error("rulebook", f"found {shown(profile)}, expected one of {', '.join(profile_names())}")
        return None
    if not profile or not isinstance(overrides, dict):
        if not isinstance(overrides, dict):
            table.error("overrides", f"found {shown(overrides)}, expected a table")
        return None
    backstop = table.table.get("backstop")
    if isinstance(backstop, dict) and "discount" in backstop:
        overrides = merge(overrides, {"program": {"discount": backstop["discount"]}})
    try:
        return profile, overrides, load_profile(profile, overrides)
    except RulebookError as error:
        for field, message in error.errors:
            is_discount = field == "program.discount" and isinstance(backstop, dict) and "discount" in backstop
            table.error("backstop.discount" if is_discount else f"overrides.{field}", message)
        return None


def _prices(table: Table, folder: str) -> PriceTerms:
    def file(name: str) -> str | None:
        if not table.has(name):
            return None
        found = table.value(name, "a file's path")
        if name == "funding" and found == COMPUTED:
            return COMPUTED
        if isinstance(found, str) and found:
            return os.path.join(folder, found)
        table.error(name, f"found {shown(found)}, expected a file's path")
        return None

    def rows(name: str) -> dict[str, str]:
        where: dict[str, str] = {}
        columns = table.sub(name) if table.has(name) else Table({}, "", [])
        for column in columns.table:
            value = columns.value(column, "a column's value")
            where[column] = str(value)
            if not isinstance(value, str | int) or isinstance(value, bool):
                columns.error(column, f"found {shown(value)}, expected a column's value")
        return where

    points = table.text("points") if table.has("points") else POINTS[0]
    if points not in POINTS:
        table.error("points", f"found {shown(points)}, expected one of {', '.join(POINTS)}")
    terms = PriceTerms(
        file=file("file"),
        funding=file("funding"),
        where=rows("where"),
        funding_where=rows("funding_where"),
        cut_rates=table.has("cut_rates") and table.flag("cut_rates"),
        points=points,
    )
    table.finish()
    return terms


class _Reader:
    """Reads the sections that know the rulebook's units."""

    def __init__(self, table: Table, rulebook: Rulebook) -> None:
        self.table, self.rulebook = table, rulebook
        self.decimals = rulebook.settlement_decimals

    def amount(self, table: Table, name: str, *, least: int = 0) -> int:
        """An amount in atoms."""
        return table.decimal(name, self.decimals, least=least, expected="a positive amount" if least else AMOUNT)

    def market(self) -> str:
        """The market that is simulated: the one of the rulebook where the scenario names none."""
        listed = sorted(self.rulebook.contracts)
        if not self.table.has("market") and len(listed) == 1:
            return listed[0]
        market = self.table.text("market")
        if market and market not in listed:
            self.table.error("market", f"found {shown(market)}, expected one of {', '.join(listed)}")
        return market

    def population(self, table: Table) -> Population:
        """[population]."""
        accounts = table.integer("accounts", least=1, most=MOST_ACCOUNTS)
        leverage = read_distribution(
            table, "leverage", PRICE_DECIMALS, least=PRICE_SCALE, expected="a leverage of 1 or more"
        )
        notional = read_distribution(table, "notional", self.decimals, least=1, expected="a positive amount")
        long_share = table.rate("long_share")
        collateral, assets = self.collateral(table)
        entry = table.rate("entry") if table.has("entry") else 0
        table.finish()
        return Population(accounts, leverage, notional, long_share, collateral, assets, entry)

    def collateral(self, table: Table) -> tuple[Choices, tuple[str, ...]]:
        """The weights of the assets, sorted by name, of which each account's collateral is one; that of settlement
        where the scenario says nothing. Values are places among the assets."""
        if not table.has("collateral"):
            return Choices((0,), (1,)), (self.rulebook.settlement_asset,)
        weights = table.sub("collateral")
        assets = tuple(sorted(name for name in weights.table if name in self.rulebook.assets))
        drawn = tuple(weights.integer(asset, least=1, most=10**9) for asset in assets)
        for name in weights.table:
            if name not in self.rulebook.assets:
                weights.read.add(name)
                listed = ", ".join(sorted(self.rulebook.assets))
                weights.error(name if IDENTIFIER.fullmatch(name) else "", f"unknown asset, expected one of {listed}")
        if not assets:
            return Choices((0,), (1,)), (self.rulebook.settlement_asset,)
        return Choices(tuple(range(len(assets))), drawn), assets

    def makers(self, table: Table) -> MarketMakers:
        """[market_makers]."""
        makers = MarketMakers(table.integer("accounts", least=1, most=1000), self.amount(table, "collateral", least=1))
        table.finish()
        return makers

    def book(self, table: Table) -> BookTerms:
        """[book]."""
        terms = BookTerms(
            depth=self.amount(table, "depth"),
            half_spread=table.rate("half_spread"),
            width=table.rate("width", positive=True),
            levels=table.integer("levels", least=1, most=100) if table.has("levels") else 10,
            refill=table.integer("refill", least=1, most=LONGEST),
            thinning=table.decimal("thinning", RATE_DECIMALS, least=0) if table.has("thinning") else 0,
            memory=table.integer("memory", least=1, most=LONGEST) if table.has("memory") else 300_000,
            impact=table.rate("impact") if table.has("impact") else 0,
            mark_interval=table.integer("mark_interval", least=1, most=LONGEST)
            if table.has("mark_interval")
            else 10_000,
        )
        if terms.half_spread + terms.width >= RATE_SCALE:
            table.error("width", "expected less than 1 together with half_spread")
        table.finish()
        return terms

    def providers(self, table: Table) -> Providers:
        """[providers]."""
        providers = Providers(
            table.integer("accounts", least=0, most=1000),
            self.amount(table, "collateral"),
            table.rate("unwind") if table.has("unwind") else 0,
        )
        table.finish()
        return providers

    def backstop(self, table: Table) -> BackstopTerms:
        """[backstop]. The discount has gone into the rulebook, or comes from there."""
        table.read.add("discount")
        terms = BackstopTerms(
            capacity_per_minute=self.amount(table, "capacity_per_minute"),
            capacity_per_hour=self.amount(table, "capacity_per_hour"),
            max_holdings=self.amount(table, "max_holdings"),
            discount=self.rulebook.program.discount,
            fund=self.amount(table, "fund"),
        )
        table.finish()
        return terms

    def assets(self, used: tuple[str, ...]) -> Mapping[str, AssetPath]:
        """[assets.NAME], of each collateral asset besides that of settlement."""
        needed = [asset for asset in used if asset != self.rulebook.settlement_asset]
        if not needed and not self.table.has("assets"):
            return Map()
        paths = {}
        table = self.table.sub("assets")
        for asset in needed:
            row = table.sub(asset)
            price = None
            if row.table.get("price") == "market":
                row.read.add("price")
            else:
                price = row.decimal("price", PRICE_DECIMALS, least=1, expected='a positive price, or "market"')
            beta = row.decimal("beta", RATE_DECIMALS, least=0) if row.has("beta") else 0
            if price is None and row.has("beta"):
                row.error("beta", 'found beside a price of "market", which moves as the index does, expected none')
            row.finish()
            paths[asset] = AssetPath(price, beta)
        table.finish()
        return Map(paths)
