"""Engines that stand in for the real ones and print the lines they are told to, so that every ending can be tested."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Fields = Mapping[str, Any]

REGISTRY_SOURCE = """
import json, pathlib
from types import SimpleNamespace
ROWS = json.loads(pathlib.Path(__file__).with_name("rows.json").read_text())
CLAIMS = [SimpleNamespace(**{**row, "kind": SimpleNamespace(value=row["kind"])}) for row in ROWS]
"""

MAIN_SOURCE = """
import json, sys, time
from .registry import ROWS
ids = sys.argv[sys.argv.index("--exact") + 1:]
if "--fails" in json.dumps(ROWS):
    print("something\\nbroke", file=sys.stderr)
    sys.exit(7)
if "--crashes" in json.dumps(ROWS):
    raise RuntimeError("boom")
for row in ROWS:
    if row["id"] in ids:
        time.sleep(row.get("sleeps", 0))
        print(json.dumps(row), flush=True)
"""


def claim(name: str, status: str, **more: Any) -> dict[str, Any]:
    """A line of a claim about the deposit's BKG-1, of kind laws."""
    row = {
        "id": name,
        "kind": "laws",
        "laws": ["BKG-1"],
        "transactions": ["deposit"],
        "statement": "It holds.",
        "assumptions": ["a small world"],
        "quick": True,
        "status": status,
        "paths": 3,
        "seconds": 0.25,
        "mutant": "REFUTED",
    }
    return {**row, **more}


def specs(folder: Path, *, symbolic: Sequence[Fields] = (), proofs: Sequence[Fields] = ()) -> str:
    """A folder of claims with these lines."""
    root = folder / "specs"
    root.mkdir(parents=True)
    (root / "__init__.py").touch()
    for engine, rows in (("symbolic", symbolic), ("proofs", proofs)):
        place = root / engine
        place.mkdir()
        (place / "__init__.py").touch()
        (place / "rows.json").write_text(json.dumps([{"engine": engine, **row} for row in rows]), encoding="utf-8")
        (place / "registry.py").write_text(REGISTRY_SOURCE, encoding="utf-8")
        (place / "__main__.py").write_text(MAIN_SOURCE, encoding="utf-8")
    return str(root)
