"""The set of files: a vector for every case, the schema, and the manifest."""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from ..engines.client import SPECIFICATION
from .answering import Vector, answered
from .cases import all_cases
from .schema import vector_schema
from .text import FORMAT, FORMAT_VERSION, document_text

MANIFEST, SCHEMA_FILE = "manifest.json", "vector.schema.json"
MANIFEST_FORMAT = f"{FORMAT}-manifest"


def files_of_the_set() -> Iterator[tuple[str, bytes]]:
    """Every file by its path in the set: the vectors by their paths, the schema, and the manifest last."""
    entries = []
    for vector in sorted((answered(case) for case in all_cases()), key=lambda vector: vector.path):
        text = vector.text
        entries.append(_entry(vector, text))
        yield vector.path, text
    yield SCHEMA_FILE, document_text(vector_schema())
    yield MANIFEST, document_text(_manifest(entries))


def set_digest(files: Iterable[tuple[str, str]]) -> str:
    """The digest of a set of files, given as paths with the SHA-256 of each: SHA-256 over a line `SHA-256 PATH` for
    each, sorted by path, each with a line feed."""
    lines = "".join(f"{digest} {path}\n" for path, digest in sorted(files))
    return hashlib.sha256(lines.encode("ascii")).hexdigest()


def _entry(vector: Vector, text: bytes) -> dict[str, Any]:
    return {
        "path": vector.path,
        "sha256": hashlib.sha256(text).hexdigest(),
        "transaction": vector.case.transaction,
        "origin": vector.case.origin,
        "rules": vector.rules,
        "reasons": vector.reasons,
        "events": vector.events,
        "laws": list(vector.laws),
    }


def _manifest(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": MANIFEST_FORMAT,
        "version": FORMAT_VERSION,
        "specification": SPECIFICATION,
        "package": version("backstop-ledger"),
        "count": len(entries),
        "digest": set_digest((entry["path"], entry["sha256"]) for entry in entries),
        "vectors": entries,
    }
