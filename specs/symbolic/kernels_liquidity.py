"""Contracts of the kernels of the liquidity monitor (specs/rules/observe)."""

from ledger import liquidity
from ledger.outcomes import Figures
from ledger.rulebook import MonitorTerms, Threshold

from .claims import Bug, Claim, Contract, Kind

MILLION = 1_000_000
TERMS = MonitorTerms(
    2,
    1000,
    600_000_000,
    Threshold(5_000, 2_000),
    Threshold(100_000, 200_000),
    Threshold(10_000, 5_000),
    Threshold(20_000, 10_000),
)


def at_risk(first: int, second: int, third: int) -> int:
    """Of three losses at a confidence of 60%, value at risk is the middle one.

    post: _ in (first, second, third)
    post: sum(loss >= _ for loss in (first, second, third)) >= 2
    post: sum(loss <= _ for loss in (first, second, third)) >= 2
    reach: third < _ == first < second
    """
    return liquidity.value_at_risk([first, second, third], 600_000_000)


def shortfall_of_three(first: int, second: int, third: int) -> int:
    """Of three losses at a confidence of 60%, whose tail is 1.2 losses, expected shortfall is (worst + 0.2 * middle) /
    1.2, rounded up.

    pre: first <= second <= third
    post: 6 * (_ - 1) < 5 * third + second <= 6 * _
    reach: first < second < _ < third
    """
    return liquidity.expected_shortfall([second, third, first], 600_000_000)


def shortfall_of_one_more(first: int, second: int, more: int) -> tuple[int, int]:
    """One more loss that is at least as great as expected shortfall does not lower it.

    pre: first <= second and more >= 0
    post: _[1] >= _[0]
    reach: _[1] > _[0]
    reach: _[1] == _[0] and first < second
    """
    before = liquidity.expected_shortfall([first, second], 400_000_000)
    return before, liquidity.expected_shortfall([first, second, before + more], 400_000_000)


def shortfall_and_risk(first: int, second: int, third: int) -> tuple[int, int]:
    """Expected shortfall is at least value at risk.

    pre: first <= second <= third
    post: _[0] >= _[1]
    reach: _[0] > _[1]
    """
    losses = [third, first, second]
    return liquidity.expected_shortfall(losses, 400_000_000), liquidity.value_at_risk(losses, 400_000_000)


def return_ppm(mark: int) -> int:
    """A return is the move against the mark before, away from zero by less than one ppm.

    given: a mark of 5,000 before
    pre: mark > 0
    post: abs((mark - 5_000) * 200) <= abs(_) < abs((mark - 5_000) * 200) + 1
    post: _ * (mark - 5_000) >= 0
    reach: _ < 0
    """
    return liquidity.return_of(before=5_000, mark=mark)


def depth_ppm(bid_depth: int, ask_depth: int) -> int:
    """Depth is that of the thinner side, rounded down.

    given: an open interest of 70 lots
    pre: bid_depth >= 0 and ask_depth >= 0
    post: 70 * _ <= MILLION * min(bid_depth, ask_depth) < 70 * (_ + 1)
    reach: bid_depth < ask_depth and _ > 0
    reach: ask_depth == 0 < bid_depth
    """
    depth = liquidity.depth_of(bid_depth=bid_depth, ask_depth=ask_depth, open_interest=70)
    assert depth is not None
    return depth


def hysteresis(stressed: bool, spread: int, depth: int, variance: int, shortfall: int) -> bool:
    """Beyond a limit is stress, all calm is none, and in between it is as before.

    given: limits of 5,000 and 2,000 for the spread, 100,000 and 200,000 for depth, 10,000 and 5,000 for volatility,
        20,000 and 10,000 for shortfall
    post: _ == is_due(stressed, (spread, depth, variance, shortfall))
    reach: _ and not is_beyond(spread, depth, variance, shortfall)
    reach: not _ and not is_calm(spread, depth, variance, shortfall)
    """
    return liquidity.stressed_after(stressed, Figures(spread, depth, variance, 0, shortfall, 1, 0), TERMS)


def is_due(stressed: bool, figures: tuple[int, int, int, int]) -> bool:
    """specs/rules/observe.md."""
    return is_beyond(*figures) or (stressed and not is_calm(*figures))


def is_beyond(spread: int, depth: int, variance: int, shortfall: int) -> bool:
    """specs/rules/observe.md."""
    return spread > 5_000 or depth < 100_000 or variance > 100_000_000 or shortfall > 20_000


def is_calm(spread: int, depth: int, variance: int, shortfall: int) -> bool:
    """specs/rules/observe.md."""
    return spread <= 2_000 and depth >= 200_000 and variance <= 25_000_000 and shortfall <= 10_000


def _claim(name: str, laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.KERNEL, ("observe",), laws, contract, bug)


CLAIMS = (
    _claim(
        "value-at-risk",
        ("MON-1", "MON-4"),
        at_risk,
        Bug("liquidity", "return sorted(losses, reverse=True)[beyond]", "return sorted(losses, reverse=True)[0]"),
    ),
    _claim(
        "shortfall",
        ("MON-1", "MON-4"),
        shortfall_of_three,
        Bug("liquidity", "return ceil_div(total, share)", "return floor_div(total, share)"),
    ),
    _claim(
        "shortfall-of-one-more",
        ("MON-5",),
        shortfall_of_one_more,
        Bug("liquidity", "total = sum(in_order[:beyond]) * RATE_SCALE + ", "total = "),
    ),
    _claim(
        "shortfall-and-risk",
        ("MON-4",),
        shortfall_and_risk,
        Bug("liquidity", "in_order = sorted(losses, reverse=True)", "in_order = sorted(losses)"),
    ),
    _claim(
        "return",
        ("MON-1",),
        return_ppm,
        Bug(
            "liquidity",
            "return floor_div((mark - before) * PPM_SCALE, before)",
            "return -floor_div((before - mark) * PPM_SCALE, before) - 1",
        ),
    ),
    _claim(
        "depth",
        ("MON-1",),
        depth_ppm,
        Bug("liquidity", "min(bid_depth, ask_depth)", "bid_depth"),
    ),
    _claim(
        "hysteresis",
        ("MON-2",),
        hysteresis,
        Bug("liquidity", "return not is_calm(figures, terms)", "return is_beyond(figures, terms)"),
    ),
)
"""Every claim, in order."""
