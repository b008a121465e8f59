"""Sharing work with processes: each task once, whoever dies meanwhile."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.processes import DEATHS, WAITING, WorkerDied, shared

Task = tuple[int, str]


def tasks(count: int, folder: Path) -> Callable[[], Task | None]:
    left = iter(range(count))
    return lambda: next(((number, str(folder)) for number in left), None)


def square(task: Task) -> int:
    return task[0] * task[0]


def square_or_die(task: Task) -> int:
    """Every third number kills its process the first time it is tried, after a while or at once."""
    number, folder = task
    tried = Path(folder) / str(number)
    if number % 3 == 0 and not tried.exists():
        tried.touch()
        time.sleep(0.05 * (number % 2))
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die(task: Task) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def fail(task: Task) -> int:
    raise LookupError("no square")


def test_each_task_once(tmp_path: Path) -> None:
    came = list(shared(2, square, tasks(30, tmp_path)))
    assert sorted((number, result) for (number, _), result in came) == [(n, n * n) for n in range(30)]


def test_no_task_at_all(tmp_path: Path) -> None:
    assert list(shared(2, square, tasks(0, tmp_path))) == []


def test_each_task_once_whoever_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a task that cannot be given out because its pool is broken already."""
    monkeypatch.setattr("ledger.processes.DEATHS", 100)
    came = list(shared(2, square_or_die, tasks(20, tmp_path)))
    assert sorted((number, result) for (number, _), result in came) == [(n, n * n) for n in range(20)]
    assert len(list(tmp_path.iterdir())) == 7


def test_a_task_that_cannot_be_given_out_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is found broken as a task is given out, and not as a result is waited for."""
    given = tasks(2 * WAITING, tmp_path)
    asked = []

    def next_task() -> Task | None:
        asked.append(given())
        if len(asked) == 2:
            time.sleep(2)  # by then the first has killed its process
        return asked[-1]

    came = list(shared(1, square_or_die, next_task))
    assert sorted(number for (number, _), _ in came) == list(range(2 * WAITING))


def test_it_is_given_up_where_nothing_is_done(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(WorkerDied, match="again and again"):
        list(shared(2, die, tasks(5, tmp_path)))
    assert time.monotonic() - began < 60
    assert DEATHS == 3


def test_what_a_task_raises_is_raised(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no square"):
        list(shared(2, fail, tasks(5, tmp_path)))
