"""What is claimed: a proof of the real code, and a planted bug with which the same proof must fail."""

import ast
import enum
import importlib
import inspect
import linecache
import sys
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any, cast

import attrs

from ledger.checks import MODULES, Check, apply_without, checks_of, copy_of_apply
from ledger.transactions import TYPES

from .engine import ACCEPTED, Budget, Path, Result, prove

COPIED = (*MODULES, "ledger.margin", "ledger.pricing", "ledger.liquidity", "ledger.capacity", "ledger.units")
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


@attrs.frozen
class Lemma:
    """A function that calls the one of the ledger at `function`, such as "units.apportion", in copies of the modules.

    What `instead` then lets the path assume of the answer is what the claims of the ids `by` say of it.
    """

    function: str
    instead: Callable[..., Any]
    by: tuple[str, ...]


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
    ordinary tests. `bug`: one planted bug, or several, with each of which the same proof must fail. `lemmas`: functions
    of which more is known than their code shows the solver. `silent`: laws that it proves to have nothing to say there.
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
    lemmas: tuple[Lemma, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def bugs(self) -> tuple[PlantedBug, ...]:
        """Its planted bugs, at least one."""
        return self.bug if isinstance(self.bug, tuple) else (self.bug,)


def outcome_of(claim: Claim) -> Result:
    """The proof of the real code."""
    return _proved(claim, _real(claim.subject, claim.lemmas))


def outcome_of_mutant(claim: Claim, bug: PlantedBug | None = None) -> Result:
    """The same proof of the code with the planted bug, the first one unless another is given: it must be REFUTED."""
    return _proved(claim, _with_bug(claim.subject, bug or claim.bugs[0], claim.lemmas))


def _proved(claim: Claim, function: Any) -> Result:
    return prove(lambda path: claim.prove(path, function), reaches=claim.reaches, budget=claim.budget)


def _real(subject: str, lemmas: Sequence[Lemma]) -> Any:
    if lemmas:
        return _with_changes(subject, {}, lemmas)
    module, _, name = subject.rpartition(".")
    return getattr(importlib.import_module(f"ledger.{module}"), name)


def _with_bug(subject: str, bug: PlantedBug, lemmas: Sequence[Lemma]) -> Any:
    if isinstance(bug, Removal):
        if lemmas:
            module, line = _check(bug.check).place
            return _with_changes(subject, {module: _Without(line)}, lemmas)
        if subject != APPLY:
            raise ValueError(f"{bug.check} is removed from a whole rule, not from {subject}")
        return apply_without(_check(bug.check))
    name = f"ledger.{bug.module}"
    source = inspect.getsource(importlib.import_module(name))
    if source.count(bug.phrase) != 1:
        raise ValueError(f"{bug.phrase!r} occurs {source.count(bug.phrase)} times in {name}")
    source = source.replace(bug.phrase, bug.instead)
    if subject == APPLY or lemmas:
        if name not in COPIED:
            raise ValueError(f"{name} is not copied, so a bug in it would not be seen")
        return _with_changes(subject, {name: _Instead(ast.parse(source))}, lemmas)
    return _function_of_copy(name, source, subject)


class _Instead(ast.NodeTransformer):
    """Another module."""

    def __init__(self, module: ast.Module) -> None:
        self.module = module

    def visit(self, node: ast.AST) -> ast.AST:
        return self.module


class _Without(ast.NodeTransformer):
    """A module in which the check at a line never refuses."""

    def __init__(self, line: int) -> None:
        self.line = line

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if node.lineno == self.line:
            node.test = ast.copy_location(ast.Constant(False), node.test)
        return node


class _Lacking(ast.NodeTransformer):
    """A module in which a function is defined no more, so that a name given to it stays; changed otherwise first."""

    def __init__(self, function: str, first: ast.NodeTransformer | None) -> None:
        self.function, self.first = function, first

    def visit_Module(self, node: ast.Module) -> ast.AST:
        changed = cast(ast.Module, self.first.visit(node)) if self.first else node
        changed.body = [
            part for part in changed.body if not (isinstance(part, ast.FunctionDef) and part.name == self.function)
        ]
        return changed


def _with_changes(subject: str, changes: dict[str, ast.NodeTransformer], lemmas: Sequence[Lemma]) -> Any:
    """The subject of copies of the modules, changed and with what stands in for their functions."""
    for lemma in lemmas:
        module, _, function = lemma.function.rpartition(".")
        name = f"ledger.{module}"
        changes = {**changes, name: _Lacking(function, changes.get(name))}
    names = {lemma.function.rpartition(".")[2]: lemma.instead for lemma in lemmas}
    apply = copy_of_apply(changes, names, COPIED)
    return apply if subject == APPLY else _reached_from(cast(FunctionType, apply), subject)


def _reached_from(apply: FunctionType, subject: str) -> Any:
    """The function of a copied module, found through the names that the modules' functions know."""
    module, _, wanted = subject.rpartition(".")
    pending, seen = [apply], {id(apply.__globals__)}
    while pending:
        names = pending.pop().__globals__
        if names["__name__"] == f"ledger.{module}":
            return names[wanted]
        for value in names.values():
            if isinstance(value, FunctionType) and id(value.__globals__) not in seen:
                seen.add(id(value.__globals__))
                pending.append(value)
    raise ValueError(f"no copied function reaches {subject}")


def _check(check_id: str) -> Check:
    for type_name in TYPES:
        for check in checks_of(type_name):
            if check_id == f"{check.rule.replace('_', '-')}-{check.number}":
                return check
    raise ValueError(f"no check has the id {check_id}")


def _function_of_copy(name: str, source: str, subject: str) -> Any:
    """The subject from its own module, executed with the change, its source at hand for who reads it."""
    module, _, function = subject.rpartition(".")
    if name != f"ledger.{module}":
        raise ValueError(f"a bug in {name} is not seen by {subject} of another module")
    copy = ModuleType(name)
    copy.__package__ = name.rpartition(".")[0]
    file = f"<copy of {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec"), vars(copy))
    # Its own types are the real ones, which the proof knows: else whatever it answers would be a stranger's.
    real = vars(sys.modules[name])
    vars(copy).update({own: real[own] for own, value in vars(copy).items() if _is_a_type_of(name, value)})
    return cast(Any, getattr(copy, function))


def _is_a_type_of(module: str, value: object) -> bool:
    return isinstance(value, type) and value.__module__ == module
