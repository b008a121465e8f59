"""What happened can be written to a log and read again, and what is no number is refused."""

import re

from ledger.laws.law import Step
from ledger.log import Expect, encode_transaction
from ledger.log.decoding import Decoding
from ledger.log.faults import Fault
from ledger.outcomes import Rejected

NUMBER = re.compile(rb'"(amount|size|price|rate|premium|capacity_per_minute)":"(-?[0-9.]+)"')

NO_NUMBERS = (
    "+{}",
    "0{}",
    "{}.",
    ".{}",
    "{}e1",
    "1{}_0",
    " {}",
    "--{}",
    "\u0661",
    "{}\u0661",
    "{}.\u0661",
    "",
    "1" * 81,
)
"""What no decimal text is, made of one: the last but one is empty, the last a digit too long."""


LONGEST = b"9" * 80
"""The longest number, which is a whole number of any booking unit."""


class ReadOtherwise(AssertionError):
    """A line of a log says another transaction than was written, or is read where it says no number."""


def require_reading_back(step: Step) -> None:
    """Write the step's transaction as a line and read it. A refused one may be what no log admits."""
    rulebook, transaction = step.before.rulebook, step.transaction
    reason = step.outcome.reason if isinstance(step.outcome, Rejected) else None
    decoding = Decoding(rulebook)
    try:
        line = encode_transaction(rulebook, transaction, None if reason is None else Expect(reason=reason)).rstrip()
        read = decoding.entry(2, line, step.before.time).transaction
    except (Fault, ValueError):
        if reason is None:
            raise
        return
    if read != transaction:
        raise ReadOtherwise(f"{transaction} was written as {line!r} and read as {read}")
    _require_refusing(decoding, line, step)


def _require_refusing(decoding: Decoding, line: bytes, step: Step) -> None:
    """The same line with a number spoiled is bad input, which way depends on the step; the longest number is none."""
    number = NUMBER.search(line)
    if number is None:
        return
    pattern = NO_NUMBERS[step.before.sequence % len(NO_NUMBERS)]
    before, after = line[: number.start(2)], line[number.end(2) :]
    if number[1] == b"amount":
        decoding.entry(2, before + LONGEST + after, step.before.time)
    text = before + pattern.format(number[2].decode()).encode() + after
    try:
        decoding.entry(2, text, step.before.time)
    except Fault:
        return
    raise ReadOtherwise(f"{text!r} was read")
