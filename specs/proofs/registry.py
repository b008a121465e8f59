"""Every claim, in order."""

from . import conservation, guards, kernels, lemmas, lemmas_capacity
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (
    *kernels.CLAIMS,
    *lemmas.CLAIMS,
    *lemmas_capacity.CLAIMS,
    *guards.CLAIMS,
    *conservation.CLAIMS,
)
