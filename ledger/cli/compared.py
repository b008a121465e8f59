"""What came of comparing an engine with the ledger: one document for machines, tables for people."""

from typing import Any

from ..comparing import Comparison
from ..comparing.counterexamples import answers_document
from ..engines import GIVES
from ..transactions import TYPES
from .counts import answer_table, reasons_of
from .formatting import counted
from .layout import page_width, paragraph
from .mismatched import HANG, mismatch_parts, where_of

Document = dict[str, Any]


def compared_document(comparison: Comparison, counterexample: Document | None, place: str) -> Document:
    """The report as one document; its keys do not depend on what was found."""
    abilities, tally, mismatch = comparison.abilities, comparison.tally, comparison.mismatch
    return {
        "engine": abilities.engine,
        "gives": [word for word in GIVES if word in abilities.gives],
        "types": [name for name in TYPES if name in abilities.types],
        "compared_on": place,
        "result": "agrees" if comparison.agrees else "differs",
        "sentence": sentence(comparison, place),
        "examples": comparison.examples,
        "transactions": tally.transactions,
        "batches": tally.batches,
        "accounts_compared": tally.accounts,
        "whole_states_compared": tally.whole_states,
        "applied": {name: tally.applied[name] for name in TYPES},
        "rejected": {name: reasons_of(tally.rejected, name) for name in TYPES},
        "left_out": dict(sorted(tally.left_out.items())),
        "end": comparison.farewell,
        "where": None
        if mismatch is None
        else {
            "line": comparison.where.line,
            "example": comparison.where.example,
            "rulebook": comparison.where.rulebook,
        },
        "mismatch": None if mismatch is None else {"name": mismatch.name, **answers_document(mismatch)},
        "counterexample": counterexample,
    }


def sentence(comparison: Comparison, place: str) -> str:
    """What came of it, in one sentence or two."""
    tally, mismatch = comparison.tally, comparison.mismatch
    engine = comparison.abilities.engine
    if mismatch is not None:
        what = f"{engine} and the ledger differ" if mismatch.error is None else f"{engine} fails"
        return f"{what} at {where_of(comparison, place)}: {mismatch.name}."
    many = counted(tally.transactions, "transaction")
    on = place if comparison.examples is None else f"{counted(comparison.examples, 'example')} of {place}"
    text = f"{engine} and the ledger agree on {many} of {on}, in {compared_words(comparison)}."
    if tally.left_out:
        names = ", ".join(f"{name} {number}" for name, number in sorted(tally.left_out.items()))
        text += f" Left out, as the engine does not know them: {names}."
    if comparison.farewell is not None:
        text += f" But it did not end as it was asked to: {comparison.farewell}."
    return text


def compared_words(comparison: Comparison) -> str:
    """Which aspects were compared."""
    words = ["whether each is applied", *(word for word in GIVES if word in comparison.abilities.gives)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def compared_lines(comparison: Comparison, counterexample: Document | None, place: str) -> list[str]:
    """The report for people."""
    width = page_width()
    parts = [engine_lines(comparison, width=width)]
    if comparison.mismatch is not None and counterexample is not None:
        parts += mismatch_parts(comparison, counterexample, place, width=width)
    else:
        parts.append(answer_table(comparison.tally.applied, comparison.tally.rejected, width=width))
        parts.append(looks_lines(comparison, width=width))
    parts.append(paragraph(sentence(comparison, place), width=width))
    return [line for part in parts if part for line in ("", *part)][1:]


def engine_lines(comparison: Comparison, *, width: int) -> list[str]:
    """What the engine says of itself."""
    abilities = comparison.abilities
    knows = [name for name in TYPES if name in abilities.types]
    lines = paragraph(abilities.engine, label="engine", hang=HANG, width=width)
    lines += paragraph(f"{compared_words(comparison)}", label="compared", hang=HANG, width=width)
    if len(knows) < len(TYPES):
        lines += paragraph(f"only {', '.join(knows)}", label="knows", hang=HANG, width=width)
    return lines


def looks_lines(comparison: Comparison, *, width: int) -> list[str]:
    """How often states were looked at."""
    tally, abilities = comparison.tally, comparison.abilities
    if not abilities.gives_states:
        return paragraph("Of its states the engine gives nothing, so that none was compared.", width=width)
    said = []
    if abilities.gives_accounts:
        said.append(f"{counted(tally.accounts, 'account')} of it")
    if abilities.gives_whole:
        said.append(f"{counted(tally.whole_states, 'whole state')}")
    return paragraph(f"Compared besides: {' and '.join(said)}.", width=width)
