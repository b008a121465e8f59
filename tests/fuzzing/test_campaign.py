"""Campaigns repeat: whoever runs them, in however many processes and pieces, they come to the same."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import attrs
import pytest

from ledger.fuzzing import Seeded, play
from ledger.fuzzing.campaign import Campaign, Settings, Tally, campaign, ended, example, tallies
from ledger.fuzzing.reach import CORNERS, EVENTS, Reach, unreached
from ledger.fuzzing.rulebooks import RULEBOOKS
from ledger.laws import REGISTRY, Breach, Looks, Monitor, StateLaw, Step, StepLaw
from ledger.laws.law import HELD, Verdict
from ledger.outcomes import Applied
from ledger.profiles import load_profile
from ledger.transactions import TYPE_NAMES, Trade
from tests.cli.runs import ROOT

EXAMPLES, SEED, STEPS = 10, 7, 150
IN_ANOTHER_PROCESS = """
import sys
from tests.fuzzing.test_campaign import figures_of
from ledger.fuzzing.campaign import campaign
if __name__ == "__main__":
    print(figures_of(campaign(10, 7, 1, steps=150)))
"""


def figures_of(ran: Campaign) -> str:
    """Everything that a campaign counted, as one text."""
    tally = ran.tally
    counters: list[Counter[Any]] = [
        tally.rulebooks, tally.applied, tally.rejected, tally.events, tally.corners, tally.checked, tally.fired
    ]  # fmt: skip
    return json.dumps(
        [
            [tally.examples, tally.steps],
            [sorted((str(key), number) for key, number in counter.items()) for counter in counters],
            [(failed.example, failed.finding.name, failed.finding.detail) for failed in ran.failures],
        ]
    )


def trades_are_small(step: Step) -> Verdict:
    """A law that is false: it is here for processes to import."""
    assert isinstance(step.transaction, Trade)
    return HELD if step.transaction.size < 20 else Breach("a large trade", (step.transaction.buyer,))


FALSE_LAW = StepLaw("OWN-1", "No trade is large.", trades_are_small, (Trade,))


@pytest.fixture(scope="module")
def alone() -> Campaign:
    return campaign(EXAMPLES, SEED, steps=STEPS)


def test_several_workers_come_to_the_same(alone: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.fuzzing.campaign.STEPS_AT_A_TIME", 2 * STEPS)
    assert figures_of(campaign(EXAMPLES, SEED, 3, steps=STEPS)) == figures_of(alone)


def test_failures_of_several_workers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.fuzzing.campaign.STEPS_AT_A_TIME", STEPS)
    laws = (*REGISTRY, FALSE_LAW)
    one = campaign(6, SEED, 1, laws=laws, steps=STEPS)
    two = campaign(6, SEED, 2, laws=laws, steps=STEPS)
    assert one.failures
    assert [failed.transactions for failed in one.failures] == [failed.transactions for failed in two.failures]
    assert figures_of(one) == figures_of(two)


@pytest.mark.parametrize("hash_seed", ["0", "1", "12345"])
def test_another_hash_seed_comes_to_the_same(alone: Campaign, hash_seed: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert answer.stdout.strip() == figures_of(alone)


def test_a_campaign_goes_on_where_another_ended(alone: Campaign) -> None:
    tally = Tally()
    for first, examples in ((0, 3), (3, EXAMPLES - 3)):
        tally.add(campaign(examples, SEED, steps=STEPS, first=first).tally)
    assert figures_of(ended(Settings(EXAMPLES, SEED, steps=STEPS), tally)) == figures_of(alone)


def test_seeds_differ(alone: Campaign) -> None:
    assert figures_of(campaign(EXAMPLES, SEED + 1, steps=STEPS)) != figures_of(alone)


def test_what_is_counted_adds_up(alone: Campaign) -> None:
    tally = alone.tally
    assert (tally.examples, tally.steps, alone.failures) == (EXAMPLES, EXAMPLES * STEPS, ())
    assert tally.applied.total() + tally.rejected.total() == tally.steps
    assert tally.rulebooks.total() == EXAMPLES
    assert tally.rulebooks["drawn"] == EXAMPLES // 2
    assert [count.law for count in alone.counts] == list(REGISTRY)
    for count in alone.counts:
        assert count.fired <= count.checked
        if isinstance(count.law, StateLaw):
            assert (count.checked, count.by_type) == (EXAMPLES, {})
        else:
            kinds = {TYPE_NAMES[kind] for kind in count.law.concerns} or set(TYPE_NAMES.values())
            assert set(count.by_type) <= kinds
            assert count.checked == sum(checked for checked, _ in count.by_type.values())
        if isinstance(count.law, StepLaw) and not count.law.concerns and count.law.looks is Looks.APPLIED:
            assert count.checked == tally.applied.total()


def test_the_counts_are_those_of_a_monitor_and_of_the_reach() -> None:
    settings = Settings(1, SEED, first=4, steps=STEPS)
    ran = campaign(1, SEED, first=4, steps=STEPS)
    chooser, rulebook = example(settings, 4)
    monitor, reach, applied = None, Reach(), Counter[str]()
    for step in play(chooser, rulebook, STEPS):
        monitor = Monitor(step.before, REGISTRY, 0) if monitor is None else monitor
        monitor.observe(step)
        reach.observe(step)
        applied[TYPE_NAMES[type(step.transaction)]] += isinstance(step.outcome, Applied)
    assert monitor is not None
    monitor.finish()
    assert {kind: number for kind, number in applied.items() if number} == ran.tally.applied
    assert (reach.events, reach.corners) == (ran.tally.events, ran.tally.corners)
    for mine, its in zip(monitor.counts, ran.counts, strict=True):
        assert (mine.checked, mine.fired, dict(mine.by_type)) == (its.checked, its.fired, dict(its.by_type))


def test_rulebooks_are_taken_in_turn() -> None:
    mine = (load_profile("textbook"), RULEBOOKS["compact"])
    ran = campaign(5, 1, rulebooks=mine, steps=20)
    assert ran.tally.rulebooks == {"textbook": 3, "compact": 2}
    many = 2 * len(RULEBOOKS)
    names = [example(Settings(many, 0), number)[1].name for number in range(many)]
    assert names[::2] == list(RULEBOOKS)
    assert set(names[1::2]) == {"drawn"}


def test_an_example_ends_at_the_first_law_that_breaks() -> None:
    ran = campaign(4, SEED, laws=(FALSE_LAW,), steps=STEPS)
    for failed in ran.failures:
        assert failed.finding.is_of(FALSE_LAW)
        assert failed.finding.position == len(failed.transactions) - 1
        last = failed.transactions[-1]
        assert isinstance(last, Trade)
        assert last.size >= 20
        assert failed.finding.accounts == (last.buyer,)
    assert set(ran.failures_by_name) == {"OWN-1 step"}
    assert ran.tally.steps < 4 * STEPS


def test_an_error_of_the_ledger_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("nobody")

    monkeypatch.setattr("ledger.fuzzing.simulation.apply", fails)
    ran = campaign(2, 0, steps=STEPS)
    assert [failed.finding.name for failed in ran.failures] == ["KeyError in fails"] * 2
    assert [(failed.finding.law_id, failed.finding.scope) for failed in ran.failures] == [(None, None)] * 2
    assert ran.tally.steps == 2


def test_an_error_of_a_generator_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("nobody")

    monkeypatch.setattr("ledger.fuzzing.simulation.next_transaction", fails)
    with pytest.raises(KeyError) as raised:
        campaign(2, 5, steps=STEPS)
    assert raised.value.__notes__ == ["While example 0 of seed 5 was made."]


def test_a_law_of_the_whole_state_is_found_at_a_look() -> None:
    law = StateLaw("OWN-2", "Nothing is ever marked.", lambda span: Breach("a mark") if span.now.markets else None)
    ran = campaign(2, 0, laws=(law,), steps=STEPS)
    assert [failed.finding.name for failed in ran.failures] == ["OWN-2 state"] * 2
    assert [len(failed.transactions) for failed in ran.failures] == [STEPS] * 2


def test_portions_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.fuzzing.campaign.STEPS_AT_A_TIME", 40)
    seen: list[int] = []
    campaign(5, 0, steps=20, progress=lambda tally: seen.append(tally.examples))
    assert seen == [2, 4, 5]
    assert [part.examples for part in tallies(Settings(3, 0, steps=20))] == [2, 1]


def test_reach_names_what_was_not_reached() -> None:
    reach = Reach()
    assert unreached(reach.events, reach.corners) == (list(EVENTS), list(CORNERS))
    for step in play(Seeded(1), RULEBOOKS["compact"], 300):
        reach.observe(step)
    events, corners = unreached(reach.events, reach.corners)
    assert len(events) < len(EVENTS) / 2
    assert set(corners) == set(CORNERS) - set(reach.corners)


def test_tallies_add_up() -> None:
    one, two = campaign(1, 3, steps=60).tally, campaign(1, 4, steps=60).tally
    whole = Tally()
    whole.add(one)
    whole.add(two)
    for field in attrs.fields(Tally):
        assert getattr(whole, field.name) == getattr(one, field.name) + getattr(two, field.name), field.name
