"""What a log comes to: the first law that breaks, or what the ledger raised."""

from collections.abc import Iterable, Sequence

import attrs

from ..law_files import LawFileError
from ..laws import Law, LawBroken, Monitor, Scope
from ..state import State
from ..transactions import Transaction
from .simulation import stepped


@attrs.frozen
class Finding:
    """A broken law, or an error that is not a law's: what is wrong first, and at which transaction.

    `law_id` and `scope` of a law, both None for an error. `error`: the exception's type and the function that raised
    it, None for a law. `detail` in words, `accounts` those involved. `position`: of the last transaction answered, from
    0, -1 where the state was broken before any.
    """

    law_id: str | None
    scope: Scope | None
    error: str | None
    detail: str
    accounts: tuple[str, ...]
    position: int

    @property
    def name(self) -> str:
        """What two findings have in common that are the same: "CON-1 step", or the error and where it was raised."""
        if self.scope is not None:
            return f"{self.law_id} {self.scope.value}"
        return self.error or "an error"

    def is_of(self, law: Law) -> bool:
        """Whether this law is the broken one."""
        return (law.id, law.scope) == (self.law_id, self.scope)


def breach_of(broken: LawBroken, position: int) -> Finding:
    """The finding of a broken law."""
    law, breach = broken.law, broken.breach
    return Finding(law.id, law.scope, None, breach.detail, breach.accounts, position)


def error_of(error: Exception, position: int) -> Finding:
    """The finding of anything else that was raised."""
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place, traceback = code.co_name, traceback.tb_next
    name = f"{type(error).__name__} in {place}"
    return Finding(None, None, name, str(error) or type(error).__name__, (), position)


def first_finding(
    state: State, transactions: Sequence[Transaction], laws: Iterable[Law], *, state_every: int
) -> Finding | None:
    """What breaks first as the transactions are answered from `state` on; None where all holds.

    The laws of the whole state look after every `state_every` transactions, and at the end, as in a replay. Raises
    `LawFileError` alone.
    """
    monitor = Monitor(state, laws, state_every)
    position = -1
    try:
        for transaction in transactions:
            position += 1
            step = stepped(state, transaction)
            monitor.observe(step)
            state = step.after
        monitor.finish()
    except LawBroken as broken:
        return breach_of(broken, position)
    except LawFileError:
        raise
    except Exception as error:
        return error_of(error, position)
    return None
