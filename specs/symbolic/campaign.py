"""Running claims: each contract, each of its twins and its mutant in a process of its own, several at a time.

Processes are alike: the same hash seed, the same solver budget, nothing imported before. So a verdict does not depend
on what ran before it, beside it, or how busy the machine is.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from platform import python_version
from typing import Any

import attrs

from .claims import Bug, Claim, Status
from .planting import Exchange, NotPlanted, exchange_of

SOLVER_WORK = 2_000_000
"""What the solver may do for one question, in its own units: about a second; then the path is given up."""

REGISTRY = "specs.symbolic.registry"


@attrs.frozen
class Found:
    """What a process found: as `engine.Finding`, which this process does not import."""

    status: Status
    paths: int
    seconds: float
    detail: str
    values: dict[str, int]


@attrs.frozen
class Report:
    """A claim with what was found: of itself, of each twin, and of its mutant, where one was run."""

    claim: Claim
    found: Found
    twins: tuple[Found, ...]
    mutant: Found | None

    @property
    def twin(self) -> Status:
        """REFUTED where all twins are, else what the first that is not is."""
        return next((twin.status for twin in self.twins if twin.status is not Status.REFUTED), Status.REFUTED)

    @property
    def holds(self) -> bool:
        """Whether the claim is what it is declared to be, or better, can be reached, and catches its bug."""
        return (
            self.found.status in (Status.CONFIRMED, self.claim.expected)
            and self.twin is Status.REFUTED
            and (self.mutant is None or self.mutant.status is Status.REFUTED)
        )

    @property
    def is_refuted(self) -> bool:
        """Whether it is settled that the claim does not hold: an example breaks it, or what it must reach is out of
        reach."""
        return self.found.status in (Status.REFUTED, Status.VACUOUS) or self.twin is Status.CONFIRMED

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in words, nothing where it holds."""
        faults = []
        if self.found.status not in (Status.CONFIRMED, self.claim.expected):
            faults.append(f"expected {self.claim.expected.value}: {_in_words(self.found)}")
        for reach, twin in zip(self.claim.reaches, self.twins, strict=True):
            if twin.status is not Status.REFUTED:
                faults.append(f"not found possible: {reach}: {_in_words(twin)}")
        if self.mutant is not None and self.mutant.status is not Status.REFUTED:
            faults.append(f"the planted bug is not caught: {_in_words(self.mutant)}")
        return tuple(faults)

    def as_row(self) -> dict[str, Any]:
        """The report as data."""
        claim, found = self.claim, self.found
        return {
            "engine": "symbolic",
            "id": claim.id,
            "kind": claim.kind.value,
            "laws": claim.laws,
            "transactions": claim.transactions,
            "statement": claim.statement,
            "assumptions": claim.assumptions,
            "status": found.status.value,
            "expected": claim.expected.value,
            "holds": self.holds,
            "paths": found.paths,
            "seconds": round(found.seconds, 2),
            "twin": self.twin.value,
            "mutant": None if self.mutant is None else self.mutant.status.value,
            "why": claim.why,
            "detail": "; ".join(self.faults) or found.detail,
            "values": found.values,
            "versions": VERSIONS,
        }


VERSIONS = {
    "crosshair-tool": version("crosshair-tool"),
    "z3-solver": version("z3-solver"),
    "python": python_version(),
}


def run(
    claims: Sequence[Claim],
    *,
    mutants: bool = True,
    workers: int = 2,
    exchange: Exchange | None = None,
    registry: str = REGISTRY,
) -> Iterator[Report]:
    """The reports of the claims, in their order, `workers` processes at a time.

    `exchange`: a module of the ledger to run all of them with another source of; then there are no mutants. A consumer
    that stops early leaves the rest unrun.
    """
    with ThreadPoolExecutor(workers) as pool:

        def start(claim: Claim, *, never: str | None = None, bug: Bug | None = None) -> Future[Found]:
            return pool.submit(_found, registry, claim, never, bug, exchange)

        running = [
            (
                claim,
                start(claim),
                [start(claim, never=reach) for reach in claim.reaches],
                start(claim, bug=claim.bug) if mutants and exchange is None else None,
            )
            for claim in claims
        ]
        try:
            for claim, found, twins, mutant in running:
                yield Report(
                    claim,
                    found.result(),
                    tuple(twin.result() for twin in twins),
                    None if mutant is None else mutant.result(),
                )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _found(registry: str, claim: Claim, never: str | None, bug: Bug | None, exchange: Exchange | None) -> Found:
    """Examine one contract in a process of its own."""
    try:
        planted = exchange if bug is None else exchange_of(bug)
    except NotPlanted as error:
        return Found(Status.ERROR, 0, 0.0, str(error), {})
    request = {
        "registry": registry,
        "id": claim.id,
        "never": never,
        "exchange": None if planted is None else attrs.asdict(planted),
    }
    answer = subprocess.run(
        [sys.executable, "-m", f"{__package__}.worker"],
        input=json.dumps(request),
        env={**os.environ, "PYTHONHASHSEED": "0", "CROSSHAIR_SMT_RLIMIT": str(SOLVER_WORK)},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode == -signal.SIGXCPU:
        return Found(Status.UNKNOWN, 0, 0.0, "ended for its use of the processor", {})
    if answer.returncode != 0:
        last = answer.stderr.strip().splitlines()[-1:] or ["nothing said"]
        return Found(Status.ERROR, 0, 0.0, f"the process ended with {answer.returncode}: {last[0]}", {})
    found = json.loads(answer.stdout.splitlines()[-1])
    return Found(**{**found, "status": Status[found["status"]]})


def _in_words(found: Found) -> str:
    example = f" {found.values}" if found.values else ""
    return f"{found.status.value} {found.detail}{example}"
