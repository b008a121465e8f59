"""Running claims: each contract, each of its twins and its mutant in a process of its own, several at a time.

Processes are alike: the same hash seed, the same solver budget, nothing examined before. So a verdict does not depend
on what ran before it, beside it, or how busy the machine is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from platform import python_version
from queue import SimpleQueue
from typing import Any

import attrs

from .claims import Claim, Status
from .planting import Exchange, NotPlanted, exchange_of

SOLVER_WORK = 5_000_000
"""What the solver may do for one question, in its own units: some seconds. Then the path is given up."""

REGISTRY = "specs.symbolic.registry"

VERSIONS = {
    "crosshair-tool": version("crosshair-tool"),
    "z3-solver": version("z3-solver"),
    "python": python_version(),
}


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
    """A claim with what was found: of itself, and of each twin and of its mutant, where they were run."""

    claim: Claim
    found: Found
    twins: tuple[Found, ...] | None
    mutant: Found | None

    @property
    def twin(self) -> Status | None:
        """REFUTED where all twins are, else what the first that is not is."""
        if self.twins is None:
            return None
        return next((twin.status for twin in self.twins if twin.status is not Status.REFUTED), Status.REFUTED)

    @property
    def is_as_expected(self) -> bool:
        """Whether the contract itself is confirmed, or what it is declared to be."""
        return self.found.status in (Status.CONFIRMED, self.claim.expected)

    @property
    def holds(self) -> bool:
        """Whether the claim is what it is declared to be, or better, can be reached, and catches its bug."""
        return (
            self.is_as_expected
            and self.twin in (None, Status.REFUTED)
            and (self.mutant is None or self.mutant.status is Status.REFUTED)
        )

    @property
    def is_refuted(self) -> bool:
        """Whether it is settled that the claim does not hold: an example breaks it, or what must be possible is not."""
        return self.found.status in (Status.REFUTED, Status.VACUOUS) or self.twin is Status.CONFIRMED

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in words, nothing where it holds."""
        faults = []
        if not self.is_as_expected:
            faults.append(f"expected {self.claim.expected.value}: {_in_words(self.found)}")
        for reach, twin in zip(self.claim.reaches, self.twins or (), strict=self.twins is not None):
            if twin.status is not Status.REFUTED and twin != self.found:
                faults.append(f"not found possible: {reach}: {_in_words(twin)}")
        if self.mutant is not None and self.mutant.status is not Status.REFUTED and self.mutant != self.found:
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
            "twin": None if self.twin is None else self.twin.value,
            "mutant": None if self.mutant is None else self.mutant.status.value,
            "why": claim.why,
            "detail": "; ".join(self.faults) or found.detail,
            "values": found.values,
            "versions": VERSIONS,
        }


def run(
    claims: Sequence[Claim],
    *,
    twins: bool = True,
    mutants: bool = True,
    workers: int = 2,
    exchange: Exchange | None = None,
    registry: str = REGISTRY,
) -> Iterator[Report]:
    """The reports of the claims, in their order, `workers` of their contracts at a time.

    `exchange`: a module of the ledger to run all of them with another source of; then there are no mutants. Whoever
    stops asking leaves the rest unrun.
    """
    with ExitStack() as stack:
        servers: SimpleQueue[_Server] = SimpleQueue()
        for _ in range(workers):
            servers.put(stack.enter_context(_server(registry, exchange)))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(pool.shutdown, cancel_futures=True)

        def ask(claim: Claim, never: str | None) -> Found:
            server = servers.get()
            try:
                return server.ask(claim, never)
            finally:
                servers.put(server)

        running: list[tuple[Claim, Future[Found], list[Future[Found]], Future[Found] | None]] = [
            (
                claim,
                pool.submit(ask, claim, None),
                [pool.submit(ask, claim, reach) for reach in claim.reaches] if twins else [],
                pool.submit(_of_mutant, registry, claim) if mutants and exchange is None else None,
            )
            for claim in claims
        ]
        for claim, found, of_twins, of_mutant in running:
            yield Report(
                claim,
                found.result(),
                tuple(twin.result() for twin in of_twins) if twins else None,
                None if of_mutant is None else of_mutant.result(),
            )


@attrs.frozen
class _Server:
    """A `worker` that waits for requests."""

    process: subprocess.Popen[str]

    def say(self, message: object) -> Any:
        """Send a line and wait for its answer; RuntimeError where the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(f"{json.dumps(message)}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            assert self.process.stderr is not None
            last = self.process.stderr.read().strip().splitlines()[-1:] or ["nothing said"]
            raise RuntimeError(last[0])
        return json.loads(answer)

    def ask(self, claim: Claim, never: str | None) -> Found:
        """Have one contract examined."""
        found = self.say({"id": claim.id, "never": never})
        return Found(**{**found, "status": Status[found["status"]]})


@contextmanager
def _server(registry: str, exchange: Exchange | None) -> Iterator[_Server]:
    """A worker over the ledger with the exchange, ready for requests. RuntimeError where it does not come up."""
    with subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "0", "CROSSHAIR_SMT_RLIMIT": str(SOLVER_WORK)},
        text=True,
    ) as process:
        server = _Server(process)
        try:
            server.say({"registry": registry, "exchange": None if exchange is None else attrs.asdict(exchange)})
            yield server
        finally:
            process.kill()


def _of_mutant(registry: str, claim: Claim) -> Found:
    """What is found of the contract over the ledger with its bug planted."""
    try:
        with _server(registry, exchange_of(claim.bug)) as server:
            return server.ask(claim, None)
    except (NotPlanted, RuntimeError) as error:
        return Found(Status.ERROR, 0, 0.0, str(error), {})


def _in_words(found: Found) -> str:
    example = f" {found.values}" if found.values else ""
    return f"{found.status.value} {found.detail}{example}"
