"""Every claim says what it is about; that the quick ones are proved is tested with `backstop verify`."""

from ledger.laws import REGISTRY
from specs.proofs.claims import Kind
from specs.proofs.registry import CLAIMS


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
