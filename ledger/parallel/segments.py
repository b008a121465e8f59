"""Segments: the lines of a log between two points, verified by themselves as a replay of the whole would verify them.

A step law looks at a step alone. A law of the whole state looks at what happened since its last look, so segments meet
where it looks. A history law remembers: in a segment it begins with what it makes of the segment's first state, and
where it ends its memory is held against what it would make of the next one's. Where both agree at every seam, each
segment was verified with the memory that a replay of the whole would have had there. Where they do not, the next
segment is verified again with the memory that the one before it ended with.
"""

import io
import pickle
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import islice
from types import BuiltinFunctionType, FunctionType

import attrs

from ..checkpoints import Checkpoint, CheckpointError, Point
from ..law_files import laws_from
from ..laws import REGISTRY, HistoryLaw, Law, StateLaw, remembered
from ..laws.law import StepCheck
from ..laws.monitor import NOTHING_REMEMBERED
from ..log import LogError
from ..log.reading import read_after
from ..replay import Failure, Fold, advance
from ..state import State
from ..strict_json import one_line

Memories = Mapping[int, StepCheck]
"""What history laws remember, by the law's number."""

Counted = tuple[int, int, Mapping[str, tuple[int, int]]]
"""How often a law was checked and fired, and both by transaction type."""


class NotCarried(ValueError):
    """A history law whose memory no other process can go on with: the law's id and why, as text one line."""

    def __init__(self, law_id: str, why: str) -> None:
        self.law_id, self.why = law_id, why
        found = f"found a memory of the law {law_id} that another process cannot go on with ({why})"
        super().__init__(f"{found}, expected `start` to give an object that can be pickled and compared")

    def __reduce__(self) -> tuple[type["NotCarried"], tuple[str, str]]:
        return NotCarried, (self.law_id, self.why)


@attrs.frozen
class Work:
    """What every segment of a log is verified with.

    `name`: what errors call the log. `laws`, and after them those of `law_files`, paths, which every process reads for
    itself; `own_laws` are these where they were read already. `state_every`: how often the laws of the whole state
    look; they are left out unless `looks`.
    """

    name: str
    laws: tuple[Law, ...] = REGISTRY
    law_files: tuple[str, ...] = ()
    own_laws: tuple[Law, ...] | None = attrs.field(default=None, eq=False)
    state_every: int = 1000
    looks: bool = True

    @property
    def all_laws(self) -> tuple[Law, ...]:
        """The laws to check, those of files last."""
        own_laws = _laws_of(self.law_files) if self.own_laws is None else self.own_laws
        laws = (*self.laws, *own_laws)
        return laws if self.looks else tuple(law for law in laws if not isinstance(law, StateLaw))

    def __reduce__(self) -> tuple[type["Work"], tuple[object, ...]]:
        return Work, (self.name, self.laws, self.law_files, None, self.state_every, self.looks)


@cache
def _laws_of(paths: tuple[str, ...]) -> tuple[Law, ...]:
    return laws_from(paths)


@attrs.frozen
class Segment:
    """The `lines` of a log, with their line ends, after the point `begin`, with the state there.

    `number` from 0. `checks`: points on the way, at which the ledger must come to the same digests. The first `lead`
    lines are those of the segment before, and only lead to where this one begins. `is_last`: the log ends with it.
    `tells_end`: whether the state and the chain at its end are to be told.
    """

    number: int
    begin: Point
    state: State | Checkpoint = attrs.field(repr=False)
    lines: bytes = attrs.field(repr=False)
    checks: tuple[Point, ...]
    is_last: bool
    lead: int = 0
    tells_end: bool = False


@attrs.frozen
class Found:
    """The failure of a segment: as `Failure` has it, but with the `law`'s number, None for what is no law; and the
    state and the chain (32 bytes) there."""

    law: int | None
    failure: Failure
    state: State
    chain: bytes


@attrs.frozen
class Verified:
    """What became of a segment: what was counted, as `Report` has it, `laws` by their number.

    `found`: its first failure. `error`: what the ledger or a law raised. `carried`: the memories that the next segment
    does not begin with by itself. `is_begun`: False where a law could not begin with the segment's state, so that
    nothing was verified. `end`: the state and the chain (32 bytes) at its end, where they were to be told.
    """

    transactions: int = 0
    applied: Counter[str] = attrs.field(factory=Counter)
    rejected: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    unexpected: int = 0
    first_unexpected: int | None = None
    expectations: int = 0
    laws: tuple[Counted, ...] = ()
    found: Found | None = None
    error: Exception | None = None
    carried: Memories = NOTHING_REMEMBERED
    is_begun: bool = True
    end: tuple[State, bytes] | None = None


def verify(work: Work, segment: Segment, memories: Memories = NOTHING_REMEMBERED) -> Verified:
    """Verify a segment. `memories`: those that history laws go on with; the others begin with the segment's state.

    What is raised on the way is in the answer, so that it is told in its turn.
    """
    laws, is_begun = work.all_laws, False
    try:
        state, digest, begin = state_of(segment, work.name), segment.begin.chain, segment.begin
        stream = io.BytesIO(segment.lines)
        entries = read_after(stream, work.name, state.rulebook, line=begin.line, latest=begin.latest)
        for entry in islice(entries, segment.lead):
            _, state, digest = advance(state, digest, entry)
        is_begun = segment.number == 0
        fold = Fold(state, laws, work.state_every, digest, memories)
        is_begun = True
        fold.answer_all(entries, points=segment.checks, finishes=segment.is_last)
        carried = NOTHING_REMEMBERED if fold.failure or segment.is_last else carried_from(fold, laws)
    except Exception as error:
        return Verified(error=sendable(error), is_begun=is_begun)
    verified = verified_of(fold, laws, carried)
    return attrs.evolve(verified, end=(fold.state, fold.digest)) if segment.tells_end else verified


def state_of(segment: Segment, name: str) -> State:
    """The state at the segment's beginning. LogError where a checkpoint does not give one."""
    if isinstance(segment.state, State):
        return segment.state
    try:
        return segment.state.state()
    except CheckpointError as error:
        raise LogError(name, segment.begin.line, "", f"found a damaged checkpoint ({error})") from None


def verified_of(fold: Fold, laws: tuple[Law, ...], carried: Memories) -> Verified:
    """What crosses to another process of a fold that came to its end."""
    found, failure = None, fold.failure
    if failure is not None:
        number = next((number for number, law in enumerate(laws) if law is failure.law), None)
        found = Found(number, attrs.evolve(failure, law=None), fold.state, fold.digest)
    return Verified(
        fold.transactions,
        fold.applied,
        fold.rejected,
        fold.unexpected,
        fold.first_unexpected,
        fold.expectations,
        tuple((count.checked, count.fired, dict(count.by_type)) for count in fold.monitor.counts),
        found,
        None,
        carried,
    )


def carried_from(fold: Fold, laws: tuple[Law, ...]) -> Memories:
    """The memories at the end of a fold that their laws would not begin with there by themselves."""
    carried = {}
    for number, memory in fold.monitor.memories.items():
        law = laws[number]
        assert isinstance(law, HistoryLaw)
        if not _begins_with(law, memory, fold.state):
            why = _why_not_sent(memory)
            if why is not None:
                raise NotCarried(law.id, why)
            carried[number] = memory
    return carried


def _begins_with(law: HistoryLaw, memory: StepCheck, state: State) -> bool:
    """Whether the law, begun with the state, would remember the same. Where that cannot be told it can only go on."""
    try:
        return bool(remembered(memory, state) == remembered(law.start(state), state))
    except Exception:
        return False


def refuse_uncarried(laws: tuple[Law, ...], state: State) -> None:
    """NotCarried for the first history law whose memory cannot go to another process, or cannot be compared.

    What a law raises as it begins is raised.
    """
    for law in laws:
        if isinstance(law, HistoryLaw):
            memory = law.start(state)
            why = _why_not_sent(memory) or _why_not_compared(memory, state)
            if why is not None:
                raise NotCarried(law.id, why)


def _why_not_sent(memory: StepCheck) -> str | None:
    try:
        pickle.loads(pickle.dumps(memory))
    except Exception as error:
        return one_line(f"{type(error).__name__}: {error}")
    return None


def _why_not_compared(memory: StepCheck, state: State) -> str | None:
    if isinstance(remembered(memory, state), FunctionType | BuiltinFunctionType):
        return "it is a function"
    copy = pickle.loads(pickle.dumps(memory))
    return None if remembered(copy, state) == remembered(memory, state) else "a copy of it is not equal to it"


def sendable(error: Exception) -> Exception:
    """The error, or one that says the same where it could not go to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        told = RuntimeError(f"{type(error).__name__}: {error}")
        for note in getattr(error, "__notes__", ()):
            told.add_note(note)
        return told
    return error
