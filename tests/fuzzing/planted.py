"""A planted bug for all that answers transactions: random testing, replays, and the laws that ask the ledger."""

import importlib

import pytest

from ledger.checks import Apply

ANSWERING = (
    "ledger.fuzzing.simulation",
    "ledger.replay",
    "ledger.cli.failed",
    "ledger.laws.determinism",
    "ledger.laws.liquidation",
)


def answer_with(monkeypatch: pytest.MonkeyPatch, apply: Apply) -> None:
    """Have this `apply` answer, in this process."""
    for module in ANSWERING:
        monkeypatch.setattr(importlib.import_module(module), "apply", apply)
