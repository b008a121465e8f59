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
from ..state import Account, Liquidation, State, size_of
from ..transactions import Liquidate
from ..units import EXACT_SCALE, floor_div
from .effects import applied
from .fills import fill, refuse_side, refuse_terms
from .parties import refuse_liquidating, refuse_stranger
from .preparation import prepare


def with_liquidation(account: Account, liquidation: Liquidation | None) -> Account:
    """The account with its liquidation begun, advanced or, with None, ended."""
    return Account(account.cash, account.positions, account.max_leverage, account.fee_tier, liquidation)


def round_limit(*, starting_size: int, fraction: int, minimum_value: int, per_lot: int) -> int:
    """The most lots a round may close of a market: `max(1, floor(start / fraction), floor(minimum_value / m))`."""
    return max(1, floor_div(abs(starting_size), fraction), floor_div(minimum_value, per_lot))


def is_released(state: State, account: Account, *, round_made: int) -> bool:
    """Above release; or, with the rounds used up, above maintenance margin."""
    if is_above_release(state, account):
        return True
    if round_made < state.rulebook.liquidation.rounds:
        return False
    return distress_collateral(state, account) * EXACT_SCALE > maintenance_margin(state, account)


def liquidate(state: State, transaction: Liquidate) -> Outcome:
    """Prepare the account, apply the round's fills one after the other, and release it if it is healthy again."""
    account_id, time, terms = transaction.account, transaction.time, state.rulebook.liquidation
    refusal = refuse_stranger(state, account_id)
    if refusal is not None:
        return refusal
    prepared = prepare(state, account_id)
    accounts, postings, events = prepared.accounts, prepared.postings, prepared.events
    account = accounts[account_id]
    if account.liquidation is None:
        if not is_liquidatable(state, account):
            distress, required = distress_collateral(state, account), maintenance_margin(state, account)
            return Rejected(Reason.NOT_LIQUIDATABLE, distress * EXACT_SCALE, required, account_id)
        starting_sizes = Map({market_id: position.size for market_id, position in account.positions.items()})
        round_made = 1
        events = (*events, LiquidationStarted(account_id))
    else:
        waited = time - account.liquidation.time
        if waited < terms.round_interval:
            return Rejected(Reason.ROUND_TOO_SOON, waited, terms.round_interval, account_id)
        if account.liquidation.round >= terms.rounds and transaction.fills:
            return Rejected(Reason.ROUNDS_USED_UP, len(transaction.fills), 0, account_id)
        starting_sizes = account.liquidation.starting_sizes
        round_made = min(account.liquidation.round + 1, terms.rounds)
    accounts = accounts.set(account_id, with_liquidation(account, Liquidation(round_made, time, starting_sizes)))

    closed: dict[str, int] = {}
    for requested in transaction.fills:
        market_id, counterparty, size = requested.market, requested.counterparty, requested.size
        refusal = refuse_terms(state, market_id, size=size, price=requested.price)
        if refusal is not None:
            return refusal
        if counterparty == account_id:
            return Rejected(Reason.SAME_ACCOUNT, counterparty, "another account", account_id)
        refusal = refuse_stranger(state, counterparty) or refuse_liquidating(state, counterparty)
        if refusal is not None:
            return refusal
        held = size_of(accounts[account_id], market_id)
        if held == 0:
            return Rejected(Reason.NOTHING_TO_REDUCE, size, 0, account_id)
        if size > abs(held):
            return Rejected(Reason.FILL_BEYOND_POSITION, size, abs(held), account_id)
        buyer, seller = (counterparty, account_id) if held > 0 else (account_id, counterparty)
        filled = fill(
            state,
            accounts,
            time=time,
            market_id=market_id,
            buyer=buyer,
            seller=seller,
            size=size,
            price=requested.price,
            buyer_is_taker=buyer == account_id,
        )
        value_left = account_value(state, filled.accounts[account_id])
        if value_left < 0:
            return Rejected(Reason.ACCOUNT_VALUE_NEGATIVE, value_left, 0, account_id)
        closed[market_id] = closed.get(market_id, 0) + size
        most = round_limit(
            starting_size=starting_sizes.get(market_id, 0),
            fraction=terms.fraction,
            minimum_value=terms.minimum_value,
            per_lot=mark_per_lot(state.rulebook.contracts[market_id], state.markets[market_id]),
        )
        if closed[market_id] > most:
            return Rejected(Reason.FILL_BEYOND_ROUND, closed[market_id], most, account_id)
        refusal = refuse_side(
            state,
            counterparty,
            market_id=market_id,
            time=time,
            before=accounts[counterparty],
            after=filled.accounts[counterparty],
        )
        if refusal is not None:
            return refusal
        accounts = filled.accounts
        postings, events = (*postings, *filled.postings), (*events, *filled.events)

    events = (*events, RoundMade(account_id, round_made, len(transaction.fills)))
    remaining = accounts[account_id]
    if is_released(state, remaining, round_made=round_made):
        accounts = accounts.set(account_id, with_liquidation(remaining, None))
        events = (*events, Released(account_id))
    return applied(state, time, accounts=accounts, postings=postings, events=events)
