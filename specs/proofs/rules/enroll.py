"""enroll: its page (specs/rules/enroll), scenes and claims."""

from collections.abc import Iterator

from ledger.outcomes import Enrolled, Reason
from ledger.state import Limits, Provider, State
from ledger.transactions import Enroll, Transaction

from ..claims import Bug
from ..engine import Path, implies
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..quantities import WHOLE, account_value, obliged
from ..watched import Reach
from ..worlds import ALICE, COIN, STRANGER, USDT, WORLD, account_of, provider_of, reserves, state_of
from .shared import is_active, is_ordinary_and_open


def scene(path: Path) -> tuple[State, Transaction]:
    """An enrolment with any limits, of alice, somebody unknown or a system account."""
    account_id = path.choice("account", ("@fees", STRANGER, ALICE))
    accounts, providers = reserves(path, {}), {}
    if account_id == ALICE:
        accounts[ALICE] = account_of(path, ALICE, holdings=((USDT, COIN),))
        path.assume(accounts[ALICE].cash[COIN] >= 0)
        providers[ALICE] = provider_of(path, ALICE)
    state = state_of(path, accounts, providers)
    per_minute, per_hour, holdings = path.integer("per minute"), path.integer("per hour"), path.integer("max holdings")
    return state, Enroll(path.integer("time"), account_id, per_minute, per_hour, holdings)


def checks(state: State, transaction: Enroll) -> Iterator[Check]:
    """The table of the page."""
    account_id, program = transaction.account, state.rulebook.program
    minute, hour, holdings = (
        transaction.capacity_per_minute,
        transaction.capacity_per_hour,
        transaction.max_holdings,
    )
    yield from is_ordinary_and_open("enroll", 1, state, account_id)
    yield from is_active("enroll", 3, state, account_id)
    least = program.minimum_capacity_per_minute
    yield Check("enroll-4", Reason.CAPACITY_PER_MINUTE_TOO_LOW, minute >= least, minute, least, account_id)
    least = program.minimum_capacity_per_hour
    yield Check(
        "enroll-5",
        Reason.CAPACITY_PER_HOUR_TOO_LOW,
        (hour >= least) & (hour >= minute),
        hour,
        lambda limit: (limit >= least) & (limit >= minute) & ((limit == least) | (limit == minute)),
        account_id,
    )
    yield Check("enroll-6", Reason.MAX_HOLDINGS_TOO_LOW, holdings >= minute, holdings, minute, account_id)
    value, minimum = account_value(state, state.accounts[account_id]), program.minimum_account_value * WHOLE
    yield Check("enroll-7", Reason.PROVIDER_BELOW_MINIMUM, value >= minimum, value, minimum, account_id)
    is_obliged, old = obliged(state, account_id, transaction.time)
    limits = (minute, old.capacity_per_minute), (hour, old.capacity_per_hour), (holdings, old.max_holdings)
    for number, (asked, in_force) in enumerate(limits, start=8):
        kept = implies(is_obliged, asked >= in_force)
        yield Check(f"enroll-{number}", Reason.LIMIT_LOWERED, kept, asked, in_force, account_id)


def effects(state: State, transaction: Enroll) -> Effects:
    """The limits asked for, no notice, and the takeovers there were."""
    limits = Limits(transaction.capacity_per_minute, transaction.capacity_per_hour, transaction.max_holdings)
    record = state.providers.get(transaction.account)
    takeovers = () if record is None else record.takeovers
    return Effects(
        providers={transaction.account: Provider(limits, None, takeovers)},
        events=(Enrolled(transaction.account, limits),),
    )


def reach(state: State, transaction: Enroll) -> Reach:
    """The account with its record as a provider, and what it holds at its prices and marks."""
    account = state.accounts.get(transaction.account)
    return Reach(
        accounts=frozenset((transaction.account,)),
        markets=frozenset(account.positions if account else ()),
        prices=frozenset(account.cash if account else ()),
        providers=frozenset((transaction.account,)),
    )


PAGE = Page("enroll", checks, effects, reach)

SCENE = (
    WORLD,
    "alice, with USDT, BTC and a position or none, active or liquidating, a provider in any way or none, with one "
    "takeover; or somebody unknown; or a system account; BTC is not negative",
)

CLAIMS = (
    claim_of_page(
        "enroll-guard",
        PAGE,
        scene,
        transaction="enroll",
        laws=("ENR-1", "ENR-2", "FRM-1"),
        world=SCENE,
        refusals=range(11),
        bugs=(
            Bug("rules.enroll", "per_hour < in_force.capacity_per_hour:", "per_hour <= in_force.capacity_per_hour:"),
            Bug("rules.enroll", "max(program.minimum_capacity_per_hour, per_minute)", "per_minute"),
            Bug("rules.enroll", "() if record is None else record.takeovers", "()"),
            Bug("rules.enroll", "Limits(per_minute, per_hour, max_holdings)", "Limits(per_minute, per_hour, per_hour)"),
            Bug("rules.enroll", "if value < minimum:", "if value <= minimum:"),
            Bug("capacity", "time >= provider.notice + program.notice", "time > provider.notice + program.notice"),
            Bug("rules.enroll", "record = state.providers.get(account_id)", "record = state.providers.get('bob')"),
        ),
    ),
    claim_of_laws(
        "enroll-laws",
        scene,
        transaction="enroll",
        kind=Enroll,
        world=SCENE,
        bugs=(
            Bug("rules.enroll", "if per_hour < minimum_per_hour:", "if per_hour < per_minute:"),
            Bug("rules.enroll", "if per_minute < in_force.capacity_per_minute:", "if False:"),
        ),
        silent=("CON-1", "CON-2", "CON-4", "PST-1", "PST-2", "STO-1"),
    ),
)
