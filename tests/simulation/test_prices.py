"""Price files: what columns are taken for, every error to the letter, every way of writing, and the real files."""

import gzip
import io
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.log.times import format_time
from ledger.simulation.faults import DataError
from ledger.simulation.prices import Bar, FundingRate, PriceHistory, read_funding, read_prices
from ledger.units import format_decimal
from tests.shared_data import shared_path
from tests.test_real_funding import settlements

MINUTES = "bitstamp_btcusd_1m_2025-02-03_0120_0219.csv"
EIGHT_HOURS = "btcusdt_perp_8h_ohlcv_funding_binance_bybit_okx_2023-01_2024-07.csv"
FUNDING = "binance_btcusdt_perp_funding_2019-09_2024-08_utc.csv"

T0, T1 = 1_738_545_600_000, 1_738_545_660_000
UNIT = 10**9

Write = Callable[[str | bytes], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes `p.csv` into a folder of its own, which is the current one, so that errors name no more than that."""
    monkeypatch.chdir(tmp_path)

    def make(text: str | bytes) -> str:
        Path("p.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        return "p.csv"

    return make


# Fields of the two rows by what they should be taken for: t for the time, o h l c for the bar, p for one price, r for
# the rate, and a dot for what is not read.
VALUES = (
    {"t": "1738545600", "o": "2", "h": "4", "l": "1", "c": "3", "p": "5", "r": "0.0001"},
    {"t": "1738545660", "o": "3", "h": "9", "l": "2", "c": "8", "p": "7", "r": "-0.0002"},
)
BARS = (Bar(T0, 2 * UNIT, 4 * UNIT, 1 * UNIT, 3 * UNIT, 2), Bar(T1, 3 * UNIT, 9 * UNIT, 2 * UNIT, 8 * UNIT, 3))
ONE_PRICE = (
    Bar(T0, 5 * UNIT, 5 * UNIT, 5 * UNIT, 5 * UNIT, 2),
    Bar(T1, 7 * UNIT, 7 * UNIT, 7 * UNIT, 7 * UNIT, 3),
)
RATES = (FundingRate(T0, 100_000, 2), FundingRate(T1, -200_000, 3))

HEADERS = {
    # What exchanges and collections write.
    "timestamp,open,high,low,close,volume": "tohlc.",
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,ignore": "tohlc......",
    "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD": "t..ohlc..",
    "Unix Timestamp,Date,Symbol,Open,High,Low,Close,Volume": "t..ohlc.",
    "start_at,symbol,period,open,high,low,close": "t..ohlc",
    "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover": "tohlc..",
    "instrument_name,open,high,low,close,vol,vol_ccy,vol_quote,open_time,confirm": ".ohlc...t.",
    "time,low,high,open,close,volume": "tlhoc.",
    "timestamp,symbol,open,high,low,close,trades,volume,vwap,lastSize,turnover": "t.ohlc.....",
    "time_period_start,time_period_end,time_open,time_close,price_open,price_high,price_low,price_close": "t...ohlc",
    "timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;timestamp": "t....ohlc...",
    "Date,Open,High,Low,Close,Adj Close,Volume": "tohlc..",
    "time,exchange,crypto,pair,contract,open,high,low,close,volume,funding rate": "t....ohlc.r",
    "startedAt,ticker,resolution,low,high,open,close,baseTokenVolume": "t..lhoc.",
    "snapped_at,price,market_cap,total_volume": "tp..",
    "time,PriceUSD": "tp",
    "calc_time,funding_interval_hours,last_funding_rate": "t.r",
    "symbol,fundingTime,fundingRate,markPrice": ".trp",
    "instrument_name,funding_rate,funding_time": ".rt",
    "symbol,fundingRate,fundingRateTimestamp": ".rt",
    "coin,fundingRate,premium,time": ".r.t",
    "timestamp,symbol,fundingInterval,fundingRate,fundingRateDaily": "t..r.",
    "time_ms,time_utc,symbol,funding_rate": "t..r",
    "funding_time,funding_time_ms,symbol,funding_rate,mark_price": ".t.rp",
    # What pandas writes of an index.
    ",open,high,low,close": "tohlc",
    ",time,open,high,low,close": ".tohlc",
    "Unnamed: 0,price": "tp",
    "Unnamed: 0,date,price": ".tp",
    "index,open,high,low,close": "tohlc",
    "index,datetime,price": ".tp",
    ",UTC,price": "t.p",
    # Ways of writing a name.
    "OPEN TIME,OPEN,HIGH,LOW,CLOSE": "tohlc",
    "openTime,Open,High,Low,Close": "tohlc",
    "open.time, open , high,low,close ": "tohlc",
    '"Open time","Open","High","Low","Close"': "tohlc",
    "Time (UTC),Open (USD),High [USDT],Low {usd},Close ($)": "tohlc",
    "TimeMs,open_usd,high-usd,low.usd,closeUSDT": "tohlc",
    "<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>": "tohlc.",
    "time;open;high;low;close": "tohlc",
    'time, "open",high, "low",close': "tohlc",
    'time;price;"a,b,c,d"': "tp.",
    "t,o,h,l,c,v": "tohlc.",
    # Where two could be meant.
    "date,unix,close": ".tp",
    "date,datetime,close": ".tp",
    "time,date,close": "t.p",
    "timestamp,time,close": ".tp",
    "timestamp,open_time,close": ".tp",
    "time_utc,time_ms,close": ".tp",
    "time_us,time_s,close": ".tp",
    "time,time_utc,close": ".tp",
    "time,last,price": "t.p",
    "time,last,close,mark": "t..p",
    "time,close,price,mark price": "t.p.",
    "time,last,volume": "tp.",
    "time,price,open,high,low,close": "t.ohlc",
    "time,funding_rate,realizedRate": "t.r",
    "timestamp,fundingRate,relativeFundingRate": "t.r",
    "time,funding,lastFundingRate": "tr.",
    "time,rate,funding_rate": "t.r",
    "time,funding_rate (%),funding_rate": "t.r",
    # What is not what it looks like.
    "Time (EST),timestamp,price": ".tp",
    "time_local,date,price": ".tp",
    "time,price (%),close": "t.p",
    "time,funding_rate (annualised),last_funding_rate": "t.r",
    "time,open interest,price": "t.p",
    "time,high_24h,low_24h,price": "t..p",
}


def sample(header: str, kinds: str) -> str:
    """A file of this header and two rows, in which what is not read is nothing that can be read."""
    delimiter = next(delimiter for delimiter in (";", "\t", ",") if delimiter in header)
    unread = ("not read", "neither")
    rows = [delimiter.join(VALUES[n].get(kind, unread[n]) for kind in kinds) for n in (0, 1)]
    if header.startswith(("TimeMs", "time_ms", "funding_time,funding_time_ms", "time_utc,time_ms")):
        rows = [row.replace("1738545600", str(T0)).replace("1738545660", str(T1)) for row in rows]
    return "\n".join([header, *rows, ""])


@pytest.mark.parametrize(("header", "kinds"), HEADERS.items())
def test_columns_are_taken_for_what_they_are(header: str, kinds: str, write: Write) -> None:
    path = write(sample(header, kinds))
    if "o" in kinds or "p" in kinds:
        history = read_prices(path)
        assert history.bars == (BARS if "o" in kinds else ONE_PRICE)
        assert history.has_extremes is ("o" in kinds)
        assert history.funding == (RATES if "r" in kinds else ())
        assert (history.name, history.interval) == ("p.csv", 60_000)
        assert read_prices(path, with_funding=False).funding == ()
    if "r" in kinds:
        assert read_funding(path) == RATES


def test_a_rate_is_a_funding_rate_only_where_rates_are_asked_for(write: Write) -> None:
    path = write("time,price,rate\n2025-02-03 01:20,5,0.0001\n2025-02-03 01:21,7,-0.0002\n")
    assert read_prices(path).funding == ()
    assert read_funding(path) == RATES


@pytest.mark.parametrize(
    ("title", "texts"),
    {
        "funding_rate": ("0.0001", "-2e-04"),
        "funding rate": ("0.0100%", "-0.02 %"),
        "Funding Rate (%)": ("0.01", "-0.02"),
        "funding rate %": ("0.01", "-0.02%"),
        "funding_rate_pct": ("0.01", "-0.02"),
        "funding_rate_8h": ("0.0001", "-0.0002"),
        "fundingRate [bps]": ("1", "-2"),
    }.items(),
)
def test_rates_in_percent_and_in_basis_points(title: str, texts: tuple[str, str], write: Write) -> None:
    path = write(f"time,{title}\n2025-02-03 01:20,{texts[0]}\n2025-02-03 01:21,{texts[1]}\n")
    assert read_funding(path) == RATES


def test_quotation_marks_keep_delimiters_also_behind_a_space(write: Write) -> None:
    path = write('"time", "note", "price"\n"2025-02-03 01:20", "a, b", "5"\n2025-02-03 01:21,"c, ""d""", "7"\n')
    assert read_prices(path).bars == ONE_PRICE


def test_beside_prices_a_row_may_have_no_rate(write: Write) -> None:
    path = write("time,price,funding\n2025-02-03 01:20,5,0.0001\n2025-02-03 01:21,7,\n2025-02-03 01:22,7, \n")
    assert read_prices(path).funding == read_funding(path) == RATES[:1]


BAR_HEADER = "time,open,high,low,close"
MINUTE = "2025-02-03 01:2"
TOO_FINE = "expected at most 9 decimals (--cut-rates cuts finer rates)"
EXACT = 'expected an exact decimal such as "5000.25"'
TIME = (
    "expected a time such as 2025-02-03 01:20:00, in UTC where it names no zone, or seconds, milliseconds, "
    "microseconds or nanoseconds since 1970"
)
NAMES = "expected the names of columns such as time,open,high,low,close"


def bars(*rows: str) -> str:
    """A file of bars, by the minute, each row without its time."""
    return "\n".join([BAR_HEADER, *(f"{MINUTE}{minute},{row}" for minute, row in enumerate(rows)), ""])


PRICE_ERRORS: dict[str, tuple[str | bytes, dict[str, str], str]] = {
    # The file.
    "empty": ("", {}, f"p.csv: found an empty file, {NAMES}"),
    "blank": ("\n# nothing\n\n", {}, f"p.csv: found an empty file, {NAMES}"),
    "no rows": (BAR_HEADER, {}, "p.csv:1: found no row after the names of columns, expected some"),
    "one row": (bars("1,1,1,1"), {}, "p.csv:2: found one row, expected two or more, which say how long a bar is"),
    "no header": (
        "1738545600000,2,4,1,3,0.5,1738545659999,1,1,1,1,0\n",
        {},
        f"p.csv:1: found 1738545600000, {NAMES} before the rows",
    ),
    "no header, times in words": (
        "2025-02-03T01:20:00Z,2,4,1,3\n",
        {},
        f'p.csv:1: found "2025-02-03T01:20:00Z", {NAMES} before the rows',
    ),
    "numbered header": ("0,1,2\n2025-02-03,1,2\n", {}, f"p.csv:1: found 0, {NAMES} before the rows"),
    "zip": (b"PK\x03\x04\x14\x00", {}, "p.csv:1: found a ZIP archive, expected text: unpack it first"),
    "parquet": (b"PAR1\x15\x04", {}, "p.csv:1: found a Parquet file, expected CSV"),
    "gzip by another name": (
        gzip.compress(b"time,price\n"),
        {},
        'p.csv:1: found gzip data, expected text: a gzipped file\'s name ends in ".gz"',
    ),
    "UTF-16": ("time,price\n".encode("utf-16"), {}, "p.csv:1: found UTF-16 text, expected UTF-8"),
    "Latin-1": (
        "time,price\n# f\u00fcr\n".encode("latin-1"),
        {},
        "p.csv:2: found bytes that are not UTF-8 (at byte 3), expected UTF-8 text",
    ),
    "lines that end in a carriage return": (
        "time,price\r2025-02-03,1\r",
        {},
        "p.csv:1: found a carriage return within a line, expected lines that end in a line feed",
    ),
    "a long line": (
        "time,price\n" + "1" * (1 << 20),
        {},
        "p.csv:2: found a line of 1048576 bytes or more, expected a shorter one",
    ),
    # The columns.
    "no time": (
        "open,high,low,close\n",
        {},
        "p.csv:1: found the columns open, high, low, close, expected one for the time such as time, timestamp, "
        "open_time, unix or date",
    ),
    "a time elsewhere": (
        "Time (UTC+8),price\n",
        {},
        "p.csv:1: found the columns Time (UTC+8), price, expected one for the time such as time, timestamp, "
        "open_time, unix or date",
    ),
    "no price": (
        "time,,volume\n",
        {},
        "p.csv:1: found the columns time, (no name), volume, expected prices: open, high, low and close, or one such "
        "as price, mark, close or last",
    ),
    "many columns": (
        ",".join(f"x{number}" for number in range(14)),
        {},
        "p.csv:1: found the columns x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11 and 2 more, expected prices: "
        "open, high, low and close, or one such as price, mark, close or last",
    ),
    "part of a bar": (
        "time,open,high,close\n",
        {},
        "p.csv:1: found the columns time, open, high, close, expected open, high, low and close, or one price alone: "
        "there is no low",
    ),
    "less of a bar": (
        "time,high,price\n",
        {},
        "p.csv:1: found the columns time, high, price, expected open, high, low and close, or one price alone: there "
        "is no open and no low and no close",
    ),
    "a column twice": (
        "time,Close,close\n",
        {},
        "p.csv:1: found the columns Close, close, expected one of that name",
    ),
    "a column in two currencies": (
        "time,close (USD),close (EUR)\n",
        {},
        "p.csv:1: found the columns close (USD), close (EUR), expected one of that name",
    ),
    "a time twice": (
        "open_time,OpenTime,price\n",
        {},
        "p.csv:1: found the columns open_time, OpenTime, expected one of that name",
    ),
    # The rows.
    "too few fields": (bars("1,1,1"), {}, "p.csv:2: found 4 fields, expected 5 as on line 1"),
    "too many fields": (
        "# made by hand\n" + bars("1,1,1,1", "1,1,1,1,"),
        {},
        "p.csv:4: found 6 fields, expected 5 as on line 2",
    ),
    "a thousands comma": (bars("95,482.00,1,1,1"), {}, "p.csv:2: found 6 fields, expected 5 as on line 1"),
    "an open quotation mark": (
        bars('1,"1,1,1', "1,1,1,1"),
        {},
        "p.csv:2: found a quotation mark that is not closed, expected it on the same line",
    ),
    "text after a quotation mark": (
        bars('1,"1"0,1,1'),
        {},
        "p.csv:2: found a line that is not CSV (',' expected after '\"'), expected fields between delimiters",
    ),
    # Numbers and times.
    "no number": (bars("1,1,1,"), {}, f'p.csv:2: close: found "", {EXACT}'),
    "not a number": (bars("1,1,1,1", "nan,1,1,1"), {}, f'p.csv:3: open: found "nan", {EXACT}'),
    "infinite": (bars("1,inf,1,1"), {}, f'p.csv:2: high: found "inf", {EXACT}'),
    "zero": (bars("1,1,0.0,1"), {}, "p.csv:2: low: found 0.0, expected a price above 0"),
    "negative": (bars("-1,1,1,1"), {}, "p.csv:2: open: found -1, expected a price above 0"),
    "too fine": (bars("1,1,1,1.0000000001"), {}, "p.csv:2: close: found 1.0000000001, expected at most 9 decimals"),
    "too long": (
        bars("1,1,1," + "9" * 81),
        {},
        "p.csv:2: close: found " + "9" * 57 + "..., expected a number of at most 80 characters",
    ),
    "quoted thousands": (bars('"95,482.00",1,1,1'), {}, f'p.csv:2: open: found "95,482.00", {EXACT}'),
    "decimal commas": (
        "time;price\n2025-02-03;16537,5\n",
        {},
        f'p.csv:2: price: found "16537,5", {EXACT}',
    ),
    "a control character": (bars("1,1,1,\x1b[31m"), {}, f'p.csv:2: close: found "\\u001b[31m", {EXACT}'),
    "a low that is not": (
        bars("2,4,1,3", "2,4,2.5,3"),
        {},
        "p.csv:3: low: found 2.5, expected at most the open and the close",
    ),
    "a low above the close": (
        bars("3,4,2.5,2"),
        {},
        "p.csv:2: low: found 2.5, expected at most the open and the close",
    ),
    "a high below the open": (
        bars("3,2.5,1,2"),
        {},
        "p.csv:2: high: found 2.5, expected at least the open and the close",
    ),
    "a high that is not": (bars("2,2.5,1,3"), {}, "p.csv:2: high: found 2.5, expected at least the open and the close"),
    "no time of day": ("time,price\n01:20,5\n", {}, f'p.csv:2: time: found "01:20", {TIME}'),
    "a row's number": (",price\n0,5\n1,5\n", {}, f"p.csv:2: (no name): found 0, {TIME}"),
    "a day that is not": (
        "Date,price\n2025-02-30,5\n",
        {},
        'p.csv:2: Date: found "2025-02-30", expected a day that exists',
    ),
    "parts of a millisecond": (
        "time,price\n1738545600.0005,5\n",
        {},
        "p.csv:2: time: found 1738545600.0005, expected a time in whole milliseconds",
    ),
    "long ago": (
        "time,price\n1969-12-31,5\n",
        {},
        'p.csv:2: time: found "1969-12-31", expected a time from 1970 to 9999',
    ),
    "too fine a rate": (
        "time,price,funding rate\n2025-02-03,5,0.0001872446163727\n",
        {},
        "p.csv:2: funding rate: found 0.0001872446163727, expected at most 9 decimals (--cut-rates cuts finer rates)",
    ),
    "no number as a rate": (
        "time,price,funding rate\n2025-02-03,5,NaN\n",
        {},
        f'p.csv:2: funding rate: found "NaN", {EXACT}',
    ),
    # The order.
    "a time again": (
        "time,price\n2025-02-03,5\n2025-02-03,5\n",
        {},
        "p.csv:3: time: found 2025-02-03T00:00:00Z, expected another time than 2025-02-03T00:00:00Z on line 2",
    ),
    "a time again, later": (
        "time,price\n2025-02-03,5\n2025-02-04,5\n2025-02-04,5\n",
        {},
        "p.csv:4: time: found 2025-02-04T00:00:00Z, expected a later time than 2025-02-04T00:00:00Z on line 3",
    ),
    "backwards": (
        "time,price\n2025-02-03,5\n2025-02-05,5\n\n2025-02-04,5\n",
        {},
        "p.csv:5: time: found 2025-02-04T00:00:00Z, expected a later time than 2025-02-05T00:00:00Z on line 3",
    ),
    "forwards": (
        "time,price\n2025-02-05,5\n2025-02-03,5\n2025-02-04,5\n",
        {},
        "p.csv:4: time: found 2025-02-04T00:00:00Z, expected an earlier time than 2025-02-03T00:00:00Z on line 3",
    ),
    "several series side by side": (
        "time,Exchange,side,price\n2025-02-03,binance,buy,5\n2025-02-03,okx,sell,5\n",
        {},
        "p.csv:3: time: found 2025-02-03T00:00:00Z, expected another time than 2025-02-03T00:00:00Z on line 2: "
        "Exchange is binance there and okx here, and --where Exchange=binance chooses",
    ),
    "several series one after the other": (
        "time,pair,price\n2025-02-03,A,5\n2025-02-04,A,5\n2025-02-03,B,5\n",
        {},
        "p.csv:4: time: found 2025-02-03T00:00:00Z, expected a later time than 2025-02-04T00:00:00Z on line 3: "
        "pair is A there and B here, and --where pair=A chooses",
    ),
    "several series with names of two words": (
        "time,Pair name,pair,price\n2025-02-03,,BTC USD,5\n2025-02-03,,BTC EUR,5\n",
        {},
        "p.csv:3: time: found 2025-02-03T00:00:00Z, expected another time than 2025-02-03T00:00:00Z on line 2: "
        "pair is BTC USD there and BTC EUR here, and --where 'pair=BTC USD' chooses",
    ),
    "several series in turns": (
        "time,pair,price\n2025-02-03,B,5\n2025-02-04,A,5\n2025-02-04,B,5\n",
        {},
        "p.csv:4: time: found 2025-02-04T00:00:00Z, expected a later time than 2025-02-04T00:00:00Z on line 3: "
        "pair is A there and B here, and --where pair=A chooses",
    ),
    "one series": (
        "time,pair,price\n2025-02-03,A,5\n2025-02-03, A ,5\n",
        {},
        "p.csv:3: time: found 2025-02-03T00:00:00Z, expected another time than 2025-02-03T00:00:00Z on line 2",
    ),
    # Which series.
    "no such column": (
        "time,exchange,price\n2025-02-03,okx,5\n",
        {"venue": "okx"},
        "p.csv:1: found the columns time, exchange, price, expected one venue",
    ),
    "two such columns": (
        "time,pair,Pair,price\n2025-02-03,A,B,5\n",
        {"pair": "A"},
        "p.csv:1: found the columns time, pair, Pair, price, expected one pair",
    ),
    "no such value": (
        "time,exchange,price\n2025-02-03,okx,5\n2025-02-03,bybit,5\n2025-02-04,okx,5\n",
        {"exchange": "OKX"},
        "p.csv: exchange: found okx, bybit, expected OKX on some row",
    ),
    "no such row": (
        "time,exchange,pair,price\n2025-02-03,okx,A,5\n2025-02-03,bybit,B,5\n",
        {"exchange": "okx", "pair": "B"},
        "p.csv: found no row with exchange okx and pair B, expected some",
    ),
}


@pytest.mark.parametrize(("text", "where", "line"), PRICE_ERRORS.values(), ids=PRICE_ERRORS)
def test_what_is_wrong_is_said_in_one_line(text: str | bytes, where: dict[str, str], line: str, write: Write) -> None:
    with pytest.raises(DataError) as caught:
        read_prices(write(text), where)
    assert str(caught.value) == line
    assert line.isprintable()


FUNDING_ERRORS = {
    "no rate": (
        f"{BAR_HEADER}\n",
        "p.csv:1: found the columns time, open, high, low, close, expected one for the funding rate such as "
        "funding_rate or rate",
    ),
    "a yearly rate": (
        "time,funding_rate (annualised)\n",
        "p.csv:1: found the columns time, funding_rate (annualised), expected one for the funding rate such as "
        "funding_rate or rate",
    ),
    "no time": (
        "symbol,rate\n",
        "p.csv:1: found the columns symbol, rate, expected one for the time such as time, timestamp, open_time, unix "
        "or date",
    ),
    "no rows": ("time,rate\n", "p.csv:1: found no row after the names of columns, expected some"),
    "empty": ("time,rate\n2025-02-03,\n", f'p.csv:2: rate: found "", {EXACT}'),
    "empty beside prices": (
        "time,price,rate\n2025-02-03,5,\n",
        "p.csv: rate: found no row with a rate, expected some",
    ),
    "too fine": (
        "time,rate\n2025-02-03,1e-10\n",
        "p.csv:2: rate: found 1e-10, expected at most 9 decimals (--cut-rates cuts finer rates)",
    ),
    "too fine in percent": (
        "time,rate\n2025-02-03,0.00000001%\n",
        'p.csv:2: rate: found "0.00000001%", expected at most 7 decimals (--cut-rates cuts finer rates)',
    ),
    "a time again": (
        "time,symbol,rate\n2025-02-03,A,0.1\n2025-02-03,B,0.1\n",
        "p.csv:3: time: found 2025-02-03T00:00:00Z, expected another time than 2025-02-03T00:00:00Z on line 2: "
        "symbol is A there and B here, and --where symbol=A chooses",
    ),
}


@pytest.mark.parametrize(("text", "line"), FUNDING_ERRORS.values(), ids=FUNDING_ERRORS)
def test_what_is_wrong_with_rates_is_said_in_one_line(text: str, line: str, write: Write) -> None:
    with pytest.raises(DataError) as caught:
        read_funding(write(text))
    assert str(caught.value) == line


def test_what_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    whole = gzip.compress(b"time,price\n2025-02-03,5\n2025-02-04,5\n")
    Path("cut.csv.gz").write_bytes(whole[:-12])
    Path("plain.csv.gz").write_bytes(b"time,price\n")
    Path("damaged.csv.gz").write_bytes(whole[:12] + b"\xff" * 8 + whole[20:])
    for path, line in (
        ("absent.csv", "absent.csv: found no such file or directory, expected a file that can be read"),
        (".", ".: found a folder, expected a file that can be read"),
        ("a\0b", "a\\x00b: found embedded null byte, expected a file that can be read"),
        (
            "plain.csv.gz",
            "plain.csv.gz:1: found damaged gzip data (Not a gzipped file (b'ti')), expected a gzipped file",
        ),
    ):
        with pytest.raises(DataError) as caught:
            read_prices(path)
        assert str(caught.value) == line
    for path, message in (
        ("cut.csv.gz", "found gzip data that is cut off, expected its end"),
        ("damaged.csv.gz", r"found damaged gzip data \(.*\), expected a gzipped file"),
    ):
        with pytest.raises(DataError, match=rf"^{path}:[0-9]+: {message}$"):
            read_prices(path)


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(sample(BAR_HEADER, "tohlc").encode())))
    history = read_prices("-")
    assert (history.name, history.bars) == ("standard input", BARS)


def test_of_several_series_one_is_chosen(write: Write) -> None:
    """Rows of the others need not be right, but for the number of their fields."""
    path = write(
        "time,Exchange Name,Pair,price,rate\n"
        "2025-02-03 01:20,okx,A,5,0.0001\n2025-02-03 01:20,okx,B,1,\nnever,bybit,A,none,\n"
        "2025-02-03 01:21, okx ,A,7,-0.0002\n2025-02-03 01:21,okx,B,2,x\n"
    )
    where = {"exchange_name": "okx ", "PAIR": "A"}
    assert [bar.close for bar in read_prices(path, where).bars] == [5 * UNIT, 7 * UNIT]
    assert [bar.line for bar in read_prices(path, where).bars] == [2, 5]
    assert [rate.rate for rate in read_funding(path, where)] == [100_000, -200_000]
    assert [bar.close for bar in read_prices(path, {"pair": "B"}).bars] == [1 * UNIT, 2 * UNIT]


def test_gaps_are_allowed_and_the_shortest_distance_is_the_interval(write: Write) -> None:
    path = write("time,price\n" + "".join(f"2025-02-03 0{at},5\n" for at in ("1:20", "1:30", "1:31", "2:20")))
    assert read_prices(path).interval == 60_000


def test_a_history_goes_to_another_process(write: Write) -> None:
    history = read_prices(write(sample("time,price,funding", "tpr")))
    assert pickle.loads(pickle.dumps(history)) == history


# ---------------------------------------------------------------- every way of writing

prices = st.integers(1, 10**16)
rates = st.integers(-(10**7), 10**7)


@st.composite
def written_bars(draw: st.DrawFn) -> list[Bar]:
    """Bars in order of time, with no lines yet."""
    times = sorted(draw(st.sets(st.integers(10**11, 10**13), min_size=2, max_size=8)))
    found = []
    for time in times:
        low, one, other, high = sorted(draw(st.lists(prices, min_size=4, max_size=4)))
        opened, closed = draw(st.permutations((one, other)))
        found.append(Bar(time, opened, high, low, closed, 0))
    return found


def number_written(draw: st.DrawFn, value: int) -> str:
    """A number of 10^-9 units in one of its spellings."""
    plain = format_decimal(value, 9)
    minus, digits = ("-", plain[1:]) if value < 0 else ("", plain)
    spelling = draw(st.sampled_from(["plain", "zeros", "plus", "exponent", "bare"]))
    if spelling == "zeros":
        return f"{minus}00{digits}{'00000000000' if '.' in digits else '.000'}"
    if spelling == "plus":
        return plain if minus else f"+{plain}"
    if spelling == "exponent":
        return f"{value}e-09"
    if spelling == "bare" and digits.startswith("0."):
        return f"{minus}{digits[1:]}"
    return plain


TIMES_WRITTEN: dict[str, Callable[[int], str]] = {
    "time": format_time,
    "Date": lambda time: format_time(time).replace("T", " ").removesuffix("Z"),
    "datetime (UTC)": lambda time: f"{format_time(time).removesuffix('Z')}+00:00",
    "timestamp": str,
    "Unix": lambda time: f"{time // 1000}.{time % 1000:03}",
    "open_time": lambda time: f"{time}000",
    "time_ns": lambda time: f"{time}000000",
    "": lambda time: f"{time}.0",
}


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, PriceHistory]:
    """A file in one of the accepted dialects, and what should be read from it."""
    made = draw(written_bars())
    rate_of = {bar.time: draw(st.none() | rates) for bar in made}
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    time_name = draw(st.sampled_from(sorted(TIMES_WRITTEN)))
    columns = [time_name, *(draw(st.sampled_from([name, name.upper(), f" {name} (USD)"])) for name in BAR)]
    columns += ["Funding Rate", draw(st.sampled_from(["symbol", "volume", "Vol. BTC"]))]
    order = draw(st.permutations(range(len(columns))))
    quote = draw(st.sampled_from(["", '"']))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    newest_first = draw(st.booleans())

    def joined(fields: list[str]) -> str:
        return delimiter.join(f"{quote}{fields[index]}{quote}" for index in order)

    lines = draw(
        st.lists(st.sampled_from(["# comment", "", "https://www.example.org/", '"www.example.org"']), max_size=2)
    )
    lines.append(joined(columns))
    read, funding = [], []
    for bar in reversed(made) if newest_first else made:
        lines += draw(st.lists(st.sampled_from(["", "# a gap", "  "]), max_size=1))
        rate = rate_of[bar.time]
        numbers = [number_written(draw, price) for price in (bar.open, bar.high, bar.low, bar.close)]
        rate_text = "" if rate is None else number_written(draw, rate)
        lines.append(joined([TIMES_WRITTEN[time_name](bar.time), *numbers, rate_text, "any thing"]))
        read.append(Bar(bar.time, bar.open, bar.high, bar.low, bar.close, len(lines)))
        if rate is not None:
            funding.append(FundingRate(bar.time, rate, len(lines)))
    lines += [""] * draw(st.integers(0, 2))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    interval = min(later.time - earlier.time for earlier, later in pairwise(made))
    if newest_first:
        read, funding = read[::-1], funding[::-1]
    text = ending.join(lines) + draw(st.sampled_from(["", ending]))
    return mark + text.encode(), PriceHistory("", interval, True, tuple(read), tuple(funding))


BAR = ("open", "high", "low", "close")


@given(files(), st.booleans())
def test_what_is_written_in_any_accepted_dialect_reads_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[bytes, PriceHistory], packed: bool
) -> None:
    data, expected = made
    path = tmp_path_factory.getbasetemp() / ("dialect.csv.gz" if packed else "dialect.csv")
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    history = read_prices(str(path))
    assert history.name == str(path)
    assert (history.interval, history.has_extremes) == (expected.interval, True)
    assert history.bars == expected.bars
    assert history.funding == expected.funding
    if expected.funding:
        assert read_funding(str(path)) == expected.funding


# ---------------------------------------------------------------- the real files


def shared(name: str) -> str:
    """The path of a file of real data; skips where it is absent."""
    return str(shared_path("data", name))


def price(text: str) -> int:
    """Price units of a whole number or one decimal, by other means than the reader's."""
    whole, _, tenths = text.partition(".")
    return int(whole) * UNIT + int(tenths or "0") * 10**8


def bar_of(line: int, time: int, texts: str) -> Bar:
    """The bar of a line's open, high, low and close."""
    opened, high, low, closed = map(price, texts.split())
    return Bar(time, opened, high, low, closed, line)


def test_the_minutes_of_the_crash() -> None:
    history = read_prices(shared(MINUTES))
    assert (history.interval, history.has_extremes, history.funding) == (60_000, True, ())
    assert [bar.time for bar in history.bars] == [T0 + 60_000 * number for number in range(60)]
    assert [bar.line for bar in history.bars] == list(range(2, 62))
    assert history.bars[0] == bar_of(2, T0, "95482 95509 95402 95444")
    assert history.bars[-1] == bar_of(61, T0 + 59 * 60_000, "94546 94850 94423 94841")
    assert min(bar.low for bar in history.bars) == price("91530")


def test_the_funding_rates_of_five_years() -> None:
    found = read_funding(shared(FUNDING))
    assert [(rate.time, rate.rate) for rate in found] == list(settlements())
    assert [rate.line for rate in found] == list(range(2, 5_388))
    assert (found[0], found[-1]) == (
        FundingRate(1_568_102_400_000, 100_000, 2),
        FundingRate(1_723_190_400_000, 21_840, 5_387),
    )
    assert sum(rate.rate for rate in found) == 708_170_440


@pytest.mark.parametrize(
    ("exchange", "first", "last", "total"),
    [
        (
            "binance",
            bar_of(2, 1_672_531_200_000, "16537.5 16557.1 16488.0 16519.6"),
            bar_of(4_925, 1_719_795_600_000, "62766.1 63800.0 62562.0 63265.5"),
            157_718_320,
        ),
        (
            "bybit",
            bar_of(3, 1_672_531_200_000, "16583.5 16585.5 16480.5 16553.0"),
            bar_of(4_926, 1_719_795_600_000, "61987.3 63790.0 61777.2 63398.2"),
            161_666_440,
        ),
    ],
)
def test_the_eight_hours_of_a_venue(exchange: str, first: Bar, last: Bar, total: int) -> None:
    """Its times are the exporter's own, so one step is an hour short in autumn, and one an hour long in spring."""
    path = shared(EIGHT_HOURS)
    history = read_prices(path, {"exchange": exchange})
    assert (history.has_extremes, len(history.bars), len(history.funding)) == (True, 1_642, 1_642)
    assert (history.bars[0], history.bars[-1]) == (first, last)
    steps = [later.time - earlier.time for earlier, later in pairwise(history.bars)]
    hours = {hour: steps.count(hour * 3_600_000) for hour in (7, 8, 9)}
    assert sum(hours.values()) == len(steps)
    assert hours[7] == 1
    assert history.interval == 7 * 3_600_000
    assert sum(rate.rate for rate in history.funding) == total
    assert read_funding(path, {"exchange": exchange}) == history.funding


def test_two_files_of_one_venues_funding_agree() -> None:
    """At the same time, or an hour later in summer, and but for the last digit, which one of the two has rounded."""
    settled = {rate.time: rate.rate for rate in read_funding(shared(FUNDING))}
    compared = 0
    for rate in read_funding(shared(EIGHT_HOURS), {"exchange": "binance"}):
        same = settled.get(rate.time, settled.get(rate.time - 3_600_000))
        assert same is not None
        assert abs(rate.rate - same) <= 10
        compared += 1
    assert compared == 1_642


def test_finer_rates_are_cut_toward_zero_where_that_is_asked_for(write: Write) -> None:
    path = write("time,rate\n2025-02-03,0.0000000019\n2025-02-04,-1.9e-9\n2025-02-05,0.00000019%\n2025-02-06,0.5\n")
    assert [rate.rate for rate in read_funding(path, cut_rates=True)] == [1, -1, 1, 500_000_000]
    with pytest.raises(DataError, match=r":2: rate: found 0.0000000019, expected at most 9 decimals \(--cut-rates"):
        read_funding(path)
    path = write("time,rate\n2025-02-03,x\n")
    with pytest.raises(DataError, match=r'found "x", expected an exact decimal such as "5000.25"$'):
        read_funding(path, cut_rates=True)


def test_rates_that_are_finer_than_the_unit_are_refused_and_their_prices_are_not() -> None:
    path = shared(EIGHT_HOURS)
    for read in (read_prices, read_funding):
        with pytest.raises(
            DataError, match=r":4: funding rate: found 0.0001872446163727, expected at most 9 decimals \("
        ):
            read(path, {"exchange": "okx"})
    cut = read_prices(path, {"exchange": "okx"}, cut_rates=True).funding
    assert [rate.rate for rate in cut] == [
        rate.rate for rate in read_funding(path, {"exchange": "okx"}, cut_rates=True)
    ]
    assert (len(cut), cut[0].rate) == (1_642, 187_244)
    history = read_prices(path, {"exchange": "okx"}, with_funding=False)
    assert (len(history.bars), history.funding) == (1_642, ())
    assert history.bars[0] == bar_of(4, 1_672_531_200_000, "16571.9 16576.4 16470.1 16538.1")


def test_a_file_of_several_venues_says_how_to_choose() -> None:
    with pytest.raises(DataError) as caught:
        read_prices(shared(EIGHT_HOURS))
    assert str(caught.value).endswith(
        ":3: time: found 2023-01-01T00:00:00Z, expected another time than 2023-01-01T00:00:00Z on line 2: exchange is "
        "binance there and bybit here, and --where exchange=binance chooses"
    )
