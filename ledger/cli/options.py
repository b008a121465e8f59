"""Arguments and options that commands share, and how a command prints a document."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..byte_lines import STANDARD_INPUT, reason_of

Command = TypeVar("Command", bound=Callable[..., Any])


def log_argument(command: Command) -> Command:
    """LOG: a file, gzipped where its name ends in `.gz`, or `-`."""
    return click.argument("log", metavar="LOG", shell_complete=files)(command)


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def json_option(command: Command) -> Command:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def laws_from_option(command: Command) -> Command:
    """--laws-from, any number of times."""
    return click.option(
        "--laws-from",
        "law_files",
        type=click.Path(),
        multiple=True,
        metavar="FILE",
        shell_complete=files,
        help="Check laws of your own too: a Python file that defines LAWS. May be given more than once.",
    )(command)


def point_options(command: Command) -> Command:
    """--at and --line, one of the two."""
    at = click.option(
        "--at", "sequence", type=click.IntRange(min=0), metavar="SEQ", help="Where so many transactions were applied."
    )
    line = click.option("--line", type=click.IntRange(min=1), metavar="N", help="At this line of the log.")
    return at(line(command))


def refuse_two_points(sequence: int | None, line: int | None) -> None:
    """UsageError where both are given."""
    if sequence is not None and line is not None:
        raise click.UsageError(
            "--at and --line are two ways to say where; give one of them", click.get_current_context()
        )


def cluster_option(help_text: str) -> Callable[[Command], Command]:
    """--cluster."""
    return click.option("--cluster", metavar="ADDRESS", help=help_text)


class Seconds(click.FloatRange):
    """A number of seconds above 0. Not a number is none, though it is not below 0 either."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        seconds: float = super().convert(value, param, ctx)
        if not seconds > 0:
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds


def rulebooks(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The rulebooks that come with the package and begin so, and files."""
    from ..profiles import profile_names

    items = [CompletionItem(name) for name in profile_names() if name.startswith(incomplete)]
    return items + files(ctx, parameter, incomplete)


def rulebooks_option(command: Command) -> Command:
    """--rulebook, any number of times: what examples are made at random of."""
    return click.option(
        "--rulebook",
        "rulebooks",
        multiple=True,
        metavar="RULEBOOK",
        shell_complete=rulebooks,
        help="A rulebook of the examples, by name, or in a TOML or JSON file; of several each in turn. By default the "
        "shipped ones and others in which corners are close together, and after each of them one drawn at random.",
    )(command)


def counterexamples_option(command: Command) -> Command:
    """--out: the folder of counterexamples."""
    return click.option(
        "--out",
        "folder",
        type=click.Path(file_okay=False),
        default="counterexamples",
        show_default=True,
        metavar="FOLDER",
        help="Where counterexamples are written.",
    )(command)


TIMEOUT = 10.0
"""Seconds within which an engine must reply, unless another number is asked."""


def engine_option(command: Command) -> Command:
    """--engine, which is required."""
    return click.option(
        "--engine", required=True, metavar="CMD", help="The command that starts the engine; no shell runs it."
    )(command)


def timeout_option(command: Command) -> Command:
    """--timeout of an engine."""
    return click.option(
        "--timeout",
        type=Seconds(),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long each reply may take.",
    )(command)


def refuse_two_places(workers: int | None, cluster: str | None) -> None:
    """UsageError where both are given."""
    if workers is not None and cluster is not None:
        raise click.UsageError(
            "--workers and --cluster are two places to run; give one of them", click.get_current_context()
        )


def refuse_without_library() -> None:
    """ClickException where the library of clusters is not installed; told before anything is read."""
    from ..cluster import ClusterError, library

    try:
        library()
    except ClusterError as error:
        raise click.ClickException(f"--cluster: {error}") from None


def no_rulebook(name: str, error: OSError | ValueError) -> str:
    """What is wrong with a name that is neither a profile's nor that of a file that can be read."""
    from ..profiles import profile_names

    expected = f"a file, or one of {', '.join(profile_names())}"
    return f"{click.format_filename(name)}: found {reason_of(error)}, expected {expected}"


def place_of(log: str, line: int) -> str:
    """A line of a log as compilers write it."""
    return f"{shown_path(log)}:{line}"


def shown_path(log: str) -> str:
    """The log's path as it was given."""
    return "standard input" if log == STANDARD_INPUT else click.format_filename(log)


def shown_name(log: str) -> str:
    """The log's name without its folder."""
    return "standard input" if log == STANDARD_INPUT else click.format_filename(log, shorten=True)


def print_document(document: dict[str, Any], *, err: bool = False) -> None:
    """One JSON document on standard output, or on standard error."""
    click.echo(json.dumps(document, indent=2), err=err)


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Lines on standard output, or on standard error, colours only where the terminal has them."""
    click.echo("\n".join(lines), err=err)
