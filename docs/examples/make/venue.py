"""The venue's own desk: it sends transactions to the ledger, reads the answer, and keeps the record."""

import attrs

from ledger.outcomes import Applied, Outcome, Reason, Rejected
from ledger.rulebook import Rulebook
from ledger.state import Account, State, genesis
from ledger.transactions import Transaction
from ledger.transition import apply

from .dice import Dice


@attrs.frozen
class Line:
    """A transaction of the log, the answer it gets, and, where a script insists on it, the refusal expected."""

    transaction: Transaction
    outcome: Outcome
    refused: Reason | None


class Surprise(Exception):
    """A scripted transaction got another answer than its script says."""


class Venue:
    """A ledger driven one transaction at a time; `take` hands over the lines sent since the last time."""

    def __init__(self, rulebook: Rulebook, *, seed: int, time: int) -> None:
        self.state: State = genesis(rulebook, time)
        self.time = time
        self._dice = Dice(seed, "clock")
        self._lines: list[Line] = []

    def wait_until(self, time: int) -> int:
        """Let time pass, if it has not yet."""
        self.time = max(self.time, time)
        return self.time

    def later(self) -> int:
        """The time of the next transaction: some milliseconds on."""
        self.time += self._dice.between(2, 24)
        return self.time

    def account(self, account_id: str) -> Account:
        """The account as it stands."""
        return self.state.accounts[account_id]

    def would_apply(self, transaction: Transaction) -> bool:
        """Whether the ledger would apply it now; nothing is sent."""
        return isinstance(apply(self.state, transaction), Applied)

    def send(self, transaction: Transaction) -> Outcome:
        """Send it, whatever the answer."""
        outcome = apply(self.state, transaction)
        if isinstance(outcome, Applied):
            self.state = outcome.state
        self._lines.append(Line(transaction, outcome, None))
        return outcome

    def must(self, transaction: Transaction) -> Applied:
        """Send what has to be applied; `Surprise` where it is refused."""
        outcome = self.send(transaction)
        if isinstance(outcome, Rejected):
            raise Surprise(f"{transaction} was refused: {outcome}")
        return outcome

    def must_refuse(self, transaction: Transaction, reason: Reason) -> None:
        """Send what has to be refused for exactly that reason, and note it; `Surprise` on any other answer."""
        outcome = apply(self.state, transaction)
        if not isinstance(outcome, Rejected) or outcome.reason is not reason:
            answer = outcome if isinstance(outcome, Rejected) else "it was applied"
            raise Surprise(f"{transaction} was not refused for {reason.name}: {answer}")
        self._lines.append(Line(transaction, outcome, reason))

    def take(self) -> list[Line]:
        """The lines sent since the last time."""
        lines, self._lines = self._lines, []
        return lines
