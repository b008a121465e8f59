"""An engine that is started, and started again where it must be."""

from types import TracebackType

from .client import TIMEOUT, Abilities, Engine
from .process import Command


class Runner:
    """Starts an engine, and again where it must be started afresh. `starts` counts how often.

    `timeout`: seconds that each reply may take; `patience`: the same of all but the first, as long as it is less.
    EngineError where it cannot be started. `close` ends it.
    """

    def __init__(self, command: Command, *, timeout: float = TIMEOUT) -> None:
        self.command, self.timeout = command, timeout
        self.patience = timeout
        self.starts = 0
        self._engine: Engine | None = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def engine(self) -> Engine:
        """The running engine, of which no reply is outstanding."""
        if self._engine is not None and self._engine.is_idle:
            self._engine.timeout = self.patience
            return self._engine
        return self.restarted()

    def restarted(self) -> Engine:
        """The engine in a process of its own that was asked nothing yet."""
        self.close()
        self.starts += 1
        self._engine = Engine(self.command, timeout=self.timeout)
        self._engine.timeout = self.patience
        return self._engine

    def abilities(self) -> Abilities:
        """What the engine says of itself."""
        return self.engine().abilities

    def bye(self) -> None:
        """Have the running engine end as the protocol says. EngineError where it does not."""
        if self._engine is not None and self._engine.is_idle:
            self._engine.timeout = self.timeout
            self._engine.bye()
        self.close()

    def close(self) -> None:
        """End the running engine, if there is one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
