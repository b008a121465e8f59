"""A path of a proof: what the proof says on it, what the code asks of its integers, and what the solver is asked.

The argument why this proves anything is at the head of `engine`, which explores the paths.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import attrs
import z3  # type: ignore[import-untyped]

from .integers import Int, NotSymbolic, Term, Truth
from .linear import LinearSolver, Polynomial, exact_quotient, polynomial

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


@attrs.frozen
class Budget:
    """Bounds of one proof: solver resources for a decision and for a condition, and how many paths.

    A decision that runs out keeps both answers, which costs paths and no soundness. With `linear`, decisions are left
    to the linear solver alone, and conditions to it first: for proofs with many products.
    """

    decision: int = 300_000
    condition: int = 8_000_000
    paths: int = 20_000
    linear: bool = False


class Unrepeatable(AssertionError):
    """Two runs of one proof decided different things, or the solver's integers do not do what it says they do."""


class Impossible(BaseException):
    """The path's constraint is unsatisfiable."""


class Failed(BaseException):
    """A condition does not hold, in a concrete run, or symbolically with the integers of the solver's model."""

    def __init__(self, what: str, values: Mapping[str, int]) -> None:
        super().__init__(what)
        self.what, self.values = what, values


class Session:
    """What the paths of one proof share: how many conditions they came to, what stayed unknown, what was reached.

    The solver's terms live in a context of the proof's own, so that no earlier proof changes what it answers.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.context = z3.Context()
        self.conditions = 0
        self.unknown: list[str] = []
        self.reached: dict[str, Mapping[str, int]] = {}
        self.not_decided: set[str] = set()
        self.linear = LinearSolver(self.context) if budget.linear else None
        self._constants: dict[int, Term] = {}
        self._simplified: dict[tuple[int, bool], tuple[Term, Term]] = {}
        self._polynomials: dict[int, tuple[Term, Polynomial]] = {}
        self._exact_quotients: dict[tuple[Polynomial, Polynomial], Term | None] = {}

    def simplified(self, term: Term, *, as_sum: bool = False) -> Term:
        """The term made simple, or a sum of monomials; it stays here, so that no other can come to have its id."""
        key = term.get_id(), as_sum
        if key not in self._simplified:
            self._simplified[key] = term, z3.simplify(term, som=as_sum)
        return self._simplified[key][1]

    def polynomial(self, term: Term) -> Polynomial:
        """What a sum of monomials is, in whatever order it is written."""
        key = term.get_id()
        if key not in self._polynomials:
            self._polynomials[key] = term, polynomial(term)
        return self._polynomials[key][1]

    def exact_quotient(self, numerator: Term, denominator: Term) -> Term | None:
        """The quotient of sums of monomials that divide without a remainder, as a sum of monomials."""
        key = self.polynomial(numerator), self.polynomial(denominator)
        if key not in self._exact_quotients:
            quotient = exact_quotient(numerator, denominator)
            self._exact_quotients[key] = None if quotient is None else self.simplified(quotient, as_sum=True)
        return self._exact_quotients[key]

    def constant(self, value: int) -> Term:
        """The term of a plain integer."""
        if value not in self._constants:
            self._constants[value] = z3.IntVal(value, self.context)
        return self._constants[value]


Decision = tuple[Term, bool]


@attrs.frozen
class Start:
    """Where a path begins: the decisions to repeat, and integers of the solver's that take them all, where known."""

    decisions: tuple[Decision, ...] = ()
    model: Any = None


class Path:
    """One run of a proof: symbolic with a prefix of decisions to repeat, or concrete with the integers given.

    Typed as if its integers were plain: the code under proof takes `int`, and the overloads make that true.
    """

    def __init__(self, session: Session, start: Start | None = None, values: Mapping[str, int] | None = None) -> None:
        self.alternatives: list[Start] = []
        self.reached_here: set[str] = set()
        self._session, self._start, self._values = session, start or Start(), values
        self._taken: list[Decision] = []
        self._integers: dict[str, Term] = {}
        self._quotients: dict[tuple[Polynomial, Polynomial], tuple[Term, ...]] = {}
        self._answers: dict[int, Decision] = {}
        self._constraint: list[Term] = []
        self._hints: list[Term] = []
        self._quotients_are_opaque = False
        self._context = session.context
        self._solver = z3.Solver(ctx=self._context)
        self._known_to_solver = 0
        # Integers that satisfy the constraint, where some are known. They save questions whose answer is a yes.
        self._model: Any = None
        self._linear = session.linear
        if self._linear is not None:
            self._linear.begin()
        # What must end the proof, should anybody catch it; whether a text was made; whether the run is over.
        self._ending: BaseException | None = None
        self._is_told = False
        self._is_over = False

    # What a proof says

    def integer(self, name: str, *, least: int | None = None, most: int | None = None) -> int:
        """An integer of any value, or of any from `least` to `most`; each name is asked for once."""
        if self._values is not None:
            value = self._values.get(name, 0)
            self.assume((least is None or value >= least) and (most is None or value <= most))
            return value
        if name in self._integers or "!" in name:
            raise self._ended_by(Unrepeatable(f"{name} is asked for twice, or is a name of the engine's own"))
        term = self._integers[name] = z3.Int(name, self._context)
        self._suppose(term, max(1, least or 1) if most is None else min(most, max(1, least or 1)))
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
            self._assert(self._own(condition))
        elif not condition:
            raise Impossible

    def require(self, condition: bool, what: str) -> None:
        """It must hold for every choice of integers on this path; `what` says it in words."""
        if not isinstance(condition, bool):
            raise self._ended_by(NotSymbolic(f"{what} is required of a {type(condition).__name__}"))
        self._session.conditions += 1
        if self._values is not None:
            if not condition:
                raise self._ended_by(Failed(what, self._values))
            return
        broken = z3.Not(self._own(condition)) if isinstance(condition, Truth) else self.truth(not condition)
        self._must_be_unsat(broken, what)

    def establish(self, condition: bool, what: str) -> None:
        """Require it, and let what follows build on it: a lemma."""
        self.require(condition, what)
        self.assume(condition)

    def reach(self, name: str, when: bool = True) -> None:
        """This point, with the condition `when`, must be possible for some integers, on this or another path that comes
        here by this name."""
        if self._values is not None:
            if when:
                self.reached_here.add(name)
            return
        if name in self._session.reached:
            return
        condition = self._own(when) if isinstance(when, Truth) else self.truth(when)
        answer, model = (z3.sat, self._model) if self._is_modelled(condition) else self._decided(condition)
        if answer == z3.sat:
            self._session.reached[name] = self._values_of(model)
            self._session.not_decided.discard(name)
        elif answer == z3.unknown:
            self._session.not_decided.add(name)

    def hint(self, condition: bool) -> None:
        """Where to look for integers that break or reach what comes after this; nothing that is proved rests on it."""
        if isinstance(condition, Truth):
            self._hints.append(condition.term)

    @contextmanager
    def opaque_quotients(self) -> Iterator[None]:
        """What is divided in here stays unknown to the linear solver, for who makes known what matters of it."""
        self._quotients_are_opaque = True
        try:
            yield
        finally:
            self._quotients_are_opaque = False

    # What the overloads ask

    def decide(self, term: Term) -> bool:
        """The answer that this path takes."""
        if self._is_over:
            raise Unrepeatable("an integer of a run that is over was asked something")
        known = self._session.simplified(term)
        if z3.is_true(known) or z3.is_false(known):
            return bool(z3.is_true(known))
        negated = bool(z3.is_not(known))
        known = known.arg(0) if negated else known
        if known.get_id() not in self._answers:
            # The term stays here with its answer, so that no other can come to have its id.
            self._answers[known.get_id()] = known, self._take(term) != negated
        return self._answers[known.get_id()][1] != negated

    def _take(self, term: Term) -> bool:
        """The answer to what was not asked before: the prefix's, or the first that may be."""
        position, prefix = len(self._taken), self._start.decisions
        if position < len(prefix):
            earlier, answer = prefix[position]
            if not earlier.eq(term):
                raise self._ended_by(Unrepeatable(f"a repeated run came to {term} instead of {earlier}"))
            model = self._start.model if position == len(prefix) - 1 else None
        else:
            can_hold, holding = self._possible(term)
            can_fail, failing = self._possible(z3.Not(term))
            if not (can_hold or can_fail):
                raise Impossible
            if can_hold and can_fail:
                self.alternatives.append(Start((*self._taken, (term, False)), failing))
            answer, model = (True, holding) if can_hold else (False, failing)
        self._taken.append((term, answer))
        self._model = None
        self._assert(term if answer else z3.Not(term))
        self._model = model
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
        numerator = self._session.simplified(numerator, as_sum=True)
        denominator = self._session.simplified(denominator, as_sum=True)
        if z3.is_int_value(numerator) and numerator.as_long() == 0:
            return numerator, numerator
        key = self._session.polynomial(numerator), self._session.polynomial(denominator)
        if self._linear is not None and key not in self._quotients:
            exact = self._session.exact_quotient(numerator, denominator)
            if exact is not None:
                return exact, self._session.constant(0)
        if key not in self._quotients:
            number = len(self._quotients)
            quotient = z3.Int(f"quotient!{number}", self._context)
            remainder = z3.Int(f"remainder!{number}", self._context)
            # The operands stay here too, so that no other term can come to have their ids.
            self._quotients[key] = quotient, remainder, numerator, denominator
            if self._model is not None:
                plain = self._value(self._model, numerator), self._value(self._model, denominator)
                self._suppose(quotient, plain[0] // plain[1] if plain[1] > 0 else 0)
                self._suppose(remainder, plain[0] % plain[1] if plain[1] > 0 else 0)
            definition = (numerator == denominator * quotient + remainder, remainder >= 0, remainder < denominator)
            for part in definition:
                self._assert(part, is_linear=not self._quotients_are_opaque)
            if self._linear is not None and not self._quotients_are_opaque:
                self._assert_monotonous(numerator, denominator, quotient)
        quotient, remainder, *_ = self._quotients[key]
        return quotient, remainder

    def _assert_monotonous(self, numerator: Term, denominator: Term, quotient: Term) -> None:
        """Among quotients by the same positive denominator a larger numerator has no smaller one: true in any case, and
        not seen by the linear solver."""
        for other, _, above, below in tuple(self._quotients.values()):
            if below.eq(denominator) and not above.eq(numerator):
                self._assert(z3.Implies(numerator <= above, quotient <= other))
                self._assert(z3.Implies(numerator >= above, quotient >= other))

    def truth(self, value: bool) -> Term:
        """A plain truth value as a term."""
        return z3.BoolVal(value, self._context)

    def term_of(self, value: object) -> Term | None:
        """The term of an integer, plain or symbolic; None for anything else."""
        if isinstance(value, Int):
            return self._own(value)
        return self._session.constant(int(value)) if isinstance(value, int) else None

    def refused(self, error: NotSymbolic) -> None:
        """Remember it: whoever catches it keeps no proof from ending with it."""
        self._ended_by(error)

    def told(self) -> None:
        """Remember it: a text of a symbolic integer is not that of any integer."""
        self._is_told = True

    def _own(self, value: Int | Truth) -> Term:
        """The term of a value of this very run."""
        if value.path is not self:
            raise self._ended_by(Unrepeatable("an integer of one run was used in another"))
        return value.term

    def _ended_by(self, error: E) -> E:
        self._ending = self._ending or error
        return error

    # What the solver is asked

    def ended(self) -> None:
        """The run is over: what it should have ended with, and did not, it ends with now."""
        self._is_over = True
        if self._ending is not None:
            raise self._ending
        if len(self._taken) < len(self._start.decisions):
            raise Unrepeatable(f"a repeated run never came to {self._start.decisions[len(self._taken)][0]}")
        if self._is_told and self._decided(self.truth(True))[0] != z3.unsat:
            raise NotSymbolic("a text was made of a symbolic integer where no refutation followed")

    def raised(self, error: Exception) -> None:
        """The proof ended in an exception, which must not be possible."""
        if self._ending is not None:
            raise self._ending
        what = f"raises {type(error).__name__}: {error}"
        if self._values is not None:
            raise self._ended_by(Failed(what, self._values))
        self._must_be_unsat(self.truth(True), what)

    def _assert(self, term: Term, *, is_linear: bool = True) -> None:
        self._constraint.append(term)
        if self._linear is not None and is_linear:
            self._linear.add(term)
        if self._model is not None and not self._is_modelled(term):
            self._model = None

    def _suppose(self, name: Term, value: int) -> None:
        """Extend the integers known by one for a new name."""
        if self._model is not None:
            self._model.update_value(name, self._session.constant(value))

    def _is_modelled(self, term: Term) -> bool:
        """Whether the integers known satisfy the term."""
        return self._model is not None and bool(z3.is_true(self._model.eval(term, model_completion=True)))

    def _possible(self, term: Term) -> tuple[bool, Any]:
        """Whether the solver does not exclude it, with integers for which it is so, where known."""
        if self._is_modelled(term):
            return True, self._model
        if self._linear is not None:
            return not self._linear.excludes(term, self._session.budget.decision), None
        answer, model = self._asked(self._current_solver(), term, self._session.budget.decision)
        return bool(answer != z3.unsat), model

    def _decided(self, term: Term) -> tuple[Any, Any]:
        """The solver's answer to the path with the term, and its model: quickly, where a hint leads, or at length."""
        answer, model = self._asked(self._current_solver(), term, self._session.budget.decision)
        if answer != z3.unknown:
            return answer, model
        if self._hints:
            hinted = z3.Solver(ctx=self._context)
            hinted.add(*self._constraint, *self._hints)
            answer, model = self._asked(hinted, term, self._session.budget.condition)
            if answer == z3.sat:
                return answer, model
        fresh = z3.Solver(ctx=self._context)
        fresh.add(self._constraint)
        return self._asked(fresh, term, self._session.budget.condition)

    def _current_solver(self) -> Any:
        """The path's solver with all its constraints."""
        self._solver.add(self._constraint[self._known_to_solver :])
        self._known_to_solver = len(self._constraint)
        return self._solver

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
            self._solver, self._known_to_solver = z3.Solver(ctx=self._context), 0
            return z3.unknown, None
        solver.pop()
        if model is not None and not self._satisfies(model, (*self._constraint, term)):
            # The solver has been seen to say that there are integers and to give some that break what they should
            # satisfy. That is no answer, and the solver is not used any further.
            self._solver, self._known_to_solver = z3.Solver(ctx=self._context), 0
            return z3.unknown, None
        return answer, model

    @staticmethod
    def _satisfies(model: Any, terms: Sequence[Term]) -> bool:
        """Whether the solver's integers do."""
        return all(z3.is_true(model.eval(term, model_completion=True)) for term in terms)

    def _must_be_unsat(self, broken: Term, what: str) -> None:
        if z3.is_false(z3.simplify(broken)):
            return
        if self._is_modelled(broken):
            answer, model = z3.sat, self._model
        elif self._linear is not None and self._linear.excludes(broken, self._session.budget.decision):
            return
        else:
            answer, model = self._decided(broken)
        if answer == z3.sat:
            raise self._ended_by(Failed(what, self._values_of(model)))
        if answer == z3.unknown:
            self._session.unknown.append(what)

    def _values_of(self, model: Any) -> Mapping[str, int]:
        return {name: self._value(model, term) for name, term in sorted(self._integers.items())}

    @staticmethod
    def _value(model: Any, term: Term) -> int:
        return int(model.eval(term, model_completion=True).as_long())


def negation(condition: bool) -> bool:
    """`not`, without deciding."""
    return condition == False  # noqa: E712


def implies(antecedent: bool, consequent: bool) -> bool:
    """`antecedent` only with `consequent`, without deciding."""
    return negation(antecedent) | consequent
