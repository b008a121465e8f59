"""What a peer is: something that takes transfers and knows balances, and what it checks on the way."""

import importlib.metadata
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from .transfers import Balances, Transfer

Run = Callable[[], Balances]
"""Everything that is timed: the transfers, in the peer's own form, are taken, and its balances asked for."""


@attrs.frozen
class Checks:
    """What a peer does of itself, as it is run here.

    `balanced`: it refuses an entry whose sides do not sum to zero. `overdraft`: it refuses to take more out than there
    is. `double_entry`: the other side of a transfer is posted too. `durable`: what it was given is on the disk by its
    own doing. `digest`: two runs are compared by one. `note`: what else there is to know.
    """

    balanced: bool
    overdraft: bool
    double_entry: bool
    durable: bool
    digest: bool
    note: str


@attrs.frozen
class Peer:
    """One row of the table.

    `takes` says in what form the transfers come. `version` is None where it is not installed. `prepare` gives what is
    timed; it has a folder to itself. `refuses_unbalanced` tries to post one side only, and is None where a peer has no
    means to say such a thing: then it refuses nothing. `most` is for a peer so slow that only the first so many
    transfers are tried.
    """

    name: str
    takes: str
    checks: Checks
    version: Callable[[], str | None]
    prepare: Callable[[Sequence[Transfer], Path], Run]
    refuses_unbalanced: Callable[[Path], bool] | None = None
    most: int | None = None


class Refused(Exception):
    """A peer that answers refusals with values or exit codes refused something."""


def package_version(package: str) -> Callable[[], str | None]:
    """Looks up the version of an installed package."""

    def version() -> str | None:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return None

    return version


def program_version(program: str) -> Callable[[], str | None]:
    """Looks up the version that an installed program tells of itself: the first word of its first line with a digit."""

    def version() -> str | None:
        if shutil.which(program) is None:
            return None
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        return next(word.strip(",") for word in told.split() if word[0].isdigit())

    return version
