"""One transaction explained: its checks, its postings and its events, for machines and for people."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import attrs

from ..checks import Check, Comparison, checks_for, compare
from ..log import Entry, encode_transaction
from ..outcomes import Applied, Event, Outcome
from ..postings import CashPosting, Posting, require_balanced
from .events import event_document
from .figures import figures_in_words, figures_of, market_after, refusal_in_words, subject_in_words
from .formatting import Format, counted
from .laws import sentence_of
from .layout import Column, Styled, paragraph, table, title
from .moments import Moment
from .options import place_of, shown_path
from .words import event_in_words, posting_in_words, transaction_in_words

PASSED, REFUSED, NOT_REACHED = "passed", "refused", "not reached"
HANG = 13
MOST_ROWS = 40
"""Postings, and events, that are printed for people; a funding or a settle of many accounts has more."""


@attrs.frozen
class Looked:
    """A check with its result; `comparison` and the `market` of its size where it was reached."""

    check: Check
    result: str
    comparison: Comparison | None
    market: str


def looked_at(moment: Moment) -> Iterator[Looked]:
    """Every check of the transaction, those that it came to in the order made, then those that it did not."""
    entry, _ = answered(moment)
    comparisons = compare(moment.before, entry.transaction)
    market = str(getattr(entry.transaction, "market", ""))
    for comparison in comparisons:
        market = market_after(market, comparison.figures)
        yield Looked(comparison.check, REFUSED if comparison.refused else PASSED, comparison, market)
    reached = {comparison.check.number for comparison in comparisons}
    for check in checks_for(entry.transaction):
        if check.number not in reached:
            yield Looked(check, NOT_REACHED, None, "")


def answered(moment: Moment) -> tuple[Entry, Outcome]:
    """The transaction of a moment that is not the genesis, and its outcome."""
    assert moment.entry is not None
    assert moment.outcome is not None
    return moment.entry, moment.outcome


def explained_document(moment: Moment, *, log: str) -> dict[str, Any]:
    """The explanation as one document."""
    entry, outcome = answered(moment)
    form, people = Format(moment.before.rulebook, for_people=False), Format(moment.before.rulebook)
    applied = isinstance(outcome, Applied)
    return {
        "log": shown_path(log),
        "line": entry.line,
        "sequence": moment.after.sequence if applied else None,
        "transaction": json.loads(encode_transaction(moment.before.rulebook, entry.transaction)),
        "words": transaction_in_words(people, entry.transaction),
        "applied": applied,
        "reason": None if isinstance(outcome, Applied) else outcome.reason.name,
        "checks": [_check_document(form, entry, looked) for looked in looked_at(moment)],
        "postings": [_posting_document(form, posting) for posting in _postings(outcome)],
        "events": [
            event_document(form, event) | {"words": event_in_words(people, event)} for event in _events(outcome)
        ],
    }


def _check_document(form: Format, entry: Entry, looked: Looked) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reason": looked.check.reason.name,
        "condition": looked.check.reason.condition,
        "result": looked.result,
        "subject": None,
        "unit": looked.check.reason.unit.value,
        "supplied": None,
        "limit": None,
    }
    if looked.comparison is not None:
        found = looked.comparison.figures
        figures = figures_of(form, entry.transaction, found, looked.market)
        told |= {"subject": found.subject, "supplied": figures.supplied, "limit": figures.limit}
    return told


def _posting_document(form: Format, posting: Posting) -> dict[str, str]:
    if isinstance(posting, CashPosting):
        amount = form.amount(posting.amount, posting.asset)
        return {"account": posting.account, "asset": posting.asset, "amount": amount}
    return {
        "account": posting.account,
        "market": posting.market,
        "size": form.size(posting.size, posting.market),
        "reference_cost": form.money(posting.reference_cost),
    }


def explained_lines(moment: Moment, *, log: str, width: int) -> list[str]:
    """The explanation for people."""
    entry, outcome = answered(moment)
    form = Format(moment.before.rulebook)
    if isinstance(outcome, Applied):
        answer = Styled(f"Applied as sequence {moment.after.sequence}.", bold=True)
        reason = ""
    else:
        answer = Styled("Refused, ", bold=True, colour="yellow")
        reason = sentence_of(refusal_in_words(form, moment.before, entry.transaction, outcome))
    lines = [f"{place_of(log, entry.line)}, {form.time(entry.transaction.time)}"]
    lines += paragraph(sentence_of(transaction_in_words(form, entry.transaction)), width=width)
    lines += paragraph(reason, label=answer, hang=len(answer.text), width=width)
    lines += ["", title("checks"), *_check_lines(form, moment, entry, width=width)]
    if isinstance(outcome, Applied):
        lines += ["", *_posting_lines(form, outcome, width=width)]
        lines += ["", *_event_lines(form, outcome, width=width)]
    return lines


def _check_lines(form: Format, moment: Moment, entry: Entry, *, width: int) -> list[str]:
    lines: list[str] = []
    told = [(looked.result, _check_in_words(form, moment, entry, looked)) for looked in looked_at(moment)]
    for (result, text), alike in groupby(told):
        times = len(list(alike))
        is_refused = result == REFUSED
        label = Styled(result, colour="yellow" if is_refused else None, bold=is_refused, dim=result == NOT_REACHED)
        lines += paragraph(f"{text}, {times} times" if times > 1 else text, label=label, hang=HANG, width=width)
    return lines


def _check_in_words(form: Format, moment: Moment, entry: Entry, looked: Looked) -> str:
    condition = looked.check.reason.condition
    if looked.comparison is None:
        return condition
    found, refused = looked.comparison.figures, looked.comparison.refused
    figures = figures_in_words(form, moment.before, entry.transaction, found, looked.market, refused=refused)
    about = (subject_in_words(found) + figures).removesuffix(": ")
    return f"{condition} ({about})" if about else condition


def _posting_lines(form: Format, outcome: Applied, *, width: int) -> list[str]:
    postings = outcome.postings
    if not postings:
        return [title("postings"), "None: no balance moved."]
    require_balanced(postings, form.asset)
    rows = [(posting.account, posting_in_words(form, posting)) for posting in postings[:MOST_ROWS]]
    lines = [title("postings"), *table((Column(""), Column("")), rows, width=width)]
    return [*lines, *_more(len(postings), "posting"), "They net to zero in each column."]


def _event_lines(form: Format, outcome: Applied, *, width: int) -> list[str]:
    events = outcome.events
    lines = [title("events")]
    for event in events[:MOST_ROWS]:
        lines += paragraph(event_in_words(form, event), label="-", hang=2, width=width)
    return [*lines, *_more(len(events), "event")] if events else [*lines, "None."]


def _more(number: int, noun: str) -> list[str]:
    left = number - MOST_ROWS
    return [f"... and {counted(left, noun)} more; --json prints all of them."] if left > 0 else []


def _postings(outcome: Outcome) -> Sequence[Posting]:
    return outcome.postings if isinstance(outcome, Applied) else ()


def _events(outcome: Outcome) -> Sequence[Event]:
    return outcome.events if isinstance(outcome, Applied) else ()
