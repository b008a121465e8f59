"""What is wrong with an engine, in one line."""

import enum
import re

from ..strict_json import LONGEST_SHOWN, one_line


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

BLANKS = re.compile(rb"[\r\n]+")


def last_words(written: bytes) -> str:
    """The last line of what an engine wrote to its standard error, as a clause of an error; nothing without one."""
    lines = [line for line in BLANKS.split(written) if line.strip()]
    if not lines:
        return ""
    text = lines[-1].decode("utf-8", errors="backslashreplace").strip()
    shown = text if len(text) <= LAST_WORDS else f"{text[: LAST_WORDS - 3]}..."
    return f"; the last line of its standard error is: {shown}"


def shown_line(line: bytes) -> str:
    """The beginning of a line that an engine wrote, in quotation marks."""
    text = line[: 4 * LONGEST_SHOWN].decode("utf-8", errors="backslashreplace")
    shown = text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
    return f'"{shown}"'
