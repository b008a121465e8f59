"""`backstop verify --quick` on this checkout: every quick claim holds, with its twins and mutants, nothing is unknown,
and every law was put to the test."""

from typing import Any

import pytest

from ledger.laws import REGISTRY
from ledger.verifying.verification import WAYS
from specs.proofs import registry as proofs
from specs.symbolic import registry as symbolic

DECLARED = {("symbolic", claim.id): claim.expected.value for claim in symbolic.CLAIMS if claim.quick}
DECLARED |= {("proofs", claim.id): "PROVED" for claim in proofs.CLAIMS if claim.quick}
QUICK = list(DECLARED)


def test_it_finds_nothing_and_leaves_nothing_unknown(quick_form: Any) -> None:
    assert quick_form["failures"] == []
    assert quick_form["unknown"] == []
    assert (quick_form["result"], quick_form["exit_code"]) == ("holds", 0)
    assert list(quick_form["seconds"]) == list(WAYS)


@pytest.mark.parametrize(("engine", "claim_id"), QUICK, ids=[" ".join(one) for one in QUICK])
def test_quick_claims_hold(quick_form: Any, engine: str, claim_id: str) -> None:
    (claim,) = (one for one in quick_form["claims"] if (one["engine"], one["id"]) == (engine, claim_id))
    assert claim["status"] == DECLARED[engine, claim_id], claim
    assert claim["paths"] > 0
    assert set(claim["checks"]) == ({"twin", "mutant"} if engine == "symbolic" else {"mutant"})
    assert set(claim["checks"].values()) == {"REFUTED"}, claim


def test_it_runs_no_other_claims(quick_form: Any) -> None:
    assert sorted((claim["engine"], claim["id"]) for claim in quick_form["claims"]) == sorted(QUICK)


@pytest.mark.parametrize("law", REGISTRY, ids=lambda law: f"{law.id} {law.scope.value}")
def test_every_law_was_put_to_the_test(quick_form: Any, law: Any) -> None:
    rows = [row for row in quick_form["laws"] if (row["id"], row["scope"]) == (law.id, law.scope.value)]
    assert rows
    assert sum(row["replayed"]["fired"] + row["random"]["fired"] for row in rows) > 0
