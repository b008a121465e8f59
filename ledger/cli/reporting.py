"""What a replay and a campaign come to, as checks for a build server: in the words of their own reports."""

from collections.abc import Iterator, Sequence

from ..fuzzing.campaign import Campaign
from ..laws import Count, Law
from ..replay import Report
from ..reports import Check, Finding, Place, Result, Trouble
from . import fuzzed
from .formatting import counted
from .laws import BROKEN, HOLDS, NEVER_FIRED, NOT_CHECKED, results
from .pipeline import OF_THE_LOG, SAYS_SO, place_in

RESULTS = {
    HOLDS: Result.HELD,
    fuzzed.NO_COUNTEREXAMPLE: Result.HELD,
    NEVER_FIRED: Result.SILENT,
    NOT_CHECKED: Result.UNCHECKED,
    BROKEN: Result.FAILED,
}
ANSWERS = "The ledger answers every transaction and raises nothing."
EXPECTED = "Every refusal is one that the log expects."


def law_check(
    law: Law, count: Count | None, words: str, *, findings: Sequence[Finding] = (), fails: bool = False
) -> Check:
    """A law by the words for its result, which fails if it is broken, or `fails` of what the command was told."""
    return Check(
        law.id,
        f"laws.{law.scope.value}",
        law.statement,
        Result.FAILED if fails else RESULTS[words],
        words,
        None if count is None else count.checked,
        None if count is None else count.fired,
        tuple(findings),
    )


def replay_checks(report: Report, log: str, fail_on: Sequence[str], unwanted: Sequence[str]) -> Iterator[Check]:
    """Every law of a replay, what the log expects and, where asked for, its refusals. `unwanted`: what the command was
    told to fail on, and found, in words."""
    failure = report.failure
    for law, count, words in results(report):
        if words == BROKEN:
            assert failure is not None
            yield law_check(law, count, words, findings=[_failed(report, log)])
            continue
        is_unwanted = words == NEVER_FIRED and "unknown" in fail_on and failure is None
        silent = [Finding(f"{law.id} ({law.scope.value}) never fired", place_in(log, None))] if is_unwanted else []
        yield law_check(law, count, words, findings=silent, fails=is_unwanted)
    yield _expectations(report, log)
    if "rejected" in fail_on:
        yield _refusals(report, log, unwanted)


def _failed(report: Report, log: str) -> Finding:
    """Why a replay stopped."""
    failure = report.failure
    assert failure is not None
    line = None if failure.entry is None else failure.entry.line
    return Finding(failure.detail, place_in(log, line), failure.accounts)


def _expectations(report: Report, log: str) -> Check:
    met = report.expectations
    words = f"met on {counted(met, 'line')}" if met else "none met"
    if report.failure is not None and report.failure.law is None:
        return Check("expect", OF_THE_LOG, SAYS_SO, Result.FAILED, "not met", findings=(_failed(report, log),))
    return Check("expect", OF_THE_LOG, SAYS_SO, Result.HELD if met else Result.SILENT, words)


def _refusals(report: Report, log: str, unwanted: Sequence[str]) -> Check:
    if not report.unexpected:
        return Check("rejected", OF_THE_LOG, EXPECTED, Result.HELD, "none of them not expected by the log")
    words = f"{report.unexpected} of them not expected by the log"
    finding = Finding(unwanted[0], place_in(log, report.first_unexpected))
    return Check("rejected", OF_THE_LOG, EXPECTED, Result.FAILED, words, findings=(finding,))


def fuzz_checks(campaign: Campaign, written: fuzzed.Written) -> Iterator[Check]:
    """Every law of a campaign, and whether the ledger raised anything."""
    found = {failed.finding.name: _counterexample(campaign, failed.finding.name, each) for failed, each in written}
    for law, count, words in fuzzed.results(campaign):
        name = f"{law.id} {law.scope.value}"
        yield law_check(law, count, words, findings=[found.pop(name)] if words == BROKEN else [])
    yield raises_check(campaign, list(found.values()))


def raises_check(campaign: Campaign, found: Sequence[Finding]) -> Check:
    """Whether the ledger raised anything: what it did, and in which examples."""
    result, words = Result.HELD, fuzzed.NO_COUNTEREXAMPLE
    if found:
        result, words = Result.ERROR, "raised an error"
    elif not campaign.tally.examples:
        result, words = Result.UNCHECKED, NOT_CHECKED
    return Check("raises", "ledger", ANSWERS, result, words, findings=tuple(found))


def example_place(example: int, seed: int) -> Place:
    """An example, of which no log was written."""
    return Place(None, within=f"example {example} of seed {seed}")


def _counterexample(campaign: Campaign, name: str, document: fuzzed.Document) -> Finding:
    """What broke, at the last line of the log that was written, or in the example where none was."""
    failed = campaign.failures_by_name[name]
    example = document["found"]["example"]
    what = f"raised {document['error']}: " if document["error"] else ""
    message = f"{what}{document['detail']} (in {counted(len(failed), 'example')}, first in example {failed[0].example})"
    place = example_place(example, campaign.settings.seed)
    if document["log"] is not None:
        place = place_in(document["log"], document["shrunk_length"] + 1)
    return Finding(message, place, tuple(document["accounts"]))


def interrupted_trouble(campaign: Campaign) -> Trouble:
    """That a campaign did not try all that it was to try."""
    tally, settings = campaign.tally, campaign.settings
    return Trouble("interrupted", f"interrupted after {tally.examples} of {counted(settings.examples, 'example')}")
