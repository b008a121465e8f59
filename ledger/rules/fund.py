"""fund: one funding interval of one market; longs pay shorts when the rate is positive."""

from ..margin import notional
from ..outcomes import Funded, Outcome, Reason, Rejected
from ..postings import PositionPosting, Posting, post
from ..state import Account, Market, State
from ..transactions import Fund
from ..units import RATE_SCALE, div_toward_zero
from .effects import applied
from .instants import instant_of, refuse_instant


def computed_rate(market: Market, clamp: int) -> tuple[int, int]:
    """The mean premium since the last funding over the index, as an exact fraction, clamped to `clamp` ppb."""
    if market.premium_count == 0:
        return 0, 1
    numerator, denominator = market.premium_sum, market.premium_count * market.index
    if abs(numerator) * RATE_SCALE > clamp * denominator:
        return (clamp if numerator > 0 else -clamp), RATE_SCALE
    return numerator, denominator


def funding_per_lot(index_per_lot: int, numerator: int, denominator: int) -> int:
    """What a long pays a short per lot, in atoms, rounded toward zero once so that funding is zero-sum exactly."""
    return div_toward_zero(index_per_lot * numerator, denominator)


def funding_postings(accounts: dict[str, Account], market_id: str, per_lot: int) -> tuple[Posting, ...]:
    """`-per_lot * size` into every position's reference cost, in id order."""
    return tuple(
        PositionPosting(account_id, market_id, 0, -per_lot * accounts[account_id].positions[market_id].size)
        for account_id in sorted(accounts)
    )


def fund(state: State, transaction: Fund) -> Outcome:
    """Pay the interval's funding between longs and shorts and start the premium samples anew."""
    market_id, given = transaction.market, transaction.rate
    contract = state.rulebook.contracts.get(market_id)
    clamp = state.rulebook.funding_clamp
    if contract is None:
        return Rejected(Reason.UNKNOWN_MARKET, market_id, "a listed market", market_id)
    market = state.markets.get(market_id)
    if market is None:
        return Rejected(Reason.MARKET_WITHOUT_MARK, market_id, "a market with a mark", market_id)
    refusal = refuse_instant(state.rulebook.funding, time=transaction.time, last=market.last_funding, subject=market_id)
    if refusal is not None:
        return refusal
    if given is not None and abs(given) > clamp:
        return Rejected(Reason.RATE_BEYOND_CLAMP, given, clamp if given > 0 else -clamp, market_id)

    instant = instant_of(state.rulebook.funding, transaction.time)
    numerator, denominator = computed_rate(market, clamp) if given is None else (given, RATE_SCALE)
    per_lot = funding_per_lot(notional(contract, 1, market.index), numerator, denominator)

    postings: tuple[Posting, ...] = ()
    if per_lot != 0:
        holders = {
            account_id: account for account_id, account in state.accounts.items() if market_id in account.positions
        }
        postings = funding_postings(holders, market_id, per_lot)
    accounts = post(state.accounts, postings, settlement_asset=state.rulebook.settlement_asset)
    markets = state.markets.set(market_id, Market(market.index, market.mark, 0, 0, instant, market.monitor))
    events = (Funded(market_id, instant, numerator, denominator, per_lot),)
    return applied(state, transaction.time, accounts=accounts, markets=markets, postings=postings, events=events)
