"""Replaying logs for the table: every log with the laws chosen, and what each law was checked on and fired."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import attrs

from ..byte_lines import name_of
from ..laws import REGISTRY, Count, Law, StateLaw
from ..log import open_log, read_log
from ..replay import replay_log
from .table import WHOLE_STATE, Spoken

FOLDERS = ("docs/examples", "tests/logs")
STATE_EVERY = 100
"""Transactions between two looks of the laws of the whole state."""


@attrs.frozen
class LogResult:
    """What replaying one log came to: `failure` is what stopped it, in words, None where all held.

    `broken`: the id of the broken law, None where none is or an expectation was not met, and `scope` its scope. `line`:
    where it stopped, None where all held or a state was broken before any; `detail` and `accounts` of what stopped it.
    """

    path: str
    transactions: int
    spoken: Spoken
    failure: str | None
    broken: str | None = None
    scope: str | None = None
    line: int | None = None
    detail: str = ""
    accounts: tuple[str, ...] = ()


def shipped_logs(root: Path) -> list[Path]:
    """The logs of a checkout, in order: its examples, and the attacks and episodes that its tests keep."""
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.jsonl"))]


def replayed(paths: Sequence[Path], *, law_id: str | None, extra: Sequence[Law] = (), workers: int) -> list[LogResult]:
    """Every log replayed, in the order given. LogError for one that cannot be read. `extra` laws want one worker."""
    if workers == 1 or len(paths) < 2 or extra:
        return [_replay(law_id, str(path), extra) for path in paths]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(_replay, law_id), map(str, paths)))


def laws_of(law_id: str | None) -> tuple[Law, ...]:
    """The laws of an id, in every scope; all where none is given."""
    return tuple(law for law in REGISTRY if law_id in (None, law.id))


def _replay(law_id: str | None, path: str, extra: Sequence[Law] = ()) -> LogResult:
    with open_log(path) as stream:
        state, entries = read_log(stream, name_of(path))
        report = replay_log(state, entries, laws=(*laws_of(law_id), *extra), state_every=STATE_EVERY)
    failure, result = report.failure, LogResult(path, report.transactions, spoken_of(report.laws), None)
    if failure is None:
        return result
    what = "an expectation is not met" if failure.law is None else f"{failure.law.id} is broken"
    line = None if failure.entry is None else failure.entry.line
    return attrs.evolve(
        result,
        failure=f"{what} on line {line or 0}: {failure.detail}",
        broken=None if failure.law is None else failure.law.id,
        scope=None if failure.law is None else failure.law.scope.value,
        line=line,
        detail=failure.detail,
        accounts=failure.accounts,
    )


def spoken_of(counts: Iterable[Count]) -> Spoken:
    """The counts of a monitor by law and transaction type; those of a law of the whole state under that name."""
    spoken: dict[tuple[str, str, str], tuple[int, int]] = {}
    for count in counts:
        law_id, scope = count.law.id, count.law.scope.value
        if isinstance(count.law, StateLaw):
            spoken[law_id, scope, WHOLE_STATE] = count.checked, count.fired
        for name, both in count.by_type.items():
            spoken[law_id, scope, name] = both
    return spoken


def summed(several: Iterable[Spoken]) -> Mapping[tuple[str, str, str], tuple[int, int]]:
    """The sum of several counts."""
    total: dict[tuple[str, str, str], tuple[int, int]] = {}
    for spoken in several:
        for key, (checked, fired) in spoken.items():
            before = total.get(key, (0, 0))
            total[key] = before[0] + checked, before[1] + fired
    return total
