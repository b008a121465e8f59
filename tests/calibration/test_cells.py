"""Cells and answers: counted exactly, and never more said than the runs show."""

from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calibration.axes import Level
from ledger.calibration.cells import Aim, Answer, Cell, Levels, answers_of, cell_of, cells_of
from ledger.calibration.plan import Plan
from ledger.calibration.results import Result, result_of
from ledger.calibration.running import Work, made_here
from ledger.liquidity import expected_shortfall, value_at_risk
from ledger.simulation.summary import Window
from ledger.units import RATE_SCALE

from . import worlds
from .worlds import CRASH, USDT

LEVELS = Levels(confidence=950_000_000, interval=900_000_000, resamples=100)
NOTHING = result_of(worlds.summary())


def of_losses(losses: Sequence[int], levels: Levels = LEVELS) -> Cell:
    """The cell of runs with these shortfalls, of which accounts share all above 10."""
    results = [attrs.evolve(NOTHING, shortfall=loss, loss_shared=max(0, loss - 10)) for loss in losses]
    return cell_of(0, CRASH.backstop, results, levels)


def test_the_figures_of_a_run() -> None:
    minutes = (Window(0, 9, 5, 1), Window(60_000, 9, 2, 7))
    summary = worlds.summary(
        fees_used=3, loss_shared=4, fund_drawn=5, fund_lowest=6, taken=7, deleveraged=8, deleveraged_accounts=2,
        liquidated=9, taken_over=1, minutes=minutes, hours=(Window(0, 90, 7, 8),),
    )  # fmt: skip
    assert result_of(summary) == Result(
        shortfall=7, fees_used=3, loss_shared=4, fund_drawn=5, fund_lowest=6, taken=7, refused=8, deleveraged=8,
        asked_in_a_minute=9, asked_in_an_hour=15, deleveraged_accounts=2, liquidated=9, taken_over=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("aim", "broken"),
    [
        (Aim.NO_SHARED_LOSS, {"shortfall": 1, "loss_shared": 1}),
        (Aim.FUND_NEVER_SHORT, {"shortfall": 1, "fees_used": 1}),
        (Aim.NO_DELEVERAGING, {"deleveraged": 1, "deleveraged_accounts": 1}),
    ],
)
def test_each_aim_is_met_or_not_by_its_own_figure(aim: Aim, broken: dict[str, int]) -> None:
    assert aim.is_met(NOTHING)
    assert not aim.is_met(attrs.evolve(NOTHING, **broken))
    others = {Aim.NO_SHARED_LOSS: {Aim.FUND_NEVER_SHORT}}.get(aim, set())  # a shared loss is a shortfall too
    for other in set(Aim) - {aim} - others:
        assert other.is_met(attrs.evolve(NOTHING, **broken))


def test_a_cell_by_hand() -> None:
    cell = of_losses([0] * 17 + [4, 20, 100])
    assert [(cell.shares[aim].count, cell.shares[aim].of) for aim in Aim] == [(18, 20), (17, 20), (20, 20)]
    assert (cell.worst, cell.value_at_risk.value, cell.expected_shortfall.value) == (100, 20, 100)


@given(st.lists(st.integers(0, 30).map(lambda loss: max(0, loss - 25)), min_size=1, max_size=60))
def test_the_fund_is_enough_exactly_where_nothing_is_at_risk(losses: list[int]) -> None:
    cell = of_losses(losses)
    assert cell.shares[Aim.FUND_NEVER_SHORT].reaches(LEVELS.confidence) == (cell.value_at_risk.value == 0)
    assert cell.value_at_risk.value == value_at_risk(losses, LEVELS.confidence)
    assert cell.expected_shortfall.value == expected_shortfall(losses, LEVELS.confidence) >= cell.value_at_risk.value


def made(plan: Plan, missing: int = 0) -> tuple[tuple[Cell, ...], tuple[Answer, ...]]:
    """The cells and answers of all runs of a plan but the last few."""
    runs = plan.runs()
    results = {
        run.key: result for run, result in made_here(Work(plan.cases, worlds.simulate), runs[: len(runs) - missing])
    }
    cells = cells_of(plan, runs, results, LEVELS)
    return cells, answers_of(plan, cells, LEVELS.confidence)


def capacity(answer: Answer) -> int | None:
    """The smallest capacity of an answer, in thousands of USDT."""
    return None if answer.smallest is None else answer.smallest.cells[0].terms.capacity_per_minute // (1000 * USDT)


def by_aim(answers: Sequence[Answer]) -> dict[Aim, int | None]:
    return {answer.aim: capacity(answer) for answer in answers}


def test_the_smallest_that_is_enough() -> None:
    """Against every run of the grid, counted by hand."""
    plan = worlds.plan(
        seeds=range(40),
        capacity_per_minute="0,500000..4000000+500000",
        max_holdings="4000000",
        discount="0",
        fund="200000",
    )
    cells, answers = made(plan)
    assert len(cells) == 9
    assert len(answers) == 3
    demands = [worlds.demand("crash", seed) for seed in plan.seeds]
    for answer in answers:
        room = {Aim.NO_SHARED_LOSS: 2_500_000, Aim.FUND_NEVER_SHORT: 2_000_000, Aim.NO_DELEVERAGING: 0}[answer.aim]
        enough = [
            each
            for each in range(0, 4001, 500)
            if sum(asked <= (each * 1000 + room) * USDT + 9 for asked in demands) * RATE_SCALE
            >= LEVELS.confidence * len(demands)
        ]
        assert capacity(answer) == enough[0]
        assert answer.fails_again == ()
    found = by_aim(answers)
    assert found[Aim.NO_SHARED_LOSS] != found[Aim.FUND_NEVER_SHORT] != found[Aim.NO_DELEVERAGING]


def test_where_no_capacity_is_enough_none_is_told() -> None:
    _, answers = made(worlds.plan(seeds=range(40), capacity_per_minute="0,1000000", discount="0", fund="0"))
    assert by_aim(answers) == dict.fromkeys(Aim)
    assert all(answer.fails_again == () for answer in answers)


def test_a_larger_capacity_that_fails_again_is_told() -> None:
    """With a discount of a fifth more capacity draws more on the fund: 0 does, and from somewhere on it fails."""
    _, answers = made(
        worlds.plan(
            seeds=range(40), capacity_per_minute="0..4000000+1000000", max_holdings="1x", discount="0.2", fund="400000"
        )
    )
    (answer,) = (answer for answer in answers if answer.aim is Aim.FUND_NEVER_SHORT)
    assert capacity(answer) == 0
    failing = [each.cells[0].terms.capacity_per_minute // (10**6 * USDT) for each in answer.fails_again]
    assert failing == [1, 2, 3, 4]
    assert by_aim(answers)[Aim.NO_DELEVERAGING] == 4000


def test_groups_keep_to_their_setting() -> None:
    plan = worlds.plan(
        capacity_per_minute="1000000,2000000", capacity_per_hour="3x,6x", fund="0,9000000", max_holdings="6x"
    )
    _, answers = made(plan)
    assert len(answers) == 2 * 2 * 3
    for answer in answers:
        assert answer.setting.capacity_per_minute is None
        for tried in answer.tried:
            (cell,) = tried.cells
            assert answer.setting.fund is not None
            assert cell.terms.fund == answer.setting.fund.value
            assert isinstance(answer.setting.capacity_per_hour, Level)
            assert cell.terms.capacity_per_hour * RATE_SCALE == (
                answer.setting.capacity_per_hour.value * cell.terms.capacity_per_minute
            )


def test_what_is_not_done_is_not_told() -> None:
    plan = worlds.plan(capacity_per_minute="1000000,2000000", fund="0,100000")
    cells, answers = made(plan, missing=1)
    assert len(cells) == 3
    assert {answer.setting.fund for answer in answers} == {Level(False, 0)}
    assert made(plan, missing=len(plan.runs())) == ((), ())


def test_every_scenario_is_as_good_as_its_worst() -> None:
    """Each is judged by itself: runs of a mild one do not make up for those of a harsh one."""
    cases = [worlds.case(name) for name in ("crash", "other", "third")]
    plan = worlds.plan(
        *cases, seeds=range(40), capacity_per_minute="0..4000000+100000", max_holdings="1x", discount="0", fund="100000"
    )
    _, answers = made(plan)
    assert len(answers) == (3 + 1) * 3
    for aim in Aim:
        mine = [answer for answer in answers if answer.aim is aim]
        alone, together = mine[:-1], mine[-1]
        assert together.cases == (0, 1, 2)
        alone_found = [each for each in map(capacity, alone) if each is not None]
        assert len(alone_found) == 3
        assert capacity(together) == max(alone_found)
        assert together.smallest is not None
        assert together.smallest.share(aim).count == min(cell.shares[aim].count for cell in together.smallest.cells)
    assert len({capacity(answer) for answer in answers if answer.aim is Aim.NO_DELEVERAGING}) > 1


def test_a_capacity_that_one_scenario_does_not_admit_is_none_for_every_scenario() -> None:
    from ledger.calibration.cases import case_of

    rich = case_of(
        attrs.evolve(CRASH, name="rich", providers=attrs.evolve(CRASH.providers, accounts=1)), worlds.HISTORY
    )
    plan = worlds.plan(worlds.case(), rich, capacity_per_minute="400000,1000000", fund="9000000")
    assert plan.left_out.total() == 1
    _, answers = made(plan)
    tried = {answer.cases: len(answer.tried) for answer in answers}
    assert tried == {(0,): 1, (1,): 2, (0, 1): 1}
    assert capacity(answers[0]) == capacity(answers[-3]) == 1000
    assert capacity(answers[3]) == 400
