"""What a replay says of each law: chosen or not, how often it spoke, and the sentence that closes the report."""

from collections.abc import Sequence

from ..laws import REGISTRY, Count, Law, Scope
from ..replay import Report

HOLDS, NEVER_FIRED, BROKEN, NOT_CHECKED = "holds", "never fired", "BROKEN", "not checked"

CHOICES: dict[str, tuple[Scope, ...]] = {
    "all": (Scope.STEP, Scope.HISTORY, Scope.STATE),
    "step": (Scope.STEP, Scope.HISTORY),
    "none": (),
}
"""What --laws chooses, by scope."""


def chosen_laws(choice: str) -> tuple[Law, ...]:
    """The laws of the registry that a choice has checked."""
    return tuple(law for law in REGISTRY if law.scope in CHOICES[choice])


def results(report: Report) -> list[tuple[Law, Count | None, str]]:
    """Every law of the registry with its count, None where it was not chosen, and its result."""
    counts = {id(count.law): count for count in report.laws}
    extra = [count.law for count in report.laws if all(count.law is not law for law in REGISTRY)]
    return [(law, counts.get(id(law)), result_of(report, counts.get(id(law)))) for law in (*REGISTRY, *extra)]


def result_of(report: Report, count: Count | None) -> str:
    """What the replay says of one law."""
    if count is None:
        return NOT_CHECKED
    if report.failure is not None and report.failure.law is count.law:
        return BROKEN
    if report.failure is not None and count.checked == 0:
        return NOT_CHECKED
    return HOLDS if count.fired else NEVER_FIRED


def closing_sentence(report: Report, name: str, unwanted: Sequence[str]) -> str:
    """The one sentence of a replay: whether all held, of how many laws, and what it says nothing of.

    `unwanted`: what the command was told to fail on, and found, in words.
    """
    failure = report.failure
    if failure is not None:
        what = "an expectation is not met" if failure.law is None else f"law {failure.law.id} is broken"
        where = "before the first transaction" if failure.entry is None else f"on line {failure.entry.line}"
        return f"Fails on {name}: {what} {where}: {sentence_of(failure.detail)}"
    if unwanted:
        return f"Fails on {name}: {'; '.join(unwanted)}."
    if not report.laws:
        return f"Replayed {name}: no law was checked."
    silent = len(report.silent_laws)
    spoke, chosen = len(report.laws) - silent, len(report.laws)
    of_them = f"{spoke} of {chosen} laws" if silent else f"all {chosen} laws"
    says_nothing = f"; {silent} never fired and {'say' if silent > 1 else 'says'} nothing" if silent else ""
    looks = max((count.checked for count in report.laws if count.law.scope is Scope.STATE), default=0)
    times = "once" if looks == 1 else f"{looks} times"
    on_states = f", those of the whole state {times}" if looks else ""
    return f"Holds on {name}: {of_them}, each on every transaction it concerns{on_states}{says_nothing}."


def sentence_of(text: str) -> str:
    """The text with its full stop; ids at its beginning keep their letters."""
    return text if text.endswith(".") else f"{text}."
