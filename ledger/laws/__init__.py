"""The laws of the ledger, each written once (specs/laws): one registry, and the monitor that runs it."""

from . import (
    accounts,
    bookkeeping,
    capacity,
    conservation,
    determinism,
    fills,
    frame,
    liquidation,
    liquidity,
    loss_waterfall,
    takeover,
    telling,
    venue,
)
from .law import HELD, Breach, HistoryLaw, Law, Looks, Scope, Span, StateLaw, Step, StepLaw, Verdict, remembered
from .monitor import Count, LawBroken, Monitor, is_asked

REGISTRY: tuple[Law, ...] = (
    *conservation.LAWS,
    *bookkeeping.LAWS,
    *frame.LAWS,
    *accounts.LAWS,
    *capacity.LAWS,
    *takeover.LAWS,
    *loss_waterfall.LAWS,
    *liquidation.LAWS,
    *fills.LAWS,
    *venue.LAWS,
    *liquidity.LAWS,
    *telling.LAWS,
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
    "Looks",
    "Monitor",
    "Scope",
    "Span",
    "StateLaw",
    "Step",
    "StepLaw",
    "Verdict",
    "is_asked",
    "remembered",
]
