"""What `backstop journal append` tells of each batch, and the same read back."""

import re

import msgspec

from ..byte_lines import numbered_lines, opened
from ..journal import Acknowledged, Head
from ..log import LogError
from ..log.wire import DIGEST

KIND = "file of acknowledgements"
LONGEST_LINE = 1 << 16
EXPECTED = "expected an object as append tells it"


class Told(msgspec.Struct, forbid_unknown_fields=True):
    """One line."""

    line: int
    sequence: int
    taken: int
    chain: str
    link: str


def head_document(head: Head) -> dict[str, object]:
    """Where a journal is, for machines."""
    return {
        "line": head.line,
        "sequence": head.sequence,
        "taken": head.taken,
        "chain": head.chain.hex(),
        "link": head.link.hex(),
    }


def acknowledgements_in(path: str) -> list[Acknowledged]:
    """What a file holds, or standard input for `-`. LogError for whatever is wrong.

    A last line without its line end was not told in full, and is left out.
    """

    def refuse(line: int, message: str) -> LogError:
        return LogError(path, line, "", message)

    found = []
    with opened(path, KIND, refuse) as stream:
        for number, text in numbered_lines(stream, LONGEST_LINE, KIND, refuse):
            if not text.endswith(b"\n"):
                break
            try:
                told = msgspec.json.decode(text, type=Told)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise refuse(number, f"found another line ({error}), {EXPECTED}") from None
            if not re.fullmatch(DIGEST, told.link):
                raise refuse(number, f"found another link than 64 hexadecimal digits, {EXPECTED}")
            found.append(Acknowledged(told.line, told.sequence, bytes.fromhex(told.link)))
    return found
