"""What accounts are drawn from."""

from collections import Counter
from typing import Any

import pytest

from ledger.choosers import Seeded
from ledger.profiles.tables import Table
from ledger.simulation.distributions import Between, Choices, Distribution, Quantiles, read_distribution
from ledger.units import RATE_SCALE

DRAWS = 4000


def read(value: Any) -> tuple[Distribution, list[str]]:
    errors: list[tuple[str, str]] = []
    table = Table({"it": value}, "population", errors)
    drawn = read_distribution(table, "it", 2, least=100, expected="1 or more")
    table.finish()
    return drawn, [f"{field}: {message}" for field, message in errors]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2.5", Between(250, 250)),
        (2, Between(200, 200)),
        ({"between": ["1", "2.5"]}, Between(100, 250)),
        ({"choices": [["1", 2], [3, 1]]}, Choices((100, 300), (2, 1))),
        ({"quantiles": [["0", "1"], ["0.5", "2"], ["1", "10"]]}, Quantiles((0, 500_000_000, 10**9), (100, 200, 1000))),
    ],
)
def test_every_form_is_read_exactly(value: Any, expected: Distribution) -> None:
    assert read(value) == (expected, [])


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("0.5", 'population.it: found "0.5", expected 1 or more'),
        (True, "population.it: found true, expected 1 or more as text"),
        (
            {},
            "population.it: found none of them, expected a number, or a table with one of between, choices, quantiles",
        ),
        (
            {"between": ["1", "2"], "choices": [["1", 1]]},
            "population.it: found between, choices, expected a number, or a table with one of between, choices,"
            " quantiles",
        ),
        ({"between": ["1"]}, "population.it.between: found a list, expected [LOW, HIGH]"),
        ({"between": ["2", "1"]}, 'population.it.between: found "2" and "1", expected LOW at most HIGH'),
        ({"between": ["0", "1"]}, 'population.it.between[0]: found "0", expected 1 or more'),
        ({"between": ["1", "1.005"]}, 'population.it.between[1]: found "1.005", expected at most 2 decimals'),
        ({"between": [[], "1"]}, "population.it.between[0]: found a list, expected 1 or more"),
        ({"choices": []}, "population.it.choices: found a list, expected [[VALUE, WEIGHT], ...]"),
        ({"choices": [["1", 0]]}, "population.it.choices[0][1]: found 0, expected a positive weight"),
        (
            {"choices": [["x", 1]]},
            'population.it.choices[0][0]: found "x", expected an exact decimal such as "5000.25"',
        ),
        (
            {"quantiles": [["0", "1"], ["0.9", "2"]]},
            "population.it.quantiles: found a list, expected [[SHARE, VALUE], ...], shares rising"
            " from 0 to 1 and values not falling",
        ),
        (
            {"quantiles": [["0", "2"], ["1", "1"]]},
            "population.it.quantiles: found a list, expected [[SHARE, VALUE], ...], shares rising"
            " from 0 to 1 and values not falling",
        ),
        ({"between": ["1", "2"], "mean": 1}, "population.it.mean: unknown field"),
    ],
)
def test_what_is_wrong_is_told_by_field(value: Any, error: str) -> None:
    drawn, errors = read(value)
    assert errors == [error]
    assert drawn.draw(Seeded(1)) >= 100


def test_between_reaches_both_ends_and_everything_in_between() -> None:
    chooser = Seeded(1)
    assert {Between(3, 6).draw(chooser) for _ in range(200)} == {3, 4, 5, 6}


def test_choices_come_by_weight() -> None:
    chooser = Seeded(1)
    drawn = Counter(Choices((10, 20), (3, 1)).draw(chooser) for _ in range(DRAWS))
    assert set(drawn) == {10, 20}
    assert 70 * DRAWS < 100 * drawn[10] < 80 * DRAWS


def test_quantiles_are_met() -> None:
    chooser, it = Seeded(1), Quantiles((0, 900_000_000, RATE_SCALE), (0, 90, 1000))
    drawn = sorted(it.draw(chooser) for _ in range(DRAWS))
    assert drawn[0] >= 0
    assert 900 < drawn[-1] <= 1000
    assert 40 <= drawn[DRAWS // 2] <= 60
    assert 88 * DRAWS < 100 * sum(value <= 90 for value in drawn) < 92 * DRAWS


def test_the_ends_of_quantiles_are_drawn() -> None:
    class Fixed:
        def __init__(self, value: int) -> None:
            self.value = value

        def choose_int(self, lo: int, hi: int) -> int:
            return max(lo, min(hi, self.value))

        def choose_from(self, choices: Any) -> Any:
            raise NotImplementedError

    it = Quantiles((0, 500_000_000, RATE_SCALE), (10, 20, 100))
    assert [it.draw(Fixed(share)) for share in (0, 1, 500_000_000, 500_000_001, RATE_SCALE)] == [10, 10, 20, 20, 100]
    assert Choices((1, 2), (2, 1)).draw(Fixed(2)) == 1
    assert Choices((1, 2), (2, 1)).draw(Fixed(3)) == 2
