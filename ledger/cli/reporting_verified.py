"""What a verification comes to, as checks for a build server: each law by each way, what else was claimed, the logs."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs

from ..fuzzing.campaign import Campaign
from ..laws import Law
from ..reports import Check, Finding, Place, Result
from ..verifying.claims import ENGINES, ClaimResult
from ..verifying.logs import LogResult
from ..verifying.table import Row, statuses
from ..verifying.verification import Verification, counterexample, in_words
from . import verified
from .formatting import counted
from .fuzzed import NO_COUNTEREXAMPLE
from .laws import BROKEN, HOLDS, NEVER_FIRED, NOT_CHECKED
from .pipeline import OF_THE_LOG, SAYS_SO, place_in
from .reporting import example_place, raises_check


def verified_checks(found: Verification, *, fails_on_unknown: bool, fails_on_untried: bool) -> Iterator[Check]:
    """The checks of a verification. What is UNKNOWN is no pass, and fails where the command fails of it; so does a pair
    of law and transaction that nothing put to the test."""
    undecided = Result.FAILED if fails_on_unknown else Result.UNDECIDED
    by_law: dict[tuple[str, str], list[Row]] = {}
    for row in found.rows:
        by_law.setdefault((row.law.id, row.law.scope.value), []).append(row)
    for rows in by_law.values():
        if found.logs is not None:
            yield _on_logs(found, rows)
        if found.random is not None:
            yield _at_random(found, rows)
        for engine in ENGINES:
            yield from _claimed(rows, engine, undecided)
    of_laws = {(claim.engine, claim.id) for row in found.rows for claim in (*row.symbolic, *row.proofs, *row.silent)}
    for claim in found.claims:
        if (claim.engine, claim.id) not in of_laws:
            yield _claim_check(claim, undecided)
    yield from _logs(found)
    if found.random is not None:
        yield from _else_at_random(found, found.random, [rows[0].law for rows in by_law.values()])
    if fails_on_untried:
        yield _tried(found)


def _check(law: Law, way: str, result: Result, words: str, *findings: Finding) -> Check:
    return Check(law.id, f"laws.{law.scope.value}.{way}", law.statement, result, words, findings=findings)


def _spoken(check: Check, spoken: Sequence[tuple[int, int] | None]) -> Check:
    """The check of a law with how often it spoke, and the result that comes of this where nothing is wrong."""
    checked, fired = (sum(each[number] for each in spoken if each is not None) for number in (0, 1))
    told = attrs.evolve(check, checked=checked, fired=fired)
    if check.findings:
        return told
    if not checked:
        return attrs.evolve(told, result=Result.UNCHECKED, words=NOT_CHECKED)
    return told if fired else attrs.evolve(told, result=Result.SILENT, words=NEVER_FIRED)


def _on_logs(found: Verification, rows: Sequence[Row]) -> Check:
    law = rows[0].law
    broken = [log for log in found.logs or () if (log.broken, log.scope) == (law.id, law.scope.value)]
    findings = [Finding(log.detail, _place(found, log), log.accounts) for log in broken]
    result, words = (Result.FAILED, BROKEN) if findings else (Result.HELD, HOLDS)
    return _spoken(_check(law, "logs", result, words, *findings), [row.replayed for row in rows])


def _at_random(found: Verification, rows: Sequence[Row]) -> Check:
    law = rows[0].law
    findings = _counterexamples(found, law)
    result, words = (Result.FAILED, BROKEN) if findings else (Result.HELD, NO_COUNTEREXAMPLE)
    return _spoken(_check(law, "random", result, words, *findings), [row.random for row in rows])


def _counterexamples(found: Verification, law: Law | None) -> list[Finding]:
    """The examples that broke a law, or, where None is given, that raised an error."""
    plan, failures = found.plan, () if found.random is None else found.random.failures
    return [
        Finding(counterexample(plan, failed), example_place(failed.example, plan.seed), failed.finding.accounts)
        for failed in failures
        if (failed.finding.scope is None if law is None else failed.finding.is_of(law))
    ]


def _claimed(rows: Sequence[Row], engine: str, undecided: Result) -> Iterator[Check]:
    """The claims of one engine about a law; nothing where it has none."""
    law = rows[0].law
    claims = {claim.id: claim for row in rows for claim in (*getattr(row, engine), *_silences(row, engine))}
    if claims:
        worst, findings = _judged(claims.values(), undecided)
        yield _check(law, engine, worst, statuses(claims.values()), *findings)
    elif any(engine in row.not_asked for row in rows):
        yield _check(law, engine, Result.UNCHECKED, verified.NOT_ASKED)


def _silences(row: Row, engine: str) -> tuple[ClaimResult, ...]:
    return tuple(claim for claim in row.silent if claim.engine == engine)


def _judged(claims: Iterable[ClaimResult], undecided: Result) -> tuple[Result, list[Finding]]:
    """What comes of some claims together, and what is wrong with them or unknown."""
    failing = [claim for claim in claims if claim.fails]
    unknown = [claim for claim in claims if claim.unknown and not claim.fails]
    findings = [_finding(claim) for claim in (*failing, *unknown)]
    if failing:
        return Result.FAILED, findings
    return (undecided, findings) if unknown else (Result.HELD, [])


def _finding(claim: ClaimResult) -> Finding:
    return Finding(in_words(claim), Place(None, within=f"specs.{claim.engine} {claim.id}"))


def _claim_check(claim: ClaimResult, undecided: Result) -> Check:
    """A claim about a rule's guard or a kernel."""
    result, findings = _judged([claim], undecided)
    rule = f"{claim.engine}/{claim.id}"
    group = f"claims.{claim.engine}"
    return Check(rule, group, claim.statement, result, claim.status, findings=tuple(findings), name=claim.id)


def _path(found: Verification, log: LogResult) -> str:
    """A log's path, that of one of the checkout as it is called there."""
    root = None if found.plan.specs is None else found.plan.specs.parent
    path = Path(log.path)
    return str(path.relative_to(root)) if root is not None and path.is_relative_to(root) else log.path


def _place(found: Verification, log: LogResult) -> Place:
    return attrs.evolve(place_in(log.path, log.line), file=_path(found, log))


def _logs(found: Verification) -> Iterator[Check]:
    """Of each log whether its expectations are met."""
    for log in found.logs or ():
        is_unmet = log.failure is not None and log.broken is None
        findings = (Finding(log.detail, _place(found, log), log.accounts),) if is_unmet else ()
        words = "not met" if is_unmet else f"replayed, {counted(log.transactions, 'transaction')}"
        result = Result.FAILED if is_unmet else Result.UNCHECKED if log.failure is not None else Result.HELD
        yield Check("expect", OF_THE_LOG, SAYS_SO, result, words, findings=findings, name=_path(found, log))


def _else_at_random(found: Verification, campaign: Campaign, laws: Sequence[Law]) -> Iterator[Check]:
    """What broke at random besides the laws of the table, such as one that stands in the same file, and whether the
    ledger raised anything."""
    told = {(law.id, law.scope) for law in laws}
    for law in campaign.settings.all_laws:
        findings = [] if (law.id, law.scope) in told else _counterexamples(found, law)
        if findings:
            yield _check(law, "random", Result.FAILED, BROKEN, *findings)
    yield raises_check(campaign, _counterexamples(found, None))


def _tried(found: Verification) -> Check:
    untried = verified.untried(found)
    statement = "Every pair of law and transaction was put to the test."
    findings = tuple(Finding(f"{pair} {verified.NEVER}") for pair in untried)
    result = Result.FAILED if findings else Result.HELD
    words = f"{counted(len(untried), 'pair')} {verified.NEVER}" if untried else "put to the test"
    return Check("untried", "verify", statement, result, words, findings=findings)
