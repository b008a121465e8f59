"""Planted bugs: copies of the core in which one phrase of the source is replaced, and the laws that catch them."""

import ast
import importlib
import inspect
from collections.abc import Callable

from ledger.checks import MODULES, Apply, copy_of_apply
from ledger.laws import REGISTRY, LawBroken, Monitor, Step
from ledger.outcomes import Outcome
from ledger.postings import LedgerBug
from ledger.state import State
from ledger.transition import state_after
from tests.scenarios import Scenario

COPIED = (*MODULES, "ledger.margin", "ledger.pricing", "ledger.liquidity", "ledger.capacity", "ledger.units")
"""The modules a bug may be planted in: functions only, so that copies share every type with the real ones."""


def plant(module: str, phrase: str, bug: str) -> Apply:
    """`apply` of a copy of the core in which `phrase`, which occurs once in the module, reads `bug`."""
    name = f"ledger.{module}"

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            source = _source(name)
            assert source.count(phrase) == 1, f"{phrase!r} occurs {source.count(phrase)} times in {name}"
            return ast.parse(source.replace(phrase, bug))

    assert name in COPIED
    return copy_of_apply({name: Replace()}, {}, COPIED)


def _source(name: str) -> str:
    return inspect.getsource(importlib.import_module(name))


def first_broken(
    apply: Apply, scenario: Scenario, state_after: Callable[[State, Outcome], State] = state_after
) -> str | None:
    """The id and scope of the first law that breaks as `apply` answers the scenario, such as "CON-1 step".

    "bug: ..." where the ledger itself raised; None where every law holds.
    """
    state = scenario.start
    monitor = Monitor(state, REGISTRY, state_every=1)
    try:
        for transaction in scenario.transactions:
            outcome = apply(state, transaction)
            after = state_after(state, outcome)
            monitor.observe(Step(state, transaction, outcome, after))
            state = after
        monitor.finish()
    except LawBroken as broken:
        return f"{broken.law.id} {broken.law.scope.value}"
    except LedgerBug as bug:
        return f"bug: {type(bug).__name__}"
    return None
