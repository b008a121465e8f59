"""The figures of the liquidity monitor: pure functions of what was observed (specs/rules/observe).

Figures are parts per million (ppm) of something, as integers, each rounded so that stress is not understated. A *loss*
is a return from the view of one side: a long loses what the mark falls, a short what it rises.
"""

from collections.abc import Callable, Sequence

from .outcomes import Figures
from .rulebook import MonitorTerms
from .state import LiquidityMonitor, Observation, State, size_of
from .units import PPM_SCALE, RATE_SCALE, ceil_div, floor_div


def spread_of(*, bid: int, ask: int) -> int:
    """The spread against mid, `(ask - bid) / ((ask + bid) / 2)`, in ppm rounded up; both prices are positive."""
    return ceil_div(2 * (ask - bid) * PPM_SCALE, ask + bid)


def depth_of(*, bid_depth: int, ask_depth: int, open_interest: int) -> int | None:
    """The thinner side of the book against open interest, in ppm rounded down; None where nobody holds a position."""
    if open_interest == 0:
        return None
    return floor_div(min(bid_depth, ask_depth) * PPM_SCALE, open_interest)


def return_of(*, before: int, mark: int) -> int:
    """What a mark moved against the mark before, which is positive, in ppm, signed, rounded away from zero."""
    if mark >= before:
        return ceil_div((mark - before) * PPM_SCALE, before)
    return floor_div((mark - before) * PPM_SCALE, before)


def returns_of(observations: Sequence[Observation]) -> tuple[int, ...]:
    """The returns from each observation's mark to the next one's, oldest first: one fewer than observations."""
    marks = [seen.mark for seen in observations]
    return tuple(return_of(before=marks[number - 1], mark=marks[number]) for number in range(1, len(marks)))


def realised_variance(returns: Sequence[int]) -> int:
    """The mean square of the returns, in ppm squared rounded up, around zero; zero where there is none.

    The square of realised volatility: compared with the square of a limit, no root need be taken.
    """
    if not returns:
        return 0
    return ceil_div(sum(moved * moved for moved in returns), len(returns))


def value_at_risk(losses: Sequence[int], confidence: int) -> int:
    """The smallest of the losses that at least `confidence` ppb of them do not exceed; there is at least one.

    With `n` losses, worst first, it is the one after the `floor(n * (1 - confidence))` worst. Confidence is below 1.
    """
    beyond = floor_div(len(losses) * (RATE_SCALE - confidence), RATE_SCALE)
    return sorted(losses, reverse=True)[beyond]


def expected_shortfall(losses: Sequence[int], confidence: int) -> int:
    """The mean of the worst `1 - confidence` of the losses, rounded up; there is at least one.

    Where that is no whole number of losses the last one counts by the fraction that is left, so that the mean is over
    exactly that share of them: never below value at risk, and never lower for a loss that is worse.
    """
    share = len(losses) * (RATE_SCALE - confidence)
    beyond = floor_div(share, RATE_SCALE)
    in_order = sorted(losses, reverse=True)
    total = sum(in_order[:beyond]) * RATE_SCALE + in_order[beyond] * (share - beyond * RATE_SCALE)
    return ceil_div(total, share)


def of_either_side(measure: Callable[[Sequence[int], int], int], returns: Sequence[int], confidence: int) -> int:
    """A measure of losses for the side that it is the greater for, longs or shorts; zero without returns."""
    if not returns:
        return 0
    return max(measure([-moved for moved in returns], confidence), measure(returns, confidence))


def open_interest(state: State, market_id: str) -> int:
    """The lots held long in a market, which are those held short. Looks at every account."""
    total = 0
    for account in state.accounts.values():
        size = size_of(account, market_id)
        if size > 0:
            total += size
    return total


def figures_of(monitor: LiquidityMonitor, terms: MonitorTerms, lots_held: int) -> Figures:
    """The figures of what a monitor knows, with `lots_held` the open interest of its market."""
    returns = returns_of(monitor.observations)
    return Figures(
        spread=spread_of(bid=monitor.bid, ask=monitor.ask),
        depth=depth_of(bid_depth=monitor.bid_depth, ask_depth=monitor.ask_depth, open_interest=lots_held),
        variance=realised_variance(returns),
        value_at_risk=of_either_side(value_at_risk, returns, terms.confidence),
        expected_shortfall=of_either_side(expected_shortfall, returns, terms.confidence),
        returns=len(returns),
        volume=sum(seen.volume for seen in monitor.observations),
    )


def is_beyond(figures: Figures, terms: MonitorTerms) -> bool:
    """Whether some figure is beyond the limit at which stress is entered."""
    return (
        figures.spread > terms.spread.enter
        or (figures.depth is not None and figures.depth < terms.depth.enter)
        or figures.variance > terms.volatility.enter * terms.volatility.enter
        or figures.expected_shortfall > terms.expected_shortfall.enter
    )


def is_calm(figures: Figures, terms: MonitorTerms) -> bool:
    """Whether every figure is within the limit at which stress is left."""
    return (
        figures.spread <= terms.spread.leave
        and (figures.depth is None or figures.depth >= terms.depth.leave)
        and figures.variance <= terms.volatility.leave * terms.volatility.leave
        and figures.expected_shortfall <= terms.expected_shortfall.leave
    )


def stressed_after(stressed: bool, figures: Figures, terms: MonitorTerms) -> bool:
    """Hysteresis: stressed from a figure beyond its limit until all are calm, and in between as it was."""
    if stressed:
        return not is_calm(figures, terms)
    return is_beyond(figures, terms)
