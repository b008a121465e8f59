"""The laws of the whole state, by induction: where they hold before a transaction, they hold after it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
from immutables import Map

from ledger.checks import Apply
from ledger.laws import REGISTRY, Breach, Span, StateLaw
from ledger.outcomes import Applied
from ledger.rulebook import EXTERNAL, FEES, INSURANCE
from ledger.state import Account, Position, State
from ledger.transactions import (
    BackstopTransfer,
    Deposit,
    Enroll,
    Fill,
    Fund,
    Leave,
    Liquidate,
    MarkAsset,
    MarkMarket,
    Observe,
    SetAccount,
    Settle,
    Trade,
    Transaction,
    Withdraw,
)
from ledger.verifying.table import WHOLE_STATE

from ..claims import APPLY, Bug, Claim, Kind, Removal
from ..engine import ACCEPTED, Path
from ..worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    ONE_TIER,
    RULEBOOK,
    STRANGER,
    USDT,
    balance,
    cash_of,
    provider_of,
    state_of,
)
from .liquidations import LOTS, MARK
from .observe import monitored

OF_A_STATE = ("CON-1", "CON-2", "CON-3", "CON-4", "STO-1", "SET-1")
LAWS = tuple(law for law in REGISTRY if isinstance(law, StateLaw) and law.id in OF_A_STATE)

Asked = Callable[[Path, State], Transaction]


def looked_at(state: State) -> Span:
    """A look at a state alone."""
    return Span(state, state, Map(), frozenset(), None)


def lawful(
    path: Path,
    *,
    mark: int | None = None,
    lots: int | None = None,
    enrolled: bool = False,
    has_monitor: bool = False,
) -> State:
    """Alice and bob, on the two sides of one market, with the reserves: custody is what all the others sum to."""
    size = balance(path, "lots") if lots is None else lots
    positions = {
        ALICE: Position(size, path.integer(f"{ALICE} reference cost")),
        BOB: Position(-size, path.integer(f"{BOB} reference cost")),
    }
    leverage, fee_tier = RULEBOOK.maximum_leverage, RULEBOOK.default_fee_tier
    cash = {ALICE: cash_of(path, ALICE, ((USDT, COIN),))}
    cash |= {name: cash_of(path, name, ((USDT,),)) for name in (BOB, FEES, INSURANCE)}
    total = sum(held[USDT] for held in cash.values()) + sum(held.reference_cost for held in positions.values())
    custody = {USDT: -total, COIN: -cash[ALICE][COIN]}
    path.assume(custody[USDT] != 0)
    cash[EXTERNAL] = Map(custody)
    accounts = {
        name: Account(held, Map({MARKET: positions[name]}) if name in positions else Map(), leverage, fee_tier, None)
        for name, held in cash.items()
    }
    providers = {BOB: provider_of(path, BOB, ("obliged",))} if enrolled else {}
    rulebook = monitored(ONE_TIER, MARKET) if has_monitor else ONE_TIER
    state = state_of(path, accounts, providers, rulebook)
    if mark is None:
        return state
    return attrs.evolve(state, markets=Map({MARKET: attrs.evolve(state.markets[MARKET], mark=mark)}))


def stays_lawful(path: Path, apply: Apply, *, asked: Asked, **fixed: Any) -> None:
    """The laws hold of the state after, where they held of the state before."""
    state = lawful(path, **fixed)
    for law in LAWS:
        if isinstance(law.check(looked_at(state)), Breach):
            path.assume(False)
    outcome = apply(state, asked(path, state))
    if not isinstance(outcome, Applied):
        path.reach("refused")
        return
    path.reach(ACCEPTED)
    for law in LAWS:
        verdict = law.check(looked_at(outcome.state))
        path.require(not isinstance(verdict, Breach), f"{law.id} holds afterwards")
        if verdict is not None:
            path.reach(law.id)


def asset(path: Path) -> str:
    """One of the two that alice has."""
    return path.choice("asset", (USDT, COIN))


def quotes(path: Path) -> Map[str, int]:
    """Three of any value."""
    return Map({source: path.integer(source) for source in ("Binance", "Huobi", "OKEx")})


def deposit(path: Path, state: State) -> Transaction:
    """By alice, or by who opens an account."""
    account = path.choice("account", (ALICE, STRANGER))
    return Deposit(path.integer("time"), account, asset(path), path.integer("amount"))


def withdraw(path: Path, state: State) -> Transaction:
    """By alice."""
    return Withdraw(path.integer("time"), ALICE, asset(path), path.integer("amount"))


def set_account(path: Path, state: State) -> Transaction:
    """Another leverage for alice."""
    return SetAccount(path.integer("time"), ALICE, path.integer("leverage"), None)


def trade(path: Path, state: State) -> Transaction:
    """Alice buys from bob at the mark."""
    return Trade(path.integer("time"), MARKET, ALICE, BOB, path.integer("size"), state.markets[MARKET].mark, True)


def mark_market(path: Path, state: State) -> Transaction:
    """Another mark, by three quotes."""
    return MarkMarket(path.integer("time"), MARKET, quotes(path), path.integer("premium"))


def mark_asset(path: Path, state: State) -> Transaction:
    """Another price of BTC, by three quotes."""
    return MarkAsset(path.integer("time"), COIN, quotes(path))


def observe(path: Path, state: State) -> Transaction:
    """Any depths and volume, the best prices 10^-9 apart."""
    sizes = path.integer("bid depth"), path.integer("ask depth"), path.integer("volume")
    return Observe(path.integer("time"), MARKET, MARK, MARK + 1, *sizes)


def enroll(path: Path, state: State) -> Transaction:
    """Of alice, with any limits."""
    limits = path.integer("per minute"), path.integer("per hour"), path.integer("holdings")
    return Enroll(path.integer("time"), ALICE, *limits)


def leave(path: Path, state: State) -> Transaction:
    """Of bob."""
    return Leave(path.integer("time"), BOB)


def fund(path: Path, state: State) -> Transaction:
    """At a rate that is given."""
    return Fund(path.integer("time"), MARKET, path.integer("rate"))


def settle(path: Path, state: State) -> Transaction:
    """At any time."""
    return Settle(path.integer("time"))


def liquidate(path: Path, state: State) -> Transaction:
    """An empty call of alice."""
    return Liquidate(path.integer("time"), ALICE, ())


def liquidate_with_fill(path: Path, state: State) -> Transaction:
    """A round of alice with one fill against bob at the mark."""
    fill = Fill(MARKET, BOB, path.integer("size"), state.markets[MARKET].mark)
    return Liquidate(path.integer("time"), ALICE, (fill,))


def backstop_transfer(path: Path, state: State) -> Transaction:
    """Of alice, whose lots bob is deleveraged of, so that nobody has a position afterwards."""
    return BackstopTransfer(path.integer("time"), ALICE)


FIXED = {
    "mark": "the mark is 9,943, and what is filled is filled at it",
    "lots": "alice is long 10,000 lots",
    "enrolled": "bob is an obliged provider",
    "has_monitor": "BTC-PERP has a liquidity monitor",
}
WORLD = (
    "rulebook ascendex-2020, but the last margin bracket of BTC-PERP alone; leverage 100, fee tier standard; concrete "
    "ids; stored amounts not zero",
    "alice with USDT and BTC and bob with USDT, both active, on the two sides of BTC-PERP; @fees and @insurance with "
    "USDT; nobody else; nobody is a provider but where said",
    "the laws hold beforehand; custody is what all the others sum to, as CON-1 says",
)
ONE_ACCOUNT_LOST = "accounts=state.accounts.delete('bob'), "
SLOW = ("withdraw", "settle", "trade", "liquidate-fill", "backstop-transfer")


def _speaking(asked: Asked) -> tuple[str, ...]:
    """The laws that speak of the state after: CON-2 does not where nobody has a position."""
    return tuple(law_id for law_id in OF_A_STATE if law_id != "CON-2" or asked is not backstop_transfer)


CLAIMS = tuple(
    Claim(
        f"state-{name}",
        Kind.LAWS,
        (WHOLE_STATE,),
        _speaking(asked),
        f"Over this world, where the laws of the whole state hold before {words}, they hold after it.",
        (*WORLD, *(FIXED[name] for name in FIXED if name in fixed)),
        APPLY,
        partial(stays_lawful, asked=asked, **fixed),
        bug,
        reaches=(ACCEPTED, "refused", *_speaking(asked)),
        quick=name not in SLOW,
    )
    for name, words, asked, fixed, bug in (
        ("deposit", "a deposit, by alice or by who opens an account,", deposit, {}, Removal("deposit-1")),
        ("withdraw", "a withdrawal by alice", withdraw, {}, Removal("withdraw-11")),
        (
            "set-account",
            "another leverage is set for alice",
            set_account,
            {},
            Bug("rules.set_account", "        before.cash,\n", "        before.cash.delete('USDT'),\n"),
        ),
        (
            "mark",
            "BTC-PERP is marked by three quotes",
            mark_market,
            {},
            Bug("rules.mark", "markets=markets, events", f"{ONE_ACCOUNT_LOST}markets=markets, events"),
        ),
        (
            "mark-asset",
            "BTC is marked by three quotes",
            mark_asset,
            {},
            Bug("rules.mark", "prices=prices, events", f"{ONE_ACCOUNT_LOST}prices=prices, events"),
        ),
        (
            "observe",
            "BTC-PERP is observed",
            observe,
            {"mark": MARK, "lots": LOTS, "has_monitor": True},
            Bug("rules.observe", "markets=state.markets.set", f"{ONE_ACCOUNT_LOST}markets=state.markets.set"),
        ),
        (
            "fund",
            "funding at a rate that is given",
            fund,
            {},
            Bug("rules.fund", "for account_id in sorted(accounts)\n", "for account_id in sorted(accounts)[1:]\n"),
        ),
        ("settle", "a settle", settle, {}, Bug("rules.rolling", "    if total != 0:\n", "    if total > 0:\n")),
        (
            "enroll",
            "an enrolment of alice",
            enroll,
            {},
            Bug("rules.enroll", "providers=providers, events", f"{ONE_ACCOUNT_LOST}providers=providers, events"),
        ),
        (
            "leave",
            "a notice of bob's",
            leave,
            {"enrolled": True},
            Bug("rules.leave", "providers=providers, events", f"{ONE_ACCOUNT_LOST}providers=providers, events"),
        ),
        (
            "trade",
            "a trade, which alice as the taker buys from bob at the mark,",
            trade,
            {"mark": MARK},
            Bug(
                "rules.trade",
                "accounts=filled.accounts, p",
                "accounts=filled.accounts.set(buyer, state.accounts[buyer]), p",
            ),
        ),
        (
            "liquidate",
            "an empty call of liquidate for alice",
            liquidate,
            {},
            Bug("rules.liquidate", "accounts = prepared.accounts.set(", "accounts = state.accounts.set("),
        ),
        (
            "liquidate-fill",
            "a first round of alice with a fill against bob at the mark",
            liquidate_with_fill,
            {"mark": MARK},
            Bug("rules.liquidate", "accounts = filled.accounts\n", "accounts = filled.accounts.delete('bob')\n"),
        ),
        (
            "backstop-transfer",
            "a takeover of alice, whose lots bob is deleveraged of,",
            backstop_transfer,
            {"mark": MARK, "lots": LOTS},
            Bug("rules.loss_waterfall", "shortfall -= from_fees", "shortfall = 0"),
        ),
    )
)
