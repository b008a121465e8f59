"""The set of files: the same to the byte, true to its manifest and its schema, and answered again from its JSON."""

import copy
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ledger import __version__
from ledger.engines import SPECIFICATION
from ledger.fuzzing.reach import EVENTS
from ledger.interchange import WHOLE, outcome_document, read_state, read_transaction, state_document
from ledger.outcomes import Reason, Rejected
from ledger.transactions import TYPE_NAMES
from ledger.transition import apply, state_after
from ledger.vectors import MANIFEST, SCHEMA_FILE, vector_schema
from ledger.vectors.text import WIDEST
from tests.cli.runs import ROOT

from . import independent
from .whole import files

DIGEST = "5569f68341d7b15b51b7c89b034f9190fbca751acf3b1f7724a54c15fa7fad6e"
"""The digest of the whole set. A change of it belongs in the changelog: other engines are held against these files."""

Json = Any


@cache
def documents() -> dict[str, Json]:
    """Every vector by its path."""
    return {path: json.loads(text) for path, text in files().items() if "/" in path}


def manifest() -> Json:
    """The manifest."""
    return json.loads(files()[MANIFEST])


def test_the_digest_of_the_set_is_known() -> None:
    assert manifest()["digest"] == DIGEST, "the vectors changed: say so in the changelog"


@pytest.mark.parametrize("seed", ["1", "4711"])
def test_the_files_are_the_same_in_another_process(seed: str, tmp_path: Any) -> None:
    out = tmp_path / "vectors"
    command = [sys.executable, "-m", "ledger", "vectors", "--out", str(out)]
    answer = subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, encoding="utf-8")
    assert (answer.returncode, answer.stderr) == (0, "")
    written = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert written == files()


def test_the_manifest_tells_of_every_file() -> None:
    told = manifest()
    entries = told.pop("vectors")
    assert list(files())[-2:] == [SCHEMA_FILE, MANIFEST]
    assert [entry["path"] for entry in entries] == sorted(documents())
    lines = ""
    for entry in entries:
        vector = documents()[entry["path"]]
        digest = hashlib.sha256(files()[entry["path"]]).hexdigest()
        lines += f"{digest} {entry['path']}\n"
        outcomes = vector["outcomes"]
        events = [event["event"] for outcome in outcomes for event in outcome.get("events", ())]
        assert entry == {
            "path": f"{vector['name']}.json",
            "sha256": digest,
            "transaction": vector["name"].partition("/")[0],
            "origin": vector["origin"],
            "rules": vector["rules"],
            "reasons": list(dict.fromkeys(outcome["reason"] for outcome in outcomes if not outcome["applied"])),
            "events": list(dict.fromkeys(events)),
            "laws": vector["laws"],
        }
    assert told == {
        "format": "backstop-vector-manifest",
        "version": 1,
        "specification": SPECIFICATION,
        "package": __version__,
        "count": len(documents()),
        "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }


# The schema


VALIDATOR = Draft202012Validator(vector_schema())


def test_the_schema_is_one_and_in_the_set() -> None:
    Draft202012Validator.check_schema(vector_schema())
    assert json.loads(files()[SCHEMA_FILE]) == vector_schema()


def test_every_vector_is_valid() -> None:
    for path, document in documents().items():
        assert VALIDATOR.is_valid(document), f"{path}: {next(VALIDATOR.iter_errors(document)).message}"


def test_the_schema_knows_every_type_event_and_reason() -> None:
    definitions = vector_schema()["$defs"]
    kinds = [option["properties"]["type"]["const"] for option in definitions["transaction"]["oneOf"]]
    assert sorted(kinds) == sorted(TYPE_NAMES.values())
    assert {option["properties"]["event"]["const"] for option in definitions["event"]["oneOf"]} == set(EVENTS)
    reasons = [
        name for option in definitions["outcome"]["oneOf"][1:] for name in option["properties"]["reason"]["enum"]
    ]
    assert sorted(reasons) == sorted(reason.name for reason in Reason)


def _set(path: str, value: Json) -> Callable[[Json], None]:
    """Have the value at a dotted path be another one; None takes it out."""

    def change(document: Json) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            document = document[part]
        if value is None:
            del document[last]
        else:
            document[last] = value

    return change


TAKEOVER, REFUSED = "backstop-transfer/published-takeover-at-a-discount.json", "deposit/refused-no-amount.json"
MISTAKES = {
    "another format": (TAKEOVER, "format", "vector"),
    "a version to come": (TAKEOVER, "version", 2),
    "no specification": (TAKEOVER, "specification", None),
    "a name without its type": (TAKEOVER, "name", "takeover"),
    "an origin of no kind": (TAKEOVER, "origin.kind", "hearsay"),
    "no rule": (TAKEOVER, "rules", []),
    "a law's statement": (TAKEOVER, "laws.0", "it balances"),
    "an unknown member": (TAKEOVER, "more", 1),
    "no rulebook": (TAKEOVER, "genesis.rulebook", None),
    "an amount that is a number": (TAKEOVER, "pre_state.accounts.alice.cash.USDT", 2063440000000000),
    "an amount with zeros in front": (TAKEOVER, "pre_state.accounts.alice.cash.USDT", "02063440000000000"),
    "minus zero": (TAKEOVER, "pre_state.accounts.alice.cash.USDT", "-0"),
    "an amount with a point": (TAKEOVER, "pre_state.accounts.alice.cash.USDT", "206.344"),
    "a state without a time": (TAKEOVER, "pre_state.time", None),
    "a state with its rulebook": (TAKEOVER, "pre_state.rulebook", {}),
    "a time that is text": (TAKEOVER, "transactions.0.time", "1600000000000"),
    "a transaction of no type": (TAKEOVER, "transactions.0.type", "transfer"),
    "a field too many": (TAKEOVER, "transactions.0.asset", "USDT"),
    "no transactions": (TAKEOVER, "transactions", []),
    "an event of no name": (TAKEOVER, "outcomes.0.events.0.event", "Handed"),
    "an event without a field": (TAKEOVER, "outcomes.0.events.0.pnl", None),
    "an applied transaction with a reason": (TAKEOVER, "outcomes.0.reason", "NOT_AT_TAKEOVER"),
    "no postings": (TAKEOVER, "outcomes.0.postings", None),
    "a digest in capitals": (TAKEOVER, "digests.link", "A" * 64),
    "an unknown reason": (REFUSED, "outcomes.0.reason", "NO"),
    "a reason's other unit": (REFUSED, "outcomes.0.unit", "text"),
    "a limit that is text": (REFUSED, "outcomes.0.limit", "some"),
    "a refusal with changes": (REFUSED, "outcomes.0.changes", []),
}


@pytest.mark.parametrize(("path", "where", "value"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_not_valid(path: str, where: str, value: Json) -> None:
    document = copy.deepcopy(documents()[path])
    assert VALIDATOR.is_valid(document)
    _set(where, value)(document)
    assert not VALIDATOR.is_valid(document)


# What a vector says


def test_every_vector_is_answered_so_when_it_is_read_back() -> None:
    """From its JSON, by a ledger that never saw its case."""
    for path, vector in documents().items():
        state = read_state(vector["genesis"]["rulebook"], vector["pre_state"])
        for document, told in zip(vector["transactions"], vector["outcomes"], strict=True):
            outcome = apply(state, read_transaction(document))
            unit = {"unit": outcome.reason.unit.value} if isinstance(outcome, Rejected) else {}
            assert told == {**outcome_document(outcome, WHOLE), **unit, "link": told["link"]}, path
            state = state_after(state, outcome)
        assert state_document(state) == vector["post_state"], path


def test_the_digests_are_those_of_the_json() -> None:
    """Worked out without the ledger, as the page says."""
    for path, vector in documents().items():
        rulebook, digests = vector["genesis"]["rulebook"], vector["digests"]
        assert independent.digest_of_state(rulebook, vector["pre_state"]) == digests["pre_state"], path
        assert independent.digest_of_state(rulebook, vector["post_state"]) == digests["post_state"], path
        links = independent.links(vector)
        assert [outcome["link"] for outcome in vector["outcomes"]] == links, path
        assert digests["link"] == links[-1], path


def test_the_changes_alone_explain_every_balance() -> None:
    for path, vector in documents().items():
        after = {
            account_id: {"cash": account["cash"], "positions": account["positions"]}
            for account_id, account in vector["post_state"]["accounts"].items()
        }
        assert independent.balances_after(vector) == after, path


def test_the_postings_net_to_the_changes() -> None:
    for path, vector in documents().items():
        for outcome in vector["outcomes"]:
            nets: dict[tuple[str, str, str], list[int]] = {}
            for posting in outcome.get("postings", ()):
                kind, what = ("cash", posting["asset"]) if "asset" in posting else ("position", posting["market"])
                numbers = [int(posting[name]) for name in ("amount", "size", "reference_cost") if name in posting]
                key = (posting["account"], kind, what)
                nets[key] = [a + b for a, b in zip(nets.get(key, [0] * len(numbers)), numbers, strict=True)]
            told = [
                (
                    change["account"],
                    "cash" if "asset" in change else "position",
                    change.get("asset") or change["market"],
                )
                for change in outcome.get("changes", ())
            ]
            assert told == [key for key in sorted(nets) if any(nets[key])], path


def test_checks_and_laws_are_those_of_the_pages() -> None:
    pages = {path.stem: path.read_text("utf-8") for path in (ROOT / "specs" / "rules").glob("*.md")}
    reasons = {
        check: reason
        for text in pages.values()
        for check, reason in re.findall(r"^\| ([a-z-]+-[0-9]+) \| .*? \| `([A-Z_]+)` \|", text, re.MULTILINE)
    }
    laws = set(re.findall(r"\b[A-Z]{3}-[0-9]+\b", (ROOT / "specs" / "laws.md").read_text("utf-8")))
    for path, vector in documents().items():
        assert set(vector["laws"]) <= laws, path
        refusing = [rule for rule in vector["rules"] if rule in reasons]
        applied = [rule for rule in vector["rules"] if rule not in reasons]
        assert {reasons[rule] for rule in refusing} == {o["reason"] for o in vector["outcomes"] if not o["applied"]}
        assert set(applied) <= {*pages, "mark-market", "mark-asset"}, path
        assert bool(applied) == any(outcome["applied"] for outcome in vector["outcomes"])


def test_the_text_can_be_read_by_people() -> None:
    """Lines with an object or a list in them are short, but for rulebooks, transactions, and lists of words."""
    for path, text in files().items():
        if path == MANIFEST:
            continue
        assert text.isascii()
        assert text.endswith(b"}\n")
        for line in text.decode().splitlines():
            held = line.strip().removesuffix(",")
            is_long = len(line) > WIDEST and held.endswith(("}", "]"))
            is_words = held.endswith("]") and "{" not in held
            assert not is_long or is_words or held.startswith(('"rulebook": ', '{"type": ')), line
