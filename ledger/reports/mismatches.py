"""What differs between an engine and the ledger, as checks."""

from collections.abc import Mapping, Sequence

import attrs

from .checks import Check, Finding, Place, Result

GROUP = ENGINE = "engine"
"""The class of these checks, and the rule of what is no transaction's: how the engine begins and ends."""


@attrs.frozen
class Mismatched:
    """A difference: the `rule` of the transaction, such as "trade", or `ENGINE` where there is none; what differs, as
    an `aspect` and in words; and where: a line of a log, or an example."""

    rule: str
    aspect: str
    message: str
    place: Place | None = None
    accounts: tuple[str, ...] = ()


def compared_checks(compared: Mapping[str, int], mismatches: Sequence[Mismatched]) -> tuple[Check, ...]:
    """A check for each rule and one for each rule's aspect that differs.

    `compared`: how many transactions of each rule were compared, 0 for one that is known to both and did not occur.
    """
    by_aspect: dict[tuple[str, str], list[Mismatched]] = {}
    for each in mismatches:
        by_aspect.setdefault((each.rule, each.aspect), []).append(each)
    agreed = (_agreed(rule, number) for rule, number in compared.items() if all(rule != each for each, _ in by_aspect))
    return (*agreed, *(_differing(rule, aspect, found) for (rule, aspect), found in by_aspect.items()))


def _agreed(rule: str, number: int) -> Check:
    words = f"agrees on {number} of {number}" if number else "never compared"
    result = Result.HELD if number else Result.SILENT
    statement = _statement(rule)
    return Check(rule, GROUP, statement, result, words, number, number)


def _differing(rule: str, aspect: str, found: Sequence[Mismatched]) -> Check:
    findings = tuple(Finding(each.message, each.place, each.accounts) for each in found)
    statement = f"{_statement(rule).rstrip('.')}: {aspect}."
    return Check(f"{rule}/{aspect}", GROUP, statement, Result.FAILED, "differs", findings=findings)


def _statement(rule: str) -> str:
    if rule == ENGINE:
        return "The engine begins and ends as it is asked to."
    return f"The engine answers every {rule} as the ledger does."
