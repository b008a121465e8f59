"""The mutation operators: every small bug of the kinds named in `CATEGORIES` that a node of the source can have."""

import ast
from collections.abc import Callable, Iterator

from .changes import ATOMS, Change, Source, between, removed, replaced
from .vocabulary import (
    ATTRIBUTE_TWINS,
    EARLIER_TABLES,
    INSTEAD_OF_CALL,
    NAME_TWINS,
    ROUNDINGS,
    TIME_WORDS,
    UNWRAPPED,
)

Operator = Callable[[Source, ast.AST], Iterator[Change]]

NEIGHBOUR = {ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">")}
OPPOSITE = {
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
OF_ZERO = {ast.Eq: ("==", "<="), ast.NotEq: ("!=", ">")}


def is_refusal(node: ast.AST) -> bool:
    """Whether the node is a check: an `if` that ends by returning a refusal."""
    if not isinstance(node, ast.If) or not isinstance(node.body[-1], ast.Return):
        return False
    match node.body[-1].value:
        case ast.Call(func=ast.Name(id="Rejected")) | ast.Name(id="refusal"):
            return True
    return False


def _is_about_time(source: Source, node: ast.AST) -> bool:
    return any(word in source.segment(node) for word in TIME_WORDS)


def compared(source: Source, node: ast.AST) -> Iterator[Change]:
    """Boundaries moved by one, and comparisons turned round."""
    if not isinstance(node, ast.Compare):
        return
    sides = [node.left, *node.comparators]
    boundary = "window edges" if _is_about_time(source, node) else "comparison boundaries"
    for number, kind in enumerate(map(type, node.ops)):
        left, right = sides[number : number + 2]
        zero = isinstance(right, ast.Constant) and right.value == 0 and not isinstance(right.value, bool)
        for table, category, operator in (
            (NEIGHBOUR, boundary, "move-boundary"),
            (OPPOSITE, "negations", "turn-comparison"),
            (OF_ZERO if zero else {}, boundary, "one-sided-zero"),
        ):
            if kind in table:
                edit = between(source, left, right, *table[kind])
                if edit is not None:
                    yield Change(category, operator, *edit)


def connected(source: Source, node: ast.AST) -> Iterator[Change]:
    """`and` for `or`, a part of either left out, and `not` dropped."""
    if isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        texts = [source.segment(part) for part in node.values]
        turned = f" {new} ".join(f"({text})" for text in texts)
        yield replaced(source, node, turned, category="connectives", operator=f"{old}-to-{new}")
        for number in range(len(texts)):
            rest = f" {old} ".join(f"({text})" for text in texts[:number] + texts[number + 1 :])
            yield replaced(source, node, rest, category="connectives", operator="drop-condition")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield replaced(source, node, source.segment(node.operand), category="negations", operator="drop-not")


def computed(source: Source, node: ast.AST) -> Iterator[Change]:
    """Signs turned or dropped, and factors left out."""
    signs = "arithmetic signs"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        signs = "window edges" if _is_about_time(source, node) else signs
        pair = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        edit = between(source, node.left, node.right, *pair)
        if edit is not None:
            yield Change(signs, "turn-sign", *edit)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for part in (node.left, node.right):
            yield replaced(source, node, source.segment(part), category=signs, operator="drop-factor")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield replaced(source, node, source.segment(node.operand), category=signs, operator="drop-minus")
    elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        pair = ("+=", "-=") if isinstance(node.op, ast.Add) else ("-=", "+=")
        edit = between(source, node.target, node.value, *pair)
        if edit is not None and not isinstance(node.value, ast.List | ast.ListComp):
            yield Change(signs, "turn-sign", *edit)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("abs", "sign"):
        argument = source.segment(node.args[0])
        instead = argument if node.func.id == "abs" else f"-sign({argument})"
        yield replaced(source, node, instead, category=signs, operator=f"wrong-{node.func.id}")


def left_out(source: Source, node: ast.AST) -> Iterator[Change]:
    """A summand, a member of what is booked or told, or a step of an accumulation that is forgotten."""
    residue = "forgotten residue"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        residue = "window edges" if _is_about_time(source, node) else residue
        yield replaced(source, node, source.segment(node.left), category=residue, operator="drop-summand")
        right = source.segment(node.right)
        if isinstance(node.op, ast.Sub):
            right = f"-{right}" if isinstance(node.right, ATOMS) else f"-({right})"
        yield replaced(source, node, right, category=residue, operator="drop-summand")
    elif isinstance(node, ast.AugAssign):
        yield removed(source, node, category=residue, operator="drop-step")
        edit = between(source, node.target, node.value, "+=" if isinstance(node.op, ast.Add) else "-=", "=")
        if edit is not None:
            yield Change(residue, "forget-sum", *edit)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield removed(source, node, category=residue, operator="drop-step")
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load) and _is_booked(node):
        for member in node.elts:
            rest = ", ".join(source.segment(other) for other in node.elts if other is not member)
            whole = f"[{rest}]" if isinstance(node, ast.List) else f"({rest},)"
            yield Change(residue, "drop-member", *source.span(node), whole if rest else "()")


def _is_booked(node: ast.Tuple | ast.List) -> bool:
    """Whether a display holds postings or events, or joins several."""
    for member in node.elts:
        if isinstance(member, ast.Starred):
            return True
        if isinstance(member, ast.Call) and isinstance(member.func, ast.Name) and member.func.id[0].isupper():
            return True
    return False


def rounded(source: Source, node: ast.AST) -> Iterator[Change]:
    """The other direction of a rounding."""
    category = "rounding directions"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ROUNDINGS:
        for other in ROUNDINGS[node.func.id]:
            yield replaced(source, node.func, other, category=category, operator=f"{node.func.id}-to-{other}")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        top, bottom = source.segment(node.left), source.segment(node.right)
        yield replaced(source, node, f"-(-({top}) // {bottom})", category=category, operator="round-up")
        up = source.parents[node]
        if isinstance(node.left, ast.UnaryOp) and isinstance(up, ast.UnaryOp):
            top = source.segment(node.left.operand)
            yield replaced(source, up, f"{top} // {bottom}", category=category, operator="round-down")


def bounded(source: Source, node: ast.AST) -> Iterator[Change]:
    """`min` for `max`, and a bound left out."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max")):
        return
    category, other = "minima and maxima", "max" if node.func.id == "min" else "min"
    yield replaced(source, node.func, other, category=category, operator=f"{node.func.id}-to-{other}")
    if len(node.args) > 1:
        for left in node.args:
            rest = [source.segment(argument) for argument in node.args if argument is not left]
            text = rest[0] if len(rest) == 1 else f"{node.func.id}({', '.join(rest)})"
            yield replaced(source, node, text, category=category, operator="drop-bound")


def counted(source: Source, node: ast.AST) -> Iterator[Change]:
    """Constants off by one, and truth values turned."""
    if not isinstance(node, ast.Constant) or node.value is None or isinstance(node.value, str):
        return
    parent = source.parents[node]
    if isinstance(parent, ast.keyword) and parent.arg == "strict":
        return
    if isinstance(node.value, bool):
        yield replaced(source, node, str(not node.value), category="constants", operator="turn-truth")
    elif isinstance(node.value, int):
        for step in (1, -1):
            text = str(node.value + step)
            yield replaced(source, node, text, category="constants", operator="off-by-one")


def checked(source: Source, node: ast.AST) -> Iterator[Change]:
    """Checks that never refuse, and refusals for another reason."""
    if not is_refusal(node):
        return
    assert isinstance(node, ast.If)
    yield replaced(source, node.test, "False", category="dropped checks", operator="drop-check")
    returned = node.body[-1]
    assert isinstance(returned, ast.Return)
    if isinstance(returned.value, ast.Call):
        reason = returned.value.args[0]
        other = "Reason.UNKNOWN_ACCOUNT" if "TIME" in source.segment(reason) else "Reason.TIME_BACKWARDS"
        yield replaced(source, reason, other, category="dropped checks", operator="wrong-reason")


RELEASES = ("roll", "released", "flipped", "liquidation is")
"""A branch whose condition mentions one of them is about a roll or a release."""


def branched(source: Source, node: ast.AST) -> Iterator[Change]:
    """Branches that are always, never, or wrongly taken; alternatives swapped; loops left or gone on with."""
    if isinstance(node, ast.If) and not is_refusal(node):
        test = source.segment(node.test)
        returns = isinstance(node.body[-1], ast.Return | ast.Continue | ast.Break)
        category = "early returns" if returns else "negations"
        if any(word in source.segment(node.test) for word in RELEASES):
            category = "missed releases and rolls"
        for instead, operator in (("True", "always"), ("False", "never"), (f"not ({test})", "turn-branch")):
            yield replaced(source, node.test, instead, category=category, operator=operator)
    elif isinstance(node, ast.IfExp):
        first, second = source.segment(node.body), source.segment(node.orelse)
        swapped = f"{second} if {source.segment(node.test)} else {first}"
        yield replaced(source, node, swapped, category="negations", operator="swap-alternatives")
        for only in (first, second):
            yield replaced(source, node, only, category="negations", operator="one-alternative")
    elif isinstance(node, ast.Continue | ast.Break):
        other = "break" if isinstance(node, ast.Continue) else "continue"
        yield Change("early returns", f"to-{other}", *source.span(node), other)


def looped(source: Source, node: ast.AST) -> Iterator[Change]:
    """The first or the last of a loop left out, no sorting or the other way, and filters dropped."""
    category = "loops and order"
    if isinstance(node, ast.For | ast.comprehension):
        items = source.segment(node.iter)
        for part, operator in (("[1:]", "skip-first"), ("[:-1]", "skip-last")):
            yield replaced(source, node.iter, f"list({items}){part}", category=category, operator=operator)
    if isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield replaced(source, condition, "True", category=category, operator="drop-filter")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sorted":
        items = source.segment(node.args[0])
        yield replaced(source, node, f"list({items})", category=category, operator="no-sorting")
        yield replaced(source, node, f"sorted({items}, reverse=True)", category=category, operator="other-order")
    if isinstance(node, ast.For) and not node.orelse:
        last = node.body[-1]
        start, end = source.span(last)
        indent = " " * source.place(start)[1]
        text = f"{source.segment(last)}\n{indent}break"
        yield Change("early returns", "first-alone", start, end, text)


def named(source: Source, node: ast.AST) -> Iterator[Change]:
    """Another party, another state of the same thing, another attribute of the same type."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for (module, function), name, other, category in NAME_TWINS:
            if node.id == name and module in ("", source.module) and function in ("", source.function_of(node)):
                yield replaced(source, node, other, category=category, operator=f"{name}-for-{other}")
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        start = source.span(node.value)[1]
        for owners, name, other, category in ATTRIBUTE_TWINS:
            if node.attr == name and source.segment(node.value).endswith(owners):
                yield Change(category, f"{name}-for-{other}", start, source.span(node)[1], f".{other}")
    if isinstance(node, ast.Call):
        for left, right in zip(node.args, node.args[1:], strict=False):
            if _are_twins(left, right):
                text = f"{source.segment(right)}, {source.segment(left)}"
                yield Change("stale states", "swap-arguments", source.span(left)[0], source.span(right)[1], text)


def _are_twins(left: ast.expr, right: ast.expr) -> bool:
    pair = {ast.unparse(left), ast.unparse(right)}
    return pair in ({"before", "after"}, {"buyer", "seller"})


def stale(source: Source, node: ast.AST) -> Iterator[Change]:
    """What a rule read before it moved on: tables, accounts and prices of an earlier moment."""
    category = "stale states"
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        for owner, attribute, other in EARLIER_TABLES:
            if (node.value.id, node.attr) == (owner, attribute):
                yield replaced(source, node, other, category=category, operator="earlier-table")
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        target = node.targets[0].id
        again = any(isinstance(part, ast.Name) and part.id == target for part in ast.walk(node.value))
        if again:
            yield removed(source, node, category=category, operator="drop-update")


def instead_of_calls(source: Source, node: ast.AST) -> Iterator[Change]:
    """Calls that are not made: a roll, a release, a conversion, a record that is not kept."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name):
        for name, instead, category in INSTEAD_OF_CALL:
            if node.func.id == name:
                arguments = [source.segment(argument) for argument in node.args]
                yield replaced(source, node, instead.format(*arguments), category=category, operator=f"no-{name}")
    elif isinstance(node.func, ast.Attribute) and node.func.attr in UNWRAPPED:
        owner = source.segment(node.func.value)
        category = "missed releases and rolls" if "liquidation" in source.segment(node) else "stale states"
        yield replaced(source, node, owner, category=category, operator=f"no-{node.func.attr}")


OPERATORS: tuple[Operator, ...] = (
    checked,
    named,
    stale,
    instead_of_calls,
    rounded,
    bounded,
    computed,
    left_out,
    compared,
    connected,
    branched,
    looped,
    counted,
)
"""In the order of precedence: where two make the same text, the first names it."""
