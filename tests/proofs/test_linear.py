"""The quick solver and what is known of splits settle what is true, and let nothing false through."""

from collections.abc import Callable

import pytest

from ledger.units import apportion
from specs.proofs.engine import ACCEPTED, Budget, Path, Proof, Result, Status, prove
from specs.proofs.known import known_split

LINEAR = Budget(linear=True)


def requiring(condition: Callable[[int, int], bool]) -> Result:
    """What is known of the condition for any two positive integers."""

    def proof(path: Path) -> None:
        x, y = path.integer("x", least=1), path.integer("y", least=1)
        path.reach(ACCEPTED)
        path.require(condition(x, y), "the condition")

    return prove(proof, budget=LINEAR)


TRUE: dict[str, Callable[[int, int], bool]] = {
    "one factor": lambda x, y: x * y // x == y,
    "a sum divides": lambda x, y: (x * x + 2 * x * y + y * y) // (x + y) == x + y,
    "a sum of products": lambda x, y: (6 * x * y - 4 * y) // (2 * y) == 3 * x - 2,
    "nothing remains": lambda x, y: (x * x + x * y) % (x + y) == 0,
    "a negative quotient": lambda x, y: (y - x) * (y + x) // (x + y) == y - x,
    "an unknown quotient": lambda x, y: (x * y + 1) // x >= y,
}
FALSE: dict[str, Callable[[int, int], bool]] = {
    "one factor": lambda x, y: x * y // x == x,
    "it does not divide": lambda x, y: (x * y + 1) // x == y,
    "nor by its coefficient": lambda x, y: 3 * x * y // (2 * x) == y,
    "something remains": lambda x, y: (x * x + x * y + y) % (x + y) == 0,
    "the order of products": lambda x, y: x * y > x,
}


@pytest.mark.parametrize("condition", TRUE.values(), ids=TRUE)
def test_what_is_true_is_proved(condition: Callable[[int, int], bool]) -> None:
    assert requiring(condition).status is Status.PROVED


@pytest.mark.parametrize("condition", FALSE.values(), ids=FALSE)
def test_what_is_false_is_refuted(condition: Callable[[int, int], bool]) -> None:
    assert requiring(condition).status is Status.REFUTED


def splitting(condition: Callable[[int, list[int], tuple[int, ...]], bool]) -> Proof:
    """A proof of any total, two positive weights, and the parts."""

    def proof(path: Path) -> None:
        total = path.integer("total")
        weights = [path.integer("first", least=1), path.integer("second", least=1)]
        path.reach(ACCEPTED)
        path.require(condition(total, weights, known_split(total, weights)), "the condition")

    return proof


def test_what_is_known_of_a_split_is_what_is_said_of_it() -> None:
    for proof in (
        splitting(lambda total, weights, parts: sum(parts) == total),
        splitting(lambda total, weights, parts: not 0 <= total <= sum(weights) or parts[0] <= weights[0]),
        splitting(lambda total, weights, parts: total >= 0 or parts[0] <= 0),
    ):
        assert prove(proof, budget=LINEAR).status is Status.PROVED


def test_what_is_not_so_of_a_split_is_refuted() -> None:
    for proof in (
        splitting(lambda total, weights, parts: parts[0] <= weights[0]),
        splitting(lambda total, weights, parts: parts[0] >= parts[1]),
        splitting(lambda total, weights, parts: parts[0] == 0),
    ):
        assert prove(proof, budget=LINEAR).status is Status.REFUTED


def test_of_plain_integers_the_parts_are_the_kernels() -> None:
    assert known_split(10, [1, 1, 1]) == apportion(10, [1, 1, 1])
    assert known_split(-10, [2, 0, 1]) == apportion(-10, [2, 0, 1])


def test_of_no_weights_there_are_no_parts() -> None:
    def proof(path: Path) -> None:
        path.reach(ACCEPTED)
        path.require(known_split(path.integer("total", least=0, most=0), []) == (), "no parts")

    assert prove(proof, budget=LINEAR).status is Status.PROVED
