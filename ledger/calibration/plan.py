"""The grid: every combination of terms that is tried, and every run of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import attrs

from ..simulation.backstop import BackstopTerms
from ..simulation.faults import DataError
from .axes import Level
from .cases import Case, code_digest, digest_of

HOUR_BELOW_MINUTE = "capacity per hour below capacity per minute"
HOLDINGS_BELOW_MINUTE = "max holdings below capacity per minute"


@attrs.frozen
class Axes:
    """The levels that each term is tried with, as many as are asked for; without any a term is as the scenario has it.

    Amounts in atoms of the settlement asset, `discount` in ppb; those per hour and held may be multiples.
    """

    capacity_per_minute: tuple[Level, ...] = ()
    capacity_per_hour: tuple[Level, ...] = ()
    max_holdings: tuple[Level, ...] = ()
    discount: tuple[Level, ...] = ()
    fund: tuple[Level, ...] = ()


@attrs.frozen
class Setting:
    """One level of each term; None as the scenario has it."""

    capacity_per_minute: Level | None
    capacity_per_hour: Level | None
    max_holdings: Level | None
    discount: Level | None
    fund: Level | None

    def terms(self, own: BackstopTerms) -> BackstopTerms:
        """The terms that these levels give a scenario that has its `own`.

        Without capacity there are no providers: the capacity per hour and what they may hold are zero then too, however
        they are asked for.
        """
        per_minute = _resolved(self.capacity_per_minute, own.capacity_per_minute, 0)
        per_hour = _resolved(self.capacity_per_hour, own.capacity_per_hour, per_minute)
        max_holdings = _resolved(self.max_holdings, own.max_holdings, per_minute)
        discount = _resolved(self.discount, own.discount, per_minute)
        fund = _resolved(self.fund, own.fund, per_minute)
        if per_minute == 0:
            return BackstopTerms(0, 0, 0, discount, fund)
        return BackstopTerms(per_minute, per_hour, max_holdings, discount, fund)

    def without_capacity(self) -> "Setting":
        """The setting with its capacity per minute left open."""
        return attrs.evolve(self, capacity_per_minute=None)


def _resolved(level: Level | None, own: int, per_minute: int) -> int:
    return own if level is None else level.resolved(per_minute)


def settings_of(axes: Axes) -> Iterator[Setting]:
    """Every combination of levels, capacity per minute varying fastest."""
    others = (axes.capacity_per_hour, axes.max_holdings, axes.discount, axes.fund)
    per_minute: Sequence[Level | None] = axes.capacity_per_minute or (None,)
    for levels in product(*(levels or (None,) for levels in others)):
        for capacity in per_minute:
            yield Setting(capacity, *levels)


@attrs.frozen
class Combination:
    """A setting in a case, and the terms that it comes to there: several settings may come to the same."""

    case: int
    setting: Setting
    terms: BackstopTerms


@attrs.frozen
class Run:
    """One simulation: the number of its case, its terms and its seed. `key` tells it from every other run there is."""

    case: int
    terms: BackstopTerms
    seed: int
    key: str


@attrs.frozen
class Plan:
    """All that is to be done.

    `combinations` in the order in which they are told. `left_out`: how many combinations are none, by the reason why;
    what a program does not admit is told as the scenario's own error.
    """

    cases: tuple[Case, ...]
    axes: Axes
    seeds: range
    combinations: tuple[Combination, ...]
    left_out: Counter[str]

    def terms_of(self, case: int) -> tuple[BackstopTerms, ...]:
        """The terms that are tried in a case, each once, in order."""
        return tuple(dict.fromkeys(each.terms for each in self.combinations if each.case == case))

    def runs(self) -> tuple[Run, ...]:
        """Every run, each once, in order."""
        return tuple(
            Run(number, terms, seed, key_of(case, terms, seed))
            for number, case in enumerate(self.cases)
            for terms in self.terms_of(number)
            for seed in self.seeds
        )


def key_of(case: Case, terms: BackstopTerms, seed: int) -> str:
    """What tells a run from every other: the scenario, the prices, the terms, the seed and the code."""
    return digest_of(case.digest, list(attrs.astuple(terms)), seed, code_digest())


def plan_of(cases: Sequence[Case], axes: Axes, seeds: range) -> Plan:
    """The plan of a grid. Combinations that contradict themselves, or that a program does not admit, are left out."""
    combinations, left_out = [], Counter[str]()
    for number, case in enumerate(cases):
        known: dict[BackstopTerms, str | None] = {}
        for setting in settings_of(axes):
            terms = setting.terms(case.scenario.backstop)
            if terms not in known:
                known[terms] = why_none(case, terms)
            reason = known[terms]
            if reason is None:
                combinations.append(Combination(number, setting, terms))
            else:
                left_out[reason] += 1
    return Plan(tuple(cases), axes, seeds, tuple(combinations), left_out)


def why_none(case: Case, terms: BackstopTerms) -> str | None:
    """Why these terms are none for a case, or None where they are."""
    if terms.capacity_per_hour < terms.capacity_per_minute:
        return HOUR_BELOW_MINUTE
    if terms.max_holdings < terms.capacity_per_minute:
        return HOLDINGS_BELOW_MINUTE
    try:
        case.scenario.with_backstop(terms)
    except DataError as error:
        return error.lines[0]
    return None
