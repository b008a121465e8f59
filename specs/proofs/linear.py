"""A quick, coarse solver: linear arithmetic in which a product of unknowns is an unknown of its own.

Whatever satisfies some constraints satisfies them also with its products as the values of those unknowns. So where
this solver says *unsat* nothing satisfies them; that it finds something says little. Of each multiplication it knows
the sign rules (`sign_rules`), which are true of all integers. That settles most of a rule at once: the rule and its
specification come to the same products, and what matters are their sums and their signs.

The paths of a proof share one solver. Each begins with the constraints of an earlier one, and these stay where they
are.
"""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Any

import z3  # type: ignore[import-untyped]

from .integers import Term


def sign_rules(product: Term, left: Term, right: Term) -> list[Term]:
    """What is true of any two integers and their product."""
    return [
        (product == 0) == z3.Or(left == 0, right == 0),
        z3.Implies(z3.And(left > 0, right > 0), z3.And(product >= left, product >= right)),
        z3.Implies(z3.And(left < 0, right < 0), z3.And(product >= -left, product >= -right)),
        z3.Implies(z3.And(left > 0, right < 0), z3.And(product <= -left, product <= right)),
        z3.Implies(z3.And(left < 0, right > 0), z3.And(product <= left, product <= -right)),
    ]


Polynomial = frozenset[tuple[tuple[int, ...], int]]
"""Monomials by the ids of their factors, with their coefficients."""


def polynomial(term: Term) -> Polynomial:
    """What a sum of monomials is, in whatever order it is written; of terms that stay, as their ids are taken."""
    coefficients: dict[tuple[int, ...], int] = {}
    for monomial in term.children() if z3.is_add(term) else [term]:
        numbers, unknowns = _factors(monomial)
        key = tuple(sorted(unknown.get_id() for unknown in unknowns))
        coefficients[key] = coefficients.get(key, 0) + prod(number.as_long() for number in numbers)
    return frozenset((key, coefficient) for key, coefficient in coefficients.items() if coefficient)


def _factors(term: Term) -> tuple[list[Term], list[Term]]:
    """The numbers and the unknowns that a monomial is the product of."""
    if z3.is_int_value(term):
        return [term], []
    if z3.is_mul(term):
        parts = [_factors(child) for child in term.children()]
    elif z3.is_app_of(term, z3.Z3_OP_POWER):
        base, exponent = term.children()
        parts = [_factors(base)] * exponent.as_long()
    else:
        return [], [term]
    return [n for numbers, _ in parts for n in numbers], [u for _, unknowns in parts for u in unknowns]


def exact_quotient(numerator: Term, denominator: Term) -> Term | None:
    """The sum of monomials which times the denominator is the numerator, both sums of monomials, where there is one.

    It is found by the division of polynomials, their monomials ordered by degree and then by factors, down to a
    remainder of nothing.
    """
    left, by = dict(polynomial(numerator)), dict(polynomial(denominator))
    leading = max(by, key=_order)
    monomials = []
    while left:
        key = max(left, key=_order)
        factors, coefficient = Counter(key) - Counter(leading), left[key] // by[leading]
        if len(key) - len(leading) != factors.total() or coefficient * by[leading] != left[key]:
            return None
        monomials.append((coefficient, tuple(factors.elements())))
        for other, number in by.items():
            product = tuple(sorted((*other, *factors.elements())))
            left[product] = left.get(product, 0) - coefficient * number
            if left[product] == 0:
                del left[product]
    unknowns = {unknown.get_id(): unknown for unknown in _unknowns(numerator)}
    context = numerator.ctx
    return z3.Sum(
        [z3.Product([z3.IntVal(number, context), *(unknowns[key] for key in keys)]) for number, keys in monomials]
    )


def _order(key: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """An order of monomials that multiplying both by a third does not change."""
    return len(key), key


def _unknowns(term: Term) -> list[Term]:
    """The factors of a sum of monomials that are no numbers."""
    monomials = term.children() if z3.is_add(term) else [term]
    return [unknown for monomial in monomials for unknown in _factors(monomial)[1]]


class _Products:
    """Terms without products of unknowns, and the multiplications in them."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._unknowns: dict[tuple[int, ...], Term] = {}
        # A term stays with what became of it, so that no other can come to have its id.
        self._linear: dict[int, tuple[Term, Term]] = {}
        self._rules: dict[int, tuple[Term, list[Term]]] = {}
        self._pairs: dict[tuple[int, int], list[Term]] = {}
        self._multiplied: dict[int, tuple[Term, frozenset[int]]] = {}

    def linear(self, term: Term) -> Term:
        """The term as a linear one."""
        key = term.get_id()
        if key not in self._linear:
            self._linear[key] = term, self._without(z3.simplify(term, som=True))
        return self._linear[key][1]

    def multiplications(self, term: Term) -> frozenset[int]:
        """The multiplications of unknowns within the term, by a number that `rules` knows."""
        key = term.get_id()
        if key not in self._multiplied:
            found: set[int] = set()
            children = term.children()
            for child in children:
                found |= self.multiplications(child)
            if z3.is_mul(term) and sum(not z3.is_int_value(child) for child in children) > 1:
                found.add(key)
            self._multiplied[key] = term, frozenset(found)
        return self._multiplied[key][1]

    def rules(self, key: int) -> list[Term]:
        """The sign rules of a multiplication."""
        if key not in self._rules:
            term = self._multiplied[key][0]
            product, *others = term.children()
            rules: list[Term] = []
            for other in others:
                left, product = product, product * other
                rules += sign_rules(self.linear(product), self.linear(left), self.linear(other))
            self._rules[key] = term, rules
        return self._rules[key][1]

    def pair_rules(self, one: int, other: int) -> list[Term]:
        """What is true of two products with a factor in common: equal other factors make them equal."""
        key = (one, other) if one < other else (other, one)
        if key not in self._pairs:
            self._pairs[key] = list(self._pair_rules(*(self._multiplied[number][0] for number in key)))
        return self._pairs[key]

    def _pair_rules(self, one: Term, other: Term) -> Iterator[Term]:
        if len(one.children()) == len(other.children()) == 2:
            for shared, left in ((0, 1), (1, 0)):
                for shared_too, right in ((0, 1), (1, 0)):
                    if one.arg(shared).get_id() == other.arg(shared_too).get_id():
                        factors = self.linear(one.arg(left)) == self.linear(other.arg(right))
                        yield z3.Implies(factors, self.linear(one) == self.linear(other))

    def _without(self, term: Term) -> Term:
        """A sum of monomials, or a formula over such, with an unknown in place of each monomial."""
        children = term.children()
        if z3.is_mul(term) or z3.is_app_of(term, z3.Z3_OP_POWER):
            numbers, unknowns = _factors(term)
            if len(unknowns) > 1:
                return z3.Product([*numbers, self._unknown(unknowns)])
            return term
        return term.decl()(*map(self._without, children)) if children else term

    def _unknown(self, factors: list[Term]) -> Term:
        key = tuple(sorted(factor.get_id() for factor in factors))
        if key not in self._unknowns:
            for factor in factors:
                self._linear.setdefault(factor.get_id(), (factor, factor))
            self._unknowns[key] = z3.Int(f"product!{len(self._unknowns)}", self._context)
        return self._unknowns[key]


class LinearSolver:
    """The constraints of the path at hand, without their products."""

    def __init__(self, context: Any) -> None:
        self._products = _Products(context)
        self._solver = z3.Solver(ctx=context)
        self._context = context
        # Each constraint with the multiplications in it and in those before it. Those from `_position` on are an
        # earlier path's.
        self._levels: list[tuple[Term, frozenset[int]]] = []
        self._position = 0
        self._model: Any = None

    def begin(self) -> None:
        """A path begins."""
        self._position = 0

    def add(self, term: Term) -> None:
        """One more constraint of the path."""
        if self._position < len(self._levels) and self._levels[self._position][0].eq(term):
            self._position += 1
            return
        self._drop_an_earlier_paths()
        known = self._multiplied()
        linear = self._linear(term, known)
        self._solver.push()
        self._solver.add(*linear)
        self._levels.append((term, known | self._products.multiplications(term)))
        self._position += 1
        if self._model is not None and not self._is_satisfied(linear):
            self._model = None

    def excludes(self, term: Term, resources: int) -> bool:
        """Whether nothing satisfies the path's constraints and the term, whatever the products are."""
        self._drop_an_earlier_paths()
        linear = self._linear(term, self._multiplied())
        # What satisfied the constraints before saves a question.
        if self._model is not None and self._is_satisfied(linear):
            return False
        self._solver.set("rlimit", resources)
        self._solver.push()
        self._solver.add(*linear)
        try:
            answer = self._solver.check()
        except z3.Z3Exception:
            self._begin_anew()
            return False
        if answer == z3.sat:
            self._model = self._solver.model()
        self._solver.pop()
        return bool(answer == z3.unsat)

    def _multiplied(self) -> frozenset[int]:
        return self._levels[-1][1] if self._levels else frozenset()

    def _linear(self, term: Term, known: frozenset[int]) -> list[Term]:
        """The term, and the sign rules of the multiplications that come up with it."""
        linear = [self._products.linear(term)]
        seen = set(known)
        for key in sorted(self._products.multiplications(term) - known):
            linear += self._products.rules(key)
            for other in sorted(seen):
                linear += self._products.pair_rules(key, other)
            seen.add(key)
        return linear

    def _is_satisfied(self, terms: list[Term]) -> bool:
        return all(z3.is_true(self._model.eval(term, model_completion=True)) for term in terms)

    def _drop_an_earlier_paths(self) -> None:
        if self._position < len(self._levels):
            self._solver.pop(len(self._levels) - self._position)
            del self._levels[self._position :]

    def _begin_anew(self) -> None:
        """A solver that raised is not used any further."""
        terms = [term for term, _ in self._levels]
        self._solver = z3.Solver(ctx=self._context)
        self._levels, self._position, self._model = [], 0, None
        for term in terms:
            self.add(term)
