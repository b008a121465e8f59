"""What is claimed: a contract over the real code, what must be possible under it, and a planted bug that it catches.

A contract is an ordinary typed function whose docstring states it:

- its first paragraph is the statement;
- `given:` lines say in words what its body fixes, such as the rulebook or a mark;
- `pre:` lines are its assumptions about its arguments, as expressions;
- `post:` lines are what it claims of them and of the result, `_`;
- `reach:` lines are what must be possible; each has a twin, the same contract with the postcondition that it never
  happens, and the twin must be REFUTED.

`pre:` and `post:` are PEP 316's, as CrossHair reads them; the other lines are this module's. Each stands on one line,
but for `given:`, which goes on in lines that are indented further.
Nothing here imports the ledger, so that a bug can still be planted in it.
"""

import enum
import inspect
import re
from collections.abc import Callable
from typing import Any

import attrs

Contract = Callable[..., Any]

HEADINGS = ("given", "pre", "post", "reach")

MOST_PATHS = 400
"""How many paths of a contract are explored at most, where its claim does not say."""


class Kind(enum.Enum):
    """What a claim is about, and with it what it says of the laws that it names."""

    KERNEL = "kernel"
    """A leaf of a few lines. The laws rest on it."""
    GUARD = "guard"
    """When a rule accepts and which refusal it names. The laws rest on it."""
    LAWS = "laws"
    """After every step of a rule the laws' own predicates hold."""


class Status(enum.Enum):
    """What is known of a contract. All but the first two fail wherever they turn up, and the second where it was not
    declared."""

    CONFIRMED = "CONFIRMED"
    """Every path was explored to its end, and on each the solver found the postcondition impossible to break."""
    NO_COUNTEREXAMPLE = "NO COUNTEREXAMPLE"
    """Some paths were explored to their end and none breaks it; others were not, within the budget."""
    REFUTED = "REFUTED"
    """There are arguments that break it, and running it plainly on them broke it too."""
    UNKNOWN = "UNKNOWN"
    """No path was explored to its end within the budget."""
    VACUOUS = "VACUOUS"
    """No arguments were found that its assumptions admit."""
    ERROR = "ERROR"
    """The contract cannot be read or says that it raises, an assumption raises, the engine failed, or an example or a
    path did not repeat."""


@attrs.frozen
class Bug:
    """A planted bug: `phrase`, which occurs once in the source of the ledger's `module`, reads `instead`."""

    module: str
    phrase: str
    instead: str


@attrs.frozen
class Claim:
    """A contract with what the table says about it.

    `laws`: the ids of the laws whose own predicates it holds to, where its kind is `LAWS`, or that rest on it.
    `transactions`: the types it is about, as the rulebook names them. `expected`: CONFIRMED, or NO COUNTEREXAMPLE with
    the reason `why` no more is reached. `paths`: how many are explored at most. `quick`: whether it is part of the
    ordinary tests.
    """

    id: str
    kind: Kind
    transactions: tuple[str, ...]
    laws: tuple[str, ...]
    contract: Contract
    bug: Bug
    expected: Status = Status.CONFIRMED
    why: str = ""
    paths: int = MOST_PATHS
    quick: bool = True

    @property
    def statement(self) -> str:
        """The first paragraph of the contract's docstring, on one line."""
        return " ".join(_doc(self.contract).partition("\n\n")[0].split())

    @property
    def assumptions(self) -> tuple[str, ...]:
        """All that is taken for granted: what the body fixes, in words, and the preconditions, as expressions."""
        return (*lines_of(self.contract, "given"), *lines_of(self.contract, "pre"))

    @property
    def reaches(self) -> tuple[str, ...]:
        """What must be possible, as expressions."""
        return lines_of(self.contract, "reach")


def lines_of(contract: Contract, heading: str) -> tuple[str, ...]:
    """What the contract's docstring says after `heading:`, a text for each time."""
    return tuple(" ".join(text.split()) for text in re.findall(_pattern(heading), _doc(contract), re.MULTILINE))


def unread_lines(contract: Contract) -> list[str]:
    """Lines after the statement that belong to no heading."""
    _, _, rest = _doc(contract).partition("\n\n")
    for heading in HEADINGS:
        rest = re.sub(_pattern(heading), "", rest, flags=re.MULTILINE)
    return [line for line in rest.splitlines() if line.strip()]


def _pattern(heading: str) -> str:
    going_on = r"(?:\n[ \t]+\S.*)*" if heading == "given" else ""
    return rf"^[ \t]*{heading}:[ \t]*(\S.*{going_on})$"


def _doc(contract: Contract) -> str:
    return inspect.getdoc(contract) or ""
