"""System accounts and providers as tables for people."""

from collections.abc import Sequence

from ..replay import custody
from ..rulebook import FEES, INSURANCE
from ..state import State
from .comparing import NOTHING
from .documents import OBLIGED, provider_document
from .formatting import Format
from .layout import Cell, Column, table

WINDOW_NAMES = {"minute": "take in a minute", "hour": "take in an hour"}


def system_lines(form: Format, state: State, *, width: int) -> list[str]:
    """Custody, which is minus `@external`, and the balances of the other system accounts, by asset."""
    held = custody(state)
    reserves = [state.accounts[account_id].cash for account_id in (INSURANCE, FEES)]
    assets = sorted({form.asset, *held, *(asset for cash in reserves for asset in cash)})
    rows: list[Sequence[Cell]] = []
    for asset in assets:
        amounts = [held.get(asset, 0), *(cash.get(asset, 0) for cash in reserves)]
        empty = "0" if asset == form.asset else NOTHING
        rows.append((asset, *(form.amount(amount, asset) if amount else empty for amount in amounts)))
    columns = (
        Column("system accounts"),
        Column("custody (-@external)", "point"),
        Column(INSURANCE, "point"),
        Column(FEES, "point"),
    )
    return table(columns, rows, width=width)


def provider_lines(form: Format, state: State, *, only: str | None = None, width: int) -> list[str]:
    """Each provider's standing, the use of its two windows, and its holdings, or of the `only` one; nothing where there
    are none."""
    providers = [account_id for account_id in sorted(state.providers) if only in (None, account_id)]
    if not providers:
        return []
    windows: list[Sequence[Cell]] = []
    holdings: list[Sequence[Cell]] = []
    notes: list[str] = []
    for account_id in providers:
        document = provider_document(form, state, account_id, state.providers[account_id])
        names = [account_id, *[""] * max(len(WINDOW_NAMES), len(state.markets))]
        for name, (window_name, window) in zip(names, document["windows"].items(), strict=False):
            limit = window["limit"] or NOTHING
            windows.append((name, WINDOW_NAMES[window_name], limit, window["taken"], window["left"]))
        windows.append(("", "hold in a market", document["max_holdings"] or NOTHING, "", ""))
        for name, (market, held) in zip(names, document["holdings"].items(), strict=False):
            holdings.append((name, market, held["size"], held["notional"], held["left_long"], held["left_short"]))
        notes += [] if document["standing"] == OBLIGED else [f"{account_id}: {document['standing']}."]
    window_columns = (
        Column("providers"),
        Column("obliged to"),
        Column("at most", "point"),
        Column("taken", "point"),
        Column("left", "point"),
    )
    holding_columns = (
        Column("holdings"),
        Column("market"),
        Column("size", "point"),
        Column("notional", "point"),
        Column("left long", "point"),
        Column("left short", "point"),
    )
    lines = [*table(window_columns, windows, width=width), *notes]
    return [*lines, "", *table(holding_columns, holdings, width=width)] if holdings else lines
