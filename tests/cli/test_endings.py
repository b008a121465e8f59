"""How commands end: exit codes, one line on standard error, terminals, pipes and interrupts."""

import errno
import gzip
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from ledger.cli import progress
from ledger.cli.commands import ending
from ledger.log import LogError, open_log, read_log
from ledger.postings import LedgerBug
from ledger.profiles import RulebookError
from ledger.vectors.answering import answered
from ledger.vectors.cases import all_cases

from .runs import ALICE_AND_BOB, CASCADE, ROOT, TAKEOVER, backstop, run

BACKSTOP = [sys.executable, "-m", "ledger"]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (LogError("a.jsonl", 3, "size", "found -1, expected more"), 2, ["a.jsonl:3: size: found -1, expected more"]),
        (RulebookError([("a.b", "wrong"), ("c", "too\nbad")]), 2, ["a.b: wrong", "c: too\\nbad"]),
        (click.ClickException("no\nsuch thing"), 2, ["no\\nsuch thing"]),
        (click.UsageError("No such option:\n'--x'."), 2, ["backstop: no such option: '--x' (see backstop --help)"]),
        (
            FileNotFoundError(2, "No such file or directory", "a.toml"),
            2,
            ["backstop: a.toml: No such file or directory"],
        ),
        (OSError("gone"), 2, ["backstop: gone"]),
        (
            LedgerBug("a, not b"),
            3,
            ["backstop: internal error, please report it (BACKSTOP_TRACEBACK=1 shows where): LedgerBug: a, not b"],
        ),
        (
            RecursionError(),
            3,
            ["backstop: internal error, please report it (BACKSTOP_TRACEBACK=1 shows where): RecursionError"],
        ),
    ],
)
def test_errors(error: Exception, code: int, lines: list[str]) -> None:
    assert ending(error) == (code, lines)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nonsense",), "backstop: no such command 'nonsense' (see backstop --help)"),
        (("replay",), "backstop replay: missing argument 'LOG' (see backstop replay --help)"),
        (("replay", "a", "b"), "backstop replay: got unexpected extra argument (b) (see backstop replay --help)"),
        (("replay", "absent.jsonl"), "absent.jsonl: found no such file or directory, expected a log that can be read"),
        (("replay", "."), ".: found a folder, expected a log that can be read"),
        (("rulebook", "nonsense"), "backstop rulebook: no such command 'nonsense' (see backstop rulebook --help)"),
    ],
)
def test_usage_and_bad_input_are_one_line(arguments: tuple[str, ...], line: str) -> None:
    answer = backstop(*arguments)
    assert (answer.returncode, answer.stdout, answer.stderr) == (2, "", f"{line}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "--engine", "nothing", "--fuzz", "1", "--timeout"),
        ("vectors", "check", "nothing", "--engine", "nothing", "--timeout"),
        ("verify", "--budget"),
    ],
)
def test_seconds_are_a_number(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "nan")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"invalid value for '{arguments[-1]}': nan is no number of seconds" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("compare", "--engine", "nothing", "--fuzz", "1"), ("fuzz", "--examples", "1")])
def test_a_folder_that_cannot_be_is_told_before_anything_is_tried(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    for out in (file / "found", file / "further" / "found", ""):
        result = run(*arguments, "--out", str(out))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"{out or '--out'}: found no folder, expected one, or a place for one\n"
    assert file.read_text() == "kept"


def test_a_bad_choice_is_one_line() -> None:
    result = run("replay", ALICE_AND_BOB, "--laws", "some")
    assert result.exit_code == 2
    assert result.stderr.startswith("backstop replay: invalid value for '--laws': 'some' is not one of ")
    assert len(result.stderr.splitlines()) == 1


def test_nothing_asked_prints_the_help() -> None:
    answer = backstop()
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Usage: backstop [OPTIONS] [COMMAND]")


def test_the_exit_code_reaches_the_shell(tmp_path: Path) -> None:
    failing = tmp_path / "failing.jsonl"
    failing.write_text(
        Path(ALICE_AND_BOB).read_text(encoding="utf-8").replace('"alice":"1000"', '"alice":"1001"'), encoding="utf-8"
    )
    assert backstop("replay", ALICE_AND_BOB, "--quiet").returncode == 0
    assert backstop("replay", str(failing), "--quiet").returncode == 1


def test_bad_input_after_good_prints_the_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes(Path(ALICE_AND_BOB).read_bytes()[:-10])
    result = run("replay", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:13: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("show", CASCADE, "--json"), ("schema",), ("replay", TAKEOVER, "--quiet")])
def test_a_reader_that_went_away_is_no_error(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    answer = subprocess.run([*BACKSTOP, *arguments], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (answer.returncode, answer.stderr) == (141, b"")


def test_an_interrupt_is_quiet(tmp_path: Path) -> None:
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [*BACKSTOP, "replay", str(fifo)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    try:
        with os.fdopen(writing_end(fifo, process), "wb") as feed:
            feed.write(Path(ALICE_AND_BOB).read_bytes())
            feed.flush()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (130, b"", b"")


def heed_interrupts() -> None:
    """Undo what a child inherits from a parent that ignores interrupts, as one in the background does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("arguments", [("compare", "--fuzz", "1"), ("vectors", "check")])
def test_no_engine_is_left_where_a_command_is_terminated(
    arguments: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    told, program = tmp_path / "pid", tmp_path / "engine.py"
    program.write_text(
        "import os, sys, time\n"
        "sys.stdin.readline()\n"
        """print('{"reply":"hello","protocol":1,"engine":"hangs","gives":[]}', flush=True)\n"""
        "sys.stdin.readline()\n"
        f"open({str(told)!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    if arguments[0] == "vectors":
        arguments = (*arguments, one_vector(tmp_path))
    engine = shlex.join([sys.executable, "-S", str(program)])
    process = subprocess.Popen(
        [*BACKSTOP, *arguments, "--engine", engine, "--timeout", "100"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_hangups,
    )
    try:
        while process.poll() is None and not (told.exists() and told.read_text()):
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (128 + number, b"", b"")
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def one_vector(folder: Path) -> str:
    """The path of a vector in a folder."""
    path = folder / "vector.json"
    path.write_bytes(answered(next(all_cases())).text)
    return str(path)


def heed_hangups() -> None:
    """Undo what a child inherits from a parent that ignores hangups, as one under nohup does."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def writing_end(fifo: Path, process: "subprocess.Popen[bytes]") -> int:
    """The pipe open for writing, once the process reads it; an error where the process ends before it does."""
    while process.poll() is None:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(0.01)
    raise AssertionError(f"ended with {process.returncode} before it read its log")


def test_an_interrupt_is_heard_where_the_tests_ignore_it(tmp_path: Path) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        test_an_interrupt_is_quiet(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_full_disk_is_told() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs a device that is always full")
    with open("/dev/full", "wb") as full:
        answer = subprocess.run([*BACKSTOP, "schema"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert answer.returncode == 2
    assert answer.stderr == b"backstop: No space left on device\n"


def on_a_terminal(*arguments: str, env: dict[str, str] | None = None) -> tuple[str, str, int]:
    """What the program prints on a terminal and, standard error being another one, there; and its exit code."""
    out, err = pty.openpty(), pty.openpty()
    settings = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS")}
    settings |= {"TERM": "xterm-256color", "COLUMNS": "100", **(env or {})}
    process = subprocess.Popen([*BACKSTOP, *arguments], cwd=ROOT, env=settings, stdout=out[1], stderr=err[1])
    os.close(out[1])
    os.close(err[1])
    with ThreadPoolExecutor(2) as pool:
        # Both at once: a terminal that nobody reads lets the program wait for ever.
        printed, drawn = pool.map(all_of, (out[0], err[0]))
    return printed, drawn, process.wait()


def all_of(terminal: int) -> str:
    """What is written to a terminal until nobody writes to it any more."""
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(terminal)
    return b"".join(chunks).decode()


def test_progress_is_drawn_on_a_terminal_only() -> None:
    _, drawn, code = on_a_terminal("replay", TAKEOVER, "--quiet")
    assert (drawn, code) == ("", 0)
    printed, drawn, code = on_a_terminal("replay", TAKEOVER, "--json")
    assert code == 0
    assert "replaying" in drawn
    assert printed.startswith("{")
    assert run("replay", TAKEOVER).stderr == ""


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_progress_follows_the_bytes_of_the_file(
    is_packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Path(CASCADE).read_bytes()
    path = str(tmp_path / ("day.jsonl.gz" if is_packed else "day.jsonl"))
    Path(path).write_bytes(gzip.compress(data) if is_packed else data)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_DRAWINGS", -1)
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "rich.progress.Progress.update", lambda _, __, *, completed, read: seen.append((completed, read))
    )
    with open_log(path) as stream:
        _, entries = read_log(stream, path)
        with progress.progress_of(path, stream, quiet=False) as look:
            assert look is not None
            for entry in entries:
                look(entry)
    read_bytes = [completed for completed, _ in seen]
    assert read_bytes == sorted(read_bytes)
    assert os.path.getsize(path) // 2 < read_bytes[-1] <= os.path.getsize(path)
    assert seen[-1][1] == data.count(b"\n") // 64 * 64


def test_progress_of_a_pipe_has_no_end() -> None:
    process = subprocess.run(
        [*BACKSTOP, "replay", "-", "--quiet"],
        cwd=ROOT,
        input=Path(TAKEOVER).read_bytes(),
        capture_output=True,
        check=True,
    )
    assert process.stderr == b""
    with open(TAKEOVER, "rb") as stream:
        assert progress.position_of(stream)() == 0
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert progress.position_of(pipe)() == 0
    assert progress.length_of("-") is None


def test_colour_is_for_terminals_and_can_be_refused() -> None:
    coloured, _, _ = on_a_terminal("explain", ALICE_AND_BOB, "--line", "6")
    assert "\x1b[33m\x1b[1mrefused" in coloured
    plain, _, _ = on_a_terminal("explain", ALICE_AND_BOB, "--line", "6", env={"NO_COLOR": "1"})
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == click.unstyle(coloured).replace("\r\n", "\n")
    assert "\x1b" not in backstop("explain", ALICE_AND_BOB, "--line", "6").stdout


def test_letters_that_the_terminal_has_not_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "cascade-€.jsonl"
    path.write_bytes(Path(ALICE_AND_BOB).read_bytes())
    answer = backstop("replay", str(path), "--quiet", env={"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert answer.returncode == 0
    assert answer.stdout.startswith("Holds on cascade-\\u20ac.jsonl: ")
