"""The JSON Schema of one line of a log."""

from typing import Any

import msgspec

from .wire import AnyLine

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def log_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of a log: the genesis, or any transaction.

    What depends on the rulebook or on other lines is not in it: markets and assets, ticks, lots and decimals, time that
    goes back, duplicate fields.
    """
    schema = msgspec.json.schema(AnyLine)
    definitions = schema["$defs"]
    definitions["Mark"] |= {
        "oneOf": [{"required": ["market"]}, {"required": ["asset"]}],
        "dependentRequired": {"premium": ["market"]},
    }
    definitions["Expect"] |= {
        "if": {"required": ["reason"]},
        "then": {"properties": {"applied": {"const": False}}},
    }
    return {
        "$schema": DIALECT,
        "title": "One line of a backstop-ledger transaction log",
        "description": "The first line is a genesis, every other one a transaction.",
        "anyOf": schema["anyOf"],
        "$defs": definitions,
    }
