"""The figures of the liquidity monitor against definitions of their own, in fractions, against libraries, and their
limits exactly."""

import statistics
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor

import attrs
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.liquidity import (
    depth_of,
    expected_shortfall,
    is_beyond,
    is_calm,
    of_either_side,
    realised_variance,
    return_of,
    returns_of,
    spread_of,
    stressed_after,
    value_at_risk,
)
from ledger.outcomes import Figures
from ledger.rulebook import MonitorTerms, Threshold
from ledger.state import Observation
from ledger.units import PPM_SCALE, RATE_SCALE

LOSSES = st.lists(st.integers(-50, 50) | st.integers(-(10**9), 10**9), min_size=1, max_size=40)
CONFIDENCES = st.sampled_from((1, 10**8, 5 * 10**8, 6 * 10**8, 95 * 10**7, 99 * 10**7, RATE_SCALE - 1))
PROPERTY = settings(derandomize=True, database=None, deadline=None, max_examples=300)


def inverted_cdf(losses: list[int], confidence: Fraction) -> int:
    """The place ceil(n * confidence), counted from one."""
    return sorted(losses)[ceil(len(losses) * confidence) - 1]


def rockafellar_uryasev(losses: list[int], confidence: Fraction) -> Fraction:
    """min over t of t + mean(max(0, loss - t)) / (1 - confidence), which one of the losses attains."""
    return min(
        t + statistics.mean([Fraction(max(0, loss - t)) for loss in losses]) / (1 - confidence) for t in set(losses)
    )


def acerbi_tasche(losses: list[int], confidence: Fraction) -> Fraction:
    """The mean of the quantile function above the confidence."""
    count = len(losses)
    area = Fraction(0)
    for place, loss in enumerate(sorted(losses)):
        since = max(confidence, Fraction(place, count))
        area += max(Fraction(0), Fraction(place + 1, count) - since) * loss
    return area / (1 - confidence)


@PROPERTY
@given(LOSSES, CONFIDENCES)
def test_value_at_risk_is_the_inverted_distribution(losses: list[int], confidence: int) -> None:
    assert value_at_risk(losses, confidence) == inverted_cdf(losses, Fraction(confidence, RATE_SCALE))


@PROPERTY
@given(LOSSES, CONFIDENCES)
def test_shortfall_is_what_two_definitions_give(losses: list[int], confidence: int) -> None:
    share = Fraction(confidence, RATE_SCALE)
    first, second = rockafellar_uryasev(losses, share), acerbi_tasche(losses, share)
    assert first == second
    assert expected_shortfall(losses, confidence) == ceil(first)


BINARY = RATE_SCALE // 512
"""A confidence in ppb whose multiples a float holds exactly, so that numpy's places are those of the integers."""


@PROPERTY
@given(LOSSES, st.integers(1, 511).map(lambda part: part * BINARY))
def test_figures_agree_with_numpy(losses: list[int], confidence: int) -> None:
    """Value at risk with its quantile; shortfall with its average of the worst losses, the last by its fraction."""
    share = len(losses) * (1 - confidence / RATE_SCALE)
    at_risk = numpy.quantile(losses, confidence / RATE_SCALE, method="inverted_cdf")
    worst = numpy.sort(losses)[::-1]
    weights = numpy.clip(share - numpy.arange(len(losses)), 0, 1)
    mean = float(numpy.average(worst, weights=weights))
    assert value_at_risk(losses, confidence) == at_risk
    assert mean - 1e-6 * abs(mean) <= expected_shortfall(losses, confidence) < mean + 1 + 1e-6 * abs(mean)


@PROPERTY
@given(
    st.sampled_from((2, 8, 64, 512)).flatmap(
        lambda n: st.tuples(st.lists(st.integers(-(10**9), 10**9), min_size=n, max_size=n), st.integers(1, n - 1))
    )
)
def test_where_the_tail_is_whole_shortfall_is_its_mean(case: tuple[list[int], int]) -> None:
    losses, beyond = case
    tail = numpy.sort(losses)[-beyond:]
    confidence = RATE_SCALE - RATE_SCALE // len(losses) * beyond
    assert expected_shortfall(losses, confidence) == ceil(Fraction(int(tail.sum()), beyond))
    assert value_at_risk(losses, confidence) == numpy.sort(losses)[-beyond - 1]


ELEVEN = [13, -7, 0, 5, 40, 22, 22, -1, 3, 8, 100]
SIXTY = [number * number * 37 % 1009 - 400 for number in range(60)]
HISTORICAL = (
    # losses, confidence, and what skfolio 1.12.2 tells: measures.cvar(-numpy.array(losses, float), beta=confidence)
    (ELEVEN, "0.5", 36.54545454545455),
    (ELEVEN, "0.6", 42.99999999999999),
    (ELEVEN, "0.9", 94.54545454545456),
    (ELEVEN, "0.95", 100.0),
    (SIXTY, "0.5", 392.33333333333337),
    (SIXTY, "0.6", 438.2916666666667),
    (SIXTY, "0.9", 571.1666666666667),
    (SIXTY, "0.95", 595.6666666666666),
    (SIXTY, "0.975", 604.6666666666667),
    (SIXTY, "0.99", 606.0),
)


@pytest.mark.parametrize(("losses", "confidence", "mean"), HISTORICAL)
def test_shortfall_agrees_with_a_library_of_risk_measures(losses: list[int], confidence: str, mean: float) -> None:
    assert expected_shortfall(losses, int(Fraction(confidence) * RATE_SCALE)) == ceil(round(mean, 9))


@pytest.mark.parametrize("count", range(1, 61))
def test_at_95_percent_of_up_to_sixty_losses_value_at_risk_is_numpys(count: int) -> None:
    """As many as the window of the shipped profile has. Losses that differ, so that a place too far is seen."""
    losses = [(number * 37) % 61 for number in range(count)]
    assert value_at_risk(losses, 950_000_000) == numpy.quantile(losses, 0.95, method="inverted_cdf")


@pytest.mark.parametrize(
    ("losses", "confidence", "at_risk", "shortfall"),
    [
        # the 95th, and the mean of the five above it
        (list(range(1, 101)), 950_000_000, 95, 98),
        (list(range(1, 101)), 990_000_000, 99, 100),
        # at 97.5% half a loss of the last: (100 + 99 + 98 / 2) / 2.5 = 99.2, up
        (list(range(1, 101)), 975_000_000, 98, 100),
        ([7], 999_999_999, 7, 7),
        ([7, 7, 7], 500_000_000, 7, 7),
        ([-3, -1, -2], 1, -3, -1),
    ],
)
def test_figures_known_beforehand(losses: list[int], confidence: int, at_risk: int, shortfall: int) -> None:
    assert value_at_risk(losses, confidence) == at_risk
    assert expected_shortfall(losses, confidence) == shortfall


def test_value_at_risk_agrees_with_the_standard_library_at_its_cut_points() -> None:
    """`statistics.quantiles(..., method="inclusive")` of n + 1 values cuts at the values themselves."""
    losses = [13, -7, 0, 5, 40, 22, 22, -1, 3, 8, 100]
    cuts = statistics.quantiles(losses, n=10, method="inclusive")
    in_order = sorted(losses)
    for tenth, cut in enumerate(cuts, start=1):
        assert cut == in_order[tenth]
        above = floor(Fraction(tenth, 10) * len(losses)) + 1
        assert value_at_risk(losses, RATE_SCALE * above // len(losses)) == cut


@PROPERTY
@given(LOSSES, CONFIDENCES, st.integers(0, 10**9), st.integers(0, 39))
def test_a_worse_loss_never_lowers_shortfall(losses: list[int], confidence: int, worse: int, place: int) -> None:
    shortfall = expected_shortfall(losses, confidence)
    assert shortfall >= value_at_risk(losses, confidence)
    assert expected_shortfall([*losses, shortfall + worse], confidence) >= shortfall
    place %= len(losses)
    grown = [*losses[:place], losses[place] + worse, *losses[place + 1 :]]
    assert expected_shortfall(grown, confidence) >= shortfall


@PROPERTY
@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=30))
def test_returns_are_exact_but_for_less_than_one_ppm(marks: list[int]) -> None:
    returns = returns_of([Observation(mark, 0) for mark in marks])
    assert len(returns) == len(marks) - 1
    for moved, (before, mark) in zip(returns, pairwise(marks), strict=True):
        exact = Fraction(mark - before, before) * PPM_SCALE
        assert abs(exact) <= abs(moved) < abs(exact) + 1
        assert moved * exact >= 0
    assert realised_variance(returns) == (ceil(statistics.mean([Fraction(r * r) for r in returns])) if returns else 0)


def test_the_greater_side_stands() -> None:
    assert of_either_side(value_at_risk, [-5, 3, 0], 900_000_000) == 5
    assert of_either_side(value_at_risk, [5, -3, 0], 900_000_000) == 5
    assert of_either_side(expected_shortfall, [], 900_000_000) == 0


def test_a_return_is_away_from_zero() -> None:
    assert [return_of(before=3, mark=mark) for mark in (2, 3, 4)] == [-333_334, 0, 333_334]


def test_spread_is_up_and_depth_is_down() -> None:
    assert spread_of(bid=1, ask=2) == 666_667
    assert depth_of(bid_depth=2, ask_depth=1, open_interest=3) == 333_333
    assert depth_of(bid_depth=2, ask_depth=1, open_interest=0) is None


TERMS = MonitorTerms(3, 0, 900_000_000, Threshold(100, 50), Threshold(1000, 2000), Threshold(10, 5), Threshold(100, 50))
QUIET = Figures(50, 2000, 25, 0, 50, 1, 0)
CHANGES: tuple[tuple[str, int, int], ...] = (
    # field, the last value inside the band, and the first beyond it
    ("spread", 100, 101),
    ("depth", 1000, 999),
    ("variance", 100, 101),
    ("expected_shortfall", 100, 101),
)


@pytest.mark.parametrize(("field", "inside", "beyond"), CHANGES)
def test_each_figure_stresses_beyond_its_limit_and_not_at_it(field: str, inside: int, beyond: int) -> None:
    assert is_calm(QUIET, TERMS)
    assert not is_beyond(attrs.evolve(QUIET, **{field: inside}), TERMS)
    assert is_beyond(attrs.evolve(QUIET, **{field: beyond}), TERMS)


@pytest.mark.parametrize(("field", "inside", "beyond"), CHANGES)
def test_each_figure_alone_keeps_a_market_stressed(field: str, inside: int, beyond: int) -> None:
    step = 1 if inside < beyond else -1
    calm: int = getattr(QUIET, field)
    just_not = attrs.evolve(QUIET, **{field: calm + step})
    assert not is_calm(just_not, TERMS)
    for figures in (just_not, attrs.evolve(QUIET, **{field: inside})):
        assert [stressed_after(stressed, figures, TERMS) for stressed in (False, True)] == [False, True]


def test_stress_never_flaps_inside_the_band() -> None:
    """Whatever order figures inside the band come in, stress stays; beyond and calm decide whatever it was."""
    band = [attrs.evolve(QUIET, spread=spread, depth=depth) for spread, depth in product((51, 100), (1000, 1999, None))]
    for stressed in (False, True):
        state = stressed
        for figures in (*band, *reversed(band)):
            state = stressed_after(state, figures, TERMS)
            assert state is stressed
        assert stressed_after(stressed, attrs.evolve(QUIET, spread=101), TERMS)
        assert not stressed_after(stressed, QUIET, TERMS)


def test_no_open_interest_is_calm() -> None:
    assert is_calm(attrs.evolve(QUIET, depth=None), TERMS)
    assert not is_beyond(attrs.evolve(QUIET, depth=None), TERMS)
