"""An error of the ledger's own, told with the line of the log at which it came up."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..law_files import LawFileError
from ..replay import noted_line
from .options import place_of


class InternalError(Exception):
    """The ledger could not answer a line: `place` says which in words, the cause is what it raised. `line`: of a log,
    None where there is none."""

    def __init__(self, place: str, cause: Exception, line: int | None = None) -> None:
        self.place, self.cause, self.line = place, cause, line
        super().__init__(place)


@contextmanager
def internal_errors_of(log: str) -> Iterator[None]:
    """Raises errors on which a line was noted as `InternalError`; all others, and the machine's own, as they are."""
    try:
        yield
    except Exception as error:
        line = noted_line(error)
        if line is None or isinstance(error, OSError | LawFileError):
            raise
        raise InternalError(place_of(log, line), error, line) from error
