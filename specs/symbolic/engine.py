"""Running one contract with CrossHair, in this process, within a counted budget.

CrossHair runs the contract's body on symbolic integers. Wherever the code asks for the truth of a condition that is
not settled, the path forks; a side is dropped only when the solver says that it is impossible. CONFIRMED is answered
only where the tree of paths was explored to its end, and every path that the assumptions admit is counted as ended with
the postcondition true. So the claim is about all integers that satisfy the assumptions. That trusts CrossHair's
operators, z3, and that the code depends on its arguments alone, and asks no integer for its identity; a path that runs
differently when it is repeated, or ends sooner, is an ERROR. Code that catches what stops a path hides nothing.

Arguments are integers and truth values only, which CrossHair represents exactly. Whatever it must guess a value for
makes the tree endless, so that nothing is confirmed by a guess.

Every budget is a count: paths, and the solver's own measure of its work for each question (`CROSSHAIR_SMT_RLIMIT`).
Nothing looks at a clock, so a verdict is the same on a busy machine. Run it in a fresh process with a fixed hash seed:
CrossHair keeps caches from one contract to the next.
"""

import ast
import builtins
import dataclasses
import functools
import inspect
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import attrs
from crosshair.condition_parser import (
    POSTCONDITION,
    ConditionExpr,
    Conditions,
    NoEnforce,
    condition_from_source_text,
    condition_parser,
)
from crosshair.core import CallTreeAnalysis, ConditionCheckable, SyntaxErrorCheckable, analyze_calltree
from crosshair.core_and_libs import analyze_function
from crosshair.fnutil import fn_globals
from crosshair.options import DEFAULT_OPTIONS, AnalysisKind, AnalysisOptionSet
from crosshair.statespace import MessageType, NodeStem, VerificationStatus, context_statespace
from crosshair.tracers import NoTracing
from crosshair.util import CROSSHAIR_SMT_RLIMIT, ControlFlowException, NotDeterministic

from .claims import Contract, Status, lines_of

WORST_FIRST = (
    Status.REFUTED,
    Status.ERROR,
    Status.VACUOUS,
    Status.UNKNOWN,
    Status.NO_COUNTEREXAMPLE,
    Status.CONFIRMED,
)

ARGUMENT_TYPES = (int, bool)

Values = Mapping[str, int]


@attrs.frozen
class Finding:
    """What was found of a contract.

    `paths`: how many were explored, over all its postconditions. `seconds`: of this process's processor time.
    `values`: the arguments of the example that breaks it.
    """

    status: Status
    paths: int
    seconds: float
    detail: str = ""
    values: Values = attrs.Factory(dict)


class Unreadable(Exception):
    """A contract that does not parse, or that CrossHair reads otherwise than it is written."""


def examine(contract: Contract, *, paths: int, never: str | None = None) -> Finding:
    """Run the contract, over at most so many paths for each postcondition.

    With `never`, an expression, the only postcondition is that it does not happen.
    """
    if CROSSHAIR_SMT_RLIMIT <= 0:
        raise RuntimeError("CROSSHAIR_SMT_RLIMIT must be set, or the solver goes on for as long as it likes")
    start = time.process_time()
    try:
        wanted = conditions_of(contract)
        if never is not None:
            wanted = [_opposite(contract, wanted[0], never)]
    except Unreadable as error:
        return Finding(Status.ERROR, 0, time.process_time() - start, str(error))
    found = [_examined(conditions, paths) for conditions in wanted]
    worst = min(found, key=lambda finding: WORST_FIRST.index(finding.status))
    explored = sum(finding.paths for finding in found)
    return Finding(worst.status, explored, time.process_time() - start, worst.detail, worst.values)


def _options(paths: int, stats: "Counter[str] | None" = None) -> AnalysisOptionSet:
    """Everything that looks at a clock, or at what seems to be of interest, switched off."""
    return AnalysisOptionSet(
        analysis_kind=(AnalysisKind.PEP316,),
        max_iterations=paths,
        per_condition_timeout=float("inf"),
        per_path_timeout=float("inf"),
        max_uninteresting_iterations=0,
        stats=stats,
    )


def conditions_of(contract: Contract) -> list[Conditions]:
    """One for each postcondition, as CrossHair reads them; `Unreadable` where that is not what is written."""
    for parameter in inspect.signature(contract).parameters.values():
        if parameter.annotation not in ARGUMENT_TYPES:
            raise Unreadable(f"the argument {parameter.name} is neither an integer nor a truth value")
    assumed, claimed = len(lines_of(contract, "pre")), len(lines_of(contract, "post"))
    if claimed == 0:
        raise Unreadable("there is no postcondition")
    for heading in ("pre", "post", "reach"):
        for expression in lines_of(contract, heading):
            _require_names(contract, expression)
    read = []
    for checkable in analyze_function(contract, _options(1)):
        if isinstance(checkable, SyntaxErrorCheckable):
            raise Unreadable("; ".join(message.message for message in checkable.messages))
        assert isinstance(checkable, ConditionCheckable)
        read.append(checkable.conditions)
    raised = {error.__name__ for conditions in read for error in conditions.raises}
    if raised:
        raise Unreadable(f"it may raise {', '.join(sorted(raised))}, and then claims nothing")
    if len(read) != claimed or any(len(conditions.pre) != assumed for conditions in read):
        raise Unreadable(f"not all of its {assumed} preconditions and {claimed} postconditions are read")
    return read


def _require_names(contract: Contract, expression: str) -> None:
    """`Unreadable` where the expression is none, or names what the contract does not know."""
    try:
        nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    except SyntaxError as error:
        raise Unreadable(f"{expression!r} is no expression: {error.msg}") from None
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    known = bound | {"_", "__return__", *inspect.signature(contract).parameters, *fn_globals(contract), *dir(builtins)}
    unknown = sorted({name.id for name in names} - known)
    if unknown:
        raise Unreadable(f"{expression!r} names {', '.join(unknown)}, which the contract does not know")


def _opposite(contract: Contract, conditions: Conditions, never: str) -> Conditions:
    """The same assumptions, and as postcondition that `never` does not happen."""
    post = conditions.post[0]
    opposite = condition_from_source_text(
        POSTCONDITION, post.filename, post.line, f"not ({never})", fn_globals(contract)
    )
    return dataclasses.replace(conditions, post=[opposite])


def _examined(conditions: Conditions, paths: int) -> Finding:
    """One postcondition."""
    examples: list[Values] = []
    begun: list[bool] = []
    stops: list[BaseException] = []

    def keep(arguments: inspect.BoundArguments, result: object, reprs: object) -> tuple[str, str]:
        examples.append({name: _plain(value) for name, value in arguments.arguments.items()})
        return str(arguments), repr(result)

    unenforced = cast(Any, NoEnforce)(conditions.fn)

    @functools.wraps(conditions.fn)
    def body(*arguments: Any, **named: Any) -> Any:
        begun.append(True)
        return _unless_stopped(stops, unenforced, *arguments, **named)

    stats: Counter[str] = Counter()
    unclear: list[str] = []
    pre = [_watched(assumption, stops, unclear) for assumption in conditions.pre]
    post = [_ending(_watched(claimed, stops, [])) for claimed in conditions.post]
    watched = dataclasses.replace(conditions, fn=body, pre=pre, post=post, counterexample_description_maker=keep)
    options = DEFAULT_OPTIONS.overlay(_options(paths, stats))
    with condition_parser(options.analysis_kind), _kept_in(stops):
        analysis = analyze_calltree(options, watched)
    if unclear:
        return Finding(
            Status.ERROR, stats["num_paths"], 0, f"an assumption raises where it should answer: {unclear[0]}"
        )
    status, detail = _verdict(analysis, exhausted=stats["exhaustion"] > 0, begun=len(begun))
    if status is Status.REFUTED:
        if not examples:
            return Finding(Status.ERROR, stats["num_paths"], 0, f"refuted without an example: {detail}")
        broken = how_it_breaks(conditions, examples[-1])
        if broken is None:
            detail = f"the example does not break it when it is run plainly: {detail}"
            return Finding(Status.ERROR, stats["num_paths"], 0, detail, examples[-1])
        return Finding(status, stats["num_paths"], 0, broken, examples[-1])
    return Finding(status, stats["num_paths"], 0, detail)


def _watched(condition: ConditionExpr, stops: list[BaseException], unclear: list[str]) -> ConditionExpr:
    """The condition, with a note where it raises: of an assumption CrossHair takes that for a no."""
    evaluate = condition.evaluate
    assert evaluate is not None

    def watched(bindings: Mapping[str, object]) -> Any:
        try:
            return _unless_stopped(stops, evaluate, bindings)
        except Exception as error:
            if not isinstance(error, NotDeterministic):
                unclear.append(f"{condition.expr_source}: {type(error).__name__}")
            raise

    return dataclasses.replace(condition, evaluate=watched)


def _ending(condition: ConditionExpr) -> ConditionExpr:
    """The condition, with which a path ends: where an earlier one went on, it must not.

    A path ends at a stem of the tree. CrossHair sees to that where the condition fails, and not where it holds.
    """
    evaluate = condition.evaluate
    assert evaluate is not None

    def ending(bindings: Mapping[str, object]) -> bool:
        held = bool(evaluate(bindings))
        with cast(Any, NoTracing)():
            space = context_statespace()
            if not space.is_detached and not isinstance(space._search_position, NodeStem):
                raise NotDeterministic("a path ends where an earlier one went on")
        return held

    return dataclasses.replace(condition, evaluate=ending)


def _unless_stopped(stops: list[BaseException], function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What the function answers; where CrossHair stopped it meanwhile and it went on, it is stopped again."""
    earlier = len(stops)
    answer = function(*arguments, **named)
    if len(stops) > earlier:
        raise stops[earlier]
    return answer


@contextmanager
def _kept_in(stops: list[BaseException]) -> Iterator[None]:
    """Keep everything that CrossHair stops a path with, so that `_unless_stopped` knows of it."""

    def kept(kind: type[BaseException], *arguments: object) -> BaseException:
        stop = BaseException.__new__(kind, *arguments)
        stops.append(stop)
        return stop

    kinds: tuple[Any, ...] = (ControlFlowException, NotDeterministic)
    for kind in kinds:
        kind.__new__ = kept
    try:
        yield
    finally:
        for kind in kinds:
            del kind.__new__


def _plain(value: object) -> int:
    assert isinstance(value, ARGUMENT_TYPES), f"an example has the {type(value).__name__} {value!r}"
    return value


def _verdict(analysis: CallTreeAnalysis, *, exhausted: bool, begun: int) -> tuple[Status, str]:
    """What CrossHair's answer amounts to; `begun`: how many paths met the assumptions.

    Each of them must have ended with the postcondition true: CrossHair leaves some out of account, such as those on
    which a contract of something called fails.
    """
    held = analysis.num_confirmed_paths
    unmet = [message.line for message in analysis.messages if message.state is MessageType.PRE_UNSAT]
    if analysis.verification_status is VerificationStatus.REFUTED and not unmet:
        return Status.REFUTED, "; ".join(message.message for message in analysis.messages)
    if begun == 0 and exhausted:
        return Status.VACUOUS, f"no path meets its assumptions, the first not met in line {unmet[0]}"
    if held == 0:
        return Status.UNKNOWN, "no path was explored to its end within the budget"
    if analysis.verification_status is VerificationStatus.CONFIRMED and exhausted and begun == held:
        return Status.CONFIRMED, ""
    return Status.NO_COUNTEREXAMPLE, f"it held on {held} paths; others were not explored to their end"


def how_it_breaks(conditions: Conditions, values: Values) -> str | None:
    """Run the contract plainly on the arguments; in words how it breaks, None where it does not.

    An example that the assumptions do not admit breaks nothing.
    """
    arguments: dict[str, Any] = dict(values)
    for assumption in conditions.pre:
        assert assumption.evaluate is not None
        if not assumption.evaluate(arguments):
            return None
    (post,) = conditions.post
    assert post.evaluate is not None
    try:
        result = conditions.fn(**arguments)
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    try:
        held = bool(post.evaluate({**arguments, "_": result, "__return__": result}))
    except Exception as error:
        return f"returns {result!r}, of which {post.expr_source} raises {type(error).__name__}: {error}"
    return None if held else f"returns {result!r}, of which {post.expr_source} is false"
