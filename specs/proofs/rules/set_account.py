"""set-account: its page (specs/rules/set-account), scene and claims."""

from collections.abc import Iterator

import attrs

from ledger.outcomes import AccountSet, Reason
from ledger.state import State
from ledger.transactions import SetAccount, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..watched import Reach
from ..worlds import ALICE, STRANGER, USDT, account_of, reserves, state_of
from .shared import is_ordinary_and_open


def scene(path: Path) -> tuple[State, Transaction]:
    """A leverage limit, a fee tier, both or neither, for alice, somebody unknown or a system account."""
    account_id = path.choice("account", ("@fees", STRANGER, ALICE))
    accounts = reserves(path, {})
    if account_id == ALICE:
        alice = account_of(path, ALICE, holdings=((USDT,),))
        leverage = path.integer("leverage before", least=1, most=100)
        before = path.choice("fee tier before", ("standard", "vip"))
        accounts[ALICE] = attrs.evolve(alice, max_leverage=leverage, fee_tier=before)
    state = state_of(path, accounts)
    wanted = path.integer("max leverage") if path.choice("leverage is given", (True, False)) else None
    fee_tier = path.choice("fee tier", (None, "vip", "unlisted"))
    return state, SetAccount(path.integer("time"), account_id, wanted, fee_tier)


def checks(state: State, transaction: SetAccount) -> Iterator[Check]:
    """The table of the page."""
    account_id, leverage, fee_tier = transaction.account, transaction.max_leverage, transaction.fee_tier
    yield from is_ordinary_and_open("set-account", 1, state, account_id)
    given = leverage is not None or fee_tier is not None
    wanted = "max_leverage or fee_tier"
    yield Check("set-account-3", Reason.NOTHING_TO_SET, given, "neither", wanted, account_id)
    maximum = state.rulebook.maximum_leverage
    leverage = maximum if leverage is None else leverage
    in_range, end = (leverage >= 1) & (leverage <= maximum), 1 if leverage < 1 else maximum
    yield Check("set-account-4", Reason.LEVERAGE_OUT_OF_RANGE, in_range, leverage, end, account_id)
    listed = fee_tier in (None, "standard", "vip", "backstop")
    yield Check("set-account-5", Reason.UNKNOWN_FEE_TIER, listed, str(fee_tier), "a listed fee tier", account_id)


def effects(state: State, transaction: SetAccount) -> Effects:
    """What is given replaces what was there."""
    account = state.accounts[transaction.account]
    if transaction.max_leverage is not None:
        account = attrs.evolve(account, max_leverage=transaction.max_leverage)
    if transaction.fee_tier is not None:
        account = attrs.evolve(account, fee_tier=transaction.fee_tier)
    return Effects(
        accounts={transaction.account: account},
        events=(AccountSet(transaction.account, account.max_leverage, account.fee_tier),),
    )


def reach(state: State, transaction: SetAccount) -> Reach:
    """The account alone."""
    return Reach(accounts=frozenset((transaction.account,)))


PAGE = Page("set-account", checks, effects, reach)

WORLD = (
    "rulebook ascendex-2020; concrete ids; market BTC-PERP; stored amounts not zero",
    "alice, with USDT, a position or none, any leverage limit from 1 to 100, fee tier standard or vip, active or "
    "liquidating; or somebody unknown; or a system account; the fee tier given is vip, an unlisted one, or none",
)

CLAIMS = (
    claim_of_page(
        "set-account-guard",
        PAGE,
        scene,
        transaction="set-account",
        laws=("ACC-1", "FRM-1"),
        world=WORLD,
        refusals=range(6),
        bugs=(
            Bug("rules.set_account", "not 1 <= max_leverage <= maximum", "not 1 <= max_leverage < maximum"),
            Bug("rules.set_account", "limit = 1 if max_leverage < 1 else maximum", "limit = maximum"),
            Bug("rules.set_account", "        before.liquidation,\n", "        None,\n"),
            Bug("rules.set_account", "before.max_leverage if max_leverage is None", "maximum if max_leverage is None"),
            Bug("rules.set_account", "before = state.accounts[account_id]", "before = state.accounts['bob']"),
        ),
    ),
    claim_of_laws(
        "set-account-laws",
        scene,
        transaction="set-account",
        kind=SetAccount,
        world=WORLD,
        bugs=(
            Bug("rules.set_account", "not 1 <= max_leverage <= maximum", "not 1 <= max_leverage <= maximum + 1"),
            Bug("rules.set_account", "        before.positions,\n", "        before.positions.delete('BTC-PERP'),\n"),
        ),
        silent=("CON-2", "PST-2"),
    ),
)
