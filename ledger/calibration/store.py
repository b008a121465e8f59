"""The runs that are done, kept in a file as they come: a line each, never changed, and gone on from where it ends."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import attrs

from ..strict_json import one_line
from .cases import Case
from .plan import Plan, Run
from .results import Result, key_and_figures, line_of, result_from

NAME = "runs.jsonl"


class StoreError(Exception):
    """What is wrong with the file of runs: one line, with the file and its line."""


@attrs.define
class Kept:
    """What a file of runs has: the `results` of the runs that are asked for by key, and how many `others` it has.

    `torn`: bytes of a last line that was not written whole.
    """

    results: dict[str, Result] = attrs.field(factory=dict)
    others: int = 0
    torn: int = 0


def read_kept(path: str, cases: Sequence[Case], runs: Mapping[str, Run]) -> Kept:
    """What a file has of the runs by key, nothing where it is not there. StoreError for a line that is none."""
    kept = Kept()
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    _keep(kept, f"{path}:{number}", line, cases, runs)
                else:
                    kept.torn = len(line)
    except FileNotFoundError:
        pass
    return kept


def _keep(kept: Kept, place: str, line: bytes, cases: Sequence[Case], runs: Mapping[str, Run]) -> None:
    try:
        key, figures = key_and_figures(line)
        if key not in runs:
            kept.others += 1
            return
        result = result_from(figures, cases[runs[key].case].decimals)
    except ValueError as error:
        raise StoreError(one_line(f"{place}: {error}; without this line the run is made again")) from None
    if kept.results.setdefault(key, result) != result:
        raise StoreError(one_line(f"{place}: found other figures of a run than on a line before, expected the same"))


class Store:
    """The file of runs, open for more of them; `kept` is what it had. Use `open_store`."""

    def __init__(self, file: BinaryIO, plan: Plan, kept: Kept) -> None:
        self._file, self._plan, self.kept = file, plan, kept

    def add(self, run: Run, result: Result) -> None:
        """Keep one more, on the disk before this returns."""
        self._file.write(line_of(self._plan.cases[run.case], run, result))
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def open_store(folder: str, plan: Plan, runs: Mapping[str, Run]) -> Iterator[Store]:
    """The file of runs in a folder, which is made where there is none; a torn last line is cut off.

    StoreError where the file is not one of runs, or another calibration writes to it.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, NAME)
    with open(path, "ab") as file:
        if not _is_ours_alone(file):
            raise StoreError(one_line(f"{path}: another calibration writes to it, expected a folder for this one"))
        kept = read_kept(path, plan.cases, runs)
        if kept.torn:
            file.truncate(os.path.getsize(path) - kept.torn)
        yield Store(file, plan, kept)


def _is_ours_alone(file: BinaryIO) -> bool:
    """Whether nobody else has the file locked; the lock ends with the file, however the process ends."""
    try:
        import fcntl
    except ImportError:  # where the system has no such locks, nobody is kept out
        return True
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
