"""The ordinary functions of the ledger, run on symbolic integers, over every path: proofs for all integers.

A proof is a function of a `Path`. It asks the path for integers (`path.integer`), says what it takes for granted
(`path.assume`), calls the real code, and says what must hold (`path.require`) and what must be possible
(`path.reach`). The integers are `Int`: they add, multiply, divide and compare as Python's own do, over terms of z3, so
the code under proof is the code that runs, unchanged. A comparison gives a `Truth`. Wherever Python needs a plain
answer, as in `if`, `and`, `min` or `sorted`, a `Truth` asks the path: the solver says which of the two answers are
possible; where both may be, the path takes one, and the proof is run again from the start with the other.

**Why PROVED may be believed.** Say that concrete integers satisfy the assumptions and that the proof, run on them,
breaks a condition or raises. Follow that run symbolically. At each decision the integers give one answer, and the path
that takes it exists: an answer is dropped only when the solver says *unsat* of everything decided, assumed and defined
so far together with it, and these integers satisfy all of that; an answer the solver could not decide is kept. Names
introduced by division are defined exactly (`a = b * q + r`, `0 <= r < b`, after `b > 0` was decided), so every choice
of integers extends to them. So some explored path has a constraint that these integers satisfy. On every path each
condition was found *unsat* when negated, and a path that ends in an exception was found *unsat* itself. So no such
integers exist. What this trusts: z3's *unsat*, the overloads (`integers`), and that the code depends on nothing but
its arguments, and asks of an integer neither identity nor type nor what a message says of it. Checked is that a
repeated run decides the same conditions in the same order and comes to all of them, that no integer of another run is
used, and that a refusal or a failure is not lost where somebody catches it.

**Why the other answers may be believed.** REFUTED comes with integers, and the proof was run on them concretely, as
plain Python, and failed. UNKNOWN means that the solver gave up on some condition or that a bound of the exploration
was reached; it never counts as proved. VACUOUS means that nothing was required, or that something which must be
possible was not found to be: such a proof would say nothing, and is an error. What was found possible was run
concretely as well.

The solver's effort is bounded by counted resources, not by time, so a busy machine changes no answer.
"""

import enum
from collections.abc import Callable, Mapping, Sequence

import attrs
import z3  # type: ignore[import-untyped]

from .integers import Int as Int
from .integers import NotSymbolic as NotSymbolic
from .integers import Truth as Truth
from .path import Budget as Budget
from .path import Failed, Impossible, Session, Start
from .path import Path as Path
from .path import Unrepeatable as Unrepeatable
from .path import implies as implies
from .path import negation as negation


class Status(enum.Enum):
    """What is known of a proof."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNKNOWN = "UNKNOWN"
    VACUOUS = "VACUOUS"


@attrs.frozen
class Result:
    """The status, with the number of paths explored and of conditions looked at on them.

    `detail` says what failed, what is unknown, or what is missing. `values`: the integers that refute, by name.
    `witnesses`: integers with which each point was reached.
    """

    status: Status
    paths: int
    conditions: int
    detail: str = ""
    values: Mapping[str, int] = attrs.field(factory=dict)
    witnesses: Mapping[str, Mapping[str, int]] = attrs.field(factory=dict)


Proof = Callable[[Path], None]

ACCEPTED = "accepted"

CODE = "ledger"
"""The package under proof."""


def prove(proof: Proof, *, reaches: Sequence[str] = (ACCEPTED,), budget: Budget | None = None) -> Result:
    """Explore every path; `reaches` are the points that must be possible, at least one.

    NotSymbolic and Unrepeatable are raised: they tell of a proof that cannot be made, not of the code.
    """
    if not reaches:
        raise ValueError("a proof without a point that must be possible may be vacuous")
    session = Session(budget or Budget())
    pending = [Start()]
    paths = 0
    while pending:
        if paths == session.budget.paths:
            session.unknown.append(f"more than {paths} paths")
            break
        path = Path(session, pending.pop())
        paths += 1
        try:
            _run(proof, path)
        except Impossible:
            paths -= 1
        except Failed as failed:
            return Result(
                Status.REFUTED, paths, session.conditions, _confirmed(proof, failed), values=dict(failed.values)
            )
        pending += path.alternatives
    return _verdict(proof, session, paths, reaches)


def _run(proof: Proof, path: Path) -> None:
    try:
        proof(path)
    except (NotSymbolic, Unrepeatable, z3.Z3Exception):
        raise
    except (NameError, AttributeError) as error:
        # A proof that is written wrongly refutes nothing.
        if not _is_of_the_code(error):
            raise
        path.raised(error)
    except Exception as error:
        path.raised(error)
    path.ended()


def _is_of_the_code(error: Exception) -> bool:
    """Whether the ledger's code raised it, or a copy of it, and not the proof's own."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(f"{CODE}.")


def _concretely(proof: Proof, values: Mapping[str, int]) -> tuple[str | None, set[str]]:
    """What fails in a plain run on these integers, None where nothing does, and the points it reached."""
    path = plain_path(values)
    try:
        _run(proof, path)
    except Impossible:
        raise Unrepeatable(f"{values} do not satisfy the assumptions, though the solver says so") from None
    except Failed as failed:
        return failed.what, path.reached_here
    return None, path.reached_here


def _confirmed(proof: Proof, failed: Failed) -> str:
    what, _ = _concretely(proof, failed.values)
    if what is None:
        raise Unrepeatable(f"{failed.values} should break: {failed.what}; run plainly, they do not")
    return what


def _verdict(proof: Proof, session: Session, paths: int, reaches: Sequence[str]) -> Result:
    for name, values in session.reached.items():
        what, reached = _concretely(proof, values)
        if what is not None:
            return Result(Status.REFUTED, paths, session.conditions, what, values=dict(values))
        if name not in reached:
            raise Unrepeatable(f"{values} should reach: {name}; run plainly, they do not")
    if session.unknown:
        reasons = list(dict.fromkeys(session.unknown))
        detail = f"not decided within the budget: {'; '.join(reasons)} ({len(session.unknown)} times)"
        return Result(Status.UNKNOWN, paths, session.conditions, detail)
    missing = [name for name in reaches if name not in session.reached]
    if missing or session.conditions == 0:
        undecided = [name for name in missing if name in session.not_decided]
        parts = ["nothing is required"] if session.conditions == 0 else []
        parts += [f"never found possible: {name}" for name in missing]
        parts += [f"not decided within the budget: {name}" for name in undecided]
        return Result(Status.VACUOUS, paths, session.conditions, "; ".join(parts))
    return Result(Status.PROVED, paths, session.conditions, witnesses=dict(session.reached))


def plain_path(values: Mapping[str, int]) -> Path:
    """A path on which the integers are these, so that what runs on it runs plainly; zero for a name not given."""
    return Path(Session(Budget()), values=values)
