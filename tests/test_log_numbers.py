"""The quick ways of the codec against its careful ones: the same number, the same refusal, whatever was read before."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from ledger.log import Entry, decoding, encode_transaction, numbers
from ledger.log.decoding import Decoding
from ledger.log.faults import Fault, load, mismatch
from ledger.log.numbers import LONGEST_PART_KEPT, MarketNumbers, Number, Prices, remember, whole_units
from ledger.transactions import Transaction
from ledger.units import LONGEST_NUMBER, PRICE_DECIMALS, PRICE_SCALE, parse_decimal
from tests.test_log import expectations, transactions
from tests.worlds import ASCENDEX, BTC

deterministic = settings(deadline=None, derandomize=True)
Reader = Callable[[str], int]

parts = st.from_regex(r"\A(0|[1-9][0-9]{0,3})\Z") | st.sampled_from(["", "0", "00", "05", "7" * 18, "7" * 19, "7" * 80])
plain_texts = st.builds(lambda whole, fraction: f"{whole}.{fraction}", parts, parts) | parts
texts = (
    plain_texts
    | plain_texts.map("-{}".format)
    | st.text("0123456789.-+_ eE,\u0661\u00b2\u0967\uff11", max_size=6)
    | st.sampled_from(["9" * LONGEST_NUMBER, "9" * (LONGEST_NUMBER + 1), "0." + "0" * 78, "0." + "0" * 79])
)
"""Decimal text and what looks like it: signs, spaces, digits of other scripts, many points, lengths at the limit."""


def answered(read: Callable[[], object]) -> object:
    """What a reader gives, or what it says is wrong."""
    try:
        return read()
    except Fault as fault:
        return fault.field, fault.message


def carefully(text: str, decimals: int) -> int:
    """A number by `parse_decimal` alone."""
    try:
        return parse_decimal(text, decimals)
    except ValueError as error:
        raise mismatch("price", text, str(error)) from None


def reads_like_the_careful_one(read: Reader, written: list[str]) -> bool:
    """Whether a reader answers a list of texts, one after the other, as `parse_decimal` does."""
    return all(answered(partial(read, text)) == answered(partial(carefully, text, PRICE_DECIMALS)) for text in written)


@deterministic
@given(texts, st.sampled_from([0, 1, 4, 9, 13, 31]))
def test_a_number_is_what_the_careful_way_says(text: str, decimals: int) -> None:
    quick = answered(lambda: whole_units("price", text, decimals))
    assert quick == answered(lambda: carefully(text, decimals))


@deterministic
@given(st.lists(texts, min_size=1, max_size=12))
def test_a_price_is_what_the_careful_way_says_whatever_was_read_before(written: list[str]) -> None:
    prices = Prices()
    assert reads_like_the_careful_one(lambda text: prices.units("price", text), written + written)


class RemembersMinus(Prices):
    """A reader with a bug: it remembers the part before the point of a negative price."""

    def units(self, field: str, value: Number) -> int:
        units = super().units(field, value)
        whole, point, _ = str(value).partition(".")
        if point and whole.startswith("-"):
            remember(self._wholes, whole, int(whole) * PRICE_SCALE)
        return units


class RemembersNothingAfterThePoint(Prices):
    """A reader with a bug: it takes a point without digits for none."""

    def units(self, field: str, value: Number) -> int:
        remember(self._fractions, "", 0)
        return super().units(field, value)


class RemembersLongParts(Prices):
    """A reader with a bug: parts of any length, which make numbers of more characters than are read."""

    def units(self, field: str, value: Number) -> int:
        units = super().units(field, value)
        whole, point, fraction = str(value).partition(".")
        if point and not whole.startswith("-"):
            remember(self._wholes, whole, int(whole) * PRICE_SCALE)
            remember(self._fractions, fraction, units - int(whole) * PRICE_SCALE)
        return units


@pytest.mark.parametrize(
    ("faulty", "likely"),
    [
        (RemembersMinus, ["-1.5", "1.5", "-1.5"]),
        (RemembersNothingAfterThePoint, ["1", "1."]),
        (RemembersLongParts, ["7" * 60 + ".5", "1." + "5" + "0" * 60, "7" * 60 + ".5" + "0" * 60]),
    ],
)
def test_planted_bugs_of_a_reader_are_found(faulty: type[Prices], likely: list[str]) -> None:
    """Each of these readers differs from the careful one on some list, and the right one on none of them."""
    prices, spoilt = Prices(), faulty()
    assert reads_like_the_careful_one(lambda text: prices.units("price", text), likely)
    assert not reads_like_the_careful_one(lambda text: spoilt.units("price", text), likely)


def test_the_lists_that_are_tried_find_a_planted_bug() -> None:
    def differs(written: list[str]) -> bool:
        spoilt = RemembersMinus()
        return not reads_like_the_careful_one(lambda text: spoilt.units("price", text), written + written)

    try:
        found = find(st.lists(texts, min_size=1, max_size=12), differs, settings=settings(derandomize=True))
    except NoSuchExample:
        pytest.fail("no list in which the bug shows")
    assert any(text.startswith("-") for text in found)


def test_what_is_known_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two prices make others known; sizes, prices and premiums of a market are known once read."""
    prices, market = Prices(), MarketNumbers(ASCENDEX.contracts[BTC], Prices())
    assert [prices.units("x", text) for text in ("11392.15", "7.4")] == [11_392_150_000_000, 7_400_000_000]
    assert [market.size("0.5695"), market.price("5000.25", off_tick=False), market.premium("-1.5")] == [
        5695,
        5_000_250_000_000,
        -1_500_000_000,
    ]
    monkeypatch.setattr(numbers, "whole_units", None)
    assert [prices.units("x", text) for text in ("11392.4", "7.15", "7")] == [
        11_392_400_000_000,
        7_150_000_000,
        7_000_000_000,
    ]
    assert [market.size("0.5695"), market.price("5000.25", off_tick=False), market.premium("-1.5")] == [
        5695,
        5_000_250_000_000,
        -1_500_000_000,
    ]


def test_plain_text_does_not_go_the_careful_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "parse_decimal", None)
    assert [whole_units("x", text, 9) for text in ("0", "5000.25", "0.000000001")] == [0, 5_000_250_000_000, 1]
    for text in ("-1", "1.", "05", "1.0000000000", "1_0", "\u0661"):
        with pytest.raises(TypeError):
            whole_units("x", text, 9)


def test_few_parts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "MOST_NUMBERS_KEPT", 3)
    prices = Prices()
    for number in range(1, 20):
        assert prices.units("x", f"{number}.{number}") == parse_decimal(f"{number}.{number}", 9)
        assert max(len(prices._wholes), len(prices._fractions)) <= 3
    long = "7" * (LONGEST_PART_KEPT + 1)
    prices = Prices()
    assert prices.units("x", f"{long}.5") == parse_decimal(f"{long}.5", 9)
    assert prices._wholes == prices._fractions == {}


# Lines.

spoils = st.sampled_from(['"', "{", "}", ",", ":", "\\", "-", ".", "0", "e5", " ", "null", "@", '"time":1,', "\u0661"])


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line as it is encoded, or with something put in it, or taken out of it."""
    text = encode_transaction(ASCENDEX, draw(transactions))[:-1].decode()
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(spoils) + text[at + draw(st.integers(0, 2)) :]
    return text.encode()


def entry(reader: Decoding, line: bytes) -> object:
    """The entry of a line, or what is wrong with it."""
    return answered(lambda: reader.entry(2, line, 0))


@deterministic
@given(st.lists(lines(), min_size=1, max_size=8))
def test_a_decoder_that_has_read_much_reads_like_a_new_one(written: list[bytes]) -> None:
    old = Decoding(ASCENDEX)
    first = [entry(old, line) for line in written]
    again = [entry(old, line) for line in reversed(written)]
    assert first == again[::-1] == [entry(Decoding(ASCENDEX), line) for line in written]


@deterministic
@given(transactions, st.data())
def test_spaces_and_order_say_the_same(transaction: Transaction, data: st.DataObject) -> None:
    """A line that is not canonical, and therefore looked through for repeated fields, reads like the canonical one."""
    line = encode_transaction(ASCENDEX, transaction)[:-1]
    fields = data.draw(st.permutations(sorted(json.loads(line).items())))
    other = json.dumps(dict(fields)).encode()
    assert other != line
    read = entry(Decoding(ASCENDEX), line)
    assert isinstance(read, Entry)
    assert entry(Decoding(ASCENDEX), other) == read


# Repeated fields.

SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : "), (",", ": ")])


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Every object in a plain value that has a field."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [value] if isinstance(value, dict) and value else []
    return found + [one for member in inner for one in objects_in(member)]


def written(value: Any, separators: tuple[str, str], repeated: dict[str, Any] | None, extra: list[str]) -> str:
    """A plain value as JSON; the members that are `extra` come first in the object that is `repeated`."""
    comma, colon = separators
    if isinstance(value, dict):
        members = [f"{json.dumps(k)}{colon}{written(v, separators, repeated, extra)}" for k, v in value.items()]
        return "{" + comma.join([*(extra if value is repeated else []), *members]) + "}"
    if isinstance(value, list):
        return "[" + comma.join(written(item, separators, repeated, extra) for item in value) + "]"
    return json.dumps(value)


@st.composite
def repeating_lines(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A line in some spelling without a repeated field, and the same with one, at any depth, the last one good."""
    value = json.loads(encode_transaction(ASCENDEX, draw(transactions), draw(st.none() | expectations())))
    separators, place = draw(SEPARATORS), draw(st.sampled_from(objects_in(value)))
    name = draw(st.sampled_from(sorted(place)))
    lost = json.dumps(draw(st.sampled_from([place[name], 1, "", "1"])))
    member = f"{json.dumps(name)}{separators[1]}{lost}"
    return written(value, separators, None, []).encode(), written(value, separators, place, [member]).encode()


@deterministic
@given(repeating_lines())
def test_a_repeated_field_is_found_at_any_depth_in_any_spelling(pair: tuple[bytes, bytes]) -> None:
    once, twice = pair
    assert isinstance(entry(Decoding(ASCENDEX), once), Entry)
    found = entry(Decoding(ASCENDEX), twice)
    assert found == answered(lambda: load(twice))
    assert isinstance(found, tuple)
    assert found[1] == "found the field twice, expected it once"


def test_a_line_with_all_its_quotation_marks_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces, another order and a carriage return cost no second reading; an escape and a repeated field do."""

    def fail(text: bytes) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(decoding, "refuse_duplicates", fail)
    for text in (
        b'{"type": "leave", "time": 1, "account": "alice"}',
        b'{"account":"alice","time":1,"type":"leave"}\r',
        b'{"type":"settle","expect":{ },"time":1}',
    ):
        decoding.decode_line(text)
    for text in (
        b'{"type":"leave","time":1,"account":"\\u0061lice"}',
        b'{"type":"leave","time":1,"time":1,"account":"alice"}',
        b'{"type":"leave","time":"1","time":1,"account":"alice"}',
        b'{"type":"settle","time":1,"expect":{"applied":true,"applied":true}}',
    ):
        with pytest.raises(AssertionError):
            decoding.decode_line(text)
