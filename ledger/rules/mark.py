"""mark: prices of a market or a collateral asset from its sources."""

from immutables import Map

from ..outcomes import AssetMarked, MarketMarked, Outcome, Reason, Rejected
from ..state import NEVER, Market, State
from ..transactions import MarkAsset, MarkMarket
from ..units import floor_div
from .effects import applied


def index_of(quotes: Map[str, int]) -> int:
    """The index: the highest and the lowest quote dropped, the mean of the rest rounded down.

    Of three quotes that is the median. At least three are given.
    """
    middle = sorted(quotes.values())[1:-1]
    return floor_div(sum(middle), len(middle))


def refuse_quotes(state: State, subject: str, quotes: Map[str, int]) -> Rejected | None:
    """Every source is listed, every quote positive, and enough of them fresh."""
    in_order = sorted(quotes)
    for source in in_order:
        if source not in state.rulebook.sources:
            return Rejected(Reason.UNKNOWN_SOURCE, source, "a listed source", subject)
    for source in in_order:
        if quotes[source] <= 0:
            return Rejected(Reason.QUOTE_NOT_POSITIVE, quotes[source], 0, subject)
    if len(quotes) < state.rulebook.minimum_sources:
        return Rejected(Reason.TOO_FEW_SOURCES, len(quotes), state.rulebook.minimum_sources, subject)
    return None


def mark_market(state: State, transaction: MarkMarket) -> Outcome:
    """Set index and mark, and add the premium to the samples of the running funding interval."""
    market_id, premium = transaction.market, transaction.premium
    if market_id not in state.rulebook.contracts:
        return Rejected(Reason.UNKNOWN_MARKET, market_id, "a listed market", market_id)
    refusal = refuse_quotes(state, market_id, transaction.quotes)
    if refusal is not None:
        return refusal
    index = index_of(transaction.quotes)
    mark = index + premium
    if mark <= 0:
        return Rejected(Reason.MARK_NOT_POSITIVE, mark, 0, market_id)

    before = state.markets.get(market_id)
    if before is None:
        after = Market(index, mark, premium, 1, NEVER)
    else:
        premium_sum, premium_count = before.premium_sum + premium, before.premium_count + 1
        after = Market(index, mark, premium_sum, premium_count, before.last_funding, before.monitor)
    markets = state.markets.set(market_id, after)
    return applied(state, transaction.time, markets=markets, events=(MarketMarked(market_id, index, mark),))


def mark_asset(state: State, transaction: MarkAsset) -> Outcome:
    """Set the reference price of a collateral asset; the settlement asset's is 1 by definition."""
    asset = transaction.asset
    if asset not in state.rulebook.assets:
        return Rejected(Reason.UNKNOWN_ASSET, asset, "a listed asset", asset)
    if asset == state.rulebook.settlement_asset:
        return Rejected(Reason.SETTLEMENT_ASSET, asset, "another asset", asset)
    refusal = refuse_quotes(state, asset, transaction.quotes)
    if refusal is not None:
        return refusal

    price = index_of(transaction.quotes)
    prices = state.prices.set(asset, price)
    return applied(state, transaction.time, prices=prices, events=(AssetMarked(asset, price),))
