"""Every claim, in order."""

from . import conservation, guards, kernels
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (*kernels.CLAIMS, *guards.CLAIMS, *conservation.CLAIMS)
