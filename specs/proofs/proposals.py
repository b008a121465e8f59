"""The operator's proposals are accepted by the guards of their pages, and nobody is left out (specs/operator)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import attrs
from immutables import Map

from ledger.state import Account, State
from ledger.transactions import BackstopTransfer, Fund, Liquidate, Settle, Transaction

from .claims import Bug, Claim, Kind
from .engine import Path, implies, negation
from .pages import Page, all_checks
from .quantities import WHOLE, distress_collateral, maintenance_margin
from .rules import backstop_transfer, fund, liquidate, settle
from .worlds import (
    ALICE,
    BOB,
    MARKET,
    OBSERVED,
    RULEBOOK,
    USDT,
    cash_of,
    liquidation_of,
    position_of,
    state_of,
    with_any_tiers,
)

PAGES: Mapping[type, Page] = {
    Fund: fund.PAGE,
    Settle: settle.PAGE,
    Liquidate: liquidate.PAGE,
    BackstopTransfer: backstop_transfer.PAGE,
}
NextActions = Callable[[State, int], tuple[Transaction, ...]]
PROPOSED = {Fund: "a fund", Settle: "a settle", Liquidate: "a round", BackstopTransfer: "a takeover"}


def account_in_any_standing(path: Path, name: str, *, flat: Sequence[bool]) -> Account:
    """With USDT, active or liquidating, and a position of any size, or none."""
    positions = Map() if path.choice(f"{name} is flat", flat) else Map({MARKET: position_of(path, name)})
    cash = cash_of(path, name, ((USDT,),))
    return Account(cash, positions, RULEBOOK.maximum_leverage, RULEBOOK.default_fee_tier, liquidation_of(path, name))


def scene(path: Path, *, names: Sequence[str], flat: Sequence[bool], stressed: Sequence[bool]) -> tuple[State, int]:
    """The accounts in any standing, the market stressed or calm, and any time from the state's on."""
    accounts = {name: account_in_any_standing(path, name, flat=flat) for name in names}
    state = state_of(path, accounts, rulebook=with_any_tiers(path, RULEBOOK, {MARKET: 1}))
    monitor = attrs.evolve(OBSERVED, stressed=path.choice("the market is stressed", stressed))
    market = attrs.evolve(state.markets[MARKET], monitor=monitor)
    time = path.integer("time")
    path.assume(time >= state.time)
    return attrs.evolve(state, markets=state.markets.set(MARKET, market)), time


def proposals_are_accepted(
    path: Path, next_actions: NextActions, *, names: Sequence[str], flat: Sequence[bool], stressed: Sequence[bool]
) -> None:
    """Every proposal passes every check of its page; where none is of an instant or a takeover, nobody is left out."""
    state, time = scene(path, names=names, flat=flat, stressed=stressed)
    actions = next_actions(state, time)
    if not actions:
        path.reach("nothing")
    for action in actions:
        path.reach(PROPOSED[type(action)])
        for check in all_checks(PAGES[type(action)], state, action):
            path.require(check.holds, f"{check.id} holds of {PROPOSED[type(action)]}")
    if any(not isinstance(action, Liquidate) for action in actions):
        return
    rounds = [action.account for action in actions if isinstance(action, Liquidate)]
    path.require(len(rounds) == len({*rounds}), "nobody has two rounds")
    for name in names:
        account, running = state.accounts[name], state.accounts[name].liquidation
        monitors = (state.markets[market].monitor for market in account.positions)
        is_squeezed = running is not None and any(monitor is not None and monitor.stressed for monitor in monitors)
        distress, required = distress_collateral(state, account) * WHOLE, maintenance_margin(state, account)
        path.require(negation(2 * distress < required), f"{name} is not at takeover")
        if is_squeezed:
            path.require(negation(distress < required), f"{name} has no takeover open by stress")
        if name in rounds:
            continue
        if running is None:
            path.require(negation(distress < required), f"{name} is not liquidatable, or has its first round")
        else:
            terms = state.rulebook.liquidation
            path.require(time - running.time < terms.round_interval, f"{name} waits for its next round")
            path.require(implies(running.round >= terms.rounds, distress > required), f"{name} has no takeover open")


SQUEEZED_LAST = """from .standing import by_urgency, is_handed_over as is_open, is_round_due, watched_accounts
from ..margin import is_at_takeover
from ..state import holds_stressed


def is_handed_over(state, account):
    return is_at_takeover(state, account) or (is_open(state, account) and not holds_stressed(state, account))
"""
"""An operator to whom stress opens nothing."""

DEAF_TO_STRESS = Bug(
    "operator.actions",
    "from .standing import by_urgency, is_handed_over, is_round_due, watched_accounts\n",
    SQUEEZED_LAST,
)
BUGS = (
    Bug("operator.actions", " if is_handed_over(state, accounts[name])]", "]"),
    Bug("operator.actions", " if is_round_due(state, accounts[name], time)]", "]"),
    Bug("operator.actions", "last=state.last_settle", "last=-2"),
    Bug("operator.actions", "time=time, last=last, subject=market_id", "time=time, last=-2, subject=market_id"),
    Bug("operator.actions", "by_urgency(state, due)", "by_urgency(state, due[1:])"),
)
WORLD = (
    "rulebook ascendex-2020, but a single margin bracket of any rates; concrete ids; BTC-PERP at any mark, its last "
    "funding and the last settle at any instant or never; stored amounts not zero; nobody else but the accounts named",
    "an empty book, no index, any time from the state's on; each proposal held against the state it is proposed from",
)


def _claim(
    claim_id: str,
    names: Sequence[str],
    words: str,
    *,
    flat: Sequence[bool],
    stressed: Sequence[bool],
    bugs: tuple[Bug, ...],
    quick: bool,
) -> Claim:
    return Claim(
        claim_id,
        Kind.KERNEL,
        ("fund", "settle", "liquidate", "backstop-transfer"),
        (),
        "Every transaction that the operator proposes passes every check of its page; and where it proposes neither a "
        "fund, a settle nor a takeover, nobody is at takeover or has one open, every active account that is "
        "liquidatable has a first round, and every liquidating one has a round or waits less than the interval.",
        (*WORLD, words),
        "operator.actions.next_actions",
        partial(proposals_are_accepted, names=names, flat=flat, stressed=stressed),
        bugs,
        reaches=("nothing", *PROPOSED.values()),
        quick=quick,
    )


CLAIMS = (
    _claim(
        "operator-one",
        (ALICE,),
        "alice, with USDT, and a position of any size or none, active or liquidating in any round; the market observed "
        "once, and stressed or calm",
        flat=(False, True),
        stressed=(False, True),
        bugs=(DEAF_TO_STRESS, *BUGS),
        quick=True,
    ),
    _claim(
        "operator-two",
        (ALICE, BOB),
        "alice and bob, each with USDT and a position of any size, active or liquidating in any round; the market "
        "observed once and calm",
        flat=(False,),
        stressed=(False,),
        bugs=BUGS,
        quick=False,
    ),
)
"""What the operator proposes in small worlds."""
