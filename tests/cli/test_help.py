"""Help, version and completion; and every worked example in a help text works."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ledger import __version__
from ledger.cli import main
from ledger.cli.commands import SUMMARIES
from ledger.profiles import profile_names

from .runs import ROOT, backstop, run

EXAMPLE = re.compile(r"^  Example:\n((?:    backstop .+\n?)+)", re.MULTILINE)
"""One command, after those that make what it reads."""


def command_paths(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, as words after `backstop`."""
    yield path
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from command_paths(command, (*path, name))
        else:
            yield (*path, name)


PATHS = list(command_paths())


def test_there_are_these_commands() -> None:
    assert {" ".join(path) for path in PATHS} == {
        "", "replay", "show", "explain", "watch", "simulate", "calibrate", "fuzz", "verify", "rulebook",
        "rulebook list", "rulebook show", "rulebook check", "schema", "completion", "journal", "journal init",
        "journal append", "journal verify", "journal export", "journal import", "journal checkpoint", "diff", "export",
        "compare", "step",
        "vectors", "vectors check",
    }  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_has_a_worked_example_that_works(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run(*path, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    examples = EXAMPLE.findall(result.stdout)
    assert len(examples) == 1, result.stdout
    # In a checkout whose files it cannot write beside.
    for entry in ROOT.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)
    *before, last = examples[0].splitlines()
    words = shlex.split(last)
    assert words[1 : len(path) + 1] == list(path) or path in ((), ("rulebook",), ("journal",), ("vectors",))
    for line in before:
        assert run(*shlex.split(line)[1:]).exit_code == 0
    answer = run(*words[1:])
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.strip()
    assert answer.stderr == ""


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_and_option_says_what_it_does(path: tuple[str, ...]) -> None:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


def test_the_summaries_are_in_the_help() -> None:
    text = run("--help").stdout
    for name, summary in SUMMARIES.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", text, re.MULTILINE)
    assert "3  internal error (BACKSTOP_TRACEBACK=1 shows where)" in text


def test_version() -> None:
    assert run("--version").stdout == f"backstop {__version__}\n"
    assert backstop("--version").stdout == f"backstop {__version__}\n"


def test_starting_up_is_light() -> None:
    """What only some commands need is not loaded for the version, nor for the list of commands."""
    code = (
        "import sys; from ledger.cli import main; code = main(['ARGUMENT'], standalone_mode=False); "
        "heavy = {'rich', 'sqlite3', 'ledger.checks', 'ledger.cli.replay', 'ledger.cli.layout'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    for argument in ("--version", "--help"):
        answer = subprocess.run(
            [sys.executable, "-c", code.replace("ARGUMENT", argument)], cwd=ROOT, capture_output=True, check=True
        )
        assert answer.stderr == b"[]\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_BACKSTOP_COMPLETE" in result.stdout
    assert "backstop" in result.stdout
    assert f"backstop completion {shell}" in run("completion", "--help").stdout


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("backstop ", set(SUMMARIES)),
        ("backstop re", {"replay"}),
        ("backstop rulebook ", {"list", "show", "check"}),
        ("backstop journal ", {"init", "append", "verify", "export", "import", "checkpoint"}),
        ("backstop journal append d", {"file,d"}),
        ("backstop journal append venue.journal d", {"file,d"}),
        ("backstop replay --l", {"--laws", "--laws-from"}),
        ("backstop replay --laws ", {"all", "step", "none"}),
        ("backstop --v", {"--version"}),
        ("backstop completion z", {"zsh"}),
        ("backstop replay docs/", {"file,docs/"}),
        ("backstop show d", {"file,d"}),
        ("backstop explain d", {"file,d"}),
        ("backstop replay --state-out d", {"file,d"}),
        ("backstop replay --laws-from d", {"file,d"}),
        ("backstop replay --counterexample d", {"file,d"}),
        ("backstop fuzz --rulebook a", {"ascendex-2020", "ascendex-2020-collar", "ascendex-2020-monitored", "file,a"}),
        ("backstop rulebook check m", {"file,m"}),
        ("backstop rulebook show ", set(profile_names())),
        ("backstop rulebook show ascendex-2020-c", {"ascendex-2020-collar"}),
    ],
)
def test_words_are_completed(words: str, completions: set[str]) -> None:
    position = str(len(words.split(" ")) - 1)
    env = {"_BACKSTOP_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": position}
    code = "from ledger.cli import main; main(prog_name='backstop')"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, encoding="utf-8")
    assert {line.removeprefix("plain,") for line in answer.stdout.split()} == completions
