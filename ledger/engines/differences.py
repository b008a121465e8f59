"""What differs between the ledger's answers and an engine's, as far as the engine gives them.

Documents of the interchange are compared as they are written. A `Difference` says of which aspect it is, where, and
what both have there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import msgspec
from msgspec import UNSET

from ..canonical import chain, state_digest
from ..interchange import account_document, event_document, state_document
from ..interchange.outcomes import changes_document
from ..outcomes import Applied, Outcome
from ..state import State
from ..transactions import Transaction
from .client import Abilities, Engine, GivenAccount, GivenOutcome

APPLIED = "applied"
FIGURES = ("subject", "supplied", "limit")
OF_ACCOUNTS = (("balances", "cash"), ("positions", "positions"))
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
MOST = 100
"""Differences of one aspect that are told; a state that is another altogether has as many as accounts."""


@attrs.frozen
class Difference:
    """One thing that differs. `aspect`: `applied`, or the word of what an engine gives. `where`: account, asset or
    market, and field, as far as there are such, or a path within the state. `ours` and `theirs`: what the ledger and
    the engine have there, as plain values of JSON; None where one has nothing."""

    aspect: str
    where: tuple[str, ...]
    ours: Any
    theirs: Any

    @property
    def place(self) -> str:
        """Where it is, as a path; the aspect alone where it has no parts."""
        return ".".join((self.aspect, *self.where))


@attrs.frozen
class Answer:
    """The ledger's answer to a transaction: the states around it, the outcome, and the chain's link (32 bytes) after
    it, None where nobody asks for links."""

    transaction: Transaction
    before: State
    outcome: Outcome
    after: State
    link: bytes | None = None


def linked(previous: bytes | None, transaction: Transaction, outcome: Outcome) -> bytes | None:
    """The next link, where links are asked for."""
    return None if previous is None else chain(previous, transaction, outcome)


# Outcomes.


def outcome_differences(answer: Answer, given: GivenOutcome, gives: frozenset[str]) -> list[Difference]:
    """What differs in one outcome, most telling first: where one is applied and the other is not, that alone."""
    outcome = answer.outcome
    applied = isinstance(outcome, Applied)
    if applied is not given.applied:
        return [Difference(APPLIED, (), applied, given.applied)]
    found: list[Difference] = []
    if isinstance(outcome, Applied):
        if "changes" in gives:
            found += _change_differences(changes_document(outcome.postings), given.changes or [])
        if "events" in gives:
            ours = [event_document(event) for event in outcome.events]
            found += list(_value_differences("events", (), ours, given.events))
    else:
        if "reason" in gives and given.reason != outcome.reason.name:
            found.append(Difference("reason", (), outcome.reason.name, given.reason))
        if "figures" in gives:
            for name in FIGURES:
                ours_text, theirs = str(getattr(outcome, name)), getattr(given, name)
                if ours_text != theirs:
                    found.append(Difference("figures", (name,), ours_text, theirs))
    if "link" in gives and answer.link is not None and given.link != answer.link.hex():
        found.append(Difference("link", (), answer.link.hex(), given.link))
    return found


def first_outcome_difference(
    answers: Sequence[Answer], given: Sequence[GivenOutcome], gives: frozenset[str]
) -> tuple[int, list[Difference]] | None:
    """The first of the answers whose outcome differs, with what differs; None where none does."""
    told = bool(gives & {"reason", "figures", "changes", "events", "link"})
    for number, (answer, outcome) in enumerate(zip(answers, given, strict=True)):
        if told or (type(answer.outcome) is Applied) is not outcome.applied:
            found = outcome_differences(answer, outcome, gives)
            if found:
                return number, found
    return None


def _change_differences(ours: list[dict[str, Any]], theirs: list[dict[str, str]]) -> list[Difference]:
    """Of net changes: balance by balance, or, where every balance is the same, in how they are listed."""
    if _same(ours, theirs):
        return []
    mine, other = _by_balance(ours), _by_balance(theirs)
    found = [
        Difference("changes", balance, mine.get(balance), other.get(balance))
        for balance in sorted({*mine, *other})
        if mine.get(balance) != other.get(balance)
    ]
    return found or [Difference("changes", ("order",), ours, theirs)]


def _by_balance(changes: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {
        (str(each.get("account", "")), str(each.get("asset", each.get("market", "")))): {
            name: value for name, value in each.items() if name not in ("account", "asset", "market")
        }
        for each in changes
    }


# States.


def account_differences(
    state: State, ids: Iterable[str], given: Mapping[str, GivenAccount], gives: frozenset[str]
) -> list[Difference]:
    """What differs in the balances and positions of these accounts, in their order."""
    return list(_limited(_account_differences(state, ids, given, gives)))


def _account_differences(
    state: State, ids: Iterable[str], given: Mapping[str, GivenAccount], gives: frozenset[str]
) -> Iterator[Difference]:
    words = [(aspect, field) for aspect, field in OF_ACCOUNTS if aspect in gives]
    for account_id in ids:
        account, theirs = state.accounts.get(account_id), given.get(account_id)
        ours = None if account is None else account_document(account)
        for aspect, field in words:
            mine = None if ours is None else ours[field]
            other = None if theirs is None else getattr(theirs, field)
            if mine is None or other is None:
                if mine is not other:
                    yield Difference(aspect, (account_id,), mine, other)
                    break
            elif not _same(mine, other):
                yield from _value_differences(aspect, (account_id,), mine, other)


def whole_differences(
    state: State, theirs: Mapping[str, Any] | None, digest: str | None, gives: frozenset[str]
) -> list[Difference]:
    """What differs in the whole state and its digest, as far as they were given."""
    found: list[Difference] = []
    if "state" in gives and theirs is not None:
        ours = state_document(state)
        if not _same(ours, theirs):
            found += _limited(_value_differences("state", (), ours, theirs))
    if "state_digest" in gives and digest is not None and (mine := state_digest(state)) != digest:
        found.append(Difference("state_digest", (), mine, digest))
    return found


def state_differences(engine: Engine, state: State, ids: Iterable[str], *, whole: bool) -> list[Difference]:
    """What differs in the engine's state, which is asked for: balances and positions of these accounts, and, where
    `whole` is asked, everything that it gives. EngineError where it does not answer."""
    found: list[Difference] = []
    gives = engine.abilities.gives
    if engine.abilities.gives_accounts:
        asked = sorted(ids)
        if asked:
            found += account_differences(state, asked, engine.accounts(asked), gives)
    if whole and engine.abilities.gives_whole:
        found += whole_differences(state, *engine.whole(), gives)
    return found


def changed_accounts(before: State, after: State) -> set[str]:
    """The accounts that are not the same objects in two states of one ledger, which share what did not change."""
    if before.accounts is after.accounts:
        return set()
    old = before.accounts
    return {account_id for account_id, account in after.accounts.items() if old.get(account_id) is not account}


# Plain values.


def _limited(found: Iterator[Difference]) -> Iterator[Difference]:
    for number, difference in enumerate(found):
        if number == MOST:
            return
        yield difference


def _value_differences(aspect: str, where: tuple[str, ...], ours: Any, theirs: Any) -> Iterator[Difference]:
    """The innermost parts that differ of two values of JSON."""
    if theirs is UNSET:
        theirs = None
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            mine, other = ours.get(name), theirs.get(name)
            if not _same(mine, other):
                yield from _value_differences(aspect, (*where, name), mine, other)
    elif isinstance(ours, list) and isinstance(theirs, list):
        for number in range(max(len(ours), len(theirs))):
            mine = ours[number] if number < len(ours) else None
            other = theirs[number] if number < len(theirs) else None
            if not _same(mine, other):
                yield from _value_differences(aspect, (*where, f"[{number}]"), mine, other)
    elif not _same(ours, theirs):
        yield Difference(aspect, where, ours, theirs)


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two values are written alike: to Python 1, 1.0 and True are equal, in JSON they are not."""
    return bool(ours == theirs) and _encode_sorted(ours) == _encode_sorted(theirs)


def ids_of(abilities: Abilities, state: State) -> Iterable[str]:
    """Every account of a state, where the engine tells of accounts."""
    return list(state.accounts) if abilities.gives_accounts else ()
