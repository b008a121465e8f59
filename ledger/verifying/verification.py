"""A whole verification: the logs, the random campaign and the claims, and what they come to together."""

import shlex
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

import attrs

from ..fuzzing.campaign import Campaign, Failed, campaign
from ..law_files import laws_from
from .claims import ENGINES, ClaimResult, decided, listed, require_same_source
from .logs import LogResult, laws_of, replayed, spoken_of, summed
from .table import Row, rows_of

WAYS = ("logs", "random", *ENGINES)
"""The ways of checking, in the order in which they are gone."""

LIBRARIES = ("backstop-ledger", "crosshair-tool", "z3-solver", "hypothesis")


@attrs.frozen
class Plan:
    """What is to be done.

    `budget`: seconds that random examples and claims share, each way an equal part of what is left when it begins, None
    without one; a claim not decided then is UNKNOWN. `quick`: of the claims those that take a second or two.
    `law_files`: of laws beside the registry's.
    """

    law_id: str | None
    ways: tuple[str, ...]
    logs: tuple[Path, ...]
    specs: Path | None
    examples: int
    steps: int
    seed: int
    workers: int
    budget: float | None
    quick: bool
    law_files: tuple[str, ...] = ()


@attrs.frozen
class Verification:
    """What was found. `logs` and `random` are None where that way was not gone; `seconds` by way."""

    plan: Plan
    rows: tuple[Row, ...]
    logs: tuple[LogResult, ...] | None
    random: Campaign | None
    claims: tuple[ClaimResult, ...]
    seconds: dict[str, float]
    versions: dict[str, str]

    @property
    def failures(self) -> list[str]:
        """What does not hold, one line each: it fails every form of the command."""
        found = [f"{log.path}: {log.failure}" for log in self.logs or () if log.failure is not None]
        if self.random is not None:
            found += [counterexample(self.plan, failed) for failed in self.random.failures]
        for claim in self.claims:
            if claim.fails:
                found.append(f"specs.{claim.engine} {claim.id}: {in_words(claim)}")
        return found

    @property
    def unknown(self) -> list[str]:
        """What was not decided, one line each. It is no pass."""
        return [f"specs.{claim.engine} {claim.id}: {in_words(claim)}" for claim in self.claims if claim.unknown]


def counterexample(plan: Plan, failed: Failed) -> str:
    """What broke at random, and the command that shrinks it to a short log."""
    again = f"backstop fuzz --seed {plan.seed} --first {failed.example} --examples 1 --steps {plan.steps}"
    again += "".join(f" --laws-from {shlex.quote(path)}" for path in plan.law_files)
    return f"{failed.finding.name} at random: {failed.finding.detail} ({again})"


def in_words(claim: ClaimResult) -> str:
    """A claim's status, what became of its checks, and what failed or is unknown."""
    parts = [claim.status]
    if claim.is_less_than_declared:
        parts.append(f"declared {claim.expected}")
    parts += [f"its {name} is {found}" for name, found in claim.checks.items() if found != "REFUTED"]
    values = f" with {dict(claim.values)}" if claim.values else ""
    return "; ".join([*parts, *([claim.detail] if claim.detail else [])]) + values


def verify(plan: Plan, on_progress: Callable[[str, int, int], None] = lambda way, done, of: None) -> Verification:
    """Go every way of the plan. `on_progress` is called with the way, what is done and how much there is of it."""
    end = None if plan.budget is None else time.monotonic() + plan.budget
    timed = [way for way in plan.ways if way != "logs"]

    def deadline_of(way: str) -> float | None:
        now = time.monotonic()
        return None if end is None else now + max(0.0, end - now) / (len(timed) - timed.index(way))

    shipped, extra = laws_of(plan.law_id), laws_from(plan.law_files)
    if not shipped:
        # The one law asked for is of a file.
        extra = tuple(law for law in extra if law.id == plan.law_id)
    laws = (*shipped, *extra)
    if plan.specs is not None:
        require_same_source(plan.specs)
    seconds: dict[str, float] = {}
    begun = time.monotonic()
    logs = None
    if "logs" in plan.ways:
        logs = tuple(replayed(plan.logs, law_id=plan.law_id, extra=extra, workers=plan.workers))
        seconds["logs"] = time.monotonic() - begun
    begun = time.monotonic()
    random = None
    if "random" in plan.ways:
        deadline = deadline_of("random")
        random = campaign(
            plan.examples,
            plan.seed,
            plan.workers,
            laws=shipped,
            steps=plan.steps,
            law_files=plan.law_files,
            progress=lambda tally: on_progress("random", tally.examples, plan.examples),
            is_enough=lambda: deadline is not None and time.monotonic() >= deadline,
        )
        seconds["random"] = time.monotonic() - begun
    claims: list[ClaimResult] = []
    there_are: list[ClaimResult] = []
    for engine in ENGINES:
        if engine in plan.ways:
            begun = time.monotonic()
            assert plan.specs is not None
            own = listed(engine, plan.specs)
            there_are += own
            claims += _decided(plan, engine, own, deadline_of(engine), on_progress)
            seconds[engine] = time.monotonic() - begun
    rows = rows_of(
        laws,
        replayed=None if logs is None else summed(log.spoken for log in logs),
        random=None if random is None else spoken_of(random.counts),
        claims=claims,
        listed=there_are,
        broken={
            "logs": {log.broken for log in logs or ()},
            "random": {failed.finding.law_id for failed in (random.failures if random else ())},
        },
    )
    return Verification(plan, rows, logs, random, tuple(claims), seconds, versions())


def _decided(
    plan: Plan,
    engine: str,
    claims: Sequence[ClaimResult],
    deadline: float | None,
    on_progress: Callable[[str, int, int], None],
) -> list[ClaimResult]:
    """Those of the engine's claims that the plan asks for, decided."""
    assert plan.specs is not None
    wanted = [
        claim
        for claim in claims
        if (claim.quick or not plan.quick) and (plan.law_id is None or plan.law_id in (*claim.laws, *claim.silent))
    ]
    done = 0

    def count(result: ClaimResult) -> None:
        nonlocal done
        done += 1
        on_progress(engine, done, len(wanted))

    return decided(wanted, plan.specs, workers=plan.workers, deadline=deadline, on_result=count)


def versions() -> dict[str, str]:
    """The versions of Python, of this package and of the libraries that the verdicts depend on."""
    found = {"python": python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found
