"""A command's own process has cycles looked for seldom; a process that only calls the command does not."""

import gc
import subprocess
import sys

from ledger.collector import YOUNG
from tests.cli.runs import run

AS_A_COMMAND = """
import gc, sys
from ledger.cli import main
sys.argv = ["backstop", "--version"]
try:
    main()
except SystemExit:
    print(gc.get_threshold()[0], gc.get_freeze_count() > 0)
"""


def test_a_process_of_its_own_looks_seldom() -> None:
    output = subprocess.check_output([sys.executable, "-c", AS_A_COMMAND], text=True)
    assert output.splitlines()[-1] == f"{YOUNG} True"


def test_whoever_calls_the_command_keeps_its_collector() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    assert run("--version").exit_code == 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
