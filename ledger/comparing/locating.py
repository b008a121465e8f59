"""Where an engine and the ledger part: the first transaction, found by asking again in ever smaller steps."""

from collections.abc import Callable, Sequence

import attrs

from ..engines import Runner
from ..state import State
from ..transactions import Transaction
from ..transition import apply, state_after
from .lockstep import BATCH, STATES_EVERY, Lockstep, Tally, batches
from .mismatches import Mismatch

Log = Sequence[Transaction]
NEVER = 1 << 62
"""Batches after which a whole state is looked at, where that is to be at the end alone."""


def ran(
    runner: Runner,
    start: State,
    given: Sequence[Sequence[Transaction]],
    *,
    states_every: int = STATES_EVERY,
    tally: Tally | None = None,
) -> tuple[Mismatch | None, int]:
    """What differs first as far as batches show it, and how many transactions are known to agree, states included.

    An engine that failed is not asked again: the next one who asks has it started afresh.
    """
    step = Lockstep(runner.engine(), start, states_every=states_every, tally=tally)
    found = step.run_batches(given)
    if found is not None and found.error is not None:
        runner.close()
    return found, step.agreed


def first_mismatch(
    runner: Runner,
    start: State,
    log: Log,
    *,
    batch: int = BATCH,
    states_every: int = STATES_EVERY,
    afresh: bool = False,
) -> Mismatch | None:
    """The first transaction after which the engine and the ledger differ; None where they agree on all of the log.

    Batches show about where. Then what is left is asked one by one, and in a large ledger, whose whole state is not
    looked at after each of them, halved. It is not `is_first` where the engine only fails when asked many at once.
    `afresh`: each time by a process that was asked nothing before.
    """

    def asked(given: Sequence[Sequence[Transaction]], every: int) -> tuple[Mismatch | None, int]:
        if afresh:
            runner.restarted()
        return ran(runner, start, given, states_every=every)

    found, agreed = asked(list(batches(log, batch)), states_every)
    if found is None:
        return None
    if found.is_first:
        return found if found.position != 0 else asked((), NEVER)[0] or found
    end = found.position + 1
    since = agreed if runner.abilities().gives_states else max(0, end - batch)
    one_by_one = [*batches(log[:since], batch), *batches(log[since:end], 1)]
    closer, agreed = asked(one_by_one, NEVER)
    if closer is not None and closer.position == 0:
        closer = asked((), NEVER)[0] or closer
    if closer is None or closer.is_first:
        return told_of(start, log, found if closer is None else closer)
    found = halved(lambda length: asked(list(batches(log[:length], batch)), NEVER)[0], closer, max(agreed, since))
    return told_of(start, log, attrs.evolve(found, is_first=True))


def halved(ask: Callable[[int], Mismatch | None], found: Mismatch, agreed: int) -> Mismatch:
    """The first mismatch after a number of transactions that agree, up to one after which something differs.

    `ask`: what the first so many transactions come to, all of the states looked at once they are answered.
    """
    least, most = agreed, found.position + 1
    while most - least > 1:
        middle = (least + most) // 2
        probe = ask(middle)
        if probe is None:
            least = middle
        else:
            found, most = probe, min(middle, probe.position + 1)
    return found


def told_of(start: State, log: Log, found: Mismatch) -> Mismatch:
    """The mismatch with its transaction and the ledger's answer to that, where it was seen at the end of a log."""
    if found.transaction is not None or found.position < 0:
        return found
    state = start
    for transaction in log[: found.position]:
        state = state_after(state, apply(state, transaction))
    transaction = log[found.position]
    outcome = apply(state, transaction)
    after = state_after(state, outcome)
    return attrs.evolve(found, transaction=transaction, before=state, outcome=outcome, after=after)
