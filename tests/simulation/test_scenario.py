"""Scenarios: read from TOML, and everything that can be wrong with one."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.simulation.backstop import BackstopTerms
from ledger.simulation.distributions import Between, Choices
from ledger.simulation.faults import DataError
from ledger.simulation.scenario import AssetPath, read_scenario, shares_of

from .scenes import CRASH, USDT, document, errors_of, scenario


def test_the_example_is_read_exactly() -> None:
    read = read_scenario(str(CRASH))
    assert (read.name, read.profile, read.market) == ("crash", "ascendex-2020-monitored", "BTC-PERP")
    assert read.population.long_share == 800_000_000
    assert read.population.assets == ("BTC", "USDT")
    assert read.population.collateral == Choices((0, 1), (2, 8))
    assert dict(read.assets) == {"BTC": AssetPath(None, 0)}
    assert read.book.depth == 1_500_000 * USDT
    assert read.book.width == 5_000_000
    assert read.backstop.fund == 250_000 * USDT
    assert read.backstop.discount == read.rulebook.program.discount == 10_000_000


def test_what_may_be_left_out() -> None:
    read = scenario()
    assert (read.prices.file, read.prices.funding, read.prices.points) == (None, None, "ohlc")
    assert (read.book.thinning, read.book.memory, read.book.impact, read.book.mark_interval) == (0, 300_000, 0, 10_000)
    assert (read.providers.unwind, read.population.entry) == (0, 0)
    assert read.population.assets == ("USDT",)
    assert read.population.notional == Between(1000 * USDT, 90_000 * USDT)


def test_numbers_of_toml_are_exact(tmp_path: Path) -> None:
    text = CRASH.read_text(encoding="utf-8").replace('width = "0.005"', "width = 0.1")
    path = tmp_path / "exact.toml"
    path.write_text(text, encoding="utf-8")
    assert read_scenario(str(path)).book.width == 100_000_000


def test_files_are_beside_the_scenario(tmp_path: Path) -> None:
    named = 'file = "a.csv"\nfunding = "b.csv"\nwhere = { pair = "X" }'
    text = CRASH.read_text(encoding="utf-8").replace('file = "crash-prices.csv"', named)
    path = tmp_path / "with.toml"
    path.write_text(text, encoding="utf-8")
    prices = read_scenario(str(path)).prices
    assert (prices.file, prices.funding) == (str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    assert prices.where == {"pair": "X"}
    assert not prices.cut_rates
    prices = scenario(prices={"funding": "computed", "cut_rates": True}).prices
    assert (prices.funding, prices.cut_rates) == ("computed", True)


def test_the_discount_of_the_backstop_is_that_of_the_rulebook() -> None:
    read = scenario(backstop={"discount": "-0.01"})
    assert read.rulebook.program.discount == read.backstop.discount == -10_000_000
    assert read.overrides == {"program": {"discount": "-0.01"}} or read.overrides == {}
    merged = scenario(overrides={"program": {"discount": "0.02", "minimum_candidates": 3}})
    assert (merged.backstop.discount, merged.rulebook.program.minimum_candidates) == (20_000_000, 3)


def test_an_asset_follows_the_index_or_a_price_of_its_own() -> None:
    read = scenario(
        population={"collateral": {"ETH": 1, "BTC": 1}},
        assets={"ETH": {"price": "3000", "beta": "1.2"}, "BTC": {"price": "market"}},
    )
    assert dict(read.assets) == {"BTC": AssetPath(None, 0), "ETH": AssetPath(3000 * 10**9, 1_200_000_000)}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": None}, "name: missing, expected a name"),
        ({"speed": 1}, "speed: unknown field"),
        (
            {"rulebook": "ascendex"},
            'rulebook: found "ascendex", expected one of ascendex-2020, ascendex-2020-collar, ascendex-2020-monitored,'
            " textbook",
        ),
        ({"overrides": 5}, "overrides: found 5, expected a table"),
        ({"overrides": {"settle": {"window": 0}}}, "overrides.settle.window: found 0, expected a whole number from 1"),
        ({"market": "DOGE-PERP"}, 'market: found "DOGE-PERP", expected one of BTC-PERP, ETH-PERP'),
        ({"market": None}, "market: missing, expected a name"),
        ({"population": None}, "population: missing, expected a table"),
        ({"population": {"accounts": 0}}, "population.accounts: found 0, expected a whole number from 1 to 1000000"),
        ({"population": {"long_share": "1.1"}}, 'population.long_share: found "1.1", expected a rate from 0 to 1'),
        ({"population": {"leverage": "0.5"}}, 'population.leverage: found "0.5", expected a leverage of 1 or more'),
        ({"population": {"notional": "0"}}, 'population.notional: found "0", expected a positive amount'),
        ({"population": {"colateral": {}}}, "population.colateral: unknown field"),
        (
            {"population": {"collateral": {"DOGE": 1}}},
            "population.collateral.DOGE: unknown asset, expected one of BTC, ETH, PAX, USDC, USDT",
        ),
        ({"population": {"collateral": {"BTC": 1}}}, "assets: missing, expected a table"),
        (
            {"population": {"collateral": {"BTC": 1}}, "assets": {"BTC": {"price": "0"}}},
            'assets.BTC.price: found "0", expected a positive price, or "market"',
        ),
        (
            {"population": {"collateral": {"BTC": 1}}, "assets": {"BTC": {"price": "market", "beta": "2"}}},
            'assets.BTC.beta: found beside a price of "market", which moves as the index does, expected none',
        ),
        (
            {
                "backstop": {
                    "capacity_per_minute": "250000.0000000000001",
                    "capacity_per_hour": "600000",
                    "max_holdings": "250000",
                }
            },
            "backstop: max_holdings: found 125000 for each of 2, expected at least 125000.0000000000001",
        ),
        ({"market_makers": {"accounts": 0}}, "market_makers.accounts: found 0, expected a whole number from 1 to 1000"),
        ({"book": {"refill": 0}}, "book.refill: found 0, expected a whole number from 1 to 10000000000"),
        (
            {"book": {"half_spread": "0.7", "width": "0.3"}},
            "book.width: expected less than 1 together with half_spread",
        ),
        ({"book": {"depth": "-1"}}, 'book.depth: found "-1", expected an amount of 0 or more'),
        ({"backstop": {"discount": "2"}}, 'backstop.discount: found "2", expected a rate above -1 and at most 1'),
        ({"prices": {"points": "open"}}, 'prices.points: found "open", expected one of ohlc, close'),
        ({"prices": {"cut_rates": 1}}, "prices.cut_rates: found 1, expected true or false"),
        ({"prices": {"file": 1}}, "prices.file: found 1, expected a file's path"),
        ({"prices": {"where": {"pair": True}}}, "prices.where.pair: found true, expected a column's value"),
        (
            {"backstop": {"capacity_per_minute": "150000"}},
            "backstop: capacity_per_minute: found 75000 for each of 2, expected at least 100000",
        ),
        (
            {"backstop": {"capacity_per_hour": "500000"}},
            "backstop: capacity_per_hour: found 250000 for each of 2, expected at least 300000",
        ),
        (
            {"backstop": {"max_holdings": "150000"}},
            "backstop: max_holdings: found 75000 for each of 2, expected at least 100000",
        ),
        (
            {"providers": {"collateral": "499999"}},
            "backstop: providers.collateral: found 499999 for each of 2, expected at least 500000",
        ),
    ],
)
def test_what_is_wrong_is_told_by_field(changes: dict[str, Any], error: str) -> None:
    (found,) = errors_of(document(**changes))
    assert found.startswith(error)


def test_every_error_is_told() -> None:
    wrong = document(book={"depth": "x", "levels": 0}, providers={"accounts": -1})
    assert len(errors_of(wrong)) == 3


def test_errors_of_a_file_begin_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(CRASH.read_text(encoding="utf-8").replace("accounts = 300", "accounts = -1"), encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_scenario(str(path))
    assert raised.value.lines == (f"{path}: population.accounts: found -1, expected a whole number from 1 to 1000000",)


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "no.toml"
    path.write_text("name = ", encoding="utf-8")
    with pytest.raises(DataError, match="not TOML"):
        read_scenario(str(path))


def test_another_backstop() -> None:
    read = scenario()
    terms = BackstopTerms(400_000 * USDT, 2_000_000 * USDT, 800_000 * USDT, -10_000_000, 5 * USDT)
    other = read.with_backstop(terms)
    assert other.backstop == terms
    assert other.rulebook.program.discount == -10_000_000
    assert other.overrides["program"]["discount"] == "-0.01"
    assert read.backstop.capacity_per_minute == 200_000 * USDT
    assert other.with_backstop(read.backstop).rulebook.program == read.rulebook.program


def test_another_backstop_that_the_program_does_not_admit() -> None:
    with pytest.raises(DataError) as raised:
        scenario().with_backstop(BackstopTerms(100 * USDT, 100 * USDT, 100 * USDT, 0, 0))
    assert raised.value.lines[0] == ("small: capacity_per_minute: found 50 for each of 2, expected at least 100000")
    assert len(raised.value.lines) == 2


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 12))
def test_shares_are_alike_and_grow_with_what_is_shared(total: int, more: int, count: int) -> None:
    shares, larger = shares_of(total, count), shares_of(total + more, count)
    assert (len(shares), sum(shares), sum(larger)) == (count, total, total + more)
    assert max(shares) - min(shares) <= 1
    assert list(shares) == sorted(shares, reverse=True)
    assert all(share <= large for share, large in zip(shares, larger, strict=True))


def test_no_providers_need_no_minimum() -> None:
    read = scenario().with_backstop(BackstopTerms(0, 0, 0, 0, 0))
    assert read.backstop.capacity_per_minute == 0
    assert scenario(providers={"accounts": 0, "collateral": "0"}).providers.accounts == 0
