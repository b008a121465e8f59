"""Claims about the kernels of the liquidity monitor: value at risk, expected shortfall, and hysteresis."""

from collections.abc import Callable, Sequence
from functools import partial

from ledger.outcomes import Figures
from ledger.rulebook import MonitorTerms, Threshold
from ledger.units import RATE_SCALE

from .claims import Bug, Claim, Kind
from .engine import ACCEPTED, Path, implies

OBSERVE = ("observe",)
CONFIDENCES = (400_000_000, 500_000_000, 600_000_000, 950_000_000)
ANY_LOSSES = ("any losses; a confidence of 40%, 50%, 60% or 95%",)

Measure = Callable[[Sequence[int], int], int]


def _losses(path: Path, count: int) -> list[int]:
    return [path.integer(f"loss {number}") for number in range(count)]


def value_at_risk_is_a_quantile(path: Path, value_at_risk: Measure, *, count: int) -> None:
    """One of the losses, which enough of them do not exceed, and the smallest that is so."""
    losses, confidence = _losses(path, count), path.choice("confidence", CONFIDENCES)
    at_risk = value_at_risk(losses, confidence)
    path.reach(ACCEPTED)
    is_a_loss = losses[0] == at_risk
    for loss in losses[1:]:
        is_a_loss = is_a_loss | (loss == at_risk)
    path.require(is_a_loss, "value at risk is one of the losses")
    within = sum(1 for loss in losses if loss <= at_risk)
    below = sum(1 for loss in losses if loss < at_risk)
    path.require(within * RATE_SCALE >= confidence * count, "at least the confidence of them do not exceed it")
    path.require(below * RATE_SCALE < confidence * count, "fewer are below it")


def shortfall_is_the_tails_mean(path: Path, expected_shortfall: Measure, *, count: int) -> None:
    """The least, over all levels, of a level and the mean excess over it spread over the tail, rounded up; so it is at
    least the quantile, and at most the greatest loss."""
    losses, confidence = _losses(path, count), path.choice("confidence", CONFIDENCES)
    shortfall = expected_shortfall(losses, confidence)
    path.reach(ACCEPTED)
    share = count * (RATE_SCALE - confidence)
    attained = losses[0] != losses[0]
    for level in losses:
        bound = level * share + RATE_SCALE * sum(max(loss - level, 0) for loss in losses)
        path.require((shortfall - 1) * share < bound, "no level gives less than the shortfall")
        attained = attained | (bound <= shortfall * share)
        above = sum(1 for loss in losses if loss > level)
        path.require(implies(above * RATE_SCALE >= share, shortfall >= level), "it is not below a loss of the tail")
    path.require(attained, "one of the losses is a level that attains it")


def shortfall_is_at_least_value_at_risk(path: Path, expected_shortfall: Measure, *, count: int) -> None:
    """The smallest loss that enough of them do not exceed is not above the shortfall."""
    losses, confidence = _losses(path, count), path.choice("confidence", CONFIDENCES)
    shortfall = expected_shortfall(losses, confidence)
    path.reach(ACCEPTED)
    for loss in losses:
        below = sum(1 for other in losses if other < loss)
        is_at_risk = below * RATE_SCALE < confidence * count
        path.require(implies(is_at_risk, shortfall >= loss), "shortfall is at least every loss up to value at risk")


def worse_never_lowers_shortfall(path: Path, expected_shortfall: Measure, *, count: int) -> None:
    """One more loss at least as great as the shortfall, or one of the losses greater than it was."""
    losses, confidence = _losses(path, count), path.choice("confidence", CONFIDENCES)
    shortfall = expected_shortfall(losses, confidence)
    path.reach(ACCEPTED)
    worse = path.integer("worse", least=0)
    more = expected_shortfall([*losses, shortfall + worse], confidence)
    path.require(more >= shortfall, "one more loss does not lower it")
    grown = expected_shortfall([losses[0] + worse, *losses[1:]], confidence)
    path.require(grown >= shortfall, "a greater loss does not lower it")


def stress_has_a_band(path: Path, stressed_after: Callable[..., bool]) -> None:
    """Any figures against any limits whose two values differ the right way."""

    def limit(name: str, *, stressed_below: bool = False) -> Threshold:
        low, apart = path.integer(f"{name} limit", least=0), path.integer(f"{name} band", least=1)
        return Threshold(low, low + apart) if stressed_below else Threshold(low + apart, low)

    terms = MonitorTerms(
        2, 0, 600_000_000, limit("spread"), limit("depth", stressed_below=True), limit("root"), limit("shortfall")
    )
    depth = path.integer("depth", least=0) if path.choice("has depth", (True, False)) else None
    spread, variance, shortfall = path.integer("spread"), path.integer("variance"), path.integer("shortfall")
    figures = Figures(spread, depth, variance, 0, shortfall, 1, 0)
    from_calm, from_stress = stressed_after(False, figures, terms), stressed_after(True, figures, terms)
    path.reach("inside the band" if from_stress and not from_calm else "outside the band")
    path.reach(ACCEPTED)
    path.require(from_stress or not from_calm, "what stresses a calm market keeps a stressed one so")
    thin = depth is not None and depth < terms.depth.enter
    wide, volatile = spread > terms.spread.enter, variance > terms.volatility.enter * terms.volatility.enter
    path.require(implies(wide | thin, from_calm), "a wide spread or a thin book is stress")
    path.require(implies(volatile | (shortfall > terms.expected_shortfall.enter), from_calm), "so is risk")
    path.require(implies(spread > terms.spread.leave, from_stress), "who is stressed stays so until the spread is calm")
    if not from_calm:
        path.require((spread <= terms.spread.enter) & (not thin), "calm is entered by nothing beyond a limit")


def _claim(
    claim_id: str,
    laws: tuple[str, ...],
    statement: str,
    subject: str,
    check: Callable[..., None],
    bug: Bug,
    reaches: tuple[str, ...] = (ACCEPTED,),
    world: tuple[str, ...] = ANY_LOSSES,
) -> Claim:
    return Claim(
        claim_id, Kind.KERNEL, OBSERVE, laws, statement, world, f"liquidity.{subject}", check, bug, reaches=reaches
    )


CLAIMS = (
    *(
        _claim(
            f"value-at-risk-{count}",
            ("MON-1", "MON-4"),
            f"Of {count} losses, value at risk is the smallest that at least the confidence of them do not exceed.",
            "value_at_risk",
            partial(value_at_risk_is_a_quantile, count=count),
            Bug("liquidity", "return sorted(losses, reverse=True)[beyond]", "return sorted(losses)[beyond]"),
        )
        for count in (2, 3, 4)
    ),
    _claim(
        "shortfall",
        ("MON-1", "MON-4"),
        "Of 3 losses, expected shortfall is the least of a level and the mean excess over it spread over the tail, "
        "rounded up.",
        "expected_shortfall",
        partial(shortfall_is_the_tails_mean, count=3),
        Bug("liquidity", "return ceil_div(total, share)", "return floor_div(total, share)"),
    ),
    _claim(
        "shortfall-at-least-var",
        ("MON-4",),
        "Of 4 losses, expected shortfall is at least value at risk.",
        "expected_shortfall",
        partial(shortfall_is_at_least_value_at_risk, count=4),
        Bug("liquidity", "total = sum(in_order[:beyond]) * RATE_SCALE + ", "total = "),
    ),
    _claim(
        "shortfall-of-worse",
        ("MON-5",),
        "Of 3 losses, one more that is at least as great as expected shortfall does not lower it, nor does a greater "
        "one in the place of another.",
        "expected_shortfall",
        partial(worse_never_lowers_shortfall, count=3),
        Bug("liquidity", "in_order[beyond] * (share - beyond * RATE_SCALE)", "in_order[beyond - 1]"),
    ),
    _claim(
        "hysteresis",
        ("MON-2",),
        "What stresses a calm market keeps a stressed one so, each figure beyond its limit stresses, and a stressed "
        "market stays so until its spread is calm; in between nothing changes.",
        "stressed_after",
        stress_has_a_band,
        Bug("liquidity", "return not is_calm(figures, terms)", "return is_beyond(figures, terms)"),
        reaches=(ACCEPTED, "inside the band", "outside the band"),
        world=("any figures, with a depth or without; any limits, each with its two values apart",),
    ),
)
