"""The state and one account laid out for people."""

from collections.abc import Sequence
from typing import Any

from ..margin import account_value, exposure, is_at_takeover, is_liquidatable, margin_rate
from ..rulebook import is_system
from ..state import Account, Market, State
from .comparing import MARGIN_NAMES, NOTHING
from .documents import account_document, market_document
from .formatting import Format, counted
from .holdings import provider_lines, system_lines
from .layout import Cell, Column, Styled, paragraph, table

MOST_ACCOUNTS = 20
"""Accounts that are shown of a state that has more, those with the greatest exposure."""

POSITION_NAMES = {
    "size": "size",
    "reference_cost": "reference cost",
    "mark": "mark",
    "notional": "notional",
    "pnl": "unrealised pnl",
    "break_even_price": "break-even price",
    "liquidation_price": "liquidation price",
    "initial_rate": "initial rate of the tier",
    "maintenance_rate": "maintenance rate of the tier",
}


def state_lines(form: Format, state: State, *, width: int) -> list[str]:
    """Markets, prices, system accounts, providers and accounts."""
    parts = [
        market_lines(form, state, width=width),
        price_lines(form, state, width=width),
        system_lines(form, state, width=width),
        provider_lines(form, state, width=width),
        account_table(form, state, width=width),
    ]
    lines: list[str] = []
    for part in parts:
        lines += ["", *part] if lines and part else part
    return lines


def market_lines(form: Format, state: State, *, width: int) -> list[str]:
    """Every market that has a mark; whether it is stressed, where any was observed."""
    rows: list[Sequence[Cell]] = []
    is_observed = any(market.monitor is not None for market in state.markets.values())
    for market_id, market in sorted(state.markets.items()):
        told = market_document(form, state, market_id, market)
        row = (market_id, told["index"], told["mark"], told["open_interest"], told["last_funding"])
        rows.append((*row, liquidity_in_words(form, market)) if is_observed else row)
    columns: tuple[Column, ...] = (
        Column("market"),
        Column("index", "point"),
        Column("mark", "point"),
        Column("open interest", "point"),
        Column("last funding"),
    )
    if is_observed:
        columns = (*columns, Column("liquidity"))
    return table(columns, rows, width=width) if rows else ["No market has a mark yet."]


def liquidity_in_words(form: Format, market: Market) -> str:
    """Whether the market is stressed, and since which observation that is known."""
    if market.monitor is None:
        return "not observed"
    return f"{'stressed' if market.monitor.stressed else 'calm'}, {form.time(market.monitor.time)}"


def price_lines(form: Format, state: State, *, width: int) -> list[str]:
    """Every collateral asset's price and factor."""
    rows = [
        (asset, form.price(price), form.ratio(state.rulebook.assets[asset].factor))
        for asset, price in sorted(state.prices.items())
    ]
    return table((Column("asset"), Column("price", "point"), Column("factor", "point")), rows, width=width)


def account_table(form: Format, state: State, *, width: int) -> list[str]:
    """The ordinary accounts, or those with the greatest exposure where there are many, and how many there are."""
    accounts = [(account_id, account) for account_id, account in state.accounts.items() if not is_system(account_id)]
    if not accounts:
        return ["No account is open yet."]
    shown = sorted(accounts, key=lambda item: item[0])
    if len(accounts) > MOST_ACCOUNTS:
        shown = sorted(accounts, key=lambda item: (-exposure(state, item[1]), item[0]))[:MOST_ACCOUNTS]
    rows: list[Sequence[Cell]] = []
    for account_id, account in shown:
        rate = margin_rate(state, account)
        rows.append(
            (
                account_id,
                due(state, account) or account.status,
                form.exact(account_value(state, account)),
                form.value(exposure(state, account)),
                NOTHING if rate is None else form.rate(rate),
            )
        )
    columns = (
        Column("account"),
        Column("status"),
        Column("account value", "point"),
        Column("exposure", "point"),
        Column("margin rate", "point"),
    )
    return [*table(columns, rows, width=width), *paragraph(_how_many(state, accounts, len(shown)), width=width)]


def due(state: State, account: Account) -> str | None:
    """What is due to an active account: a takeover, or a liquidation; None for a healthy one."""
    if account.liquidation is not None:
        return None
    if is_at_takeover(state, account):
        return "at takeover"
    return "liquidatable" if is_liquidatable(state, account) else None


def _how_many(state: State, accounts: Sequence[tuple[str, Account]], shown: int) -> str:
    holding = sum(bool(account.positions) for _, account in accounts)
    liquidating = sum(account.liquidation is not None for _, account in accounts)
    text = f"{counted(len(accounts), 'account')}, {holding} with positions, {liquidating} liquidating."
    if shown < len(accounts):
        text += f" The {shown} with the greatest exposure are shown; --account shows any one, --json all of them."
    return text


def account_lines(form: Format, state: State, account_id: str, *, width: int) -> list[str]:
    """One account with everything there is to know of it."""
    told = account_document(form, state, account_id)
    lines = [str(Styled(account_id, bold=True)) + _account_terms(form, state, told)]
    lines += ["", *cash_lines(form, told, width=width)]
    if is_system(account_id):
        return lines
    parts = (
        liquidation_lines(told, width=width),
        position_lines(told, width=width),
        margin_lines(form, told, width=width),
        order_lines(form, told, width=width),
        provider_lines(form, state, only=account_id, width=width),
    )
    for part in parts:
        lines += ["", *part] if part else []
    return lines


def _account_terms(form: Format, state: State, told: dict[str, Any]) -> str:
    if "status" not in told:
        return ", a system account"
    waiting = due(state, state.accounts[told["account"]])
    status = told["status"] if waiting is None else f"{told['status']} and {waiting}"
    return f", {status}, leverage at most {told['max_leverage']}, fee tier {told['fee_tier']}"


def liquidation_lines(told: dict[str, Any], *, width: int) -> list[str]:
    """How far the liquidation of an account's document is; nothing for an active one."""
    liquidation = told["liquidation"]
    if liquidation is None:
        return []
    sizes = ", ".join(f"{size} {market}" for market, size in liquidation["starting_sizes"].items()) or "no position"
    return paragraph(
        f"Liquidation: round {liquidation['round']} at {liquidation['time']}, begun with {sizes}.", width=width
    )


def cash_lines(form: Format, told: dict[str, Any], *, width: int) -> list[str]:
    """The balances of an account's document."""
    rows = [
        (asset, cash["amount"], cash["price"], cash["factor"], cash["value"], cash["collateral"])
        for asset, cash in told["cash"].items()
    ]
    columns = (
        Column("cash"),
        Column("amount", "point"),
        Column("price", "point"),
        Column("factor", "point"),
        Column(f"value in {form.asset}", "point"),
        Column("collateral", "point"),
    )
    return table(columns, rows, width=width) if rows else ["No cash."]


def position_lines(told: dict[str, Any], *, width: int) -> list[str]:
    """The positions of an account's document, a column each."""
    positions = told["positions"]
    if not positions:
        return ["No positions."]
    rows = [
        (label, *(NOTHING if position[key] is None else position[key] for position in positions.values()))
        for key, label in POSITION_NAMES.items()
    ]
    return table((Column("position"), *(Column(market, "point") for market in positions)), rows, width=width)


def margin_lines(form: Format, told: dict[str, Any], *, width: int) -> list[str]:
    """The margin quantities of an account's document."""
    rows = [
        (label, NOTHING if told["margin"][key] is None else told["margin"][key]) for key, label in MARGIN_NAMES.items()
    ]
    return table((Column("margin"), Column(f"in {form.asset}", "point")), rows, width=width)


def order_lines(form: Format, told: dict[str, Any], *, width: int) -> list[str]:
    """The largest orders of an account's document, by market, as their notional."""
    rows = [(market, order["buy"], order["sell"]) for market, order in told["largest_orders"].items()]
    columns = (Column(f"largest order, notional in {form.asset}"), Column("buy", "point"), Column("sell", "point"))
    return table(columns, rows, width=width) if rows else []
