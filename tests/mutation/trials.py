"""Trials: one engine on one mutant, in a forked process whose `ledger` is a copy with that bug and nothing else.

The process that forks holds the libraries and nothing of the ledger, so a trial starts in milliseconds. That the
ledger imported is the mutated copy is checked before and after.
"""

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from .changes import Source
from .claims import noting, prepare_proofs, prepare_symbolic
from .engines import ENGINES, REACHES
from .findings import Finding
from .mutants import PACKAGE, ROOT, Mutant, modules

LIBRARIES = ("attrs", "immutables", "msgspec", "hypothesis", "hypothesis.strategies", "rich", "click")
PREPARE: dict[str, Callable[[], object]] = {
    "tests": lambda: importlib.import_module("pytest"),
    "proofs": prepare_proofs,
    "symbolic": prepare_symbolic,
}
MEMORY = 8 << 30
NEVER_ENDS = "does not end"
LINKED = ("tests", "specs", "docs")


class HarnessError(Exception):
    """A trial went wrong by itself: nothing can be said of the mutant."""


@attrs.frozen
class Trial:
    """One engine on one mutant, None for the ledger as it is; `claims`: the ids to look at, for engines of claims.

    `reach`: not to look for faults, but to tell which functions each claim runs, or each that `claims` asks for.
    """

    engine: str
    mutant: Mutant | None
    cpu_seconds: int
    claims: tuple[str, ...] = ()
    reach: bool = False


class Tree:
    """A folder with a copy of the ledger, and links to everything else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "ledger"
        shutil.copytree(PACKAGE, self.package)
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)

    def path(self, module: str) -> Path:
        """The file of a module."""
        return self.package / f"{module.replace('.', '/')}.py"

    def put(self, module: str, source: str) -> None:
        """Replace a module; what was compiled of it before is gone."""
        path = self.path(module)
        path.write_text(source, encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def note_functions(self) -> None:
        """Let every function of the core note that it was called."""
        for module in modules():
            source = Source(module, self.path(module).read_text(encoding="utf-8"))
            self.put(module, noting(source))

    @contextmanager
    def with_mutant(self, mutant: Mutant | None) -> Iterator[None]:
        """The tree with the bug, and without it again."""
        if mutant is None:
            yield
            return
        original = self.path(mutant.module).read_text(encoding="utf-8")
        self.put(mutant.module, mutant.source)
        try:
            yield
        finally:
            self.put(mutant.module, original)


@contextmanager
def new_tree() -> Iterator[Tree]:
    """A tree in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        yield Tree(Path(folder))


def preload(engines: Sequence[str]) -> None:
    """Import what every trial needs, so that no fork has to."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for engine in engines:
        PREPARE.get(engine, lambda: None)()
    if any(name == "ledger" or name.startswith("ledger.") for name in sys.modules):
        raise HarnessError("the ledger is imported in the process that forks")


class Running:
    """A trial on its way."""

    def __init__(self, trial: Trial, tree: Tree) -> None:
        self.trial, self.tree, self.started = trial, tree, time.perf_counter()
        read, write = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(read)
            _run_here(trial, tree, write)
        os.close(write)
        self.pipe = read

    def wait(self) -> tuple[Finding, float]:
        """What the engine found, and the seconds it took."""
        with os.fdopen(self.pipe, "rb") as answer:
            text = answer.read()
        _, status, used = os.wait4(self.process, 0)
        seconds = used.ru_utime + used.ru_stime
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            spent = f"{self.trial.cpu_seconds} seconds of processor time"
            if self.trial.engine in REACHES:
                return Finding(unknown=(spent,)), seconds
            return Finding(NEVER_ENDS, spent), seconds
        if not text:
            name = self.trial.mutant.id if self.trial.mutant is not None else "the ledger as it is"
            raise HarnessError(f"{self.trial.engine} on {name} ended with status {status} and no answer")
        answered = json.loads(text)
        if "broken" in answered:
            raise HarnessError(answered["broken"])
        return Finding(answered["by"], answered["detail"], tuple(answered["unknown"])), seconds


def _run_here(trial: Trial, tree: Tree, write: int) -> None:
    """The forked process: never returns."""
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        resource.setrlimit(resource.RLIMIT_CPU, (trial.cpu_seconds, trial.cpu_seconds + 10))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        answer: dict[str, object] = attrs.asdict(_found(trial, tree))
    except BaseException as error:
        answer = {"broken": f"{type(error).__name__}: {error}"}
    try:
        with os.fdopen(write, "wb") as stream:
            stream.write(json.dumps(answer).encode())
    finally:
        os._exit(0)


def _found(trial: Trial, tree: Tree) -> Finding:
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(tree.folder))
    os.environ["PYTHONPATH"] = str(tree.folder)
    os.chdir(tree.folder)
    importlib.invalidate_caches()
    if trial.reach:
        return REACHES[trial.engine](trial.claims)
    try:
        if trial.mutant is not None:
            importlib.import_module(f"ledger.{trial.mutant.module}")
        importlib.import_module("ledger.laws")
    except Exception as error:
        return Finding(f"import raises {type(error).__name__}", str(error)[:200])
    _prove_imported(trial.mutant, tree)
    finding = ENGINES[trial.engine](trial.claims)
    _prove_imported(trial.mutant, tree)
    return finding


def _prove_imported(mutant: Mutant | None, tree: Tree) -> None:
    """Everything of the ledger that is imported comes from the tree, and the mutated module is the mutated text."""
    for name, module in list(sys.modules.items()):
        if name == "ledger" or name.startswith("ledger."):
            path = Path(module.__file__ or "")
            if tree.package not in path.parents:
                raise HarnessError(f"{name} was imported from {path}, not from {tree.package}")
    if mutant is not None and tree.path(mutant.module).read_text(encoding="utf-8") != mutant.source:
        raise HarnessError(f"{tree.path(mutant.module)} is not the mutant's text")
