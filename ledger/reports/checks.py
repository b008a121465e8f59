"""What a command checked and what came of it, before it is known in which format that is told."""

import enum
import re

import attrs


class Result(enum.Enum):
    """What came of a check. Only `HELD` is a pass; `FAILED` and `ERROR` are those of which the command fails."""

    HELD = "held"
    SILENT = "silent"
    """It had nothing to judge, so that it says nothing."""

    UNDECIDED = "undecided"
    """A budget ran out before it was known."""

    UNCHECKED = "unchecked"
    """It was not asked, or the command stopped before."""

    FAILED = "failed"
    """It is broken, or it is otherwise what the command was told to fail on."""

    ERROR = "error"
    """What was to be checked raised an error of its own."""


FAILS = frozenset({Result.FAILED, Result.ERROR})


@attrs.frozen
class Place:
    """Where something was found: a file as it was named, None where there is none, and a line from 1, None for all of
    it.

    `is_text`: whether the lines are those of the file itself, and not of what is packed or stored in it. `within`: what
    it is part of where there is no file, such as "standard input" or an example.
    """

    file: str | None
    line: int | None = None
    is_text: bool = True
    within: str = ""

    def __str__(self) -> str:
        name = self.within if self.file is None else self.file
        return name if self.line is None else f"{name}:{self.line}"


@attrs.frozen
class Finding:
    """Something wrong: what, in words, where it is, and the accounts involved."""

    message: str
    place: Place | None = None
    accounts: tuple[str, ...] = ()


@attrs.frozen
class Check:
    """One thing that was checked.

    `rule`: its id, for a law the law's, and `group` the class of such checks, as "laws.step"; together with `name`, the
    rule's id unless given, they are one check's alone. `words`: the result in the words in which the command tells it.
    `checked` and `fired`: how often it was looked at, and how often it had something to judge; None where that is not
    counted. `findings`: at least one where it is `FAILED`, `ERROR` or `UNDECIDED`.
    """

    rule: str
    group: str
    statement: str
    result: Result
    words: str
    checked: int | None = None
    fired: int | None = None
    findings: tuple[Finding, ...] = ()
    name: str = attrs.field(default=attrs.Factory(lambda self: self.rule, takes_self=True))

    def __attrs_post_init__(self) -> None:
        if not self.findings and self.result in (*FAILS, Result.UNDECIDED):
            raise ValueError(f"{self.group} {self.name} is {self.result.value}, and nothing says of what")


@attrs.frozen
class Trouble:
    """What kept a command from checking, or from checking all: its `kind` ("bad input", "internal error",
    "interrupted"), what is wrong in one line, and where."""

    kind: str
    message: str
    place: Place | None = None


@attrs.frozen
class Told:
    """All that a command has to tell.

    `command`: its name. `subject`: what it was asked to check, in words. `place`: of the file that it checked, None
    where it checked no one file. `version`: of the program. `closing`: the sentence that closes its report. `code`: its
    exit code. `troubles`: where there is one, what was not checked does not pass.
    """

    command: str
    subject: str
    version: str
    closing: str
    code: int
    checks: tuple[Check, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    place: Place | None = None


ILLEGIBLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, or would change on the way, such as a carriage return; among them every lone surrogate,
which JSON cannot hold either."""


def legible(text: str) -> str:
    r"""The text with what a report cannot hold as an escape: "\x00", "\ud800"."""
    return ILLEGIBLE.sub(_escaped, text)


def _escaped(match: "re.Match[str]") -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
