"""What the example logs expect of their lines, and their lines as bytes."""

from collections.abc import Iterable, Iterator, Mapping

from ledger.canonical import chain, chain_start, state_digest
from ledger.log import Expect, ExpectedPosition, encode_genesis, encode_transaction
from ledger.outcomes import Applied, Reason
from ledger.state import State
from ledger.transactions import Settle

from .tape import HOUR
from .venue import Line

RESERVES = ("@fees", "@insurance")


def expecting(
    *,
    applied: bool | None = None,
    reason: Reason | None = None,
    balances: Mapping[str, Mapping[str, int]] | None = None,
    positions: Mapping[str, Mapping[str, ExpectedPosition]] | None = None,
    account_values: Mapping[str, int] | None = None,
    digest: bytes | None = None,
    state: State | None = None,
) -> Expect:
    """An expectation of just these; `digest` is the chain's, and `state` stands for its digest."""
    return Expect(
        applied,
        reason,
        balances or {},
        positions or {},
        account_values or {},
        None if digest is None else digest.hex(),
        None if state is None else state_digest(state),
    )


def reserves(state: State) -> dict[str, dict[str, int]]:
    """The dollars of `@fees` and `@insurance`."""
    asset = state.rulebook.settlement_asset
    return {account_id: {asset: state.accounts[account_id].cash.get(asset, 0)} for account_id in RESERVES}


def day_log(profile: str, genesis: State, lines: Iterable[Line]) -> Iterator[bytes]:
    """The log of a day: scripted refusals expected as such, every hour's settle with the reserves and the digest so
    far, and the last line with the digest of everything."""
    yield encode_genesis(profile, time=genesis.time)
    state, link = genesis, chain_start(genesis)
    pending: tuple[Line, Expect | None] | None = None
    for line in lines:
        if pending is not None:
            yield encode_transaction(state.rulebook, pending[0].transaction, pending[1])
        state = line.outcome.state if isinstance(line.outcome, Applied) else state
        link = chain(link, line.transaction, line.outcome)
        pending = line, expected_of(line, state, link)
    if pending is not None:
        last = expecting(applied=True, balances=reserves(state), digest=link, state=state)
        yield encode_transaction(state.rulebook, pending[0].transaction, last)


def expected_of(line: Line, state: State, link: bytes) -> Expect | None:
    """What the log of a day expects of one line, `state` and `link` being those after it."""
    if line.refused is not None:
        return expecting(reason=line.refused)
    transaction = line.transaction
    if isinstance(transaction, Settle) and isinstance(line.outcome, Applied) and transaction.time % HOUR < HOUR // 60:
        return expecting(balances=reserves(state), digest=link)
    return None
