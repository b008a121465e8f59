"""The protocol of engines as the one who asks speaks it: hello, init, apply, state, bye (specs/engine-protocol).

A reply is read as plain values, and what is wrong with one is told as an `EngineError` of one line. Whether what it
says is right is not asked here (`differences`).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from ..strict_json import one_line
from ..transactions import TYPES
from .errors import EngineError, Trouble, shown_line
from .process import LONGEST_LINE, Command, EngineProcess

PROTOCOL, SPECIFICATION = 1, 1
TIMEOUT = 10.0
"""Seconds within which an engine must reply, unless another number is asked."""

IN_FLIGHT = 2
"""Batches that an engine may be sent before it has replied to the first of them."""

GIVES = ("reason", "figures", "changes", "events", "link", "balances", "positions", "state", "state_digest")
"""The words by which an engine says what it gives besides whether a transaction is applied."""

Reply = TypeVar("Reply", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode


class GivenOutcome(msgspec.Struct, gc=False):
    """An engine's outcome of a transaction: what it says of the table of outcomes, everything else `UNSET`."""

    applied: bool
    reason: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    supplied: str | UnsetType = UNSET
    limit: str | UnsetType = UNSET
    changes: list[dict[str, str]] | UnsetType = UNSET
    events: list[dict[str, Any]] | UnsetType = UNSET
    link: str | UnsetType = UNSET


class GivenAccount(msgspec.Struct):
    """An open account as an engine gives it: cash by asset, and positions by market, as a state has them."""

    cash: dict[str, str] | UnsetType = UNSET
    positions: dict[str, dict[str, str]] | UnsetType = UNSET


class _Named(msgspec.Struct):
    reply: str
    error: str | UnsetType = UNSET


class _Hello(msgspec.Struct):
    protocol: int
    engine: str
    gives: list[str]
    types: list[str] | UnsetType = UNSET
    begins: Literal["anywhere", "genesis"] = "anywhere"


class _Nothing(msgspec.Struct):
    pass


class _Outcomes(msgspec.Struct, gc=False):
    outcomes: list[GivenOutcome]
    reply: str = ""


class _Accounts(msgspec.Struct):
    accounts: dict[str, GivenAccount]


class _Whole(msgspec.Struct):
    state: dict[str, Any] | UnsetType = UNSET
    digest: str | UnsetType = UNSET


class _Version(msgspec.Struct):
    protocol: int | UnsetType = UNSET


_named = msgspec.json.Decoder(_Named)
_outcomes = msgspec.json.Decoder(_Outcomes)

FIGURES = ("subject", "supplied", "limit")
OF_ACCOUNTS = (("balances", "cash"), ("positions", "positions"))
"""The fields of a refusal that `figures` stands for, and of an account those of the two words."""

OF_APPLIED = (("changes", ("changes",)), ("events", ("events",)), ("link", ("link",)))
OF_REJECTED = (("reason", ("reason",)), ("figures", FIGURES), ("link", ("link",)))
"""The fields of an outcome that an engine owes for what it says it gives."""


@attrs.frozen
class Abilities:
    """What an engine says of itself: its name and version, what it `gives`, the transaction types that it knows, and
    whether it only begins at a genesis."""

    engine: str
    gives: frozenset[str]
    types: frozenset[str]
    begins_at_genesis: bool

    @property
    def gives_accounts(self) -> bool:
        """Whether it tells balances or positions."""
        return "balances" in self.gives or "positions" in self.gives

    @property
    def gives_whole(self) -> bool:
        """Whether it tells its whole state, or the digest of it."""
        return "state" in self.gives or "state_digest" in self.gives

    @property
    def gives_states(self) -> bool:
        """Whether it tells anything of its state."""
        return self.gives_accounts or self.gives_whole


class Engine:
    """A running engine that has said hello: `abilities` are what it told. EngineError where it does not start, or
    speaks another version; `close` ends it, whatever it does.

    `timeout`: seconds within which each reply must come.
    """

    def __init__(self, command: Command, *, timeout: float = TIMEOUT, longest_line: int = LONGEST_LINE) -> None:
        self.timeout = timeout
        self._process = EngineProcess(command, longest_line=longest_line)
        self.name, self.words = self._process.name, tuple(self._process.words)
        self._awaited: deque[int] = deque()
        self._owed: dict[bool, tuple[str, ...]] = {True: (), False: ()}
        try:
            self.abilities = self._hello()
        except BaseException:
            self._process.close()
            raise
        for applied, owed in ((True, OF_APPLIED), (False, OF_REJECTED)):
            self._owed[applied] = tuple(
                field for word, fields in owed if word in self.abilities.gives for field in fields
            )

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the engine's process and all that it started, at once."""
        self._process.close()

    @property
    def is_idle(self) -> bool:
        """Whether no reply is outstanding."""
        return not self._awaited

    # Requests.

    def init(self, rulebook: str, state: object) -> None:
        """Have it begin with a state. `rulebook`: the document as JSON text. `state`: what is written as one."""
        request = {"request": "init", "rulebook": msgspec.Raw(rulebook.encode("utf-8")), "state": state}
        self._ask("init", request, _Nothing)

    def apply(self, transactions: Sequence[object]) -> list[GivenOutcome]:
        """Its outcome of each transaction, none of which may be outstanding. `transactions`: documents, or Raw."""
        assert not self._awaited
        self.send_apply(transactions)
        return self.receive_outcomes()

    def send_apply(self, transactions: Sequence[object]) -> None:
        """Send a batch of one or more, at most `IN_FLIGHT` of which may be outstanding."""
        self.send_lines([_encode(transaction) for transaction in transactions])

    def send_lines(self, transactions: Sequence[bytes]) -> None:
        """The same of transactions that are encoded."""
        assert transactions
        assert len(self._awaited) < IN_FLIGHT
        if not self._awaited:
            self._process.refuse_unasked()
        self._process.send(b'{"request":"apply","transactions":[' + b",".join(transactions) + b"]}")
        self._awaited.append(len(transactions))

    def receive_outcomes(self) -> list[GivenOutcome]:
        """The outcomes of the batch that has been outstanding longest."""
        count = self._awaited[0]
        line = self._process.receive("apply", self.timeout)
        self._awaited.popleft()
        try:
            reply = _outcomes.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._not_decoded("apply", line, _Outcomes) from None
        if reply.reply != "apply" or not line.isascii():
            self._check_named("apply", line)
        outcomes = reply.outcomes
        if len(outcomes) != count:
            raise self._garbage(
                "apply", f"found {len(outcomes)} outcomes in its reply to apply, expected {count}, one for each"
            )
        if self._owed[True] or self._owed[False]:
            self._check_owed(outcomes)
        return outcomes

    def accounts(self, ids: Iterable[str]) -> dict[str, GivenAccount]:
        """The open ones of these accounts, as it gives them."""
        asked = list(ids)
        found = self._ask("state", {"request": "state", "accounts": asked}, _Accounts).accounts
        for word, field in OF_ACCOUNTS:
            if word not in self.abilities.gives:
                continue
            for account_id, account in found.items():
                if getattr(account, field) is UNSET:
                    raise self._garbage(
                        "state",
                        f"found account {account_id} without {field} in its reply to state, and it gives {word}",
                    )
        return found

    def whole(self) -> tuple[dict[str, Any] | None, str | None]:
        """Its whole state and the digest of it, each None where it does not give it."""
        reply = self._ask("state", {"request": "state"}, _Whole)
        state = None if reply.state is UNSET else reply.state
        digest = None if reply.digest is UNSET else reply.digest
        for word, field, value in (("state", "state", state), ("state_digest", "digest", digest)):
            if word in self.abilities.gives and value is None:
                raise self._garbage("state", f"found no {field} in its reply to state, and it gives {word}")
        return state, digest

    def bye(self) -> None:
        """Have it end. EngineError where it does not within the time, with another exit code than 0, or with more to
        say."""
        self._ask("bye", {"request": "bye"}, _Nothing)
        code = self._process.end(self.timeout)
        if code != 0:
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            message = f"{self.name}: ended with {how} after bye, expected 0{self._process.last_words()}"
            raise EngineError(Trouble.CRASH, message, awaited="bye")

    # Replies.

    def _hello(self) -> Abilities:
        request = {"request": "hello", "protocol": PROTOCOL, "specification": SPECIFICATION}
        self._process.send(_encode(request))
        line = self._process.receive("hello", self.timeout)
        self._check_named("hello", line)
        if (found := _version_in(line)) is not None and found != PROTOCOL:
            raise EngineError(
                Trouble.VERSION, f"{self.name}: speaks protocol {found}, expected {PROTOCOL}", awaited="hello"
            )
        reply = self._decoded("hello", line, _Hello)
        for what, words, known in (("gives", reply.gives, GIVES), ("types", reply.types, TYPES)):
            unknown = [] if words is UNSET else [word for word in words if word not in known]
            if unknown:
                found_word = shown_line(unknown[0].encode("utf-8", "backslashreplace"))
                raise self._garbage("hello", f"found {found_word} in {what} of its hello, expected {', '.join(known)}")
        types = TYPES if reply.types is UNSET else reply.types
        return Abilities(one_line(reply.engine), frozenset(reply.gives), frozenset(types), reply.begins == "genesis")

    def _ask(self, name: str, request: dict[str, object], kind: type[Reply]) -> Reply:
        """Send a request, and its reply."""
        assert not self._awaited
        self._process.refuse_unasked()
        self._process.send(_encode(request))
        line = self._process.receive(name, self.timeout)
        self._check_named(name, line)
        return self._decoded(name, line, kind)

    def _check_named(self, name: str, line: bytes) -> None:
        """EngineError where a line is not the reply to the request of this name."""
        try:
            line.decode("utf-8")
            reply = _named.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._malformed(name, line, error) from None
        if reply.reply == "error":
            text = "" if reply.error is UNSET else reply.error
            raise EngineError(
                Trouble.REFUSAL, f"{self.name}: replied to {name} with an error: {text or 'no text'}", awaited=name
            )
        if reply.reply != name:
            shown = shown_line(reply.reply.encode("utf-8", "backslashreplace"))
            raise self._garbage(name, f"found a reply to {shown}, expected one to {name}")

    def _decoded(self, name: str, line: bytes, kind: type[Reply]) -> Reply:
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._malformed(name, line, error) from None

    def _not_decoded(self, name: str, line: bytes, kind: type[msgspec.Struct]) -> EngineError:
        """Why a line could not be decoded, in the order of what is asked of it: JSON, the name, and then the fields."""
        try:
            self._check_named(name, line)
            self._decoded(name, line, kind)
        except EngineError as error:
            return error
        raise AssertionError("what was refused is not refused again")

    def _malformed(self, name: str, line: bytes, error: Exception) -> EngineError:
        if isinstance(error, UnicodeDecodeError):
            what = f"found bytes that are not UTF-8 in its reply to {name}"
        elif isinstance(error, msgspec.ValidationError):
            path = str(error).replace(" - at `$", ", at `").replace("at `.", "at `")
            what = f"found a reply to {name} of the wrong form: {path[:1].lower()}{path[1:]}"
        elif isinstance(error, RecursionError):
            what = f"found brackets nested too deeply in its reply to {name}"
        else:
            detail = str(error).removeprefix("JSON is malformed: ")
            what = f"found a line that is not JSON where its reply to {name} was awaited ({detail})"
        return self._garbage(name, f"{what}: {shown_line(line)}")

    def _check_owed(self, outcomes: Sequence[GivenOutcome]) -> None:
        """EngineError where an outcome lacks what the engine says it gives."""
        for number, outcome in enumerate(outcomes):
            for field in self._owed[outcome.applied]:
                if getattr(outcome, field) is UNSET:
                    answer = "applied" if outcome.applied else "rejected"
                    raise self._garbage(
                        "apply", f"found no {field} in outcomes[{number}], which is {answer}, and it says it gives it"
                    )

    def _garbage(self, name: str, message: str) -> EngineError:
        return EngineError(Trouble.GARBAGE, f"{self.name}: {message}{self._process.last_words()}", awaited=name)


def _version_in(line: bytes) -> int | None:
    """The version that a hello tells, where it tells one."""
    try:
        found = msgspec.json.decode(line, type=_Version).protocol
    except msgspec.DecodeError:
        return None
    return None if found is UNSET else found
