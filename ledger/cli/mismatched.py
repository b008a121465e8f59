"""A mismatch of an engine and the ledger, for people: both answers and the accounts side by side, and the short log."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import click

from ..comparing import Comparison, Mismatch
from ..comparing.counterexamples import account_documents, counterexample_log
from ..comparing.mismatches import shown
from ..engines.differences import Difference
from ..outcomes import Rejected
from ..strict_json import excerpt, one_line
from .figures import refusal_in_words
from .formatting import Format, counted
from .laws import sentence_of
from .layout import Cell, Column, Styled, paragraph, table
from .options import place_of
from .words import transaction_in_words

Document = dict[str, Any]
HANG = 15
MOST_DIFFERENCES, MOST_ACCOUNTS, MOST_LINES, LONGEST_VALUE = 12, 12, 40, 64
"""Of a mismatch so many differences, accounts and lines of its log are shown, and so much of a long value; the document
and the files have all of them."""

NOTHING = "-"
DIGITS = re.compile("-?[0-9]{1,1000}")
EXPECTED, FOUND = "ledger", "engine"


def mismatch_parts(comparison: Comparison, counterexample: Document, place: str, *, width: int) -> Iterator[list[str]]:
    """What differs, in the short log where there is one; the accounts side by side; the log; and how it came about."""
    found = comparison.found
    assert found is not None
    short = found.short_mismatch
    title = f"{where_of(comparison, place)}: {found.mismatch.name}"
    yield [str(Styled(title, colour="red", bold=True)), *answer_lines(short, width=width)]
    yield difference_table(short, width=width)
    yield account_table(short, width=width)
    yield log_lines(comparison, width=width)
    yield counterexample_lines(comparison, counterexample, width=width)


def answer_lines(mismatch: Mismatch, *, width: int) -> list[str]:
    """The transaction, and what each of the two makes of it."""
    lines: list[str] = []

    def say(label: str, text: str) -> None:
        lines.extend(paragraph(text, label=f"  {label}", hang=HANG, width=width))

    if mismatch.transaction is not None:
        form = Format(mismatch.before.rulebook)
        say("transaction", sentence_of(transaction_in_words(form, mismatch.transaction)))
        say("time", form.time(mismatch.transaction.time))
        say(EXPECTED, expected_in_words(mismatch, form))
    say(FOUND, found_in_words(mismatch))
    return lines


def expected_in_words(mismatch: Mismatch, form: Format) -> str:
    """The ledger's answer."""
    outcome, transaction = mismatch.outcome, mismatch.transaction
    if isinstance(outcome, Rejected) and transaction is not None:
        return sentence_of(f"refused, {refusal_in_words(form, mismatch.before, transaction, outcome)}")
    return f"applied as sequence {mismatch.after.sequence}."


def found_in_words(mismatch: Mismatch) -> str:
    """The engine's."""
    if mismatch.error is not None:
        return sentence_of(mismatch.error)
    if mismatch.given is None:
        return "the same outcome, but another state." if mismatch.transaction is not None else "another state."
    if mismatch.given["applied"]:
        return "applied."
    reason = mismatch.given.get("reason")
    return "refused." if reason is None else f"refused, {one_line(excerpt(reason))}."


def difference_table(mismatch: Mismatch, *, width: int) -> list[str]:
    """What differs, the ledger's beside the engine's."""
    if not mismatch.differences:
        return []
    rows: list[Sequence[Cell]] = [
        (each.place, cut(shown(each.ours)), Styled(cut(shown(each.theirs)), colour="yellow"))
        for each in mismatch.differences[:MOST_DIFFERENCES]
    ]
    columns = (Column("differs"), Column(EXPECTED), Column(FOUND))
    lines = table(columns, rows, width=width)
    if max(len(click.unstyle(line)) for line in lines) > width:
        lines = [line for each in mismatch.differences[:MOST_DIFFERENCES] for line in stacked(each, width)]
    more = len(mismatch.differences) - MOST_DIFFERENCES
    return [*lines, f"... and {counted(more, 'more difference')}; --json has all of them."] if more > 0 else lines


def stacked(difference: Difference, width: int) -> list[str]:
    """One difference below the other, where they are too long to stand side by side."""
    lines = [str(Styled(difference.place, bold=True))]
    for label, value in ((EXPECTED, difference.ours), (FOUND, difference.theirs)):
        text = shown(value)
        room = max(width - HANG, 20)
        parts = [text[begin : begin + room] for begin in range(0, len(text), room)]
        lines += [f"{f'  {label}' if number == 0 else '':{HANG}}{part}" for number, part in enumerate(parts)]
    return lines


def cut(text: str) -> str:
    """A long value with its beginning alone."""
    return excerpt(text, LONGEST_VALUE)


def account_table(mismatch: Mismatch, *, width: int) -> list[str]:
    """The accounts that differ, or that the transaction names, side by side; `*` marks what differs. Nothing where the
    engine tells nothing of accounts."""
    if not mismatch.accounts:
        return []
    form, documents = Format(mismatch.after.rulebook), account_documents(mismatch)
    rows: list[Sequence[Cell]] = []
    for name, both in list(documents.items())[:MOST_ACCOUNTS]:
        expected, found = both["expected"], both["found"]
        rows.append(
            (
                "",
                Styled(one_line(name), bold=True),
                *("" if each is not None else "not open" for each in (expected, found)),
            )
        )
        # Of what an engine does not give, nothing is said.
        told = {part: (expected or {}).get(part) for part in (found or expected or {})}
        ours, theirs = named_balances(form, told), named_balances(form, found)
        for field in dict.fromkeys((*ours, *theirs)):
            mine, other = ours.get(field, NOTHING), theirs.get(field, NOTHING)
            marked: Cell = Styled(other, colour="yellow") if mine != other else other
            rows.append(("*" if mine != other else "", f"  {field}", mine, marked))
    columns = (Column(""), Column("account"), Column(EXPECTED, "point"), Column(FOUND, "point"))
    lines = table(columns, rows, width=width)
    more = len(documents) - MOST_ACCOUNTS
    return [*lines, f"... and {counted(more, 'account')} more; --json has all of them."] if more > 0 else lines


def named_balances(form: Format, account: Document | None) -> dict[str, str]:
    """What an account holds by its name for people, in decimals; as it was given where it is no integer."""
    named: dict[str, str] = {}
    for asset, amount in parts_of(account, "cash"):
        named[one_line(asset)] = in_decimals(partial(form.amount, asset=asset), amount)
    for market, position in parts_of(account, "positions"):
        held = position if isinstance(position, dict) else {}
        named[one_line(f"{market} size")] = in_decimals(partial(form.size, market=market), held.get("size"))
        named[one_line(f"{market} reference cost")] = in_decimals(form.money, held.get("reference_cost"))
    return named


def parts_of(account: Document | None, part: str) -> list[tuple[str, Any]]:
    """The members of a part of an account, none where it has not that part."""
    table_of = (account or {}).get(part)
    return sorted(table_of.items()) if isinstance(table_of, dict) else []


def in_decimals(form: Callable[[int], str], value: Any) -> str:
    """A quantity as the interchange has it, in decimals."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return form(int(value))
    return cut(shown(value))


def log_lines(comparison: Comparison, *, width: int) -> list[str]:
    """The short log as it was written."""
    assert comparison.found is not None
    log = counterexample_log(comparison.found)
    lines = [] if log is None else log.decode("utf-8").splitlines()
    room = max(width - 2, 1)
    shown_lines = [
        f"  {line[begin : begin + room]}" for line in lines[:MOST_LINES] for begin in range(0, len(line), room)
    ]
    if len(lines) > MOST_LINES:
        shown_lines.append(f"  ... and {counted(len(lines) - MOST_LINES, 'line')} more")
    return [str(Styled("log", bold=True)), *shown_lines] if lines else []


def counterexample_lines(comparison: Comparison, document: Document, *, width: int) -> list[str]:
    """How it was confirmed and shrunk, where it was written, and how to see it again."""
    found = comparison.found
    assert found is not None
    lines = [str(Styled("counterexample", bold=True))]

    def say(label: str, text: str) -> None:
        lines.extend(paragraph(text, label=f"  {label}", hang=HANG, width=width))

    if not found.is_repeated:
        say("not shrunk", "a process of its own did not come to it again: the engine does not repeat itself, or keeps "
            "something across init")  # fmt: skip
    elif found.shortened is None:
        say("not shrunk", "no shorter log came to the same in a process of its own")
    else:
        early = ", which ended early" if found.shortened.is_exhausted else ""
        count = counted(len(found.log), "transaction")
        say("shrunk", f"from {count} to {len(found.short_log)}{early}, and confirmed in a process of its own")
    if found.keeps_state:
        say("note", "The engine keeps something across init, so that each log that was tried had a process of its own.")
    if not found.mismatch.is_first:
        say("note", "It does not come to this when it is asked one by one; the last transaction of the batch is told.")
    say("log", document["log"] or "none: it needs a line that no log may hold; the document has the transactions")
    say("again", document["command"])
    return lines


def where_of(comparison: Comparison, place: str) -> str:
    """Where it was found, as compilers write it or by the example."""
    where, mismatch = comparison.where, comparison.mismatch
    assert mismatch is not None
    if where.example is not None:
        at = "the beginning" if mismatch.rule is None else f"transaction {mismatch.position + 1}"
        return f"{at} of example {where.example} of {place}"
    return place if where.line is None else place_of(place, where.line)
