"""Contracts of the rules that move an account's money: deposit, withdraw (specs/rules)."""

from immutables import Map

from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Limits, Liquidation, Provider, State
from ledger.transactions import Deposit, Transaction, Withdraw

from .claims import Bug, Claim, Contract, Kind
from .judging import Answer, answered, first_failing
from .worlds import ASCENDEX, COIN, FLAT, LOT, NOW, RATE, UNIT, USDT, account, state

WHO = ("alice", "nobody", INSURANCE, FEES, EXTERNAL, "@other")
"""An open account, one that is not, and system accounts: the parties that a contract's `who` chooses from."""

ASSETS = (USDT, COIN, "ETH", "DOGE")
"""The settlement asset, another one with a price, one without, and one that is not listed: `which`."""

ORDINARY = ("PTY-1", "FRM-1", "TIM-1")
BOOKED = ("CON-1", "CON-4", "PST-1", "PST-2", "STO-1", *ORDINARY)


def deposit_of(who: int, which: int, amount: int, held: int, custody: int, time: int) -> tuple[State, Transaction]:
    """Alice and the insurance fund hold as much, and custody of each asset is as much."""
    outside = account(-custody, coins=-custody)
    accounts = {"alice": account(held, coins=held), INSURANCE: account(held), EXTERNAL: outside}
    return state(ASCENDEX, accounts), Deposit(time, WHO[who], ASSETS[which], amount)


def deposit_is_guarded(who: int, which: int, amount: int, time: int) -> str:
    """A deposit is accepted exactly when its checks hold, and refused for the first that does not.

    given: rulebook ascendex-2020
    pre: 0 <= who <= 5 and 0 <= which <= 3
    post: _ == deposit_refusal(who, which, amount, time)
    reach: _ == "" and who == 1 and which == 1
    reach: _ == "ASSET_WITHOUT_PRICE"
    reach: _ == "SYSTEM_ACCOUNT_ASSET" and who == 3
    reach: _ == "AMOUNT_OFF_BOOKING_UNIT"
    """
    return answered(*deposit_of(who, which, amount, 5, 10, time), ()).refusal


def deposit_refusal(who: int, which: int, amount: int, time: int) -> str:
    """specs/rules/deposit.md."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("AMOUNT_NOT_POSITIVE", amount > 0),
        ("UNKNOWN_ASSET", which != 3),
        ("AMOUNT_OFF_BOOKING_UNIT", which != 0 or amount % 10_000 == 0),
        ("ASSET_WITHOUT_PRICE", which <= 1),
        ("SYSTEM_ACCOUNT", who <= 3),
        ("SYSTEM_ACCOUNT_ASSET", who <= 1 or which == 0),
    )


def deposit_keeps_laws(who: int, which: int, amount: int, held: int, custody: int, time: int) -> Answer:
    """After a deposit, accepted or refused, the laws hold.

    given: rulebook ascendex-2020; alice and the insurance fund hold as much; custody of each asset is the same
    pre: 0 <= who <= 5 and 0 <= which <= 3
    pre: held >= 0 and custody >= 0
    post: _.broken == ""
    reach: _.fired(*DEPOSIT_LAWS) and who == 0 and which == 0
    reach: _.fired("EVT-1", *DEPOSIT_LAWS) and who == 1 and which == 1
    reach: _.fired("BKG-1", "CON-4") and who == 2
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*deposit_of(who, which, amount, held, custody, time))


DEPOSIT_LAWS = ("BKG-1", *BOOKED)


def withdraw_of(
    which: int, amount: int, held: int, coins: int, size: int, cost: int, custody: int, *, time: int = NOW
) -> tuple[State, Transaction]:
    """Alice with both assets and a position in BTC-PERP at 5,000 under the rulebook textbook."""
    outside = account(-custody, coins=-custody)
    accounts = {"alice": account(held, size, cost, coins=coins), EXTERNAL: outside}
    return state(FLAT, accounts), Withdraw(time, "alice", ASSETS[which], amount)


def withdraw_is_guarded(which: int, amount: int, held: int, coins: int, size: int, cost: int, custody: int) -> str:
    """A withdrawal is accepted exactly when its checks hold, and refused for the first that does not.

    given: rulebook textbook; alice, active and no provider, holds USDT, BTC at 5,000, a position in BTC-PERP at 5,000
    pre: 0 <= which <= 1 and size != 0
    post: _ == withdraw_refusal(which, amount, held, coins, size, cost, custody)
    reach: _ == "" and which == 1 and size < 0
    reach: _ == "FREE_COLLATERAL_NEGATIVE" and which == 0 and size > 0 and size * LOT + cost < 0
    reach: _ == "INSUFFICIENT_CUSTODY"
    """
    return answered(*withdraw_of(which, amount, held, coins, size, cost, custody), ()).refusal


def withdraw_refusal(which: int, amount: int, held: int, coins: int, size: int, cost: int, custody: int) -> str:
    """specs/rules/withdraw.md, for an active account without obligations at one tier of 1%."""
    usdt_left = held - amount if which == 0 else held
    coins_left = coins - amount if which == 1 else coins
    collateral = usdt_left * RATE + coins_left * 49_000_000 * RATE
    loss = min(0, size * LOT + cost)
    return first_failing(
        ("AMOUNT_NOT_POSITIVE", amount > 0),
        ("AMOUNT_OFF_BOOKING_UNIT", which != 0 or amount % 10_000 == 0),
        ("INSUFFICIENT_BALANCE", amount <= (held if which == 0 else coins)),
        ("FREE_COLLATERAL_NEGATIVE", collateral + loss * RATE >= abs(size) * LOT * 10_000_000),
        ("INSUFFICIENT_CUSTODY", amount <= custody),
    )


def withdraw_parties(who: int, is_active: bool, amount: int, time: int) -> str:
    """Who may withdraw: an open, active, ordinary account, the insurance fund or the fees.

    given: rulebook textbook; each has 10 USDT and no position; custody is 40
    pre: 0 <= who <= 5
    post: _ == party_refusal(who, is_active, amount, time)
    reach: _ == "" and who == 3
    reach: _ == "ACCOUNT_LIQUIDATING"
    """
    running = None if is_active else Liquidation(1, 0, Map())
    holder = account(10 * UNIT)
    accounts = {INSURANCE: holder, FEES: holder, EXTERNAL: account(-40 * UNIT)}
    world = state(FLAT, {"alice": account(10 * UNIT, liquidation=running), **accounts})
    return answered(world, Withdraw(time, WHO[who], USDT, amount), ()).refusal


def party_refusal(who: int, is_active: bool, amount: int, time: int) -> str:
    """specs/rules/withdraw.md, for 10 USDT without a position."""
    return first_failing(
        ("TIME_BACKWARDS", time >= NOW),
        ("AMOUNT_NOT_POSITIVE", amount > 0),
        ("AMOUNT_OFF_BOOKING_UNIT", amount % 10_000 == 0),
        ("SYSTEM_ACCOUNT", who <= 3),
        ("UNKNOWN_ACCOUNT", who != 1),
        ("ACCOUNT_LIQUIDATING", who != 0 or is_active),
        ("INSUFFICIENT_BALANCE", amount <= 10 * UNIT),
    )


def withdraw_by_provider(amount: int, held: int, coins: int, notice: int, has_notice: bool, time: int) -> str:
    """An obliged provider keeps the program's minimum account value, at full prices; whose notice ran out need not.

    given: rulebook textbook; alice, a provider with USDT and BTC at 5,000, no position; custody is enough
    pre: amount > 0 and amount % 10_000 == 0 and amount <= held and coins >= 0 and time >= NOW
    post: (_ == "") == (not is_obliged(has_notice, notice, time) or _keeps_minimum(held - amount, coins))
    post: _ in ("", "PROVIDER_BELOW_MINIMUM")
    reach: _ == "" and has_notice and time == notice + 3_600_000 and not _keeps_minimum(held - amount, coins)
    reach: _ == "PROVIDER_BELOW_MINIMUM" and coins > 0
    """
    accounts = {"alice": account(held, coins=coins), EXTERNAL: account(-held, coins=-coins)}
    providers = {"alice": Provider(Limits(1, 2, 3), notice if has_notice else None, ())}
    world = state(FLAT, accounts, providers=providers)
    return answered(world, Withdraw(time, "alice", USDT, amount), ()).refusal


def is_obliged(has_notice: bool, notice: int, time: int) -> bool:
    """Whether a provider with limits is obliged at a time: it gave no notice, or an hour ago at most."""
    return not has_notice or time < notice + 3_600_000


def _keeps_minimum(usdt: int, coins: int) -> bool:
    return usdt + coins * 50_000_000 >= 500_000 * UNIT


def withdraw_keeps_laws(which: int, amount: int, held: int, coins: int, size: int, cost: int, custody: int) -> Answer:
    """After a withdrawal, accepted or refused, the laws hold.

    given: rulebook textbook; alice, active and no provider, holds USDT, BTC at 5,000, a position in BTC-PERP at 5,000
    pre: 0 <= which <= 1 and size != 0
    pre: custody >= 0 and coins >= 0
    post: _.broken == ""
    reach: _.fired(*WITHDRAW_LAWS) and which == 0
    reach: _.fired(*WITHDRAW_LAWS) and which == 1
    reach: _.fired("REJ-1", "REJ-2", "TIM-1")
    """
    return answered(*withdraw_of(which, amount, held, coins, size, cost, custody))


WITHDRAW_LAWS = ("BKG-1", "MAR-1", "MAR-2", *BOOKED)


def withdraw_by_provider_keeps_laws(amount: int, held: int, coins: int, notice: int, has_notice: bool) -> Answer:
    """After a withdrawal by a provider, accepted or refused, the laws hold.

    given: rulebook textbook; alice, a provider with USDT and BTC at 5,000, no position; custody is what she holds
    pre: held >= 0 and coins >= 0
    post: _.broken == ""
    reach: _.fired("ENR-3", "MAR-1", "MAR-2", "BKG-1")
    reach: _.is_applied and not _.fired("ENR-3")
    """
    accounts = {"alice": account(held, coins=coins), EXTERNAL: account(-held, coins=-coins)}
    providers = {"alice": Provider(Limits(1, 2, 3), notice if has_notice else None, ())}
    return answered(state(FLAT, accounts, providers=providers), Withdraw(NOW, "alice", USDT, amount))


def _guard(name: str, transaction: str, laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.GUARD, (transaction,), laws, contract, bug)


def _laws(name: str, transaction: str, laws: tuple[str, ...], contract: Contract, bug: Bug) -> Claim:
    return Claim(name, Kind.LAWS, (transaction,), laws, contract, bug)


CLAIMS = (
    _guard(
        "deposit-guard",
        "deposit",
        ("BKG-1", "PTY-1"),
        deposit_is_guarded,
        Bug("rules.parties", "    if amount <= 0:", "    if amount < 0:"),
    ),
    _laws(
        "deposit-laws",
        "deposit",
        ("EVT-1", *DEPOSIT_LAWS, "REJ-1", "REJ-2"),
        deposit_keeps_laws,
        Bug("rules.deposit", "CashPosting(account_id, asset, amount))", "CashPosting(account_id, 'USDT', amount))"),
    ),
    _guard(
        "withdraw-guard",
        "withdraw",
        ("BKG-1", "CON-4", "MAR-1"),
        withdraw_is_guarded,
        Bug("rules.withdraw", "if effective < required:", "if effective <= required:"),
    ),
    _guard(
        "withdraw-guard-parties",
        "withdraw",
        ("PTY-1", "MAR-2"),
        withdraw_parties,
        Bug("rules.parties", "account_id == EXTERNAL or account_id not in", "account_id not in"),
    ),
    _guard(
        "withdraw-guard-provider",
        "withdraw",
        ("ENR-3",),
        withdraw_by_provider,
        Bug("rules.withdraw", "if value < minimum:", "if value <= minimum:"),
    ),
    _laws(
        "withdraw-laws",
        "withdraw",
        (*WITHDRAW_LAWS, "REJ-1", "REJ-2"),
        withdraw_keeps_laws,
        Bug("rules.withdraw", "    if amount > custody:", "    if amount > custody + 10:"),
    ),
    _laws(
        "withdraw-laws-provider",
        "withdraw",
        ("ENR-3", "MAR-1", "MAR-2", "BKG-1"),
        withdraw_by_provider_keeps_laws,
        Bug(
            "rules.withdraw",
            "account_value(state, after), program",
            "account_value(state, state.accounts[account_id]), program",
        ),
    ),
)
