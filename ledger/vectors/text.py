"""The text of a vector: JSON that is the same to the byte whenever it is written, and that people can read."""

import json
from collections.abc import Iterator
from typing import Any

FORMAT = "backstop-vector"
FORMAT_VERSION = 1
SPECIFICATION = 1
"""The version of the specification that a vector's answers are of."""

WIDEST = 120
ONE_LINE = ("rulebook", "transactions")
"""Members that are not broken for people: a rulebook, and each of the transactions."""


def document_text(document: dict[str, Any]) -> bytes:
    """The text: an object or a list on one line where it fits in 120 characters, else a member or an item a line."""
    return ("".join(_pieces(document, 0, 0)) + "\n").encode("ascii")


def _pieces(value: Any, indent: int, before: int) -> Iterator[str]:
    """The text of a value whose line is indented by `indent` and has `before` characters in front of it."""
    compact = json.dumps(value, separators=(", ", ": "))
    if not isinstance(value, dict | list) or not value or (indent and before + len(compact) < WIDEST):
        yield compact
        return
    inner = indent + 2
    is_object = isinstance(value, dict)
    members = list(value.items()) if is_object else [("", item) for item in value]
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
