"""What is wrong with an engine, in one line."""

import enum
import re

from ..strict_json import LONGEST_SHOWN, excerpt, one_line


class Trouble(enum.Enum):
    """What went wrong, apart from the words in which it is told."""

    START = "does not start"
    VERSION = "speaks another version"
    CRASH = "crash"
    HANG = "hang"
    GARBAGE = "garbage"
    REFUSAL = "error reply"


class EngineError(Exception):
    """An engine that could not be asked, or did not answer as the protocol says. As text one line.

    `trouble`: of which kind it is. `awaited`: the request whose answer was awaited, empty where none was. `message`
    says what was found, and what was expected.
    """

    def __init__(self, trouble: Trouble, message: str, *, awaited: str = "") -> None:
        self.trouble, self.awaited, self.message = trouble, awaited, one_line(message)
        super().__init__(self.message)


LAST_WORDS = 160
"""Characters of an engine's standard error that an error tells at most."""

LAST_LINES = 40
"""Lines at its end in which an error is looked for: a trace of calls is about as long."""

BLANKS = re.compile(rb"[\r\n]+")
TELLING = re.compile(rb"(?=\S).*(error|panic|exception)", flags=re.IGNORECASE)
"""A line that is not indented, as those of a trace are, and speaks of an error."""


def last_words(written: bytes) -> str:
    """What an engine wrote to its standard error at its end, as a clause of an error; nothing without it.

    That is the last line that speaks of an error, and what follows its colon; else the last line. Node.js and Go end
    with other words than what went wrong, and Rust puts it on the line below.
    """
    lines = [line.rstrip() for line in BLANKS.split(written) if line.strip()][-LAST_LINES:]
    if not lines:
        return ""
    telling = [number for number, line in enumerate(lines) if TELLING.match(line)]
    last = telling[-1] if telling else len(lines) - 1
    below = lines[last + 1 : last + 2] if lines[last].endswith(b":") else []
    text = b" ".join([lines[last], *below]).decode("utf-8", errors="backslashreplace").strip()
    where = "the last line of its standard error is" if last == len(lines) - 1 else "its standard error says"
    return f"; {where}: {excerpt(text, LAST_WORDS)}"


def shown_line(line: bytes) -> str:
    """The beginning of a line that an engine wrote, in quotation marks."""
    text = line[: 4 * LONGEST_SHOWN].decode("utf-8", errors="backslashreplace")
    return f'"{excerpt(text)}"'
