"""Rulebooks drawn at random: each is valid, and between them they reach every corner of every parameter."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.fuzzing import RULEBOOKS, Seeded, drawn_rulebook, play
from ledger.log import encode_genesis
from ledger.profiles import DEFAULT_PROFILE, load_profile, merge, profile_document, rulebook_of
from ledger.units import RATE_SCALE
from tests.strategies import Drawn

MANY = 300


def leaves(document: Any, path: str = "") -> dict[str, str]:
    """Every value of a document by its path; of the tiers, how many there are."""
    if isinstance(document, dict):
        found: dict[str, str] = {}
        for key, value in document.items():
            found |= leaves(value, f"{path}.{key}" if path else key)
        return found
    return {path: str(len(document)) if path.endswith("tiers") else str(document)}


def test_every_drawn_rulebook_is_valid_and_fits_a_genesis() -> None:
    for seed in range(MANY):
        overrides = drawn_rulebook(Seeded(seed))
        rulebook = load_profile(DEFAULT_PROFILE, overrides)
        assert rulebook.name == "drawn"
        assert encode_genesis(DEFAULT_PROFILE, overrides=overrides)
        assert drawn_rulebook(Seeded(seed)) == overrides


@st.composite
def drawn_documents(draw: st.DrawFn) -> dict[str, Any]:
    return drawn_rulebook(Drawn(draw))


@settings(derandomize=True, database=None, max_examples=100, deadline=None)
@given(drawn_documents())
def test_every_rulebook_that_hypothesis_draws_is_valid(overrides: dict[str, Any]) -> None:
    rulebook_of(merge(profile_document(DEFAULT_PROFILE), overrides))


def test_every_term_varies() -> None:
    values: dict[str, Counter[str]] = {}
    for seed in range(MANY):
        for path, value in leaves(drawn_rulebook(Seeded(seed))).items():
            values.setdefault(path, Counter())[value] += 1
    constant = {path for path, counts in values.items() if len(counts) == 1}
    assert constant == {"name", "assets.BTC", "assets.ETH", "assets.PAX", "assets.USDC", "markets.ETH-PERP"}
    terms = set(leaves(profile_document(DEFAULT_PROFILE)))
    kept = {"settlement_asset", "size_factor", "sources", "assets.USDT.factor"}
    assert terms - set(values) == kept


def test_the_corners_of_the_program_are_drawn() -> None:
    rulebooks = [load_profile(DEFAULT_PROFILE, drawn_rulebook(Seeded(seed))) for seed in range(MANY)]
    discounts = {rulebook.program.discount for rulebook in rulebooks}
    assert {0, 1, -1, 10_000_000, -10_000_000} <= discounts
    assert max(discounts) == RATE_SCALE - 1
    assert {len(rulebook.contracts) for rulebook in rulebooks} == {1, 2, 3}
    assert {rulebook.program.notice for rulebook in rulebooks} >= {0, 3_600_000}
    assert any(rulebook.program.minute == rulebook.program.hour for rulebook in rulebooks)
    assert any(rulebook.lowest_fees.maker + rulebook.lowest_fees.taker == 0 for rulebook in rulebooks)
    assert any(rulebook.lowest_fees.maker < 0 for rulebook in rulebooks)
    assert any(contract.price_band is None for rulebook in rulebooks for contract in rulebook.contracts.values())
    assert {rulebook.unrealised_gains_count for rulebook in rulebooks} == {True, False}
    assert any(len(contract.tiers) == 1 for rulebook in rulebooks for contract in rulebook.contracts.values())
    assert any(rulebook.liquidation.rounds == 1 for rulebook in rulebooks)


def test_monitors_are_drawn_of_which_any_figure_may_be_first() -> None:
    rulebooks = [load_profile(DEFAULT_PROFILE, drawn_rulebook(Seeded(seed))) for seed in range(MANY)]
    drawn = [[contract.monitor for contract in rulebook.contracts.values()] for rulebook in rulebooks]
    assert any(not any(monitors) for monitors in drawn)
    monitors = [monitor for found in drawn for monitor in found if monitor is not None]
    assert {monitor.window for monitor in monitors} >= {1, 2, 3}
    assert {monitor.interval for monitor in monitors} >= {0, 6000}
    assert {monitor.confidence for monitor in monitors} >= {1, RATE_SCALE - 1}
    assert {monitor.volatility.enter < monitor.expected_shortfall.enter for monitor in monitors} == {True, False}


def test_a_rulebook_of_anybody_is_played() -> None:
    """Generators take no market, asset or minimum for granted: one market, one asset, no minima, whole units."""
    document = profile_document(DEFAULT_PROFILE)
    tiers = [{"initial": "1", "maintenance": "1"}]
    document["assets"] = {"EUR": {"decimals": 9, "booking_decimals": 0, "factor": "1"}}
    document["settlement_asset"] = "EUR"
    document["markets"] = {"OATS": {"lot": "1", "tick": "7", "tiers": tiers}}
    document["program"] |= {
        "minimum_account_value": "0",
        "minimum_capacity_per_minute": "0",
        "minimum_capacity_per_hour": "0",
    }
    document["sources"] = ["A", "B", "C", "D", "E", "F", "G"]
    for seed in range(6):
        steps = list(play(Seeded(seed), rulebook_of(document), 300))
        assert steps[-1].after.sequence > 100
        assert set(steps[-1].after.markets) == {"OATS"}


def test_the_named_rulebooks_are_played_too() -> None:
    assert {"ascendex-2020", "ascendex-2020-collar", "textbook"} < set(RULEBOOKS)
