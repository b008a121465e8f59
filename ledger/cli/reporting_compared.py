"""What a comparison comes to, as checks for a build server: each rule on which an engine and the ledger agree, and what
differs."""

from collections.abc import Iterator

from ..comparing import Comparison
from ..reports import Check, Mismatched, Place, compared_checks
from ..reports.mismatches import ENGINE
from .counts import TYPES, reasons_of
from .fuzzed import Document
from .pipeline import place_in
from .reporting import example_place


def comparison_checks(
    comparison: Comparison, counterexample: Document | None, *, log: str | None, seed: int
) -> tuple[Check, ...]:
    """A check for each rule that the engine knows, and one for what differs. `counterexample`: the document beside its
    log, where one was written."""
    tally = comparison.tally
    compared = {
        name: tally.applied[name] + sum(reasons_of(tally.rejected, name).values())
        for name in TYPES
        if name in comparison.abilities.types
    }
    return compared_checks(compared, list(_mismatched(comparison, _place(comparison, counterexample, log, seed))))


def _place(comparison: Comparison, counterexample: Document | None, log: str | None, seed: int) -> Place | None:
    """Where they differ: on a line of the log, or on the last one of the counterexample that was written."""
    if log is not None:
        return place_in(log, comparison.where.line)
    if counterexample is not None and counterexample["log"] is not None:
        length = counterexample["shrunk_length"]
        length = counterexample["original_length"] if length is None else length
        return place_in(counterexample["log"], length + 1)
    return None if comparison.where.example is None else example_place(comparison.where.example, seed)


def _mismatched(comparison: Comparison, place: Place | None) -> Iterator[Mismatched]:
    found = comparison.found
    if found is not None:
        told = found.mismatch if comparison.examples is None else found.short_mismatch
        yield Mismatched(told.rule or ENGINE, told.aspect, told.detail, place, told.named_accounts)
    if comparison.farewell is not None:
        yield Mismatched(ENGINE, "end", comparison.farewell)
