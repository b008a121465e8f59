"""A campaign: every engine on every mutant, several at a time, the cheap engines first."""

import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import attrs

from .claims import QUICK, Reach, claims_about, read_reach
from .engines import REACHES
from .findings import Finding
from .mutants import Mutant
from .results import KILLED, SURVIVED, UNKNOWN, UNTOUCHED, Result, Results, version_of
from .trials import HarnessError, Running, Tree, Trial, new_tree

CPU_SECONDS = {"logs": 60, "machine": 600, "brief": 60, "tests": 240}
"""The processor time of one trial: many times what the engine takes where nothing stops it early."""

REACH_CPU_SECONDS = 3600

AS_IT_IS = "the ledger as it is"
"""Stands for a mutant's id in the results of the unchanged ledger."""


def outcome_of(finding: Finding) -> str:
    """What a finding says of the mutant: an open claim never counts as a kill."""
    if finding.by is not None:
        return KILLED
    return UNKNOWN if finding.unknown else SURVIVED


@attrs.frozen
class ClaimTerms:
    """How the engines of claims are asked.

    `quick`: whether the claims of the ordinary tests alone are asked. `seconds`: the processor time that the claims of
    one mutant may use together; what is not settled by then stays open.
    """

    quick: bool = False
    seconds: int = 400


class Campaign:
    """Engines, what they depend on now, and the results that are known of it."""

    def __init__(
        self,
        engines: Sequence[str],
        results: Results,
        versions: Mapping[str, str],
        claim_terms: ClaimTerms = ClaimTerms(),
    ) -> None:
        self.engines, self.results, self.versions = tuple(engines), results, versions
        self.claim_terms = claim_terms
        self.reaches: dict[str, Mapping[str, Reach]] = {}

    def _cpu_seconds(self, engine: str) -> int:
        return self.claim_terms.seconds if engine in REACHES else CPU_SECONDS[engine]

    def _version_now(self, engine: str) -> str:
        return version_of(engine, quick_claims=self.claim_terms.quick)

    def prepare(self) -> None:
        """Find out what each claim runs, and raise `HarnessError` unless no engine finds anything without a mutant."""
        for engine in self.engines:
            known = self.results.known.get((AS_IT_IS, engine))
            if known is None:
                known = self._without_mutant(engine)
            if engine in REACHES:
                self.reaches[engine] = read_reach(known.detail)

    def _without_mutant(self, engine: str) -> Result:
        with new_tree() as tree:
            reach = engine in REACHES
            if reach:
                tree.note_functions()
            which = QUICK if reach and self.claim_terms.quick else ()
            trial = Trial(engine, None, REACH_CPU_SECONDS if reach else CPU_SECONDS[engine], which, reach=reach)
            finding, seconds = Running(trial, tree).wait()
        if outcome_of(finding) != SURVIVED:
            raise HarnessError(f"{engine} finds {finding.by}: {finding.detail} in the ledger as it is")
        return self._keep(AS_IT_IS, engine, finding, seconds)

    def run(self, mutants: Sequence[Mutant], workers: int) -> Iterator[Result]:
        """Every engine on every mutant that is not known yet, each result as it comes; it is in the file then."""
        todo = [(m, engine) for m in mutants for engine in self.engines if (m.id, engine) not in self.results.known]
        todo.reverse()
        with ExitStack() as stack:
            idle = [stack.enter_context(new_tree()) for _ in range(workers)]
            busy: dict[int, tuple[Running, ExitStack]] = {}
            while todo or busy:
                while todo and idle:
                    mutant, engine = todo.pop()
                    claims = claims_about(mutant, self.reaches[engine]) if engine in REACHES else ()
                    if engine in REACHES and not claims:
                        yield self._keep(mutant.id, engine, Finding(), 0, outcome=UNTOUCHED)
                        continue
                    running, held = _start(Trial(engine, mutant, self._cpu_seconds(engine), claims), idle.pop())
                    busy[running.pipe] = running, held
                for pipe in select.select(list(busy), [], [])[0] if busy else ():
                    running, held = busy.pop(pipe)
                    finding, seconds = running.wait()
                    held.close()
                    idle.append(running.tree)
                    assert running.trial.mutant is not None
                    yield self._keep(running.trial.mutant.id, running.trial.engine, finding, seconds)

    def _keep(self, mutant_id: str, engine: str, finding: Finding, seconds: float, *, outcome: str = "") -> Result:
        if self._version_now(engine) != self.versions[engine]:
            raise HarnessError(f"something that {engine} depends on was changed meanwhile; start again")
        result = Result(
            mutant_id,
            engine,
            outcome or outcome_of(finding),
            finding.by or "",
            finding.detail or ", ".join(finding.unknown),
            round(seconds, 2),
            self.versions[engine],
        )
        self.results.add(result)
        return result


def _start(trial: Trial, tree: Tree) -> tuple[Running, ExitStack]:
    held = ExitStack()
    held.enter_context(tree.with_mutant(trial.mutant))
    return Running(trial, tree), held
