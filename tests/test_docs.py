"""The commands shown in the documents are run: what they print is what the page says.

A block of `console` holds commands after `$ ` and what each prints, `[exit N]` last where its exit code is not 0; `...`
on a line of its own stands for any lines, and within a line for any text. The Python blocks of the documents run
through Sybil (`conftest.py`).
"""

import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import ledger

from .shared_data import SHARED, shared_path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```console\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
MARKET_DATA = ("bitstamp_btcusd_1m_2025-02-03_0120_0219.csv",)
"""Files of real prices that pages walk through and that are no part of the project."""

EXIT = re.compile(r"\[exit ([0-9]+)\]")


def sessions() -> list[tuple[str, str, str]]:
    """Every command of the `backstop` program that a page shows: page and number, command, what it should print."""
    found = []
    for path in PAGES:
        number = 0
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                number += 1
                if command.startswith("backstop "):
                    found.append((f"{path.name} {number}", command, printed))
    return found


SESSIONS = sessions()


def matches(expected: str, printed: str) -> bool:
    """Whether the text is what the page says, `...` standing for anything."""
    pattern = "".join(
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*?".join(re.escape(part) for part in line.split("...")) + r"[ ]*\n"
        for line in expected.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the checkout, in which commands may write."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("README.md", "docs", "ledger", "specs", "tests"):
        (folder / name).symlink_to(ROOT / name)
    for name in MARKET_DATA:
        if (SHARED / "data" / name).exists():
            (folder / name).symlink_to(SHARED / "data" / name)
    return folder


def run(command: str, folder: Path) -> tuple[str, int]:
    """What a shell line of `backstop` prints, standard error after standard output, and its exit code."""
    words = shlex.split(command)
    answer = subprocess.run(
        [sys.executable, "-m", "ledger", *words[1:]],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env={**os.environ, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"},
    )
    return answer.stdout + answer.stderr, answer.returncode


@pytest.mark.parametrize(("command", "expected"), [s[1:] for s in SESSIONS], ids=[s[0] for s in SESSIONS])
def test_commands_print_what_the_page_says(command: str, expected: str, checkout: Path) -> None:
    for name in MARKET_DATA:
        if name in command:
            shared_path("data", name)
    *lines, last = expected.rstrip("\n").split("\n")
    stated = EXIT.fullmatch(last)
    code = int(stated[1]) if stated else 0
    wanted = "".join(f"{line}\n" for line in (lines if stated else [*lines, last]))
    printed, returned = run(command, checkout)
    assert returned == code, printed
    assert matches(wanted, printed), f"$ {command}\n{printed}"


def test_pages_show_commands() -> None:
    assert any(name.startswith("replaying.md") for name, _, _ in SESSIONS)


def test_a_page_that_says_otherwise_is_noticed() -> None:
    assert matches("a\n...\nd ... f\n", "a\nb\nc\nd e f\n")
    assert not matches("a\nb\n", "a\nc\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("a ... c\n", "a b d\n")


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    listed = re.findall(
        r"^\| ([0-9]{4}) \| \[(.*?)\]\((.*?)\) \|$", (folder / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [name for _, _, name in listed] == files
    for number, title, name in listed:
        text = (folder / name).read_text("utf-8")
        assert text.startswith(f"# {int(number)}. {title}\n")
        assert all(f"\n## {part}\n" in text for part in ("Context", "Decision", "Consequences"))


def test_the_public_surface_is_documented() -> None:
    section = (ROOT / "docs" / "embedding.md").read_text("utf-8").partition("## The public surface")[2]
    documented = re.findall(r"`([A-Za-z_]+)`", "".join(line for line in section.splitlines() if line.startswith("|")))
    assert sorted(documented) == sorted(ledger.__all__)


@pytest.mark.parametrize("name", ["journal", "interchange", "comparing", "engines"])
def test_the_surface_of_a_part_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "embedding.md").read_text("utf-8")
    section = page.partition(f"| for | names of `ledger.{name}` |")[2]
    table = section.partition("\n\n")[0]
    assert sorted(re.findall(r"`([A-Za-z_]+)`", table)) == sorted(importlib.import_module(f"ledger.{name}").__all__)


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_links_of_documents_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if not target.startswith(("http", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), f"{path.name} links to {target}"
