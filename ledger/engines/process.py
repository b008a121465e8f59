"""An engine's process: lines to its standard input, and lines from its standard output, neither of which ever blocks.

All three pipes are read and written as they are ready, so that a full pipe stops nobody: while a reply is awaited, what
is still to be sent goes out, and standard error is read along. The process is the first of a group of its own, and the
whole group is ended with it, whatever it started.
"""

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from types import TracebackType
from typing import IO

from ..strict_json import excerpt
from .errors import EngineError, Trouble, last_words, shown_line

LONGEST_LINE = 1 << 28
"""Bytes of the longest line that is read: 256 MiB, as the protocol has it."""

AT_A_TIME = 1 << 20
STDERR_KEPT = 1 << 14
"""Bytes that are read at a time, and how many of the last ones of standard error are kept."""

STDERR_READS = 64
"""How often the pipes of an engine, which may never cease, are read for what is there now."""

LOOK_EVERY = 0.1
"""Seconds after which a silent process is looked at: where it has ended, a child of it may hold its pipes open."""

GRACE = 1.0
"""Seconds that a process which closed its standard output is given to end, so that its exit code can be told."""

LARGE_PIPE = 1 << 20
"""Bytes that a pipe should hold, where the system lets it be set: a batch is written without waiting for the reader."""

Command = str | Sequence[str]
"""A command in one text, which is split into words as a shell would, or its words. No shell runs it."""


def words_of(command: Command) -> list[str]:
    """The words of a command. EngineError where there are none, or where a quotation does not end."""
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError as error:
        raise EngineError(Trouble.START, f"{command}: is no command ({str(error).lower()})") from None
    if not words or not words[0]:
        raise EngineError(Trouble.START, "found an empty command, expected one that starts an engine")
    return words


class EngineProcess:
    """A running command. EngineError where it cannot be started; `close` ends it and all that it started."""

    def __init__(self, command: Command, *, longest_line: int = LONGEST_LINE) -> None:
        self.words = words_of(command)
        self.name = excerpt(shlex.join(self.words))
        self.longest_line = longest_line
        self._unsent: list[memoryview] = []
        self._arrived = bytearray()
        self._looked_at = 0
        self._stderr = bytearray()
        self._is_at_end = self._is_deaf = self._is_swept = False
        self._process = self._started()
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        self._stdin, self._stdout, self._stderr_pipe = stdin, stdout, stderr
        self._selector = selectors.DefaultSelector()
        for pipe in (stdin, stdout, stderr):
            os.set_blocking(pipe.fileno(), False)
            _enlarge(pipe)
        self._selector.register(stdout, selectors.EVENT_READ)
        self._selector.register(stderr, selectors.EVENT_READ)

    def _started(self) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                self.words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except FileNotFoundError:
            message = f"{self.words[0]}: there is no such command"
        except PermissionError:
            message = f"{self.words[0]}: cannot be executed"
        except OSError as error:
            message = f"{self.words[0]}: could not be started ({error.strerror or error})"
        except ValueError as error:
            message = f"{self.words[0]}: could not be started ({error})"
        raise EngineError(Trouble.START, message)

    def __enter__(self) -> "EngineProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What is said.

    def send(self, line: bytes) -> None:
        """Hand a line over, without its line end. As much as the pipe takes goes at once, the rest while a line is
        awaited. To an engine that reads no more nothing is sent: awaiting its answer tells why."""
        if not self._is_deaf:
            self._unsent += (memoryview(line), memoryview(b"\n"))
            self._write()

    def receive(self, awaited: str, timeout: float) -> bytes:
        """The next line that the engine writes, without its line end, within so many seconds.

        `awaited`: what errors call the request that it answers. EngineError where there is no such line.
        """
        until = time.monotonic() + timeout
        while (line := self._next_line(awaited)) is None:
            if self._is_at_end:
                raise self._ended(awaited)
            left = until - time.monotonic()
            if left <= 0:
                raise self._hangs(awaited, timeout)
            if not self._exchange(min(left, LOOK_EVERY)) and self._process.poll() is not None:
                self._kill()
                self._exchange(0)
                self._is_at_end = self._is_at_end or not self._exchange(0)
        return line

    def refuse_unasked(self) -> None:
        """EngineError where the engine wrote something that nothing was asked for."""
        self._look()
        if self._arrived:
            found = shown_line(bytes(self._arrived[: 1 << 10]).split(b"\n")[0])
            raise EngineError(Trouble.GARBAGE, f"{self.name}: wrote {found}, and nothing had been asked")

    def end(self, timeout: float) -> int:
        """Close the engine's standard input, and its exit code once it has ended. EngineError where it does not."""
        self._close_stdin()
        until = time.monotonic() + timeout
        while self._process.poll() is None:
            self.refuse_unasked()
            left = until - time.monotonic()
            if left <= 0:
                raise EngineError(Trouble.HANG, f"{self.name}: did not end within {timeout:g} seconds after bye")
            if not self._exchange(min(left, LOOK_EVERY / 10)):
                time.sleep(min(left, LOOK_EVERY / 100))
        self._kill()
        self.refuse_unasked()
        return self._process.returncode

    def close(self) -> None:
        """End the process and all that it started, at once."""
        self._kill()
        self._process.wait()
        with contextlib.suppress(KeyError, ValueError, RuntimeError):
            self._selector.close()
        for pipe in (self._stdin, self._stdout, self._stderr_pipe):
            with contextlib.suppress(OSError):
                pipe.close()

    def last_words(self) -> str:
        """What its standard error says at its end as a clause, after what is there now has been read."""
        self._look()
        return last_words(bytes(self._stderr))

    # How it is carried.

    def _look(self) -> None:
        """Read what is there now, as far as an engine that never ceases lets it come to an end."""
        for _ in range(STDERR_READS):
            if not self._exchange(0):
                break

    def _next_line(self, awaited: str) -> bytes | None:
        end = self._arrived.find(b"\n", self._looked_at)
        if end < 0:
            self._looked_at = len(self._arrived)
            if self._looked_at > self.longest_line:
                raise EngineError(
                    Trouble.GARBAGE,
                    f"{self.name}: wrote more than {self.longest_line} bytes without a line end in its reply to "
                    f"{awaited}, which begins {shown_line(bytes(self._arrived[: 1 << 10]))}",
                    awaited=awaited,
                )
            return None
        line = bytes(self._arrived[:end])
        del self._arrived[: end + 1]
        self._looked_at = 0
        return line

    def _exchange(self, seconds: float) -> bool:
        """Wait so long for a pipe to be ready, and read and write what can be; whether anything was done."""
        if not self._selector.get_map():
            if seconds:
                time.sleep(seconds)
            return False
        moved = False
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._stdin:
                self._write()
                moved = True
            elif key.fileobj is self._stdout:
                moved = self._read_stdout() or moved
            else:
                moved = self._read_stderr() or moved
        return moved

    def _read_stdout(self) -> bool:
        data = _read(self._stdout)
        if data is None:
            return False
        self._arrived += data
        if not data:
            self._is_at_end = True
            self._selector.unregister(self._stdout)
        return True

    def _read_stderr(self) -> bool:
        data = _read(self._stderr_pipe)
        if data is None:
            return False
        self._stderr += data
        if len(self._stderr) > 2 * STDERR_KEPT:
            del self._stderr[:-STDERR_KEPT]
        if not data:
            self._selector.unregister(self._stderr_pipe)
        return True

    def _write(self) -> None:
        """Write what the pipe takes, and ask to be told when it takes more."""
        was_waiting = self._stdin in self._selector.get_map()
        try:
            while self._unsent:
                written = os.writev(self._stdin.fileno(), self._unsent[:64])
                while self._unsent and written >= len(self._unsent[0]):
                    written -= len(self._unsent.pop(0))
                if written:
                    self._unsent[0] = self._unsent[0][written:]
        except BlockingIOError:
            if not was_waiting:
                self._selector.register(self._stdin, selectors.EVENT_WRITE)
            return
        except (BrokenPipeError, ConnectionResetError):
            self._is_deaf = True
            self._unsent.clear()
        if was_waiting:
            self._selector.unregister(self._stdin)

    def _close_stdin(self) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._stdin)
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._is_deaf = True
        self._unsent.clear()

    def _kill(self) -> None:
        """End the whole group. Its first process is not waited for before, so that the group's number is still its
        own, or was so a moment ago."""
        if self._is_swept:
            return
        self._is_swept = self._process.poll() is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    # What is wrong.

    def _ended(self, awaited: str) -> EngineError:
        """The error of an engine that writes no more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        code = self._process.poll()
        self._kill()
        if code is None:
            what = "closed its standard output"
        elif code < 0:
            what = f"was ended by signal {-code} ({_signal_name(-code)})"
        else:
            what = f"ended with exit code {code}"
        cut = ""
        if self._arrived:
            cut = f", after a line without a line feed at its end: {shown_line(bytes(self._arrived[: 1 << 10]))}"
        message = f"{self.name}: {what} while its reply to {awaited} was awaited{cut}{self.last_words()}"
        return EngineError(Trouble.CRASH, message, awaited=awaited)

    def _hangs(self, awaited: str, timeout: float) -> EngineError:
        did = "did not reply"
        if self._arrived:
            did = f"did not end its line {shown_line(bytes(self._arrived[: 1 << 10]))}"
        deaf = " and no longer reads its standard input" if self._is_deaf else ""
        message = f"{self.name}: {did} to {awaited} within {timeout:g} seconds{deaf}{self.last_words()}"
        return EngineError(Trouble.HANG, message, awaited=awaited)


def _read(pipe: IO[bytes]) -> bytes | None:
    """What is there to read, nothing at the end, None where there is nothing yet."""
    try:
        return os.read(pipe.fileno(), AT_A_TIME)
    except BlockingIOError:
        return None


def _enlarge(pipe: IO[bytes]) -> None:
    """Let a pipe hold a batch, where the system has a call for it and allows it."""
    try:
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, LARGE_PIPE)
    except (ImportError, AttributeError, OSError):
        return


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "of no name"
