"""Replaying: fold a log, check laws and expectations at every transaction, and chain the digests.

`replay_log` stops at the first failure: a broken law, or an `expect` of the log that is not met.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from .canonical import chain, chain_start, state_digest
from .checkpoints import Point
from .expectations import unmet
from .laws import REGISTRY, Count, Law, LawBroken, Monitor, StateLaw, Step
from .laws.law import StepCheck
from .laws.monitor import NOTHING_REMEMBERED
from .log import Entry, Expect
from .outcomes import Applied, Outcome
from .rulebook import EXTERNAL
from .state import State
from .transactions import TYPE_NAMES
from .transition import apply, state_after


@attrs.frozen
class Failure:
    """Why a replay stopped: the `entry`, the broken `law` or None for an unmet expectation, `detail` in words.

    `before` and `after` are the states around the entry, `accounts` those involved. For a law of the whole state the
    entry is the last one applied, None for a state that was broken before any was.
    """

    entry: Entry | None
    law: Law | None
    detail: str
    accounts: tuple[str, ...]
    before: State
    after: State


@attrs.frozen
class Report:
    """A whole replay: the last state, the chain digest (32 bytes), and what was counted.

    `applied` by transaction type; `rejected` by (type, reason name); `unexpected` counts refusals that the log did not
    expect, and `first_unexpected` is the line of the first, or None; `expectations` counts the lines whose `expect` was
    met; `laws` in the order of the registry.
    """

    state: State
    chain: bytes
    transactions: int
    applied: Counter[str]
    rejected: Counter[tuple[str, str]]
    unexpected: int
    first_unexpected: int | None
    expectations: int
    laws: tuple[Count, ...]
    failure: Failure | None

    @property
    def silent_laws(self) -> tuple[Law, ...]:
        """The laws whose antecedent never held: of them this replay says nothing."""
        return tuple(count.law for count in self.laws if count.fired == 0)


Note = Callable[[int, State, bytes], None]
"""Is told what the ledger is after a line: its number, the state, and the chain digest (32 bytes)."""


def replay_log(
    state: State,
    entries: Iterable[Entry],
    *,
    laws: Iterable[Law] = REGISTRY,
    state_every: int = 1000,
    until: int | None = None,
    start: bytes | None = None,
    progress: Callable[[Entry], None] | None = None,
    note: Note | None = None,
    points: Sequence[Point] = (),
) -> Report:
    """Fold the entries over `state`.

    `until`: stop once so many transactions were applied, and read no further. `start`: the chain digest to go on from,
    that of `state` as a genesis where None. Once the laws saw a line, `progress` is called with its entry and `note`
    with what the ledger is after it. `points`, in order: what is recorded of the ledger after some of the lines; to
    come to something else there is a failure. Raises what the entries raise, `LogError` for bad input. An error raised
    while the ledger answers a line is a bug in it; a note says the line.
    """
    fold = Fold(state, laws, state_every, chain_start(state) if start is None else start)
    fold.answer_all(entries, until=until, progress=progress, note=note, points=points)
    return fold.report()


def advance(state: State, digest: bytes, entry: Entry) -> tuple[Outcome, State, bytes]:
    """The answer to a line, and the state and the chain digest after it; no law is checked.

    An error is a bug of the ledger, and is noted with the line.
    """
    try:
        outcome = apply(state, entry.transaction)
        return outcome, state_after(state, outcome), chain(digest, entry.transaction, outcome)
    except Exception as error:
        note_line(error, entry.line)
        raise


TOGETHER = 256
"""Lines that are answered before the laws look at them all: law by law they are faster than line by line."""

LARGE = 4096
"""Postings of an answer that is looked at without waiting for more lines, so as not to keep many such."""


@attrs.define(eq=False)
class _Answered:
    """A line, the answer to it with the states around it, and the chain digest after it; for laws, where there are any,
    the same as a step."""

    entry: Entry
    before: State
    outcome: Outcome
    after: State
    digest: bytes
    step: Step | None


class Fold:
    """A replay on its way: the state and the digest so far, and what was counted, as `Report` has them.

    What was answered waits in `waiting` for the laws. They, and what lines expect, are judged in the order of the
    lines: what is wrong with a later line is not told before an earlier one was found right. `memories`: those that
    history laws go on with, by the law's number.
    """

    def __init__(
        self,
        state: State,
        laws: Iterable[Law],
        state_every: int,
        digest: bytes,
        memories: Mapping[int, StepCheck] = NOTHING_REMEMBERED,
    ) -> None:
        self.state = self.before = state
        self.digest = digest
        self.monitor = Monitor(state, laws, state_every, memories)
        self.progress: Callable[[Entry], None] | None = None
        self.note: Note | None = None
        self.due: list[Point] = []
        self.waiting: list[_Answered] = []
        self.applied: Counter[str] = Counter()
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.transactions = self.unexpected = self.expectations = 0
        self.first_unexpected: int | None = None
        self.failure: Failure | None = None
        self.entry: Entry | None = None
        self.last_applied: tuple[Entry | None, State] = (None, state)

    def answer_all(
        self,
        entries: Iterable[Entry],
        *,
        until: int | None = None,
        progress: Callable[[Entry], None] | None = None,
        note: Note | None = None,
        points: Sequence[Point] = (),
        finishes: bool = True,
    ) -> None:
        """Answer the entries as `replay_log` does, up to the first failure. `finishes`: the log ends with them."""
        self.progress, self.note, self.due = progress, note, list(reversed(points))
        try:
            self.fold(entries if until is None or self.state.sequence < until else (), until)
            if self.failure is None and finishes:
                self.finish()
        except LawBroken as broken:
            self.broke(broken)

    def fold(self, entries: Iterable[Entry], until: int | None) -> None:
        """Answer and judge the entries, up to the first failure or the sequence `until`."""
        try:
            for entry in entries:
                outcome = self.answer(entry)
                is_large = isinstance(outcome, Applied) and len(outcome.postings) >= LARGE
                is_recorded = bool(self.due) and self.due[-1].line <= entry.line
                if is_large or is_recorded or len(self.waiting) >= TOGETHER:
                    self.judge()
                    if is_recorded and self.failure is None:
                        self.failure = divergence(self, self.due.pop())
                    if self.failure is not None:
                        return
                if self.state.sequence == until:
                    break
        except LawBroken:
            raise
        except Exception:
            self.judge()
            if self.failure is None:
                raise
            return
        self.judge()

    def answer(self, entry: Entry) -> Outcome:
        """Apply a line's transaction."""
        outcome, after, digest = advance(self.state, self.digest, entry)
        try:
            step = Step(self.state, entry.transaction, outcome, after) if self.monitor.laws else None
        except Exception as error:
            note_line(error, entry.line)
            raise
        self.waiting.append(_Answered(entry, self.state, outcome, after, digest, step))
        self.state, self.digest = after, digest
        return outcome

    def judge(self) -> None:
        """Check the laws, and what the lines expect, of all that waits."""
        waiting, self.waiting = self.waiting, []
        differences: list[str] = []
        error: Exception | None = None
        for place, answered in enumerate(waiting):
            if answered.entry.expect is not None:
                differences, error = _differences(answered.entry.expect, answered)
                if differences or error is not None:
                    del waiting[place + 1 :]
                    break
        self.watch(waiting)
        for answered in waiting:
            self.count(answered)
        if error is not None:
            note_line(error, waiting[-1].entry.line)
            raise error
        met = waiting[:-1] if differences else waiting
        self.expectations += sum(1 for answered in met if answered.entry.expect is not None)
        if differences:
            expect = waiting[-1].entry.expect
            assert expect is not None
            assert self.entry is not None
            accounts = tuple(sorted({*expect.balances, *expect.positions, *expect.account_values}))
            self.failure = Failure(self.entry, None, "; ".join(differences), accounts, self.before, self.state)
        for answered in met if self.progress is not None or self.note is not None else ():
            if self.progress is not None:
                self.progress(answered.entry)
            if self.note is not None:
                self.note(answered.entry.line, answered.after, answered.digest)

    def watch(self, waiting: list[_Answered]) -> None:
        """Show the monitor the steps; where one is wrong, count those up to it."""
        steps = [answered.step for answered in waiting if answered.step is not None]
        try:
            self.monitor.observe_all(steps)
        except Exception as error:
            upto = next(number for number, step in enumerate(steps, 1) if step is self.monitor.stopped_at)
            for answered in waiting[:upto]:
                self.count(answered)
            self.expectations += sum(1 for answered in waiting[: upto - 1] if answered.entry.expect is not None)
            if not isinstance(error, LawBroken):
                note_line(error, waiting[upto - 1].entry.line)
            raise

    def finish(self) -> None:
        """Look at the whole state once more; an error there is noted as one of the last line."""
        try:
            self.monitor.finish()
        except LawBroken:
            raise
        except Exception as error:
            if self.entry is not None:
                note_line(error, self.entry.line)
            raise

    def count(self, answered: _Answered) -> None:
        """Count a line by its type and outcome, as the last one there was."""
        entry, outcome = answered.entry, answered.outcome
        self.entry, self.before, self.state, self.digest = entry, answered.before, answered.after, answered.digest
        type_name = TYPE_NAMES[type(entry.transaction)]
        self.transactions += 1
        if isinstance(outcome, Applied):
            self.applied[type_name] += 1
            self.last_applied = entry, answered.before
            return
        self.rejected[type_name, outcome.reason.name] += 1
        if entry.expect is None or (entry.expect.reason is None and entry.expect.applied is not False):
            self.unexpected += 1
            if self.first_unexpected is None:
                self.first_unexpected = entry.line

    def broke(self, broken: LawBroken) -> None:
        """A law is broken: at the last line answered, or, one of the whole state, at the last one applied."""
        last = (self.entry, self.before)
        entry, before = self.last_applied if isinstance(broken.law, StateLaw) else last
        self.failure = Failure(entry, broken.law, broken.breach.detail, broken.breach.accounts, before, self.state)

    def report(self) -> Report:
        """What the replay came to."""
        return Report(
            state=self.state,
            chain=self.digest,
            transactions=self.transactions,
            applied=self.applied,
            rejected=self.rejected,
            unexpected=self.unexpected,
            first_unexpected=self.first_unexpected,
            expectations=self.expectations,
            laws=self.monitor.counts,
            failure=self.failure,
        )


def divergence(fold: Fold, point: Point) -> Failure | None:
    """The failure of a fold that is not what is recorded of a point: in the chain, or in the state."""
    wrong = differences_at(point, fold.state, fold.digest)
    return Failure(fold.entry, None, wrong, (), fold.before, fold.state) if wrong else None


def differences_at(point: Point, state: State, digest: bytes) -> str:
    """How a state and a chain digest are not those of a point, in words; nothing where they are."""
    wrong = []
    if digest != point.chain:
        wrong.append(f"expected digest {point.chain.hex()} at the checkpoint, found {digest.hex()}")
    found = state_digest(state)
    if found != point.state_digest:
        wrong.append(f"expected state digest {point.state_digest} at the checkpoint, found {found}")
    return "; ".join(wrong)


def _differences(expect: Expect, answered: _Answered) -> tuple[list[str], Exception | None]:
    """What a line expects and the ledger does not show, or the error that looking for it raised."""
    try:
        return unmet(expect, answered.outcome, answered.after, answered.digest), None
    except Exception as error:
        return [], error


NOTE = re.compile(r"While line ([0-9]+) of the log was answered\.")


def note_line(error: Exception, line: int) -> None:
    """Note on an error the line that was being answered when it was raised."""
    error.add_note(f"While line {line} of the log was answered.")


def noted_line(error: Exception) -> int | None:
    """The line that was noted on an error, None where none was."""
    notes: list[str] = getattr(error, "__notes__", [])
    return next((int(match[1]) for note in notes if (match := NOTE.fullmatch(note))), None)


def custody(state: State) -> dict[str, int]:
    """What the outside world has paid in, net, by asset, in atoms."""
    return {asset: -amount for asset, amount in sorted(state.accounts[EXTERNAL].cash.items())}
