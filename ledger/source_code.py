"""The package's own source as a digest, so that what another version or another source came to is told apart."""

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

PACKAGE = "ledger"


@cache
def code_digest(aside: tuple[str, ...] = ()) -> str:
    """The version of the package and the digest of its source, but for the folders `aside`."""
    digest = sha256()
    for name, data in sorted(_sources(files(PACKAGE), "", aside)):
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return f"{version('backstop-ledger')} {digest.hexdigest()[:16]}"


def _sources(folder: Traversable, path: str, aside: tuple[str, ...]) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{path}{entry.name}"
        if entry.is_dir():
            if name not in aside and entry.name != "__pycache__":
                found += _sources(entry, f"{name}/", aside)
        elif entry.name.endswith((".py", ".toml")):
            found.append((name, entry.read_bytes()))
    return found
