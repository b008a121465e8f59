"""A trace says what the ledger does: read back by nothing but the format, state by state."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ledger import Applied, State, apply, genesis, state_after, state_bytes
from ledger.choosers import Seeded
from ledger.exporting import trace
from ledger.exporting.itf import PICKED, VARIABLES, action_of
from ledger.fuzzing import RULEBOOKS, play
from ledger.laws.law import Step
from ledger.transactions import TYPE_NAMES

PAGE = (Path(__file__).resolve().parents[2] / "specs" / "traces.md").read_text(encoding="utf-8")


def plain(expression: Any) -> Any:
    """A value of the format as a plain one: integers, dictionaries, None for an absent option."""
    if isinstance(expression, list):
        return [plain(each) for each in expression]
    if not isinstance(expression, dict):
        assert isinstance(expression, str | bool), expression
        return expression
    match expression:
        case {"#bigint": str(digits)}:
            assert re.fullmatch("-?[0-9]+", digits)
            return int(digits)
        case {"#map": list(pairs)}:
            keys = [key for key, _ in pairs]
            assert keys == sorted(set(keys))
            return {key: plain(value) for key, value in pairs}
        case {"#tup": []}:
            return None
        case {"tag": "Some" | "None" as tag, "value": value}:
            assert (tag == "None") is (value == {"#tup": []})
            return plain(value)
    assert not any(key.startswith("#") for key in expression), expression
    return {key: plain(value) for key, value in expression.items()}


def texts(value: Any, keep: frozenset[str]) -> Any:
    """A canonical state's value with its integers as integers, as the trace has them, `keep` being names."""
    if isinstance(value, dict):
        return {key: each if key in keep else texts(each, keep) for key, each in value.items()}
    if isinstance(value, list):
        return [texts(each, keep) for each in value]
    return int(value) if isinstance(value, str) else value


def tables(state: State) -> Mapping[str, Any]:
    """What canonical bytes say of a state, in the terms of the trace."""
    told = json.loads(state_bytes(state))
    del told["rulebook"]
    told = texts(told, frozenset({"fee_tier"}))
    for market in told["markets"].values():
        market.setdefault("monitor", None)
    return told  # type: ignore[no-any-return]


def read(start: State, steps: list[Step]) -> dict[str, Any]:
    text = b"".join(trace(start, [step.transaction for step in steps], source="drawn"))
    return json.loads(text)  # type: ignore[no-any-return]


def test_every_state_is_the_ledgers() -> None:
    kinds, outcomes = set(), set()
    for number, rulebook in enumerate(RULEBOOKS.values()):
        steps = list(play(Seeded(f"trace {number}"), rulebook, 250))
        state = steps[0].before
        told = read(state, steps)
        assert told["vars"] == list(VARIABLES)
        assert told["#meta"]["rulebook"] == json.loads(rulebook.document)
        assert len(told["states"]) == len(steps) + 1
        assert told["states"][0]["mbt::actionTaken"] == "init"
        assert told["states"][0]["outcome"] == {"tag": "Genesis", "value": {"#tup": []}}
        for index, (shown, step) in enumerate(zip(told["states"], [None, *steps], strict=True)):
            assert set(shown) == {"#meta", *VARIABLES}
            assert shown["#meta"] == {"index": index}
            found = {name: plain(shown[name]) for name in VARIABLES if name != "outcome"}
            if step is not None:
                outcome = apply(state, step.transaction)
                state = state_after(state, outcome)
                kinds.add(found["mbt::actionTaken"])
                outcomes.add(shown["outcome"]["tag"])
                assert (shown["outcome"]["tag"] == "Applied") is isinstance(outcome, Applied)
                if not isinstance(outcome, Applied):
                    assert shown["outcome"]["value"] == {
                        "limit": str(outcome.limit),
                        "reason": outcome.reason.name,
                        "subject": outcome.subject,
                        "supplied": str(outcome.supplied),
                    }
                assert {name: value for name, value in found["mbt::nondetPicks"].items() if value is not None} == picks(
                    step
                )
            for name, value in tables(state).items():
                assert found[name] == value, (index, name)
    assert outcomes == {"Applied", "Rejected"}
    assert len(kinds) == len(TYPE_NAMES)


def picks(step: Step) -> dict[str, Any]:
    """The fields of a step's transaction that are given."""
    told = {name: getattr(step.transaction, name) for name in attrs.fields_dict(type(step.transaction))}
    if "quotes" in told:
        told["quotes"] = dict(told["quotes"])
    if "fills" in told:
        names = ("counterparty", "market", "price", "size")
        told["fills"] = [{name: getattr(fill, name) for name in names} for fill in told["fills"]]
    return {name: value for name, value in told.items() if value is not None}


def test_a_trace_of_nothing_has_the_genesis() -> None:
    told = read(genesis(next(iter(RULEBOOKS.values()))), [])
    assert [state["#meta"]["index"] for state in told["states"]] == [0]


def test_the_page_names_every_variable_action_and_pick() -> None:
    section = PAGE.split("## Variables", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert [name for row in rows for name in re.findall("`([^`]+)`", row)] == [
        "accounts", "last_settle", "markets", "prices", "providers", "sequence", "time", "outcome",
        "mbt::actionTaken", "mbt::nondetPicks",
    ]  # fmt: skip
    actions = section.split("`str`: ", 1)[1].split("|", 1)[0]
    assert re.findall("`([a-z_]+)`", actions) == ["init", *(action_of(kind) for kind in TYPE_NAMES)]
    told = section.split("The picks are", 1)[1]
    assert [name for name in re.findall("`([a-z_]+)`", told) if name not in ("bool", "str", "int")] == list(PICKED)


def test_the_declarations_for_quint_are_those_of_the_table() -> None:
    declared = re.sub(r"\s+", " ", PAGE.split("```quint\n", 1)[1].split("```", 1)[0])
    named = dict(re.findall(r"type ([A-Z][a-z]+) = (.*?) (?=type|var)", declared))
    assert (
        named.pop("Outcome") == "Genesis | Applied | Rejected({ limit: str, reason: str, subject: str, supplied: str })"
    )
    assert "type Option[a] = Some(a) | None " in declared

    def whole(written: str) -> str:
        return re.sub(r"[A-Z][a-z]+", lambda name: whole(named[name[0]]) if name[0] in named else name[0], written)

    variables = dict(re.findall(r"var ([a-z_]+): (.*?) ?(?=var|$)", declared))
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| `([^`]+)`", PAGE.split("## Variables", 1)[1], flags=re.MULTILINE)
    told = {name: kind for names, kind in rows for name in re.findall("[a-z_]+", names)}
    assert variables.pop("outcome") == "Outcome"
    assert told.pop("outcome") == "Genesis"
    assert {name: whole(kind) for name, kind in variables.items()} == told
