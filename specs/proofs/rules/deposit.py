"""deposit: its page (specs/rules/deposit), scene and claims."""

from collections.abc import Iterator

import attrs
from immutables import Map

from ledger.outcomes import AccountOpened, Reason
from ledger.postings import CashPosting
from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Account, State
from ledger.transactions import Deposit, Transaction

from ..claims import Bug
from ..engine import Path
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..watched import Reach
from ..worlds import (
    ALICE,
    COIN,
    STRANGER,
    UNLISTED,
    UNPRICED,
    USDT,
    WORLD,
    account_of,
    reserves,
    state_of,
)
from .shared import amount_is_booked, may_hold


def scene(path: Path) -> tuple[State, Transaction]:
    """A deposit of any asset, listed or not, to any account, system or not, open or not."""
    account_id = path.choice("account", ("@other", EXTERNAL, INSURANCE, FEES, STRANGER, ALICE))
    asset = path.choice("asset", (UNLISTED, UNPRICED, COIN, USDT))
    held = ((asset,), ()) if asset in (USDT, COIN) else ((),)
    accounts = reserves(path, {EXTERNAL: held, account_id: held if asset == USDT else ((),)})
    if account_id == ALICE:
        accounts[ALICE] = account_of(path, ALICE, holdings=held)
        path.assume(asset == USDT or accounts[ALICE].cash.get(asset, 0) >= 0)
    return state_of(path, accounts), Deposit(path.integer("time"), account_id, asset, path.integer("amount"))


def checks(state: State, transaction: Deposit) -> Iterator[Check]:
    """The table of the page."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    yield from amount_is_booked("deposit", state, asset, amount)
    has_price = asset in state.prices
    yield Check("deposit-4", Reason.ASSET_WITHOUT_PRICE, has_price, asset, "an asset with a price", asset)
    yield from may_hold("deposit", 5, state, account_id, asset)


def effects(state: State, transaction: Deposit) -> Effects:
    """The account is opened where it is not there, and the amount moves in from outside."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    rulebook, external = state.rulebook, state.accounts[EXTERNAL]
    is_new = account_id not in state.accounts
    opened = Account(Map(), Map(), rulebook.maximum_leverage, rulebook.default_fee_tier, None)
    account = opened if is_new else state.accounts[account_id]
    return Effects(
        accounts={
            account_id: attrs.evolve(account, cash=account.cash.set(asset, account.cash.get(asset, 0) + amount)),
            EXTERNAL: attrs.evolve(external, cash=external.cash.set(asset, external.cash.get(asset, 0) - amount)),
        },
        postings=(CashPosting(EXTERNAL, asset, -amount), CashPosting(account_id, asset, amount)),
        events=(AccountOpened(account_id),) if is_new else (),
    )


def reach(state: State, transaction: Deposit) -> Reach:
    """The account, the outside, and the asset's price."""
    return Reach(
        accounts=frozenset((transaction.account, EXTERNAL)),
        prices=frozenset((transaction.asset,)),
    )


PAGE = Page("deposit", checks, effects, reach)

SCENE = (
    WORLD,
    "an ordinary account, a new one, any system account or an unlisted one; with the asset or without, the ordinary "
    "one with a position or without, active or liquidating",
    "USDT, BTC, ETH without a price, or an unlisted asset; custody and reserves are not negative",
)

CLAIMS = (
    claim_of_page(
        "deposit-guard",
        PAGE,
        scene,
        transaction="deposit",
        laws=("BKG-1", "FRM-1"),
        world=SCENE,
        refusals=range(7),
        bugs=(
            Bug("rules.parties", "    if amount <= 0:", "    if amount < 0:"),
            Bug("rules.deposit", "if account_id not in accounts:", "if False:"),
            Bug(
                "rules.deposit",
                "asset not in state.prices",
                "asset not in state.prices or '@fees' not in state.accounts",
            ),
            Bug("rules.effects", "state.sequence + 1", "state.sequence + 2"),
        ),
    ),
    claim_of_laws(
        "deposit-laws",
        scene,
        transaction="deposit",
        kind=Deposit,
        world=SCENE,
        bugs=(
            Bug("rules.deposit", "CashPosting(account_id, asset, amount)", "CashPosting(account_id, 'USDT', amount)"),
            Bug("rules.deposit", "CashPosting(EXTERNAL, asset, -amount)", "CashPosting('@fees', asset, -amount)"),
        ),
        silent=("CON-2",),
    ),
)
