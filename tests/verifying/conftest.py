"""The quick form of `backstop verify`, run once for all the tests that read it."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def quick_form(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The document that `backstop verify --quick` prints, with its exit code under `exit_code`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "quick-form.lock").open("w") as lock:
        # Processes that share out the tests share what is found as well.
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = shared / "quick-form.json"
        if not found.is_file():
            found.write_text(json.dumps(made()), encoding="utf-8")
    return json.loads(found.read_text(encoding="utf-8"))


def made() -> Any:
    """Run the command, on two workers."""
    answer = subprocess.run(
        [sys.executable, "-m", "ledger", "verify", "--quick", "--fail-on", "unknown", "--workers", "2", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    return {**json.loads(answer.stdout), "exit_code": answer.returncode}
