"""JSON text to plain values, strictly, and values back into short text for one-line messages.

Shared by whatever reads documents: logs, states, rulebooks.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Self

LONGEST_SHOWN = 60
DIGITS = re.compile(r"0|-?[1-9][0-9]{0,999}")
"""The text of an integer, far longer than any quantity and far shorter than what is slow to convert."""

NESTED = "found brackets nested too deeply, expected a few levels"


class NotStrict(ValueError):
    """Text that is no strict JSON: `field` is what it concerns, empty for the whole, `message` what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(one_line(f"{field}: {message}" if field else message))


class RawNumber(str):
    """A JSON number as it is written."""

    __slots__ = ()


class Repeating(dict[str, Any]):
    """An object that has the field `twice` more than once."""

    def __init__(self, table: dict[str, Any], twice: str) -> None:
        super().__init__(table)
        self.twice = twice


def load_strictly(data: bytes, *, raw_numbers: bool = False) -> Any:
    """The plain value of UTF-8 JSON; with `raw_numbers`, numbers are `RawNumber`s.

    NotStrict where it is no JSON, has a field twice, or is nested too deeply to be read.
    """
    repeating: list[Repeating] = []

    def make(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) == len(pairs):
            return table
        repeating.append(Repeating(table, _first_twice(name for name, _ in pairs)))
        return repeating[-1]

    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=make,
            parse_int=RawNumber if raw_numbers else None,
            parse_float=RawNumber if raw_numbers else None,
            parse_constant=_refuse_constant,
        )
        if repeating:
            _refuse_repeating(value, "")
    except NotStrict:
        raise
    except RecursionError:
        raise NotStrict("", NESTED) from None
    except UnicodeDecodeError as error:
        raise NotStrict("", f"found bytes that are not UTF-8 (at byte {error.start}), expected UTF-8 text") from None
    except ValueError as error:
        raise NotStrict("", f"found malformed JSON ({error}), expected one object") from None
    return value


def _first_twice(names: Iterable[str]) -> str:
    """The first name that came before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            break
        seen.add(name)
    return name


def _refuse_constant(name: str) -> Any:
    raise NotStrict("", f"found {name}, expected a number that JSON has")


def _refuse_repeating(value: Any, path: str) -> None:
    """NotStrict, with the path, for the first field that an object in the value has twice."""
    if isinstance(value, Repeating):
        raise NotStrict(joined(path, value.twice), "found the field twice, expected it once")
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, dict | list):
                _refuse_repeating(member, joined(path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _refuse_repeating(item, f"{path}[{number}]")


def joined(parent: str, name: str) -> str:
    """The path of a field within the object at `parent`."""
    return f"{parent}.{excerpt(name)}" if parent else excerpt(name)


def shown(value: object) -> str:
    """A plain value as JSON, shortened; objects and lists by their kind, and what JSON has not (a date) as text."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, RawNumber):
        return excerpt(value)
    if isinstance(value, int) and value.bit_length() > 1000:
        return "an integer of more than 300 digits"
    return excerpt(json.dumps(value, default=str))


def excerpt(text: str, longest: int = LONGEST_SHOWN) -> str:
    """The text, or its beginning and `...` where it has more characters."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def one_line(text: str) -> str:
    """The text with everything that is not printable escaped, line ends above all."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class Reader:
    """A plain value somewhere in a document, read as what it should be: the member or item `step` of its parent.

    What it is not is raised as `error`, with the path and what was found. A subclass names its own.
    """

    __slots__ = ("parent", "step", "value")
    error: type["NotStrict"] = NotStrict

    def __init__(self, value: object, parent: "Reader | None" = None, step: str | int = "") -> None:
        self.value, self.parent, self.step = value, parent, step

    @property
    def path(self) -> str:
        """Where the value is, empty for the whole document."""
        if self.parent is None:
            return ""
        return f"{self.parent.path}[{self.step}]" if isinstance(self.step, int) else self.parent.within(self.step)

    def within(self, name: str) -> str:
        """The path of a member."""
        return joined(self.path, name)

    def wrong(self, expected: str) -> NotStrict:
        """The error that something else was expected."""
        return self.error(self.path, f"found {shown(self.value)}, expected {expected}")

    def members(self) -> dict[str, Self]:
        """The members of an object, whatever their keys."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return {key: type(self)(value, self, key) for key, value in self.value.items()}

    def fields(self, *names: str) -> list[Self]:
        """The members of an object that has exactly these, in this order."""
        members = self.members()
        for name in names:
            if name not in members:
                raise self.error(self.within(name), "found nothing, expected this field")
        if len(members) > len(names):
            unknown = next(name for name in members if name not in names)
            raise self.error(self.within(unknown), f"found an unknown field, expected one of {', '.join(names)}")
        return [members[name] for name in names]

    def items(self) -> list[Self]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [type(self)(item, self, number) for number, item in enumerate(self.value)]

    def quantity(self) -> int:
        """An integer's digits as text."""
        return self.digits("an integer's digits as text")

    def positive(self) -> int:
        """A positive integer's digits as text."""
        number = self.digits(expected := "a positive integer's digits as text")
        if number <= 0:
            raise self.wrong(expected)
        return number

    def natural(self) -> int:
        """The digits, as text, of an integer that is not negative."""
        number = self.digits(expected := "the digits as text of an integer of 0 or more")
        if number < 0:
            raise self.wrong(expected)
        return number

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def nonzero(self) -> int:
        """A nonzero integer's digits as text."""
        number = self.digits(expected := "a nonzero integer's digits as text")
        if number == 0:
            raise self.wrong(expected)
        return number

    def digits(self, expected: str) -> int:
        """An integer's digits as text, told as `expected` where they are not."""
        if not isinstance(self.value, str) or not DIGITS.fullmatch(self.value):
            raise self.wrong(expected)
        return int(self.value)

    def integer(self, least: int, most: int | None = None) -> int:
        """A JSON integer."""
        value = self.value
        expected = f"an integer of {least} or more" if most is None else f"an integer from {least} to {most}"
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(expected)
        if value < least or (most is not None and value > most):
            raise self.wrong(expected)
        return value

    def optional_time(self, none: int | None) -> Any:
        """A time in ms, or null, which is `none`."""
        return none if self.value is None else self.integer(0)

    def name(self, names: Iterable[str], what: str) -> str:
        """One of some names, which are told as `what`."""
        if not isinstance(self.value, str) or self.value not in names:
            raise self.wrong(what)
        return self.value
