"""This ledger as an engine: `python -m ledger.engines.serve` answers the protocol on standard input and output.

Other tools can drive it as they would drive any engine, and a `Server` can be given parts that are wrong, to see
whether they are found.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, BinaryIO

import click
import msgspec

from ..canonical import StateError, chain, chain_start, state_digest
from ..interchange import (
    InterchangeError,
    account_document,
    outcome_document,
    read_state,
    read_transaction,
    state_document,
)
from ..outcomes import Outcome
from ..profiles import RulebookError
from ..state import State
from ..strict_json import NotStrict, load_strictly
from ..transactions import TYPES, Transaction
from ..transition import apply, state_after
from .client import FIGURES, GIVES, OF_ACCOUNTS, PROTOCOL, SPECIFICATION

Document = dict[str, Any]
_encode = msgspec.json.Encoder().encode


class Refused(Exception):
    """A request that cannot be answered, and why."""


class Server:
    """The ledger as an engine: what it answers to each request. `gives`: the words of what it gives besides whether
    transactions are applied. `types`: those that it knows, all where None."""

    engine = "backstop-ledger"

    def __init__(self, gives: Sequence[str] = GIVES, types: Sequence[str] | None = None) -> None:
        self.gives, self.types = gives, types
        self.state: State | None = None
        self.link = b""
        self.is_done = False

    @property
    def methods(self) -> dict[str, Callable[[Document], Document]]:
        """What answers each request."""
        return {
            "hello": self.hello,
            "init": self.init,
            "apply": self.apply,
            "state": self.tell_state,
            "bye": self.bye,
        }

    def run(self, requests: Iterable[bytes], replies: BinaryIO) -> None:
        """Answer each line of the requests by a line, until bye."""
        for line in requests:
            replies.write(self.reply_to(line) + b"\n")
            replies.flush()
            if self.is_done:
                return

    def reply_to(self, line: bytes) -> bytes:
        """The line that answers one."""
        return _encode(self.reply(line))

    def reply(self, line: bytes) -> Document:
        """The reply to a request, which is an error where it cannot be answered."""
        try:
            request = load_strictly(line)
            if not isinstance(request, dict) or not isinstance(request.get("request"), str):
                raise Refused("found no request, expected an object with one")
            name = request["request"]
            if name not in self.methods:
                raise Refused(f"found an unknown request, expected one of {', '.join(self.methods)}")
            return {"reply": name, **self.methods[name](request)}
        except (Refused, NotStrict, StateError, RulebookError) as error:
            return {"reply": "error", "error": " ".join(str(error).split())}

    # One method for each request.

    def hello(self, request: Document) -> Document:
        """What it is and gives."""
        if request.get("protocol") != PROTOCOL:
            raise Refused(f"speaks protocol {PROTOCOL} alone")
        told: Document = {"protocol": PROTOCOL, "engine": self.name_and_version(), "gives": list(self.gives)}
        return told if self.types is None else {**told, "types": list(self.types)}

    def name_and_version(self) -> str:
        """For people."""
        from importlib.metadata import version

        return f"{self.engine} {version('backstop-ledger')}, specification {SPECIFICATION}"

    def init(self, request: Document) -> Document:
        """Begin with a state; what was there before is gone."""
        rulebook, state = request.get("rulebook"), request.get("state")
        if not isinstance(rulebook, dict):
            raise Refused("found no rulebook, expected the document of one")
        self.state = read_state(rulebook, state)
        if "link" in self.gives:
            self.link = chain_start(self.state)
        return {}

    def apply(self, request: Document) -> Document:
        """Answer transactions. None is applied where one of them cannot be read."""
        documents = request.get("transactions")
        if not isinstance(documents, list):
            raise Refused("found no transactions, expected a list")
        transactions = []
        for number, document in enumerate(documents):
            try:
                transactions.append(read_transaction(document))
            except InterchangeError as error:
                raise Refused(f"transactions[{number}]: {error}") from None
        return {"outcomes": [self.answer(transaction) for transaction in transactions]}

    def state_of(self) -> State:
        """The state it is in."""
        if self.state is None:
            raise Refused("found no state, expected init before")
        return self.state

    def outcome_of(self, state: State, transaction: Transaction) -> Outcome:
        """The ledger's outcome."""
        return apply(state, transaction)

    def answer(self, transaction: Transaction) -> Document:
        """The outcome of a transaction, as far as it is given."""
        before = self.state_of()
        outcome = self.outcome_of(before, transaction)
        self.state = state_after(before, outcome)
        link = None
        if "link" in self.gives:
            link = self.link = chain(self.link, transaction, outcome)
        return self.told(outcome_document(outcome, link=link))

    def told(self, document: Document) -> Document:
        """Those fields of an outcome that are given."""
        gives = set(self.gives)
        if "figures" in gives:
            gives |= {*FIGURES}
        return {name: value for name, value in document.items() if name == "applied" or name in gives}

    def tell_state(self, request: Document) -> Document:
        """What it gives of its state."""
        state, asked = self.state_of(), request.get("accounts")
        if asked is None:
            whole: Document = {"state": state_document(state)} if "state" in self.gives else {}
            return {**whole, "digest": state_digest(state)} if "state_digest" in self.gives else whole
        if not isinstance(asked, list) or not all(isinstance(account_id, str) for account_id in asked):
            raise Refused("found accounts that are no list of ids")
        fields = [field for word, field in OF_ACCOUNTS if word in self.gives]
        accounts = {}
        for account_id in asked:
            account = state.accounts.get(account_id)
            if account is not None:
                told = account_document(account)
                accounts[account_id] = {field: told[field] for field in fields}
        return {"accounts": accounts}

    def bye(self, request: Document) -> Document:
        """The last request."""
        self.is_done = True
        return {}


def words(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str] | None:
    """Words between commas, each one of those that the protocol has."""
    if value is None:
        return None
    known = GIVES if parameter.name == "gives" else TYPES
    found = [word for word in value.split(",") if word]
    for word in found:
        if word not in known:
            raise click.BadParameter(f"found {word!r}, expected {', '.join(known)}", context, parameter)
    return found


@click.command("serve")
@click.option("--gives", metavar="WORDS", callback=words, help="What it gives, words between commas; all by default.")
@click.option("--types", metavar="NAMES", callback=words, help="The transaction types that it knows; all by default.")
def main(gives: list[str] | None, types: list[str] | None) -> None:
    """This ledger behind the engine protocol, on standard input and output."""
    Server(GIVES if gives is None else gives, types).run(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
