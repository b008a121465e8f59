"""The table of a verification: one document for machines, lines for people."""

from collections import Counter
from collections.abc import Sequence

from ..verifying.claims import ClaimResult
from ..verifying.table import WHOLE_STATE, Row, statuses
from ..verifying.verification import Verification, counterexample, in_words
from .formatting import counted
from .layout import Cell, Column, Styled, page_width, paragraph, table, title

Document = dict[str, object]
NOTHING, NOT_ASKED = "-", "not asked"
GOOD = ("PROVED", "CONFIRMED")


def verified_document(found: Verification, *, closing: str) -> Document:
    """Everything that was found, as one document."""
    plan = found.plan
    return {
        "result": "fails" if found.failures else "unknown" if found.unknown else "holds",
        "sentence": closing,
        "versions": found.versions,
        "form": "quick" if plan.quick else "full",
        "seed": plan.seed,
        "budget": plan.budget,
        "seconds": {way: round(seconds, 3) for way, seconds in found.seconds.items()},
        "logs": None if found.logs is None else [
            {"log": log.path, "transactions": log.transactions, "failure": log.failure} for log in found.logs
        ],
        "random": None if found.random is None else {
            "examples": found.random.tally.examples,
            "steps": found.random.tally.steps,
            "seed": plan.seed,
            "counterexamples": [counterexample(plan, failed) for failed in found.random.failures],
        },
        "laws": [_row_document(row) for row in found.rows],
        "claims": [_claim_document(claim) for claim in found.claims],
        "failures": found.failures,
        "unknown": found.unknown,
    }  # fmt: skip


def _row_document(row: Row) -> Document:
    return {
        "id": row.law.id,
        "scope": row.law.scope.value,
        "transaction": row.transaction,
        "statement": row.law.statement,
        "broken": list(row.broken),
        "replayed": _spoken_document(row.replayed),
        "random": _spoken_document(row.random),
        "symbolic": [claim.id for claim in row.symbolic],
        "proofs": [claim.id for claim in row.proofs],
        "silent": [claim.id for claim in row.silent],
        "not_asked": list(row.not_asked),
        "rests_on": [f"{claim.engine} {claim.id}" for claim in row.rests_on],
    }


def _spoken_document(spoken: tuple[int, int] | None) -> Document | None:
    return None if spoken is None else {"checked": spoken[0], "fired": spoken[1]}


def _claim_document(claim: ClaimResult) -> Document:
    return {
        "engine": claim.engine,
        "id": claim.id,
        "kind": claim.kind,
        "laws": list(claim.laws),
        "silent": list(claim.silent),
        "transactions": list(claim.transactions),
        "statement": claim.statement,
        "assumptions": list(claim.assumptions),
        "status": claim.status,
        "paths": claim.paths,
        "seconds": claim.seconds,
        "checks": dict(claim.checks),
        "why": claim.why,
        "detail": claim.detail,
        "values": dict(claim.values),
    }


def verified_lines(found: Verification, *, closing: str) -> list[str]:
    """The table, what fails or is unknown, what was run, and the sentence that closes it."""
    width = page_width()
    parts = [
        row_lines(found.rows, width=width),
        _told("fails", found.failures, colour="red", width=width),
        _told("unknown, which is no pass", found.unknown, colour="yellow", width=width),
        _told("no more than this is known", _whys(found), colour=None, width=width),
        run_lines(found, width=width),
        paragraph(closing, width=width),
    ]
    lines: list[str] = []
    for part in parts:
        if part:
            lines += ["", *part] if lines else part
    return lines


def row_lines(rows: Sequence[Row], *, width: int) -> list[str]:
    """A line for each law and transaction type: how often it fired of how often it was checked, and its claims."""
    cells: list[Sequence[Cell]] = [
        (
            row.law.id,
            f"({WHOLE_STATE})" if row.transaction == WHOLE_STATE else row.transaction,
            _spoken(row.replayed, broken="logs" in row.broken),
            _spoken(row.random, broken="random" in row.broken),
            NOT_ASKED if "symbolic" in row.not_asked else _claimed(row.symbolic),
            NOT_ASKED if "proofs" in row.not_asked else _proved(row),
            statuses(row.rests_on) or NOTHING,
        )
        for row in rows
    ]
    columns = (
        Column("law"),
        Column("transaction"),
        Column("fired on logs", "right"),
        Column("at random", "right"),
        Column("symbolic"),
        Column("proofs"),
        Column(RESTS_ON, gives_way=True),
    )
    lines = table(columns, cells, width=width)
    if not any(claim.kind != "laws" for row in rows for claim in row.rests_on) or RESTS_ON in lines[0]:
        return lines
    return [*lines, *paragraph("What each rests on besides is shown on a wider page, and by --json.", width=width)]


RESTS_ON = "rests on"


def _proved(row: Row) -> Cell:
    return _claimed(row.silent, "says nothing: ") if row.silent else _claimed(row.proofs)


def _spoken(spoken: tuple[int, int] | None, *, broken: bool) -> Cell:
    if spoken is None:
        return NOTHING
    checked, fired = spoken
    if broken:
        return Styled("BROKEN", colour="red", bold=True)
    if not checked:
        return Styled("not checked", colour="yellow")
    return Styled(f"0 of {checked}", colour="yellow") if not fired else f"{fired} of {checked}"


def _claimed(claims: Sequence[ClaimResult], what: str = "") -> Cell:
    if not claims:
        return NOTHING
    text = f"{what}{statuses(claims)}, {counted(sum(claim.paths for claim in claims), 'path')}"
    if any(claim.fails for claim in claims):
        return Styled(text, colour="red", bold=True)
    return Styled(text, colour="yellow") if any(claim.unknown for claim in claims) else text


def _told(heading: str, lines: Sequence[str], *, colour: str | None, width: int) -> list[str]:
    if not lines:
        return []
    told = [line for text in lines for line in paragraph(text, label="- ", hang=2, width=width)]
    return [str(Styled(heading, colour=colour, bold=True)), *told]


def _whys(found: Verification) -> list[str]:
    """Of every claim that is neither proved nor confirmed, and yet decided: what it is, and why not more."""
    return [
        f"specs.{claim.engine} {claim.id}: {in_words(claim)}{f': {claim.why}' if claim.why else ''}"
        for claim in found.claims
        if claim.status not in GOOD and not claim.fails and not claim.unknown
    ]


def run_lines(found: Verification, *, width: int) -> list[str]:
    """What was run, with its numbers, seeds and versions."""
    rows: list[Sequence[Cell]] = []
    if found.logs is not None:
        steps = sum(log.transactions for log in found.logs)
        rows.append(("logs", f"{counted(len(found.logs), 'log')}, {steps} transactions", _time(found, "logs")))
    if found.random is not None:
        examples, steps = counted(found.random.tally.examples, "example"), found.random.tally.steps
        rows.append(("random", f"{examples}, {steps} steps, seed {found.plan.seed}", _time(found, "random")))
    for engine in ("symbolic", "proofs"):
        own = [claim for claim in found.claims if claim.engine == engine]
        if engine in found.seconds:
            known = f": {statuses(own)}, {counted(sum(claim.paths for claim in own), 'path')}" if own else ""
            rows.append((engine, f"{counted(len(own), 'claim')}{known}", _time(found, engine)))
    versions = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    return [
        title("what was run"),
        *table((Column(""), Column("", gives_way=True), Column("", "right")), rows, width=width),
        *paragraph(versions, label="versions", hang=10, width=width),
    ]


def _time(found: Verification, way: str) -> str:
    return f"{found.seconds[way]:.1f} s"


def closing_sentence(found: Verification) -> str:
    """What the table comes to: how many pairs of law and transaction are proved, confirmed, or only tested."""
    best = Counter(_best(row) for row in found.rows)
    known = ", ".join(f"{best[name]} {name}" for name in KNOWN if best[name])
    subject = f"{counted(len(found.rows), 'pair')} of law and transaction: {known}"
    if found.failures:
        return f"Fails: {counted(len(found.failures), 'finding')} above. Of {subject}."
    if found.unknown:
        return f"Nothing fails and {counted(len(found.unknown), 'claim')} UNKNOWN, which is no pass. Of {subject}."
    if untried(found):
        return f"Nothing fails and no claim is UNKNOWN. Of {subject}, which is no pass."
    return f"Nothing fails and nothing is unknown. Of {subject}."


def untried(found: Verification) -> list[str]:
    """The pairs of law and transaction of which nothing that was done had anything to judge."""
    return [f"{row.law.id} {row.transaction}" for row in found.rows if _best(row) == NEVER]


PROVED_FOR_ALL = "proved for all integers over the claims' worlds"
CONFIRMED_OVER_ALL = "confirmed over all paths of the claims' worlds"
NOT_BROKEN = "without a counterexample within the budget"
SILENT = "proved to have nothing to say over the claims' worlds"
HELD = "held wherever a log or an example had something to judge"
NEVER = "never had anything to judge"
BROKEN = "broken"
KNOWN = (PROVED_FOR_ALL, CONFIRMED_OVER_ALL, NOT_BROKEN, SILENT, HELD, NEVER, BROKEN)
"""The best that is known of a pair, best first."""


def _best(row: Row) -> str:
    if row.broken or any(claim.fails for claim in (*row.symbolic, *row.proofs, *row.silent)):
        return BROKEN
    if _all_are(row.proofs, "PROVED"):
        return PROVED_FOR_ALL
    if _all_are(row.symbolic, "CONFIRMED"):
        return CONFIRMED_OVER_ALL
    if _all_are(row.symbolic, "CONFIRMED", "NO COUNTEREXAMPLE"):
        return NOT_BROKEN
    if _all_are(row.silent, "PROVED"):
        return SILENT
    fired = sum(spoken[1] for spoken in (row.replayed, row.random) if spoken is not None)
    return HELD if fired else NEVER


def _all_are(claims: Sequence[ClaimResult], *statuses: str) -> bool:
    """Whether there are claims, each of one of these statuses and with everything refuted that must be."""
    return bool(claims) and all(claim.status in statuses and not claim.unknown for claim in claims)
