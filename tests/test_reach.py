"""What the generators reach is asserted, not hoped for: a seeded simulation goes through every corner named here.

A law that is never put to the test holds trivially. So a plain, deterministic simulation counts what happens to it, and
this fails while any transaction type, reason, check, event or corner is unreached. `pytest -s` prints the counts.
"""

import functools
import typing
from collections import Counter
from collections.abc import Iterator

from ledger.checks import Check, checks_of, compare
from ledger.fuzzing import RULEBOOKS, Seeded, drawn_rulebook, play
from ledger.fuzzing.reach import CORNERS, EVENTS, Reach
from ledger.outcomes import Event, Reason, Rejected
from ledger.profiles import DEFAULT_PROFILE, load_profile
from ledger.rulebook import Rulebook
from ledger.transactions import TYPE_NAMES, Transaction

SEEDS = 30
STEPS = 700
DRAWN, DRAWN_STEPS = 6, 300

CHECKED_UP_TO, CHECKED_EVERY = 40, 50
"""The checks of a refusal are looked at one by one up to so many times, and now and then after that: it is slow."""


@functools.cache
def reached() -> Counter[str]:
    """How often the simulation reached each transaction type, reason, check, event and corner."""
    counts: Counter[str] = Counter()
    looked: Counter[tuple[type, Reason, bool]] = Counter()
    for seed in range(SEEDS):
        for number, (rulebook, chooser) in enumerate(venues(seed)):
            reach = Reach()
            for step in play(chooser, rulebook, STEPS if number < len(RULEBOOKS) else DRAWN_STEPS):
                counts["step"] += 1
                kind = type(step.transaction).__name__
                if not isinstance(step.outcome, Rejected):
                    counts[f"applied {kind}"] += 1
                else:
                    counts.update((f"refused {kind}", step.outcome.reason.name))
                    whose = step.outcome.subject == getattr(step.transaction, "account", None)
                    key = (type(step.transaction), step.outcome.reason, whose)
                    looked[key] += 1
                    if looked[key] < CHECKED_UP_TO or looked[key] % CHECKED_EVERY == 0:
                        counts[name_of(compare(step.before, step.transaction)[-1].check)] += 1
                reach.observe(step)
            counts.update(reach.events)
            counts.update(reach.corners)
    return counts


def venues(seed: int) -> Iterator[tuple[Rulebook, Seeded]]:
    """Every rulebook once, and drawn ones, each with the chooser of its simulation."""
    for number, rulebook in enumerate(RULEBOOKS.values()):
        yield rulebook, Seeded(len(RULEBOOKS) * seed + number)
    for number in range(DRAWN):
        chooser = Seeded(f"drawn {seed} {number}")
        yield load_profile(DEFAULT_PROFILE, drawn_rulebook(chooser)), chooser


def name_of(check: Check) -> str:
    """A check's name here: where it stands in which rule, and its reason."""
    return f"check {check.rule} {check.number}: {check.reason.name}"


def missing(names: list[str]) -> list[str]:
    """The names that the simulation did not reach; their counts are printed."""
    counts = reached()
    for name in names:
        print(f"{counts[name]:8d}  {name}")
    return [name for name in names if counts[name] == 0]


def test_every_transaction_type_is_applied_and_refused() -> None:
    kinds = [kind.__name__ for kind in typing.get_args(Transaction)]
    assert missing([f"{answer} {kind}" for kind in kinds for answer in ("applied", "refused")]) == []


def test_every_reason_is_seen() -> None:
    assert missing([reason.name for reason in Reason]) == []


def test_every_check_of_every_rule_refuses_something() -> None:
    kinds = sorted(set(TYPE_NAMES.values()))
    assert missing([name_of(check) for kind in kinds for check in checks_of(kind)]) == []


def test_every_event_is_seen() -> None:
    assert {event.__name__ for event in typing.get_args(Event)} == set(EVENTS)
    assert missing(list(EVENTS)) == []


def test_every_corner_is_reached() -> None:
    assert len(set(CORNERS)) == len(CORNERS)
    assert missing(list(CORNERS)) == []


def test_no_corner_is_counted_that_is_not_listed() -> None:
    kinds = [kind.__name__ for kind in typing.get_args(Transaction)]
    listed = {*CORNERS, *EVENTS, "step", *(reason.name for reason in Reason)}
    listed |= {f"{answer} {kind}" for kind in kinds for answer in ("applied", "refused")}
    assert {name for name in reached() if name not in listed and not name.startswith("check ")} == set()
