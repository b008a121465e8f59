"""The random state machine with the operator: from wherever the machine stands it brings the ledger to rest.

What is asserted of each run is in `left_to_itself`; what is found is shrunk to the calls to repeat. Longer with
`BACKSTOP_OPERATED_EXAMPLES`.
"""

import functools
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from ledger.fuzzing import GENESES, Seeded, play
from ledger.operator import Index, follow, index_of, is_at_rest
from ledger.operator.standing import watched_accounts
from ledger.profiles import load_profile
from ledger.state import is_stressed
from ledger.transactions import Transaction
from ledger.transition import apply
from tests.test_machine import LONGEST_PRELUDE, Beginning, Ledger

from .worlds import MONITORED, left_to_itself

EXAMPLES, STEPS, PRELUDES = 60, 40, 12


class Operated(Ledger):
    """The machine's venue goes on afterwards from where it stood, and an index follows it.

    `runs`, and the takeovers in them that stress alone had opened, `squeezed`, count over all examples.
    """

    runs = 0
    squeezed = 0
    index: Index | None = None

    def take(self, transaction: Transaction) -> None:
        """With the index, which finds whom looking at everybody does."""
        followed = self.index or index_of(self.state)
        super().take(transaction)
        self.index = follow(followed, transaction, apply(followed.state, transaction))
        assert tuple(sorted(self.index.watched)) == watched_accounts(self.state)

    def teardown(self) -> None:
        """The operator takes over wherever an example ends, however seldom the rule below was drawn."""
        super().teardown()
        if hasattr(self, "state") and not is_at_rest(self.state):
            self.comes_to_rest()

    @precondition(lambda self: not is_at_rest(self.state))
    @rule()
    def the_operator_brings_it_to_rest(self) -> None:
        self.comes_to_rest()

    def comes_to_rest(self) -> None:
        run = left_to_itself(self.state)
        assert is_at_rest(run.state)
        type(self).runs += 1
        type(self).squeezed += run.squeezed


@functools.cache
def pressed() -> tuple[Beginning, ...]:
    """Beginnings at the end of a simulation's prelude in which a market is stressed and somebody is watched."""
    found: list[Beginning] = []
    for seed in range(PRELUDES):
        for name in MONITORED:
            profile, overrides = GENESES[name]
            for number, step in enumerate(play(Seeded(seed), load_profile(profile, overrides), LONGEST_PRELUDE)):
                stressed = any(is_stressed(step.after, market_id) for market_id in step.after.markets)
                if stressed and number % 5 == 4 and not is_at_rest(step.after):
                    found.append((profile, overrides, [], (seed, number + 1)))
    return tuple(found)


class OperatedUnderStress(Operated):
    """The same where a market is stressed at the beginning."""

    runs = 0
    squeezed = 0

    @initialize(beginning=st.deferred(lambda: st.sampled_from(pressed())))
    def begin(self, beginning: Beginning) -> None:
        super().begin(beginning)


CAMPAIGN = settings(
    derandomize=True,
    database=None,
    max_examples=int(os.environ.get("BACKSTOP_OPERATED_EXAMPLES", EXAMPLES)),
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("machine", [Operated, OperatedUnderStress])
def test_the_operator_brings_any_machine_to_rest(machine: type[Operated]) -> None:
    run_state_machine_as_test(machine, settings=CAMPAIGN)
    assert machine.runs > EXAMPLES // 4
    assert machine.squeezed > 0 or machine is Operated
