"""The cases: the inputs of vectors, as the package carries them.

`cases/TYPE.jsonl` has one case a line. `rulebook` is a profile's name and `overrides` what is merged over it, left out
where there is nothing; `time` is the genesis's. `state` is the state to begin with, in the form of the interchange, or
null for the genesis itself; `transactions` are those of the interchange.
"""

from collections.abc import Iterator
from importlib import resources
from typing import Any

import attrs
import msgspec

from ..interchange import read_state, read_transaction
from ..profiles import load_profile, merge, profile_document
from ..rulebook import Rulebook
from ..state import State, genesis
from ..transactions import TYPES, Transaction

Document = dict[str, Any]
FOLDER = resources.files("ledger") / "vectors" / "cases"


@attrs.frozen
class Case:
    """One case: the `transaction` type and the `name` that it is kept under, and what is asked of which state."""

    transaction: str
    name: str
    description: str
    origin: Document
    profile: str
    overrides: Document
    time: int
    state: Document | None
    transactions: tuple[Document, ...]

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook of its state."""
        return load_profile(self.profile, self.overrides or None)

    @property
    def pre_state(self) -> State:
        """The state to begin with."""
        rulebook = self.rulebook
        if self.state is None:
            return genesis(rulebook, self.time)
        return read_state(merge(profile_document(self.profile), self.overrides), self.state)

    def asked(self) -> tuple[Transaction, ...]:
        """The transactions."""
        return tuple(read_transaction(document) for document in self.transactions)

    @property
    def line(self) -> bytes:
        """The case as a line of its file."""
        document: Document = {"name": self.name, "description": self.description, "origin": self.origin}
        document["rulebook"] = self.profile
        if self.overrides:
            document["overrides"] = self.overrides
        document |= {"time": self.time, "state": self.state, "transactions": list(self.transactions)}
        return msgspec.json.encode(document) + b"\n"


def case_of(transaction: str, line: bytes) -> Case:
    """The case that a line of the file of a transaction type says."""
    document = msgspec.json.decode(line)
    return Case(
        transaction,
        document["name"],
        document["description"],
        document["origin"],
        document["rulebook"],
        document.get("overrides", {}),
        document["time"],
        document["state"],
        tuple(document["transactions"]),
    )


def all_cases() -> Iterator[Case]:
    """Every case of the package, by type and then in the order of its file."""
    for transaction in TYPES:
        for line in (FOLDER / f"{transaction}.jsonl").read_bytes().splitlines():
            yield case_of(transaction, line)
