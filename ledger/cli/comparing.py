"""An account before and after: every figure side by side, what changed marked."""

from collections.abc import Sequence

from ..state import State
from .documents import Document, account_document, holdings_document
from .formatting import Format
from .layout import Cell, Column, Styled, table

MARGIN_NAMES = {
    "wallet": "wallet W",
    "unrealised_pnl": "unrealised pnl",
    "account_value": "account value AV",
    "collateral": "collateral C",
    "effective_collateral": "effective collateral EC",
    "distress_collateral": "distress collateral DC",
    "exposure": "exposure EPN",
    "initial_margin": "initial margin IM",
    "maintenance_margin": "maintenance margin MM",
    "takeover_level": "takeover level MM / 2",
    "release_level": "release level",
    "free_collateral": "free collateral EC - IM",
    "margin_rate": "margin rate EC / EPN",
    "leverage": "leverage EPN / EC",
}
"""The names of the margin's quantities, with their letters in the rulebook."""

NOTHING = "-"
MARK = " mark"


def document_of(form: Format, state: State, account_id: str) -> Document | None:
    """The account's document, None where it is not open; what it holds alone where a broken law left it such that no
    margin can be worked out."""
    if account_id not in state.accounts:
        return None
    try:
        return account_document(form, state, account_id)
    except (ArithmeticError, LookupError, AssertionError):
        return holdings_document(form, state.accounts[account_id], account_id)


def named_figures(document: Document | None) -> dict[str, str]:
    """Every figure of an account by its name for people, in order."""
    if document is None:
        return {}
    named = {}
    if "status" in document:
        round_made = document["liquidation"]
        named["status"] = document["status"] + (f", round {round_made['round']}" if round_made else "")
        named["max leverage"] = str(document["max_leverage"])
        named["fee tier"] = document["fee_tier"]
    for asset, cash in document["cash"].items():
        named[asset] = cash["amount"]
    for market, position in document.get("positions", {}).items():
        named[f"{market} size"] = position["size"]
        named[f"{market} reference cost"] = position["reference_cost"]
        if "mark" in position:
            named[f"{market}{MARK}"] = position["mark"]
    for key, value in document.get("margin", {}).items():
        named[MARGIN_NAMES[key]] = NOTHING if value is None else value
    return named


def unnamed_figure(form: Format, state: State, name: str) -> str:
    """A figure that an account's document does not have: a mark is the market's, with or without a position."""
    market = state.markets.get(name.removesuffix(MARK)) if name.endswith(MARK) else None
    return NOTHING if market is None else form.price(market.mark)


def before_and_after(
    form: Format,
    before: State,
    after: State,
    accounts: Sequence[str],
    *,
    names: tuple[str, str] = ("before", "after"),
    width: int,
) -> list[str]:
    """A table of every figure of the accounts in the two states, which have these names; `*` marks what differs."""
    rows: list[Sequence[Cell]] = []
    for account_id in accounts:
        old = named_figures(document_of(form, before, account_id))
        new = named_figures(document_of(form, after, account_id))
        if rows:
            rows.append(("", "", "", ""))
        rows.append(("", Styled(account_id, bold=True), *_openness(old, new)))
        for name in _in_order(old, new):
            was = old[name] if name in old else unnamed_figure(form, before, name)
            is_now = new[name] if name in new else unnamed_figure(form, after, name)
            changed = was != is_now
            now: Cell = Styled(is_now, colour="yellow") if changed else is_now
            rows.append(("*" if changed else "", f"  {name}", was, now))
    columns = (Column(""), Column("account"), *(Column(name, "point") for name in names))
    return table(columns, rows, width=width)


def _openness(old: dict[str, str], new: dict[str, str]) -> tuple[str, str]:
    return ("" if old else "not open", "" if new else "not open")


def _in_order(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """The names of both, those that only one has beside their neighbours there."""
    names = list(new)
    for position, name in enumerate(old):
        if name not in new:
            names.insert(min(position, len(names)), name)
    return names
