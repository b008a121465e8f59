"""Every claim, in order."""

from . import kernels_units
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (*kernels_units.CLAIMS,)
