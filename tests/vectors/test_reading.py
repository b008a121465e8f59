"""Spoilt vectors and manifests: one line each, exit 2, before an engine is asked anything."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.vectors.reading import VectorError, read_vector, read_vectors
from ledger.vectors.text import document_text
from tests.cli.runs import run

from .whole import files

NEVER_ASKED = shlex.join([sys.executable, "-c", "import sys; sys.exit('the engine was started')"])
Json = Any


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set, once."""
    out = tmp_path_factory.mktemp("whole")
    for path, text in files().items():
        (out / path).parent.mkdir(exist_ok=True)
        (out / path).write_bytes(text)
    return out


def test_every_vector_is_read_with_what_it_says(whole: Path) -> None:
    read = list(read_vectors(whole))
    assert [f"{vector.name}.json" for vector in read] == sorted(path for path in files() if "/" in path)
    for vector in read:
        document = json.loads(files()[f"{vector.name}.json"])
        assert vector.pre_state == document["pre_state"]
        assert list(vector.transactions) == document["transactions"]
        assert vector.types == {transaction["type"] for transaction in document["transactions"]}


def test_one_file_is_read_too(whole: Path) -> None:
    (vector,) = read_vectors(whole / "deposit" / "refused-no-amount.json")
    assert (vector.name, vector.type_name) == ("deposit/refused-no-amount", "deposit")


# One file


VECTOR = "deposit/refused-no-amount.json"


def _set(path: str, value: Json) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in parents:
            document = document[part]
        document[last] = value

    return change


def _without(name: str) -> Callable[[Json], None]:
    return lambda document: document.pop(name)


DOCUMENTS: dict[str, tuple[Callable[[Json], None], str]] = {
    "another format": (_set("format", "log"), 'format: found "log", expected "backstop-vector"'),
    "a version to come": (_set("version", 2), "version: found 2, expected 1"),
    "a version that is text": (_set("version", "1"), 'version: found "1", expected 1'),
    "another specification": (_set("specification", 7), "specification: found 7, expected 1"),
    "no digests": (_without("digests"), "digests: found nothing, expected this field"),
    "an unknown member": (_set("more", 1), "more: found an unknown field, expected one of format, version, "),
    "a name that is none": (_set("name", 3), "name: found 3, expected a name"),
    "a genesis that is none": (_set("genesis", []), "genesis: found a list, expected an object"),
    "no rulebook": (_set("genesis", {"time": 0}), "genesis.rulebook: found null, expected an object"),
    "a rulebook that is none": (
        _set("genesis.rulebook.maximum_leverage", 0),
        "genesis.rulebook.maximum_leverage: found 0, expected a whole number from 1 to 1000",
    ),
    "a state that is none": (
        _set("pre_state.accounts.alice.cash.USDT", "0"),
        "pre_state.accounts.alice.cash.USDT: found",
    ),
    "another state": (
        _set("pre_state.accounts.alice.cash.USDT", "10000000000000001"),
        "outcomes[0].link: found",
    ),
    "no transactions": (_set("transactions", []), "transactions: found a list, expected a list of one or more"),
    "a transaction that is none": (
        _set("transactions.0.amount", 5),
        "transactions[0].amount: found 5, expected an integer's digits as text",
    ),
    "another transaction": (_set("transactions.0.amount", "10000"), "outcomes[0]: found an object, and this ledger"),
    "another reason": (
        _set("outcomes.0.reason", "UNKNOWN_ASSET"),
        'outcomes[0].reason: found "UNKNOWN_ASSET", and this ledger answers "AMOUNT_NOT_POSITIVE"',
    ),
    "a flag that is a number": (_set("outcomes.0.applied", 0), "outcomes[0].applied: found 0, and this ledger answers"),
    "an outcome too many": (
        lambda document: document["outcomes"].append(document["outcomes"][0]),
        "outcomes: found a list, and this ledger answers a list",
    ),
    "another state afterwards": (_set("post_state.sequence", 99), "post_state.sequence: found 99, and this ledger"),
    "a name that moves a cursor": (
        _set("name", "deposit/\x1b[31m"),
        'name: found "deposit/\\u001b[31m", expected a name',
    ),
    "a name of another type": (_set("name", "gift/one"), 'name: found "gift/one", expected a name, TRANSACTION/CASE'),
    "half a letter for an id": (
        lambda document: document["pre_state"]["accounts"].update(
            {"\ud800": document["pre_state"]["accounts"]["@fees"]}
        ),
        'pre_state.accounts: found the id "\\ud800", expected one that UTF-8 can hold',
    ),
    "another digest": (_set("digests.pre_state", "0" * 64), "digests.pre_state: found"),
}
TEXTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "found malformed JSON"),
    "half of it": (files()[VECTOR][:700], "found malformed JSON"),
    "a list": (b"[]", "found a list, expected an object"),
    "a member twice": (b'{"format":"a","format":"b"}', "format: found the field twice, expected it once"),
    "not UTF-8": (b'{"format":"\xff"}', "found bytes that are not UTF-8"),
}


@pytest.mark.parametrize(("change", "message"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_changed_vector_is_bad_input(change: Callable[[Json], None], message: str, tmp_path: Path) -> None:
    document = json.loads(files()[VECTOR])
    path = tmp_path / "vector.json"
    read_vector(path, document_text(document))
    change(document)
    with pytest.raises(VectorError) as caught:
        read_vector(path, document_text(document))
    assert str(caught.value).startswith(f"{path}: {message}")
    path.write_bytes(document_text(document))
    _assert_told(path, message)


@pytest.mark.parametrize(("data", "message"), TEXTS.values(), ids=TEXTS)
def test_a_malformed_vector_is_bad_input(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vector.json"
    path.write_bytes(data)
    _assert_told(path, message)


def _assert_told(path: Path, message: str, place: Path | None = None) -> None:
    result = run("vectors", "check", str(path), "--engine", NEVER_ASKED)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{place or path}: {message}"), result.stderr
    assert result.stderr.count("\n") == 1


# A set


def _manifest(change: Callable[[Json], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        path = folder / "manifest.json"
        document = json.loads(path.read_bytes())
        change(document)
        path.write_bytes(document_text(document))

    return changed


def _append(folder: Path) -> None:
    path = folder / VECTOR
    path.write_bytes(path.read_bytes() + b" ")


SETS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a byte more": (_append, VECTOR, "found the SHA-256 "),
    "a file that is gone": (
        lambda folder: (folder / VECTOR).unlink(),
        VECTOR,
        "found no such file, and the manifest names it",
    ),
    "a file of one's own": (
        lambda folder: shutil.copyfile(folder / VECTOR, folder / "deposit" / "mine.json"),
        "deposit/mine.json",
        "found a file that the manifest does not name",
    ),
    "no manifest": (
        lambda folder: (folder / "manifest.json").unlink(),
        "manifest.json",
        "found no manifest, expected a folder that backstop vectors wrote, or one vector",
    ),
    "a manifest that is none": (
        lambda folder: (folder / "manifest.json").write_bytes(b"{"),
        "manifest.json",
        "found malformed JSON",
    ),
    "a manifest of vectors to come": (
        _manifest(_set("version", 2)),
        "manifest.json",
        "version: found 2, expected 1",
    ),
    "another hash": (
        _manifest(_set("vectors.0.sha256", "0" * 64)),
        "manifest.json",
        "digest: found",
    ),
    "another count": (_manifest(_set("count", 1)), "manifest.json", "count: found 1, expected"),
    "an entry too few": (_manifest(lambda document: document["vectors"].pop()), "manifest.json", "digest: found"),
    "an entry without its rules": (
        _manifest(lambda document: document["vectors"][0].pop("rules")),
        "manifest.json",
        "vectors[0].rules: found nothing, expected this field",
    ),
    "no entries": (_manifest(_without("vectors")), "manifest.json", "vectors: found nothing, expected this field"),
}


@pytest.mark.parametrize(("spoil", "place", "message"), SETS.values(), ids=SETS)
def test_a_spoilt_set_is_bad_input(
    spoil: Callable[[Path], object], place: str, message: str, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(whole, folder)
    spoil(folder)
    _assert_told(folder, message, folder / place)


def test_a_folder_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    result = run("vectors", "check", str(tmp_path / "none"), "--engine", NEVER_ASKED)
    assert result.exit_code == 2
    assert result.stderr == f"backstop: {tmp_path / 'none'}: No such file or directory\n"
