"""Every claim, in order."""

from . import kernels_margin, kernels_program, kernels_rules, kernels_units
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (
    *kernels_units.CLAIMS,
    *kernels_margin.CLAIMS,
    *kernels_program.CLAIMS,
    *kernels_rules.CLAIMS,
)
