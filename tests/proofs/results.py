"""Results of proofs, made once in a process."""

from functools import cache

from specs.proofs.claims import Claim, outcome_of
from specs.proofs.engine import Result
from specs.proofs.registry import CLAIMS

BY_ID = {claim.id: claim for claim in CLAIMS}


@cache
def _proved(claim_id: str) -> Result:
    return outcome_of(BY_ID[claim_id])


def proved(claim: Claim) -> Result:
    """The result of the claim's proof."""
    return _proved(claim.id)
