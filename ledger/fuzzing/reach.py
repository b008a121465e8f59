"""What a simulation reaches: events, and corners of the rulebook, counted, so that what was never reached shows.

`CORNERS` lists every corner by name: those that a step shows (`corners`), and those that only its past makes one.
"""

import typing
from collections import Counter
from collections.abc import Iterator, Mapping

import attrs

from ..capacity import limits_in_force
from ..laws.law import Step
from ..outcomes import Applied, Event, ProviderTook
from ..transactions import BackstopTransfer, Enroll, Leave, Liquidate, Transaction
from .corners import STEP_CORNERS, corners_of
from .takeover_corners import topples

PAST_CORNERS = (
    "a provider is taken over after a takeover made it liquidatable",
    "a provider is taken over after the takeover of a toppled provider toppled it",
    "a provider enrolls again after it was taken over",
    "a provider enrolls again before its notice has run out",
    "a transaction is applied a second time",
    "a transaction is refused a second time",
)

CORNERS = (*STEP_CORNERS, *PAST_CORNERS)

EVENTS = tuple(sorted(event.__name__ for event in typing.get_args(Event)))

REMEMBERED = 64


class Reach:
    """Counts what the steps of one ledger reach: `events` by the name of their class, `corners` by their name."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.corners: Counter[str] = Counter()
        self._past = _Past()

    def observe(self, step: Step) -> None:
        """Count what one step reaches."""
        if isinstance(step.outcome, Applied):
            for event in step.outcome.events:
                self.events[type(event).__name__] += 1
        for corner in corners_of(step):
            self.corners[corner] += 1
        for corner in self._past.corners_of(step):
            self.corners[corner] += 1


class _Past:
    """What makes a step a corner because of those before it.

    `toppled`: how deep each provider stands in a spiral that a takeover began: 1 where one made it liquidatable, one
    more than the account taken over where that had itself been toppled.
    """

    def __init__(self) -> None:
        self.toppled: dict[str, int] = {}
        self.ended: set[str] = set()
        self.sent: dict[tuple[object, ...], None] = {}

    def corners_of(self, step: Step) -> Iterator[str]:
        transaction, is_applied = step.transaction, isinstance(step.outcome, Applied)
        if is_applied and isinstance(transaction, BackstopTransfer):
            yield from self._of_takeover(step, transaction)
        elif is_applied and isinstance(transaction, Enroll):
            yield from self._of_enroll(step, transaction)
        if isinstance(transaction, ONCE):
            sent = timeless(transaction)
            if sent in self.sent:
                yield f"a transaction is {'applied' if is_applied else 'refused'} a second time"
            elif is_applied:
                self.sent[sent] = None
                if len(self.sent) > REMEMBERED:
                    del self.sent[next(iter(self.sent))]

    def _of_takeover(self, step: Step, transfer: BackstopTransfer) -> Iterator[str]:
        depth = self.toppled.pop(transfer.account, 0)
        record = step.before.providers.get(transfer.account)
        if limits_in_force(step.before.rulebook.program, record, transfer.time) is not None:
            self.ended.add(transfer.account)
            if depth > 0:
                yield PAST_CORNERS[0]
            if depth > 1:
                yield PAST_CORNERS[1]
        for event in step.happened(ProviderTook):
            if topples(step.before, step.after, event.provider):
                self.toppled[event.provider] = depth + 1

    def _of_enroll(self, step: Step, enroll: Enroll) -> Iterator[str]:
        record = step.before.providers.get(enroll.account)
        if enroll.account in self.ended:
            self.ended.discard(enroll.account)
            yield PAST_CORNERS[2]
        in_force = limits_in_force(step.before.rulebook.program, record, enroll.time)
        if record is not None and record.notice is not None and in_force is not None:
            yield PAST_CORNERS[3]


ONCE = (Enroll, Leave, Liquidate, BackstopTransfer)


def timeless(transaction: Transaction) -> tuple[object, ...]:
    """A transaction but for its time: two that are equal ask for the same."""
    fields = attrs.astuple(transaction, recurse=False)
    return (type(transaction).__name__, *fields[1:])


def unreached(events: Mapping[str, int], corners: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """The events and the corners that were never counted, in the order of their lists."""
    return [name for name in EVENTS if not events.get(name)], [name for name in CORNERS if not corners.get(name)]
