"""The ledger behind the protocol: what it refuses, and what it gives of less than all."""

import io
import json
from typing import Any

import pytest

from ledger.engines.serve import Server, main
from ledger.interchange import state_document

from .running import textbook

HELLO = {"request": "hello", "protocol": 1, "specification": 1}
DEPOSIT = {"type": "deposit", "time": 1_600_000_000_000, "account": "ann", "asset": "USDT", "amount": "10000"}


def replies(*requests: Any, server: Server | None = None) -> list[Any]:
    """What a server replies to requests, or to lines as they are."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in requests]
    written = io.BytesIO()
    (Server() if server is None else server).run([line + b"\n" for line in lines], written)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def begin() -> dict[str, Any]:
    state = textbook()
    return {"request": "init", "rulebook": json.loads(state.rulebook.document), "state": state_document(state)}


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({**HELLO, "protocol": 2}, "speaks protocol 1 alone"),
        (b"x", "found malformed JSON"),
        (b"[]", "found no request, expected an object with one"),
        ({"request": "dance"}, "found an unknown request, expected one of hello, init, apply, state, bye"),
        ({"request": "init", "state": {}}, "found no rulebook, expected the document of one"),
        ({"request": "apply", "transactions": 3}, "found no transactions, expected a list"),
        ({"request": "apply", "transactions": [DEPOSIT]}, "found no state, expected init before"),
        ({"request": "state"}, "found no state, expected init before"),
    ],
)
def test_what_cannot_be_answered_is_an_error_and_it_goes_on(request_: Any, error: str) -> None:
    first, last = replies(request_, HELLO)
    assert first["reply"] == "error"
    assert first["error"].startswith(error)
    assert last["reply"] == "hello"


def test_of_a_batch_that_cannot_be_read_nothing_is_applied() -> None:
    wrong = {"request": "apply", "transactions": [DEPOSIT, {**DEPOSIT, "amount": 3}]}
    asked = {"request": "state", "accounts": ["ann"]}
    _, error, accounts = replies(begin(), wrong, asked)
    assert error["error"].startswith("transactions[1]: amount: found 3, expected ")
    assert accounts["accounts"] == {}


def test_a_wrong_state_is_told_by_field() -> None:
    wrong = begin()
    wrong["state"]["time"] = "now"
    (error,) = replies(wrong)
    assert error["error"] == 'time: found "now", expected an integer of 0 or more'


def test_it_gives_what_it_says() -> None:
    batch = {"request": "apply", "transactions": [DEPOSIT, {**DEPOSIT, "amount": "0"}]}
    server = Server(["figures", "positions", "state_digest"], ["deposit"])
    hello, _, outcomes, accounts, whole, bye = replies(
        HELLO, begin(), batch, {"request": "state", "accounts": ["ann"]}, {"request": "state"}, {"request": "bye"},
        server=server,
    )  # fmt: skip
    assert (hello["gives"], hello["types"]) == (["figures", "positions", "state_digest"], ["deposit"])
    assert outcomes["outcomes"] == [
        {"applied": True},
        {"applied": False, "subject": "USDT", "supplied": "0", "limit": "0"},
    ]
    assert accounts["accounts"] == {"ann": {"positions": {}}}
    assert set(whole) == {"reply", "digest"}
    assert bye == {"reply": "bye"}


def test_words_that_it_does_not_know_are_refused() -> None:
    with pytest.raises(SystemExit):
        main(["--gives", "profit"])
