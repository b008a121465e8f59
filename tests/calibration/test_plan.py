"""Plans: which combinations there are, which are left out and why, and what tells a run from every other."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import attrs
import pytest

from ledger import source_code
from ledger.calibration import plan as planning
from ledger.calibration.axes import Level
from ledger.calibration.cases import ASIDE, Case, case_of, code_digest
from ledger.calibration.plan import HOLDINGS_BELOW_MINUTE, HOUR_BELOW_MINUTE, Axes, Plan, Run, key_of, plan_of
from ledger.simulation.backstop import BackstopTerms
from ledger.simulation.prices import FundingRate

from . import worlds
from .worlds import CRASH, HISTORY, USDT

MILLION = 10**6 * USDT


def terms_of(plan: Plan) -> list[tuple[int, ...]]:
    """The terms of the first case, in thousands of USDT, the discount in percent."""
    thousand, percent = 1000 * USDT, 10**7
    return [
        (
            terms.capacity_per_minute // thousand,
            terms.capacity_per_hour // thousand,
            terms.max_holdings // thousand,
            terms.discount // percent,
            terms.fund // thousand,
        )
        for terms in plan.terms_of(0)
    ]


def test_what_is_not_asked_for_is_as_the_scenario_has_it() -> None:
    plan = plan_of([worlds.case()], Axes(), range(3))
    assert plan.terms_of(0) == (CRASH.backstop,)
    assert [run.seed for run in plan.runs()] == [0, 1, 2]


def test_the_product_in_order() -> None:
    plan = worlds.plan(capacity_per_minute="1000000,2000000", capacity_per_hour="3x,6000000", fund="0,5000")
    assert terms_of(plan) == [
        (1000, 6000, 6000, 1, 0),
        (2000, 6000, 6000, 1, 0),
        (1000, 6000, 6000, 1, 5),
        (2000, 6000, 6000, 1, 5),
        (1000, 3000, 6000, 1, 0),
        (1000, 3000, 6000, 1, 5),
    ]
    assert len(plan.combinations) == 8  # two of them twice: 3x and 6000000 are the same with 2000000
    assert len(plan.runs()) == 6 * 4
    assert len({run.key for run in plan.runs()}) == 6 * 4


def test_without_capacity_there_is_one_combination_whatever_providers_could_do() -> None:
    plan = worlds.plan(capacity_per_minute="0", capacity_per_hour="3x,5000", max_holdings="0,7000000")
    assert plan.terms_of(0) == (BackstopTerms(0, 0, 0, 10_000_000, CRASH.backstop.fund),)
    assert len(plan.combinations) == 4
    assert not plan.left_out


def test_combinations_that_are_none_are_left_out_and_counted() -> None:
    plan = worlds.plan(
        capacity_per_minute="400000,1000000,8000000", capacity_per_hour="500000,3x", max_holdings="900000,9000000"
    )
    program = "crash: capacity_per_minute: found 80000 for each of 5, expected at least 100000"
    assert plan.left_out == {HOUR_BELOW_MINUTE: 4, HOLDINGS_BELOW_MINUTE: 2, program: 4}
    assert terms_of(plan) == [(1000, 3000, 9000, 1, 250), (8000, 24000, 9000, 1, 250)]
    assert plan.left_out.total() + len(plan.combinations) == 3 * 2 * 2


def test_equal_is_not_below() -> None:
    plan = worlds.plan(capacity_per_minute="2000000", capacity_per_hour="1x", max_holdings="1x")
    assert terms_of(plan) == [(2000, 2000, 2000, 1, 250)]


def test_every_program_answers_once_for_equal_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[BackstopTerms] = []
    answer = planning.why_none

    def counting(case: Case, terms: BackstopTerms) -> str | None:
        asked.append(terms)
        return answer(case, terms)

    monkeypatch.setattr(planning, "why_none", counting)
    worlds.plan(capacity_per_minute="0", capacity_per_hour="1x,2x,3x", max_holdings="1x,2x")
    assert len(asked) == 1


def run() -> Run:
    case = worlds.case()
    return Run(0, CRASH.backstop, 5, key_of(case, CRASH.backstop, 5))


def changed(**values: Any) -> Case:
    """The case with another bar."""
    bars = (attrs.evolve(HISTORY.bars[0], **values), *HISTORY.bars[1:])
    return worlds.case(history=attrs.evolve(HISTORY, bars=bars))


def with_document(change: Callable[[dict[str, Any]], None]) -> Case:
    """The case with another document."""
    document = json.loads(CRASH.document)
    change(document)
    return case_of(attrs.evolve(CRASH, document=json.dumps(document)), HISTORY)


OTHER_CASES = {
    "a price": changed(low=8),
    "a time": changed(time=-1),
    "fewer bars": worlds.case(history=attrs.evolve(HISTORY, bars=HISTORY.bars[:-1])),
    "an interval": worlds.case(history=attrs.evolve(HISTORY, interval=30_000)),
    "one price a row": worlds.case(history=attrs.evolve(HISTORY, has_extremes=False)),
    "funding of the file": worlds.case(history=attrs.evolve(HISTORY, funding=(FundingRate(0, 5, 2),))),
    "funding of its own file": case_of(CRASH, HISTORY, (FundingRate(0, 6, 2),)),
    "points": case_of(attrs.evolve(CRASH, prices=attrs.evolve(CRASH.prices, points="close")), HISTORY),
    "accounts": with_document(lambda document: document["population"].update(accounts=301)),
    "another section": with_document(lambda document: document.update(overrides={"fee_unit": "1"})),
}
SAME_CASES = {
    "a name": case_of(attrs.evolve(CRASH, name="another"), HISTORY),
    "the name of the prices": worlds.case(history=attrs.evolve(HISTORY, name="elsewhere/other.csv")),
    "the line of a bar": changed(line=77),
    "its own backstop": with_document(lambda document: document["backstop"].update(fund="1")),
    "rates that are the file's": case_of(CRASH, HISTORY, ()),
}


@pytest.mark.parametrize("what", list(OTHER_CASES))
def test_another_case_is_another_run(what: str) -> None:
    assert key_of(OTHER_CASES[what], CRASH.backstop, 5) != run().key


@pytest.mark.parametrize("what", list(SAME_CASES))
def test_what_changes_no_figure_changes_no_key(what: str) -> None:
    assert key_of(SAME_CASES[what], CRASH.backstop, 5) == run().key


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(BackstopTerms)])
def test_other_terms_are_another_run(name: str) -> None:
    terms = attrs.evolve(CRASH.backstop, **{name: getattr(CRASH.backstop, name) + 1})
    assert key_of(worlds.case(), terms, 5) != run().key


def test_another_seed_or_other_code_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    here = run().key
    assert key_of(worlds.case(), CRASH.backstop, 6) != here
    monkeypatch.setattr(planning, "code_digest", lambda: "0.1.0 other")
    assert run().key != here


def test_the_code_is_the_version_and_the_source_that_figures_depend_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = dict(source_code._sources(files("ledger"), "", ASIDE))
    assert {"units.py", "simulation/venue.py", "rules/liquidate.py", "rulebooks/ascendex-2020.toml"} <= set(sources)
    assert not any(name.split("/")[0] in ASIDE for name in sources)
    here = source_code.code_digest.__wrapped__(ASIDE)
    assert here == code_digest()
    with_another = [*sources.items(), ("simulation/new.py", b"")]
    monkeypatch.setattr(source_code, "_sources", lambda folder, path, aside: with_another)
    assert source_code.code_digest.__wrapped__(ASIDE) != here
    assert source_code.code_digest.__wrapped__(ASIDE).split()[0] == here.split()[0]


def test_levels_keep_their_words() -> None:
    setting = worlds.plan(capacity_per_minute="1000000", capacity_per_hour="3x").combinations[0].setting
    assert setting.capacity_per_hour == Level(True, 3_000_000_000)
    assert setting.without_capacity().capacity_per_minute is None
    assert setting.terms(CRASH.backstop).capacity_per_hour == 3 * MILLION
