"""`backstop rulebook list`, `show` and `check`."""

import json
from pathlib import Path

import click

from ..byte_lines import reason_of
from ..profiles import DEFAULT_PROFILE, RulebookError, load_profile, profile_names, read_document, rulebook_of
from ..strict_json import one_line
from .commands import BAD_INPUT, help_where_nothing_is_asked
from .layout import page_width
from .options import files, json_option, print_document, print_lines
from .terms import list_lines, rulebook_lines, summary

LIST_EXAMPLE = """\b
Example:
  backstop rulebook list"""
SHOW_EXAMPLE = """\b
Example:
  backstop rulebook show ascendex-2020"""
CHECK_EXAMPLE = """\b
Example:
  backstop rulebook check ledger/rulebooks/textbook.toml"""


@click.group("rulebook", invoke_without_command=True, epilog=LIST_EXAMPLE)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, show and check rulebooks: the terms of a venue."""
    help_where_nothing_is_asked(ctx)


def names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The rulebooks that come with the package and begin so."""
    return [name for name in profile_names() if name.startswith(incomplete)]


@command.command("list", epilog=LIST_EXAMPLE)
@json_option
def list_profiles(as_json: bool) -> int:
    """List the rulebooks that come with the package."""
    rulebooks = [load_profile(name) for name in profile_names()]
    if as_json:
        print_document(
            {"rulebooks": [{"name": each.name, "default": each.name == DEFAULT_PROFILE} for each in rulebooks]}
        )
    else:
        print_lines(list_lines(rulebooks, default=DEFAULT_PROFILE, width=page_width()))
    return 0


@command.command("show", epilog=SHOW_EXAMPLE)
@click.argument("name", metavar="NAME", shell_complete=names)
@json_option
def show(name: str, as_json: bool) -> int:
    """Print the terms of the rulebook NAME; as JSON, the whole document that a genesis may hold."""
    rulebook = load_profile(name)
    if as_json:
        print_document(json.loads(rulebook.document))
    else:
        print_lines(rulebook_lines(rulebook, width=page_width()))
    return 0


@command.command("check", epilog=CHECK_EXAMPLE)
@click.argument("file", metavar="FILE", shell_complete=files)
def check(file: str) -> int:
    """Check the rulebook in FILE, TOML or JSON, and print every error by field, one a line."""
    shown = click.format_filename(file)
    try:
        rulebook = rulebook_of(read_document(Path(file)))
    except RulebookError as error:
        for field, message in error.errors:
            click.echo(one_line(f"{shown}: {field}: {message}"), err=True)
        return BAD_INPUT
    except OSError as error:
        message = f"{shown}: found {reason_of(error)}, expected a rulebook that can be read"
        raise click.ClickException(message) from None
    click.echo(f"{shown}: a valid rulebook, {rulebook.name}: {summary(rulebook)}")
    return 0
