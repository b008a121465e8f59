"""Every claim, in order."""

from . import (
    kernels_liquidity,
    kernels_margin,
    kernels_postings,
    kernels_program,
    kernels_rules,
    kernels_takeover,
    kernels_units,
    rules_accounts,
    rules_liquidate,
    rules_losses,
    rules_observe,
    rules_program,
    rules_trade,
    rules_transfer,
    rules_venue,
)
from .claims import Claim

CLAIMS: tuple[Claim, ...] = (
    *kernels_units.CLAIMS,
    *kernels_margin.CLAIMS,
    *kernels_postings.CLAIMS,
    *kernels_program.CLAIMS,
    *kernels_rules.CLAIMS,
    *kernels_takeover.CLAIMS,
    *kernels_liquidity.CLAIMS,
    *rules_accounts.CLAIMS,
    *rules_program.CLAIMS,
    *rules_venue.CLAIMS,
    *rules_observe.CLAIMS,
    *rules_trade.CLAIMS,
    *rules_liquidate.CLAIMS,
    *rules_transfer.CLAIMS,
    *rules_losses.CLAIMS,
)
