"""What a mutant changes: a span of a module's source, as text, and how such changes are written safely."""

import ast
from collections.abc import Iterator

import attrs


@attrs.frozen
class Change:
    """Bytes `start` to `end` of a module read `text` instead. `operator`: what was done, of which `category`."""

    category: str
    operator: str
    start: int
    end: int
    text: str


class Source:
    """A module of the ledger: its bytes, its syntax tree, and of each node its parent and the function around it."""

    def __init__(self, module: str, text: str) -> None:
        self.module, self.text = module, text
        self.bytes = text.encode()
        self.tree = ast.parse(text)
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self._line_starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where the node's text begins and ends, in bytes."""
        assert isinstance(node, ast.expr | ast.stmt | ast.keyword)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._line_starts[node.lineno - 1] + node.col_offset
        return start, self._line_starts[node.end_lineno - 1] + node.end_col_offset

    def segment(self, node: ast.AST) -> str:
        """The node's text."""
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def place(self, start: int) -> tuple[int, int]:
        """Line (from 1) and column (from 0) of a byte."""
        line = next(number for number, begin in reversed(list(enumerate(self._line_starts))) if begin <= start)
        return line + 1, start - self._line_starts[line]

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What the node stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function_of(self, node: ast.AST) -> str:
        """The name of the outermost function that the node stands in; empty at module level."""
        names = [outer.name for outer in (node, *self.ancestors(node)) if isinstance(outer, ast.FunctionDef)]
        return names[-1] if names else ""

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that the node is, or stands in."""
        return next(outer for outer in (node, *self.ancestors(node)) if isinstance(outer, ast.stmt))

    def part_of(self, change: Change) -> tuple[int, ast.Module]:
        """The statements of the module that hold the change: where they begin, and the statements themselves."""
        parts = [node for node in self.tree.body if self._meets(node, change)]
        return self.span(parts[0])[0], ast.Module(parts, [])

    def changed_part(self, change: Change) -> str:
        """The text of these statements with the change."""
        parts = [self.span(node) for node in self.tree.body if self._meets(node, change)]
        start, end = min(parts[0][0], change.start), max(parts[-1][1], change.end)
        return (self.bytes[start : change.start] + change.text.encode() + self.bytes[change.end : end]).decode()

    def _meets(self, node: ast.stmt, change: Change) -> bool:
        start, end = self.span(node)
        return start <= change.end and change.start <= end

    def changed(self, change: Change) -> str:
        """The module with the change."""
        return (self.bytes[: change.start] + change.text.encode() + self.bytes[change.end :]).decode()


ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Constant, ast.Subscript, ast.Tuple, ast.List, ast.Dict, ast.ListComp)
"""Expressions that need no parentheses anywhere. A tuple's text is taken to have its own."""

LOOSE = (ast.Call, ast.Tuple, ast.List, ast.Dict, ast.keyword)
"""Places where any expression may stand without parentheses."""


def replaced(source: Source, node: ast.AST, text: str, *, category: str, operator: str) -> Change:
    """The node replaced by the text of another expression, in parentheses where it could otherwise be torn apart."""
    start, end = source.span(node)
    parent = source.parents[node]
    atomic = isinstance(ast.parse(f"({text})", mode="eval").body, ATOMS)
    if not atomic and isinstance(parent, ast.expr | ast.comprehension) and not isinstance(parent, LOOSE):
        text = f"({text})"
    return Change(category, operator, start, end, text)


def removed(source: Source, statement: ast.stmt, *, category: str, operator: str) -> Change:
    """The statement replaced by nothing."""
    start, end = source.span(statement)
    return Change(category, operator, start, end, "pass")


def between(source: Source, left: ast.AST, right: ast.AST, old: str, new: str) -> tuple[int, int, str] | None:
    """The operator `old` that stands between two nodes, as the span and text that make it `new`."""
    start, end = source.span(left)[1], source.span(right)[0]
    gap = source.bytes[start:end].decode()
    if gap.count(old) != 1:
        return None
    found = start + len(gap[: gap.index(old)].encode())
    return found, found + len(old), new
