"""An engine held against the ledger in lock-step (specs/engine-protocol).

from ledger.comparing import compare_log

comparison = compare_log("node engine.js", "counterexample.jsonl")
assert comparison.agrees, str(comparison.mismatch)
"""

from .comparison import Comparison, Ways, Where, compare_entries, compare_fuzz, compare_log
from .mismatches import Mismatch
from .shortening import Confirmed

__all__ = [
    "Comparison",
    "Confirmed",
    "Mismatch",
    "Ways",
    "Where",
    "compare_entries",
    "compare_fuzz",
    "compare_log",
]
