"""Every claim, in order."""

from . import (
    kernels_margin,
    kernels_program,
    kernels_rules,
    kernels_units,
    rules_accounts,
    rules_liquidate,
    rules_trade,
    rules_venue,
)
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (
    *kernels_units.CLAIMS,
    *kernels_margin.CLAIMS,
    *kernels_program.CLAIMS,
    *kernels_rules.CLAIMS,
    *rules_accounts.CLAIMS,
    *rules_venue.CLAIMS,
    *rules_trade.CLAIMS,
    *rules_liquidate.CLAIMS,
)
