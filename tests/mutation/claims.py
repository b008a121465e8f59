"""The engines of claims: solver proofs and symbolic contracts, as far as they run what a mutant changed.

A mutant counts as killed by a claim only where the claim is REFUTED, or is VACUOUS because what must be possible is not
any more, or raises where it does not without the mutant. A claim that stays open kills nothing.
"""

import ast
import builtins
import importlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from .changes import Source
from .findings import NOTHING, Finding
from .mutants import Mutant

PROOFS = "proofs"


@attrs.frozen
class Reach:
    """What a claim runs of the ledger, as "module:function", and the seconds it takes without a mutant."""

    functions: frozenset[str]
    seconds: float


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


def _asked(ids: Sequence[str], answers: Callable[[Sequence[str]], Iterable[tuple[str, Answered]]]) -> Finding:
    unknown = []
    for claim_id, (status, detail) in answers(ids):
        if status in ("REFUTED", "RAISED") or (status == "VACUOUS" and "not decided" not in detail):
            return Finding(f"claim {claim_id}", f"{status}: {detail}"[:200])
        if status in ("UNKNOWN", "ERROR", "VACUOUS"):
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


def reach_of_proofs(_: Sequence[str]) -> Finding:
    """What every proof runs, as JSON in the detail. To be called where the modules note their functions."""
    touched: set[str] = set()
    setattr(builtins, TOUCHED, touched)
    registry = importlib.import_module("specs.proofs.registry")
    found: dict[str, tuple[list[str], float]] = {}
    for claim in registry.CLAIMS:
        touched.clear()
        start = time.process_time()
        for _claim_id, (status, detail) in _proof_answers([claim.id]):
            if status != "PROVED":
                return Finding(f"claim {claim.id}", f"{status}: {detail}")
        found[claim.id] = sorted(touched), round(time.process_time() - start, 3)
    return Finding(detail=json.dumps(found))


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
