"""Contracts for the tests of the runner: true ones, false ones, and those that must not count as either."""

import os
import sys

from ledger import units
from specs.symbolic.claims import Bug, Claim, Contract, Kind, Status

CALLS: list[int] = []


def true_of_all(value: int, other: int) -> int:
    """Order does not matter.

    given: nothing
    pre: other > 0
    post: _ == other + value
    reach: _ < 0
    reach: _ == 7
    """
    return value + other


def true_of_each(value: int) -> int:
    """Two postconditions, both true.

    post: _ >= value
    post: _ >= -value
    reach: _ > value
    """
    return abs(value)


def false_of_one(value: int) -> bool:
    """False of one integer in all.

    post: _
    reach: _
    """
    return value != 10**30 + 7


def false_of_the_second(value: int) -> int:
    """The second of two postconditions is false.

    post: _ == value
    post: _ < 1000 or value == 5
    reach: _ == 5
    """
    return value


def false_within_assumptions(value: int, is_even: bool) -> bool:
    """False of what its assumptions leave.

    pre: 10 < value < 13
    pre: is_even == (value % 2 == 0)
    post: _
    reach: not is_even
    """
    return value == 11


def raising(value: int) -> int:
    """Raises for one integer.

    post: True
    reach: _ == 1
    """
    if value == 12345:
        raise ValueError("this one")
    return 1


def contradictory(value: int) -> int:
    """Its assumptions contradict each other, and its postcondition is false.

    pre: value > 3
    pre: value < 4
    post: _ == value + 1
    reach: True
    """
    return value


def unreachable(value: int) -> int:
    """True, and what must be possible is not.

    post: _ == 2 * value
    reach: _ == 7
    """
    return value + value


def undecided(value: int, other: int) -> bool:
    """A sum of two cubes that the solver does not settle within its budget.

    pre: value >= 2 and other >= 2
    post: _
    reach: _
    """
    return value * value * value + other * other * other != 31_855_013


def unsupported(value: int) -> int:
    """A power that is too large to compute.

    pre: value > 10**8
    post: _ > 0
    reach: _ > 0
    """
    return int(3**value)


def without_postcondition(value: int) -> int:
    """Nothing is claimed.

    pre: value > 0
    reach: _ > 0
    """
    return value


def unparsable(value: int) -> int:
    """Its postcondition does not parse.

    post: _ ==== value
    reach: True
    """
    return value


def nameless(value: int) -> int:
    """Its postcondition names what is not there.

    post: _ == wanted
    reach: True
    """
    return value


def half_read(value: int) -> int:
    """An assumption that stands in the midst of another's section is not read as one.

    pre:
        value > 0
    post: _ > 0
    reach: True
    """
    return value


def text(value: str) -> str:
    """An argument that is no number.

    post: _ == value
    reach: True
    """
    return value


def unrepeatable(value: int) -> int:
    """Depends on more than its argument.

    post: _ >= 0
    reach: True
    """
    CALLS.append(1)
    if value > len(CALLS):
        return 1
    return 2 if value > 100 * len(CALLS) else 0


def remembering(value: int) -> bool:
    """False of one integer, unless it was asked before.

    post: _
    reach: True
    """
    if CALLS:
        return True
    CALLS.append(1)
    return value != 5


def hidden(value: int) -> int:
    """Calls a contract that is false of what it is given, which CrossHair takes for no fault of this one.

    post: _ == value
    reach: True
    """
    return _false_of_all(value)


def half_hidden(value: int) -> int:
    """The same where the value is positive.

    post: _ == value
    reach: True
    """
    return _false_of_all(value) if value > 0 else value


def _false_of_all(value: int) -> int:
    """A contract.

    post: _ > value
    """
    return value


def declared_to_raise(value: int) -> int:
    """Says that it may raise, which CrossHair takes for no fault.

    raises: ValueError
    post: _ == value
    reach: True
    """
    if value == 12345:
        raise ValueError("this one")
    return value


def unclear(value: int) -> int:
    """Its assumption raises for some integers, which are neither admitted nor excluded.

    pre: value > 5 or 1 // 0 > 0
    post: _ > 5
    reach: True
    """
    return value


def catching_everything(value: int, other: int) -> bool:
    """False of a sum of two cubes, which the solver does not settle; and what the engine stops it with is caught.

    pre: value >= 2 and other >= 2
    post: _
    reach: _
    """
    try:
        return value * value * value + other * other * other != 217**3 + 279**3
    except BaseException:
        return True


def catching_within(value: int, other: int) -> bool:
    """The same, decided within.

    pre: value >= 2 and other >= 2
    post: _
    reach: _
    """
    try:
        if value * value * value + other * other * other == 217**3 + 279**3:
            return False
    except BaseException:
        return True
    return True


def leaving(value: int) -> int:
    """Ends the program for one integer.

    post: True
    reach: True
    """
    if value == 12345:
        sys.exit()
    return value


def crashing(value: int) -> int:
    """Takes its process with it.

    post: True
    reach: True
    """
    os.abort()


def rounded_down(numerator: int, denominator: int) -> int:
    """Of the real code.

    pre: denominator > 0
    post: _ * denominator <= numerator
    reach: _ < 0
    """
    return units.floor_div(numerator, denominator)


CAUGHT = Bug(
    "units", "return numerator // denominator\n\n\ndef ceil", "return numerator // denominator + 1\n\n\ndef ceil"
)
HARMLESS = Bug("units", "return 1\n", "return 0 + 1\n")


def _claim(
    name: str, contract: Contract, *, bug: Bug = CAUGHT, expected: Status = Status.CONFIRMED, paths: int = 100
) -> Claim:
    return Claim(name, Kind.KERNEL, (), (), contract, bug, expected=expected, why="", paths=paths)


CLAIMS = (
    _claim("true", true_of_all),
    _claim("true-twice", true_of_each),
    _claim("false-of-one", false_of_one),
    _claim("false-of-the-second", false_of_the_second),
    _claim("false-within-assumptions", false_within_assumptions),
    _claim("raising", raising),
    _claim("contradictory", contradictory),
    _claim("unreachable", unreachable),
    _claim("undecided", undecided, paths=12),
    _claim("declared", undecided, paths=12, expected=Status.NO_COUNTEREXAMPLE),
    _claim("unsupported", unsupported, paths=6),
    _claim("without-postcondition", without_postcondition),
    _claim("unparsable", unparsable),
    _claim("nameless", nameless),
    _claim("half-read", half_read),
    _claim("text", text),
    _claim("unrepeatable", unrepeatable),
    _claim("remembering", remembering),
    _claim("hidden", hidden),
    _claim("half-hidden", half_hidden),
    _claim("declared-to-raise", declared_to_raise),
    _claim("unclear", unclear),
    _claim("catching-everything", catching_everything, paths=12),
    _claim("catching-within", catching_within, paths=12),
    _claim("leaving", leaving),
    _claim("crashing", crashing),
    _claim("caught", rounded_down),
    _claim("not-caught", rounded_down, bug=HARMLESS),
    _claim("not-planted", rounded_down, bug=Bug("units", "no such phrase", "")),
    _claim("broken-by-its-bug", rounded_down, bug=Bug("units", "def floor_div", "def floor_divided")),
)
