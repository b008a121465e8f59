"""observe: the order book of a market, from which its liquidity monitor tells whether it is stressed."""

from ..liquidity import figures_of, open_interest, stressed_after
from ..outcomes import Event, Figures, Observed, Outcome, Reason, Rejected, StressEntered, StressLeft
from ..rulebook import MonitorTerms
from ..state import LiquidityMonitor, Market, Observation, State
from ..transactions import Observe
from .effects import applied


def refuse_book(transaction: Observe) -> Rejected | None:
    """Prices are positive and not crossed, depths and volume not negative."""
    market_id, bid, ask = transaction.market, transaction.bid, transaction.ask
    if bid <= 0:
        return Rejected(Reason.BID_NOT_POSITIVE, bid, 0, market_id)
    if ask <= bid:
        return Rejected(Reason.BOOK_CROSSED, ask, bid, market_id)
    thinner = min(transaction.bid_depth, transaction.ask_depth)
    if thinner < 0:
        return Rejected(Reason.DEPTH_NEGATIVE, thinner, 0, market_id)
    if transaction.volume < 0:
        return Rejected(Reason.VOLUME_NEGATIVE, transaction.volume, 0, market_id)
    return None


def next_monitor(market: Market, transaction: Observe, terms: MonitorTerms) -> LiquidityMonitor:
    """What the monitor knows with this observation in its window, and as stressed as it was."""
    before = market.monitor
    earlier = () if before is None else before.observations
    observations = (*earlier, Observation(market.mark, transaction.volume))[-terms.window - 1 :]
    return LiquidityMonitor(
        transaction.time,
        transaction.bid,
        transaction.ask,
        transaction.bid_depth,
        transaction.ask_depth,
        observations,
        before is not None and before.stressed,
    )


def stress_events(market_id: str, figures: Figures, *, before: bool, after: bool) -> tuple[Event, ...]:
    """The figures, and what they decided where that changes something."""
    if after == before:
        return (Observed(market_id, figures),)
    return Observed(market_id, figures), (StressEntered if after else StressLeft)(market_id, figures)


def observe(state: State, transaction: Observe) -> Outcome:
    """Take the book and the mark of this moment into the market's window, and decide whether it is stressed."""
    market_id, time = transaction.market, transaction.time
    contract = state.rulebook.contracts.get(market_id)
    if contract is None:
        return Rejected(Reason.UNKNOWN_MARKET, market_id, "a listed market", market_id)
    terms = contract.monitor
    if terms is None:
        return Rejected(Reason.MARKET_WITHOUT_MONITOR, market_id, "a market with a monitor", market_id)
    market = state.markets.get(market_id)
    if market is None:
        return Rejected(Reason.MARKET_WITHOUT_MARK, market_id, "a market with a mark", market_id)
    last = None if market.monitor is None else market.monitor.time
    if last is not None and time - last < terms.interval:
        return Rejected(Reason.OBSERVED_TOO_SOON, time - last, terms.interval, market_id)
    refusal = refuse_book(transaction)
    if refusal is not None:
        return refusal

    seen = next_monitor(market, transaction, terms)
    figures = figures_of(seen, terms, open_interest(state, market_id))
    stressed = stressed_after(seen.stressed, figures, terms)

    monitor = LiquidityMonitor(time, seen.bid, seen.ask, seen.bid_depth, seen.ask_depth, seen.observations, stressed)
    after = Market(market.index, market.mark, market.premium_sum, market.premium_count, market.last_funding, monitor)
    events = stress_events(market_id, figures, before=seen.stressed, after=stressed)
    return applied(state, time, markets=state.markets.set(market_id, after), events=events)
