"""Outcomes to documents: changes, postings, events and refusals."""

from collections.abc import Container, Sequence
from typing import Any

import attrs

from ..canonical import net_changes
from ..outcomes import Applied, Event, Figures, Outcome
from ..postings import CashPosting, Posting
from ..state import Limits
from .transactions import Document

JSON_INTEGERS = frozenset({"max_leverage", "instant", "obliged_until", "round", "fills", "stage", "returns"})
"""The fields of events that are times and counts, and so JSON integers; all other integers are strings."""


WHOLE = frozenset({"changes", "postings", "events"})
"""All the parts of what was applied."""


def outcome_document(
    outcome: Outcome, parts: Container[str] = ("changes", "events"), *, link: bytes | None = None
) -> Document:
    """An outcome as an object: of what was applied those of the `parts`, net changes, postings and events, that are
    asked for; of a refusal its reason, subject and two values; and its chain's link where that is given."""
    if isinstance(outcome, Applied):
        document: Document = {"applied": True}
        if "changes" in parts:
            document["changes"] = changes_document(outcome.postings)
        if "postings" in parts:
            document["postings"] = [posting_document(posting) for posting in outcome.postings]
        if "events" in parts:
            document["events"] = [event_document(event) for event in outcome.events]
    else:
        document = {
            "applied": False,
            "reason": outcome.reason.name,
            "subject": outcome.subject,
            "supplied": str(outcome.supplied),
            "limit": str(outcome.limit),
        }
    if link is not None:
        document["link"] = link.hex()
    return document


def changes_document(postings: Sequence[Posting]) -> list[Document]:
    """The net change of every balance, as the chain hashes it."""
    changes: list[Document] = []
    for change in net_changes(postings):
        if len(change) == 5:
            account, _, market, size, cost = change
            changes.append({"account": account, "market": market, "size": str(size), "reference_cost": str(cost)})
        else:
            account, _, asset, amount = change
            changes.append({"account": account, "asset": asset, "amount": str(amount)})
    return changes


def posting_document(posting: Posting) -> Document:
    """One posting."""
    if isinstance(posting, CashPosting):
        return {"account": posting.account, "asset": posting.asset, "amount": str(posting.amount)}
    return {
        "account": posting.account,
        "market": posting.market,
        "size": str(posting.size),
        "reference_cost": str(posting.reference_cost),
    }


def event_document(event: Event) -> Document:
    """An event: its name as `event`, and its fields."""
    return {"event": type(event).__name__, **_fields(event)}


def _fields(value: Any) -> Document:
    return {name: _plain(name, getattr(value, name)) for name in attrs.fields_dict(type(value))}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Figures | Limits):
        return _fields(value)
    if isinstance(value, int) and name not in JSON_INTEGERS:
        return str(value)
    return value
