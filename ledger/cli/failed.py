"""A failure of a replay: where, what, why, and the accounts involved before and after."""

from typing import Any

from ..laws import Scope
from ..laws.law import parties
from ..outcomes import Rejected
from ..replay import Failure
from ..transition import apply
from .comparing import before_and_after, document_of
from .figures import refusal_in_words
from .formatting import Format, counted
from .laws import sentence_of
from .layout import Styled, paragraph
from .options import place_of
from .words import transaction_in_words

HANG = 15
MOST_ACCOUNTS = 12
"""Accounts of a failure that are shown; the document has all of them."""


def accounts_involved(failure: Failure) -> tuple[str, ...]:
    """The accounts that the failure names, or those that its transaction names."""
    if failure.accounts or failure.entry is None:
        return failure.accounts
    return tuple(dict.fromkeys(parties(failure.entry.transaction)))


def failure_document(failure: Failure) -> dict[str, Any]:
    """The failure for machines."""
    form = Format(failure.before.rulebook, for_people=False)
    people = Format(failure.before.rulebook)
    entry, law = failure.entry, failure.law
    return {
        "kind": "expectation" if law is None else "law",
        "line": None if entry is None else entry.line,
        "transaction": None if entry is None else transaction_in_words(people, entry.transaction),
        "outcome": outcome_in_words(people, failure),
        "law": None if law is None else {"id": law.id, "scope": law.scope.value, "statement": law.statement},
        "detail": failure.detail,
        "accounts": {
            account_id: {
                "before": document_of(form, failure.before, account_id),
                "after": document_of(form, failure.after, account_id),
            }
            for account_id in accounts_involved(failure)
        },
    }


def failure_lines(failure: Failure, *, log: str, state_every: int, width: int) -> list[str]:
    """The failure for people."""
    form, entry, law = Format(failure.before.rulebook), failure.entry, failure.law
    place = f"{log}: before the first transaction" if entry is None else place_of(log, entry.line)
    what = "expectation not met" if law is None else f"law {law.id} ({law.scope.value}) is broken"
    lines = [str(Styled(f"{place}: {what}", colour="red", bold=True))]

    def say(label: str, text: str) -> None:
        lines.extend(paragraph(text, label=f"  {label}", hang=HANG, width=width))

    if law is not None:
        say("statement", law.statement)
        say("found", sentence_of(failure.detail))
    else:
        for difference in failure.detail.split("; "):
            say("expected", sentence_of(difference.removeprefix("expected ")))
    if entry is not None:
        say("transaction", sentence_of(transaction_in_words(form, entry.transaction)))
        say("outcome", sentence_of(outcome_in_words(form, failure) or ""))
        say("time", form.time(entry.transaction.time))
    if law is not None and law.scope is Scope.STATE and entry is not None:
        say("note", _where_a_state_law_looks(state_every))
    accounts = accounts_involved(failure)
    if accounts:
        shown = accounts[:MOST_ACCOUNTS]
        lines += ["", *before_and_after(form, failure.before, failure.after, shown, width=width)]
    if len(accounts) > MOST_ACCOUNTS:
        lines.append(f"... and {counted(len(accounts) - MOST_ACCOUNTS, 'account')} more; --json has all of them.")
    return lines


def outcome_in_words(form: Format, failure: Failure) -> str | None:
    """How the ledger answered the failing transaction."""
    if failure.entry is None:
        return None
    outcome = apply(failure.before, failure.entry.transaction)
    if isinstance(outcome, Rejected):
        return f"refused, {refusal_in_words(form, failure.before, failure.entry.transaction, outcome)}"
    return f"applied as sequence {failure.after.sequence}"


def _where_a_state_law_looks(state_every: int) -> str:
    if state_every == 1:
        return "This law looks at the whole state after every transaction."
    since = f"up to {counted(state_every, 'transaction')} earlier" if state_every else "at any transaction before"
    return (
        f"This law looks at the whole state now and then, so what broke it may have happened {since}; "
        "--state-laws-every 1 finds the transaction. Accounts are shown around the last one applied."
    )


def counterexample_lines(document: dict[str, Any], *, width: int) -> list[str]:
    """What was written, for people."""
    lines = [str(Styled("counterexample", bold=True))]

    def say(label: str, text: str) -> None:
        lines.extend(paragraph(text, label=f"  {label}", hang=HANG, width=width))

    original, length = document["original_length"], document["shrunk_length"]
    if length is None:
        say("not shrunk", f"its {original} transactions did not come to it again")
    else:
        early = ", which ended early" if document["shrinking_ended_early"] else ""
        say("shrunk", f"from {original} transactions to {length}{early}")
    if document["log"] is not None:
        say("log", document["log"])
    elif length is not None:
        say("log", "none: it needs a line that no log may hold")
    say("again", document["command"])
    if document["log"] is not None and not document["reproduced"]:
        say("note", "Replaying the log did not come to it again.")
    return lines
