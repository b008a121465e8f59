"""Results as JSON Lines: one for each mutant and engine, kept while what the engine depends on stays as it is."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import attrs

from .mutants import ROOT

INPUTS = {
    "logs": ("docs/examples/*.jsonl", "tests/logs/attacks/*.jsonl"),
    "machine": ("tests/oracle*.py", "tests/reading_back.py"),
    "brief": ("docs/examples/*.jsonl", "tests/logs/attacks/*.jsonl", "tests/oracle*.py", "tests/reading_back.py"),
    "symbolic": ("specs/symbolic/*.py", "tests/mutation/claims.py"),
    "proofs": ("specs/proofs/*.py", "tests/mutation/claims.py"),
    "tests": ("tests/*.py", "tests/rules/*.py", "tests/house/*.py"),
}
"""The files that an engine's answers depend on, beside the ledger and this tool."""

COMMON = ("ledger/**/*.py", "ledger/rulebooks/*.toml", "tests/mutation/engines.py")

GENERATORS, WITHOUT_GENERATORS = "fuzzing", ("logs", "symbolic", "proofs")
"""The package of the generators, and the engines whose answers do not depend on it."""

OF_CLAIMS = ("symbolic", "proofs")
"""The engines that ask claims."""

KILLED, SURVIVED, UNKNOWN, UNTOUCHED = "killed", "survived", "unknown", "untouched"


@attrs.frozen
class Result:
    """What one engine said of one mutant.

    `outcome`: killed, survived, unknown (a claim stayed open) or untouched (no claim runs the mutated function).
    `by`: the law, exception, claim or auditor that killed it. `version`: of everything the answer depends on.
    """

    mutant: str
    engine: str
    outcome: str
    by: str
    detail: str
    seconds: float
    version: str


def version_of(engine: str, *, quick_claims: bool = False) -> str:
    """A digest of everything the engine's answers depend on; of `quick_claims`, where it is an engine of claims."""
    digest = hashlib.sha256(b"quick" if quick_claims and engine in OF_CLAIMS else b"")
    for pattern in (*COMMON, *INPUTS[engine]):
        for path in sorted(ROOT.glob(pattern)):
            if engine in WITHOUT_GENERATORS and path.parent.name == GENERATORS:
                continue
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Results:
    """The results file: those of these versions are known and need no new trial."""

    def __init__(self, path: Path, versions: dict[str, str]) -> None:
        self.path = path
        self.known: dict[tuple[str, str], Result] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        for result in _read(path):
            if versions.get(result.engine) == result.version:
                self.known[result.mutant, result.engine] = result

    def add(self, result: Result) -> None:
        """Keep a result, in the file as well."""
        self.known[result.mutant, result.engine] = result
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(attrs.asdict(result)) + "\n")


class ResultsError(Exception):
    """A file holds something else than results; the message is one line."""


def _read(path: Path) -> Iterator[Result]:
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            yield Result(**json.loads(line))
        except (ValueError, TypeError):
            if number < len(lines):
                raise ResultsError(f"{path}:{number}: found {line[:40]!r}, expected a result") from None
            # The last line of a run that was interrupted.
