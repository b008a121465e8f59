"""The random state machine: any transactions in any order, every law and an independent audit after every step, and
every step's line of a log read back.

Reproducible: hypothesis draws the same examples every time. For a longer campaign with new examples set
`BACKSTOP_MACHINE_EXAMPLES` (and `BACKSTOP_MACHINE_STEPS`). A failure is shrunk and printed as the calls to repeat.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ledger.canonical import state_bytes
from ledger.fuzzing import GENERATORS, GENESES, Generator, Seeded, Sight, drawn_rulebook, opening, play, spoil
from ledger.laws import REGISTRY, Monitor, Step
from ledger.outcomes import Rejected
from ledger.profiles import DEFAULT_PROFILE, load_profile
from ledger.state import State, genesis
from ledger.transactions import Transaction
from ledger.transition import apply, state_after
from tests import oracle
from tests.oracle_figures import audit_figures
from tests.reading_back import require_reading_back
from tests.strategies import Drawn
from tests.worlds import START

EXAMPLES, STEPS = 300, 50
LONGEST_PRELUDE = 300


def campaign() -> settings:
    """Reproducible and short, or what the environment asks for."""
    examples = os.environ.get("BACKSTOP_MACHINE_EXAMPLES")
    return settings(
        derandomize=examples is None,
        database=None,
        max_examples=int(examples or EXAMPLES),
        stateful_step_count=int(os.environ.get("BACKSTOP_MACHINE_STEPS", STEPS)),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


Beginning = tuple[str, dict[str, Any] | None, list[Transaction], tuple[int, int]]
"""A profile's name and what overrides it, and how the venue begins: with transactions, or with the prelude of a
simulation (seed, steps)."""


@st.composite
def beginnings(draw: st.DrawFn) -> Beginning:
    """One of the rulebooks, or a drawn one, and how its venue begins."""
    profile, overrides = GENESES[draw(st.sampled_from(sorted(GENESES)))]
    if draw(st.integers(0, 2)) == 2:
        profile, overrides = DEFAULT_PROFILE, drawn_rulebook(Drawn(draw))
    if draw(st.booleans()):
        return profile, overrides, [], (draw(st.integers(0, 999)), draw(st.integers(0, LONGEST_PRELUDE)))
    return profile, overrides, opening(Drawn(draw), load_profile(profile, overrides)), (0, 0)


@st.composite
def drawn(draw: st.DrawFn, generator: Generator) -> Transaction:
    """What the generator makes of the machine's state."""
    return generator(Drawn(draw), draw(st.runner()).sight)


@st.composite
def spoiled(draw: st.DrawFn) -> Transaction:
    """Any transaction, with one fault."""
    sight, chooser = draw(st.runner()).sight, Drawn(draw)
    generator = draw(st.sampled_from(GENERATORS))
    return spoil(chooser, sight, generator(chooser, sight))


class Ledger(RuleBasedStateMachine):
    """One ledger. `sight` is what the generators see of its state."""

    state: State
    sight: Sight
    monitor: Monitor

    @initialize(beginning=beginnings())
    def begin(self, beginning: Beginning) -> None:
        profile, overrides, transactions, (seed, steps) = beginning
        rulebook = load_profile(profile, overrides)
        self.state = genesis(rulebook, START)
        for step in play(Seeded(seed), rulebook, steps):
            self.state = step.after
        self.recent: list[Transaction] = []
        self.sight = Sight(self.state, self.recent)
        self.bytes_now = state_bytes(self.state)
        oracle.audit_state(self.state)
        self.monitor = Monitor(self.state, REGISTRY, state_every=1)
        for transaction in transactions:
            self.take(transaction)

    def take(self, transaction: Transaction) -> None:
        """Apply, and check everything there is to check."""
        before, bytes_before = self.state, self.bytes_now
        outcome = apply(before, transaction)
        self.state = state_after(before, outcome)
        assert state_bytes(before) == bytes_before, "the old state changed"
        assert apply(before, transaction) == outcome, "the second answer differs"
        if isinstance(outcome, Rejected):
            assert self.state is before
        else:
            self.bytes_now = state_bytes(self.state)
            assert self.bytes_now != bytes_before
            self.recent.append(transaction)
            self.sight = self.sight.at(self.state)
        step = Step(before, transaction, outcome, self.state)
        oracle.audit(before, transaction, outcome, self.state)
        self.monitor.observe(step)
        require_reading_back(step)
        for account_id in step.changes:
            audit_figures(self.state, account_id)

    def teardown(self) -> None:
        if hasattr(self, "monitor"):
            self.monitor.finish()


def add_rules(machine: type[Ledger]) -> None:
    """A rule per generator, and one for faults; hypothesis sees them as methods of these names."""

    def taking(name: str, transactions: st.SearchStrategy[Transaction]) -> Callable[[Ledger, Transaction], None]:
        def take(self: Ledger, transaction: Transaction) -> None:
            self.take(transaction)

        take.__name__ = name
        return rule(transaction=transactions)(take)

    for generator in GENERATORS:
        name = generator.__name__
        setattr(machine, name, taking(name, drawn(generator)))
    setattr(machine, "with_a_fault", taking("with_a_fault", spoiled()))  # noqa: B010


add_rules(Ledger)
TestLedger = Ledger.TestCase
TestLedger.settings = campaign()
