"""The codec of the transaction log: lines to transactions and back, strict, exact, with clear errors.

A log is JSON Lines, optionally gzipped. The first line is the genesis, which names the rulebook; then one transaction
a line. Structs (`wire`) hold the text of a line; `decoding` makes the core's integers of it, and `encoding` the
canonical text of them. Whatever is wrong raises `LogError`, one line with file, line number, field path, what was
found and what was expected. A transaction that the rulebook refuses is data and decodes; one that cannot be expressed
in the ledger's units, or that no venue's log should hold, does not (`decoding` says which).
"""

from .encoding import encode_genesis, encode_transaction
from .entries import Entry, Expect, ExpectedPosition
from .faults import Divergence, LogError
from .reading import open_log, read_log
from .schema import log_schema
from .times import format_time, parse_time

__all__ = [
    "Divergence",
    "Entry",
    "Expect",
    "ExpectedPosition",
    "LogError",
    "encode_genesis",
    "encode_transaction",
    "format_time",
    "log_schema",
    "open_log",
    "parse_time",
    "read_log",
]
