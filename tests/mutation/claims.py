"""The engines of claims: solver proofs and symbolic contracts, as far as they run what a mutant changed.

A mutant counts as killed by a claim only where the claim is REFUTED, or is VACUOUS because what must be possible is not
any more, or raises where it does not without the mutant. A claim that stays open kills nothing.
"""

import ast
import builtins
import importlib
import json
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from .changes import Source
from .findings import NOTHING, Finding
from .mutants import Mutant

PROOFS, SYMBOLIC = "proofs", "symbolic"

QUICK = ("quick",)
"""Asks what the claims of the ordinary tests run, instead of all."""


@attrs.frozen
class Reach:
    """What a claim runs of the ledger, as "module:function", and the seconds it takes without a mutant."""

    functions: frozenset[str]
    seconds: float


HELD = ("PROVED", "CONFIRMED", "NO COUNTEREXAMPLE")
"""Statuses that say nothing against the mutant."""

Answered = tuple[str, str]
"""A claim's status and what it says of it."""


def proofs(ids: Sequence[str]) -> Finding:
    """These proofs, until the first that fails."""
    return _asked(ids, _proof_answers)


def _proof_answers(ids: Sequence[str]) -> Iterator[tuple[str, Answered]]:
    registry = importlib.import_module("specs.proofs.registry")
    claims = importlib.import_module("specs.proofs.claims")
    by_id = {claim.id: claim for claim in registry.CLAIMS}
    for claim_id in ids:
        try:
            result = claims.outcome_of(by_id[claim_id])
        except (NameError, AttributeError) as error:
            yield claim_id, ("RAISED", f"{type(error).__name__}: {error}")
        except Exception as error:
            yield claim_id, ("ERROR", f"{type(error).__name__}: {error}")
        else:
            yield claim_id, (result.status.value, result.detail)


def symbolic(ids: Sequence[str]) -> Finding:
    """These contracts, until the first that is refuted, each in a process of its own, as their verdicts are made."""
    return _asked(ids, _symbolic_answers)


def _symbolic_answers(ids: Sequence[str]) -> Iterator[tuple[str, Answered]]:
    by_id = _contracts()
    # What this process may use holds for each of its children by itself, and here for all of them.
    most, _ = resource.getrlimit(resource.RLIMIT_CPU)
    for claim_id in ids:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        if used.ru_utime + used.ru_stime > most:
            yield claim_id, ("UNKNOWN", "no time left")
            continue
        answer = _forked(lambda claim=by_id[claim_id]: _examined(claim))  # type: ignore[misc]
        yield claim_id, tuple(answer) if answer is not None else ("UNKNOWN", "no answer")


def _contracts() -> dict[str, Any]:
    registry = importlib.import_module("specs.symbolic.registry")
    return {claim.id: claim for claim in registry.CLAIMS}


def _examined(claim: Any) -> Answered:
    engine = importlib.import_module("specs.symbolic.engine")
    found = engine.examine(claim.contract, paths=claim.paths)
    return found.status.value, found.detail


def _forked(call: Callable[[], Any]) -> Any:
    """What the call answers in a process of its own, through JSON; None where that process broke off."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read)
        try:
            with os.fdopen(write, "wb") as stream:
                stream.write(json.dumps(call()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        text = stream.read()
    os.waitpid(process, 0)
    return json.loads(text) if text else None


def prepare_symbolic() -> None:
    """The solver's budget, which CrossHair reads where it is imported, and CrossHair."""
    campaign = importlib.import_module("specs.symbolic.campaign")
    os.environ["CROSSHAIR_SMT_RLIMIT"] = str(campaign.SOLVER_WORK)
    importlib.import_module("crosshair.core_and_libs")


def prepare_proofs() -> None:
    """The solver."""
    importlib.import_module("z3")


def _asked(ids: Sequence[str], answers: Callable[[Sequence[str]], Iterable[tuple[str, Answered]]]) -> Finding:
    unknown = []
    for claim_id, (status, detail) in answers(ids):
        if status in ("REFUTED", "RAISED") or (status == "VACUOUS" and "not decided" not in detail):
            return Finding(f"claim {claim_id}", f"{status}: {detail}"[:200])
        if status not in HELD:
            unknown.append(claim_id)
    return Finding(unknown=tuple(unknown)) if unknown else NOTHING


# What claims run

TOUCHED = "_functions_touched"


def noting(source: Source) -> str:
    """The module with a note of its name at the head of every function, on the line of its first statement."""
    heads = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef):
            start, _ = source.span(node.body[0])
            heads.append((start, f'{TOUCHED}.add("{source.module}:{source.function_of(node)}"); '))
    text = source.bytes
    for start, note in sorted(heads, reverse=True):
        text = text[:start] + note.encode() + text[start:]
    return text.decode()


def reach_of_proofs(which: Sequence[str]) -> Finding:
    """What every proof runs, or the `QUICK` ones, as JSON in the detail. To be called where modules note functions."""
    touched = _noted()
    registry = importlib.import_module("specs.proofs.registry")
    found: dict[str, tuple[list[str], float]] = {}
    for claim in registry.CLAIMS:
        if which == QUICK and not claim.quick:
            continue
        touched.clear()
        start = time.process_time()
        ((_, (status, detail)),) = _proof_answers([claim.id])
        if status not in HELD:
            return Finding(f"claim {claim.id}", f"{status}: {detail}")
        found[claim.id] = sorted(touched), round(time.process_time() - start, 3)
    return Finding(detail=json.dumps(found))


def reach_of_symbolic(which: Sequence[str]) -> Finding:
    """What every contract runs, likewise."""
    touched = _noted()

    def look(claim: Any) -> tuple[Answered, list[str], float]:
        touched.clear()
        start = time.process_time()
        return _examined(claim), sorted(touched), round(time.process_time() - start, 3)

    found: dict[str, tuple[list[str], float]] = {}
    for claim_id, claim in _contracts().items():
        if which == QUICK and not claim.quick:
            continue
        answer = _forked(lambda claim=claim: look(claim))  # type: ignore[misc]
        if answer is None or answer[0][0] not in HELD:
            return Finding(f"claim {claim_id}", f"{answer}"[:200])
        found[claim_id] = answer[1], answer[2]
    return Finding(detail=json.dumps(found))


def _noted() -> set[str]:
    """The functions that are called from now on."""
    touched: set[str] = set()
    setattr(builtins, TOUCHED, touched)
    return touched


def read_reach(text: str) -> dict[str, Reach]:
    """The reach of every claim, from the JSON."""
    found: Mapping[str, Any] = json.loads(text)
    return {claim_id: Reach(frozenset(functions), seconds) for claim_id, (functions, seconds) in found.items()}


def claims_about(mutant: Mutant, reach: Mapping[str, Reach]) -> tuple[str, ...]:
    """The claims that run the mutated function, the quick ones first; of a constant, those that run its module.

    The constants of `units` are everybody's.
    """
    wanted = {f"{mutant.module}:{mutant.function}"}
    about = [
        (seen.seconds, claim_id)
        for claim_id, seen in reach.items()
        if seen.functions & wanted or (not mutant.function and _runs(seen, mutant.module))
    ]
    return tuple(claim_id for _, claim_id in sorted(about))


def _runs(seen: Reach, module: str) -> bool:
    return module == "units" or any(name.startswith(f"{module}:") for name in seen.functions)
