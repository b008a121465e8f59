"""Comparing engines: an honest one agrees, and each fault in what an engine does or tells is found and shrunk."""

import io
import sys
from itertools import count, islice

import pytest

from ledger.comparing import Comparison, Ways, compare_fuzz, compare_log
from ledger.comparing.counterexamples import counterexample_log
from ledger.comparing.locating import first_mismatch, halved
from ledger.comparing.lockstep import Lockstep, Tally
from ledger.comparing.mismatches import Mismatch
from ledger.engines import EngineError, Runner
from ledger.expectations import unmet
from ledger.fuzzing import RULEBOOKS, START, Seeded, play
from ledger.log import LogError, encode_genesis, encode_transaction, read_log
from ledger.replay import replay_log
from ledger.state import State, genesis
from ledger.transactions import Deposit, Transaction

from ..cli.runs import ALICE_AND_BOB, CASCADE, STRESS, TAKEOVER
from ..engines.running import HERE, HONEST, faulty


def mutated(fault: str, gives: str | None = None) -> list[str]:
    """The ledger as an engine with a fault."""
    return [sys.executable, "-m", "tests.engines.mutated", fault, *([] if gives is None else [gives])]


def found(
    fault: str, gives: str | None = None, *, examples: int = 20, seed: int = 0, timeout: float = 10
) -> Comparison:
    """What comparing comes to on a few examples."""
    return compare_fuzz(mutated(fault, gives), examples=examples, seed=seed, timeout=timeout)


# Engines that agree.


@pytest.mark.parametrize("log", [ALICE_AND_BOB, TAKEOVER, STRESS])
@pytest.mark.parametrize("gives", ["", "reason", "changes,link", None])
def test_the_ledger_agrees_with_itself_on_the_examples(log: str, gives: str | None) -> None:
    comparison = compare_log(mutated("none", gives), log, ways=Ways(batch=3))
    assert comparison.agrees
    assert comparison.mismatches == ()
    with open(log, "rb") as stream:
        lines = len(stream.readlines())
    assert comparison.tally.transactions == lines - 1
    assert comparison.last_line == lines
    assert comparison.tally.batches == -(-(lines - 1) // 3)
    assert (comparison.tally.whole_states > 0) == (gives is None)


def test_the_ledger_agrees_with_itself_on_a_whole_day() -> None:
    comparison = compare_log(HONEST, CASCADE)
    assert comparison.agrees
    assert comparison.tally.transactions == 9420
    assert comparison.tally.rejected.total() == 120


def test_the_ledger_agrees_with_itself_at_random() -> None:
    comparison = found("none", examples=6)
    assert comparison.agrees
    assert comparison.examples == 6
    assert comparison.tally.transactions == 3000
    assert min(comparison.tally.applied.values()) > 0
    assert comparison.tally.rejected.total() > 300


def test_what_an_engine_does_not_know_is_left_out_of_examples() -> None:
    command = [*HONEST, "--types", "deposit,withdraw", "--gives", "reason"]
    comparison = compare_fuzz(command, examples=4, steps=200)
    assert comparison.agrees
    assert {*comparison.tally.applied} == {"deposit", "withdraw"}
    assert comparison.tally.left_out["trade"] > 100
    assert comparison.tally.transactions + comparison.tally.left_out.total() == 800


def test_what_an_engine_does_not_know_is_bad_input_of_a_log() -> None:
    with pytest.raises(LogError) as caught:
        compare_log([*HONEST, "--types", "deposit,mark"], ALICE_AND_BOB)
    assert str(caught.value) == (
        f"{ALICE_AND_BOB}:5: type: found trade, which the engine does not know, expected deposit, mark"
    )


# Faults of each aspect.

FAULTS = {
    "applied": ("applied withdraw FREE_COLLATERAL_NEGATIVE", 7),
    "quiet": ("balances trade", 4),
    "position": ("positions trade", 4),
    "tier": ("state set-account", 2),
    "third": ("applied withdraw INSUFFICIENT_BALANCE", 4),
    "digest": ("state_digest deposit", 4),
    "reason": ("reason trade SAME_ACCOUNT", 2),
    "figure": ("figures trade FREE_COLLATERAL_NEGATIVE", 4),
    "subject": ("figures set-account UNKNOWN_ACCOUNT", 1),
    "changes": ("changes trade", 4),
    "order": ("changes deposit", 1),
    "events": ("events trade", 4),
    "event-field": ("events mark", 1),
    "event-number": ("events set-account", 2),
    "link": ("link enroll CAPACITY_PER_HOUR_TOO_LOW", 2),
    "begins-late": ("state", 0),
}
"""What each fault is found as, and the most transactions of the short log."""


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_and_shrunk(fault: str) -> None:
    name, most = FAULTS[fault]
    gives = "state" if fault == "begins-late" else None
    comparison = found(fault, gives)
    mismatch, told = comparison.mismatch, comparison.found
    assert mismatch is not None
    assert told is not None
    assert mismatch.name == name
    assert mismatch.is_first
    assert told.is_repeated
    assert told.is_confirmed
    assert not told.keeps_state
    assert told.short_mismatch.name == name
    assert len(told.short_log) <= most
    assert told.short_mismatch.position == len(told.short_log) - 1
    log = counterexample_log(told)
    assert log is not None
    # The log says what the ledger does, and shows the same to the engine again, and nothing to an honest one.
    state, entries = read_log(io.BytesIO(log), "counterexample")
    assert replay_log(state, entries).failure is None
    again = compare_log(mutated(fault, gives), io.BytesIO(log))
    assert again.mismatch is not None
    assert again.mismatch.name == name
    assert compare_log(HONEST, io.BytesIO(log)).agrees


def test_the_last_line_of_a_counterexample_expects_what_the_ledger_holds() -> None:
    told = found("quiet").found
    assert told is not None
    log = counterexample_log(told)
    assert log is not None
    *_, last = read_log(io.BytesIO(log), "counterexample")[1]
    assert last.expect is not None
    assert last.expect.applied
    assert list(last.expect.balances) == [told.short_mismatch.named_accounts[0]]
    after = told.short_mismatch.after
    assert unmet(last.expect, told.short_mismatch.outcome, after, b"") == []  # type: ignore[arg-type]


def test_what_is_refused_and_opens_an_account_is_found() -> None:
    mismatch = found("opened", "balances", examples=60).mismatch
    assert mismatch is not None
    assert mismatch.name.startswith("balances deposit ")
    (difference,) = mismatch.differences
    assert difference.ours is None
    assert difference.theirs == {}


def test_repeating_comes_to_the_same() -> None:
    one, other = (found("event-field") for _ in range(2))
    assert one == other


def test_another_aspect_shows_what_is_not_given() -> None:
    """An atom too much that nobody is told of is found by what it leads to; with nothing given that takes longer."""
    comparison = found("position", "")
    assert comparison.mismatch is not None
    assert comparison.mismatch.aspect == "applied"
    assert comparison.found is not None
    assert len(comparison.found.short_log) <= 8


# Engines that fail.


def small(fault: str, *, timeout: float = 10) -> Comparison:
    """What comparing the small engine with a fault comes to."""
    command = [sys.executable, "-S", str(HERE / "small.py"), fault]
    return compare_fuzz(command, examples=10, timeout=timeout)


def test_a_crash_is_found_and_shrunk() -> None:
    told = small("crash").found
    assert told is not None
    assert told.short_mismatch.name == "crash withdraw"
    assert told.short_mismatch.error is not None
    assert told.short_mismatch.error.endswith("OverflowError: no withdrawals today")
    assert len(told.short_log) == 2
    assert told.is_confirmed


def test_a_hang_is_found_with_few_waits() -> None:
    told = small("hang", timeout=2).found
    assert told is not None
    assert told.short_mismatch.aspect == "hang"
    assert told.short_mismatch.rule == "withdraw"
    assert len(told.short_log) <= 2
    assert told.is_confirmed


def test_what_an_engine_keeps_across_init_is_found_by_processes_of_their_own() -> None:
    told = small("keeps-count").found
    assert told is not None
    assert told.keeps_state
    assert told.is_confirmed
    assert told.short_mismatch.name == "applied withdraw INSUFFICIENT_BALANCE"
    assert 4 <= len(told.short_log) <= len(told.log)


GARBAGE = (
    "garbage",
    "partial",
    "other-request",
    "fewer",
    "more",
    "not-utf-8",
    "applied-text",
    "abort",
    "error",
    "child",
)


@pytest.mark.parametrize("fault", GARBAGE)
def test_an_engine_that_answers_wrongly_is_a_mismatch(fault: str) -> None:
    log = encode_genesis("textbook") + encode_transaction(RULEBOOKS["textbook"], Deposit(0, "ann", "USDT", 10**13))
    comparison = compare_log(faulty(fault), io.BytesIO(log), timeout=30)
    assert comparison.mismatch is not None
    assert comparison.mismatch.aspect in ("crash", "garbage", "error reply")
    assert comparison.mismatch.error is not None
    assert "\n" not in comparison.mismatch.error
    assert comparison.mismatch.position == 0


@pytest.mark.parametrize("fault", ["version", "silent", "ends-at-once", "unknown-word"])
def test_an_engine_that_does_not_speak_is_an_error(fault: str) -> None:
    with pytest.raises(EngineError):
        compare_log(faulty(fault), ALICE_AND_BOB, timeout=0.5)
    with pytest.raises(EngineError):
        compare_fuzz(faulty(fault), examples=1, timeout=0.5)


def test_an_engine_that_does_not_take_the_beginning_is_an_error() -> None:
    program = (
        "import sys, json\nfor line in sys.stdin:\n name = json.loads(line)['request']\n"
        " print(json.dumps({'reply': 'hello', 'protocol': 1, 'engine': 'x', 'gives': []} if name == 'hello' else"
        " {'reply': 'error', 'error': 'no such rulebook'}), flush=True)"
    )
    with pytest.raises(EngineError, match="no such rulebook") as caught:
        compare_fuzz([sys.executable, "-c", program], examples=3, seed=5)
    assert "(at the beginning of example 0 of seed 5, rulebook compact)" in str(caught.value)


def test_how_an_engine_ends_counts() -> None:
    log = encode_genesis("textbook") + encode_transaction(RULEBOOKS["textbook"], Deposit(0, "ann", "USDT", 10**13))
    comparison = compare_log(faulty("ends-badly"), io.BytesIO(log), timeout=30)
    assert comparison.found is None
    assert not comparison.agrees
    assert comparison.farewell is not None
    assert "ended with exit code 9 after bye" in comparison.farewell


# Where the first mismatch is.


def log_of(length: int) -> tuple[State, list[Transaction]]:
    """A long log of a simulation."""
    rulebook = RULEBOOKS["compact"]
    steps = islice(play(Seeded("compare"), rulebook, length), length)
    return genesis(rulebook, START), [step.transaction for step in steps]


@pytest.mark.parametrize("batch", [2, 7, 256])
@pytest.mark.parametrize("fault", ["quiet", "applied", "crash"])
def test_the_first_mismatch_does_not_depend_on_batches(batch: int, fault: str) -> None:
    start, log = log_of(400)
    with Runner(mutated(fault)) as runner:
        mismatch = first_mismatch(runner, start, log, batch=batch)
        exact = first_mismatch(runner, start, log, batch=1)
    assert mismatch is not None
    assert exact is not None
    assert mismatch.is_first
    assert (mismatch.name, mismatch.position) == (exact.name, exact.position)


@pytest.mark.parametrize("gives", ["balances", "state", "balances,state_digest,reason"])
def test_the_first_mismatch_of_a_large_ledger_is_found_too(gives: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all of the state is not looked at after each batch."""
    start, log = log_of(400)
    with Runner(mutated("quiet", gives)) as runner:
        small = first_mismatch(runner, start, log)
        monkeypatch.setattr("ledger.comparing.lockstep.FEW", 0)
        large = first_mismatch(runner, start, log, batch=10, states_every=9)
    assert small is not None
    assert large is not None
    assert (small.position, small.name, small.transaction) == (large.position, large.name, large.transaction)
    assert large.is_first
    assert large.differences


def test_halving_finds_the_first_of_many() -> None:
    start, _ = log_of(1)

    def mismatch_at(position: int) -> Mismatch:
        return Mismatch("state", position, None, start, None, start)

    for first in range(30):
        asked = count()

        def ask(length: int, first: int = first, asked: "count[int]" = asked) -> Mismatch | None:
            next(asked)
            return mismatch_at(length - 1) if length > first else None

        assert halved(ask, mismatch_at(29), 0).position == first
        assert next(asked) <= 6


def test_batches_are_on_their_way_before_replies_are_read() -> None:
    """Only where nothing of states is asked in between."""
    start, log = log_of(60)
    with Runner(mutated("none", "reason")) as runner:
        step = Lockstep(runner.engine(), start, batch=10)
        sent: list[int] = []
        receive = runner.engine().receive_outcomes if runner.engine().is_idle else None
        assert receive is not None

        def receiving() -> object:
            sent.append(step.sent)
            return receive()

        step.engine.receive_outcomes = receiving  # type: ignore[assignment,method-assign]
        assert step.run(log) is None
    assert sent == [20, 30, 40, 50, 60, 60]


def test_an_error_of_the_ledger_is_noted_with_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(state: State, transaction: Transaction) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("ledger.comparing.lockstep.apply", broken)
    with pytest.raises(ZeroDivisionError) as caught:
        compare_log(HONEST, ALICE_AND_BOB)
    assert caught.value.__notes__ == ["While line 2 of the log was answered."]


def test_a_tally_counts_what_both_agree_on() -> None:
    start, log = log_of(50)
    tally = Tally()
    with Runner(HONEST) as runner:
        assert Lockstep(runner.engine(), start, batch=20, tally=tally).run(log) is None
    assert (tally.transactions, tally.batches) == (50, 3)
    assert tally.applied.total() + tally.rejected.total() == 50


def test_a_mismatch_is_told_in_one_line() -> None:
    told = [str(found(fault).mismatch) for fault in ("reason", "event-field")]
    assert told[0] == 'at transaction 56, trade: reason: expected "SAME_ACCOUNT", found "SYSTEM_ACCOUNT"'
    assert told[1].startswith("at transaction 1, mark: events.[0].mark: expected ")


def test_a_type_that_the_engine_does_not_know_is_not_made_up_by_shrinking() -> None:
    types = "deposit,withdraw"
    program = f"import sys; sys.argv = ['x', 'third']; from tests.engines import mutated as m; m.main('{types}')"
    comparison = compare_fuzz([sys.executable, "-c", program], examples=20)
    assert comparison.found is not None
    assert {type(each).__name__ for each in comparison.found.short_log} <= {"Deposit", "Withdraw"}
