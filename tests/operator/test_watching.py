"""Of what the operator did itself, watching finds nothing; and it does when an action is left out or comes late."""

import itertools

from ledger.log import Entry
from ledger.operator import is_at_rest, next_actions, next_time
from ledger.state import State
from ledger.transactions import BackstopTransfer, Transaction
from ledger.transition import apply, state_after
from ledger.watching import Kind, watch_log

from .worlds import venue


def actions_from(state: State) -> list[Transaction]:
    """What the operator does from the state until the ledger is at rest."""
    done: list[Transaction] = []
    time = state.time
    while True:
        while actions := next_actions(state, time):
            for action in actions:
                state = state_after(state, apply(state, action))
                done.append(action)
        if is_at_rest(state):
            return done
        time = next_time(state, time)


def entries_of(transactions: list[Transaction]) -> list[Entry]:
    return [Entry(line, transaction, None) for line, transaction in enumerate(transactions, start=2)]


def test_the_operator_finds_nothing_in_what_it_did() -> None:
    looked_at = taken_over = found_when_left_out = reordered = 0
    for seed in range(30):
        *_, step = venue(seed, 240)
        state = step.after
        if is_at_rest(state):
            continue
        done = actions_from(state)
        looked_at += 1
        assert watch_log(state, entries_of(done), patience=0).findings == ()
        takeovers = [place for place, action in enumerate(done) if isinstance(action, BackstopTransfer)]
        taken_over += len(takeovers)
        if takeovers and done[-1].time - done[takeovers[0]].time > 0:
            without = done[: takeovers[0]] + done[takeovers[0] + 1 :]
            kinds = {finding.kind for finding in watch_log(state, entries_of(without), patience=0).findings}
            assert kinds & {Kind.UNATTENDED, Kind.OUT_OF_ORDER}
            found_when_left_out += 1
        for first, second in itertools.pairwise(takeovers):
            if second == first + 1:
                swapped = [*done[:first], done[second], done[first], *done[second + 1 :]]
                kinds = {finding.kind for finding in watch_log(state, entries_of(swapped), patience=0).findings}
                reordered += Kind.OUT_OF_ORDER in kinds
    assert min(looked_at, taken_over, found_when_left_out, reordered) > 0, (
        looked_at,
        taken_over,
        found_when_left_out,
        reordered,
    )
