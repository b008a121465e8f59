"""--junit and --sarif: what a command found, as files for a build server, written also where it fails."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..byte_lines import STANDARD_INPUT
from .commands import DIVERGED, INTERNAL_ERROR, ending
from .options import files, shown_path

if TYPE_CHECKING:
    from ..reports import Check, Place, Told, Trouble

Command = TypeVar("Command", bound=Callable[..., Any])

READ = ("log", "logs", "law_files", "rulebooks")
WRITTEN = ("state_out", "digests_out", "counterexample_out")
"""The parameters that name what commands read, and what else they write."""

OF_THE_LOG = "log"
SAYS_SO = "The ledger does what the log says of it."


def pipeline_options(command: Command) -> Command:
    """--junit and --sarif. The command is given a `pipeline` to tell what it found; of an error that it raises, usage
    errors aside, this tells."""

    @functools.wraps(command)
    def told(*arguments: Any, junit: str | None, sarif: str | None, **given: Any) -> Any:
        pipeline = Pipeline(click.get_current_context().info_name or "", junit=junit, sarif=sarif, given=given)
        try:
            return command(*arguments, pipeline=pipeline, **given)
        except (click.UsageError, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            pipeline.tell_error(error)
            raise

    sarif = click.option(
        "--sarif",
        type=click.Path(),
        metavar="FILE",
        shell_complete=files,
        help="Write what was found there as SARIF 2.1.0, for code scanning; also where the command fails.",
    )
    junit = click.option(
        "--junit",
        type=click.Path(),
        metavar="FILE",
        shell_complete=files,
        help="Write every check there as a test case of JUnit's XML, for build servers; also where the command fails.",
    )
    return junit(sarif(told))  # type: ignore[return-value]


class Pipeline:
    """What a command tells a build server, and where.

    `given`: the command's parameters. ClickException where a file could not be written, or is one that the command
    reads or writes otherwise; told before anything is done.
    """

    def __init__(self, command: str, *, junit: str | None, sarif: str | None, given: dict[str, Any]) -> None:
        self.command, self.junit, self.sarif, self.has_told = command, junit, sarif, False
        logs = (given["log"],) if given.get("log") is not None else given.get("logs", ())
        self.log: str | None = logs[0] if len(logs) == 1 else None
        self.subject = ", ".join(map(shown_path, logs))
        if self.is_asked:
            refuse_files([path for path in (junit, sarif) if path is not None], self.log, given)

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to write."""
        return self.junit is not None or self.sarif is not None

    def place(self, line: int | None = None) -> "Place | None":
        """A line of the log, or all of it; None where the command reads no one log."""
        return None if self.log is None else place_in(self.log, line)

    def tell(
        self,
        checks: Iterable["Check"],
        *,
        closing: str,
        code: int,
        troubles: Iterable["Trouble"] = (),
        subject: str | None = None,
    ) -> None:
        """Write the files that are asked for. `subject`: what was checked, where it is not the log."""
        from importlib.metadata import version

        from ..reports import Told

        self.write(
            Told(
                self.command,
                self.subject if subject is None else subject,
                version("backstop-ledger"),
                closing,
                code,
                tuple(checks),
                tuple(troubles),
                self.place(),
            )
        )

    def write(self, told: "Told") -> None:
        """The files that are asked for, each whole or not at all."""
        from ..reports import junit_bytes, sarif_bytes
        from .saving import save

        self.has_told = True

        if self.junit is not None:
            save(self.junit, [junit_bytes(told)])
        if self.sarif is not None:
            save(self.sarif, [sarif_bytes(told)])

    def tell_error(self, error: Exception) -> None:
        """Tell of an error that ends the command, as standard error does; of a log that says what the ledger does not
        do as a check that fails. What was told before stays as it was told."""
        if not self.is_asked or self.has_told:
            return
        from ..reports import Check, Finding, Result, Trouble

        code, lines = ending(error)
        message, place = self.found_by(error, "; ".join(lines))
        closing = "; ".join(lines)
        if code == DIVERGED:
            finding = Finding(message, place)
            check = Check("expect", OF_THE_LOG, SAYS_SO, Result.FAILED, "not met", findings=(finding,))
            self.tell([check], closing=closing, code=code)
            return
        kind = "internal error" if code == INTERNAL_ERROR else "bad input"
        self.tell([], closing=closing, code=code, troubles=[Trouble(kind, message, place)])

    def tell_trouble(self, kind: str, message: str, *, code: int) -> None:
        """Tell what kept the command from checking anything: its kind, and what it is in a line."""
        if self.is_asked:
            from ..reports import Trouble

            self.tell([], closing=message, code=code, troubles=[Trouble(kind, message, self.place())])

    def found_by(self, error: Exception, line: str) -> tuple[str, "Place | None"]:
        """What is wrong by an error, and where: without the place in the message, where it is known apart."""
        from ..law_files import LawFileError
        from ..log import LogError
        from .internal import InternalError

        if isinstance(error, LogError):
            message = ": ".join(part for part in (error.field, error.message) if part)
            return message, place_in(self.log or error.name, error.line or None)
        if isinstance(error, LawFileError):
            return error.message, place_in(error.path, error.line or None)
        if isinstance(error, InternalError) and error.line is not None and self.log is not None:
            return line.removeprefix(f"{error.place}: "), self.place(error.line)
        return line, self.place()


def place_in(log: str, line: int | None) -> "Place":
    """A line of a log, of a journal or of standard input, or all of it."""
    from ..reports import Place
    from .sources import is_journal

    if log in (STANDARD_INPUT, "standard input"):
        return Place(None, line, within="standard input")
    return Place(log, line, is_text=not (log.endswith(".gz") or is_journal(log)))


def refuse_files(paths: Iterable[str], log: str | None, given: dict[str, Any]) -> None:
    """ClickException where one of the files to write could not be written, or is read or written otherwise."""
    from .saving import is_the_log, refuse_unwritable

    others = [os.path.realpath(path) for path in named(given, WRITTEN)]
    for path in paths:
        refuse_unwritable(path, log=log or "")
        shown = click.format_filename(path)
        if any(is_the_log(path, read) for read in named(given, READ)):
            raise click.ClickException(f"{shown}: is read by the command, expected another file")
        if os.path.realpath(path) in others:
            raise click.ClickException(f"{shown}: is written twice, expected another file")
        others.append(os.path.realpath(path))


def named(given: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    """The files that some of a command's parameters name."""
    for name in names:
        value = given.get(name)
        yield from (value,) if isinstance(value, str) else value or ()
