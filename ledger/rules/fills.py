"""A fill between two accounts: its terms, its fees, and whether a side is admitted with what it holds afterwards.

Shared by trade and liquidate.
"""

from immutables import Map

from ..capacity import limits_in_force
from ..margin import (
    account_value,
    distress_collateral,
    effective_collateral,
    exposure,
    initial_margin,
    notional,
)
from ..outcomes import Event, FeesCharged, Reason, Rejected
from ..postings import CashPosting, PositionPosting, Posting, post
from ..rulebook import FEES, FeeTier
from ..state import Account, State, size_of
from ..units import EXACT_SCALE, RATE_SCALE, ceil_div, floor_div, is_multiple
from .effects import Movement
from .rolling import must_roll, roll


def refuse_terms(state: State, market_id: str, *, size: int, price: int) -> Rejected | None:
    """The market has a mark, the size is positive, the price on tick and within the band."""
    contract = state.rulebook.contracts.get(market_id)
    if contract is None:
        return Rejected(Reason.UNKNOWN_MARKET, market_id, "a listed market", market_id)
    market = state.markets.get(market_id)
    if market is None:
        return Rejected(Reason.MARKET_WITHOUT_MARK, market_id, "a market with a mark", market_id)
    if size <= 0:
        return Rejected(Reason.SIZE_NOT_POSITIVE, size, 0, market_id)
    if price <= 0 or not is_multiple(price, contract.tick):
        return Rejected(Reason.PRICE_OFF_TICK, price, contract.tick, market_id)
    band = contract.price_band
    if band is not None and abs(price - market.mark) * RATE_SCALE > band * market.mark:
        return Rejected(
            Reason.PRICE_OUTSIDE_BAND, price, band_bound(mark=market.mark, price=price, band=band), market_id
        )
    return None


def band_bound(*, mark: int, price: int, band: int) -> int:
    """The price (rounded inward) at which the band of `band` ppb around mark ends on the side of `price`."""
    if price > mark:
        return floor_div(mark * (RATE_SCALE + band), RATE_SCALE)
    return ceil_div(mark * (RATE_SCALE - band), RATE_SCALE)


def fee_rates(state: State, account_id: str, time: int) -> FeeTier:
    """The account's maker and taker rate: its tier's, or the lowest there are for an obliged provider."""
    rulebook = state.rulebook
    if limits_in_force(rulebook.program, state.providers.get(account_id), time) is not None:
        return rulebook.lowest_fees
    return rulebook.fee_tiers[state.accounts[account_id].fee_tier]


def fee_on(*, value: int, rate: int, fee_unit: int) -> int:
    """`rate` ppb of a positive `value`, rounded up to a multiple of `fee_unit`, in atoms: a rebate is rounded down."""
    return ceil_div(value * rate, RATE_SCALE * fee_unit) * fee_unit


def fill(
    state: State,
    accounts: Map[str, Account],
    *,
    time: int,
    market_id: str,
    buyer: str,
    seller: str,
    size: int,
    price: int,
    buyer_is_taker: bool,
) -> Movement:
    """Apply one fill to `accounts`, which may stand ahead of the state; a side that closes or flips rolls."""
    rulebook = state.rulebook
    value = notional(rulebook.contracts[market_id], size, price)
    buyer_rates, seller_rates = fee_rates(state, buyer, time), fee_rates(state, seller, time)
    buyer_rate = buyer_rates.taker if buyer_is_taker else buyer_rates.maker
    seller_rate = seller_rates.maker if buyer_is_taker else seller_rates.taker
    buyer_fee = fee_on(value=value, rate=buyer_rate, fee_unit=rulebook.fee_unit)
    seller_fee = fee_on(value=value, rate=seller_rate, fee_unit=rulebook.fee_unit)

    settlement_asset = rulebook.settlement_asset
    postings: tuple[Posting, ...] = (
        PositionPosting(buyer, market_id, size, -value - buyer_fee),
        PositionPosting(seller, market_id, -size, value - seller_fee),
    )
    if buyer_fee + seller_fee != 0:
        postings = (*postings, CashPosting(FEES, settlement_asset, buyer_fee + seller_fee))
    events: tuple[Event, ...] = (FeesCharged(market_id, buyer, buyer_fee, seller, seller_fee),)
    filled = post(accounts, postings, settlement_asset=settlement_asset)

    for account_id in (buyer, seller):
        before, after = size_of(accounts[account_id], market_id), size_of(filled[account_id], market_id)
        if must_roll(before, after):
            roll_postings, rolled = roll(state, account_id, filled[account_id])
            filled = post(filled, roll_postings, settlement_asset=settlement_asset)
            postings, events = (*postings, *roll_postings), (*events, *rolled)
    return Movement(filled, postings, events)


def exposure_grew(before: int, after: int) -> bool:
    """Whether a size (lots, signed) grew in magnitude or changed sign."""
    return abs(after) > abs(before) or before * after < 0


def margin_rate_fell(state: State, before: Account, after: Account) -> bool:
    """Whether `DC / sum(EPN)` got worse, cross-multiplied; both accounts have positions."""
    rate_after = distress_collateral(state, after) * exposure(state, before)
    rate_before = distress_collateral(state, before) * exposure(state, after)
    return rate_after < rate_before


def distress_at_rate(state: State, before: Account, after: Account) -> int:
    """The distress collateral (an exact value, rounded up) that keeps `DC / sum(EPN)` at what it was before."""
    kept = distress_collateral(state, before) * EXACT_SCALE * exposure(state, after)
    return ceil_div(kept, exposure(state, before))


def refuse_side(
    state: State, account_id: str, *, market_id: str, time: int, before: Account, after: Account
) -> Rejected | None:
    """A side of a fill is admitted with what it holds afterwards (specs/rules/trade)."""
    effective, required = effective_collateral(state, after), initial_margin(state, after)
    if exposure_grew(size_of(before, market_id), size_of(after, market_id)):
        if effective < required:
            return Rejected(Reason.FREE_COLLATERAL_NEGATIVE, effective, required, account_id)
    elif not after.positions:
        if effective < 0:
            return Rejected(Reason.EFFECTIVE_COLLATERAL_NEGATIVE, effective, 0, account_id)
    elif effective < required and margin_rate_fell(state, before, after):
        distress = distress_collateral(state, after) * EXACT_SCALE
        return Rejected(Reason.MARGIN_RATE_FELL, distress, distress_at_rate(state, before, after), account_id)
    program = state.rulebook.program
    if limits_in_force(program, state.providers.get(account_id), time) is not None:
        minimum = program.minimum_account_value * EXACT_SCALE
        value = account_value(state, after)
        if value < minimum <= account_value(state, before):
            return Rejected(Reason.PROVIDER_BELOW_MINIMUM, value, minimum, account_id)
    return None
