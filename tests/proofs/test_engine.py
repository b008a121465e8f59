"""The engine refutes what is false, calls unknown what it does not know, and accepts no proof that says nothing."""

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any, cast

import pytest
import z3  # type: ignore[import-untyped]

from ledger.profiles import load_profile
from ledger.rules.liquidate import liquidate
from ledger.state import genesis
from ledger.units import apportion, ceil_div, floor_div
from specs.proofs.claims import COPIED
from specs.proofs.engine import (
    ACCEPTED,
    Budget,
    NotSymbolic,
    Path,
    Proof,
    Status,
    Unrepeatable,
    implies,
    negation,
    prove,
)
from tests.house.source import ROOT


def requiring(condition: Callable[[int, int], bool], *, least: int | None = None) -> Proof:
    """A proof that the condition holds of any two integers."""

    def proof(path: Path) -> None:
        x, y = path.integer("x", least=least), path.integer("y", least=least)
        path.reach(ACCEPTED)
        path.require(condition(x, y), "the condition")

    return proof


TRUE: dict[str, Callable[[int, int], bool]] = {
    "sum": lambda x, y: x + y == y + x,
    "difference": lambda x, y: 3 - (x - y) == 3 - x + y,
    "square": lambda x, y: (x + y) * (x + y) == x * x + 2 * x * y + y * y,
    "floor": lambda x, y: x // 7 * 7 <= x,
    "remainder": lambda x, y: x // 7 * 7 + x % 7 == x,
    "negative divisor": lambda x, y: (x % -7 <= 0) & (x % -7 > -7),
    "symbolic divisor": lambda x, y: y == 0 or x // y * y + x % y == x,
    "constant dividend": lambda x, y: y <= 0 or 100 // y * y <= 100,
    "abs": lambda x, y: abs(x) >= x,
    "min": lambda x, y: min(x, y) <= max(x, y),
    "sum of a list": lambda x, y: sum([x, y, 1]) == x + y + 1,
    "sorted": lambda x, y: sorted([x, y, 0])[0] <= sorted([x, y, 0])[2],
    "chain": lambda x, y: not 0 <= x <= 5 or x < 6,
    "truth of an integer": lambda x, y: bool(x) or x == 0,
    "tuples": lambda x, y: (x, y) == (x, y + 0),
    "implication": lambda x, y: implies(x > y, negation(x <= y)),
    "exclusive": lambda x, y: (x > 0) != (x <= 0),
    "ceiling": lambda x, y: ceil_div(x, 9) == -floor_div(-x, 9),
    "sign": lambda x, y: -x + +y == y - x,
    "an integer": lambda x, y: isinstance(x, int) and isinstance(x + y, int) and not isinstance(x, bool | str),
    "a truth value": lambda x, y: isinstance(x > y, bool) and isinstance(x == y, int),
    "no number": lambda x, y: all(one != other for one in (x, x > y) for other in cast(Any, ("5", (5,), None))),
}

FALSE: dict[str, Callable[[int, int], bool]] = {
    "one integer in all": lambda x, y: x != 10**40 + 7,
    "two": lambda x, y: not (x == 123456789 and y == -x),
    "rounding": lambda x, y: x // 7 * 7 == x,
    "toward zero": lambda x, y: x // 2 == -(-x // 2),
    "remainder": lambda x, y: x % 7 < 6,
    "product": lambda x, y: x * y != 221,
    "division by zero": lambda x, y: x // y * y <= x,
    "order": lambda x, y: min(x, y) == x,
    "absolute": lambda x, y: abs(x) == x,
    "no truth value": lambda x, y: not isinstance(x > y, bool),
    "no integer by type": lambda x, y: type(x) is not int,
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name: str) -> None:
    result = prove(requiring(TRUE[name]))
    assert result.status is Status.PROVED, result
    assert result.paths >= 1
    assert result.conditions >= 1


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted_with_integers_that_show_it(name: str) -> None:
    result = prove(requiring(FALSE[name]))
    assert result.status is Status.REFUTED, result
    try:
        shown = not FALSE[name](result.values["x"], result.values["y"])
    except ZeroDivisionError:
        shown = True
    assert shown


@pytest.mark.parametrize("name", FALSE)
def test_an_assumption_that_excludes_nothing_that_matters_saves_nothing(name: str) -> None:
    def proof(path: Path) -> None:
        x, y = path.integer("x"), path.integer("y")
        path.assume((x != 5) | (y != 77))
        path.reach(ACCEPTED)
        path.require(FALSE[name](x, y), "the condition")

    assert prove(proof).status is Status.REFUTED


def test_what_is_not_decided_is_unknown() -> None:
    cubes = requiring(lambda x, y: x * x * x + y * y * y != 31_855_013, least=2)
    result = prove(cubes, budget=Budget(decision=10_000, condition=10_000))
    assert result.status is Status.UNKNOWN
    assert "not decided" in result.detail


def test_integers_that_break_what_was_asked_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    model_of = z3.Solver.model

    def model_of_nothing(solver: Any) -> Any:
        other = z3.Solver(ctx=solver.ctx)
        other.check()
        return model_of(other)

    assert prove(requiring(FALSE["one integer in all"])).status is Status.REFUTED
    monkeypatch.setattr(z3.Solver, "model", model_of_nothing)
    assert prove(requiring(FALSE["one integer in all"])).status is Status.UNKNOWN
    assert prove(requiring(TRUE["abs"], least=1)).status is Status.VACUOUS
    assert prove(requiring(TRUE["abs"])).status is Status.PROVED


def test_too_many_paths_are_unknown() -> None:
    result = prove(requiring(lambda x, y: sorted([x, y, 0, 5, 9])[0] <= x), budget=Budget(paths=3))
    assert result.status is Status.UNKNOWN
    assert "more than 3 paths" in result.detail


def test_a_counterexample_outranks_what_is_unknown() -> None:
    def proof(path: Path) -> None:
        x, y = path.integer("x", least=2), path.integer("y", least=2)
        path.reach(ACCEPTED)
        path.require(x * x * x + y * y * y != 31_855_013, "hard")
        path.require(x != 10, "false")

    assert prove(proof, budget=Budget(decision=10_000, condition=10_000)).status is Status.REFUTED


def test_a_proof_without_a_condition_is_vacuous() -> None:
    result = prove(lambda path: path.reach(ACCEPTED))
    assert result.status is Status.VACUOUS
    assert result.detail == "nothing is required"


def test_a_proof_with_contradictory_assumptions_is_vacuous() -> None:
    def proof(path: Path) -> None:
        x = path.integer("x", least=1)
        path.assume(x < 1)
        path.reach(ACCEPTED)
        path.require(x == 42, "false of every integer there is")

    result = prove(proof)
    assert result.status is Status.VACUOUS
    assert result.detail == "never found possible: accepted"


def test_a_proof_that_never_comes_to_acceptance_is_vacuous() -> None:
    def proof(path: Path) -> None:
        x = path.integer("x")
        if x * 2 == 7:
            path.reach(ACCEPTED)
        path.require(x == x, "true")

    assert prove(proof).status is Status.VACUOUS


def test_every_point_to_reach_is_needed() -> None:
    proof = requiring(lambda x, y: x + y == y + x)
    assert prove(proof, reaches=(ACCEPTED, "refused")).status is Status.VACUOUS
    with pytest.raises(ValueError, match="vacuous"):
        prove(proof, reaches=())


def test_a_possible_exception_refutes_and_an_impossible_one_does_not() -> None:
    def proof(path: Path) -> None:
        weights = [path.integer("w", least=0), path.integer("v", least=0)]
        if path.choice("all", (True, False)):
            path.assume(sum(weights) > 0)
        parts = apportion(path.integer("total", least=limit), weights)
        path.reach(ACCEPTED)
        path.require(len(parts) == 2, "two parts")

    limit = 0
    result = prove(proof)
    assert result.status is Status.REFUTED
    assert "raises ValueError" in result.detail
    assert result.values["w"] == result.values["v"] == 0

    def assumed(path: Path) -> None:
        weight = path.integer("w", least=1)
        parts = apportion(path.integer("total"), [weight, 0])
        path.reach(ACCEPTED)
        path.require(sum(parts) == parts[0], "all of it")

    assert prove(assumed).status is Status.PROVED


MISUSES: dict[str, Callable[[int], object]] = {
    "hash": lambda x: {x: 1},
    "hash of a truth": lambda x: hash(x > 1),
    "int": int,
    "float": float,
    "range": range,
    "index": lambda x: [1, 2, 3][x],
    "true division": lambda x: x / 2,
    "power": lambda x: x**2,
    "count of truths": lambda x: [1, 2][x > 1],
    "text": str,
    "text of a truth": lambda x: str(x > 1),
    "text in a text": lambda x: "%s" % x,  # noqa: UP031
    "number in a text": lambda x: "%d" % x,  # noqa: UP031
    "what it looks like": repr,
    "equal to a float": lambda x: x == 5.0,
    "unequal to a float": lambda x: float(5) != x,
    "equal to a fraction": lambda x: Fraction(5) == x,
    "equal to a complex number": lambda x: x == 5 + 0j,
    "truth equal to an integer": lambda x: (x > 1) == 1,
    "truth equal to a symbolic integer": lambda x: (x > 1) == x,
    "integer equal to a truth": lambda x: x == (x > 1),
    "integer and truth": lambda x: x + (x > 1),
    "truth or integer": lambda x: (x > 1) | 1,
}


@pytest.mark.parametrize("name", MISUSES)
def test_what_only_a_plain_integer_has_is_refused_loudly(name: str) -> None:
    with pytest.raises(NotSymbolic):
        prove(lambda path: path.require(MISUSES[name](path.integer("x")) is not path, "always"))


@pytest.mark.parametrize("name", MISUSES)
def test_who_catches_the_refusal_does_not_hide_it(name: str) -> None:
    def proof(path: Path) -> None:
        x = path.integer("x")
        path.reach(ACCEPTED)
        with suppress(Exception):
            MISUSES[name](x)
        path.require(x == x, "true")

    with pytest.raises(NotSymbolic):
        prove(proof)


def test_who_catches_a_failure_does_not_hide_it() -> None:
    def proof(path: Path) -> None:
        x = path.integer("x")
        path.reach(ACCEPTED)
        with suppress(BaseException):
            path.require(x != 7, "not seven")

    result = prove(proof)
    assert (result.status, result.values) == (Status.REFUTED, {"x": 7})


@pytest.mark.parametrize("condition", [(), [False], (part for part in (False,)), 1, None])
def test_what_is_required_is_a_truth_value(condition: Any) -> None:
    """What is no truth value may be true whatever it holds, as every generator is."""
    with pytest.raises(NotSymbolic):
        prove(lambda path: path.require(condition, "never"))


def test_a_message_may_tell_of_integers() -> None:
    def proof(path: Path) -> None:
        x = path.integer("x")
        try:
            raise ValueError(f"{x} is wrong, and {x > 1}")
        except ValueError:
            path.reach(ACCEPTED)
        path.require(x == x, "true")

    assert prove(proof).status is Status.PROVED


def test_code_under_proof_asks_no_more_of_integers_than_an_overload_sees() -> None:
    """Identity with a constant is not overloaded, a message of an integer is not that of the one it stands for, and who
    catches an error may catch that of an engine's.
    """
    for module in (*COPIED, "ledger.postings"):
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
        tree.body = [part for part in tree.body if getattr(part, "name", "") not in ("format_decimal", "parse_decimal")]
        messages = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Raise) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
                constants = [side.value for side in (node.left, *node.comparators) if isinstance(side, ast.Constant)]
                assert not any(value is not None for value in constants), f"{module}:{node.lineno}"
            assert not isinstance(node, ast.MatchSingleton) or node.value is None, module
            assert not isinstance(node, ast.Try), f"{module}:{node.lineno}"
            assert not isinstance(node, ast.FormattedValue) or id(node) in messages, f"{module}:{node.lineno}"


def test_code_that_depends_on_more_than_its_arguments_is_seen() -> None:
    calls: list[int] = []

    def proof(path: Path) -> None:
        x = path.integer("x")
        calls.append(1)
        if x > len(calls):
            path.reach(ACCEPTED)
        if x > 100:
            path.require(x > 1, "true")

    with pytest.raises(Unrepeatable):
        prove(proof)


def test_code_that_remembers_an_answer_is_seen() -> None:
    """The second run would never come to the decision that it is to take the other way."""
    remembered: list[int] = []

    def code(x: int) -> int:
        if not remembered:
            remembered.append(0)
            return 0 if x > 0 else 1
        return remembered[0]

    def proof(path: Path) -> None:
        x = path.integer("x")
        path.reach(ACCEPTED)
        path.require(code(x) == 0, "false where x is not positive")

    with pytest.raises(Unrepeatable, match="never came to"):
        prove(proof)


@pytest.mark.parametrize("use", [lambda x, kept: kept > 0, lambda x, kept: x + kept == x])
def test_integers_of_another_run_are_refused(use: Callable[[int, int], bool]) -> None:
    kept: list[int] = []

    def proof(path: Path) -> None:
        x = path.integer("x")
        kept.append(x // 7)
        path.reach(ACCEPTED)
        if x > 0:
            path.require(x == x, "true")
        path.require(bool(use(x, kept[0])) in (True, False), "true")

    with pytest.raises(Unrepeatable, match="run"):
        prove(proof)


def test_names_of_the_engine_are_its_own() -> None:
    def proof(path: Path) -> None:
        x = path.integer("quotient!0")
        path.reach(ACCEPTED)
        path.require(path.integer("y") // 7 == x, "false")

    with pytest.raises(Unrepeatable):
        prove(proof)


def test_a_witness_with_which_a_condition_fails_refutes() -> None:
    """No overload sees the type that `type` asks for: only running the witness plainly does."""

    def proof(path: Path) -> None:
        x = path.integer("x")
        path.reach(ACCEPTED, x == 5)
        path.require(type(x) is not int or x != 5, "false of five")

    result = prove(proof)
    assert (result.status, result.detail, result.values) == (Status.REFUTED, "false of five", {"x": 5})


def test_a_name_is_asked_for_once() -> None:
    def proof(path: Path) -> None:
        path.require(path.integer("x") == path.integer("x"), "the same")

    with pytest.raises(Unrepeatable):
        prove(proof)


@pytest.mark.parametrize("name", FALSE)
def test_results_repeat(name: str) -> None:
    """Whatever was proved before in the same process: the integers that refute are the same too."""
    proof = requiring(FALSE[name])
    first = prove(proof)
    for other in (*TRUE.values(), *FALSE.values()):
        prove(requiring(other))
    assert prove(proof) == first


def test_results_are_those_of_another_process() -> None:
    script = (
        "from specs.proofs.engine import prove\n"
        "from tests.proofs.test_engine import FALSE, requiring\n"
        "print([str(prove(requiring(condition))) for condition in FALSE.values()])"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str([str(prove(requiring(condition))) for condition in FALSE.values()])


def test_a_point_with_a_condition_is_reached_only_where_it_can_hold() -> None:
    def proof(path: Path) -> None:
        x = path.integer("x", least=0)
        path.reach("large", x > 10**30)
        path.reach("negative", x < 0)
        path.require(x >= 0, "true")

    assert prove(proof, reaches=("large",)).status is Status.PROVED
    result = prove(proof, reaches=("large", "negative"))
    assert (result.status, result.detail) == (Status.VACUOUS, "never found possible: negative")


def test_what_was_decided_is_not_asked_again() -> None:
    def proof(path: Path) -> None:
        x, y = path.integer("x"), path.integer("y")
        answers = [x * y > x, x * y > x, not x * y <= x, x < x * y]
        path.reach(ACCEPTED)
        path.require(all(answers) or not any(answers), "one answer")

    result = prove(proof)
    assert (result.status, result.paths) == (Status.PROVED, 2)


def test_an_attribute_that_is_missing_refutes_the_code_and_not_the_proof() -> None:
    def of_the_proof(path: Path) -> None:
        path.require(path.integer("x") == None.x, "never")  # type: ignore[attr-defined]

    with pytest.raises(AttributeError):
        prove(of_the_proof)

    def of_the_code(path: Path) -> None:
        path.reach(ACCEPTED)
        state = genesis(load_profile("ascendex-2020"))
        path.require(not liquidate(state, None), "never")  # type: ignore[arg-type]

    result = prove(of_the_code)
    assert result.status is Status.REFUTED
    assert "raises AttributeError" in result.detail


def test_what_a_symbolic_integer_has_not_is_never_a_verdict() -> None:
    with pytest.raises(NotSymbolic):
        prove(lambda path: path.require(path.integer("x").bit_length() > 3, "never"))
