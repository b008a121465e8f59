"""The format of a journal's file (specs/journal): its tables, what stands in them, and the links that cover it all."""

import hashlib

import attrs
import msgspec

APPLICATION_ID = 0x42534C4A
"""`BSLJ`, in the header of the file."""

FORMAT_VERSION = 1
"""`user_version` in the header of the file."""

DEFAULT_CHECKPOINT_EVERY = 10_000
MOST_CHECKPOINT_EVERY = 1_000_000_000


def _kept(table: str, follows: str, why: str) -> tuple[str, ...]:
    """The triggers that make a table append-only: nothing changes, nothing goes, and a new row is the next."""
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END",
        f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table} "
        f"WHEN {follows} BEGIN SELECT RAISE(ABORT, '{why}'); END",
    )


SCHEMA = (
    "CREATE TABLE settings (id INTEGER PRIMARY KEY, document BLOB NOT NULL) STRICT",
    *_kept("settings", "NEW.id <> 1 OR EXISTS (SELECT 1 FROM settings)", "a journal has one row of settings"),
    "CREATE TABLE lines (line INTEGER PRIMARY KEY, text BLOB NOT NULL, sequence INTEGER NOT NULL, "
    "applied INTEGER NOT NULL, chain BLOB NOT NULL, link BLOB NOT NULL) STRICT",
    *_kept("lines", "NEW.line <> (SELECT coalesce(max(line), 0) + 1 FROM lines)", "a line follows the last one"),
    "CREATE TABLE batches (batch INTEGER PRIMARY KEY, line INTEGER NOT NULL, sequence INTEGER NOT NULL, "
    "taken INTEGER NOT NULL, link BLOB NOT NULL) STRICT",
    *_kept("batches", "NEW.batch <> (SELECT coalesce(max(batch), 0) + 1 FROM batches)", "a batch follows the last one"),
    "CREATE TABLE checkpoints (line INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, latest INTEGER NOT NULL, "
    "chain BLOB NOT NULL, state_digest BLOB NOT NULL, state BLOB NOT NULL, link BLOB NOT NULL) STRICT",
    *_kept(
        "checkpoints",
        "NEW.line <= (SELECT coalesce(max(line), 0) FROM checkpoints)",
        "a checkpoint follows the last one",
    ),
)
"""The statements that make a journal, in order. A file whose schema differs from them in any way is no journal."""


@attrs.frozen
class Settings:
    """What a journal was made with: a checkpoint is kept after every `checkpoint_every` lines, none for 0."""

    checkpoint_every: int = DEFAULT_CHECKPOINT_EVERY

    def document(self) -> bytes:
        """The settings as the file has them."""
        return msgspec.json.encode({"checkpoint_every": self.checkpoint_every})


def settings_of(document: bytes) -> Settings:
    """The settings back from their bytes. ValueError where these are no settings."""
    try:
        value = msgspec.json.decode(document, type=dict[str, int])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"found damaged settings ({error})") from None
    settings = Settings(value.get("checkpoint_every", -1))
    if settings.document() != document or not 0 <= settings.checkpoint_every <= MOST_CHECKPOINT_EVERY:
        raise ValueError("found settings that no journal has")
    return settings


@attrs.frozen
class Line:
    """A row of `lines`: the `text` with its line end, and what the ledger was after it. `applied` is 1 or 0."""

    line: int
    text: bytes
    sequence: int
    applied: int
    chain: bytes
    link: bytes


@attrs.frozen
class Batch:
    """A row of `batches`: what one durable write left. `taken`: lines that were sent so far, those left out too."""

    batch: int
    line: int
    sequence: int
    taken: int
    link: bytes


@attrs.frozen
class Kept:
    """A row of `checkpoints`; `state` is the canonical bytes, compressed by zlib."""

    line: int
    sequence: int
    latest: int
    chain: bytes
    state_digest: bytes
    state: bytes = attrs.field(repr=False)
    link: bytes


Row = Line | Batch | Kept
COLUMNS = {row: tuple(field.name for field in attrs.fields(row)) for row in (Line, Batch, Kept)}
TABLES: dict[type[Row], str] = {Line: "lines", Batch: "batches", Kept: "checkpoints"}


def first_link(document: bytes) -> bytes:
    """What stands for the link before the first row of each table: the SHA-256 of the settings."""
    return hashlib.sha256(document).digest()


def link_of(table: str, previous: bytes, *values: int | bytes) -> bytes:
    """The link of a row: SHA-256 over the table's name, the link of the row before, and the row's other columns.

    Each is written so that no two lists of values give the same bytes: an integer as 8 bytes, two's complement, bytes
    and the name as their length in 8 bytes and then themselves.
    """
    digest = hashlib.sha256()
    for value in (table.encode("ascii"), previous, *values):
        if isinstance(value, bytes):
            digest.update(len(value).to_bytes(8, "big"))
            digest.update(value)
        else:
            digest.update(value.to_bytes(8, "big", signed=True))
    return digest.digest()


def line_link(previous: bytes, line: int, text: bytes, sequence: int, applied: int, chain: bytes) -> bytes:
    """The link of a line after the link of the line before."""
    return link_of("lines", previous, line, text, sequence, applied, chain)


def batch_link(previous: bytes, line_link: bytes, batch: int, line: int, sequence: int, taken: int) -> bytes:
    """The link of a batch after the link of the batch before; it covers the link of its last line."""
    return link_of("batches", previous, line_link, batch, line, sequence, taken)


def checkpoint_link(previous: bytes, line_link: bytes, kept: Kept) -> bytes:
    """The link of a checkpoint after that of the checkpoint before, whatever link it has; it covers its line's."""
    values = (kept.line, kept.sequence, kept.latest, kept.chain, kept.state_digest, kept.state)
    return link_of("checkpoints", previous, line_link, *values)
