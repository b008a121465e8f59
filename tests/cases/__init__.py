"""Cases from other engines and venues, read with the ledger's own answers: what it reproduces and where it differs."""

from . import funding, losses, margins, positions, takeovers
from .toolbox import EXPLAINED, REPRODUCED, Case, Difference

__all__ = ["EXPLAINED", "REPRODUCED", "Case", "Difference", "funding", "losses", "margins", "positions", "takeovers"]
