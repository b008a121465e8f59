"""Values are frozen, equal by their fields and made at once; what is more than a value is no value."""

import copy
import inspect
import pickle
from typing import Any

import attrs
import pytest

from ledger.state import Market, Position
from ledger.values import value


@value
@attrs.frozen(weakref_slot=False)
class Pair:
    """Two things, the second of which may be left out."""

    first: int
    second: str = "none"


@attrs.frozen(weakref_slot=False)
class AttrsPair:
    """The same as attrs alone makes it."""

    first: int
    second: str = "none"


def test_it_is_what_attrs_makes() -> None:
    assert (Pair(1).first, Pair(1).second, Pair(1, second="x").second) == (1, "none", "x")
    assert Pair(1, "x") == Pair(first=1, second="x") != Pair(2, "x")
    assert hash(Pair(1, "x")) == hash(Pair(1, "x"))
    assert repr(Pair(1, "x")) == "Pair(first=1, second='x')"
    assert type(Pair(1)) is Pair
    assert attrs.evolve(Pair(1), second="y") == Pair(1, "y")
    assert inspect.signature(Pair) == inspect.signature(AttrsPair)
    assert Pair.__basicsize__ == AttrsPair.__basicsize__


def test_nothing_of_it_can_be_changed() -> None:
    pair: Any = Pair(1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pair.first = 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pair.other = 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del pair.first
    assert pair == Pair(1)


def test_the_values_of_the_state_are_frozen() -> None:
    for made in (Position(1, -5), Market(1, 1, 0, 0, -1)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            made.size = 2  # type: ignore[misc, union-attr]


def test_copies_are_equal() -> None:
    pair = Pair(1, "x")
    assert copy.copy(pair) == copy.deepcopy(pair) == pickle.loads(pickle.dumps(pair)) == pair


@pytest.mark.parametrize(
    ("arguments", "message"), [((), "missing 1 required"), ((1, "x", 2), "takes from 2 to 3 positional")]
)
def test_a_wrong_number_of_fields_is_refused(arguments: tuple[object, ...], message: str) -> None:
    make: Any = Pair
    with pytest.raises(TypeError, match=message):
        make(*arguments)


def test_what_is_more_than_a_value_is_refused() -> None:
    def with_field(field: Any) -> type:
        return attrs.make_class("More", {"field": field}, frozen=True, slots=True, weakref_slot=False)

    fields: tuple[Any, ...] = (
        attrs.field(factory=list),
        attrs.field(validator=attrs.validators.instance_of(int)),
        attrs.field(converter=int),
    )
    for field in fields:
        with pytest.raises(TypeError, match=r"More\.field is more than a value"):
            value(with_field(field))
