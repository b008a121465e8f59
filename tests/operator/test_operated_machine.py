"""The random state machine with the operator: from wherever the machine stands it brings the ledger to rest.

What is asserted of each run is in `left_to_itself`; what is found is shrunk to the calls to repeat. Longer with
`BACKSTOP_OPERATED_EXAMPLES`.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from ledger.operator import is_at_rest
from tests.test_machine import Ledger

from .worlds import left_to_itself

EXAMPLES, STEPS = 60, 40


class Operated(Ledger):
    """The machine's venue goes on afterwards from where it stood. `runs` counts, over all examples."""

    runs = 0

    @precondition(lambda self: not is_at_rest(self.state))
    @rule()
    def the_operator_brings_it_to_rest(self) -> None:
        run = left_to_itself(self.state)
        assert is_at_rest(run.state)
        Operated.runs += 1


CAMPAIGN = settings(
    derandomize=True,
    database=None,
    max_examples=int(os.environ.get("BACKSTOP_OPERATED_EXAMPLES", EXAMPLES)),
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_operator_brings_any_machine_to_rest() -> None:
    run_state_machine_as_test(Operated, settings=CAMPAIGN)
    assert Operated.runs > EXAMPLES // 4
