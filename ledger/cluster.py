"""Sharing work with an existing Dask cluster. What a worker that died had to do is done again by others.

The library comes with the extra `cluster` and is loaded only where a cluster is asked for.
"""

import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .processes import WAITING
from .source_code import code_digest

Held = TypeVar("Held")
Task = TypeVar("Task")
Result = TypeVar("Result")

CONNECTING = 10
"""Seconds within which a scheduler must answer, and a first worker be there."""

WITHOUT_WORKERS = 60
"""Seconds for which a cluster may be without any worker: they are started again meanwhile."""

BETWEEN_LOOKS = 5
"""Seconds after which it is looked whether there are workers, where no run comes."""

EXTRA = "pip install 'backstop-ledger[cluster]'"


class ClusterError(Exception):
    """What is wrong with a cluster, in one line."""


def do_there(do: Callable[[Held, Task], Result], held: Held, task: Task) -> tuple[str, Result]:
    """Do one task on a worker, and say with which code."""
    return code_digest(), do(held, task)


def as_it_is(held: Held) -> Held:
    """What a worker is to hold: the task that gives it can be done again where every holder has died."""
    return held


def shared_with_cluster(
    address: str,
    do: Callable[[Held, Task], Result],
    held: Held,
    next_task: Callable[[], Task | None],
    place_of: Callable[[Task], str],
) -> Generator[tuple[Task, Result], None, None]:
    """Each task with what `do` made of it and of what is held, as they come from the cluster whose scheduler is at
    `address`; tasks are asked for until there is none.

    `place_of`: a task in words. ClusterError where there is no cluster to be reached, its machines have other code, or
    it goes away; what a task raises is raised.
    """
    distributed = library()
    with _quiet(), _connected(distributed, address) as client:
        _refuse_other_code(client, address)
        waiting: dict[Any, Task] = {}
        try:
            yield from _done(client, address, partial(do_there, do), held, next_task, waiting)
        except distributed.KilledWorker as error:
            task = next((task for future, task in waiting.items() if future.key == error.task), None)
            which = "a task" if task is None else place_of(task)
            raise ClusterError(f"{address}: every worker that tried it died: {which}") from None
        except Exception as error:
            if isinstance(error, CancelledError) or client.status != "running":
                raise ClusterError(f"{address}: the scheduler went away") from None
            raise
        finally:
            with suppress(Exception):
                client.cancel(list(waiting))


def library() -> Any:
    """The library. ClusterError where it is not installed."""
    try:
        return import_module("distributed")
    except ModuleNotFoundError as error:
        raise ClusterError(f"found no module {error.name}, which a cluster needs: {EXTRA}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the library logs and warns of: whatever is wrong is told in one line."""
    loggers = [logger for logger in _loggers() if logger.name.partition(".")[0] == "distributed"]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _loggers() -> list[logging.Logger]:
    return [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]


@contextmanager
def _connected(distributed: Any, address: str) -> Iterator[Any]:
    try:
        # Asked first, because a client that could not be made complains again when it is thrown away.
        import_module("distributed.comm").get_address_host_port(address, strict=False)
    except (ValueError, RuntimeError) as error:
        raise ClusterError(f"{address or 'nothing'}: no address of a scheduler ({_first_line(error)})") from None
    try:
        client = distributed.Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, TypeError) as error:  # the latter for tls without its certificates
        raise ClusterError(f"{address}: found no scheduler within {CONNECTING} s ({_first_line(error)})") from None
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECTING)
        except TimeoutError:
            raise ClusterError(f"{address}: found no worker within {CONNECTING} s") from None
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=CONNECTING)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _refuse_other_code(client: Any, address: str) -> None:
    """ClusterError where the scheduler or a worker has no package, or other code than this machine."""
    ask = _asking_for_code()
    try:
        found = {"the scheduler": client.run_on_scheduler(ask), **client.run(ask)}
    except OSError as error:
        raise ClusterError(f"{address}: lost a machine while it was asked for its code ({error})") from None
    for where, code in found.items():
        if code != code_digest():
            raise _other_code(address, where, code)


def _other_code(address: str, where: str, code: str | None) -> ClusterError:
    has = "no backstop-ledger" if code is None else f"backstop-ledger {code}"
    return ClusterError(f"{address}: {where} has {has}, expected {code_digest()} as here")


def _asking_for_code() -> Callable[[], str | None]:
    """A function that crosses to another machine as it is, so that it can be asked also where there is no package."""

    def ask() -> str | None:
        try:
            from ledger.source_code import code_digest
        except ImportError:
            return None
        return code_digest()

    return ask


def _done(
    client: Any,
    address: str,
    do: Callable[..., Any],
    held: Any,
    next_task: Callable[[], Task | None],
    waiting: dict[Any, Task],
) -> Iterator[tuple[Task, Any]]:
    """The tasks as they come, a few for each thread of the cluster given out at a time."""
    there = client.submit(as_it_is, held, pure=False)
    done: SimpleQueue[Any] = SimpleQueue()
    without_workers = 0
    while True:
        threads = sum(client.nthreads().values())
        while len(waiting) < WAITING * max(1, threads) and (task := next_task()) is not None:
            future = client.submit(do, there, task, pure=False)
            waiting[future] = task
            future.add_done_callback(done.put)
        if not waiting:
            return
        came = _next_result(done)
        if came is None:
            without_workers = 0 if threads else without_workers + BETWEEN_LOOKS
            if without_workers >= WITHOUT_WORKERS:
                raise ClusterError(f"{address}: found no worker for {WITHOUT_WORKERS} s")
        else:
            future, code, result = came
            if code != code_digest():
                raise _other_code(address, "a worker", code)
            yield waiting.pop(future), result


def _next_result(done: "SimpleQueue[Any]") -> tuple[Any, str, Any] | None:
    """The next future that is done, with its code and result; None where none comes soon."""
    try:
        future = done.get(timeout=BETWEEN_LOOKS)
    except Empty:
        return None
    try:
        return future, *future.result(timeout=BETWEEN_LOOKS)
    except TimeoutError:
        # The worker died before its result was fetched: it is made again, and the future is done once more.
        future.add_done_callback(done.put)
        return None
