"""`python -m specs.symbolic.worker`: one contract in a process of its own; a request comes in, a finding goes out.

Both are JSON, on standard input and output. A request with an exchange plants it before anything of the ledger is
imported. Nothing here, and nothing that this imports at its head, may import the ledger.
"""

import importlib
import json
import resource
import sys
from typing import Any

import attrs

from .planting import Exchange, plant, require_planted

MOST_SECONDS = 1800
"""Of processor time, after which the system ends the process: for an engine that hangs, not for a verdict."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Examine the contract that the request names, as it is or the twin with `never`."""
    planted = Exchange(**request["exchange"]) if request["exchange"] else None
    if planted is not None:
        plant(planted)
    claims = {claim.id: claim for claim in importlib.import_module(request["registry"]).CLAIMS}
    if planted is not None:
        require_planted(planted)
    engine = importlib.import_module(f"{__package__}.engine")
    claim = claims[request["id"]]
    finding = engine.examine(claim.contract, paths=claim.paths, never=request["never"])
    return {**attrs.asdict(finding), "status": finding.status.name}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    found = answer(json.loads(sys.stdin.read()))
    print(f"\n{json.dumps(found)}")
