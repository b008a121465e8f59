"""The group of all commands, and how a command ends.

Exit codes: 0 all held; 1 a law broke, or a divergence or a finding was found; 2 usage or bad input; 3 an internal
error. Whatever is wrong is told in one line on standard error. Interrupted is 130, a reader that went away 141, and a
command that ends engines before it is terminated 143, all quietly.
"""

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import FrameType
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..collector import collect_seldom

SUMMARIES = {
    "replay": "Replay a log with its laws checked.",
    "show": "Print the state, or one account, at a point of a log.",
    "explain": "Print one transaction's checks, postings and events.",
    "diff": "Find the first transaction at which two ledgers differ.",
    "watch": "Hold a venue's log against what the operator would have done.",
    "journal": "Keep a log durably: append to it, verify it, export it.",
    "simulate": "Simulate a venue along real prices, and write its log.",
    "calibrate": "Find how much capacity is enough, over scenarios and seeds.",
    "fuzz": "Try the ledger at random with its laws checked.",
    "verify": "Check every law four ways, in one table.",
    "compare": "Run another engine side by side with the ledger.",
    "step": "Answer transactions from one state file to the next.",
    "vectors": "Write test vectors, or hold an engine against them.",
    "export": "Write a log as a trace, or as a regression test.",
    "rulebook": "List, show and check rulebooks.",
    "schema": "Print the JSON Schema of a log's lines, or of a test vector.",
    "completion": "Print the completion script of a shell.",
}
"""Every command with what it does, so that none has to be loaded to be listed."""

DIVERGED = 1
BAD_INPUT = 2
INTERNAL_ERROR = 3
INTERRUPTED = 130
NOBODY_READS = 141
TRACEBACK_VARIABLE = "BACKSTOP_TRACEBACK"
EXIT_CODES = """\b
Exit codes:
  0  all held
  1  a law broke, the log says what the ledger does not do, or diff, watch, compare, vectors check or
     journal verify found something
  2  usage or bad input, told in one line on standard error
  3  internal error (BACKSTOP_TRACEBACK=1 shows where)"""


class Commands(click.Group):
    """The commands by name, each loaded from the module of its name when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they are told."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if cmd_name not in SUMMARIES:
            return None
        command = import_module(f".{cmd_name}", __package__).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, from the summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What may follow `incomplete`, from the summaries."""
        names = [CompletionItem(name, help=text) for name, text in SUMMARIES.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its value is the exit code."""
        if "NO_COLOR" in os.environ:
            ctx.color = False
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_standard_output()
            return NOBODY_READS
        except KeyboardInterrupt:
            return INTERRUPTED
        return code

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit, or, unless `standalone_mode`, return the exit code."""
        # Given no words of its own it reads the process's: then the process is the command's, and nobody else's.
        if args is None and standalone_mode:
            collect_seldom()
        # An id or a file's name may have letters that the terminal has not; better escaped than lost in an error.
        with contextlib.suppress(AttributeError, ValueError):
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra) or 0
        except click.Abort:
            code = INTERRUPTED
        except Exception as error:
            code, lines = ending(error)
            if code == INTERNAL_ERROR and os.environ.get(TRACEBACK_VARIABLE) == "1":
                traceback.print_exc()
            for line in lines:
                click.echo(line, err=True)
        if standalone_mode:
            sys.exit(code)
        return code


def ending(error: Exception) -> tuple[int, list[str]]:
    """The exit code and the lines that tell of an error: one, or one for each error of a rulebook."""
    from ..engines.errors import EngineError
    from ..law_files import LawFileError
    from ..log import Divergence, LogError
    from ..profiles import RulebookError
    from ..replay import noted_line
    from ..simulation.faults import DataError
    from ..strict_json import one_line
    from .internal import InternalError

    if isinstance(error, click.UsageError):
        path = "backstop" if error.ctx is None else error.ctx.command_path
        return BAD_INPUT, [one_line(f"{path}: {_sentence(error)} (see {path} --help)")]
    if isinstance(error, click.ClickException):
        return BAD_INPUT, [one_line(error.format_message())]
    if isinstance(error, LogError):
        return DIVERGED if isinstance(error, Divergence) else BAD_INPUT, [str(error)]
    if isinstance(error, EngineError):
        return BAD_INPUT, [str(error)]
    if isinstance(error, DataError):
        return BAD_INPUT, [one_line(line) for line in error.lines]
    if isinstance(error, LawFileError):
        line = noted_line(error)
        return BAD_INPUT, [str(error) if line is None else f"{error}, while line {line} of the log was answered"]
    if isinstance(error, RulebookError):
        return BAD_INPUT, [one_line(f"{field}: {message}") for field, message in error.errors]
    if isinstance(error, OSError):
        parts = ("backstop", error.filename, error.strerror or str(error))
        return BAD_INPUT, [one_line(": ".join(str(part) for part in parts if part))]
    place, cause = (error.place, error.cause) if isinstance(error, InternalError) else ("backstop", error)
    told = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    return INTERNAL_ERROR, [
        one_line(f"{place}: internal error, please report it ({TRACEBACK_VARIABLE}=1 shows where): {told}")
    ]


@contextlib.contextmanager
def heeding_termination() -> Iterator[None]:
    """Within, a signal that ends the process is heeded as an interrupt is: what was started is ended first, and so is
    the process then, with 128 and the signal's number. One that is ignored stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in heeded:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _sentence(error: click.UsageError) -> str:
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _leave_standard_output() -> None:
    """Nobody reads any more: let what is still unwritten go nowhere, instead of into an error at the exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def help_where_nothing_is_asked(ctx: click.Context) -> None:
    """Print a group's help on standard error, and end as for any other usage error, where no command was given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(BAD_INPUT)


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"backstop {version('backstop-ledger')}")
        ctx.exit()


@click.command(
    cls=Commands,
    name="backstop",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and exit.",
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """The reference model of a perpetual-futures clearing house with backstop liquidity: replay a venue's log, check
    the laws of the ledger on every transaction, and look into any of them.

    \b
    Example:
      backstop replay docs/examples/alice-and-bob.jsonl
    """
    help_where_nothing_is_asked(ctx)
