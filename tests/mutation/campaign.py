"""A campaign: every engine on every mutant, several at a time, the cheap engines first."""

import select
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from .engines import Finding
from .mutants import Mutant
from .results import KILLED, SURVIVED, UNKNOWN, Result, Results
from .trials import HarnessError, Running, Tree, Trial, new_tree

CPU_SECONDS = {"logs": 60, "machine": 600, "tests": 240}
"""The processor time of one trial: many times what the engine takes where nothing stops it early."""

AS_IT_IS = "the ledger as it is"
"""Stands for a mutant's id in the results of the unchanged ledger."""


def outcome_of(finding: Finding) -> str:
    """What a finding says of the mutant: an open claim never counts as a kill."""
    if finding.by is not None:
        return KILLED
    return UNKNOWN if finding.unknown else SURVIVED


def require_quiet(engines: Sequence[str], results: Results, versions: dict[str, str]) -> None:
    """Raise `HarnessError` unless no engine finds anything in the ledger as it is."""
    with new_tree() as tree:
        for engine in engines:
            if (AS_IT_IS, engine) in results.known:
                continue
            trial = Trial(engine, None, CPU_SECONDS[engine])
            finding, seconds = Running(trial, tree).wait()
            if outcome_of(finding) != SURVIVED:
                raise HarnessError(f"{engine} finds {finding.by}: {finding.detail} in the ledger as it is")
            results.add(_result(trial, finding, seconds, versions))


def run(
    mutants: Sequence[Mutant], engines: Sequence[str], results: Results, *, versions: dict[str, str], workers: int
) -> Iterator[Result]:
    """Every engine on every mutant that is not known yet, each result as it comes; it is in the file then."""
    todo = [(mutant, engine) for mutant in mutants for engine in engines if (mutant.id, engine) not in results.known]
    todo.reverse()
    with ExitStack() as stack:
        idle = [stack.enter_context(new_tree()) for _ in range(workers)]
        busy: dict[int, tuple[Running, ExitStack]] = {}
        while todo or busy:
            while todo and idle:
                mutant, engine = todo.pop()
                running, held = _start(mutant, engine, idle.pop())
                busy[running.pipe] = running, held
            ready, _, _ = select.select(list(busy), [], [])
            for pipe in ready:
                running, held = busy.pop(pipe)
                finding, seconds = running.wait()
                held.close()
                idle.append(running.tree)
                result = _result(running.trial, finding, seconds, versions)
                results.add(result)
                yield result


def _start(mutant: Mutant, engine: str, tree: Tree) -> tuple[Running, ExitStack]:
    held = ExitStack()
    held.enter_context(tree.with_mutant(mutant))
    return Running(Trial(engine, mutant, CPU_SECONDS[engine]), tree), held


def _result(trial: Trial, finding: Finding, seconds: float, versions: dict[str, str]) -> Result:
    detail = finding.detail or ", ".join(finding.unknown)
    return Result(
        AS_IT_IS if trial.mutant is None else trial.mutant.id,
        trial.engine,
        outcome_of(finding),
        finding.by or "",
        detail,
        round(seconds, 2),
        versions[trial.engine],
    )
