"""The arithmetic of the rules, looked at while it runs: how wide integers become, and what signs numerators have.

Copies of the real modules run, in which every product, sum and call is shown to a `Watch` and nothing else is changed.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from ledger.checks import MODULES, Apply, copy_of_apply
from tests.house.source import CORE, tree

DIVISIONS = (
    *("floor_div", "ceil_div", "div_toward_zero", "root_ceil"),
    *("floor_to_multiple", "remainder", "is_multiple", "apportion"),
)
"""The functions of `units` that divide."""

RULES = tuple(module for module in CORE if not module.startswith("operator"))
"""What decides outcomes, in reading order."""

WATCHED = (*MODULES, *(f"ledger.{module}" for module in ("units", "margin", "pricing", "liquidity", "capacity")))
Site = tuple[str, str]
"""A function, such as `rules.fills.fee_on`, and the division that it makes."""


def functions(module: str) -> dict[str, ast.FunctionDef]:
    """The functions of a module by their names."""
    return {node.name: node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef)}


def divides(node: ast.FunctionDef) -> bool:
    """Whether a function of `units` divides itself."""
    operators = (ast.FloorDiv, ast.Mod)
    return any(isinstance(part, ast.BinOp) and isinstance(part.op, operators) for part in ast.walk(node))


def sites() -> set[Site]:
    """Every function of the rules that makes a division, with each that it makes."""
    return {
        (f"{module}.{name}", part.func.id)
        for module in RULES
        for name, node in functions(module).items()
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in DIVISIONS
        if module != "units"
    }


def multiplying() -> set[str]:
    """Every function of the rules that multiplies or divides."""
    return {site for site, _ in sites()} | {
        f"{module}.{name}"
        for module in RULES
        for name, node in functions(module).items()
        if module != "units"
        if any(isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult) for part in ast.walk(node))
    }


class Watch:
    """What is seen while copies run.

    `bits`: of the widest integer, sign apart, since `width_of` began. `widest`: the same by the function that worked it
    out, since ever. `signs`: those of every numerator, by site.
    """

    def __init__(self) -> None:
        self.bits = 0
        self.widest: dict[str, int] = defaultdict(int)
        self.signs: dict[Site, set[int]] = defaultdict(set)
        self.modules: dict[str, SimpleNamespace] = {}
        self.apply: Apply = copy_of_apply(
            {module: _Shown(module) for module in WATCHED},
            {"_note": self.note, "_divided": self.divided, "_register": self.register},
            WATCHED,
        )

    def function(self, name: str) -> Callable[..., Any]:
        """A function of the copies, by its name such as `rules.fills.fee_on`."""
        module, _, function = name.rpartition(".")
        found: Callable[..., Any] = getattr(self.modules[f"ledger.{module}"], function)
        return found

    def width_of(self, operation: Callable[[], object]) -> int:
        """Bits of a signed integer that holds everything which an operation works out, what it calls included."""
        self.bits = 0
        operation()
        return self.bits + 1

    def note(self, where: str, value: Any) -> Any:
        """A value that a function worked out on its way."""
        if type(value) is int:
            self.bits = max(self.bits, value.bit_length())
            self.widest[where] = max(self.widest[where], value.bit_length())
        return value

    def divided(self, site: str, division: str, function: Callable[..., Any], *operands: Any) -> Any:
        """A division: its operands and its quotient."""
        numerator = operands[0]
        self.signs[site, division].add((numerator > 0) - (numerator < 0))
        for operand in operands:
            self.note(site, operand)
        return self.note(site, function(*operands))

    def register(self, module: str, contents: Mapping[str, Any]) -> None:
        """The names of a copied module."""
        self.modules[module] = SimpleNamespace(**contents)


class _Shown(ast.NodeTransformer):
    """Shows every product, sum, augmented sum, call and division of a module."""

    def __init__(self, module: str) -> None:
        self.module = module.removeprefix("ledger.")
        self.function = ""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        self.generic_visit(node)
        node.body += ast.parse("_register(__name__, globals())").body
        return ast.fix_missing_locations(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.function = node.name
        self.generic_visit(node)
        self.function = ""
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._note(node) if self.function else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        return [node, ast.copy_location(ast.Expr(self._note(ast.Name(node.target.id, ast.Load()))), node)]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not self.function or not isinstance(node.func, ast.Name):
            return node
        if node.func.id in DIVISIONS and self.module != "units":
            return _call("_divided", self._where, ast.Constant(node.func.id), node.func, *node.args)
        return self._note(node)

    @property
    def _where(self) -> ast.Constant:
        return ast.Constant(f"{self.module}.{self.function}")

    def _note(self, node: ast.expr) -> ast.Call:
        return _call("_note", self._where, node)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
