"""The checks of every rule, listed from the rules' own source, and the rules with one check taken out or looked at.

A check is a statement `if CONDITION: return Rejected(Reason.X, supplied, limit, subject)`. A rule's checks are found by
reading its function in source order, following calls of helpers named `refuse_...`, so the list is the rule's order of
precedence; the check of time in `transition.apply` is number 0 of every rule. Nothing here restates a rule: `compare`
and `apply_without` run copies of the rules' own source in which only check statements differ, so that a condition and
the figures beside it are what the rule itself computes. The copies are modules that nothing else can import; they
share state, transactions and outcomes with the real ones. The core does not import this.

The rules' source files are read at run time: where they are not installed everything here raises `SourceMissing`.
"""

import ast
import builtins
import errno
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from importlib.util import resolve_name
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import attrs

from . import rules
from .outcomes import Outcome, Reason, Rejected
from .state import State
from .transactions import TYPE_NAMES, Transaction

Apply = Callable[[State, Transaction], Outcome]
Place = tuple[str, int]
"""Where a check is written: module and line."""

TRANSITION = f"{__package__}.transition"
MODULES = (TRANSITION, *sorted(f"{rules.__name__}.{module.name}" for module in pkgutil.iter_modules(rules.__path__)))
"""The modules that hold checks."""


NO_FIGURE = (TypeError, ZeroDivisionError, NameError)
"""What computing a figure of a check that passed may raise: an optional value is None, there is no exposure for a rate,
or a name has no value because of one of these."""


class SourceMissing(OSError):
    """The source file of a module of rules is not there, so that its checks cannot be read."""

    def __init__(self, module: str) -> None:
        super().__init__(errno.ENOENT, "its source file is not installed, and a rule's checks are read from it", module)


@attrs.frozen
class Check:
    """One check of a rule: its `number` in the order of precedence, the reason of its refusal, when it refuses.

    `condition`: the source text that is true where it refuses. `calls`: the source text of the `refuse_...` calls that
    lead to it. `module`, `line`: where it is written; rules that share a helper share its checks' places.
    """

    rule: str
    number: int
    reason: Reason
    condition: str
    calls: tuple[str, ...]
    module: str
    line: int

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.module, self.line


@attrs.frozen
class Comparison:
    """A check that a transaction came to: whether it refused, and the figures it compares, as a refusal has them.

    A figure may be None where the check passed because there is nothing to compare with.
    """

    check: Check
    refused: bool
    figures: Rejected


def checks_of(type_name: str) -> tuple[Check, ...]:
    """The checks of a transaction type ("trade", "set-account") in order of precedence; KeyError for an unknown type.

    `mark` has two rules, for a market and for an asset: their checks follow one another, each numbered by itself.
    """
    rule_names = [_rules()[kind.__name__] for kind, name in TYPE_NAMES.items() if name == type_name]
    if not rule_names:
        raise KeyError(type_name)
    return tuple(check for rule_name in rule_names for check in _checks_of_rule(rule_name))


def checks_for(transaction: Transaction) -> tuple[Check, ...]:
    """The checks of the rule that answers this transaction, in order of precedence."""
    return _checks_of_rule(_rules()[type(transaction).__name__])


def all_checks() -> tuple[Check, ...]:
    """Every check once, by the first rule that makes it, in the order of the transaction types."""
    first: dict[Place, Check] = {}
    for rule_name in _rules().values():
        for check in _checks_of_rule(rule_name):
            first.setdefault(check.place, check)
    return tuple(first.values())


def apply_without(check: Check) -> Apply:
    """`transition.apply` in which this check never refuses, in whatever rule makes it."""
    return _apply_without(check.place)


def compare(state: State, transaction: Transaction, *, without: Check | None = None) -> tuple[Comparison, ...]:
    """Every check that the transaction comes to, in the order made, with the figures compared.

    A check that a rule makes for several parties or fills appears once for each. The last one refused where the
    transaction is refused; otherwise none did. With `without`, a check of this rule, the rule goes on past it, so that
    the last one tells what the transaction comes to next.
    """
    glance = _Glance(checks_for(transaction), without)
    token = _glances.set(glance)
    try:
        _looking_apply()(state, transaction)
    finally:
        _glances.reset(token)
    return tuple(glance.comparisons)


# Reading the source


@functools.cache
def _source(module: str) -> str:
    try:
        return inspect.getsource(importlib.import_module(module))
    except OSError:
        raise SourceMissing(module) from None


@functools.cache
def _functions(module: str) -> Mapping[str, tuple[str, ast.FunctionDef]]:
    """The functions that a module of checks names, its own and those it imports from another, with their modules."""
    tree = ast.parse(_source(module))
    named: dict[str, tuple[str, ast.FunctionDef]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            named[node.name] = module, node
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), module.rpartition(".")[0])
            if origin in MODULES:
                named |= {alias.name: found for alias in node.names if (found := _functions(origin).get(alias.name))}
    return MappingProxyType(named)


@functools.cache
def _rules() -> Mapping[str, str]:
    """The name of each transaction class's rule, as the match in `transition.apply` has it."""
    named = {}
    for node in ast.walk(_functions(TRANSITION)["apply"][1]):
        match node:
            case ast.match_case(
                pattern=ast.MatchClass(cls=ast.Name(id=kind)),
                body=[ast.Return(value=ast.Call(func=ast.Name(id=rule_name)))],
            ):
                named[kind] = rule_name
    return MappingProxyType({kind.__name__: named[kind.__name__] for kind in TYPE_NAMES})


@functools.cache
def _checks_of_rule(rule_name: str) -> tuple[Check, ...]:
    module, function = _functions(TRANSITION)[rule_name]
    of_time = _found(TRANSITION, _functions(TRANSITION)["apply"][1].body, ())
    of_rule = _found(module, function.body, ())
    found = [*of_time, *of_rule]
    return tuple(Check(rule_name, number, *fields) for number, fields in enumerate(found))


Found = tuple[Reason, str, tuple[str, ...], str, int]


def _found(module: str, nodes: Sequence[ast.AST], calls: tuple[str, ...]) -> Iterator[Found]:
    """The checks below the nodes in source order, helpers' in place of their calls."""
    for node in nodes:
        if isinstance(node, ast.If) and (refusal := _refusal(node)) is not None:
            reason = Reason[cast(ast.Attribute, refusal.args[0]).attr]
            yield reason, ast.unparse(node.test), calls, module, node.lineno
        helper = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if helper.startswith("refuse_"):
            origin, function = _functions(module)[helper]
            yield from _found(origin, function.body, (*calls, ast.unparse(node)))
        yield from _found(module, list(ast.iter_child_nodes(node)), calls)


def _refusal(node: ast.If) -> ast.Call | None:
    """The call of `Rejected` with which the body of a check ends; None for any other statement."""
    match node.body[-1]:
        case ast.Return(value=ast.Call(func=ast.Name(id="Rejected")) as call):
            return call
    return None


# Running copies of it


class _Glance:
    """What one `compare` has seen so far."""

    def __init__(self, checks: tuple[Check, ...], without: Check | None) -> None:
        self.checks, self.without = checks, without
        self.comparisons: list[Comparison] = []

    def look(self, place: Place, condition: bool, arguments: Sequence[Callable[[], Any]]) -> Rejected | None:
        """Note the check at this place, and answer its refusal where it refuses.

        Where a rule makes one check in several places of its order, it is the next of them.
        """
        number = self.comparisons[-1].check.number if self.comparisons else -1
        here = [check for check in self.checks if check.place == place]
        check = next((check for check in here if check.number > number), here[0])
        figures = Rejected(*(_value_of(argument, must_have_one=condition) for argument in arguments))
        refused = condition and check != self.without
        self.comparisons.append(Comparison(check, refused, figures))
        return figures if refused else None


def _value_of(argument: Callable[[], Any], *, must_have_one: bool) -> Any:
    """A figure of a check; None where a check that passed has none, such as the bound of a band that is not there."""
    try:
        return argument()
    except NO_FIGURE:
        if must_have_one:
            raise
        return None


_glances: ContextVar[_Glance] = ContextVar("glances")


def _look(module: str, line: int, condition: bool, *arguments: Callable[[], Any]) -> Rejected | None:
    return _glances.get().look((module, line), bool(condition), arguments)


@functools.cache
def _apply_without(place: Place) -> Apply:
    module, line = place

    class Remove(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST:
            self.generic_visit(node)
            if node.lineno == line:
                node.test = ast.copy_location(ast.Constant(False), node.test)
            return node

    return copy_of_apply({module: Remove()}, {})


@functools.cache
def _looking_apply() -> Apply:
    """`apply` that shows each check to `_look`, figures included, and does what that answers."""

    class Look(ast.NodeTransformer):
        def __init__(self, module: str) -> None:
            self.module = module

        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            self.generic_visit(node)
            figures = _refusal(node)
            if figures is None:
                return node
            condition, prepare, look, decide = ast.parse(
                "_condition = None\n"
                "try: pass\n"
                "except _NO_FIGURE:\n"
                "    if _condition: raise\n"
                f"_refused = _look({self.module!r}, {node.lineno}, _condition)\n"
                "if _refused: return _refused"
            ).body
            cast(ast.Assign, condition).value = node.test
            # What a check computes before it returns is for its figures only, so it may be computed either way.
            cast(ast.Try, prepare).body[:0] = node.body[:-1]
            nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            arguments = [ast.Lambda(nothing, argument) for argument in figures.args]
            cast(ast.Call, cast(ast.Assign, look).value).args += arguments
            cast(ast.If, decide).orelse = node.orelse
            statements = (condition, prepare, look, decide)
            return [ast.fix_missing_locations(ast.copy_location(statement, node)) for statement in statements]

    return copy_of_apply({module: Look(module) for module in MODULES}, {"_look": _look, "_NO_FIGURE": NO_FIGURE})


def copy_of_apply(
    changes: Mapping[str, ast.NodeTransformer], names: Mapping[str, object], modules: Sequence[str] = MODULES
) -> Apply:
    """The `apply` of copies of `modules`, some of them changed, with extra global names."""
    copies: dict[str, SimpleNamespace] = {}

    def import_copy(name: str, given: Any = None, local: Any = None, wanted: Sequence[str] = (), level: int = 0) -> Any:
        absolute = resolve_name("." * level + name, given["__package__"]) if level else name
        return copy(absolute) if absolute in modules else builtins.__import__(name, given, local, wanted, level)

    def copy(module: str) -> SimpleNamespace:
        if module not in copies:
            tree: ast.AST = ast.parse(_source(module))
            if module in changes:
                tree = changes[module].visit(tree)
            contents: dict[str, Any] = {
                **names,
                "__name__": module,
                "__package__": module.rpartition(".")[0],
                "__builtins__": {**vars(builtins), "__import__": import_copy},
            }
            exec(compile(cast(ast.Module, tree), f"<copy of {module}>", "exec"), contents)
            copies[module] = SimpleNamespace(**contents)
        return copies[module]

    return cast(Apply, copy(TRANSITION).apply)
