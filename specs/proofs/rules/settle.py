"""settle: its page (specs/rules/settle), scenes and claims."""

from collections.abc import Callable, Iterator

from immutables import Map

from ledger.outcomes import Event, Reason, Rolled, Settled
from ledger.postings import Posting
from ledger.state import Account, State
from ledger.transactions import Settle, Transaction

from ..claims import Bug, Claim, Kind
from ..engine import Path
from ..laws import claim_of_laws, columns_of
from ..pages import Check, Effects, Page, claim_of_page, equal
from ..quantities import RATE, WHOLE, effective_collateral, pnl
from ..watched import Reach, watched
from ..worlds import (
    ALICE,
    BOB,
    COIN,
    MARKET,
    RULEBOOK,
    SECOND_MARKET,
    USDT,
    WORLD,
    account_of,
    cash_of,
    liquidation_of,
    position_of,
    reserves,
    state_of,
)
from .shared import rolled


def scene(path: Path) -> tuple[State, Transaction]:
    """The roll over two accounts."""
    accounts = reserves(path, {}) | {name: account_of(path, name, holdings=((USDT,),)) for name in (ALICE, BOB)}
    return state_of(path, accounts), Settle(path.integer("time"))


def scene_of_two_markets(path: Path) -> tuple[State, Transaction]:
    """The roll of one account with positions in two markets."""
    state = state_of(path, reserves(path, {}) | {ALICE: _holder(path)}, markets=(MARKET, SECOND_MARKET))
    return state, Settle(path.integer("time"))


def _holder(path: Path) -> Account:
    positions = {market: position_of(path, f"{ALICE} {market}") for market in (MARKET, SECOND_MARKET)}
    return Account(
        cash_of(path, ALICE, ((USDT, COIN), ())),
        Map(positions),
        RULEBOOK.maximum_leverage,
        RULEBOOK.default_fee_tier,
        liquidation_of(path, ALICE),
    )


def checks(state: State, transaction: Settle) -> Iterator[Check]:
    """The table of the page."""
    schedule = state.rulebook.settle.schedule
    instant = transaction.time // schedule.interval * schedule.interval
    late = transaction.time - instant
    yield Check("settle-1", Reason.OUTSIDE_WINDOW, late < schedule.window, late, schedule.window, "settle")
    later = instant > state.last_settle
    yield Check("settle-2", Reason.INSTANT_ALREADY_DONE, later, instant, state.last_settle, "settle")


def is_due(state: State, account: Account) -> bool:
    """Whether an account rolls."""
    if account.liquidation is not None or not account.positions:
        return False
    terms, gain = state.rulebook.settle, pnl(state, account)
    size = gain if gain >= 0 else -gain
    if size < terms.minimum_pnl:
        return False
    collateral = effective_collateral(state, account)
    return (collateral <= 0) | (size * WHOLE * RATE > terms.minimum_ratio * collateral)


def effects(state: State, transaction: Settle) -> Effects:
    """Who is due rolls, in id order."""
    schedule = state.rulebook.settle.schedule
    instant = transaction.time // schedule.interval * schedule.interval
    changed: dict[str, Account] = {}
    postings: list[Posting] = []
    events: list[Event] = [Settled(instant)]
    for account_id in sorted(state.accounts):
        if is_due(state, state.accounts[account_id]):
            after, own_postings, own_events = rolled(state, account_id, state.accounts[account_id])
            postings, events = postings + own_postings, events + own_events
            if own_postings:
                changed[account_id] = after
    return Effects(accounts=changed, last_settle=instant, postings=tuple(postings), events=tuple(events))


def reach(state: State, transaction: Settle) -> Reach:
    """Every account, with what it holds at its prices and marks."""
    accounts = state.accounts.values()
    return Reach(
        accounts=None,
        markets=frozenset(market for account in accounts for market in account.positions),
        prices=frozenset(asset for account in accounts for asset in account.cash),
    )


PAGE = Page("settle", checks, effects, reach)


def due_by_itself(path: Path, is_due_to_roll: Callable[[State, Account], bool]) -> None:
    """Whether an account is due is said of it alone: no other can be looked at."""
    state, account = _alone(path)
    due = is_due_to_roll(state, account)
    path.reach("due" if due else "not due")
    path.require(due == is_due(state, account), "due exactly when the page says so")


def rolls_by_itself(path: Path, roll: Callable[[State, str, Account], tuple[list[Posting], list[Rolled]]]) -> None:
    """The postings of a roll are those of the page, net to zero, and name the account alone."""
    state, account = _alone(path)
    postings, events = roll(state, ALICE, account)
    path.reach("rolled" if events else "nothing to roll")
    _, expected, told = rolled(state, ALICE, account)
    path.require(equal(tuple(postings), tuple(expected)), "the postings are those specified, in order")
    path.require(equal(tuple(events), tuple(told)), "the event is as specified")
    for column, total in columns_of(tuple(postings)).items():
        path.require(total == 0, f"postings of {column} net to zero")
    path.require(all(posting.account == ALICE for posting in postings), "no other account is posted to")


def _alone(path: Path) -> tuple[State, Account]:
    """An account with positions in two markets, and a state in which no account can be read."""
    account = _holder(path)
    state = state_of(path, {ALICE: account}, markets=(MARKET, SECOND_MARKET))
    return watched(state, Reach(markets=frozenset((MARKET, SECOND_MARKET)), prices=frozenset((USDT, COIN)))), account


SCENE = (WORLD, "alice and bob, with USDT and positions or none, active or liquidating")
TWO_MARKETS = (
    WORLD,
    "alice, with USDT and BTC or without cash, and positions in BTC-PERP and ETH-PERP, active or liquidating",
)

CLAIMS = (
    claim_of_page(
        "settle-guard",
        PAGE,
        scene,
        transaction="settle",
        laws=("SET-1", "SET-2", "FRM-1"),
        world=SCENE,
        refusals=range(3),
        bugs=(
            Bug("rules.settle", "if gain_or_loss < terms.minimum_pnl:", "if gain_or_loss <= terms.minimum_pnl:"),
            Bug(
                "rules.settle",
                "gain_or_loss = abs(unrealised_pnl(state, account))",
                "gain_or_loss = unrealised_pnl(state, account)",
            ),
            Bug("rules.settle", "or account.liquidation is not None:", "or False:"),
            Bug("rules.settle", "last_settle=instant,", "last_settle=transaction.time,"),
            Bug("rules.settle", "        events += rolled\n", "        events[:0] = rolled\n"),
        ),
    ),
    claim_of_page(
        "settle-two-markets",
        PAGE,
        scene_of_two_markets,
        transaction="settle",
        laws=("SET-1",),
        world=TWO_MARKETS,
        refusals=range(3),
        bugs=(
            Bug("rules.rolling", "            total += pnl\n", "            total = pnl\n"),
            Bug("rules.rolling", "    if total != 0:\n", "    if total > 0:\n"),
            Bug("rules.settle", "> terms.minimum_ratio * effective", ">= terms.minimum_ratio * effective"),
        ),
        removed=(),
    ),
    claim_of_laws(
        "settle-laws",
        scene,
        transaction="settle",
        kind=Settle,
        world=SCENE,
        bugs=(
            Bug(
                "rules.rolling",
                "postings.append(CashPosting(account_id, state.rulebook.settlement_asset, total))",
                "postings.append(CashPosting(account_id, state.rulebook.settlement_asset, abs(total)))",
            ),
            Bug("rules.settle", "if gain_or_loss < terms.minimum_pnl:", "if gain_or_loss < 2 * terms.minimum_pnl:"),
        ),
        silent=("PTY-1",),
    ),
    Claim(
        "due-by-itself",
        Kind.KERNEL,
        ("settle",),
        ("SET-1", "FRM-1"),
        "Whether an account is due to roll is as the page says, and decided without reading any account but itself.",
        TWO_MARKETS,
        "rules.settle.is_due_to_roll",
        due_by_itself,
        (
            Bug("rules.settle", "if gain_or_loss < terms.minimum_pnl:", "if gain_or_loss <= terms.minimum_pnl:"),
            Bug(
                "rules.settle",
                "terms = state.rulebook.settle\n",
                "terms = state.rulebook.settle; len(state.accounts)\n",
            ),
        ),
        reaches=("due", "not due"),
    ),
    Claim(
        "rolls-by-itself",
        Kind.KERNEL,
        ("settle", "trade", "liquidate", "backstop-transfer"),
        ("SET-1", "FRM-1", "CON-1"),
        "The postings and the event of a roll are as the page says; they net to zero by themselves, name no other "
        "account, and are made without reading any. So a settle is one roll for each account that is due, for any "
        "number of accounts.",
        TWO_MARKETS,
        "rules.rolling.roll",
        rolls_by_itself,
        (
            Bug("rules.rolling", "            total += pnl\n", "            total = pnl\n"),
            Bug("rules.rolling", "total = 0\n", "total = 0 * len(state.accounts)\n"),
        ),
        reaches=("rolled", "nothing to roll"),
    ),
)
