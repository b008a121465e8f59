"""Cases of corners: found by seeded simulations, and cut to one transaction, or to the few that make a corner.

`python -m tests.vectors --corners` finds them again. What they are kept for is checked by their names: that each is
still shown by its case when the ledger answers it.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ledger.choosers import Seeded
from ledger.fuzzing import RULEBOOKS, drawn_rulebook, play
from ledger.fuzzing.corners import corners_of
from ledger.fuzzing.reach import CORNERS, EVENTS, PAST_CORNERS, Reach
from ledger.fuzzing.simulation import stepped
from ledger.fuzzing.times import START
from ledger.laws import REGISTRY, LawBroken, Monitor, Step
from ledger.laws.law import parties
from ledger.outcomes import Applied, Reason, Rejected
from ledger.postings import LedgerBug
from ledger.profiles import DEFAULT_PROFILE, load_profile
from ledger.rulebook import EXTERNAL, Rulebook, is_system
from ledger.state import State
from ledger.transactions import TYPE_NAMES, Transaction
from ledger.vectors import Case

from .made import case_for, slug

STEPS, SEEDS = 700, 30
DRAWN, DRAWN_SEEDS = 6, 180
"""Drawn rulebooks, six of a kind, are only gone through for what the others did not reach."""


def event_name(event: str) -> str:
    """What a case of an event is kept for."""
    return f"the event {event}"


def reason_name(reason: Reason) -> str:
    """What a case of a reason is kept for."""
    return f"the reason {reason.name}"


NAMES = (*map(reason_name, Reason), *map(event_name, EVENTS), *CORNERS)
"""Everything that one case at least is kept for."""


@attrs.frozen
class Found:
    """Where something was reached: in the simulation of a seed under a rulebook, from a state on, by transactions."""

    rulebook: str
    seed: str
    state: State
    transactions: tuple[Transaction, ...]

    @property
    def cost(self) -> int:
        """How much there is to read."""
        accounts = self.state.accounts.values()
        held = sum(2 + len(account.cash) + 2 * len(account.positions) for account in accounts)
        kept = sum(2 + len(provider.takeovers) for provider in self.state.providers.values())
        marks = [market.monitor.observations for market in self.state.markets.values() if market.monitor is not None]
        return held + kept + sum(4 + len(seen) for seen in marks) + 6 * len(self.transactions)


def shown_by(steps: Iterable[Step]) -> set[str]:
    """Everything that steps show: the reasons and events of all of them, and their corners."""
    reach = Reach()
    reasons: set[str] = set()
    for step in steps:
        reach.observe(step)
        if isinstance(step.outcome, Rejected):
            reasons.add(reason_name(step.outcome.reason))
    return {*reasons, *map(event_name, reach.events), *reach.corners}


def steps_from(state: State, transactions: Sequence[Transaction]) -> list[Step]:
    """The steps of transactions from a state on."""
    steps: list[Step] = []
    for transaction in transactions:
        steps.append(stepped(steps[-1].after if steps else state, transaction))
    return steps


def found_in_simulations() -> dict[str, Found]:
    """The smallest find for each name."""
    best: dict[str, Found] = {}
    for round_ in range(SEEDS):
        for place, (name, rulebook) in enumerate(RULEBOOKS.items()):
            number = len(RULEBOOKS) * round_ + place
            _look(best, name, str(number), rulebook, Seeded(number))
    for number in range(DRAWN_SEEDS):
        missing = [name for name in NAMES if name not in best]
        if not missing:
            break
        seed = f"drawn {number // DRAWN} {number % DRAWN}"
        chooser = Seeded(seed)
        rulebook = load_profile(DEFAULT_PROFILE, drawn_rulebook(chooser))
        among: dict[str, Found] = {}
        _look(among, "drawn", seed, rulebook, chooser)
        best |= {name: among[name] for name in missing if name in among}
    return best


def _look(best: dict[str, Found], name: str, seed: str, rulebook: Rulebook, chooser: Seeded) -> None:
    """Go through one simulation, and keep what is smaller than the best so far."""
    reach, steps = Reach(), list[Step]()
    for step in play(chooser, rulebook, STEPS):
        steps.append(step)
        before = {corner: reach.corners[corner] for corner in PAST_CORNERS}
        reach.observe(step)
        here = Found(name, seed, step.before, (step.transaction,))
        for shown in _shown_by_one(step):
            if shown not in best or here.cost < best[shown].cost:
                best[shown] = here
        for corner, count in before.items():
            if reach.corners[corner] > count and corner not in best:
                best[corner] = stretch_of(corner, Found(name, seed, step.before, (step.transaction,)), steps)


def _shown_by_one(step: Step) -> Iterator[str]:
    if isinstance(step.outcome, Applied):
        yield from {event_name(type(event).__name__): None for event in step.outcome.events}
    else:
        yield reason_name(step.outcome.reason)
    yield from dict.fromkeys(corners_of(step))


def stretch_of(corner: str, last: Found, steps: Sequence[Step]) -> Found:
    """The last few transactions that show a corner of the past, without those that it does not need."""
    length = next(length for length in range(2, len(steps) + 1) if corner in shown_by(steps[len(steps) - length :]))
    found = attrs.evolve(
        last,
        state=steps[len(steps) - length].before,
        transactions=tuple(step.transaction for step in steps[len(steps) - length :]),
    )
    number = 0
    while number < len(found.transactions) - 1:
        fewer = found.transactions[:number] + found.transactions[number + 1 :]
        if corner in shown_by(steps_from(found.state, fewer)):
            found = attrs.evolve(found, transactions=fewer)
        else:
            number += 1
    return found


def without_bystanders(found: Found, names: Sequence[str]) -> Found:
    """The find without accounts that have no position and are not needed for the names: their cash leaves through
    `@external`, so that every law of states holds of what is left, which is asked."""
    named = {party for transaction in found.transactions for party in parties(transaction)}
    for account_id in sorted(found.state.accounts):
        account = found.state.accounts[account_id]
        if is_system(account_id) or account_id in named or account.positions:
            continue
        smaller = attrs.evolve(found, state=without_account(found.state, account_id))
        if stands(smaller, names):
            found = smaller
    return found


def without_account(state: State, account_id: str) -> State:
    """The state without an account that has no position."""
    gone, outside = state.accounts[account_id], state.accounts[EXTERNAL]
    cash = dict(outside.cash)
    for asset, amount in gone.cash.items():
        cash[asset] = cash.get(asset, 0) + amount
    left = attrs.evolve(outside, cash=type(outside.cash)({asset: held for asset, held in cash.items() if held}))
    providers = state.providers.delete(account_id) if account_id in state.providers else state.providers
    return attrs.evolve(state, accounts=state.accounts.delete(account_id).set(EXTERNAL, left), providers=providers)


def stands(found: Found, names: Sequence[str]) -> bool:
    """Whether the names are shown and every law holds."""
    try:
        steps = steps_from(found.state, found.transactions)
        monitor = Monitor(found.state, REGISTRY, state_every=1)
        monitor.look()
        for step in steps:
            monitor.observe(step)
        monitor.finish()
    except (LawBroken, LedgerBug, LookupError):
        return False
    return shown_by(steps) >= set(names)


def cases_of_corners() -> list[Case]:
    """A case for everything in `NAMES`; names whose smallest find is the same share one."""
    best = found_in_simulations()
    missing = [name for name in NAMES if name not in best]
    assert not missing, f"never reached: {missing}"
    shared: dict[tuple[str, str, int, tuple[Transaction, ...]], list[str]] = {}
    for name in NAMES:
        found = best[name]
        shared.setdefault((found.rulebook, found.seed, found.state.sequence, found.transactions), []).append(name)
    cases = []
    for names in shared.values():
        found = without_bystanders(best[names[0]], names)
        assert stands(found, names), names
        cases.append(_case(found, names))
    return cases


def _case(found: Found, names: Sequence[str]) -> Case:
    return case_for(
        TYPE_NAMES[type(found.transactions[-1])],
        f"corner-{slug(names[0])}",
        f"Reached at random: {'; '.join(names)}.",
        {"kind": "corner", "names": list(names), "rulebook": found.rulebook, "seed": found.seed},
        found.state,
        found.transactions,
        START,
    )
