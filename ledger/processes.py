"""Processes that share work, each started afresh, so that they are alike on every system."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal
from threading import Thread
from typing import TypeVar

from .collector import collect_seldom

Task = TypeVar("Task")
Result = TypeVar("Result")

WAITING = 3
"""Tasks that are given out for each worker, so that none waits for the next."""

DEATHS = 3
"""How often in a row processes may end on their own, with nothing done in between, before it is given up."""


class WorkerDied(Exception):
    """A process that shared work ended on its own, as where the machine has no memory left."""


def shared(
    workers: int,
    do: Callable[[Task], Result],
    next_task: Callable[[], Task | None],
    prepare: Callable[..., None] | None = None,
    *arguments: object,
) -> Generator[tuple[Task, Result], None, None]:
    """Each task with its result, as they come from so many processes; tasks are asked for until there is none.

    Each process calls `prepare` with the arguments once, before all else. What a process that ended on its own had to
    do is done again by others. WorkerDied where that is in vain; what a task raises is raised.
    """
    again: list[Task] = []
    deaths = 0
    while True:
        waiting: dict[Future[Result], Task] = {}
        try:
            with pool(workers, prepare, *arguments) as executor:
                while True:
                    while len(waiting) < WAITING * workers:
                        task = again.pop() if again else next_task()
                        if task is None:
                            break
                        again.append(task)  # and there it stays where it cannot be given out
                        future = executor.submit(do, task)
                        waiting[future] = again.pop()
                    if not waiting:
                        return
                    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        deaths = 0
                        yield waiting.pop(future), result
        except BrokenProcessPool:
            deaths += 1
            if deaths == DEATHS:
                raise WorkerDied("a worker process died again and again, as where memory runs out") from None
            again += waiting.values()


@contextmanager
def pool(workers: int, prepare: Callable[..., None] | None = None, *arguments: object) -> Iterator[ProcessPoolExecutor]:
    """An executor of so many processes; each calls `prepare` with the arguments once, before all else.

    Interrupts are left to the parent. Where the body raises, what the processes do is ended unfinished.
    """
    executor = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (prepare, arguments))
    try:
        yield executor
    except BaseException:
        _end(executor)
        raise
    else:
        executor.shutdown(cancel_futures=True)


def _begin(prepare: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    signal(SIGINT, SIG_IGN)
    collect_seldom()
    if prepare is not None:
        prepare(*arguments)


def _end(executor: ProcessPoolExecutor) -> None:
    # What Python 3.14 has as `terminate_workers`; shutting down forgets both, so they are taken first. The thread that
    # manages them is waited for: one that is still closing its pipe while the program ends makes Python complain.
    processes = list((executor._processes or {}).values())
    manager: Thread | None = executor._executor_manager_thread  # type: ignore[assignment]
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    if manager is not None:
        manager.join()
