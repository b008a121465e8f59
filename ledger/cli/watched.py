"""What watching a log came to: one document for machines, tables for people."""

from collections import Counter

from ..watching import Finding, Kind, Watched
from .formatting import Format, counted
from .layout import Column, page_width, paragraph, table, title
from .options import shown_name, shown_path

SHOWN = 20
LOOKED_AT = {"liquidate": "round", "backstop-transfer": "takeover", "fund": "funding", "settle": "settle"}
KINDS = {
    Kind.UNATTENDED: "an account waited longer than the patience",
    Kind.ROUND_INSTEAD: "a round where a takeover was open",
    Kind.FILLS_INSTEAD: "fills where the account was to be released",
    Kind.OUT_OF_ORDER: "a takeover while another came first",
    Kind.FUNDING_MISSED: "an instant's funding was not made",
    Kind.SETTLE_MISSED: "an instant's settle was not made",
}
"""What is looked for, in words, in the order in which it is told."""


def watched_document(watched: Watched, *, log: str, patience: int) -> dict[str, object]:
    """The report as one document; its keys do not depend on what was found."""
    form = Format(watched.state.rulebook, for_people=False)
    times = Counter(finding.kind for finding in watched.findings)
    return {
        "log": shown_path(log),
        "rulebook": watched.state.rulebook.name,
        "patience": patience,
        "result": "found" if watched.findings else "none found",
        "sentence": closing_of(watched, shown_name(log)),
        "transactions": watched.transactions,
        "looked_at": {name: watched.looked_at[name] for name in LOOKED_AT},
        "accounts_in_distress": watched.accounts,
        "found": {kind.value: times[kind] for kind in KINDS},
        "findings": [finding_document(form, finding) for finding in watched.findings],
    }


def finding_document(form: Format, finding: Finding) -> dict[str, object]:
    """One finding for machines."""
    return {
        "kind": finding.kind.value,
        "line": finding.line,
        "time": form.time(finding.time),
        "subject": finding.subject,
        "since": form.time(finding.since),
        "count": finding.count,
        "other": finding.other,
    }


def watched_lines(watched: Watched, *, log: str, patience: int) -> list[str]:
    """The report as tables, and the sentence that closes it."""
    form, width = Format(watched.state.rulebook), page_width()
    times = Counter(finding.kind for finding in watched.findings)
    lines = [
        f"{shown_path(log)}, rulebook {watched.state.rulebook.name}, a patience of {form.duration(patience * 1000)}",
        "",
    ]
    columns = (Column("looked for"), Column("times", "right"))
    lines += table(columns, [(words, str(times[kind])) for kind, words in KINDS.items()], width=width)
    if watched.findings:
        rows = [(str(finding.line), finding_in_words(form, finding)) for finding in watched.findings[:SHOWN]]
        lines += ["", title("findings")]
        lines += table((Column("line", "right"), Column("what", gives_way=True)), rows, width=width)
    if len(watched.findings) > SHOWN:
        lines += paragraph(f"The first {SHOWN} are shown; --json tells all of them.", width=width)
    return [*lines, "", *paragraph(closing_of(watched, shown_name(log)), width=width)]


def finding_in_words(form: Format, finding: Finding) -> str:
    """One finding as a phrase."""
    subject, since = finding.subject, form.time(finding.since)
    match finding.kind:
        case Kind.UNATTENDED:
            return f"{subject} waits since {since}, {form.duration(finding.time - finding.since)}"
        case Kind.ROUND_INSTEAD:
            return f"{subject} has a round, and a takeover is open to it"
        case Kind.FILLS_INSTEAD:
            return f"{subject} is closed further, and above release"
        case Kind.OUT_OF_ORDER:
            return f"{subject} is taken over before {finding.other}, who is more distressed"
        case Kind.FUNDING_MISSED:
            return f"{counted(finding.count, 'funding')} of {subject} not made, from {since} on"
        case Kind.SETTLE_MISSED:
            return f"{counted(finding.count, 'settle')} not made, from {since} on"


def closing_of(watched: Watched, name: str) -> str:
    """The sentence that closes the report, with what was looked at: an empty log is not to be taken for a good one."""
    seen = ", ".join(counted(watched.looked_at[kind], noun) for kind, noun in LOOKED_AT.items())
    distressed = counted(watched.accounts, "account")
    looked = f"{counted(watched.transactions, 'transaction')} with {seen}, {distressed} in distress"
    if not watched.findings:
        return f"The operator would have done nothing otherwise in {name}: {looked}."
    return f"The operator would have done otherwise {counted(len(watched.findings), 'time')} in {name}: {looked}."
