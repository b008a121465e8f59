"""specs/journal.md: a second reader, written from the page and with nothing of the package, agrees with what is
written; the worked example is what a journal holds."""

import hashlib
import re
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from ledger.journal import Journal, Settings, create, import_log
from ledger.journal.format import APPLICATION_ID, FORMAT_VERSION, SCHEMA

from ..cli.runs import ALICE_AND_BOB, ROOT, TAKEOVER
from .journals import GENESIS, deposit, refused

PAGE = (ROOT / "specs" / "journal.md").read_text(encoding="utf-8")


def sha256(*values: int | bytes | str) -> bytes:
    """The page's "what is written of these values"."""
    data = b""
    for value in values:
        if isinstance(value, int):
            data += value.to_bytes(8, "big", signed=True)
        else:
            text = value.encode("ascii") if isinstance(value, str) else value
            data += len(text).to_bytes(8, "big") + text
    return hashlib.sha256(data).digest()


def second_reading(path: str) -> bytes:
    """The log in a journal, every link held against the page."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (document,) = database.execute("SELECT document FROM settings").fetchone()
        first = hashlib.sha256(document).digest()
        links, texts, link = {}, [], first
        for line, text, sequence, applied, chain, found in database.execute("SELECT * FROM lines ORDER BY line"):
            link = links[line] = sha256("lines", link, line, text, sequence, applied, chain)
            assert link == found
            texts.append(text)
        link = first
        for batch, line, sequence, taken, found in database.execute("SELECT * FROM batches ORDER BY batch"):
            link = sha256("batches", link, links[line], batch, line, sequence, taken)
            assert link == found
        link = first
        rows = database.execute("SELECT * FROM checkpoints ORDER BY line")
        for line, sequence, latest, chain, digest, state, found in rows:
            link = sha256("checkpoints", link, links[line], line, sequence, latest, chain, digest, state)
            assert link == found
            assert hashlib.sha256(zlib.decompress(state)).digest() == digest
        return b"".join(texts)


@pytest.mark.parametrize("source", [ALICE_AND_BOB, TAKEOVER])
def test_a_second_reader_agrees(tmp_path: Path, source: str) -> None:
    path = str(tmp_path / "journal")
    import_log(path, source, settings=Settings(3))
    with Journal(path) as journal:
        journal.commit(checkpoint=True)
    assert second_reading(path) == Path(source).read_bytes()


def test_the_page_has_the_schema() -> None:
    block = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert block[1] == "".join(f"{statement};\n" for statement in SCHEMA)
    assert f"| `application_id` | {APPLICATION_ID}, `BSLJ` |" in PAGE
    assert APPLICATION_ID.to_bytes(4, "big") == b"BSLJ"
    assert f"| `user_version` | {FORMAT_VERSION}, " in PAGE


def test_the_worked_example(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    create(path, GENESIS, settings=Settings(2))
    with Journal(path) as journal:
        journal.apply(deposit(1))
        journal.apply(refused(2))
    told = ['settings     1  {"checkpoint_every":2}']
    with closing(sqlite3.connect(path)) as database:
        for line, text, sequence, applied, chain, link in database.execute("SELECT * FROM lines ORDER BY line"):
            told += [f"lines        {line}  {text.decode().rstrip()}", f"sequence {sequence}, applied {applied}"]
            told += [f"chain {chain.hex()}", f"link  {link.hex()}"]
        for batch, line, sequence, taken, link in database.execute("SELECT * FROM batches ORDER BY batch"):
            told += [f"batches      {batch}  line {line}, sequence {sequence}, taken {taken}", f"link  {link.hex()}"]
        rows = database.execute("SELECT line, sequence, latest, state_digest FROM checkpoints")
        for line, sequence, latest, digest in rows:
            told += [f"checkpoints  {line}  sequence {sequence}, latest {latest}", f"state digest {digest.hex()}"]
    block = re.search(r"## Worked example\n.*?```\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    assert [line.strip() for line in block[1].splitlines()] == told
