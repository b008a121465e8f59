"""States for the operator, made by the generators of random testing, and the operator left to itself."""

from collections.abc import Iterator

import attrs

from ledger.fuzzing import GENESES, Seeded, drawn_rulebook, play
from ledger.laws import REGISTRY, Monitor, Step
from ledger.margin import is_at_takeover
from ledger.operator import is_at_rest, longest_run, next_actions, next_time
from ledger.outcomes import Applied
from ledger.profiles import DEFAULT_PROFILE, load_profile
from ledger.rulebook import Rulebook, is_system
from ledger.state import State, has_used_up_rounds
from ledger.transactions import BackstopTransfer, Fund, Liquidate, Settle, Transaction
from ledger.transition import apply, state_after


def rulebook_for(seed: int) -> Rulebook:
    """One of the geneses in turn, and for every third seed a rulebook drawn at random."""
    if seed % 3 == 2:
        return load_profile(DEFAULT_PROFILE, drawn_rulebook(Seeded(seed)))
    names = sorted(GENESES)
    return load_profile(*GENESES[names[seed % len(names)]])


def venue(seed: int, steps: int) -> Iterator[Step]:
    """A simulation's steps under one of the rulebooks."""
    return play(Seeded(seed), rulebook_for(seed), steps)


MONITORED = ("ascendex-2020-monitored", "compact-monitored")
"""The geneses with a liquidity monitor."""


def monitored_venue(seed: int, steps: int) -> Iterator[Step]:
    """A simulation's steps under one of the rulebooks that have a liquidity monitor."""
    return play(Seeded(f"monitored {seed}"), load_profile(*GENESES[MONITORED[seed % len(MONITORED)]]), steps)


def squeezed(state: State) -> tuple[str, ...]:
    """The accounts that stress alone opens a takeover to, by what the ledger answers, in id order."""
    return tuple(
        sorted(
            name
            for name, account in state.accounts.items()
            if account.liquidation is not None
            and not is_at_takeover(state, account)
            and not has_used_up_rounds(state, account)
            and isinstance(apply(state, BackstopTransfer(state.time, name)), Applied)
        )
    )


@attrs.define
class Run:
    """What the operator left to itself came to: the steps by kind, the takeovers' accounts, and how long it took.

    `squeezed`: the takeovers that stress alone had opened.
    """

    state: State
    time: int
    rounds: int = 0
    instants: int = 0
    squeezed: int = 0
    taken_over: list[str] = attrs.Factory(list)


def left_to_itself(state: State) -> Run:
    """Apply what the operator proposes, move to its next time, and so on until the ledger is at rest, laws checked.

    Every proposal must be accepted, and everybody taken over be left with exactly nothing; nobody is taken over twice;
    where nothing is proposed the ledger must refuse all that might have been. AssertionError also where the bounds of
    specs/operator are passed.
    """
    ordinary = sum(not is_system(name) for name in state.accounts)
    bound, run = state.time + longest_run(state), Run(state, state.time)
    monitor = Monitor(state, REGISTRY, state_every=1)
    while True:
        while actions := next_actions(run.state, run.time):
            for action in actions:
                before, outcome = run.state, apply(run.state, action)
                assert isinstance(outcome, Applied), f"{action} was refused: {outcome}"
                run.state = state_after(before, outcome)
                monitor.observe(Step(before, action, outcome, run.state))
                if isinstance(action, BackstopTransfer):
                    run.squeezed += action.account in squeezed(before)
                    left = run.state.accounts[action.account]
                    assert (dict(left.cash), dict(left.positions), left.liquidation) == ({}, {}, None)
                    assert action.account not in run.taken_over
                    run.taken_over.append(action.account)
                elif isinstance(action, Liquidate):
                    run.rounds += 1
                else:
                    run.instants += 1
        assert_nothing_is_due(run.state, run.time)
        if is_at_rest(run.state):
            break
        run.time = next_time(run.state, run.time)
        assert run.time <= bound, "the ledger is not at rest in time"
    monitor.finish()
    interval = run.state.rulebook.liquidation.round_interval
    assert run.rounds <= ordinary * (
        1 + (run.time - state.time) // max(1, interval) + len(run.taken_over) + run.instants
    )
    return run


def assert_nothing_is_due(state: State, time: int) -> None:
    """No takeover, round, funding or settle that the ledger accepts now, of whomever: asked of the ledger itself."""
    asked: list[Transaction] = [Settle(time), *(Fund(time, market_id, None) for market_id in state.markets)]
    for name in state.accounts:
        if not is_system(name):
            asked += [BackstopTransfer(time, name), Liquidate(time, name, ())]
    for transaction in asked:
        assert not isinstance(apply(state, transaction), Applied), f"{transaction} was not proposed"
