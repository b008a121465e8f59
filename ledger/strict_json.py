"""JSON text to plain values, strictly, and values back into short text for one-line messages.

Shared by whatever reads documents: logs, states, rulebooks.
"""

import json
from typing import Any

LONGEST_SHOWN = 60


class NotStrict(ValueError):
    """Text that is no strict JSON: `field` is what it concerns, empty for the whole, `message` what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(one_line(f"{field}: {message}" if field else message))


class RawNumber(str):
    """A JSON number as it is written."""

    __slots__ = ()


def load_strictly(data: bytes, *, raw_numbers: bool = False) -> Any:
    """The plain value of UTF-8 JSON; with `raw_numbers`, numbers are `RawNumber`s.

    NotStrict where it is no JSON, has a field twice, or is nested too deeply to be read.
    """
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_int=RawNumber if raw_numbers else None,
            parse_float=RawNumber if raw_numbers else None,
            parse_constant=_refuse_constant,
        )
    except NotStrict:
        raise
    except RecursionError:
        raise NotStrict("", "found too many nested brackets, expected a flat document") from None
    except UnicodeDecodeError as error:
        raise NotStrict("", f"found bytes that are not UTF-8 (at byte {error.start}), expected UTF-8 text") from None
    except ValueError as error:
        raise NotStrict("", f"found malformed JSON ({error}), expected one object") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                raise NotStrict(shortened(name), "found the field twice, expected it once")
            names.add(name)
    return table


def _refuse_constant(name: str) -> Any:
    raise NotStrict("", f"found {name}, expected a number that JSON has")


def shown(value: object) -> str:
    """A plain value as JSON, shortened; objects and lists by their kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, RawNumber):
        return shortened(value)
    if isinstance(value, int) and value.bit_length() > 1000:
        return "an integer of more than 300 digits"
    return shortened(json.dumps(value))


def shortened(text: str) -> str:
    """The text, or its beginning and `...` where it is long."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def one_line(text: str) -> str:
    """The text with everything that is not printable escaped, line ends above all."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
