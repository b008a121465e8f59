"""Rulebook documents: the shipped profiles, overrides, and every error of a bad document at once, by field."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.profiles import (
    DEFAULT_PROFILE,
    RulebookError,
    load_profile,
    merge,
    profile_document,
    profile_names,
    read_document,
    rulebook_of,
    with_base,
)
from ledger.rulebook import FeeTier, IntervalTerms, LiquidationTerms, Rulebook, Tier

from .worlds import BTC, ETH, price, rate, usdt

BRACKETS = (
    ("50000", "0.01", "0.006"),
    ("200000", "0.02", "0.012"),
    ("1000000", "0.04", "0.024"),
    ("5000000", "0.1", "0.06"),
    ("10000000", "0.2", "0.12"),
    (None, "0.333333333", "0.2"),
)


def changed(path: str, value: object) -> dict[str, Any]:
    """The default document with one field replaced, or with null removed: "markets.BTC-PERP.lot"."""
    overrides: object = value
    for key in reversed(path.split("/")):
        overrides = {key: overrides}
    assert isinstance(overrides, dict)
    return merge(profile_document(DEFAULT_PROFILE), overrides)


def errors_of(document: Any) -> dict[str, list[str]]:
    """What is wrong with a document: messages by field."""
    with pytest.raises(RulebookError) as refused:
        rulebook_of(document)
    errors: dict[str, list[str]] = {}
    for field, message in refused.value.errors:
        errors.setdefault(field, []).append(message)
    return errors


# The shipped profiles


def test_the_profiles_of_the_package() -> None:
    assert profile_names() == ("ascendex-2020", "ascendex-2020-collar", "ascendex-2020-monitored", "textbook")
    assert DEFAULT_PROFILE == "ascendex-2020"


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_says_its_name(name: str) -> None:
    rulebook = load_profile(name)
    assert rulebook.name == name
    assert rulebook_of(json.loads(rulebook.document)) == rulebook, "the document is the whole of it"


def test_a_name_that_is_no_profile_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(RulebookError, match='found "ascendex", expected one of ascendex-2020, ascendex-2020-collar'):
        load_profile("ascendex")


def test_the_default_profile_is_the_rulebooks_numbers() -> None:
    """Every number of specs/parameters that is a parameter."""
    rulebook = load_profile()
    assert rulebook.settlement_asset == "USDT"
    assert rulebook.settlement_decimals == 13
    assert {asset: terms.decimals for asset, terms in rulebook.assets.items()} == {
        "USDT": 13,
        "USDC": 9,
        "PAX": 9,
        "BTC": 9,
        "ETH": 9,
    }
    assert {asset: terms.factor for asset, terms in rulebook.assets.items()} == {
        "USDT": rate("1"),
        "USDC": rate("1"),
        "PAX": rate("1"),
        "BTC": rate("0.98"),
        "ETH": rate("0.95"),
    }
    assert {asset: terms.booking_unit for asset, terms in rulebook.assets.items()} == {
        "USDT": usdt("0.000000001"),
        "USDC": 1,
        "PAX": 1,
        "BTC": 1,
        "ETH": 1,
    }
    contract = rulebook.contracts[BTC]
    assert (contract.lot_units, contract.multiplier, contract.tick) == (100_000, 1, price("0.25"))
    for market in (BTC, ETH):
        assert rulebook.contracts[market].tiers == tuple(
            Tier(None if bound is None else usdt(bound), rate(initial), rate(maintenance))
            for bound, initial, maintenance in BRACKETS
        )
    assert rulebook.fee_unit == usdt("0.000000001")
    assert dict(rulebook.fee_tiers) == {
        "standard": FeeTier(rate("0.0002"), rate("0.00065")),
        "vip": FeeTier(rate("0.0001"), rate("0.00045")),
        "backstop": FeeTier(rate("-0.00005"), rate("0.0002")),
    }
    assert rulebook.default_fee_tier == "standard"
    assert rulebook.lowest_fees == FeeTier(rate("-0.00005"), rate("0.0002"))
    assert rulebook.sources == ("AscendEX", "Binance", "Huobi", "OKEx", "Poloniex")
    assert rulebook.minimum_sources == 3
    assert rulebook.maximum_leverage == 100
    assert rulebook.unrealised_gains_count is False
    assert rulebook.size_factor == rate("0.99")
    assert rulebook.funding == IntervalTerms(8 * 3_600_000, 60_000)
    assert rulebook.funding_clamp == rate("0.005")
    assert rulebook.settle.schedule == IntervalTerms(15 * 60_000, 60_000)
    assert (rulebook.settle.minimum_pnl, rulebook.settle.minimum_ratio) == (usdt("10"), rate("0.01"))
    assert rulebook.liquidation == LiquidationTerms(50, 6_000, 10, usdt("1000"))
    program = rulebook.program
    assert program.minimum_account_value == usdt("500000")
    assert program.minimum_capacity_per_minute == usdt("100000")
    assert program.minimum_capacity_per_hour == usdt("300000")
    assert (program.minute, program.hour, program.notice) == (60_000, 3_600_000, 3_600_000)
    assert program.discount == rate("0.01")
    assert program.minimum_candidates == 10


def same_but(rulebook: Rulebook, *keys: str) -> dict[str, Any]:
    """A rulebook's document without some of its top fields."""
    return {key: value for key, value in json.loads(rulebook.document).items() if key not in keys}


def test_the_collar_differs_in_the_sign_of_the_discount_alone() -> None:
    collar, default = load_profile("ascendex-2020-collar"), load_profile()
    assert collar.program.discount == rate("-0.01")
    assert same_but(collar, "name", "program") == same_but(default, "name", "program")
    programs = json.loads(collar.document)["program"], json.loads(default.document)["program"]
    assert {key for key in programs[0] if programs[0][key] != programs[1][key]} == {"discount"}


def test_the_textbook_has_one_tier_and_neither_fees_nor_band() -> None:
    textbook = load_profile("textbook")
    for contract in textbook.contracts.values():
        assert contract.tiers == (Tier(None, rate("0.01"), rate("0.006")),)
        assert contract.price_band is None
    assert set(textbook.fee_tiers.values()) == {FeeTier(0, 0)}
    assert same_but(textbook, "name", "markets", "fee_tiers") == same_but(
        load_profile(), "name", "markets", "fee_tiers"
    )


# Overrides and documents


def test_overrides_merge_tables_replace_values_and_remove_with_null() -> None:
    overrides = {
        "markets": {BTC: {"tick": "0.5", "price_band": None}},
        "assets": {"PAX": None, "DAI": {"decimals": 9, "booking_decimals": 9, "factor": "0.9"}},
        "sources": ["Kraken", "Bitstamp", "Coinbase"],
    }
    rulebook = load_profile(DEFAULT_PROFILE, overrides)
    assert rulebook.contracts[BTC].tick == price("0.5")
    assert rulebook.contracts[BTC].price_band is None
    assert rulebook.contracts[BTC].tiers == load_profile().contracts[BTC].tiers
    assert rulebook.contracts[ETH] == load_profile().contracts[ETH]
    assert set(rulebook.assets) == {"USDT", "USDC", "BTC", "ETH", "DAI"}
    assert rulebook.sources == ("Bitstamp", "Coinbase", "Kraken")


def test_merging_leaves_both_documents_as_they_were() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": [1, 2]}
    overrides = {"a": {"b": 3}, "d": [3], "e": None}
    assert merge(base, overrides) == {"a": {"b": 3, "c": 2}, "d": [3]}
    assert base == {"a": {"b": 1, "c": 2}, "d": [1, 2]}
    assert overrides == {"a": {"b": 3}, "d": [3], "e": None}


def test_a_rulebooks_document_is_canonical() -> None:
    """Keys sorted: the same terms written in another order are the same document."""
    document = profile_document(DEFAULT_PROFILE)
    backwards = {key: document[key] for key in reversed(document)}
    assert rulebook_of(backwards) == rulebook_of(document)
    assert rulebook_of(backwards).document == rulebook_of(document).document


def test_a_document_may_name_its_base(tmp_path: Path) -> None:
    toml = tmp_path / "own.toml"
    toml.write_text('name = "own"\nbase = "textbook"\nmaximum_leverage = 20\n', encoding="utf-8")
    in_json = tmp_path / "own.json"
    in_json.write_text('{"name": "own", "base": "textbook", "maximum_leverage": 20}', encoding="utf-8")
    assert rulebook_of(read_document(toml)) == rulebook_of(read_document(in_json))
    rulebook = rulebook_of(read_document(toml))
    assert (rulebook.name, rulebook.maximum_leverage) == ("own", 20)
    assert rulebook.contracts == load_profile("textbook").contracts


@pytest.mark.parametrize("base", [7, ["textbook"], True])
def test_a_base_that_is_no_name_is_refused(base: object) -> None:
    with pytest.raises(RulebookError, match="base: found"):
        with_base({"base": base})


def test_a_base_that_there_is_not_is_refused() -> None:
    with pytest.raises(RulebookError, match='found "nothing", expected one of'):
        with_base({"base": "nothing"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.toml", b"name = ", "document: not TOML"),
        ("bad.toml", b'a = "1"\na = "2"\n', "document: not TOML"),
        ("bad.toml", b"\xff\xfe", "document: not TOML"),
        ("bad.json", b'{"name": ', "document: .*JSON"),
        ("bad.json", b"\xff", "document: .*UTF-8"),
        ("bad.json", b"[" * 100_000, "document: .*deep"),
        ("bad.json", b"[1, 2]", "document: .*expected a table"),
        ("bad.json", b'"textbook"', "document: .*expected a table"),
    ],
)
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RulebookError, match=message):
        read_document(path)


# Bad documents, one fault each

ONE_FAULT: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": (changed("name", None), "name", "missing"),
    "a name that is a number": (changed("name", 7), "name", "expected a name of letters"),
    "a name with a space": (changed("name", "a b"), "name", "expected a name of letters"),
    "an empty name": (changed("name", ""), "name", "expected a name of letters"),
    "a name that is too long": (changed("name", "a" * 65), "name", "expected a name of letters"),
    "an unknown field": (changed("fee_schedule", 1), "fee_schedule", "unknown field"),
    "an unknown field of a market": (changed("markets/BTC-PERP/leverage", 1), "markets.BTC-PERP.leverage", "unknown"),
    "an unknown field of an asset": (changed("assets/BTC/weight", 1), "assets.BTC.weight", "unknown"),
    "an unknown field of a fee tier": (changed("fee_tiers/vip/x", 1), "fee_tiers.vip.x", "unknown"),
    "an unknown field of funding": (changed("funding/x", 1), "funding.x", "unknown"),
    "an unknown field of settle": (changed("settle/x", 1), "settle.x", "unknown"),
    "an unknown field of liquidation": (changed("liquidation/x", 1), "liquidation.x", "unknown"),
    "an unknown field of the program": (changed("program/x", 1), "program.x", "unknown"),
    "a settlement asset that is not listed": (changed("settlement_asset", "EUR"), "settlement_asset", "one of the"),
    "no assets": (changed("assets", None), "assets", "missing"),
    "assets that are a list": (changed("assets", []), "assets", "expected a table of tables"),
    "no asset": ({**profile_document(DEFAULT_PROFILE), "assets": {}}, "assets", "expected a table of tables"),
    "an asset that is a number": (changed("assets/BTC", 9), "assets.BTC", "expected a table"),
    "an asset with a name of two words": (
        changed("assets/B C", {"decimals": 9, "booking_decimals": 9, "factor": "1"}),
        "assets",
        "expected a name of letters",
    ),
    "decimals that are text": (changed("assets/BTC/decimals", "9"), "assets.BTC.decimals", "whole number from 0"),
    "decimals that are a fraction": (changed("assets/BTC/decimals", 9.0), "assets.BTC.decimals", "whole number"),
    "decimals that are true": (changed("assets/BTC/decimals", True), "assets.BTC.decimals", "whole number"),
    "negative decimals": (changed("assets/BTC/decimals", -1), "assets.BTC.decimals", "whole number from 0"),
    "too many decimals": (changed("assets/BTC/decimals", 31), "assets.BTC.decimals", "whole number from 0 to 30"),
    "finer than the settlement asset": (changed("assets/BTC/decimals", 14), "assets.BTC.decimals", "at most the"),
    "booked finer than it is": (changed("assets/BTC/booking_decimals", 10), "assets.BTC.booking_decimals", "at most"),
    "a factor above 1": (changed("assets/BTC/factor", "1.01"), "assets.BTC.factor", "at most 1"),
    "a factor of zero": (changed("assets/BTC/factor", "0"), "assets.BTC.factor", "positive rate"),
    "a negative factor": (changed("assets/BTC/factor", "-0.5"), "assets.BTC.factor", "positive rate"),
    "a factor that is a float": (changed("assets/BTC/factor", 0.98), "assets.BTC.factor", "as text"),
    "a factor with ten decimals": (changed("assets/BTC/factor", "0.9800000001"), "assets.BTC.factor", "9 decimals"),
    "a factor with an exponent": (changed("assets/BTC/factor", "98e-2"), "assets.BTC.factor", "exact decimal"),
    "a factor that is no number": (changed("assets/BTC/factor", "NaN"), "assets.BTC.factor", "exact decimal"),
    "a settlement asset below 1": (changed("assets/USDT/factor", "0.99"), "assets.USDT.factor", "expected 1"),
    "no markets": (changed("markets", None), "markets", "missing"),
    "a market named as an asset": (
        changed("markets/BTC", profile_document(DEFAULT_PROFILE)["markets"][BTC]),
        "markets.BTC",
        "name of an asset",
    ),
    "no lot": (changed("markets/BTC-PERP/lot", None), "markets.BTC-PERP.lot", "missing"),
    "a lot of zero": (changed("markets/BTC-PERP/lot", "0"), "markets.BTC-PERP.lot", "positive decimal"),
    "a lot that gives no multiplier": (
        changed("markets/BTC-PERP/lot", "0.00001"),
        "markets.BTC-PERP.lot",
        "no whole multiplier",
    ),
    "a lot that gives a multiplier and a rest": (
        changed("markets/BTC-PERP/lot", "0.00015"),
        "markets.BTC-PERP.lot",
        "no whole multiplier",
    ),
    "a lot that is a float": (changed("markets/BTC-PERP/lot", 0.0001), "markets.BTC-PERP.lot", "as text"),
    "a negative tick": (changed("markets/BTC-PERP/tick", "-0.25"), "markets.BTC-PERP.tick", "positive decimal"),
    "a tick finer than a price": (changed("markets/BTC-PERP/tick", "0.0000000001"), "markets.BTC-PERP.tick", "9 dec"),
    "a band of zero": (changed("markets/BTC-PERP/price_band", "0"), "markets.BTC-PERP.price_band", "positive rate"),
    "no tiers": (changed("markets/BTC-PERP/tiers", None), "markets.BTC-PERP.tiers", "missing"),
    "tiers that are a table": (changed("markets/BTC-PERP/tiers", {}), "markets.BTC-PERP.tiers", "list of tables"),
    "an empty list of tiers": (changed("markets/BTC-PERP/tiers", []), "markets.BTC-PERP.tiers", "list of tables"),
    "a last tier with a bound": (
        changed("markets/BTC-PERP/tiers", [{"below": "1", "initial": "0.1", "maintenance": "0.1"}]),
        "markets.BTC-PERP.tiers[0].below",
        "unknown field",
    ),
    "a tier without a bound before the last": (
        changed("markets/BTC-PERP/tiers", [{"initial": "0.1", "maintenance": "0.1"}] * 2),
        "markets.BTC-PERP.tiers[0].below",
        "missing",
    ),
    "a maintenance rate of zero": (
        changed("markets/BTC-PERP/tiers", [{"initial": "0.1", "maintenance": "0"}]),
        "markets.BTC-PERP.tiers[0].maintenance",
        "positive rate",
    ),
    "a maintenance rate above the initial": (
        changed("markets/BTC-PERP/tiers", [{"initial": "0.1", "maintenance": "0.11"}]),
        "markets.BTC-PERP.tiers[0].maintenance",
        "at most the initial rate",
    ),
    "bounds that do not rise": (
        changed(
            "markets/BTC-PERP/tiers",
            [
                {"below": "10", "initial": "0.1", "maintenance": "0.1"},
                {"below": "10", "initial": "0.1", "maintenance": "0.1"},
                {"initial": "0.1", "maintenance": "0.1"},
            ],
        ),
        "markets.BTC-PERP.tiers[1].below",
        "more than the tier before",
    ),
    "an initial rate that falls": (
        changed(
            "markets/BTC-PERP/tiers",
            [{"below": "10", "initial": "0.2", "maintenance": "0.1"}, {"initial": "0.1", "maintenance": "0.1"}],
        ),
        "markets.BTC-PERP.tiers[1].initial",
        "at least the tier before's",
    ),
    "a maintenance rate that falls": (
        changed(
            "markets/BTC-PERP/tiers",
            [{"below": "10", "initial": "0.2", "maintenance": "0.1"}, {"initial": "0.2", "maintenance": "0.05"}],
        ),
        "markets.BTC-PERP.tiers[1].maintenance",
        "at least the tier before's",
    ),
    "no fee tiers": (changed("fee_tiers", None), "fee_tiers", "missing"),
    "a default fee tier that is not listed": (
        changed("default_fee_tier", "gold"),
        "default_fee_tier",
        "one of the fee",
    ),
    "a fee that is no rate": (changed("fee_tiers/vip/taker", "1.5"), "fee_tiers.vip.taker", "at most 1"),
    "a maker rebate beyond any taker": (changed("fee_tiers/vip/maker", "-0.00021"), "fee_tiers", "would pay out"),
    "a taker rebate beyond any maker": (changed("fee_tiers/vip/taker", "-0.001"), "fee_tiers", "would pay out"),
    "fees finer than the settlement asset": (changed("fee_decimals", 14), "fee_decimals", "from 0 to 13"),
    "a source twice": (changed("sources", ["A", "B", "C", "A"]), "sources", "no name twice"),
    "two sources": (changed("sources", ["A", "B"]), "sources", "at least 3"),
    "sources that are text": (changed("sources", "AscendEX"), "sources", "list of names"),
    "a source that is a number": (changed("sources", ["A", "B", 3]), "sources", "list of names"),
    "fewer than three sources needed": (changed("minimum_sources", 2), "minimum_sources", "from 3 to 5"),
    "more sources needed than there are": (changed("minimum_sources", 6), "minimum_sources", "from 3 to 5"),
    "a leverage of zero": (changed("maximum_leverage", 0), "maximum_leverage", "from 1 to 1000"),
    "gains that are text": (changed("unrealised_gains_count", "no"), "unrealised_gains_count", "true or false"),
    "gains that are a number": (changed("unrealised_gains_count", 0), "unrealised_gains_count", "true or false"),
    "a size factor of zero": (changed("size_factor", "0"), "size_factor", "positive rate"),
    "no funding": (changed("funding", None), "funding", "missing"),
    "funding that is a list": (changed("funding", []), "funding", "expected a table"),
    "a funding interval of zero": (changed("funding/interval", 0), "funding.interval", "from 1"),
    "a window longer than its interval": (changed("funding/window", 28_800_001), "funding.window", "at most the int"),
    "a negative clamp": (changed("funding/clamp", "-0.005"), "funding.clamp", "from 0 to 1"),
    "a settle window longer than its interval": (changed("settle/window", 900_001), "settle.window", "at most the int"),
    "a negative settle minimum": (changed("settle/minimum_pnl", "-1"), "settle.minimum_pnl", "0 or more"),
    "no liquidation rounds": (changed("liquidation/rounds", 0), "liquidation.rounds", "from 1"),
    "a fraction of zero": (changed("liquidation/fraction", 0), "liquidation.fraction", "from 1"),
    "a discount of one": (changed("program/discount", "1"), "program.discount", "below 1"),
    "a discount of minus one": (changed("program/discount", "-1"), "program.discount", "above -1"),
    "an hour shorter than its minute": (changed("program/hour", 59_999), "program.hour", "at least the minute"),
    "no candidates": (changed("program/minimum_candidates", 0), "program.minimum_candidates", "from 1"),
    "an amount finer than an atom": (
        changed("program/minimum_account_value", "0.00000000000001"),
        "program.minimum_account_value",
        "at most 13 decimals",
    ),
    "an amount that is far too long": (
        changed("program/minimum_account_value", "1" * 81),
        "program.minimum_account_value",
        "at most 80 characters",
    ),
}


BTC_ASSET = {"assets.BTC.decimals", "assets.BTC.booking_decimals", "assets.BTC.factor"}
LOTS = {"markets.BTC-PERP.lot", "markets.ETH-PERP.lot"}
CONSEQUENCES = {
    "a settlement asset that is not listed": {"assets.USDT.decimals", *LOTS},
    "no assets": LOTS,
    "assets that are a list": LOTS,
    "no asset": LOTS,
    "an asset that is a number": BTC_ASSET,
    **{fault: {"assets.BTC.booking_decimals"} for fault in ONE_FAULT if "decimals" in fault},
    "no lot": LOTS,
    "a lot of zero": LOTS,
    "a lot that is a float": LOTS,
    "two sources": {"minimum_sources"},
    "a fee that is no rate": {"fee_tiers"},
    "funding that is a list": {"funding.interval", "funding.window", "funding.clamp"},
    "a funding interval of zero": {"funding.window"},
}
"""Fields that may be wrong as well because the faulty one, on which they depend, is."""


@pytest.mark.parametrize("fault", ONE_FAULT)
def test_one_fault_is_named_by_its_field_first(fault: str) -> None:
    """And nothing else is said but what may follow from it."""
    document, field, message = ONE_FAULT[fault]
    errors = errors_of(document)
    assert message in errors[field][0]
    consequences = CONSEQUENCES.get(fault, set())
    assert errors.keys() - {field} <= consequences
    assert len(errors[field]) == 1 or field in consequences
    assert all("\n" not in text for texts in errors.values() for text in texts)


@pytest.mark.parametrize("document", [None, [], "textbook", 7])
def test_a_document_that_is_no_table_is_refused(document: object) -> None:
    assert "expected a table" in errors_of(document)["document"][0]


def test_an_empty_document_names_every_field_that_is_missing() -> None:
    errors = errors_of({})
    assert set(errors) == set(profile_document(DEFAULT_PROFILE))
    assert all(message.startswith("missing, expected ") for messages in errors.values() for message in messages)


def test_all_errors_are_reported_at_once_by_field() -> None:
    """A dozen faults in a dozen places: a dozen errors, one exception, one line of text each."""
    overrides = {
        "name": 5,
        "fee_schedule": {},
        "maximum_leverage": "100",
        "size_factor": 0.99,
        "sources": ["A", "A"],
        "assets": {"BTC": {"factor": "2"}, "ETH": {"decimals": 99}},
        "markets": {BTC: {"lot": "0.00001", "tick": "x"}, ETH: {"tiers": [{"initial": "0", "maintenance": "0"}]}},
        "fee_tiers": {"vip": {"maker": "-0.01"}},
        "funding": {"window": 10**9},
        "program": {"hour": 1, "discount": "1", "minute": None},
    }
    errors = errors_of(merge(profile_document(DEFAULT_PROFILE), overrides))
    assert errors.keys() >= {
        "name",
        "fee_schedule",
        "maximum_leverage",
        "size_factor",
        "sources",
        "assets.BTC.factor",
        "assets.ETH.decimals",
        "markets.BTC-PERP.lot",
        "markets.BTC-PERP.tick",
        "markets.ETH-PERP.tiers[0].initial",
        "markets.ETH-PERP.tiers[0].maintenance",
        "fee_tiers",
        "funding.window",
        "program.discount",
        "program.minute",
    }
    with pytest.raises(RulebookError) as refused:
        load_profile(DEFAULT_PROFILE, overrides)
    assert str(refused.value).count("; ") >= len(refused.value.errors) - 1
    assert "size_factor: found 0.99, expected a positive rate of at most 1 as text" in str(refused.value)


@pytest.mark.parametrize(
    ("settlement_decimals", "lot", "multiplier"),
    [
        (13, "0.0001", 1),
        (13, "0.001", 10),
        (13, "1", 10_000),
        (13, "0.00025", None),
        (13, "0.0003", 3),
        (13, "0.00001", None),
        (14, "0.00001", 1),
        (18, "0.000000001", 1),
        (9, "1", 1),
        (9, "0.1", None),
        (9, "1.5", None),
        (10, "1.5", 15),
    ],
)
def test_lot_and_decimals_must_give_a_whole_positive_multiplier(
    settlement_decimals: int, lot: str, multiplier: int | None
) -> None:
    """One lot at the smallest price is a whole number of atoms, at least one."""
    overrides = {
        "assets": {"USDT": {"decimals": settlement_decimals}},
        "markets": {BTC: {"lot": lot}, ETH: {"lot": "1"}},
    }
    document = merge(profile_document(DEFAULT_PROFILE), overrides)
    if multiplier is None:
        assert list(errors_of(document)) == ["markets.BTC-PERP.lot"]
    else:
        assert rulebook_of(document).contracts[BTC].multiplier == multiplier


@pytest.mark.parametrize(
    ("maker", "taker", "accepted"),
    [
        ("-0.0002", "0.0002", True),
        ("-0.000200001", "0.0002", False),
        ("0.0002", "-0.0002", False),
        ("0.0001", "0.0001", True),
    ],
)
def test_any_maker_with_any_taker_must_not_be_negative(maker: str, taker: str, accepted: bool) -> None:
    """The lowest maker rate and the lowest taker rate need not be of one tier: two accounts trade with each other."""
    overrides = {
        "fee_tiers": {"backstop": {"maker": maker, "taker": "0.001"}, "vip": {"maker": "0.0001", "taker": taker}}
    }
    if accepted:
        lowest = load_profile(DEFAULT_PROFILE, overrides).lowest_fees
        assert lowest == FeeTier(min(rate(maker), rate("0.0001")), min(rate(taker), rate("0.00065")))
    else:
        assert "would pay out" in errors_of(merge(profile_document(DEFAULT_PROFILE), overrides))["fee_tiers"][0]


def test_whole_numbers_may_be_numbers_where_a_decimal_is_expected() -> None:
    """A whole number is exact; a float never is."""
    assert load_profile(
        DEFAULT_PROFILE, {"program": {"minimum_account_value": 500_001}}
    ).program.minimum_account_value == (usdt("500001"))


# The liquidity monitor

MONITOR: dict[str, Any] = {
    "window": 60,
    "interval": 60_000,
    "confidence": "0.95",
    "spread": {"enter": "0.005", "leave": "0.002"},
    "depth": {"enter": "0.01", "leave": "0.02"},
    "volatility": {"enter": "0.01", "leave": "0.005"},
    "expected_shortfall": {"enter": "2.5", "leave": "0"},
}


def monitored(**changes: Any) -> dict[str, Any]:
    """The default document with a monitor of BTC-PERP, some of its fields changed, or taken out by None."""
    overrides = {"markets": {BTC: {"monitor": MONITOR}}}
    return merge(merge(profile_document(DEFAULT_PROFILE), overrides), {"markets": {BTC: {"monitor": changes}}})


def test_a_monitor_is_read_in_parts_per_million() -> None:
    terms = rulebook_of(monitored()).contracts[BTC].monitor
    assert terms is not None
    assert (terms.window, terms.interval, terms.confidence) == (60, 60_000, 950_000_000)
    assert (terms.spread.enter, terms.spread.leave) == (5_000, 2_000)
    assert (terms.depth.enter, terms.depth.leave) == (10_000, 20_000)
    assert (terms.expected_shortfall.enter, terms.expected_shortfall.leave) == (2_500_000, 0)


def test_a_market_without_the_section_has_no_monitor() -> None:
    rulebook = load_profile("ascendex-2020-monitored")
    assert [name for name, contract in rulebook.contracts.items() if contract.monitor is not None] == [BTC]
    for name in ("ascendex-2020", "ascendex-2020-collar", "textbook"):
        assert all(contract.monitor is None for contract in load_profile(name).contracts.values())


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"window": 0}, ".window", "from 1 to 1000"),
        ({"window": 1001}, ".window", "from 1 to 1000"),
        ({"interval": -1}, ".interval", "whole number from 0"),
        ({"confidence": "1"}, ".confidence", "below 1"),
        ({"confidence": "0"}, ".confidence", "positive rate"),
        ({"spread": {"leave": "0.005"}}, ".spread.leave", "below enter"),
        ({"volatility": {"leave": "0.02"}}, ".volatility.leave", "below enter"),
        ({"expected_shortfall": {"leave": "3"}}, ".expected_shortfall.leave", "below enter"),
        ({"depth": {"leave": "0.01"}}, ".depth.leave", "above enter"),
        ({"depth": {"enter": "0.0000001"}}, ".depth.enter", "at most 6 decimals"),
        ({"spread": {"enter": 0.005}}, ".spread.enter", "as text"),
        ({"spread": {"enter": "-1", "leave": "0"}}, ".spread.enter", "0 or more"),
        ({"spread": None}, ".spread", "missing"),
        ({"spread": {"enter": None}}, ".spread.enter", "missing"),
        ({"volume": {"enter": "1", "leave": "0"}}, ".volume", "unknown field"),
        ({"spread": {"beyond": "1"}}, ".spread.beyond", "unknown field"),
    ],
)
def test_a_bad_monitor_is_refused_by_field(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(RulebookError) as refused:
        rulebook_of(monitored(**changes))
    found = dict(refused.value.errors)
    assert message in found[f"markets.BTC-PERP.monitor{field}"]
