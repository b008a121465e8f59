"""The auditor's liquidity monitor: the page of observe read again, in fractions, by none of the ledger's code."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from ledger.outcomes import Figures, Reason, Rejected
from ledger.state import LiquidityMonitor, Observation, State
from ledger.transactions import Observe

MILLION = 10**6


def quantile(losses: Sequence[int], confidence: Fraction) -> int:
    """The inverse of the empirical distribution: the loss at place `ceil(n * confidence)` of those in order."""
    return sorted(losses)[max(1, ceil(len(losses) * confidence)) - 1]


def tail_mean(losses: Sequence[int], confidence: Fraction) -> Fraction:
    """The quantile function's mean over (confidence, 1], a step of 1/n for each loss in order."""
    count = len(losses)
    area = Fraction(0)
    for place, loss in enumerate(sorted(losses)):
        since, until = max(Fraction(place, count), confidence), Fraction(place + 1, count)
        if until > since:
            area += (until - since) * loss
    return area / (1 - confidence)


def away_from_zero(moved: Fraction) -> int:
    """Rounded to the whole number that is farther from zero."""
    return ceil(moved) if moved > 0 else floor(moved)


def returns_of(marks: Sequence[int]) -> list[int]:
    """Moves from mark to mark in ppm."""
    pairs = itertools.pairwise(marks)
    return [away_from_zero(Fraction(later - earlier, earlier) * MILLION) for earlier, later in pairs]


def figures(state: State, market: str, monitor: LiquidityMonitor, terms: Mapping[str, Any]) -> Figures:
    """All figures of what the monitor knows, at the positions of a state."""
    mid = Fraction(monitor.bid + monitor.ask, 2)
    held = sum(
        abs(account.positions[market].size) for account in state.accounts.values() if market in account.positions
    )
    thinner = min(monitor.bid_depth, monitor.ask_depth)
    returns = returns_of([seen.mark for seen in monitor.observations])
    confidence = Fraction(str(terms["confidence"]))
    sides = ([-moved for moved in returns], returns) if returns else ((0,), (0,))
    return Figures(
        spread=ceil((monitor.ask - monitor.bid) / mid * MILLION),
        depth=floor(Fraction(2 * thinner, held) * MILLION) if held else None,
        variance=ceil(Fraction(sum(moved**2 for moved in returns), max(1, len(returns)))),
        value_at_risk=max(quantile(side, confidence) for side in sides),
        expected_shortfall=max(ceil(tail_mean(side, confidence)) for side in sides),
        returns=len(returns),
        volume=sum(seen.volume for seen in monitor.observations),
    )


def stressed_after(stressed: bool, found: Figures, terms: Mapping[str, Any]) -> bool:
    """Whether the market is stressed by the figures, having been so or not."""

    def limit(name: str) -> Fraction:
        return Fraction(str(terms[name]["leave" if stressed else "enter"])) * MILLION

    thin = found.depth is not None and found.depth < limit("depth")
    wide, volatile = found.spread > limit("spread"), found.variance > limit("volatility") ** 2
    return thin or wide or volatile or found.expected_shortfall > limit("expected_shortfall")


def failing(state: State, observe: Observe, listed: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Rejected]:
    """The checks that do not hold; `listed` has every market's monitor section, None where it has none."""
    market = observe.market
    if market not in listed:
        yield Rejected(Reason.UNKNOWN_MARKET, market, "a listed market", market)
    terms = listed[market]
    if terms is None:
        yield Rejected(Reason.MARKET_WITHOUT_MONITOR, market, "a market with a monitor", market)
    assert terms is not None
    if market not in state.markets:
        yield Rejected(Reason.MARKET_WITHOUT_MARK, market, "a market with a mark", market)
    before, interval = state.markets[market].monitor, int(terms["interval"])
    if before is not None and observe.time - before.time < interval:
        yield Rejected(Reason.OBSERVED_TOO_SOON, observe.time - before.time, interval, market)
    if not observe.bid > 0:
        yield Rejected(Reason.BID_NOT_POSITIVE, observe.bid, 0, market)
    if not observe.ask > observe.bid:
        yield Rejected(Reason.BOOK_CROSSED, observe.ask, observe.bid, market)
    for depth in sorted((observe.bid_depth, observe.ask_depth)):
        if depth < 0:
            yield Rejected(Reason.DEPTH_NEGATIVE, depth, 0, market)
    if observe.volume < 0:
        yield Rejected(Reason.VOLUME_NEGATIVE, observe.volume, 0, market)


def expected(state: State, observe: Observe, terms: Mapping[str, Any]) -> tuple[LiquidityMonitor, Figures]:
    """The monitor after an observation of a state, and its figures."""
    market = state.markets[observe.market]
    earlier = market.monitor
    seen = [] if earlier is None else list(earlier.observations)
    seen.append(Observation(market.mark, observe.volume))
    was = earlier is not None and earlier.stressed
    kept = tuple(seen[-(int(terms["window"]) + 1) :])
    book = (observe.time, observe.bid, observe.ask, observe.bid_depth, observe.ask_depth, kept)
    found = figures(state, observe.market, LiquidityMonitor(*book, was), terms)
    return LiquidityMonitor(*book, stressed_after(was, found, terms)), found
