"""The report of a replay: one document for machines, tables for people."""

from collections.abc import Sequence

from ..canonical import state_digest
from ..laws import Scope
from ..replay import Report
from ..rulebook import is_system
from .counts import TYPES, answer_table, law_table, reasons_of
from .documents import custody_document, providers_document, system_document
from .failed import counterexample_lines, failure_document, failure_lines
from .formatting import Format, counted
from .holdings import provider_lines, system_lines
from .laws import results
from .layout import Column, page_width, paragraph, table, title
from .options import shown_path

Document = dict[str, object]


def replayed_document(
    report: Report, *, log: str, closing: str, unwanted: Sequence[str], counterexample: Document | None
) -> Document:
    """The report as one document; its keys do not depend on what happened. `counterexample`: what is told of the one
    that was written, if one was."""
    form = Format(report.state.rulebook, for_people=False)
    failure = report.failure
    return {
        "log": log,
        "rulebook": report.state.rulebook.name,
        "result": "fails" if failure is not None or unwanted else "holds",
        "sentence": closing,
        "laws": [
            {
                "id": law.id,
                "scope": law.scope.value,
                "statement": law.statement,
                "checked": 0 if count is None else count.checked,
                "fired": 0 if count is None else count.fired,
                "result": result,
            }
            for law, count, result in results(report)
        ],
        "transactions": report.transactions,
        "applied": {name: report.applied[name] for name in TYPES},
        "rejected": {name: reasons_of(report.rejected, name) for name in TYPES},
        "unexpected_rejections": report.unexpected,
        "first_unexpected_rejection": report.first_unexpected,
        "expectations_met": report.expectations,
        "sequence": report.state.sequence,
        "time": form.time(report.state.time),
        "accounts": _ordinary_accounts(report),
        "system_accounts": system_document(form, report.state),
        "custody": custody_document(form, report.state),
        "providers": providers_document(form, report.state),
        "chain_digest": report.chain.hex(),
        "state_digest": state_digest(report.state),
        "failure": None if failure is None else failure_document(failure),
        "counterexample": counterexample,
    }


def replayed_lines(
    report: Report, *, log: str, closing: str, state_every: int, counterexample: Document | None
) -> list[str]:
    """The report as tables, the failure if there is one, what was written of it, and the sentence that closes it."""
    form, width = Format(report.state.rulebook), page_width()
    lines = [f"{shown_path(log)}, rulebook {report.state.rulebook.name}"]
    parts = [
        law_lines(report, state_every=state_every, width=width),
        answer_table(report.applied, report.rejected, width=width),
        system_lines(form, report.state, width=width),
        provider_lines(form, report.state, width=width),
        total_lines(report, form, width=width),
    ]
    if report.failure is not None:
        parts.append(failure_lines(report.failure, log=log, state_every=state_every, width=width))
    if counterexample is not None:
        parts.append(counterexample_lines(counterexample, width=width))
    parts.append(paragraph(closing, width=width))
    for part in parts:
        lines += ["", *part] if part else []
    return lines


def law_lines(report: Report, *, state_every: int, width: int) -> list[str]:
    """The table of laws; nothing where none was chosen."""
    if not report.laws:
        return []
    lines = law_table(results(report), width=width)
    looks = [count.checked for count in report.laws if count.law.scope is Scope.STATE]
    if looks:
        lines += paragraph(_looks_in_words(report, max(looks), state_every), width=width)
    return lines


def _looks_in_words(report: Report, looks: int, state_every: int) -> str:
    """When the laws of the whole state were checked."""
    if report.failure is not None:
        times = "once" if looks == 1 else f"{looks} times"
        checked = f"checked {times} until the replay stopped" if looks else "not checked: the replay stopped before"
        return f"Laws of scope state were {checked}."
    often = "transaction" if state_every == 1 else f"{state_every} transactions"
    every = f"after every {often} and at the end" if state_every else "at the end alone"
    return f"Laws of scope state were checked {every}."


def total_lines(report: Report, form: Format, *, width: int) -> list[str]:
    """What the replay came to: counts, time and digests."""
    rejected = f"{report.rejected.total()}, {report.unexpected or 'none'} of them not expected by the log"
    rows = [
        ("transactions", str(report.transactions)),
        ("rejected", rejected if report.rejected else "none"),
        ("expectations", f"met on {counted(report.expectations, 'line')}" if report.expectations else "none met"),
        ("accounts", str(_ordinary_accounts(report))),
        ("sequence", str(report.state.sequence)),
        ("time", form.time(report.state.time)),
        ("chain digest", report.chain.hex()),
        ("state digest", state_digest(report.state)),
    ]
    return [title("totals"), *table((Column(""), Column("")), rows, width=width)]


def _ordinary_accounts(report: Report) -> int:
    return sum(not is_system(account_id) for account_id in report.state.accounts)
