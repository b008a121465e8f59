"""trade: its page (specs/rules/trade)."""

from collections.abc import Iterator

import attrs

from ledger.outcomes import Event, FeesCharged, Reason
from ledger.postings import CashPosting, PositionPosting, Posting
from ledger.rulebook import FEES
from ledger.state import Account, Position, State
from ledger.transactions import Trade

from ..engine import implies, negation
from ..pages import Check, Effects, Figure, Page
from ..quantities import (
    RATE,
    WHOLE,
    account_value,
    covers,
    distress_collateral,
    effective_collateral,
    exposure,
    initial_margin_over,
    lowest_fees,
    obliged,
    rounded_down,
    rounded_up,
)
from ..watched import Reach
from .shared import is_active, is_ordinary_and_open, rolled


def checks(state: State, transaction: Trade) -> Iterator[Check]:
    """The table of the page; 13 to 16 of the buyer, then of the seller."""
    yield from of_terms("trade", 1, state, transaction.market, transaction.size, transaction.price)
    buyer, seller = transaction.buyer, transaction.seller
    yield Check("trade-6", Reason.SAME_ACCOUNT, buyer != seller, seller, "another account", buyer)
    yield from is_ordinary_and_open("trade", 7, state, buyer)
    yield from is_ordinary_and_open("trade", 9, state, seller)
    yield from is_active("trade", 11, state, buyer)
    yield from is_active("trade", 12, state, seller)
    after = filled(state, transaction)
    for side in (buyer, seller):
        yield from is_admitted(
            "trade",
            13,
            state,
            side,
            market=transaction.market,
            time=transaction.time,
            before=state.accounts[side],
            after=after.accounts[side],
        )


def of_terms(rule: str, number: int, state: State, market: str, size: int, price: int) -> Iterator[Check]:
    """Five checks of a fill's market, size and price."""
    contracts = state.rulebook.contracts
    yield Check(f"{rule}-{number}", Reason.UNKNOWN_MARKET, market in contracts, market, "a listed market", market)
    yield Check(
        f"{rule}-{number + 1}",
        Reason.MARKET_WITHOUT_MARK,
        market in state.markets,
        market,
        "a market with a mark",
        market,
    )
    yield Check(f"{rule}-{number + 2}", Reason.SIZE_NOT_POSITIVE, size > 0, size, 0, market)
    tick = contracts[market].tick
    on_tick = (price > 0) & (price % tick == 0)
    yield Check(f"{rule}-{number + 3}", Reason.PRICE_OFF_TICK, on_tick, price, tick, market)
    mark, band = state.markets[market].mark, contracts[market].price_band
    if band is not None:
        within = ((price - mark) * RATE <= band * mark) & ((mark - price) * RATE <= band * mark)
        end = band_end(price=price, mark=mark, band=band)
        yield Check(f"{rule}-{number + 4}", Reason.PRICE_OUTSIDE_BAND, within, price, end, market)


def band_end(*, price: int, mark: int, band: int) -> Figure:
    """The end of the band on the side of the price."""

    def is_end(limit: int) -> bool:
        if price > mark:
            return rounded_down((mark * (RATE + band), RATE))(limit)
        return rounded_up((mark * (RATE - band), RATE))(limit)

    return is_end


def is_admitted(
    rule: str, number: int, state: State, side: str, *, market: str, time: int, before: Account, after: Account
) -> Iterator[Check]:
    """Four checks of a side of a fill, with what it held before and holds afterwards."""
    old, new = size_in(before, market), size_in(after, market)
    grew = (new > old) & (new > -old) | (new < old) & (new < -old) | (old > 0) & (new < 0) | (old < 0) & (new > 0)
    effective, required = effective_collateral(state, after), initial_margin_over(state, after)
    is_covered, is_flat = covers(effective, required), not after.positions
    # One of the three applies; which one is decided, so that the figures of the others need not be.
    holds = [True, True, True]
    least: Figure = 0
    distress = 0
    if grew:
        holds[0] = is_covered
    elif is_flat:
        holds[1] = effective >= 0
    else:
        distress, earlier = distress_collateral(state, after), distress_collateral(state, before)
        exposed, exposed_earlier = exposure(state, after), exposure(state, before)
        holds[2] = is_covered | (distress * exposed_earlier >= earlier * exposed)
        least = rounded_up((earlier * WHOLE * exposed, exposed_earlier))
    covered = rounded_up(required)
    yield Check(f"{rule}-{number}", Reason.FREE_COLLATERAL_NEGATIVE, holds[0], effective, covered, side)
    yield Check(f"{rule}-{number + 1}", Reason.EFFECTIVE_COLLATERAL_NEGATIVE, holds[1], effective, 0, side)
    yield Check(f"{rule}-{number + 2}", Reason.MARGIN_RATE_FELL, holds[2], distress * WHOLE, least, side)
    is_obliged, _ = obliged(state, side, time)
    value, minimum = account_value(state, after), state.rulebook.program.minimum_account_value * WHOLE
    fell = (value < minimum) & (account_value(state, before) >= minimum)
    keeps = implies(is_obliged, negation(fell))
    yield Check(f"{rule}-{number + 3}", Reason.PROVIDER_BELOW_MINIMUM, keeps, value, minimum, side)


def size_in(account: Account, market: str) -> int:
    """Lots held."""
    return account.positions[market].size if market in account.positions else 0


def fee_of(state: State, account_id: str, *, time: int, value: int, takes: bool) -> int:
    """A side's fee: its tier's rate, or a provider's, rounded up to the fee unit."""
    rulebook = state.rulebook
    is_obliged, _ = obliged(state, account_id, time)
    rates = lowest_fees(rulebook) if is_obliged else rulebook.fee_tiers[state.accounts[account_id].fee_tier]
    rate = rates.taker if takes else rates.maker
    return -(-value * rate // (RATE * rulebook.fee_unit)) * rulebook.fee_unit


@attrs.frozen
class Filled:
    """The accounts that a fill changes, its postings and events."""

    accounts: dict[str, Account]
    postings: tuple[Posting, ...]
    events: tuple[Event, ...]


def filled(state: State, transaction: Trade) -> Filled:
    """The fill, fees and rolls."""
    market, buyer, seller = transaction.market, transaction.buyer, transaction.seller
    size, time, settlement = transaction.size, transaction.time, state.rulebook.settlement_asset
    value = size * transaction.price * state.rulebook.contracts[market].multiplier
    buyer_takes = transaction.buyer_is_taker
    fees = {
        buyer: fee_of(state, buyer, time=time, value=value, takes=buyer_takes),
        seller: fee_of(state, seller, time=time, value=value, takes=not buyer_takes),
    }
    collected = fees[buyer] + fees[seller]
    accounts: dict[str, Account] = {}
    postings: list[Posting] = []
    events: list[Event] = [FeesCharged(market, buyer, fees[buyer], seller, fees[seller])]
    for side, moved, paid in ((buyer, size, value + fees[buyer]), (seller, -size, -value + fees[seller])):
        before = state.accounts[side]
        held = before.positions.get(market, Position(0, 0))
        positions = before.positions.set(market, Position(held.size + moved, held.reference_cost - paid))
        accounts[side] = attrs.evolve(before, positions=positions)
        postings.append(PositionPosting(side, market, moved, -paid))
    if collected != 0:
        postings.append(CashPosting(FEES, settlement, collected))
        cash = state.accounts[FEES].cash
        cash = cash.set(settlement, cash.get(settlement, 0) + collected)
        accounts[FEES] = attrs.evolve(state.accounts[FEES], cash=cash)
    for side in (buyer, seller):
        old, new = size_in(state.accounts[side], market), size_in(accounts[side], market)
        if (old > 0 and new <= 0) or (old < 0 and new >= 0):
            accounts[side], own_postings, own_events = rolled(state, side, accounts[side])
            postings, events = postings + own_postings, events + own_events
        if new == 0:
            accounts[side] = attrs.evolve(accounts[side], positions=accounts[side].positions.delete(market))
    return Filled(accounts, tuple(postings), tuple(events))


def effects(state: State, transaction: Trade) -> Effects:
    """The fill."""
    done = filled(state, transaction)
    return Effects(accounts=done.accounts, postings=done.postings, events=done.events)


def reach(state: State, transaction: Trade) -> Reach:
    """The two sides with their records as providers, what they hold at its prices and marks, and `@fees`."""
    sides = (transaction.buyer, transaction.seller)
    accounts = [account for side in sides if (account := state.accounts.get(side)) is not None]
    return Reach(
        accounts=frozenset((*sides, FEES)),
        markets=frozenset((transaction.market, *(market for account in accounts for market in account.positions))),
        prices=frozenset((state.rulebook.settlement_asset, *(asset for account in accounts for asset in account.cash))),
        providers=frozenset(sides),
    )


PAGE = Page("trade", checks, effects, reach)
