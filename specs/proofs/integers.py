"""Symbolic integers and truth values: Python's own operators, over terms of z3.

What an operator cannot answer without a decision it asks of the path that its value belongs to; what only a plain
integer has is refused loudly.
"""

import operator
from collections.abc import Callable
from numbers import Number
from typing import Any, NoReturn, Protocol, cast

import z3  # type: ignore[import-untyped]

Term = Any
"""A term of z3, which has no types of its own."""


class NotSymbolic(TypeError):
    """Code under proof asked of a symbolic value what only a plain integer has. Never a verdict: it is raised."""


class Decider(Protocol):
    """What the overloads ask of a path."""

    def decide(self, term: Term) -> bool:
        """The answer that this path takes."""

    def divided(self, numerator: Term, denominator: Term) -> tuple[Term, Term]:
        """Quotient and remainder as Python's `//` and `%` have them."""

    def truth(self, value: bool) -> Term:
        """A plain truth value as a term."""

    def term_of(self, value: object) -> Term | None:
        """The term of an integer, plain or symbolic; None for anything else."""

    def refused(self, error: NotSymbolic) -> None:
        """A symbolic value was asked for what it has not: whoever catches the error keeps nothing from knowing."""

    def told(self) -> None:
        """A symbolic value was made a text, which says what no integer says."""


class _Symbolic:
    """What belongs to a path of a proof and has a term of z3, and is refused where a plain value is needed."""

    __slots__ = ("path", "term")

    def __init__(self, path: Decider, term: Term) -> None:
        self.path, self.term = path, term

    def __index__(self) -> int:
        _refuse("a plain integer", self)

    def __getattr__(self, name: str) -> NoReturn:
        _refuse(f"its {name}", self)

    def __repr__(self) -> str:
        self.path.told()
        return _text(self)

    def __str__(self) -> str:
        _refuse("its text", self)

    def __format__(self, specification: str) -> str:
        # Part of a message, as of an exception: what such a message says decides nothing.
        return _text(self)


class Truth(_Symbolic):
    """A symbolic truth value. `&`, `|`, `==` and `!=` combine without deciding; `if`, `not`, `and`, `or` decide."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type[bool]:  # type: ignore[override]
        return bool

    def __bool__(self) -> bool:
        return self.path.decide(self.term)

    def _combined(self, other: object, combine: Callable[[Term, Term], Term]) -> "Truth":
        if isinstance(other, Truth):
            return Truth(self.path, combine(self.term, other.term))
        if isinstance(other, bool):
            return Truth(self.path, combine(self.term, self.path.truth(other)))
        return cast(Truth, _unlike(self, other))

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


def _arithmetic(combine: Callable[[Term, Term], Term]) -> Callable[["Int", object], "Int"]:
    def method(self: "Int", other: object) -> "Int":
        term = self.path.term_of(other)
        return cast(Int, _unlike(self, other)) if term is None else Int(self.path, combine(self.term, term))

    return method


def _comparison(compare: Callable[[Term, Term], Term]) -> Callable[["Int", object], Truth]:
    def method(self: "Int", other: object) -> Truth:
        term = self.path.term_of(other)
        return cast(Truth, _unlike(self, other)) if term is None else Truth(self.path, compare(self.term, term))

    return method


def _division(part: int, *, swapped: bool = False) -> Callable[["Int", object], "Int"]:
    def method(self: "Int", other: object) -> "Int":
        term = self.path.term_of(other)
        if term is None:
            return cast(Int, _unlike(self, other))
        numerator, denominator = (term, self.term) if swapped else (self.term, term)
        return Int(self.path, self.path.divided(numerator, denominator)[part])

    return method


class Int(_Symbolic):
    """A symbolic integer: exactly Python's `+ - * // %`, comparisons, `abs` and truth, over a term of z3.

    `isinstance` says that it is an integer, as the code under proof may ask; what needs a plain one is refused.
    """

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type[int]:  # type: ignore[override]
        return int

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

    def __float__(self) -> float:
        _refuse("a float", self)

    def __truediv__(self, other: object) -> NoReturn:
        _refuse("a quotient that is no integer", self)

    __rtruediv__ = __truediv__

    def __pow__(self, other: object) -> NoReturn:
        _refuse("a power", self)

    __rpow__ = __pow__


def _text(value: _Symbolic) -> str:
    return f"<{z3.simplify(value.term)}>"


def _unlike(value: _Symbolic, other: object) -> object:
    """Python goes on to ask the other operand, and takes what is no number at all for unequal."""
    if isinstance(other, Number):
        _refuse(f"an answer with a {type(other).__name__}", value)
    return NotImplemented


def _refuse(wanted: str, value: _Symbolic) -> NoReturn:
    error = NotSymbolic(f"{wanted} was asked of the symbolic {_text(value)}")
    value.path.refused(error)
    raise error
