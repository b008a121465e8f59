"""Vectors read back from their files, strictly.

A vector is believed only where this ledger answers its transactions as it says: its answers are what an engine is held
against, and a file that was changed, or that another version wrote, would hold it against something else.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from ..canonical import StateError
from ..engines.client import SPECIFICATION
from ..interchange import read_state, read_transaction
from ..state import State, genesis
from ..strict_json import NotStrict, Reader, load_strictly, one_line, shown
from ..transactions import TYPE_NAMES
from .answering import Answer, answers_document, linked_steps
from .text import FORMAT, FORMAT_VERSION, VECTOR_NAME
from .writing import MANIFEST, MANIFEST_FORMAT, set_digest

Document = dict[str, Any]
ASKED = ("format", "version", "specification", "name", "description", "origin", "rules", "laws", "genesis", "pre_state")
ANSWERS = ("outcomes", "post_state", "digests")
MEMBERS = (*ASKED, "transactions", *ANSWERS)
OF_ENTRIES = ("path", "sha256", "transaction", "origin", "rules", "reasons", "events", "laws")


class VectorError(ValueError):
    """A file that is no vector, or no manifest: its `path`, the `field`, and what is wrong; as text one line."""

    def __init__(self, path: Path, field: str, message: str) -> None:
        self.path, self.field, self.message = path, field, message
        super().__init__(one_line(": ".join(part for part in (str(path), field, message) if part)))


@attrs.frozen
class ReadVector:
    """A vector as it was read: its name, the documents an engine is given, and the answers it is held against."""

    name: str
    pre_state: Document
    transactions: tuple[Document, ...]
    answers: tuple[Answer, ...]

    @property
    def type_name(self) -> str:
        """The transaction type that it is kept under."""
        return self.name.partition("/")[0]

    @property
    def before(self) -> State:
        """The state that it begins with."""
        return self.answers[0].before

    @property
    def after(self) -> State:
        """The state that it ends with."""
        return self.answers[-1].after

    @property
    def types(self) -> frozenset[str]:
        """The types of its transactions."""
        return frozenset(TYPE_NAMES[type(answer.transaction)] for answer in self.answers)

    @property
    def begins_at_genesis(self) -> bool:
        """Whether no transaction was applied to the state that it begins with."""
        return self.before == genesis(self.before.rulebook, self.before.time)


def read_vectors(path: Path) -> Iterator[ReadVector]:
    """The vectors of a set, in the order of its manifest, or of one file. VectorError where it is none."""
    if path.is_dir():
        for file, data in _files_of(path):
            yield read_vector(file, data)
    else:
        yield read_vector(path, path.read_bytes())


def read_vector(path: Path, data: bytes) -> ReadVector:
    """The vector that a file's bytes are."""
    document = _object(path, data, MEMBERS)
    _refuse_version(path, document, FORMAT)
    for field in ("genesis", "pre_state", "digests"):
        if not isinstance(document[field], dict):
            raise VectorError(path, field, f"found {shown(document[field])}, expected an object")
    for field in ("transactions", "outcomes"):
        if not isinstance(document[field], list) or not document[field]:
            raise VectorError(path, field, f"found {shown(document[field])}, expected a list of one or more")
    if not isinstance(document["name"], str) or not VECTOR_NAME.fullmatch(document["name"]):
        raise VectorError(path, "name", f"found {shown(document['name'])}, expected a name, TRANSACTION/CASE")
    answers = _answered(path, document)
    ours = answers_document(answers)
    for field in ANSWERS:
        _refuse_other(path, field, ours[field], document[field])
    transactions = tuple(document["transactions"])
    return ReadVector(document["name"], document["pre_state"], transactions, tuple(answers))


def _answered(path: Path, document: Document) -> list[Answer]:
    """This ledger's answers to a vector's transactions."""
    rulebook = document["genesis"].get("rulebook")
    if not isinstance(rulebook, dict):
        raise VectorError(path, "genesis.rulebook", f"found {shown(rulebook)}, expected an object")
    try:
        state = read_state(rulebook, document["pre_state"])
    except StateError as error:
        # The reader of states has the rulebook within the state, where its canonical bytes have it.
        whole = "genesis" if error.field.partition(".")[0] == "rulebook" else "pre_state"
        raise VectorError(path, f"{whole}.{error.field}" if error.field else whole, error.message) from None
    transactions = []
    for number, item in enumerate(document["transactions"]):
        try:
            transactions.append(read_transaction(item))
        except NotStrict as error:
            field = f"transactions[{number}]"
            raise VectorError(path, f"{field}.{error.field}" if error.field else field, error.message) from None
    return linked_steps(state, transactions)


def _refuse_other(path: Path, field: str, ours: Any, told: Any) -> None:
    """VectorError where what a file says is not what this ledger answers, at the innermost part that differs."""
    if isinstance(ours, dict) and isinstance(told, dict) and ours.keys() == told.keys():
        for name in ours:
            _refuse_other(path, f"{field}.{name}", ours[name], told[name])
    elif isinstance(ours, list) and isinstance(told, list) and len(ours) == len(told):
        for number, (one, other) in enumerate(zip(ours, told, strict=True)):
            _refuse_other(path, f"{field}[{number}]", one, other)
    elif ours != told or type(ours) is not type(told):
        raise VectorError(path, field, f"found {shown(told)}, and this ledger answers {shown(ours)}")


# The manifest


def _files_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of a set with their bytes, each of which has the hash that the manifest says."""
    path = folder / MANIFEST
    if not path.is_file():
        raise VectorError(path, "", "found no manifest, expected a folder that backstop vectors wrote, or one vector")
    reader = _ManifestReader(path, _object(path, path.read_bytes(), None))
    _refuse_version(path, reader.document, MANIFEST_FORMAT)
    named = reader.files()
    there = {file.relative_to(folder).as_posix() for file in folder.glob("*/*.json")}
    for name in sorted(there - named.keys()):
        raise VectorError(folder / name, "", "found a file that the manifest does not name")
    for name, digest in named.items():
        file = folder / name
        if name not in there:
            raise VectorError(file, "", "found no such file, and the manifest names it")
        data = file.read_bytes()
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise VectorError(file, "", f"found the SHA-256 {found}, and the manifest says {digest}")
        yield file, data


class _ManifestReader:
    """What a manifest says of files."""

    def __init__(self, path: Path, document: Document) -> None:
        self.path, self.document = path, document

    def files(self) -> dict[str, str]:
        """The SHA-256 of each file by its path."""
        try:
            entries = _Reader(self.document).members()["vectors"].items()
            fields = [entry.fields(*OF_ENTRIES) for entry in entries]
            named = {path.text(): digest.text() for path, digest, *_ in fields}
        except KeyError:
            raise VectorError(self.path, "vectors", "found nothing, expected this field") from None
        except NotStrict as error:
            raise VectorError(self.path, error.field, error.message) from None
        if (told := self.document.get("digest")) != (digest := set_digest(named.items())):
            raise VectorError(self.path, "digest", f"found {shown(told)}, expected {digest}")
        if (told := self.document.get("count")) != len(named) or len(entries) != len(named):
            raise VectorError(self.path, "count", f"found {shown(told)}, expected {len(named)} paths, each once")
        return named


class _Reader(Reader):
    __slots__ = ()

    def text(self) -> str:
        """Any text that can be hashed as it is."""
        if not isinstance(self.value, str) or not self.value.isascii():
            raise self.wrong("ASCII text")
        return self.value


def _object(path: Path, data: bytes, members: tuple[str, ...] | None) -> Document:
    """The object that a file's bytes are, with exactly these members where they are given."""
    try:
        document = load_strictly(data)
        if members is not None:
            _Reader(document).fields(*members)
        elif not isinstance(document, dict):
            raise _Reader(document).wrong("an object")
    except NotStrict as error:
        raise VectorError(path, error.field, error.message) from None
    found: Document = document
    return found


def _refuse_version(path: Path, document: Mapping[str, Any], kind: str) -> None:
    """VectorError for another format, or a version of it, or of the specification, that is not this one."""
    for field, expected in (("format", kind), ("version", FORMAT_VERSION), ("specification", SPECIFICATION)):
        found = document.get(field)
        if found != expected or type(found) is not type(expected):
            raise VectorError(path, field, f"found {shown(found)}, expected {shown(expected)}")
