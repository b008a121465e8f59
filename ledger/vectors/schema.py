"""The JSON Schema of a vector."""

import typing
from collections.abc import Mapping
from typing import Any

import attrs

from ..engines.client import SPECIFICATION
from ..interchange.outcomes import JSON_INTEGERS
from ..log.schema import DIALECT
from ..outcomes import Event, Figures, Reason, Unit
from ..profiles import IDENTIFIER
from ..state import Limits
from ..transactions import TYPES
from .text import FORMAT, FORMAT_VERSION, VECTOR_NAME

Schema = dict[str, Any]


STRING: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
ORIGINS: Mapping[str, Schema] = {
    "table": {"rule": STRING, "row": STRING},
    "corner": {"names": {"type": "array", "items": STRING, "minItems": 1}, "rulebook": STRING, "seed": STRING},
    "published": {"source": STRING},
    "example": {"source": STRING},
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _table(key: str, value: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ref(key), "additionalProperties": value}


def _list(item: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": item, "minItems": least} if least else {"type": "array", "items": item}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


INTEGER, NAME, ACCOUNT, TIME, COUNT = (_ref(name) for name in ("integer", "name", "account", "time", "count"))
QUOTES = _table("name", INTEGER)
AMOUNT = {"account": ACCOUNT, "asset": NAME, "amount": INTEGER}
LIMITS: Mapping[str, Schema] = dict.fromkeys(attrs.fields_dict(Limits), INTEGER)

VALUES: Mapping[str, Schema] = {
    "integer": {"type": "string", "pattern": "^(?:0|-?[1-9][0-9]*)$", "description": "an integer's digits"},
    "name": {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"},
    "account": {"type": "string", "pattern": f"^@?{IDENTIFIER.pattern}$"},
    "time": {"type": "integer", "minimum": -(2**53 - 1), "maximum": 2**53 - 1, "description": "milliseconds"},
    "count": {"type": "integer", "minimum": -(2**53 - 1), "maximum": 2**53 - 1},
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}

TRANSACTIONS: Mapping[str, tuple[Mapping[str, Schema], Mapping[str, Schema]]] = {
    "deposit": (AMOUNT, {}),
    "withdraw": (AMOUNT, {}),
    "set-account": ({"account": ACCOUNT}, {"max_leverage": COUNT, "fee_tier": NAME}),
    "trade": (
        {
            "market": NAME,
            "buyer": ACCOUNT,
            "seller": ACCOUNT,
            "size": INTEGER,
            "price": INTEGER,
            "taker": {"enum": ["buyer", "seller"]},
        },
        {},
    ),
    "observe": (
        {"market": NAME, **dict.fromkeys(("bid", "ask", "bid_depth", "ask_depth", "volume"), INTEGER)},
        {},
    ),
    "fund": ({"market": NAME}, {"rate": INTEGER}),
    "settle": ({}, {}),
    "enroll": ({"account": ACCOUNT, **LIMITS}, {}),
    "leave": ({"account": ACCOUNT}, {}),
    "liquidate": (
        {
            "account": ACCOUNT,
            "fills": _list(_object({"market": NAME, "counterparty": ACCOUNT, "size": INTEGER, "price": INTEGER})),
        },
        {},
    ),
    "backstop-transfer": ({"account": ACCOUNT}, {}),
}
MARKS: tuple[Mapping[str, Schema], ...] = (
    {"market": NAME, "quotes": QUOTES, "premium": INTEGER},
    {"asset": NAME, "quotes": QUOTES},
)


def _transactions() -> list[Schema]:
    kinds = [(kind, *fields) for kind, fields in TRANSACTIONS.items()]
    kinds += [("mark", fields, {}) for fields in MARKS]
    return [
        _object({"type": {"const": kind}, "time": TIME, **fields}, optional)
        for kind, fields, optional in sorted(kinds, key=lambda kind: TYPES.index(kind[0]))
    ]


def _event(event: type) -> Schema:
    return _object({"event": {"const": event.__name__}, **_fields(event)})


def _fields(kind: type) -> dict[str, Schema]:
    hints = typing.get_type_hints(kind)
    return {name: _field(name, hints[name]) for name in attrs.fields_dict(kind)}


def _field(name: str, hint: Any) -> Schema:
    """How a field of an event is written, as `interchange` writes it."""
    if hint is Figures or hint is Limits:
        return _object(_fields(hint))
    if hint is str:
        return ACCOUNT if name in ("account", "provider", "buyer", "seller") else NAME
    written = COUNT if name in JSON_INTEGERS else INTEGER
    return written if hint is int else _or_null(written)


MOVED = [_object(AMOUNT), _object({"account": ACCOUNT, "market": NAME, "size": INTEGER, "reference_cost": INTEGER})]


def _outcomes() -> list[Schema]:
    applied = {
        "applied": {"const": True},
        "changes": _list({"anyOf": MOVED}),
        "postings": _list({"anyOf": MOVED}),
        "events": _list(_ref("event")),
        "link": _ref("digest"),
    }
    refusals = [
        _object(
            {
                "applied": {"const": False},
                "reason": {"enum": [reason.name for reason in Reason if reason.unit is unit]},
                "subject": STRING,
                "supplied": STRING if unit is Unit.TEXT else INTEGER,
                "limit": STRING if unit is Unit.TEXT else INTEGER,
                "unit": {"const": unit.value},
                "link": _ref("digest"),
            }
        )
        for unit in Unit
    ]
    return [_object(applied), *refusals]


def _state() -> Schema:
    liquidation = _object({"round": COUNT, "starting_sizes": _table("name", INTEGER), "time": TIME})
    positions = _table("name", _object({"reference_cost": INTEGER, "size": INTEGER}))
    account = _object(
        {
            "cash": _table("name", INTEGER),
            "fee_tier": NAME,
            "liquidation": _or_null(liquidation),
            "max_leverage": COUNT,
            "positions": positions,
        }
    )
    monitor = _object(
        {
            **dict.fromkeys(("ask", "ask_depth", "bid", "bid_depth"), INTEGER),
            "observations": _list(_object({"mark": INTEGER, "volume": INTEGER}), least=1),
            "stressed": FLAG,
            "time": TIME,
        }
    )
    market = _object(
        {
            "index": INTEGER,
            "last_funding": _or_null(TIME),
            "mark": INTEGER,
            "premium_count": COUNT,
            "premium_sum": INTEGER,
        },
        {"monitor": monitor},
    )
    provider = _object(
        {
            "limits": _or_null(_object(LIMITS)),
            "notice": _or_null(TIME),
            "takeovers": _list(_object({"notional": INTEGER, "time": TIME})),
        }
    )
    return _object(
        {
            "accounts": _table("account", account),
            "last_settle": _or_null(TIME),
            "markets": _table("name", market),
            "prices": _table("name", INTEGER),
            "providers": _table("account", provider),
            "sequence": COUNT,
            "time": TIME,
        }
    )


def vector_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a vector.

    What no schema can say is not in it: that answers are right, that digests are those of the states, that there is an
    outcome for each transaction, and what makes a rulebook's document valid.
    """
    members: dict[str, Schema] = {
        "format": {"const": FORMAT},
        "version": {"const": FORMAT_VERSION},
        "specification": {"const": SPECIFICATION},
        "name": {"type": "string", "pattern": f"^{VECTOR_NAME.pattern}$"},
        "description": {"type": "string", "minLength": 1},
        "origin": {"oneOf": [_object({"kind": {"const": kind}, **more}) for kind, more in ORIGINS.items()]},
        "rules": _list({"type": "string", "pattern": "^[a-z-]+(?:-[0-9]+)?$"}, least=1),
        "laws": _list({"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}),
        "genesis": _object({"time": TIME, "rulebook": {"type": "object"}}),
        "pre_state": _ref("state"),
        "transactions": _list(_ref("transaction"), least=1),
        "outcomes": _list(_ref("outcome"), least=1),
        "post_state": _ref("state"),
        "digests": _object(dict.fromkeys(("pre_state", "post_state", "link"), _ref("digest"))),
    }
    return {
        "$schema": DIALECT,
        "title": "A test vector of backstop-ledger",
        "description": "A state, transactions, and what a ledger answers to them.",
        **_object(members),
        "$defs": {
            **VALUES,
            "transaction": {"oneOf": _transactions()},
            "event": {"oneOf": [_event(event) for event in typing.get_args(Event)]},
            "outcome": {"oneOf": _outcomes()},
            "state": _state(),
        },
    }
