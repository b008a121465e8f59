"""JSON text to plain values, strictly, and values back into short text for one-line messages.

Shared by whatever reads documents: logs, states, rulebooks.
"""

import json
from collections.abc import Iterable
from typing import Any

LONGEST_SHOWN = 60
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


def excerpt(text: str) -> str:
    """The text, or its beginning and `...` where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def one_line(text: str) -> str:
    """The text with everything that is not printable escaped, line ends above all."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
