"""The ordinary functions of the ledger, run on symbolic integers, over every path: proofs for all integers.

A proof is a function of a `Path`. It asks the path for integers (`path.integer`), says what it takes for granted
(`path.assume`), calls the real code, and says what must hold (`path.require`) and what must be possible
(`path.reach`). The integers are `Int`: they add, multiply, divide and compare as Python's own do, over terms of z3, so
the code under proof is the code that runs, unchanged. A comparison gives a `Truth`. Wherever Python needs a plain
answer, as in `if`, `and`, `min` or `sorted`, a `Truth` asks the path: the solver says which of the two answers are
possible; where both may be, the path takes one, and the proof is run again from the start with the other.

**Why PROVED may be believed.** Say that concrete integers satisfy the assumptions and that the proof, run on them,
breaks a condition or raises. Follow that run symbolically. At each decision the integers give one answer, and the path
that takes it exists: an answer is dropped only when the solver says *unsat* of everything decided, assumed and
defined so far together with it, and these integers satisfy all of that; an answer the solver could not decide is kept.
Names introduced by division are defined exactly (`a = b * q + r`, `0 <= r < b`, after `b > 0` was decided), so every
choice of integers extends to them. So some explored path has a constraint that these integers satisfy. On every path
each condition was found *unsat* when negated, and a path that ends in an exception was found *unsat* itself. So no
such integers exist. What this trusts: z3's *unsat*, the overloads below, and that the code depends on nothing but its
arguments; that a repeated run decides the same conditions in the same order is checked.

**Why the other answers may be believed.** REFUTED comes with integers, and the proof was run on them concretely, as
plain Python, and failed. UNKNOWN means that the solver gave up on some condition or that a bound of the exploration
was reached; it never counts as proved. VACUOUS means that nothing was required, or that something which must be
possible was not found to be: such a proof would say nothing, and is an error. What was found possible was run
concretely as well.

The solver's effort is bounded by counted resources, not by time, so a busy machine changes no answer.
"""

import enum
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, cast

import attrs
import z3  # type: ignore[import-untyped]

T = TypeVar("T")
Term = Any
"""A term of z3, which has no types of its own."""


class Status(enum.Enum):
    """What is known of a proof."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"
    VACUOUS = "VACUOUS"


@attrs.frozen
class Budget:
    """Bounds of one proof: solver resources for a decision and for a condition, and how many paths.

    A decision that runs out keeps both answers, which costs paths and no soundness.
    """

    decision: int = 300_000
    condition: int = 8_000_000
    paths: int = 20_000


@attrs.frozen
class Result:
    """The status, with the number of paths explored and of conditions looked at on them.

    `detail` says what failed, what is unknown, or what is missing. `values`: the integers that refute, by name.
    """

    status: Status
    paths: int
    conditions: int
    detail: str = ""
    values: Mapping[str, int] = attrs.field(factory=dict)


class NotSymbolic(TypeError):
    """Code under proof asked of a symbolic value what only a plain integer has. Never a verdict: it is raised."""


class Unrepeatable(AssertionError):
    """Two runs of one proof decided different things, or the solver's integers do not do what it says they do."""


class _Impossible(BaseException):
    """The path's constraint is unsatisfiable."""


class _Failed(BaseException):
    """A condition does not hold, in a concrete run, or symbolically with the integers of the solver's model."""

    def __init__(self, what: str, values: Mapping[str, int]) -> None:
        super().__init__(what)
        self.what, self.values = what, values


class Truth:
    """A symbolic truth value. `&`, `|`, `==` and `!=` combine without deciding; `if`, `not`, `and`, `or` decide."""

    __slots__ = ("path", "term")

    def __init__(self, path: "Path", term: Term) -> None:
        self.path, self.term = path, term

    def __bool__(self) -> bool:
        return self.path.decide(self.term)

    def _combined(self, other: object, combine: Callable[[Term, Term], Term]) -> "Truth":
        if isinstance(other, Truth):
            return Truth(self.path, combine(self.term, other.term))
        if isinstance(other, bool):
            return Truth(self.path, combine(self.term, z3.BoolVal(other)))
        return NotImplemented

    def __and__(self, other: object) -> "Truth":
        return self._combined(other, z3.And)

    def __or__(self, other: object) -> "Truth":
        return self._combined(other, z3.Or)

    __rand__, __ror__ = __and__, __or__

    def __eq__(self, other: object) -> "Truth":  # type: ignore[override]
        return self._combined(other, operator.eq)

    def __ne__(self, other: object) -> "Truth":  # type: ignore[override]
        return self._combined(other, operator.ne)

    def __hash__(self) -> int:
        _refuse("a hash", self)

    def __index__(self) -> int:
        _refuse("a plain integer", self)

    def __repr__(self) -> str:
        return f"<{z3.simplify(self.term)}>"


def _arithmetic(combine: Callable[[Term, Term], Term]) -> Callable[["Int", object], "Int"]:
    def method(self: "Int", other: object) -> "Int":
        term = _term_of(other)
        return NotImplemented if term is None else Int(self.path, combine(self.term, term))

    return method


def _comparison(compare: Callable[[Term, Term], Term]) -> Callable[["Int", object], Truth]:
    def method(self: "Int", other: object) -> Truth:
        term = _term_of(other)
        return NotImplemented if term is None else Truth(self.path, compare(self.term, term))

    return method


def _division(part: int, *, swapped: bool = False) -> Callable[["Int", object], "Int"]:
    def method(self: "Int", other: object) -> "Int":
        term = _term_of(other)
        if term is None:
            return NotImplemented
        numerator, denominator = (term, self.term) if swapped else (self.term, term)
        return Int(self.path, self.path.divided(numerator, denominator)[part])

    return method


class Int:
    """A symbolic integer: exactly Python's `+ - * // %`, comparisons, `abs` and truth, over a term of z3."""

    __slots__ = ("path", "term")

    def __init__(self, path: "Path", term: Term) -> None:
        self.path, self.term = path, term

    __add__, __radd__ = _arithmetic(operator.add), _arithmetic(lambda right, left: left + right)
    __sub__, __rsub__ = _arithmetic(operator.sub), _arithmetic(lambda right, left: left - right)
    __mul__, __rmul__ = _arithmetic(operator.mul), _arithmetic(lambda right, left: left * right)
    __floordiv__, __rfloordiv__ = _division(0), _division(0, swapped=True)
    __mod__, __rmod__ = _division(1), _division(1, swapped=True)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __eq__ = _comparison(operator.eq)  # type: ignore[assignment]
    __ne__ = _comparison(operator.ne)  # type: ignore[assignment]

    def __neg__(self) -> "Int":
        return Int(self.path, -self.term)

    def __pos__(self) -> "Int":
        return self

    def __abs__(self) -> "Int":
        return self if self >= 0 else -self

    def __bool__(self) -> bool:
        return self.path.decide(self.term != 0)

    def __hash__(self) -> int:
        _refuse("a hash", self)

    def __int__(self) -> int:
        _refuse("a plain integer", self)

    def __index__(self) -> int:
        _refuse("a plain integer", self)

    def __float__(self) -> float:
        _refuse("a float", self)

    def __truediv__(self, other: object) -> NoReturn:
        _refuse("a quotient that is no integer", self)

    __rtruediv__ = __truediv__

    def __pow__(self, other: object) -> NoReturn:
        _refuse("a power", self)

    __rpow__ = __pow__

    def __repr__(self) -> str:
        return f"<{z3.simplify(self.term)}>"


def _refuse(wanted: str, value: Int | Truth) -> NoReturn:
    raise NotSymbolic(f"{wanted} was asked of the symbolic {value!r}")


def _term_of(value: object) -> Term | None:
    if isinstance(value, Int):
        return value.term
    return z3.IntVal(int(value)) if isinstance(value, int) else None


class _Session:
    """What the paths of one proof share: how many conditions they came to, what stayed unknown, what was reached."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.conditions = 0
        self.unknown: list[str] = []
        self.reached: dict[str, Mapping[str, int]] = {}
        self.not_decided: set[str] = set()


_Decision = tuple[Term, bool]


class Path:
    """One run of a proof: symbolic with a prefix of decisions to repeat, or concrete with the integers given.

    Typed as if its integers were plain: the code under proof takes `int`, and the overloads make that true.
    """

    def __init__(
        self, session: _Session, prefix: Sequence[_Decision] = (), values: Mapping[str, int] | None = None
    ) -> None:
        self.alternatives: list[tuple[_Decision, ...]] = []
        self.reached_here: set[str] = set()
        self._session, self._prefix, self._values = session, prefix, values
        self._taken: list[_Decision] = []
        self._integers: dict[str, Term] = {}
        self._quotients: dict[tuple[int, int], tuple[Term, ...]] = {}
        self._constraint: list[Term] = []
        self._solver = z3.Solver()
        self._model: Any = None

    # What a proof says

    def integer(self, name: str, *, least: int | None = None, most: int | None = None) -> int:
        """An integer of any value, or of any from `least` to `most`; each name is asked for once."""
        if self._values is not None:
            value = self._values.get(name, 0)
            self.assume((least is None or value >= least) and (most is None or value <= most))
            return value
        if name in self._integers:
            raise ValueError(f"{name} is asked for twice")
        term = self._integers[name] = z3.Int(name)
        if least is not None:
            self._assert(term >= least)
        if most is not None:
            self._assert(term <= most)
        return cast(int, Int(self, term))

    def choice(self, name: str, options: Sequence[T]) -> T:
        """Any of the options; each is a path of its own."""
        number = self.integer(name, least=0, most=len(options) - 1)
        for position, option in enumerate(options[:-1]):
            if number == position:
                return option
        return options[-1]

    def assume(self, condition: bool) -> None:
        """Take it for granted from here on."""
        if isinstance(condition, Truth):
            self._assert(condition.term)
        elif not condition:
            raise _Impossible

    def require(self, condition: bool, what: str) -> None:
        """It must hold for every choice of integers on this path; `what` says it in words."""
        self._session.conditions += 1
        if self._values is not None:
            if not condition:
                raise _Failed(what, self._values)
            return
        broken = z3.Not(condition.term) if isinstance(condition, Truth) else z3.BoolVal(not condition)
        self._must_be_unsat(broken, what)

    def establish(self, condition: bool, what: str) -> None:
        """Require it, and let what follows build on it: a lemma."""
        self.require(condition, what)
        self.assume(condition)

    def reach(self, name: str) -> None:
        """This point must be possible for some integers, on this or another path that comes here by this name."""
        self.reached_here.add(name)
        if self._values is not None or name in self._session.reached:
            return
        answer, model = self._decided(z3.BoolVal(True))
        if answer == z3.sat:
            self._session.reached[name] = self._values_of(model)
            self._session.not_decided.discard(name)
        elif answer == z3.unknown:
            self._session.not_decided.add(name)

    # What the overloads ask

    def decide(self, term: Term) -> bool:
        """The answer that this path takes."""
        known = z3.simplify(term)
        if z3.is_true(known) or z3.is_false(known):
            return bool(z3.is_true(known))
        position = len(self._taken)
        if position < len(self._prefix):
            earlier, answer = self._prefix[position]
            if not earlier.eq(term):
                raise Unrepeatable(f"a repeated run came to {term} instead of {earlier}")
        else:
            can_hold, can_fail = self._possible(term), self._possible(z3.Not(term))
            if not (can_hold or can_fail):
                raise _Impossible
            if can_hold and can_fail:
                self.alternatives.append((*self._taken, (term, False)))
            answer = can_hold
        self._taken.append((term, answer))
        self._assert(term if answer else z3.Not(term))
        return answer

    def divided(self, numerator: Term, denominator: Term) -> tuple[Term, Term]:
        """Quotient and remainder as Python's `//` and `%` have them, ZeroDivisionError included."""
        if self.decide(denominator > 0):
            return self._by_positive(numerator, denominator)
        if self.decide(denominator < 0):
            quotient, remainder = self._by_positive(-numerator, -denominator)
            return quotient, -remainder
        raise ZeroDivisionError("integer division or modulo by zero")

    def _by_positive(self, numerator: Term, denominator: Term) -> tuple[Term, Term]:
        # Equal operands have one quotient, so the solver need not find out that it is the same.
        numerator, denominator = z3.simplify(numerator, som=True), z3.simplify(denominator, som=True)
        key = numerator.get_id(), denominator.get_id()
        if key not in self._quotients:
            number = len(self._quotients)
            quotient, remainder = z3.Int(f"quotient!{number}"), z3.Int(f"remainder!{number}")
            # The operands stay here too, so that no other term can come to have their ids.
            self._quotients[key] = quotient, remainder, numerator, denominator
            self._assert(numerator == denominator * quotient + remainder)
            self._assert(remainder >= 0)
            self._assert(remainder < denominator)
        quotient, remainder, *_ = self._quotients[key]
        return quotient, remainder

    # What the solver is asked

    def raised(self, error: Exception) -> None:
        """The proof ended in an exception, which must not be possible."""
        what = f"raises {type(error).__name__}: {error}"
        if self._values is not None:
            raise _Failed(what, self._values)
        self._must_be_unsat(z3.BoolVal(True), what)

    def _assert(self, term: Term) -> None:
        self._constraint.append(term)
        self._solver.add(term)
        if self._model is not None and not z3.is_true(self._model.eval(term, model_completion=True)):
            self._model = None

    def _possible(self, term: Term) -> bool:
        """Whether the solver does not exclude it. A model of the path, where one is known, saves a question."""
        if self._model is not None and z3.is_true(self._model.eval(term, model_completion=True)):
            return True
        answer, model = self._asked(self._solver, term, self._session.budget.decision)
        self._model = model or self._model
        return bool(answer != z3.unsat)

    def _decided(self, term: Term) -> tuple[Any, Any]:
        """The solver's answer to the path with the term, and its model: quickly, or else with all that is allowed."""
        answer, model = self._asked(self._solver, term, self._session.budget.decision)
        if answer != z3.unknown:
            return answer, model
        fresh = z3.Solver()
        fresh.add(self._constraint)
        return self._asked(fresh, term, self._session.budget.condition)

    def _asked(self, solver: Any, term: Term, resources: int) -> tuple[Any, Any]:
        solver.set("rlimit", resources)
        solver.push()
        try:
            solver.add(term)
            answer = solver.check()
            model = solver.model() if answer == z3.sat else None
        except z3.Z3Exception as stopped:
            # Within some tactics the solver says that resources ran out by raising; it is not used any further then.
            if b"canceled" not in stopped.args[0] and b"max. resource" not in stopped.args[0]:
                raise
            self._solver = z3.Solver()
            self._solver.add(self._constraint)
            return z3.unknown, None
        solver.pop()
        return answer, model

    def _must_be_unsat(self, broken: Term, what: str) -> None:
        if z3.is_false(z3.simplify(broken)):
            return
        answer, model = self._decided(broken)
        if answer == z3.sat:
            raise _Failed(what, self._values_of(model))
        if answer == z3.unknown:
            self._session.unknown.append(what)

    def _values_of(self, model: Any) -> Mapping[str, int]:
        return {
            name: model.eval(term, model_completion=True).as_long() for name, term in sorted(self._integers.items())
        }


Proof = Callable[[Path], None]

ACCEPTED = "accepted"


def prove(proof: Proof, *, reaches: Sequence[str] = (ACCEPTED,), budget: Budget | None = None) -> Result:
    """Explore every path; `reaches` are the points that must be possible, at least one.

    NotSymbolic and Unrepeatable are raised: they tell of a proof that cannot be made, not of the code.
    """
    if not reaches:
        raise ValueError("a proof without a point that must be possible may be vacuous")
    session = _Session(budget or Budget())
    pending: list[tuple[_Decision, ...]] = [()]
    paths = 0
    while pending:
        if paths == session.budget.paths:
            session.unknown.append(f"more than {paths} paths")
            break
        path = Path(session, pending.pop())
        paths += 1
        try:
            _run(proof, path)
        except _Impossible:
            paths -= 1
        except _Failed as failed:
            return Result(
                Status.REFUTED, paths, session.conditions, _confirmed(proof, failed), values=dict(failed.values)
            )
        pending += path.alternatives
    return _verdict(proof, session, paths, reaches)


def _run(proof: Proof, path: Path) -> None:
    try:
        proof(path)
    except (NotSymbolic, Unrepeatable, z3.Z3Exception, NameError, AttributeError):
        # A proof that is written wrongly refutes nothing.
        raise
    except Exception as error:
        path.raised(error)


def _concretely(proof: Proof, values: Mapping[str, int]) -> tuple[str | None, set[str]]:
    """What fails in a plain run on these integers, None where nothing does, and the points it reached."""
    path = Path(_Session(Budget()), values=values)
    try:
        _run(proof, path)
    except _Impossible:
        raise Unrepeatable(f"{values} do not satisfy the assumptions, though the solver says so") from None
    except _Failed as failed:
        return failed.what, path.reached_here
    return None, path.reached_here


def _confirmed(proof: Proof, failed: _Failed) -> str:
    what, _ = _concretely(proof, failed.values)
    if what is None:
        raise Unrepeatable(f"{failed.values} should break: {failed.what}; run plainly, they do not")
    return what


def _verdict(proof: Proof, session: _Session, paths: int, reaches: Sequence[str]) -> Result:
    for name, values in session.reached.items():
        what, reached = _concretely(proof, values)
        if what is None and name not in reached:
            raise Unrepeatable(f"{values} should reach: {name}; run plainly, they do not")
    if session.unknown:
        reasons = list(dict.fromkeys(session.unknown))
        detail = f"not decided within the budget: {'; '.join(reasons)} ({len(session.unknown)} times)"
        return Result(Status.UNKNOWN, paths, session.conditions, detail)
    missing = [name for name in reaches if name not in session.reached]
    if missing or session.conditions == 0:
        undecided = [name for name in missing if name in session.not_decided]
        parts = ["nothing is required"] if session.conditions == 0 else []
        parts += [f"never found possible: {name}" for name in missing]
        parts += [f"not decided within the budget: {name}" for name in undecided]
        return Result(Status.VACUOUS, paths, session.conditions, "; ".join(parts))
    return Result(Status.PROVED, paths, session.conditions)


def negation(condition: bool) -> bool:
    """`not`, without deciding."""
    return cast(bool, condition == False)  # noqa: E712


def implies(antecedent: bool, consequent: bool) -> bool:
    """`antecedent` only with `consequent`, without deciding."""
    return negation(antecedent) | consequent
