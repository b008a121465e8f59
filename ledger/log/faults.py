"""What is wrong with a log, in one line."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ..strict_json import NESTED, NotStrict, RawNumber, joined, load_strictly, one_line, shown
from ..units import LONGEST_NUMBER
from . import wire
from .times import EXPECTED_TIME

EXPECTED_NUMBER = 'an exact decimal such as "5000.25", or a whole number'


class LogError(ValueError):
    """A log that cannot be read. As text one line, `name:line: field: message`.

    `line` counts from 1, and is 0 where the file could not be opened. `field` is a path such as `fills[0].price`, empty
    where the whole line is meant. `message` says what was found and what was expected.
    """

    def __init__(self, name: str, line: int, field: str, message: str) -> None:
        self.name, self.line, self.field, self.message = name, line, field, message
        place = f"{name}:{line}" if line else name
        super().__init__(one_line(": ".join(part for part in (place, field, message) if part)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self)), self.__dict__


def _again(kind: type["LogError"], text: str) -> "LogError":
    """An error of a kind as another process had it."""
    return kind.__new__(kind, text)


class Divergence(LogError):
    """A line that can be read, but does not say what the ledger does: an expectation that is not met, or an answer that
    was recorded as another."""


class Fault(Exception):
    """Something wrong in a line, before it is known which line: the field, and what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(field, message)

    def within(self, parent: str) -> "Fault":
        """The same fault, seen from outside the field `parent`."""
        return Fault(f"{parent}.{self.field}", self.message)


def mismatch(field: str, found: object, expected: str) -> Fault:
    """The fault of a field that holds `found` where something else was expected."""
    return Fault(field, f"found {shown(found)}, expected {expected}")


def refuse_duplicates(text: bytes) -> None:
    """Fault where some object of a well-formed line has a field twice."""
    load(text, raw_numbers=False)


def load(text: bytes, *, raw_numbers: bool = True) -> Any:
    """A line's plain value, numbers as they are written. Fault where it is no JSON, or has a field twice."""
    try:
        return load_strictly(text, raw_numbers=raw_numbers)
    except NotStrict as error:
        raise Fault(error.field, error.message) from None


MISTYPED = re.compile(r"Expected `(?P<expected>[^`]*)`(, got `(?P<found>[^`]*)`)?")
UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
MISSING_FIELD = re.compile(r"Object missing required field `(?P<field>.*)`", re.DOTALL)
BYTE = re.compile(r" \(byte ([0-9]+)\)")
STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[0-9]+)\]|\[(?P<any>\.\.\.)\]")
PARTS: dict[str, type[wire.Wire]] = {"fills": wire.Fill, "expect": wire.Expect, "positions": wire.Position}
LINES_BY_TYPE: dict[str, type[wire.Wire]] = {str(line.__struct_config__.tag): line for line in wire.LINES}


def diagnose(error: Exception, text: bytes) -> Fault:
    """The fault for which msgspec refused a line."""
    if isinstance(error, RecursionError):
        return Fault("", NESTED)
    if isinstance(error, UnicodeDecodeError):
        return Fault("", f"found bytes that are not UTF-8 ({shown_bytes(error.object)}), expected UTF-8 text")
    if isinstance(error, msgspec.ValidationError):
        return _diagnose_field(str(error), text)
    return _diagnose_text(str(error), text)


def shown_bytes(data: bytes) -> str:
    """The beginning of some bytes, as a Python literal."""
    return repr(data[:24]) + ("..." if len(data) > 24 else "")


def _diagnose_text(message: str, text: bytes) -> Fault:
    if text.startswith(b"\xef\xbb\xbf"):
        return Fault("", "found a byte order mark, expected UTF-8 text without one")
    if text.startswith(b"\x1f\x8b"):
        return Fault("", 'found gzip data, expected text: a gzipped file\'s name ends in ".gz"')
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in text[:4]:
        return Fault("", "found UTF-16 or binary data, expected UTF-8 text")
    if "truncated" in message:
        return Fault("", f"found a line that is cut off ({shown_bytes(text[-24:])}), expected one whole object")
    try:
        load_strictly(text)
    except NotStrict as error:
        if "malformed" not in error.message:
            return Fault(error.field, error.message)
    detail = BYTE.sub(r" at byte \1", message.removeprefix("JSON is malformed: "))
    return Fault("", f"found malformed JSON ({detail}), expected one object")


def _diagnose_field(message: str, text: bytes) -> Fault:
    what, _, path = message.rpartition(" - at `$")
    if not what:
        what, path = message, ""
    path = path.rstrip("`")
    places = list(_places(load(text), path))
    unknown, missing = UNKNOWN_FIELD.fullmatch(what), MISSING_FIELD.fullmatch(what)
    if unknown is not None:
        name = unknown["field"]
        field, value = next((f, v) for f, v in places if name in v)
        return Fault(joined(field, name), f"found an unknown field, expected one of {_known_fields(value, path)}")
    if missing is not None:
        name = missing["field"]
        field = next(f for f, v in places if name not in v)
        return Fault(joined(field, name), "found nothing, expected this field")
    return _diagnose_value(what, path, places)


def _diagnose_value(what: str, path: str, places: list[tuple[str, Any]]) -> Fault:
    """The fault of a value that is of another type, not among those there are, or too big."""
    if "out of range" in what:
        field, found = max(places, key=lambda place: len(place[1]) if isinstance(place[1], RawNumber) else 0)
        short = len(found) <= LONGEST_NUMBER
        return mismatch(field, found, EXPECTED_NUMBER if short else f"a number of at most {LONGEST_NUMBER} characters")
    mistyped = MISTYPED.fullmatch(what)
    expected, kind = (mistyped["expected"], mistyped["found"]) if mistyped else (what, None)
    field, found = next(((f, v) for f, v in places if kind is None or _kind(v) == kind), places[0])
    return mismatch(field, found, _expected(expected, path))


def _places(value: Any, path: str, field: str = "") -> Iterator[tuple[str, Any]]:
    """Where msgspec's path leads, with each place's own path: `[...]` stands for any key."""
    step = STEP.match(path)
    if step is None:
        yield field, value
        return
    rest = path[step.end() :]
    if step["any"] is not None:
        for name in value:
            yield from _places(value[name], rest, joined(field, name))
    elif step["index"] is not None:
        yield from _places(value[int(step["index"])], rest, f"{field}[{step['index']}]")
    else:
        yield from _places(value.get(step["name"]), rest, joined(field, step["name"]))


def _kind(value: Any) -> str:
    """The name that msgspec has for a plain value's type."""
    if isinstance(value, RawNumber):
        return "float" if set(value) & set(".eE") else "int"
    names = {bool: "bool", str: "str", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def _known_fields(value: Any, path: str) -> str:
    """The fields that the object at a path may have."""
    named = [step["name"] for step in STEP.finditer(path) if step["name"]]
    part = PARTS[named[-1]] if named else LINES_BY_TYPE[value["type"]]
    return ", ".join(part.__struct_encode_fields__)


def _expected(kind: str, path: str) -> str:
    if path == ".type":
        return f"one of {', '.join(LINES_BY_TYPE)}"
    if path == ".taker":
        return '"buyer" or "seller"'
    if path == ".time":
        return EXPECTED_TIME
    words = {
        "int | str": EXPECTED_NUMBER,
        "int": "a whole number",
        "str": "text",
        "bool": "true or false",
        "array": "a list",
        "object": "an object",
        "object | str": "a profile's name or a rulebook",
        "str | object": "a profile's name or a rulebook",
    }
    return words.get(kind, kind)
