"""Claims about whole rules: the laws' own predicates hold after every acceptance, and postings net to zero.

The predicates are those that run over real logs, called on symbolic steps.
"""

from collections.abc import Callable
from functools import partial

from ledger.checks import Apply
from ledger.laws import REGISTRY
from ledger.laws.law import Breach, Scope, Step, StepLaw
from ledger.outcomes import Applied, Rolled
from ledger.postings import CashPosting, Posting
from ledger.rules.effects import Movement, applied
from ledger.state import Limits, Provider, State
from ledger.transactions import Deposit, Enroll, Fund, Leave, SetAccount, Settle, Trade, Transaction, Withdraw

from .claims import APPLY, Bug, Claim, Kind
from .engine import ACCEPTED, Path
from .worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    ONE_TIER,
    STRANGER,
    USDT,
    WORLD,
    account_of,
    provider_of,
    state_of,
    system_accounts,
)

Scene = Callable[[Path], tuple[State, Transaction]]


def columns_of(postings: tuple[Posting, ...]) -> dict[str, int]:
    """What the postings sum to by column: assets, with reference costs under settlement, and markets' sizes."""
    columns: dict[str, int] = {USDT: 0}
    for posting in postings:
        if isinstance(posting, CashPosting):
            columns[posting.asset] = columns.get(posting.asset, 0) + posting.amount
        else:
            columns[USDT] = columns[USDT] + posting.reference_cost
            columns[posting.market] = columns.get(posting.market, 0) + posting.size
    return columns


def step_laws(law_ids: tuple[str, ...]) -> tuple[StepLaw, ...]:
    """The step laws of these ids; KeyError for an id that has none."""
    found = {law.id: law for law in REGISTRY if isinstance(law, StepLaw) and law.scope is Scope.STEP}
    return tuple(found[law_id] for law_id in law_ids)


def keeps_laws(path: Path, apply: Apply, *, scene: Scene, law_ids: tuple[str, ...]) -> None:
    """After an acceptance postings net to zero, and every law's predicate holds of the step."""
    state, transaction = scene(path)
    outcome = apply(state, transaction)
    if not isinstance(outcome, Applied):
        path.reach("refused")
        return
    path.reach(ACCEPTED)
    holds_of(path, Step(state, transaction, outcome, outcome.state), law_ids)


def holds_of(path: Path, step: Step, law_ids: tuple[str, ...]) -> None:
    """The postings of an applied step net to zero, and the laws hold of it."""
    assert isinstance(step.outcome, Applied)
    for column, total in columns_of(step.outcome.postings).items():
        path.require(total == 0, f"postings of {column} net to zero")
    for law in step_laws(law_ids):
        path.require(not isinstance(law.check(step), Breach), f"{law.id} holds")


def deposit_scene(path: Path) -> tuple[State, Transaction]:
    """A deposit of BTC or USDT by an open account, a new one, or to the insurance fund."""
    asset = path.choice("asset", (USDT, COIN))
    accounts = system_accounts(path, "@external", ((asset,), ()))
    accounts |= {ALICE: account_of(path, ALICE, holdings=((asset,), ()))}
    account_id = path.choice("account", (ALICE, STRANGER, "@insurance"))
    return state_of(path, accounts), Deposit(path.integer("time"), account_id, asset, path.integer("amount"))


def withdraw_scene(path: Path) -> tuple[State, Transaction]:
    """A withdrawal of BTC or USDT by alice, who may be a provider."""
    asset = path.choice("asset", (USDT, COIN))
    accounts = system_accounts(path, "@external", ((asset,),))
    accounts |= {ALICE: account_of(path, ALICE, holdings=((USDT, COIN), (asset,)), flat=asset == COIN)}
    state = state_of(path, accounts, {ALICE: provider_of(path, ALICE)}, ONE_TIER)
    return state, Withdraw(path.integer("time"), ALICE, asset, path.integer("amount"))


def fill_keeps_laws(path: Path, fill: Callable[..., Movement], *, law_ids: tuple[str, ...]) -> None:
    """A fill between alice, who buys, and bob, as a trade passes it on; who is admitted is left out, so all are."""
    accounts = system_accounts(path, "@fees", ((USDT,),)) | {
        ALICE: account_of(path, ALICE, holdings=((USDT,),), active=True),
        BOB: account_of(path, BOB, holdings=((USDT,),), active=True),
    }
    obliged = path.choice("alice is a provider", (True, False))
    state = state_of(path, accounts, {ALICE: Provider(Limits(0, 0, 0), None, ()) if obliged else None})
    time, size, price = path.integer("time"), path.integer("fill size", least=1), path.integer("fill price", least=1)
    path.assume(time >= state.time)
    buyer_is_taker = path.choice("buyer is taker", (True, False))

    filled = fill(
        state,
        state.accounts,
        time=time,
        market_id=MARKET,
        buyer=ALICE,
        seller=BOB,
        size=size,
        price=price,
        buyer_is_taker=buyer_is_taker,
    )

    path.reach(ACCEPTED)
    if any(isinstance(event, Rolled) for event in filled.events):
        path.reach("rolled")
    outcome = applied(state, time, accounts=filled.accounts, postings=filled.postings, events=filled.events)
    transaction = Trade(time, MARKET, ALICE, BOB, size, price, buyer_is_taker)
    holds_of(path, Step(state, transaction, outcome, outcome.state), law_ids)


def _of_positions(path: Path) -> State:
    """Three accounts with positions or none, whose sizes sum to zero, as CON-2 has it."""
    accounts = {name: account_of(path, name, holdings=((),), active=True) for name in (ALICE, BOB, "carol")}
    sizes = [account.positions[MARKET].size for account in accounts.values() if MARKET in account.positions]
    path.assume(sum(sizes) == 0)
    return state_of(path, system_accounts(path) | accounts)


def fund_scene(path: Path) -> tuple[State, Transaction]:
    """Funding of the market over three accounts, the rate given or computed."""
    state = _of_positions(path)
    rate = path.integer("rate") if path.choice("rate is given", (True, False)) else None
    return state, Fund(path.integer("time"), MARKET, rate)


def settle_scene(path: Path) -> tuple[State, Transaction]:
    """The roll over two accounts."""
    accounts = system_accounts(path) | {name: account_of(path, name, holdings=((USDT,),)) for name in (ALICE, BOB)}
    return state_of(path, accounts), Settle(path.integer("time"))


def provider_scene(path: Path) -> State:
    """Alice, a provider or none."""
    accounts = system_accounts(path) | {ALICE: account_of(path, ALICE, holdings=((USDT, COIN),))}
    return state_of(path, accounts, {ALICE: provider_of(path, ALICE)})


def leave_scene(path: Path) -> tuple[State, Transaction]:
    """A notice."""
    return provider_scene(path), Leave(path.integer("time"), ALICE)


def enroll_scene(path: Path) -> tuple[State, Transaction]:
    """An enrolment with any limits."""
    state = provider_scene(path)
    per_minute, per_hour, holdings = path.integer("per minute"), path.integer("per hour"), path.integer("max holdings")
    return state, Enroll(path.integer("time"), ALICE, per_minute, per_hour, holdings)


def set_account_scene(path: Path) -> tuple[State, Transaction]:
    """A leverage limit, a fee tier, both or neither."""
    accounts = system_accounts(path) | {ALICE: account_of(path, ALICE, holdings=((USDT,),))}
    state = state_of(path, accounts)
    leverage = path.integer("max leverage") if path.choice("leverage is given", (True, False)) else None
    return state, SetAccount(path.integer("time"), ALICE, leverage, path.choice("fee tier", (None, "vip", "unlisted")))


def _claim(
    name: str, scene: Scene, bug: Bug, *, extra: tuple[str, ...] = (), world: str = "", quick: bool = True
) -> Claim:
    law_ids = ("CON-1", "CON-2", "FRM-1", "STO-1", "TIM-1", *extra)
    return Claim(
        f"{name}-laws",
        Kind.LAWS,
        (name,),
        law_ids,
        f"Over this world, after an accepted {name} postings net to zero and the laws hold of the step.",
        (WORLD, *((world,) if world else ())),
        APPLY,
        partial(keeps_laws, scene=scene, law_ids=law_ids),
        bug,
        reaches=(ACCEPTED, "refused"),
        quick=quick,
    )


FILL_LAWS = ("CON-1", "CON-2", "FRM-1", "STO-1", "TIM-1")

CLAIMS = (
    _claim(
        "deposit",
        deposit_scene,
        Bug("rules.deposit", "CashPosting(account_id, asset, amount)", "CashPosting(account_id, 'USDT', amount)"),
        extra=("BKG-1",),
    ),
    _claim(
        "withdraw",
        withdraw_scene,
        Bug(
            "rules.withdraw",
            "CashPosting(EXTERNAL, asset, amount)",
            "CashPosting(EXTERNAL, asset, amount - amount // 10**30)",
        ),
        extra=("BKG-1",),
        world="the last margin tier alone; alice is flat where BTC is withdrawn",
        quick=False,
    ),
    Claim(
        "fill-laws",
        Kind.LAWS,
        ("trade",),
        FILL_LAWS,
        "Over this world, postings of any fill net to zero and the laws hold of the trade that passes it on, whoever "
        "is admitted.",
        (
            WORLD,
            "alice, a provider or none, buys; bob, none, sells; both active, with USDT and a position or none",
            "@fees has USDT",
            "size and price are positive; time is not before the state's",
        ),
        "rules.fills.fill",
        partial(fill_keeps_laws, law_ids=FILL_LAWS),
        Bug(
            "rules.fills",
            "CashPosting(FEES, settlement_asset, buyer_fee + seller_fee)",
            "CashPosting(FEES, settlement_asset, abs(buyer_fee) + seller_fee)",
        ),
        reaches=(ACCEPTED, "rolled"),
        quick=False,
    ),
    _claim(
        "fund",
        fund_scene,
        Bug(
            "rules.fund",
            "-per_lot * accounts[account_id].positions[market_id].size",
            "-per_lot * accounts[account_id].positions[market_id].size // 2",
        ),
        world="alice, bob and carol active, without cash; sizes sum to zero",
    ),
    _claim(
        "settle",
        settle_scene,
        Bug(
            "rules.rolling",
            "postings.append(CashPosting(account_id, state.rulebook.settlement_asset, total))",
            "postings.append(CashPosting(account_id, state.rulebook.settlement_asset, abs(total)))",
        ),
        extra=("SET-1",),
        world="alice and bob, with USDT",
        quick=False,
    ),
    _claim("leave", leave_scene, Bug("rules.leave", "return applied(state, time,", "return applied(state, time + 1,")),
    _claim(
        "enroll",
        enroll_scene,
        Bug("rules.enroll", "if per_hour < minimum_per_hour:", "if per_hour < per_minute:"),
        extra=("ENR-2",),
    ),
    _claim(
        "set-account",
        set_account_scene,
        Bug("rules.set_account", "not 1 <= max_leverage <= maximum", "not 1 <= max_leverage <= maximum + 1"),
        extra=("ACC-1",),
    ),
)
