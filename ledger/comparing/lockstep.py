"""Lock-step: an engine is sent batches of transactions while the ledger answers the same, and both are compared.

Outcomes are compared one by one, in every batch. States are looked at after each batch: the accounts that it changed or
named, and, while the ledger has `FEW` accounts or fewer, all of them and the whole state; of a larger ledger all of
that only after every so many batches, and at the end. Where an engine gives nothing of its state, the next batch is on
its way before the reply to the last one is read, so that both work at the same time.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import attrs
import msgspec

from ..canonical import chain, chain_start
from ..engines import IN_FLIGHT, Engine, EngineError
from ..engines.differences import Difference, Look, changed_accounts, first_difference, look_at
from ..interchange import state_document, transaction_document
from ..laws.law import parties
from ..outcomes import Applied, Outcome, Rejected
from ..state import State
from ..transactions import TYPE_NAMES, Transaction
from ..transition import apply, state_after
from .mismatches import Document, Mismatch, aspect_of, plain

BATCH = 256
STATES_EVERY = 20
"""Transactions of a batch, and batches after which all of a large ledger is compared, where no others are asked."""

FEW = 500
"""Accounts of a ledger all of which is compared after each batch."""

_encode = msgspec.json.Encoder().encode


@attrs.define
class Tally:
    """What was compared: transactions, `applied` and `rejected` by the ledger and by type, `left_out` of types that the
    engine does not know; how often states were looked at, and accounts and whole states in them."""

    transactions: int = 0
    batches: int = 0
    applied: Counter[str] = attrs.Factory(Counter)
    rejected: Counter[tuple[str, str]] = attrs.Factory(Counter)
    left_out: Counter[str] = attrs.Factory(Counter)
    accounts: int = 0
    whole_states: int = 0

    def count(self, transactions: Sequence[Transaction], outcomes: Sequence[Outcome]) -> None:
        """Count the outcomes of a batch on which both agree."""
        self.transactions += len(outcomes)
        self.batches += 1
        for transaction, outcome in zip(transactions, outcomes, strict=True):
            name = TYPE_NAMES[type(transaction)]
            if isinstance(outcome, Rejected):
                self.rejected[name, outcome.reason.name] += 1
            else:
                self.applied[name] += 1


@attrs.define(eq=False)
class Sent:
    """A batch that the engine was sent and the ledger has answered: its first position, the states around it, the
    outcomes, and the links after them where the engine gives links. `error`: why it could not be sent."""

    first: int
    transactions: Sequence[Transaction]
    before: State
    outcomes: list[Outcome]
    links: list[bytes]
    after: State
    error: EngineError | None = None

    def around(self, number: int) -> tuple[State, State]:
        """The states before and after one of its transactions."""
        state = self.before
        for outcome in self.outcomes[:number]:
            state = state_after(state, outcome)
        return state, state_after(state, self.outcomes[number])


class Lockstep:
    """An engine and the ledger, both from the same state on. `position`: how many transactions were found to agree,
    states included as far as they were looked at; `agreed` the same where all of the states was. `raised_at`: where the
    ledger raised an error, None where it did not."""

    def __init__(
        self,
        engine: Engine,
        start: State,
        *,
        batch: int = BATCH,
        states_every: int = STATES_EVERY,
        tally: Tally | None = None,
    ) -> None:
        self.engine, self.state, self.batch, self.states_every = engine, start, batch, states_every
        self.tally = Tally() if tally is None else tally
        self.start = start
        self.gives = engine.abilities.gives
        self.link = chain_start(start) if "link" in self.gives else None
        self.sent = self.position = self.agreed = self.batches = 0
        self.raised_at: int | None = None
        engine.init(start.rulebook.document, state_document(start))

    def run(self, transactions: Iterable[Transaction]) -> Mismatch | None:
        """Compare all of them, a batch at a time, up to the first in which something differs; None where nothing does.

        What differs in a state, and how an engine fails, is told of the last transaction of its batch. It `is_first`
        where that is the only one, and all agreed before.
        """
        return self.run_batches(batches(transactions, self.batch))

    def run_batches(self, given: Iterable[Sequence[Transaction]]) -> Mismatch | None:
        """The same of batches of any size."""
        waiting: deque[Sent] = deque()
        most = 1 if self.engine.abilities.gives_states else IN_FLIGHT
        for batch in given:
            waiting.append(self.send(batch))
            if len(waiting) == most and (mismatch := self.check(waiting.popleft())) is not None:
                return mismatch
        while waiting:
            if (mismatch := self.check(waiting.popleft())) is not None:
                return mismatch
        return self.finish()

    def send(self, transactions: Sequence[Transaction]) -> Sent:
        """Send a batch, and answer it."""
        error = None
        try:
            self.engine.send_lines([_encode(transaction_document(transaction)) for transaction in transactions])
        except EngineError as refused:
            error = refused
        state, outcomes, links, link = self.state, [], [], self.link
        try:
            for transaction in transactions:
                outcome = apply(state, transaction)
                outcomes.append(outcome)
                if type(outcome) is Applied:
                    state = outcome.state
                if link is not None:
                    link = chain(link, transaction, outcome)
                    links.append(link)
        except Exception:
            self.raised_at = self.sent + len(outcomes)
            raise
        batch = Sent(self.sent, transactions, self.state, outcomes, links, state, error)
        self.sent += len(transactions)
        self.state, self.link = state, link
        return batch

    def check(self, batch: Sent) -> Mismatch | None:
        """Read the engine's reply to a batch, and compare."""
        if batch.error is not None:
            return self.failed(batch, batch.error)
        try:
            given = self.engine.receive_outcomes()
        except EngineError as error:
            return self.failed(batch, error)
        found = first_difference(batch.outcomes, given, self.gives, batch.links)
        if found is not None:
            number, differences = found
            before, after = batch.around(number)
            accounts = self.accounts_after(batch, number, after)
            return self.mismatch(
                batch,
                number,
                before,
                after,
                differences=tuple(differences),
                given=plain(given[number]),
                accounts=accounts,
            )
        self.tally.count(batch.transactions, batch.outcomes)
        self.batches += 1
        if self.engine.abilities.gives_states:
            few = len(batch.after.accounts) <= FEW
            all_of_it = few or self.batches % self.states_every == 0
            mismatch = self.look(batch, all_of_it=all_of_it)
            if mismatch is not None:
                return mismatch
        self.position = batch.first + len(batch.transactions)
        return None

    def accounts_after(self, batch: Sent, number: int, after: State) -> Mapping[str, Document]:
        """The engine's accounts that a transaction changes or names, where it was the last one that the engine was
        sent, and the engine gives them."""
        if self.sent != batch.first + number + 1 or not self.engine.abilities.gives_accounts:
            return {}
        transaction, outcome = batch.transactions[number], batch.outcomes[number]
        ids = {*parties(transaction)}
        if isinstance(outcome, Applied):
            ids.update(posting.account for posting in outcome.postings)
        try:
            return self.looked(after, ids, whole=False).accounts
        except EngineError:
            return {}

    def finish(self) -> Mismatch | None:
        """Compare all of the states at the end, where that is not yet done."""
        if not self.engine.abilities.gives_states or self.agreed == self.position != 0:
            return None
        try:
            look = self.looked(self.state, self.state.accounts, whole=True)
        except EngineError as error:
            return self.at_end(error=error)
        if look.differences:
            return self.at_end(look=look)
        self.agreed = self.position
        return None

    def look(self, batch: Sent, *, all_of_it: bool) -> Mismatch | None:
        """Compare the states after a batch: the accounts that it changed or named, or all of it."""
        ids = set(batch.after.accounts) if all_of_it else changed_accounts(batch.before, batch.after)
        for transaction in batch.transactions:
            ids.update(parties(transaction))
        try:
            look = self.looked(batch.after, ids, whole=all_of_it)
        except EngineError as error:
            return self.failed(batch, error)
        if look.differences:
            number = len(batch.outcomes) - 1
            before, after = batch.around(number)
            return self.mismatch(batch, number, before, after, differences=look.differences, accounts=look.accounts)
        if all_of_it:
            self.agreed = batch.first + len(batch.transactions)
        return None

    def looked(self, state: State, ids: Iterable[str], *, whole: bool) -> Look:
        """A look at the engine's state, counted."""
        look = look_at(self.engine, state, ids, whole=whole)
        self.tally.accounts += len(look.accounts)
        self.tally.whole_states += whole and self.engine.abilities.gives_whole
        return look

    def mismatch(
        self,
        batch: Sent,
        number: int,
        before: State,
        after: State,
        *,
        differences: tuple[Difference, ...],
        **more: object,
    ) -> Mismatch:
        """What differs at one transaction of a batch."""
        return Mismatch(
            aspect=differences[0].aspect,
            position=batch.first + number,
            transaction=batch.transactions[number],
            before=before,
            outcome=batch.outcomes[number],
            after=after,
            differences=differences,
            is_first=self.is_first(batch, number),
            **more,  # type: ignore[arg-type]
        )

    def is_first(self, batch: Sent, number: int) -> bool:
        """Whether all that came before a transaction of a batch was found to agree, states included."""
        return not self.engine.abilities.gives_states or self.agreed == batch.first + number

    def failed(self, batch: Sent, error: EngineError) -> Mismatch:
        """What an engine does that fails in a batch, told of its last transaction; of one transaction it is exact."""
        number = len(batch.outcomes) - 1
        before, after = batch.around(number)
        return Mismatch(
            aspect=aspect_of(error),
            position=batch.first + number,
            transaction=batch.transactions[number],
            before=before,
            outcome=batch.outcomes[number],
            after=after,
            error=str(error),
            is_first=number == 0 and self.is_first(batch, number),
        )

    def at_end(self, *, look: Look | None = None, error: EngineError | None = None) -> Mismatch:
        """What differs once all is answered, of which it is not known since when."""
        differences = () if look is None else look.differences
        return Mismatch(
            aspect=differences[0].aspect if error is None else aspect_of(error),
            position=self.position - 1,
            transaction=None,
            before=self.state,
            outcome=None,
            after=self.state,
            differences=differences,
            error=None if error is None else str(error),
            accounts={} if look is None else look.accounts,
            is_first=self.position == 0,
        )


def batches(transactions: Iterable[Transaction], size: int) -> Iterator[list[Transaction]]:
    """The transactions, so many at a time."""
    iterator = iter(transactions)
    while batch := list(islice(iterator, size)):
        yield batch
