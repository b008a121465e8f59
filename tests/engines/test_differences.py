"""What differs is told where it differs, and values that are only equal to Python are not the same."""

from typing import Any

import pytest

from ledger.engines.client import GIVES, GivenOutcome
from ledger.engines.differences import (
    MOST,
    Difference,
    account_differences,
    changed_accounts,
    first_difference,
    outcome_differences,
    whole_differences,
)
from ledger.fuzzing import RULEBOOKS, Seeded, play
from ledger.interchange import outcome_document
from ledger.outcomes import Applied, Reason, Rejected

ALL = frozenset(GIVES)
CHANGES = [
    {"account": "@external", "asset": "USDT", "amount": "-5"},
    {"account": "ann", "asset": "USDT", "amount": "5"},
]
REFUSED = Rejected(Reason.INSUFFICIENT_BALANCE, 5, 3, "ann")


def applied(**given: Any) -> GivenOutcome:
    return GivenOutcome(True, **{"changes": CHANGES, "events": [], "link": "00", **given})


OURS = {"applied": True, "changes": CHANGES, "events": [], "link": "00"}


def test_what_is_the_same_differs_in_nothing() -> None:
    assert outcome_differences(OURS, applied(), ALL) == []
    given = GivenOutcome(False, "INSUFFICIENT_BALANCE", "ann", "5", "3")
    assert outcome_differences(outcome_document(REFUSED), given, ALL) == []


@pytest.mark.parametrize(
    ("given", "differences"),
    [
        (GivenOutcome(False, "X"), [Difference("applied", (), True, False)]),
        (applied(link="01"), [Difference("link", (), "00", "01")]),
        (
            applied(changes=[CHANGES[0]]),
            [Difference("changes", ("ann", "USDT"), {"amount": "5"}, None)],
        ),
        (
            applied(changes=[*CHANGES, {"account": "bob", "asset": "USDT", "amount": "0"}]),
            [Difference("changes", ("bob", "USDT"), None, {"amount": "0"})],
        ),
        (applied(changes=CHANGES[::-1]), [Difference("changes", ("order",), CHANGES, CHANGES[::-1])]),
        (applied(changes=[*CHANGES, CHANGES[1]]), [Difference("changes", ("order",), CHANGES, [*CHANGES, CHANGES[1]])]),
        (
            applied(events=[{"event": "AccountOpened", "account": "ann"}]),
            [Difference("events", ("[0]",), None, {"event": "AccountOpened", "account": "ann"})],
        ),
    ],
)
def test_an_applied_outcome_differs_where_it_does(given: GivenOutcome, differences: list[Difference]) -> None:
    assert outcome_differences(OURS, given, ALL) == differences
    assert outcome_differences(OURS, given, frozenset()) == [each for each in differences if each.aspect == "applied"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (("OTHER", "ann", "5", "3"), "reason"),
        (("INSUFFICIENT_BALANCE", "bob", "5", "3"), "figures.subject"),
        (("INSUFFICIENT_BALANCE", "ann", "6", "3"), "figures.supplied"),
        (("INSUFFICIENT_BALANCE", "ann", "5", "4"), "figures.limit"),
    ],
)
def test_a_refusal_differs_where_it_does(fields: tuple[str, ...], place: str) -> None:
    reason, subject, supplied, limit = fields
    ours, given = outcome_document(REFUSED), GivenOutcome(False, reason, subject, supplied, limit)
    assert [each.place for each in outcome_differences(ours, given, ALL)] == [place]
    assert outcome_differences(ours, given, ALL - {place.split(".")[0]}) == []


@pytest.mark.parametrize("other", [1.0, True, "1", None])
def test_equal_to_python_is_not_the_same(other: Any) -> None:
    ours: dict[str, Any] = {**OURS, "events": [{"event": "RoundMade", "round": 1}]}
    given = applied(events=[{"event": "RoundMade", "round": other}])
    assert outcome_differences(ours, given, ALL) == [Difference("events", ("[0]", "round"), 1, other)]
    (difference,) = whole_differences({"time": 1}, None, {"time": other}, None)
    assert difference == Difference("state", ("time",), 1, other)


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "expected", "found"),
    [
        ({"a": None, "b": 1}, {"b": 1}, ("x", "keys"), ["a", "b"], ["b"]),
        ({"b": 1}, {"spare": None, "b": 1}, ("x", "keys"), ["b"], ["b", "spare"]),
        ([1], [1, None], ("x", "length"), 1, 2),
        ([None], [], ("x", "length"), 1, 0),
    ],
)
def test_null_is_not_the_same_as_nothing(
    ours: Any, theirs: Any, path: tuple[str, ...], expected: Any, found: Any
) -> None:
    assert whole_differences({"x": ours}, None, {"x": ours}, None) == []
    assert whole_differences({"x": ours}, None, {"x": theirs}, None) == [Difference("state", path, expected, found)]
    told = outcome_differences({**OURS, "events": [{"x": ours}]}, applied(events=[{"x": theirs}]), ALL)
    assert told == [Difference("events", ("[0]", *path), expected, found)]


def test_accounts_differ_by_what_is_given() -> None:
    held = {"cash": {"USDT": "5"}, "positions": {"BTC-PERP": {"size": "1", "reference_cost": "-5"}}}
    other = {"cash": {"USDT": "6"}, "positions": {"BTC-PERP": {"size": "1", "reference_cost": "-6"}}}
    assert account_differences({"ann": held}, {"ann": held}, ALL) == []
    found = account_differences({"ann": held}, {"ann": other}, ALL)
    assert [each.place for each in found] == ["balances.ann.USDT", "positions.ann.BTC-PERP.reference_cost"]
    found = account_differences({"ann": held}, {"ann": other}, frozenset({"positions"}))
    assert [each.place for each in found] == ["positions.ann.BTC-PERP.reference_cost"]
    assert account_differences({"ann": held}, {}, ALL) == [Difference("balances", ("ann",), {"USDT": "5"}, None)]
    assert account_differences({}, {"ann": held}, ALL) == [Difference("balances", ("ann",), None, {"USDT": "5"})]


def test_a_state_that_is_another_is_not_told_without_an_end() -> None:
    ours = {"accounts": {f"a{number}": 1 for number in range(1000)}}
    theirs = {"accounts": {f"a{number}": 2 for number in range(1000)}}
    assert len(whole_differences(ours, "00", theirs, "01")) == MOST + 1


def test_no_more_is_made_of_an_outcome_than_is_given() -> None:
    """And what is made of it is what the interchange has."""
    for step in play(Seeded(3), RULEBOOKS["compact"], 200):
        whole = outcome_document(step.outcome)
        assert outcome_document(step.outcome, ALL) == whole
        if isinstance(step.outcome, Applied):
            assert outcome_document(step.outcome, frozenset({"reason"})) == {"applied": True}
            given = GivenOutcome(True, changes=whole["changes"], events=whole["events"])
            assert first_difference([step.outcome], [given], ALL) is None
            changed = changed_accounts(step.before, step.after)
            assert {posting.account for posting in step.outcome.postings} <= changed | {"@external"}
            differing = {name for name, now in step.after.accounts.items() if step.before.accounts.get(name) != now}
            assert differing <= changed
