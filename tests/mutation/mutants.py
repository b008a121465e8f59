"""Every mutant of the core, each with a stable id, and a seeded sample of them, stratified by category."""

import ast
import builtins
import difflib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from .changes import Change, Source
from .operators import OPERATORS
from .vocabulary import FIGURES_OF, HOMES, WRITTEN, Written

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ledger"

CORE = ("units", "postings", "margin", "capacity", "pricing", "liquidity", "transition")
"""The modules that are mutated, beside all of `rules`."""

FIGURES = "figures"
CATEGORIES = (
    "arithmetic signs",
    "comparison boundaries",
    "rounding directions",
    "dropped checks",
    "swapped parties",
    "window edges",
    "forgotten residue",
    "stale states",
    "missed releases and rolls",
    "order of losses",
    "minima and maxima",
    "constants",
    "connectives",
    "negations",
    "early returns",
    "wrong attributes",
    "loops and order",
    FIGURES,
)


@attrs.frozen
class Mutant:
    """A module of the ledger with one small bug.

    `id`: module, line, column, operator and a hash of what is changed in which statement of which function. `source`:
    the whole module with the bug. `original`, `mutated`: the text that differs. `function`: the outermost one around
    it, empty at module level.
    """

    id: str
    module: str
    function: str
    line: int
    category: str
    original: str
    mutated: str
    source: str = attrs.field(repr=False)

    @property
    def key(self) -> str:
        """The id without the place: it stays while the code around it moves."""
        module, _, _, operator, digest = self.id.split(":")
        return f"{module}:{operator}:{digest}"

    def diff(self) -> str:
        """The bug as a difference of lines."""
        lines = difflib.unified_diff(text_of(self.module).splitlines(), self.source.splitlines(), lineterm="", n=1)
        return "\n".join(list(lines)[2:])


def modules() -> tuple[str, ...]:
    """The modules that are mutated."""
    rules = sorted(path.stem for path in (PACKAGE / "rules").glob("*.py") if path.stem != "__init__")
    return (*CORE, *(f"rules.{name}" for name in rules))


def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant, in the order of the source; no two of a module have the same text."""
    return tuple(mutant for module in modules() for mutant in mutants_of(module, text_of(module)))


def text_of(module: str) -> str:
    """A module's source."""
    return (PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def mutants_of(module: str, text: str) -> Iterator[Mutant]:
    """The mutants of one module with this source."""
    source = Source(module, text)
    seen: set[tuple[int, str]] = set()
    found: list[Mutant] = []
    for change in (*_written(source), *_made(source)):
        first, node = source.part_of(change)
        text = source.changed_part(change)
        part = ast.parse(text)
        dump = first, ast.dump(part)
        missing = sorted(_unknown_names(part, source) - _unknown_names(node, source))
        if dump in seen or dump[1] == ast.dump(node) or any(name not in HOMES for name in missing):
            continue
        seen.add(dump)
        # At the end, so that no line moves.
        imports = "".join(f"from {HOMES[name]} import {name}\n" for name in missing)
        found.append(_mutant(source, change, source.changed(change) + imports))
    yield from _told_apart(sorted(found, key=lambda mutant: (mutant.line, mutant.id)))


def _told_apart(mutants: Sequence[Mutant]) -> Iterator[Mutant]:
    """The mutants with keys that differ: those of a statement that a function repeats are numbered."""
    times: dict[str, int] = {}
    for mutant in mutants:
        number = times[mutant.key] = times.get(mutant.key, 0) + 1
        yield mutant if number == 1 else attrs.evolve(mutant, id=f"{mutant.id}.{number}")


def _made(source: Source) -> Iterator[Change]:
    """What the operators make of every node that is executed."""
    nodes = [node for node in ast.walk(source.tree) if not _is_outside(source, node)]
    for operator in OPERATORS:
        for node in nodes:
            yield from operator(source, node)


def _is_outside(source: Source, node: ast.AST) -> bool:
    """Whether a node is an annotation, an import, a class or a docstring, which no mutant touches."""
    below = node
    for outer in source.ancestors(node):
        if isinstance(outer, ast.ClassDef | ast.ImportFrom) and not source.function_of(node):
            return True
        if isinstance(outer, ast.arg) or (isinstance(outer, ast.AnnAssign) and below is outer.annotation):
            return True
        if isinstance(outer, ast.FunctionDef) and below is outer.returns:
            return True
        if isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.func.id.endswith("Error"):
            return True
        below = outer
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _written(source: Source) -> Iterator[Change]:
    return (_as_change(source, written) for written in WRITTEN if written.module == source.module)


def _as_change(source: Source, written: Written) -> Change:
    """One span that holds all the replacements of a written mutant."""
    text = source.text
    for phrase, instead in written.replacements:
        if text.count(phrase) != 1:
            raise ValueError(f"{phrase!r} occurs {text.count(phrase)} times in ledger.{written.module}")
        text = text.replace(phrase, instead)
    old, new = source.bytes, text.encode()
    shortest = min(len(old), len(new))
    start = next(n for n in range(shortest + 1) if n == shortest or old[n] != new[n])
    most = shortest - start
    end = next(n for n in range(most + 1) if n == most or old[len(old) - 1 - n] != new[len(new) - 1 - n])
    return Change(written.category, written.operator, start, len(old) - end, new[start : len(new) - end].decode())


def _unknown_names(part: ast.Module, source: Source) -> set[str]:
    """Names that a part of the module reads, and that are bound neither in the same function nor in the module."""
    globally = {*dir(builtins), *_bound(source.tree.body)}
    unknown = set()
    for statement in part.body:
        here = globally | (_bound(ast.walk(statement)) if isinstance(statement, ast.FunctionDef) else set())
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in here:
                unknown.add(node.id)
    return unknown


def _bound(nodes: Iterator[ast.AST] | Sequence[ast.AST]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
    return names


def _mutant(source: Source, change: Change, text: str) -> Mutant:
    node = _innermost(source, change)
    statement = source.statement_of(node) if node is not None else None
    function = source.function_of(node) if node is not None else ""
    around = source.segment(statement) if statement is not None else ""
    begin = source.span(statement)[0] if statement is not None else 0
    content = "\0".join((function, around, str(change.start - begin), str(change.end - begin), change.text))
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    line, column = source.place(change.start)
    category = FIGURES if node is not None and _is_figure(source, node) else change.category
    return Mutant(
        f"{source.module}:{line}:{column}:{change.operator}:{digest}",
        source.module,
        function,
        line,
        category,
        source.bytes[change.start : change.end].decode(),
        change.text,
        text,
    )


def _innermost(source: Source, change: Change) -> ast.AST | None:
    """The smallest expression or statement that holds the change."""
    best, size = None, len(source.bytes) + 1
    for node in ast.walk(source.tree):
        if isinstance(node, ast.expr | ast.stmt):
            start, end = source.span(node)
            if start <= change.start and change.end <= end and end - start <= size:
                best, size = node, end - start
    return best


def _is_figure(source: Source, node: ast.AST) -> bool:
    """Whether a node only shows something: a refusal's figures, or a function of figures."""
    if source.function_of(node) in FIGURES_OF.get(source.module, ()):
        return True
    below: ast.AST = node
    for outer in source.ancestors(node):
        if isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name) and outer.func.id == "Rejected":
            return below is not outer.args[0]
        if isinstance(outer, ast.If) and below in outer.body[:-1] and ast.unparse(outer.body[-1]).count("Rejected("):
            return True
        below = outer
    return False


def sample(mutants: Sequence[Mutant], size: int, seed: int) -> tuple[Mutant, ...]:
    """About `size` mutants: from each category as many as the others, as far as it has them, spread over modules.

    A larger sample of the same seed holds the smaller one, and a change of the ledger moves few others in or out.
    """
    queues = {category: spread(mutants, category, seed) for category in CATEGORIES}
    chosen: list[Mutant] = []
    position = 0
    while len(chosen) < min(size, len(mutants)):
        for category in CATEGORIES:
            if position < len(queues[category]) and len(chosen) < size:
                chosen.append(queues[category][position])
        position += 1
    order = {mutant.id: number for number, mutant in enumerate(mutants)}
    return tuple(sorted(chosen, key=lambda mutant: order[mutant.id]))


def spread(mutants: Sequence[Mutant], category: str, seed: int) -> list[Mutant]:
    """A category's mutants in an order of chance, taking modules in turn, so that no large one crowds others out."""

    def chance(text: str) -> bytes:
        return hashlib.sha256(f"{seed} {text}".encode()).digest()

    by_module: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        if mutant.category == category:
            by_module.setdefault(mutant.module, []).append(mutant)
    for group in by_module.values():
        group.sort(key=lambda mutant: chance(mutant.key))
    order = sorted(by_module, key=lambda name: chance(f"{category} {name}"))
    longest = max(map(len, by_module.values()), default=0)
    return [by_module[name][n] for n in range(longest) for name in order if n < len(by_module[name])]
