"""What a law is: a typed predicate with an id, a statement and a scope (rulebook section 6).

A *step* law looks at one transaction and what it touched. A *history* law does too, and remembers what it needs of the
steps before. A *state* law sees everything, once in a while and at the end, and would catch what a step law trusted.

A predicate answers `None` where its antecedent does not hold, so that it said nothing; `HELD` where it held; and a
`Breach` where it is broken.
"""

import enum

import attrs

from ..outcomes import Outcome
from ..state import State
from ..transactions import Transaction


class Scope(enum.Enum):
    """What a law looks at."""

    STEP = "step"
    STATE = "state"
    HISTORY = "history"


@attrs.frozen
class Step:
    """One transaction with the states around it; `after` is `before` where it was refused."""

    before: State
    transaction: Transaction
    outcome: Outcome
    after: State


@attrs.frozen
class Span:
    """Everything since the last look of the state laws: the state then, the state now, and the steps' accounts.

    `reached`: every account that a step in between named. `last`: the last step, or None where there was none.
    """

    since: State
    now: State
    reached: frozenset[str]
    last: Step | None


@attrs.frozen
class Breach:
    """How a law was broken, in words, and the accounts involved."""

    detail: str
    accounts: tuple[str, ...] = ()


HELD = True
Verdict = bool | Breach | None
"""`HELD`, a `Breach`, or None where the law's antecedent does not hold. Never False."""
