"""Running the claims of `specs/symbolic` and `specs/proofs`, each engine in processes of its own.

A process prints a line of JSON for each claim as it is decided. What is not decided when the time is up is UNKNOWN.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

ENGINES = ("symbolic", "proofs")
CHUNK = 6
"""Claims that one process of proofs decides: starting one takes about as long as deciding a small claim."""

PROVED, CONFIRMED, NO_COUNTEREXAMPLE = "PROVED", "CONFIRMED", "NO COUNTEREXAMPLE"
REFUTED, UNKNOWN, VACUOUS, ERROR = "REFUTED", "UNKNOWN", "VACUOUS", "ERROR"
WORST_FIRST = (REFUTED, ERROR, VACUOUS, UNKNOWN, NO_COUNTEREXAMPLE, CONFIRMED, PROVED)
FAILING = (REFUTED, ERROR, VACUOUS)


class SpecsError(Exception):
    """The claims cannot be run; the message is one line."""


@attrs.frozen
class ClaimResult:
    """What is known of one claim.

    `kind`: "laws" where the laws' own predicates are claimed to hold after every acceptance; "guard" and "kernel" for
    what the laws rest on. `silent`: laws of which it claims that they have nothing to say there. `quick`: whether it is
    part of the quick form. `expected`: the status that it is declared to have, where that is told. `paths` and
    `seconds`: what deciding it took. `checks`: what must be refuted for the claim to mean anything, by name ("twin",
    "mutant"), with what became of it; empty where that was not asked. `why`: why no more than its status is known.
    `detail`: what failed or is unknown. `values`: a counterexample's.
    """

    engine: str
    id: str
    kind: str
    laws: tuple[str, ...]
    transactions: tuple[str, ...]
    statement: str
    assumptions: tuple[str, ...]
    status: str
    silent: tuple[str, ...] = ()
    quick: bool = True
    expected: str = ""
    paths: int = 0
    seconds: float = 0.0
    checks: Mapping[str, str] = attrs.field(factory=dict)
    why: str = ""
    detail: str = ""
    values: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def fails(self) -> bool:
        """Whether the claim is refuted, says nothing, is less than it is declared to be, or could not be told from a
        wrong one."""
        wrong_checks = any(found not in (REFUTED, UNKNOWN) for found in self.checks.values())
        return self.status in FAILING or self.is_less_than_declared or wrong_checks

    @property
    def is_less_than_declared(self) -> bool:
        """Whether its status, known, is worse than the one it is declared to have."""
        known = self.status != UNKNOWN and bool(self.expected)
        return known and WORST_FIRST.index(self.status) < WORST_FIRST.index(self.expected)

    @property
    def unknown(self) -> bool:
        """Whether it, or what it rests on to mean anything, was not decided."""
        return self.status == UNKNOWN or UNKNOWN in self.checks.values()


def worst(statuses: Sequence[str]) -> str:
    """The worst of some statuses, of at least one."""
    return min(statuses, key=WORST_FIRST.index)


def specs_folder(given: str | None) -> Path:
    """The folder of the claims: the one given, that of the working directory, or that beside the package.

    SpecsError where there is none.
    """
    places = [Path(given)] if given is not None else [Path("specs"), Path(__file__).resolve().parents[2] / "specs"]
    for place in places:
        if all((place / engine / "__main__.py").is_file() for engine in ENGINES):
            return place.resolve()
    where = f"in {given}" if given is not None else "here or beside the package"
    raise SpecsError(f"there is no specs folder {where}: the claims are part of the checkout; give it with --specs")


def require_same_source(specs: Path) -> None:
    """SpecsError unless the package that runs is the one beside the claims, which is the one that they are about."""
    installed, beside = Path(__file__).resolve().parents[1], specs.parent / "ledger"
    if not beside.is_dir() or beside == installed:
        return
    for path in sorted(beside.rglob("*.py")):
        twin = installed / path.relative_to(beside)
        if not twin.is_file() or twin.read_bytes() != path.read_bytes():
            name = path.relative_to(specs.parent)
            raise SpecsError(f"the claims are about the package beside them, and the installed one has another {name}")


def listed(engine: str, specs: Path) -> list[ClaimResult]:
    """Every claim of an engine, not decided yet. SpecsError where they cannot be read."""
    run = _Run(engine, specs, ["-c", _LIST], [engine])
    found = [result_of({**line, "status": UNKNOWN}) for line in run.lines()]
    if run.code != 0:
        raise SpecsError(f"specs.{engine} cannot run: {run.last_words}")
    return found


def decided(
    claims: Sequence[ClaimResult],
    specs: Path,
    *,
    workers: int,
    deadline: float | None = None,
    on_result: Callable[[ClaimResult], None] = lambda result: None,
) -> list[ClaimResult]:
    """Claims of one engine as they were decided, in the order given; `deadline` in the seconds of `time.monotonic`.

    A claim of which the engine said nothing is UNKNOWN where it was stopped at the deadline, and an ERROR otherwise.
    SpecsError where the engine cannot run.
    """
    found: dict[str, ClaimResult] = {}
    by_id = {claim.id: claim for claim in claims}
    lock = threading.Lock()

    def note(result: ClaimResult) -> None:
        with lock:
            found[result.id] = result
            on_result(result)

    def decide(engine: str, ids: Sequence[str], options: Sequence[str]) -> None:
        run = _Run(engine, specs, ["-m", f"specs.{engine}"], [*options, "--exact", *ids], deadline)
        for line in run.lines():
            note(result_of(line))
        if run.code not in (0, 1):
            raise SpecsError(f"specs.{engine} cannot run: {run.last_words}")
        for claim_id in ids:
            if claim_id not in found and not run.was_stopped:
                what = f"the engine ended without deciding it: {run.last_words}"
                note(attrs.evolve(by_id[claim_id], status=ERROR, detail=what))

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in [pool.submit(decide, *portion) for portion in _portions(claims, workers)]:
            future.result()
    return [found.get(claim.id, attrs.evolve(claim, status=UNKNOWN, detail=LATE)) for claim in claims]


LATE = "not decided within the budget"


def _portions(claims: Sequence[ClaimResult], workers: int) -> list[tuple[str, list[str], list[str]]]:
    """The engine, claims and options of each process: `symbolic` has workers of its own, and the claims of `proofs` are
    shared out."""
    ids = [claim.id for claim in claims]
    if not ids:
        return []
    engine = claims[0].engine
    if engine == "symbolic":
        return [(engine, ids, ["--json", "--workers", str(workers)])]
    return [(engine, ids[begin : begin + CHUNK], ["--json"]) for begin in range(0, len(ids), CHUNK)]


class _Run:
    """A program in a process of its own, in the folder of the claims, that prints lines of JSON.

    When its lines are read, `code` is its exit code, 0 where it `was_stopped`, at the deadline.
    """

    def __init__(
        self,
        engine: str,
        specs: Path,
        program: Sequence[str],
        arguments: Sequence[str],
        deadline: float | None = None,
    ) -> None:
        self.engine, self.specs, self.deadline = engine, specs, deadline
        self.command = [sys.executable, *program, *arguments]
        self.code, self.was_stopped = 0, False
        self._told: list[str] = []

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """Its lines, as they come. SpecsError for one that is no JSON."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.was_stopped = True
            return
        with subprocess.Popen(
            self.command,
            cwd=self.specs.parent,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            stream, errors = process.stdout, process.stderr
            assert stream is not None
            assert errors is not None
            reader = threading.Thread(target=lambda: self._told.extend(errors))
            reader.start()
            timer = threading.Timer(max(0.0, (self.deadline or 0.0) - time.monotonic()), self._stop, [process.pid])
            if self.deadline is not None:
                timer.start()
            try:
                for line in stream:
                    try:
                        found = json.loads(line)
                    except ValueError:
                        if self.was_stopped:
                            break
                        raise SpecsError(f"specs.{self.engine} cannot run: it printed {line.strip()!r}") from None
                    yield found
            except BaseException:
                self._stop(process.pid)
                raise
            finally:
                timer.cancel()
                reader.join()
        self.code = 0 if self.was_stopped else process.returncode

    def _stop(self, pid: int) -> None:
        # The engine may have processes of its own.
        self.was_stopped = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    @property
    def last_words(self) -> str:
        """The last line that it wrote on standard error."""
        told = [line.strip() for line in self._told if line.strip()]
        last = told[-1] if told else f"exit {self.code}"
        return f"{last} (pip install 'backstop-ledger[verify]')" if last.startswith("ModuleNotFoundError") else last


_LIST = """
import importlib, json, sys
engine = sys.argv[1]
for claim in importlib.import_module(f"specs.{engine}.registry").CLAIMS:
    print(json.dumps(dict(engine=engine, id=claim.id, kind=claim.kind.value, laws=claim.laws, quick=claim.quick,
        silent=getattr(claim, "silent", ()),
        transactions=claim.transactions, statement=claim.statement, assumptions=claim.assumptions)))
"""


def result_of(line: Mapping[str, Any]) -> ClaimResult:
    """A claim's result from its line of JSON."""
    return ClaimResult(
        engine=line["engine"],
        id=line["id"],
        kind=line["kind"],
        laws=tuple(line["laws"]),
        transactions=tuple(line["transactions"]),
        statement=line["statement"],
        assumptions=tuple(line["assumptions"]),
        status=line["status"],
        silent=tuple(line.get("silent", ())),
        quick=line.get("quick", True),
        expected=line.get("expected", ""),
        paths=line.get("paths", 0),
        seconds=line.get("seconds", 0.0),
        checks={name: line[name] for name in ("twin", "mutant") if line.get(name)},
        why=line.get("why", ""),
        detail=line.get("detail", ""),
        values=line.get("values", {}),
    )
