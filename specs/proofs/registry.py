"""Every claim, in order."""

from . import kernels, lemmas, lemmas_capacity, lemmas_sufficiency
from .claims import Claim
from .rules import deposit, enroll, fund, leave, mark, set_account, settle, trade_claims, withdraw

CLAIMS: tuple[Claim, ...] = (
    *kernels.CLAIMS,
    *lemmas.CLAIMS,
    *lemmas_capacity.CLAIMS,
    *lemmas_sufficiency.CLAIMS,
    *deposit.CLAIMS,
    *withdraw.CLAIMS,
    *set_account.CLAIMS,
    *trade_claims.CLAIMS,
    *mark.CLAIMS,
    *fund.CLAIMS,
    *settle.CLAIMS,
    *enroll.CLAIMS,
    *leave.CLAIMS,
)
