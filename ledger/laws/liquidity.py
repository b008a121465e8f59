"""Laws of the liquidity monitor: what its figures are of, what they decide, and what they never touch."""

from collections.abc import Iterator, Sequence

import attrs

from ..liquidity import expected_shortfall
from ..margin import is_liquidatable
from ..outcomes import Figures, Observed, StressEntered, StressLeft
from ..rulebook import MonitorTerms
from ..state import Market, State, is_stressed, size_of
from ..transactions import Fund, MarkAsset, MarkMarket, Observe
from ..units import PPM_SCALE, RATE_SCALE, ceil_div, sign
from .law import HELD, Breach, HistoryLaw, Step, StepCheck, StepLaw, Verdict

Seen = tuple[int, int]
"""The mark at an observation, and the lots traded before it."""


def _terms(step: Step) -> MonitorTerms:
    assert isinstance(step.transaction, Observe)
    terms = step.before.rulebook.contracts[step.transaction.market].monitor
    assert terms is not None
    return terms


def _told(step: Step) -> Figures:
    """The figures of an observation, which are told once."""
    (told,) = step.happened(Observed)
    return told.figures


def _returns(seen: Sequence[Seen]) -> list[int]:
    """The window's returns in ppm, away from zero."""
    returns = []
    for number in range(1, len(seen)):
        before, mark = seen[number - 1][0], seen[number][0]
        returns.append(sign(mark - before) * ceil_div(abs(mark - before) * PPM_SCALE, before))
    return returns


def _sides(returns: Sequence[int]) -> tuple[list[int], list[int]]:
    """The losses of longs and of shorts."""
    return [-moved for moved in returns], list(returns)


def _quantile(losses: Sequence[int], confidence: int) -> int:
    """The smallest loss that at least `confidence` ppb of the losses do not exceed, found by counting."""
    for loss in sorted(losses):
        if sum(1 for other in losses if other <= loss) * RATE_SCALE >= confidence * len(losses):
            return loss
    raise AssertionError("no loss exceeds the greatest")


def _tail_mean(losses: Sequence[int], confidence: int) -> int:
    """The quantile and the mean excess over it, spread over the tail: the same as the mean of the tail."""
    quantile, share = _quantile(losses, confidence), len(losses) * (RATE_SCALE - confidence)
    excess = sum(loss - quantile for loss in losses if loss > quantile)
    return ceil_div(quantile * share + excess * RATE_SCALE, share)


def _book_breach(figures: Figures, transaction: Observe, shorts: int) -> str | None:
    bid, ask, spread = transaction.bid, transaction.ask, figures.spread
    if bid <= 0 or ask <= bid or min(transaction.bid_depth, transaction.ask_depth, transaction.volume) < 0:
        return "a book that is crossed, or with a price or a size that cannot be"
    apart = 2 * (ask - bid) * PPM_SCALE
    if not (spread - 1) * (ask + bid) < apart <= spread * (ask + bid):
        return f"the spread {spread} is not that of {bid} and {ask}"
    if (figures.depth is None) != (shorts == 0):
        return f"the depth {figures.depth} against an open interest of {shorts}"
    if figures.depth is not None:
        thinner = min(transaction.bid_depth, transaction.ask_depth) * PPM_SCALE
        if not figures.depth * shorts <= thinner < (figures.depth + 1) * shorts:
            return f"the depth {figures.depth} is not that of the thinner side against {shorts} lots"
    return None


def _window_breach(figures: Figures, seen: Sequence[Seen], terms: MonitorTerms) -> str | None:
    returns = _returns(seen)
    if (figures.returns, figures.volume) != (len(returns), sum(volume for _, volume in seen)):
        return f"{figures.returns} returns and a volume of {figures.volume} are not those of the window"
    if not returns:
        quiet = (figures.variance, figures.value_at_risk, figures.expected_shortfall) == (0, 0, 0)
        return None if quiet else "figures of risk without a return"
    squares = sum(moved * moved for moved in returns)
    if not (figures.variance - 1) * len(returns) < squares <= figures.variance * len(returns):
        return f"the variance {figures.variance} is not that of the window"
    if figures.value_at_risk != max(_quantile(losses, terms.confidence) for losses in _sides(returns)):
        return f"the value at risk {figures.value_at_risk} is not that of the window"
    if figures.expected_shortfall != max(_tail_mean(losses, terms.confidence) for losses in _sides(returns)):
        return f"the expected shortfall {figures.expected_shortfall} is not that of the window"
    return None


def _window(market: Market) -> list[Seen]:
    monitor = market.monitor
    return [] if monitor is None else [(seen.mark, seen.volume) for seen in monitor.observations]


@attrs.define
class _Windows:
    """MON-1 with its memory: what was `seen` in each market's window, and the `times` of the last observations."""

    seen: dict[str, list[Seen]]
    times: dict[str, int]

    def __call__(self, step: Step) -> Verdict:
        transaction, terms = step.transaction, _terms(step)
        assert isinstance(transaction, Observe)
        market_id, time = transaction.market, transaction.time
        if market_id in self.times and time - self.times[market_id] < terms.interval:
            return Breach(f"observed {time - self.times[market_id]} ms after the observation before")
        seen = [*self.seen.get(market_id, []), (step.before.markets[market_id].mark, transaction.volume)]
        seen = seen[max(0, len(seen) - terms.window - 1) :]
        self.seen[market_id], self.times[market_id] = seen, time
        monitor = step.after.markets[market_id].monitor
        if monitor is None or _window(step.after.markets[market_id]) != seen:
            return Breach(f"the window of {market_id} is not what was observed last")
        book = (monitor.time, monitor.bid, monitor.ask, monitor.bid_depth, monitor.ask_depth)
        if book != (time, transaction.bid, transaction.ask, transaction.bid_depth, transaction.ask_depth):
            return Breach(f"the book of {market_id} is not the one observed")
        shorts = -sum(min(0, size_of(account, market_id)) for account in step.before.accounts.values())
        figures = _told(step)
        wrong = _book_breach(figures, transaction, shorts) or _window_breach(figures, seen, terms)
        return HELD if wrong is None else Breach(wrong)

    def remembered_from(self, state: State) -> object:
        """The windows and times; a market that was never observed is as one that is not known."""
        return {market_id: seen for market_id, seen in self.seen.items() if seen}, self.times


def figures_are_of_the_last_window_only(state: State) -> StepCheck:
    """MON-1: the figures are those of the book last observed and of the marks and volumes in its window, whatever came
    before. Looks at every position, as the monitor does."""
    return _Windows(
        {market_id: _window(market) for market_id, market in state.markets.items()},
        {market_id: market.monitor.time for market_id, market in state.markets.items() if market.monitor},
    )


def _limits(figures: Figures, terms: MonitorTerms) -> Iterator[tuple[bool, bool]]:
    """For each figure whether it is beyond its limit, and whether it is calm."""
    for figure, limit in (
        (figures.spread, (terms.spread.enter, terms.spread.leave)),
        (
            figures.variance,
            (terms.volatility.enter * terms.volatility.enter, terms.volatility.leave * terms.volatility.leave),
        ),
        (figures.expected_shortfall, (terms.expected_shortfall.enter, terms.expected_shortfall.leave)),
    ):
        yield figure > limit[0], figure <= limit[1]
    if figures.depth is not None:
        yield figures.depth < terms.depth.enter, figures.depth >= terms.depth.leave


def stress_has_hysteresis(step: Step) -> Verdict:
    """MON-2: a market becomes stressed by a figure beyond its limit and stays so until all are calm; in between nothing
    changes; and both are told once, with the figures that decided."""
    transaction = step.transaction
    assert isinstance(transaction, Observe)
    figures, market_id = _told(step), transaction.market
    limits = tuple(_limits(figures, _terms(step)))
    before, after = is_stressed(step.before, market_id), is_stressed(step.after, market_id)
    if any(beyond for beyond, _ in limits):
        due = True
    elif all(calm for _, calm in limits):
        due = False
    else:
        due = before
    if after != due:
        return Breach(f"{market_id} is {'' if after else 'not '}stressed by {figures}")
    changes = [event for event in step.events if isinstance(event, StressEntered | StressLeft)]
    expected = [] if after == before else [(StressEntered if after else StressLeft)(market_id, figures)]
    if changes != expected:
        return Breach(f"told {changes}, and not {expected}")
    return HELD


def stress_makes_nobody_liquidatable(step: Step) -> Verdict:
    """MON-3: an observation moves the monitor of its market and nothing that decides who is liquidatable, and nobody
    becomes it; and nothing but an observation moves a monitor."""
    transaction = step.transaction
    if isinstance(transaction, MarkAsset):
        if step.after.markets is not step.before.markets:
            return Breach("the price of an asset moved a market")
        return HELD if any(market.monitor is not None for market in step.after.markets.values()) else None
    assert isinstance(transaction, MarkMarket | Fund | Observe)
    market_id = transaction.market
    old, new = step.before.markets.get(market_id), step.after.markets[market_id]
    if not isinstance(transaction, Observe):
        if new.monitor is not (None if old is None else old.monitor):
            return Breach(f"a {type(transaction).__name__} moved the monitor of {market_id}")
        return None if new.monitor is None else HELD
    assert old is not None
    kept = (old.index, old.mark, old.premium_sum, old.premium_count, old.last_funding)
    if kept != (new.index, new.mark, new.premium_sum, new.premium_count, new.last_funding):
        return Breach(f"an observation moved more of {market_id} than its monitor")
    if step.after.accounts is not step.before.accounts or step.after.prices is not step.before.prices:
        return Breach("an observation moved an account or a price")
    if getattr(step.outcome, "postings", ()):
        return Breach("an observation made postings")
    for account_id, account in step.before.accounts.items():
        holds = market_id in account.positions
        if holds and is_liquidatable(step.before, account) != is_liquidatable(step.after, account):
            return Breach(f"an observation decided whether {account_id} is liquidatable", (account_id,))
    return HELD


def shortfall_is_at_least_value_at_risk(step: Step) -> Verdict:
    """MON-4."""
    figures = _told(step)
    if figures.returns == 0:
        return None
    if figures.expected_shortfall < figures.value_at_risk:
        return Breach(f"expected shortfall {figures.expected_shortfall} is below {figures.value_at_risk} at risk")
    return HELD


def a_worse_return_never_lowers_shortfall(step: Step) -> Verdict:
    """MON-5: one more loss, at least as great as the expected shortfall, does not lower it, and neither does a loss of
    the window that is greater than it was."""
    transaction = step.transaction
    assert isinstance(transaction, Observe)
    confidence = _terms(step).confidence
    returns = _returns(_window(step.after.markets[transaction.market]))
    if not returns:
        return None
    for losses in _sides(returns):
        shortfall = expected_shortfall(losses, confidence)
        for worse in (shortfall, max(losses) + 1):
            if expected_shortfall([*losses, worse], confidence) < shortfall:
                return Breach(f"one more loss of {worse} lowers an expected shortfall of {shortfall}")
        if expected_shortfall([*losses[:-1], losses[-1] + 1], confidence) < shortfall:
            return Breach(f"a greater last loss lowers an expected shortfall of {shortfall}")
    return HELD


LAWS = (
    StepLaw("MON-4", "Expected shortfall is at least value at risk.", shortfall_is_at_least_value_at_risk, (Observe,)),
    StepLaw(
        "MON-5",
        "A worse return never lowers expected shortfall, one more or in the place of another.",
        a_worse_return_never_lowers_shortfall,
        (Observe,),
    ),
    StepLaw(
        "MON-3",
        "An observation moves the monitor of its market alone, so that stress makes nobody liquidatable; nothing else "
        "moves a monitor.",
        stress_makes_nobody_liquidatable,
        (MarkMarket, MarkAsset, Fund, Observe),
    ),
    HistoryLaw(
        "MON-1",
        "The monitor's figures are those of the book last observed and of the window's marks and volumes, whatever "
        "came before.",
        figures_are_of_the_last_window_only,
        (Observe,),
    ),
    StepLaw(
        "MON-2",
        "A market is stressed from a figure beyond its limit until all are calm, in between as it was, and both are "
        "told with the figures.",
        stress_has_hysteresis,
        (Observe,),
    ),
)
