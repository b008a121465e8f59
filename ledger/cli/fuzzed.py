"""The report of a campaign: one document for machines, tables for people."""

from collections.abc import Sequence
from typing import Any

from ..fuzzing.campaign import Campaign, Failed
from ..fuzzing.reach import CORNERS, EVENTS, unreached
from ..laws import Count, Law
from ..outcomes import Reason
from .counts import TYPES, answer_table, law_table, reasons_of
from .failed import counterexample_lines
from .formatting import counted
from .laws import BROKEN, NEVER_FIRED, sentence_of
from .layout import Column, Styled, page_width, paragraph, table

Document = dict[str, Any]
Written = Sequence[tuple[Failed, Document]]
"""Of each law that broke its first example, with the document that was written beside its log."""

NO_COUNTEREXAMPLE = "no counterexample"
HANG = 15


def results(campaign: Campaign) -> list[tuple[Law, Count, str]]:
    """Every law with its count and what the campaign says of it."""
    broken = {(failed.finding.law_id, failed.finding.scope) for failed in campaign.failures}
    return [(count.law, count, _result(count, broken)) for count in campaign.counts]


def _result(count: Count, broken: set[tuple[Any, Any]]) -> str:
    if (count.law.id, count.law.scope) in broken:
        return BROKEN
    return NO_COUNTEREXAMPLE if count.fired else NEVER_FIRED


def closing_sentence(campaign: Campaign, *, interrupted: bool) -> str:
    """The one sentence of a campaign: how much was tried, and whether anything was found."""
    tally, settings = campaign.tally, campaign.settings
    tried = f"{counted(tally.examples, 'example')} ({counted(tally.steps, 'step')}) of seed {settings.seed}"
    before = f"Interrupted after {tally.examples} of {counted(settings.examples, 'example')}. " if interrupted else ""
    if campaign.failures:
        names = ", ".join(campaign.failures_by_name)
        many = counted(len(campaign.failures), "counterexample")
        return f"{before}{many} in {tried}: {names}."
    silent = [count for count in campaign.counts if count.fired == 0]
    laws = f"all {len(campaign.counts)} laws" if not silent else f"{len(campaign.counts) - len(silent)} laws"
    nothing = f"; {len(silent)} never fired and {'say' if len(silent) > 1 else 'says'} nothing" if silent else ""
    return f"{before}No counterexample in {tried}, for {laws}{nothing}."


def fuzzed_document(campaign: Campaign, written: Written, *, interrupted: bool) -> Document:
    """The report as one document; its keys do not depend on what happened."""
    tally, settings = campaign.tally, campaign.settings
    events, corners = unreached(tally.events, tally.corners)
    return {
        "seed": settings.seed,
        "first": settings.first,
        "examples": tally.examples,
        "asked": settings.examples,
        "steps": tally.steps,
        "interrupted": interrupted,
        "result": "fails" if campaign.failures else NO_COUNTEREXAMPLE,
        "sentence": closing_sentence(campaign, interrupted=interrupted),
        "rulebooks": dict(sorted(tally.rulebooks.items())),
        "laws": [
            {
                "id": law.id,
                "scope": law.scope.value,
                "statement": law.statement,
                "checked": count.checked,
                "fired": count.fired,
                "by_type": {kind: {"checked": c, "fired": f} for kind, (c, f) in sorted(count.by_type.items())},
                "result": result,
            }
            for law, count, result in results(campaign)
        ],
        "applied": {name: tally.applied[name] for name in TYPES},
        "rejected": {name: reasons_of(tally.rejected, name) for name in TYPES},
        "events": {name: tally.events[name] for name in EVENTS},
        "corners": {name: tally.corners[name] for name in CORNERS},
        "unreached": {"reasons": _unseen_reasons(campaign), "events": events, "corners": corners},
        "counterexamples": [
            {"name": failed.finding.name, "examples": _examples_of(campaign, failed), **document}
            for failed, document in written
        ],
    }


def fuzzed_lines(campaign: Campaign, written: Written, *, interrupted: bool) -> list[str]:
    """The report as tables, the counterexamples if there are any, and the sentence that closes it."""
    width, tally = page_width(), campaign.tally
    rulebooks = ", ".join(f"{name} {number}" for name, number in sorted(tally.rulebooks.items()))
    parts = [
        paragraph(f"seed {campaign.settings.seed}, examples by rulebook: {rulebooks or 'none'}", width=width),
        law_table(results(campaign), width=width),
        answer_table(tally.applied, tally.rejected, width=width),
        reach_lines(campaign, width=width),
        *(_failed_lines(campaign, failed, document, width=width) for failed, document in written),
        paragraph(closing_sentence(campaign, interrupted=interrupted), width=width),
    ]
    return [line for part in parts for line in ("", *part)][1:]


def reach_lines(campaign: Campaign, *, width: int) -> list[str]:
    """How many reasons, events and corners were reached, and the names of those that were not."""
    events, corners = unreached(campaign.tally.events, campaign.tally.corners)
    rows = [
        ("reasons", len(Reason), _unseen_reasons(campaign)),
        ("events", len(EVENTS), events),
        ("corners", len(CORNERS), corners),
    ]
    lines = table(
        (Column("reach"), Column("of", "right"), Column("reached", "right")),
        [(name, str(all_of_them), str(all_of_them - len(missing))) for name, all_of_them, missing in rows],
        width=width,
    )
    for name, _, missing in rows:
        if missing:
            lines += paragraph(f"{name} never reached: {'; '.join(missing)}", width=width)
    return lines


def _unseen_reasons(campaign: Campaign) -> list[str]:
    seen = {reason for _, reason in campaign.tally.rejected}
    return [reason.name for reason in Reason if reason.name not in seen]


def _examples_of(campaign: Campaign, failed: Failed) -> int:
    return len(campaign.failures_by_name[failed.finding.name])


def _failed_lines(campaign: Campaign, failed: Failed, document: Document, *, width: int) -> list[str]:
    """One law that broke, for people."""
    finding = failed.finding
    what = f"law {finding.law_id} ({finding.scope.value}) is broken" if finding.scope else f"raised {finding.error}"
    many = counted(_examples_of(campaign, failed), "example")
    first = campaign.failures_by_name[finding.name][0].example
    lines = [str(Styled(f"{what} in {many}, first in example {first}", colour="red", bold=True))]
    for label, text in (
        ("statement", (document["law"] or {}).get("statement")),
        ("found", sentence_of(str(document["detail"]))),
        ("example", f"{failed.example}, rulebook {failed.rulebook.name}"),
    ):
        if text:
            lines += paragraph(text, label=f"  {label}", hang=HANG, width=width)
    return lines + counterexample_lines(document, width=width)
