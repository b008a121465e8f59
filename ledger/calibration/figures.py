"""Intervals of what a sample of runs says: of a share, exactly, and of a measure of losses, by resampling.

All in integers: what is rounded is rounded outward, so that no interval is narrower than it says.
"""

from array import array
from collections.abc import Callable, Sequence
from functools import cache

import attrs

from ..choosers import Seeded
from ..liquidity import value_at_risk
from ..units import PPM_SCALE, RATE_SCALE, floor_div

Measure = Callable[[Sequence[int], int], int]
"""A measure of losses at a confidence in ppb, as those of `liquidity`."""


@attrs.frozen
class Interval:
    """From `low` to `high`, both within it."""

    low: int
    high: int


@attrs.frozen
class Share:
    """Of so many runs `of`, how many there are; `at_least` and `at_most` ppm of all that there could be."""

    count: int
    of: int
    at_least: int
    at_most: int

    @property
    def ppm(self) -> int:
        """The share itself, rounded down."""
        return floor_div(self.count * PPM_SCALE, self.of)

    def reaches(self, confidence: int) -> bool:
        """Whether the share is `confidence` ppb or more."""
        return self.count * RATE_SCALE >= confidence * self.of

    def supports(self, confidence: int) -> bool:
        """Whether the lower end of its interval is `confidence` ppb or more: so many runs are enough to say so."""
        return self.at_least * RATE_SCALE >= confidence * PPM_SCALE


def share_of(count: int, of: int, interval: int) -> Share:
    """The share with its Clopper-Pearson interval of `interval` ppb, outward in whole ppm.

    Each of its two ends is wrong with a chance of at most `(1 - interval) / 2`.
    """
    return Share(count, of, _at_least(count, of, interval), PPM_SCALE - _at_least(of - count, of, interval))


@cache
def _at_least(count: int, of: int, interval: int) -> int:
    """The largest share in ppm with which `count` or more of so many come up no more often than the tail allows."""
    if count == 0:
        return 0
    low, high = 0, PPM_SCALE
    while high - low > 1:
        middle = floor_div(low + high, 2)
        # Both sides times 2 * RATE_SCALE * PPM_SCALE ** of: the tail is half of what the interval leaves.
        if 2 * RATE_SCALE * _as_many(count, of, middle) <= (RATE_SCALE - interval) * PPM_SCALE**of:
            low = middle
        else:
            high = middle
    return low


def _as_many(count: int, of: int, ppm: int) -> int:
    """The chance that at least `count` of so many come up, each with a chance of `ppm`, times PPM_SCALE ** of."""
    rest = PPM_SCALE - ppm
    term: int
    total: int
    if 2 * count <= of:  # fewer terms: from none to one less than count
        term = total = rest**of
        for number in range(1, count):
            term = floor_div(term * (of - number + 1) * ppm, number * rest)
            total += term
        whole: int = PPM_SCALE**of
        return whole - total
    term = total = ppm**of
    for number in range(of, count, -1):
        term = floor_div(term * number * rest, (of - number + 1) * ppm)
        total += term
    return total


@cache
def runs_to_support(confidence: int, interval: int) -> int:
    """How many runs, all of them good, are the fewest that support a share of `confidence`."""
    most = 1
    while not share_of(most, most, interval).supports(confidence):
        most *= 2
    least = floor_div(most, 2)
    while most - least > 1:
        middle = floor_div(least + most, 2)
        if share_of(middle, middle, interval).supports(confidence):
            most = middle
        else:
            least = middle
    return most


@attrs.frozen
class Estimate:
    """A measure of a sample, and the percentile bootstrap interval of it."""

    value: int
    interval: Interval


def estimates(
    losses: Sequence[int], measures: Sequence[Measure], *, confidence: int, interval: int, resamples: int
) -> tuple[Estimate, ...]:
    """Each measure of the losses at a confidence, with its interval from so many resamples.

    The interval runs between the quantiles of the measure over the resamples at `(1 - interval) / 2` and at one minus
    that. Which losses a resample has is the same for every sample of that length, so that two of them compare.
    """
    in_order = sorted(losses, reverse=True)
    tail = floor_div(RATE_SCALE - interval, 2)
    if in_order[0] == in_order[-1]:  # every resample is the sample
        values = [measure(in_order, confidence) for measure in measures]
        return tuple(Estimate(value, Interval(value, value)) for value in values)
    resampled = [[in_order[rank] for rank in ranks] for ranks in _ranks(len(losses), resamples)]
    found = []
    for measure in measures:
        values = [measure(each, confidence) for each in resampled]
        ends = Interval(value_at_risk(values, tail), value_at_risk(values, RATE_SCALE - tail))
        found.append(Estimate(measure(in_order, confidence), ends))
    return tuple(found)


@cache
def _ranks(length: int, resamples: int) -> tuple["array[int]", ...]:
    """Resamples of a sample that is in order: the places of what each has, in order too."""
    chooser = Seeded(f"bootstrap {length}")
    drawn = ([chooser.choose_int(0, length - 1) for _ in range(length)] for _ in range(resamples))
    return tuple(array("L", sorted(places)) for places in drawn)
