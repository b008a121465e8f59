"""Loops of the ledger's own functions, taken apart: what comes before one, an iteration from anywhere, what follows.

A loop that goes over any number of items is proved by induction: an invariant holds when it begins, an iteration with
any item keeps it, and it gives what is wanted when the loop ends. Each of the three is a run of the function's own
statements, compiled from its source as they stand there; only the loop is not walked. An iteration gets no more of the
earlier ones than the variables that were set before the loop, so a body that used more would fail with a NameError.

A comprehension is taken apart in the same way: each item gives its element or none, whatever the others are.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

import attrs

Locals = dict[str, Any]


@attrs.frozen
class Paused:
    """The variables where a part of a function ended without returning; whether its loop `goes_on`, not broken off."""

    variables: Locals
    goes_on: bool


@attrs.frozen
class Loop:
    """A loop of a function, by the parts of its source. Each part takes the variables that it begins with.

    `begin(*arguments)`: what comes before the loop. `approach(variables)`: what of that comes after an earlier loop.
    `items(variables)`: what it goes over. `iterate(variables, item)`: one iteration. `finish(variables)`: what comes
    after it. All but `items` answer `Paused`, or what they returned.
    """

    begin: Callable[..., Any]
    approach: Callable[[Locals], Any]
    items: Callable[[Locals], Any]
    iterate: Callable[[Locals, Any], Any]
    finish: Callable[[Locals], Any]


def loop_of(function: Callable[..., Any], number: int = 0, names: Mapping[str, object] | None = None) -> Loop:
    """The loop of this number among the statements of the function itself; `names` replace global ones."""
    definition, module = _definition(function), _globals(function, names)
    loops = [position for position, statement in enumerate(definition.body) if isinstance(statement, ast.For)]
    position = loops[number]
    loop = definition.body[position]
    assert isinstance(loop, ast.For)
    assert not loop.orelse
    once = ast.For(loop.target, ast.parse("(_item,)", mode="eval").body, loop.body, _paused(True))

    def begin(*arguments: object, **keywords: object) -> Any:
        part = ast.FunctionDef("part", definition.args, [*definition.body[:position], *_paused(True)], [])
        return _compiled(part, module)(*arguments, **keywords)

    def approach(variables: Locals) -> Any:
        earlier = loops[number - 1] + 1 if number else 0
        return _run([*definition.body[earlier:position], *_paused(True)], variables, module)

    def items(variables: Locals) -> Any:
        return _run([ast.Return(loop.iter)], variables, module)

    def iterate(variables: Locals, item: object) -> Any:
        paused = _run([once, *_paused(False)], {**variables, "_item": item}, module)
        if isinstance(paused, Paused):
            paused.variables.pop("_item")
        return paused

    def finish(variables: Locals) -> Any:
        return _run([*definition.body[position + 1 :], *_paused(True)], variables, module)

    return Loop(begin, approach, items, iterate, finish)


@attrs.frozen
class Comprehension:
    """A comprehension of a function: what it goes over, and the elements that one item gives, one or none."""

    items: Callable[[Locals], Any]
    elements: Callable[[Locals, Any], tuple[Any, ...]]


def comprehension_of(
    function: Callable[..., Any], number: int = 0, names: Mapping[str, object] | None = None
) -> Comprehension:
    """The comprehension of this number in the order of the source, over one iterable."""
    definition, module = _definition(function), _globals(function, names)
    found = [node for node in ast.walk(definition) if isinstance(node, ast.ListComp | ast.GeneratorExp)]
    node = sorted(found, key=lambda node: (node.lineno, node.col_offset))[number]
    (generator,) = node.generators
    if any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
        raise ValueError(f"an item of {ast.unparse(node)} may leave something to the next")
    over_one = ast.comprehension(generator.target, ast.parse("(_item,)", mode="eval").body, generator.ifs, 0)

    def items(variables: Locals) -> Any:
        return _run([ast.Return(generator.iter)], variables, module)

    def elements(variables: Locals, item: object) -> tuple[Any, ...]:
        one = ast.ListComp(node.elt, [over_one])
        return tuple(_run([ast.Return(one)], {**variables, "_item": item}, module))

    return Comprehension(items, elements)


def with_names(function: Callable[..., Any], names: Mapping[str, object]) -> Callable[..., Any]:
    """The function with other meanings of some global names."""
    assert isinstance(function, FunctionType)
    changed = FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)
    changed.__defaults__, changed.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    return changed


def walked(loop: Loop, *arguments: object, **keywords: object) -> Any:
    """The loop's function again, put together from its parts: how a test ties them to the function itself."""
    paused = loop.begin(*arguments, **keywords)
    if not isinstance(paused, Paused):
        return paused
    variables = paused.variables
    for item in loop.items(variables):
        paused = loop.iterate(variables, item)
        if not isinstance(paused, Paused):
            return paused
        variables = {**variables, **paused.variables}
        if not paused.goes_on:
            break
    return loop.finish(variables)


def gathered(comprehension: Comprehension, variables: Locals) -> Iterator[Any]:
    """The comprehension's elements, put together from its parts."""
    for item in comprehension.items(variables):
        yield from comprehension.elements(variables, item)


def _definition(function: Callable[..., Any]) -> ast.FunctionDef:
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    if definition.decorator_list:
        raise ValueError(f"{definition.name} is more than its statements: it is decorated")
    return definition


def _globals(function: Callable[..., Any], names: Mapping[str, object] | None) -> Locals:
    module: Locals = inspect.unwrap(function).__globals__
    return {**module, "_Paused": Paused, **(names or {})}


def _paused(goes_on: bool) -> list[ast.stmt]:
    return ast.parse(f"return _Paused(locals(), {goes_on})").body


def _run(statements: list[ast.stmt], variables: Locals, module: Locals) -> Any:
    """The statements as a function of the variables, called."""
    arguments = ast.parse(f"def part({', '.join(variables)}): pass").body[0]
    assert isinstance(arguments, ast.FunctionDef)
    return _compiled(ast.FunctionDef("part", arguments.args, statements, []), module)(*variables.values())


def _compiled(definition: ast.FunctionDef, module: Locals) -> Callable[..., Any]:
    compiled = ast.fix_missing_locations(ast.Module([definition], []))
    names: Locals = {}
    exec(compile(compiled, "<part of a function>", "exec"), module, names)
    part: Callable[..., Any] = names["part"]
    return part
