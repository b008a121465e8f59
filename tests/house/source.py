"""The package's source as the house rules see it: its modules in reading order, parsed."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ledger"

CORE = (
    "values",
    "units",
    "rulebook",
    "state",
    "transactions",
    "postings",
    "outcomes",
    "margin",
    "pricing",
    "liquidity",
    "capacity",
    "rules",
    "rules.effects",
    "rules.parties",
    "rules.instants",
    "rules.rolling",
    "rules.preparation",
    "rules.fills",
    "rules.deposit",
    "rules.withdraw",
    "rules.set_account",
    "rules.trade",
    "rules.mark",
    "rules.observe",
    "rules.fund",
    "rules.settle",
    "rules.enroll",
    "rules.leave",
    "rules.liquidate",
    "rules.loss_waterfall",
    "rules.takeover",
    "rules.backstop_transfer",
    "transition",
    "operator.standing",
    "operator.liquidity",
    "operator.zones",
    "operator.index",
    "operator.actions",
    "operator",
)
"""What decides outcomes, and the operator that proposes transactions, in reading order: exact integers, no input, no
output."""

FORMATS = ("strict_json", "profiles", "canonical")
"""What reads JSON, makes rulebooks of documents and bytes of states, in reading order; the laws use the last of them.

A folder stands for all its modules, here and below."""

LAWS = ("laws.law",)
"""The laws' own foundation; the other modules under `laws` come after it, in the order of their names."""

EDGE = (
    "collector",
    "byte_lines",
    "log",
    "interchange",
    "checkpoints",
    "digests",
    "choosers",
    "processes",
    "source_code",
    "cluster",
    "simulation",
    "calibration",
    "checks",
    "law_files",
    "expectations",
    "replay",
    "stepping",
    "journal",
    "parallel",
    "differing",
    "watching",
    "fuzzing",
    "exporting",
    "engines",
    "comparing",
    "vectors",
    "verifying",
    "reports",
    "cli",
    "__main__",
)
"""What else reads and writes for people and machines, tries the ledger at random, or runs claims about it, in reading
order."""


def module_name(path: Path) -> str:
    """`rules.trade` for ledger/rules/trade.py, `rules` for its package, and nothing for the package itself."""
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sources() -> dict[str, Path]:
    """Every module of the package by name, sorted."""
    found = {module_name(path): path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts}
    return dict(sorted(found.items()))


@cache
def tree(module: str) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(sources()[module].read_text(encoding="utf-8"), filename=module)


def is_law(module: str) -> bool:
    """Whether the module belongs to the laws."""
    return module == "laws" or module.startswith("laws.")


def is_edge(module: str) -> bool:
    """Whether the module reads or writes for people and machines."""
    return any(_within(module, edge) for edge in (*FORMATS, *EDGE))


def _within(module: str, folder: str) -> bool:
    return module == folder or module.startswith(f"{folder}.")


def exact_modules() -> tuple[str, ...]:
    """The core and the laws: what must be exact and deterministic."""
    return tuple(module for module in sources() if module in CORE or is_law(module))


def reading_order(module: str) -> tuple[int, int, str]:
    """Where a module stands; a module may import only what stands before it. ValueError for one that stands nowhere."""
    if module in CORE:
        return 0, CORE.index(module), ""
    if module in LAWS:
        return 2, LAWS.index(module), ""
    if is_law(module):
        return (2, len(LAWS) + 1, "") if module == "laws" else (2, len(LAWS), module)
    for part, folders in ((1, FORMATS), (3, EDGE)):
        for position, folder in enumerate(folders):
            if _within(module, folder):
                return part, position, ""
    if module == "":
        return 4, 0, ""
    raise ValueError(f"ledger.{module} has no place in the reading order of tests/house/source.py")


def imported_modules(module: str) -> list[tuple[str, int]]:
    """What a module imports, with line numbers: `.rules.trade` for the package's own, plain names for others.

    `from . import x` is an import of x where x is a module.
    """
    path = sources()[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    package = [part for part in package if part]
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found += [(_own(alias.name), node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                base = _own(node.module or "")
            else:
                kept = package[: len(package) - (node.level - 1)]
                base = "." + ".".join([*kept, *(node.module or "").split(".")]).strip(".")
            if base.startswith("."):
                for alias in node.names:
                    inner = f"{base.strip('.')}.{alias.name}".strip(".")
                    found.append((f".{inner}" if inner in sources() else base, node.lineno))
            else:
                found.append((base, node.lineno))
    return found


def _own(name: str) -> str:
    return f".{name.removeprefix('ledger').strip('.')}" if name == "ledger" or name.startswith("ledger.") else name
