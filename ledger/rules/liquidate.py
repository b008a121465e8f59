"""liquidate: one round of closing a distressed account on the book."""

from immutables import Map

from ..margin import (
    account_value,
    distress_collateral,
    is_above_release,
    is_liquidatable,
    maintenance_margin,
    mark_per_lot,
)
from ..outcomes import LiquidationStarted, Outcome, Reason, Rejected, Released, RoundMade
from ..state import Account, Liquidation, State, has_used_up_rounds, size_of, with_liquidation
from ..transactions import Fill, Liquidate
from ..units import EXACT_SCALE, floor_div
from .effects import Movement, applied
from .fills import fill, refuse_side, refuse_terms
from .parties import refuse_liquidating, refuse_stranger
from .preparation import prepare


def refuse_round(state: State, account: Account, transaction: Liquidate) -> Rejected | None:
    """The prepared account is liquidatable; or it is liquidating, has waited, and has a round left for fills."""
    account_id, terms = transaction.account, state.rulebook.liquidation
    if account.liquidation is None:
        if not is_liquidatable(state, account):
            distress, required = distress_collateral(state, account), maintenance_margin(state, account)
            return Rejected(Reason.NOT_LIQUIDATABLE, distress * EXACT_SCALE, required, account_id)
    else:
        waited = transaction.time - account.liquidation.time
        if waited < terms.round_interval:
            return Rejected(Reason.ROUND_TOO_SOON, waited, terms.round_interval, account_id)
        if has_used_up_rounds(state, account) and transaction.fills:
            return Rejected(Reason.ROUNDS_USED_UP, len(transaction.fills), 0, account_id)
    return None


def next_round(state: State, account: Account, time: int) -> Liquidation:
    """The round that this call makes: the first one, from the sizes held now, or the next one, `rounds` at most."""
    begun = account.liquidation
    if begun is None:
        sizes = Map({market_id: position.size for market_id, position in account.positions.items()})
        return Liquidation(1, time, sizes)
    return Liquidation(min(begun.round + 1, state.rulebook.liquidation.rounds), time, begun.starting_sizes)


def refuse_fill(state: State, accounts: Map[str, Account], account_id: str, requested: Fill) -> Rejected | None:
    """A fill as it is asked for: its terms, another account that is open and active, and a size there is to close."""
    counterparty, size = requested.counterparty, requested.size
    refusal = refuse_terms(state, requested.market, size=size, price=requested.price)
    if refusal is not None:
        return refusal
    if counterparty == account_id:
        return Rejected(Reason.SAME_ACCOUNT, counterparty, "another account", account_id)
    refusal = refuse_stranger(state, counterparty) or refuse_liquidating(state, counterparty)
    if refusal is not None:
        return refusal
    held = size_of(accounts[account_id], requested.market)
    if held == 0:
        return Rejected(Reason.NOTHING_TO_REDUCE, size, 0, account_id)
    if size > abs(held):
        return Rejected(Reason.FILL_BEYOND_POSITION, size, abs(held), account_id)
    return None


def close(state: State, accounts: Map[str, Account], account_id: str, requested: Fill, time: int) -> Movement:
    """The fill: the account reduces its position as the taker, against the counterparty as the maker."""
    is_long = size_of(accounts[account_id], requested.market) > 0
    return fill(
        state,
        accounts,
        time=time,
        market_id=requested.market,
        buyer=requested.counterparty if is_long else account_id,
        seller=account_id if is_long else requested.counterparty,
        size=requested.size,
        price=requested.price,
        buyer_is_taker=not is_long,
    )


def round_limit(*, starting_size: int, fraction: int, minimum_value: int, per_lot: int) -> int:
    """The most lots a round may close of a market: `max(1, floor(start / fraction), floor(minimum_value / m))`."""
    return max(1, floor_div(abs(starting_size), fraction), floor_div(minimum_value, per_lot))


def market_limit(state: State, liquidation: Liquidation, market_id: str) -> int:
    """The round limit of a market at its mark, in lots."""
    terms = state.rulebook.liquidation
    return round_limit(
        starting_size=liquidation.starting_sizes.get(market_id, 0),
        fraction=terms.fraction,
        minimum_value=terms.minimum_value,
        per_lot=mark_per_lot(state.rulebook.contracts[market_id], state.markets[market_id]),
    )


def refuse_closed(
    state: State,
    before: Map[str, Account],
    after: Map[str, Account],
    account_id: str,
    requested: Fill,
    *,
    liquidation: Liquidation,
    closed: int,
) -> Rejected | None:
    """What a fill leads to: no negative account value, a round within its limit, a counterparty that is admitted.

    `closed`: the lots this round closed of the market, this fill included.
    """
    market_id, counterparty = requested.market, requested.counterparty
    value_left = account_value(state, after[account_id])
    if value_left < 0:
        return Rejected(Reason.ACCOUNT_VALUE_NEGATIVE, value_left, 0, account_id)
    most = market_limit(state, liquidation, market_id)
    if closed > most:
        return Rejected(Reason.FILL_BEYOND_ROUND, closed, most, account_id)
    return refuse_side(
        state,
        counterparty,
        market_id=market_id,
        time=liquidation.time,
        before=before[counterparty],
        after=after[counterparty],
    )


def is_released(state: State, account: Account) -> bool:
    """Above release; or, with the rounds used up, above maintenance margin."""
    if is_above_release(state, account):
        return True
    if not has_used_up_rounds(state, account):
        return False
    return distress_collateral(state, account) * EXACT_SCALE > maintenance_margin(state, account)


def liquidate(state: State, transaction: Liquidate) -> Outcome:
    """Prepare the account, apply the round's fills one after the other, and release it if it is healthy again."""
    account_id, time = transaction.account, transaction.time
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    prepared = prepare(state, account_id)
    account = prepared.accounts[account_id]
    refusal = refuse_round(state, account, transaction)
    if refusal is not None:
        return refusal

    liquidation = next_round(state, account, time)
    accounts = prepared.accounts.set(account_id, with_liquidation(account, liquidation))
    postings, events = prepared.postings, prepared.events
    if account.liquidation is None:
        events = (*events, LiquidationStarted(account_id))

    closed: dict[str, int] = {}
    for requested in transaction.fills:
        market_id = requested.market
        refusal = refuse_fill(state, accounts, account_id, requested)
        if refusal is not None:
            return refusal
        filled = close(state, accounts, account_id, requested, time)
        closed[market_id] = closed.get(market_id, 0) + requested.size
        refusal = refuse_closed(
            state, accounts, filled.accounts, account_id, requested, liquidation=liquidation, closed=closed[market_id]
        )
        if refusal is not None:
            return refusal
        accounts = filled.accounts
        postings, events = (*postings, *filled.postings), (*events, *filled.events)

    events = (*events, RoundMade(account_id, liquidation.round, len(transaction.fills)))
    if is_released(state, accounts[account_id]):
        accounts = accounts.set(account_id, with_liquidation(accounts[account_id], None))
        events = (*events, Released(account_id))
    return applied(state, time, accounts=accounts, postings=postings, events=events)
