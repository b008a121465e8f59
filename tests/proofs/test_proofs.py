"""The quick proofs hold, their mutants are refuted, and every claim says what it is about."""

import pytest

from ledger.laws import REGISTRY
from specs.proofs.claims import Claim, Kind, outcome_of_mutant
from specs.proofs.engine import Status
from specs.proofs.registry import CLAIMS

from .results import QUICK, proved

MUTANTS = [(claim, number) for claim in QUICK for number in range(len(claim.bugs))]


@pytest.mark.parametrize("claim", QUICK, ids=lambda claim: claim.id)
def test_quick_claims_are_proved(claim: Claim) -> None:
    result = proved(claim)
    assert result.status is Status.PROVED, result
    assert result.conditions > 0
    assert set(claim.reaches) <= set(result.witnesses)


@pytest.mark.parametrize(("claim", "number"), MUTANTS, ids=[f"{claim.id}-{number}" for claim, number in MUTANTS])
def test_their_mutants_are_refuted(claim: Claim, number: int) -> None:
    result = outcome_of_mutant(claim, claim.bugs[number])
    assert result.status is Status.REFUTED, result


def test_claims_have_ids_of_their_own_and_name_laws_that_exist() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    known = {law.id for law in REGISTRY}
    for claim in CLAIMS:
        assert claim.laws or claim.kind is Kind.KERNEL, claim.id
        assert set(claim.laws) <= known, claim.id
        assert claim.statement.endswith("."), claim.id
        assert claim.reaches, claim.id
        assert claim.bugs, claim.id
        assert len(set(claim.bugs)) == len(claim.bugs), claim.id
