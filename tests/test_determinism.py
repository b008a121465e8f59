"""The same log gives the same digests: twice, in another process, under other hash seeds, and in pieces (law DET-1).

The logs are those among the examples, and some that a seeded simulation writes here. Under another hash seed the tables
of the state iterate in another order, so whatever depends on that order shows.
"""

import functools
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.canonical import chain, chain_start, state_bytes, state_digest, state_from_bytes
from ledger.fuzzing import GENESES, RULEBOOKS, Seeded, play
from ledger.log import Entry, Expect, encode_genesis, encode_transaction, open_log, read_log
from ledger.log.decoding import Decoding
from ledger.log.faults import Fault
from ledger.outcomes import Reason, Rejected
from ledger.replay import replay_log
from ledger.state import State
from ledger.transition import apply, state_after
from tests.worlds import START

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in sorted((ROOT / "docs" / "examples").glob("*"))
    if path.name.endswith((".jsonl", ".jsonl.gz"))
)
SIMULATED = tuple(f"simulated:{name}:{seed}" for seed, name in enumerate(sorted(GENESES)))
LOGS = (*EXAMPLES, *SIMULATED)
STEPS = 400
HASH_SEEDS = ("0", "1", "12345")
PIECES = 23
"""Into how many pieces a log is cut; a simulated one is also cut after every transaction."""

IN_ANOTHER_PROCESS = """
import sys
from tests.test_determinism import digests_of
for name in sys.argv[1:]:
    print(name, *digests_of(name))
"""


def expectation(reason: Reason) -> Expect:
    """Nothing but that the transaction is refused for this reason."""
    return Expect(False, reason, {}, {}, {}, None, None)


@functools.cache
def simulated_log(name: str, seed: int) -> bytes:
    """A log that a simulation writes under a rulebook, refusals and all.

    What a log may not hold is left out, such as unknown markets: always refusals, which change nothing.
    """
    profile, overrides = GENESES[name]
    rulebook = RULEBOOKS[name]
    lines = [encode_genesis(profile, overrides=overrides, time=START)]
    decoding = Decoding(rulebook)
    for step in play(Seeded(seed), rulebook, STEPS):
        refused = step.outcome if isinstance(step.outcome, Rejected) else None
        if refused is not None and step.transaction.time > step.before.time:
            continue
        expect = None if refused is None else expectation(refused.reason)
        try:
            line = encode_transaction(rulebook, step.transaction, expect)
            decoding.entry(0, line.rstrip(), step.before.time)
        except (Fault, ValueError):
            assert refused is not None, "what is applied can be written"
            continue
        lines.append(line)
    return b"".join(lines)


@functools.cache
def entries_of(log: str) -> tuple[State, list[Entry]]:
    """The state that a log begins with, and all its entries: of an example's path, or of a name in `SIMULATED`."""
    if log in SIMULATED:
        _, name, seed = log.split(":")
        state, entries = read_log(io.BytesIO(simulated_log(name, int(seed))), log)
        return state, list(entries)
    with open_log(str(ROOT / log)) as stream:
        state, entries = read_log(stream, log)
        return state, list(entries)


def links(state: State, entries: list[Entry]) -> Iterator[tuple[bytes, State]]:
    """The chain's link and the state: at the beginning, and after every entry."""
    link = chain_start(state)
    yield link, state
    for entry in entries:
        outcome = apply(state, entry.transaction)
        link, state = chain(link, entry.transaction, outcome), state_after(state, outcome)
        yield link, state


def digests_of(log: str) -> tuple[str, str]:
    """The chain's last link and the state's digest at the end of the log, in hexadecimal."""
    *_, (link, state) = links(*entries_of(log))
    return link.hex(), state_digest(state)


def test_there_is_something_to_replay() -> None:
    for log in SIMULATED:
        state, entries = entries_of(log)
        kinds = {type(entry.transaction) for entry in entries}
        refused = [entry for entry in entries if entry.expect is not None]
        assert len(entries) > STEPS // 2, log
        assert len(kinds) >= 9, log
        assert len(refused) > 20, log
        *_, (_, last) = links(state, entries)
        assert last.sequence > 100, log


@pytest.mark.parametrize("log", LOGS)
def test_every_link_twice(log: str) -> None:
    first = entries_of(log)
    entries_of.cache_clear()
    again = entries_of(log)
    assert first[1] is not again[1]
    for (one, _), (other, _) in zip(links(*first), links(*again), strict=True):
        assert one == other


@pytest.mark.parametrize("log", LOGS)
def test_replaying_gives_the_same(log: str) -> None:
    """`replay` folds as these tests do, and what the simulation expected of every refusal is met."""
    state, entries = entries_of(log)
    report = replay_log(state, entries, laws=())
    assert report.failure is None
    assert report.transactions == len(entries)
    assert (report.chain.hex(), state_digest(report.state)) == digests_of(log)


@pytest.mark.parametrize("hash_seed", HASH_SEEDS)
def test_in_another_process(hash_seed: str) -> None:
    """The simulations run again there, so their generators are reproducible too."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    child = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, *LOGS],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    found = {name: (link, digest) for name, link, digest in map(str.split, child.stdout.splitlines())}
    assert found == {log: digests_of(log) for log in LOGS}


@pytest.mark.parametrize("log", LOGS)
def test_in_pieces_from_saved_states(log: str) -> None:
    """What a piece needs is in the bytes that the piece before it left; the chain goes on from its last link."""
    state, entries = entries_of(log)
    whole = digests_of(log)
    length = max(1, len(entries) // PIECES)
    link = chain_start(state)
    for start in range(0, len(entries), length):
        state = state_from_bytes(state_bytes(state))
        for entry in entries[start : start + length]:
            outcome = apply(state, entry.transaction)
            link, state = chain(link, entry.transaction, outcome), state_after(state, outcome)
    assert (link.hex(), state_digest(state)) == whole


@pytest.mark.parametrize("log", SIMULATED)
def test_from_any_checkpoint(log: str) -> None:
    """After every transaction the saved state is the state: equal, with equal bytes, and with the same next answer."""
    state, entries = entries_of(log)
    for entry, (_, state_before) in zip(entries, links(state, entries), strict=False):
        saved = state_from_bytes(state_bytes(state_before))
        assert saved == state_before
        assert apply(saved, entry.transaction) == apply(state_before, entry.transaction)


@pytest.mark.parametrize("log", SIMULATED)
def test_what_a_log_leaves_out_changes_nothing(log: str) -> None:
    """The log, though refusals are missing from it, ends in the simulation's own state."""
    _, name, seed = log.split(":")
    *_, last = play(Seeded(int(seed)), RULEBOOKS[name], STEPS)
    assert digests_of(log)[1] == state_digest(last.after)
