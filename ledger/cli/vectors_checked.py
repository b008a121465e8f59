"""What an engine's answers to vectors come to: a table by transaction type, and what differed first in each failure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..strict_json import excerpt, one_line
from ..vectors.checking import Checked, Checking, Result
from .formatting import counted
from .layout import Cell, Column, Styled, paragraph, table, title

Document = dict[str, Any]
MOST_SHOWN = 20
NOTHING = "-"


def checked_document(checking: Checking, results: Sequence[Checked], command: str) -> Document:
    """Everything, for machines."""
    abilities = checking.abilities
    return {
        "command": command,
        "engine": abilities.engine,
        "gives": sorted(abilities.gives),
        "ended_badly": checking.ended_badly or None,
        **counts_of(results),
        "transactions": {name: counts_of(of_type(results, name)) for name in types_of(results)},
        "vectors": [_document_of(checked) for checked in results],
    }


def checked_lines(checking: Checking, results: Sequence[Checked]) -> Iterator[str]:
    """The same for people, with the first failures."""
    gives = ", ".join(sorted(checking.abilities.gives)) or "nothing but whether a transaction is applied"
    yield f"{checking.abilities.engine}, which gives {gives}"
    yield ""
    yield from table(
        COLUMNS, [*(_row(name, of_type(results, name)) for name in types_of(results)), _row("all", results)]
    )
    yield from _reasons(results)
    if all(checked.result is Result.NOT_RUN for checked in results):
        yield ""
        yield "No vector was run."
    failed = [checked for checked in results if checked.result is Result.FAILED]
    for checked in failed[:MOST_SHOWN]:
        yield ""
        yield from _failure(checked)
    if len(failed) > MOST_SHOWN:
        yield ""
        yield f"... and {counted(len(failed) - MOST_SHOWN, 'failure')} more; --json has them all"
    if checking.ended_badly:
        yield ""
        yield from paragraph(checking.ended_badly, label=Styled("after the last vector", colour="red"), hang=23)


def is_passed(results: Iterable[Checked]) -> bool:
    """Whether some vector passed and none failed."""
    ended = {checked.result for checked in results}
    return Result.PASSED in ended and Result.FAILED not in ended


COLUMNS = (
    Column("transaction"),
    Column("vectors", "right"),
    Column("passed", "right"),
    Column("failed", "right"),
    Column("not run", "right"),
)


def types_of(results: Iterable[Checked]) -> list[str]:
    """The transaction types that there are vectors of, in the order of the vectors."""
    return list(dict.fromkeys(checked.type_name for checked in results))


def of_type(results: Iterable[Checked], name: str) -> list[Checked]:
    """The results of one transaction type."""
    return [checked for checked in results if checked.type_name == name]


def counts_of(results: Sequence[Checked]) -> dict[str, int]:
    """How many there are, and how many ended in which way."""
    return {
        "count": len(results),
        **{result.value.replace(" ", "_"): sum(checked.result is result for checked in results) for result in Result},
    }


def _row(name: str, results: Sequence[Checked]) -> Sequence[Cell]:
    count, passed, failed, not_run = counts_of(results).values()
    return (
        name,
        str(count),
        str(passed),
        Styled(str(failed), colour="red", bold=True) if failed else NOTHING,
        Styled(str(not_run), colour="yellow") if not_run else NOTHING,
    )


def _reasons(results: Iterable[Checked]) -> Iterator[str]:
    """Why vectors were not run, each reason once; all transactions that the engine does not know are one."""
    not_run = [checked for checked in results if checked.result is Result.NOT_RUN]
    unknown = frozenset[str]().union(*(checked.unknown for checked in not_run))
    why: dict[str, int] = {}
    for checked in not_run:
        reason = f"the engine does not know {', '.join(sorted(unknown))}" if checked.unknown else checked.why
        why[reason] = why.get(reason, 0) + 1
    if why:
        yield ""
    for reason, number in why.items():
        yield from paragraph(f"{counted(number, 'vector')}, as {reason}", label="Not run:", hang=9)


def _failure(checked: Checked) -> Iterator[str]:
    """A failure: the vector, where in it, and what was expected and found."""
    yield title(checked.name)
    if checked.difference is None:
        yield from paragraph(checked.why, label="  ", hang=2)
        return
    place = "the state at the end" if checked.number is None else f"transaction {checked.number + 1}"
    difference = checked.difference
    yield from table(
        (Column("  where"), Column("expected"), Column("found")),
        [(f"  {place}, {difference.place}", _shown(difference.ours), _shown(difference.theirs))],
    )


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    return one_line(value) if isinstance(value, str) else excerpt(json.dumps(value))


def _document_of(checked: Checked) -> Document:
    document: Document = {"name": checked.name, "result": checked.result.value}
    if checked.why:
        document["why"] = checked.why
    if checked.difference is not None:
        document["transaction"] = None if checked.number is None else checked.number + 1
        document["where"] = checked.difference.place
        document["expected"] = checked.difference.ours
        document["found"] = checked.difference.theirs
    return document
