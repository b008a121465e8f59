"""The codec of the log: what a line means, what it may hold, and that text and transactions say the same."""

import gzip
import io
import json
import sys
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from ledger.log import (
    Entry,
    Expect,
    ExpectedPosition,
    LogError,
    decoding,
    encode_genesis,
    encode_transaction,
    format_time,
    numbers,
    open_log,
    parse_time,
    read_log,
    times,
    wire,
)
from ledger.log.times import LAST_TIME
from ledger.outcomes import Reason, Rejected
from ledger.profiles import RulebookError, load_profile, profile_document, profile_names
from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import State, genesis
from ledger.transactions import (
    TYPE_NAMES,
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.transition import apply
from tests.worlds import ASCENDEX, BTC, START, TEXTBOOK, World, coins, price, quotes, rate, usdt

T = START
deterministic = settings(deadline=None, derandomize=True)
NOTHING = Expect(None, None, {}, {}, {}, None, None)
SAME_QUOTES = '"quotes":{"AscendEX":"5000","Binance":"5000","Huobi":"5000","OKEx":"5000","Poloniex":"5000"}'


def read(log: bytes) -> tuple[State, list[Entry]]:
    """A whole log."""
    state, entries = read_log(io.BytesIO(log), "log")
    return state, list(entries)


def read_line(line: str | bytes) -> Entry:
    """One line under the default rulebook, from time zero."""
    raw = line.encode() if isinstance(line, str) else line
    _, entries = read(encode_genesis("ascendex-2020") + raw)
    (entry,) = entries
    return entry


def refused(line: str) -> str:
    """What is said of a bad line, from the field on."""
    with pytest.raises(LogError) as error:
        read_line(line)
    return str(error.value).removeprefix("log:2: ")


# One line of every type, to the byte.

LINES: list[tuple[Transaction, str]] = [
    (
        Deposit(T, "alice", "USDT", usdt("500.5")),
        '{"type":"deposit","time":"2020-09-13T12:26:40Z","account":"alice","asset":"USDT","amount":"500.5"}',
    ),
    (
        Withdraw(T + 1, INSURANCE, "BTC", coins("0.000000001")),
        '{"type":"withdraw","time":"2020-09-13T12:26:40.001Z","account":"@insurance","asset":"BTC",'
        '"amount":"0.000000001"}',
    ),
    (
        SetAccount(T, "alice", 20, "vip"),
        '{"type":"set-account","time":"2020-09-13T12:26:40Z","account":"alice","max_leverage":20,"fee_tier":"vip"}',
    ),
    (SetAccount(T, "alice", None, None), '{"type":"set-account","time":"2020-09-13T12:26:40Z","account":"alice"}'),
    (
        Trade(T, BTC, "alice", "bob", 5695, price("5000.25"), True),
        '{"type":"trade","time":"2020-09-13T12:26:40Z","market":"BTC-PERP","buyer":"alice","seller":"bob",'
        '"size":"0.5695","price":"5000.25","taker":"buyer"}',
    ),
    (
        Trade(T, "ETH-PERP", "a", "b", 1, price("0.05"), False),
        '{"type":"trade","time":"2020-09-13T12:26:40Z","market":"ETH-PERP","buyer":"a","seller":"b",'
        '"size":"0.001","price":"0.05","taker":"seller"}',
    ),
    (
        MarkMarket(T, BTC, quotes("5000"), price("-1.5")),
        f'{{"type":"mark","time":"2020-09-13T12:26:40Z","market":"BTC-PERP",{SAME_QUOTES},"premium":"-1.5"}}',
    ),
    (
        MarkMarket(T, BTC, Map(), 0),
        '{"type":"mark","time":"2020-09-13T12:26:40Z","market":"BTC-PERP","quotes":{}}',
    ),
    (
        MarkAsset(T, "BTC", quotes("5000")),
        f'{{"type":"mark","time":"2020-09-13T12:26:40Z","asset":"BTC",{SAME_QUOTES}}}',
    ),
    (
        Observe(T, BTC, price("4999.75"), price("5000.3"), 5695, 0, 12),
        '{"type":"observe","time":"2020-09-13T12:26:40Z","market":"BTC-PERP","bid":"4999.75","ask":"5000.3",'
        '"bid_depth":"0.5695","ask_depth":"0","volume":"0.0012"}',
    ),
    (Fund(T, BTC, None), '{"type":"fund","time":"2020-09-13T12:26:40Z","market":"BTC-PERP"}'),
    (
        Fund(T, BTC, rate("-0.0001")),
        '{"type":"fund","time":"2020-09-13T12:26:40Z","market":"BTC-PERP","rate":"-0.0001"}',
    ),
    (Fund(T, BTC, 0), '{"type":"fund","time":"2020-09-13T12:26:40Z","market":"BTC-PERP","rate":"0"}'),
    (Settle(T), '{"type":"settle","time":"2020-09-13T12:26:40Z"}'),
    (
        Enroll(T, "carol", usdt("100000"), usdt("300000"), usdt("1000000.0000000000001")),
        '{"type":"enroll","time":"2020-09-13T12:26:40Z","account":"carol","capacity_per_minute":"100000",'
        '"capacity_per_hour":"300000","max_holdings":"1000000.0000000000001"}',
    ),
    (Leave(T, "carol"), '{"type":"leave","time":"2020-09-13T12:26:40Z","account":"carol"}'),
    (
        Liquidate(T, "alice", (Fill(BTC, "bob", 1, price("5000")), Fill("ETH-PERP", "al:x_y.z-1", 2000, price("400")))),
        '{"type":"liquidate","time":"2020-09-13T12:26:40Z","account":"alice","fills":[{"market":"BTC-PERP",'
        '"counterparty":"bob","size":"0.0001","price":"5000"},{"market":"ETH-PERP","counterparty":"al:x_y.z-1",'
        '"size":"2","price":"400"}]}',
    ),
    (
        Liquidate(T, "alice", ()),
        '{"type":"liquidate","time":"2020-09-13T12:26:40Z","account":"alice","fills":[]}',
    ),
    (BackstopTransfer(T, "alice"), '{"type":"backstop-transfer","time":"2020-09-13T12:26:40Z","account":"alice"}'),
]


@pytest.mark.parametrize(("transaction", "line"), LINES)
def test_a_transaction_and_its_line(transaction: Transaction, line: str) -> None:
    assert encode_transaction(ASCENDEX, transaction) == line.encode() + b"\n"
    assert read_line(line) == Entry(2, transaction, None)


def test_there_is_a_line_of_every_type() -> None:
    assert {type(transaction) for transaction, _ in LINES} == set(typing.get_args(Transaction)) == set(TYPE_NAMES)
    names = {json.loads(line)["type"] for _, line in LINES}
    assert names == set(TYPE_NAMES.values()) == {str(kind.__struct_config__.tag) for kind in wire.LINES} - {"genesis"}


# Text and transactions say the same, for all of them.

ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
instants = st.integers(0, LAST_TIME)
amounts = st.integers(-(10**60), 10**60)
prices = st.integers(-(10**60), 10**60)
tables = st.dictionaries(ids, prices, max_size=6).map(Map)
markets = st.sampled_from(sorted(ASCENDEX.contracts))
assets = st.sampled_from(sorted(ASCENDEX.assets))
holders = ids | st.sampled_from([INSURANCE, FEES])


def booked(asset: str) -> st.SearchStrategy[int]:
    """Amounts on the booking unit."""
    return st.integers(-(10**50), 10**50).map(lambda units: units * ASCENDEX.assets[asset].booking_unit)


def on_tick(market: str) -> st.SearchStrategy[int]:
    """Prices on the tick."""
    return st.integers(-(10**50), 10**50).map(lambda ticks: ticks * ASCENDEX.contracts[market].tick)


def of_asset(kind: type[Deposit] | type[Withdraw]) -> st.SearchStrategy[Transaction]:
    return assets.flatmap(lambda asset: st.builds(kind, instants, holders, st.just(asset), booked(asset)))


fills = markets.flatmap(lambda market: st.builds(Fill, st.just(market), ids, amounts, on_tick(market)))
TRANSACTIONS: dict[type, st.SearchStrategy[Any]] = {
    Deposit: of_asset(Deposit),
    Withdraw: of_asset(Withdraw),
    SetAccount: st.builds(SetAccount, instants, ids, st.none() | amounts, st.none() | ids),
    Trade: markets.flatmap(
        lambda market: st.builds(Trade, instants, st.just(market), ids, ids, amounts, on_tick(market), st.booleans())
    ),
    MarkMarket: st.builds(MarkMarket, instants, markets, tables, prices),
    MarkAsset: st.builds(MarkAsset, instants, assets, tables),
    Observe: st.builds(Observe, instants, markets, prices, prices, amounts, amounts, amounts),
    Fund: st.builds(Fund, instants, markets, st.none() | amounts),
    Settle: st.builds(Settle, instants),
    Enroll: st.builds(Enroll, instants, ids, amounts, amounts, amounts),
    Leave: st.builds(Leave, instants, ids),
    Liquidate: st.builds(Liquidate, instants, ids, st.lists(fills, max_size=4).map(tuple)),
    BackstopTransfer: st.builds(BackstopTransfer, instants, ids),
}
transactions: st.SearchStrategy[Transaction] = st.one_of(*TRANSACTIONS.values())

digests = st.from_regex(r"\A[0-9a-f]{64}\Z")
accounts = ids | st.sampled_from([INSURANCE, FEES, EXTERNAL])
expected_positions = st.builds(ExpectedPosition, amounts, st.none() | amounts)


@st.composite
def expectations(draw: st.DrawFn) -> Expect:
    """Expectations that do not contradict themselves."""
    reason = draw(st.none() | st.sampled_from(Reason))
    applied = draw(st.none() | st.booleans()) if reason is None else draw(st.sampled_from([None, False]))
    return Expect(
        applied,
        reason,
        draw(st.dictionaries(accounts, st.dictionaries(assets, amounts), max_size=3)),
        draw(st.dictionaries(accounts, st.dictionaries(markets, expected_positions), max_size=3)),
        draw(st.dictionaries(accounts, amounts, max_size=3)),
        draw(st.none() | digests),
        draw(st.none() | digests),
    )


@pytest.mark.parametrize("kind", TRANSACTIONS, ids=[kind.__name__ for kind in TRANSACTIONS])
@deterministic
@given(data=st.data())
def test_every_transaction_is_read_back(kind: type, data: st.DataObject) -> None:
    transaction = data.draw(TRANSACTIONS[kind])
    line = encode_transaction(ASCENDEX, transaction)
    assert read_line(line) == Entry(2, transaction, None)


@deterministic
@given(transactions, expectations())
def test_every_expectation_is_read_back(transaction: Transaction, expect: Expect) -> None:
    line = encode_transaction(ASCENDEX, transaction, expect)
    assert read_line(line) == Entry(2, transaction, expect)


@deterministic
@given(transactions, st.none() | expectations())
def test_text_is_canonical(transaction: Transaction, expect: Expect | None) -> None:
    """Encoding what was read gives the same bytes, and it reads them without looking for repeated fields."""
    line = encode_transaction(ASCENDEX, transaction, expect)
    entry = read_line(line)
    assert encode_transaction(ASCENDEX, entry.transaction, entry.expect) == line
    assert b" " not in line
    assert line.endswith(b"}\n")


def test_the_strategies_cover_every_type() -> None:
    assert set(TRANSACTIONS) == set(typing.get_args(Transaction))


# Other spellings of the same.

TRADE = (
    '{"type":"trade","time":1,"market":"BTC-PERP","buyer":"a","seller":"b","size":SIZE,"price":PRICE,"taker":"buyer"}'
)


@pytest.mark.parametrize(
    ("size", "size_lots"),
    [
        ("1", 10_000),
        ('"1"', 10_000),
        ('"1.0"', 10_000),
        ('"0.00010000000000"', 1),
        ('"-0.5"', -5_000),
        ("-2", -20_000),
        ("0", 0),
        ('"0"', 0),
        ("-0", 0),
        ('"-0"', 0),
        ('"-0.000"', 0),
        ("9" * 80, (10**80 - 1) * 10_000),
        ('"' + "9" * 80 + '"', (10**80 - 1) * 10_000),
    ],
)
def test_spellings_of_a_number(size: str, size_lots: int) -> None:
    """Text or a whole JSON number; minus zero is zero."""
    transaction = read_line(TRADE.replace("SIZE", size).replace("PRICE", '"5000.250"')).transaction
    assert transaction == Trade(1, BTC, "a", "b", size_lots, price("5000.25"), True)


def test_numbers_that_were_read_before_are_read_again() -> None:
    """What a decoder remembers of a market's numbers is per market and per text, and only of good ones."""
    lines = [
        TRADE.replace("SIZE", '"0.001"').replace("PRICE", "5000"),
        TRADE.replace("SIZE", '"0.001"').replace("PRICE", '"5000"').replace("BTC", "ETH"),
        TRADE.replace("SIZE", '"0.001"').replace("PRICE", "5000"),
        TRADE.replace("SIZE", "1").replace("PRICE", "1"),
        TRADE.replace("SIZE", '"0.001"').replace("PRICE", '"5000"').replace("BTC", "ETH"),
    ]
    _, entries = read(encode_genesis("ascendex-2020") + "\n".join(lines).encode())
    found = [entry.transaction for entry in entries]
    assert [(t.market, t.size, t.price) for t in found if isinstance(t, Trade)] == [
        ("BTC-PERP", 10, price("5000")),
        ("ETH-PERP", 1, price("5000")),
        ("BTC-PERP", 10, price("5000")),
        ("BTC-PERP", 10_000, price("1")),
        ("ETH-PERP", 1, price("5000")),
    ]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "MOST_NUMBERS_KEPT", 2)
    monkeypatch.setattr(decoding, "MOST_IDS_KEPT", 2)
    monkeypatch.setattr(times, "MOST_MINUTES_KEPT", 2)
    monkeypatch.setattr(times, "_minutes", {})
    lines = [
        encode_transaction(ASCENDEX, Trade(n * 60_000, BTC, f"a{n}", f"b{n}", n, n * price("0.25"), True))
        for n in range(10)
    ]
    _, entries = read(encode_genesis("ascendex-2020") + b"".join(lines))
    assert b"".join(encode_transaction(ASCENDEX, entry.transaction) for entry in entries) == b"".join(lines)
    assert len(times._minutes) <= 2


def test_equal_ids_are_one_object() -> None:
    line = '{"type":"leave","time":1,"account":"alice"}\n'
    _, entries = read(encode_genesis("ascendex-2020") + (line * 2).encode())
    first, second = (entry.transaction for entry in entries)
    assert isinstance(first, Leave)
    assert isinstance(second, Leave)
    assert first.account is second.account


@pytest.mark.parametrize(
    "line",
    [
        '{"time":1,"type":"leave","account":"alice"}',
        '{"account":"alice","time":1,"type":"leave"}\r',
        ' { "type" : "leave" , "time" : 1 ,\t"account" : "alice" } ',
        r'{"type":"leave","time":1,"account":"\u0061lice"}',
        r'{"typ\u0065":"leave","time":1,"account":"alice"}',
        '{"type":"leave","time":"1970-01-01T00:00:00.001Z","account":"alice"}',
        '{"type":"leave","time":"1970-01-01T00:00:00.001+00:00","account":"alice"}',
    ],
)
@pytest.mark.parametrize("end", ["", "\n"])
def test_spellings_of_a_line(line: str, end: str) -> None:
    """Order of fields, spaces, escapes, and a missing last line end mean nothing."""
    assert read_line(line + end).transaction == Leave(1, "alice")


@deterministic
@given(transactions, st.data())
def test_a_repeated_field_is_refused_wherever_it_is(transaction: Transaction, data: st.DataObject) -> None:
    fields = json.loads(encode_transaction(ASCENDEX, transaction))
    name = data.draw(st.sampled_from(sorted(fields)))
    members = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in fields.items()]
    members.insert(data.draw(st.integers(0, len(members))), f"{json.dumps(name)}:{json.dumps(fields[name])}")
    assert refused("{" + ",".join(members) + "}") == f"{name}: found the field twice, expected it once"


# Time.


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.1Z", 100),
        ("1970-01-01T00:00:00.01Z", 10),
        ("1970-01-01T00:00:00.001Z", 1),
        ("2020-02-29T23:59:59.999+00:00", 1_583_020_799_999),
        ("2020-09-13T12:26:40Z", START),
        ("2020-09-13T12:26:40.000Z", START),
        ("9999-12-31T23:59:59.999Z", LAST_TIME),
    ],
)
def test_spellings_of_a_time(text: str, time: int) -> None:
    assert parse_time(text) == parse_time(text) == time
    assert parse_time(time) == time


@deterministic
@given(instants)
def test_a_time_is_read_back(time: int) -> None:
    assert parse_time(format_time(time)) == time


def test_the_text_of_a_time() -> None:
    assert format_time(0) == "1970-01-01T00:00:00Z"
    assert format_time(START + 20) == "2020-09-13T12:26:40.020Z"
    assert format_time(LAST_TIME) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("time", [-1, LAST_TIME + 1])
def test_a_time_without_a_text(time: int) -> None:
    with pytest.raises(ValueError, match="is not a time from 1970 to 9999"):
        format_time(time)
    with pytest.raises(ValueError, match="is not a time from 1970 to 9999"):
        encode_transaction(ASCENDEX, Settle(time))


def test_time_may_stand_still() -> None:
    _, entries = read(encode_genesis("ascendex-2020", time=5) + b'{"type":"settle","time":5}\n' * 2)
    assert [entry.transaction.time for entry in entries] == [5, 5]


def test_a_line_that_goes_back_on_purpose_does_not_take_the_next_one_along() -> None:
    back = b'{"type":"settle","time":5,"expect":{"reason":"TIME_BACKWARDS"}}\n'
    good = b'{"type":"settle","time":9}\n'
    _, entries = read(encode_genesis("ascendex-2020") + good + back + good)
    assert [entry.transaction.time for entry in entries] == [9, 5, 9]
    with pytest.raises(LogError, match=r'log:4: time: found 8, expected "1970-01-01T00:00:00\.009Z" or later'):
        read(encode_genesis("ascendex-2020") + good + back + b'{"type":"settle","time":8}\n')


# What the rulebook refuses is data; what no venue's log should hold is data only where it is expected.

TOLERATED = [
    (Reason.AMOUNT_OFF_BOOKING_UNIT, Deposit(T, "alice", "USDT", 1), "amount"),
    (Reason.AMOUNT_OFF_BOOKING_UNIT, Withdraw(T, "alice", "USDT", usdt("1") + 9_999), "amount"),
    (Reason.PRICE_OFF_TICK, Trade(T, BTC, "alice", "bob", 1, price("5000.26"), True), "price"),
    (Reason.PRICE_OFF_TICK, Liquidate(T, "alice", (Fill(BTC, "bob", 1, 1),)), "fills[0].price"),
    (Reason.SYSTEM_ACCOUNT, Deposit(T, EXTERNAL, "USDT", usdt("1")), "account"),
    (Reason.SYSTEM_ACCOUNT, Deposit(T, "@nobody", "USDT", usdt("1")), "account"),
    (Reason.SYSTEM_ACCOUNT, Withdraw(T, EXTERNAL, "USDT", usdt("1")), "account"),
    (Reason.SYSTEM_ACCOUNT, SetAccount(T, INSURANCE, 5, None), "account"),
    (Reason.SYSTEM_ACCOUNT, Trade(T, BTC, FEES, "bob", 1, price("5000"), True), "buyer"),
    (Reason.SYSTEM_ACCOUNT, Trade(T, BTC, "alice", EXTERNAL, 1, price("5000"), True), "seller"),
    (Reason.SYSTEM_ACCOUNT, Enroll(T, INSURANCE, 1, 1, 1), "account"),
    (Reason.SYSTEM_ACCOUNT, Leave(T, INSURANCE), "account"),
    (Reason.SYSTEM_ACCOUNT, Liquidate(T, FEES, ()), "account"),
    (Reason.SYSTEM_ACCOUNT, Liquidate(T, "alice", (Fill(BTC, FEES, 1, price("5000")),)), "fills[0].counterparty"),
    (Reason.SYSTEM_ACCOUNT, BackstopTransfer(T, INSURANCE), "account"),
    (Reason.TIME_BACKWARDS, Settle(T - 1), "time"),
]


@pytest.mark.parametrize(("reason", "transaction", "field"), TOLERATED)
def test_bad_input_that_is_expected_is_data(reason: Reason, transaction: Transaction, field: str) -> None:
    """Only where exactly this refusal is expected: without, or with any other, the line is refused."""
    start = encode_genesis("ascendex-2020", time=T)
    for other in (None, *Reason):
        expect = None if other is None else Expect(None, other, {}, {}, {}, None, None)
        log = start + encode_transaction(ASCENDEX, transaction, expect)
        if other is reason:
            assert read(log)[1] == [Entry(2, transaction, expect)]
        else:
            with pytest.raises(LogError) as error:
                read(log)
            assert error.value.field == field


def test_tolerated_reasons_are_all_in_the_table() -> None:
    assert {reason for reason, _, _ in TOLERATED} == set(decoding.TOLERATED)


REFUSED = [
    (Deposit(T, "alice", "USDT", 0), Reason.AMOUNT_NOT_POSITIVE),
    (Deposit(T, "alice", "USDT", usdt("-1")), Reason.AMOUNT_NOT_POSITIVE),
    (Deposit(T, "alice", "ETH", 1), Reason.ASSET_WITHOUT_PRICE),
    (Deposit(T, FEES, "BTC", 1), Reason.SYSTEM_ACCOUNT_ASSET),
    (Withdraw(T, "nobody", "USDT", usdt("1")), Reason.UNKNOWN_ACCOUNT),
    (SetAccount(T, "alice", None, None), Reason.NOTHING_TO_SET),
    (SetAccount(T, "alice", 0, None), Reason.LEVERAGE_OUT_OF_RANGE),
    (SetAccount(T, "alice", 10**30, None), Reason.LEVERAGE_OUT_OF_RANGE),
    (SetAccount(T, "alice", None, "gold"), Reason.UNKNOWN_FEE_TIER),
    (Trade(T, "ETH-PERP", "alice", "bob", 1, price("5000"), True), Reason.MARKET_WITHOUT_MARK),
    (Trade(T, BTC, "alice", "bob", 0, price("5000"), True), Reason.SIZE_NOT_POSITIVE),
    (Trade(T, BTC, "alice", "bob", -1, price("5000"), True), Reason.SIZE_NOT_POSITIVE),
    (Trade(T, BTC, "alice", "bob", 1, 0, True), Reason.PRICE_OFF_TICK),
    (Trade(T, BTC, "alice", "bob", 1, price("-0.25"), True), Reason.PRICE_OFF_TICK),
    (Trade(T, BTC, "alice", "alice", 1, price("5000"), True), Reason.SAME_ACCOUNT),
    (MarkMarket(T, BTC, Map({"MtGox": 1}), 0), Reason.UNKNOWN_SOURCE),
    (MarkMarket(T, BTC, Map({"Binance": 0}), 0), Reason.QUOTE_NOT_POSITIVE),
    (MarkAsset(T, "BTC", Map()), Reason.TOO_FEW_SOURCES),
    (MarkAsset(T, "USDT", quotes("1")), Reason.SETTLEMENT_ASSET),
    (MarkMarket(T, BTC, quotes("1"), price("-1")), Reason.MARK_NOT_POSITIVE),
    (Fund(T, BTC, rate("9")), Reason.OUTSIDE_WINDOW),
    (Enroll(T, "alice", -1, 0, 0), Reason.CAPACITY_PER_MINUTE_TOO_LOW),
]


@pytest.mark.parametrize(("transaction", "reason"), REFUSED)
def test_refusals_are_data(transaction: Transaction, reason: Reason) -> None:
    """They decode without being expected, and the rulebook answers them."""
    world = World()
    world.mark("5000")
    world.mark_asset("BTC", "5000")
    world.deposit("alice", "500")
    assert read_line(encode_transaction(ASCENDEX, transaction)).transaction == transaction
    outcome = apply(world.state, transaction)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason


# Expectations.


def test_an_expectation_to_the_byte() -> None:
    expect = Expect(
        None,
        Reason.SAME_ACCOUNT,
        {"bob": {"USDT": usdt("-1.5"), "BTC": 0}, INSURANCE: {}},
        {"bob": {BTC: ExpectedPosition(-1, None)}, "al": {BTC: ExpectedPosition(0, usdt("2.5"))}},
        {"bob": 1},
        "0" * 64,
        "f" * 64,
    )
    line = encode_transaction(ASCENDEX, Settle(0), expect)
    assert line == (
        b'{"type":"settle","time":"1970-01-01T00:00:00Z","expect":{"reason":"SAME_ACCOUNT",'
        b'"balances":{"@insurance":{},"bob":{"BTC":"0","USDT":"-1.5"}},'
        b'"positions":{"al":{"BTC-PERP":{"size":"0","reference_cost":"2.5"}},"bob":{"BTC-PERP":{"size":"-0.0001"}}},'
        b'"account_values":{"bob":"0.0000000000000000000000000000001"},'
        b'"digest":"' + b"0" * 64 + b'","state_digest":"' + b"f" * 64 + b'"}}\n'
    )
    assert read_line(line).expect == expect


def test_an_empty_expectation_expects_nothing() -> None:
    assert read_line('{"type":"settle","time":1,"expect":{}}').expect == NOTHING


# The genesis.


@pytest.mark.parametrize("name", profile_names())
def test_a_genesis_names_a_profile(name: str) -> None:
    line = encode_genesis(name)
    assert line == f'{{"type":"genesis","rulebook":"{name}"}}\n'.encode()
    assert read(line) == (genesis(load_profile(name)), [])


def test_a_genesis_with_overrides_and_a_time() -> None:
    overrides = {"program": {"discount": "0.02"}, "fee_tiers": {"vip": None}}
    line = encode_genesis("ascendex-2020", overrides=overrides, time=START)
    assert line == (
        b'{"type":"genesis","rulebook":"ascendex-2020","overrides":{"program":{"discount":"0.02"},'
        b'"fee_tiers":{"vip":null}},"time":"2020-09-13T12:26:40Z"}\n'
    )
    state, _ = read(line)
    assert state == genesis(load_profile("ascendex-2020", overrides), START)
    assert sorted(state.rulebook.fee_tiers) == ["backstop", "standard"]


def test_a_genesis_holds_a_whole_rulebook() -> None:
    document = profile_document("textbook")
    assert read(encode_genesis(document))[0] == genesis(TEXTBOOK)
    assert read(encode_genesis(json.loads(TEXTBOOK.document)))[0] == genesis(TEXTBOOK)
    renamed = read(encode_genesis(document, overrides={"name": "renamed"}))[0].rulebook
    assert renamed.name == "renamed"
    assert renamed.contracts == TEXTBOOK.contracts


def test_a_genesis_holds_a_rulebook_with_a_base() -> None:
    state, _ = read(encode_genesis({"base": "ascendex-2020", "name": "mine"}))
    assert state.rulebook == load_profile("ascendex-2020", {"name": "mine"})


def test_a_genesis_that_gives_no_rulebook_is_not_written() -> None:
    with pytest.raises(RulebookError, match="rulebook: found"):
        encode_genesis("mtgox-2013")
    with pytest.raises(RulebookError, match=r"program\.discount"):
        encode_genesis("textbook", overrides={"program": {"discount": "1"}})
    with pytest.raises(ValueError, match="1970"):
        encode_genesis("textbook", time=-1)


def test_what_has_no_text_is_not_written() -> None:
    with pytest.raises(ValueError, match='"DOGE" is no asset of the rulebook'):
        encode_transaction(ASCENDEX, Deposit(T, "alice", "DOGE", 1))
    with pytest.raises(ValueError, match='"DOGE-PERP" is no market of the rulebook'):
        encode_transaction(ASCENDEX, Trade(T, "DOGE-PERP", "alice", "bob", 1, 1, True))


def test_numbers_are_read_by_the_logs_own_rulebook() -> None:
    log = encode_genesis("ascendex-2020", overrides={"markets": {"BTC-PERP": {"lot": "0.1", "tick": "0.5"}}})
    line = TRADE.replace("SIZE", '"0.3"').replace("PRICE", '"5000.5"').encode()
    state, entries = read(log + line)
    assert entries[0].transaction == Trade(1, BTC, "a", "b", 3, price("5000.5"), True)
    assert encode_transaction(state.rulebook, entries[0].transaction).count(b'"0.3"') == 1
    with pytest.raises(LogError, match=r"log:2: size: found \"0\.25\", expected a multiple of the lot 0\.1"):
        read(log + line.replace(b'"0.3"', b'"0.25"'))


# Files.

LOG = encode_genesis("ascendex-2020") + b"".join(
    encode_transaction(ASCENDEX, transaction) for transaction in (Settle(T), Leave(T + 1, "alice"))
)


def test_a_log_is_a_file_gzipped_or_not(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_bytes(LOG)
    zipped.write_bytes(gzip.compress(LOG[:50]) + gzip.compress(LOG[50:]))
    for path in (plain, zipped):
        with open_log(str(path)) as stream:
            _, entries = read_log(stream, path.name)
            assert list(entries) == [Entry(2, Settle(T), None), Entry(3, Leave(T + 1, "alice"), None)]
        assert stream.closed


def test_a_log_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class StandardInput:
        buffer = io.BytesIO(LOG)

    monkeypatch.setattr(sys, "stdin", StandardInput)
    with open_log("-") as stream:
        assert len(list(read_log(stream, "-")[1])) == 2
    assert not stream.closed


def test_entries_are_read_as_they_are_asked_for() -> None:
    stream = io.BytesIO(LOG)
    _, entries = read_log(stream, "log")
    assert stream.tell() == LOG.index(b"\n") + 1
    assert next(entries).line == 2
    assert stream.tell() < len(LOG)


# Whatever the bytes, either a log or one line that says what is wrong.

GOOD = encode_genesis("textbook", overrides={"name": "mine"}, time=1) + b"".join(
    encode_transaction(ASCENDEX, transaction, NOTHING) for transaction, _ in LINES[:-2] + LINES[-1:]
)


def assert_log_or_one_line(log: bytes) -> None:
    try:
        read(log)
    except LogError as error:
        text = str(error)
        assert text.isprintable()
        assert text.startswith("log:")


def mutated(data: st.DataObject, text: bytes) -> bytes:
    """The text with some bytes taken out, put in or put in place of others."""
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        taken = data.draw(st.integers(0, 3))
        put = data.draw(
            st.binary(max_size=2)
            | st.sampled_from(
                [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"e5", b".5", b"-", b"null", b"@", b"\n"]
            )
        )
        text = text[:at] + put + text[at + taken :]
    return text


@deterministic
@given(st.data())
def test_spoilt_logs(data: st.DataObject) -> None:
    lines = GOOD.splitlines(keepends=True)
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = mutated(data, lines[number])
    assert_log_or_one_line(b"".join(lines))


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["1", "USDT", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@deterministic
@given(transactions, st.none() | expectations(), st.data())
def test_wrong_values(transaction: Transaction, expect: Expect | None, data: st.DataObject) -> None:
    """Some field at any depth holds something else, or another field is there."""
    line = json.loads(encode_transaction(ASCENDEX, transaction, expect))
    place: Any = line
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(plain_values)
        break
    assert_log_or_one_line(encode_genesis("ascendex-2020") + json.dumps(line).encode())


@deterministic
@given(plain_values)
def test_any_line(value: object) -> None:
    assert_log_or_one_line(encode_genesis("ascendex-2020") + json.dumps(value).encode())


@deterministic
@given(plain_values, st.sampled_from(["name", "assets", "markets", "fee_tiers", "program", "sources", "settle", "x"]))
def test_any_overrides(value: object, field: str) -> None:
    overrides = json.dumps({field: value})
    assert_log_or_one_line(b'{"type":"genesis","rulebook":"textbook","overrides":' + overrides.encode() + b"}")


@pytest.mark.parametrize("account_id", ["", "ä", "a b", "a" * 65, "@", "a\n"])
def test_an_account_that_no_log_admits_is_not_written(account_id: str) -> None:
    for transaction in (
        Deposit(START, account_id, "USDT", usdt("1")),
        Trade(START, BTC, "alice", account_id, 1, price("5000"), True),
        Liquidate(START, "alice", (Fill(BTC, account_id, 1, price("5000")),)),
    ):
        with pytest.raises(ValueError, match="no account id that a log admits"):
            encode_transaction(ASCENDEX, transaction)


def test_an_expectation_of_one_thing_expects_nothing_else() -> None:
    expect = Expect(reason=Reason.TIME_BACKWARDS)
    assert (expect.applied, expect.digest, expect.state_digest) == (None, None, None)
    assert not expect.balances
    assert not expect.positions
    assert not expect.account_values
