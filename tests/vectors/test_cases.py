"""The cases of the package: those that are made are the committed ones, and corners are still shown by theirs."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from ledger.checks import all_checks, checks_of
from ledger.fuzzing.reach import CORNERS, EVENTS
from ledger.interchange import state_document
from ledger.laws import REGISTRY, LawBroken, Monitor
from ledger.outcomes import Applied, Reason, Rejected
from ledger.profiles import load_profile, merge, profile_document
from ledger.transactions import TYPES
from ledger.vectors import Vector, all_cases
from ledger.vectors.cases import case_of
from tests.rules.tables import Refusal, Success, Table, all_tables

from .__main__ import FOLDER, written
from .corners import NAMES, shown_by
from .made import made_cases
from .whole import vectors

LIMITS_OF_PROVIDERS = {
    "minute": "a provider is held back by its minute",
    "hour": "a provider is held back by its hour",
    "holdings": "a provider is held back by its headroom",
    "notice": "a provider is passed over after its notice",
    "minimum value": "a provider is passed over below the minimum",
    "liquidating": "a provider is passed over while liquidating",
    "itself": "a provider is taken over",
}


def of_kind(kind: str) -> Iterator[Vector]:
    """The vectors of one kind of origin."""
    return (vector for vector in vectors() if vector.case.origin["kind"] == kind)


def test_the_program_makes_the_committed_cases() -> None:
    """Byte for byte; corners are found by a search, and are as they were."""
    corners = [case for case in all_cases() if case.origin["kind"] == "corner"]
    made = written([*made_cases(), *corners])
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{kind}.jsonl" for kind in TYPES)
    for kind, text in made.items():
        assert (FOLDER / f"{kind}.jsonl").read_bytes() == text, f"python -m tests.vectors makes {kind}.jsonl otherwise"


def test_a_case_is_read_back_as_it_was_written() -> None:
    for case in all_cases():
        assert case_of(case.transaction, case.line) == case
        assert load_profile(case.profile, case.overrides or None) == case.rulebook
        if case.state is not None:
            assert state_document(case.pre_state) == case.state
        assert merge(profile_document(case.profile), case.overrides) is not None


def test_no_two_cases_have_a_name() -> None:
    names = Counter((case.transaction, case.name) for case in all_cases())
    assert {name for name, count in names.items() if count > 1} == set()
    for _, name in names:
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name)


def test_the_folder_of_a_case_is_the_type_of_its_last_transaction_or_its_page() -> None:
    for case in all_cases():
        kinds = [transaction["type"] for transaction in case.transactions]
        assert case.transaction in kinds
        if case.origin["kind"] in ("table", "corner", "published"):
            assert kinds[-1] == case.transaction


def test_every_corner_is_still_shown_by_its_case() -> None:
    kept: set[str] = set()
    for vector in of_kind("corner"):
        names = vector.case.origin["names"]
        missing = set(names) - shown_by(vector.steps)
        assert not missing, f"{vector.path} does not show {missing}: python -m tests.vectors --corners finds others"
        kept |= set(names)
    assert kept == set(NAMES)


def test_a_case_that_does_not_show_its_corner_is_noticed() -> None:
    (vector,) = (v for v in of_kind("corner") if "a provider is held back by its hour" in v.case.origin["names"])
    assert "a provider is held back by its minute" not in shown_by(vector.steps)


def rows_of(table: Table) -> tuple[Refusal | Success, ...]:
    """All rows of a table."""
    return (*table.refusals, *table.successes)


def test_every_row_of_every_table_is_a_case_and_answered_as_the_row_says() -> None:
    rows: dict[tuple[str, str, bool], Refusal | Success] = {
        (table.rule.replace("_", "-"), row.name, isinstance(row, Refusal)): row
        for table in all_tables()
        for row in rows_of(table)
    }
    for vector in of_kind("table"):
        outcome = vector.steps[0].outcome
        is_refused = isinstance(outcome, Rejected)
        row = rows.pop((vector.case.origin["rule"], vector.case.origin["row"], is_refused))
        if isinstance(outcome, Applied):
            assert not isinstance(row, Refusal)
            assert outcome.events == row.events
        else:
            assert isinstance(row, Refusal)
            assert outcome == Rejected(row.reason, row.supplied, row.limit, row.subject)
    assert rows == {}


def test_something_has_a_vector_for_each() -> None:
    """Every type applied and refused, every reason, event, check and provider's limit, and every law but those that
    need more than a vector's few transactions."""
    reasons, events, rules, laws, corners = (set[str]() for _ in range(5))
    answers: set[tuple[str, bool]] = set()
    for vector in vectors():
        reasons |= set(vector.reasons)
        events |= set(vector.events)
        rules |= set(vector.rules)
        laws |= set(vector.laws)
        corners |= set(vector.case.origin.get("names", ()))
        answers |= {
            (transaction["type"], isinstance(step.outcome, Applied))
            for transaction, step in zip(vector.case.transactions, vector.steps, strict=True)
        }
    assert reasons == {reason.name for reason in Reason}
    assert events == set(EVENTS)
    assert answers == {(kind, is_applied) for kind in TYPES for is_applied in (True, False)}
    assert set(CORNERS) <= corners
    assert set(LIMITS_OF_PROVIDERS.values()) <= corners
    checks = [check for kind in TYPES for check in checks_of(kind)]
    assert {check.place for check in checks} == {check.place for check in all_checks()}
    named = {f"{check.rule.replace('_', '-')}-{check.number}" for check in checks}
    applied = {check.rule.replace("_", "-") for check in checks}
    assert rules == named | applied
    assert {law.id for law in REGISTRY} - laws == set()


def test_a_law_that_is_named_spoke_and_holds() -> None:
    """Asked of each law by itself. Where a state was reached, no law is broken, and none that spoke is left out."""
    for vector in vectors():
        spoke, broken = set[str](), set[str]()
        for law in REGISTRY:
            monitor = Monitor(vector.steps[0].before, (law,), state_every=0)
            try:
                monitor.observe_all(vector.steps)
                monitor.finish()
            except LawBroken:
                assert vector.case.origin["kind"] == "table", vector.path
                broken.add(law.id)
                continue
            if monitor.counts[0].fired:
                spoke.add(law.id)
        assert sorted(vector.laws) == sorted(spoke - broken), vector.path


@pytest.mark.parametrize("kind", ["table", "corner", "published", "example"])
def test_every_kind_of_origin_is_there(kind: str) -> None:
    assert any(of_kind(kind))
