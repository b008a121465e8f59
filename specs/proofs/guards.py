"""Claims about guards: a rule accepts exactly when its written guard holds, and names the first check that fails.

A guard is written here a second time, from the rules' pages, and not with the rules' code: cross-multiplied where the
code rounds, on the sums of this world where the code walks over tables.
"""

from collections.abc import Callable, Sequence
from functools import partial

import attrs

from ledger.checks import Apply
from ledger.outcomes import Reason, Rejected
from ledger.state import Account, Limits, State
from ledger.transactions import Deposit, Enroll, Leave, SetAccount, Transaction, Withdraw

from .claims import APPLY, Bug, Claim, Kind
from .conservation import enroll_scene, leave_scene, set_account_scene, withdraw_scene
from .engine import ACCEPTED, Path, implies, negation
from .worlds import (
    ALICE,
    COIN,
    MARKET,
    RULEBOOK,
    STRANGER,
    UNPRICED,
    USDT,
    WORLD,
    account_of,
    state_of,
    system_accounts,
)

Checks = Sequence[tuple[Reason, bool]]
"""The guard: conditions in the order of precedence, with the reason of each."""

UNLISTED = "DOGE"
PROGRAM = RULEBOOK.program
WHOLE, RATE = 10**18, 10**9
FACTORS = {USDT: RATE, COIN: 980_000_000}
ATOM_WEIGHTS = {USDT: 1, COIN: 10**4}
"""BTC has 9 decimals and USDT 13: one atom of BTC at price 1 is 10^4 atoms of USDT."""


def accepts_exactly(
    path: Path,
    apply: Apply,
    *,
    scene: Callable[[Path], tuple[State, Transaction]],
    guard: Callable[[State, Transaction], Checks],
) -> None:
    """Accepted exactly when every check holds; refused with the reason of the first that does not."""
    state, transaction = scene(path)
    outcome = apply(state, transaction)
    path.reach("refused" if isinstance(outcome, Rejected) else ACCEPTED)
    before, named = True, False
    for reason, holds in ((Reason.TIME_BACKWARDS, transaction.time >= state.time), *guard(state, transaction)):
        if isinstance(outcome, Rejected) and outcome.reason is reason:
            named = named | (before & negation(holds))
        before = before & holds
    if isinstance(outcome, Rejected):
        path.require(named, f"refused only where {outcome.reason.name} is the first check that fails")
    else:
        path.require(before, "accepted only where every check holds")


def pnl(state: State, account: Account) -> int:
    """Of the one position there may be."""
    if MARKET not in account.positions:
        return 0
    position = account.positions[MARKET]
    return position.size * state.markets[MARKET].mark + position.reference_cost


def worth(state: State, account: Account, *, haircut: bool) -> int:
    """Balances at prices, and at factors with a haircut, in 10^-18 atoms."""
    total = 0
    for asset in (USDT, COIN):
        amount = account.cash.get(asset, 0)
        factor = FACTORS[asset] if haircut else RATE
        total = total + amount * state.prices[asset] * factor * ATOM_WEIGHTS[asset]
    return total


def obliged(state: State, account_id: str, time: int) -> tuple[bool, Limits]:
    """Whether the account is obliged at the time, and the limits it enrolled with."""
    record = state.providers.get(account_id)
    if record is None or record.limits is None:
        return False, Limits(0, 0, 0)
    in_time = True if record.notice is None else time < record.notice + PROGRAM.notice
    return in_time, record.limits


def deposit_everything(path: Path) -> tuple[State, Transaction]:
    """A deposit of any asset, listed or not, to any account, system or not, open or not."""
    accounts = system_accounts(path) | {ALICE: account_of(path, ALICE, holdings=((),), flat=True)}
    account_id = path.choice("account", (ALICE, STRANGER, "@insurance", "@fees", "@external", "@other"))
    asset = path.choice("asset", (USDT, COIN, UNPRICED, UNLISTED))
    return state_of(path, accounts), Deposit(path.integer("time"), account_id, asset, path.integer("amount"))


def deposit_guard(state: State, transaction: Transaction) -> Checks:
    """specs/rules/deposit.md."""
    assert isinstance(transaction, Deposit)
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    unit = {USDT: 10**4}.get(asset, 1)
    return (
        (Reason.AMOUNT_NOT_POSITIVE, amount > 0),
        (Reason.UNKNOWN_ASSET, asset != UNLISTED),
        (Reason.AMOUNT_OFF_BOOKING_UNIT, amount % unit == 0),
        (Reason.ASSET_WITHOUT_PRICE, asset in (USDT, COIN)),
        (Reason.SYSTEM_ACCOUNT, account_id not in ("@external", "@other")),
        (Reason.SYSTEM_ACCOUNT_ASSET, account_id in (ALICE, STRANGER) or asset == USDT),
    )


def withdraw_guard(state: State, transaction: Transaction) -> Checks:
    """specs/rules/withdraw.md, at leverage 100 and with the last margin tier, whose rate is above 1%."""
    assert isinstance(transaction, Withdraw)
    account_id, asset, amount = transaction.account, transaction.asset, transaction.amount
    account = state.accounts[account_id]
    gain, price = pnl(state, account), state.prices[asset] * ATOM_WEIGHTS[asset]
    collateral = worth(state, account, haircut=True) - amount * price * FACTORS[asset]
    value = worth(state, account, haircut=False) - amount * price * RATE + gain * WHOLE
    size = account.positions[MARKET].size if MARKET in account.positions else 0
    required = size * state.markets[MARKET].mark * 333_333_333 * RATE
    loss_or_none = gain * WHOLE
    covered = (collateral >= required) & (collateral + loss_or_none >= required)
    covered = covered & (collateral >= -required) & (collateral + loss_or_none >= -required)
    is_obliged, _ = obliged(state, account_id, transaction.time)
    return (
        (Reason.AMOUNT_NOT_POSITIVE, amount > 0),
        (Reason.AMOUNT_OFF_BOOKING_UNIT, amount % {USDT: 10**4, COIN: 1}[asset] == 0),
        (Reason.ACCOUNT_LIQUIDATING, account.liquidation is None),
        (Reason.INSUFFICIENT_BALANCE, amount <= account.cash[asset]),
        (Reason.FREE_COLLATERAL_NEGATIVE, covered),
        (Reason.PROVIDER_BELOW_MINIMUM, implies(is_obliged, value >= 500_000 * 10**13 * WHOLE)),
        (Reason.INSUFFICIENT_CUSTODY, amount <= -state.accounts["@external"].cash.get(asset, 0)),
    )


def enroll_guard(state: State, transaction: Transaction) -> Checks:
    """specs/rules/enroll.md."""
    assert isinstance(transaction, Enroll)
    account = state.accounts[transaction.account]
    minute, hour = transaction.capacity_per_minute, transaction.capacity_per_hour
    is_obliged, limits = obliged(state, transaction.account, transaction.time)
    value = worth(state, account, haircut=False) + pnl(state, account) * WHOLE
    return (
        (Reason.ACCOUNT_LIQUIDATING, account.liquidation is None),
        (Reason.CAPACITY_PER_MINUTE_TOO_LOW, minute >= 100_000 * 10**13),
        (Reason.CAPACITY_PER_HOUR_TOO_LOW, (hour >= 300_000 * 10**13) & (hour >= minute)),
        (Reason.MAX_HOLDINGS_TOO_LOW, transaction.max_holdings >= minute),
        (Reason.PROVIDER_BELOW_MINIMUM, value >= 500_000 * 10**13 * WHOLE),
        (Reason.LIMIT_LOWERED, implies(is_obliged, minute >= limits.capacity_per_minute)),
        (Reason.LIMIT_LOWERED, implies(is_obliged, hour >= limits.capacity_per_hour)),
        (Reason.LIMIT_LOWERED, implies(is_obliged, transaction.max_holdings >= limits.max_holdings)),
    )


def strangers_too(path: Path, scene: Callable[[Path], tuple[State, Transaction]]) -> tuple[State, Transaction]:
    """The scene, by alice, by somebody unknown, or by a system account."""
    state, transaction = scene(path)
    assert isinstance(transaction, Leave | SetAccount)
    return state, attrs.evolve(transaction, account=path.choice("account", (ALICE, STRANGER, "@fees")))


def party_checks(account_id: str) -> Checks:
    """An ordinary, open account."""
    return (
        (Reason.SYSTEM_ACCOUNT, account_id != "@fees"),
        (Reason.UNKNOWN_ACCOUNT, account_id == ALICE),
    )


def leave_guard(state: State, transaction: Transaction) -> Checks:
    """specs/rules/leave.md."""
    assert isinstance(transaction, Leave)
    record = state.providers.get(transaction.account)
    is_obliged, _ = obliged(state, transaction.account, transaction.time)
    return (
        *party_checks(transaction.account),
        (Reason.NOT_A_PROVIDER, is_obliged),
        (Reason.ALREADY_LEAVING, record is None or record.notice is None),
    )


def set_account_guard(state: State, transaction: Transaction) -> Checks:
    """specs/rules/set-account.md."""
    assert isinstance(transaction, SetAccount)
    leverage, tier = transaction.max_leverage, transaction.fee_tier
    return (
        *party_checks(transaction.account),
        (Reason.NOTHING_TO_SET, leverage is not None or tier is not None),
        (Reason.LEVERAGE_OUT_OF_RANGE, True if leverage is None else (leverage >= 1) & (leverage <= 100)),
        (Reason.UNKNOWN_FEE_TIER, tier in (None, "vip")),
    )


def _claim(
    name: str,
    scene: Callable[[Path], tuple[State, Transaction]],
    guard: Callable[[State, Transaction], Checks],
    *,
    laws: tuple[str, ...],
    world: str,
    bug: Bug,
) -> Claim:
    return Claim(
        f"{name}-guard",
        Kind.GUARD,
        (name,),
        laws,
        f"Over this world, {name} is accepted exactly when its written guard holds, and a refusal names the first "
        "check that fails.",
        (WORLD, world),
        APPLY,
        partial(accepts_exactly, scene=scene, guard=guard),
        bug,
        reaches=(ACCEPTED, "refused"),
    )


CLAIMS = (
    _claim(
        "deposit",
        deposit_everything,
        deposit_guard,
        laws=("BKG-1",),
        world="assets USDT, BTC, ETH without a price and an unlisted one; ordinary, new and system accounts",
        bug=Bug("rules.parties", "    if amount <= 0:", "    if amount < 0:"),
    ),
    _claim(
        "withdraw",
        withdraw_scene,
        withdraw_guard,
        laws=("BKG-1", "CON-4", "ENR-3", "MAR-1"),
        world="alice, a provider or none, withdraws a listed, priced asset that she holds; the last margin tier alone; "
        "alice is flat where BTC is withdrawn",
        bug=Bug("rules.withdraw", "if effective < required:", "if effective <= required:"),
    ),
    _claim(
        "enroll",
        enroll_scene,
        enroll_guard,
        laws=("ENR-1", "ENR-2"),
        world="alice, with USDT and BTC, a provider or none",
        bug=Bug(
            "rules.enroll", "if per_hour < in_force.capacity_per_hour:", "if per_hour <= in_force.capacity_per_hour:"
        ),
    ),
    _claim(
        "leave",
        partial(strangers_too, scene=leave_scene),
        leave_guard,
        laws=("ENR-1",),
        world="alice, a provider or none, somebody unknown, or a system account",
        bug=Bug("capacity", "time >= provider.notice + program.notice", "time > provider.notice + program.notice"),
    ),
    _claim(
        "set-account",
        partial(strangers_too, scene=set_account_scene),
        set_account_guard,
        laws=("ACC-1",),
        world="alice, somebody unknown, or a system account; fee tier vip, an unlisted one or none",
        bug=Bug("rules.set_account", "not 1 <= max_leverage <= maximum", "not 1 <= max_leverage < maximum"),
    ),
)
