"""A rule as its page of the specification says: its checks in order, its effects, and the rows it may read.

A page is written a second time from specs/rules, and not with the rules' code: cross-multiplied where the code rounds
what it compares. `follows_page` holds a rule against it, for every path of a scene.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

import attrs
from immutables import Map

from ledger.checks import Apply
from ledger.outcomes import Applied, Event, Reason, Rejected
from ledger.postings import Posting
from ledger.state import Account, Market, Position, Provider, State
from ledger.transactions import Transaction

from .claims import APPLY, Claim, Kind, Lemma, PlantedBug, Removal
from .engine import ACCEPTED, Budget, Path, negation
from .integers import Truth
from .watched import Reach, rows_of, watched

SETTINGS = ("max_leverage", "fee_tier", "liquidation")
EMPTY = Position(0, 0)

Scene = Callable[[Path], tuple[State, Transaction]]

Figure = int | str | Callable[[int], bool]
"""What a refusal reports: the value itself, or, where the code rounds, what is true of it alone."""


@attrs.frozen
class Check:
    """A check of a page: its id and reason, whether it holds, and what its refusal reports."""

    id: str
    reason: Reason
    holds: bool
    supplied: Figure
    limit: Figure
    subject: str


@attrs.frozen
class Effects:
    """What an acceptance leaves: the rows that change, in full, and what is told of it.

    Every row and table not named is the very same object afterwards, and so is every part of an account that is the
    same object here as before. In an account a zero balance and an empty position stand for none.
    """

    accounts: Mapping[str, Account] = attrs.field(factory=dict)
    markets: Mapping[str, Market] = attrs.field(factory=dict)
    prices: Mapping[str, int] = attrs.field(factory=dict)
    providers: Mapping[str, Provider] = attrs.field(factory=dict)
    last_settle: int | None = None
    postings: tuple[Posting, ...] = ()
    events: tuple[Event, ...] = ()


@attrs.frozen
class Page:
    """The checks after that of time, in order; the effects; and the rows that a rule may read."""

    rule: str
    checks: Callable[[State, Any], Iterable[Check]]
    effects: Callable[[State, Any], Effects]
    reach: Callable[[State, Any], Reach]


def all_checks(page: Page, state: State, transaction: Transaction) -> Iterable[Check]:
    """Every check of the page, that of time first."""
    yield Check(
        f"{page.rule}-0",
        Reason.TIME_BACKWARDS,
        transaction.time >= state.time,
        transaction.time,
        state.time,
        "time",
    )
    yield from page.checks(state, transaction)


def follows_page(path: Path, apply: Apply, *, scene: Scene, page: Page, events: tuple[type[Event], ...] = ()) -> None:
    """The rule accepts exactly when every check holds, names the first that does not, with its figures, and else
    leaves exactly the effects; it reads no row out of reach. Each of the events, where it is told, is noted as
    reached."""
    state, transaction = scene(path)
    outcome = apply(watched(state, page.reach(state, transaction)), transaction)
    if isinstance(outcome, Rejected):
        path.reach("refused")
        is_the_first_to_fail(path, outcome, all_checks(page, state, transaction))
    else:
        path.reach(ACCEPTED)
        for event in outcome.events:
            if type(event) in events:
                path.reach(f"told of {type(event).__name__}")
        every = True
        for check in all_checks(page, state, transaction):
            every = every & check.holds
            if check.holds is False:
                break
        path.establish(every, "accepted only where every check holds")
        _has_the_effects(path, state, transaction, outcome, page.effects(state, transaction))


def is_the_first_to_fail(path: Path, outcome: Rejected, checks: Iterable[Check]) -> None:
    """A refusal names the first of the checks that does not hold, with its figures."""
    before = True
    for check in checks:
        if check.reason is outcome.reason and check.subject == outcome.subject and not check.holds:
            path.reach(f"refused by {check.id}")
            path.require(before, f"where {check.id} refuses, no check before it fails")
            path.require(_is_figure(outcome.supplied, check.supplied), f"{check.id} says what was supplied")
            path.require(_is_figure(outcome.limit, check.limit), f"{check.id} says what the limit was")
            return
        before = before & check.holds
        if check.holds is False:
            break
    path.require(False, f"refused for {outcome.reason.name}, which no check of the page gives here")


def _is_figure(reported: int | str, expected: Figure) -> bool:
    if not callable(expected):
        return equal(reported, expected)
    return False if isinstance(reported, str) else expected(reported)


def _has_the_effects(path: Path, state: State, transaction: Transaction, outcome: Applied, effects: Effects) -> None:
    after = outcome.state
    path.require(after.rulebook is state.rulebook, "the rulebook is the same")
    path.require(equal(after.time, transaction.time), "the state's time is the transaction's")
    path.require(equal(after.sequence, state.sequence + 1), "the sequence counts it")
    last_settle = state.last_settle if effects.last_settle is None else effects.last_settle
    path.require(equal(after.last_settle, last_settle), "the last settle is as specified")
    for name in ("accounts", "markets", "prices", "providers"):
        table_is(path, name, getattr(state, name), rows_of(getattr(after, name)), getattr(effects, name))
    path.require(equal(outcome.postings, effects.postings), "the postings are those specified, in order")
    path.require(equal(outcome.events, effects.events), "the events are those specified, in order")


def table_is(path: Path, name: str, before: Map[str, Any], after: Map[str, Any], changed: Mapping[str, Any]) -> None:
    """A table has the rows that change as specified, and every other as the very same object."""
    path.require({*after} == {*before, *changed}, f"the {name} are those before and those specified")
    for key in after:
        if key not in changed:
            path.require(after[key] is before[key], f"{key} of the {name} is the very same object")
        elif isinstance(changed[key], Account):
            as_specified = _is_account(before.get(key), after[key], changed[key])
            path.require(as_specified, f"{key} of the {name} is as specified")
        else:
            path.require(equal(after[key], changed[key]), f"{key} of the {name} is as specified")


def _is_account(before: Account | None, after: Account, expected: Account) -> bool:
    """The account as specified, nothing stored that is zero, and the very same parts where they do not change."""
    if before is not None:
        for name in ("cash", "positions", "liquidation"):
            if getattr(expected, name) is getattr(before, name) and getattr(after, name) is not getattr(before, name):
                return False
    settings = [equal(getattr(after, name), getattr(expected, name)) for name in SETTINGS]
    stored = [_is_stored(after.cash, expected.cash, 0), _is_stored(after.positions, expected.positions, EMPTY)]
    return all_of([*settings, *stored])


def _is_stored(after: Map[str, Any], expected: Map[str, Any], nothing: object) -> bool:
    """The rows expected and no others, those that are nothing left out."""
    if after is expected:
        return True
    parts = []
    for key in {**dict(after), **dict(expected)}:
        row, wanted = after.get(key), expected.get(key, nothing)
        if row is None:
            parts.append(equal(wanted, nothing))
        else:
            parts.append(equal(row, wanted) & negation(equal(row, nothing)))
    return all_of(parts)


def equal(left: Any, right: Any) -> bool:
    """Equality of values of the ledger, part by part, without deciding."""
    if left is right:
        return True
    if attrs.has(type(left)):
        if type(left) is not type(right):
            return False
        return all_of(
            equal(getattr(left, field.name), getattr(right, field.name)) for field in attrs.fields(type(left))
        )
    if isinstance(left, tuple):
        if not isinstance(right, tuple) or len(left) != len(right):
            return False
        return all_of(equal(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, Map):
        if not isinstance(right, Map) or {*left} != {*right}:
            return False
        return all_of(equal(left[key], right[key]) for key in left)
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return False
    return cast(bool, left == right)


def all_of(conditions: Iterable[bool]) -> bool:
    """Their conjunction, without deciding."""
    every: bool | Truth = True
    for condition in conditions:
        if condition is False:
            return False
        every = every & condition
    return cast(bool, every)


def claim_of_page(
    claim_id: str,
    page: Page,
    scene: Scene,
    *,
    transaction: str,
    laws: tuple[str, ...],
    world: tuple[str, ...],
    refusals: Iterable[int],
    bugs: tuple[PlantedBug, ...],
    removed: Iterable[int] | None = None,
    events: tuple[type[Event], ...] = (),
    quick: bool = True,
    budget: Budget | None = None,
    lemmas: tuple[Lemma, ...] = (),
) -> Claim:
    """The claim that a rule follows its page over a scene, in which these checks, by number, are seen to refuse, and
    these events are told.

    Each of these checks, or of those that are to be `removed`, is removed in turn, and the proof must fail.
    """
    seen = tuple(f"{page.rule}-{number}" for number in refusals)
    taken_out = seen if removed is None else tuple(f"{page.rule}-{number}" for number in removed)
    return Claim(
        claim_id,
        Kind.GUARD,
        (transaction,),
        laws,
        f"Over this world, {transaction} is accepted exactly when every check of its page holds; a refusal names the "
        "first that does not, with what was supplied and the limit; an acceptance changes every field as the page says "
        "and nothing else, with the page's postings and events; and no row of a table is read but those named.",
        world,
        APPLY,
        partial(follows_page, scene=scene, page=page, events=events),
        (*bugs, *map(Removal, taken_out)),
        reaches=(
            ACCEPTED,
            *(f"refused by {check}" for check in seen),
            *(f"told of {event.__name__}" for event in events),
        ),
        quick=quick,
        budget=budget,
        lemmas=lemmas,
    )
