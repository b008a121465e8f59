"""All peers in one run: the same transfers, in turns, and the table."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import attrs
from rich.table import Table

from ..measuring import Figure, best_seconds
from .events import EVENTS
from .own import BASELINE, OWN
from .peer import Peer, Run
from .plain_text import PLAIN_TEXT
from .transfers import Balances, Transfer, nothing_missing

PEERS: tuple[Peer, ...] = (*OWN, *PLAIN_TEXT, *EVENTS)


class WrongBalances(Exception):
    """A peer's balances are not what the transfers sum to: then its time says nothing."""


@attrs.frozen
class Row:
    """One peer's seconds for so many transfers, or None where it is not installed."""

    peer: Peer
    version: str | None
    transfers: int
    seconds: float | None

    @property
    def each(self) -> float | None:
        """Seconds of one transfer."""
        return None if self.seconds is None else self.seconds / self.transfers


def measured(peers: Sequence[Peer], given: Sequence[Transfer], *, rounds: int) -> tuple[Row, ...]:
    """The least seconds of each peer that is installed. WrongBalances where one of them does not agree."""
    versions = {peer.name: peer.version() for peer in peers}
    parts = {peer.name: given[: peer.most] for peer in peers}
    wanted = {name: nothing_missing(part) for name, part in parts.items()}
    with tempfile.TemporaryDirectory() as folder:
        prepared = {
            peer.name: partial(_prepared, peer, parts[peer.name], Path(folder))
            for peer in peers
            if versions[peer.name] is not None
        }
        seconds = best_seconds(
            prepared, rounds=rounds, check=lambda name, balances: require_right(name, balances, wanted[name])
        )
    return tuple(Row(peer, versions[peer.name], len(parts[peer.name]), seconds.get(peer.name)) for peer in peers)


def _prepared(peer: Peer, given: Sequence[Transfer], folder: Path) -> Run:
    return peer.prepare(given, Path(tempfile.mkdtemp(dir=folder)))


def require_right(name: str, balances: Balances, wanted: Balances) -> None:
    """WrongBalances for the first account whose balance is not what its transfers sum to."""
    for account in {**wanted, **balances}:
        found, right = balances.get(account, 0), wanted.get(account, 0)
        if found != right:
            raise WrongBalances(f"{name}: {account} has {found} cents, expected {right}")


def figures(rows: Sequence[Row]) -> tuple[Figure, ...]:
    """Transfers a second, and how many times the baseline's seconds a transfer took."""
    base = next(row.each for row in rows if row.peer is BASELINE)
    assert base is not None
    return tuple(
        Figure(row.peer.name, 1 / row.each, "transfers/s", row.each / base)
        for row in rows
        if row.each is not None and row.peer is not BASELINE
    )


def table(rows: Sequence[Row]) -> Table:
    """The table of a run."""
    ratios = {figure.name: figure.ratio for figure in figures(rows)}
    shown = Table(title=f"{rows[0].transfers:,} transfers", title_justify="left")
    for heading in ("peer", "version", "takes"):
        shown.add_column(heading)
    for heading in ("seconds", "transfers/s", f"x {BASELINE.name}"):
        shown.add_column(heading, justify="right")
    for heading in ("balanced", "overdraft", "both sides", "durable", "digest"):
        shown.add_column(heading)
    for row in rows:
        checks = row.peer.checks
        told = [checks.balanced, checks.overdraft, checks.double_entry, checks.durable, checks.digest]
        shown.add_row(
            row.peer.name,
            "not installed" if row.version is None else row.version,
            row.peer.takes,
            *_timing(row, ratios.get(row.peer.name, 1.0)),
            *("yes" if held else "no" for held in told),
        )
    return shown


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """What the table has no column for, a line for each peer."""
    for row in rows:
        fewer = f"; only {row.transfers:,} transfers" if row.transfers < rows[0].transfers else ""
        yield f"{row.peer.name}: {row.peer.checks.note}{fewer}"


def _timing(row: Row, ratio: float) -> tuple[str, str, str]:
    if row.seconds is None or row.each is None:
        return "-", "-", "-"
    return f"{row.seconds:,.3f}", f"{1 / row.each:,.0f}", f"{ratio:,.1f}"
