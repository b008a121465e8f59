"""Laws of conservation: nothing is made or lost, nothing reserved goes below zero, nothing unreached moves."""

from typing import Any

from immutables import Map

from ..margin import account_value
from ..rulebook import EXTERNAL, FEES, INSURANCE
from ..state import Account, Market, Position, State
from .law import HELD, Breach, Span, StateLaw, Step, StepLaw, Verdict

_NOTHING: Map[str, Any] = Map()
_FLAT = Position(0, 0)


def _not_zero(columns: dict[str, int]) -> str | None:
    for column in sorted(columns):
        if columns[column] != 0:
            return f"{column} changed by {columns[column]} in sum over all accounts"
    return None


def _changed(step: Step) -> tuple[str, ...]:
    return tuple(account_id for account_id, _, _ in step.changes)


def touched_balances_sum_to_zero(step: Step) -> Verdict:
    """CON-1 of one step: what the accounts that changed gained sums to zero in each asset."""
    if not step.changes:
        return None
    settlement = step.before.rulebook.settlement_asset
    totals = {settlement: 0}
    for _, old, new in step.changes:
        cash, positions = (_NOTHING, _NOTHING) if old is None else (old.cash, old.positions)
        if new.cash is not cash:
            for asset, amount in new.cash.items():
                totals[asset] = totals.get(asset, 0) + amount
            for asset, amount in cash.items():
                totals[asset] = totals.get(asset, 0) - amount
        if new.positions is not positions:
            for position in new.positions.values():
                totals[settlement] += position.reference_cost
            for position in positions.values():
                totals[settlement] -= position.reference_cost
    wrong = _not_zero(totals)
    return HELD if wrong is None else Breach(wrong, _changed(step))


def touched_sizes_sum_to_zero(step: Step) -> Verdict:
    """CON-2 of one step."""
    totals: dict[str, int] = {}
    for _, old, new in step.changes:
        positions = _NOTHING if old is None else old.positions
        if new.positions is not positions:
            for market_id, position in new.positions.items():
                totals[market_id] = totals.get(market_id, 0) + position.size
            for market_id, position in positions.items():
                totals[market_id] = totals.get(market_id, 0) - position.size
    if not totals:
        return None
    wrong = _not_zero(totals)
    return HELD if wrong is None else Breach(wrong, _changed(step))


def balances_sum_to_zero(span: Span) -> Verdict:
    """CON-1: per asset, all accounts sum to zero."""
    settlement = span.now.rulebook.settlement_asset
    totals = {settlement: 0}
    for account in span.now.accounts.values():
        for asset, amount in account.cash.items():
            totals[asset] = totals.get(asset, 0) + amount
        for position in account.positions.values():
            totals[settlement] += position.reference_cost
    for asset in sorted(totals):
        if totals[asset] != 0:
            return Breach(f"all balances of {asset} sum to {totals[asset]}, not to zero")
    return HELD


def open_interest_is_balanced(span: Span) -> Verdict:
    """CON-2: per market the longs and the shorts are equal; each is the open interest."""
    longs: dict[str, int] = {}
    shorts: dict[str, int] = {}
    for account in span.now.accounts.values():
        for market_id, position in account.positions.items():
            side = longs if position.size > 0 else shorts
            side[market_id] = side.get(market_id, 0) + abs(position.size)
    for market_id in sorted({*longs, *shorts}):
        if longs.get(market_id, 0) != shorts.get(market_id, 0):
            return Breach(f"{market_id}: longs hold {longs.get(market_id, 0)} lots, shorts {shorts.get(market_id, 0)}")
    return HELD if longs else None


def _at_other_marks(state: State) -> State:
    """The same accounts at marks and prices they never had, to test what must hold at any."""
    markets = Map(
        {
            market_id: Market(
                market.index,
                3 * market.mark + 7,
                market.premium_sum,
                market.premium_count,
                market.last_funding,
                market.monitor,
            )
            for market_id, market in state.markets.items()
        }
    )
    settlement = state.rulebook.settlement_asset
    prices = Map({asset: price if asset == settlement else 5 * price + 11 for asset, price in state.prices.items()})
    return State(
        state.rulebook,
        state.accounts,
        markets,
        prices,
        state.providers,
        state.last_settle,
        state.time,
        state.sequence,
    )


def account_values_sum_to_custody(span: Span) -> Verdict:
    """CON-3: at the marks and prices in force and at others, account values sum to the value of custody, exactly."""
    for state in (span.now, _at_other_marks(span.now)):
        custody = -account_value(state, state.accounts[EXTERNAL])
        values = sum(
            account_value(state, account) for account_id, account in state.accounts.items() if account_id != EXTERNAL
        )
        if values != custody:
            return Breach(f"account values sum to {values}, custody is worth {custody} (10^-18 atoms)")
    return HELD


def _reserve_breach(state: State, account_id: str, account: Account) -> Breach | None:
    settlement = state.rulebook.settlement_asset
    if account_id == EXTERNAL:
        for asset, amount in account.cash.items():
            if amount > 0:
                return Breach(f"custody of {asset} is {-amount}, below zero", (EXTERNAL,))
        return None
    for asset, amount in account.cash.items():
        if amount < 0 and (asset != settlement or account_id in (INSURANCE, FEES)):
            return Breach(f"{account_id} holds {amount} of {asset}, below zero", (account_id,))
        if asset != settlement and account_id in (INSURANCE, FEES):
            return Breach(f"{account_id} holds {asset}", (account_id,))
    return None


def touched_reserves_are_never_negative(step: Step) -> Verdict:
    """CON-4 of one step."""
    if not step.changes:
        return None
    for account_id, old, new in step.changes:
        if old is None or new.cash is not old.cash:
            breach = _reserve_breach(step.after, account_id, new)
            if breach is not None:
                return breach
    return HELD


def reserves_are_never_negative(span: Span) -> Verdict:
    """CON-4: custody of every asset, `@insurance`, `@fees` and every balance but settlement cash are never negative."""
    for account_id, account in span.now.accounts.items():
        breach = _reserve_breach(span.now, account_id, account)
        if breach is not None:
            return breach
    return HELD


LAWS = (
    StepLaw(
        "CON-1",
        "Per asset, all accounts sum to zero, settlement cash together with every reference cost.",
        touched_balances_sum_to_zero,
    ),
    StateLaw("CON-1", "Per asset, all accounts sum to zero, over the whole state.", balances_sum_to_zero),
    StepLaw("CON-2", "Per market, sizes sum to zero.", touched_sizes_sum_to_zero),
    StateLaw("CON-2", "Open interest is the sum of the longs and of the shorts.", open_interest_is_balanced),
    StateLaw(
        "CON-3",
        "At any mark and prices, account values sum to the value of custody, exactly.",
        account_values_sum_to_custody,
    ),
    StepLaw(
        "CON-4",
        "Custody of every asset, @insurance, @fees and every balance but settlement cash are never negative.",
        touched_reserves_are_never_negative,
    ),
    StateLaw("CON-4", "No reserve is negative, over the whole state.", reserves_are_never_negative),
)
