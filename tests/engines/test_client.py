"""The client of the protocol: what an engine answers, and one clear line for each way in which it does not."""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.engines import Engine, EngineError, Trouble
from ledger.engines.errors import last_words
from ledger.engines.process import EngineProcess
from ledger.interchange import state_document, transaction_document
from ledger.profiles import load_profile
from ledger.transactions import Deposit, Settle

from .running import HONEST, begun, faulty, pid_of, textbook

DEPOSIT = transaction_document(Deposit(1_600_000_000_000, "alice", "USDT", 10**16))
SHORT = 0.6
"""Seconds that are waited for what never comes."""


def is_gone(group: int) -> bool:
    """Whether no process of a group is left, a moment later."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.02)
    return False


# What does not start.


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-engine --fast", "no-such-engine: there is no such command"),
        ("", "found an empty command, expected one that starts an engine"),
        ([], "found an empty command, expected one that starts an engine"),
        ("engine 'unended", "engine 'unended: is no command (no closing quotation)"),
        (__file__, f"{__file__}: cannot be executed"),
    ],
)
def test_what_cannot_be_started_is_told(command: str | list[str], message: str) -> None:
    with pytest.raises(EngineError) as caught:
        Engine(command)
    assert str(caught.value) == message
    assert caught.value.trouble is Trouble.START


AT_HELLO = {
    "version": (Trouble.VERSION, "speaks protocol 2, expected 1"),
    "other-version": (Trouble.REFUSAL, "replied to hello with an error: speaks protocol 7 alone"),
    "unknown-word": (Trouble.GARBAGE, 'found "profit" in gives of its hello, expected reason, figures, changes'),
    "unknown-type": (Trouble.GARBAGE, 'found "gift" in types of its hello, expected deposit, withdraw'),
    "hello-without-engine": (Trouble.GARBAGE, "found a reply to hello of the wrong form: object missing required"),
    "hello-reply": (Trouble.GARBAGE, 'found a reply to "good-morning", expected one to hello'),
    "silent": (Trouble.HANG, "did not reply to hello within 0.6 seconds"),
    "ends-at-once": (Trouble.CRASH, "ended with exit code 3 while its reply to hello was awaited"),
    "not-json-hello": (
        Trouble.GARBAGE,
        'found a line that is not JSON where its reply to hello was awaited (invalid character (byte 0)): "Welcome to',
    ),
}


@pytest.mark.parametrize("fault", AT_HELLO)
def test_what_is_wrong_at_hello_is_told_in_one_line(fault: str) -> None:
    trouble, message = AT_HELLO[fault]
    with pytest.raises(EngineError) as caught:
        Engine(faulty(fault), timeout=SHORT if trouble is Trouble.HANG else 30)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{sys.executable} -S")
    assert "\n" not in str(caught.value)
    assert caught.value.trouble is trouble
    assert caught.value.awaited == "hello"


AT_APPLY = {
    "crash": (
        Trouble.CRASH,
        "ended with exit code 1 while its reply to apply was awaited; the last line of its standard error is: "
        "ZeroDivisionError: division by zero",
    ),
    "abort": (Trouble.CRASH, "was ended by signal 6 (SIGABRT) while its reply to apply was awaited"),
    "hang": (Trouble.HANG, "did not reply to apply within 0.6 seconds"),
    "hang-in-line": (Trouble.HANG, """did not end its line "{"reply":"apply","outc" to apply within 0.6 seconds"""),
    "partial": (
        Trouble.CRASH,
        "ended with exit code 0 while its reply to apply was awaited, after a line without a line feed at its end: "
        '"{"reply":"apply","outcomes":["',
    ),
    "whole-without-line-feed": (Trouble.CRASH, "after a line without a line feed at its end"),
    "closes": (Trouble.CRASH, "closed its standard output while its reply to apply was awaited"),
    "child": (Trouble.CRASH, "ended with exit code 5 while its reply to apply was awaited"),
    "garbage": (Trouble.GARBAGE, "found a line that is not JSON where its reply to apply was awaited (invalid chara"),
    "cut-json": (Trouble.GARBAGE, "found a line that is not JSON where its reply to apply was awaited"),
    "empty-line": (Trouble.GARBAGE, "found a line that is not JSON where its reply to apply was awaited"),
    "null-bytes": (Trouble.GARBAGE, "found a line that is not JSON where its reply to apply was awaited"),
    "nested": (Trouble.GARBAGE, "in its reply to apply|of the wrong form|not JSON"),
    "list": (Trouble.GARBAGE, "found a reply to apply of the wrong form: expected `object`, got `array`"),
    "other-request": (Trouble.GARBAGE, 'found a reply to "state", expected one to apply'),
    "no-reply": (Trouble.GARBAGE, "of the wrong form: object missing required field `reply`"),
    "no-outcomes": (Trouble.GARBAGE, "of the wrong form: object missing required field `outcomes`"),
    "fewer": (Trouble.GARBAGE, "found 1 outcomes in its reply to apply, expected 2, one for each"),
    "more": (Trouble.GARBAGE, "found 4 outcomes in its reply to apply, expected 2, one for each"),
    "applied-text": (Trouble.GARBAGE, "expected `bool`, got `str`, at `outcomes[0].applied`"),
    "supplied-number": (Trouble.GARBAGE, "expected `str`, got `int`, at `outcomes[0].supplied`"),
    "owes-reason": (
        Trouble.GARBAGE,
        "found no reason in outcomes[0], which is rejected, and it says it gives it",
    ),
    "not-utf-8": (Trouble.GARBAGE, "found bytes that are not UTF-8 in its reply to apply"),
    "endless": (Trouble.GARBAGE, "wrote more than 1048576 bytes without a line end in its reply to apply"),
    "error": (Trouble.REFUSAL, "replied to apply with an error: margin\\nmodule is not there"),
    "error-without-text": (Trouble.REFUSAL, "replied to apply with an error: no text"),
}


@pytest.mark.parametrize("fault", AT_APPLY)
def test_what_is_wrong_at_apply_is_told_in_one_line(fault: str) -> None:
    trouble, message = AT_APPLY[fault]
    with begun(faulty(fault)) as engine:
        engine.timeout = SHORT if trouble is Trouble.HANG else 30
        with pytest.raises(EngineError) as caught:
            engine.apply([DEPOSIT, DEPOSIT])
        group = pid_of(engine)
    assert any(part in str(caught.value) for part in message.split("|")), str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert caught.value.trouble is trouble
    assert caught.value.awaited == "apply"
    assert is_gone(group)


NODE = b"""file:///engine.mjs:6
  null.x;
       ^

TypeError: Cannot read properties of null (reading 'x')
    at file:///engine.mjs:6:49 {
  code: 'ERR_NONE'
}

Node.js v20.20.2
"""
RUST = b"""listening
thread 'main' panicked at src/main.rs:4:5:
index out of bounds: the len is 3 but the index is 7
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
GO = b"""panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.apply(...)
\t/src/engine/main.go:12
exit status 2
"""
SAID = {
    "nothing": (b" \n\n", ""),
    "node": (NODE, "its standard error says: TypeError: Cannot read properties of null (reading 'x')"),
    "rust": (
        RUST,
        "its standard error says: thread 'main' panicked at src/main.rs:4:5: "
        "index out of bounds: the len is 3 but the index is 7",
    ),
    "go": (GO, "its standard error says: panic: runtime error: index out of range [5] with length 3"),
    "plain": (b"listening\r\ngiving up\r\n", "the last line of its standard error is: giving up"),
    "python": (b"Traceback:\n  raise KeyError\nKeyError: 7\n", "the last line of its standard error is: KeyError: 7"),
    "long ago": (b"error: retried\n" + b"ok\n" * 40, "the last line of its standard error is: ok"),
    "long": (b"error " + b"x" * 200, f"the last line of its standard error is: error {'x' * 151}..."),
    "not UTF-8": (b"\xff\n", "the last line of its standard error is: \\xff"),
}


@pytest.mark.parametrize("name", SAID)
def test_of_a_trace_the_line_that_says_what_went_wrong_is_told(name: str) -> None:
    written, told = SAID[name]
    assert last_words(written) == (f"; {told}" if told else "")


@pytest.mark.parametrize("fault", ["talks", "talks-after-hello"])
def test_what_was_not_asked_is_not_taken_for_an_answer(fault: str) -> None:
    def asked() -> None:
        with begun(faulty(fault)) as engine:
            engine.apply([DEPOSIT])
            time.sleep(0.1)
            engine.apply([DEPOSIT])

    with pytest.raises(EngineError, match=r"nothing had been asked|not JSON") as caught:
        asked()
    assert caught.value.trouble is Trouble.GARBAGE


AT_STATE = {
    "owes-digest": "found no digest in its reply to state, and it gives state_digest",
    "owes-cash": "found account alice without cash in its reply to state, and it gives balances",
}


@pytest.mark.parametrize("fault", AT_STATE)
def test_what_is_owed_of_a_state_is_missed(fault: str) -> None:
    with begun(faulty(fault)) as engine:
        ask: Callable[[], object] = engine.whole if engine.abilities.gives_whole else lambda: engine.accounts(["alice"])
        with pytest.raises(EngineError) as caught:
            ask()
    assert AT_STATE[fault] in str(caught.value)


AT_BYE = {
    "ignores-bye": (Trouble.HANG, "did not reply to bye within 0.6 seconds"),
    "stays": (Trouble.HANG, "did not end within 0.6 seconds after bye"),
    "ends-badly": (Trouble.CRASH, "ended with exit code 9 after bye, expected 0"),
    "talks-after-bye": (Trouble.GARBAGE, 'wrote "good night", and nothing had been asked'),
}


@pytest.mark.parametrize("fault", AT_BYE)
def test_an_engine_that_does_not_end_as_asked_is_ended(fault: str) -> None:
    trouble, message = AT_BYE[fault]
    with begun(faulty(fault)) as engine:
        group = pid_of(engine)
        engine.timeout = SHORT if trouble is Trouble.HANG else 30
        with pytest.raises(EngineError) as caught:
            engine.bye()
    assert message in str(caught.value)
    assert caught.value.trouble is trouble
    assert is_gone(group)


def test_an_engine_that_reads_no_more_is_told_apart() -> None:
    state = textbook()
    with Engine(faulty("reads-once"), timeout=30) as engine:
        engine.timeout = SHORT
        time.sleep(0.1)
        with pytest.raises(EngineError, match=r"did not reply to init within 0\.6 seconds and no longer reads"):
            engine.init(state.rulebook.document, state_document(state))


# What goes well.


def test_the_ledger_as_an_engine_answers_all() -> None:
    with begun(HONEST) as engine:
        assert engine.abilities.engine.startswith("backstop-ledger ")
        assert engine.abilities.gives_states
        (outcome,) = engine.apply([DEPOSIT])
        assert outcome.applied
        assert outcome.changes == [
            {"account": "@external", "asset": "USDT", "amount": str(-(10**16))},
            {"account": "alice", "asset": "USDT", "amount": str(10**16)},
        ]
        (account,) = engine.accounts(["alice", "bob"]).values()
        assert account.cash == {"USDT": str(10**16)}
        assert account.positions == {}
        state, digest = engine.whole()
        assert state is not None
        assert state["accounts"]["alice"]["cash"] == {"USDT": str(10**16)}
        assert digest is not None
        assert re.fullmatch("[0-9a-f]{64}", digest)
        (refused,) = engine.apply([transaction_document(Settle(0))])
        assert not refused.applied
        assert (refused.reason, refused.supplied) == ("TIME_BACKWARDS", "0")
        engine.bye()


def test_init_forgets_what_was_there() -> None:
    with begun(HONEST) as engine:
        engine.apply([DEPOSIT])
        other = load_profile("ascendex-2020")
        engine.init(other.document, state_document(textbook()))
        assert engine.accounts(["alice"]) == {}


def test_two_batches_may_be_outstanding() -> None:
    with begun(HONEST) as engine:
        for count in (1, 3):
            engine.send_apply([DEPOSIT] * count)
        assert [len(engine.receive_outcomes()) for _ in range(2)] == [1, 3]
        engine.bye()


def test_full_pipes_stop_nobody() -> None:
    """Batches far larger than a pipe holds, while the engine writes as much to its standard error."""
    with begun(faulty("noisy")) as engine:
        for _ in range(2):
            engine.send_apply([DEPOSIT] * 30_000)
        for _ in range(3):
            assert len(engine.receive_outcomes()) == 30_000
            engine.send_apply([DEPOSIT] * 30_000)
        for _ in range(2):
            engine.receive_outcomes()
        engine.bye()


def test_an_engine_that_never_ceases_to_complain_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """However quickly it writes, whether it wrote something unasked is found out in so many looks."""
    with EngineProcess([sys.executable, "-S", "-c", "import time; time.sleep(600)"]) as process:
        looks: list[float] = []

        def always_more(seconds: float) -> bool:
            looks.append(seconds)
            assert len(looks) <= 1000
            return True

        monkeypatch.setattr(process, "_exchange", always_more)
        process.refuse_unasked()
        assert len(looks) <= 1000
        monkeypatch.undo()


def test_a_slow_engine_is_waited_for() -> None:
    with begun(faulty("slow"), timeout=5) as engine:
        assert len(engine.apply([DEPOSIT])) == 1
        engine.bye()


def test_an_interrupted_caller_leaves_no_process() -> None:
    groups = []

    def interrupted() -> None:
        with begun(faulty("hang")) as engine:
            groups.append(pid_of(engine))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert is_gone(groups[0])


def test_what_an_engine_started_ends_with_it(tmp_path: Path) -> None:
    told = tmp_path / "child"
    program = (
        "import subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        f"open({str(told)!r}, 'w').write(str(child.pid)); sys.exit(0)"
    )
    with (
        EngineProcess([sys.executable, "-c", program]) as process,
        pytest.raises(EngineError, match="ended with exit code 0"),
    ):
        process.receive("hello", 10)
    for _ in range(100):
        if not Path(f"/proc/{told.read_text()}").exists():
            break
        time.sleep(0.02)
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def test_a_command_in_one_text_is_split_as_a_shell_would() -> None:
    with Engine(f'"{sys.executable}" -m ledger.engines.serve --gives reason,link --types deposit') as engine:
        assert engine.abilities.gives == {"reason", "link"}
        assert engine.abilities.types == {"deposit"}
        engine.bye()
