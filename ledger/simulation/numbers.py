"""Numbers as programs write them into CSV, read exactly: no float in between, nothing rounded."""

import re

from ..units import parse_decimal

NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")


def parse_number(text: str, decimals: int) -> int:
    """The integer that a number's `text` is in units of 10^-decimals.

    What `parse_decimal` reads, and besides a plus sign, leading zeros, no digit on one side of the point, an exponent
    of at most three digits, and white space around it. ValueError, with what was expected, for anything else and for
    more decimals than the unit has.
    """
    try:
        return parse_decimal(text, decimals)
    except ValueError:
        return parse_decimal(_plain(text.strip()), decimals)


def is_number(text: str) -> bool:
    """Whether the text is written as a number, however many digits it has."""
    match = NUMBER.fullmatch(text.strip())
    return match is not None and bool(match[2] or match[3])


def _plain(text: str) -> str:
    """The same number as `parse_decimal` wants it, or the text as it is where it is none."""
    match = NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return text
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or "0")
    if exponent >= 0:
        whole, fraction = whole + fraction[:exponent].ljust(exponent, "0"), fraction[exponent:]
    else:
        padded = whole.rjust(-exponent, "0")
        whole, fraction = padded[:exponent], padded[exponent:] + fraction
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    minus = "-" if sign == "-" else ""
    return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"
