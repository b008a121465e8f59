"""The interchange: documents go both ways, the page says what they are, and what is spoilt is told by its field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger import chain, chain_start, state_bytes, state_digest
from ledger.canonical import StateError, net_changes
from ledger.choosers import Seeded
from ledger.fuzzing import RULEBOOKS, play
from ledger.interchange import (
    WHOLE,
    InterchangeError,
    account_document,
    changes_document,
    outcome_document,
    posting_document,
    read_state,
    read_transaction,
    rulebook_document,
    state_document,
    transaction_document,
    transactions_of,
)
from ledger.interchange.outcomes import JSON_INTEGERS
from ledger.laws.law import Step
from ledger.outcomes import Applied, Enrolled, Observed, Rejected
from ledger.postings import CashPosting, PositionPosting
from ledger.transactions import TYPE_NAMES

PAGES = Path(__file__).resolve().parents[2] / "specs"
PAGE = (PAGES / "interchange.md").read_text(encoding="utf-8")


def steps() -> Iterator[Step]:
    """Steps of all rulebooks, spoilt transactions among them."""
    for number, rulebook in enumerate(RULEBOOKS.values()):
        yield from play(Seeded(f"interchange {number}"), rulebook, 400)


@pytest.fixture(scope="module")
def drawn() -> list[Step]:
    return list(steps())


def test_every_type_of_transaction_is_drawn_applied_and_rejected(drawn: list[Step]) -> None:
    kinds = {(TYPE_NAMES[type(step.transaction)], isinstance(step.outcome, Applied)) for step in drawn}
    assert kinds == {(kind, applied) for kind in TYPE_NAMES.values() for applied in (True, False)}


def test_a_transaction_reads_back_as_the_same(drawn: list[Step]) -> None:
    for step in drawn:
        text = msgspec.json.encode(transaction_document(step.transaction))
        assert read_transaction(json.loads(text)) == step.transaction
    every = [step.transaction for step in drawn]
    assert transactions_of(msgspec.json.encode([transaction_document(one) for one in every])) == every


def test_a_state_reads_back_as_the_same(drawn: list[Step]) -> None:
    for step in drawn[::50]:
        document = json.loads(json.dumps(state_document(step.after)))
        assert "rulebook" not in document
        state = read_state(rulebook_document(step.after), document)
        assert state == step.after
        assert state_digest(state) == state_digest(step.after)


def test_the_digest_of_a_state_can_be_worked_out_of_its_document(drawn: list[Step]) -> None:
    for step in drawn[::200]:
        whole = {**state_document(step.after), "rulebook": rulebook_document(step.after)}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert text.encode() == state_bytes(step.after)


def test_an_outcome_says_all_of_it(drawn: list[Step]) -> None:
    for step in drawn:
        document = outcome_document(step.outcome, WHOLE)
        if isinstance(step.outcome, Rejected):
            assert document == {
                "applied": False,
                "reason": step.outcome.reason.name,
                "subject": step.outcome.subject,
                "supplied": str(step.outcome.supplied),
                "limit": str(step.outcome.limit),
            }
            continue
        assert document["postings"] == [posting_document(posting) for posting in step.outcome.postings]
        assert [event["event"] for event in document["events"]] == [type(each).__name__ for each in step.outcome.events]
        assert [back(change) for change in document["changes"]] == net_changes(step.outcome.postings)


def back(change: dict[str, str]) -> tuple[Any, ...]:
    """A change as the chain has it."""
    if "asset" in change:
        return (change["account"], "cash", change["asset"], int(change["amount"]))
    return (change["account"], "position", change["market"], int(change["size"]), int(change["reference_cost"]))


def test_a_link_is_there_where_it_is_given(drawn: list[Step]) -> None:
    step = drawn[0]
    link = chain(chain_start(step.before), step.transaction, step.outcome)
    assert outcome_document(step.outcome, link=link)["link"] == link.hex()
    assert "link" not in outcome_document(step.outcome)


def test_changes_that_come_to_nothing_are_left_out() -> None:
    there, back_again = CashPosting("alice", "USDT", 5), CashPosting("alice", "USDT", -5)
    moved = PositionPosting("bob", "BTC-PERP", 0, -7)
    assert changes_document([there, moved, back_again]) == [
        {"account": "bob", "market": "BTC-PERP", "size": "0", "reference_cost": "-7"}
    ]


def test_what_an_account_holds_is_what_its_state_says(drawn: list[Step]) -> None:
    state = drawn[-1].after
    accounts = state_document(state)["accounts"]
    for account_id, account in state.accounts.items():
        held = accounts[account_id]
        assert account_document(account) == {"cash": held["cash"], "positions": held["positions"]}


# The page


def table(heading: str, page: str) -> list[list[str]]:
    """The cells of the first table after a heading, without its head."""
    section = page.split(f"\n## {heading}\n", 1)[1]
    lines = section[section.index("\n|") + 1 :].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_page_has_every_transaction_with_its_fields(drawn: list[Step]) -> None:
    told = {}
    for kinds, fields in table("Transactions", PAGE):
        mandatory = set(re.findall(r"`([a-z_]+)`", fields.split("a list of objects")[0]))
        for kind in re.findall(r"`([a-z-]+)`", kinds):
            told[kind if "mark" not in kind else kinds.replace("`", "")] = mandatory
    found: dict[str, set[str]] = {}
    for step in drawn:
        document = transaction_document(step.transaction)
        kind = document["type"]
        if kind == "mark":
            kind = "mark of a market" if "market" in document else "mark of an asset"
        found.setdefault(kind, set()).update(set(document) - {"type", "time"})
    assert told == found


def test_the_page_says_which_integers_of_events_are_no_strings(drawn: list[Step]) -> None:
    sentence = PAGE.split("There\n", 1)[1].split(" are JSON integers", 1)[0]
    assert set(re.findall(r"`([a-z_]+)`", sentence)) == JSON_INTEGERS
    for step in drawn:
        for event in outcome_document(step.outcome).get("events", ()):
            for name, value in walked(event):
                assert isinstance(value, int) == (name in JSON_INTEGERS), (event, name)


def walked(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every member of an object and of the objects in it."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from walked(value)
        else:
            yield name, value


def test_the_page_of_outcomes_has_the_fields_of_every_event(drawn: list[Step]) -> None:
    told = {
        name.strip("`"): set(re.findall(r"`([a-z_]+)`", fields))
        for name, fields, _ in table("Events", (PAGES / "outcomes.md").read_text(encoding="utf-8"))
    }
    shown: dict[str, set[str]] = {}
    for step in drawn:
        for event in outcome_document(step.outcome).get("events", ()):
            shown[event["event"]] = set(event) - {"event"}
    assert len(shown) > 20
    assert {name: told[name] for name in shown} == shown


def test_the_examples_of_the_page_are_documents() -> None:
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    transactions, outcomes = ([json.loads(line) for line in block.splitlines()] for block in blocks)
    assert [transaction_document(read_transaction(one)) for one in transactions] == transactions
    assert [one["applied"] for one in outcomes] == [True, False]


def test_figures_and_limits_are_objects(drawn: list[Step]) -> None:
    seen = set()
    for step in drawn:
        for event in step.outcome.events if isinstance(step.outcome, Applied) else ():
            if isinstance(event, Observed | Enrolled):
                seen.add(type(event))
    assert seen == {Observed, Enrolled}


# What is spoilt

DEPOSIT = {"type": "deposit", "time": 5, "account": "alice", "asset": "USDT", "amount": "10"}
TRADE = {
    "type": "trade",
    "time": 5,
    "market": "BTC-PERP",
    "buyer": "alice",
    "seller": "bob",
    "size": "1",
    "price": "5",
    "taker": "buyer",
}
MARK = {"type": "mark", "time": 5, "market": "BTC-PERP", "quotes": {"Binance": "5"}, "premium": "0"}
ROUND = {
    "type": "liquidate",
    "time": 5,
    "account": "alice",
    "fills": [{"market": "BTC-PERP", "counterparty": "bob", "size": "1", "price": "5"}],
}
SPOILT = [
    ("", [], "found a list, expected an object"),
    ("type", {}, "found nothing, expected this field"),
    ("type", DEPOSIT | {"type": "deposits"}, 'found "deposits", expected one of deposit, withdraw'),
    ("type", DEPOSIT | {"type": []}, "found a list, expected one of deposit"),
    ("time", DEPOSIT | {"time": "5"}, 'found "5", expected an integer from -9007199254740991 to'),
    ("time", DEPOSIT | {"time": True}, "found true, expected an integer"),
    ("time", DEPOSIT | {"time": -(2**53)}, "expected an integer"),
    ("time", DEPOSIT | {"time": 5.0}, "found 5.0, expected an integer"),
    ("amount", DEPOSIT | {"amount": 10}, "found 10, expected an integer's digits as text"),
    ("amount", DEPOSIT | {"amount": "1.5"}, 'found "1.5", expected an integer\'s digits as text'),
    ("amount", DEPOSIT | {"amount": "010"}, 'found "010", expected an integer\'s digits'),
    ("amount", DEPOSIT | {"amount": "-0"}, 'found "-0", expected an integer\'s digits'),
    ("amount", DEPOSIT | {"amount": "+1"}, 'found "+1", expected an integer\'s digits'),
    ("amount", DEPOSIT | {"amount": "\u0661"}, "expected an integer's digits"),
    ("amount", DEPOSIT | {"amount": "1\n"}, "expected an integer's digits"),
    ("amount", {k: v for k, v in DEPOSIT.items() if k != "amount"}, "found nothing, expected this field"),
    ("note", DEPOSIT | {"note": "x"}, "found an unknown field, expected one of type, time, account, asset, amount"),
    ("account", DEPOSIT | {"account": "al ice"}, 'found "al ice", expected an id of 1 to 64'),
    ("account", DEPOSIT | {"account": ""}, 'found "", expected an id'),
    ("account", DEPOSIT | {"account": "@@fees"}, 'found "@@fees", expected an id'),
    ("account", DEPOSIT | {"account": None}, "found null, expected an id"),
    ("asset", DEPOSIT | {"asset": "@USDT"}, 'found "@USDT", expected an id'),
    ("taker", TRADE | {"taker": True}, 'found true, expected "buyer" or "seller"'),
    ("market", TRADE | {"market": "a" * 65}, "expected an id of 1 to 64"),
    ("quotes", MARK | {"quotes": [5]}, "found a list, expected an object"),
    ("quotes.Binance", MARK | {"quotes": {"Binance": 5}}, "found 5, expected an integer's digits as text"),
    ("quotes. ", MARK | {"quotes": {" ": "5"}}, "expected an id"),
    ("premium", {k: v for k, v in MARK.items() if k != "premium"}, "found nothing, expected this field"),
    ("market", MARK | {"asset": "BTC"}, "found an unknown field"),
    ("fills", ROUND | {"fills": {}}, "found an object, expected a list"),
    ("fills[0]", ROUND | {"fills": ["x"]}, 'found "x", expected an object'),
    ("fills[0].size", ROUND | {"fills": [{"market": "M", "counterparty": "b", "price": "5"}]}, "found nothing"),
    ("max_leverage", {"type": "set-account", "time": 5, "account": "a", "max_leverage": "5"}, 'found "5", expected'),
    ("max_leverage", {"type": "set-account", "time": 5, "account": "a", "max_leverage": None}, "found null, expected"),
    ("fee_tier", {"type": "set-account", "time": 5, "account": "a", "fee_tier": 5}, "found 5, expected an id"),
    ("rate", {"type": "fund", "time": 5, "market": "BTC-PERP", "rate": None}, "found null, expected an integer's"),
]


@pytest.mark.parametrize(("field", "document", "message"), SPOILT)
def test_a_spoilt_transaction_is_told_by_its_field(field: str, document: Any, message: str) -> None:
    with pytest.raises(InterchangeError) as raised:
        read_transaction(document)
    assert raised.value.field == field
    assert message in raised.value.message


def test_text_that_is_no_list_of_transactions_is_told() -> None:
    for text, message in (
        (b"{}", "found an object, expected a list"),
        (b"[", "found malformed JSON"),
        (b'[{"type":"settle","time":1,"time":2}]', "found the field twice, expected it once"),
        (b'[{"type":"settle","time":NaN}]', "found NaN"),
        (b"[\xff]", "found bytes that are not UTF-8"),
    ):
        with pytest.raises(InterchangeError, match=re.escape(message)):
            transactions_of(text)


def test_the_place_within_a_list_is_told() -> None:
    with pytest.raises(InterchangeError) as raised:
        transactions_of(json.dumps([DEPOSIT, DEPOSIT | {"amount": 3}]).encode())
    assert str(raised.value) == "[1].amount: found 3, expected an integer's digits as text"


def test_a_spoilt_state_is_told_by_its_field(drawn: list[Step]) -> None:
    state = drawn[100].after
    rulebook, document = rulebook_document(state), state_document(state)
    for spoilt, field in (
        (None, ""),
        ({**document, "rulebook": rulebook}, "rulebook"),
        ({**document, "sequence": "5"}, "sequence"),
        ({**document, "accounts": {}}, "accounts.@external"),
        ({key: value for key, value in document.items() if key != "prices"}, "prices"),
    ):
        with pytest.raises(StateError) as raised:
            read_state(rulebook, spoilt)
        assert raised.value.field == field
