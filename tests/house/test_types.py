"""mypy in strict mode, ruff's checks and ruff's format are part of the tests."""

import subprocess
import sys

import pytest

from .source import ROOT

COMMANDS = {
    "types": ["-m", "mypy", "--strict"],
    "checks": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
}


@pytest.mark.parametrize("command", list(COMMANDS.values()), ids=list(COMMANDS))
def test_source_is_clean(command: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    assert answer.returncode == 0, f"{' '.join(command)}\n{answer.stdout}{answer.stderr}"
