"""The baseline, a bare dictionary, and this ledger: without laws, with every step law, and replaying a log."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ledger import __version__, apply, genesis, load_profile, open_log, read_log, replay_log, state_after
from ledger.laws import Law, Monitor, Step
from ledger.log import encode_genesis, encode_transaction
from ledger.outcomes import Applied
from ledger.postings import CashPosting, UnbalancedPostings, post
from ledger.replay import TOGETHER
from ledger.rulebook import EXTERNAL, INSURANCE
from ledger.state import State
from ledger.transactions import Deposit, Transaction, Withdraw

from ..bench_ledger import STEP_LAWS
from .peer import Checks, Peer, Refused, Run
from .transfers import ASSET, OUTSIDE, Balances, Transfer

PROFILE = "ascendex-2020"


def _bare(given: Sequence[Transfer], _: Path) -> Run:
    def run() -> Balances:
        balances: Balances = {}
        for transfer in given:
            balances[transfer.account] = balances.get(transfer.account, 0) + transfer.cents
            balances[OUTSIDE] = balances.get(OUTSIDE, 0) - transfer.cents
        return balances

    return run


def transactions(given: Sequence[Transfer]) -> tuple[Transaction, ...]:
    """The transfers as deposits and withdrawals, a millisecond apart."""
    atoms_per_cent = 10 ** (load_profile(PROFILE).assets[ASSET].decimals - 2)
    return tuple(
        Deposit(time, transfer.account, ASSET, transfer.cents * atoms_per_cent)
        if transfer.cents > 0
        else Withdraw(time, transfer.account, ASSET, -transfer.cents * atoms_per_cent)
        for time, transfer in enumerate(given)
    )


def _balances(state: State) -> Balances:
    atoms_per_cent = 10 ** (state.rulebook.assets[ASSET].decimals - 2)
    held = {account_id: account.cash.get(ASSET, 0) // atoms_per_cent for account_id, account in state.accounts.items()}
    return {OUTSIDE if account_id == EXTERNAL else account_id: cents for account_id, cents in held.items()}


def _applied(laws: tuple[Law, ...], given: Sequence[Transfer], _: Path) -> Run:
    asked, opened = transactions(given), genesis(load_profile(PROFILE), 0)

    def run() -> Balances:
        state, monitor = opened, Monitor(opened, laws, state_every=0)
        for first in range(0, len(asked), TOGETHER):
            steps = []
            for transaction in asked[first : first + TOGETHER]:
                outcome = apply(state, transaction)
                if not isinstance(outcome, Applied):
                    raise Refused(outcome.reason.name)
                after = state_after(state, outcome)
                if laws:
                    steps.append(Step(state, transaction, outcome, after))
                state = after
            monitor.observe_all(steps)
        return _balances(state)

    return run


def _replayed(given: Sequence[Transfer], folder: Path) -> Run:
    path, rulebook = folder / "transfers.jsonl", load_profile(PROFILE)
    lines = [encode_transaction(rulebook, transaction) for transaction in transactions(given)]
    path.write_bytes(encode_genesis(PROFILE) + b"".join(lines))

    def run() -> Balances:
        with open_log(str(path)) as stream:
            state, entries = read_log(stream, path.name)
            report = replay_log(state, entries, laws=STEP_LAWS, state_every=0)
        if report.failure is not None or report.rejected:
            raise Refused(str(report.failure or dict(report.rejected)))
        return _balances(report.state)

    return run


def _refuses_one_side(_: Path) -> bool:
    try:
        post(genesis(load_profile(PROFILE), 0).accounts, (CashPosting(INSURANCE, ASSET, 100),), settlement_asset=ASSET)
    except UnbalancedPostings:
        return True
    return False


def _version() -> str:
    return __version__


OWN = (
    Peer(
        "bare dict",
        "values",
        Checks(False, False, True, False, False, "the baseline: two additions a transfer, mutable, nothing checked"),
        lambda: "",
        _bare,
    ),
    Peer(
        "backstop-ledger, no laws",
        "values",
        Checks(True, True, True, False, False, "units, custody, margin and time as well; each state is a value"),
        _version,
        partial(_applied, ()),
        _refuses_one_side,
    ),
    Peer(
        "backstop-ledger, every step law",
        "values",
        Checks(True, True, True, False, False, f"and {len(STEP_LAWS)} laws after each transfer"),
        _version,
        partial(_applied, STEP_LAWS),
        _refuses_one_side,
    ),
    Peer(
        "backstop-ledger, log replayed",
        "text",
        Checks(True, True, True, False, True, "and a strict reader and a chain of digests besides the laws"),
        _version,
        _replayed,
        _refuses_one_side,
    ),
)
BASELINE = OWN[0]
