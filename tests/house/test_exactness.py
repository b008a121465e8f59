"""The core counts in integers and depends on nothing but its arguments: a test of the source says so.

Every way around exactness and determinism that Python offers is looked for in the syntax trees, and each of them is
shown to be found in a planted line.
"""

import ast

import pytest

from .source import exact_modules, sources, tree

DIVIDING_MODULES = ("units",)
"""The only modules in which a division occurs."""

GENERATING_MODULE = "values"
"""The only module that makes code of text: constructors, of the names of fields, as attrs does."""

RANDOM_MODULE = "choosers"
"""The only module that asks for random numbers, of a seed."""

FORBIDDEN_NAMES = {
    "float": "no floats",
    "complex": "no floats",
    "Decimal": "integers, not decimals",
    "Fraction": "integers, not fractions",
    "round": "every rounding names its direction",
    "pow": "a negative exponent makes a float",
    "hash": "differs from process to process",
    "id": "differs from process to process",
    "open": "no input, no output",
    "input": "no input, no output",
    "print": "no input, no output",
    "eval": "no code from text",
    "exec": "no code from text",
    "__import__": "no code from text",
    "globals": "no state outside the arguments",
    "breakpoint": "no debugging left behind",
}

ORDER_BLIND = {"sorted", "len", "sum", "min", "max", "any", "all", "frozenset", "set", "isinstance", "bool"}
"""Calls that may take a set: what they answer does not depend on its order."""

SET_TYPES = {"set", "frozenset", "Set", "AbstractSet", "MutableSet"}


def inexact(module_tree: ast.Module, *, may_divide: bool) -> list[str]:
    """Where the source is inexact or depends on more than its arguments: "line: what is wrong"."""
    found: list[str] = []
    for node in ast.walk(module_tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.append(f"{line}: the float {node.value}")
        elif isinstance(node, ast.BinOp | ast.AugAssign):
            found += [f"{line}: {wrong}" for wrong in _operators(node.op, may_divide=may_divide)]
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES and isinstance(node.ctx, ast.Load):
            found.append(f"{line}: {node.id}: {FORBIDDEN_NAMES[node.id]}")
        elif isinstance(node, ast.Name) and node.id == "divmod" and not may_divide:
            found.append(f"{line}: divmod: divisions are in units")
        elif isinstance(node, ast.Attribute) and node.attr in {"__hash__", "__truediv__", "__floordiv__", "__mod__"}:
            found.append(f"{line}: {node.attr}")
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.append(f"{line}: state outside the arguments")
    return found + _unordered(module_tree)


def _operators(operator: ast.operator, *, may_divide: bool) -> list[str]:
    if isinstance(operator, ast.Div):
        return ["the / operator"]
    if isinstance(operator, ast.FloorDiv | ast.Mod) and not may_divide:
        return ["a division outside units"]
    if isinstance(operator, ast.Pow) and not may_divide:
        return ["a power outside units, where a negative exponent would make a float"]
    return []


def _unordered(module_tree: ast.Module) -> list[str]:
    """Where the order of a set is used: loops, comprehensions and calls that keep the order they are given."""
    names, attributes = _set_names(module_tree)
    found: list[str] = []

    def is_set(node: ast.expr) -> bool:
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in {"set", "frozenset"}
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor) and (
                is_set(node.left) or is_set(node.right)
            )
        if isinstance(node, ast.IfExp):
            return is_set(node.body) or is_set(node.orelse)
        if isinstance(node, ast.Name):
            return node.id in names
        return isinstance(node, ast.Attribute) and node.attr in attributes

    excused: set[ast.AST] = set()
    for node in ast.walk(module_tree):
        if isinstance(node, ast.SetComp):
            excused.update(node.generators)  # one set made of another has no order to keep
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDER_BLIND:
            for argument in node.args:
                if isinstance(argument, ast.GeneratorExp | ast.ListComp):
                    excused.update(argument.generators)
    for node in ast.walk(module_tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.For) and is_set(node.iter):
            found.append(f"{line}: a loop over a set")
        elif isinstance(node, ast.comprehension) and node not in excused and is_set(node.iter):
            found.append(f"{node.iter.lineno}: a comprehension over a set")
        elif isinstance(node, ast.Starred) and is_set(node.value):
            found.append(f"{line}: a set unpacked")
        elif isinstance(node, ast.Call):
            blind = isinstance(node.func, ast.Name) and node.func.id in ORDER_BLIND
            ordered = isinstance(node.func, ast.Name) and node.func.id in {
                "tuple",
                "list",
                "iter",
                "enumerate",
                "zip",
                "map",
                "filter",
                "dict",
                "reversed",
            }
            popped = isinstance(node.func, ast.Attribute) and node.func.attr == "pop" and is_set(node.func.value)
            if popped or (ordered and not blind and any(is_set(argument) for argument in node.args)):
                found.append(f"{line}: the order of a set is used")
    return found


def _set_names(module_tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names and attributes that hold sets: annotated as such, or assigned from one."""
    names: set[str] = set()
    attributes: set[str] = set()

    def annotated(annotation: ast.expr | None) -> bool:
        return annotation is not None and any(
            isinstance(part, ast.Name) and part.id in SET_TYPES
            for part in ([annotation.value] if isinstance(annotation, ast.Subscript) else [annotation])
        )

    for node in ast.walk(module_tree):
        if isinstance(node, ast.arg) and annotated(node.annotation):
            names.add(node.arg)
        elif isinstance(node, ast.AnnAssign) and annotated(node.annotation):
            if isinstance(node.target, ast.Name):
                names.add(node.target.id)
                attributes.add(node.target.id)
            elif isinstance(node.target, ast.Attribute):
                attributes.add(node.target.attr)
        elif isinstance(node, ast.Assign):
            made = isinstance(node.value, ast.Set | ast.SetComp) or (
                isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Name)
                and node.value.func.id in {"set", "frozenset"}
            )
            for target in node.targets:
                if made and isinstance(target, ast.Name):
                    names.add(target.id)
                elif made and isinstance(target, ast.Attribute):
                    attributes.add(target.attr)
    return names, attributes


@pytest.mark.parametrize("module", exact_modules())
def test_core_and_laws_are_exact_and_deterministic(module: str) -> None:
    found = inexact(tree(module), may_divide=module in DIVIDING_MODULES)
    if module == GENERATING_MODULE:
        assert [wrong.partition(": ")[2] for wrong in found] == ["exec: no code from text"]
    else:
        assert found == []


@pytest.mark.parametrize("module", [module for module in sources() if module.startswith("fuzzing")])
def test_random_testing_repeats_itself(module: str) -> None:
    """A seed makes the same examples in every process: generators may divide, but nothing of the process decides."""
    assert [wrong for wrong in inexact(tree(module), may_divide=True) if "no input, no output" not in wrong] == []


def test_core_is_covered() -> None:
    assert {"units", "margin", "rules.trade", "transition", "laws.law"} <= set(exact_modules())


@pytest.mark.parametrize("module", [module for module in sources() if module not in exact_modules()])
def test_edges_read_and_write_integers(module: str) -> None:
    """Numbers cross the edge as text: no module of the package makes a float or a decimal of a quantity.

    Nor is anything random, but for the one seeded source of random testing's choices.
    """
    outside = {"decimal", "fractions", "Decimal", "Fraction", "random", "math"}
    if module == RANDOM_MODULE:
        outside.remove("random")
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not outside & set(imported), f"ledger.{module} line {node.lineno}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"float", "complex"}, f"ledger.{module} line {node.lineno}"


PLANTED = [
    "x = 0.5",
    "x = 1e3",
    "x = 2j",
    "x = a / b",
    "a /= b",
    "x = a // b",
    "a //= b",
    "x = a % b",
    "x = a ** b",
    "x = divmod(a, b)",
    "x = pow(a, b)",
    "x = round(a)",
    "x = float(a)",
    "x = Decimal('1')",
    "x = hash(a)",
    "x = id(a)",
    "print(a)",
    "x = a.__truediv__(b)",
    "def f():\n    global x\n    x = 1",
    "for x in {1, 2}: pass",
    "for x in set(a): pass",
    "s = set(a)\nfor x in s: pass",
    "def f(s: frozenset[str]):\n    return [x for x in s]",
    "def f(s: set[str]):\n    return tuple(s)",
    "x = [*{1, 2}]",
    "x = list(frozenset(a))",
    "x = {a: 1 for a in set(b) | c}",
    "class C:\n    reached: frozenset[str]\ndef f(c):\n    return [x for x in c.reached]",
    "s = {1}\nx = s.pop()",
]


@pytest.mark.parametrize("line", PLANTED)
def test_what_is_planted_is_found(line: str) -> None:
    assert inexact(ast.parse(line), may_divide=False) != []


INNOCENT = [
    "x = sorted({1, 2})",
    "x = sum(a for a in {1, 2})",
    "x = len(set(a))",
    "x = a in {1, 2}",
    "x = {a for a in set(b)}",
    "x = a * b - c",
    "x = floor_div(a, b)",
    "for x in sorted(set(a)): pass",
]


@pytest.mark.parametrize("line", INNOCENT)
def test_what_is_innocent_passes(line: str) -> None:
    assert inexact(ast.parse(line), may_divide=False) == []
