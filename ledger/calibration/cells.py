"""What the runs say: of every cell of the grid, and of the smallest capacity that is enough.

A capacity is *enough* for an aim, at a confidence, where the aim is met in at least that share of the runs. The fund is
never short in so many of them exactly where the value at risk of the shortfall, at that confidence, is zero.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

import attrs

from ..liquidity import expected_shortfall, value_at_risk
from ..simulation.backstop import BackstopTerms
from .axes import Level
from .figures import Estimate, Share, estimates, share_of
from .plan import Plan, Run, Setting
from .results import Result


@attrs.frozen
class Levels:
    """How sure to be. `confidence`: ppb of runs in which an aim must be met, and of the measures of shortfall.

    `interval`: ppb that an interval covers; `resamples`, from which those of the measures come.
    """

    confidence: int
    interval: int
    resamples: int


class Aim(Enum):
    """What a run may meet, in words; its accounts, its venue or its winners pay where it does not."""

    NO_SHARED_LOSS = "no loss is shared"
    FUND_NEVER_SHORT = "the fund is never short"
    NO_DELEVERAGING = "nobody is auto-deleveraged"

    def is_met(self, result: Result) -> bool:
        """Whether a run met it."""
        match self:
            case Aim.NO_SHARED_LOSS:
                return result.loss_shared == 0
            case Aim.FUND_NEVER_SHORT:
                return result.shortfall == 0
            case Aim.NO_DELEVERAGING:
                return result.deleveraged_accounts == 0


@attrs.frozen
class Cell:
    """The runs of one case and its terms, one of each seed.

    `shares`: those that met each aim. The shortfall, in atoms: the `worst`, its value at risk and its expected
    shortfall. And, at the same confidence, what is at risk of being drawn from the fund and of being deleveraged.
    """

    case: int
    terms: BackstopTerms
    shares: Mapping[Aim, Share]
    worst: int
    value_at_risk: Estimate
    expected_shortfall: Estimate
    fund_drawn_at_risk: int
    deleveraged_at_risk: int


@attrs.frozen
class Tried:
    """One capacity per minute of an answer, and the cells that judge it, one of each case."""

    level: Level | None
    cells: tuple[Cell, ...]

    def share(self, aim: Aim) -> Share:
        """The share of the case in which it is the least: a capacity is enough where it is in every case."""
        return min((cell.shares[aim] for cell in self.cells), key=lambda share: (share.count, share.at_least))


@attrs.frozen
class Answer:
    """What the grid says of capacity per minute, for one case or all, one setting of the other terms and an aim.

    `tried` in ascending order. `smallest` is the first that is enough, None where none of the grid is. `fails_again`:
    larger ones that are not enough, though a smaller one is.
    """

    cases: tuple[int, ...]
    setting: Setting
    aim: Aim
    tried: tuple[Tried, ...]
    smallest: Tried | None
    fails_again: tuple[Tried, ...]


def cells_of(plan: Plan, runs: Sequence[Run], results: Mapping[str, Result], levels: Levels) -> tuple[Cell, ...]:
    """The cells of which every run is done, in the order of the plan."""
    by_cell: dict[tuple[int, BackstopTerms], list[Result]] = defaultdict(list)
    for run in runs:
        if run.key in results:
            by_cell[run.case, run.terms].append(results[run.key])
    return tuple(
        cell_of(case, terms, by_cell[case, terms], levels)
        for case in range(len(plan.cases))
        for terms in plan.terms_of(case)
        if len(by_cell[case, terms]) == len(plan.seeds)
    )


def cell_of(case: int, terms: BackstopTerms, results: Sequence[Result], levels: Levels) -> Cell:
    """What the runs of one cell say."""
    confidence = levels.confidence
    losses = [result.shortfall for result in results]
    at_risk, shortfall = estimates(
        losses,
        (value_at_risk, expected_shortfall),
        confidence=confidence,
        interval=levels.interval,
        resamples=levels.resamples,
    )
    return Cell(
        case,
        terms,
        {aim: share_of(sum(map(aim.is_met, results)), len(results), levels.interval) for aim in Aim},
        worst=max(losses),
        value_at_risk=at_risk,
        expected_shortfall=shortfall,
        fund_drawn_at_risk=value_at_risk([result.fund_drawn for result in results], confidence),
        deleveraged_at_risk=value_at_risk([result.deleveraged for result in results], confidence),
    )


def answers_of(plan: Plan, cells: Sequence[Cell], confidence: int) -> tuple[Answer, ...]:
    """The answers of which every cell is done: for each case, then, where there are several, for all of them."""
    by_terms = {(cell.case, cell.terms): cell for cell in cells}
    each = [(number,) for number in range(len(plan.cases))]
    together = [tuple(range(len(plan.cases)))] if len(plan.cases) > 1 else []
    return tuple(
        answer
        for cases in (*each, *together)
        for setting, tried in _tried_of(plan, cases, by_terms)
        for answer in (_answer(cases, setting, aim, tried, confidence) for aim in Aim)
    )


def _tried_of(
    plan: Plan, cases: tuple[int, ...], cells: Mapping[tuple[int, BackstopTerms], Cell]
) -> Iterator[tuple[Setting, tuple[Tried, ...]]]:
    """Each setting of the other terms, with what was tried of it in all of these cases; complete ones alone."""
    groups: dict[Setting, dict[Level | None, dict[int, Cell | None]]] = {}
    for each in plan.combinations:
        if each.case in cases:
            of_group = groups.setdefault(each.setting.without_capacity(), {})
            of_level = of_group.setdefault(each.setting.capacity_per_minute, {})
            of_level[each.case] = cells.get((each.case, each.terms))
    for setting, levels in groups.items():
        whole = {level: found for level, found in levels.items() if len(found) == len(cases)}
        tried = [
            Tried(level, tuple(cell for cell in found.values() if cell is not None)) for level, found in whole.items()
        ]
        if tried and all(len(each.cells) == len(cases) for each in tried):
            yield setting, tuple(tried)


def _answer(cases: tuple[int, ...], setting: Setting, aim: Aim, tried: tuple[Tried, ...], confidence: int) -> Answer:
    enough = [each.share(aim).reaches(confidence) for each in tried]
    if True not in enough:
        return Answer(cases, setting, aim, tried, None, ())
    first = enough.index(True)
    later = zip(tried[first:], enough[first:], strict=True)
    return Answer(cases, setting, aim, tried, tried[first], tuple(each for each, is_enough in later if not is_enough))
