"""The laws of the ledger, each written once (specs/laws): one registry, and the monitor that runs it."""

from . import accounts, capacity, conservation, determinism, liquidation, takeover, venue
from .law import HELD, Breach, HistoryLaw, Law, Scope, Span, StateLaw, Step, StepLaw, Verdict
from .monitor import Count, LawBroken, Monitor

REGISTRY: tuple[Law, ...] = (
    *conservation.LAWS,
    *accounts.LAWS,
    *capacity.LAWS,
    *takeover.LAWS,
    *liquidation.LAWS,
    *venue.LAWS,
    *determinism.LAWS,
)
"""Every law, an id once per scope."""

__all__ = [
    "HELD",
    "REGISTRY",
    "Breach",
    "Count",
    "HistoryLaw",
    "Law",
    "LawBroken",
    "Monitor",
    "Scope",
    "Span",
    "StateLaw",
    "Step",
    "StepLaw",
    "Verdict",
]
