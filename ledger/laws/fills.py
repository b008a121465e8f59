"""Laws of fills: what a fill books, who may be a side of it, what it costs, and the collateral it needs."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import attrs
from immutables import Map

from ..capacity import limits_in_force
from ..margin import (
    distress_collateral,
    exposure,
    free_collateral,
    mark_per_lot,
    notional,
    unrealised_pnl,
)
from ..outcomes import Applied, FeesCharged
from ..postings import PositionPosting, post
from ..rulebook import FEES, is_system
from ..state import Account, State, size_of
from ..transactions import Liquidate, Trade, Withdraw
from ..units import RATE_SCALE, floor_to_multiple
from .law import HELD, Breach, Change, Step, StepLaw, Verdict, change_of, once


@attrs.define(eq=False)
class _Fill:
    """One fill of a step: what was asked, what was charged, the accounts before and after it, and how its buyer and its
    seller changed in between, where they did."""

    market: str
    buyer: str
    seller: str
    taker: str
    size: int
    price: int
    charged: FeesCharged
    earlier: Map[str, Account]
    later: Map[str, Account]
    changes: Mapping[str, Change]


def _after_each_fill(step: Step) -> Iterator[Map[str, Account]]:
    """The accounts before the first fill of a step and after each, from its postings alone.

    A fill begins with two postings of sizes; what follows up to the next such pair, fees and rolls, belongs to it.
    """
    assert isinstance(step.outcome, Applied)
    postings = step.outcome.postings
    sized = [n for n, posting in enumerate(postings) if isinstance(posting, PositionPosting) and posting.size != 0]
    settlement = step.before.rulebook.settlement_asset
    accounts, done = step.before.accounts, 0
    for begin in [*sized[::2], len(postings)]:
        accounts, done = post(accounts, postings[done:begin], settlement_asset=settlement), begin
        yield accounts


@once
def _fills(step: Step) -> tuple[_Fill, ...]:
    """The fills of a trade or a liquidation round, in order."""
    return tuple(_fills_of(step))


def _fills_of(step: Step) -> Iterator[_Fill]:
    transaction = step.transaction
    charges = step.happened(FeesCharged)
    if isinstance(transaction, Trade):
        buyer, seller = transaction.buyer, transaction.seller
        taker = buyer if transaction.buyer_is_taker else seller
        terms = (transaction.market, buyer, seller, taker, transaction.size, transaction.price)
        charged = next(charges, None)
        assert charged is not None, "a trade without fees charged"
        yield _Fill(*terms, charged, step.before.accounts, step.after.accounts, step.changes)
    elif isinstance(transaction, Liquidate) and transaction.fills:
        own = transaction.account
        stages = pairwise(_after_each_fill(step))
        for asked, charged, (earlier, later) in zip(transaction.fills, charges, stages, strict=True):
            sells = size_of(earlier[own], asked.market) > 0
            buyer, seller = (asked.counterparty, own) if sells else (own, asked.counterparty)
            changes = {side: change_of(side, earlier[side], later[side]) for side in (buyer, seller)}
            yield _Fill(asked.market, buyer, seller, own, asked.size, asked.price, charged, earlier, later, changes)


def _booking_breach(state: State, fill: _Fill, side: str, *, direction: int, fee: int) -> Breach | None:
    """What one side of a fill moved: its size, its value at mark by price and fee, and its pnl where it must roll."""
    contracts, markets, settlement = state.rulebook.contracts, state.markets, state.rulebook.settlement_asset
    change = fill.changes.get(side)
    positions, cash = ({}, {}) if change is None else (change.positions, change.cash)
    if fill.market not in positions and fill.size != 0:
        return Breach(f"{side} did not move in {fill.market} in a fill of {fill.size}", (side,))
    gained = 0
    for market_id, (size, reference_cost) in positions.items():
        if size != (direction * fill.size if market_id == fill.market else 0):
            return Breach(f"{side} moved by {size} lots of {market_id} in a fill of {fill.size}", (side,))
        gained += size * mark_per_lot(contracts[market_id], markets[market_id]) + reference_cost
    for asset, amount in cash.items():
        if asset != settlement and amount != 0:
            return Breach(f"{side} moved by {amount} atoms of {asset} in a fill", (side,))
        gained += amount
    contract = contracts[fill.market]
    per_lot = mark_per_lot(contract, markets[fill.market])
    gain = direction * fill.size * (per_lot - fill.price * contract.multiplier) - fee
    if gained != gain:
        return Breach(f"{side} is not worth {gain} atoms more for the fill and its fee", (side,))
    was, now = size_of(fill.earlier[side], fill.market), size_of(fill.later[side], fill.market)
    if was != 0 and (now == 0 or (was > 0) != (now > 0)):
        if unrealised_pnl(state, fill.later[side]) != 0:
            return Breach(f"{side} closed or flipped and did not roll", (side,))
    elif any(cash.values()):
        return Breach(f"the cash of {side} moved without a roll", (side,))
    return None


def a_fill_books_its_size_price_and_fees(step: Step) -> Verdict:
    """FIL-1: each fill moves its size from seller to buyer at its price and its fees to `@fees`, and nothing else.

    A side that closes or flips rolls."""
    state, fired = step.before, False
    settlement = state.rulebook.settlement_asset
    for fill in _fills(step):
        fired = True
        charged = fill.charged
        if (charged.market, charged.buyer, charged.seller) != (fill.market, fill.buyer, fill.seller):
            return Breach("fees were charged for another fill", (fill.buyer, fill.seller))
        for side, direction, fee in ((fill.buyer, 1, charged.buyer_fee), (fill.seller, -1, charged.seller_fee)):
            breach = _booking_breach(state, fill, side, direction=direction, fee=fee)
            if breach is not None:
                return breach
        collected = fill.later[FEES].cash.get(settlement, 0) - fill.earlier[FEES].cash.get(settlement, 0)
        if collected != charged.buyer_fee + charged.seller_fee:
            return Breach(f"@fees moved by {collected} atoms", (FEES,))
    return HELD if fired else None


def _side_verdict(state: State, account_id: str, market_id: str, before: Account, after: Account) -> Verdict:
    """One side of a fill: None where it reduced with free collateral left, so that nothing had to be asked."""
    was, now = size_of(before, market_id), size_of(after, market_id)
    grew = abs(now) > abs(was) or was * now < 0
    if free_collateral(state, after) >= 0:
        return HELD if grew else None
    if grew:
        return Breach(f"{account_id} grew its exposure in {market_id} without free collateral", (account_id,))
    if not after.positions:
        return Breach(f"{account_id} closed everything with negative effective collateral", (account_id,))
    rate_after = distress_collateral(state, after) * exposure(state, before)
    if rate_after < distress_collateral(state, before) * exposure(state, after):
        return Breach(f"the margin rate of {account_id} fell below initial margin", (account_id,))
    return HELD


def risk_is_taken_with_free_collateral(step: Step) -> Verdict:
    """MAR-1: free collateral is zero or more after exposure grew, the margin rate fell or money was withdrawn.

    Several fills are judged one after the other, as each was admitted.
    """
    transaction, state = step.transaction, step.after
    if isinstance(transaction, Withdraw):
        account_id = transaction.account
        if is_system(account_id):
            return None
        if free_collateral(state, step.after.accounts[account_id]) < 0:
            return Breach(f"{account_id} withdrew without free collateral", (account_id,))
        return HELD
    own = transaction.account if isinstance(transaction, Liquidate) else None
    fired = False
    for fill in _fills(step):
        for side in (fill.buyer, fill.seller):
            if side == own:
                continue
            verdict = _side_verdict(state, side, fill.market, fill.earlier[side], fill.later[side])
            if isinstance(verdict, Breach):
                return verdict
            fired = fired or verdict is HELD
    return HELD if fired else None


def parties_may_trade(step: Step) -> Verdict:
    """MAR-2: a fill is between two ordinary active accounts that differ, of a positive size, on tick, within the band;
    a withdrawal is by an active account."""
    transaction, state = step.transaction, step.before
    if isinstance(transaction, Withdraw):
        active = state.accounts[transaction.account].liquidation is None
        return HELD if active else Breach(f"{transaction.account} withdrew while liquidating", (transaction.account,))
    if isinstance(transaction, Trade):
        fills = [(transaction.market, transaction.size, transaction.price)]
        pairs = [(transaction.buyer, transaction.seller)]
    else:
        assert isinstance(transaction, Liquidate)
        fills = [(fill.market, fill.size, fill.price) for fill in transaction.fills]
        pairs = [(transaction.account, fill.counterparty) for fill in transaction.fills]
    for market_id, size, price in fills:
        contract, mark = state.rulebook.contracts[market_id], state.markets[market_id].mark
        if size <= 0 or price <= 0 or floor_to_multiple(price, contract.tick) != price:
            return Breach(f"a fill of {size} lots at {price}, tick {contract.tick}")
        band = contract.price_band
        if band is not None and abs(price - mark) * RATE_SCALE > band * mark:
            return Breach(f"a fill at {price}, outside the band around {mark}")
    for first, second in pairs:
        if first == second or is_system(first) or is_system(second):
            return Breach(f"a fill between {first} and {second}", (first, second))
        if state.accounts[second].liquidation is not None:
            return Breach(f"a fill against {second}, which is liquidating", (second,))
        if isinstance(transaction, Trade) and state.accounts[first].liquidation is not None:
            return Breach(f"a trade of {first}, which is liquidating", (first,))
    return HELD if fills else None


def providers_pay_the_lowest_fees(step: Step) -> Verdict:
    """FEE-1: for the same fill and role no account pays less than a provider; the venue never pays out on a trade.

    Each fee is its rate's exact share of notional, rounded against the payer to the fee unit. It fires where an obliged
    provider or a rebate is party to it.
    """
    state, fired = step.before, False
    rulebook, time = state.rulebook, step.transaction.time
    unit = rulebook.fee_unit
    for fill in _fills(step):
        charged = fill.charged
        if charged.buyer_fee + charged.seller_fee < 0:
            return Breach("the venue paid out more than it took", (charged.buyer, charged.seller))
        value = notional(rulebook.contracts[fill.market], fill.size, fill.price)
        for payer, fee in ((fill.buyer, charged.buyer_fee), (fill.seller, charged.seller_fee)):
            own = rulebook.fee_tiers[state.accounts[payer].fee_tier]
            takes = payer == fill.taker
            rate = own.taker if takes else own.maker
            if limits_in_force(rulebook.program, state.providers.get(payer), time) is not None:
                rate = min(tier.taker if takes else tier.maker for tier in rulebook.fee_tiers.values())
                fired = True
            fired = fired or fee < 0
            over = fee * RATE_SCALE - value * rate
            if not 0 <= over < unit * RATE_SCALE or floor_to_multiple(fee, unit) != fee:
                return Breach(f"{payer} paid {fee} atoms at {rate} ppb of {value}", (payer,))
    return HELD if fired else None


LAWS = (
    StepLaw(
        "FIL-1",
        "A fill moves its size from seller to buyer at its price and its fees to @fees, and nothing else; a side that "
        "closes or flips rolls.",
        a_fill_books_its_size_price_and_fees,
        (Trade, Liquidate),
    ),
    StepLaw(
        "MAR-1",
        "By trade, counterparty fill or withdrawal, exposure grows, the margin rate falls or money is withdrawn only "
        "with free collateral zero or more afterwards.",
        risk_is_taken_with_free_collateral,
        (Trade, Withdraw, Liquidate),
    ),
    StepLaw(
        "MAR-2",
        "Fills are between two ordinary active accounts, of positive size, on tick and within the band.",
        parties_may_trade,
        (Trade, Withdraw, Liquidate),
    ),
    StepLaw(
        "FEE-1",
        "For the same fill and role no account pays less than a provider; the venue never pays out on a trade.",
        providers_pay_the_lowest_fees,
        (Trade, Liquidate),
    ),
)
