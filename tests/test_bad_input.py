"""Bad input: malformed logs and rulebooks, each with its one line, through the library and through the command.

Every row says exactly what is reported, place and field included, so that a message cannot decay unseen.
"""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from ledger import cli
from ledger.log import Entry, LogError, open_log, read_log
from ledger.log.reading import LONGEST_LINE
from ledger.profiles import RulebookError, read_document, rulebook_of

GENESIS = b'{"type":"genesis","rulebook":"ascendex-2020"}\n'
MARK = (
    b'{"type":"mark","time":1600000000000,"market":"BTC-PERP",'
    b'"quotes":{"Binance":"5000","Huobi":"5000","OKEx":"5000"}}\n'
)
MARKETS = "one of the markets BTC-PERP, ETH-PERP"
ASSETS = "one of the assets BTC, ETH, PAX, USDC, USDT"
PROFILE_NAMES = "one of ascendex-2020, ascendex-2020-collar, ascendex-2020-monitored, textbook"
NUMBER = 'an exact decimal such as "5000.25", or a whole number'
DECIMAL = 'an exact decimal such as "5000.25"'
TIME = 'a time such as "2020-09-13T12:26:40.125Z", in UTC, or whole milliseconds since 1970'
ID = "an id of 1 to 64 letters, digits and . _ : -, the first a letter or digit"
TYPES = (
    "one of genesis, deposit, withdraw, set-account, trade, mark, observe, fund, settle, enroll, leave, liquidate, "
    "backstop-transfer"
)
TRADE_FIELDS = "one of time, market, buyer, seller, size, price, taker, expect"


@attrs.frozen
class Case:
    """A malformed file: its bytes, its name's suffix, and what is said of it after the name."""

    id: str
    data: bytes
    message: str
    suffix: str = ".jsonl"


def line(text: str | dict[str, Any]) -> bytes:
    """One line of a log."""
    return (text if isinstance(text, str) else json.dumps(text, separators=(",", ":"))).encode() + b"\n"


def trade(**changes: Any) -> dict[str, Any]:
    """A good trade with some fields changed; None takes one out."""
    fields: dict[str, Any] = {
        "type": "trade",
        "time": 1600000000000,
        "market": "BTC-PERP",
        "buyer": "alice",
        "seller": "bob",
        "size": "0.5695",
        "price": "5000.25",
        "taker": "buyer",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def deposit(**changes: Any) -> dict[str, Any]:
    """A good deposit with some fields changed; None takes one out."""
    fields = {"type": "deposit", "time": 1600000000000, "account": "alice", "asset": "USDT", "amount": "500"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def liquidate(**changes: Any) -> dict[str, Any]:
    """A good liquidation of two fills, the second with some fields changed; None takes one out."""
    good = {"market": "BTC-PERP", "counterparty": "bob", "size": "1", "price": "5000"}
    fill = {name: value for name, value in (good | changes).items() if value is not None}
    return {"type": "liquidate", "time": 1600000000000, "account": "alice", "fills": [good, fill]}


def bad_line(case_id: str, text: str | dict[str, Any], message: str) -> Case:
    """A log whose third line is bad."""
    return Case(case_id, GENESIS + MARK + line(text), f":3: {message}")


def bad_genesis(case_id: str, text: str | dict[str, Any], message: str) -> Case:
    """A log whose first line is bad."""
    return Case(case_id, line(text) + MARK, f":1: {message}")


def raw_trade(field: str, value: str) -> str:
    """A trade's text in which a field's value is written just so."""
    marked = json.dumps(trade(**{field: "MARKER"}), separators=(",", ":"))
    return marked.replace('"MARKER"', value)


def profile(*changes: tuple[str, str]) -> bytes:
    """The textbook profile's file with some text replaced, each of which must be in it."""
    text = (Path(cli.__file__).parents[1] / "rulebooks" / "ascendex-2020.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


WHOLE_LOG = GENESIS + MARK * 50
WHOLE_ZIP = gzip.compress(WHOLE_LOG, mtime=0)
FLIPPED_ZIP = WHOLE_ZIP[:-6] + bytes([WHOLE_ZIP[-6] ^ 0xFF]) + WHOLE_ZIP[-5:]

FILES = [
    Case("empty file", b"", ":1: found an empty file, expected a genesis line"),
    Case("empty gzip", gzip.compress(b""), ":1: found an empty file, expected a genesis line", ".jsonl.gz"),
    Case("only a line end", b"\n", ":1: found an empty line, expected one object"),
    Case("empty line inside", GENESIS + b"\n" + MARK, ":2: found an empty line, expected one object"),
    Case("blank line at the end", GENESIS + MARK + b" \n", ":3: found an empty line, expected one object"),
    Case("genesis missing", MARK, ':1: type: found "mark", expected genesis on the first line'),
    Case(
        "second genesis",
        GENESIS + GENESIS,
        ':2: type: found "genesis", expected a transaction: the genesis is the first line only',
    ),
    Case(
        "truncated last line",
        (GENESIS + MARK)[:-12],
        """:2: found a line that is cut off (b'000","Huobi":"5000","OKE'), expected one whole object""",
    ),
    Case(
        "truncated genesis",
        GENESIS[:20],
        """:1: found a line that is cut off (b'{"type":"genesis","r'), expected one whole object""",
    ),
    Case("byte order mark", b"\xef\xbb\xbf" + GENESIS, ":1: found a byte order mark, expected UTF-8 text without one"),
    Case(
        "UTF-16 with a mark",
        GENESIS.decode().encode("utf-16"),
        ":1: found UTF-16 or binary data, expected UTF-8 text",
    ),
    Case(
        "UTF-16 without a mark",
        GENESIS.decode().encode("utf-16-le"),
        ":1: found UTF-16 or binary data, expected UTF-8 text",
    ),
    Case(
        "UTF-32",
        GENESIS.decode().encode("utf-32-be"),
        ":1: found UTF-16 or binary data, expected UTF-8 text",
    ),
    Case(
        "Latin-1",
        GENESIS + line(trade(buyer="MARKER")).replace(b"MARKER", b"al\xefce"),
        ":2: found bytes that are not UTF-8 (b'al\\xefce'), expected UTF-8 text",
    ),
    Case(
        "UTF-8 overlong",
        GENESIS + line(trade(buyer="MARKER")).replace(b"MARKER", b"\xc0\xafx"),
        ":2: found bytes that are not UTF-8 (b'\\xc0\\xafx'), expected UTF-8 text",
    ),
    Case("binary", bytes(range(256)) * 8, ":1: found UTF-16 or binary data, expected UTF-8 text"),
    Case(
        "gzip under another name", WHOLE_ZIP, ':1: found gzip data, expected text: a gzipped file\'s name ends in ".gz"'
    ),
    Case(
        "no gzip under its name",
        WHOLE_LOG,
        ":1: found damaged gzip data (Not a gzipped file (b'{\"')), expected a gzipped log",
        ".jsonl.gz",
    ),
    Case(
        "gzip cut off in its header",
        WHOLE_ZIP[:7],
        ":1: found gzip data that is cut off, expected its end",
        ".jsonl.gz",
    ),
    Case(
        "gzip cut off in its data",
        WHOLE_ZIP[:-20],
        ":1: found gzip data that is cut off, expected its end",
        ".jsonl.gz",
    ),
    Case("gzip without its end", WHOLE_ZIP[:-8], ":1: found gzip data that is cut off, expected its end", ".jsonl.gz"),
    Case(
        "gzip with a wrong sum",
        FLIPPED_ZIP,
        ":1: found damaged gzip data (CRC check failed 0x12299a5f != 0x12d69a5f), expected a gzipped log",
        ".jsonl.gz",
    ),
    Case(
        "gzip of garbage",
        WHOLE_ZIP[:10] + b"\xff" * 40,
        ":1: found damaged gzip data (Error -3 while decompressing data: invalid block type), expected a gzipped log",
        ".jsonl.gz",
    ),
    Case(
        "a line without end",
        GENESIS + b" " * LONGEST_LINE,
        f":2: found a line of {LONGEST_LINE} bytes or more, expected a shorter one",
    ),
    Case(
        "UTF-8 text that is no JSON",
        b"time,account,amount\n",
        ":1: found malformed JSON (invalid character at byte 4), expected one object",
    ),
    Case(
        "Python instead of JSON",
        b"{'type': 'genesis'}\n",
        ":1: found malformed JSON (object keys must be strings at byte 1), expected one object",
    ),
    Case(
        "two objects on a line",
        GENESIS + MARK[:-1] + MARK,
        ":2: found malformed JSON (trailing characters at byte 114), expected one object",
    ),
    Case(
        "a trailing comma",
        GENESIS + MARK.replace(b"}}", b"},}"),
        ":2: found malformed JSON (trailing comma in object at byte 113), expected one object",
    ),
    Case(
        "a comment",
        b"# a log\n" + GENESIS,
        ":1: found malformed JSON (invalid character at byte 0), expected one object",
    ),
]

SHAPES = [
    bad_line("a list", "[]", "found a list, expected an object"),
    bad_line("a number", "5", "found 5, expected an object"),
    bad_line("a number beyond 64 bits", "-9223372036854775809", "found -9223372036854775809, expected an object"),
    bad_line("null", "null", "found null, expected an object"),
    bad_line("text", '"trade"', 'found "trade", expected an object'),
    bad_line("no type", '{"time":1}', "type: found nothing, expected this field"),
    bad_line("an unknown type", '{"type":"swap","time":1}', f'type: found "swap", expected {TYPES}'),
    bad_line("a type of another case", '{"type":"Trade","time":1}', f'type: found "Trade", expected {TYPES}'),
    bad_line("a numeric type", '{"type":5}', f"type: found 5, expected {TYPES}"),
    bad_line("an unknown field", trade(fee="0"), f"fee: found an unknown field, expected {TRADE_FIELDS}"),
    bad_line(
        "an unknown field with a line end",
        trade(**{"a\nb": 1}),
        f"a\\nb: found an unknown field, expected {TRADE_FIELDS}",
    ),
    bad_line(
        "an unknown field in a fill",
        liquidate(fee="0"),
        "fills[1].fee: found an unknown field, expected one of market, counterparty, size, price",
    ),
    bad_line(
        "an unknown field in expect",
        trade(expect={"reasons": "X"}),
        (
            "expect.reasons: found an unknown field,"
            " expected one of applied, reason, balances, positions, account_values, digest, state_digest"
        ),
    ),
    bad_line(
        "an unknown field in a position",
        trade(expect={"positions": {"bob": {"BTC-PERP": {"size": 1, "pnl": 1}}}}),
        "expect.positions.bob.BTC-PERP.pnl: found an unknown field, expected one of size, reference_cost",
    ),
    bad_line("a missing field", trade(price=None), "price: found nothing, expected this field"),
    bad_line("a missing time", '{"type":"settle"}', "time: found nothing, expected this field"),
    bad_line("a missing field in a fill", liquidate(price=None), "fills[1].price: found nothing, expected this field"),
    bad_line(
        "missing fills", '{"type":"liquidate","time":1,"account":"alice"}', "fills: found nothing, expected this field"
    ),
    bad_line(
        "a field twice",
        '{"type":"settle","time":1600000000000,"time":1600000000000}',
        "time: found the field twice, expected it once",
    ),
    bad_line(
        "a field twice, once escaped",
        r'{"type":"settle","time":1600000000000,"tim\u0065":1600000000000}',
        "time: found the field twice, expected it once",
    ),
    bad_line(
        "the type twice",
        '{"type":"settle","type":"settle","time":1600000000000}',
        "type: found the field twice, expected it once",
    ),
    bad_line(
        "a source twice",
        '{"type":"mark","time":1600000000000,"asset":"BTC","quotes":{"Binance":"1","Binance":"1"}}',
        "quotes.Binance: found the field twice, expected it once",
    ),
    bad_line(
        "a field twice in a fill",
        '{"type":"liquidate","time":1600000000000,"account":"a","fills":'
        '[{"market":"BTC-PERP","counterparty":"b","size":1,"size":1,"price":1}]}',
        "fills[0].size: found the field twice, expected it once",
    ),
    bad_line(
        "an account twice in expect",
        '{"type":"settle","time":1600000000000,"expect":{"account_values":{"a":"1","a":"1"}}}',
        "expect.account_values.a: found the field twice, expected it once",
    ),
    bad_line(
        "deep nesting",
        raw_trade("buyer", "[" * 100_000 + "]" * 100_000),
        "found brackets nested too deeply, expected a few levels",
    ),
    bad_line(
        "deep nesting of an unknown field",
        '{"type":"settle","time":1600000000000,"x":' + '{"x":' * 50_000 + "1" + "}" * 50_001,
        "found brackets nested too deeply, expected a few levels",
    ),
    bad_line(
        "an unpaired surrogate",
        raw_trade("buyer", r'"\ud800"'),
        "found malformed JSON (unexpected end of escaped utf-16 surrogate pair at byte 72), expected one object",
    ),
    bad_line(
        "a control character",
        raw_trade("buyer", '"a\x01"'),
        "found malformed JSON (invalid character at byte 67), expected one object",
    ),
    bad_line(
        "null for an optional field",
        '{"type":"fund","time":1600000000000,"market":"BTC-PERP","rate":null}',
        f"rate: found null, expected {NUMBER}",
    ),
    bad_line(
        "fills that are no list",
        '{"type":"liquidate","time":1600000000000,"account":"a","fills":{}}',
        "fills: found an object, expected a list",
    ),
    bad_line("expect that is no object", trade(expect="applied"), 'expect: found "applied", expected an object'),
]

NUMBERS = [
    bad_line("a fraction as a JSON number", raw_trade("price", "5000.25"), f"price: found 5000.25, expected {NUMBER}"),
    bad_line("a whole number with a point", raw_trade("price", "5000.0"), f"price: found 5000.0, expected {NUMBER}"),
    bad_line("an exponent", raw_trade("size", "1e3"), f"size: found 1e3, expected {NUMBER}"),
    bad_line("an exponent beyond any float", raw_trade("size", "1e400"), f"size: found 1e400, expected {NUMBER}"),
    bad_line("an exponent in text", trade(size="1e3"), f'size: found "1e3", expected {DECIMAL}'),
    bad_line("NaN", raw_trade("price", "NaN"), "found NaN, expected a number that JSON has"),
    bad_line("infinity", raw_trade("price", "-Infinity"), "found -Infinity, expected a number that JSON has"),
    bad_line("NaN in text", trade(price="NaN"), f'price: found "NaN", expected {DECIMAL}'),
    bad_line("a boolean for a number", trade(size=True), f"size: found true, expected {NUMBER}"),
    bad_line("null for a number", raw_trade("size", "null"), f"size: found null, expected {NUMBER}"),
    bad_line("a list for a number", trade(size=["1"]), f"size: found a list, expected {NUMBER}"),
    bad_line("empty text for a number", trade(size=""), f'size: found "", expected {DECIMAL}'),
    bad_line("a space", trade(price=" 5000"), f'price: found " 5000", expected {DECIMAL}'),
    bad_line("a thousands separator", trade(price="5,000"), f'price: found "5,000", expected {DECIMAL}'),
    bad_line("an underscore", trade(price="5_000"), f'price: found "5_000", expected {DECIMAL}'),
    bad_line("a plus", trade(price="+5000"), f'price: found "+5000", expected {DECIMAL}'),
    bad_line("a leading zero", trade(price="05000"), f'price: found "05000", expected {DECIMAL}'),
    bad_line(
        "a JSON number with a leading zero",
        raw_trade("price", "05000"),
        "found malformed JSON (invalid number at byte 113), expected one object",
    ),
    bad_line("no digit before the point", trade(size=".5"), f'size: found ".5", expected {DECIMAL}'),
    bad_line("no digit after the point", trade(size="5."), f'size: found "5.", expected {DECIMAL}'),
    bad_line("a minus alone", trade(size="-"), f'size: found "-", expected {DECIMAL}'),
    bad_line("two points", trade(size="1.2.3"), f'size: found "1.2.3", expected {DECIMAL}'),
    bad_line("hexadecimal", trade(size="0x10"), f'size: found "0x10", expected {DECIMAL}'),
    bad_line("other digits", trade(size="\u0665"), f'size: found "\\u0665", expected {DECIMAL}'),
    bad_line("a superscript digit", trade(size="5\u00b2"), f'size: found "5\\u00b2", expected {DECIMAL}'),
    bad_line(
        "a huge number in text",
        deposit(amount="9" * 81),
        (
            'amount: found "99999999999999999999999999999999999999999999999999999999...,'
            " expected a number of at most 80 characters"
        ),
    ),
    bad_line(
        "a huge JSON number",
        raw_trade("size", "9" * 81),
        (
            "size: found 999999999999999999999999999999999999999999999999999999999...,"
            " expected a number of at most 80 characters"
        ),
    ),
    bad_line(
        "a JSON number beyond Python's digits",
        raw_trade("size", "9" * 5000),
        (
            "size: found 999999999999999999999999999999999999999999999999999999999...,"
            " expected a number of at most 80 characters"
        ),
    ),
    bad_line(
        "a boolean for a count",
        '{"type":"set-account","time":1600000000000,"account":"a","max_leverage":true}',
        "max_leverage: found true, expected a whole number",
    ),
    bad_line(
        "text for a count",
        '{"type":"set-account","time":1600000000000,"account":"a","max_leverage":"5"}',
        'max_leverage: found "5", expected a whole number',
    ),
    bad_line(
        "a fraction for a count",
        '{"type":"set-account","time":1600000000000,"account":"a","max_leverage":5.0}',
        "max_leverage: found 5.0, expected a whole number",
    ),
    bad_line(
        "a huge count",
        '{"type":"set-account","time":1600000000000,"account":"a","max_leverage":1' + "0" * 80 + "}",
        (
            "max_leverage: found 100000000000000000000000000000000000000000000000000000000...,"
            " expected a number of at most 80 characters"
        ),
    ),
    bad_line(
        "finer than an atom",
        deposit(amount="0.00000000000001"),
        'amount: found "0.00000000000001", expected at most 13 decimals',
    ),
    bad_line(
        "finer than the booking unit",
        deposit(amount="0.0000000001"),
        'amount: found "0.0000000001", expected a multiple of the booking unit 0.000000001',
    ),
    bad_line(
        "finer than another asset's atom",
        deposit(asset="BTC", amount="0.0000000001"),
        'amount: found "0.0000000001", expected at most 9 decimals',
    ),
    bad_line("off lot", trade(size="0.00005"), 'size: found "0.00005", expected a multiple of the lot 0.0001'),
    bad_line(
        "finer than a lot can be", trade(size="0.0000000001"), 'size: found "0.0000000001", expected at most 9 decimals'
    ),
    bad_line("off tick", trade(price="5000.1"), 'price: found "5000.1", expected a multiple of the tick 0.25'),
    bad_line(
        "off tick in a fill",
        liquidate(price="5000.3"),
        'fills[1].price: found "5000.3", expected a multiple of the tick 0.25',
    ),
    bad_line(
        "off lot in a fill",
        liquidate(size="0.00001"),
        'fills[1].size: found "0.00001", expected a multiple of the lot 0.0001',
    ),
    bad_line("a fraction in a fill", liquidate(price=5000.25), f"fills[1].price: found 5000.25, expected {NUMBER}"),
    bad_line(
        "a price finer than its unit",
        raw_trade("price", '"5000.0000000001"'),
        'price: found "5000.0000000001", expected at most 9 decimals',
    ),
    bad_line(
        "a rate finer than its unit",
        '{"type":"fund","time":1600000000000,"market":"BTC-PERP","rate":"0.0000000001"}',
        'rate: found "0.0000000001", expected at most 9 decimals',
    ),
    bad_line(
        "a fraction for a quote",
        '{"type":"mark","time":1600000000000,"market":"BTC-PERP","quotes":{"Binance":"1","Huobi":5000.5}}',
        f"quotes.Huobi: found 5000.5, expected {NUMBER}",
    ),
    bad_line(
        "a bad quote",
        '{"type":"mark","time":1600000000000,"market":"BTC-PERP","quotes":{"Binance":"1","Huobi":"1/2"}}',
        f'quotes.Huobi: found "1/2", expected {DECIMAL}',
    ),
]

TIMES = [
    bad_line(
        "time going back",
        '{"type":"settle","time":1599999999999}',
        'time: found 1599999999999, expected "2020-09-13T12:26:40Z" or later, as on the line before',
    ),
    bad_line(
        "time going back, as text",
        '{"type":"settle","time":"2020-09-13T12:26:39.999Z"}',
        'time: found "2020-09-13T12:26:39.999Z", expected "2020-09-13T12:26:40Z" or later, as on the line before',
    ),
    Case(
        "time before the genesis",
        line({"type": "genesis", "rulebook": "textbook", "time": 2}) + line('{"type":"settle","time":1}'),
        ':2: time: found 1, expected "1970-01-01T00:00:00.002Z" or later, as on the line before',
    ),
    bad_line(
        "time before 1970, as text",
        '{"type":"settle","time":"1969-12-31T23:59:59Z"}',
        'time: found "1969-12-31T23:59:59Z", expected a time from 1970 to 9999',
    ),
    bad_line(
        "time before 1970, as a number",
        '{"type":"settle","time":-1}',
        "time: found -1, expected a time from 1970 to 9999",
    ),
    bad_line(
        "time beyond the year 9999",
        '{"type":"settle","time":253402300800000}',
        "time: found 253402300800000, expected a time from 1970 to 9999",
    ),
    bad_line(
        "a time of five-digit year",
        '{"type":"settle","time":"10000-01-01T00:00:00Z"}',
        f'time: found "10000-01-01T00:00:00Z", expected {TIME}',
    ),
    bad_line(
        "a huge time",
        '{"type":"settle","time":' + "9" * 5000 + "}",
        (
            "time: found 999999999999999999999999999999999999999999999999999999999...,"
            " expected a number of at most 80 characters"
        ),
    ),
    bad_line(
        "a time in another zone",
        '{"type":"settle","time":"2020-09-13T12:26:40+01:00"}',
        f'time: found "2020-09-13T12:26:40+01:00", expected {TIME}',
    ),
    bad_line(
        "a time without zone",
        '{"type":"settle","time":"2020-09-13T12:26:40"}',
        f'time: found "2020-09-13T12:26:40", expected {TIME}',
    ),
    bad_line(
        "a time with a space",
        '{"type":"settle","time":"2020-09-13 12:26:40Z"}',
        f'time: found "2020-09-13 12:26:40Z", expected {TIME}',
    ),
    bad_line(
        "a time finer than a millisecond",
        '{"type":"settle","time":"2020-09-13T12:26:40.1234Z"}',
        f'time: found "2020-09-13T12:26:40.1234Z", expected {TIME}',
    ),
    bad_line("a date alone", '{"type":"settle","time":"2020-09-13"}', f'time: found "2020-09-13", expected {TIME}'),
    bad_line(
        "a day that does not exist",
        '{"type":"settle","time":"2021-02-29T00:00:00Z"}',
        'time: found "2021-02-29T00:00:00Z", expected a day that exists',
    ),
    bad_line(
        "a leap second",
        '{"type":"settle","time":"2016-12-31T23:59:60Z"}',
        f'time: found "2016-12-31T23:59:60Z", expected {TIME}',
    ),
    bad_line(
        "a twenty-fifth hour",
        '{"type":"settle","time":"2020-09-13T24:00:00Z"}',
        f'time: found "2020-09-13T24:00:00Z", expected {TIME}',
    ),
    bad_line(
        "a fraction of a millisecond",
        '{"type":"settle","time":1600000000000.5}',
        f"time: found 1600000000000.5, expected {TIME}",
    ),
    bad_line("a boolean for a time", '{"type":"settle","time":true}', f"time: found true, expected {TIME}"),
    bad_line(
        "digits in text for a time",
        '{"type":"settle","time":"1600000000000"}',
        f'time: found "1600000000000", expected {TIME}',
    ),
]

NAMES = [
    bad_line("an unknown market", trade(market="DOGE-PERP"), f'market: found "DOGE-PERP", expected {MARKETS}'),
    bad_line("an asset for a market", trade(market="BTC"), f'market: found "BTC", expected {MARKETS}'),
    bad_line(
        "an unknown market in a fill",
        liquidate(market="DOGE-PERP"),
        f'fills[1].market: found "DOGE-PERP", expected {MARKETS}',
    ),
    bad_line("an unknown asset", deposit(asset="DOGE"), f'asset: found "DOGE", expected {ASSETS}'),
    bad_line("an asset of another case", deposit(asset="usdt"), f'asset: found "usdt", expected {ASSETS}'),
    bad_line("an empty id", trade(buyer=""), f'buyer: found "", expected {ID}'),
    bad_line("an id with a space", trade(buyer="alice smith"), f'buyer: found "alice smith", expected {ID}'),
    bad_line("an id with a line end", trade(buyer="alice\n"), f'buyer: found "alice\\n", expected {ID}'),
    bad_line("an id that is no ASCII", trade(buyer="älice"), f'buyer: found "\\u00e4lice", expected {ID}'),
    bad_line("an id that begins with a point", trade(buyer=".alice"), f'buyer: found ".alice", expected {ID}'),
    bad_line(
        "an id of 65 characters",
        trade(seller="b" * 65),
        f'seller: found "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb..., expected {ID}',
    ),
    bad_line("a number for an id", trade(seller=7), "seller: found 7, expected text"),
    bad_line(
        "a system account as buyer",
        trade(buyer="@insurance"),
        'buyer: found "@insurance", expected an ordinary account',
    ),
    bad_line(
        "a system account as seller",
        trade(seller="@external"),
        'seller: found "@external", expected an ordinary account',
    ),
    bad_line(
        "a system account as counterparty",
        liquidate(counterparty="@fees"),
        'fills[1].counterparty: found "@fees", expected an ordinary account',
    ),
    bad_line(
        "a deposit to the outside",
        deposit(account="@external"),
        'account: found "@external", expected an ordinary account, @insurance or @fees',
    ),
    bad_line(
        "a deposit to an unknown system account",
        deposit(account="@alice"),
        'account: found "@alice", expected an ordinary account, @insurance or @fees',
    ),
    bad_line(
        "a withdrawal from the outside",
        deposit(type="withdraw", account="@external"),
        'account: found "@external", expected an ordinary account, @insurance or @fees',
    ),
    bad_line(
        "a system account that enrolls",
        {
            "type": "enroll",
            "time": 1600000000000,
            "account": "@insurance",
            "capacity_per_minute": 100000,
            "capacity_per_hour": 300000,
            "max_holdings": 300000,
        },
        'account: found "@insurance", expected an ordinary account',
    ),
    bad_line(
        "a system account that leaves",
        {"type": "leave", "time": 1600000000000, "account": "@fees"},
        'account: found "@fees", expected an ordinary account',
    ),
    bad_line(
        "a system account taken over",
        {"type": "backstop-transfer", "time": 1600000000000, "account": "@fees"},
        'account: found "@fees", expected an ordinary account',
    ),
    bad_line(
        "a system account liquidated",
        {"type": "liquidate", "time": 1600000000000, "account": "@insurance", "fills": []},
        'account: found "@insurance", expected an ordinary account',
    ),
    bad_line(
        "a system account that is set",
        {"type": "set-account", "time": 1600000000000, "account": "@insurance", "max_leverage": 5},
        'account: found "@insurance", expected an ordinary account',
    ),
    bad_line(
        "a bad fee tier",
        {"type": "set-account", "time": 1600000000000, "account": "alice", "fee_tier": "v i p"},
        f'fee_tier: found "v i p", expected {ID}',
    ),
    bad_line(
        "a bad source",
        '{"type":"mark","time":1600000000000,"asset":"BTC","quotes":{"Bin ance":"1"}}',
        f'quotes.Bin ance: found "Bin ance", expected {ID}',
    ),
    bad_line(
        "neither market nor asset",
        '{"type":"mark","time":1600000000000,"quotes":{}}',
        "found neither, expected market or asset",
    ),
    bad_line(
        "both market and asset",
        '{"type":"mark","time":1600000000000,"market":"BTC-PERP","asset":"BTC","quotes":{}}',
        "found both, expected market or asset",
    ),
    bad_line(
        "a premium of an asset",
        '{"type":"mark","time":1600000000000,"asset":"BTC","quotes":{},"premium":"1"}',
        'premium: found "1", expected none: only a market has one',
    ),
    bad_line("another taker", trade(taker="both"), 'taker: found "both", expected "buyer" or "seller"'),
    bad_line(
        "another reason than the one expected",
        trade(price="5000.1", expect={"reason": "SIZE_NOT_POSITIVE"}),
        'price: found "5000.1", expected a multiple of the tick 0.25',
    ),
]

EXPECTATIONS = [
    bad_line(
        "an unknown reason",
        trade(expect={"reason": "NO_REASON"}),
        'expect.reason: found "NO_REASON", expected the name of a refusal, such as FREE_COLLATERAL_NEGATIVE',
    ),
    bad_line(
        "applied and refused",
        trade(expect={"applied": True, "reason": "SAME_ACCOUNT"}),
        "expect.applied: found true, expected false, or none, where a reason is given",
    ),
    bad_line("a number for applied", trade(expect={"applied": 1}), "expect.applied: found 1, expected true or false"),
    bad_line(
        "a short digest",
        trade(expect={"digest": "ab"}),
        'expect.digest: found "ab", expected 64 lower-case hexadecimal digits',
    ),
    bad_line(
        "an upper-case digest",
        trade(expect={"state_digest": "AB" * 32}),
        (
            'expect.state_digest: found "ABABABABABABABABABABABABABABABABABABABABABABABABABABABAB...,'
            " expected 64 lower-case hexadecimal digits"
        ),
    ),
    bad_line(
        "an expected balance of an unknown asset",
        trade(expect={"balances": {"bob": {"DOGE": "1"}}}),
        f'expect.balances.bob.DOGE: found "DOGE", expected {ASSETS}',
    ),
    bad_line(
        "an expected balance finer than an atom",
        trade(expect={"balances": {"bob": {"BTC": "0.0000000001"}}}),
        'expect.balances.bob.BTC: found "0.0000000001", expected at most 9 decimals',
    ),
    bad_line(
        "a fraction for an expected balance",
        trade(expect={"balances": {"al": {"BTC": "1"}, "bob": {"BTC": 0.5}}}),
        f"expect.balances.bob.BTC: found 0.5, expected {NUMBER}",
    ),
    bad_line(
        "an expected position in an unknown market",
        trade(expect={"positions": {"bob": {"BTC": {"size": "1"}}}}),
        f'expect.positions.bob.BTC: found "BTC", expected {MARKETS}',
    ),
    bad_line(
        "an expected position off lot",
        trade(expect={"positions": {"bob": {"BTC-PERP": {"size": "0.00001"}}}}),
        'expect.positions.bob.BTC-PERP.size: found "0.00001", expected a multiple of the lot 0.0001',
    ),
    bad_line(
        "an expected position without size",
        trade(expect={"positions": {"bob": {"BTC-PERP": {}}}}),
        "expect.positions.bob.BTC-PERP.size: found nothing, expected this field",
    ),
    bad_line(
        "an expected account value finer than exact",
        trade(expect={"account_values": {"bob": "0." + "0" * 31 + "1"}}),
        'expect.account_values.bob: found "0.00000000000000000000000000000001", expected at most 31 decimals',
    ),
    bad_line(
        "expectations of a bad id",
        trade(expect={"account_values": {"b b": "1"}}),
        f'expect.account_values.b b: found "b b", expected {ID}',
    ),
]

GENESES = [
    bad_genesis(
        "an unknown profile",
        {"type": "genesis", "rulebook": "mtgox-2013"},
        f'rulebook: found "mtgox-2013", expected {PROFILE_NAMES}',
    ),
    bad_genesis("no rulebook", {"type": "genesis"}, "rulebook: found nothing, expected this field"),
    bad_genesis(
        "a number for a rulebook",
        {"type": "genesis", "rulebook": 2020},
        "rulebook: found 2020, expected a profile's name or a rulebook",
    ),
    bad_genesis(
        "an empty rulebook",
        {"type": "genesis", "rulebook": {}},
        (
            "name: missing, expected a name; settlement_asset: missing, expected a name; assets: missing,"
            " expected a table of tables; markets: missing, expected a table of tables; fee_tiers: missing,"
            " expected a table of tables; default_fee_tier: missing, expected a name; sources: missing,"
            " expected a list of names; minimum_sources: missing, expected a whole number from 3 to 3; "
            "fee_decimals: missing, expected a whole number from 0 to 9; maximum_leverage: missing,"
            " expected a whole number from 1 to 1000; unrealised_gains_count: missing, expected true or false; "
            "size_factor: missing, expected a positive rate of at most 1; funding: missing, expected a table; "
            "settle: missing, expected a table; liquidation: missing, expected a table; program: missing,"
            " expected a table"
        ),
    ),
    bad_genesis(
        "an unknown base",
        {"type": "genesis", "rulebook": {"base": "mtgox-2013"}},
        f'rulebook: found "mtgox-2013", expected {PROFILE_NAMES}',
    ),
    bad_genesis(
        "a base that is no name",
        {"type": "genesis", "rulebook": {"base": 5}},
        "base: found 5, expected a profile's name",
    ),
    bad_genesis(
        "a bad override",
        {"type": "genesis", "rulebook": "textbook", "overrides": {"program": {"discount": "1.5"}}},
        'overrides.program.discount: found "1.5", expected a rate above -1 and at most 1',
    ),
    bad_genesis(
        "a bad override of a bad rulebook",
        {
            "type": "genesis",
            "rulebook": {"base": "textbook", "fee_decimals": 99, "minimum_sources": 99},
            "overrides": {"program": {"discount": "1.5"}, "minimum_sources": "3"},
        },
        (
            'overrides.minimum_sources: found "3", expected a whole number from 3 to 5; fee_decimals: found 99,'
            ' expected a whole number from 0 to 13; overrides.program.discount: found "1.5", expected a rate above -1'
            " and at most 1"
        ),
    ),
    bad_genesis(
        "two bad overrides",
        {"type": "genesis", "rulebook": "textbook", "overrides": {"fee_decimals": 1.5, "program": {"discount": 0.01}}},
        (
            "overrides.fee_decimals: found 1.5, expected a whole number from 0 to 13;"
            " overrides.program.discount: found 0.01, expected a rate above -1 and at most 1 as text"
        ),
    ),
    bad_genesis(
        "overrides that are no object",
        {"type": "genesis", "rulebook": "textbook", "overrides": []},
        "overrides: found a list, expected an object",
    ),
    bad_genesis(
        "an unknown field in overrides",
        {"type": "genesis", "rulebook": "textbook", "overrides": {"fee\ndecimals": 9}},
        "overrides.fee\\ndecimals: unknown field",
    ),
    bad_genesis(
        "a field twice in overrides",
        '{"type":"genesis","rulebook":"textbook","overrides":{"name":"a","name":"b"}}',
        "overrides.name: found the field twice, expected it once",
    ),
    bad_genesis(
        "deep nesting in overrides",
        '{"type":"genesis","rulebook":"textbook","overrides":' + '{"a":' * 50_000 + "1" + "}" * 50_001,
        "found brackets nested too deeply, expected a few levels",
    ),
    bad_genesis(
        "nesting in overrides that can just be read",
        '{"type":"genesis","rulebook":"textbook","overrides":' + '{"markets":' * 500 + "1" + "}" * 501,
        (
            "overrides.markets.markets.lot: missing, expected a positive decimal of at most 9 decimals; "
            "overrides.markets.markets.tick: missing, expected a positive decimal of at most 9 decimals; "
            "overrides.markets.markets.lot: lot and settlement decimals give no whole multiplier of at least 1; "
            "overrides.markets.markets.tiers: missing, expected a list of tables; "
            "overrides.markets.markets.markets: unknown field"
        ),
    ),
    bad_genesis(
        "a bad time", {"type": "genesis", "rulebook": "textbook", "time": "now"}, f'time: found "now", expected {TIME}'
    ),
    bad_genesis(
        "expectations of the genesis",
        {"type": "genesis", "rulebook": "textbook", "expect": {}},
        "expect: found an unknown field, expected one of rulebook, overrides, time",
    ),
]

LOGS = [*FILES, *SHAPES, *NUMBERS, *TIMES, *NAMES, *EXPECTATIONS, *GENESES]


PROFILES = [
    Case("no TOML", b"name = ", "document: not TOML: Invalid value (at end of document)", ".toml"),
    Case(
        "a key twice in TOML",
        profile(('name = "ascendex-2020"', 'name = "a"\nname = "b"')),
        "document: not TOML: Cannot overwrite a value (at line 5, column 11)",
        ".toml",
    ),
    Case(
        "TOML that is not UTF-8",
        profile()[:-1] + b"\xff\n",
        "document: not TOML: 'utf-8' codec can't decode byte 0xff in position 2315: invalid start byte",
        ".toml",
    ),
    Case(
        "TOML in UTF-16",
        profile().decode().encode("utf-16"),
        "document: not TOML: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ".toml",
    ),
    Case(
        "no JSON",
        b'{"name":',
        "document: found malformed JSON (Expecting value: line 1 column 9 (char 8)), expected one object",
        ".json",
    ),
    Case(
        "a key twice in JSON",
        b'{"base":"textbook","name":"a","name":"b"}',
        "name: found the field twice, expected it once",
        ".json",
    ),
    Case("a list for a rulebook", b"[]", "document: found a list, expected a table", ".json"),
    Case(
        "deeply nested JSON",
        b"[" * 100_000,
        "document: found brackets nested too deeply, expected a few levels",
        ".json",
    ),
    Case(
        "NaN in JSON",
        b'{"base":"textbook","size_factor":NaN}',
        "document: found NaN, expected a number that JSON has",
        ".json",
    ),
    Case(
        "an unknown base", b'base = "mtgox-2013"\n', f'rulebook: found "mtgox-2013", expected {PROFILE_NAMES}', ".toml"
    ),
    Case("a base that is no name", b"base = 5\n", "base: found 5, expected a profile's name", ".toml"),
    Case(
        "a float",
        profile(('size_factor = "0.99"', "size_factor = 0.99")),
        "size_factor: found 0.99, expected a positive rate of at most 1 as text",
        ".toml",
    ),
    Case(
        "not a number",
        profile(('size_factor = "0.99"', "size_factor = nan")),
        "size_factor: found NaN, expected a positive rate of at most 1 as text",
        ".toml",
    ),
    Case(
        "a boolean for a number",
        profile(("fee_decimals = 9", "fee_decimals = true")),
        "fee_decimals: found true, expected a whole number from 0 to 13",
        ".toml",
    ),
    Case(
        "a number for a flag",
        profile(("unrealised_gains_count = false", "unrealised_gains_count = 0")),
        "unrealised_gains_count: found 0, expected true or false",
        ".toml",
    ),
    Case(
        "a date",
        profile(('size_factor = "0.99"', "size_factor = 2020-09-13")),
        'size_factor: found "2020-09-13", expected a positive rate of at most 1 as text',
        ".toml",
    ),
    Case(
        "an unknown field", profile(("fee_decimals = 9", "fee_decimals = 9\nfees = 1")), "fees: unknown field", ".toml"
    ),
    Case(
        "a missing field",
        profile(("minimum_sources = 3\n", "")),
        "minimum_sources: missing, expected a whole number from 3 to 5",
        ".toml",
    ),
    Case(
        "an unknown settlement asset",
        profile(('settlement_asset = "USDT"', 'settlement_asset = "USD"')),
        (
            'settlement_asset: found "USD", expected one of the assets\n'
            "assets.USDT.decimals: found 13, expected at most the settlement asset's 9\n"
            "markets.BTC-PERP.lot: lot and settlement decimals give no whole multiplier of at least 1\n"
            "markets.ETH-PERP.lot: lot and settlement decimals give no whole multiplier of at least 1"
        ),
        ".toml",
    ),
    Case(
        "a settlement asset with a haircut",
        profile(('factor = "1"', 'factor = "0.9"')),
        "assets.USDT.factor: expected 1 for the settlement asset",
        ".toml",
    ),
    Case(
        "an asset finer than the settlement asset",
        profile(("[assets.BTC]\ndecimals = 9", "[assets.BTC]\ndecimals = 18")),
        "assets.BTC.decimals: found 18, expected at most the settlement asset's 13",
        ".toml",
    ),
    Case(
        "a booking unit finer than the asset",
        profile(("[assets.BTC]\ndecimals = 9", "[assets.BTC]\ndecimals = 8")),
        "assets.BTC.booking_decimals: found 9, expected at most the asset's 8",
        ".toml",
    ),
    Case(
        "a lot without a whole multiplier",
        profile(('lot = "0.0001"', 'lot = "0.00001"')),
        "markets.BTC-PERP.lot: lot and settlement decimals give no whole multiplier of at least 1",
        ".toml",
    ),
    Case(
        "a tick of zero",
        profile(('tick = "0.25"', 'tick = "0"')),
        'markets.BTC-PERP.tick: found "0", expected a positive decimal of at most 9 decimals',
        ".toml",
    ),
    Case(
        "tiers out of order",
        profile(('below = "200000"', 'below = "50000"')),
        "markets.BTC-PERP.tiers[1].below: expected more than the tier before",
        ".toml",
    ),
    Case(
        "a tier whose rate falls",
        profile(('initial = "0.02", maintenance = "0.012"', 'initial = "0.005", maintenance = "0.003"')),
        (
            "markets.BTC-PERP.tiers[1].initial: expected at least the tier before's\n"
            "markets.BTC-PERP.tiers[1].maintenance: expected at least the tier before's"
        ),
        ".toml",
    ),
    Case(
        "maintenance above initial",
        profile(('initial = "0.01", maintenance = "0.006"', 'initial = "0.01", maintenance = "0.02"')),
        (
            "markets.BTC-PERP.tiers[0].maintenance: expected at most the initial rate\n"
            "markets.BTC-PERP.tiers[1].maintenance: expected at least the tier before's"
        ),
        ".toml",
    ),
    Case(
        "a maintenance rate of zero",
        profile(('maintenance = "0.006"', 'maintenance = "0"')),
        'markets.BTC-PERP.tiers[0].maintenance: found "0", expected a positive rate of at most 1',
        ".toml",
    ),
    Case(
        "an open tier that is not the last",
        profile(('{ below = "50000", initial', "{ initial")),
        "markets.BTC-PERP.tiers[0].below: missing, expected a positive amount",
        ".toml",
    ),
    Case(
        "fees that pay out",
        profile(('maker = "-0.00005"', 'maker = "-0.0003"')),
        "fee_tiers: the lowest maker plus the lowest taker rate is negative: the venue would pay out",
        ".toml",
    ),
    Case(
        "an unknown default fee tier",
        profile(('default_fee_tier = "standard"', 'default_fee_tier = "gold"')),
        'default_fee_tier: found "gold", expected one of the fee tiers',
        ".toml",
    ),
    Case(
        "a source twice",
        profile(('"Huobi", ', '"Binance", ')),
        "sources: found a list, expected no name twice",
        ".toml",
    ),
    Case(
        "too few sources",
        profile(("minimum_sources = 3", "minimum_sources = 2")),
        "minimum_sources: found 2, expected a whole number from 3 to 5",
        ".toml",
    ),
    Case(
        "a window beyond its interval",
        profile(("window = 60000", "window = 28800001")),
        "funding.window: found 28800001, expected at most the interval 28800000",
        ".toml",
    ),
    Case(
        "a discount of one",
        profile(('discount = "0.01"', 'discount = "1"')),
        "program.discount: expected below 1",
        ".toml",
    ),
    Case(
        "a rate finer than its unit",
        profile(('discount = "0.01"', 'discount = "0.0000000001"')),
        'program.discount: found "0.0000000001", expected at most 9 decimals',
        ".toml",
    ),
    Case(
        "an hour below the minute",
        profile(("hour = 3600000", "hour = 59999")),
        "program.hour: found 59999, expected at least the minute 60000",
        ".toml",
    ),
    Case(
        "a huge integer",
        profile(("rounds = 50", "rounds = " + "9" * 100)),
        (
            "liquidation.rounds: found 999999999999999999999999999999999999999999999999999999999...,"
            " expected a whole number from 1 to 1000000"
        ),
        ".toml",
    ),
    Case(
        "an integer beyond Python's digits",
        profile(("rounds = 50", "rounds = " + "9" * 5000)),
        (
            "document: not TOML: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; "
            "use sys.set_int_max_str_digits() to increase the limit"
        ),
        ".toml",
    ),
    Case(
        "a market named as an asset",
        profile(("[markets.BTC-PERP]", "[markets.BTC]")),
        "markets.BTC: is also the name of an asset",
        ".toml",
    ),
    Case(
        "a name with a line end",
        profile(("[markets.BTC-PERP]", '[markets."BTC\\nPERP"]')),
        'markets: found "BTC\\nPERP", expected a name of letters, digits and . _ : -',
        ".toml",
    ),
    Case(
        "a name that is no ASCII",
        profile(('name = "ascendex-2020"', 'name = "ascendéx"')),
        'name: found "ascend\\u00e9x", expected a name of letters, digits and . _ : -',
        ".toml",
    ),
    Case(
        "three errors at once",
        profile(("fee_decimals = 9", "fee_decimals = 99"), ("rounds = 50", "rounds = 0"), ('discount = "0.01"', "")),
        (
            "fee_decimals: found 99, expected a whole number from 0 to 13\n"
            "liquidation.rounds: found 0, expected a whole number from 1 to 1000000\n"
            "program.discount: missing, expected a rate above -1 and at most 1"
        ),
        ".toml",
    ),
]


BAD_LOGS = pytest.mark.parametrize("case", LOGS, ids=[case.id for case in LOGS])
BAD_PROFILES = pytest.mark.parametrize("case", PROFILES, ids=[case.id for case in PROFILES])


def written(case: Case, folder: Path) -> str:
    """The path of the case's file, written."""
    path = folder / f"bad{case.suffix}"
    path.write_bytes(case.data)
    return str(path)


def read_all(path: str) -> list[Entry]:
    """Every entry of a log."""
    with open_log(path) as stream:
        _, entries = read_log(stream, path)
        return list(entries)


def invoked(*arguments: str, stdin: bytes | None = None) -> Result:
    """What the command answers. An exception that it lets out fails the test."""
    return CliRunner(catch_exceptions=False).invoke(cli.main, arguments, input=stdin)


@BAD_LOGS
def test_a_bad_log_is_refused_in_one_line(case: Case, tmp_path: Path) -> None:
    path = written(case, tmp_path)
    with pytest.raises(LogError) as refused:
        read_all(path)
    assert str(refused.value) == path + case.message
    assert len(str(refused.value).splitlines()) == 1


@BAD_LOGS
def test_replay_refuses_a_bad_log(case: Case, tmp_path: Path) -> None:
    path = written(case, tmp_path)
    result = invoked("replay", path)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.removesuffix("\n").endswith(path + case.message)


@BAD_PROFILES
def test_a_bad_profile_is_refused_by_field(case: Case, tmp_path: Path) -> None:
    with pytest.raises(RulebookError) as refused:
        rulebook_of(read_document(Path(written(case, tmp_path))))
    assert "\n".join(f"{field}: {message}" for field, message in refused.value.errors) == case.message


@BAD_PROFILES
def test_rulebook_check_refuses_a_bad_profile(case: Case, tmp_path: Path) -> None:
    result = invoked("rulebook", "check", written(case, tmp_path))
    assert result.exit_code == 2
    reported, expected = result.stderr.splitlines(), case.message.splitlines()
    assert len(reported) == len(expected)
    assert all(text.endswith(message) for text, message in zip(reported, expected, strict=True))


def test_the_same_files_without_their_fault_are_read(tmp_path: Path) -> None:
    """The rows' unspoilt lines are good, so that each row is refused for its one fault."""
    good = GENESIS + MARK + line(trade()) + line(deposit()) + line(liquidate())
    assert len(read_all(written(Case("good", good, ""), tmp_path))) == 4
    assert len(read_all(written(Case("good", gzip.compress(good), "", ".jsonl.gz"), tmp_path))) == 4
    assert len(read_all(written(Case("good", WHOLE_ZIP, "", ".jsonl.gz"), tmp_path))) == 50
    assert rulebook_of(read_document(Path(written(Case("good", profile(), "", ".toml"), tmp_path)))).name


@pytest.mark.parametrize("cases", [LOGS, PROFILES], ids=["logs", "profiles"])
def test_every_case_has_its_own_name_and_there_are_many(cases: list[Case]) -> None:
    assert len({case.id for case in cases}) == len(cases)
    assert len(LOGS) + len(PROFILES) >= 60


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.jsonl", ": found no such file or directory, expected a log that can be read"),
        ("absent.jsonl.gz", ": found no such file or directory, expected a log that can be read"),
        ("", ": found a folder, expected a log that can be read"),
        ("a\nb", ": found no such file or directory, expected a log that can be read"),
    ],
)
def test_a_file_that_cannot_be_opened(name: str, message: str, tmp_path: Path) -> None:
    path = str(tmp_path / name) if name else str(tmp_path)
    with pytest.raises(LogError) as refused, open_log(path):
        pass
    assert str(refused.value) == path.replace("\n", "\\n") + message
    assert refused.value.line == 0


def test_a_path_that_no_file_can_have() -> None:
    with pytest.raises(LogError, match="embedded null byte"), open_log("a\0b"):
        pass


def test_a_stream_that_fails() -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(LogError) as refused:
        read_log(Broken(), "log")
    assert str(refused.value) == "log:1: found [errno 5] input/output error, expected a log that can be read"


def test_entries_before_the_fault_are_still_given(tmp_path: Path) -> None:
    path = written(Case("late", GENESIS + MARK + line(trade()) + b"{", ""), tmp_path)
    with open_log(path) as stream:
        _, entries = read_log(stream, "log")
        assert [next(entries).line, next(entries).line] == [2, 3]
        with pytest.raises(LogError) as refused:
            next(entries)
    assert (refused.value.name, refused.value.line, refused.value.field) == ("log", 4, "")
    assert refused.value.message == "found a line that is cut off (b'{'), expected one whole object"


def test_replay_refuses_bad_standard_input() -> None:
    result = invoked("replay", "-", stdin=GENESIS + b"{")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("standard input:2: found a line that is cut off")
