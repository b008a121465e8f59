"""What is claimed: a proof of the real code, and a planted bug with which the same proof must fail."""

import ast
import enum
import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

import attrs

from ledger.checks import MODULES, Check, apply_without, checks_of, copy_of_apply
from ledger.transactions import TYPE_NAMES

from .engine import ACCEPTED, Budget, Path, Result, prove

COPIED = (*MODULES, "ledger.margin", "ledger.pricing", "ledger.capacity", "ledger.units")
"""What a copy of `apply` is made of: modules of functions only, so that it shares every type with the real one."""

APPLY = "transition.apply"


@attrs.frozen
class Bug:
    """A planted bug: `phrase`, which occurs once in the module's source, reads `instead`."""

    module: str
    phrase: str
    instead: str


@attrs.frozen
class Removal:
    """A planted bug: the check of this id, such as "deposit-4", never refuses."""

    check: str


PlantedBug = Bug | Removal


class Kind(enum.Enum):
    """What a claim is about, and with it what it says of the laws that it names."""

    KERNEL = "kernel"
    """A leaf of a few lines. The laws rest on it."""
    GUARD = "guard"
    """When a rule accepts and what it changes. The laws rest on it."""
    LAWS = "laws"
    """After every acceptance by a rule the laws' own predicates hold."""


@attrs.frozen
class Claim:
    """A claim about the function `subject` of the ledger, such as "units.apportion", for all integers.

    `prove(path, function)` is its proof. `laws`: the ids of the laws whose own predicates it proves, where its kind is
    `LAWS`, or that rest on it. `transactions`: the types it is about, as the rulebook names them. `assumptions`: all
    that is taken for granted, bounds included. `reaches`: what must be possible. `quick`: whether it is part of the
    ordinary tests. `bug`: one planted bug, or several, with each of which the same proof must fail.
    """

    id: str
    kind: Kind
    transactions: tuple[str, ...]
    laws: tuple[str, ...]
    statement: str
    assumptions: tuple[str, ...]
    subject: str
    prove: Callable[[Path, Any], None]
    bug: PlantedBug | tuple[PlantedBug, ...]
    reaches: tuple[str, ...] = (ACCEPTED,)
    quick: bool = True
    budget: Budget | None = None

    @property
    def bugs(self) -> tuple[PlantedBug, ...]:
        """Its planted bugs, at least one."""
        return self.bug if isinstance(self.bug, tuple) else (self.bug,)


def outcome_of(claim: Claim) -> Result:
    """The proof of the real code."""
    return _proved(claim, _real(claim.subject))


def outcome_of_mutant(claim: Claim, bug: PlantedBug | None = None) -> Result:
    """The same proof of the code with the planted bug, the first one unless another is given: it must be REFUTED."""
    return _proved(claim, _with_bug(claim.subject, bug or claim.bugs[0]))


def _proved(claim: Claim, function: Any) -> Result:
    return prove(lambda path: claim.prove(path, function), reaches=claim.reaches, budget=claim.budget)


def _real(subject: str) -> Any:
    module, _, name = subject.rpartition(".")
    return getattr(importlib.import_module(f"ledger.{module}"), name)


def _with_bug(subject: str, bug: PlantedBug) -> Any:
    if isinstance(bug, Removal):
        if subject != APPLY:
            raise ValueError(f"{bug.check} is removed from a whole rule, not from {subject}")
        return apply_without(_check(bug.check))
    name = f"ledger.{bug.module}"
    source = inspect.getsource(importlib.import_module(name))
    if source.count(bug.phrase) != 1:
        raise ValueError(f"{bug.phrase!r} occurs {source.count(bug.phrase)} times in {name}")
    changed = ast.parse(source.replace(bug.phrase, bug.instead))
    if subject == APPLY:
        if name not in COPIED:
            raise ValueError(f"{name} is not copied, so a bug in it would not be seen")

        class Replace(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> ast.AST:
                return changed

        return copy_of_apply({name: Replace()}, {}, COPIED)
    return _function_of_copy(name, changed, subject)


def _check(check_id: str) -> Check:
    for type_name in dict.fromkeys(TYPE_NAMES.values()):
        for check in checks_of(type_name):
            if check_id == f"{check.rule.replace('_', '-')}-{check.number}":
                return check
    raise ValueError(f"no check has the id {check_id}")


def _function_of_copy(name: str, changed: ast.Module, subject: str) -> Any:
    """The subject from its own module, executed with the change."""
    module, _, function = subject.rpartition(".")
    if name != f"ledger.{module}":
        raise ValueError(f"a bug in {name} is not seen by {subject} of another module")
    copy = ModuleType(name)
    copy.__package__ = name.rpartition(".")[0]
    exec(compile(changed, f"<copy of {name}>", "exec"), vars(copy))
    assert name in sys.modules
    return cast(Any, getattr(copy, function))
