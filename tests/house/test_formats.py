"""What specs/formats.md admits in a log is read, and what it calls bad input is refused, at its line and field."""

import io

import pytest

from ledger.log import LogError, read_log

DEPOSIT = '{"type":"deposit","time":%d,"account":"alice","asset":"USDT","amount":%s%s}'
TRADE = (
    '{"type":"trade","time":9,"market":"BTC-PERP","buyer":"alice","seller":"bob",'
    '"size":"%s","price":"%s","taker":"buyer"}'
)
BACKWARDS = ',"expect":{"reason":"TIME_BACKWARDS"}'

READ = {
    "a price of 0": [TRADE % ("0.1", "0")],
    "a negative price on the tick, a negative size": [TRADE % ("-0.1", "-0.25")],
    "a negative amount": [DEPOSIT % (9, '"-1"', "")],
    "minus zero": [DEPOSIT % (9, '"-0"', "")],
    "a number of 80 digits": [DEPOSIT % (9, "9" * 80, "")],
    "any order, white space": [' { "fills" : [ ] , "account":"alice","time":9,"type":"liquidate"}\r'],
    "no quotes": ['{"type":"mark","time":9,"market":"BTC-PERP","quotes":{}}'],
    "a reason and not applied": [
        DEPOSIT % (9, '"1"', ',"expect":{"reason":"ASSET_WITHOUT_PRICE","applied":false}'),
    ],
    "back to the time before a line that went back": [
        DEPOSIT % (9, '"1"', ""),
        DEPOSIT % (7, '"1"', BACKWARDS),
        DEPOSIT % (9, '"1"', ""),
    ],
    "a byte less than 16 MiB": [(DEPOSIT % (9, '"1"', "")).ljust((1 << 24) - 2)],
}

BAD_INPUT = {
    "a negative price off the tick": ([TRADE % ("0.1", "-0.1")], "price"),
    "a negative amount off the booking unit": ([DEPOSIT % (9, '"-0.0000000001"', "")], "amount"),
    "a number of 81 digits": ([DEPOSIT % (9, "9" * 81, "")], "amount"),
    "no fills": (['{"type":"liquidate","time":9,"account":"alice"}'], "fills"),
    "a rate of null": (['{"type":"fund","time":9,"market":"BTC-PERP","rate":null}'], "rate"),
    "a leverage of null": (['{"type":"set-account","time":9,"account":"alice","max_leverage":null}'], "max_leverage"),
    "an expect of null": ([DEPOSIT % (9, '"1"', ',"expect":null')], "expect"),
    "a reason of null": ([DEPOSIT % (9, '"1"', ',"expect":{"reason":null}')], "expect.reason"),
    "a reason and applied": (
        [DEPOSIT % (9, '"1"', ',"expect":{"reason":"ASSET_WITHOUT_PRICE","applied":true}')],
        "expect.applied",
    ),
    "before the genesis": ([DEPOSIT % (4, '"1"', "")], "time"),
    "before a line that is refused": (
        [
            DEPOSIT % (6, '"1"', ""),
            '{"type":"fund","time":9,"market":"BTC-PERP","expect":{"reason":"MARKET_WITHOUT_MARK"}}',
            DEPOSIT % (8, '"1"', ""),
        ],
        "time",
    ),
    "between a line that went back and the one before it": (
        [DEPOSIT % (9, '"1"', ""), DEPOSIT % (7, '"1"', BACKWARDS), DEPOSIT % (8, '"1"', "")],
        "time",
    ),
    "16 MiB": ([(DEPOSIT % (9, '"1"', "")).ljust((1 << 24) - 1)], ""),
}


def transactions_read(
    lines: list[str], genesis_line: str = '{"type":"genesis","rulebook":"ascendex-2020","time":5}'
) -> int:
    """How many transactions a log of these lines holds. LogError where it cannot be read."""
    text = "".join(f"{line}\n" for line in (genesis_line, *lines))
    _, entries = read_log(io.BytesIO(text.encode()), "log")
    return len(list(entries))


@pytest.mark.parametrize("lines", READ.values(), ids=READ)
def test_what_the_page_admits_is_read(lines: list[str]) -> None:
    assert transactions_read(lines) == len(lines)


@pytest.mark.parametrize(("lines", "field"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_what_the_page_calls_bad_input_is_refused(lines: list[str], field: str) -> None:
    assert transactions_read(lines[:-1]) == len(lines) - 1
    with pytest.raises(LogError) as caught:
        transactions_read(lines)
    assert (caught.value.line, caught.value.field) == (len(lines) + 1, field)


@pytest.mark.parametrize("more", ['"expect":{}', '"time":null', '"overrides":null'])
def test_a_genesis_with_what_the_page_denies_it_is_refused(more: str) -> None:
    plain = '{"type":"genesis","rulebook":"ascendex-2020"}'
    assert transactions_read([], plain) == 0
    with pytest.raises(LogError) as caught:
        transactions_read([], f"{plain[:-1]},{more}}}")
    assert caught.value.field in more


def test_null_in_overrides_removes() -> None:
    removed = '{"type":"genesis","rulebook":"ascendex-2020","overrides":{"assets":{"ETH":null}}}'
    assert transactions_read([], removed) == 0
    with pytest.raises(LogError, match="asset"):
        transactions_read(['{"type":"deposit","time":9,"account":"alice","asset":"ETH","amount":"1"}'], removed)
