"""Laws of trading and of the venue's own actions: margin, fees, funding, marks."""

from collections.abc import Iterator
from itertools import pairwise

from immutables import Map

from ..capacity import limits_in_force
from ..margin import (
    distress_collateral,
    exposure,
    free_collateral,
    notional,
)
from ..outcomes import Applied, FeesCharged, Funded, MarketMarked
from ..postings import PositionPosting, post
from ..rulebook import is_system
from ..state import Account, State, size_of
from ..transactions import Fund, Liquidate, MarkAsset, MarkMarket, Trade, Withdraw
from ..units import RATE_SCALE, floor_to_multiple, sign
from .law import HELD, Breach, HistoryLaw, Step, StepCheck, StepLaw, Verdict


def _side_breach(state: State, account_id: str, market_id: str, before: Account, after: Account) -> Breach | None:
    """One side of fills in a market, with what it held before and holds after all of them."""
    if free_collateral(state, after) >= 0:
        return None
    was, now = size_of(before, market_id), size_of(after, market_id)
    if abs(now) > abs(was) or was * now < 0:
        return Breach(f"{account_id} grew its exposure in {market_id} without free collateral", (account_id,))
    if not after.positions:
        return Breach(f"{account_id} closed everything with negative effective collateral", (account_id,))
    if distress_collateral(state, after) * exposure(state, before) < distress_collateral(state, before) * exposure(
        state, after
    ):
        return Breach(f"the margin rate of {account_id} fell below initial margin", (account_id,))
    return None


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


def risk_is_taken_with_free_collateral(step: Step) -> Verdict:
    """MAR-1: free collateral is zero or more after exposure grew, the margin rate fell or money was withdrawn.

    Several fills are judged one after the other, as each was admitted.
    """
    transaction, before, after = step.transaction, step.before.accounts, step.after.accounts
    state = step.after
    if isinstance(transaction, Withdraw):
        account_id = transaction.account
        if not is_system(account_id) and free_collateral(state, after[account_id]) < 0:
            return Breach(f"{account_id} withdrew without free collateral", (account_id,))
        return HELD
    if isinstance(transaction, Trade):
        for account_id in (transaction.buyer, transaction.seller):
            breach = _side_breach(state, account_id, transaction.market, before[account_id], after[account_id])
            if breach is not None:
                return breach
        return HELD
    assert isinstance(transaction, Liquidate)
    for fill, (earlier, later) in zip(transaction.fills, pairwise(_after_each_fill(step)), strict=True):
        side = fill.counterparty
        breach = _side_breach(state, side, fill.market, earlier[side], later[side])
        if breach is not None:
            return breach
    return HELD if transaction.fills else None


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

    Each fee is its rate's exact share of notional, rounded against the payer to the fee unit.
    """
    transaction, state = step.transaction, step.before
    rulebook, time = state.rulebook, step.transaction.time
    fills: tuple[tuple[str, int, int], ...]
    if isinstance(transaction, Trade):
        taker = transaction.buyer if transaction.buyer_is_taker else transaction.seller
        fills = ((transaction.market, transaction.size, transaction.price),)
    else:
        assert isinstance(transaction, Liquidate)
        taker = transaction.account
        fills = tuple((fill.market, fill.size, fill.price) for fill in transaction.fills)
    charges = step.happened(FeesCharged)
    for (market_id, size, price), charged in zip(fills, charges, strict=True):
        if charged.buyer_fee + charged.seller_fee < 0:
            return Breach("the venue paid out more than it took", (charged.buyer, charged.seller))
        value = notional(rulebook.contracts[market_id], size, price)
        for payer, fee in ((charged.buyer, charged.buyer_fee), (charged.seller, charged.seller_fee)):
            own = rulebook.fee_tiers[state.accounts[payer].fee_tier]
            takes = payer == taker
            rate = own.taker if takes else own.maker
            if limits_in_force(rulebook.program, state.providers.get(payer), time) is not None:
                rate = min(tier.taker if takes else tier.maker for tier in rulebook.fee_tiers.values())
            over = fee * RATE_SCALE - value * rate
            if not 0 <= over < rulebook.fee_unit * RATE_SCALE or floor_to_multiple(fee, rulebook.fee_unit) != fee:
                return Breach(f"{payer} paid {fee} atoms at {rate} ppb of {value}", (payer,))
    return HELD if fills else None


def _funding_breach(step: Step, transaction: Fund, event: Funded) -> Breach | None:
    """Rate, amount per lot and every position's part of one funding."""
    state, market_id = step.before, transaction.market
    market, contract = state.markets[market_id], state.rulebook.contracts[market_id]
    numerator, denominator = event.rate_numerator, event.rate_denominator
    clamp = state.rulebook.funding_clamp
    if denominator <= 0 or abs(numerator) * RATE_SCALE > clamp * denominator:
        return Breach(f"the rate {numerator}/{denominator} is beyond the clamp")
    if transaction.rate is not None:
        rate_is_right = numerator * RATE_SCALE == transaction.rate * denominator
    elif market.premium_count == 0:
        rate_is_right = numerator == 0
    else:
        mean = market.premium_count * market.index
        clamped = abs(numerator) * RATE_SCALE == clamp * denominator
        beyond = abs(market.premium_sum) * RATE_SCALE > clamp * mean
        exact = numerator * mean == market.premium_sum * denominator
        rate_is_right = (clamped and sign(numerator) == sign(market.premium_sum)) if beyond else exact
    if not rate_is_right:
        return Breach(f"the rate {numerator}/{denominator} is neither given nor the mean premium's")
    value = notional(contract, 1, market.index) * abs(numerator)
    paid = abs(event.per_lot) * denominator
    if not paid <= value < paid + denominator or event.per_lot * numerator < 0:
        return Breach(f"{event.per_lot} atoms per lot are not the rate's, rounded toward zero")
    held = {key: size_of(account, market_id) for key, account in state.accounts.items() if account.positions}
    for account_id, size in held.items():
        old, new = state.accounts[account_id], step.after.accounts[account_id]
        if size == 0:
            continue
        moved = new.positions[market_id].reference_cost - old.positions[market_id].reference_cost
        if moved != -event.per_lot * size:
            return Breach(f"{account_id} received {moved} atoms for {size} lots", (account_id,))
    return None


def funding_is_zero_sum_and_in_time(state: State) -> StepCheck:
    """FND-1: funding sums to exactly zero; its sign follows side and rate; once per interval, within its minute and
    clamp. Looks at every position, as funding does."""
    last = {market_id: market.last_funding for market_id, market in state.markets.items()}

    def check(step: Step) -> Verdict:
        transaction = step.transaction
        assert isinstance(transaction, Fund)
        terms = step.before.rulebook.funding
        instant = floor_to_multiple(transaction.time, terms.interval)
        market_id = transaction.market
        if transaction.time - instant >= terms.window:
            return Breach(f"funded {transaction.time - instant} ms after the instant")
        if market_id in last and instant <= last[market_id]:
            return Breach(f"the interval at {instant} was funded already")
        last[market_id] = instant
        events = tuple(step.happened(Funded))
        if len(events) != 1 or events[0].instant != instant or events[0].market != market_id:
            return Breach("a funding without its event")
        breach = _funding_breach(step, transaction, events[0])
        if breach is not None:
            return breach
        postings = getattr(step.outcome, "postings", ())
        total = sum(posting.reference_cost for posting in postings if isinstance(posting, PositionPosting))
        if total != 0 or not all(isinstance(posting, PositionPosting) for posting in postings):
            return Breach(f"funding sums to {total}, not to zero")
        after = step.after.markets[market_id]
        if (after.premium_sum, after.premium_count, after.last_funding) != (0, 0, instant):
            return Breach("the premium samples were not started anew")
        return HELD

    return check


def one_wrong_source_cannot_move_the_index(step: Step) -> Verdict:
    """MRK-1: whichever single source is wrong, the index is within the range of the others; and mark is index plus
    premium, positive, of enough listed sources."""
    transaction, rulebook = step.transaction, step.before.rulebook
    assert isinstance(transaction, MarkMarket | MarkAsset)
    quotes = transaction.quotes
    if isinstance(transaction, MarkAsset):
        if transaction.asset not in rulebook.assets:
            return Breach(f"the unlisted asset {transaction.asset} was given a price")
        index = step.after.prices[transaction.asset]
        if transaction.asset == rulebook.settlement_asset:
            return Breach("the settlement asset was given a price")
    else:
        if transaction.market not in rulebook.contracts:
            return Breach(f"the unlisted market {transaction.market} was marked")
        market = step.after.markets[transaction.market]
        index = market.index
        if market.mark != index + transaction.premium or market.mark <= 0:
            return Breach(f"mark {market.mark} is not index {index} plus premium {transaction.premium}, positive")
        if [event.mark for event in step.happened(MarketMarked)] != [market.mark]:
            return Breach("the mark is not the one announced")
        before = step.before.markets.get(transaction.market)
        count, total = (0, 0) if before is None else (before.premium_count, before.premium_sum)
        if (market.premium_count, market.premium_sum) != (count + 1, total + transaction.premium):
            return Breach("the premium was not sampled once")
    if len(quotes) < rulebook.minimum_sources or min(quotes.values()) <= 0:
        return Breach(f"an index of {len(quotes)} sources, or with a quote that is not positive")
    for source in quotes:
        if source not in rulebook.sources:
            return Breach(f"an index with the unlisted source {source}")
    # Without its lowest quote the others reach down to the second lowest, without its highest up to the second highest.
    in_order = sorted(quotes.values())
    if not in_order[1] <= index <= in_order[-2]:
        return Breach(f"index {index} is outside the range that the quotes {in_order} keep without any one of them")
    return HELD


LAWS = (
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
    HistoryLaw(
        "FND-1",
        "Funding sums to exactly zero; its sign follows side and rate; once per interval, within its minute and clamp.",
        funding_is_zero_sum_and_in_time,
        (Fund,),
    ),
    StepLaw(
        "MRK-1",
        "One wrong source cannot move the index outside the range of the others.",
        one_wrong_source_cannot_move_the_index,
        (MarkMarket, MarkAsset),
    ),
)
