"""Writing to a file, whole or not at all."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping

import click

from ..byte_lines import STANDARD_INPUT
from ..canonical import state_chunks
from ..state import State

STANDARD_OUTPUT = "-"


def refuse_unwritable(path: str, *, log: str) -> None:
    """ClickException where a file could not be written there, or is the log itself; told before a log is read."""
    folder = os.path.dirname(os.path.realpath(path))
    shown = click.format_filename(path)
    if path == STANDARD_OUTPUT:
        raise click.ClickException(f"{shown}: found standard output, expected a file to write")
    if is_the_log(path, log):
        raise click.ClickException(f"{shown}: is the log itself, expected another file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise click.ClickException(f"{shown}: found a folder or device, expected a file to write")
    if not os.path.isdir(folder):
        raise click.ClickException(f"{shown}: found no folder {click.format_filename(folder)} to write to")
    if not os.access(folder, os.W_OK):
        raise click.ClickException(f"{shown}: the folder cannot be written to")


def refuse_unwritable_folder(path: str) -> None:
    """ClickException where a folder is not there and could not be made, or could not be written to; told before
    anything is looked for that would be written there."""
    there, shown = os.path.realpath(path), click.format_filename(path)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not path or not os.path.isdir(there):
        raise click.ClickException(f"{shown or '--out'}: found no folder, expected one, or a place for one")
    if not os.access(there, os.W_OK):
        raise click.ClickException(f"{shown}: the folder cannot be written to")


def is_the_log(path: str, log: str) -> bool:
    """Whether a path leads to the file that a log is read from, by whatever name, standard input among them."""
    try:
        source = os.fstat(sys.stdin.fileno()) if log == STANDARD_INPUT else os.stat(log)
        return os.path.samestat(source, os.stat(path))
    except (OSError, ValueError):
        return False  # one of the two is no file yet


def save_state(state: State, path: str) -> None:
    """The state's canonical bytes in a file."""
    save(path, state_chunks(state))


def save(path: str, chunks: Iterable[bytes]) -> None:
    """Bytes in a file, which is there whole or, where that fails, as it was before."""
    with _prepared(path, chunks) as unfinished:
        os.replace(unfinished, os.path.realpath(path))


def save_all(contents: Mapping[str, Iterable[bytes]]) -> None:
    """Bytes in several files, all of which are there whole or, where that fails, as they were before. What `-` is given
    goes to standard output first, and where nobody reads that, no file changes."""
    with contextlib.ExitStack() as stack:
        files = {
            os.path.realpath(path): stack.enter_context(_prepared(path, chunks))
            for path, chunks in contents.items()
            if path != STANDARD_OUTPUT
        }
        if STANDARD_OUTPUT in contents:
            sys.stdout.buffer.writelines(contents[STANDARD_OUTPUT])
            sys.stdout.buffer.flush()
        _replace_all(files)


def _replace_all(unfinished: Mapping[str, str]) -> None:
    """Put each file in its place, or, where one cannot be, put back those that were there."""
    done: list[tuple[str, str | None]] = []
    try:
        for path, file in unfinished.items():
            kept = None
            if os.path.exists(path):
                kept = f"{file}.kept"
                os.link(path, kept)
            done.append((path, kept))
            os.replace(file, path)
    except BaseException:
        for path, kept in done:
            if kept is not None:
                os.replace(kept, path)
            elif not os.path.exists(unfinished[path]):
                os.unlink(path)
        raise
    for _, kept in done:
        if kept is not None:
            os.unlink(kept)


@contextlib.contextmanager
def _prepared(path: str, chunks: Iterable[bytes]) -> Iterator[str]:
    """The name of a file beside `path` that has the bytes, safe on the disk; it is gone afterwards, unless moved."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    unfinished = os.path.join(folder, f".{name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "xb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        yield unfinished
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)
