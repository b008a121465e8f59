"""Progress of a replay or a campaign, drawn on standard error while it runs and gone afterwards."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from ..log import Entry

if TYPE_CHECKING:
    from rich.progress import TaskID

ENTRIES_BETWEEN_LOOKS = 64
SECONDS_BETWEEN_DRAWINGS = 0.1


@contextmanager
def progress_of(log: str, stream: BinaryIO | None, *, quiet: bool) -> Iterator[Callable[[Entry], None] | None]:
    """What a replay is to call with each entry: None where nobody looks at standard error, or `quiet` is asked.

    `stream` is what it reads, None where that is no stream of bytes.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[read]} lines"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawing:
        task = drawing.add_task("replaying", total=None if stream is None else length_of(log), read=0)
        position = position_of(stream)
        drawn = time.monotonic()

        def look(entry: Entry) -> None:
            nonlocal drawn
            if entry.line % ENTRIES_BETWEEN_LOOKS == 0:
                now = time.monotonic()
                if now - drawn >= SECONDS_BETWEEN_DRAWINGS:
                    drawn = now
                    drawing.update(task, completed=position(), read=entry.line)

        yield look


@contextmanager
def progress_of_examples(examples: int) -> Iterator[Callable[[int], None]]:
    """What a campaign is to call with how many examples are done."""
    with progress_of_ways() as look:
        yield lambda done: look("examples", done, examples)


@contextmanager
def progress_of_ways() -> Iterator[Callable[[str, int, int], None]]:
    """What is to be called with the name of a kind of work, how much of it is done, and how much there is."""
    if not sys.stderr.isatty():
        yield lambda name, done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawing:

        def look(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = drawing.add_task(name, total=of)
            drawing.update(tasks[name], completed=done)

        yield look


def length_of(log: str) -> int | None:
    """Bytes of the file, None where that is not known beforehand."""
    return os.path.getsize(log) if os.path.isfile(log) else None


def position_of(stream: BinaryIO | None) -> Callable[[], int]:
    """Bytes of the file that were read: of the packed ones where it is gzipped."""
    if stream is None:
        return lambda: 0
    source = getattr(getattr(stream, "raw", None), "fileobj", stream)
    if not source.seekable():
        return lambda: 0
    return lambda: int(source.tell())
