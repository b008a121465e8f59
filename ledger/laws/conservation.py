"""Laws of conservation: nothing is made or lost, nothing reserved goes below zero, nothing unreached moves."""

from immutables import Map

from ..margin import account_value
from ..rulebook import EXTERNAL, FEES, INSURANCE
from ..state import Market, State
from .law import HELD, Breach, Looks, Span, StateLaw, Step, StepLaw, Verdict


def _sum_verdict(step: Step, columns: dict[str, int]) -> Verdict:
    for column, total in columns.items():
        if total != 0:
            return Breach(f"{column} changed by {total} in sum over all accounts", tuple(step.changes))
    return HELD


def touched_balances_sum_to_zero(step: Step) -> Verdict:
    """CON-1 of one step: what the accounts that changed gained sums to zero in each asset."""
    if not step.changes:
        return None
    settlement = step.before.rulebook.settlement_asset
    totals = {settlement: 0}
    for change in step.changes.values():
        for asset, moved in change.cash.items():
            totals[asset] = totals.get(asset, 0) + moved
        for _, reference_cost in change.positions.values():
            totals[settlement] += reference_cost
    return _sum_verdict(step, totals)


def touched_sizes_sum_to_zero(step: Step) -> Verdict:
    """CON-2 of one step."""
    totals: dict[str, int] = {}
    for change in step.changes.values():
        for market_id, (size, _) in change.positions.items():
            totals[market_id] = totals.get(market_id, 0) + size
    return _sum_verdict(step, totals) if totals else None


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


def _reserve_breach(settlement: str, account_id: str, asset: str, amount: int) -> Breach | None:
    """What is wrong with an account that has so many atoms of the asset."""
    if account_id == EXTERNAL:
        return Breach(f"custody of {asset} is {-amount}, below zero", (EXTERNAL,)) if amount > 0 else None
    if asset == settlement and account_id not in (INSURANCE, FEES):
        return None
    if amount < 0:
        return Breach(f"{account_id} holds {amount} of {asset}, below zero", (account_id,))
    if asset != settlement and account_id in (INSURANCE, FEES):
        return Breach(f"{account_id} holds {asset}", (account_id,))
    return None


def touched_reserves_are_never_negative(step: Step) -> Verdict:
    """CON-4 of one step."""
    if not step.changes:
        return None
    settlement = step.before.rulebook.settlement_asset
    for account_id, change in step.changes.items():
        held = change.new.cash
        for asset in change.cash:
            breach = _reserve_breach(settlement, account_id, asset, held[asset]) if asset in held else None
            if breach is not None:
                return breach
    return HELD


def reserves_are_never_negative(span: Span) -> Verdict:
    """CON-4: custody of every asset, `@insurance`, `@fees` and every balance but settlement cash are never negative."""
    settlement = span.now.rulebook.settlement_asset
    for account_id, account in span.now.accounts.items():
        for asset, amount in account.cash.items():
            breach = _reserve_breach(settlement, account_id, asset, amount)
            if breach is not None:
                return breach
    return HELD


LAWS = (
    StepLaw(
        "CON-1",
        "Per asset, all accounts sum to zero, settlement cash together with every reference cost.",
        touched_balances_sum_to_zero,
        looks=Looks.MOVED,
    ),
    StateLaw("CON-1", "Per asset, all accounts sum to zero, over the whole state.", balances_sum_to_zero),
    StepLaw("CON-2", "Per market, sizes sum to zero.", touched_sizes_sum_to_zero, looks=Looks.MOVED),
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
        looks=Looks.MOVED,
    ),
    StateLaw("CON-4", "No reserve is negative, over the whole state.", reserves_are_never_negative),
)
