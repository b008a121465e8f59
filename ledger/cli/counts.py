"""Tables of what was counted: laws with how often they spoke, transactions by type and reason."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ..laws import Count, Law
from ..transactions import TYPE_NAMES
from .laws import BROKEN, NEVER_FIRED, NOT_CHECKED
from .layout import Cell, Column, Styled, table

RESULT_COLOURS = {BROKEN: "red", NEVER_FIRED: "yellow"}
TYPES = tuple(sorted(set(TYPE_NAMES.values())))

Rejections = Counter[tuple[str, str]]
"""Refused transactions by (type, reason name)."""


def law_table(results: Iterable[tuple[Law, Count | None, str]], *, width: int) -> list[str]:
    """Every law with its count, None where it was not chosen, and its result."""
    rows: list[Sequence[Cell]] = []
    for law, count, result in results:
        checked, fired = ("-", "-") if count is None else (str(count.checked), str(count.fired))
        dim = result == NOT_CHECKED
        answer = Styled(result, colour=RESULT_COLOURS.get(result), bold=result == BROKEN, dim=dim)
        rows.append((law.id, law.scope.value, law.statement.rstrip("."), checked, fired, answer))
    columns = (
        Column("law"),
        Column("scope"),
        Column("statement", gives_way=True),
        Column("checked", "right"),
        Column("fired", "right"),
        Column("result"),
    )
    return table(columns, rows, width=width)


def answer_table(applied: Counter[str], rejected: Rejections, *, width: int) -> list[str]:
    """Applied and rejected transactions by type, the reasons of the rejected ones below their type."""
    rows: list[Sequence[Cell]] = []
    for name in TYPES:
        reasons = reasons_of(rejected, name)
        if not applied[name] and not reasons:
            continue
        rows.append((name, str(applied[name]), str(sum(reasons.values())) if reasons else "-"))
        rows += [(f"  {reason}", "", str(number)) for reason, number in reasons.items()]
    rows.append(("all", str(applied.total()), str(rejected.total())))
    return table((Column("transactions"), Column("applied", "right"), Column("rejected", "right")), rows, width=width)


def reasons_of(rejected: Rejections, name: str) -> dict[str, int]:
    """The refusals of one transaction type by reason."""
    return {reason: number for (kind, reason), number in sorted(rejected.items()) if kind == name}
