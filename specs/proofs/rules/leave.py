"""leave: its page (specs/rules/leave), scene and claims."""

from collections.abc import Iterator

from ledger.outcomes import NoticeGiven, Reason
from ledger.state import Provider, State
from ledger.transactions import Leave, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..quantities import obliged
from ..watched import Reach
from ..worlds import ALICE, STRANGER, USDT, WORLD, account_of, provider_of, reserves, state_of
from .shared import is_ordinary_and_open


def scene(path: Path) -> tuple[State, Transaction]:
    """A notice of alice, somebody unknown or a system account."""
    account_id = path.choice("account", ("@fees", STRANGER, ALICE))
    accounts, providers = reserves(path, {}), {}
    if account_id == ALICE:
        accounts[ALICE] = account_of(path, ALICE, holdings=((USDT,),))
        providers[ALICE] = provider_of(path, ALICE)
    state = state_of(path, accounts, providers)
    record = state.providers.get(ALICE)
    if record is not None and record.notice is not None:
        path.assume(record.notice <= state.time)
    return state, Leave(path.integer("time"), account_id)


def checks(state: State, transaction: Leave) -> Iterator[Check]:
    """The table of the page."""
    account_id = transaction.account
    yield from is_ordinary_and_open("leave", 1, state, account_id)
    is_obliged, _ = obliged(state, account_id, transaction.time)
    yield Check("leave-3", Reason.NOT_A_PROVIDER, is_obliged, account_id, "an obliged provider", account_id)
    record = state.providers.get(account_id)
    notice = None if record is None else record.notice
    earlier = 0 if notice is None else notice
    yield Check("leave-4", Reason.ALREADY_LEAVING, notice is None, transaction.time, earlier, account_id)


def effects(state: State, transaction: Leave) -> Effects:
    """The notice, and nothing else of the record."""
    record = state.providers[transaction.account]
    until = transaction.time + state.rulebook.program.notice
    return Effects(
        providers={transaction.account: Provider(record.limits, transaction.time, record.takeovers)},
        events=(NoticeGiven(transaction.account, until),),
    )


def reach(state: State, transaction: Leave) -> Reach:
    """Whether the account is open, and its record as a provider."""
    return Reach(accounts=frozenset((transaction.account,)), providers=frozenset((transaction.account,)))


PAGE = Page("leave", checks, effects, reach)

SCENE = (
    WORLD,
    "alice, with USDT and a position or none, active or liquidating, a provider in any way or none, with one takeover; "
    "or somebody unknown; or a system account; a notice is not later than the state",
)

CLAIMS = (
    claim_of_page(
        "leave-guard",
        PAGE,
        scene,
        transaction="leave",
        laws=("ENR-1", "FRM-1"),
        world=SCENE,
        refusals=range(5),
        bugs=(
            Bug("capacity", "time >= provider.notice + program.notice", "time > provider.notice + program.notice"),
            Bug("rules.leave", "NoticeGiven(account_id, time + program.notice)", "NoticeGiven(account_id, time)"),
            Bug("rules.leave", "Provider(record.limits, time, record.takeovers)", "Provider(record.limits, time, ())"),
            Bug("rules.leave", "return applied(state, time,", "return applied(state, time + 1,"),
            Bug("rules.leave", "record = state.providers.get(account_id)", "record = state.providers.get('bob')"),
        ),
    ),
    claim_of_laws(
        "leave-laws",
        scene,
        transaction="leave",
        kind=Leave,
        world=SCENE,
        bugs=(
            Bug("rules.leave", "return applied(state, time,", "return applied(state, time + 1,"),
            Bug("rules.leave", "if record.notice is not None:", "if False:"),
        ),
        silent=("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1"),
    ),
)
