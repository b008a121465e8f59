"""The JSON Schema of a log's line: itself valid, satisfied by good lines, and not by malformed ones."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ledger.log import Expect, LogError, encode_genesis, encode_transaction, log_schema
from ledger.log.wire import LINES
from ledger.outcomes import Reason
from ledger.profiles import profile_document, profile_names
from ledger.transactions import TYPE_NAMES, Transaction
from tests import test_bad_input
from tests.test_bad_input import deposit, liquidate, trade
from tests.test_log import LINES as GOOD_LINES
from tests.test_log import expectations, plain_values, read_line, transactions
from tests.worlds import ASCENDEX

SCHEMA = log_schema()
deterministic = settings(deadline=None, derandomize=True)
VALIDATOR = Draft202012Validator(SCHEMA)
BY_TYPE = {
    definition["properties"]["type"]["enum"][0]: Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    )
    for name, definition in SCHEMA["$defs"].items()
    if "type" in definition["properties"]
}
"""The part of the schema for each type, which is all that a line of it has to satisfy."""
EXAMPLES = sorted(
    path
    for folder in ("docs/examples", "tests/logs")
    for pattern in ("*.jsonl", "*.jsonl.gz")
    for path in (Path(__file__).resolve().parents[1] / folder).rglob(pattern)
)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert log_schema() == SCHEMA


def test_the_schema_has_every_type_of_line() -> None:
    definitions = [SCHEMA["$defs"][option["$ref"].removeprefix("#/$defs/")] for option in SCHEMA["anyOf"]]
    types = [definition["properties"]["type"]["enum"] for definition in definitions]
    assert types == [[line.__struct_config__.tag] for line in LINES]
    assert {name for (name,) in types} == {"genesis", *TYPE_NAMES.values()}


def test_the_schema_is_closed_and_described() -> None:
    """No object takes unknown fields, every line and every field of a quantity or name says what it is."""
    for name, definition in SCHEMA["$defs"].items():
        assert definition["additionalProperties"] is False, name
        assert definition["description"], name
    trade_fields = SCHEMA["$defs"]["Trade"]["properties"]
    for field in ("time", "market", "buyer", "seller", "size", "price"):
        assert trade_fields[field]["description"], field


def test_the_schema_knows_every_reason() -> None:
    assert SCHEMA["$defs"]["Expect"]["properties"]["reason"]["enum"] == [reason.name for reason in Reason]


@pytest.mark.parametrize("line", [line for _, line in GOOD_LINES])
def test_good_lines_satisfy_it(line: str) -> None:
    VALIDATOR.validate(json.loads(line))


@pytest.mark.parametrize("name", profile_names())
def test_geneses_satisfy_it(name: str) -> None:
    VALIDATOR.validate(json.loads(encode_genesis(name)))
    VALIDATOR.validate(json.loads(encode_genesis(profile_document(name), overrides={"name": "mine"}, time=1)))


@deterministic
@given(transactions, st.none() | expectations())
def test_whatever_is_encoded_satisfies_it(transaction: Transaction, expect: Expect | None) -> None:
    line = json.loads(encode_transaction(ASCENDEX, transaction, expect))
    if max((len(text) for text in texts(line)), default=0) <= 80:
        VALIDATOR.validate(line)


def texts(value: Any) -> list[str]:
    """Every text within a plain value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for member in value.values() for text in texts(member)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_every_line_of_the_shipped_logs_satisfies_it(path: Path) -> None:
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    assert json.loads(lines[0])["type"] == "genesis"
    for line in map(json.loads, lines):
        BY_TYPE[line["type"]].validate(line)


def test_the_types_exclude_each_other() -> None:
    """So that a line's own type decides alone."""
    for _, line in GOOD_LINES:
        assert [kind for kind, validator in BY_TYPE.items() if validator.is_valid(json.loads(line))] == [
            json.loads(line)["type"]
        ]


def test_there_are_shipped_logs() -> None:
    assert EXAMPLES


MALFORMED = [
    {},
    [],
    "trade",
    5,
    {"type": "swap", "time": 1},
    {"type": "Trade", "time": 1},
    trade(fee="0"),
    trade(price=None),
    trade(time=None),
    trade(time="2020-09-13T12:26:40+01:00"),
    trade(time="2020-09-13T12:26:40.1234Z"),
    trade(time="2020-09-13 12:26:40Z"),
    trade(time="2020-09-13T24:00:00Z"),
    trade(time="1600000000000"),
    trade(time=-1),
    trade(time=253402300800000),
    trade(time=1600000000000.5),
    trade(time=True),
    trade(price=5000.25),
    trade(price="5e3"),
    trade(price="05000"),
    trade(price=" 5000"),
    trade(price="5,000"),
    trade(price="NaN"),
    trade(size=True),
    trade(size=""),
    trade(size=".5"),
    trade(size="5."),
    trade(size="\u0665"),
    trade(size="9" * 81),
    trade(buyer=""),
    trade(buyer="alice smith"),
    trade(buyer="b" * 65),
    trade(buyer=7),
    trade(market="@fees"),
    trade(taker="both"),
    deposit(asset="\u00e4"),
    liquidate(fee="0"),
    liquidate(price=5000.25),
    liquidate(price=None),
    {"type": "liquidate", "time": 1, "account": "alice", "fills": {}},
    {"type": "set-account", "time": 1, "account": "alice", "max_leverage": 5.5},
    {"type": "set-account", "time": 1, "account": "alice", "max_leverage": "5"},
    {"type": "set-account", "time": 1, "account": "alice", "fee_tier": None},
    {"type": "mark", "time": 1, "quotes": {}},
    {"type": "mark", "time": 1, "market": "BTC-PERP", "asset": "BTC", "quotes": {}},
    {"type": "mark", "time": 1, "asset": "BTC", "quotes": {}, "premium": "1"},
    {"type": "mark", "time": 1, "asset": "BTC", "quotes": {"Bin ance": "1"}},
    {"type": "mark", "time": 1, "asset": "BTC", "quotes": {"Binance": 1.5}},
    {"type": "genesis"},
    {"type": "genesis", "rulebook": 2020},
    {"type": "genesis", "rulebook": "textbook", "overrides": []},
    {"type": "genesis", "rulebook": "textbook", "expect": {}},
    trade(expect="applied"),
    trade(expect={"reasons": "SAME_ACCOUNT"}),
    trade(expect={"reason": "NO_REASON"}),
    trade(expect={"applied": True, "reason": "SAME_ACCOUNT"}),
    trade(expect={"applied": 1}),
    trade(expect={"digest": "ab"}),
    trade(expect={"state_digest": "AB" * 32}),
    trade(expect={"account_values": {"b b": "1"}}),
    trade(expect={"balances": {"bob": {"BTC": 0.5}}}),
    trade(expect={"positions": {"bob": {"BTC-PERP": {}}}}),
    trade(expect={"positions": {"bob": {"BTC-PERP": {"size": 1, "pnl": 1}}}}),
]


@pytest.mark.parametrize("line", MALFORMED, ids=[json.dumps(line)[:60] for line in MALFORMED])
def test_malformed_lines_do_not(line: Any) -> None:
    """And the codec refuses them, too, so that none is a good line that the schema is too strict for."""
    assert not VALIDATOR.is_valid(line)
    if not (isinstance(line, dict) and line.get("type") == "genesis"):
        with pytest.raises(LogError):
            read_line(json.dumps(line))


@pytest.mark.parametrize("line", [trade(), deposit(), liquidate(), trade(price=5000), trade(expect={})])
def test_the_malformed_lines_without_their_fault_satisfy_it(line: Any) -> None:
    VALIDATOR.validate(line)
    read_line(json.dumps(line))


@deterministic
@given(transactions, st.none() | expectations(), st.data())
def test_whatever_is_read_satisfies_it(transaction: Transaction, expect: Expect | None, data: st.DataObject) -> None:
    """The codec is never looser than the schema, whatever stands in a line's fields."""
    line = json.loads(encode_transaction(ASCENDEX, transaction, expect))
    name = data.draw(st.sampled_from(sorted(line)))
    line[name] = data.draw(plain_values)
    try:
        read_line(json.dumps(line))
    except LogError:
        return
    assert VALIDATOR.is_valid(line)


def test_the_schema_finds_what_shapes_the_bad_logs_have() -> None:
    """Of the malformed lines of the table that are JSON at all, the schema finds most: it knows no rulebook."""
    found = 0
    for case in (*test_bad_input.SHAPES, *test_bad_input.NUMBERS, *test_bad_input.TIMES):
        try:
            line = json.loads(case.data.splitlines()[-1])
        except (ValueError, RecursionError):
            continue
        found += not VALIDATOR.is_valid(line)
    assert found >= 50
