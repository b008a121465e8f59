"""Where two ledgers part, for machines and for people."""

from typing import Any

from ..differing import Answer, Parted, Parting, Side
from ..digests import Record
from ..outcomes import Rejected
from ..state import State
from .comparing import before_and_after, document_of
from .figures import refusal_in_words
from .formatting import Format, counted
from .laws import sentence_of
from .layout import Styled, page_width, paragraph
from .options import place_of, shown_path
from .words import transaction_in_words

Document = dict[str, Any]
HANG = 15
MOST_ACCOUNTS = 12
"""Accounts that are shown; the document has all of them."""

TABLES = ("markets", "prices", "providers")
SINGLE = ("time", "last_settle", "sequence")


def differed_document(parted: Parted, a: str, b: str) -> Document:
    """Where they part, as one document; its keys do not depend on what was found."""
    return {
        "a": shown_path(a),
        "b": shown_path(b),
        "result": "same" if parted.parting is Parting.NOWHERE else "different",
        "parting": parted.parting.value,
        "sentence": sentence(parted, a, b),
        "agreed": record_document(parted.agreed),
        "at_a": side_document(parted.a),
        "at_b": side_document(parted.b),
        "accounts": account_documents(parted),
        "differs_besides": differing_parts(parted),
        "lines_written_otherwise": parted.rewritten,
        "first_line_written_otherwise": parted.first_rewritten,
    }


def record_document(record: Record | None) -> Document | None:
    """The digests at a line."""
    if record is None:
        return None
    return {
        "line": record.line,
        "sequence": record.sequence,
        "chain_digest": record.chain.hex(),
        "state_digest": record.state_digest,
    }


def side_document(side: Side) -> Document | None:
    """What one of them has where they part; None where it ends before."""
    if side == Side():
        return None
    answer = side.answer
    form = None if answer is None else Format(answer.before.rulebook)
    return {
        "digests": record_document(side.record),
        "text": None if answer is None else text_of(answer),
        "transaction": None if answer is None or form is None else transaction_in_words(form, answer.entry.transaction),
        "outcome": None if answer is None or form is None else outcome_in_words(form, answer),
    }


def text_of(answer: Answer) -> str:
    """The line as it is written."""
    return answer.text.rstrip(b"\n").decode("utf-8")


def outcome_in_words(form: Format, answer: Answer) -> str:
    """How the ledger answered a line."""
    outcome = answer.outcome
    if isinstance(outcome, Rejected):
        return f"refused, {refusal_in_words(form, answer.before, answer.entry.transaction, outcome)}"
    return f"applied as sequence {answer.after.sequence}"


def states_of(parted: Parted) -> tuple[State, State] | None:
    """What the two left of the state, where both are known."""
    one, other = parted.a.answer, parted.b.answer
    return None if one is None or other is None else (one.after, other.after)


def differing_accounts(parted: Parted) -> list[str]:
    """The accounts that differ after the lines at which they part."""
    states = states_of(parted)
    if states is None:
        return []
    one, other = (state.accounts for state in states)
    return sorted(account_id for account_id in {*one, *other} if one.get(account_id) != other.get(account_id))


def differing_parts(parted: Parted) -> list[str]:
    """What else of the state differs, by its name in the state."""
    states = states_of(parted)
    if states is None:
        return []
    one, other = states
    found = [name for name in SINGLE if getattr(one, name) != getattr(other, name)]
    for name in TABLES:
        mine, theirs = getattr(one, name), getattr(other, name)
        found += [f"{name}.{key}" for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)]
    return found


def account_documents(parted: Parted) -> Document:
    """The accounts that differ, as both have them."""
    states = states_of(parted)
    if states is None:
        return {}
    one, other = states
    form = Format(one.rulebook, for_people=False)
    return {
        account_id: {"a": document_of(form, one, account_id), "b": document_of(form, other, account_id)}
        for account_id in differing_accounts(parted)
    }


def differed_lines(parted: Parted, a: str, b: str) -> list[str]:
    """Where they part, as text."""
    width = page_width()
    lines: list[str] = []
    for name, path, side in (("a", a, parted.a), ("b", b, parted.b)):
        if parted.parting is not Parting.NOWHERE:
            lines += [*side_lines(name, path, side, parted, width=width), ""]
    states, accounts = states_of(parted), differing_accounts(parted)
    if states is not None and accounts:
        form, shown = Format(states[0].rulebook), accounts[:MOST_ACCOUNTS]
        lines += before_and_after(form, *states, shown, names=("in a", "in b"), width=width)
        if len(accounts) > MOST_ACCOUNTS:
            lines.append(f"... and {counted(len(accounts) - MOST_ACCOUNTS, 'account')} more; --json has all of them.")
        lines.append("")
    besides = differing_parts(parted)
    if besides:
        lines += [*paragraph(f"Besides: {', '.join(besides)}.", width=width), ""]
    return lines + paragraph(sentence(parted, a, b), width=width)


def side_lines(name: str, path: str, side: Side, parted: Parted, *, width: int) -> list[str]:
    """What one of them has where they part."""
    record, answer = side.record, side.answer
    if record is None:
        assert parted.agreed is not None
        return [str(Styled(f"{name}: {shown_path(path)} ends with line {parted.agreed.line}", bold=True))]
    lines = [str(Styled(f"{name}: {place_of(path, record.line)}", bold=True))]

    def say(label: str, text: str) -> None:
        lines.extend(paragraph(text, label=f"  {label}", hang=HANG, width=width))

    if answer is not None:
        form = Format(answer.before.rulebook)
        lines += written(text_of(answer), width=width)
        say("transaction", sentence_of(transaction_in_words(form, answer.entry.transaction)))
        say("outcome", sentence_of(outcome_in_words(form, answer)))
    say("sequence", str(record.sequence))
    say("chain digest", record.chain.hex())
    if record.state_digest is not None:
        say("state digest", record.state_digest)
    return lines


def written(text: str, *, width: int) -> list[str]:
    """A line as it is written, broken wherever the page ends."""
    room = max(width - HANG, 1)
    parts = [text[begin : begin + room] for begin in range(0, len(text), room)]
    return [f"{'  line' if number == 0 else '':{HANG}}{part}".rstrip() for number, part in enumerate(parts)]


def sentence(parted: Parted, a: str, b: str) -> str:
    """Where they part, in one sentence or two."""
    one, other = shown_path(a), shown_path(b)
    agreed = parted.agreed
    if agreed is None:
        return f"{one} and {other} begin differently: with another rulebook, other terms, or at another time."
    alike = f"they agree up to line {agreed.line}, sequence {agreed.sequence}"
    if parted.parting is Parting.NOWHERE:
        text = f"{one} and {other} are the same: {alike}, where both end."
    elif parted.parting is Parting.END:
        longer, shorter = (one, other) if parted.b == Side() else (other, one)
        text = f"{longer} goes on where {shorter} ends; {alike}."
    elif parted.parting is Parting.STATE:
        text = f"{one} and {other} have the same answers but other states {_where(parted)}; {alike}."
    else:
        text = f"{one} and {other} differ {_where(parted)}; {alike}."
    if parted.rewritten:
        are = "line of these is" if parted.rewritten == 1 else "lines of these are"
        text += (
            f" {parted.rewritten} {are} written otherwise, in white space, order, numbers or what is expected, but "
            f"answered alike; the first is line {parted.first_rewritten}."
        )
    return text


def _where(parted: Parted) -> str:
    """The line at which they part, or between which lines."""
    agreed = parted.agreed
    record = parted.a.record or parted.b.record
    assert agreed is not None
    assert record is not None
    if record.line == agreed.line + 1:
        return f"at line {record.line}"
    return f"between lines {agreed.line + 1} and {record.line}"
