"""The durable log: a journal in one SQLite file, append-only, every row covered by a chain of links (specs/journal).

    from ledger.journal import Journal, create

    create("venue.journal", encode_genesis("ascendex-2020"))
    with Journal("venue.journal") as journal:
        outcome = journal.apply(transaction)

A transaction is answered, held against the laws, and recorded before its outcome is returned. `JournalReader` reads
beside a writer, and `verify` derives everything anew. Nothing here is loaded before it is asked for.
"""

from ..checkpoints import Checkpoint, Point
from ..log import Divergence
from .appending import append
from .faults import JournalError
from .format import Settings
from .making import create, export, import_log
from .reading import Beginning, Head, JournalReader
from .verifying import Acknowledged, Tampered, Verified, verify
from .writing import Journal

__all__ = [
    "Acknowledged",
    "Beginning",
    "Checkpoint",
    "Divergence",
    "Head",
    "Journal",
    "JournalError",
    "JournalReader",
    "Point",
    "Settings",
    "Tampered",
    "Verified",
    "append",
    "create",
    "export",
    "import_log",
    "verify",
]
