"""Test vectors: what the ledger answers, in files that an engine in any language can be held against (specs/vectors).

The package carries the inputs only, one case a line in `cases/`: a rulebook, a state and transactions. Every answer is
worked out when the files are written, by the ledger that is installed.
"""

from .answering import Vector, answered
from .cases import Case, all_cases
from .schema import vector_schema
from .text import FORMAT, FORMAT_VERSION
from .writing import MANIFEST, SCHEMA_FILE, files_of_the_set, set_digest

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "MANIFEST",
    "SCHEMA_FILE",
    "Case",
    "Vector",
    "all_cases",
    "answered",
    "files_of_the_set",
    "set_digest",
    "vector_schema",
]
