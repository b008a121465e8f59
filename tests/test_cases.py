"""Every one of the numeric cases collected from other engines and venues is reproduced by the ledger or explained.

The adapters are in `tests/cases`. A case that is explained says which rule differs, and where that says more, what the
ledger answers instead, which is tested as well.
"""

import json
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from .cases import EXPLAINED, REPRODUCED, Case
from .shared_data import shared_path

NUMBER_OF_CASES = 152


@cache
def cases() -> Mapping[str, Case]:
    """All cases by id."""
    lines = shared_path("cases", "cases.jsonl").read_text(encoding="utf-8").splitlines()
    read = [Case.of(json.loads(line)) for line in lines if line]
    assert len({case.id for case in read}) == len(read)
    return {case.id: case for case in read}


def differences(ours: Any, expected: Any, tolerance: Fraction, where: str = "") -> list[str]:
    """Where two answers differ: numbers exactly, or within the source's own tolerance; all else must be equal."""
    if isinstance(expected, dict):
        if not isinstance(ours, dict) or ours.keys() != expected.keys():
            return [f"{where}: {ours} is not {expected}"]
        return [line for key in expected for line in differences(ours[key], expected[key], tolerance, f"{where}.{key}")]
    if isinstance(expected, list):
        if not isinstance(ours, list | tuple) or len(ours) != len(expected):
            return [f"{where}: {ours} is not {expected}"]
        pairs = zip(ours, expected, strict=True)
        return [line for n, (a, b) in enumerate(pairs) for line in differences(a, b, tolerance, f"{where}[{n}]")]
    if isinstance(expected, bool) or expected is None:
        return [] if ours is expected else [f"{where}: {ours} is not {expected}"]
    exact = number(expected)
    if exact is None:
        return [] if ours == expected else [f"{where}: {ours} is not {expected}"]
    answer = number(ours)
    if answer is None or abs(answer - exact) > tolerance:
        return [f"{where}: {ours} is not {expected}"]
    return []


def number(value: Any) -> Fraction | None:
    """A number, or text that is one, exactly; None for anything else. Never a float."""
    assert not isinstance(value, float)
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Fraction(value)
    except (ValueError, TypeError):
        return None


def test_no_case_is_forgotten() -> None:
    """Each is reproduced or explained, none is both, and no adapter or explanation is left of a case that is gone."""
    assert len(cases()) == NUMBER_OF_CASES
    assert REPRODUCED.keys() & EXPLAINED.keys() == set()
    assert cases().keys() - (REPRODUCED.keys() | EXPLAINED.keys()) == set(), "neither reproduced nor explained"
    assert (REPRODUCED.keys() | EXPLAINED.keys()) - cases().keys() == set(), "no such case"


@pytest.mark.parametrize("case_id", sorted(REPRODUCED))
def test_a_case_is_reproduced(case_id: str) -> None:
    """The ledger's answer to every number that the case expects is that number."""
    case, reproduction = cases()[case_id], REPRODUCED[case_id]
    answers = reproduction.adapter(case)
    tolerance = max(case.tolerance, reproduction.within)
    missing = case.compared - answers.keys()
    assert not missing, f"the adapter does not answer {sorted(missing)}"
    for key in sorted(case.compared):
        assert differences(answers[key], case.expected[key], tolerance, key) == []


@pytest.mark.parametrize("case_id", sorted(EXPLAINED))
def test_a_difference_is_explained(case_id: str) -> None:
    """A sentence says which rule differs; where the ledger has an answer, it is the one stated, and a different one."""
    difference, case = EXPLAINED[case_id], cases()[case_id]
    assert len(difference.reason.split()) >= 8, "a reason names the rule and what is done instead"
    assert case.semantics != "negative-example", "what must not be matched is shown not to be, by an adapter"
    if difference.adapter is None:
        assert not difference.ours
        return
    answers = difference.adapter(case)
    for key, ours in difference.ours.items():
        assert differences(answers[key], ours, Fraction(0), key) == []
    shared = difference.ours.keys() & case.expected.keys()
    assert shared, "an answer is given to something that the case expects"
    assert any(differences(answers[key], case.expected[key], case.tolerance, key) for key in shared)
