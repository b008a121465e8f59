"""Processes that share work, each started afresh, so that they are alike on every system."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal


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
    if prepare is not None:
        prepare(*arguments)


def _end(executor: ProcessPoolExecutor) -> None:
    # What Python 3.14 has as `terminate_workers`; shutting down forgets the processes, so they are taken first.
    processes = list((executor._processes or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
