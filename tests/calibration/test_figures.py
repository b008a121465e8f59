"""Intervals: of shares, against the definition in fractions; of measures, against every resample there is."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calibration import figures
from ledger.calibration.figures import Interval, estimates, runs_to_support, share_of
from ledger.liquidity import expected_shortfall, value_at_risk
from ledger.units import PPM_SCALE, RATE_SCALE

NINETY = 900_000_000
NINETY_FIVE = 950_000_000


def chance_of_as_many(count: int, of: int, share: Fraction) -> Fraction:
    """That at least so many come up, each with a chance of `share`: the definition."""
    return sum((comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1)), Fraction(0))


samples = st.integers(1, 25).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(samples, st.sampled_from([NINETY, NINETY_FIVE, 500_000_000, 999_000_000]))
def test_the_interval_of_a_share_is_the_narrowest_that_its_tails_allow(sample: tuple[int, int], interval: int) -> None:
    count, of = sample
    share = share_of(count, of, interval)
    tail = Fraction(RATE_SCALE - interval, 2 * RATE_SCALE)
    low, high = Fraction(share.at_least, PPM_SCALE), Fraction(share.at_most, PPM_SCALE)
    one = Fraction(1, PPM_SCALE)
    assert 0 <= low <= Fraction(count, of) <= high <= 1
    assert (low == 0) == (count == 0)
    assert (high == 1) == (count == of)
    if count:
        assert chance_of_as_many(count, of, low) <= tail < chance_of_as_many(count, of, low + one)
    if count < of:
        assert chance_of_as_many(of - count, of, 1 - high) <= tail < chance_of_as_many(of - count, of, 1 - high + one)


@pytest.mark.parametrize(
    ("count", "of", "interval", "at_least", "at_most"),
    [
        (10, 10, NINETY_FIVE, 691_502, 1_000_000),  # 0.025 ** (1 / 10)
        (8, 10, NINETY_FIVE, 443_904, 974_790),  # the tables of Clopper and Pearson
        (5, 10, NINETY_FIVE, 187_086, 812_914),
        (0, 10, NINETY_FIVE, 0, 308_498),
        (100, 100, NINETY, 970_486, 1_000_000),  # about 1 - 3 / n, the rule of three
        (95, 100, NINETY, 897_746, 980_095),
    ],
)
def test_published_intervals(count: int, of: int, interval: int, at_least: int, at_most: int) -> None:
    share = share_of(count, of, interval)
    assert abs(share.at_least - at_least) <= 1
    assert abs(share.at_most - at_most) <= 1


def test_many_runs_take_no_time() -> None:
    for count in (2500, 4990, 5000):
        assert 0 < share_of(count, 5000, NINETY).at_least < count * 200


@pytest.mark.parametrize(
    ("confidence", "runs"), [(500_000_000, 5), (NINETY, 29), (NINETY_FIVE, 59), (990_000_000, 299)]
)
def test_so_many_runs_support_a_confidence(confidence: int, runs: int) -> None:
    """As the power says: 0.95 ** 58 is above a tail of 5%, 0.95 ** 59 below."""
    assert runs_to_support(confidence, NINETY) == runs
    assert share_of(runs, runs, NINETY).supports(confidence)
    assert not share_of(runs - 1, runs - 1, NINETY).supports(confidence)
    tail = Fraction(RATE_SCALE - NINETY, 2 * RATE_SCALE)
    assert Fraction(confidence, RATE_SCALE) ** runs <= tail < Fraction(confidence, RATE_SCALE) ** (runs - 1)


@pytest.mark.parametrize(
    ("count", "of", "reaches"), [(95, 100, True), (94, 100, False), (19, 20, True), (58, 61, True)]
)
def test_a_share_reaches_a_confidence_exactly(count: int, of: int, reaches: bool) -> None:
    assert share_of(count, of, NINETY).reaches(NINETY_FIVE) is reaches
    assert share_of(count, of, NINETY).ppm == count * PPM_SCALE // of


def resampled_exactly(losses: Sequence[int], measure: figures.Measure, confidence: int, tail: Fraction) -> Interval:
    """The quantiles of a measure over every resample there is, each as likely as the others."""
    values = Counter(measure(resample, confidence) for resample in product(losses, repeat=len(losses)))

    def quantile(share: Fraction) -> int:
        so_far = 0
        for value in sorted(values):
            so_far += values[value]
            if Fraction(so_far, values.total()) >= share:
                return value
        raise AssertionError("some value is the greatest")

    return Interval(quantile(tail), quantile(1 - tail))


@pytest.mark.parametrize("losses", [(0, 10, 100), (0, 0, 5, 80), (3, 1, 4, 1, 5), (0, 0, 0, 0, 0, 9)])
@pytest.mark.parametrize("confidence", [500_000_000, 700_000_000, NINETY_FIVE])
def test_the_bootstrap_comes_to_what_every_resample_comes_to(losses: tuple[int, ...], confidence: int) -> None:
    measures = (value_at_risk, expected_shortfall)
    found = estimates(losses, measures, confidence=confidence, interval=NINETY, resamples=20_000)
    for measure, estimate in zip(measures, found, strict=True):
        assert estimate.value == measure(losses, confidence)
        # A tail may fall on the edge between two values: then a sample of resamples may have either.
        near = [resampled_exactly(losses, measure, confidence, Fraction(tail, 1000)) for tail in (45, 55)]
        assert near[0].low <= estimate.interval.low <= near[1].low
        assert near[1].high <= estimate.interval.high <= near[0].high


def test_a_measure_over_more_resamples_of_more_losses_is_where_it_should_be() -> None:
    """Of 400 losses, the quantile's own binomial interval: ranks 372 to 387 of the 95% quantile, at 90%."""
    losses = list(range(400))
    (found,) = estimates(losses, (value_at_risk,), confidence=NINETY_FIVE, interval=NINETY, resamples=2000)
    assert found.value == 379
    assert 370 <= found.interval.low <= 375
    assert 384 <= found.interval.high <= 389


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12))
def test_the_order_of_losses_does_not_matter(losses: list[int]) -> None:
    shuffled = sorted(losses, key=lambda loss: (loss * 7) % 11)
    measures = (value_at_risk, expected_shortfall)
    asked = {"confidence": NINETY_FIVE, "interval": NINETY, "resamples": 100}
    first, second = estimates(losses, measures, **asked), estimates(shuffled, measures, **asked)
    assert first == second
    for estimate in first:
        assert estimate.interval.low <= estimate.interval.high
        assert min(losses) <= estimate.interval.low
        assert estimate.interval.high <= max(losses)


def test_equal_losses_are_certain_and_not_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_ranks", None)
    (found,) = estimates([7] * 9, (expected_shortfall,), confidence=NINETY, interval=NINETY, resamples=1000)
    assert (found.value, found.interval) == (7, Interval(7, 7))


def test_every_place_is_drawn_alike_and_with_repetition() -> None:
    drawn = Counter(place for ranks in figures._ranks(10, 5000) for place in ranks)
    assert set(drawn) == set(range(10))
    assert all(4600 <= many <= 5400 for many in drawn.values())  # 5000 on average, with a deviation of 67
    assert any(len(set(ranks)) < 10 for ranks in figures._ranks(10, 5000))
    assert all(list(ranks) == sorted(ranks) for ranks in figures._ranks(10, 100))
