"""The rows of a CSV file as exchanges and spreadsheets write it, with the line of each."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

import attrs

from ..byte_lines import STANDARD_INPUT, numbered_lines, opened
from ..strict_json import RawNumber, excerpt, one_line, shown
from .faults import DataError
from .numbers import is_number
from .times import is_time

KIND = "file"
LONGEST_LINE = 1 << 20
"""Bytes of the longest line that is read."""

DELIMITERS = (",", ";", "\t")
QUOTE = '"'
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAGIC = {
    b"PK\x03\x04": "a ZIP archive, expected text: unpack it first",
    b"\x1f\x8b": 'gzip data, expected text: a gzipped file\'s name ends in ".gz"',
    b"\xff\xfe": "UTF-16 text, expected UTF-8",
    b"\xfe\xff": "UTF-16 text, expected UTF-8",
    b"PAR1": "a Parquet file, expected CSV",
}
EXPECTED_NAMES = "the names of columns such as time,open,high,low,close"
NO_NAME = "(no name)"
MOST_SHOWN = 12
"""Names of columns, or values, that an error lists."""


def wrong(name: str, line: int, column: str, message: str) -> DataError:
    """What is wrong, and where: `name:line: column: message` in one line. No line is 0, no column is empty."""
    place = f"{name}:{line}" if line else name
    return DataError(one_line(": ".join(part for part in (place, excerpt(column), message) if part)))


def shown_field(text: str) -> str:
    """A field as errors show it: a number as it is written, anything else in quotation marks."""
    return shown(RawNumber(text) if is_number(text) else text)


def listed(names: list[str]) -> str:
    """Names or values in a row, the first few of them."""
    texts = [excerpt(name or NO_NAME) for name in names]
    return ", ".join(texts[:MOST_SHOWN]) + (f" and {len(texts) - MOST_SHOWN} more" if len(texts) > MOST_SHOWN else "")


@attrs.frozen
class Table:
    """The rows of a file: its name for errors, the names of its columns, and the line that they stand on."""

    name: str
    header: tuple[str, ...]
    header_line: int
    delimiter: str
    lines: Iterator[tuple[int, str]]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line, once. DataError for one that has not a field for each column."""
        width = len(self.header)
        for line, text in self.lines:
            row = _fields(self.name, line, text, self.delimiter)
            if len(row) != width:
                message = f"found {len(row)} fields, expected {width} as on line {self.header_line}"
                raise wrong(self.name, line, "", message)
            yield line, row


@contextmanager
def open_table(path: str) -> Iterator[Table]:
    """The rows of a file, of a gzipped one where its name ends in `.gz`, or of standard input for `-`.

    DataError where it cannot be read, or does not begin with the names of its columns.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    with opened(path, KIND, partial(_refused, name)) as stream:
        lines = _texts(stream, name)
        line, text = next(((line, text) for line, text in lines if not _is_preamble(text)), (0, ""))
        if not line:
            raise wrong(name, 0, "", f"found an empty file, expected {EXPECTED_NAMES}")
        delimiter = _delimiter_of(text)
        header = tuple(field.strip() for field in _fields(name, line, text, delimiter))
        value = next((field for field in header if is_number(field) or is_time(field)), None)
        if value is not None:
            raise wrong(name, line, "", f"found {shown_field(value)}, expected {EXPECTED_NAMES} before the rows")
        yield Table(name, header, line, delimiter, lines)


def _texts(stream: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Each line that is neither blank nor a comment, with its number from 1, without its end."""
    for number, line in numbered_lines(stream, LONGEST_LINE, KIND, partial(_refused, name)):
        text = _decoded(line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line, name, number)
        if text.strip() and not text.startswith("#"):
            yield number, text


def _decoded(line: bytes, name: str, number: int) -> str:
    if number == 1:
        for magic, what in MAGIC.items():
            if line.startswith(magic):
                raise wrong(name, number, "", f"found {what}")
    try:
        text = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        message = f"found bytes that are not UTF-8 (at byte {error.start}), expected UTF-8 text"
        raise wrong(name, number, "", message) from None
    if "\r" in text:
        raise wrong(name, number, "", "found a carriage return within a line, expected lines that end in a line feed")
    return text


def _is_preamble(text: str) -> bool:
    """Whether a line before the names of columns is the source's address, or a spreadsheet's hint at the delimiter."""
    start = text.strip().strip(QUOTE).lower()
    return start.startswith(("http://", "https://", "www.", "sep="))


def _delimiter_of(header: str) -> str:
    """The delimiter that occurs most often outside quotation marks, the comma before the others."""
    outside = Counter("".join(header.split(QUOTE)[::2]))
    return max(DELIMITERS, key=lambda delimiter: outside[delimiter])


def _fields(name: str, line: int, text: str, delimiter: str) -> list[str]:
    """The fields of one line. DataError where its quotation marks do not match."""
    try:
        return next(csv.reader((text,), delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            message = "found a quotation mark that is not closed, expected it on the same line"
        else:
            message = f"found a line that is not CSV ({error}), expected fields between delimiters"
        raise wrong(name, line, "", message) from None


def _refused(name: str, line: int, message: str) -> DataError:
    return wrong(name, line, "", message)
