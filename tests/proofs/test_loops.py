"""The parts of a loop are those of its function, and what one part alone does wrong breaks the claims about all."""

from collections.abc import Sequence

import attrs
import pytest
from immutables import Map

from ledger.rules.takeover import Share, deleverage
from ledger.state import Account, Position
from ledger.units import apportion
from specs.proofs.claims import Bug, outcome_of_mutant
from specs.proofs.engine import Path, Status, prove
from specs.proofs.known import SPLIT, known_split
from specs.proofs.loops import comprehension_of, gathered, loop_of, walked
from specs.proofs.registry import CLAIMS

BY_ID = {claim.id: claim for claim in CLAIMS}


@pytest.mark.parametrize("weights", [(1,), (0, 3, 2), (5, 5, 5, 1)])
@pytest.mark.parametrize("total", [0, 1, 7, 1000])
def test_apportion_is_its_parts(total: int, weights: Sequence[int]) -> None:
    assert walked(loop_of(apportion), total, weights) == apportion(total, weights)


@pytest.mark.parametrize("number", [0, 1])
def test_deleverage_is_its_parts(number: int) -> None:
    sizes = {"ann": -3, "bob": -5, "cat": 4, "dan": -1, "@fees": -9}
    accounts = Map({name: Account(Map(), Map({"M": Position(size, 0)}), 1, "", None) for name, size in sizes.items()})
    for rest in range(8):
        asked = {"taken_over": "cat", "market_id": "M", "size": 8, "rest": rest, "minimum_candidates": 2}
        found = walked(loop_of(deleverage, number), accounts, (Share("bob", 1, 1),), **asked)
        assert found == deleverage(accounts, (Share("bob", 1, 1),), **asked)  # type: ignore[arg-type]


def odd(items: Sequence[int], least: int) -> list[int]:
    """A function with a comprehension."""
    return [item * 2 for item in items if item > least]


def running(items: Sequence[int]) -> list[int]:
    """A comprehension whose items leave something to the next."""
    total = 0
    return [total := total + item for item in items]


def test_a_comprehension_is_its_parts_where_each_item_is_by_itself() -> None:
    parts = comprehension_of(odd)
    assert [*gathered(parts, {"items": (1, 5, 9), "least": 3})] == odd((1, 5, 9), 3)
    with pytest.raises(ValueError, match="leave something"):
        comprehension_of(running)


GIVEN = "        given_so_far = given\n"
LISTED = "                opposite.append((-against, account_id))\n"
COUNTED = "        covered -= negative_size\n"
ROOMS = "    rooms = []\n"
TAKEN = "held=held, taken_over=size),\n            )\n        )\n"

BROKEN: dict[str, tuple[str, Bug]] = {
    "a total changed before": (
        "apportion-any",
        Bug("units", "weight_so_far, given_so_far = 0, 0", "weight_so_far, given_so_far, total = 0, 0, total + 1"),
    ),
    "a total changed within": ("apportion-any", Bug("units", GIVEN, f"{GIVEN}        total -= 1\n")),
    "a divisor changed within": (
        "apportion-any",
        Bug("units", GIVEN, f"{GIVEN}        whole += 1 if weight == 5 else 0\n"),
    ),
    "broken off": ("apportion-any", Bug("units", GIVEN, f"{GIVEN}        if weight == 3:\n            break\n")),
    "weights in order": (
        "apportion-any",
        Bug("units", "    parts = []\n", "    parts, weights = [], sorted(weights)\n"),
    ),
    "the third part": (
        "apportion-any",
        Bug("units", "parts.append(given - given_so_far)", "parts.append(given - given_so_far + (len(parts) == 2))"),
    ),
    "a size changed before": ("allocation-any", Bug("rules.takeover", ROOMS, f"{ROOMS}    size = 2 * size\n")),
    "only the first": ("allocation-any", Bug("rules.takeover", TAKEN, f"{TAKEN}        break\n")),
    "a price changed within": ("allocation-any", Bug("rules.takeover", TAKEN, f"{TAKEN}        per_lot = 1\n")),
    "a direction changed within": (
        "opposite-any",
        Bug("rules.takeover", LISTED, f"{LISTED}                direction = -direction\n"),
    ),
    "takings forgotten": ("opposite-any", Bug("rules.takeover", LISTED, f"{LISTED}                taken = {{}}\n")),
    "takings cleared": ("opposite-any", Bug("rules.takeover", LISTED, f"{LISTED}                taken.clear()\n")),
    "listing broken off": ("opposite-any", Bug("rules.takeover", LISTED, f"{LISTED}                break\n")),
    "only some of those listed": (
        "candidates-any",
        Bug("rules.takeover", "    covered = 0\n", "    covered, opposite = 0, opposite[:9]\n"),
    ),
    "a rest changed within": ("candidates-any", Bug("rules.takeover", COUNTED, f"{COUNTED}        rest -= 1\n")),
    "a least number changed before": (
        "candidates-any",
        Bug("rules.takeover", "    covered = 0\n", "    covered, minimum_candidates = 0, 1\n"),
    ),
    "at most five": (
        "candidates-any",
        Bug("rules.takeover", "if len(chosen) >= minimum", "if len(chosen) == 5 or len(chosen) >= minimum"),
    ),
    "only two markets": (
        "shrink-any",
        Bug("pricing", "zip(given_up, lots, strict=True))", "zip(given_up[:2], lots[:2], strict=True))"),
    ),
    "only the last takeover": ("pruning-any", Bug("capacity", "(*recent, takeover))", "(*recent[-1:], takeover))")),
    "the largest takeover": (
        "pruning-any",
        Bug("capacity", "return sum(takeover.notional for", "return max(takeover.notional for"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_one_part_does_wrong_is_refuted(name: str) -> None:
    claim_id, bug = BROKEN[name]
    assert outcome_of_mutant(BY_ID[claim_id], bug).status is Status.REFUTED


@pytest.mark.parametrize("claim_id", sorted({claim_id for claim_id, _ in BROKEN.values()}))
def test_a_bug_that_changes_nothing_is_not_refuted(claim_id: str) -> None:
    """So what refutes a planted bug is what it does, and not that it is planted."""
    claim = BY_ID[claim_id]
    bug = claim.bugs[0]
    assert isinstance(bug, Bug)
    assert outcome_of_mutant(claim, attrs.evolve(bug, instead=bug.phrase)).status is Status.PROVED


def test_what_is_known_of_a_split_is_what_claims_say_that_rest_on_no_such_knowledge() -> None:
    for lemma in {SPLIT, *(lemma for claim in CLAIMS for lemma in claim.lemmas)}:
        assert lemma.by
        for claim_id in lemma.by:
            assert BY_ID[claim_id].subject == lemma.function
            assert BY_ID[claim_id].quick
            assert not BY_ID[claim_id].lemmas


def test_what_is_known_of_a_split_is_taken_only_where_it_is_claimed() -> None:
    def proof(path: Path) -> None:
        total = path.integer("total", least=0)
        parts = known_split(total, (3, path.integer("weight", least=-1), 4))
        path.reach("accepted")
        path.require(parts[1] >= 0, "false of a weight of -1")

    result = prove(proof)
    assert (result.status, result.values["weight"]) == (Status.REFUTED, -1)
    assert "negative weight" in result.detail
