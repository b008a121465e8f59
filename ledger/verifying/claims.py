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
    part of the quick form. `paths` and `seconds`: what deciding it took. `checks`: what must be refuted for the claim
    to mean anything, by name ("twin", "mutant"), with what became of it; empty where that was not asked. `why`: why no
    more than its status is known. `detail`: what failed or is unknown. `values`: a counterexample's.
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
    paths: int = 0
    seconds: float = 0.0
    checks: Mapping[str, str] = attrs.field(factory=dict)
    why: str = ""
    detail: str = ""
    values: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def fails(self) -> bool:
        """Whether the claim is refuted, says nothing, or could not be told from a wrong one."""
        return self.status in FAILING or any(found not in (REFUTED, UNKNOWN) for found in self.checks.values())

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
    return [result_of({**line, "status": UNKNOWN}) for line in _lines(engine, specs, ["-c", _LIST], [engine])]


def decided(
    claims: Sequence[ClaimResult],
    specs: Path,
    *,
    workers: int,
    deadline: float | None = None,
    on_result: Callable[[ClaimResult], None] = lambda result: None,
) -> list[ClaimResult]:
    """Claims of one engine as they were decided, in the order given; `deadline` in the seconds of `time.monotonic`.

    SpecsError where the engine cannot run.
    """
    found: dict[str, ClaimResult] = {}
    lock = threading.Lock()

    def decide(engine: str, arguments: Sequence[str]) -> None:
        for line in _lines(engine, specs, ["-m", f"specs.{engine}"], arguments, deadline):
            result = result_of(line)
            with lock:
                found[result.id] = result
                on_result(result)

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for future in [pool.submit(decide, *portion) for portion in _portions(claims, workers)]:
            future.result()
    return [found.get(claim.id, attrs.evolve(claim, status=UNKNOWN, detail=LATE)) for claim in claims]


LATE = "not decided within the budget"


def _portions(claims: Sequence[ClaimResult], workers: int) -> list[tuple[str, list[str]]]:
    """What each process is asked: `symbolic` has workers of its own, and the claims of `proofs` are shared out."""
    ids = [claim.id for claim in claims]
    if not ids:
        return []
    engine = claims[0].engine
    if engine == "symbolic":
        return [(engine, ["--json", "--workers", str(workers), "--exact", *ids])]
    return [(engine, ["--json", "--exact", *ids[begin : begin + CHUNK]]) for begin in range(0, len(ids), CHUNK)]


def _lines(
    engine: str, specs: Path, program: Sequence[str], arguments: Sequence[str], deadline: float | None = None
) -> Iterator[Mapping[str, Any]]:
    """The lines of JSON that a program prints in a process of its own, which ends at the deadline. SpecsError where it
    cannot run."""
    if deadline is not None and time.monotonic() >= deadline:
        return
    stopped = threading.Event()
    with subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=specs.parent,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        stream, errors = process.stdout, process.stderr
        assert stream is not None
        assert errors is not None

        def stop() -> None:
            # The engine may have processes of its own.
            stopped.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        told: list[str] = []
        reader = threading.Thread(target=lambda: told.extend(errors))
        reader.start()
        timer = threading.Timer(max(0.0, (deadline or 0.0) - time.monotonic()), stop)
        if deadline is not None:
            timer.start()
        try:
            for line in stream:
                yield json.loads(line)
        except BaseException:
            stop()
            raise
        finally:
            timer.cancel()
            reader.join()
    if process.returncode not in (0, 1) and not stopped.is_set():
        raise SpecsError(f"specs.{engine} cannot run: {_last(told, process.returncode)}")


def _last(told: Sequence[str], code: int) -> str:
    last = told[-1].strip() if told else f"exit {code}"
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
        paths=line.get("paths", 0),
        seconds=line.get("seconds", 0.0),
        checks={name: line[name] for name in ("twin", "mutant") if line.get(name)},
        why=line.get("why", ""),
        detail=line.get("detail", ""),
        values=line.get("values", {}),
    )
