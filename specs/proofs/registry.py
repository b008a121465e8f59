"""Every claim, in order."""

from . import (
    kernels,
    kernels_liquidity,
    kernels_margin,
    kernels_units,
    kernels_venue,
    lemmas,
    lemmas_capacity,
    lemmas_sufficiency,
)
from .claims import Claim
from .rules import (
    deposit,
    enroll,
    fund,
    leave,
    liquidate_claims,
    liquidation_kernels,
    mark,
    observe,
    set_account,
    settle,
    states,
    trade_claims,
    transfer_claims,
    withdraw,
)

CLAIMS: tuple[Claim, ...] = (
    *kernels_units.CLAIMS,
    *kernels_margin.CLAIMS,
    *kernels_venue.CLAIMS,
    *kernels.CLAIMS,
    *kernels_liquidity.CLAIMS,
    *lemmas.CLAIMS,
    *lemmas_capacity.CLAIMS,
    *lemmas_sufficiency.CLAIMS,
    *deposit.CLAIMS,
    *withdraw.CLAIMS,
    *set_account.CLAIMS,
    *trade_claims.CLAIMS,
    *mark.CLAIMS,
    *observe.CLAIMS,
    *fund.CLAIMS,
    *settle.CLAIMS,
    *enroll.CLAIMS,
    *leave.CLAIMS,
    *liquidation_kernels.CLAIMS,
    *liquidate_claims.CLAIMS,
    *transfer_claims.CLAIMS,
    *states.CLAIMS,
)
