"""Quantities as text, for people and for machines."""

import pytest

from ledger.cli.formatting import Format, counted, signed
from ledger.profiles import load_profile
from ledger.state import NEVER
from ledger.units import EXACT_SCALE
from tests.worlds import ASCENDEX, BTC, ETH, START, coins, lots, price, rate, usdt

PEOPLE = Format(ASCENDEX)
MACHINES = Format(ASCENDEX, for_people=False)


@pytest.mark.parametrize("form", [PEOPLE, MACHINES], ids=["people", "machines"])
def test_what_is_booked_is_exact(form: Format) -> None:
    assert form.amount(usdt("12810.3177500000001"), "USDT") == "12810.3177500000001"
    assert form.amount(coins("-0.000000001"), "BTC") == "-0.000000001"
    assert form.money(usdt("-0.0000000000001")) == "-0.0000000000001"
    assert form.price(price("9392.035")) == "9392.035"
    assert form.size(lots("-2.8535"), BTC) == "-2.8535"
    assert form.size(1, ETH) == "0.001"
    assert form.ratio(rate("0.98")) == "0.98"
    assert form.time(START) == "2020-09-13T12:26:40Z"
    assert form.time(NEVER) == "never"


def test_exact_values_are_truncated_toward_zero_for_people_alone() -> None:
    third = usdt("1") * EXACT_SCALE // 3
    assert (PEOPLE.exact(third), PEOPLE.exact(-third)) == ("0.333333333", "-0.333333333")
    assert MACHINES.exact(third) == "0." + "3" * 31
    assert PEOPLE.value(usdt("16.6063866379999")) == "16.606386637"
    assert MACHINES.value(usdt("16.6063866379999")) == "16.6063866379999"


def test_two_exact_values_that_differ_never_look_the_same() -> None:
    half = usdt("0.5") * EXACT_SCALE
    assert PEOPLE.exacts(half, half + 1) == ("0.5", "0.5000000000000000000000000000001")
    assert PEOPLE.exacts(half, half) == ("0.5", "0.5")
    assert PEOPLE.exacts(half, 2 * half) == ("0.5", "1")


def test_rates_are_percentages_for_people_and_fractions_for_machines() -> None:
    assert PEOPLE.rate(rate("0.00065")) == "0.065%"
    assert PEOPLE.rate(rate("-0.01")) == "-1%"
    assert PEOPLE.rate(rate("0.333333333")) == "33.3333333%"
    assert MACHINES.rate(rate("0.00065")) == "0.00065"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 s"), (6_000, "6 s"), (10_970, "10.97 s"), (60_000, "1 min"), (900_000, "15 min"), (28_800_000, "8 h")],
)
def test_durations(milliseconds: int, text: str) -> None:
    assert PEOPLE.duration(milliseconds) == text
    assert MACHINES.duration(milliseconds) == str(milliseconds)


def test_prices_per_lot_are_told_per_whole_unit() -> None:
    assert PEOPLE.price_per_lot(price("4950"), BTC) == "4950"
    assert PEOPLE.price_per_lot(price("418.528062821") * 10, ETH) == "418.528062821"
    assert PEOPLE.price_per_lot(price("418.528062821") * 10 + 9, ETH) == "418.5280628219"
    assert PEOPLE.price_per_lot(-price("418.528062821") * 10 - 9, ETH) == "-418.5280628219"


@pytest.mark.parametrize(
    ("lot", "atoms", "text"),
    [("0.0008", 41, "0.000000005125"), ("0.0003", 9, "0.000000003"), ("0.0003", 10, "0.000000000001 a lot")],
)
def test_prices_per_lot_of_any_lot_are_exact(lot: str, atoms: int, text: str) -> None:
    """Of lots of 0.0003 most prices have no last decimal, and are told per lot."""
    odd = load_profile("ascendex-2020", {"markets": {BTC: {"lot": lot}}})
    assert Format(odd).price_per_lot(atoms, BTC) == text


def test_what_the_rulebook_does_not_list_is_told_in_its_own_units() -> None:
    assert PEOPLE.amount(123, "DOGE") == "123"
    assert PEOPLE.size(123, "DOGE-PERP") == "123"


def test_signs_and_counts() -> None:
    assert [signed("5"), signed("-5"), signed("0")] == ["+5", "-5", "0"]
    assert [counted(0, "fill"), counted(1, "fill"), counted(2, "fill")] == ["0 fills", "1 fill", "2 fills"]
