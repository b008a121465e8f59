"""Commands of the engines that tests run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.engines import Engine
from ledger.engines.process import EngineProcess
from ledger.profiles import load_profile
from ledger.state import State, genesis

HERE = Path(__file__).resolve().parent
HONEST = [sys.executable, "-m", "ledger.engines.serve"]


def faulty(fault: str) -> list[str]:
    """The engine with this fault."""
    return [sys.executable, "-S", str(HERE / "faulty.py"), fault]


def textbook() -> State:
    """Where an engine may begin."""
    return genesis(load_profile("textbook"), 1_600_000_000_000)


@contextmanager
def begun(command: list[str], *, timeout: float = 10.0, longest_line: int = 1 << 20) -> Iterator[Engine]:
    """An engine that was given the beginning of the `textbook` rulebook."""
    from ledger.interchange import state_document

    state = textbook()
    with Engine(command, timeout=timeout, longest_line=longest_line) as engine:
        engine.init(state.rulebook.document, state_document(state))
        yield engine


def pid_of(engine: Engine | EngineProcess) -> int:
    """The number of an engine's process."""
    process = engine._process if isinstance(engine, EngineProcess) else engine._process._process
    assert not isinstance(process, EngineProcess)
    return process.pid
