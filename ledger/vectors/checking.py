"""Vectors held against an engine: each is begun anew, asked in one batch, and the state asked for at its end."""

import enum
from collections.abc import Iterable, Iterator

import attrs

from ..engines import TIMEOUT, Command, Engine, EngineError, Runner, Trouble
from ..engines.differences import Difference, first_difference, look_at
from ..laws.law import parties
from .reading import ReadVector

MOST_TROUBLES = 5
"""Vectors in which an engine may go down before it is asked no more."""

DOWN = (Trouble.CRASH, Trouble.HANG, Trouble.GARBAGE)
"""What an engine is started again after; an error reply leaves it as it was."""


class Result(enum.Enum):
    """How a vector ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@attrs.frozen
class Checked:
    """A vector and how it ended.

    `why`: of one that was not run, or in which the engine did not answer, in words; `unknown`, of one that was not run,
    the transaction types in it that the engine does not know. `number`: which of its transactions was answered
    otherwise, from 0, None where the state at the end differs. `difference`: the first thing that differs.
    """

    name: str
    result: Result
    why: str = ""
    unknown: frozenset[str] = frozenset()
    number: int | None = None
    difference: Difference | None = None

    @property
    def type_name(self) -> str:
        """The transaction type that the vector is kept under."""
        return self.name.partition("/")[0]

    @property
    def is_failed(self) -> bool:
        """Whether it failed."""
        return self.result is Result.FAILED


class Checking:
    """An engine that is held against vectors. EngineError where it does not start or speaks another version.

    `abilities`: what it told of itself. `ended_badly`: what was wrong when it was told to end, empty where nothing was.
    """

    def __init__(self, command: Command, *, timeout: float = TIMEOUT) -> None:
        self._runner = Runner(command, timeout=timeout)
        self.abilities = self._runner.abilities()
        self._troubles = 0
        self.ended_badly = ""

    def results(self, vectors: Iterable[ReadVector]) -> Iterator[Checked]:
        """How each vector ends. The engine is ended after the last."""
        with self._runner:
            for vector in vectors:
                yield self._checked(vector)
            try:
                self._runner.bye()
            except EngineError as error:
                self.ended_badly = str(error)

    def close(self) -> None:
        """End the engine, whatever it does."""
        self._runner.close()

    def _checked(self, vector: ReadVector) -> Checked:
        unknown = vector.types - self.abilities.types
        why = self._cannot(vector, unknown)
        if why:
            return Checked(vector.name, Result.NOT_RUN, why, unknown)
        try:
            return _held_against(self._runner.engine(), vector)
        except EngineError as error:
            if error.trouble in DOWN:
                self.close()
                self._troubles += 1
            return Checked(vector.name, Result.FAILED, str(error))

    def _cannot(self, vector: ReadVector, unknown: frozenset[str]) -> str:
        """Why the engine is not asked a vector; empty where it is."""
        if unknown:
            return f"the engine does not know {', '.join(sorted(unknown))}"
        if self.abilities.begins_at_genesis and not vector.begins_at_genesis:
            return "the engine begins at a genesis only"
        if self._troubles == MOST_TROUBLES:
            return f"the engine went down {MOST_TROUBLES} times"
        return ""


def _held_against(engine: Engine, vector: ReadVector) -> Checked:
    """Begin, ask, and compare: outcome by outcome, and then the state."""
    engine.init(vector.before.rulebook.document, vector.pre_state)
    given = engine.apply(vector.transactions)
    outcomes = [answer.outcome for answer in vector.answers]
    links = [answer.link for answer in vector.answers]
    found = first_difference(outcomes, given, engine.abilities.gives, links)
    if found is not None:
        number, differences = found
        return Checked(vector.name, Result.FAILED, number=number, difference=differences[0])
    # An account that a refusal names is asked for too, so that one that it opens is seen.
    named = {name for answer in vector.answers for name in parties(answer.transaction)}
    look = look_at(engine, vector.after, named.union(vector.after.accounts), whole=True)
    if look.differences:
        return Checked(vector.name, Result.FAILED, difference=look.differences[0])
    return Checked(vector.name, Result.PASSED)
