"""What differs between the ledger's answers and an engine's, as far as the engine gives them.

Documents of the interchange are compared as they are written. A `Difference` says of which aspect it is, where, and
what both have there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import attrs
import msgspec
from msgspec import UNSET

from ..canonical import state_digest
from ..interchange import account_document, outcome_document, state_document
from ..outcomes import Applied, Outcome
from ..state import State
from ..strict_json import one_line
from .client import FIGURES, OF_ACCOUNTS, Engine, GivenAccount, GivenOutcome

Document = dict[str, Any]
APPLIED = "applied"
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
        """Where it is, as a path in one line; the aspect alone where it has no parts."""
        return one_line(".".join((self.aspect, *self.where)))


# Outcomes.


def outcome_differences(ours: Document, given: GivenOutcome, gives: frozenset[str]) -> list[Difference]:
    """What differs in one outcome, most telling first: where one is applied and the other is not, that alone.

    `ours`: the ledger's as a document of the interchange, which has at least what the engine gives.
    """
    if ours["applied"] is not given.applied:
        return [Difference(APPLIED, (), ours["applied"], given.applied)]
    found: list[Difference] = []
    if given.applied:
        if "changes" in gives:
            found += _change_differences(ours["changes"], given.changes or [])
        if "events" in gives:
            found += _value_differences("events", (), ours["events"], given.events)
    else:
        if "reason" in gives:
            found += _value_differences("reason", (), ours["reason"], given.reason)
        if "figures" in gives:
            for name in FIGURES:
                found += _value_differences("figures", (name,), ours[name], getattr(given, name))
    if "link" in gives and "link" in ours:
        found += _value_differences("link", (), ours["link"], given.link)
    return found


def first_difference(
    outcomes: Sequence[Outcome],
    given: Sequence[GivenOutcome],
    gives: frozenset[str],
    links: Sequence[bytes] = (),
) -> tuple[int, list[Difference]] | None:
    """The number of the first outcome that differs, with what differs; None where none does.

    `links`: the chain's link after each, where the engine gives links.
    """
    told = bool(gives & {"reason", "figures", "changes", "events", "link"})
    for number, (outcome, other) in enumerate(zip(outcomes, given, strict=True)):
        if told or (type(outcome) is Applied) is not other.applied:
            ours = outcome_document(outcome, gives, link=links[number] if links else None)
            found = outcome_differences(ours, other, gives)
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


@attrs.frozen
class Look:
    """What an engine told of its state: the `differences` from the ledger's, and the `accounts` as it has them, by id,
    each with `cash` and `positions` as far as it gives them."""

    differences: tuple[Difference, ...]
    accounts: Mapping[str, Document]


def account_differences(
    ours: Mapping[str, Document], given: Mapping[str, Document], gives: frozenset[str]
) -> list[Difference]:
    """What differs in the balances and positions of accounts that were asked for: those that are open, by id, each with
    `cash` and `positions`, in the ledger and in the engine."""
    return list(_limited(_account_differences(ours, given, gives)))


def _account_differences(
    ours: Mapping[str, Document], given: Mapping[str, Document], gives: frozenset[str]
) -> Iterator[Difference]:
    for account_id in sorted({*ours, *given}):
        for aspect, field in OF_ACCOUNTS:
            if aspect not in gives:
                continue
            mine, theirs = ours.get(account_id), given.get(account_id)
            if mine is None or theirs is None:
                told = mine or theirs
                assert told is not None
                yield Difference(aspect, (account_id,), mine and mine[field], theirs and theirs[field])
                break
            yield from _value_differences(aspect, (account_id,), mine[field], theirs[field])


def whole_differences(
    ours: Document | None,
    digest: str | None,
    given: Document | None,
    given_digest: str | None,
) -> list[Difference]:
    """What differs in whole states, without their rulebooks, and in their digests; each None where it is not given."""
    found: list[Difference] = []
    if given is not None and not _same(ours, given):
        found += _limited(_value_differences("state", (), ours, given))
    if given_digest is not None and digest != given_digest:
        found.append(Difference("state_digest", (), digest, given_digest))
    return found


def look_at(engine: Engine, state: State, ids: Iterable[str], *, whole: bool) -> Look:
    """Hold the engine's state, which is asked for, against the ledger's: balances and positions of these accounts, and,
    where `whole` is asked, its whole state and digest; each as far as it gives them. EngineError where it does not
    answer."""
    found: list[Difference] = []
    accounts: dict[str, Document] = {}
    abilities = engine.abilities
    asked = sorted(set(ids)) if abilities.gives_accounts else []
    if asked:
        told = engine.accounts(asked)
        accounts = {account_id: _account_as_given(account) for account_id, account in told.items()}
        ours = {name: account_document(state.accounts[name]) for name in asked if name in state.accounts}
        found += account_differences(ours, accounts, abilities.gives)
    if whole and abilities.gives_whole:
        given, digest = engine.whole()
        mine = state_document(state) if given is not None else None
        found += whole_differences(mine, None if digest is None else state_digest(state), given, digest)
        if given is not None and not accounts:
            accounts = _accounts_in(given)
    return Look(tuple(found), accounts)


def _accounts_in(state: Document) -> dict[str, Document]:
    """The accounts of a state as an engine gives it, where they have the form of such."""
    table = state.get("accounts")
    pairs = table.items() if isinstance(table, dict) else ()
    return {name: account for name, account in pairs if isinstance(account, dict)}


def _account_as_given(account: GivenAccount) -> Document:
    given = {"cash": account.cash, "positions": account.positions}
    return {name: value for name, value in given.items() if value is not UNSET}


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
        if any({**ours, **theirs}[name] is None for name in ours.keys() ^ theirs.keys()):
            yield Difference(aspect, (*where, "keys"), sorted(ours), sorted(theirs))  # null is not the same as nothing
    elif isinstance(ours, list) and isinstance(theirs, list):
        for number, (mine, other) in enumerate(zip_longest(ours, theirs)):
            if not _same(mine, other):
                yield from _value_differences(aspect, (*where, f"[{number}]"), mine, other)
        longer = ours if len(ours) > len(theirs) else theirs
        if None in longer[min(len(ours), len(theirs)) :]:
            yield Difference(aspect, (*where, "length"), len(ours), len(theirs))
    elif not _same(ours, theirs):
        yield Difference(aspect, where, ours, theirs)


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two values are written alike: to Python 1, 1.0 and True are equal, in JSON they are not."""
    return bool(ours == theirs) and _encode_sorted(ours) == _encode_sorted(theirs)
