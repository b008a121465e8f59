"""A mismatch: the first transaction after which an engine and the ledger do not say the same."""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec
from msgspec import UNSET

from ..engines import EngineError, GivenOutcome
from ..engines.differences import Difference
from ..laws.law import parties
from ..outcomes import Outcome, Rejected
from ..state import State
from ..strict_json import excerpt, one_line
from ..transactions import TYPE_NAMES, Transaction

Document = dict[str, Any]
OF_STATES = frozenset({"balances", "positions", "state", "state_digest"})
"""The aspects that are seen in states, and not in outcomes."""


@attrs.frozen
class Mismatch:
    """What is wrong first, and after which transaction: its `position` counts from 0, and is -1 where the engine is not
    in the state that it was given to begin with.

    `aspect`: that of the first of the `differences`, or how the engine failed (`crash`, `hang`, `garbage`, `error
    reply`), and then `error` says it in a line. `before`, `outcome` and `after` are the ledger's around the
    transaction, None where there is no transaction; `given` is the engine's outcome as it gave it, None where it gave
    none. `accounts`: those of the engine's that were looked at, by id. `is_first`: whether it is certain that nothing
    differs before.
    """

    aspect: str
    position: int
    transaction: Transaction | None
    before: State
    outcome: Outcome | None
    after: State
    differences: tuple[Difference, ...] = ()
    error: str | None = None
    given: Document | None = None
    accounts: Mapping[str, Document] = attrs.Factory(dict)
    is_first: bool = True

    @property
    def rule(self) -> str | None:
        """The type of the transaction, which is the name of its rule; None before the first."""
        return None if self.transaction is None else TYPE_NAMES[type(self.transaction)]

    @property
    def reason(self) -> str | None:
        """The check on which they do not agree, by its reason: that by which the ledger refuses, or else the engine."""
        if isinstance(self.outcome, Rejected):
            return self.outcome.reason.name
        if self.given is None or self.given.get("applied"):
            return None
        return self.given.get("reason")

    @property
    def name(self) -> str:
        """What two mismatches have in common that are the same: "applied trade FREE_COLLATERAL_NEGATIVE". Of a reason
        that an engine made up, the beginning in one line."""
        reason = None if self.reason is None else one_line(excerpt(self.reason))
        return " ".join(part for part in (self.aspect, self.rule, reason) if part is not None)

    @property
    def named_accounts(self) -> tuple[str, ...]:
        """The accounts that differ, or those that the transaction names."""
        found = []
        for difference in self.differences:
            where = difference.where
            if difference.aspect in ("balances", "positions", "changes") and where:
                found.append(where[0])
            elif difference.aspect == "state" and where[:1] == ("accounts",) and len(where) > 1:
                found.append(where[1])
        if not found and self.transaction is not None:
            found += parties(self.transaction)
        return tuple(dict.fromkeys(name for name in found if name))

    def __str__(self) -> str:
        """In one line: where, and what differs first."""
        where = (
            "before the first transaction" if self.rule is None else f"at transaction {self.position + 1}, {self.rule}"
        )
        return f"{where}: {self.detail}"

    @property
    def detail(self) -> str:
        """The same without where: how the engine failed, or what differs first."""
        if self.error is not None:
            return self.error
        first = self.differences[0]
        more = f", and {len(self.differences) - 1} more" if len(self.differences) > 1 else ""
        return f"{first.place}: expected {shown(first.ours)}, found {shown(first.theirs)}{more}"


def shown(value: Any) -> str:
    """A plain value as JSON, in one line; nothing as such."""
    return "nothing" if value is None else one_line(msgspec.json.encode(value).decode("utf-8"))


def plain(given: GivenOutcome) -> Document:
    """An engine's outcome as an object, without what it does not say."""
    pairs = ((name, getattr(given, name)) for name in given.__struct_fields__)
    return {name: value for name, value in pairs if value is not UNSET}


def aspect_of(error: EngineError) -> str:
    """How an engine failed, as an aspect."""
    return error.trouble.value
