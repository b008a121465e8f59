"""The command: what it prints, as a table and as JSON Lines, and how it ends."""

import json
from collections.abc import Callable

import attrs
import pytest
from click.testing import CliRunner, Result

import specs.proofs.__main__ as command
from specs.proofs.claims import Bug
from specs.proofs.engine import Path
from specs.proofs.registry import CLAIMS

FIELDS = [
    "engine",
    "id",
    "kind",
    "laws",
    "silent",
    "transactions",
    "statement",
    "assumptions",
    "status",
    "paths",
    "conditions",
    "seconds",
    "mutant",
    "mutants",
    "detail",
    "values",
]

BY_ID = {claim.id: claim for claim in CLAIMS}
ROOM = BY_ID["room"]


def no_room_for_nine(path: Path, room: Callable[..., int]) -> None:
    """False: there is room for nine lots."""
    lots = room(capacity=path.integer("capacity", least=0), mark_per_lot=1, headroom_lots=9)
    path.reach("accepted")
    path.require(lots < 9, "less")


def written_wrongly(path: Path, room: Callable[..., int]) -> None:
    """What a plain mistake in a proof looks like."""
    path.require(path.nothing, "never")  # type: ignore[attr-defined]


FALSE_CLAIM = attrs.evolve(ROOM, id="room-for-more", prove=no_room_for_nine)
NO_CHANGE = Bug("capacity", "return max(0, min(floor_div", "return max(0, 1 * min(floor_div")
HARMLESS = attrs.evolve(ROOM, id="room-with-a-harmless-bug", bug=(*ROOM.bugs, NO_CHANGE))
BROKEN = attrs.evolve(ROOM, id="room-that-is-not-proved", prove=written_wrongly)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.main, arguments)


def test_json_has_one_object_a_claim() -> None:
    answer = run("--json", "--exact", "room", "headroom")
    assert answer.exit_code == 0
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["room", "headroom"]
    for line in lines:
        assert list(line) == FIELDS
        assert (line["engine"], line["status"], line["mutant"]) == ("proofs", "PROVED", "REFUTED")
        assert line["statement"] == BY_ID[line["id"]].statement
        assert line["assumptions"] == list(BY_ID[line["id"]].assumptions)
        assert line["paths"] >= 1
        assert line["conditions"] >= 1
        assert [mutant["status"] for mutant in line["mutants"]] == ["REFUTED"] * len(BY_ID[line["id"]].bugs)


def test_the_table_has_one_line_a_claim_and_says_how_many() -> None:
    answer = run("room")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    assert lines[0].split() == list(command.HEADING)
    assert [line.split()[0] for line in lines[1:-1]] == [claim.id for claim in CLAIMS if "room" in claim.id]
    assert lines[-1].startswith(f"{len(lines) - 2} of {len(lines) - 2} claims are proved")


def test_mutants_can_be_left_out() -> None:
    answer = run("--json", "--no-mutants", "--exact", "room")
    assert answer.exit_code == 0
    assert (json.loads(answer.stdout)["mutant"], json.loads(answer.stdout)["mutants"]) == (None, [])


def test_what_is_not_there_is_a_wrong_call() -> None:
    assert run("no such claim").exit_code == 2
    assert run("--exact", "roo").exit_code == 2
    assert run("--exact").exit_code == 2


def test_what_is_refuted_fails_and_shows_the_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CLAIMS", (FALSE_CLAIM, ROOM))
    table = run("--no-mutants")
    assert table.exit_code == 1
    assert "1 of 2 claims" in table.stdout
    lines = run("--json", "--no-mutants").stdout.splitlines()
    first = json.loads(lines[0])
    assert (first["status"], first["detail"]) == ("REFUTED", "less")
    assert first["values"]["capacity"] >= 9
    assert len(lines) == 2


def test_it_can_stop_at_the_first_that_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CLAIMS", (ROOM, FALSE_CLAIM, BY_ID["headroom"]))
    answer = run("--json", "--no-mutants", "--stop-at-first")
    assert answer.exit_code == 1
    assert [json.loads(line)["id"] for line in answer.stdout.splitlines()] == ["room", "room-for-more"]


def test_a_mutant_that_is_proved_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CLAIMS", (HARMLESS,))
    answer = run("--json")
    assert answer.exit_code == 1
    assert (json.loads(answer.stdout)["status"], json.loads(answer.stdout)["mutant"]) == ("PROVED", "PROVED")


def test_a_proof_that_cannot_be_made_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CLAIMS", (BROKEN,))
    answer = run("--json", "--no-mutants")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["status"] == "ERROR"
    assert "AttributeError" in json.loads(answer.stdout)["detail"]
