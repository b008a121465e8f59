"""withdraw: its page (specs/rules/withdraw), scenes and claims."""

from collections.abc import Iterator
from functools import partial

import attrs
from immutables import Map

from ledger.outcomes import Reason
from ledger.postings import CashPosting
from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Account, State
from ledger.transactions import Transaction, Withdraw

from ..claims import Bug
from ..engine import Path, implies
from ..laws import claim_of_laws
from ..pages import Check, Effects, Page, claim_of_page
from ..quantities import (
    WHOLE,
    account_value,
    covers,
    effective_collateral,
    initial_margin_over,
    obliged,
    rounded_up,
)
from ..watched import Reach
from ..worlds import (
    ALICE,
    COIN,
    MARKET,
    RULEBOOK,
    SECOND_MARKET,
    STRANGER,
    UNLISTED,
    UNPRICED,
    USDT,
    WORLD,
    account_of,
    cash_of,
    position_of,
    provider_of,
    reserves,
    state_of,
    with_any_tiers,
)
from .shared import amount_is_booked, is_active, is_open, may_hold

ONE, TWO = (MARKET,), (MARKET, SECOND_MARKET)


def scene_of_parties(path: Path) -> tuple[State, Transaction]:
    """A withdrawal of any asset, listed or not, from any account, system or not, open or not; nobody has positions."""
    account_id = path.choice("account", ("@other", EXTERNAL, INSURANCE, FEES, STRANGER, ALICE))
    asset = path.choice("asset", (UNLISTED, UNPRICED, COIN, USDT))
    held = ((asset,), ()) if asset in (USDT, COIN) else ((),)
    accounts = reserves(path, {EXTERNAL: held, account_id: held if asset == USDT else ((),)})
    if account_id == ALICE:
        accounts[ALICE] = account_of(path, ALICE, holdings=((USDT, COIN), *held), flat=True)
        path.assume(accounts[ALICE].cash.get(COIN, 0) >= 0)
    state = state_of(path, accounts, {ALICE: provider_of(path, ALICE)} if account_id == ALICE else {})
    return state, Withdraw(path.integer("time"), account_id, asset, path.integer("amount"))


def scene_with_positions(path: Path, *, markets: tuple[str, ...]) -> tuple[State, Transaction]:
    """A withdrawal by alice, who has both assets and positions in these markets, and is a provider or not.

    With positions in two markets she withdraws USDT and is no provider.
    """
    asset = path.choice("asset", (USDT, COIN)) if markets == ONE else USDT
    alice = Account(
        cash_of(path, ALICE, ((USDT, COIN),)),
        Map({market: position_of(path, f"{ALICE} {market}") for market in markets}),
        path.integer("leverage", least=1, most=100),
        RULEBOOK.default_fee_tier,
        None,
    )
    path.assume(alice.cash[COIN] >= 0)
    rulebook = with_any_tiers(path, RULEBOOK, dict.fromkeys(markets, 1))
    providers = {ALICE: provider_of(path, ALICE, ("none", "obliged"))} if markets == ONE else {}
    accounts = reserves(path, {EXTERNAL: ((asset,),)}) | {ALICE: alice}
    state = state_of(path, accounts, providers, rulebook, markets)
    return state, Withdraw(path.integer("time"), ALICE, asset, path.integer("amount"))


def checks(state: State, transaction: Withdraw) -> Iterator[Check]:
    """The table of the page."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    rulebook = state.rulebook
    yield from amount_is_booked("withdraw", state, asset, amount)
    yield from may_hold("withdraw", 4, state, account_id, asset)
    yield from is_open("withdraw", 6, state, account_id)
    yield from is_active("withdraw", 7, state, account_id)
    account = state.accounts[account_id]
    held = account.cash.get(asset, 0)
    yield Check("withdraw-8", Reason.INSUFFICIENT_BALANCE, amount <= held, amount, held, account_id)
    after = paid_out(account, asset, amount)
    effective, required = effective_collateral(state, after), initial_margin_over(state, after)
    yield Check(
        "withdraw-9",
        Reason.FREE_COLLATERAL_NEGATIVE,
        covers(effective, required),
        effective,
        rounded_up(required),
        account_id,
    )
    is_obliged, _ = obliged(state, account_id, transaction.time)
    value, minimum = account_value(state, after), rulebook.program.minimum_account_value * WHOLE
    keeps = implies(is_obliged, value >= minimum)
    yield Check("withdraw-10", Reason.PROVIDER_BELOW_MINIMUM, keeps, value, minimum, account_id)
    custody = -state.accounts[EXTERNAL].cash.get(asset, 0)
    yield Check("withdraw-11", Reason.INSUFFICIENT_CUSTODY, amount <= custody, amount, custody, asset)


def paid_out(account: Account, asset: str, amount: int) -> Account:
    """The account with the amount less, which may leave a zero."""
    return attrs.evolve(account, cash=account.cash.set(asset, account.cash.get(asset, 0) - amount))


def effects(state: State, transaction: Withdraw) -> Effects:
    """The amount moves outside."""
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    return Effects(
        accounts={
            account_id: paid_out(state.accounts[account_id], asset, amount),
            EXTERNAL: paid_out(state.accounts[EXTERNAL], asset, -amount),
        },
        postings=(CashPosting(account_id, asset, -amount), CashPosting(EXTERNAL, asset, amount)),
    )


def reach(state: State, transaction: Withdraw) -> Reach:
    """The account with its record as a provider, what it holds at its prices and marks, and the outside."""
    account = state.accounts.get(transaction.account)
    return Reach(
        accounts=frozenset((transaction.account, EXTERNAL)),
        markets=frozenset(account.positions if account else ()),
        prices=frozenset(account.cash if account else ()),
        providers=frozenset((transaction.account,)),
    )


PAGE = Page("withdraw", checks, effects, reach)

PARTIES = (
    WORLD,
    "an ordinary account without positions, active or liquidating, a provider in any way or none, or one not open, any "
    "system account, or an unlisted one; with the asset or without, the ordinary one with another beside it",
    "USDT, BTC, ETH without a price, or an unlisted asset; custody, reserves and BTC are not negative",
)
ANY_TIERS = (
    "rulebook ascendex-2020, but a single margin bracket of any initial and maintenance rate a market, of which the "
    "rule looks up one notional; concrete ids; stored amounts not zero",
    "any maximum leverage from 1 to 100",
)
WITH_A_POSITION = (
    *ANY_TIERS,
    "alice, active, an obliged provider or none, with USDT, BTC and a position in BTC-PERP, withdraws USDT or BTC; BTC "
    "and custody are not negative",
)
WITH_TWO_POSITIONS = (
    *ANY_TIERS,
    "alice, active, no provider, with USDT, BTC and positions in BTC-PERP and ETH-PERP, withdraws USDT; BTC and "
    "custody are not negative",
)

CLAIMS = (
    claim_of_page(
        "withdraw-guard",
        PAGE,
        scene_of_parties,
        transaction="withdraw",
        laws=("BKG-1", "CON-4", "ENR-3", "FRM-1"),
        world=PARTIES,
        refusals=range(12),
        bugs=(
            Bug("rules.withdraw", "if amount > balance:", "if amount >= balance:"),
            Bug("rules.withdraw", "if amount > custody:", "if amount >= custody:"),
            Bug("rules.withdraw", "if value < minimum:", "if value <= minimum:"),
            Bug(
                "rules.withdraw",
                "account_value(state, after), program",
                "account_value(state, state.accounts[account_id]), program",
            ),
            Bug("rules.withdraw", "state.providers.get(account_id)", "state.providers.get('bob')"),
        ),
    ),
    claim_of_page(
        "withdraw-margin",
        PAGE,
        partial(scene_with_positions, markets=ONE),
        transaction="withdraw",
        laws=("MAR-1", "ENR-3"),
        world=WITH_A_POSITION,
        refusals=(8, 9, 10, 11),
        bugs=(
            Bug("rules.withdraw", "if effective < required:", "if effective <= required:"),
            Bug(
                "rules.withdraw",
                "effective_collateral(state, after)",
                "effective_collateral(state, state.accounts[account_id])",
            ),
            Bug("margin", "return ceil_div(total * RATE_SCALE, leverage)", "return total * RATE_SCALE // leverage"),
            Bug("margin", "    if pnl > 0 and not", "    if pnl < 0 and not"),
        ),
        removed=(9,),
        quick=False,
    ),
    claim_of_page(
        "withdraw-two-markets",
        PAGE,
        partial(scene_with_positions, markets=TWO),
        transaction="withdraw",
        laws=("MAR-1",),
        world=WITH_TWO_POSITIONS,
        refusals=(8, 9, 11),
        bugs=(
            Bug("margin", "        total += effective * (rate if", "        total = effective * (rate if"),
            Bug("margin", "        total += position.size * per_lot", "        total = position.size * per_lot"),
        ),
        removed=(9,),
        quick=False,
    ),
    claim_of_laws(
        "withdraw-laws",
        scene_of_parties,
        transaction="withdraw",
        kind=Withdraw,
        world=PARTIES,
        bugs=(
            Bug(
                "rules.withdraw",
                "CashPosting(EXTERNAL, asset, amount)",
                "CashPosting(EXTERNAL, asset, amount - amount // 10**30)",
            ),
            Bug("rules.withdraw", "if value < minimum:", "if value < minimum // 2:"),
        ),
        silent=("CON-2", "EVT-1"),
    ),
    claim_of_laws(
        "withdraw-margin-laws",
        partial(scene_with_positions, markets=ONE),
        transaction="withdraw",
        kind=Withdraw,
        world=WITH_A_POSITION,
        bugs=(Bug("rules.withdraw", "if effective < required:", "if effective < 0:"),),
        silent=("CON-2", "EVT-1"),
        quick=False,
    ),
)
