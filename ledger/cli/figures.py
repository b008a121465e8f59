"""Checks in words: what must hold, for whom, and the two figures that were compared, each with its unit."""

import operator
from collections.abc import Callable
from typing import assert_never

import attrs

from ..outcomes import Reason, Rejected, Unit
from ..state import State, has_used_up_rounds, holds_stressed
from ..transactions import Liquidate, Transaction
from .formatting import Format

FIGURES: dict[Reason, tuple[str, str]] = {
    Reason.TIME_BACKWARDS: ("time", "the ledger's time"),
    Reason.AMOUNT_NOT_POSITIVE: ("amount", "above"),
    Reason.UNKNOWN_ASSET: ("asset", "expected"),
    Reason.AMOUNT_OFF_BOOKING_UNIT: ("amount", "booking unit"),
    Reason.ASSET_WITHOUT_PRICE: ("asset", "expected"),
    Reason.SETTLEMENT_ASSET: ("asset", "expected"),
    Reason.UNKNOWN_MARKET: ("market", "expected"),
    Reason.MARKET_WITHOUT_MARK: ("market", "expected"),
    Reason.SIZE_NOT_POSITIVE: ("size", "above"),
    Reason.PRICE_OFF_TICK: ("price", "tick"),
    Reason.PRICE_OUTSIDE_BAND: ("price", "end of the band"),
    Reason.UNKNOWN_SOURCE: ("source", "expected"),
    Reason.QUOTE_NOT_POSITIVE: ("quote", "above"),
    Reason.TOO_FEW_SOURCES: ("sources", "at least"),
    Reason.MARK_NOT_POSITIVE: ("mark", "above"),
    Reason.MARKET_WITHOUT_MONITOR: ("market", "expected"),
    Reason.OBSERVED_TOO_SOON: ("since the last observation", "at least"),
    Reason.BID_NOT_POSITIVE: ("best bid", "above"),
    Reason.BOOK_CROSSED: ("best ask", "best bid"),
    Reason.DEPTH_NEGATIVE: ("depth", "at least"),
    Reason.VOLUME_NEGATIVE: ("volume", "at least"),
    Reason.OUTSIDE_WINDOW: ("since the instant", "window below"),
    Reason.INSTANT_ALREADY_DONE: ("instant", "last one done"),
    Reason.RATE_BEYOND_CLAMP: ("rate", "clamp"),
    Reason.SAME_ACCOUNT: ("party", "expected"),
    Reason.SYSTEM_ACCOUNT: ("party", "expected"),
    Reason.SYSTEM_ACCOUNT_ASSET: ("asset", "expected"),
    Reason.UNKNOWN_ACCOUNT: ("account", "expected"),
    Reason.ACCOUNT_LIQUIDATING: ("status", "expected"),
    Reason.NOTHING_TO_SET: ("given", "expected"),
    Reason.LEVERAGE_OUT_OF_RANGE: ("leverage", "bound"),
    Reason.UNKNOWN_FEE_TIER: ("fee tier", "expected"),
    Reason.CAPACITY_PER_MINUTE_TOO_LOW: ("capacity per minute", "at least"),
    Reason.CAPACITY_PER_HOUR_TOO_LOW: ("capacity per hour", "at least"),
    Reason.MAX_HOLDINGS_TOO_LOW: ("max holdings", "at least"),
    Reason.PROVIDER_BELOW_MINIMUM: ("account value", "minimum"),
    Reason.LIMIT_LOWERED: ("new limit", "in force"),
    Reason.NOT_A_PROVIDER: ("account", "expected"),
    Reason.ALREADY_LEAVING: ("time", "notice given"),
    Reason.NOT_LIQUIDATABLE: ("distress collateral", "maintenance margin"),
    Reason.ROUND_TOO_SOON: ("since the last round", "at least"),
    Reason.ROUNDS_USED_UP: ("fills", "at most"),
    Reason.NOTHING_TO_REDUCE: ("fill", "position"),
    Reason.FILL_BEYOND_ROUND: ("closed in the round", "at most"),
    Reason.FILL_BEYOND_POSITION: ("fill", "position"),
    Reason.ACCOUNT_VALUE_NEGATIVE: ("account value", "at least"),
    Reason.NOT_AT_TAKEOVER: ("distress collateral", "takeover level"),
    Reason.INSUFFICIENT_BALANCE: ("amount", "balance"),
    Reason.FREE_COLLATERAL_NEGATIVE: ("effective collateral", "initial margin"),
    Reason.EFFECTIVE_COLLATERAL_NEGATIVE: ("effective collateral", "at least"),
    Reason.MARGIN_RATE_FELL: ("distress collateral", "at the rate before"),
    Reason.INSUFFICIENT_CUSTODY: ("amount", "custody"),
}
"""What the two figures of each check are: supplied, and the limit."""

MEETS: dict[Reason, Callable[[int, int], bool]] = {
    Reason.PROVIDER_BELOW_MINIMUM: operator.ge,
    Reason.ROUNDS_USED_UP: operator.le,
    Reason.NOTHING_TO_REDUCE: operator.le,
    Reason.MARGIN_RATE_FELL: operator.ge,
}
"""How the first figure meets the second, for checks that may pass for another reason: a fill is in an early round, the
position to reduce is there, the account is above initial margin, or it was below the program's minimum before."""


@attrs.frozen
class Figures:
    """The two figures of a check as text, for people or machines; None where there was nothing to compare with."""

    supplied: str | None
    limit: str | None


USED_UP = ", its rounds used up"
"""What is said of the limit of a takeover for which the rounds of a liquidation are over."""

STRESSED = ", a market of it stressed"
"""What is said of the limit of a takeover that stress opened before the rounds of a liquidation are over."""


def figures_of(form: Format, transaction: Transaction, found: Rejected, market: str) -> Figures:
    """The figures of a check of this transaction; `market` is that of a size."""
    supplied, limit = found.supplied, found.limit
    if (
        found.reason.unit is Unit.EXACT_VALUE
        and form.for_people
        and isinstance(supplied, int)
        and isinstance(limit, int)
    ):
        return Figures(*form.exacts(supplied, limit))
    texts = [_figure(form, transaction, found.reason.unit, figure, market) for figure in (supplied, limit)]
    return Figures(*texts)


def figures_in_words(
    form: Format, state: State, transaction: Transaction, found: Rejected, market: str, *, refused: bool
) -> str:
    """The figures of a check in this state, with their names and unit: "effective collateral 12.5 USDT, initial margin
    20 USDT".

    Empty for a check that passed for another reason than its figures.
    """
    if not refused and not passed_by_its_figures(found):
        return ""
    supplied_name, limit_name = FIGURES[found.reason]
    note = ""
    if found.reason is Reason.NOT_AT_TAKEOVER:
        account = state.accounts[found.subject]
        if has_used_up_rounds(state, account):
            limit_name, note = "maintenance margin", USED_UP
        elif holds_stressed(state, account):
            limit_name, note = "maintenance margin", STRESSED
    figures = figures_of(form, transaction, found, market)
    unit = _unit_in_words(form, transaction, found.reason.unit, market)
    supplied, limit = (
        "none" if text is None else f"{text} {unit}".rstrip() for text in (figures.supplied, figures.limit)
    )
    if found.reason.unit is Unit.TEXT and not refused:
        return f"{supplied_name} {supplied}"
    return f"{supplied_name} {supplied}, {limit_name} {limit}{note}"


def passed_by_its_figures(found: Rejected) -> bool:
    """Whether the figures of a check that passed show why."""
    meets, supplied, limit = MEETS.get(found.reason), found.supplied, found.limit
    return meets is None or not isinstance(supplied, int) or not isinstance(limit, int) or meets(supplied, limit)


def refusal_in_words(form: Format, state: State, transaction: Transaction, refusal: Rejected) -> str:
    """Why a transaction was refused in this state: the condition that does not hold, and the figures."""
    market = market_of(state, transaction, refusal)
    figures = figures_in_words(form, state, transaction, refusal, market, refused=True)
    subject = subject_in_words(refusal)
    return f"{refusal.reason.name}: it must hold that {refusal.reason.condition}; {subject}{figures}"


def subject_in_words(found: Rejected) -> str:
    """Whom a check is about, before its figures, where these do not say so themselves."""
    if found.subject in ("time", "settle", found.supplied):
        return ""
    return f"{found.subject}: "


def market_of(state: State, transaction: Transaction, refusal: Rejected) -> str:
    """The market of a refusal's size: the transaction's own, or that of the fill that was refused."""
    if not isinstance(transaction, Liquidate):
        return str(getattr(transaction, "market", ""))
    from ..checks import compare

    market = ""
    for comparison in compare(state, transaction):
        market = market_after(market, comparison.figures)
    return market


def market_after(market: str, found: Rejected) -> str:
    """The market that a rule's checks are about from this check on: a fill's terms begin with its market."""
    return str(found.supplied) if found.reason is Reason.UNKNOWN_MARKET else market


def _figure(form: Format, transaction: Transaction, unit: Unit, figure: int | str | None, market: str) -> str | None:
    if figure is None or isinstance(figure, str):
        return figure
    match unit:
        case Unit.TEXT | Unit.COUNT:
            return str(figure)
        case Unit.TIME:
            return form.time(figure)
        case Unit.DURATION:
            return form.duration(figure)
        case Unit.RATE:
            return form.rate(figure)
        case Unit.ASSET_AMOUNT:
            return form.amount(figure, str(getattr(transaction, "asset", "")))
        case Unit.SETTLEMENT_AMOUNT:
            return form.money(figure)
        case Unit.EXACT_VALUE:
            return form.exact(figure)
        case Unit.PRICE:
            return form.price(figure)
        case Unit.SIZE:
            return form.size(figure, market)
        case _:
            assert_never(unit)


def _unit_in_words(form: Format, transaction: Transaction, unit: Unit, market: str) -> str:
    if unit in (Unit.SETTLEMENT_AMOUNT, Unit.EXACT_VALUE):
        return form.asset
    if unit is Unit.ASSET_AMOUNT:
        return str(getattr(transaction, "asset", ""))
    return market if unit is Unit.SIZE else ""
