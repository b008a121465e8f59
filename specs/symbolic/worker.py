"""`python -m specs.symbolic.worker`: contracts on request, each examined in a process of its own.

The first line of its input is the registry to take claims from and the exchange to plant, or none; every other line is
a request, which names a claim and what is never to happen, or nothing. Each request is answered with a line. All are
JSON. What is planted is planted before anything of the ledger is imported, so nothing that this imports at its head may
import the ledger.

A request is examined in a fork of this process, which imports everything once and examines nothing itself. So every
contract starts from the same state, whatever was examined before it, and one that crashes the solver takes nothing with
it.
"""

import importlib
import json
import os
import resource
import signal
import sys
from typing import Any

import attrs

from .claims import Claim, Status
from .planting import Exchange, plant, require_planted

MOST_SECONDS = 900
"""Of processor time, after which the system ends a fork: for an engine that hangs, not for a verdict."""

READY = "ready"


def claims_of(registry: str, exchange: Exchange | None) -> dict[str, Claim]:
    """The registry's claims by id, over the ledger with the exchange planted."""
    if exchange is not None:
        plant(exchange)
    claims = {claim.id: claim for claim in importlib.import_module(registry).CLAIMS}
    if exchange is not None:
        require_planted(exchange)
    return claims


def in_a_fork(claim: Claim, never: str | None) -> dict[str, Any]:
    """What a fork of this process finds of the contract, as data."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, sys.stdout.fileno())
        os.dup2(silence, sys.stderr.fileno())
        with os.fdopen(writing, "w") as answer:
            answer.write(json.dumps(found(claim, never)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        return dict(json.loads(text))
    if status == -signal.SIGXCPU:
        return nothing(Status.UNKNOWN, f"ended after {MOST_SECONDS} seconds of processor time")
    return nothing(Status.ERROR, f"the process ended with {status}")


def found(claim: Claim, never: str | None) -> dict[str, Any]:
    """Examine the contract here."""
    engine = importlib.import_module(f"{__package__}.engine")
    try:
        finding = engine.examine(claim.contract, paths=claim.paths, never=never)
    except BaseException as error:
        # Also one with which the contract would end the process: nobody else is to hear of it.
        return nothing(Status.ERROR, f"{type(error).__name__}: {error}")
    return {**attrs.asdict(finding), "status": finding.status.name}


def nothing(status: Status, detail: str) -> dict[str, Any]:
    """A finding without an exploration."""
    return {"status": status.name, "paths": 0, "seconds": 0.0, "detail": detail, "values": {}}


def serve() -> None:
    """Answer requests until there are no more."""
    setting = json.loads(sys.stdin.readline())
    claims = claims_of(setting["registry"], Exchange(**setting["exchange"]) if setting["exchange"] else None)
    importlib.import_module(f"{__package__}.engine")
    print(json.dumps(READY), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(in_a_fork(claims[request["id"]], request["never"])), flush=True)


if __name__ == "__main__":
    serve()
