"""This ledger as an engine with one fault: `python -m tests.vectors.planted FAULT`."""

import sys
import time
from collections.abc import Callable
from typing import Any

from ledger.engines.serve import Refused, Server
from ledger.interchange import state_document

Document = dict[str, Any]


def _applied(change: Callable[[Document], None]) -> Callable[[Document], None]:
    """A change of outcomes that are applied."""

    def changed(document: Document) -> None:
        if document["applied"]:
            change(document)

    return changed


def _refused(change: Callable[[Document], None]) -> Callable[[Document], None]:
    """A change of outcomes that are refused."""

    def changed(document: Document) -> None:
        if not document["applied"]:
            change(document)

    return changed


def _one_atom_more(document: Document) -> None:
    for change in document["changes"]:
        if "amount" in change:
            change["amount"] = str(int(change["amount"]) + 1)


def _turned(document: Document) -> None:
    for change in document["changes"]:
        if "size" in change:
            change["size"] = str(-int(change["size"]))


FAULTS: dict[str, Callable[[Document], None]] = {
    "applies everything": _refused(lambda document: document.update(applied=True, changes=[], events=[])),
    "another reason": _refused(lambda document: document.update(reason="NOTHING_TO_SET")),
    "another subject": _refused(lambda document: document.update(subject="somebody")),
    "another limit": _refused(lambda document: document.update(limit="7")),
    "an atom more": _applied(_one_atom_more),
    "the other side": _applied(_turned),
    "no events": _applied(lambda document: document.update(events=[])),
    "another link": lambda document: document.update(link="0" * 64),
}
STATES: dict[str, Callable[[Document], None]] = {
    "another time": lambda state: state.update(time=state["time"] + 1),
    "forgets providers": lambda state: state.update(providers={}),
}
FIRST_TROUBLE = "crashes at an observation"


class Planted(Server):
    """The ledger with a fault."""

    engine = "planted"

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def hello(self, request: Document) -> Document:
        told = super().hello(request)
        if self.fault == "begins at a genesis":
            return {**told, "begins": "genesis"}
        if self.fault == "knows deposits":
            return {**told, "types": ["deposit", "mark"], "gives": ["reason"]}
        return told

    def apply(self, request: Document) -> Document:
        kinds = {transaction["type"] for transaction in request["transactions"]}
        if self.fault == FIRST_TROUBLE and "observe" in kinds:
            sys.exit(3)
        if self.fault == "hangs at a notice" and "leave" in kinds:
            time.sleep(600)
        if self.fault == "has no observations" and "observe" in kinds:
            raise Refused("the monitor is not there yet")
        return super().apply(request)

    def told(self, document: Document) -> Document:
        told = super().told(document)
        if self.fault in FAULTS:
            FAULTS[self.fault](told)
        return told

    def tell_state(self, request: Document) -> Document:
        told = super().tell_state(request)
        if self.fault == "another digest" and "digest" in told:
            told["digest"] = "0" * 64
        if self.fault in STATES and "state" in told:
            told["state"] = state_document(self.state_of())
            STATES[self.fault](told["state"])
        if self.fault == "forgets cash" and "accounts" in told:
            for account in told["accounts"].values():
                account["cash"] = {}
        return told


def main() -> int:
    """Answer on standard input and output."""
    engine = Planted(sys.argv[1])
    engine.run(sys.stdin.buffer, sys.stdout.buffer)
    return 4 if sys.argv[1] == "ends badly" else 0


if __name__ == "__main__":
    sys.exit(main())
