"""The text of a vector: JSON that is the same to the byte whenever it is written, and that people can read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..transactions import TYPES

FORMAT = "backstop-vector"
FORMAT_VERSION = 1

VECTOR_NAME = re.compile(rf"(?:{'|'.join(TYPES)})/[a-z0-9-]+")
"""The name of a vector, TRANSACTION/CASE."""

WIDEST = 120


def document_text(document: dict[str, Any]) -> bytes:
    """The text: an object or a list on one line where it fits in 120 characters, else a member or an item a line.

    A rulebook, a list of words and each of the transactions are on one line however long they are.
    """
    return ("".join(_pieces(document, 0, 0)) + "\n").encode("ascii")


def _pieces(value: Any, indent: int, before: int) -> Iterator[str]:
    """The text of a value whose line is indented by `indent` and has `before` characters in front of it."""
    compact = json.dumps(value, separators=(", ", ": "))
    words = isinstance(value, list) and all(isinstance(item, str) for item in value)
    fits = indent > 0 and before + len(compact) < WIDEST
    if not isinstance(value, dict | list) or words or fits:
        yield compact
        return
    inner = indent + 2
    is_object = isinstance(value, dict)
    members = list(value.items()) if isinstance(value, dict) else [("", item) for item in value]
    yield "{\n" if is_object else "[\n"
    for number, (name, member) in enumerate(members):
        start = f"{' ' * inner}{json.dumps(name)}: " if is_object else " " * inner
        yield start
        if name == "rulebook":
            yield json.dumps(member, separators=(", ", ": "))
        elif name == "transactions" and isinstance(member, list):
            yield from _one_a_line(member, inner)
        else:
            yield from _pieces(member, inner, len(start))
        yield ",\n" if number + 1 < len(members) else "\n"
    yield " " * indent + ("}" if is_object else "]")


def _one_a_line(items: list[Any], indent: int) -> Iterator[str]:
    lines = ",\n".join(" " * (indent + 2) + json.dumps(item, separators=(", ", ": ")) for item in items)
    yield f"[\n{lines}\n{' ' * indent}]"
