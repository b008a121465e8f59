"""Every claim, in order."""

from . import conservation, guards, kernels, lemmas, lemmas_capacity, lemmas_sufficiency
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (
    *kernels.CLAIMS,
    *lemmas.CLAIMS,
    *lemmas_capacity.CLAIMS,
    *lemmas_sufficiency.CLAIMS,
    *guards.CLAIMS,
    *conservation.CLAIMS,
)
